"""Where the banner goes: first in the body of a full HTML document.

A document without a ``<body>`` tag has one all the same: it begins before the first thing that cannot stand in the head. A
fragment (no doctype, html, head or body seen before its first content) gets no banner, nor does an AMP document (H36) or a
frameset. May import ``grammar``, ``tokenizer`` and ``tree_builder_simulator``; ``stream`` asks it.
"""

from __future__ import annotations

from typing import Final

from . import grammar as p
from .tokenizer import Buffer, Kind
from .tree_builder_simulator import TreeBuilderSimulator

_IN_HEAD: Final = frozenset(b"html head base basefont bgsound link meta title style script noscript template noframes".split())
_ENDS_IN_HEAD: Final = _IN_HEAD - {b"html"}


_MARK: Final = b"\xef\xbb\xbf"
"""A byte order mark, which is no text of the document."""


class InsertionPoint:
    """Told of every lexeme of the main reading until the place is found; answers with a position once."""

    def __init__(self) -> None:
        self.seeking = True
        self.placed = False
        self._begun = False
        self._full = False
        """A doctype, html, head or body was seen."""
        self._wanted = True

    def start(self, name: bytes, start: int, end: int, context: TreeBuilderSimulator) -> int | None:
        """Take a start tag; return where the banner goes, if that is known now."""
        if context.templates:
            return None
        if name == b"html":
            self._full = True
            return None
        if name == b"frameset":
            self._wanted = False
            self.seeking = False
            return None
        if name == b"body":
            self._full = True
            return self._found(end)
        if name == b"head":
            self._full = True
        if name in _IN_HEAD:
            return None
        return self._found(start)

    def end(self, name: bytes, start: int, context: TreeBuilderSimulator) -> int | None:
        """Take an end tag."""
        if context.templates:
            return None
        if name == b"head":
            self._full = True
        if name in (b"body", b"html", b"br"):
            return self._found(start)
        return None

    def other(self, buffer: Buffer, start: int, end: int, kind: Kind, context: TreeBuilderSimulator) -> int | None:
        """Take text, a comment or a doctype."""
        if context.templates:
            return None
        if kind is Kind.DOCTYPE:
            self._full = True
        elif kind is Kind.TEXT:
            if not self._begun and buffer.startswith(_MARK, start):
                start += len(_MARK)
            self._begun = True
            blank = p.BLANK.match(buffer, start, end)
            assert blank is not None
            if blank.end() < end:
                return self._found(blank.end())
        return None

    def at_end(self) -> bool:
        """Tell whether the banner goes to the document's end: it is a full one, and nothing but a head was seen."""
        return self._wanted and not self.placed and self.seeking and self._full

    def _found(self, position: int) -> int | None:
        self.seeking = False
        return position if self._wanted and self._full else None

    def forbid(self) -> None:
        """This page must not get a banner."""
        self._wanted = False
