"""Bodies that are at hand as a whole leave with their length; HEAD leaves with no wrong one (W16, N1)."""

from __future__ import annotations

import asyncio
import gzip
import io
from collections.abc import Iterator
from typing import Any
from wsgiref.handlers import SimpleHandler
from wsgiref.util import setup_testing_defaults

import pytest

from consent_guard.asgi import ConsentMiddleware as ASGIMiddleware
from consent_guard.limits import WHOLE_BODY_BYTES
from consent_guard.wsgi import ConsentMiddleware

from .asgi_messages import got_of, saying
from .tracker_site import KEY, POLICY

SCRIPT = b'<script src="https://cdn.tracker.example/t.js"></script>'
PAGE = b'<!doctype html><html lang="en"><head><title>t</title>' + SCRIPT + b"</head><body><p>Text.</p></body></html>"
HTML = [("Content-Type", "text/html; charset=utf-8")]


def wsgi(body: Any, headers: Any = HTML, policy: Any = POLICY) -> Any:
    def app(environ: dict[str, Any], start_response: Any) -> Any:
        start_response("200 OK", list(headers))
        return body

    return ConsentMiddleware(app, policy, secret_key=KEY)


def environ_of(method: str = "GET") -> dict[str, Any]:
    environ: dict[str, Any] = {"REQUEST_METHOD": method, "HTTP_ACCEPT": "text/html", "wsgi.input": io.BytesIO()}
    setup_testing_defaults(environ)
    return environ


def get(app: Any, method: str = "GET") -> tuple[list[str], bytes]:
    """Return the lengths that the head told, and the body."""
    heads: list[Any] = []
    body = app(environ_of(method), lambda status, headers, exc_info=None: heads.append(headers))
    try:
        whole = b"".join(body)
    finally:
        if hasattr(body, "close"):
            body.close()
    assert len(heads) == 1
    return [value for name, value in heads[0] if name.lower() == "content-length"], whole


@pytest.mark.parametrize(
    "body",
    [[PAGE], (PAGE,), [PAGE[:70], b"", PAGE[70:]], [], [b"<p>no change</p>"]],
    ids=["list", "tuple", "parts", "none", "same"],
)
@pytest.mark.parametrize("stated", [[], [("Content-Length", str(len(PAGE)))]])
def test_a_list_or_tuple_is_rewritten_at_once(body: Any, stated: Any) -> None:
    lengths, whole = get(wsgi(body, [*HTML, *stated]))
    assert lengths == [str(len(whole))]
    assert SCRIPT not in whole


def test_a_coded_list_is_rewritten_at_once() -> None:
    lengths, whole = get(wsgi([gzip.compress(PAGE)], [*HTML, ("Content-Encoding", "gzip")]))
    assert lengths == [str(len(whole))]
    assert SCRIPT not in gzip.decompress(whole)


