"""What a server gets of the messages that an ASGI app sends."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Any

HOST = (b"host", b"www.example.org")


def saying(*messages: dict[str, Any]) -> Any:
    """An app that sends these."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        for message in messages:
            await send(message)

    return app


def got_of(app: Any, path: str, *, method: str = "GET", headers: Iterable[tuple[bytes, bytes]] = ()) -> list[dict[str, Any]]:
    """Return what the server gets of an app's answer to one request for a page."""
    got: list[dict[str, Any]] = []

    async def send(message: Any) -> None:
        got.append(message)

    async def receive() -> Any:
        return {"type": "http.request"}

    asked = [HOST, (b"accept", b"text/html"), *headers]
    scope = {"type": "http", "method": method, "scheme": "https", "path": path, "query_string": b"", "headers": asked}
    asyncio.run(app(scope, receive, send))
    return got
