"""The addresses in CSS that make a browser fetch.

Fetched are ``url()`` in declarations, the string or ``url()`` of ``@import``, and the strings of ``image-set()``,
``-webkit-image-set()`` and ``src()``. The prelude of any other at-rule (``@namespace``, ``@supports``…) fetches nothing. A
custom property may be used anywhere, so ``url()`` counts everywhere, and so does a string but in an attribute selector and in
``content``.

May import ``tokenizer``, ``grammar`` and ``escapes``. Called for style attributes and whole style sheets; an HTML element's
content is read by ``blocks``.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from .escapes import unescape
from .grammar import ABOVE_ASCII
from .tokenizer import CssScanner, Syntax

INERT: Final = b"about:invalid"
"""What stands in an address's place: valid between quotes and without, and never fetched."""


@dataclass(frozen=True, slots=True)
class CssUrl:
    """One address that a browser may fetch."""

    start: int
    """Where its text begins, after the quote or parenthesis and white space."""
    end: int
    url: str
    """With CSS escapes decoded."""
    syntax: Syntax
    """``url``: of url(); ``string``: of image-set(), src() or a custom property; ``import``: of @import, in either form."""


class _Finder(CssScanner):
    def __init__(self, attribute: bool) -> None:
        super().__init__(attribute=attribute, limit=sys.maxsize)
        self.spans: list[tuple[int, int, Syntax]] = []

    def _found(self, start: int, end: int, syntax: Syntax) -> None:
        self.spans.append((start, end, syntax))

    def read(self, css: bytes, final: bool) -> list[tuple[int, int, Syntax]]:
        """Return the addresses that end in the next bytes; offsets are of all bytes."""
        self._buffer += css
        self.scan(final)
        spans, self.spans = self.spans, []
        return spans


def find_urls(css: str, *, attribute: bool) -> list[CssUrl]:
    """Return the addresses in a whole style sheet, or in a ``style`` attribute's value, in their order. Linear; never raises.

    ``data:`` addresses are listed only after @import. In an attribute no at-rule has effect.
    """
    return [one for one in urls_in(css, attribute=attribute, piece=sys.maxsize) if one is not None]


def urls_in(css: str, *, attribute: bool, piece: int) -> Iterator[CssUrl | None]:
    """Yield the same as they are found, and None after each so many bytes."""
    if "(" not in css and "--" not in css and "\\" not in css and (attribute or "@" not in css):
        return
    # Offsets must stay: every character above ASCII is one byte that belongs to names.
    raw = (css if css.isascii() else ABOVE_ASCII.sub("\x80", css)).encode("latin-1")
    finder = _Finder(attribute)
    for at in range(0, len(raw), piece):
        for start, end, syntax in finder.read(raw[at : at + piece], at + piece >= len(raw)):
            yield CssUrl(start, end, unescape(css[start:end]), syntax)
        yield None
