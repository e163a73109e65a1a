"""A report as one HTML file: nothing in it is fetched from anywhere, nothing in it runs.

For a data protection officer: it prints, follows the reader's light or dark setting, and says in words what its pictures show.
May import jinja2, late. Every text is escaped; the file's own policy forbids all that is not in it.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.resources import files

from ....version import __version__
from ...printable import printable
from ...report import Report, Sighting, Sort, State, Verdict, fingerprint, path_of
from ..advice import advise
from ..comparison import Comparison
from .picture import draw
from .sentences import place, who
from .sizes import size

_PAGES_SHOWN = 6


@dataclass(frozen=True, slots=True)
class Row:
    """Everything that one service, host or name did in one state."""

    whose: str
    what: str
    verdict: str
    how: tuple[str, ...]
    pages: tuple[str, ...]
    further_pages: int
    accepted: bool


def write(report: Report, comparison: Comparison | None = None) -> str:
    """Return the report as one HTML document."""
    from jinja2 import Environment, StrictUndefined

    folder = files("consent_guard.audit.reports").joinpath("templates")
    environment = Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True, undefined=StrictUndefined)
    environment.filters["size"] = size
    template = environment.from_string(folder.joinpath("report.html.j2").read_text(encoding="utf-8"))
    text = template.render(
        report=report,
        version=__version__,
        style=folder.joinpath("report.css").read_text(encoding="utf-8"),
        started=datetime.fromtimestamp(report.started, UTC).strftime("%d %B %Y, %H:%M UTC"),
        states=[_state(report, state) for state in report.states],
        unlisted=_rows(report, [seen for seen in report.sightings if seen.verdict is Verdict.UNLISTED]),
        strangers=_strangers(report),
        advice=advise(report),
        screenshots=[(shot, base64.b64encode(shot.png).decode("ascii")) for shot in report.screenshots],
        comparison=comparison,
        totals=[(state, comparison.totals(state)) for state in comparison.guarded.states] if comparison else [],
        changes=_changes(comparison) if comparison else [],
    )
    return printable(text).rstrip() + "\n"


def _strangers(report: Report) -> str:
    """Return how many hosts, cookies and keys no rule names, as the middle of a sentence; empty where there are none."""
    unlisted = [seen for seen in report.sightings if seen.verdict is Verdict.UNLISTED]
    stored = (Sort.COOKIE, Sort.STORAGE)
    hosts = len({seen.host for seen in unlisted if seen.sort not in stored})
    names = len({(seen.sort, seen.host, seen.name) for seen in unlisted if seen.sort in stored})
    parts = [f"{hosts} host{'' if hosts == 1 else 's'} contacted"] if hosts else []
    parts += [f"{names} name{'' if names == 1 else 's'} stored"] if names else []
    return f"the policy does not know {' and '.join(parts)}" if parts else ""


def _state(report: Report, state: State) -> dict[str, object]:
    seen = [one for one in report.sightings if one.state is state]
    visits = [visit for visit in report.visits if visit.state is state]
    contacts = {one.host for one in seen if one.sort not in (Sort.COOKIE, Sort.STORAGE) and one.third_party}
    listed = [one for one in seen if one.verdict is not Verdict.UNLISTED]
    return {
        "id": state.value,
        "phrase": state.phrase,
        "pages": len(visits),
        "leaks": sum(1 for one in report.leaks if one.state is state),
        "accepted": sum(1 for one in report.accepted_leaks if one.state is state),
        "hosts": len(contacts),
        "stored": len({one.name for one in seen if one.sort in (Sort.COOKIE, Sort.STORAGE)}),
        "requests": sum(visit.requests for visit in visits),
        "bytes": sum(visit.bytes for visit in visits),
        "rows": _rows(report, listed),
        "picture": draw(report, state),
    }


def _rows(report: Report, seen: list[Sighting]) -> list[Row]:
    groups: dict[tuple[str, str, str], list[Sighting]] = {}
    for one in seen:
        groups.setdefault((one.verdict.value, who(one, report), _what(one)), []).append(one)
    rows = []
    for (verdict, whose, what), members in sorted(groups.items(), key=lambda group: (_ORDER.index(group[0][0]), group[0][1:])):
        pages = tuple(dict.fromkeys(path_of(one.page) for one in members))
        rows.append(
            Row(
                whose=whose,
                what=what,
                verdict=verdict,
                how=tuple(dict.fromkeys(place(one) for one in members))[:_PAGES_SHOWN],
                pages=pages[:_PAGES_SHOWN],
                further_pages=max(0, len(pages) - _PAGES_SHOWN),
                accepted=all(fingerprint(one) in report.accepted for one in members),
            )
        )
    return rows


_ORDER = ("leak", "unlisted", "allowed")


def _what(seen: Sighting) -> str:
    if seen.sort is Sort.COOKIE:
        return f"Cookie {seen.name}" + (f" of {seen.host}" if seen.third_party and seen.host else "")
    if seen.sort is Sort.STORAGE:
        return f"Storage key {seen.name}" + (f" of {seen.host}" if seen.third_party and seen.host else "")
    return f"Contact with {seen.host or 'a host that cannot be told'}"


def _changes(comparison: Comparison) -> list[dict[str, object]]:
    return [
        {
            "page": change.page,
            "phrase": change.state.phrase,
            "removed": list(dict.fromkeys(_what(seen) for seen in change.removed)),
            "added": list(dict.fromkeys(_what(seen) for seen in change.added)),
            "html_bytes": change.html_bytes,
        }
        for change in comparison.changes
        if change.removed or change.added
    ]
