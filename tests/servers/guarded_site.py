"""What the real servers serve: the same few addresses as a WSGI app, an ASGI app and a Django project. Not a test itself.

The test talks to it over files in the directory that STATE names: its policy is ``policy.json``; a stream goes on once ``go``
exists; an endless one leaves ``closed`` behind when its iterable is closed.
"""

from __future__ import annotations

import gzip
import io
import json
import os
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any
from wsgiref.util import FileWrapper

import anyio

from consent_guard.asgi import ConsentMiddleware as ASGIMiddleware
from consent_guard.wsgi import ConsentMiddleware as WSGIMiddleware

STATE = Path(os.environ["STATE"])
KEY = "a key of the tests, longer than 32 bytes"
POLICY = json.loads((STATE / "policy.json").read_text())
SCRIPT = b'<script src="https://cdn.tracker.example/t.js"></script>'
PAGE = b'<!doctype html><html lang="en"><head><title>A page</title>' + SCRIPT + b"</head><body><p>Text.</p>"
BROKEN = [gzip.compress(PAGE * 99)[:200], b"this is no gzip"]
HTML = "text/html; charset=utf-8"
PICTURE = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 5\r\n\r\nEVIL!"
"""What would be the answer to the next request, where it followed a response without a body."""
PICTURE_HEAD = {"Content-Type": "image/png", "ETag": '"abc"', "Content-Length": str(len(PICTURE))}
SPLITTING = [
    ("X-One", "a=1\r\nSet-Cookie: _trk=2"),
    ("X-Two", "x\r\n\r\n" + SCRIPT.decode()),
    ("X-Three\r\nSet-Cookie: _trk=3; X", "x"),
    ("X-Four", "a\0b"),
    ("X-Five", "a\nSet-Cookie: _trk=4"),
    ("X-Six", "kept"),
]
"""Header fields that become several on their way, where a server writes them as they are."""
WAITING_SECONDS = 20.0
FILE = STATE / "page.html"
FILE.write_bytes(PAGE)
PAUSE_SECONDS = 0.01


def may_go_on(since: float) -> bool:
    return (STATE / "go").exists() or time.monotonic() - since > WAITING_SECONDS


def stream() -> Iterator[bytes]:
    yield PAGE
    since = time.monotonic()
    while not may_go_on(since):
        time.sleep(PAUSE_SECONDS)
    yield SCRIPT + b"<p>The end.</p></body></html>"


def endless() -> Iterator[bytes]:
    try:
        yield PAGE
        since = time.monotonic()
        while time.monotonic() - since < WAITING_SECONDS:
            time.sleep(PAUSE_SECONDS)
            yield b"<p>And on it goes.</p>" * 500
    finally:
        (STATE / "closed").touch()


def late() -> Iterator[bytes]:
    yield PAGE
    raise KeyError("the app's own error, late")


async def alate() -> AsyncIterator[bytes]:
    yield PAGE
    raise KeyError("the app's own error, late")


async def astream() -> AsyncIterator[bytes]:
    yield PAGE
    since = time.monotonic()
    while not may_go_on(since):
        await anyio.sleep(PAUSE_SECONDS)
    yield SCRIPT + b"<p>The end.</p></body></html>"


async def aendless() -> AsyncIterator[bytes]:
    try:
        yield PAGE
        since = time.monotonic()
        while time.monotonic() - since < WAITING_SECONDS:
            await anyio.sleep(PAUSE_SECONDS)
            yield b"<p>And on it goes.</p>" * 500
    finally:
        (STATE / "closed").touch()


async def abroken() -> AsyncIterator[bytes]:
    for part in BROKEN:
        yield part


BODIES: dict[str, Callable[[], Any]] = {
    "/page": lambda: [PAGE],
    "/stream": stream,
    "/endless": endless,
    "/broken": lambda: iter(BROKEN),
    "/late": late,
}


def lazy_picture(start_response: Any) -> Iterator[bytes]:
    start_response("200 OK", list(PICTURE_HEAD.items()))
    yield PICTURE


