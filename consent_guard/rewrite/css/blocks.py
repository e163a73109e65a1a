"""The content of one ``style`` element as it streams: where its addresses stand.

The same reader takes a whole content and one that comes in pieces. May import limits, the model, ``tokenizer``, ``escapes``
and ``urls``.
"""

from __future__ import annotations

from collections.abc import Callable

from ...limits import HELD_VALUE_BYTES
from ..model import Edit
from .escapes import unescape
from .tokenizer import CONTEXT_BYTES, CssScanner, Syntax
from .urls import INERT


class StyleBlock(CssScanner):
    """Feeds on raw text; ``edits`` collects what is to be made inert, by offsets from the content's beginning."""

    def __init__(self, withheld: Callable[[str, int, int], bool], decode: Callable[[bytes], str]) -> None:
        """``withheld`` is asked of each address, with where it begins and ends; ``decode``: the sheet's encoding."""
        super().__init__(attribute=False, limit=HELD_VALUE_BYTES)
        self._withheld = withheld
        self._decode = decode
        self._origin = 0
        self._written: bytearray | None = None
        self._dropped_to = 0
        self.edits: list[Edit] = []

    def feed(self, data: bytes, final: bool, written: bytes | None = None) -> None:
        """Take the next bytes of the content; ``final`` says that they are the last. ``written``: the document's own bytes,
        where ``data`` has trail bytes masked, in each call or in none."""
        if written is not None:
            self._written = self._written if self._written is not None else bytearray()
            self._written += written
        self._buffer += data
        self.scan(final)
        held = self.holding and not self._dropping
        gone = min(self._at, self._start if held else self._at) - CONTEXT_BYTES
        if gone > 0:
            del self._buffer[:gone]
            if self._written is not None:
                del self._written[:gone]
            self._origin += gone
            self._at -= gone
            self._start -= gone
            if self._value_end >= 0:
                self._value_end = max(0, self._value_end - gone)

    @property
    def pending(self) -> int | None:
        """The offset from which bytes must not leave yet; None where all may."""
        if not self.holding:
            return None
        return self._dropped_to if self._dropping else self._origin + self._start

    def _found(self, start: int, end: int, syntax: Syntax) -> None:
        buffer = self._buffer if self._written is None else self._written
        url = unescape(self._decode(bytes(buffer[start:end])))
        if self._withheld(url, self._origin + start, self._origin + end):
            self.edits.append(Edit(self._origin + start, self._origin + end, INERT))

    def _overflowed(self, start: int) -> None:
        at = self._origin + start
        self.edits.append(Edit(at, at + 1, INERT))
        self._dropped_to = at + 1

    def _dropped(self, end: int) -> None:
        end += self._origin
        if end > self._dropped_to:
            self.edits.append(Edit(self._dropped_to, end, b""))
            self._dropped_to = end
