"""Django's streaming responses, filtered in kind, sync or async (F2).

May import Django and the wire messages. The middleware calls it.
"""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import contextmanager
from itertools import chain
from typing import TYPE_CHECKING, Final, cast

from django.http import StreamingHttpResponse

from ..errors import RewriteError
from ..pacing import close_in_pieces, feed_in_pieces
from ..wire.messages import BodyRewriter, Header, ResponsePlan

if TYPE_CHECKING:
    from ..engine.exchange import Exchange

logger: Final = logging.getLogger("consent_guard")

Head = tuple[int, list[Header]]
"""A status, and the header lines that go with it."""
_BROKEN_OFF: Final = "filtering a response failed; it is broken off"


def hold_stream(response: StreamingHttpResponse, plan: ResponsePlan, exchange: Exchange) -> Head:
    """Read a sync stream as far as its head waits for it (``ResponsePlan.held``), and return its status and that head."""
    rewriter = cast(BodyRewriter, plan.rewriter)
    chunks = iter(cast(Iterable[bytes], response.streaming_content))
    for chunk in chunks:
        if out := rewriter.feed(chunk):
            head, out = _settled(plan, out)
            response.streaming_content = chain((out,), _filtered(chunks, rewriter, exchange))
            return head
    head, out = _settled(plan, rewriter.close())
    response.streaming_content = iter((out,))
    exchange.finish()
    return head


async def hold_stream_async(response: StreamingHttpResponse, plan: ResponsePlan, exchange: Exchange) -> Head:
    """The same of an async stream."""
    rewriter = cast(BodyRewriter, plan.rewriter)
    chunks = aiter(cast(AsyncIterator[bytes], response.streaming_content))
    async for chunk in chunks:
        if out := await feed_in_pieces(rewriter, chunk):
            head, out = _settled(plan, out)
            response.streaming_content = _preceded(out, _filtered_async(chunks, rewriter, exchange))
            return head
    head, out = _settled(plan, await close_in_pieces(rewriter))
    response.streaming_content = _preceded(out, None)
    exchange.finish()
    return head


def _settled(plan: ResponsePlan, out: bytes) -> tuple[Head, bytes]:
    status, head, out = plan.settled(b"", out)
    return (status, head), out


async def _preceded(first: bytes, rest: AsyncIterator[bytes] | None) -> AsyncIterator[bytes]:
    yield first
    if rest is not None:
        async for chunk in rest:
            yield chunk


def wrap_stream(response: StreamingHttpResponse, rewriter: BodyRewriter, exchange: Exchange) -> None:
    """Filter a stream in kind, sync or async (F2). Setting the content keeps the old stream's closers."""
    content = response.streaming_content
    if response.is_async:
        response.streaming_content = _filtered_async(cast(AsyncIterator[bytes], content), rewriter, exchange)
    else:
        response.streaming_content = _filtered(cast(Iterable[bytes], content), rewriter, exchange)


@contextmanager
def _to_its_end(exchange: Exchange) -> Iterator[None]:
    """Finish the exchange with its body, however that ends; tell of what could not be filtered."""
    try:
        yield
    except RewriteError:
        logger.exception(_BROKEN_OFF)
        raise
    finally:
        exchange.finish()


def _filtered(chunks: Iterable[bytes], rewriter: BodyRewriter, exchange: Exchange) -> Iterator[bytes]:
    with _to_its_end(exchange):
        for chunk in chunks:
            yield rewriter.feed(chunk) if chunk else b""
        if tail := rewriter.close():
            yield tail


async def _filtered_async(chunks: AsyncIterator[bytes], rewriter: BodyRewriter, exchange: Exchange) -> AsyncIterator[bytes]:
    with _to_its_end(exchange):
        async for chunk in chunks:
            yield await feed_in_pieces(rewriter, chunk) if chunk else b""
        if tail := await close_in_pieces(rewriter):
            yield tail
