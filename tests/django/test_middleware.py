"""The Django middleware under its handlers and its own test clients, sync and async."""

from __future__ import annotations

import asyncio
import gc
import gzip
import io
import json
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any, ClassVar
from wsgiref.util import setup_testing_defaults
from wsgiref.validate import validator

import pytest
from asgiref.sync import SyncToAsync, iscoroutinefunction
from django.core.exceptions import ImproperlyConfigured
from django.core.handlers.asgi import ASGIHandler
from django.core.handlers.wsgi import WSGIHandler
from django.http import (
    FileResponse,
    HttpResponse,
    HttpResponseNotModified,
    HttpResponseRedirect,
    JsonResponse,
    StreamingHttpResponse,
)
from django.template.response import TemplateResponse
from django.test import AsyncClient, AsyncRequestFactory, Client, RequestFactory, override_settings
from django.urls import path
from django.utils.decorators import async_only_middleware, sync_and_async_middleware

from consent_guard.consent.choice import Consent
from consent_guard.django import ConsentMiddleware, consent_from
from consent_guard.django.conf import current_guard
from consent_guard.engine.exchange import Exchange
from consent_guard.engine.response_side import ResponseSide
from consent_guard.errors import PolicyError, RewriteError, SecretKeyError
from consent_guard.wire.messages import ResponsePlan

KEY = "a key of the tests, longer than 32 bytes"
SCRIPT = '<script src="https://cdn.tracker.example/t.js"></script>'
LONG = "<p>Text that is long enough for others to code it.</p>" * 5
PAGE = f'<!doctype html><html lang="en"><head><title>A page</title>{SCRIPT}</head><body><p>Text.</p>{LONG}</body></html>'
FIRST = "consent_guard.django.ConsentMiddleware"
COMMON = "django.middleware.common.CommonMiddleware"


# Views.


def page(request: Any) -> HttpResponse:
    response = HttpResponse(PAGE)
    response.set_cookie("_trk", "1")
    response.set_cookie("session", "1", max_age=10**9, samesite="Lax")
    response.set_cookie("plain", "1")
    return response


async def async_page(request: Any) -> HttpResponse:
    return page(request)


def seen(request: Any) -> HttpResponse:
    scope = getattr(request, "scope", None)
    return JsonResponse(
        {
            "tracker": request.consent.allows("tracker"),
            "function": consent_from(request).allows("tracker"),
            "cookies": sorted(request.COOKIES),
            "meta": request.META.get("HTTP_COOKIE", ""),
            "headers": request.headers.get("Cookie", ""),
            "environ": request.environ.get("HTTP_COOKIE", "") if hasattr(request, "environ") else None,
            "scope": [value.decode() for name, value in scope["headers"] if name == b"cookie"] if scope else None,
        }
    )


class Counted:
    """An iterable of parts that counts how often it is read and closed."""

    made: ClassVar[list[Counted]] = []

    def __init__(self, parts: list[str]) -> None:
        self.parts = parts
        self.read = 0
        self.closed = 0
        self.made.append(self)

    def __iter__(self) -> Iterator[str]:
        for part in self.parts:
            self.read += 1
            yield part

    def close(self) -> None:
        self.closed += 1


PARTS = [PAGE[:70], PAGE[70:200], PAGE[200:], "<p>one</p>", "<p>two</p>", "<p>three</p>"]


def stream(request: Any) -> StreamingHttpResponse:
    response = StreamingHttpResponse(Counted(PARTS))
    response["Content-Length"] = "999"
    return response


async def async_stream(request: Any) -> StreamingHttpResponse:
    async def parts() -> AsyncIterator[str]:
        for part in PARTS:
            await asyncio.sleep(0)
            yield part

    return StreamingHttpResponse(parts())


def download(request: Any) -> FileResponse:
    return FileResponse(io.BytesIO(PAGE.encode()), as_attachment=True, filename="page.html")


def file(request: Any) -> FileResponse:
    return FileResponse(io.BytesIO(PAGE.encode()), filename="page.html")


def picture(request: Any) -> FileResponse:
    return FileResponse(io.BytesIO(PAGE.encode()), filename="a.png", headers={"ETag": '"abc"'})


async def async_large(request: Any) -> StreamingHttpResponse:
    async def parts() -> AsyncIterator[str]:
        before = len(TURNS)
        yield f"<title>A page</title>{(SCRIPT + LONG) * 2000}"
        TURNS_TAKEN.append(len(TURNS) - before)

    return StreamingHttpResponse(parts())


TURNS: list[int] = []
"""What another task has had of the event loop."""
TURNS_TAKEN: list[int] = []


async def async_picture(request: Any) -> StreamingHttpResponse:
    response = await async_stream(request)
    response["Content-Type"], response["ETag"] = "image/png", '"abc"'
    return response


def error(request: Any) -> HttpResponse:
    raise KeyError("the app's own error")


def server_error(request: Any) -> HttpResponse:
    response = HttpResponse(PAGE, status=500)
    response.set_cookie("_trk", "1")
    return response


def redirect(request: Any) -> HttpResponse:
    response = HttpResponseRedirect("/page")
    response.set_cookie("_trk", "1")
    response.set_cookie("session", "1")
    return response


def template(request: Any) -> TemplateResponse:
    from django.template import engines

    text = PAGE.replace("<p>", "<p>{% load consent_guard %}{{ consent.decided }} {% consent_manage %} ")
    return TemplateResponse(request, engines["django"].from_string(text))


def cookies(request: Any) -> HttpResponse:
    response = HttpResponse("plain", content_type="text/plain")
    response.headers["Set-Cookie"] = "by_header=1; Path=/; x=y"
    response.set_cookie("quoted", 'a "b" \\ c')
    response.set_cookie("_trk", "1")
    response.delete_cookie("_trk_old", domain="example.org")
    response.set_cookie("both", "1", secure=True, httponly=True)
    return response


