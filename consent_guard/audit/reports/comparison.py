"""What a guard changes: the same pages, scanned with it and without.

May import the report's values. The command makes one with ``--compare``; the writers show it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from ..report import Report, Sighting, Sort, State, Visit, path_of


@dataclass(frozen=True, slots=True)
class Own:
    """What of a guarded page is our own: the guard's price, which stands in the guarded figures."""

    html_bytes: int
    """The banner, in the document."""
    requests: int
    """Our style sheet and module."""
    bytes: int
    """Over the wire, for these."""


@dataclass(frozen=True, slots=True)
class Change:
    """One page in one state, unguarded and guarded."""

    page: str
    """Its path, which both sites share."""
    state: State
    removed: tuple[Sighting, ...]
    """What only the unguarded page does."""
    added: tuple[Sighting, ...]
    """What only the guarded page does."""
    html_bytes: tuple[int, int]
    """The document, unguarded and guarded."""
    requests: tuple[int, int]
    """Zero where no browser was used."""
    bytes: tuple[int, int]
    """Over the wire, for the whole page; zero where no browser was used."""
    hosts: tuple[frozenset[str], frozenset[str]]
    """Third-party hosts that are contacted."""
    own: Own


@dataclass(frozen=True, slots=True)
class Comparison:
    """A whole site, unguarded and guarded."""

    unguarded: Report
    guarded: Report
    changes: tuple[Change, ...]
    only_unguarded: tuple[str, ...]
    """Pages that the guarded site did not have, or not in one of the states: they count nowhere."""
    only_guarded: tuple[str, ...]
    """The same of the unguarded site."""

    def totals(self, state: State) -> Totals:
        """Return what the guard saves over all pages in one state."""
        changes = [change for change in self.changes if change.state is state]
        return Totals(
            pages=len(changes),
            removed=sum(len(change.removed) for change in changes),
            added=sum(len(change.added) for change in changes),
            requests=_summed([change.requests for change in changes]),
            bytes=_summed([change.bytes for change in changes]),
            html_bytes=_summed([change.html_bytes for change in changes]),
            hosts=(_met([change.hosts[0] for change in changes]), _met([change.hosts[1] for change in changes])),
            own=Own(
                html_bytes=sum(change.own.html_bytes for change in changes),
                requests=sum(change.own.requests for change in changes),
                bytes=sum(change.own.bytes for change in changes),
            ),
        )


@dataclass(frozen=True, slots=True)
class Totals:
    """Sums over pages: pairs are unguarded and guarded."""

    pages: int
    removed: int
    added: int
    requests: tuple[int, int]
    bytes: tuple[int, int]
    html_bytes: tuple[int, int]
    hosts: tuple[int, int]
    """Third-party hosts that are contacted, each once."""
    own: Own


def compare(unguarded: Report, guarded: Report) -> Comparison:
    """Return what differs between two scans, page by page, as far as both reached the same paths in the same state."""
    ours, theirs = _reached(guarded), _reached(unguarded)
    both = [key for key in ours if key in theirs]
    changes = tuple(_change(*key, theirs[key], ours[key]) for key in both)
    return Comparison(unguarded, guarded, changes, _only(theirs, ours), _only(ours, theirs))


def _only(one: Mapping[tuple[str, State], Visit], other: Mapping[tuple[str, State], Visit]) -> tuple[str, ...]:
    """Return the pages that only one side has; one that both have, but not in each state, with that state."""
    shared = {path for path, _ in other}
    return tuple(
        dict.fromkeys(
            f"{path} ({state.phrase})" if path in shared else path for path, state in one if (path, state) not in other
        )
    )


def _reached(report: Report) -> dict[tuple[str, State], Visit]:
    """Return the visits by path and state; a page that is not there is not reached."""
    return {(_path(visit.page, report.target), visit.state): visit for visit in report.visits if visit.status not in (404, 410)}


def _path(page: str, target: str) -> str:
    """Return what two scans call one page: an address's path; a file's, from the folder that was named."""
    if "://" in page:
        return path_of(page)
    folder = target.rstrip("/") + "/"
    return page.removeprefix(folder) if page.startswith(folder) else page.rpartition("/")[2]


def _change(path: str, state: State, before: Visit, after: Visit) -> Change:
    was, is_now = _by_key(before), _by_key(after)
    return Change(
        page=path,
        state=state,
        removed=tuple(seen for key, seen in was.items() if key not in is_now),
        added=tuple(seen for key, seen in is_now.items() if key not in was),
        html_bytes=(before.html_bytes, after.html_bytes),
        requests=(before.requests, after.requests),
        bytes=(before.bytes, after.bytes),
        hosts=(_hosts(before), _hosts(after)),
        own=Own(after.own_html_bytes, after.own_requests, after.own_bytes),
    )


def _by_key(visit: Visit) -> dict[str, Sighting]:
    """What was seen, each thing once: where in the page it stands does not matter."""
    return {_key(seen): seen for seen in visit.sightings}


def _key(seen: Sighting) -> str:
    host = seen.host if seen.third_party else ""
    address = seen.excerpt if seen.line is None and seen.sort is Sort.REQUEST else ""
    return "|".join((seen.sort.value, host, seen.name, seen.where, urlsplit(address).path))


def _summed(pairs: list[tuple[int, int]]) -> tuple[int, int]:
    return sum(pair[0] for pair in pairs), sum(pair[1] for pair in pairs)


def _hosts(visit: Visit) -> frozenset[str]:
    contacts = (Sort.REQUEST, Sort.HEADER, Sort.INLINE)
    return frozenset(seen.host for seen in visit.sightings if seen.sort in contacts and seen.third_party)


def _met(hosts: list[frozenset[str]]) -> int:
    return len(frozenset().union(*hosts))
