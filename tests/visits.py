"""A guarded page over WSGI or ASGI, asked as a browser asks: by path and cookie, and with a choice as JSON."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Callable
from typing import Any

from consent_guard import asgi, wsgi

from .tracker_site import KEY, PAGE

P = "/privacy-choices"
Answer = tuple[list[tuple[bytes, bytes]], bytes]
Visit = Callable[..., Answer]


def over_wsgi(policy: Any, **options: Any) -> Visit:
    def app(environ: Any, start_response: Any) -> Any:
        start_response("200 OK", [("Content-Type", "text/html; charset=utf-8")])
        return [PAGE.encode()]

    guarded = wsgi.ConsentMiddleware(app, policy, **{"secret_key": KEY, **options})

    def visit(path: str, cookie: str, body: bytes = b"") -> Answer:
        heads: list[Any] = []
        environ = {
            "REQUEST_METHOD": "POST" if body else "GET",
            "PATH_INFO": path,
            "QUERY_STRING": "",
            "wsgi.url_scheme": "https",
            "wsgi.input": io.BytesIO(body),
            "CONTENT_LENGTH": str(len(body)),
            "CONTENT_TYPE": "application/json",
            "HTTP_HOST": "www.example.org",
            "HTTP_ORIGIN": "https://www.example.org",
            "HTTP_ACCEPT": "application/json" if body or path != "/" else "text/html",
            "HTTP_SEC_FETCH_DEST": "empty" if body or path != "/" else "document",
            "HTTP_COOKIE": cookie,
        }
        sent = b"".join(guarded(environ, lambda status, headers, fault=None: heads.append(headers)))
        return [(name.lower().encode(), value.encode()) for name, value in heads[0]], sent

    return visit


def over_asgi(policy: Any, **options: Any) -> Visit:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        head = [(b"content-type", b"text/html; charset=utf-8")]
        await send({"type": "http.response.start", "status": 200, "headers": head})
        await send({"type": "http.response.body", "body": PAGE.encode()})

    guarded = asgi.ConsentMiddleware(app, policy, **{"secret_key": KEY, **options})

    def visit(path: str, cookie: str, body: bytes = b"") -> Answer:
        got: list[Any] = []

        async def receive() -> Any:
            return {"type": "http.request", "body": body}

        async def send(message: Any) -> None:
            got.append(message)

        page = not body and path == "/"
        headers = [
            (b"host", b"www.example.org"),
            (b"origin", b"https://www.example.org"),
            (b"content-type", b"application/json"),
            (b"accept", b"text/html" if page else b"application/json"),
            (b"sec-fetch-dest", b"document" if page else b"empty"),
            (b"cookie", cookie.encode()),
        ]
        scope = {"type": "http", "method": "POST" if body else "GET", "scheme": "https", "path": path, "query_string": b""}
        asyncio.run(guarded(scope | {"headers": headers}, receive, send))
        return got[0]["headers"], b"".join(message.get("body", b"") for message in got)

    return visit


def cookie_in(answer: Answer) -> str:
    lines = [value.decode() for name, value in answer[0] if name.lower() == b"set-cookie" and b"consent=" in value]
    return lines[0].partition(";")[0] if lines else ""


def asks(answer: Answer) -> bool:
    return b'data-cg="banner"' in answer[1]
