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
    """The catalogue's own, or necessary where ``reason`` says why."""
    seen: tuple[str, ...]
    """By which hosts and cookie names."""
    hosts: tuple[str, ...] = ()
    """The host rules of the site's own copy, which the catalogue cannot know."""
    reason: str = ""
    """Why it may be necessary: what the page that it was met on holds."""

    def plain(self) -> dict[str, object]:
        """Return it as JSON's values."""
        told: dict[str, object] = {"category": self.category, "seen": list(self.seen)}
        if self.hosts:
            told["hosts"] = list(self.hosts)
        if self.reason:
            told["reason"] = self.reason
        return told


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
            "services": [{"id": id, **found.plain()} for id, found in self.services.items()],
            "unknown_hosts": list(self.hosts),
            "unknown_cookies": list(self.cookies),
        }


def propose(
    report: Report,
    held: Mapping[str, Iterable[str]] = MappingProxyType({}),
    own: Mapping[str, Iterable[str]] = MappingProxyType({}),
    asked_for: Mapping[str, str] = MappingProxyType({}),
) -> Proposal:
    """Return what a report, made under the whole catalogue before any choice, has seen.

    ``held``: the hosts of services that the pages hold back themselves, by the services' ids. ``own``: the host rules of those
    that the site hosts itself. ``asked_for``: why those may be necessary of which a page shows that the visitor asked for them.
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
    for id, rules in own.items():
        seen.setdefault(id, {}).update(dict.fromkeys(rules))
        for rule in rules:
            hosts.pop(rule.partition("/")[0], None)
    services = {
        id: Found(
            category="necessary" if id in asked_for else known[id].service.category,
            seen=tuple(filter(None, seen[id])),
            hosts=tuple(own.get(id, ())),
            reason=asked_for.get(id, ""),
        )
        for id in sorted(seen)
    }
    return Proposal(services, tuple(sorted(hosts)), tuple(sorted(cookies)))
