"""JSON that leaves as ``text/html``, as apps answer scripts: its strings are edited, so that it still parses.

Whatever does not parse whole as one JSON value is HTML. So is what would still lose something when read as a document: a script
may show it as one, and so may a browser that has kept the answer. May import limits, the wire messages and ``html_in_json``.
The response side makes one where no document is asked for.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Final

from ...limits import HELD_TEXT_BYTES
from ...wire.messages import BodyRewriter
from .html_in_json import HeldText, edited, is_json

_INK: Final = re.compile(rb"[^ \t\r\n]")
_FOLLOWS: Final = {b"{": b'"}', b"[": b'[{"]-0123456789tfn'}
"""What comes after the bracket with which JSON begins."""
_BOM: Final = b"\xef\xbb\xbf"
_PIECE_BYTES: Final = 16 * 1024
"""As much is read before others have their turn."""


class JsonOrHtml(HeldText):
    """Holds what begins as JSON does up to its end; anything else is HTML from its first byte on."""

    def __init__(self, html: BodyRewriter, make: Callable[[], BodyRewriter]) -> None:
        """``html`` reads what is no JSON; ``make`` gives a rewriter for the HTML in a string."""
        super().__init__(make)
        self._html = html
        self._begun: bool | None = None
        """Whether it begins as JSON that holds a string; None: not enough came."""
        self._bracket = b""
        self._at = 0
        """What lies before is blank, or that bracket."""
        self._is_html = False

    def feed(self, data: bytes) -> bytes:
        if self._is_html:
            return self._html.feed(data)
        self._held += data
        if self._begun is None:
            self._begun = self._begins()
        return b"" if self._begun is not False and len(self._held) <= HELD_TEXT_BYTES else self._go_on(bytes(self._held))

    def _begins(self) -> bool | None:
        held = self._held
        if self._at == 0 and held[:1] == _BOM[:1]:
            if len(held) < len(_BOM):
                return None if _BOM.startswith(held) else False
            self._at = len(_BOM) if held.startswith(_BOM) else 0
        while (found := _INK.search(held, self._at)) is not None:
            self._at = found.start()
            sign = found[0]
            if self._bracket:
                return sign in _FOLLOWS[self._bracket]
            if sign not in _FOLLOWS:
                return sign == b'"'
            self._bracket, self._at = sign, self._at + 1
        self._at = len(held)
        return None

    def close(self) -> bytes:
        return super().close() + (self._html.close() if self._is_html else b"")

    def _go_on(self, text: bytes) -> bytes:
        """Let what came so far be HTML."""
        self._is_html = True
        self._held.clear()
        return self._html.feed(text)

    def _edit(self) -> Iterator[None]:
        if self._is_html:
            return
        text = bytes(self._held)
        if not text or not is_json(text):
            self._out.append(self._go_on(text))
            return
        self._held.clear()
        for piece in edited(text, self._make):
            self._out.append(piece)
            yield
        left = b"".join(self._out)
        if b"<" not in left:
            return
        shown, reader = bytearray(), self._make()
        for at in range(0, len(left), _PIECE_BYTES):
            shown += reader.feed(left[at : at + _PIECE_BYTES])
            yield
        if shown + reader.close() != left:
            # Its strings stay edited: a script may read it as JSON all the same.
            self._out = [self._go_on(left)]
