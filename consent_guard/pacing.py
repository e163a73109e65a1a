"""A large body on an event loop, in pieces: a chunk that is rewritten, so that other requests need not wait for all of it
(Y18), and a file that is read.

No event loop is imported or taken for granted: under asyncio (and what runs in its place, as uvloop) and under trio the running
one gets its turn between two pieces, under any other a chunk is rewritten in one go. May import the wire messages. The ASGI
transport and the Django middleware call it.
"""

from __future__ import annotations

import sys
from collections.abc import Generator, Mapping
from time import perf_counter
from typing import Any, BinaryIO, Final

from .wire.messages import BodyRewriter, SteppedBody

PIECE_SECONDS: Final = 0.002
"""What a piece may take, about; half of what others are to wait at most, for the next piece may be slower than this one."""
_FIRST_PIECE_BYTES: Final = 4 * 1024
_LEAST_PIECE_BYTES: Final = 512
"""A coded body may unfold a thousand to one."""
FILE_CHUNK_BYTES: Final = 64 * 1024


async def feed_in_pieces(rewriter: BodyRewriter, data: bytes) -> bytes:
    """Return what ``rewriter.feed(data)`` would. Raises what that raises, and CancelledError between two pieces."""
    if len(data) <= _FIRST_PIECE_BYTES:
        return rewriter.feed(data)
    out: list[bytes] = []
    at, size, since = 0, _FIRST_PIECE_BYTES, perf_counter()
    while at < len(data):
        begun = perf_counter()
        out.append(rewriter.feed(data[at : at + size]))
        at += size
        now = perf_counter()
        taken = now - begun
        if taken < PIECE_SECONDS / 2:
            size *= 2
        elif taken > PIECE_SECONDS:
            size = max(_LEAST_PIECE_BYTES, int(size * PIECE_SECONDS / taken))
        if at < len(data) and now - since + taken > PIECE_SECONDS:
            await _let_others_run()
            since = perf_counter()
    return b"".join(out)


async def close_in_pieces(rewriter: BodyRewriter) -> bytes:
    """Return what ``rewriter.close()`` would. Raises what that raises, and CancelledError between two pieces."""
    if isinstance(rewriter, SteppedBody):
        since = perf_counter()
        for _ in rewriter.steps():
            if perf_counter() - since > PIECE_SECONDS:
                await _let_others_run()
                since = perf_counter()
    return rewriter.close()


async def _let_others_run() -> None:
    trio = sys.modules.get("trio")
    if trio is not None and trio.lowlevel.in_trio_run():
        await trio.lowlevel.cancel_shielded_checkpoint()
        return
    asyncio = sys.modules.get("asyncio")
    if asyncio is not None and asyncio._get_running_loop() is not None:
        await asyncio.sleep(0)


def file_chunks(message: Mapping[str, Any]) -> Generator[bytes, None, None]:
    """Yield the bytes that a pathsend or zerocopysend message names (ASGI extensions)."""
    if message["type"] == "http.response.pathsend":
        with open(message["path"], "rb") as file:
            yield from _read(file, None)
        return
    shared: BinaryIO = message["file"]
    offset, count = message.get("offset"), message.get("count")
    if offset is not None:
        shared.seek(offset)
    yield from _read(shared, count)


def _read(file: BinaryIO, count: int | None) -> Generator[bytes, None, None]:
    while count is None or count > 0:
        data = file.read(FILE_CHUNK_BYTES if count is None else min(count, FILE_CHUNK_BYTES))
        if not data:
            return
        if count is not None:
            count -= len(data)
        yield data