def test_a_longer_list_streams() -> None:
    part = b"<p>x</p>" * 20_000
    lengths, whole = get(wsgi([part] * (WHOLE_BODY_BYTES // len(part) + 1)))
    assert lengths == []
    assert len(whole) > WHOLE_BODY_BYTES


def test_a_generator_streams() -> None:
    lengths, _ = get(wsgi(iter([PAGE])))
    assert lengths == []


def test_a_first_item_of_the_stated_length_is_the_whole() -> None:
    """As Flask and werkzeug give their pages."""
    lengths, whole = get(wsgi(iter([PAGE, b""]), [*HTML, ("Content-Length", str(len(PAGE)))]))
    assert lengths == [str(len(whole))]
    assert SCRIPT not in whole


def test_what_comes_beyond_the_stated_length_stays_here() -> None:
    lengths, whole = get(wsgi(iter([PAGE, SCRIPT, b"<p>more</p>"]), [*HTML, ("Content-Length", str(len(PAGE)))]))
    assert lengths == [str(len(whole))]
    assert SCRIPT not in whole


def test_an_app_works_on_after_its_last_item() -> None:
    """Frameworks log, commit and close there; without us a server runs it to its end."""
    done: list[str] = []

    def app(environ: dict[str, Any], start_response: Any) -> Iterator[bytes]:
        start_response("200 OK", [*HTML, ("Content-Length", str(len(PAGE)))])
        yield PAGE
        done.append("after the page")
        yield b""
        done.append("at the end")

    lengths, whole = get(ConsentMiddleware(app, POLICY, secret_key=KEY))
    assert lengths == [str(len(whole))]
    assert done == ["after the page", "at the end"]


def test_write_makes_a_stream_of_it() -> None:
    def app(environ: dict[str, Any], start_response: Any) -> Any:
        write = start_response("200 OK", HTML)
        write(PAGE[:70])
        return [PAGE[70:]]

    written: list[bytes] = []
    heads: list[Any] = []

    def start(status: str, headers: Any, exc_info: Any = None) -> Any:
        heads.append(headers)
        return written.append

    body = ConsentMiddleware(app, POLICY, secret_key=KEY)(environ_of(), start)
    whole = b"".join(written) + b"".join(body)
    assert not any(name.lower() == "content-length" for name, _ in heads[0])
    assert SCRIPT not in whole
    assert b"<p>Text.</p>" in whole


def test_in_report_mode_the_apps_own_head_and_body_leave() -> None:
    policy = {**POLICY, "policy": {"languages": ["en"], "enforcement": "report"}}
    lengths, whole = get(wsgi([PAGE], HTML, policy))
    assert (lengths, whole) == ([], PAGE)


class Counted(list[bytes]):
    closed = 0

    def close(self) -> None:
        self.closed += 1


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_a_list_with_a_close_is_closed_once(method: str) -> None:
    body = Counted([PAGE])
    get(wsgi(body), method)
    assert body.closed == 1


@pytest.mark.parametrize("body", [[PAGE], [], (PAGE,), iter([PAGE])], ids=["list", "empty", "tuple", "iterator"])
def test_head_has_no_body_and_no_wrong_length(body: Any) -> None:
    """Servers count the one item of a list, and take no item for a length of zero: wsgiref does both."""
    output = io.BytesIO()
    handler = SimpleHandler(io.BytesIO(), output, io.StringIO(), environ_of("HEAD"))
    handler.run(wsgi(body, [*HTML, ("Content-Length", str(len(PAGE)))]))
    head, _, rest = output.getvalue().partition(b"\r\n\r\n")
    assert b"200 OK" in head
    assert b"content-length" not in head.lower()
    assert rest == b""


# ASGI.


def sent(*messages: dict[str, Any], method: str = "GET", policy: Any = POLICY) -> list[dict[str, Any]]:
    """Return what the server gets of these messages of an app."""
    return got_of(ASGIMiddleware(saying(*messages), policy, secret_key=KEY), "/page", method=method)


def start(*extra: tuple[bytes, bytes]) -> dict[str, Any]:
    return {"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/html"), *extra]}


def body(data: bytes, more: bool = False) -> dict[str, Any]:
    return {"type": "http.response.body", "body": data, "more_body": more}


def lengths_in(message: dict[str, Any]) -> list[bytes]:
    return [value for name, value in message["headers"] if name.lower() == b"content-length"]


def test_a_body_that_comes_whole_in_its_first_message_gets_its_length() -> None:
    head, first = sent(start((b"content-length", b"9")), body(PAGE))
    assert lengths_in(head) == [b"%d" % len(first["body"])]
    assert SCRIPT not in first["body"]
    assert first["more_body"] is False


def test_a_first_message_of_the_stated_length_is_the_whole() -> None:
    """As Starlette's BaseHTTPMiddleware hands a page on."""
    head, first, last = sent(start((b"content-length", b"%d" % len(PAGE))), body(PAGE, more=True), body(b""))
    assert lengths_in(head) == [b"%d" % len(first["body"])]
    assert SCRIPT not in first["body"]
    assert (first["more_body"], last["body"], last["more_body"]) == (True, b"", False)


def test_a_body_in_several_messages_streams() -> None:
    head, *bodies = sent(start(), body(PAGE[:70], more=True), body(PAGE[70:]))
    assert lengths_in(head) == []
    assert SCRIPT not in b"".join(message["body"] for message in bodies)


def test_a_longer_message_streams() -> None:
    head, first = sent(start(), body(b"<p>x</p>" * (WHOLE_BODY_BYTES // 8 + 1)))
    assert lengths_in(head) == []
    assert len(first["body"]) > WHOLE_BODY_BYTES


def test_the_start_waits_for_the_first_body_message_of_a_page_alone() -> None:
    """Y3; any other message lets it go, in the app's own order."""
    trailer = {"type": "http.response.trailers", "headers": [], "more_trailers": False}
    assert [message["type"] for message in sent(start(), trailer)] == ["http.response.start", "http.response.trailers"]
    assert [message["type"] for message in sent(start())] == ["http.response.start"]


def test_the_start_that_waits_leaves_before_an_exception_of_the_app() -> None:
    """Y12: the server then breaks off what it has begun, as it does without us."""
    got: list[Any] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send(start())
        raise KeyError("the app's own")

    async def send(message: Any) -> None:
        got.append(message["type"])

    scope = {"type": "http", "method": "GET", "path": "/", "headers": []}
    with pytest.raises(KeyError):
        asyncio.run(ASGIMiddleware(app, POLICY, secret_key=KEY)(scope, None, send))  # type: ignore[arg-type]
    assert got == ["http.response.start"]


def test_head_over_asgi_has_no_body_and_no_wrong_length() -> None:
    head, first = sent(start((b"content-length", b"9")), body(PAGE), method="HEAD")
    assert lengths_in(head) == []
    assert first["body"] == b""


def test_a_stream_is_not_read_ahead() -> None:
    """W1, W3"""
    steps: list[int] = []

    def app(environ: dict[str, Any], start_response: Any) -> Iterator[bytes]:
        start_response("200 OK", [*HTML, ("Content-Length", "999")])
        for number in range(3):
            steps.append(number)
            yield b"<p>%d</p>" % number

    iterator = iter(ConsentMiddleware(app, POLICY, secret_key=KEY)(environ_of(), lambda *given: None))  # type: ignore[arg-type]
    assert steps == []
    assert b"<p>0</p>" in next(iterator)
    assert steps == [0]


def test_html_in_json_and_events_is_edited_under_wsgi_and_asgi_alike() -> None:
    policy = {**POLICY, "paths": [{"glob": "/**", "bodies": ["json", "sse"]}]}
    json = b'["<p>a</p>%s"]' % SCRIPT.replace(b'"', b'\\"')
    events = b"data: <p>a</p>%s\n\n" % SCRIPT
    for kind, body, left in (
        ("application/json", json, b'["<p>a</p>"]'),
        ("text/event-stream", events, b"data: <p>a</p>\n\n"),
    ):
        pieces = [body[at : at + 7] for at in range(0, len(body), 7)]
        for given in ([body], pieces, iter(pieces)):
            assert get(wsgi(given, [("Content-Type", kind)], policy))[1] == left
        start = {"type": "http.response.start", "status": 200, "headers": [(b"content-type", kind.encode())]}
        messages = [{"type": "http.response.body", "body": piece, "more_body": True} for piece in pieces]
        app = saying(start, *messages, {"type": "http.response.body"})
        sent = got_of(ASGIMiddleware(app, policy, secret_key=KEY), "/")
        assert b"".join(message.get("body", b"") for message in sent) == left
