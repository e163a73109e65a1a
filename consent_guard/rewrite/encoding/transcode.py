"""Encodings that do not keep ASCII: UTF-16, and ISO-2022-JP with its escapes.

A layer turns a document's bytes into UTF-8, which the rewriter reads, and what it leaves of them back. Where nothing is changed
the same bytes come back: odd ones, lone surrogates and needless escapes included. May import ``pairs``. Called by ``decode``.
"""

from __future__ import annotations

import codecs
import re
from collections import deque
from collections.abc import Sequence
from typing import Final, Literal, NamedTuple, Protocol

from .pairs import jis0208


class Layer(Protocol):
    """One document's bytes on their way in and out. Both ways the pieces must come in order."""

    def precede(self, text: bytes) -> None:
        """Note what of the document, before the first that is decoded, stands as it is (in ASCII) and is yet to be encoded."""
        ...

    def decode(self, data: bytes) -> bytes:
        """Return the next of the document in UTF-8."""
        ...

    def finish(self) -> bytes:
        """Return what was held for want of more bytes."""
        ...

    def encode(self, pieces: Sequence[bytes]) -> bytes:
        """Return the document's own bytes for what was decoded: alternately a piece that stays and one (UTF-8) that is put in,
        the former first."""
        ...


def layer_for(encoding: str) -> Layer | None:
    """Return a new layer for an encoding, None for one that keeps ASCII."""
    if encoding == "utf-16le":
        return Utf16Layer("little")
    if encoding == "utf-16be":
        return Utf16Layer("big")
    return Iso2022JpLayer() if encoding == "iso-2022-jp" else None


_ODD: Final = re.compile(rb"\xff([\x80-\x8f])([\x80-\x8f])")
_CUT_UTF8: Final = re.compile(rb"(?:[\xc2-\xdf]|[\xe0-\xef][\x80-\xbf]?|[\xf0-\xf4][\x80-\xbf]{0,2})\Z")


class Utf16Layer:
    """UTF-16, of either byte order. A byte order mark passes as U+FEFF."""

    def __init__(self, order: Literal["little", "big"]) -> None:
        self._codec = "utf-16-le" if order == "little" else "utf-16-be"
        self._high = 1 if order == "little" else 0
        self._held = b""
        self._partial = b""

    def precede(self, text: bytes) -> None:
        """Do nothing: of a document that may be UTF-16 nothing is handed out before that is known."""

    def decode(self, data: bytes) -> bytes:
        """Return the next of the document in UTF-8; a lone surrogate as three bytes of its own."""
        if self._held:
            data = self._held + data
        size = len(data) & ~1
        if size and data[size - 2 + self._high] & 0xFC == 0xD8:
            # The pair's other half decides what a high surrogate is.
            size -= 2
        self._held = data[size:]
        return data[:size].decode(self._codec, "surrogatepass").encode("utf-8", "surrogatepass")

    def finish(self) -> bytes:
        """Return what was held. A last odd byte passes between bytes that UTF-8 does not have."""
        data, self._held = self._held, b""
        size = len(data) & ~1
        out = data[:size].decode(self._codec, "surrogatepass").encode("utf-8", "surrogatepass")
        return out + b"".join(bytes((0xFF, 0x80 | byte >> 4, 0x80 | byte & 15)) for byte in data[size:])

    def encode(self, pieces: Sequence[bytes]) -> bytes:
        """Return the pieces in UTF-16."""
        return b"".join(self._stays(piece) if not at & 1 else self._back(piece) for at, piece in enumerate(pieces))

    def _stays(self, piece: bytes) -> bytes:
        piece = self._partial + piece
        cut = _CUT_UTF8.search(piece, max(0, len(piece) - 3))
        self._partial = cut.group() if cut else b""
        piece = piece[: cut.start()] if cut else piece
        odd = _ODD.search(piece) if b"\xff" in piece else None
        if odd is None:
            return self._back(piece)
        high, low = odd.groups()
        return self._back(piece[: odd.start()]) + bytes(((high[0] & 15) << 4 | low[0] & 15,))

    def _back(self, piece: bytes) -> bytes:
        return piece.decode("utf-8", "surrogatepass").encode(self._codec, "surrogatepass")


_ESCAPES: Final = {
    b"(B": "ascii",
    b"(J": "roman",
    b"(I": "katakana",
    b"$@": "lead",
    b"$B": "lead",
}
_PLAIN: Final = re.compile(rb"[^\x0e\x0f\x1b\x80-\xff]++")
_REPLACEMENT: Final = "\ufffd"


class _Written(NamedTuple):
    """How a character, or a run of ASCII, is written."""

    length: int
    """In UTF-8."""
    prefix: bytes
    """The escapes before it."""
    raw: bytes
    state: str
    """The decoder's state after it."""


