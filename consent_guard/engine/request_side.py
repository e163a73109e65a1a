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
from ..wire.etags import names_tag, unmark_all, unmark_if_none_match
from ..wire.headers import first, get_all
from ..wire.messages import Header, Headers
from .cookie_rulings import CookieRulings
from .destinations import Wanted

_PAGE: Final = Wanted(asks=True, may_get=True)
_CONDITIONS: Final = frozenset({b"if-none-match", b"if-modified-since"})
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
    marked: bool = False
    """A validator of this very consent state was handed on: a 304 speaks of a page that may be shown again."""
    unvalidated: bool = False
    """Every validator was kept back, so that a 304 cannot be right."""
    validated: bool = False
    """A validator without our mark was handed on: a 304 speaks of what the client has stored as the app made it."""
    kept_back: Headers = ()
    """The conditions that the app was not shown; what turns out to be no page may still be answered by them."""

    def is_known(self, status: int, headers: Headers) -> bool:
        """Tell whether the client has this very version already, by conditions that the app was not shown because the answer
        might have been a page (RFC 9110 §13.1)."""
        if status != 200 or not self.kept_back:
            return False
        tags = get_all(self.kept_back, b"if-none-match")
        if tags:
            own = first(headers, b"etag")
            return own is not None and any(names_tag(value, own) for value in tags)
        changed = first(headers, b"last-modified")
        return changed is not None and first(self.kept_back, b"if-modified-since") == changed


def hide_gated(headers: Headers, rulings: CookieRulings, consent: Consent) -> tuple[Headers, tuple[bytes, ...]]:
    """Return the headers without the cookies that this consent does not allow to be read, and their names (L04)."""
    if not any(name.lower() == b"cookie" for name, _ in headers):
        return headers, ()
    kept, hidden = hide_cookies(headers, lambda name: rulings.of(name).gated(consent))
    return (kept, hidden) if kept != list(headers) else (headers, ())


def unconditional(headers: Headers) -> Headers:
    """Return the headers without what a 304 could answer, which would bring an answer to life that was kept with another head:
    the very object that came in, where there is none of it."""
    kept = [header for header in headers if header[0].lower() not in _CONDITIONS]
    return headers if len(kept) == len(headers) else kept


def forward(
    headers: Headers,
    method: str,
    wanted: Wanted,
    rulings: CookieRulings,
    consent: Consent,
    mark: str,
    filtered: Callable[[bytes], bool] = lambda validator: False,
) -> ForwardedRequest:
    """Return the request as the app may see it under this consent; ``mark`` is what our entity tags carry now (N3, N4, N5).

    ``filtered`` tells of a validator without our mark whether it names a version that leaves as each visitor's own.
    """
    headers, hidden = hide_gated(headers, rulings, consent)
    if not any(name.lower() in _TOUCHED for name, _ in headers):
        return ForwardedRequest(headers, hidden, wanted)
    page = wanted.narrowed  # whatever may be HTML: what the client has stored without our mark may never have been filtered
    reads = method in ("GET", "HEAD")
    asked = [value for name, value in headers if name.lower() == b"if-none-match"] if reads else []
    validators = {value: _validators(value, mark, page or filtered(value)) for value in asked}
    answerable = [tags for value in asked if (tags := validators[value]) is not None]
    # If-None-Match outranks If-Modified-Since (RFC 9110 §13.1.3): where no tag is left the date must not speak in its place.
    dated = not page and not asked
    dropped = len(answerable) < len(asked)
    left = bool(answerable)
    kept: list[Header] = []
    kept_back: list[Header] = []
    changed = False
    for header in headers:
        name, value = header[0].lower(), header[1]
        new: bytes | None = value
        if name == b"accept-encoding" and wanted.narrowed:
            new = narrow_accept_encoding(value)
        elif name == b"if-none-match" and reads:
            new = validators[value]
        elif name in (b"if-match", b"if-none-match"):
            new = unmark_all(value)
        elif name == b"if-modified-since" and reads:
            new = value if (dated and not filtered(value)) or answerable else None
            dropped, left = dropped or new is None, left or new is not None
        elif name in (b"range", b"if-range") and wanted.whole and method == "GET":
            new = None
        changed = changed or new != value
        if new is not None:
            kept.append(header if new == value else (header[0], new))
        elif name in _CONDITIONS:
            kept_back.append((name, value))
    return ForwardedRequest(
        kept if changed else headers,
        hidden,
        wanted,
        marked=any(_validators(value, mark, True) is not None for value in asked),
        unvalidated=dropped and not left,
        validated=left,
        kept_back=kept_back,
    )


def _validators(value: bytes, mark: str, page: bool) -> bytes | None:
    """Return the If-None-Match that may be asked. ``*`` asks for any version at all, which no page of ours is."""
    if page and value.strip(b" \t") == b"*":
        return None
    return unmark_if_none_match(value, mark, keep_unmarked=not page)
