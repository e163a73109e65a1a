"""HTML in the events of a ``text/event-stream``: rewritten at each event's end (WHATWG HTML 9.2.6).

Comments, ``id``, ``event``, ``retry``, line ends and data that need no edit keep their bytes. What comes before an event's
first data leaves at once, the rest at its end. An event that is too long loses its data, and so is none. May import limits,
wire messages and ``html_in_json``. ``opted_in`` makes one per response.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from ...limits import HELD_EVENT_BYTES
from ...wire.messages import BodyRewriter
from .html_in_json import edited, is_json, rewritten

TOO_LONG: Final = "event, longer than what is read"
_LINE_END: Final = re.compile(rb"\r\n|\r|\n")
_MAYBE: Final = re.compile(rb"<[A-Za-z\\]|\\u003[cC]")
_BOM: Final = b"\xef\xbb\xbf"


class EventsBody:
    """A stream of events on its way out."""

    def __init__(self, make: Callable[[], BodyRewriter], left_out: Callable[[str], None]) -> None:
        """``left_out`` is told why an event lost its data."""
        self._make = make
        self._left_out = left_out
        self._line = bytearray()
        """The line that has not ended."""
        self._held: list[tuple[bytes, bytes]] = []
        """The lines of this event from its first data on, each with its end."""
        self._size = 0
        self._dropping = False
        self._dropped_line = False
        self._returned = False
        """The last line ended with a carriage return, whose line feed may follow."""
        self._ate = False
        """The last line left nothing, not even its end."""
        self._first = True

    def feed(self, data: bytes) -> bytes:
        """Return what may leave: all that came up to the last event's end, and what is no data."""
        out: list[bytes] = []
        if self._returned and data:
            self._returned = False
            if data[:1] == b"\n":
                data = data[1:]
                if self._held and not self._ate:
                    self._held[-1] = self._held[-1][0], b"\r\n"
                elif not self._ate:
                    out.append(b"\n")
        at = 0
        for found in _LINE_END.finditer(data):
            out.append(self._more(data[at : found.start()]))
            at = found.end()
            out.append(self._ended(found[0]))
            self._returned = found[0] == b"\r" and at == len(data)
        out.append(self._more(data[at:]))
        return b"".join(out)

    def close(self) -> bytes:
        """Return what is held: of an event without an end, which no browser dispatches, too."""
        return (self._ended(b"") if self._line or self._dropped_line else b"") + self._event()

    def _more(self, data: bytes) -> bytes:
        """Take more of a line; return what may leave, where the event grows too long by it."""
        if self._dropped_line:
            return b""
        self._line += data
        if self._size + len(self._line) <= HELD_EVENT_BYTES:
            return b""
        self._dropped_line = True
        self._line.clear()
        return self._drop()

    def _drop(self) -> bytes:
        """Give up the data of this event; return its other lines, which wait for nothing any more."""
        if not self._dropping:
            self._left_out(TOO_LONG)
        held, self._held = self._held, []
        self._dropping, self._size = True, 0
        return b"".join(line + end for line, end in held if _field(line) != b"data")

    def _ended(self, end: bytes) -> bytes:
        """Take the end of a line; return what may leave."""
        line, self._line = bytes(self._line), bytearray()
        self._ate = dropped = self._dropped_line
        self._dropped_line = False
        first, self._first = self._first, False
        if dropped:
            return b""
        bare = line.removeprefix(_BOM) if first else line
        if not bare:
            out = self._event() + line + end
            self._dropping, self._size = False, 0
            return out
        data = _field(bare) == b"data"
        if data and self._dropping:
            self._ate = True
            return b""
        if not data and not self._held:
            return line + end
        lead = _BOM if bare is not line and bare != line else b""
        self._held.append((bare, end))
        self._size += len(bare) + 1
        return lead

    def _event(self) -> bytes:
        """Return the lines that were held, as they may leave."""
        held, self._held = self._held, []
        places = [place for place, (line, _) in enumerate(held) if _field(line) == b"data"]
        text = b"\n".join(_value(held[place][0]) for place in places)
        if _MAYBE.search(text) is not None:
            json = text.lstrip(b" \t\n")[:1] in (b"{", b"[", b'"') and is_json(text)
            new = b"".join(edited(text, self._make)) if json else rewritten(self._make, text)
            if new != text:
                end = held[places[0]][1] or b"\n"
                lines = [b"data: " + line + end for line in _LINE_END.split(new)]
                if not held[-1][1]:  # the stream ends within this line
                    lines[-1] = lines[-1].removesuffix(end)
                held[places[0]] = b"".join(lines), b""
                held = [line for place, line in enumerate(held) if place not in places[1:]]
        return b"".join(line + end for line, end in held)


def _field(line: bytes) -> bytes:
    return line.partition(b":")[0]


def _value(line: bytes) -> bytes:
    return line.partition(b":")[2].removeprefix(b" ")
