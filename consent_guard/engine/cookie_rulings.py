"""May this cookie be stored and read now? One answer for the request's ``Cookie`` and the response's ``Set-Cookie`` (L01, L04).

May import the domain. Compiled once per guard; the request side, the Set-Cookie filter and the expiry ask it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from ..consent.choice import Consent
from ..consent.token import names_to_read, once_cookie_name
from ..findings import Finding, FindingKind
from ..policy.cookie_names import CookieIndex, CookieMatch
from ..policy.frameworks import is_framework_cookie, without_prefix
from ..policy.import_tools import imported_cookie_names
from ..policy.model import Basis, Policy

_REMEMBERED: Final = 1024
"""Rulings that are remembered; when so many are, all are forgotten. Visitors send whatever names they like."""
_REMEMBERED_BYTES: Final = 64


@dataclass(frozen=True, slots=True)
class Ruling:
    """What the policy says of a cookie name, whoever the visitor is."""

    name: str
    match: CookieMatch | None
    """The rule that names it; its lifetime holds for framework cookies too."""
    essential: bool
    """A framework's own cookie, our own, or one of a necessary purpose: it always passes."""

    @property
    def listed(self) -> bool:
        """Some rule or framework list names it."""
        return self.essential or self.match is not None

    @property
    def waits(self) -> bool:
        """Whether it may pass depends on the visitor's choice."""
        return not self.essential and self.match is not None

    def gated(self, consent: Consent) -> bool:
        """Whether it may neither be stored nor read under this consent. A service's cookie follows its service (S13)."""
        if self.essential or self.match is None:
            return False
        if self.match.service is not None:
            return self.match.service not in consent.allowed_services
        return self.match.category not in consent.allowed_categories

    def finding(self, kind: FindingKind, where: str, *, enforced: bool = True) -> Finding:
        """Return what happened to a cookie of this name, as a finding. One that a visitor sent is told by its rule's name: of a
        pattern it can have any number of spellings."""
        match = self.match
        if match is None:
            return Finding(kind, self.name, where, enforced=enforced)
        subject = match.rule.name if kind is FindingKind.COOKIE_HIDDEN else self.name
        return Finding(kind, subject, where, match.service, match.category, match.rule.name, enforced)


class CookieRulings:
    """The rulings of one policy. Thread-safe; immutable but for what it remembers."""

    __slots__ = ("_imported", "_imported_families", "_index", "_known", "_necessary", "_renamed", "own_names")

    own_names: frozenset[str]
    """The names of the library's own cookies: necessary, so the app sees them and may set them."""

    def __init__(self, policy: Policy, renamed: Iterable[str] = ()) -> None:
        """``renamed``: names that the site has given its framework's own cookies."""
        self._index = CookieIndex(policy)
        self._renamed: Final = frozenset(renamed)
        self._known: dict[bytes, Ruling] = {}
        self._necessary: Final = frozenset(c.id for c in policy.categories if c.basis is Basis.NECESSARY)
        names = imported_cookie_names(policy)
        self._imported: Final = frozenset(name for name in names if not name.endswith("*"))
        self._imported_families: Final = tuple(name[:-1] for name in names if name.endswith("*"))
        self.own_names = frozenset(
            name for secure in (False, True) for name in (*names_to_read(policy, secure), once_cookie_name(policy, secure))
        )

    def of(self, name: bytes) -> Ruling:
        """Return the ruling on a cookie name as it came: octets, case-sensitive (H05).

        Blanks that some frameworks strip and browsers do not (``\\xa0``, in Latin-1 or in UTF-8) do not make another name of it
        (ROBUSTNESS 0.6).
        """
        known = self._known.get(name)
        if known is None:
            known = self._rule(name)
            if len(name) <= _REMEMBERED_BYTES:
                if len(self._known) >= _REMEMBERED:
                    self._known.clear()
                self._known[name] = known
        return known

    def _rule(self, name: bytes) -> Ruling:
        ruling = self._named(name.decode("latin-1").strip())
        if ruling.listed or name.isascii():
            return ruling
        decoded = self._named(name.decode("utf-8", "replace").strip())
        return decoded if decoded.listed else ruling

    def _named(self, name: str) -> Ruling:
        match = self._index.match(name)
        necessary = match is not None and match.category in self._necessary
        essential = necessary or name in self.own_names or self._holds_the_choice(name) or self._is_frameworks(name)
        return Ruling(name, match, essential)

    def _is_frameworks(self, name: str) -> bool:
        return is_framework_cookie(name) or name in self._renamed or without_prefix(name) in self._renamed

    def _holds_the_choice(self, name: str) -> bool:
        """Whether another tool keeps the choice in this cookie: hidden or expired, it would be lost (``import_from``)."""
        return name in self._imported or (bool(self._imported_families) and name.startswith(self._imported_families))