def undecodable(request: Any) -> HttpResponse:
    response = HttpResponse(PAGE)
    response["Content-Encoding"] = "exi"
    response.set_cookie("session", "1")
    return response


def undecodable_stream(request: Any) -> StreamingHttpResponse:
    response = StreamingHttpResponse(Counted(PARTS))
    response["Content-Encoding"] = "exi"
    return response


async def async_undecodable_stream(request: Any) -> StreamingHttpResponse:
    response = await async_stream(request)
    response["Content-Encoding"] = "exi"
    return response


def validated(request: Any) -> HttpResponse:
    return HttpResponse(PAGE, headers={"Last-Modified": "Sat, 29 Oct 1994 19:43:31 GMT"})


GATED_SHEET = "@import '//cdn.tracker.example/t.css';p{color:red}"
FILTERED_SHEET = "@import 'about:invalid';p{color:red}"
REST = {"Cache-Control": "public, max-age=31536000, immutable", "ETag": '"v1"'}
CSS = {"Content-Type": "text/css", **REST}


def sheet(request: Any) -> HttpResponse:
    return HttpResponse(GATED_SHEET, headers=CSS)


def sheet_file(request: Any) -> FileResponse:
    return FileResponse(io.BytesIO(GATED_SHEET.encode()), content_type="text/css", headers=REST)


async def async_sheet(request: Any) -> StreamingHttpResponse:
    async def parts() -> AsyncIterator[str]:
        for part in (GATED_SHEET[:9], GATED_SHEET[9:]):
            await asyncio.sleep(0)
            yield part

    return StreamingHttpResponse(parts(), headers=CSS)


def clean_sheet(request: Any) -> FileResponse:
    return FileResponse(io.BytesIO(b"p{color:red}"), content_type="text/css", headers=REST)


def clean_text(request: Any) -> HttpResponse:
    assert "if-none-match" not in request.headers
    return HttpResponse("p{color:red}", headers=CSS)


async def async_clean_sheet(request: Any) -> StreamingHttpResponse:
    async def parts() -> AsyncIterator[str]:
        yield "p{color"
        await asyncio.sleep(0)
        yield ":red}"

    return StreamingHttpResponse(parts(), headers=CSS)


def long_sheet(request: Any) -> StreamingHttpResponse:
    return StreamingHttpResponse(iter([GATED_SHEET, *(["p{color:red}" * 1000] * 60)]), headers=CSS)


def data(request: Any) -> HttpResponse:
    return JsonResponse({"data": True})


VIEWS: dict[str, Callable[..., Any]] = {
    "page": page,
    "async_page": async_page,
    "seen": seen,
    "stream": stream,
    "async_stream": async_stream,
    "download": download,
    "file": file,
    "picture": picture,
    "async_picture": async_picture,
    "async_large": async_large,
    "error": error,
    "redirect": redirect,
    "template": template,
    "cookies": cookies,
    "undecodable": undecodable,
    "undecodable_stream": undecodable_stream,
    "async_undecodable_stream": async_undecodable_stream,
    "validated": validated,
    "data": data,
    "sheet": sheet,
    "sheet_file": sheet_file,
    "async_sheet": async_sheet,
    "clean_sheet": clean_sheet,
    "clean_text": clean_text,
    "async_clean_sheet": async_clean_sheet,
    "long_sheet": long_sheet,
}
urlpatterns = [path(name, view) for name, view in VIEWS.items()]
handler500 = server_error
URLS = sys.modules[__name__]
"""A module, for handler500 is looked up on it."""


# Helpers.

FORM = "application/x-www-form-urlencoded"
BROWSER = {"accept": "text/html"}


class Visitor:
    """Django's own test clients behind one face."""

    def __init__(self, asynchronous: bool) -> None:
        self.asynchronous = asynchronous
        self.client: Any = (AsyncClient if asynchronous else Client)(raise_request_exception=False)

    def get(self, address: str, headers: dict[str, str] | None = None, method: str = "get", secure: bool = True) -> Any:
        return self._done(getattr(self.client, method)(address, secure=secure, **self._sent(headers)))

    def post(self, address: str, body: str, headers: dict[str, str] | None = None, secure: bool = True) -> Any:
        return self._done(self.client.post(address, body, FORM, secure=secure, **self._sent(headers)))

    def _sent(self, headers: dict[str, str] | None) -> dict[str, Any]:
        """The asynchronous client of Django 4.2.0 writes the names in ``headers`` with underscores, none those of arguments."""
        sent = {**BROWSER, **(headers or {})}
        return sent if self.asynchronous else {"headers": sent}

    def _done(self, response: Any) -> Any:
        return asyncio.run(response) if self.asynchronous else response


@pytest.fixture(params=[False, True], ids=["sync", "async"])
def visitor(request: pytest.FixtureRequest, project: Any) -> Callable[..., Visitor]:
    def make(**settings: Any) -> Visitor:
        project(ROOT_URLCONF=URLS, **settings)
        return Visitor(request.param)

    return make


def body_of(response: Any) -> str:
    """Return a response's whole body, streamed or not."""
    if not response.streaming:
        return str(response.content.decode())
    if response.is_async:

        async def collect() -> bytes:
            return b"".join([part async for part in response])

        return asyncio.run(collect()).decode()
    return b"".join(response).decode()


def set_cookies(response: Any) -> list[str]:
    return [morsel.OutputString() for morsel in response.cookies.values()]


def wsgi_get(address: str, method: str = "GET", app: Any = None, **extra: Any) -> tuple[str, list[tuple[str, str]], bytes]:
    """Ask Django's WSGI handler itself; return status, final header lines and body."""
    environ: dict[str, Any] = {"REQUEST_METHOD": method, "SCRIPT_NAME": "", "PATH_INFO": address, "QUERY_STRING": ""}
    environ |= {"HTTP_HOST": "www.example.org", "HTTP_ACCEPT": "text/html", "wsgi.url_scheme": "https", **extra}
    setup_testing_defaults(environ)
    given: list[Any] = []
    body = (app or WSGIHandler())(environ, lambda status, headers, exc_info=None: given.extend((status, headers)))
    try:
        return given[0], given[1], b"".join(body)
    finally:
        body.close()


