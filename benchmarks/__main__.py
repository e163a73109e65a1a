"""`python -m benchmarks NAME [options]`: runs one benchmark, `rewrite` when none is named, or `all`."""

from __future__ import annotations

import sys

from benchmarks import audit, lookups, requests, rewrite, streams

BENCHMARKS = {
    "rewrite": rewrite.main,
    "streams": streams.main,
    "requests": requests.main,
    "lookups": lookups.main,
    "audit": audit.main,
}


def main() -> None:
    named = sys.argv[1] if len(sys.argv) > 1 and not sys.argv[1].startswith("-") else ""
    if named == "all":
        for name, run in BENCHMARKS.items():
            print(f"==== {name}", flush=True)
            run([])
    elif named in BENCHMARKS:
        BENCHMARKS[named](sys.argv[2:])
    else:
        rewrite.main(sys.argv[1:])


if __name__ == "__main__":
    main()
