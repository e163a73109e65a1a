"""Does a body without a usable Content-Type hold a document? (WHATWG MIME Sniffing §7.1, and where browsers go further)

May import limits. The body pipeline asks it, chunk by chunk.

The standard wants a blank or ``>`` after a tag's name, Chromium does not, and Firefox knows more tags; a body that any of them
reads as HTML is HTML. A body is let go with the first byte that rules a document out, so that nothing waits longer than it
must.
"""

from __future__ import annotations

from enum import Enum
from typing import Final

from ..limits import SNIFFED_BYTES

_BLANKS: Final = b"\t\n\x0b\x0c\r "
_MARKS: Final = tuple(
    b"<" + name
    for name in (
        b"!doctype html",
        b"html",
        b"head",
        b"script",
        b"iframe",
        b"h1",
        b"div",
        b"font",
        b"table",
        b"a",
        b"style",
        b"title",
        b"b",
        b"body",
        b"br",
        b"p",
        b"!--",
        # Firefox's own (netwerk/streamconv, nsUnknownDecoder).
        b"frameset",
        b"img",
        b"link",
        b"base",
        b"applet",
        b"meta",
        b"center",
        b"form",
        b"isindex",
        b"h2",
        b"h3",
        b"h4",
        b"h5",
        b"h6",
    )
)
_XML_MARK: Final = b"<?xml"


class Sniffed(Enum):
    """What the first bytes say."""

    HTML = "html"
    XML = "xml"
    OTHER = "other"
    UNDECIDED = "undecided"
    """More bytes are needed."""


def sniff(head: bytes, *, final: bool = False) -> Sniffed:
    """Return what a body that starts with ``head`` is to a browser; ``final`` where nothing follows.

    A body in UTF-16, or with a byte order mark, and without a type is text to browsers, so it is never HTML here.
    """
    text = head[:SNIFFED_BYTES].lstrip(_BLANKS)
    if not text:
        return Sniffed.OTHER if final or len(head) >= SNIFFED_BYTES else Sniffed.UNDECIDED
    start = text[:16].lower()
    if start.startswith(_MARKS):
        return Sniffed.HTML
    if start.startswith(_XML_MARK):
        return Sniffed.XML
    if not final and len(head) < SNIFFED_BYTES and any(mark.startswith(start) for mark in (*_MARKS, _XML_MARK)):
        return Sniffed.UNDECIDED
    return Sniffed.OTHER
