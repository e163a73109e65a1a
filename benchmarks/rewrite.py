"""How fast pages are rewritten, beside the libraries that people would otherwise use; and what each of them leaks or damages.

    python -m benchmarks rewrite [FOLDER OF HTML PAGES] [--rounds 7] [--slow-rounds 2] [--list] [--check-pages]

Whole pages, one call each, CPU time. `make bench` runs it. The numbers are explained in docs/benchmarks.md.
"""

from __future__ import annotations

import argparse
import logging
import platform
import random
import sys
import tracemalloc
import warnings
from collections.abc import Callable, Sequence
from importlib import metadata
from pathlib import Path
from statistics import median

from benchmarks import damage as damages
from benchmarks import pages as page_source
from benchmarks.engines import PEERS, Peer, guard_rewrite
from benchmarks.hosts import HostList
from benchmarks.rounds import Contestant, Rewrite, run
from consent_guard import Policy
from consent_guard.rewrite.decide.compiled_policy import CompiledPolicy

ABSENT = {
    "policy": {"revision": 1},
    "categories": [{"id": "audience", "basis": "consent", "title": {"en": "Audience"}}],
    "services": [{"id": "absent", "category": "audience", "title": {"en": "Absent"}, "hosts": ["*.absent.example"]}],
}
"""A policy whose one service is on none of the pages."""
LOLHTML, SELECTOLAX = PEERS[0], PEERS[1]


