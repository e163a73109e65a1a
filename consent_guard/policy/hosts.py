"""Whose address is this? The index of all host rules of one policy.

Built once per policy, then read by many threads. A look-up costs as many dictionary reads as the longest ``*.`` rule has
labels, however many rules there are. May import the policy's values only. The rewriter's judge calls it for every address of a
page, the engine for headers.

Of several rules that fit one address the most specific alone decides (DESIGN §4): an exact host over the longest ``*.`` suffix,
then the longest path, then the longest query. A name in every country's domain (``www.x.*``) stands between the two hosts: it
is whole, but one of many; so of ``*.x.fr`` and ``*.x.*`` the first decides. What remains equal can only be two parameters of
one query (``?id=DC-1&id=AW-2``): there the stricter category decides.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final, NamedTuple

from .countries import country_form, country_hosts
from .model import Basis, HostRule, Policy

_STRICTNESS: Final = {Basis.CONSENT: 0, Basis.EXEMPT: 1, Basis.NECESSARY: 2}
_ESCAPE: Final = re.compile(r"%([0-9A-Fa-f]{2})")
_SLASHES: Final = re.compile(r"/{2,}")
_UNRESERVED: Final = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")


@dataclass(frozen=True, slots=True)
class HostMatch:
    """The rule that decides on an address."""

    service: str
    rule: str
    """As the policy writes it."""
    category: str


class _Entry(NamedTuple):
    path: str
    query: str
    match: HostMatch


_Entries = tuple[_Entry, ...]


def _unescape(found: re.Match[str]) -> str:
    character = chr(int(found[1], 16))
    return character if character in _UNRESERVED else found[0].upper()


def comparable_path(path: str) -> str:
    """Return a URL's path as rules are compared with it.

    Escapes of unreserved characters are undone (RFC 3986 §6.2.2.2) and runs of slashes count as one: servers answer
    ``/%72ecaptcha/`` and ``//recaptcha/`` as they answer ``/recaptcha/``. Case is kept.
    """
    if "%" in path:
        path = _ESCAPE.sub(_unescape, path)
    if "//" in path:
        path = _SLASHES.sub("/", path)
    return path


def comparable_query(query: str) -> str:
    """Return a URL's query, without its ``?``, as rules are compared with it (RFC 3986 §6.2.2.2)."""
    return _ESCAPE.sub(_unescape, query) if "%" in query else query


def path_covers(rule: str, path: str) -> bool:
    """Tell whether a rule's path, without a final slash, covers a path by whole segments.

    ``/gtag/js`` covers ``/gtag/js`` and ``/gtag/js/x``, not ``/gtag/jsx``. An empty rule covers everything.
    """
    return path.startswith(rule) and (len(path) == len(rule) or not rule or path[len(rule)] == "/")


def query_covers(rule: str, query: str) -> bool:
    """Tell whether a rule's query begins the query or any of its ``&``-separated parameters.

    ``id=DC-`` covers ``id=DC-1`` and ``l=x&id=DC-1``, not ``uid=DC-1``. An empty rule covers everything.
    """
    return query.startswith(rule) or f"&{rule}" in query


def rule_key(rule: HostRule) -> tuple[str, bool, str, str]:
    """Return what two rules must differ in. Two services with one key are a tie, which the loader refuses."""
    return (
        rule.host.lower(),
        rule.subdomains,
        comparable_path(rule.path).rstrip("/"),
        comparable_query(rule.query.removeprefix("?")),
    )


def _first(entries: _Entries, path: str, query: str) -> HostMatch | None:
    for entry in entries:
        if path_covers(entry.path, path) and (not entry.query or query_covers(entry.query, query)):
            return entry.match
    return None


