"""Starts and stops an ASGI app by its lifespan (ASGI, "Lifespan Protocol").

May import anyio (extra ``scan``): the module is imported late, by ``apps`` and ``serving``.
"""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Mapping
from typing import Any, Final

import anyio

from ..problems import Unreadable

LIFESPAN_SECONDS: Final = 30.0
"""How long an app may take to start or to stop; one that does not answer is called all the same."""


@contextlib.asynccontextmanager
async def lifespan(app: Any, name: str) -> AsyncIterator[None]:
    """Run an app's lifespan around a block. An app that knows none is left as it is.

    Raises Unreadable, under the app's ``name``, where it says that it cannot start.
    """
    to_app, for_app = anyio.create_memory_object_stream[Mapping[str, Any]](2)
    from_app, told = anyio.create_memory_object_stream[Mapping[str, Any]](2)

    async def serve() -> None:
        scope = {"type": "lifespan", "asgi": {"version": "3.0", "spec_version": "2.0"}, "state": {}}
        # An app that knows no lifespan may raise: the standard says to go on without.
        with from_app, contextlib.suppress(Exception):
            await app(scope, for_app.receive, from_app.send)

    async def answer() -> Mapping[str, Any]:
        with anyio.move_on_after(LIFESPAN_SECONDS), contextlib.suppress(anyio.EndOfStream):
            return await told.receive()
        return {}

    refusal = ""
    with to_app, for_app, told:
        async with anyio.create_task_group() as group:
            group.start_soon(serve)
            await to_app.send({"type": "lifespan.startup"})
            started = await answer()
            if started.get("type") == "lifespan.startup.failed":
                refusal = started.get("message") or "its lifespan failed"
            else:
                yield
                if started:
                    await to_app.send({"type": "lifespan.shutdown"})
                    await answer()
            group.cancel_scope.cancel()
    if refusal:
        raise Unreadable(name, f"did not start: {refusal}")
