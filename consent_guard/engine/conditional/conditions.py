"""The conditions of one request: what the app is shown of them, what is kept from it, and what may be answered by either.

A validator without our mark names what the client has stored as the app made it, which may never have been filtered. So it is
kept from the app wherever the answer may be a page, or a style sheet that nobody has read; what turns out to be neither is
answered by what was kept back.
May import the wire layer. The request side reads them, the response side asks.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

from ...wire.etags import names_tag, unmark_if_none_match
from ...wire.headers import first, get_all, without
from ...wire.messages import Header, Headers

_TAG: Final = b"if-none-match"
_DATE: Final = b"if-modified-since"
_OF_THE_CONTENT: Final = (b"content-length", b"content-type", b"content-encoding", b"content-language", b"transfer-encoding")
"""What a 304 does not repeat (RFC 9110 §15.4.5)."""


@dataclass(frozen=True, slots=True)
class Conditions:
    """What a request asks to be told only if it has changed."""

    shown: Mapping[Header, bytes | None] = field(default_factory=dict)
    """What the app may see of each condition, by its name in lower case and its value; None: nothing."""
    marked: bool = False
    """A validator of this very consent state was handed on: a 304 speaks of a page that may be shown again."""
    unvalidated: bool = False
    """Every validator was kept back, so that no 304 answers one."""
    validated: bool = False
    """A validator without our mark was handed on: a 304 speaks of what the client has stored as the app made it."""

    def know(self, status: int, headers: Headers) -> bool:
        """Tell whether the client has this very version already, by conditions that the app was not shown (RFC 9110 §13.1)."""
        kept_back = [condition for condition, shown in self.shown.items() if shown is None] if status == 200 else []
        if not kept_back:
            return False
        tags = get_all(kept_back, _TAG)
        if tags:
            own = first(headers, b"etag")
            return own is not None and any(names_tag(value, own) for value in tags)
        changed = first(headers, b"last-modified")
        return changed is not None and first(kept_back, _DATE) == changed


def read_conditions(headers: Headers, mark: str, page: bool, distrusted: Callable[[bytes], bool]) -> Conditions:
    """Return the conditions of a request that reads; ``mark`` is what our entity tags carry now.

    ``page``: the answer may be one. ``distrusted`` tells of a validator without our mark whether it may name what was never
    filtered all the same.
    """
    asked = get_all(headers, _TAG)
    shown: dict[Header, bytes | None] = {(_TAG, tag): _answerable(tag, mark, page or distrusted(tag)) for tag in asked}
    answerable = any(tags is not None for tags in shown.values())
    for date in get_all(headers, _DATE):
        # If-None-Match outranks If-Modified-Since (RFC 9110 §13.1.3): where no tag is left the date must not speak for it.
        alone = not page and not asked and not distrusted(date)
        shown[_DATE, date] = date if alone or answerable else None
    left = any(value is not None for value in shown.values())
    return Conditions(
        shown,
        marked=any(_answerable(tag, mark, True) is not None for tag in asked),
        unvalidated=bool(shown) and not left,
        validated=left,
    )


def unconditional(headers: Headers) -> Headers:
    """Return the headers without what a 304 could answer, which would bring an answer to life that was kept with another head:
    the very object that came in, where there is none of it."""
    kept = [header for header in headers if header[0].lower() not in (_TAG, _DATE)]
    return headers if len(kept) == len(headers) else kept


def names_a_version(headers: Headers) -> bool:
    """Tell whether a 304 says of which version it speaks. One that does not freshens nothing that was stored with a validator
    (RFC 9111 §4.3.4); browsers take it for all that they have."""
    return first(headers, b"etag") is not None or first(headers, b"last-modified") is not None


def not_modified_head(headers: Headers) -> list[Header]:
    """Return the head of a 304 in place of this one."""
    return without(headers, *_OF_THE_CONTENT)


def _answerable(tags: bytes, mark: str, ours: bool) -> bytes | None:
    """Return the If-None-Match that may be asked; ``ours``: only with tags of ours. ``*`` asks for any version at all, which
    nothing of ours is."""
    if ours and tags.strip(b" \t") == b"*":
        return None
    return unmark_if_none_match(tags, mark, keep_unmarked=not ours)
