"""HTML in the strings of a JSON text: edited there, so that the text still parses.

Every byte outside of a string stays, and so does a string that needs no edit, its escapes included. May import limits and the
wire messages. ``opted_in`` makes one per response.
"""

from __future__ import annotations

import json
import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from typing import Final

from ...limits import HELD_TEXT_BYTES
from ...wire.messages import BodyRewriter

TOO_LONG: Final = "JSON, longer than what is read"
UNREAD: Final = "JSON that cannot be read"
_STRING: Final = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"([ \t\r\n]*:)?', re.DOTALL)
"""In a text that is JSON: every quote outside of one begins another. What a colon follows is a name."""
_MAYBE: Final = re.compile(rb"<|\\u003[cC]")
MARKUP: Final = re.compile("<[A-Za-z]")
_LONE: Final = re.compile("[\ud800-\udfff]")
_SAFE: Final = {ord(sign): f"\\u{ord(sign):04x}" for sign in "<>&"}
_BOM: Final = b"\xef\xbb\xbf"


def rewritten(make: Callable[[], BodyRewriter], html: bytes) -> bytes:
    """Return HTML that stands by itself as it may leave; ``make`` gives a rewriter."""
    rewriter = make()
    return rewriter.feed(html) + rewriter.close()


def is_json(text: bytes) -> bool:
    """Tell whether this is JSON in UTF-8. What a lenient reader takes besides (NaN, a byte order mark, a name twice) is no
    reason against: none of it makes a string end elsewhere."""
    try:
        json.loads(text.removeprefix(_BOM).decode("utf-8"), parse_int=str)
    except (ValueError, RecursionError):
        return False
    return True


def edited(text: bytes, make: Callable[[], BodyRewriter]) -> Iterator[bytes]:
    """Yield a text that is JSON in pieces as it may leave, one after each string that holds HTML."""
    at = 0
    for found in _STRING.finditer(text):
        if found[1] is None and _MAYBE.search(found[0]) is not None:
            new = _edited_string(found[0], make)
            if new is not found[0]:
                yield text[at : found.start()] + new
                at = found.end()
            else:
                yield b""
    yield text[at:]


def _edited_string(raw: bytes, make: Callable[[], BodyRewriter]) -> bytes:
    value: str = json.loads(raw)
    if MARKUP.search(value) is None:
        return raw
    html = value.encode("utf-8", "surrogatepass")
    out = rewritten(make, html)
    if out == html:
        return raw
    text = json.dumps(out.decode("utf-8", "surrogatepass"), ensure_ascii=raw.isascii())
    if b"<" not in raw:  # so that it may stand in a script
        text = text.translate(_SAFE)
    if b"\\/" in raw:
        text = text.replace("/", "\\/")
    return _LONE.sub(lambda lone: f"\\u{ord(lone[0]):04x}", text).encode("utf-8")


class HeldText(ABC):
    """A text that is held to its end, and worked off then, in steps where others are to have their turn."""

    def __init__(self, make: Callable[[], BodyRewriter]) -> None:
        """``make`` gives a rewriter for the HTML in a string."""
        self._make = make
        self._held = bytearray()
        self._out: list[bytes] = []
        self._work: Iterator[None] | None = None

    def steps(self) -> Iterator[None]:
        """Do the work of ``close``, a string at a time."""
        if self._work is None:
            self._work = self._edit()
        return self._work

    def close(self) -> bytes:
        """Return what leaves of it."""
        for _ in self.steps():
            pass
        return b"".join(self._out)

    @abstractmethod
    def _edit(self) -> Iterator[None]:
        """Fill ``_out`` from ``_held``."""


class JsonBody(HeldText):
    """A JSON text, held to its end. One that is too long, or is none, leaves as it came."""

    def __init__(self, make: Callable[[], BodyRewriter], left_alone: Callable[[str], None]) -> None:
        """``left_alone`` is told why one is."""
        super().__init__(make)
        self._left_alone = left_alone
        self._passing = False

    def feed(self, data: bytes) -> bytes:
        """Return nothing, until the text is too long."""
        if self._passing:
            return data
        self._held += data
        if len(self._held) <= HELD_TEXT_BYTES:
            return b""
        self._passing = True
        self._left_alone(TOO_LONG)
        held = bytes(self._held)
        self._held.clear()
        return held

    def _edit(self) -> Iterator[None]:
        text = bytes(self._held)
        self._held.clear()
        if _MAYBE.search(text) is None:
            self._out.append(text)
            return
        if not is_json(text):
            self._left_alone(UNREAD)
            self._out.append(text)
            return
        for piece in edited(text, self._make):
            self._out.append(piece)
            yield