class Iso2022JpLayer:
    """ISO-2022-JP (WHATWG Encoding §12.2.1). From the first change on, what stays is spelled anew, with the same meaning."""

    def __init__(self) -> None:
        self._state = "ascii"
        self._held = b""
        self._escaped = False
        """An escape was the last thing read: one more at once is an error."""
        self._prefix = b""
        """Escapes that belong to the character after them."""
        self._written: deque[_Written] | None = deque()
        """How what was decoded is written. None once something changed."""
        self._out_state = "ascii"
        self._partial = b""
        self._encoder = codecs.getincrementalencoder("iso2022_jp")("xmlcharrefreplace")

    def precede(self, text: bytes) -> None:
        """Note ASCII that stands before the first that is decoded and is yet to be encoded."""
        if text:
            self._note(text, text)

    def decode(self, data: bytes) -> bytes:
        """Return the next of the document in UTF-8."""
        return self._decode(self._held + data, False)

    def finish(self) -> bytes:
        """Return what was held."""
        out = self._decode(self._held, True)
        if self._prefix and self._written is not None:
            self._written.append(_Written(0, self._prefix, b"", self._state))
        return out

    def _decode(self, data: bytes, final: bool) -> bytes:
        out: list[bytes] = []
        at = 0
        size = len(data)
        while at < size:
            byte = data[at]
            if byte == 0x1B:
                if size - at < 3 and not final and (size - at == 1 or data[at + 1] in b"$("):
                    break
                state = _ESCAPES.get(data[at + 1 : at + 3])
                if state is None:
                    self._escaped = False
                    at = self._take(data, at, 1, _REPLACEMENT, out)
                else:
                    self._state = state
                    again, self._escaped = self._escaped, True
                    if again:
                        at = self._take(data, at, 3, _REPLACEMENT, out)
                    else:
                        self._prefix += data[at : at + 3]
                        at += 3
                continue
            self._escaped = False
            if self._state == "ascii" and (run := _PLAIN.match(data, at)):
                self._note(run.group(), run.group())
                out.append(run.group())
                at = run.end()
                continue
            if self._state == "lead" and 0x21 <= byte <= 0x7E:
                if at + 1 == size and not final:
                    break
                trail = data[at + 1] if at + 1 < size else 0x1B
                if trail == 0x1B:
                    at = self._take(data, at, 1, _REPLACEMENT, out)
                else:
                    pair = 0x21 <= trail <= 0x7E
                    at = self._take(data, at, 2, jis0208(byte - 0x21, trail - 0x21) if pair else _REPLACEMENT, out)
                continue
            at = self._take(data, at, 1, self._single(byte), out)
        self._held = data[at:]
        return b"".join(out)

    def _single(self, byte: int) -> str:
        if self._state == "roman" and byte < 0x80 and byte not in (0x0E, 0x0F):
            return "\xa5" if byte == 0x5C else "\u203e" if byte == 0x7E else chr(byte)
        if self._state == "katakana" and 0x21 <= byte <= 0x5F:
            return chr(0xFF61 - 0x21 + byte)
        return _REPLACEMENT

    def _take(self, data: bytes, at: int, length: int, character: str, out: list[bytes]) -> int:
        text = character.encode("utf-8")
        self._note(data[at : at + length], text)
        out.append(text)
        return at + length

    def _note(self, raw: bytes, text: bytes) -> None:
        if self._written is not None:
            self._written.append(_Written(len(text), self._prefix, raw, self._state))
            self._prefix = b""

    def encode(self, pieces: Sequence[bytes]) -> bytes:
        """Return the pieces in ISO-2022-JP."""
        if self._written is None:
            return b"".join(self._spelled(piece, at) for at, piece in enumerate(pieces))
        out = self._as_written(len(pieces[0]))
        if len(pieces) == 1:
            return out
        self._written = None
        changed = b"".join(self._spelled(piece, at) for at, piece in enumerate(pieces[1:], 1))
        if self._out_state != "ascii" and not changed.startswith(b"\x1b"):
            changed = b"\x1b(B" + changed
        return out + changed

    def _as_written(self, length: int) -> bytes:
        """Return the bytes behind the next so many bytes of UTF-8."""
        out: list[bytes] = []
        written = self._written
        while written and (length or not written[0].length):
            length_of, prefix, raw, state = written.popleft()
            if length_of <= length:
                out += (prefix, raw)
                length -= length_of
                self._out_state = state
            elif state == "ascii" and length_of == len(raw) and 0x1B not in raw:
                out += (prefix, raw[:length])
                written.appendleft(_Written(length_of - length, b"", raw[length:], state))
                self._out_state = state
                length = 0
            else:
                # Part of one character: its bytes leave with the rest.
                written.appendleft(_Written(length_of - length, prefix, raw, state))
                length = 0
        return b"".join(out)

    def _spelled(self, piece: bytes, at: int) -> bytes:
        if not at & 1:
            piece = self._partial + piece
            cut = _CUT_UTF8.search(piece, max(0, len(piece) - 3))
            self._partial = cut.group() if cut else b""
            piece = piece[: cut.start()] if cut else piece
        return self._encoder.encode(piece.decode("utf-8", "replace"))
