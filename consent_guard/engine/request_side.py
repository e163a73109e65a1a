"""The request as the app may see it: without gated cookies, asking for codings that can be decoded, and for whole pages.

May import the wire layer and the engine's rulings. The exchange calls it once per request. Nothing here can fail on what a
visitor sends.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from ..consent.choice import Consent
from ..wire.codings import narrow_accept_encoding
from ..wire.cookies import hide_cookies
from ..wire.etags import unmark_all
from ..wire.messages import Header, Headers
from .conditional.conditions import Conditions, read_conditions
from .cookie_rulings import CookieRulings
from .destinations import Wanted

_PAGE: Final = Wanted(asks=True, may_get=True)
_NONE: Final = Conditions()
_TOUCHED: Final = frozenset({b"accept-encoding", b"if-match", b"if-modified-since", b"if-none-match", b"if-range", b"range"})


@dataclass(frozen=True, slots=True)
class ForwardedRequest:
    """What the app may see, and what is to be remembered for its response."""

    headers: Headers
    """The very object that came in, where nothing is to change."""
    hidden: tuple[bytes, ...] = ()
    """The cookie names that the app does not see, in the order in which they came."""
    wanted: Wanted = _PAGE
    """What the request is for."""
    conditions: Conditions = _NONE
    """What it asks to be told only if it has changed."""


def hide_gated(headers: Headers, rulings: CookieRulings, consent: Consent) -> tuple[Headers, tuple[bytes, ...]]:
    """Return the headers without the cookies that this consent does not allow to be read, and their names (L04)."""
    if not any(name.lower() == b"cookie" for name, _ in headers):
        return headers, ()
    kept, hidden = hide_cookies(headers, lambda name: rulings.of(name).gated(consent))
    return (kept, hidden) if kept != list(headers) else (headers, ())


def forward(
    headers: Headers,
    method: str,
    wanted: Wanted,
    rulings: CookieRulings,
    consent: Consent,
    mark: str,
    distrusted: Callable[[bytes], bool] = lambda validator: False,
) -> ForwardedRequest:
    """Return the request as the app may see it under this consent; ``mark`` is what our entity tags carry now (N3, N4, N5).

    ``distrusted`` tells of a validator without our mark whether it may name what was never filtered, be it no page's.
    """
    headers, hidden = hide_gated(headers, rulings, consent)
    if not any(name.lower() in _TOUCHED for name, _ in headers):
        return ForwardedRequest(headers, hidden, wanted)
    # Whatever may be HTML: what the client has stored without our mark may never have been filtered.
    conditions = read_conditions(headers, mark, wanted.narrowed, distrusted) if method in ("GET", "HEAD") else _NONE
    kept: list[Header] = []
    changed = False
    for header in headers:
        name, value = header[0].lower(), header[1]
        new: bytes | None = value
        if (name, value) in conditions.shown:
            new = conditions.shown[name, value]
        elif name == b"accept-encoding" and (wanted.narrowed or wanted.sheet):
            new = narrow_accept_encoding(value)
        elif name in (b"if-match", b"if-none-match"):
            new = unmark_all(value)
        elif name in (b"range", b"if-range") and wanted.whole and method == "GET":
            new = None
        changed = changed or new != value
        if new is not None:
            kept.append(header if new == value else (header[0], new))
    return ForwardedRequest(kept if changed else headers, hidden, wanted, conditions)