class HostIndex:
    """All host rules of a policy, ready to be asked. Immutable and thread-safe."""

    __slots__ = ("_countries", "_depth", "_exact", "_own", "_suffixes")

    def __init__(self, policy: Policy) -> None:
        strictness = {category.id: _STRICTNESS[category.basis] for category in policy.categories}
        exact: dict[str, list[_Entry]] = {}
        suffixes: dict[str, list[_Entry]] = {}
        own: list[_Entry] = []
        for service in policy.services:
            for rule in service.hosts:
                host, subdomains, path, query = rule_key(rule)
                entry = _Entry(path, query, HostMatch(service.id, rule.text, service.category))
                if not host:
                    own.append(entry)
                else:
                    (suffixes if subdomains else exact).setdefault(host, []).append(entry)

        def ordered(entries: Iterable[_Entry]) -> _Entries:
            return tuple(sorted(entries, key=lambda e: (-len(e.path), -len(e.query), strictness.get(e.match.category, 0))))

        self._exact = {host: ordered(entries) for host, entries in exact.items()}
        self._suffixes = {host: ordered(entries) for host, entries in suffixes.items()}
        self._own = ordered(own)
        # A country's suffix may have two labels where the rule writes a *.
        self._depth = max((host.count(".") + 1 + host.endswith(".*") for host in suffixes), default=0)
        self._countries = any(host.endswith(".*") for group in (exact, suffixes) for host in group)

    def match(self, host: str, path: str, query: str) -> HostMatch | None:
        """Return the rule that decides on this address, or None when no rule names it.

        ``host`` is lower-case ASCII (punycode) without a final dot; ``path`` and ``query`` (without ``?``) are as the WHATWG
        URL parser leaves them. Rules on our own host are not asked: see ``match_own``.
        """
        path = comparable_path(path)
        query = comparable_query(query)
        for entries in self._entries_of(host):
            if (found := _first(entries, path, query)) is not None:
                return found
        return None

    def match_own(self, path: str, query: str) -> HostMatch | None:
        """Return the rule with a leading ``/`` that decides on an address of the site's own host."""
        if not self._own:
            return None
        return _first(self._own, comparable_path(path), comparable_query(query))

    def own_heads(self, host: str) -> frozenset[str] | None:
        """Return the first segments of the paths of all rules that may name an address on this host where it is the site's own;
        None where there is no such rule."""
        entries = [*self._own, *(entry for entries in self._entries_of(host) for entry in entries)]
        return frozenset(entry.path.split("/")[1] for entry in entries if entry.path) if entries else None

    def services_on(self, host: str) -> frozenset[str]:
        """Return the services that some address on this host can belong to (preconnect and dns-prefetch have no path).

        A rule for the whole of a more specific host hides the wider ones: none of their addresses lies there.
        """
        services: set[str] = set()
        for entries in self._entries_of(host):
            services.update(entry.match.service for entry in entries)
            if any(not entry.path and not entry.query for entry in entries):
                break
        return frozenset(services)

    def hosts_with_paths(self) -> frozenset[str]:
        """Return the hosts (without ``*.``) of which some rule takes only a part: a path or a query. One in every country's
        domain is given under each."""
        return frozenset(
            host
            for group in (self._exact, self._suffixes)
            for name, entries in group.items()
            if any(entry.path or entry.query for entry in entries)
            for host in country_hosts(name)
        )

    def mention_hosts(self) -> tuple[tuple[str, bool], ...]:
        """Return ``(host, subdomains)`` of every rule that names a host, each once, sorted; one in every country's domain under
        each."""
        named = [*((host, False) for host in self._exact), *((host, True) for host in self._suffixes)]
        return tuple(sorted((host, below) for name, below in named for host in country_hosts(name)))

    def _entries_of(self, host: str) -> Iterator[_Entries]:
        """Yield the rules that may name an address on this host, the most specific host first."""
        if (entries := self._exact.get(host)) is not None:
            yield entries
        general = country_form(host) if self._countries else None
        if general is not None and (entries := self._exact.get(general)) is not None:
            yield entries
        for suffix in self._suffixes_of(host, general):
            yield self._suffixes[suffix]

    def _suffixes_of(self, host: str, general: str | None) -> list[str]:
        """Return the ``*.`` hosts that cover this host, the longest first, and of two for the same name that of one country.

        Looks at no more labels than any rule has.

        ``general`` is the host with a ``*`` for its country, where it lies in one.
        """
        found: list[str] = []
        end = len(host)
        for _ in range(self._depth):
            end = host.rfind(".", 0, end)
            if general is not None and (suffix := general[end + 1 :]) in self._suffixes:
                found.append(suffix)
            if (suffix := host[end + 1 :]) in self._suffixes:
                found.append(suffix)
            if end < 0:
                break
        found.reverse()
        return found
