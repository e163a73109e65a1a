"""A large chunk on an event loop is rewritten in pieces, and others get their turn in between (Y18)."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from time import perf_counter
from typing import Any

import pytest
import trio

from consent_guard.asgi import ConsentMiddleware
from consent_guard.errors import ExchangeStateError
from consent_guard.pacing import PIECE_SECONDS, close_in_pieces, feed_in_pieces

DATA = bytes(range(256)) * 4096
KEY = "a key of the tests, longer than 32 bytes"
HTML = {"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/html")]}
SCOPE = {"type": "http", "method": "GET", "path": "/", "headers": []}


class Slow:
    """A rewriter whose every piece takes as long as a piece may."""

    def __init__(self) -> None:
        self.pieces: list[bytes] = []

    def feed(self, data: bytes) -> bytes:
        self.pieces.append(data)
        end = perf_counter() + 1.5 * PIECE_SECONDS
        while perf_counter() < end:
            pass
        return data

    def close(self) -> bytes:
        return b""


class Fast(Slow):
    def feed(self, data: bytes) -> bytes:
        self.pieces.append(data)
        return data


def test_the_bytes_are_the_same_and_no_piece_is_lost() -> None:
    for rewriter in (Slow(), Fast()):
        assert asyncio.run(feed_in_pieces(rewriter, DATA[:200_000])) == DATA[:200_000]
        assert b"".join(rewriter.pieces) == DATA[:200_000]
        assert len(rewriter.pieces) > 1


def test_a_piece_grows_while_it_is_quick() -> None:
    fast = Fast()
    asyncio.run(feed_in_pieces(fast, DATA))
    assert len(fast.pieces) < 20


def turns_during(work: Callable[[], Awaitable[None]]) -> int:
    """Return how often another task of asyncio ran while this was worked on."""
    turns: list[int] = []

    async def other() -> None:
        while True:
            turns.append(1)
            await asyncio.sleep(0)

    async def main() -> int:
        task = asyncio.create_task(other())
        await asyncio.sleep(0)
        before = len(turns)
        await work()
        task.cancel()
        return len(turns) - before

    return asyncio.run(main())


def test_others_run_in_between_under_asyncio() -> None:
    async def feed() -> None:
        await feed_in_pieces(Slow(), DATA[:64_000])

    assert turns_during(feed) > 5


def test_others_run_in_between_under_trio() -> None:
    turns: list[int] = []

    async def other() -> None:
        while True:
            turns.append(1)
            await trio.lowlevel.checkpoint()

    async def main() -> None:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(other)
            await trio.lowlevel.checkpoint()
            before = len(turns)
            await feed_in_pieces(Slow(), DATA[:64_000])
            assert len(turns) > before + 5
            nursery.cancel_scope.cancel()

    trio.run(main)


def test_under_any_other_loop_it_goes_in_one_go() -> None:
    with pytest.raises(StopIteration) as ended:
        feed_in_pieces(Slow(), DATA[:64_000]).send(None)
    assert ended.value.value == DATA[:64_000]


def test_a_response_that_was_cancelled_between_two_pieces_is_not_gone_on_with() -> None:
    """What was held then is lost: the rest must not leave as if it followed."""
    sent: list[Any] = []
    faults: list[BaseException] = []

    async def send(message: Any) -> None:
        sent.append(message)

    async def app(scope: Any, receive: Any, send: Callable[[Any], Any]) -> None:
        await send(HTML)
        page = {"type": "http.response.body", "body": b"<p>x</p>" * 400_000, "more_body": True}
        task = asyncio.ensure_future(send(page))
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        with pytest.raises(ExchangeStateError) as fault:
            await send({"type": "http.response.body", "body": b"<p>the rest</p>"})
        faults.append(fault.value)

    with pytest.raises(ExchangeStateError):
        asyncio.run(ConsentMiddleware(app, secret_key=KEY)(dict(SCOPE), None, send))  # type: ignore[arg-type]
    assert faults
    assert not any(message.get("body") for message in sent)


def test_so_they_do_while_a_body_that_was_held_is_worked_off() -> None:
    class Held(Fast):
        def steps(self) -> Iterator[None]:
            for _ in range(10):
                Slow.feed(self, b"")
                yield

        def close(self) -> bytes:
            return b"the end"

    async def close() -> None:
        assert await close_in_pieces(Held()) == b"the end"

    assert turns_during(close) > 5
