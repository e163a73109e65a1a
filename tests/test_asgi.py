"""The ASGI transport, rule by rule, on asyncio and on trio; and the proof that WSGI gives the same bytes."""

from __future__ import annotations

import asyncio
import contextvars
import io
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Iterable
from pathlib import Path
from typing import Any

import httpx
import pytest
import trio
from asgiref.testing import ApplicationCommunicator
from starlette.middleware.gzip import GZipMiddleware

from consent_guard.asgi import ConsentMiddleware, consent_from, manage_link, read_body, request_facts
from consent_guard.engine.exchange import Exchange
from consent_guard.engine.response_side import ResponseSide
from consent_guard.errors import ExchangeStateError, PolicyError, RewriteError, SecretKeyError
from consent_guard.testing import consent_cookie
from consent_guard.wire.messages import RequestFacts, ResponsePlan
from consent_guard.wsgi import ConsentMiddleware as WSGIMiddleware

from . import tracker_site
from .tracker_site import KEY, POLICY

SCRIPT, PAGE = tracker_site.SCRIPT.encode(), tracker_site.PAGE.encode()
HTML = [(b"content-type", b"text/html; charset=utf-8")]
JSON = [(b"content-type", b"application/json")]
START = {"type": "http.response.start", "status": 200, "headers": HTML}

Message = dict[str, Any]


@pytest.fixture(params=["asyncio", "trio"])
def loop(request: pytest.FixtureRequest) -> Callable[[Callable[[], Awaitable[Any]]], Any]:
    """Run an async function on each kind of event loop (Y18)."""
    if request.param == "trio":
        return trio.run
    return lambda function: asyncio.run(function())


class Shout:
    """A rewriter that shouts, always holds back one byte, and adds a tail."""

    def __init__(self) -> None:
        self.held = b""

    def feed(self, data: bytes) -> bytes:
        data = self.held + data.upper()
        self.held = data[-1:]
        return data[:-1]

    def close(self) -> bytes:
        return self.held + b"<TAIL>"


class Broken:
    def feed(self, data: bytes) -> bytes:
        raise RewriteError("cannot be filtered")

    def close(self) -> bytes:
        return b""


class FakeExchange:
    """An exchange that rewrites HTML with a given rewriter."""

    body_limit = None
    consent = object()
    may_get_page = True

    def __init__(self, facts: RequestFacts, rewriter: Callable[[], Any]) -> None:
        self.forward_headers = facts.headers
        self.rewriter = rewriter

    def respond(self, status: int, headers: list[tuple[bytes, bytes]]) -> ResponsePlan:
        html = any(name.lower() == b"content-type" and value.startswith(b"text/html") for name, value in headers)
        return ResponsePlan(status, list(headers), self.rewriter() if html else None)

    def preferences_form(self, lang: str | None = None, next: str | None = None) -> str:
        return "<form></form>"

    def filter_headers(self, headers: Any) -> list[tuple[bytes, bytes]]:
        return [header for header in headers if header[0].lower() != b"set-cookie"]

    def finish(self) -> tuple[()]:
        return ()


class FakeGuard:
    def __init__(self, policy: Any, rewriter: Callable[[], Any], exchange: type[FakeExchange]) -> None:
        self.policy = policy
        self.rewriter = rewriter
        self.exchange = exchange

    def open(self, facts: RequestFacts) -> FakeExchange:
        return self.exchange(facts, self.rewriter)


def guarded(app: Any, rewriter: Callable[[], Any] | None = None, exchange: type[FakeExchange] = FakeExchange) -> Any:
    """Return the app under the real engine, or under a fake one with this rewriter."""
    middleware = ConsentMiddleware(app, POLICY, secret_key=KEY)
    if rewriter is not None:
        middleware.guard = FakeGuard(middleware.guard.policy, rewriter, exchange)  # type: ignore[assignment]
    return middleware


def scope_of(path: str = "/page", method: str = "GET", headers: Iterable[Any] = (), **extra: Any) -> Message:
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.4"},
        "http_version": "1.1",
        "method": method,
        "scheme": "https",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "root_path": "",
        "headers": [(b"host", b"www.example.org"), (b"accept", b"text/html"), *headers],
        "client": ("127.0.0.1", 1234),
        "server": ("127.0.0.1", 443),
        **extra,
    }


class Server:
    """A server in a few lines: it gives one request and keeps every message that it gets."""

    def __init__(self, requests: Iterable[Message] = ({"type": "http.request", "body": b"", "more_body": False},)) -> None:
        self.requests = list(requests)
        self.messages: list[Message] = []
        self.received = 0

    async def receive(self) -> Message:
        self.received += 1
        return self.requests.pop(0) if self.requests else {"type": "http.disconnect"}

    async def send(self, message: Message) -> None:
        self.messages.append(message)

    async def run(self, app: Any, scope: Message | None = None) -> bytes:
        await app(scope_of() if scope is None else scope, self.receive, self.send)
        return self.body

    @property
    def body(self) -> bytes:
        return b"".join(message.get("body", b"") for message in self.messages if message["type"].endswith(".body"))

    @property
    def types(self) -> list[str]:
        return [message["type"].removeprefix("http.response.") for message in self.messages]

    def header(self, name: bytes) -> list[bytes]:
        for message in self.messages:
            if message["type"].endswith("response.start"):
                return [value for key, value in message["headers"] if key.lower() == name]
        return []


def app_of(*messages: Message) -> Any:
    """Return an app that sends these messages."""

    async def app(scope: Message, receive: Any, send: Any) -> None:
        for message in messages:
            await send(message)

    return app


def page_app(*parts: bytes, headers: Iterable[Any] = HTML, status: int = 200) -> Any:
    headers = list(headers) if isinstance(headers, list) else headers  # GZipMiddleware writes into it
    bodies = [{"type": "http.response.body", "body": part, "more_body": True} for part in parts]
    return app_of(
        {"type": "http.response.start", "status": status, "headers": headers}, *bodies, {"type": "http.response.body"}
    )


# What passes.


@pytest.mark.parametrize("kind", ["lifespan", "webtransport"])
def test_other_scopes_pass_with_the_very_same_objects(loop: Any, kind: str) -> None:
    """Y1"""
    seen: list[Any] = []

    async def app(*given: Any) -> None:
        seen.extend(given)

    scope, server = {"type": kind}, Server()
    receive, send = server.receive, server.send
    loop(lambda: guarded(app)(scope, receive, send))
    assert [id(thing) for thing in seen] == [id(scope), id(receive), id(send)]


def test_receive_is_the_servers_own() -> None:
    """Y14"""
    seen: list[Any] = []

    async def app(scope: Message, receive: Any, send: Any) -> None:
        seen.append(receive)
        await page_app(PAGE)(scope, receive, send)

    server = Server()
    receive = server.receive
    asyncio.run(guarded(app)(scope_of(), receive, server.send))
    assert seen[0] is receive
    assert server.received == 0


