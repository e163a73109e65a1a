"""Whose cookie is this? The index of all cookie names of one policy.

Built once per policy, then read by many threads. May import the policy's values only. The engine calls it for every Set-Cookie
line and every request cookie.

Of several rules for one name an exact one beats a wildcard, a longer wildcard a shorter one, then the stricter category
decides, then the order of the policy (DESIGN §4). Names are case-sensitive (RFC 6265bis §5.7, H05).
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

    __slots__ = ("_exact", "_lengths", "_prefixes")

    def __init__(self, policy: Policy) -> None:
        strictness = {category.id: _STRICTNESS[category.basis] for category in policy.categories}
        matches = [CookieMatch(service.category, service.id, rule) for service in policy.services for rule in service.cookies]
        matches += [CookieMatch(cookie.category, None, cookie.rule) for cookie in policy.cookies]
        # Sorting is stable and setdefault keeps the first: the stricter, then the earlier.
        matches.sort(key=lambda match: strictness.get(match.category, 0))
        exact: dict[str, CookieMatch] = {}
        prefixes: dict[str, CookieMatch] = {}
        for match in matches:
            name = match.rule.name
            if not name:  # it declares a lifetime, and names nothing
                continue
            if name.endswith("*"):
                prefixes.setdefault(name[:-1], match)
            else:
                exact.setdefault(name, match)
        self._exact = exact
        self._prefixes = prefixes
        self._lengths = tuple(sorted({len(prefix) for prefix in prefixes}, reverse=True))

    def match(self, name: str) -> CookieMatch | None:
        """Return the rule that decides on a cookie of this name, or None when no rule names it.

        A name that is not ASCII is read as Latin-1 by the wire layer; rules hold token characters only, so none fits exactly.
        """
        found = self._exact.get(name)
        if found is not None:
            return found
        for length in self._lengths:
            if length <= len(name) and (found := self._prefixes.get(name[:length])) is not None:
                return found
        return None