def asgi_get(address: str, headers: Any = (), host: bytes = b"www.example.org") -> list[dict[str, Any]]:
    """Ask Django's ASGI handler itself; return its messages."""
    messages: list[dict[str, Any]] = []
    scope = {
        "type": "http",
        "method": "GET",
        "scheme": "https",
        "path": address,
        "query_string": b"",
        "headers": [(b"host", host), (b"accept", b"text/html"), *headers],
        "server": ("127.0.0.1", 443),
    }

    async def visit() -> None:
        asked = asyncio.Event()

        async def receive() -> dict[str, Any]:
            if not asked.is_set():
                asked.set()
                return {"type": "http.request", "body": b"", "more_body": False}
            await asyncio.sleep(60)
            return {"type": "http.disconnect"}

        async def send(message: dict[str, Any]) -> None:
            messages.append(message)

        await ASGIHandler()(scope, receive, send)

    asyncio.run(visit())
    return messages


# Pages.


@pytest.mark.parametrize("view", ["page", "async_page"])
def test_a_page_and_its_cookies_are_filtered(visitor: Any, view: str) -> None:
    """F1, F4, F5"""
    response = visitor().get(f"/{view}")
    assert SCRIPT not in response.content.decode()
    assert 'data-cg="banner"' in response.content.decode()
    assert [morsel.partition("=")[0] for morsel in set_cookies(response)] == ["session", "plain"]
    assert response.cookies["session"]["max-age"] <= 400 * 86400
    assert response.cookies["session"]["samesite"] == "Lax"
    assert response.headers["Cache-Control"] == "private, no-cache"
    assert "Cookie" in response.headers["Vary"]


@pytest.mark.parametrize("view", ["page", "async_page"])
def test_with_consent_the_page_is_the_apps_own(visitor: Any, view: str, granted: str) -> None:
    response = visitor().get(f"/{view}", {"cookie": granted})
    assert response.content.decode() == PAGE
    assert [morsel.partition("=")[0] for morsel in set_cookies(response)] == ["_trk", "session", "plain"]


def test_the_length_is_that_of_the_filtered_page(visitor: Any) -> None:
    """F3: CommonMiddleware has set the length of the page before."""
    response = visitor().get("/page")
    assert response.headers["Content-Length"] == str(len(response.content))


def test_head_states_no_length_of_another_body(visitor: Any) -> None:
    """N1"""
    response = visitor().get("/page", method="head")
    assert response.status_code == 200
    assert "Content-Length" not in response.headers
    assert "_trk" not in response.cookies


def test_every_status_is_filtered(visitor: Any) -> None:
    """N10, F3"""
    guarded = visitor()
    moved = guarded.get("/redirect")
    assert (moved.status_code, moved.headers["Location"], list(moved.cookies)) == (302, "/page", ["session"])
    broken = guarded.get("/error")
    assert broken.status_code == 500
    assert SCRIPT not in broken.content.decode()
    assert "<p>Text.</p>" in broken.content.decode()
    assert not broken.cookies
    assert guarded.get("/nowhere").status_code == 404


def test_a_template_response_is_rendered_and_gets_consent_and_link(visitor: Any, granted: str) -> None:
    guarded = visitor()
    text = guarded.get("/template").content.decode()
    assert SCRIPT not in text
    assert '<p>False <a href="/privacy-choices" data-cg="manage">Manage cookies</a>' in text
    assert "<p>True <a" in guarded.get("/template", {"cookie": granted}).content.decode()


def test_what_is_no_page_keeps_its_bytes_and_headers(visitor: Any) -> None:
    response = visitor().get("/data")
    assert response.json() == {"data": True}
    assert set(response.headers) == {"Content-Type", "Content-Length"}
    assert response.headers["Content-Length"] == "14"


# Streams.


def test_a_stream_is_filtered_lazily_in_kind_and_closed_once(project: Any) -> None:
    """F2, W1, W2, W7"""
    project(ROOT_URLCONF=URLS)
    Counted.made.clear()
    response = Client().get("/stream", secure=True, headers=BROWSER)
    assert response.streaming
    assert not response.is_async
    (body,) = Counted.made
    assert body.read == 0
    parts = iter(response)
    first = next(parts)
    assert body.read == 1
    assert first
    rest = list(parts)
    assert len(rest) >= len(PARTS) - 1
    assert SCRIPT.encode() not in first + b"".join(rest)
    assert rest[-1].endswith(b"<p>three</p>")
    assert "Content-Length" not in response.headers
    assert body.closed == 1  # Django's test client closes what was read to its end
    response.close()
    assert body.closed == 1


def test_an_async_stream_is_filtered_in_kind(project: Any) -> None:
    """F2, F4: no warning about consuming it in another way, and warnings are errors here."""
    project(ROOT_URLCONF=URLS)
    response = asyncio.run(AsyncClient().get("/async_stream", secure=True, headers=BROWSER))
    assert response.is_async
    text = body_of(response)
    assert SCRIPT not in text
    assert text.endswith("<p>three</p>")


def test_under_asgi_a_stream_leaves_part_by_part(project: Any) -> None:
    """F2, F4, Y7"""
    project(ROOT_URLCONF=URLS)
    messages = asgi_get("/async_stream")
    bodies = [message["body"] for message in messages[1:] if message.get("body")]
    assert len(bodies) >= 3
    assert SCRIPT.encode() not in b"".join(bodies)
    assert messages[-1].get("more_body", False) is False