class Table:
    """The contestants of one run, by name."""

    def __init__(self, pages: page_source.Pages, slow_rounds: int) -> None:
        self.pages = pages
        self.slow_rounds = slow_rounds
        self.rows: list[Contestant] = []

    def guard(self, name: str, policy: Policy, allowed: frozenset[str]) -> tuple[Contestant, Contestant]:
        """Add consent_guard twice: on pages it has never seen, and on pages it has."""
        known = CompiledPolicy(policy)
        warm = guard_rewrite(known, allowed)
        for page in self.pages.bodies:
            warm(page)
        first = Contestant(f"{name}, first run", lambda: guard_rewrite(CompiledPolicy(policy), allowed))
        again = Contestant(f"{name}, again", lambda: warm)
        self.rows += [first, again]
        return first, again

    def others(self, policy: Policy) -> tuple[Contestant, Contestant]:
        """Add consent_guard on pages that it knows in a consent state that it does not, and new on its own output."""
        known = CompiledPolicy(policy)
        warm = guard_rewrite(known, frozenset())
        outputs = {page: warm(page) for page in self.pages.bodies}
        ids = sorted(service.id for service in policy.services)
        draw = random.Random(1)

        def on_output() -> Rewrite:
            rewrite = guard_rewrite(CompiledPolicy(policy), frozenset())
            return lambda page: rewrite(outputs[page])

        state = Contestant(
            "consent_guard, a consent state never met", lambda: guard_rewrite(known, frozenset(draw.sample(ids, len(ids) // 3)))
        )
        output = Contestant("consent_guard, its own output, first run", on_output)
        self.rows += [state, output]
        return state, output

    def peer(self, peer: Peer, hosts: HostList, note: str = "") -> Contestant | None:
        """Add a library, or None where it is not installed."""
        if peer.missing or (peer.slow and not self.slow_rounds):
            return None
        rewrite = peer.build(hosts)
        one = Contestant(peer.name + note, lambda: rewrite, self.slow_rounds if peer.slow else None)
        self.rows.append(one)
        return one


def main(arguments: Sequence[str] | None = None) -> None:
    options = _options(arguments)
    warnings.simplefilter("ignore")
    logging.disable(logging.ERROR)
    pages = page_source.load(options.folder)
    _introduce(pages)
    _speeds(pages, options.rounds, options.slow_rounds)
    _damages(pages, Path(options.cases), options.list, options.check_pages)


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks rewrite", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("folder", nargs="?", help=f"HTML pages; default: ${page_source.VARIABLE}, else real ones")
    parser.add_argument("--rounds", type=int, default=7, help="rounds of the others")
    parser.add_argument("--slow-rounds", type=int, default=2, help="rounds in which the slow ones take part; 0: none")
    parser.add_argument("--cases", default=str(damages.CASES), help="HTML cases with known answers (JSON lines)")
    parser.add_argument("--list", action="store_true", help="name each case that leaks or is changed")
    parser.add_argument("--check-pages", action="store_true", help="also look for what is left on the pages (minutes)")
    return parser.parse_args(arguments)


def _introduce(pages: page_source.Pages) -> None:
    print(f"{len(pages.bodies)} pages, {pages.size / 1e6:.1f} MB, {pages.tags():,} tags: {pages.origin}")
    print(f"Python {platform.python_version()} on {platform.machine()}")
    for distribution in ("python-lolhtml", "selectolax", "beautifulsoup4", "lxml", "html5lib"):
        try:
            print(f"{distribution} {metadata.version(distribution)}")
        except metadata.PackageNotFoundError:
            print(f"{distribution}: not installed")


def _speeds(pages: page_source.Pages, rounds: int, slow_rounds: int) -> None:
    policy = Policy.load(None)
    absent = Policy.load(ABSENT)
    table = Table(pages, slow_rounds)
    one_category = next(service.category for service in policy.services)
    granted = frozenset(service.id for service in policy.services if service.category == one_category)
    everything = frozenset(service.id for service in policy.services)
    nothing = table.guard("consent_guard, nothing granted", policy, frozenset())
    table.guard(f"consent_guard, {one_category} granted", policy, granted)
    table.guard("consent_guard, all granted", policy, everything)
    idle = table.guard("consent_guard, nothing to withhold", absent, frozenset())
    state, output = table.others(policy)
    catalogue = HostList.of(policy)
    others = {peer: table.peer(peer, catalogue) for peer in PEERS}
    idle_others = {peer: table.peer(peer, HostList.of(absent), ", nothing to withhold") for peer in (LOLHTML, SELECTOLAX)}
    run(table.rows, pages.bodies, rounds, _progress)
    _print_speeds(table, others[LOLHTML], others[SELECTOLAX], [peer for peer, row in others.items() if row is None])
    print()
    for peer, first, later, again in ((LOLHTML, 0.13, 0.19, "0.15"), (SELECTOLAX, 0.6, 0.9, "-")):
        other = others[peer]
        if other is None:
            continue
        for what, row, goal in (
            ("first view", nothing[0], first),
            ("later views", nothing[1], later),
            ("a consent state never met", state, later),
            ("our own output, first view", output, again),
        ):
            ratio = row.over(other)
            met = "" if goal == "-" else f"; the goal is {goal}, {'met' if ratio >= float(goal) else 'missed'}"
            print(f"{what}: {ratio:.3f} x {peer.name}{met}")
    _aim("nothing to withhold", idle, idle_others[LOLHTML], "python-lolhtml at the same", "no goal")
    _memory(policy)


def _memory(policy: Policy) -> None:
    """Print what a guard holds after a thousand different pages."""
    rewrite = guard_rewrite(CompiledPolicy(policy), frozenset())
    tracemalloc.start()
    for number in range(1000):
        rewrite(page_source.made_page(number, rows=60))
    held, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    print(f"held after 1,000 different pages: {held / 2**20:.1f} MiB; the goal is 32, {'met' if held < 2**25 else 'missed'}")


def _print_speeds(table: Table, lolhtml: Contestant | None, selectolax: Contestant | None, missing: list[Peer]) -> None:
    size, tags = table.pages.size, table.pages.tags()
    print()
    print(f"{'':46} {'MB/s':>7} {'best':>7} {'us/tag':>7} {'best':>7} {'x lolhtml':>10} {'x selectolax':>13}")
    for row in table.rows:
        middle, best = median(row.seconds), min(row.seconds)
        speeds = f"{size / middle / 1e6:7.1f} {size / best / 1e6:7.1f} {middle / tags * 1e6:7.3f} {best / tags * 1e6:7.3f}"
        print(f"{row.name:46} {speeds} {_quotient(row, lolhtml):>10} {_quotient(row, selectolax):>13}")
    for peer in missing:
        print(f"{peer.name:46} {f'not installed ({peer.missing})' if peer.missing else 'left out'}")
    print("median and best of the rounds; quotients are medians of the quotients of the same round")


def _quotient(row: Contestant, other: Contestant | None) -> str:
    return f"{row.over(other):.3f}" if other is not None else "-"


def _aim(what: str, rows: tuple[Contestant, Contestant], other: Contestant | None, whose: str, aim: str) -> None:
    if other is not None:
        first, again = rows
        print(f"{what}: {again.over(other):.2f} x {whose} ({first.over(other):.2f} on the first run); {aim}")


def _damages(pages: page_source.Pages, path: Path, listing: bool, check_pages: bool) -> None:
    absent = Policy.load(ABSENT)
    catalogue = Policy.load(None)
    try:
        import html5lib  # noqa: F401

        cases = damages.load(path)
    except (ImportError, OSError) as absence:
        cases = None
        print(f"\nno cases with known answers: {absence}")
    contestants: list[tuple[str, Rewrite, Rewrite, Callable[[damages.Case], bytes] | None]] = [
        (
            "consent_guard",
            guard_rewrite(CompiledPolicy(absent), frozenset()),
            guard_rewrite(CompiledPolicy(catalogue), frozenset()),
            damages.guarded(cases.policy) if cases else None,
        )
    ]
    for peer in PEERS:
        if not peer.missing:
            answer = damages.as_middleware(peer.build(cases.hosts)) if cases else None
            contestants.append((peer.name, peer.build(HostList.of(absent)), peer.build(HostList.of(catalogue)), answer))
    print()
    leaking, untouchable = (str(len(cases.leaking)), str(len(cases.untouchable))) if cases else ("-", "-")
    if cases and cases.unseen:
        print(f"not counted, for the check sees no fetch in them: {', '.join(case.id for case in cases.unseen)}")
    print(f"{'':30} {'leaks, of':>10} {'changes what it must not, of':>30} {'changes pages that need nothing, of':>37}")
    print(f"{'':30} {leaking:>10} {untouchable:>30} {len(pages.bodies):>37}")
    for name, idle, busy, answer in contestants:
        found = damages.Damage()
        if cases and answer:
            damages.on_cases(cases, answer, found)
        damages.on_pages(pages.bodies, idle, found)
        if check_pages:
            found.pages_leaking = damages.left_on_pages(pages.bodies, busy, HostList.of(catalogue))
        _print_damage(name, found, listing, judged=cases is not None)


def _print_damage(name: str, found: damages.Damage, listing: bool, *, judged: bool) -> None:
    left = "" if found.pages_leaking is None else f"; {found.pages_leaking} pages still contact a listed host from their markup"
    raised = bool(found.failed or found.pages_failed)
    failed = f"; raised on {len(found.failed)} cases and {found.pages_failed} pages" if raised else ""
    leaks, changes = (str(len(found.leaked)), str(len(found.changed))) if judged else ("-", "-")
    print(f"{name:30} {leaks:>10} {changes:>30} {found.pages_changed:>37}{failed}{left}")
    if listing:
        for what, some in (("leaks", found.leaked), ("changes", found.changed), ("raises on", found.failed)):
            for case in some:
                print(f"    {what} {case.id}: {case.why}")


def _progress(text: str) -> None:
    if sys.stderr.isatty():
        print(f"\r{text}   ", end="", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
