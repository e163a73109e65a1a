"""The single content codings, undone and done as they stream: gzip, deflate, br and zstd.

gzip and deflate come with Python; br and zstd with their extras (or, for zstd, with Python 3.14), loaded on first need. What
is made of bytes after the end follows what Chromium 156 was seen to do. Input is taken in small slices and output given in
pieces, so that no input can make one step slow or large. May import ``errors``. Called by ``codings`` only.
"""

from __future__ import annotations

import functools
import importlib
import zlib
from collections.abc import Callable, Generator, Iterator
from types import ModuleType
from typing import Any, Final, Protocol

from ..errors import CodingError

_PIECE_BYTES: Final = 64 * 1024
"""The most that a decoder gives out at a time."""
_SLICE_BYTES: Final = 4096
"""zlib copies what it leaves of its input, which must therefore be short."""
_ZSTD_SLICE_BYTES: Final = 64
"""``zstandard`` knows no limit of output, and four bytes can stand for a block of 128 KiB."""
_BROTLI_SLICE_BYTES: Final = 16
"""Likewise for brotli before 1.2."""
_REPLAY_BYTES: Final = 256 * 1024
"""Input kept until it is certain how the stream is to be read."""
_ZSTD_WINDOW_LOG: Final = 23
"""Browsers refuse a window of more than 8 MiB (RFC 9659 §3)."""
_ZLIB_LEVEL: Final = 5
_BROTLI_QUALITY: Final = 4


class Decoder(Protocol):
    """One coding undone. ``pieces`` raises CodingError on broken input."""

    def pieces(self, data: bytes) -> Iterator[bytes]: ...

    def finished(self) -> bool:
        """Whether the body may end here."""
        ...


class Encoder(Protocol):
    """One coding done."""

    def encode(self, data: bytes) -> bytes:
        """Return the data coded, and all of it."""
        ...

    def end(self) -> bytes: ...


def available(name: bytes) -> bool:
    """True where this coding can be undone and done here; ``name`` is lower case, and x-gzip is gzip."""
    if name == b"br":
        return _module("brotli") is not None
    if name == b"zstd":
        return _module("compression.zstd") is not None or _module("zstandard") is not None
    return name in (b"gzip", b"deflate")


def decoder(name: bytes) -> Decoder:
    """Return a fresh decoder of an available coding."""
    makers: dict[bytes, Callable[[], Decoder]] = {
        b"gzip": _GzipDecoder,
        b"deflate": _DeflateDecoder,
        b"br": _BrotliDecoder,
        b"zstd": _ZstdDecoder,
    }
    return makers[name]()


def encoder(name: bytes) -> Encoder:
    """Return a fresh encoder of an available coding."""
    if name == b"br":
        return _BrotliEncoder()
    if name == b"zstd":
        return _ZstdEncoder()
    return _ZlibEncoder(31 if name == b"gzip" else 15)


@functools.cache
def _module(name: str) -> ModuleType | None:
    try:
        return importlib.import_module(name)
    except ImportError:
        return None


def _library(name: str) -> Any:
    """The module of an available coding. Its types differ between versions, so that they are not followed."""
    return _module(name)


def _slices(data: bytes, size: int) -> Iterator[bytes]:
    return (data[start : start + size] for start in range(0, len(data), size))


def _inflate(inflater: Any, data: bytes) -> Generator[bytes, None, bytes]:
    """Yield what one slice gives, until it is used up or the stream ends; return what follows the stream."""
    while True:
        try:
            piece = inflater.decompress(data, _PIECE_BYTES)
        except zlib.error as fault:
            raise CodingError(f"a deflated body is broken: {fault}") from fault
        if piece:
            yield piece
        if inflater.eof:
            return bytes(inflater.unused_data)
        data = inflater.unconsumed_tail
        if not data and len(piece) < _PIECE_BYTES:
            return b""


class _GzipDecoder:
    """RFC 1952. Further members are undone as well (RFC 1952 §2.2); anything else after a member is ignored."""

    def __init__(self) -> None:
        self._inflater: Any = zlib.decompressobj(31)
        self._ended = False
        self._held = b""
        self._ignoring = False

    def pieces(self, data: bytes) -> Iterator[bytes]:
        for part in _slices(data, _SLICE_BYTES):
            rest = part
            while rest and not self._ignoring:
                if self._ended and not self._next_member(self._held + rest):
                    break
                rest, self._held = self._held + rest, b""
                rest = yield from _inflate(self._inflater, rest)
                self._ended = self._inflater.eof

    def finished(self) -> bool:
        return self._ended

    def _next_member(self, rest: bytes) -> bool:
        """Decide on what follows a member; a lone first octet of the magic number is held until the second comes."""
        if rest == b"\x1f":
            self._held = rest
            return False
        if not rest.startswith(b"\x1f\x8b"):
            self._ignoring = True
            return False
        self._inflater = zlib.decompressobj(31)
        self._ended = False
        return True


class _DeflateDecoder:
    """The zlib format (RFC 9110 §8.4.1.2), or the bare stream that some servers send: tried where zlib finds no head."""

    def __init__(self) -> None:
        self._inflater: Any = zlib.decompressobj(15)
        self._seen: list[bytes] | None = []
        self._seen_bytes = 0

    def pieces(self, data: bytes) -> Iterator[bytes]:
        for part in _slices(data, _SLICE_BYTES):
            if self._inflater.eof:
                return
            if self._seen is None:
                yield from _inflate(self._inflater, part)
            else:
                yield from self._first_pieces(self._seen, part)

    def finished(self) -> bool:
        return bool(self._inflater.eof)

    def _first_pieces(self, seen: list[bytes], part: bytes) -> Iterator[bytes]:
        seen.append(part)
        self._seen_bytes += len(part)
        try:
            for piece in _inflate(self._inflater, part):
                self._seen = None
                yield piece
        except CodingError:
            if self._seen is None:
                raise
            self._seen = None
            self._inflater = zlib.decompressobj(-15)
            yield from self.pieces(b"".join(seen))
        if self._seen_bytes > _REPLAY_BYTES:
            self._seen = None


