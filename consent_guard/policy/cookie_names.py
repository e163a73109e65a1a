"""Whose cookie is this? The index of all cookie names of one policy.

Built once per policy, then read by many threads. May import the policy's values only. The engine calls it for every Set-Cookie
line and every request cookie.

Of several rules for one name an exact one beats a wildcard, a longer wildcard (its characters without the ``*``) a shorter
one, one for digits alone any other, then the stricter category decides, then the order of the policy (DESIGN §4). Names are
case-sensitive (RFC 6265bis §5.7, H05).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from .model import Basis, CookieRule, Policy

_STRICTNESS: Final = {Basis.CONSENT: 0, Basis.EXEMPT: 1, Basis.NECESSARY: 2}


@dataclass(frozen=True, slots=True)
class CookieMatch:
    """The rule that decides on a cookie."""

    category: str
    service: str | None
    """None: a cookie of the app itself, which follows its category."""
    rule: CookieRule


class CookieIndex:
    """All cookie rules of a policy, ready to be asked. Immutable and thread-safe."""

    __slots__ = ("_exact", "_inner", "_lengths", "_prefixes", "_strictness")

    def __init__(self, policy: Policy) -> None:
        self._strictness = strictness = {category.id: _STRICTNESS[category.basis] for category in policy.categories}
        matches = [CookieMatch(service.category, service.id, rule) for service in policy.services for rule in service.cookies]
        matches += [CookieMatch(cookie.category, None, cookie.rule) for cookie in policy.cookies]
        # Sorting is stable and setdefault keeps the first: the stricter, then the earlier.
        matches.sort(key=lambda match: strictness.get(match.category, 0))
        exact: dict[str, CookieMatch] = {}
        prefixes: dict[str, CookieMatch] = {}
        inner: list[CookieMatch] = []
        for match in matches:
            stem, star, tail = match.rule.name.partition("*")
            if star and (tail or match.rule.digits):
                inner.append(match)
            elif star:
                prefixes.setdefault(stem, match)
            elif stem:  # a rule without a name declares a lifetime, and names nothing
                exact.setdefault(stem, match)
        self._exact = exact
        self._prefixes = prefixes
        self._lengths = tuple(sorted({len(prefix) for prefix in prefixes}, reverse=True))
        # By their first character: few services name cookies so, and no name is compared with all of them.
        self._inner: dict[str, tuple[CookieMatch, ...]] = {}
        for match in sorted(inner, key=lambda match: (-len(match.rule.name), not match.rule.digits)):
            first = match.rule.name[0]
            self._inner[first] = (*self._inner.get(first, ()), match)

    def match(self, name: str) -> CookieMatch | None:
        """Return the rule that decides on a cookie of this name, or None when no rule names it.

        A name that is not ASCII is read as Latin-1 by the wire layer; rules hold token characters only, so none fits exactly.
        """
        found = self._exact.get(name)
        if found is not None:
            return found
        held = next((match for match in self._inner.get(name[:1], ()) if match.rule.covers(name)), None)
        least = len(held.rule.name) - 1 if held is not None else 0
        for length in self._lengths:
            if length < least:
                break
            if length <= len(name) and (found := self._prefixes.get(name[:length])) is not None:
                return self._stricter(held, found) if held is not None and length == least else found
        return held

    def _stricter(self, held: CookieMatch, found: CookieMatch) -> CookieMatch:
        """Return which of two wildcards of one length decides."""
        if held.rule.digits:
            return held
        return min(held, found, key=lambda match: self._strictness.get(match.category, 0))
