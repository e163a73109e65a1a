"""How the rewriter behaves on bodies that stream, that never end, and that mean harm.

    python -m benchmarks streams [--mb 200] [--unfinished-mb 100] [--only first|memory|unfinished|bytes|hostile]

Five questions: how soon the first byte leaves; how much memory a long body takes; how much something unfinished; whether time
stays linear when a body comes one byte at a time; and whether any construct costs more per byte when there is more of it. Each
measurement of memory runs in a process of its own, because a peak cannot be forgotten. The bodies stand in `bodies`.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

from benchmarks.bodies import CHUNK, HOSTILE, LONG, UNFINISHED
from benchmarks.engines import DOCUMENT
from benchmarks.pages import made_page
from consent_guard import Guard, Policy, RequestFacts, RewriteError
from consent_guard.rewrite.decide.compiled_policy import CompiledPolicy
from consent_guard.rewrite.page import page_rewriter
from consent_guard.wire.messages import BodyRewriter

MORE_THAN_LINEAR = 1.6
"""Twice as much may cost so many times as much per byte before it is called more than linear; the rest is noise."""
SHORTER = {"rows all different": 10, "rows all cut": 4, "a tag with attributes": 10, "a noscript": 10, "an svg": 10}
"""The slow ones get so much less: what they hold or remember is full long before."""
_GROWTH = "growth "


def rewriter(rules: CompiledPolicy) -> BodyRewriter:
    """Return a rewriter with nothing granted."""
    return page_rewriter(rules, frozenset(), DOCUMENT)


def pour(chunks: Iterable[bytes], into: BodyRewriter) -> bool:
    """Feed all chunks and close; tell whether the document was refused on the way."""
    try:
        for chunk in chunks:
            into.feed(chunk)
        into.close()
    except RewriteError:
        return True
    return False


def cost(pieces: Sequence[bytes], policy: Policy, rounds: int = 3) -> tuple[float, bool]:
    """Return the least CPU seconds a byte of several runs, each by rules that have never seen the body; and whether it was
    refused."""
    taken, refused = [], False
    for _ in range(rounds):
        one = rewriter(CompiledPolicy(policy))
        start = time.process_time()
        refused = pour(pieces, one)
        taken.append(time.process_time() - start)
    return min(taken) / max(1, sum(map(len, pieces))), refused


def cut(data: bytes, length: int) -> list[bytes]:
    """Cut a body into pieces; length 0 leaves it whole."""
    return [data[at : at + length] for at in range(0, len(data), length)] if length else [data]


def limited(body: Iterable[bytes], size: int) -> Iterator[bytes]:
    """Yield so many bytes of a body without end."""
    for chunk in body:
        yield chunk[:size]
        size -= len(chunk)
        if size <= 0:
            return


# -- first bytes ------------------------------------------------------------------------------------------------------


def first_bytes() -> None:
    """When the app has sent a page's head, how much of it does the browser get at once?"""
    print("\nThe first bytes: so much came from the app, so much has left at once, in so many microseconds of CPU")
    page = made_page(0, rows=100)
    guard = Guard(None, secret_key="a key for benchmarks only, not a secret")
    facts = RequestFacts("GET", "https", "site.example", "/", ((b"accept", b"text/html"),), now=1.0)
    headers = [(b"content-type", b"text/html; charset=utf-8")]
    for size in (100, 1000, 4000, 16000, 64000):
        taken, left = [], 0
        for _ in range(20):
            start = time.process_time()
            body = guard.open(facts).respond(200, headers).rewriter
            assert body is not None
            left = len(body.feed(page[:size]))
            taken.append(time.process_time() - start)
        print(f"{size:>8} in {left:>8} out {min(taken) * 1e6:9.0f} us   (the exchange's opening and the banner included)")


# -- memory -----------------------------------------------------------------------------------------------------------


def memory(title: str, names: Iterable[str], size: int) -> None:
    """How much more memory does a long body take?"""
    print(f"\n{title} ({size / 1e6:.0f} MB in pieces of {CHUNK // 1024} KiB): growth of resident memory")
    for name in names:
        part = size // SHORTER.get(name, 1)
        note = f"  ({part / 1e6:.0f} MB only)" if part < size else ""
        print(f"{name:26} {_in_its_own_process(name, part)}{note}", flush=True)