class _BrotliDecoder:
    """RFC 7932. What follows the stream is ignored."""

    def __init__(self) -> None:
        self._stream = self._fresh()
        self._seen: list[bytes] | None = []
        self._seen_bytes = 0

    def pieces(self, data: bytes) -> Iterator[bytes]:
        for part in _slices(data, _SLICE_BYTES if self._limited() else _BROTLI_SLICE_BYTES):
            if self._stream.is_finished():
                return
            given = 0
            try:
                for piece in self._process(part):
                    given += len(piece)
                    yield piece
            except CodingError:
                yield from self._ended_within(part, given)
            self._remember(part)

    def finished(self) -> bool:
        return bool(self._stream.is_finished())

    @staticmethod
    def _fresh() -> Any:
        module = _library("brotli")
        return module.Decompressor()

    def _limited(self) -> bool:
        return hasattr(self._stream, "can_accept_more_data")

    def _process(self, part: bytes) -> Iterator[bytes]:
        module = _library("brotli")
        try:
            if not self._limited():
                yield self._stream.process(part)
                return
            piece = self._stream.process(part, output_buffer_limit=_PIECE_BYTES)
            while piece or not self._stream.can_accept_more_data():
                yield piece
                if self._stream.is_finished():
                    return
                piece = self._stream.process(b"", output_buffer_limit=_PIECE_BYTES)
        except module.error as fault:
            raise CodingError("a brotli body is broken") from fault

    def _remember(self, part: bytes) -> None:
        if self._seen is not None:
            self._seen.append(part)
            self._seen_bytes += len(part)
            if self._seen_bytes > _REPLAY_BYTES:
                self._seen = None

    def _ended_within(self, part: bytes, given: int) -> Iterator[bytes]:
        """The library refuses a slice in which the stream ends and something follows: read it again, octet by octet."""
        if self._seen is None:
            raise CodingError("a brotli body is broken, or followed by something")
        self._stream = self._fresh()
        for earlier in self._seen:
            for _ in self._process(earlier):
                pass
        for octet in _slices(part, 1):
            if self._stream.is_finished():
                return
            for piece in self._process(octet):
                skipped = min(given, len(piece))
                given -= skipped
                yield piece[skipped:]


class _ZstdDecoder:
    """RFC 8878. Further frames and skippable frames are undone as well; anything else after a frame is an error."""

    def __init__(self) -> None:
        self._standard = _library("compression.zstd")
        self._library = self._standard or _library("zstandard")
        self._factory: Any = None if self._standard else self._library.ZstdDecompressor(max_window_size=1 << _ZSTD_WINDOW_LOG)
        self._frame: Any = None

    def pieces(self, data: bytes) -> Iterator[bytes]:
        for part in _slices(data, _SLICE_BYTES if self._standard else _ZSTD_SLICE_BYTES):
            rest = part
            while rest:
                if self._frame is None:
                    self._frame = self._new_frame()
                yield from self._process(rest)
                rest = b""
                if self._frame.eof:
                    rest = self._frame.unused_data
                    self._frame = None

    def finished(self) -> bool:
        return self._frame is None

    def _new_frame(self) -> Any:
        if self._factory is not None:
            return self._factory.decompressobj()
        option = self._standard.DecompressionParameter.window_log_max
        return self._standard.ZstdDecompressor(options={option: _ZSTD_WINDOW_LOG})

    def _process(self, part: bytes) -> Iterator[bytes]:
        try:
            if self._factory is not None:
                yield self._frame.decompress(part)
                return
            yield self._frame.decompress(part, _PIECE_BYTES)
            while not self._frame.eof and not self._frame.needs_input:
                yield self._frame.decompress(b"", _PIECE_BYTES)
        except self._library.ZstdError as fault:
            raise CodingError("a zstd body is broken") from fault


class _ZlibEncoder:
    def __init__(self, wbits: int) -> None:
        self._deflater = zlib.compressobj(_ZLIB_LEVEL, zlib.DEFLATED, wbits)

    def encode(self, data: bytes) -> bytes:
        return self._deflater.compress(data) + self._deflater.flush(zlib.Z_SYNC_FLUSH)

    def end(self) -> bytes:
        return self._deflater.flush(zlib.Z_FINISH)


class _BrotliEncoder:
    def __init__(self) -> None:
        module = _library("brotli")
        self._compressor: Any = module.Compressor(mode=module.MODE_TEXT, quality=_BROTLI_QUALITY)

    def encode(self, data: bytes) -> bytes:
        return bytes(self._compressor.process(data) + self._compressor.flush())

    def end(self) -> bytes:
        return bytes(self._compressor.finish())


class _ZstdEncoder:
    def __init__(self) -> None:
        standard = _library("compression.zstd")
        if standard is not None:
            self._compressor: Any = standard.ZstdCompressor()
            self._flush_block: Any = self._compressor.FLUSH_BLOCK
        else:
            module = _library("zstandard")
            self._compressor = module.ZstdCompressor().compressobj()
            self._flush_block = module.COMPRESSOBJ_FLUSH_BLOCK

    def encode(self, data: bytes) -> bytes:
        return bytes(self._compressor.compress(data) + self._compressor.flush(self._flush_block))

    def end(self) -> bytes:
        return bytes(self._compressor.flush())
