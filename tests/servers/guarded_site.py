"""What the real servers serve: the same few addresses as a WSGI app, an ASGI app and a Django project. Not a test itself.

The test talks to it over files in the directory that STATE names: a stream goes on once ``go`` exists; an endless one leaves
``closed`` behind when its iterable is closed.
"""

from __future__ import annotations

import gzip
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
POLICY: dict[str, Any] = {
    "policy": {"languages": ["en"]},
    "categories": [{"id": "ads", "basis": "consent", "title": {"en": "Advertising"}}],
    "services": [{"id": "tracker", "category": "ads", "title": {"en": "Tracker"}, "hosts": ["*.tracker.example"]}],
}
SCRIPT = b'<script src="https://cdn.tracker.example/t.js"></script>'
PAGE = b'<!doctype html><html lang="en"><head><title>A page</title>' + SCRIPT + b"</head><body><p>Text.</p>"
BROKEN = [gzip.compress(PAGE * 99)[:200], b"this is no gzip"]
HTML = "text/html; charset=utf-8"
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
}


def plain_wsgi_app(environ: dict[str, Any], start_response: Any) -> Any:
    path = environ["PATH_INFO"]
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

    async def view(request: Any) -> Response:
        made = {"/stream": astream, "/endless": aendless, "/broken": abroken}[request.url.path]()
        coding = {"content-encoding": "gzip"} if request.url.path == "/broken" else {}
        return StreamingResponse(made, media_type="text/html", headers=coding)

    return Starlette(routes=[Route("/page", page), Route("/file", file), Route("/{name}", view)])


def django_view(request: Any) -> Any:
    from django.http import FileResponse, HttpResponse, StreamingHttpResponse

    if request.path == "/file":
        return FileResponse(FILE.open("rb"))
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

wsgi_app = WSGIMiddleware(plain_wsgi_app, POLICY, secret_key=KEY)
asgi_app = ASGIMiddleware(make_plain_asgi_app(), POLICY, secret_key=KEY)