def test_the_servers_scope_stays_as_it_is_and_the_app_sees_a_filtered_copy() -> None:
    seen: list[Message] = []

    async def app(scope: Message, receive: Any, send: Any) -> None:
        seen.append(scope)
        await page_app(PAGE)(scope, receive, send)

    cookies = [(b"cookie", b"a=1; _trk=2"), (b"cookie", b"_trk=3"), (b"cookie", b"b=4")]
    scope = scope_of(headers=[*cookies, (b"range", b"bytes=0-9")], state={"db": 1}, extensions={"http.response.pathsend": {}})
    before = {**scope, "headers": list(scope["headers"]), "extensions": dict(scope["extensions"])}
    asyncio.run(Server().run(guarded(app), scope))
    assert scope == before
    assert [value for name, value in seen[0]["headers"] if name == b"cookie"] == [b"a=1", b"b=4"]
    assert b"range" not in dict(seen[0]["headers"])
    assert seen[0]["state"] is scope["state"]


# Websockets.


def test_a_websockets_accept_is_filtered() -> None:
    """Y2"""
    accept = {
        "type": "websocket.accept",
        "subprotocol": "chat",
        "headers": [(b"set-cookie", b"_trk=1"), (b"set-cookie", b"session=1"), (b"x-a", b"1")],
    }
    seen: list[Message] = []

    async def app(scope: Message, receive: Any, send: Any) -> None:
        seen.append(scope)
        await send(accept)
        await send({"type": "websocket.send", "text": SCRIPT.decode()})

    scope = scope_of(headers=[(b"cookie", b"_trk=1; a=2")], type="websocket", scheme="wss")
    del scope["method"]
    server = Server()
    asyncio.run(server.run(guarded(app), scope))
    assert server.messages[0] == {**accept, "headers": [(b"set-cookie", b"session=1"), (b"x-a", b"1")]}
    assert server.messages[1] == {"type": "websocket.send", "text": SCRIPT.decode()}
    assert dict(seen[0]["headers"])[b"cookie"] == b"a=2"
    assert not consent_from(seen[0]).allows("tracker")


def test_a_websockets_accept_without_headers_passes_as_it_is() -> None:
    """Y2, Y4"""
    accept = {"type": "websocket.accept"}
    server = Server()
    asyncio.run(server.run(guarded(app_of(accept)), scope_of(type="websocket", scheme="ws")))
    assert server.messages[0] is accept


def test_a_websockets_denial_is_filtered_like_any_response() -> None:
    """Y2"""
    app = app_of(
        {"type": "websocket.http.response.start", "status": 403, "headers": [*HTML, (b"set-cookie", b"_trk=1")]},
        {"type": "websocket.http.response.body", "body": PAGE[:70], "more_body": True},
        {"type": "websocket.http.response.body", "body": PAGE[70:]},
    )
    scope = scope_of(type="websocket", scheme="wss", extensions={"websocket.http.response": {}})
    server = Server()
    whole = asyncio.run(server.run(guarded(app), scope))
    assert SCRIPT not in whole
    assert b"<p>Text.</p>" in whole
    assert server.messages[0]["type"] == "websocket.http.response.start"
    assert server.header(b"set-cookie") == []
    assert server.messages[-1]["more_body"] is False


def test_our_own_addresses_speak_no_websocket() -> None:
    """Y2"""

    async def app(scope: Message, receive: Any, send: Any) -> None:
        raise AssertionError("the app was called")

    server = Server([{"type": "websocket.connect"}])
    asyncio.run(server.run(guarded(app), scope_of("/privacy-choices", type="websocket", scheme="wss")))
    assert server.messages == [{"type": "websocket.close", "code": 1000}]