def test_a_download_is_handed_on_as_the_very_file(project: Any) -> None:
    """F3, W8: the server's own file_wrapper still gets the file."""
    project(ROOT_URLCONF=URLS)
    wrapped: list[Any] = []

    class Wrapper:
        def __init__(self, file: Any, size: int) -> None:
            wrapped.append(file)
            self.file = file

        def __iter__(self) -> Iterator[bytes]:
            return iter([self.file.read()])

        def close(self) -> None:
            self.file.close()

    _, headers, body = wsgi_get("/download", **{"wsgi.file_wrapper": Wrapper})
    assert len(wrapped) == 1
    assert body == PAGE.encode()
    assert ("Content-Length", str(len(PAGE))) in headers
    _, headers, body = wsgi_get("/file", **{"wsgi.file_wrapper": Wrapper})
    assert len(wrapped) == 1
    assert SCRIPT.encode() not in body


def test_a_large_chunk_of_an_async_stream_lets_others_run(project: Any) -> None:
    """Y18"""
    project(ROOT_URLCONF=URLS)
    TURNS_TAKEN.clear()

    async def main() -> bytes:
        async def other() -> None:
            while True:
                TURNS.append(1)
                await asyncio.sleep(0)

        task = asyncio.create_task(other())
        response = await AsyncClient().get("/async_large", secure=True, headers=BROWSER)
        whole = b"".join([part async for part in response])
        task.cancel()
        return whole

    assert LONG.encode() in asyncio.run(main())
    assert TURNS_TAKEN[0] > 5


@pytest.mark.filterwarnings("ignore:StreamingHttpResponse must consume synchronous iterators")
@pytest.mark.parametrize("address", ["/picture", "/async_picture"])
def test_nothing_follows_a_304_of_ours(project: Any, address: str) -> None:
    """N2, N3: neither the stream nor the file that a server would send in its place"""
    project(ROOT_URLCONF=URLS)
    wrapped: list[Any] = []
    if address == "/picture":
        asked = {"HTTP_IF_NONE_MATCH": '"abc"', "wsgi.file_wrapper": lambda *given: wrapped.append(given)}
        status, _, body = wsgi_get(address, **asked)
        assert (status[:3], body, wrapped) == ("304", b"", [])
    start, *rest = asgi_get(address, [(b"if-none-match", b'"abc"')])
    assert start["status"] == 304
    assert not any(message.get("body") for message in rest)
    assert rest[-1].get("more_body", False) is False


# The final head, byte for byte.


def test_the_final_set_cookie_lines_are_exact(project: Any) -> None:
    """F5"""
    project(ROOT_URLCONF=URLS)
    _, headers, _ = wsgi_get("/cookies", HTTP_COOKIE="_trk=1; a=2")
    lines = [value.strip() for name, value in headers if name == "Set-Cookie"]
    plain = page_cookies()
    assert lines == ["by_header=1; Path=/; x=y", *plain]
    asgi = [value.strip().decode() for name, value in asgi_get("/cookies")[0]["headers"] if name == b"Set-Cookie"]
    assert asgi == lines


def page_cookies() -> list[str]:
    """What Django itself would write for the cookies that may pass."""
    response = HttpResponse()
    response.set_cookie("quoted", 'a "b" \\ c')
    response.delete_cookie("_trk_old", domain="example.org")
    response.set_cookie("both", "1", secure=True, httponly=True)
    return set_cookies(response)


def test_a_gated_cookie_that_arrives_is_expired_once_for_each_place_where_it_may_live(project: Any) -> None:
    """L24b, H07: one name on several lines, which response.cookies by itself cannot hold."""
    project(ROOT_URLCONF=URLS)
    _, headers, _ = wsgi_get("/page", HTTP_COOKIE="_trk=1; a=2")
    lines = [value.strip() for name, value in headers if name == "Set-Cookie" and value.strip().startswith("_trk=")]
    assert len(lines) > 1
    assert len(set(lines)) == len(lines)
    assert all("Max-Age=0" in line for line in lines)
    start = asgi_get("/page", [(b"cookie", b"_trk=1; a=2")])[0]
    asgi = [value.strip().decode() for name, value in start["headers"] if name == b"Set-Cookie"]
    assert [line for line in asgi if line.startswith("_trk=")] == lines


def test_a_gated_cookie_with_a_name_past_ascii_is_expired_under_both_handlers(project: Any) -> None:
    """F5, K8: Django's ASGI handler writes cookies as ASCII; a visitor's odd cookie must not break the page."""
    project(ROOT_URLCONF=URLS)
    status, headers, _ = wsgi_get("/page", HTTP_COOKIE="_trk\xe9=1")
    assert status == "200 OK"
    lines = [value.strip().encode("latin-1") for name, value in headers if name == "Set-Cookie"]
    start = asgi_get("/page", [(b"cookie", b"_trk\xe9=1")])[0]
    assert start["status"] == 200
    assert [value.strip() for name, value in start["headers"] if name == b"Set-Cookie"] == lines
    assert any(line.startswith(b"_trk\xe9=;") for line in lines)


def test_wsgiref_validate_is_content(project: Any, capsys: pytest.CaptureFixture[str]) -> None:
    """W15"""
    project(ROOT_URLCONF=URLS)
    for address in ("/page", "/stream", "/download", "/redirect", "/privacy-choices"):
        wsgi_get(address, app=validator(WSGIHandler()))
    gc.collect()
    assert capsys.readouterr().err == ""


# Other middleware inside.


@pytest.mark.parametrize("address", ["/page", "/stream"])
def test_gzip_inside_is_decoded_and_coded_again(visitor: Any, address: str) -> None:
    """F1, N5"""
    guarded = visitor(MIDDLEWARE=[FIRST, "django.middleware.gzip.GZipMiddleware", COMMON])
    response = guarded.get(address, {"accept-encoding": "gzip, exi"})
    body = b"".join(response) if response.streaming else response.content
    assert response.headers["Content-Encoding"] == "gzip"
    text = gzip.decompress(body).decode()
    assert SCRIPT not in text
    assert "<p>Text.</p>" in text


