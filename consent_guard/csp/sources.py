"""The hosts that a visitor's browser may contact, as a Content-Security-Policy writes them (CSP Level 3 §2.3.1).

May import the policy and the wire layer. The header's maker calls it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from ..policy.countries import country_hosts
from ..policy.host_rules import host_source
from ..policy.model import HostRule, Policy
from ..wire.origins import is_localhost, registrable_domain

_WRITABLE: Final = re.compile(r"[a-z0-9_-]+(?:\.[a-z0-9_-]+)*\Z", re.ASCII)
"""What a host source may hold; an address in brackets is none (CSP Level 3 §2.3.1)."""


@dataclass(frozen=True, slots=True, order=True)
class HostSource:
    """Some hosts that may be contacted.

    ``host``: lower-case ASCII.
    ``below``: and everything below it.
    ``itself``: false: only what lies below it.
    ``port``: empty: that of the scheme.
    """

    host: str
    below: bool = False
    itself: bool = True
    port: str = ""

    @property
    def writable(self) -> bool:
        """Whether a Content-Security-Policy can name it at all."""
        return _WRITABLE.match(self.host) is not None

    @property
    def sockets(self) -> str:
        """The scheme of its websockets, with ``://``; on this machine development servers speak the plain one, which takes in
        the other (CSP Level 3 §6.7.2.8)."""
        return "ws://" if is_localhost(self.host) else "wss://"

    def texts(self, scheme: str = "") -> Iterator[str]:
        """Yield its host sources. ``scheme``: with ``://``; a source without one takes the page's own, and https."""
        port = f":{self.port}" if self.port else ""
        if self.itself:
            yield f"{scheme}{self.host}{port}"
        if self.below:
            yield f"{scheme}*.{self.host}{port}"


def read_source(text: str) -> HostSource:
    """Return what one member of ``csp_allow`` names."""
    name, _, port = host_source(text).partition(":")
    return HostSource(name.removeprefix("*."), name.startswith("*."), port=port)


def names_countries(policy: Policy, allowed: frozenset[str]) -> bool:
    """Tell whether a host in every country's domain may be contacted, and the policy does not say which of these count."""
    return not policy.csp_countries and any(
        rule.countries for service in policy.services if service.id in allowed for rule in service.hosts
    )


def allowed_sources(policy: Policy, allowed: frozenset[str], own: str) -> tuple[HostSource, ...]:
    """Return what may be contacted under this consent, in order, without what others of them take in. ``own``: the registrable
    domain of the request's host, which counts where the policy names none; empty: it has none."""
    named = [HostSource(domain, True) for domain in policy.first_party or ((own,) if own else ())]
    named += [read_source(text) for text in policy.csp_allow]
    for service in policy.services:
        if service.id in allowed:
            for rule in service.hosts:
                named += [HostSource(host, rule.subdomains) for host in _hosts(rule, policy) if host]
    return _distinct(named)


def _hosts(rule: HostRule, policy: Policy) -> Sequence[str]:
    """Return the hosts that a rule takes, of every country's the policy's own (``com`` always)."""
    if not rule.countries or not policy.csp_countries:
        return country_hosts(rule.host)
    return [rule.host[:-1] + country for country in ("com", *policy.csp_countries)]


def _distinct(named: Iterable[HostSource]) -> tuple[HostSource, ...]:
    sources = set(named)
    wide = {source.host for source in sources if source.below and not source.port}
    kept = [source for source in sources if source.port or not _within(source, wide)]
    return tuple(sorted(kept, key=place))


def _within(source: HostSource, wide: set[str]) -> bool:
    """Tell whether another source takes this one in."""
    labels = source.host.split(".")
    above = {".".join(labels[place:]) for place in range(1, len(labels))}
    return not above.isdisjoint(wide) or (not source.below and source.host in wide)


def place(source: HostSource) -> tuple[str, HostSource]:
    """Return what sources are sorted by: those of one registrable domain stand together."""
    return registrable_domain(source.host) or source.host, source


def by_domain(sources: Sequence[HostSource]) -> dict[str, list[HostSource]]:
    """Return the sources on the scheme's own port by the registrable domain that they lie in. What lies in none is left out."""
    groups: dict[str, list[HostSource]] = {}
    for source in sources:
        domain = registrable_domain(source.host)
        if domain is not None and not source.port:
            groups.setdefault(domain, []).append(source)
    return groups


def widened(domain: str, group: Sequence[HostSource]) -> HostSource:
    """Return the one source for all below a domain that takes a group of it in."""
    return HostSource(domain, True, itself=any(source.host == domain for source in group))
