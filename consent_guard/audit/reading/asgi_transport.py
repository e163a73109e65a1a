"""Carries httpx's requests into an ASGI app that runs in another thread's event loop.

May import httpx (extra ``scan``): the module is imported late, by ``apps``.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import anyio
import httpx

if TYPE_CHECKING:
    from anyio.from_thread import BlockingPortal


class AsgiTransport(httpx.BaseTransport):
    """One request is one call of the app; its body is collected as it is sent."""

    def __init__(self, app: Any, portal: BlockingPortal, max_bytes: int) -> None:
        self._app = app
        self._portal = portal
        self._max_bytes = max_bytes

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Return the app's answer. What the app raises goes on to the caller."""
        return self._portal.call(self._call, request, request.read())

    async def _call(self, request: httpx.Request, body: bytes) -> httpx.Response:
        port = request.url.port or (443 if request.url.scheme == "https" else 80)
        scope: dict[str, Any] = {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.4"},
            "http_version": "1.1",
            "method": request.method,
            "headers": [(name.lower(), value) for name, value in request.headers.raw],
            "scheme": request.url.scheme,
            "path": request.url.path,
            "raw_path": request.url.raw_path.partition(b"?")[0],
            "query_string": request.url.query,
            "server": (request.url.host, port),
            "client": ("127.0.0.1", 0),
            "root_path": "",
            "state": {},
        }
        unread = [{"type": "http.request", "body": body, "more_body": False}]
        over = anyio.Event()
        status = 500
        size = 0
        headers: list[tuple[bytes, bytes]] = []
        pieces: list[bytes] = []

        async def receive() -> Mapping[str, Any]:
            if unread:
                return unread.pop()
            await over.wait()
            return {"type": "http.disconnect"}

        async def send(message: Mapping[str, Any]) -> None:
            nonlocal status, size
            if message["type"] == "http.response.start":
                status = message["status"]
                headers.extend(message.get("headers", ()))
            elif message["type"] == "http.response.body":
                size += len(message.get("body", b""))
                pieces.append(message.get("body", b""))
                if size > self._max_bytes:
                    raise _EnoughError
                if not message.get("more_body"):
                    over.set()

        with contextlib.suppress(_EnoughError):
            await self._app(scope, receive, send)
        return httpx.Response(status, headers=headers, stream=_Pieces(pieces))


class _EnoughError(OSError):
    """Raised into the app once enough of its body was read: to the app, the client has gone."""


class _Pieces(httpx.SyncByteStream):
    def __init__(self, pieces: list[bytes]) -> None:
        self._pieces = pieces

    def __iter__(self) -> Iterator[bytes]:
        yield from self._pieces
