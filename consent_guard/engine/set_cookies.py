"""``Set-Cookie`` on its way out: gated lines removed, lifetimes cut, unlisted names reported or blocked.

Every status, every content type, websocket.accept and early hints go through here (H10, N10, Y2). Lines are judged one by one
and what passes keeps its bytes (H01). May import the wire layer, the consent domain and the engine's rulings. The response side
calls it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ..consent.choice import Consent
from ..consent.months import lifetime_seconds
from ..findings import Finding, FindingKind
from ..limits import CHOICE_MONTHS_MAX
from ..policy.model import Lifetime
from ..wire.messages import Header, Headers
from ..wire.set_cookie import SetCookie, cut_lifetime, parse_set_cookie
from .cookie_rulings import CookieRulings, Ruling


class SetCookieFilter:
    """The filter of one exchange: a policy's rulings under one consent, at one time."""

    __slots__ = ("_add", "_blocks_unlisted", "_consent", "_now", "_rulings", "consented")

    consented: bool
    """A line passed because this visitor allows it: the response is this visitor's alone (N8)."""

    def __init__(
        self, rulings: CookieRulings, consent: Consent, now: float, *, blocks_unlisted: bool, add: Callable[[Finding], None]
    ) -> None:
        self._rulings = rulings
        self._consent = consent
        self._now = now
        self._blocks_unlisted = blocks_unlisted
        self._add = add
        self.consented = False

    def filter(self, headers: Headers, where: str = "Set-Cookie") -> list[Header]:
        """Return the headers with each Set-Cookie line kept, cut or gone, and the order unchanged.

        ``where`` is the place that findings name.
        """
        kept: list[Header] = []
        for header in headers:
            if header[0].lower() != b"set-cookie":
                kept.append(header)
            elif (line := self._line(header[1], where)) is not None:
                kept.append(header if line is header[1] else (header[0], line))
        return kept

    def _line(self, line: bytes, where: str) -> bytes | None:
        cookie = parse_set_cookie(line, self._now)
        if cookie is None:
            return line
        # A nameless cookie comes back under another name (K22): the strictest of its rulings holds.
        rulings = [self._rulings.of(name) for name in sorted(cookie.names)]
        gated = next((ruling for ruling in rulings if ruling.gated(self._consent)), None)
        if gated is not None:
            if cookie.deletes_everywhere:
                return line
            self._add(gated.finding(FindingKind.COOKIE_SET, where))
            return None
        if not cookie.deletes_everywhere:
            unlisted = next((ruling for ruling in rulings if not ruling.listed), None)
            if unlisted is not None:
                self._add(unlisted.finding(FindingKind.COOKIE_UNLISTED, where, enforced=self._blocks_unlisted))
                if self._blocks_unlisted:
                    return None
            if any(ruling.waits for ruling in rulings):
                self.consented = True
        return self._cut(line, cookie, rulings, where)

    def _cut(self, line: bytes, cookie: SetCookie, rulings: Sequence[Ruling], where: str) -> bytes:
        """Cut the lifetime to the rule's, and to 13 calendar months at most, by any reading (S11, S12, T01)."""
        lifetime = max(cookie.lifetime_rfc or 0, cookie.lifetime_chromium or 0)
        if lifetime <= 0:
            return line
        shortest, ruling = min(((self._limit(ruling), ruling) for ruling in rulings), key=lambda found: found[0])
        if lifetime <= shortest:
            return line
        self._add(ruling.finding(FindingKind.COOKIE_CUT, where))
        return cut_lifetime(line, shortest or None, self._now)

    def _limit(self, ruling: Ruling) -> int:
        """Return how many seconds a cookie under this ruling may live; zero: not longer than the browser's session."""
        longest = lifetime_seconds(Lifetime(months=CHOICE_MONTHS_MAX), self._now) or 0
        declared = ruling.match.rule.lifetime if ruling.match is not None else None
        # A Policy that was built by hand may declare more than the longest.
        return longest if declared is None else min(longest, lifetime_seconds(declared, self._now) or 0)
