"""JSON that leaves as ``text/html``, as apps answer scripts: its strings are edited, so that it still parses.

Whatever does not parse whole as one JSON value is HTML. May import limits, the wire messages and ``html_in_json``. The response
side makes one where no document is asked for.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Final

from ...limits import HELD_TEXT_BYTES
from ...wire.messages import BodyRewriter
from .html_in_json import edited, is_json

_BLANKS: Final = rb"[ \t\r\n]*"
_BEGINNING: Final = re.compile(
    rb"(?:\xef\xbb\xbf)?" + _BLANKS + rb"(?:\Z|\"|\{" + _BLANKS + rb"(?:[\"}]|\Z)|\[" + _BLANKS + rb"(?:[\[{\"\]0-9tfn-]|\Z))"
)
"""How JSON begins that holds a string, as far as it came."""
_BOM: Final = b"\xef\xbb\xbf"


class JsonOrHtml:
    """Holds what begins as JSON does up to its end; anything else is HTML from its first byte on."""

    def __init__(self, html: BodyRewriter, make: Callable[[], BodyRewriter]) -> None:
        """``html`` reads what is no JSON; ``make`` gives a rewriter for the HTML in a string."""
        self._html = html
        self._make = make
        self._held = bytearray()
        self._is_html = False
        self._work: Iterator[None] | None = None
        self._out: list[bytes] = []

    def feed(self, data: bytes) -> bytes:
        if self._is_html:
            return self._html.feed(data)
        self._held += data
        begun = _BOM.startswith(self._held) or _BEGINNING.match(self._held) is not None
        if begun and len(self._held) <= HELD_TEXT_BYTES:
            return b""
        return self._go_on()

    def steps(self) -> Iterator[None]:
        """Do the work of ``close``, a string at a time."""
        if self._work is None:
            self._work = self._edit()
        return self._work

    def close(self) -> bytes:
        for _ in self.steps():
            pass
        return b"".join(self._out) + (self._html.close() if self._is_html else b"")

    def _go_on(self) -> bytes:
        held, self._is_html = bytes(self._held), True
        self._held.clear()
        return self._html.feed(held)

    def _edit(self) -> Iterator[None]:
        if self._is_html:
            return
        if not self._held or not is_json(text := bytes(self._held)):
            self._out.append(self._go_on())
            return
        for piece in edited(text, self._make):
            self._out.append(piece)
            yield
