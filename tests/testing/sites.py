"""One small site under every framework, with every test client, guarded and not."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import django
import httpx
from django.conf import settings
from django.http import HttpResponse, StreamingHttpResponse
from django.test import AsyncClient, Client, override_settings
from django.urls import re_path
from flask import Flask, Response, make_response, request
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, StreamingResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from consent_guard.flask import ConsentGuard
from consent_guard.starlette import install

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)  # WebOb imports the standard library's cgi
    from webtest import TestApp

KEY = "a key of the tests, longer than 32 bytes"
POLICY: dict[str, Any] = {
    "policy": {"languages": ["en"], "unlisted_hosts": "report"},
    "categories": [
        {"id": "necessary", "basis": "necessary", "title": {"en": "Necessary"}},
        {"id": "audience", "basis": "exempt", "title": {"en": "Audience"}},
        {"id": "media", "basis": "consent", "title": {"en": "Media"}},
    ],
    "services": [
        {
            "id": "counter",
            "category": "audience",
            "exempt": "audience_fr",
            "title": {"en": "Counter"},
            "hosts": ["*.counter.example"],
            "cookies": [{"name": "_count"}],
        },
        {
            "id": "video",
            "category": "media",
            "title": {"en": "Video"},
            "hosts": ["*.video.example"],
            "cookies": [{"name": "_video"}],
        },
    ],
}
COUNTER = '<script src="https://www.counter.example/c.js?id=4711"></script>'
VIDEO = '<iframe src="https://www.video.example/embed/1"></iframe>'
HOTJAR = '<script async src="https://static.hotjar.com/c/hotjar-1.js"></script>'


def markup(path: str, extra: str = "") -> str:
    links = '<a href="/two">2</a> <a href="/moved">3</a> <a href="/logout">out</a> <a href="https://elsewhere.example/">x</a>'
    own = VIDEO if path == "/two" else COUNTER
    return f'<!doctype html><html lang="en"><head><title>{path}</title></head><body>\n{links}\n{own}{extra}\n</body></html>'


def cookie_of(path: str) -> str:
    return "_video=1; Path=/" if path == "/two" else "_count=1; Path=/"


def flask_app(*, guarded: bool, extra: str = "") -> Flask:
    app = Flask("site")
    app.secret_key = KEY

    @app.route("/", defaults={"path": ""})
    @app.route("/<path:path>")
    def page(path: str) -> Response:
        if path == "moved":
            return make_response("", 302, {"Location": "/three"})
        if path == "logout":
            raise AssertionError("a crawl must not ask for this")
        if path == "stream":
            return Response((f"{piece} " for piece in markup("/", extra).split(" ")), mimetype="text/html")
        answer = make_response(markup(request.path, extra))
        answer.headers.add("Set-Cookie", cookie_of(request.path))
        return answer

    if guarded:
        ConsentGuard(app, policy=POLICY)
    return app


def starlette_app(*, guarded: bool, extra: str = "") -> Starlette:
    async def page(request: Request) -> Any:
        path = request.url.path
        if path == "/moved":
            return RedirectResponse("/three", 302)
        if path == "/logout":
            raise AssertionError("a crawl must not ask for this")
        if path == "/stream":

            async def pieces() -> Any:
                for piece in markup("/", extra).split(" "):
                    yield f"{piece} "

            return StreamingResponse(pieces(), media_type="text/html")
        answer = HTMLResponse(markup(path, extra))
        answer.headers.append("set-cookie", cookie_of(path))
        return answer

    app = Starlette(routes=[Route("/{path:path}", page)])
    if guarded:
        install(app, POLICY, secret_key=KEY)
    return app


DJANGO_EXTRA = ""


def django_page(request: Any, path: str) -> Any:
    if path == "moved":
        return HttpResponse(status=302, headers={"Location": "/three"})
    if path == "logout":
        raise AssertionError("a crawl must not ask for this")
    if path == "stream":
        return StreamingHttpResponse(f"{piece} ".encode() for piece in markup("/", DJANGO_EXTRA).split(" "))
    if path == "stream-async":

        async def pieces() -> Any:
            for piece in markup("/", DJANGO_EXTRA).split(" "):
                yield f"{piece} ".encode()

        return StreamingHttpResponse(pieces())
    answer = HttpResponse(markup("/" + path, DJANGO_EXTRA))
    name, _, rest = cookie_of("/" + path).partition("=")
    answer.set_cookie(name, rest.partition(";")[0])
    return answer


urlpatterns = [re_path(r"^(?P<path>.*)$", django_page)]


def django_settings(*, guarded: bool) -> Any:
    if not settings.configured:
        settings.configure(SECRET_KEY="for tests that bring no settings of their own")
        django.setup()
    values = {
        "SECRET_KEY": KEY,
        "SECRET_KEY_FALLBACKS": [],
        "ALLOWED_HOSTS": ["testserver"],
        "ROOT_URLCONF": __name__,
        "INSTALLED_APPS": ["consent_guard.django"] if guarded else [],
        "MIDDLEWARE": ["consent_guard.django.ConsentMiddleware"] if guarded else [],
        "CONSENT_GUARD": {"POLICY": POLICY},
        "LOGGING_CONFIG": None,
    }
    override = override_settings(**values)
    override.enable()
    return override


Made = Callable[..., Any]


def flask_client(*, guarded: bool = True, extra: str = "") -> Any:
    return flask_app(guarded=guarded, extra=extra).test_client()


def starlette_client(*, guarded: bool = True, extra: str = "") -> Any:
    return TestClient(starlette_app(guarded=guarded, extra=extra))


def httpx_client(*, guarded: bool = True, extra: str = "") -> Any:
    transport = httpx.WSGITransport(app=flask_app(guarded=guarded, extra=extra))  # type: ignore[arg-type]
    return httpx.Client(transport=transport, base_url="http://testserver")


def webtest_client(*, guarded: bool = True, extra: str = "") -> Any:
    return TestApp(flask_app(guarded=guarded, extra=extra))


def django_client(*, guarded: bool = True, extra: str = "") -> Any:
    return Client(raise_request_exception=True)


def django_async_client(*, guarded: bool = True, extra: str = "") -> Any:
    return AsyncClient()


def httpx_async_client(*, guarded: bool = True, extra: str = "") -> Any:
    transport = httpx.ASGITransport(app=starlette_app(guarded=guarded, extra=extra))
    return httpx.AsyncClient(transport=transport, base_url="http://testserver")


SYNC: dict[str, Made] = {
    "flask": flask_client,
    "django": django_client,
    "starlette": starlette_client,
    "httpx": httpx_client,
    "webtest": webtest_client,
}
ASYNC: dict[str, Made] = {"django-async": django_async_client, "httpx-async": httpx_async_client}
