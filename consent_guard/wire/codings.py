"""Content-Encoding: what of it can be undone here, and a coded body decoded and coded again as it streams (H34, N5).

Only codings that every browser undoes alike are decodable: Chromium shows the coded bytes themselves where a list holds an
unknown name, an empty member or ``identity``. A truncated body is an error, though browsers show what there is of it: it may
end inside a tag. May import ``errors``, ``limits``, ``wire.coding_streams`` and ``wire.headers``. Called by the engine.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator
from typing import Final

from ..errors import CodingError
from ..limits import CODING_FREE_BYTES, CODING_RATIO
from .coding_streams import Decoder, available, decoder, encoder
from .headers import list_members

_STACKED: Final = 4
"""More codings one over another are refused; servers send one, rarely two."""
_OURS: Final = (b"gzip", b"deflate", b"br", b"zstd")
_REGISTERED: Final = frozenset({*_OURS, b"aes128gcm", b"compress", b"dcb", b"dcz", b"exi", b"pack200-gzip"})
"""The codings of IANA's registry but identity: bytes under another name are in no coding at all."""
_PARTED: Final = re.compile(rb"[, \t]")
"""Firefox parts a list at blanks too."""
_REMEMBERED: Final = 64
"""Values of Accept-Encoding; browsers send about ten."""
_REMEMBERED_BYTES: Final = 64
"""A longer one is read afresh each time."""


class ContentDecoder:
    """A Content-Encoding undone as it streams."""

    def __init__(self, coding: bytes) -> None:
        """``coding`` is the field's value: one coding, or several in the order in which they were applied.

        Raises CodingError where it is not ``decodable``.
        """
        self._stages = [_Watched(decoder(name)) for name in reversed(_names(coding))]
        self._whole = _Ratio()
        self._fed = False

    def feed(self, data: bytes) -> bytes:
        """Return what the data decodes to. Raises CodingError on broken data, and past ``limits.CODING_RATIO``."""
        return b"".join(self.pieces(data))

    def pieces(self, data: bytes) -> Iterator[bytes]:
        """Yield what the data decodes to, in pieces of bounded size, for a caller that handles them one by one."""
        if not data:
            return
        self._fed = True
        self._whole.more_input(len(data))
        for piece in self._through(data, 0):
            self._whole.more_output(len(piece))
            yield piece

    def close(self) -> bytes:
        """End the body. Raises CodingError where it stops short; a body without a single byte has no coding, and is whole."""
        if self._fed and not all(stage.finished() for stage in self._stages):
            raise CodingError("a coded body ends before its coding does")
        return b""

    def _through(self, data: bytes, place: int) -> Iterator[bytes]:
        if place == len(self._stages):
            yield data
            return
        for piece in self._stages[place].pieces(data):
            yield from self._through(piece, place + 1)


class ContentEncoder:
    """A Content-Encoding done as it streams. What is fed leaves at once, so that a streamed page keeps its pace."""

    def __init__(self, coding: bytes) -> None:
        """``coding`` is the field's value. Raises CodingError where it is not ``decodable``."""
        self._stages = [encoder(name) for name in _names(coding)]
        self._fed = False

    def feed(self, data: bytes) -> bytes:
        """Return the data coded and flushed; nothing where nothing was fed."""
        if not data:
            return b""
        self._fed = True
        for stage in self._stages:
            data = stage.encode(data)
        return data

    def close(self) -> bytes:
        """Return the end of the coded body; nothing where the whole body was empty."""
        tail = b""
        if self._fed:
            for stage in self._stages:
                tail = (stage.encode(tail) if tail else b"") + stage.end()
        return tail


def decodable(coding: bytes) -> bool:
    """True where a Content-Encoding value can be undone and done here: each coding known, installed, and not too many."""
    names = _split(coding)
    return names == [b"identity"] or (len(names) <= _STACKED and all(map(available, names)))


def coding_to_browsers(value: bytes) -> bytes:
    """Return a Content-Encoding as browsers take it: empty where it names no coding that there is, as ``UTF-8``, ``none`` or
    ``foo`` do not, for then they show the bytes as they are; else the value itself, lists that only some undo among them."""
    return value if any(_plain_x(_coding_of(name)) in _REGISTERED for name in _PARTED.split(value)) else b""


def _plain_x(name: bytes) -> bytes:
    """Firefox takes ``x-`` before any coding that it knows."""
    return name.removeprefix(b"x-")


def narrow_accept_encoding(value: bytes) -> bytes:
    """Return an Accept-Encoding that asks only for what can be undone here; the same object where it already does (N5).

    ``*`` could be answered with anything, and becomes our codings with its weight; ``*;q=0`` stays, and so does identity. Where
    nothing is left the answer is ``identity``.
    """
    narrowed = _narrowed(value) if len(value) <= _REMEMBERED_BYTES else _narrowed.__wrapped__(value)
    return value if narrowed == value else narrowed


@functools.lru_cache(maxsize=_REMEMBERED)
def _narrowed(value: bytes) -> bytes:
    members = list(list_members(value))
    named = {_coding_of(member) for member in members}
    kept: list[bytes] = []
    starred = False
    for member in members:
        name = _coding_of(member)
        _, semicolon, weight = member.partition(b";")
        if name != b"*":
            if name == b"identity" or available(name):
                kept.append(member)
        elif _is_zero(weight):
            kept.append(member)
        elif not starred:
            starred = True
            kept += [ours + semicolon + weight for ours in _OURS if ours not in named and available(ours)]
    if kept == members:
        return value
    return b", ".join(kept) or b"identity"


def _coding_of(member: bytes) -> bytes:
    return _plain_name(member.partition(b";")[0])


def _plain_name(name: bytes) -> bytes:
    name = name.strip(b" \t").lower()
    return b"gzip" if name == b"x-gzip" else name


def _is_zero(weight: bytes) -> bool:
    name, _, number = weight.partition(b"=")
    number = number.strip(b" \t")
    return name.strip(b" \t").lower() == b"q" and number.startswith(b"0") and not number.strip(b"0.")


def _split(coding: bytes) -> list[bytes]:
    return [_plain_name(name) for name in coding.split(b",", _STACKED)]


def _names(coding: bytes) -> list[bytes]:
    if not decodable(coding):
        raise CodingError(f"the content coding {coding[:60].decode('latin-1')!r} cannot be undone here")
    return [name for name in _split(coding) if name != b"identity"]


class _Ratio:
    """How far a body has unfolded: past the free bytes, at most ``limits.CODING_RATIO`` to one."""

    __slots__ = ("_allowed",)

    def __init__(self) -> None:
        self._allowed = CODING_FREE_BYTES

    def more_input(self, count: int) -> None:
        self._allowed += count * CODING_RATIO

    def more_output(self, count: int) -> None:
        self._allowed -= count
        if self._allowed < 0:
            raise CodingError(f"a coded body unfolds to more than {CODING_RATIO} times its size")


class _Watched:
    """A decoder whose ratio is watched by itself, so that stacked codings cannot multiply."""

    __slots__ = ("_decoder", "_ratio", "finished")

    def __init__(self, decoder: Decoder) -> None:
        self._decoder = decoder
        self._ratio = _Ratio()
        self.finished = decoder.finished

    def pieces(self, data: bytes) -> Iterator[bytes]:
        self._ratio.more_input(len(data))
        for piece in self._decoder.pieces(data):
            if piece:
                self._ratio.more_output(len(piece))
                yield piece