def plain_wsgi_app(environ: dict[str, Any], start_response: Any) -> Any:
    path = environ["PATH_INFO"]
    if path == "/picture":
        return lazy_picture(start_response)
    if path == "/early":
        raise KeyError("the app's own error, early")
    if path in ("/204", "/304"):
        start_response(f"{path[1:]} X", [("Content-Type", HTML)] if path == "/304" else [])
        return []
    if path == "/post":
        count = len(environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"])))
        start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", str(len(str(count))))])
        return [str(count).encode()]
    if path == "/split":
        start_response("200 OK\r\nSet-Cookie: _trk=1", [("Content-Type", HTML), *SPLITTING])
        return [PAGE]
    coding = [("Content-Encoding", "gzip")] if path == "/broken" else []
    start_response("200 OK", [("Content-Type", HTML), *coding])
    if path == "/file":
        return environ.get("wsgi.file_wrapper", FileWrapper)(FILE.open("rb"))
    return BODIES[path]()


def make_plain_asgi_app() -> Any:
    from starlette.applications import Starlette
    from starlette.responses import FileResponse, HTMLResponse, Response, StreamingResponse
    from starlette.routing import Route

    async def page(request: Any) -> Response:
        return HTMLResponse(PAGE)

    async def file(request: Any) -> Response:
        return FileResponse(FILE)

    async def post(request: Any) -> Response:
        return Response(str(len(await request.body())), media_type="text/plain")

    async def early(request: Any) -> Response:
        raise KeyError("the app's own error, early")

    async def split(request: Any) -> Response:
        response = HTMLResponse(PAGE)
        response.raw_headers += [(name.lower().encode(), value.encode()) for name, value in SPLITTING]
        return response

    async def empty(request: Any) -> Response:
        return Response(status_code=int(request.url.path[1:]))

    async def picture(request: Any) -> Response:
        return Response(PICTURE, headers=PICTURE_HEAD)

    async def view(request: Any) -> Response:
        made = {"/stream": astream, "/endless": aendless, "/broken": abroken, "/late": alate}[request.url.path]()
        coding = {"content-encoding": "gzip"} if request.url.path == "/broken" else {}
        return StreamingResponse(made, media_type="text/html", headers=coding)

    routes = [Route("/page", page), Route("/file", file), Route("/post", post, methods=["POST"]), Route("/early", early)]
    return Starlette(
        routes=[
            *routes,
            Route("/split", split),
            Route("/picture", picture),
            *(Route(p, empty) for p in ("/204", "/304")),
            Route("/{name}", view),
        ]
    )


def django_view(request: Any) -> Any:
    from django.http import FileResponse, HttpResponse, StreamingHttpResponse

    if request.path == "/file":
        return FileResponse(FILE.open("rb"))
    if request.path == "/picture":
        return FileResponse(io.BytesIO(PICTURE), headers=PICTURE_HEAD)
    if request.path == "/early":
        raise KeyError("the app's own error, early")
    if request.path in ("/204", "/304"):
        return HttpResponse(status=int(request.path[1:]))
    if request.path == "/post":
        return HttpResponse(str(len(request.body)), content_type="text/plain")
    if request.path == "/split":
        response = HttpResponse(PAGE)
        response.headers._store.update({name.lower(): (name, value) for name, value in SPLITTING})  # past Django's own check
        return response
    made = BODIES[request.path]()
    response = HttpResponse(PAGE) if request.path == "/page" else StreamingHttpResponse(made)
    if request.path == "/broken":
        response["Content-Encoding"] = "gzip"
    return response


# This module is also the Django project's settings and addresses.
SECRET_KEY = KEY
ALLOWED_HOSTS = ["*"]
ROOT_URLCONF = __name__
INSTALLED_APPS = ["consent_guard.django"]
MIDDLEWARE = ["consent_guard.django.ConsentMiddleware"]
CONSENT_GUARD = {"POLICY": POLICY}
USE_TZ = True
if os.environ.get("DJANGO_SETTINGS_MODULE") and "django" in sys.modules:
    from django.urls import re_path

    urlpatterns = [re_path(r"", django_view)]

DATA_UPLOAD_MAX_MEMORY_SIZE = None

wsgi_app = WSGIMiddleware(plain_wsgi_app, POLICY, secret_key=KEY)
asgi_app = ASGIMiddleware(make_plain_asgi_app(), POLICY, secret_key=KEY)
