"""``Set-Cookie`` on its way out: gated lines removed, lifetimes cut, unlisted names reported or blocked.

Every status, every content type, websocket.accept and early hints go through here (H10, N10, Y2). Lines are judged one by one
and what passes keeps its bytes (H01). May import the wire layer, the consent domain and the engine's rulings. The response side
calls it.
"""

from __future__ import annotations

from collections.abc import Callable

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
        ruling = self._rulings.of(cookie.name)
        for name in cookie.names:
            other = self._rulings.of(name)
            if other.gated(self._consent):
                if cookie.deletes_everywhere:
                    return line
                self._tell(FindingKind.COOKIE_SET, other, where)
                return None
        if not ruling.listed and not cookie.deletes_everywhere:
            self._tell(FindingKind.COOKIE_UNLISTED, ruling, where, enforced=self._blocks_unlisted)
            if self._blocks_unlisted:
                return None
        if ruling.waits and not cookie.deletes_everywhere:
            self.consented = True
        return self._cut(line, cookie, ruling, where)

    def _cut(self, line: bytes, cookie: SetCookie, ruling: Ruling, where: str) -> bytes:
        """Cut the lifetime to the rule's, and to 13 calendar months at most, by any reading (S11, S12, T01)."""
        if not (cookie.lifetime_rfc or cookie.lifetime_chromium):
            return line
        declared = ruling.match.rule.lifetime if ruling.match is not None else None
        longest = lifetime_seconds(Lifetime(months=CHOICE_MONTHS_MAX), self._now)
        limit = longest if declared is None else lifetime_seconds(declared, self._now)
        if limit is not None and longest is not None:  # a Policy that was built by hand may declare more
            limit = min(limit, longest)
        cut = cut_lifetime(line, limit, self._now)
        if cut is not line:
            self._tell(FindingKind.COOKIE_CUT, ruling, where)
        return cut

    def _tell(self, kind: FindingKind, ruling: Ruling, where: str, *, enforced: bool = True) -> None:
        match = ruling.match
        self._add(
            Finding(
                kind,
                ruling.name,
                where,
                service=match.service if match else None,
                category=match.category if match else None,
                rule=match.rule.name if match else None,
                enforced=enforced,
            )
        )
