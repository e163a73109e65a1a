"""What a site's pages are seen to use, held against the whole catalogue: the beginning of a policy.

May import the catalogue and the report. ``consent-guard init`` asks for it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from ...policy.catalogue import catalogue
from ..report import Report, Sort, Verdict


@dataclass(frozen=True, slots=True)
class Found:
    """One service that was seen."""

    category: str
    """The catalogue's own."""
    seen: tuple[str, ...]
    """By which hosts and cookie names."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """What a first policy may name."""

    services: Mapping[str, Found]
    """By id, in alphabetical order."""
    hosts: tuple[str, ...]
    """Third-party hosts that the catalogue does not know."""
    cookies: tuple[str, ...]
    """Cookie names that nothing names."""

    def plain(self) -> dict[str, object]:
        """Return it as JSON's values."""
        return {
            "services": [{"id": id, "category": f.category, "seen": list(f.seen)} for id, f in self.services.items()],
            "unknown_hosts": list(self.hosts),
            "unknown_cookies": list(self.cookies),
        }


def propose(report: Report, held: Mapping[str, Iterable[str]] = MappingProxyType({})) -> Proposal:
    """Return what a report, made under the whole catalogue before any choice, has seen.

    ``held``: the hosts of services that the pages hold back themselves, by the services' ids.
    """
    known = catalogue()
    seen: dict[str, dict[str, None]] = {}
    hosts: dict[str, None] = {}
    cookies: dict[str, None] = {}
    for sighting in report.sightings:
        subject = sighting.name if sighting.sort in (Sort.COOKIE, Sort.STORAGE) else sighting.host
        if sighting.service is not None:
            seen.setdefault(sighting.service, {})[subject] = None
        elif sighting.verdict is Verdict.UNLISTED and subject:
            (cookies if sighting.sort is Sort.COOKIE else hosts)[subject] = None
    for id, names in held.items():
        seen.setdefault(id, {}).update(dict.fromkeys(names))
    services = {id: Found(known[id].service.category, tuple(filter(None, seen[id]))) for id in sorted(seen)}
    return Proposal(services, tuple(sorted(hosts)), tuple(sorted(cookies)))
