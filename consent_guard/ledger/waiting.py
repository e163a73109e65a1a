"""Waiting for what another thread does, with a bound, from plain code and from any event loop.

May import nothing of the package but errors; asyncio or trio only where they run already. The keeper's callers wait so.
"""

from __future__ import annotations

import sys
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeout
from typing import Any


def wait(future: Future[Any], seconds: float) -> bool:
    """Wait for a future's end, at most so long. Return whether it has ended; its result is for the caller to read."""
    try:
        future.exception(timeout=seconds)
    except FutureTimeout:
        return future.done()
    return True


async def wait_async(future: Future[Any], seconds: float) -> bool:
    """The same, without holding up the event loop: asyncio's or trio's, whichever runs this task."""
    if future.done():
        return True
    if _in_asyncio():
        import asyncio

        # shield: what is being stored is not to be cancelled because its visitor has left.
        waiter = asyncio.ensure_future(asyncio.shield(asyncio.wrap_future(future)))
        waiter.add_done_callback(_looked_at)
        await asyncio.wait([waiter], timeout=seconds)
        return future.done()
    import trio

    ended, token = trio.Event(), trio.lowlevel.current_trio_token()

    def tell(_: Future[Any]) -> None:
        try:
            token.run_sync_soon(ended.set)
        except trio.RunFinishedError:  # the loop is over, and nobody waits
            return

    future.add_done_callback(tell)
    with trio.move_on_after(seconds):
        await ended.wait()
    return future.done()


def _looked_at(waiter: Any) -> None:
    """asyncio reports what nobody looks at, and a failure after the visitor was answered is in the log already."""
    if not waiter.cancelled():
        waiter.exception()


def _in_asyncio() -> bool:
    asyncio = sys.modules.get("asyncio")
    if asyncio is None:
        return False
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True