def test_conditional_get_inside_answers_for_the_page_of_this_consent_only(visitor: Any, granted: str) -> None:
    """F1, N3"""
    guarded = visitor(MIDDLEWARE=[FIRST, "django.middleware.http.ConditionalGetMiddleware", COMMON])
    refused = guarded.get("/page").headers["ETag"]
    allowed = guarded.get("/page", {"cookie": granted}).headers["ETag"]
    assert refused != allowed
    same = guarded.get("/page", {"if-none-match": refused})
    assert (same.status_code, same.headers["ETag"]) == (304, refused)
    other = guarded.get("/page", {"if-none-match": allowed})
    assert other.status_code == 200
    assert SCRIPT not in other.content.decode()
    assert guarded.get("/page", {"if-none-match": allowed, "cookie": granted}).status_code == 304


def test_a_date_never_validates_a_page(visitor: Any) -> None:
    """F1, N3"""
    guarded = visitor(MIDDLEWARE=[FIRST, "django.middleware.http.ConditionalGetMiddleware", COMMON])
    assert "Last-Modified" not in guarded.get("/validated").headers
    assert guarded.get("/validated", {"if-modified-since": "Sat, 29 Oct 2044 19:43:31 GMT"}).status_code == 200


def test_djangos_per_site_cache_keeps_pages_but_none_that_reads_consent(visitor: Any, granted: str) -> None:
    """DESIGN §3"""
    made: list[str] = []

    def plain(request: Any) -> HttpResponse:
        made.append("plain")
        return HttpResponse(PAGE)

    def reading(request: Any) -> HttpResponse:
        made.append("reading")
        return HttpResponse(PAGE + str(request.consent.allows("tracker")))

    def by_function(request: Any) -> HttpResponse:
        made.append("by_function")
        return HttpResponse(PAGE + str(consent_from(request).allows("tracker")))

    views = {"plain": plain, "reading": reading, "by_function": by_function}
    project_urls = tuple(path(name, view) for name, view in views.items())
    inner = [FIRST, "django.middleware.cache.UpdateCacheMiddleware", COMMON, "django.middleware.cache.FetchFromCacheMiddleware"]
    caches = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "LOCATION": str(id(made))}}
    guarded = visitor(MIDDLEWARE=inner, CACHES=caches)
    with override_settings(ROOT_URLCONF=project_urls):
        guarded.client = type(guarded.client)()
        for name in views:
            for cookie in ("", granted, "", granted):
                text = guarded.get(f"/{name}", {"cookie": cookie}).content.decode()
                assert (SCRIPT in text) is bool(cookie)
                if name != "plain":
                    assert text.endswith(str(bool(cookie)))
    assert made == ["plain", *["reading"] * 4, *["by_function"] * 4]


@sync_and_async_middleware
def both_ways(get_response: Any) -> Any:
    if iscoroutinefunction(get_response):

        async def around(request: Any) -> Any:
            return await get_response(request)

        return around
    return lambda request: get_response(request)


def sync_only(get_response: Any) -> Any:
    return lambda request: get_response(request)


@async_only_middleware
def async_only(get_response: Any) -> Any:
    async def around(request: Any) -> Any:
        return await get_response(request)

    return around


@pytest.mark.parametrize(
    "inner", [["sync_only"], ["async_only"], ["both_ways"], ["sync_only", "async_only", "sync_only"]], ids=str
)
@pytest.mark.parametrize("before", [[], ["sync_only"], ["async_only"]], ids=str)
def test_a_mixed_chain_works_on_both_handlers(visitor: Any, inner: list[str], before: list[str]) -> None:
    """F4"""
    chain = [*[f"{__name__}.{name}" for name in before], FIRST, *[f"{__name__}.{name}" for name in inner]]
    guarded = visitor(MIDDLEWARE=chain)
    for address in ("/page", "/async_page"):
        response = guarded.get(address)
        assert SCRIPT not in response.content.decode()
        assert "_trk" not in response.cookies


def test_the_middleware_says_that_it_can_do_both(project: Any) -> None:
    """F4"""
    project()
    assert ConsentMiddleware.sync_capable
    assert ConsentMiddleware.async_capable

    async def get_response(request: Any) -> HttpResponse:
        return HttpResponse()

    assert iscoroutinefunction(ConsentMiddleware(get_response))
    assert not iscoroutinefunction(ConsentMiddleware(lambda request: HttpResponse()))


