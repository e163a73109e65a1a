"""Which self-hosted service is this? Told by what it carries wherever it lives.

Matomo, PostHog, a tag manager behind a site's own address and the like have no host of their own; what they load is called the
same everywhere. Built once per policy, then read by many threads. May import the policy's values and how rules are compared.
Asked for addresses that no host rule names; a host rule always decides first.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Mapping
from typing import Final, NamedTuple

from .hosts import comparable_path, comparable_query, query_covers
from .model import Service, Trait

_NO_ATTRIBUTES: Final[frozenset[str]] = frozenset()


class TraitMatch(NamedTuple):
    """The trait that decides."""

    service: str
    category: str
    trait: Trait


class _Held(NamedTuple):
    match: TraitMatch
    path: re.Pattern[str]
    """The end of an address's path."""
    script: re.Pattern[str] | None
    """The address in a script's string: its path and the name of its parameter, before which a ``/`` or a quote stands."""
    name: re.Pattern[str] | None
    """The global, whole."""


class AnywhereIndex:
    """All traits of a policy's services, ready to be asked. Immutable and thread-safe."""

    __slots__ = ("_by_end", "_held")

    def __init__(self, services: Iterable[Service]) -> None:
        self._held = tuple(_held(service, trait) for service in services for trait in service.anywhere)
        # Most addresses end like none of them: one look-up turns those away.
        by_end: dict[str, list[_Held]] = {}
        for held in self._held:
            if held.name is not None:
                continue
            by_end.setdefault(held.match.trait.path[-3:], []).append(held)
        self._by_end: Mapping[str, tuple[_Held, ...]] = {end: tuple(held) for end, held in by_end.items()}

    def of_address(self, path: str, query: str, attributes: Container[str] = _NO_ATTRIBUTES) -> TraitMatch | None:
        """Return the service that an element's address tells, or None.

        ``path`` and ``query`` (without ``?``) are as the WHATWG URL parser leaves them; ``attributes`` are the element's, in
        lower case.
        """
        path = comparable_path(path)
        for held in self._by_end.get(path[-3:], ()):
            trait = held.match.trait
            if (
                held.path.search(path)
                and (not trait.query or query_covers(trait.query, comparable_query(query)))
                and (not trait.attribute or trait.attribute in attributes)
            ):
                return held.match
        return None

    def of_script(self, text: str) -> TraitMatch | None:
        """Return the service that an inline script tells: its global and the end of its address both stand there."""
        for held in self._held:
            if held.name is not None and held.script is not None and held.name.search(text) and held.script.search(text):
                return held.match
        return None


def _held(service: Service, trait: Trait) -> _Held:
    path = re.escape(trait.path).replace(r"\*", "[^/?\"'`\\s]*")
    parameter = re.escape("?" + trait.query.partition("=")[0] + "=") if trait.query else ""
    return _Held(
        TraitMatch(service.id, service.category, trait),
        re.compile(rf"/{path}\Z"),
        re.compile(rf"[/\"'`]{path}{parameter}") if trait.global_ else None,
        re.compile(rf"(?<![\w$]){re.escape(trait.global_)}(?![\w$])") if trait.global_ else None,
    )