# The start of a response.


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        (JSON, 200),
        ([*JSON, (b"content-range", b"bytes 0-1/2")], 206),
        ([*HTML, (b"content-encoding", b"gzip")], 200),
    ],
)
def test_the_start_is_sent_once_and_at_once(loop: Any, headers: Any, status: int) -> None:
    """Y3"""
    server = Server()

    async def app(scope: Message, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": status, "headers": headers})
        assert server.types == ["start"]
        await send({"type": "http.response.body", "body": b""})

    loop(lambda: server.run(guarded(app)))
    assert server.types.count("start") == 1


def test_a_second_start_is_an_error_and_is_not_forwarded() -> None:
    """Y3"""
    server = Server()
    with pytest.raises(ExchangeStateError, match="twice"):
        asyncio.run(server.run(guarded(app_of(START, {**START, "headers": JSON}))))
    assert server.types == ["start"]


@pytest.mark.parametrize(
    "headers",
    [
        [[b"Content-Type", b"text/html"], [b"set-cookie", b"_trk=1"]],
        (pair for pair in [(b"content-type", b"text/html"), (b"set-cookie", b"_trk=1")]),
        ((b"content-type", bytearray(b"text/html")), (b"set-cookie", b"_trk=1")),
        [iter([b"content-type", b"text/html"]), iter([b"set-cookie", b"_trk=1"])],
    ],
    ids=["lists", "generator", "bytearray", "iterators"],
)
def test_headers_may_be_any_iterable_of_pairs(headers: Any) -> None:
    """Y4"""
    server = Server()
    assert SCRIPT not in asyncio.run(server.run(guarded(page_app(PAGE, headers=headers))))
    assert server.header(b"set-cookie") == []


def test_keys_may_be_missing_and_unknown_ones_are_kept() -> None:
    """Y4"""
    app = app_of({"type": "http.response.start", "status": 204, "x-other": 1}, {"type": "http.response.body", "x-other": 2})
    server = Server()
    asyncio.run(server.run(guarded(app)))
    assert server.messages[0]["x-other"] == 1
    assert server.messages[1] == {"type": "http.response.body", "x-other": 2}


def test_unknown_keys_of_a_rewritten_message_are_kept() -> None:
    """Y4"""
    server = Server()
    asyncio.run(server.run(guarded(app_of(START, {"type": "http.response.body", "body": PAGE, "x-other": 2}))))
    assert server.messages[1]["x-other"] == 2


def test_header_names_in_any_case_are_understood_and_order_and_duplicates_kept() -> None:
    """Y5"""
    headers = [
        (b"X-B", b"2"),
        (b"Content-Type", b"text/plain"),
        (b"SET-COOKIE", b"_trk=1"),
        (b"x-b", b"1"),
        (b"Set-Cookie", b"a=1"),
    ]
    server = Server()
    asyncio.run(server.run(guarded(page_app(SCRIPT, headers=headers))))
    kept = [header for header in headers if header[0] != b"SET-COOKIE"]
    assert server.messages[0]["headers"] == kept
    assert server.body == SCRIPT


# The body.


def test_an_empty_last_message_flushes_the_tail_once(loop: Any) -> None:
    """Y6"""
    server = Server()
    assert loop(lambda: server.run(guarded(page_app(b"abc", b"def"), Shout))) == b"ABCDEF<TAIL>"
    assert [message["more_body"] for message in server.messages[1:]] == [True, True, False]


def test_each_message_with_safe_bytes_gives_one_at_once() -> None:
    """Y7"""
    server = Server()

    async def app(scope: Message, receive: Any, send: Any) -> None:
        await send(START)
        for number in range(3):
            await send({"type": "http.response.body", "body": b"<p>paragraph %d</p>" % number, "more_body": True})
            assert b"paragraph %d" % number in server.body
        await send({"type": "http.response.body"})

    asyncio.run(server.run(guarded(app)))


def test_a_message_that_is_held_whole_loses_nothing() -> None:
    """Y7"""
    server = Server()
    assert asyncio.run(server.run(guarded(page_app(b"a", b"b", b"c"), Shout))) == b"ABC<TAIL>"
    assert server.messages[-1] == {"type": "http.response.body", "body": b"C<TAIL>", "more_body": False}
    assert all(message["body"] for message in server.messages[1:])


def test_an_empty_message_by_which_an_app_flushes_passes() -> None:
    """Y7, Y20"""
    server = Server()
    asyncio.run(server.run(guarded(page_app(b"", PAGE))))
    assert server.messages[1]["body"] == b""
    assert server.messages[1]["more_body"] is True


def test_each_byte_in_its_own_message_gives_the_same_page() -> None:
    """R1, Y7"""
    whole = asyncio.run(Server().run(guarded(page_app(PAGE))))
    assert asyncio.run(Server().run(guarded(page_app(*[bytes([byte]) for byte in PAGE])))) == whole
    assert SCRIPT not in whole


@pytest.mark.parametrize("kind", [bytearray, memoryview])
def test_a_body_may_be_bytes_like(kind: Any) -> None:
    assert SCRIPT not in asyncio.run(Server().run(guarded(page_app(kind(PAGE)))))


def test_a_body_before_its_start_or_after_its_end_is_an_error() -> None:
    body = {"type": "http.response.body", "body": SCRIPT}
    for messages, error in (([body], "before the start"), ([START, body, body], "after the end")):
        with pytest.raises(ExchangeStateError, match=error):
            asyncio.run(Server().run(guarded(app_of(*messages))))


@pytest.mark.parametrize("kind", [b"text/event-stream", b"multipart/x-mixed-replace; boundary=x", b"application/grpc"])
def test_streams_that_are_no_pages_pass_message_by_message(kind: bytes) -> None:
    """Y20: a picture's parts are none, whatever they say that they are."""
    body = {"type": "http.response.body", "body": SCRIPT, "more_body": True}
    app = guarded(app_of({**START, "headers": [(b"content-type", kind)]}, body, body))
    server = Server()
    asyncio.run(server.run(app, scope_of(headers=[(b"sec-fetch-dest", b"image")])))
    assert server.messages[1] is body
    assert server.messages[2] is body


# Trailers, files, hints, push, debug.


def test_trailers_pass_in_order_without_digests_of_a_rewritten_body() -> None:
    """Y8"""
    trailers = [
        {
            "type": "http.response.trailers",
            "headers": [(b"content-digest", b"sha-256=:x:"), (b"x-a", b"1")],
            "more_trailers": True,
        },
        {"type": "http.response.trailers", "headers": [(b"set-cookie", b"_trk=1"), (b"x-b", b"2")], "more_trailers": False},
    ]
    server = Server()
    asyncio.run(
        server.run(guarded(app_of({**START, "trailers": True}, {"type": "http.response.body", "body": PAGE}, *trailers)))
    )
    assert server.types == ["start", "body", "trailers", "trailers"]
    assert server.messages[0]["trailers"] is True
    assert server.messages[1]["more_body"] is False
    assert [message["headers"] for message in server.messages[2:]] == [[(b"x-a", b"1")], [(b"x-b", b"2")]]
    assert [message["more_trailers"] for message in server.messages[2:]] == [True, False]


def test_trailers_of_what_is_not_rewritten_keep_their_digests() -> None:
    """Y8"""
    trailer = {"type": "http.response.trailers", "headers": [(b"content-digest", b"sha-256=:x:")], "more_trailers": False}
    start = {**START, "headers": JSON, "trailers": True}
    server = Server()
    asyncio.run(server.run(guarded(app_of(start, {"type": "http.response.body", "body": b"{}"}, trailer))))
    assert server.messages[-1] == trailer


BOTH = {"http.response.pathsend": {}, "http.response.zerocopysend": {}, "http.response.trailers": {}}


@pytest.mark.parametrize(
    ("headers", "offered"),
    [
        ([(b"accept", b"text/html,*/*;q=0.8")], False),
        ([(b"accept", b"*/*"), (b"sec-fetch-dest", b"iframe")], False),
        ([(b"accept", b"image/avif,*/*"), (b"sec-fetch-dest", b"image")], True),
    ],
)
def test_file_extensions_are_offered_only_where_no_page_is_asked_for(headers: Any, offered: bool) -> None:
    """Y9"""
    seen: list[Message] = []

    async def app(scope: Message, receive: Any, send: Any) -> None:
        seen.append(scope)
        await page_app(PAGE)(scope, receive, send)

    scope = scope_of(extensions=BOTH)
    scope["headers"] = [(b"host", b"www.example.org"), *headers]
    asyncio.run(Server().run(guarded(app), scope))
    assert set(seen[0]["extensions"]) == (set(BOTH) if offered else {"http.response.trailers"})
    assert set(scope["extensions"]) == set(BOTH)


def test_a_file_that_is_no_page_is_sent_by_the_server(tmp_path: Path) -> None:
    """Y9"""
    message = {"type": "http.response.pathsend", "path": str(tmp_path / "absent.bin")}
    server = Server()
    asyncio.run(server.run(guarded(app_of({**START, "headers": JSON}, message))))
    assert server.messages[1] is message


def test_a_page_that_is_sent_by_its_path_goes_through_the_rewriter(loop: Any, tmp_path: Path) -> None:
    """Y9"""
    file = tmp_path / "page.html"
    file.write_bytes(PAGE + b"<p>long</p>" * 20_000)
    server = Server()
    loop(
        lambda: server.run(
            guarded(app_of(START, {"type": "http.response.pathsend", "path": str(file)})), scope_of(extensions=BOTH)
        )
    )
    assert SCRIPT not in server.body
    assert server.body.count(b"<p>long</p>") == 20_000
    assert server.types[0] == "start"
    assert set(server.types[1:]) == {"body"}
    assert [message["more_body"] for message in server.messages[1:]] == [True] * (len(server.messages) - 2) + [False]


def test_a_page_that_is_sent_by_its_file_goes_through_the_rewriter() -> None:
    """Y9: offset, count and several messages."""
    file = io.BytesIO(b"skipped" + PAGE + b"not sent")
    app = app_of(
        START,
        {"type": "http.response.zerocopysend", "file": file, "offset": 7, "count": 70, "more_body": True},
        {"type": "http.response.zerocopysend", "file": file, "count": len(PAGE) - 70},
    )
    server = Server()
    asyncio.run(server.run(guarded(app), scope_of(extensions=BOTH)))
    assert server.body == asyncio.run(Server().run(guarded(page_app(PAGE))))
    assert server.messages[-1]["more_body"] is False


def test_early_hints_are_filtered_before_the_start_too_and_several_times() -> None:
    """Y10, H40"""
    gated, plain = b"<https://cdn.tracker.example/t.js>; rel=preload; as=script", b"</style.css>; rel=preload; as=style"
    hint = "http.response.early_hint"
    app = app_of(
        {"type": hint, "links": [gated, plain]},
        {"type": hint, "links": (link for link in [gated])},
        {"type": hint, "links": [plain]},
        START,
        {"type": "http.response.body", "body": PAGE},
    )
    server = Server()
    asyncio.run(server.run(guarded(app)))
    assert [message["links"] for message in server.messages if message["type"] == hint] == [[plain], [plain]]


def test_informational_responses_are_filtered() -> None:
    """H40: gunicorn's way to 103 Early Hints."""
    gated, plain = b"<https://cdn.tracker.example/t.js>; rel=preload; as=script", b"</style.css>; rel=preload; as=style"
    hints = {"type": "http.response.informational", "status": 103}
    app = app_of(
        {**hints, "headers": [(b"Link", gated), (b"link", plain), (b"Set-Cookie", b"_trk=1")]},
        START,
        {"type": "http.response.body", "body": PAGE},
    )
    server = Server()
    asyncio.run(server.run(guarded(app)))
    assert server.messages[0] == {**hints, "headers": [(b"link", plain)]}


def test_push_and_debug_pass_as_they_are() -> None:
    """Y11"""
    push = {"type": "http.response.push", "path": "/style.css", "headers": []}
    debug = {"type": "http.response.debug", "info": {}}
    server = Server()
    asyncio.run(server.run(guarded(app_of(debug, START, push, {"type": "http.response.body", "body": PAGE}))))
    assert server.messages[0] is debug
    assert server.messages[2] is push


# Errors.


def test_an_exception_before_the_start_propagates_and_nothing_is_sent(loop: Any) -> None:
    """Y12"""

    async def app(scope: Message, receive: Any, send: Any) -> None:
        raise KeyError("the app's own error")

    server = Server()
    with pytest.raises(KeyError):
        loop(lambda: server.run(guarded(app)))
    assert server.messages == []


def test_an_exception_after_the_start_propagates_and_no_end_is_made_up(loop: Any) -> None:
    """Y12"""

    async def app(scope: Message, receive: Any, send: Any) -> None:
        await send(START)
        await send({"type": "http.response.body", "body": b"abc", "more_body": True})
        raise KeyError("the app's own error")

    server = Server()
    with pytest.raises(KeyError):
        loop(lambda: server.run(guarded(app, Shout)))
    assert server.body == b"AB"
    assert server.messages[-1]["more_body"] is True


def test_an_error_of_the_servers_send_reaches_the_app_and_nothing_more_is_sent() -> None:
    """Y13"""
    caught: list[OSError] = []

    class Gone(Server):
        async def send(self, message: Message) -> None:
            await super().send(message)
            if message["type"] == "http.response.body":
                raise OSError("the client has gone")

    async def app(scope: Message, receive: Any, send: Any) -> None:
        await send(START)
        try:
            await send({"type": "http.response.body", "body": b"abc", "more_body": True})
        except OSError as error:
            caught.append(error)

    server = Gone()
    asyncio.run(server.run(guarded(app, Shout)))
    assert len(caught) == 1
    assert server.types == ["start", "body"]


def test_a_fault_of_ours_breaks_the_response_off_even_if_the_app_makes_light_of_it(caplog: pytest.LogCaptureFixture) -> None:
    """Y12, DESIGN §6 "Failure"."""

    async def app(scope: Message, receive: Any, send: Any) -> None:
        await send(START)
        for body in (PAGE, SCRIPT, b""):
            with pytest.raises(RewriteError):
                await send({"type": "http.response.body", "body": body, "more_body": bool(body)})

    server = Server()
    with pytest.raises(RewriteError):
        asyncio.run(server.run(guarded(app, Broken)))
    assert server.types == ["start"]
    (record,) = caplog.records
    assert record.name == "consent_guard"
    assert record.exc_info is not None


@pytest.mark.parametrize("kind", ["http", "websocket"])
def test_a_head_that_cannot_be_decided_gives_our_own_500(
    kind: str, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """DESIGN §6 "Failure", L24c: with the real engine."""

    def faulty(*given: Any) -> ResponsePlan:
        raise ZeroDivisionError("a fault")

    monkeypatch.setattr(ResponseSide, "plan", faulty)
    prefix = "" if kind == "http" else "websocket."
    app = app_of(
        {"type": f"{prefix}http.response.start", "status": 200, "headers": [*HTML, (b"set-cookie", b"_trk=1")]},
        {"type": f"{prefix}http.response.body", "body": SCRIPT, "more_body": True},
        {"type": f"{prefix}http.response.body"},
    )
    server = Server()
    whole = asyncio.run(server.run(guarded(app), scope_of(type=kind)))
    assert whole == b"This page could not be prepared safely.\n"
    assert [message["type"] for message in server.messages] == [f"{prefix}http.response.start", f"{prefix}http.response.body"]
    assert server.messages[0]["status"] == 500
    assert server.header(b"set-cookie") == []
    assert caplog.records[0].exc_info is not None


def test_an_undecodable_coding_of_a_page_is_refused() -> None:
    """N5: with the real engine."""
    server = Server()
    whole = asyncio.run(server.run(guarded(page_app(PAGE, headers=[*HTML, (b"content-encoding", b"exi")]))))
    assert server.messages[0]["status"] == 500
    assert b"tracker.example" not in whole


# One task, any loop.


def test_the_end_is_sent_while_the_app_goes_on() -> None:
    """Y15"""
    server = Server()
    done: list[str] = []

    async def app(scope: Message, receive: Any, send: Any) -> None:
        await page_app(PAGE)(scope, receive, send)
        assert server.messages[-1]["more_body"] is False
        await asyncio.sleep(0.01)
        done.append("background task")

    asyncio.run(server.run(guarded(app)))
    assert done == ["background task"]


def test_context_variables_travel_both_ways(loop: Any) -> None:
    """Y16"""
    outer: contextvars.ContextVar[str] = contextvars.ContextVar("outer")
    inner: contextvars.ContextVar[str] = contextvars.ContextVar("inner")

    async def app(scope: Message, receive: Any, send: Any) -> None:
        assert outer.get() == "from outside"
        inner.set("from inside")
        await page_app(PAGE)(scope, receive, send)

    async def around() -> str:
        outer.set("from outside")
        await Server().run(guarded(app))
        return inner.get()

    assert loop(around) == "from inside"


def test_a_thousand_interleaved_requests_share_no_state() -> None:
    """Y17"""

    async def app(scope: Message, receive: Any, send: Any) -> None:
        await send(START)
        for start in range(0, len(PAGE), 40):
            await asyncio.sleep(0)
            await send({"type": "http.response.body", "body": PAGE[start : start + 40], "more_body": True})
        await send({"type": "http.response.body", "body": scope["path"].encode()})

    middleware = guarded(app)
    granted = (b"cookie", "{}={}".format(*consent_cookie(middleware.guard.policy, KEY, allow="*")).encode())

    async def visit(number: int) -> bool:
        path = f"/{number}"
        headers = [granted] if number % 2 else []
        whole = await Server().run(middleware, scope_of(path, headers=headers))
        return whole.endswith(path.encode()) and (SCRIPT in whole) is bool(headers)

    async def everyone() -> list[bool]:
        return await asyncio.gather(*(visit(number) for number in range(1000)))

    assert all(asyncio.run(everyone()))


def test_a_page_in_one_large_message_is_filtered_in_its_step(loop: Any) -> None:
    """Y18: no event loop is taken for granted. The cost per MB stands in the documentation."""
    large = PAGE.replace(b"</body>", b"<p>Text of some length, again and again.</p>" * 25_000 + b"</body>")
    server = Server()
    assert SCRIPT not in loop(lambda: server.run(guarded(app_of(START, {"type": "http.response.body", "body": large}))))
    assert server.types == ["start", "body"]


def test_the_transport_imports_no_event_loop_and_no_framework() -> None:
    """Y18, DESIGN §2"""
    modules = ["asyncio", "trio", "anyio", "starlette", "flask", "django", "jinja2", "werkzeug"]
    code = f"import sys, consent_guard.asgi, consent_guard.wsgi; print([name for name in {modules} if name in sys.modules])"
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert shown.strip() == "[]"


async def browse(app: Any) -> httpx.Response:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="https://www.example.org") as client:
        return await client.get("/", headers={"accept": "text/html"})


def test_gzip_inside_is_decoded_and_coded_again() -> None:
    """Y19, N5"""
    response = asyncio.run(browse(guarded(GZipMiddleware(page_app(PAGE + b"<p>long</p>" * 99), minimum_size=10))))
    assert response.headers["content-encoding"] == "gzip"
    assert SCRIPT not in response.content
    assert response.content.count(b"<p>long</p>") == 99


def test_gzip_outside_codes_the_filtered_page() -> None:
    """Y19"""
    response = asyncio.run(browse(GZipMiddleware(guarded(page_app(PAGE + b"<p>long</p>" * 99)), minimum_size=10)))
    assert response.headers["content-encoding"] == "gzip"
    assert SCRIPT not in response.content


def test_asgirefs_own_test_client_is_content() -> None:
    """Y21"""

    async def visit() -> list[Message]:
        client = ApplicationCommunicator(guarded(page_app(PAGE)), scope_of())
        await client.send_input({"type": "http.request", "body": b""})
        messages = []
        while not messages or messages[-1].get("more_body", True):
            messages.append(await client.receive_output(5))
        await client.wait(5)
        return messages

    assert SCRIPT not in b"".join(message.get("body", b"") for message in asyncio.run(visit()))


# Facts.


@pytest.mark.parametrize(
    ("root_path", "path", "below"),
    [
        ("", "/page", "/page"),
        ("/app", "/app/page", "/page"),
        ("/app", "/page", "/page"),
        ("/app/", "/app/page", "/page"),
        ("/app", "/app", ""),
        ("/app", "/apple", "/apple"),
        ("/", "/page", "/page"),
        ("/é", "/é/à", "/à"),
    ],
)
def test_the_path_is_the_one_below_the_root_path(root_path: str, path: str, below: str) -> None:
    """ASGI: ``path`` holds ``root_path`` in the newer specification; some servers leave it out."""
    facts = request_facts(scope_of(path, root_path=root_path), 0)
    assert facts.path == below
    assert facts.root_path == root_path.rstrip("/")


def test_facts_are_taken_from_the_scope() -> None:
    scope = scope_of("/p", "POST", headers=[(b"x-a", b"\xff")], query_string=b"a=%C3%A9")
    facts = request_facts(scope, 7.5)
    assert (facts.method, facts.scheme, facts.host, facts.query, facts.now) == (
        "POST",
        "https",
        "www.example.org",
        b"a=%C3%A9",
        7.5,
    )
    assert facts.headers == tuple(scope["headers"])


def test_a_scope_may_lack_what_the_specification_makes_optional() -> None:
    """Y4"""
    facts = request_facts({"type": "http", "method": "GET", "path": "/"}, 0)
    assert (facts.scheme, facts.host, facts.query, facts.headers, facts.root_path) == ("http", "", b"", (), "")


@pytest.mark.parametrize(
    ("server", "host"),
    [(("127.0.0.1", 8000), "127.0.0.1:8000"), (("::1", 8000), "[::1]:8000"), (("/run/app.sock", None), ""), (None, "")],
)
def test_without_a_host_header_the_servers_own_address_counts(server: Any, host: str) -> None:
    assert request_facts(scope_of(server=server) | {"headers": []}, 0).host == host


def test_forwarded_headers_are_not_read() -> None:
    """K21"""
    headers = [(b"x-forwarded-proto", b"http"), (b"x-forwarded-host", b"evil.example"), (b"forwarded", b"host=evil.example")]
    facts = request_facts(scope_of(headers=headers), 0)
    assert (facts.scheme, facts.host) == ("https", "www.example.org")


@pytest.mark.parametrize(
    ("extra", "headers"),
    [
        ({"path": "/caf\ufffd"}, []),
        ({"path": "", "raw_path": b""}, []),
        ({"path": "/\udcff"}, []),
        ({"query_string": b"\xff\x00"}, []),
        ({"root_path": "/\udcff"}, []),
        ({}, [(b"host", b"\xff\x00:::]")]),
        ({}, [(b"cookie", b"\xff=\x00; ;;;=;"), (b"cookie", b"")]),
        ({}, [(b"if-none-match", b'"\xff'), (b"accept-language", b"\xff" * 9000)]),
    ],
    ids=["replaced", "no path", "surrogate", "query", "root path", "host", "cookies", "others"],
)
def test_nothing_that_a_visitor_sends_is_an_error(extra: Message, headers: Any) -> None:
    """K8"""
    server = Server()
    assert b"<p>Text.</p>" in asyncio.run(server.run(guarded(page_app(PAGE)), scope_of(headers=headers) | extra))
    assert server.messages[0]["status"] == 200


# Our own pages.


def test_our_own_pages_are_answered_without_the_app(loop: Any) -> None:
    async def app(scope: Message, receive: Any, send: Any) -> None:
        raise AssertionError("the app was called")

    server = Server()
    assert b'value="accept"' in loop(lambda: server.run(guarded(app), scope_of("/privacy-choices")))
    assert server.messages[0]["status"] == 200


def test_a_choice_is_recorded_and_the_visitor_sent_back() -> None:
    middleware = guarded(page_app(PAGE))
    form = [(b"content-type", b"application/x-www-form-urlencoded")]
    server = Server(
        [
            {"type": "http.request", "body": b"choice=acc", "more_body": True},
            {"type": "http.request", "body": b"ept&next=/page", "more_body": False},
        ]
    )
    asyncio.run(server.run(middleware, scope_of("/privacy-choices", "POST", form)))
    assert server.messages[0]["status"] == 303
    assert server.header(b"location") == [b"/page"]
    cookie = (b"cookie", server.header(b"set-cookie")[0].partition(b";")[0])
    assert SCRIPT in asyncio.run(Server().run(middleware, scope_of(headers=[cookie])))


def test_a_visitor_who_leaves_while_choosing_chooses_nothing() -> None:
    server = Server([{"type": "http.request", "body": b"choice=accept", "more_body": True}])
    form = [(b"content-type", b"application/x-www-form-urlencoded")]
    asyncio.run(server.run(guarded(page_app(PAGE)), scope_of("/privacy-choices", "POST", form)))
    assert server.messages == []


def test_a_body_is_read_up_to_the_limit_and_one_byte() -> None:
    """K15"""
    server = Server([{"type": "http.request", "body": b"x" * 15, "more_body": True}] * 9)
    assert asyncio.run(read_body(server.receive, 20)) == b"x" * 21
    assert server.received == 2


# What views get, and construction.


def test_a_view_reads_the_consent_and_places_the_link() -> None:
    seen: list[Any] = []

    async def app(scope: Message, receive: Any, send: Any) -> None:
        seen.append((consent_from(scope).allows("tracker"), manage_link(scope), manage_link(scope, "Kekse & Co")))
        await page_app(PAGE)(scope, receive, send)

    middleware = guarded(app)
    cookie = (b"cookie", "{}={}".format(*consent_cookie(middleware.guard.policy, KEY, allow="*")).encode())
    asyncio.run(Server().run(middleware, scope_of("/app/page", root_path="/app")))
    asyncio.run(Server().run(middleware, scope_of(headers=[cookie])))
    assert seen == [
        (
            False,
            '<a href="/app/privacy-choices" data-cg="manage">Manage cookies</a>',
            '<a href="/app/privacy-choices" data-cg="manage">Kekse &amp; Co</a>',
        ),
        (
            True,
            '<a href="/privacy-choices" data-cg="manage">Manage cookies</a>',
            '<a href="/privacy-choices" data-cg="manage">Kekse &amp; Co</a>',
        ),
    ]


@pytest.mark.parametrize("ask", [consent_from, manage_link])
def test_outside_the_middleware_there_is_a_clear_error(ask: Any) -> None:
    with pytest.raises(LookupError, match="middleware is not around the app"):
        ask({})


def test_a_bad_policy_or_an_empty_key_stops_the_start() -> None:
    with pytest.raises(PolicyError):
        ConsentMiddleware(page_app(), {"nonsense": 1}, secret_key=KEY)
    with pytest.raises(SecretKeyError):
        ConsentMiddleware(page_app(), POLICY, secret_key="")


def test_the_clock_is_the_one_that_was_given() -> None:
    """S07"""
    at = 1_700_000_000
    now = [float(at)]
    middleware = ConsentMiddleware(page_app(PAGE), POLICY, secret_key=KEY, clock=lambda: now[0])
    cookie = (b"cookie", "{}={}".format(*consent_cookie(middleware.guard.policy, KEY, allow="*", at=at)).encode())
    assert SCRIPT in asyncio.run(Server().run(middleware, scope_of(headers=[cookie])))
    now[0] = at + 400 * 86400
    assert SCRIPT not in asyncio.run(Server().run(middleware, scope_of(headers=[cookie])))


# WSGI and ASGI give the same bytes (DESIGN §2).

COOKIES = [(b"Set-Cookie", b"_trk=1"), (b"Set-Cookie", b"_trk=; Max-Age=0"), (b"Set-Cookie", b"s=1; Max-Age=99999999")]
TEXT_HTML = (b"Content-Type", b"text/html")
TAG = (b"ETag", b'"1"')
SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><image href="//cdn.tracker.example/"/></svg>'
PARTS = [
    b"--b\r\nContent-Type: text/html\r\nSet-Cookie: _trk=1\r\n\r\n",
    PAGE[:33],
    PAGE[33:] + b"\r\n--b",
    b"\r\nContent-Type: image/jpeg\r\n\r\n\xff\xd8\r\n",
    b"--b--\r\n",
]
RESPONSES: list[tuple[int, list[tuple[bytes, bytes]], list[bytes]]] = [
    (200, [TEXT_HTML, (b"Content-Length", b"9"), TAG, *COOKIES], [PAGE[:33], b"", PAGE[33:]]),
    (200, [TEXT_HTML, (b"Last-Modified", b"x"), (b"Cache-Control", b"public, s-maxage=9")], [PAGE]),
    (200, [(b"Content-Type", b"image/svg+xml")], [SVG]),
    (200, [(b"Content-Type", b"application/json"), (b"Content-Length", b"2"), TAG, *COOKIES], [b"{}"]),
    (200, [], [PAGE]),
    (200, [(b"Content-Type", b"multipart/x-mixed-replace; boundary=b"), (b"Content-Length", b"9"), *COOKIES], PARTS),
    (206, [TEXT_HTML, (b"Content-Range", b"bytes 0-9/99")], [PAGE[:10]]),
    (301, [(b"Location", b"https://cdn.tracker.example/"), (b"Link", b"<//cdn.tracker.example/x>; rel=preload"), *COOKIES], []),
    (304, [TAG, *COOKIES], []),
    (404, [(b"Content-Type", b"text/html; charset=utf-16")], [PAGE.decode().encode("utf-16")]),
    (500, [TEXT_HTML, (b"Content-Encoding", b"exi")], [PAGE]),
    (599, [(b"Content-Type", b"text/plain")], [SCRIPT]),
]
VISITS: list[tuple[str, str, str, list[tuple[bytes, bytes]], bytes]] = [
    ("GET", "/app", "/page", [], b""),
    ("HEAD", "", "/page", [], b""),
    ("GET", "", "/caf\u00e9", [(b"cookie", b"_trk=1; a=2"), (b"sec-fetch-dest", b"document")], b""),
    ("GET", "", "/page", [(b"cookie", b"GRANTED; _trk=1"), (b"if-none-match", b'W/"1"')], b""),
    ("GET", "/app", "/privacy-choices", [(b"cookie", b"_trk=1"), (b"accept-language", b"fr")], b""),
    ("HEAD", "", "/privacy-choices", [], b""),
    ("GET", "", "/privacy-choices/declaration", [], b""),
    ("GET", "", "/privacy-choices/state", [(b"cookie", b"GRANTED")], b""),
    ("GET", "", "/privacy-choices/nowhere", [], b""),
    ("PUT", "", "/privacy-choices", [], b"x"),
    ("POST", "/app", "/privacy-choices", [(b"content-type", b"application/x-www-form-urlencoded")], b"choice=nonsense"),
    ("POST", "", "/privacy-choices", [(b"content-type", b"application/x-www-form-urlencoded")], b"x" * 9000),
    ("POST", "", "/privacy-choices", [(b"content-type", b"text/plain")], b"choice=accept"),
    ("POST", "", "/privacy-choices", [(b"sec-fetch-site", b"cross-site")], b"choice=accept"),
]


@pytest.mark.parametrize("visit", VISITS, ids=lambda visit: f"{visit[0]} {visit[1]}{visit[2]}")
@pytest.mark.parametrize("response", RESPONSES, ids=lambda response: str(response[0]))
def test_wsgi_and_asgi_give_the_same_bytes(response: Any, visit: Any) -> None:
    status, headers, parts = response
    method, root_path, path, extra, body = visit
    granted = "{}={}".format(*consent_cookie(guarded(None).guard.policy, KEY, allow="*", at=time.time() - 60)).encode()
    extra = [(name, value.replace(b"GRANTED", granted)) for name, value in extra]
    now = time.time()

    def wsgi_app(environ: Message, start_response: Any) -> Any:
        start_response(f"{status} X", [(name.decode("latin-1"), value.decode("latin-1")) for name, value in headers])
        return [] if method == "HEAD" else list(parts)

    sent: list[Any] = []
    environ: Message = {
        "REQUEST_METHOD": method,
        "SCRIPT_NAME": root_path,
        "PATH_INFO": path.encode().decode("latin-1"),
        "QUERY_STRING": "a=b",
        "HTTP_HOST": "www.example.org",
        "HTTP_ACCEPT": "text/html",
        "wsgi.url_scheme": "https",
        "wsgi.input": io.BytesIO(body),
        "CONTENT_LENGTH": str(len(body)),
    }
    for name, value in extra:
        key = name.decode().upper().replace("-", "_")
        environ[key if key == "CONTENT_TYPE" else f"HTTP_{key}"] = value.decode("latin-1")
    wsgi = WSGIMiddleware(wsgi_app, POLICY, secret_key=KEY, clock=lambda: now)
    iterable = wsgi(environ, lambda *given: sent.append(given))
    wsgi_body = b"".join(iterable)
    wsgi_head = int(sent[-1][0][:3]), [(name.encode("latin-1"), value.encode("latin-1")) for name, value in sent[-1][1]]

    start = {"type": "http.response.start", "status": status, "headers": headers}
    whole = {"type": "http.response.body", "body": b"" if method == "HEAD" else b"".join(parts)}
    asgi = ConsentMiddleware(app_of(start, whole), POLICY, secret_key=KEY)
    asgi._clock = lambda: now
    server = Server([{"type": "http.request", "body": body, "more_body": False}])
    scope = scope_of(root_path + path, method, extra, root_path=root_path, query_string=b"a=b")
    asgi_body = asyncio.run(server.run(asgi, scope))
    asgi_head = server.messages[0]["status"], server.messages[0]["headers"]

    assert [_masked(header) for header in wsgi_head[1]] == [_masked(header) for header in asgi_head[1]]
    assert wsgi_head[0] == asgi_head[0]
    assert wsgi_body == asgi_body


def _masked(header: tuple[bytes, bytes]) -> tuple[bytes, bytes]:
    """A receipt id and its signature are fresh for every choice."""
    name, value = header
    return (name, value.partition(b"=")[0]) if b"consent=" in value else header


# What the app puts into its scope.


def test_middleware_around_us_sees_what_the_app_put_into_the_scope() -> None:
    """Exporters read the route, and outer middleware the user, when the first message comes and after the end."""
    seen: list[dict[str, Any]] = []
    names = ("route", "endpoint", "path_params", "user", "late")

    async def app(scope: Message, receive: Any, send: Any) -> None:
        scope.update(route="/items/{id}", endpoint=page_app, path_params={"id": "1"}, user="ann")
        scope["headers"] = []
        await send({"type": "http.response.start", "status": 200, "headers": JSON})
        scope["user"] = "bob"
        await send({"type": "http.response.body", "body": b"{}"})
        scope["late"] = True

    outer = scope_of(headers=[(b"cookie", b"_trk=1")], extensions={"http.response.pathsend": {}})
    before = dict(outer)
    server = Server()

    async def send(message: Message) -> None:
        seen.append({name: outer.get(name) for name in names})
        await server.send(message)

    asyncio.run(guarded(app)(outer, server.receive, send))
    route = {"route": "/items/{id}", "endpoint": page_app, "path_params": {"id": "1"}}
    assert seen == [{**route, "user": "ann", "late": None}, {**route, "user": "bob", "late": None}]
    assert outer == {**before, **route, "user": "bob", "late": True}


# Style sheets: the head waits for what the body names, however that comes.

GATED_SHEET = b"@import '//cdn.tracker.example/t.css';p{color:red}"
FILTERED_SHEET = b"@import 'about:invalid';p{color:red}"
CLEAN_SHEET = b"p{background:url(/p.png)}"
CSS = [(b"content-type", b"text/css"), (b"cache-control", b"public, max-age=31536000, immutable"), (b"etag", b'"v1"')]


def sheet_scope() -> Message:
    scope = scope_of("/site.css", extensions=BOTH)
    scope["headers"] = [(b"host", b"www.example.org"), (b"accept", b"text/css,*/*;q=0.1"), (b"sec-fetch-dest", b"style")]
    return scope


def sheet_apps(sheet: bytes, folder: Path, headers: Any = CSS) -> list[Any]:
    """Return apps that send a sheet in each of the ways there are."""
    file = folder / "site.css"
    file.write_bytes(sheet)
    start = {**START, "headers": headers}
    return [
        app_of(start, {"type": "http.response.body", "body": sheet}),
        page_app(sheet, headers=headers),
        page_app(sheet[:9], b"", sheet[9:], headers=headers),
        page_app(*(bytes([one]) for one in sheet), headers=headers),
        app_of(start, {"type": "http.response.pathsend", "path": str(file)}),
        app_of(
            start,
            {"type": "http.response.zerocopysend", "file": io.BytesIO(sheet), "count": 9, "more_body": True},
            {"type": "http.response.zerocopysend", "file": io.BytesIO(sheet), "offset": 9},
        ),
    ]


@pytest.mark.parametrize("number", range(6))
@pytest.mark.parametrize("length", [[], [(b"content-length", b"%d" % len(GATED_SHEET))]])
def test_a_sheet_that_names_a_listed_host_leaves_with_a_head_of_its_own(
    loop: Any, tmp_path: Path, number: int, length: Any
) -> None:
    server = Server()
    app = guarded(sheet_apps(GATED_SHEET, tmp_path, [*CSS, *length])[number])
    assert loop(lambda: server.run(app, sheet_scope())) == FILTERED_SHEET
    assert server.types[0] == "start"
    assert server.types.count("start") == 1
    assert server.messages[-1]["more_body"] is False
    assert server.header(b"cache-control") == [b"private, no-cache"]
    assert server.header(b"content-length") == [b"%d" % len(FILTERED_SHEET)]
    assert server.header(b"etag") != [b'"v1"']


@pytest.mark.parametrize("number", range(6))
def test_a_clean_sheet_keeps_its_head_and_the_next_one_its_messages(loop: Any, tmp_path: Path, number: int) -> None:
    app = guarded(sheet_apps(CLEAN_SHEET, tmp_path)[number])
    server = Server()
    assert loop(lambda: server.run(app, sheet_scope())) == CLEAN_SHEET
    assert server.messages[0]["headers"] == CSS
    again = Server()
    loop(lambda: again.run(app, sheet_scope()))
    assert again.messages[0]["headers"] == CSS
    bodies = len(again.types) - 1
    assert again.types == ["start", *[{4: "pathsend", 5: "zerocopysend"}.get(number, "body")] * bodies]


@pytest.mark.parametrize("number", range(6))
@pytest.mark.parametrize("length", [[], [(b"content-length", b"%d" % len(CLEAN_SHEET))]])
def test_a_sheet_that_turns_out_clean_is_answered_with_304_where_the_browser_has_it(
    loop: Any, tmp_path: Path, number: int, length: Any
) -> None:
    """N3: the app is not asked, for the browser may have stored what was never filtered; it answers with the whole."""
    asked: list[Any] = []
    sheet = sheet_apps(CLEAN_SHEET, tmp_path, [*CSS, *length])[number]

    async def app(scope: Message, receive: Any, send: Any) -> None:
        asked.append([value for name, value in scope["headers"] if name == b"if-none-match"])
        await sheet(scope, receive, send)

    def scope() -> Message:
        plain = sheet_scope()
        return {**plain, "headers": [*plain["headers"], (b"if-none-match", b'W/"v1"')]}

    server = Server()
    assert loop(lambda: server.run(guarded(app), scope())) == b""
    assert asked == [[]]
    assert (server.messages[0]["status"], server.messages[0]["headers"]) == (304, CSS[1:])
    assert server.types.count("start") == 1
    assert server.messages[-1]["more_body"] is False
    gated = Server()
    assert loop(lambda: gated.run(guarded(sheet_apps(GATED_SHEET, tmp_path)[number]), scope())) == FILTERED_SHEET
    assert gated.messages[0]["status"] == 200


def test_a_sheet_that_is_too_long_leaves_as_it_came_from_where_that_is_known() -> None:
    parts = [GATED_SHEET] + [b"p{color:red}" * 1000] * 60
    server = Server()
    assert asyncio.run(server.run(guarded(page_app(*parts, headers=CSS)), sheet_scope())) == b"".join(parts)
    assert server.messages[0]["headers"] == CSS
    assert len(server.messages) < 25


def test_an_app_that_fails_within_a_sheet_sends_no_end() -> None:
    async def app(scope: Message, receive: Any, send: Any) -> None:
        await send({**START, "headers": CSS})
        await send({"type": "http.response.body", "body": GATED_SHEET, "more_body": True})
        raise KeyError

    server = Server()
    with pytest.raises(KeyError):
        asyncio.run(server.run(guarded(app), sheet_scope()))
    assert server.types == ["start"]
    assert server.header(b"cache-control") == [b"private, no-cache"]


@pytest.mark.parametrize("sheet", [GATED_SHEET, CLEAN_SHEET])
def test_wsgi_gives_the_same_sheet(tmp_path: Path, sheet: bytes) -> None:
    """DESIGN §2"""
    server = Server()
    body = asyncio.run(server.run(guarded(sheet_apps(sheet, tmp_path)[2]), sheet_scope()))
    starts: list[Any] = []

    def wsgi_app(environ: Any, start_response: Any) -> Any:
        start_response("200 OK", [(name.decode(), value.decode()) for name, value in CSS])
        return iter([sheet[:9], sheet[9:]])

    environ = {"REQUEST_METHOD": "GET", "PATH_INFO": "/site.css", "QUERY_STRING": "", "wsgi.url_scheme": "https"}
    environ |= {"HTTP_HOST": "www.example.org", "HTTP_SEC_FETCH_DEST": "style"}
    guarded_wsgi = WSGIMiddleware(wsgi_app, POLICY, secret_key=KEY)
    assert b"".join(guarded_wsgi(environ, lambda *start: starts.append(start))) == body
    assert [(name.lower().encode(), value.encode()) for name, value in starts[0][1]] == server.messages[0]["headers"]


@pytest.mark.parametrize("kind", ["http", "websocket"])
def test_our_own_answer_ends_its_exchange_where_the_visitor_is_gone(monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    ended: list[Exchange] = []
    finish = Exchange.finish
    monkeypatch.setattr(Exchange, "finish", lambda exchange: ended.append(exchange) or finish(exchange))
    server = Server()

    async def gone(message: Message) -> None:
        raise OSError("gone")

    app = ConsentMiddleware(page_app(b""), POLICY, secret_key=KEY)
    with pytest.raises(OSError, match="gone"):
        asyncio.run(app(scope_of("/privacy-choices") | {"type": kind}, server.receive, gone))
    assert len(ended) == 1