def growth(body: Iterable[bytes], size: int) -> str:
    """Rewrite a body and say how much more memory the process held than before it, at most."""
    rules = CompiledPolicy(Policy.load(None))
    pour([made_page(1, rows=20)], rewriter(rules))  # what any first page costs is not the stream's
    before = peak = _resident()
    one = rewriter(rules)
    came = left = 0
    end = ""
    start = time.process_time()
    try:
        for chunk in limited(body, size):
            left += len(one.feed(chunk))
            came += len(chunk)
            peak = max(peak, _resident())
        left += len(one.close())
    except RewriteError:
        end = "  refused"
    taken = time.process_time() - start
    peak = max(peak, _resident())
    return f"{(peak - before) / 2**20:7.1f} MiB; {left / 1e6:8.1f} MB out, {came / taken / 1e6:8.1f} MB/s{end}"


def _resident() -> int:
    """Bytes of memory that this process holds now (Linux)."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def _in_its_own_process(name: str, size: int) -> str:
    command = [sys.executable, "-m", "benchmarks.streams", "--grow", name, "--bytes", str(size)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    for line in done.stdout.splitlines():
        if line.startswith(_GROWTH):
            return line.removeprefix(_GROWTH)
    return f"failed: {' '.join(done.stderr.strip().splitlines()[-1:])}"


# -- time -------------------------------------------------------------------------------------------------------------


def byte_by_byte() -> None:
    """Is the time per byte the same for a body four times as long when it comes byte by byte?"""
    print("\nOne byte at a time: microseconds a byte at n = 25 kB, 2n and 4n, and 4n over n")
    policy = Policy.load(None)
    bodies: dict[str, Callable[[], Iterator[bytes]]] = {"an ordinary page": lambda: iter([made_page(3, rows=200)])}
    for name, body in (bodies | UNFINISHED).items():
        costs = [cost(cut(b"".join(limited(body(), size)), 1), policy, 2)[0] for size in (25_000, 50_000, 100_000)]
        shown = " ".join(f"{one * 1e6:7.2f}" for one in costs)
        print(f"{name:26} {shown}   x {costs[2] / costs[0]:.2f}{_mark(costs[2] / costs[0])}", flush=True)


def hostile() -> None:
    """Does any construct cost more per byte when there is more of it?"""
    print("\nHostile constructs: nanoseconds a byte at n = 100 kB and 2n, and 2n over n; whole | in pieces of 1,000 bytes")
    by_signature, by_mention = (Policy.load(_with_scripts(way)) for way in ("signature", "mention"))
    for name, body in HOSTILE.items():
        shown = [_twice(body, by_signature, 0), _twice(body, by_signature, 1000)]
        if "script" in name:
            shown += [_twice(body, by_mention, 0) + " by mention"]
        print(f"{name:32} " + " | ".join(shown), flush=True)


def _twice(body: Callable[[int], bytes], policy: Policy, piece: int) -> str:
    (once, _), (double, refused) = (cost(cut(body(size), piece), policy) for size in (100_000, 200_000))
    ratio = double / once
    return f"{once * 1e9:7.0f} {double * 1e9:7.0f} x {ratio:4.2f}{_mark(ratio)}{' refused' if refused else ''}"


def _with_scripts(way: str) -> dict[str, object]:
    """A small policy that reads scripts by signature or by mention."""
    service = {
        "id": "analytics",
        "category": "audience",
        "title": {"en": "Analytics"},
        "hosts": ["*.google-analytics.com"],
        "inline": [{"host": "*.google-analytics.com", "global": "ga"}],
    }
    named = {"id": "audience", "basis": "consent", "title": {"en": "Audience"}}
    return {"policy": {"revision": 1, "inline_scripts": way}, "categories": [named], "services": [service]}


def _mark(ratio: float) -> str:
    return "  MORE THAN LINEAR" if ratio > MORE_THAN_LINEAR else ""


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the benchmark; ``arguments`` are the command line's."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks streams", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--mb", type=int, default=200, help="length of a long body")
    parser.add_argument("--unfinished-mb", type=int, default=100, help="length of an unfinished construct")
    parser.add_argument("--only", choices=["first", "memory", "unfinished", "bytes", "hostile"])
    parser.add_argument("--grow", choices=[*LONG, *UNFINISHED], help=argparse.SUPPRESS)
    parser.add_argument("--bytes", type=int, default=0, help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.grow:
        print(_GROWTH + growth((LONG | UNFINISHED)[options.grow](), options.bytes))
        return
    long, unfinished = options.mb * 1_000_000, options.unfinished_mb * 1_000_000
    questions: dict[str, Callable[[], None]] = {
        "first": first_bytes,
        "memory": lambda: memory("A long body; less than 8 MiB is asked for", LONG, long),
        "unfinished": lambda: memory("Something unfinished; less than 16 MiB is asked for", UNFINISHED, unfinished),
        "bytes": byte_by_byte,
        "hostile": hostile,
    }
    for name, ask in questions.items():
        if options.only in (None, name):
            ask()


if __name__ == "__main__":
    main()
