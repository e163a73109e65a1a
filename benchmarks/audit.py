"""How long does a static scan of saved pages take? Seconds of CPU per 10 MB, from files to a report in JSON.

    python -m benchmarks audit [--pages FOLDER] [--rounds 5]

The policy is the built-in one, with the whole catalogue. The first round also compiles it and loads the modules; the best is that
of a scan which has been running for a while.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from benchmarks.pages import Pages, load
from consent_guard.audit.reading.targets import Limits, open_target
from consent_guard.audit.reports.writers import written
from consent_guard.audit.scan.collecting import Gathered
from consent_guard.audit.scan.static_scan import StaticScan
from consent_guard.policy.model import Policy


def seconds(folder: Path) -> tuple[float, int]:
    """Return the CPU seconds of one scan of a folder, and how many leaks it found."""
    begin = time.process_time()
    policy = Policy.load(None)
    gathered = Gathered()
    with open_target(str(folder), Limits(), "") as source:
        StaticScan(policy, gathered).run(source)
    report = gathered.report(str(folder), policy, "built in")
    written("json", report)
    return time.process_time() - begin, len(report.leaks)


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pages", help="a folder of HTML pages")
    parser.add_argument("--rounds", type=int, default=5)
    given = parser.parse_args(arguments)
    pages = load(given.pages)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write(pages, folder)
        rounds = [seconds(folder) for _ in range(given.rounds)]
    per = 10_000_000 / pages.size
    print(f"{len(pages.bodies)} pages, {pages.size / 1e6:.1f} MB, {pages.origin}; {rounds[0][1]} leaks")
    print(f"first {rounds[0][0] * per:.2f} s, best {min(taken for taken, _ in rounds) * per:.2f} s of CPU per 10 MB")


def write(pages: Pages, folder: Path) -> None:
    for number, body in enumerate(pages.bodies):
        (folder / f"{number:04d}.html").write_bytes(body)
