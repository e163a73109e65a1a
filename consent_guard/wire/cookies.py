"""The request's ``Cookie`` field: read pair by pair on bytes, and hide pairs without touching the others.

Not ``http.cookies`` and not ``str.strip``: the first loses every cookie after one that it dislikes, the second turns
``\\xa0__Host-c`` into ``__Host-c`` (rule 0.6). Nothing here can fail, and every function takes time linear in its
input. May import limits and ``wire.messages``. Called by the engine, and by ``consent`` for the stored choice.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from ..limits import COOKIE_PAIRS
from .messages import Header, Headers

_BLANKS = b" \t"
_WIDER_BLANKS = b" \t\n\r\x0b\x0c\x1c\x1d\x1e\x1f"
"""The ASCII part of what ``str.strip`` takes off."""


class CookiePair(NamedTuple):
    """One pair of a Cookie field."""

    name: bytes
    """Empty for a pair without ``=``: browsers send a nameless cookie that way."""
    value: bytes
    """All after the first ``=``; quotes belong to it, and nothing is decoded."""
    raw: bytes
    """The pair as it stood between two ``;``, blanks included."""


def parse_cookie_pairs(value: bytes) -> list[CookiePair]:
    """Return the pairs of one Cookie field value, in order, duplicates kept.

    Split on ``;`` and at the first ``=``; only SP and HTAB are stripped (K11, K22). Blank pieces are skipped. Of several
    pairs of one name, browsers put the one with the longest path first; which one counts is the caller's to decide.
    """
    pairs: list[CookiePair] = []
    for raw in value.split(b";"):
        text = raw.strip(_BLANKS)
        if not text:
            continue
        name, equals, rest = text.partition(b"=")
        if equals:
            pairs.append(CookiePair(name.rstrip(_BLANKS), rest.lstrip(_BLANKS), raw))
        else:
            pairs.append(CookiePair(b"", text, raw))
    return pairs


def request_cookies(headers: Headers) -> list[CookiePair]:
    """Return the pairs of all Cookie lines, in order (H11: HTTP/2 may send one line per pair)."""
    return [pair for name, value in headers if name.lower() == b"cookie" for pair in parse_cookie_pairs(value)]


def hide_cookies(headers: Headers, hidden: Callable[[bytes], bool]) -> tuple[list[Header], tuple[bytes, ...]]:
    """Return the headers without the pairs whose name ``hidden`` accepts, and the names that were hidden, each once.

    A pair is hidden when any reading of its name is: as it stands; with the wider blanks stripped that frameworks strip; and
    for a nameless pair the name that its text gives. Other pairs keep every byte, a field that holds no pair any more is
    dropped, and a line of which nothing is hidden stays the same object (L04, H11). Past ``limits.COOKIE_PAIRS`` pairs of all
    lines together everything is hidden, unread and unnamed.
    """
    room = COOKIE_PAIRS
    kept: list[Header] = []
    names: dict[bytes, None] = {}
    for header in headers:
        if header[0].lower() != b"cookie":
            kept.append(header)
            continue
        found = False
        pieces: list[bytes] = []
        for raw in header[1].split(b";"):
            if not raw.strip(_BLANKS):
                pieces.append(raw)
                continue
            room -= 1
            if room < 0:
                found = True
            elif (name := _hidden_name(raw, hidden)) is None:
                pieces.append(raw)
            else:
                found = True
                names[name] = None
        if not found:
            kept.append(header)
            continue
        value = b";".join(pieces).lstrip(b"; \t")
        if value:
            kept.append((header[0], value))
    return kept, tuple(names)


def _hidden_name(raw: bytes, hidden: Callable[[bytes], bool]) -> bytes | None:
    """Return the first reading of a pair's name that is hidden, or None."""
    text = raw.strip(_BLANKS)
    if not text:
        return None
    name, equals, value = text.partition(b"=")
    name = name.rstrip(_BLANKS)
    if not name and equals:
        # ``=_ga=1`` is nameless here, but a reader that skips the first sign finds _ga.
        name = value.partition(b"=")[0].strip(_BLANKS)
    if hidden(name):
        return name
    if name.isascii() and name == name.strip(_WIDER_BLANKS):
        return None
    latin = name.decode("latin-1").strip().encode("latin-1")
    if hidden(latin):
        return latin
    wide = name.decode("utf-8", "surrogateescape").strip().encode("utf-8", "surrogateescape")
    return wide if hidden(wide) else None