def test_under_asgi_an_async_page_needs_no_thread(project: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """F4: nothing of ours goes through sync_to_async."""
    project(ROOT_URLCONF=URLS, MIDDLEWARE=[FIRST])
    threads: list[str] = []
    original = SyncToAsync.__call__

    async def watched(self: Any, *given: Any, **named: Any) -> Any:
        threads.append(repr(self.func))
        return await original(self, *given, **named)

    monkeypatch.setattr(SyncToAsync, "__call__", watched)
    asgi_get("/async_stream")
    assert not [name for name in threads if "consent_guard" in name or "test_middleware" in name]


# The request.


def test_gated_cookies_are_hidden_wherever_a_view_may_look(visitor: Any, granted: str) -> None:
    """L04, H11"""
    guarded = visitor()
    answer = guarded.get("/seen", {"cookie": "_trk=1; a=2; _trk_x=3"}).json()
    assert answer["tracker"] is answer["function"] is False
    assert answer["cookies"] == ["a"]
    assert answer["meta"].rstrip("; ") == "a=2"  # Django's async client sends an empty second line
    assert answer["headers"] == answer["meta"]
    assert answer["environ"] in ("a=2", None)
    assert answer["scope"] is None or "_trk" not in "".join(answer["scope"])
    answer = guarded.get("/seen", {"cookie": f"{granted}; _trk=1"}).json()
    assert answer["tracker"] is answer["function"] is True
    assert "_trk" in answer["cookies"]


def test_a_cookie_header_that_would_be_empty_is_gone(visitor: Any) -> None:
    """H11"""
    answer = visitor().get("/seen", {"cookie": "_trk=1"}).json()
    assert (answer["cookies"], answer["meta"]) == ([], "")


def test_cookies_on_several_lines_are_read_each(project: Any) -> None:
    """H11, K10: Django joins repeated headers with a comma."""
    project(ROOT_URLCONF=URLS)
    messages = asgi_get("/seen", [(b"cookie", b"a=1"), (b"cookie", b"_trk=2"), (b"cookie", b"b=3")])
    answer = json.loads(b"".join(message.get("body", b"") for message in messages))
    assert answer["cookies"] == ["a", "b"]
    assert answer["scope"] == ["a=1", "b=3"]


def test_the_servers_environ_stays_as_it_is(project: Any) -> None:
    """W14"""
    project(ROOT_URLCONF=URLS)
    given: list[dict[str, Any]] = []

    def server(environ: dict[str, Any], start_response: Any) -> Any:
        given.append(environ)
        return WSGIHandler()(environ, start_response)

    wsgi_get("/page", app=server, HTTP_COOKIE="_trk=1; a=2", HTTP_RANGE="bytes=0-9")
    assert given[0]["HTTP_COOKIE"] == "_trk=1; a=2"
    assert given[0]["HTTP_RANGE"] == "bytes=0-9"
    assert not [key for key in given[0] if key.startswith("consent_guard")]


def test_early_hints_of_the_server_are_filtered(project: Any) -> None:
    """H40"""
    sent: list[Any] = []

    def view(request: Any) -> HttpResponse:
        gated, plain = "<https://cdn.tracker.example/t.js>; rel=preload", "</style.css>; rel=preload"
        request.META["wsgi.early_hints"]([("Link", gated), ("Link", plain)])
        return HttpResponse(PAGE)

    project(ROOT_URLCONF=(path("page", view),))
    wsgi_get("/page", "GET", None, **{"wsgi.early_hints": sent.extend})
    assert sent == [("Link", "</style.css>; rel=preload")]


def test_request_consent_is_a_consent(project: Any) -> None:
    kinds: list[bool] = []

    def view(request: Any) -> HttpResponse:
        kinds.append(isinstance(request.consent, Consent))
        return HttpResponse(repr(request.consent))

    project(ROOT_URLCONF=(path("page", view),))
    Client().get("/page", secure=True, headers=BROWSER)
    assert kinds == [True]


def test_asking_outside_of_the_middleware_is_a_clear_error(project: Any) -> None:
    project()
    with pytest.raises(LookupError, match="ConsentMiddleware is not in MIDDLEWARE"):
        consent_from(RequestFactory().get("/"))


# Our own pages.


def test_the_whole_loop_works_with_djangos_test_clients(visitor: Any) -> None:
    guarded = visitor(MIDDLEWARE=[FIRST, COMMON, "django.middleware.csrf.CsrfViewMiddleware"])
    response = guarded.post("/privacy-choices", "choice=accept&next=/page")
    assert (response.status_code, response.headers["Location"]) == (303, "/page")
    assert response.cookies["__Host-consent"]["path"] == "/"
    assert response.cookies["__Host-consent"]["secure"]
    assert SCRIPT in guarded.get("/page").content.decode()
    guarded.post("/privacy-choices", "choice=refuse")
    page = guarded.get("/page").content.decode()
    assert SCRIPT not in page
    assert 'data-cg="banner"' not in page


def test_our_own_pages_are_answered_below_the_script_name(project: Any) -> None:
    project(ROOT_URLCONF=URLS)
    status, headers, body = wsgi_get("/privacy-choices", SCRIPT_NAME="/shop")
    assert status == "200 OK"
    assert b'action="/shop/privacy-choices"' in body
    assert ("cache-control", "no-store") in [(name.lower(), value) for name, value in headers]


def test_a_post_that_is_too_large_is_refused(visitor: Any) -> None:
    """K15"""
    assert visitor().post("/privacy-choices", "x" * 9000).status_code == 413


def test_a_foreign_host_gets_nothing_from_us_but_an_error(project: Any) -> None:
    """Django's own rule of ALLOWED_HOSTS holds for our pages too."""
    project(ROOT_URLCONF=URLS)
    for address in ("/privacy-choices", "/page"):
        assert wsgi_get(address, HTTP_HOST="evil.example")[0] == "400 Bad Request"
        assert asgi_get(address, host=b"evil.example")[0]["status"] == 400


def test_our_own_pages_follow_the_redirect_to_https(visitor: Any) -> None:
    """A choice that is made over http would not count over https."""
    guarded = visitor(MIDDLEWARE=[FIRST, "django.middleware.security.SecurityMiddleware"], SECURE_SSL_REDIRECT=True)
    for address in ("/privacy-choices?a=b", "/page?a=b"):
        response = guarded.get(address, secure=False)
        assert (response.status_code, response.headers["Location"]) == (301, f"https://testserver{address}")


def test_djangos_own_settings_settle_scheme_and_host(visitor: Any) -> None:
    """K21"""
    guarded = visitor()
    forwarded = {"x-forwarded-proto": "https"}
    assert set(guarded.post("/privacy-choices", "choice=accept", forwarded, secure=False).cookies) == {"consent"}
    with override_settings(SECURE_PROXY_SSL_HEADER=("HTTP_X_FORWARDED_PROTO", "https")):
        answer = guarded.post("/privacy-choices", "choice=accept", forwarded, secure=False)
    assert answer.cookies["__Host-consent"]["secure"]


# Faults.


@pytest.mark.parametrize(
    ("asynchronous", "view"),
    [(False, "undecodable"), (True, "undecodable"), (False, "undecodable_stream"), (True, "async_undecodable_stream")],
)
def test_an_undecodable_coding_of_a_page_is_refused(
    project: Any, asynchronous: bool, view: str, caplog: pytest.LogCaptureFixture
) -> None:
    """N5"""
    project(ROOT_URLCONF=URLS)
    response = Visitor(asynchronous).get(f"/{view}")
    assert response.status_code == 500
    assert "tracker.example" not in body_of(response)
    assert "Content-Encoding" not in response.headers
    assert not response.cookies
    assert "consent_guard" in {record.name for record in caplog.records}


class Failing:
    """Stands in for the engine's rewriter."""

    def __init__(self, *given: Any, **named: Any) -> None:
        pass

    def feed(self, data: bytes) -> bytes:
        raise RewriteError("cannot be filtered")

    def close(self) -> bytes:
        raise RewriteError("cannot be ended")


class FailingGuard:
    """A guard whose exchanges fail: at once, or with the body."""

    def __init__(self, guard: Any, where: str) -> None:
        self.guard = guard
        self.policy = guard.policy
        self.where = where

    def open(self, facts: Any) -> Any:
        if self.where == "open":
            raise KeyError("cannot be opened")
        exchange = self.guard.open(facts)

        class Exchange:
            body_limit = exchange.body_limit
            consent = exchange.consent
            forward_headers = exchange.forward_headers
            preferences_form = exchange.preferences_form
            finish = exchange.finish

            def respond(self, status: int, headers: Any) -> ResponsePlan:
                return ResponsePlan(status, list(headers), Failing())

        return Exchange()


@pytest.mark.parametrize("where", ["open", "body"])
def test_a_fault_of_ours_gives_our_own_500_while_nothing_was_sent(
    visitor: Any, where: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """DESIGN §6 "Failure": not Django's error page, which nothing would filter."""
    guarded = visitor()
    monkeypatch.setattr("consent_guard.django.middleware.current_guard", lambda: FailingGuard(current_guard(), where))
    response = guarded.get("/page")
    assert response.status_code == 500
    assert response.content == b"This page could not be prepared safely.\n"
    assert response.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert response.reason_phrase == "Internal Server Error"
    assert not response.cookies
    (record,) = [record for record in caplog.records if record.name == "consent_guard"]
    assert record.exc_info is not None


@pytest.mark.parametrize("path", ["/page", "/stream"])
def test_a_head_that_cannot_be_decided_gives_our_own_500(visitor: Any, path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """DESIGN §6 "Failure", L24c"""

    def faulty(*given: Any) -> ResponsePlan:
        raise ZeroDivisionError("a fault")

    monkeypatch.setattr(ResponseSide, "plan", faulty)
    response = visitor().get(path)
    assert response.status_code == 500
    assert body_of(response) == "This page could not be prepared safely.\n"
    assert response.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert not response.cookies


@pytest.mark.parametrize(
    "made",
    [
        lambda: TemplateResponse(None, "never rendered.html"),
        lambda: HttpResponseNotModified(headers={"Content-Type": "text/html"}),
    ],
    ids=["unrendered", "not modified"],
)
def test_a_response_that_cannot_even_be_read_gives_our_own_500_and_is_closed(made: Any, project: Any) -> None:
    """DESIGN §6 "Failure": not the project's error page, which nothing would filter."""
    project(ROOT_URLCONF=URLS)
    closed: list[bool] = []

    def get_response(request: Any) -> Any:
        response = made()
        response._resource_closers.append(lambda: closed.append(True))
        return response

    request = RequestFactory().get("/page", secure=True, headers={**BROWSER, "if-none-match": 'W/"a~cg-s-zzz"'})
    response = ConsentMiddleware(get_response)(request)
    assert response.status_code == 500
    assert response.content == b"This page could not be prepared safely.\n"
    response.close()
    assert closed == [True]


def test_a_fault_of_ours_within_a_stream_breaks_it_off(
    project: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """W10"""
    project(ROOT_URLCONF=URLS)
    monkeypatch.setattr("consent_guard.django.middleware.current_guard", lambda: FailingGuard(current_guard(), "body"))
    response = Client().get("/stream", secure=True, headers=BROWSER)
    with pytest.raises(RewriteError):
        list(response)
    assert "consent_guard" in {record.name for record in caplog.records}
    response = asyncio.run(AsyncClient().get("/async_stream", secure=True, headers=BROWSER))
    with pytest.raises(RewriteError):
        body_of(response)


# Settings.


def test_a_bad_policy_or_key_stops_the_start(project: Any) -> None:
    project(CONSENT_GUARD={"POLICY": {"nonsense": 1}})
    with pytest.raises(PolicyError):
        WSGIHandler()
    with pytest.raises(PolicyError):
        ASGIHandler()
    project(SECRET_KEY="")
    with pytest.raises(SecretKeyError):
        WSGIHandler()


def test_an_unknown_setting_is_named_with_the_nearest_known(project: Any) -> None:
    project(CONSENT_GUARD={"POLICY": None, "SECRET": "x", "POLICIES": 1})
    named = r"no key 'SECRET': did you mean 'SECRET_KEY'.*'POLICIES': did you mean 'POLICY'"
    with pytest.raises(ImproperlyConfigured, match=named):
        WSGIHandler()


def test_the_settings_are_handed_on(project: Any, granted: str) -> None:
    findings: list[Any] = []
    policy = project.policy
    project(ROOT_URLCONF=URLS, CONSENT_GUARD={"POLICY": policy, "ON_FINDING": findings.append, "CLOCK": lambda: 4e9})
    response = Client().get("/page", secure=True, headers={**BROWSER, "cookie": granted})
    assert SCRIPT not in response.content.decode()
    assert "cdn.tracker.example" in {finding.subject for finding in findings}
    project(ROOT_URLCONF=URLS, CONSENT_GUARD={"POLICY": policy, "CLOCK": "time.time"})
    assert SCRIPT in Client().get("/page", secure=True, headers={**BROWSER, "cookie": granted}).content.decode()
    project(CONSENT_GUARD={"POLICY": policy, "CLOCK": 7})
    with pytest.raises(ImproperlyConfigured, match="CLOCK"):
        WSGIHandler()
    project(CONSENT_GUARD=["POLICY"])
    with pytest.raises(ImproperlyConfigured, match="must be a dict"):
        WSGIHandler()


def test_an_own_key_and_djangos_fallbacks_verify(project: Any, granted: str) -> None:
    """K2"""
    policy = project.policy
    fresh = "another key of the tests, longer than 32"
    for settings, counts in (
        ({"SECRET_KEY": fresh}, False),
        ({"SECRET_KEY": fresh, "SECRET_KEY_FALLBACKS": [KEY]}, True),
        ({"SECRET_KEY": fresh, "CONSENT_GUARD": {"POLICY": policy, "SECRET_KEY": KEY}}, True),
        ({"SECRET_KEY": fresh, "CONSENT_GUARD": {"POLICY": policy, "SECRET_KEY_FALLBACKS": [KEY]}}, True),
        ({"SECRET_KEY": fresh, "CONSENT_GUARD": {"POLICY": policy, "SECRET_KEY_FALLBACKS": KEY}}, True),
        ({"CONSENT_GUARD": {"POLICY": policy, "SECRET_KEY": fresh}}, False),
    ):
        project(ROOT_URLCONF=URLS, **settings)
        response = Client().get("/page", secure=True, headers={**BROWSER, "cookie": granted})
        assert (SCRIPT in response.content.decode()) is counts, settings


def test_a_finding_tells_the_route(project: Any) -> None:
    """The template, also of what was hidden before Django had found it."""
    findings: list[Any] = []
    project(ROOT_URLCONF=URLS, CONSENT_GUARD={"POLICY": project.policy, "ON_FINDING": findings.append})
    client = Client()
    client.cookies["_trk"] = "1"
    client.get("/page", headers={"accept": "text/html"})
    assert findings
    assert {finding.route for finding in findings} == {"/page"}


# Style sheets.

STYLE = {"accept": "text/css,*/*;q=0.1", "sec-fetch-dest": "style"}


@pytest.mark.filterwarnings("ignore:StreamingHttpResponse must consume")
@pytest.mark.parametrize("address", ["/sheet", "/sheet_file", "/async_sheet"])
def test_a_sheet_that_names_a_listed_host_leaves_filtered_with_a_head_of_its_own(visitor: Any, address: str) -> None:
    response = visitor().get(address, STYLE)
    assert body_of(response) == FILTERED_SHEET
    assert response["Cache-Control"] == "private, no-cache"
    assert response["ETag"] != '"v1"'


@pytest.mark.filterwarnings("ignore:StreamingHttpResponse must consume")
def test_a_clean_sheet_keeps_its_head_and_a_known_one_is_not_read(visitor: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    browser = visitor()
    for _ in range(2):
        response = browser.get("/clean_sheet", STYLE)
        assert body_of(response) == "p{color:red}"
        assert {name: response[name] for name in CSS} == CSS
        assert response["Content-Length"] == "12"
        monkeypatch.delattr("consent_guard.rewrite.sheets.SheetRewriter.feed", raising=False)


@pytest.mark.filterwarnings("ignore:StreamingHttpResponse must consume")
@pytest.mark.parametrize("address", ["/clean_sheet", "/clean_text", "/async_clean_sheet"])
def test_a_sheet_that_turns_out_clean_is_answered_with_304_where_the_browser_has_it(visitor: Any, address: str) -> None:
    """N3: the app is not asked, for the browser may have stored what was never filtered; it answers with the whole."""
    browser = visitor()
    response = browser.get(address, {**STYLE, "if-none-match": 'W/"v1"'})
    if address == "/async_clean_sheet" and not browser.asynchronous:  # a sync stack does not wait for an async stream
        assert (response.status_code, response["Cache-Control"], body_of(response)) == (
            200,
            "private, no-cache",
            "p{color:red}",
        )
        return
    assert (response.status_code, response.reason_phrase, body_of(response)) == (304, "Not Modified", "")
    assert {name: response[name] for name in REST} == REST
    assert "Content-Type" not in response
    assert "Content-Length" not in response
    response = visitor().get(address, {**STYLE, "if-none-match": '"v0"'})
    assert (response.status_code, body_of(response)) == (200, "p{color:red}")
    response = visitor().get(address.replace("clean_", "").replace("text", "sheet"), {**STYLE, "if-none-match": '"v1"'})
    assert (response.status_code, body_of(response)) == (200, FILTERED_SHEET)


@pytest.mark.filterwarnings("ignore:StreamingHttpResponse must consume")
def test_a_sheet_that_is_too_long_leaves_as_it_came(visitor: Any) -> None:
    response = visitor().get("/long_sheet", STYLE)
    assert body_of(response) == GATED_SHEET + "p{color:red}" * 60_000
    assert response["Cache-Control"] == CSS["Cache-Control"]


def test_a_cancelled_async_view_ends_its_exchange(project: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    project(ROOT_URLCONF=URLS)
    ended: list[Exchange] = []
    finish = Exchange.finish
    monkeypatch.setattr(Exchange, "finish", lambda exchange: ended.append(exchange) or finish(exchange))

    async def view(request: Any) -> Any:
        raise asyncio.CancelledError

    with pytest.raises(asyncio.CancelledError):
        asyncio.run(ConsentMiddleware(view)(AsyncRequestFactory().get("/page", secure=True)))
    assert len(ended) == 1
