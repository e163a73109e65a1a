"""A report for a terminal: what leaked, grouped by state and by who it is; what the policy lacks; and how it ended.

May import ``audit`` and rich. ``scan`` prints it to stdout.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from rich.console import Console
from rich.table import Table
from rich.text import Text

from ..audit.printable import printable
from ..audit.report import Report, Sighting, Sort, State, path_of
from ..audit.reports.advice import advise
from ..audit.reports.comparison import Comparison
from ..audit.reports.writers.sentences import place, who
from ..audit.reports.writers.sizes import size

_PAGES_SHOWN = 3
_UNBOUNDED = 10_000
"""Columns: more than any row needs."""


def show(report: Report, console: Console, comparison: Comparison | None = None) -> None:
    """Print the report. Where no terminal bounds the lines, as in a pipe, no host or name is broken."""
    if not console.is_terminal:
        console.width = _UNBOUNDED
    for state in report.states:
        leaks = [seen for seen in report.leaks if seen.state is state]
        pages = sum(1 for visit in report.visits if visit.state is state)
        counted = f"{pages} page{'' if pages == 1 else 's'}"
        if leaks:
            console.print(
                _table(console, f"{state.phrase.capitalize()}: {counted_leaks(len(leaks))} on {counted}", leaks, report)
            )
        else:
            console.print(_text(f"{state.phrase.capitalize()}: no leak on {counted}", style="green"))
    if report.unlisted:
        console.print(_table(console, "Named by no rule of the policy", report.unlisted, report))
    lines = advise(report)
    if lines:
        console.print(_text("\nTo add to the policy:", style="bold"))
        for advice in lines:
            console.print(_text(f"\n# {', '.join(advice.subjects)}: {advice.reason}", style="dim"))
            console.print(_text(advice.toml.rstrip()))
    if comparison is not None:
        _show_comparison(comparison, console)
    for problem in report.problems:
        console.print(_text(f"could not be looked at: {problem}", style="yellow"))
    for note in report.notes:
        console.print(_text(f"note: {note}", style="dim"))
    console.print(summary(report))


def summary(report: Report) -> Text:
    """Return the last line: how it ended."""
    pages = len(report.pages)
    how = f"run in {report.browser}" if report.browser else "read"
    told = f"{pages} page{'' if pages == 1 else 's'} {how} in {report.seconds:.1f} s under the policy {report.policy}: "
    if report.nothing and report.exit_code == 2:
        return _text(report.nothing, style="bold red")
    count = len(report.leaks)
    known = f", {len(report.accepted_leaks)} accepted by the baseline" if report.accepted_leaks else ""
    if report.fails_on_unlisted:
        known += f", {len(report.unlisted)} not named by any rule"
    return _text(told + counted_leaks(count) + known, style="bold red" if report.exit_code else "bold green")


def counted_leaks(count: int) -> str:
    """Return a number of leaks in words."""
    return {0: "no leak", 1: "1 leak"}.get(count, f"{count} leaks")


def _table(console: Console, title: str, seen: Iterable[Sighting], report: Report) -> Table:
    table = Table(title=title, title_justify="left", title_style="bold", header_style="bold", expand=console.is_terminal)
    for name, share in (("what", 5), ("whose", 5), ("where", 4), ("pages", 4)):
        table.add_column(name, overflow="fold", ratio=share)
    groups: dict[tuple[str, str], list[Sighting]] = {}
    for one in seen:
        groups.setdefault((_what(one), who(one, report)), []).append(one)
    for (subject, whose), members in groups.items():
        places = list(dict.fromkeys(place(one) for one in members))
        pages = list(dict.fromkeys(path_of(one.page) for one in members))
        table.add_row(_text(subject), _text(whose), _text(_few(places)), _text(_few(pages)))
    return table


def _what(seen: Sighting) -> str:
    if seen.sort in (Sort.COOKIE, Sort.STORAGE):
        return f"{seen.sort.value} {seen.name}" + (f" of {seen.host}" if seen.third_party and seen.host else "")
    return seen.host or "a host that cannot be told"


def _text(text: str, style: str = "") -> Text:
    return Text(printable(text), style=style)


def _few(texts: list[str]) -> str:
    more = len(texts) - _PAGES_SHOWN
    return "\n".join([*texts[:_PAGES_SHOWN], *([f"and {more} more"] if more > 0 else [])])


def _show_comparison(comparison: Comparison, console: Console) -> None:
    title = f"Unguarded {comparison.unguarded.target}, guarded {comparison.guarded.target}"
    table = Table(title=title, title_justify="left", title_style="bold", header_style="bold")
    for name in ("state", "pages", "removed", "added", "other hosts", "requests", "page weight", "documents"):
        table.add_column(name, overflow="fold")
    for state in comparison.guarded.states:
        sums = comparison.totals(state)
        weight = _pair(sums.bytes, size, sums.own.bytes) if any(sums.bytes) else "not run"
        requests = _pair(sums.requests, str, sums.own.requests) if any(sums.requests) else "not run"
        row = (str(sums.pages), str(sums.removed), str(sums.added), _pair(sums.hosts, str), requests, weight)
        table.add_row(state.phrase, *row, _pair(sums.html_bytes, size, sums.own.html_bytes))
    console.print(table)
    for change in comparison.changes:
        if change.removed or change.added:
            _show_change(change.page, change.state, change.removed, change.added, console)
    for which, paths in (("guarded", comparison.only_guarded), ("unguarded", comparison.only_unguarded)):
        if paths:
            console.print(_text(f"note: only on the {which} site, and not compared: {', '.join(paths)}", style="dim"))


def _show_change(page: str, state: State, removed: tuple[Sighting, ...], added: tuple[Sighting, ...], console: Console) -> None:
    gone = ", ".join(dict.fromkeys(_what(seen) for seen in removed)) or "nothing"
    new = f"; added {', '.join(dict.fromkeys(_what(seen) for seen in added))}" if added else ""
    console.print(_text(f"  {page}, {state.phrase}: removed {gone}{new}"))


def _pair(values: tuple[int, int], shown: Callable[[int], str], ours: int = 0) -> str:
    """Return what there was and what there is; with what of the latter is our own, the banner's price."""
    return f"{shown(values[0])} → {shown(values[1])}" + (f" (of which ours {shown(ours)})" if ours else "")
