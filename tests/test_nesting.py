"""A guard within a guard: one of them filters (one banner, one mark in the ETag), and two that differ say so."""

from __future__ import annotations

import asyncio
import contextvars
import io
from collections.abc import Iterator
from typing import Any
from wsgiref.util import setup_testing_defaults

import pytest

from consent_guard.asgi import ConsentMiddleware as ASGIMiddleware
from consent_guard.asgi import consent_from as consent_from_scope
from consent_guard.errors import GuardedTwice
from consent_guard.testing import consent_cookie
from consent_guard.wsgi import ConsentMiddleware, consent_from, manage_link

from .tracker_site import KEY, POLICY

OTHER = {**POLICY, "policy": {"languages": ["en"], "revision": 2}}
ELSEWHERE = {**POLICY, "policy": {"languages": ["en"], "path": "/our-choices"}}
PAGE = (
    b'<!doctype html><html lang="en"><head><title>t</title><script src="https://cdn.tracker.example/t.js"></script></head>'
    b"<body><p>Text.</p></body></html>"
)
HTML = [("Content-Type", "text/html; charset=utf-8"), ("ETag", '"v1"')]


def app(environ: dict[str, Any], start_response: Any) -> Any:
    start_response("200 OK", HTML)
    return [PAGE]


async def asgi_app(scope: Any, receive: Any, send: Any) -> None:
    headers = [(b"content-type", b"text/html"), (b"etag", b'"v1"')]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": PAGE})


def wsgi(inner: Any, policy: Any = POLICY) -> Any:
    return ConsentMiddleware(inner, policy, secret_key=KEY)


def asgi(inner: Any, policy: Any = POLICY) -> Any:
    return ASGIMiddleware(inner, policy, secret_key=KEY)


def environ_of(path: str = "/page", **extra: Any) -> dict[str, Any]:
    environ: dict[str, Any] = {"PATH_INFO": path, "HTTP_ACCEPT": "text/html", "wsgi.input": io.BytesIO()}
    setup_testing_defaults(environ)
    return {**environ, **extra}


def get(application: Any, environ: dict[str, Any] | None = None) -> tuple[dict[str, str], bytes]:
    heads: list[Any] = []
    body = application(environ or environ_of(), lambda status, headers, exc_info=None: heads.append(headers))
    whole = b"".join(body)
    if hasattr(body, "close"):
        body.close()
    return {name.lower(): value for name, value in heads[-1]}, whole


def scope_of(path: str = "/page") -> dict[str, Any]:
    headers = [(b"host", b"www.example.org"), (b"accept", b"text/html")]
    return {"type": "http", "method": "GET", "scheme": "https", "path": path, "query_string": b"", "headers": headers}


def aget(application: Any, scope: dict[str, Any] | None = None) -> tuple[dict[str, str], bytes]:
    messages: list[Any] = []

    async def receive() -> Any:
        return {"type": "http.request", "body": b""}

    async def send(message: Any) -> None:
        messages.append(message)

    asyncio.run(application(scope or scope_of(), receive, send))
    head = {name.decode().lower(): value.decode() for name, value in messages[0]["headers"]}
    return head, b"".join(message.get("body", b"") for message in messages)


def filtered_once(found: tuple[dict[str, str], bytes]) -> None:
    head, body = found
    assert b"tracker.example" not in body
    assert body.count(b'data-cg="banner"') == 1
    assert head["etag"].count("~cg-") == 1
    assert b"<p>Text.</p>" in body


def in_threads(application: Any) -> Any:
    """ASGI around WSGI, as a2wsgi, asgiref and Starlette do it: in another thread, in a copy of the context."""

    async def around(scope: Any, receive: Any, send: Any) -> None:
        context = contextvars.copy_context()
        loop = asyncio.get_running_loop()
        head, body = await loop.run_in_executor(None, context.run, get, application, environ_of(scope["path"]))
        pairs = [(name.encode(), value.encode()) for name, value in head.items()]
        await send({"type": "http.response.start", "status": 200, "headers": pairs})
        await send({"type": "http.response.body", "body": body})

    return around


def test_wsgi_within_wsgi() -> None:
    filtered_once(get(wsgi(wsgi(app))))


def test_wsgi_within_wsgi_that_begins_with_its_first_item() -> None:
    inner = wsgi(app)

    def lazy(environ: dict[str, Any], start_response: Any) -> Iterator[bytes]:
        yield from inner(environ, start_response)

    filtered_once(get(wsgi(lazy)))


def test_asgi_within_asgi() -> None:
    filtered_once(aget(asgi(asgi(asgi_app))))


def test_guarded_wsgi_within_guarded_asgi() -> None:
    """Nothing of the scope reaches the environ: the context tells."""
    filtered_once(aget(asgi(in_threads(wsgi(app)))))


def test_a_request_that_the_app_makes_anew_and_sends_through_its_own_guard() -> None:
    inner = wsgi(app)

    def previewing(environ: dict[str, Any], start_response: Any) -> Any:
        return inner(environ_of("/preview"), start_response)

    filtered_once(get(wsgi(previewing)))


def test_views_of_the_inner_app_read_the_outer_choice() -> None:
    seen: list[Any] = []

    def view(environ: dict[str, Any], start_response: Any) -> Any:
        seen.append((consent_from(environ).allows("tracker"), manage_link(environ)))
        return app(environ, start_response)

    inner = wsgi(view)
    name, value = consent_cookie(POLICY, KEY, allow="*")
    get(wsgi(lambda environ, start: inner(environ_of(), start)), environ_of(HTTP_COOKIE=f"{name}={value}"))
    assert seen[0][0] is True
    assert "/privacy-choices" in seen[0][1]


def test_views_of_an_inner_asgi_app_read_the_outer_choice() -> None:
    seen: list[bool] = []

    async def view(scope: Any, receive: Any, send: Any) -> None:
        seen.append(consent_from_scope(scope).allows("tracker"))
        await asgi_app(scope, receive, send)

    inner = asgi(view)
    aget(asgi(lambda scope, receive, send: inner(scope_of(), receive, send)))
    assert seen == [False]


@pytest.mark.parametrize("policy", [OTHER, ELSEWHERE])
def test_two_guards_that_differ_name_both(policy: Any) -> None:
    with pytest.raises(GuardedTwice, match=r"revision 1 .* at /privacy-choices; the inner one's is revision") as caught:
        get(wsgi(wsgi(app, policy)))
    assert "Give both the same policy" in str(caught.value)
    with pytest.raises(GuardedTwice):
        aget(asgi(asgi(asgi_app, policy)))
    with pytest.raises(GuardedTwice):
        aget(asgi(in_threads(wsgi(app, policy))))


@pytest.mark.parametrize("name", ["HTTP_CONSENT_GUARD_AROUND", "consent_guard.around", "HTTP_CONSENT_GUARD.AROUND"])
def test_no_header_makes_a_guard_step_aside(name: str) -> None:
    filtered_once(get(wsgi(app), environ_of(**{name: "1"})))


def test_what_a_request_leaves_behind_is_guarded_by_its_own_guard() -> None:
    """A server that is started within a request inherits its context for ever."""
    kept: list[contextvars.Context] = []

    def starting(environ: dict[str, Any], start_response: Any) -> Any:
        kept.append(contextvars.copy_context())
        return app(environ, start_response)

    get(wsgi(starting))
    filtered_once(kept[0].run(get, wsgi(app)))
    filtered_once(kept[0].run(get, wsgi(app, OTHER)))


def test_two_apps_side_by_side_have_their_own_guards() -> None:
    filtered_once(get(wsgi(app)))
    filtered_once(get(wsgi(app, OTHER)))
