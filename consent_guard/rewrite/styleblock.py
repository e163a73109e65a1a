"""The content of one ``style`` element as it streams: where its gated addresses stand.

Tells edits by place instead of handing on bytes, so that several readings of one document can be laid over each other. May
import
css; ``reading`` drives it.
"""

from __future__ import annotations

from collections.abc import Callable

from ..limits import HELD_VALUE_BYTES
from .css.escapes import unescape
from .css.tokenizer import CONTEXT_BYTES, CssScanner, Syntax
from .css.urls import INERT
from .html.attributes import Edit


class StyleBlock(CssScanner):
    """Feeds on raw text; ``edits`` collects what is to be made inert, by offsets from the content's beginning."""

    def __init__(self, gated: Callable[[str], bool], decode: Callable[[bytes], str]) -> None:
        super().__init__(attribute=False, limit=HELD_VALUE_BYTES)
        self._gated = gated
        self._decode = decode
        self._origin = 0
        self._dropped_to = 0
        self.edits: list[Edit] = []
        self.found_at = 0
        """Where the address stands that is asked about, from the content's beginning."""

    def feed(self, data: bytes, final: bool) -> None:
        """Take the next bytes of the content; ``final`` says that they are the last."""
        self._buffer += data
        self.scan(final)
        gone = min(self._at, self._start if self.holding else self._at) - CONTEXT_BYTES
        if gone > 0:
            del self._buffer[:gone]
            self._origin += gone
            self._at -= gone
            self._start -= gone
            if self._value_end >= 0:
                self._value_end = max(0, self._value_end - gone)

    @property
    def pending(self) -> int | None:
        """The offset from which bytes must not leave yet; None where all may."""
        return self._origin + self._start if self.holding and not self._dropping else None

    def _found(self, start: int, end: int, syntax: Syntax) -> None:
        self.found_at = self._origin + start
        if self._gated(unescape(self._decode(bytes(self._buffer[start:end])))):
            self.edits.append(Edit(self._origin + start, self._origin + end, INERT))

    def _overflowed(self, start: int) -> None:
        at = self._origin + start
        self.edits.append(Edit(at, at + 1, INERT))
        self._dropped_to = at + 1

    def _dropped(self, end: int) -> None:
        end += self._origin
        if end > self._dropped_to:
            self.edits.append(Edit(self._dropped_to, end, b"", drop=True))
            self._dropped_to = end
