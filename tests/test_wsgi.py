"""The WSGI transport, rule by rule. Fakes stand in for the engine where a rewriter must hold bytes back or fail."""

from __future__ import annotations

import gc
import io
import threading
import time
import warnings
import weakref
from collections.abc import Callable, Iterable, Iterator
from typing import Any
from wsgiref.util import FileWrapper, setup_testing_defaults
from wsgiref.validate import validator

import pytest
from werkzeug.middleware.lint import LintMiddleware

from consent_guard.engine.response_side import ResponseSide
from consent_guard.errors import ConsentGuardError, ExchangeStateError, PolicyError, RewriteError, SecretKeyError
from consent_guard.testing import consent_cookie
from consent_guard.wire.messages import RequestFacts, ResponsePlan
from consent_guard.wsgi import ConsentMiddleware, consent_from, manage_link

from . import tracker_site
from .tracker_site import KEY, POLICY

SCRIPT, PAGE = tracker_site.SCRIPT.encode(), tracker_site.PAGE.encode()
HTML = [("Content-Type", "text/html; charset=utf-8")]
JSON = [("Content-Type", "application/json")]


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
    """A rewriter that fails at once, or only at the end."""

    def __init__(self, *, at_end: bool = False) -> None:
        self.at_end = at_end

    def feed(self, data: bytes) -> bytes:
        if self.at_end:
            return data
        raise RewriteError("cannot be filtered")

    def close(self) -> bytes:
        raise RewriteError("cannot be ended")


class FakeExchange:
    """An exchange that rewrites HTML with a given rewriter, and remembers what it was asked."""

    body_limit = None
    consent = object()

    def __init__(self, facts: RequestFacts, rewriter: Callable[[], Any]) -> None:
        self.forward_headers = facts.headers
        self.rewriter = rewriter
        self.heads: list[tuple[int, list[tuple[bytes, bytes]]]] = []
        self.finished = 0

    def respond(self, status: int, headers: list[tuple[bytes, bytes]]) -> ResponsePlan:
        self.heads.append((status, headers))
        html = any(name.lower() == b"content-type" and value.startswith(b"text/html") for name, value in headers)
        kept = [header for header in headers if not (html and header[0].lower() == b"content-length")]
        return ResponsePlan(status, [*kept, (b"X-Seen", b"%d" % len(self.heads))], self.rewriter() if html else None)

    def preferences_form(self, lang: str | None = None, next: str | None = None) -> str:
        return "<form></form>"

    def filter_headers(self, headers: Any) -> list[tuple[bytes, bytes]]:
        return [header for header in headers if header[0].lower() != b"set-cookie"]

    def finish(self) -> tuple[()]:
        self.finished += 1
        return ()


class FakeGuard:
    def __init__(self, rewriter: Callable[[], Any] = Shout, exchange: type[FakeExchange] = FakeExchange) -> None:
        self.real = ConsentMiddleware(lambda e, s: [], POLICY, secret_key=KEY).guard
        self.policy = self.real.policy
        self.rewriter = rewriter
        self.exchange = exchange
        self.opened: list[FakeExchange] = []

    def open(self, facts: RequestFacts) -> FakeExchange:
        self.opened.append(self.exchange(facts, self.rewriter))
        return self.opened[-1]


class Server:
    """A WSGI server in a few lines: it sends the head with the first body bytes, as PEP 3333 demands."""

    def __init__(self) -> None:
        self.starts: list[tuple[str, list[tuple[str, str]]]] = []
        self.sent: list[bytes] = []
        self.written: list[bytes] = []
        self.headers_sent = False

    def start_response(self, status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Callable[[bytes], None]:
        try:
            if exc_info is not None:
                if self.headers_sent:
                    raise exc_info[1].with_traceback(exc_info[2])
            elif self.starts:
                raise AssertionError("start_response was forwarded twice")
            self.starts.append((status, headers))
        finally:
            exc_info = None
        return self.write

    def write(self, data: bytes) -> None:
        self.headers_sent = True
        self.written.append(data)

    def run(self, app: Any, environ: dict[str, Any] | None = None, take: int | None = None) -> bytes:
        body = app(environ_of() if environ is None else environ, self.start_response)
        try:
            for item in body:
                assert isinstance(item, bytes)
                if item:
                    self.headers_sent = True
                self.sent.append(item)
                if take is not None and len(self.sent) >= take:
                    break
        finally:
            if hasattr(body, "close"):
                body.close()
        return b"".join(self.written + self.sent)

    def header(self, name: str) -> list[str]:
        return [value for key, value in self.starts[-1][1] if key.lower() == name]


def environ_of(path: str = "/page", method: str = "GET", body: bytes = b"", **extra: Any) -> dict[str, Any]:
    environ: dict[str, Any] = {
        "REQUEST_METHOD": method,
        "PATH_INFO": path,
        "SCRIPT_NAME": "",
        "QUERY_STRING": "",
        "HTTP_HOST": "www.example.org",
        "HTTP_ACCEPT": "text/html",
        "wsgi.url_scheme": "https",
        "wsgi.input": io.BytesIO(body),
    }
    if body:
        environ["CONTENT_LENGTH"] = str(len(body))
    setup_testing_defaults(environ)
    environ.update(extra)
    return environ


def guarded(app: Any, rewriter: Callable[[], Any] | None = None, exchange: type[FakeExchange] = FakeExchange) -> Any:
    """Return the app under the real engine, or under a fake one with this rewriter."""
    middleware = ConsentMiddleware(app, POLICY, secret_key=KEY)
    if rewriter is not None:
        middleware.guard = FakeGuard(rewriter, exchange)  # type: ignore[assignment]
    return middleware


class Body:
    """An iterable that counts how it is used."""

    def __init__(self, items: Iterable[bytes], fail: bool = False) -> None:
        self.items = list(items)
        self.asked = 0
        self.closed = 0
        self.fail = fail

    def __iter__(self) -> Iterator[bytes]:
        for item in self.items:
            self.asked += 1
            yield item
        if self.fail:
            raise KeyError("the app's own error")

    def close(self) -> None:
        self.closed += 1


def page_app(body: Any, headers: list[tuple[str, str]] = HTML, status: str = "200 OK") -> Any:
    def app(environ: dict[str, Any], start_response: Any) -> Any:
        start_response(status, headers)
        return body

    return app


# Block boundaries: PEP 3333, "Buffering and Streaming" and "Middleware Handling of Block Boundaries".


def test_nothing_is_read_before_the_server_asks() -> None:
    """W1"""
    body = Body([PAGE])
    iterable = guarded(page_app(body))(environ_of(), Server().start_response)
    assert body.asked == 0
    assert next(iter(iterable))
    assert body.asked == 1


def test_each_item_of_the_app_gives_an_item_even_when_all_its_bytes_are_held() -> None:
    """W2"""
    items = [bytes([byte]) for byte in PAGE]
    server = Server()
    whole = server.run(guarded(page_app(Body(items))))
    assert len(server.sent) in (len(items), len(items) + 1)
    assert b"" in server.sent
    assert SCRIPT not in whole
    assert b"<p>Text.</p>" in whole


def test_bytes_that_are_safe_leave_in_the_step_in_which_they_came() -> None:
    """W3"""
    steps: list[str] = []

    def app(environ: dict[str, Any], start_response: Any) -> Iterator[bytes]:
        start_response("200 OK", HTML)
        for number in range(3):
            steps.append(f"made {number}")
            yield b"<p>paragraph %d</p>" % number

    iterator = iter(guarded(app)(environ_of(), Server().start_response))
    for number in range(3):
        assert b"paragraph %d" % number in next(iterator)
        assert steps[-1] == f"made {number}"


# start_response.


def test_a_second_start_response_without_exc_info_is_an_error_and_is_not_forwarded() -> None:
    """W4"""
    server = Server()

    def app(environ: dict[str, Any], start_response: Any) -> Any:
        start_response("200 OK", HTML)
        with pytest.raises(ExchangeStateError, match="twice"):
            start_response("200 OK", HTML)
        return [PAGE]

    assert SCRIPT not in server.run(guarded(app))
    assert len(server.starts) == 1


@pytest.mark.parametrize("lazily", [False, True])
def test_an_error_page_in_place_of_json_is_filtered(lazily: bool) -> None:
    """W4: the content type may change as long as nothing was sent."""
    server = Server()
    assert SCRIPT not in server.run(guarded(restarting(JSON, HTML, PAGE, lazily)))
    assert [status for status, _ in server.starts] == ["200 OK", "500 Oops"]
    assert server.header("cache-control")


@pytest.mark.parametrize("lazily", [False, True])
def test_json_in_place_of_a_page_leaves_as_it_is(lazily: bool) -> None:
    """W4"""
    server = Server()
    assert server.run(guarded(restarting([*HTML, ("Content-Length", "9")], JSON, PAGE, lazily))) == PAGE
    assert server.starts[-1] == ("500 Oops", JSON)


def restarting(first: list[tuple[str, str]], second: list[tuple[str, str]], body: bytes, lazily: bool) -> Any:
    def start(start_response: Any) -> None:
        start_response("200 OK", first)
        try:
            raise KeyError("the app's own error")
        except KeyError as error:
            start_response("500 Oops", second, (KeyError, error, error.__traceback__))

    def app(environ: dict[str, Any], start_response: Any) -> Any:
        start(start_response)
        return [body]

    def generator(environ: dict[str, Any], start_response: Any) -> Iterator[bytes]:
        start(start_response)
        yield body

    return generator if lazily else app


def test_after_output_the_apps_own_exception_ends_the_response() -> None:
    """W4"""
    server = Server()

    def app(environ: dict[str, Any], start_response: Any) -> Iterator[bytes]:
        start_response("200 OK", HTML)
        yield PAGE
        try:
            raise KeyError("the app's own error")
        except KeyError as error:
            start_response("500 Oops", HTML, (KeyError, error, error.__traceback__))
        yield SCRIPT

    with pytest.raises(KeyError, match="the app's own error"):
        server.run(guarded(app, Shout))
    assert len(server.starts) == 1
    assert b"<TAIL>" not in b"".join(server.sent)


def test_a_server_that_would_start_over_after_output_does_not_get_an_unfiltered_body() -> None:
    """W4: held bytes are output to the app, though the server has sent nothing yet."""
    server = Server()

    def app(environ: dict[str, Any], start_response: Any) -> Iterator[bytes]:
        start_response("200 OK", HTML)
        yield b"x"
        try:
            raise KeyError("the app's own error")
        except KeyError as error:
            start_response("500 Oops", [*JSON, ("Set-Cookie", "_trk=1")], (KeyError, error, error.__traceback__))
        yield SCRIPT

    with pytest.raises(KeyError):
        server.run(guarded(app, Shout))
    assert server.sent == [b""]
    assert server.starts[-1] == ("500 Oops", JSON)


def test_an_iterable_that_was_handed_over_cannot_turn_into_a_page() -> None:
    """W4, W8: nothing could filter the page any more, so the app's own exception ends the response."""
    server = Server()

    class Late:
        def __init__(self, start_response: Any) -> None:
            self.start_response = start_response

        def __iter__(self) -> Iterator[bytes]:
            try:
                raise KeyError("the app's own error")
            except KeyError as error:
                self.start_response("500 Oops", HTML, (KeyError, error, error.__traceback__))
            yield SCRIPT

    def app(environ: dict[str, Any], start_response: Any) -> Any:
        start_response("200 OK", JSON)
        return Late(start_response)

    with pytest.raises(KeyError):
        server.run(guarded(app))
    assert server.sent == []


def test_a_generator_that_starts_its_response_with_its_first_item_is_filtered() -> None:
    """W5"""

    def app(environ: dict[str, Any], start_response: Any) -> Iterator[bytes]:
        start_response("200 OK", [*HTML, ("Set-Cookie", "_trk=1"), ("Set-Cookie", "session=1")])
        yield PAGE

    server = Server()
    assert SCRIPT not in server.run(guarded(app))
    assert "session=1" in server.header("set-cookie")
    assert "_trk=1" not in server.header("set-cookie")


def test_a_generator_of_what_is_no_page_passes_as_it_is() -> None:
    """W5"""

    def app(environ: dict[str, Any], start_response: Any) -> Iterator[bytes]:
        start_response("200 OK", JSON)
        yield SCRIPT
        yield b""

    server = Server()
    assert server.run(guarded(app)) == SCRIPT
    assert server.sent == [SCRIPT, b""]


def test_body_bytes_before_start_response_are_an_error_and_never_leave() -> None:
    """W5"""

    def app(environ: dict[str, Any], start_response: Any) -> Iterator[bytes]:
        yield b""
        yield SCRIPT

    server = Server()
    with pytest.raises(ExchangeStateError, match="before it called start_response"):
        server.run(guarded(app))
    assert server.sent == [b""]


def test_write_goes_through_the_same_rewriter_before_what_is_yielded() -> None:
    """W6"""

    def app(environ: dict[str, Any], start_response: Any) -> Any:
        write = start_response("200 OK", HTML)
        write(b"one ")
        write(b"two ")
        return [b"three"]

    server = Server()
    assert server.run(guarded(app, Shout)) == b"ONE TWO THREE<TAIL>"
    assert server.written == [b"ONE", b" TWO"]
    assert server.sent == [b" THRE", b"E<TAIL>"]


def test_write_sends_the_head_even_when_all_its_bytes_are_held() -> None:
    """W6"""

    def app(environ: dict[str, Any], start_response: Any) -> Any:
        start_response("200 OK", HTML)(b"x")
        assert server.headers_sent
        return []

    server = Server()
    assert server.run(guarded(app, Shout)) == b"X<TAIL>"


def test_a_fault_within_write_breaks_the_response_off_even_if_the_app_makes_light_of_it() -> None:
    """W6, W10"""

    def app(environ: dict[str, Any], start_response: Any) -> Any:
        with pytest.raises(RewriteError):
            start_response("200 OK", HTML)(PAGE)
        return body

    body = Body([SCRIPT])
    server = Server()
    with pytest.raises(RewriteError):
        server.run(guarded(app, Broken))
    assert server.written == []
    assert body.closed == 1


# close().


@pytest.mark.parametrize("rewriter", [None, Shout])
@pytest.mark.parametrize("headers", [HTML, JSON])
def test_the_apps_iterable_is_closed_once_at_a_normal_end(rewriter: Any, headers: Any) -> None:
    """W7"""
    body = Body([PAGE, PAGE])
    Server().run(guarded(page_app(body, headers), rewriter))
    assert body.closed == 1


@pytest.mark.parametrize("headers", [HTML, JSON])
def test_the_apps_iterable_is_closed_once_when_the_visitor_leaves(headers: Any) -> None:
    """W7"""
    body = Body([PAGE] * 9)
    Server().run(guarded(page_app(body, headers)), take=2)
    assert (body.asked, body.closed) == (2, 1)


def test_the_apps_iterable_is_closed_once_when_it_raises() -> None:
    """W7"""
    body = Body([PAGE], fail=True)
    with pytest.raises(KeyError):
        Server().run(guarded(page_app(body)))
    assert body.closed == 1


@pytest.mark.parametrize("at_end", [False, True])
def test_the_apps_iterable_is_closed_once_when_the_rewriter_fails(at_end: bool) -> None:
    """W7"""
    body = Body([PAGE])
    with pytest.raises(RewriteError):
        Server().run(guarded(page_app(body), lambda: Broken(at_end=at_end)))
    assert body.closed == 1


def test_the_apps_iterable_is_closed_once_for_head() -> None:
    """W7, N1"""
    body = Body([])
    server = Server()
    assert server.run(guarded(page_app(body, [*HTML, ("Content-Length", "999")])), environ_of(method="HEAD")) == b""
    assert body.closed == 1
    assert server.header("content-length") == []


def test_the_apps_iterable_is_closed_once_when_start_response_raises() -> None:
    """W7"""

    class Lazy(Body):
        def __iter__(self) -> Iterator[bytes]:
            self.start("200 OK", HTML)
            yield PAGE

    body = Lazy([])

    def app(environ: dict[str, Any], start_response: Any) -> Any:
        body.start = start_response  # type: ignore[attr-defined]
        return body

    class Refusing(Server):
        def start_response(self, status: str, headers: Any, exc_info: Any = None) -> Any:
            raise OSError("no")

    with pytest.raises(OSError, match="no"):
        Refusing().run(guarded(app))
    assert body.closed == 1


def test_closing_twice_closes_the_apps_iterable_once() -> None:
    """W7"""
    body = Body([PAGE])
    iterable = guarded(page_app(body))(environ_of(), Server().start_response)
    iterable.close()
    iterable.close()
    assert body.closed == 1


# Passing through.


@pytest.mark.parametrize(
    "body", [[b"{}"], (b"{}",), FileWrapper(io.BytesIO(b"{}")), Body([b"{}"])], ids=lambda b: type(b).__name__
)
def test_what_is_not_filtered_is_the_very_object_that_the_app_returned(body: Any) -> None:
    """W8"""
    assert guarded(page_app(body, JSON))(environ_of(), Server().start_response) is body


def test_what_is_filtered_has_no_length() -> None:
    """W8"""
    iterable = guarded(page_app([PAGE]))(environ_of(), Server().start_response)
    assert not hasattr(iterable, "__len__")


@pytest.mark.parametrize(
    "body", [[PAGE[:50], b"", PAGE[50:]], (PAGE,), (part for part in [b"", PAGE])], ids=["list", "tuple", "generator"]
)
def test_any_iterable_of_bytes_is_filtered(body: Any) -> None:
    """W9"""
    whole = Server().run(guarded(page_app(body)))
    assert SCRIPT not in whole
    assert b"<p>Text.</p>" in whole


def test_an_iterable_without_items_still_sends_head_and_tail() -> None:
    """W9"""
    server = Server()
    assert server.run(guarded(page_app([]), Shout)) == b"<TAIL>"
    assert len(server.starts) == 1


@pytest.mark.parametrize("item", ["text", bytearray(b"x"), None, 7])
def test_an_item_that_is_not_bytes_is_a_clear_error(item: Any) -> None:
    """W9"""
    with pytest.raises(TypeError, match=f"a WSGI body is bytes, but the app gave {type(item).__name__}"):
        Server().run(guarded(page_app([item])))


# The tail.


def test_held_bytes_leave_exactly_once_at_the_end() -> None:
    """W10"""
    server = Server()
    iterator = iter(guarded(page_app([b"abc"]), Shout)(environ_of(), server.start_response))
    assert list(iterator) == [b"AB", b"C<TAIL>"]
    assert list(iterator) == []


def test_after_an_exception_of_the_app_no_tail_is_made_up() -> None:
    """W10"""
    server = Server()
    iterator = iter(guarded(page_app(Body([b"abc"], fail=True)), Shout)(environ_of(), server.start_response))
    assert next(iterator) == b"AB"
    with pytest.raises(KeyError):
        next(iterator)
    assert list(iterator) == []


@pytest.mark.parametrize("at_end", [False, True])
def test_after_a_fault_of_ours_nothing_more_leaves_and_the_cause_is_logged(
    at_end: bool, caplog: pytest.LogCaptureFixture
) -> None:
    """W10, DESIGN §6 "Failure"."""
    server = Server()
    iterator = iter(guarded(page_app([PAGE]), lambda: Broken(at_end=at_end))(environ_of(), server.start_response))
    with pytest.raises(RewriteError):
        list(iterator)
    assert list(iterator) == []
    (record,) = caplog.records
    assert record.name == "consent_guard"
    assert record.exc_info is not None
    assert isinstance(record.exc_info[1], RewriteError)


def test_exception_information_is_not_kept() -> None:
    """W11: a traceback kept in the frame that it names would keep everything alive until the cycle collector runs."""

    class Precious:
        pass

    seen: list[weakref.ref[Precious]] = []

    def app(environ: dict[str, Any], start_response: Any) -> Any:
        precious = Precious()
        seen.append(weakref.ref(precious))
        try:
            raise KeyError(precious)
        except KeyError as error:
            start_response("500 Oops", HTML, (KeyError, error, error.__traceback__))
        return [PAGE]

    gc.collect()
    gc.disable()
    try:
        Server().run(guarded(app))
        assert seen[0]() is None
    finally:
        gc.enable()


def test_a_part_of_a_page_is_filtered_but_gets_no_banner() -> None:
    """F9: htmx, Turbo and Unpoly put such parts into a page, with their scripts."""
    part = b"<tr><td>A row</td></tr>" + SCRIPT
    environ = environ_of(HTTP_HX_REQUEST="true", HTTP_SEC_FETCH_DEST="empty", HTTP_ACCEPT="*/*")
    assert Server().run(guarded(page_app([part])), environ) == b"<tr><td>A row</td></tr>"


# Headers and environ.


def test_headers_are_a_fresh_list_of_native_strings_in_order_with_duplicates() -> None:
    """W12"""
    given = [
        ("X-B", "2"),
        ("Content-Type", "application/json"),
        ("x-a", "caf\xe9"),
        ("Set-Cookie", "a=1"),
        ("X-B", "1"),
        ("Set-Cookie", "b=1"),
    ]
    before = list(given)
    server = Server()
    server.run(guarded(page_app([b"{}"], given)))
    ((_, headers),) = server.starts
    assert given == before
    assert type(headers) is list
    assert headers is not given
    assert headers == before


def test_no_hop_by_hop_header_is_added() -> None:
    """W13"""
    server = Server()
    server.run(guarded(page_app([PAGE], [*HTML, ("Content-Length", str(len(PAGE)))])))
    names = {name.lower() for name, _ in server.starts[0][1]}
    assert not names & {"transfer-encoding", "connection", "keep-alive", "te", "trailer", "upgrade", "proxy-authenticate"}


def test_the_servers_environ_stays_as_it_is_and_the_app_sees_a_filtered_copy() -> None:
    """W14"""
    seen: list[dict[str, Any]] = []

    def app(environ: dict[str, Any], start_response: Any) -> Any:
        seen.append(environ)
        start_response("200 OK", HTML)
        return [PAGE]

    environ = environ_of(
        HTTP_COOKIE="a=1; _trk=2; b=3",
        HTTP_ACCEPT_ENCODING="gzip, exi",
        HTTP_RANGE="bytes=0-9",
        HTTP_IF_MODIFIED_SINCE="Sat, 29 Oct 1994 19:43:31 GMT",
        HTTP_X_OTHER="caf\xe9",
    )
    before = dict(environ)
    Server().run(guarded(app), environ)
    assert environ == before
    (inner,) = seen
    assert type(inner) is dict
    assert inner["HTTP_COOKIE"] == "a=1; b=3"
    assert "exi" not in inner["HTTP_ACCEPT_ENCODING"]
    assert "HTTP_RANGE" not in inner
    assert "HTTP_IF_MODIFIED_SINCE" not in inner
    assert inner["HTTP_X_OTHER"] == "caf\xe9"
    assert inner["wsgi.input"] is environ["wsgi.input"]


def test_a_cookie_header_that_would_be_empty_is_gone() -> None:
    """W14, H11"""
    seen: list[dict[str, Any]] = []

    def app(environ: dict[str, Any], start_response: Any) -> Any:
        seen.append(environ)
        start_response("200 OK", JSON)
        return []

    Server().run(guarded(app), environ_of(HTTP_COOKIE="_trk=2"))
    assert "HTTP_COOKIE" not in seen[0]


def test_the_input_is_not_touched() -> None:
    """W14"""

    class Untouchable:
        def __getattr__(self, name: str) -> Any:
            raise AssertionError(f"wsgi.input.{name} was used")

    environ = environ_of(method="POST", CONTENT_LENGTH="5")
    environ["wsgi.input"] = Untouchable()
    assert SCRIPT not in Server().run(guarded(page_app([PAGE])), environ)


# Validators.


def _plain_app(environ: dict[str, Any], start_response: Any) -> Any:
    if environ["PATH_INFO"] == "/data":
        start_response("200 OK", [("Content-Type", "application/json"), ("Content-Length", "2")])
        return [b"{}"]
    if environ["PATH_INFO"] == "/none":
        start_response("204 No Content", [])
        return []
    if environ["PATH_INFO"] == "/write":
        start_response("200 OK", list(HTML))(PAGE)
        return []
    start_response("200 OK", [*HTML, ("Content-Length", str(len(PAGE))), ("ETag", '"1"')])
    return [] if environ["REQUEST_METHOD"] == "HEAD" else [PAGE[:60], PAGE[60:]]


def _generator_app(environ: dict[str, Any], start_response: Any) -> Iterator[bytes]:
    start_response("200 OK", list(HTML))
    yield b"<!doctype html>"
    yield PAGE


REQUESTS = [
    ("GET", "/page", b""),
    ("HEAD", "/page", b""),
    ("GET", "/data", b""),
    ("GET", "/none", b""),
    ("GET", "/privacy-choices", b""),
    ("HEAD", "/privacy-choices", b""),
    ("POST", "/privacy-choices", b"choice=refuse"),
]


def requests_of(method: str, path: str, body: bytes) -> dict[str, Any]:
    environ = environ_of(path, method, body)
    if body:
        environ["CONTENT_TYPE"] = "application/x-www-form-urlencoded"
    return environ


def exhaust(app: Any, environ: dict[str, Any]) -> tuple[str, list[tuple[str, str]], bytes]:
    """Run an app as a careful server would, checking the length (W16)."""
    server = Server()
    whole = server.run(app, environ)
    status, headers = server.starts[-1]
    stated = server.header("content-length")
    if stated and environ["REQUEST_METHOD"] != "HEAD":
        assert [int(length) for length in stated] == [len(whole)]
    return status, headers, whole


@pytest.mark.parametrize(("method", "path", "body"), [*REQUESTS, ("GET", "/write", b"")])
def test_wsgiref_validate_is_content_on_both_sides(
    method: str, path: str, body: bytes, capsys: pytest.CaptureFixture[str]
) -> None:
    """W15, W7: the validator only prints where close() was missed."""
    app = validator(guarded(validator(_plain_app)))
    exhaust(app, requests_of(method, path, body))
    gc.collect()
    assert capsys.readouterr().err == ""


def test_wsgiref_validate_is_content_with_a_generator_app(capsys: pytest.CaptureFixture[str]) -> None:
    """W15, W5"""
    _, _, whole = exhaust(validator(guarded(_generator_app)), environ_of())
    assert SCRIPT not in whole
    gc.collect()
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(("method", "path", "body"), REQUESTS)
def test_webtests_lint_is_content_on_both_sides(method: str, path: str, body: bytes) -> None:
    """W15"""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # WebOb imports the standard library's cgi
        from webtest import lint
    app = lint.middleware(guarded(lint.middleware(_plain_app)))
    exhaust(app, requests_of(method, path, body))


# It counts the bytes of HEAD and wants a length for 204, which this app has neither for, and it knows RFC 2616's Location only.
@pytest.mark.filterwarnings("ignore:Absolute URLs required")
@pytest.mark.parametrize(
    ("method", "path", "body"), [request for request in REQUESTS if request[0] != "HEAD" and request[1] != "/none"]
)
def test_werkzeugs_lint_is_content_on_both_sides(method: str, path: str, body: bytes) -> None:
    """W15: its complaints are warnings, and warnings are errors here."""
    app = LintMiddleware(guarded(LintMiddleware(_plain_app)))
    environ = requests_of(method, path, body)
    environ["wsgi.errors"] = io.StringIO()
    exhaust(app, environ)


def test_a_length_is_set_anew_with_a_rewritten_body_and_kept_byte_exact_without() -> None:
    """W16"""
    _, headers, whole = exhaust(guarded(_plain_app), environ_of())
    assert [value for name, value in headers if name.lower() == "content-length"] == [str(len(whole))]
    _, headers, whole = exhaust(guarded(_plain_app), environ_of("/data"))
    assert ("Content-Length", "2") in headers
    assert whole == b"{}"


# Many at once.


def test_interleaved_responses_share_no_state() -> None:
    """W17"""
    parts = [PAGE[start : start + 7] for start in range(0, len(PAGE), 7)]
    middleware = guarded(lambda environ, start: (start("200 OK", HTML), iter(list(parts)))[1])
    expected = Server().run(middleware)
    iterators = [iter(middleware(environ_of(), Server().start_response)) for _ in range(20)]
    outputs = [b""] * 20
    for _ in range(len(parts) + 1):
        for number, iterator in enumerate(iterators):
            outputs[number] += next(iterator, b"")
    assert set(outputs) == {expected}


def test_threads_share_no_state() -> None:
    """W17"""
    middleware = guarded(lambda environ, start: (start("200 OK", HTML), [environ["PATH_INFO"].encode(), PAGE])[1])
    allowed = "{}={}".format(*consent_cookie(middleware.guard.policy, KEY, allow="*"))
    wrong: list[str] = []

    def visit(number: int) -> None:
        for turn in range(10):
            path = f"/{number}/{turn}"
            granted = number % 2 == 0
            whole = Server().run(middleware, environ_of(path, HTTP_COOKIE=allowed if granted else "a=1"))
            if path.encode() not in whole or (SCRIPT in whole) is not granted:
                wrong.append(path)

    threads = [threading.Thread(target=visit, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


# A response that cannot be filtered at all.


@pytest.mark.parametrize("lazily", [False, True])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_a_head_that_cannot_be_decided_gives_our_own_500(
    lazily: bool, method: str, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """DESIGN §6 "Failure", L24c: with the real engine."""

    def faulty(*given: Any) -> ResponsePlan:
        raise ZeroDivisionError("a fault")

    monkeypatch.setattr(ResponseSide, "plan", faulty)
    body = Body([PAGE])

    def app(environ: dict[str, Any], start_response: Any) -> Any:
        start_response("200 OK", [*HTML, ("Set-Cookie", "_trk=1")])(SCRIPT)
        return body

    def generator(environ: dict[str, Any], start_response: Any) -> Iterator[bytes]:
        start_response("200 OK", [*HTML, ("Set-Cookie", "_trk=1")])
        yield PAGE

    server = Server()
    whole = server.run(guarded(generator if lazily else app), environ_of(method=method))
    assert method == "HEAD" or whole == b"This page could not be prepared safely.\n"
    assert server.starts[-1][0] == "500 Internal Server Error"
    assert server.header("set-cookie") == []
    assert server.header("content-type") == ["text/plain; charset=utf-8"]
    assert caplog.records[0].exc_info is not None
    if not lazily:
        assert body.closed == 1


def test_an_undecodable_coding_of_a_page_is_refused() -> None:
    """N5: with the real engine."""
    server = Server()
    whole = server.run(guarded(page_app([PAGE], [*HTML, ("Content-Encoding", "exi")])))
    assert server.starts[-1][0].startswith("500 ")
    assert b"tracker.example" not in whole


# Odd requests.


@pytest.mark.parametrize(
    "extra",
    [
        {"PATH_INFO": "/caf\xe9"},
        {"PATH_INFO": ""},
        {"QUERY_STRING": "\xff\xfe\x00"},
        {"HTTP_HOST": "\xff\x00:::]"},
        {"HTTP_COOKIE": "\xff=\x00; ;;;=; \u0107=1"},
        {"HTTP_ACCEPT_LANGUAGE": "\xff" * 9000},
        {"SCRIPT_NAME": "/\xff"},
        {"HTTP_IF_NONE_MATCH": '"\xff'},
    ],
    ids=lambda extra: next(iter(extra)),
)
def test_nothing_that_a_visitor_sends_is_an_error(extra: dict[str, str]) -> None:
    """K8"""
    server = Server()
    assert b"<p>Text.</p>" in server.run(guarded(page_app([PAGE])), environ_of(**extra))
    assert server.starts[-1][0] == "200 OK"


# Our own pages.


def test_our_own_pages_are_answered_without_the_app() -> None:
    def app(environ: dict[str, Any], start_response: Any) -> Any:
        raise AssertionError("the app was called")

    server = Server()
    whole = server.run(guarded(app), environ_of("/privacy-choices"))
    assert server.starts[-1][0] == "200 OK"
    assert b'value="accept"' in whole


def test_a_choice_is_recorded_and_the_visitor_sent_back() -> None:
    server = Server()
    middleware = guarded(page_app([PAGE]))
    environ = requests_of("POST", "/privacy-choices", b"choice=accept&next=/page")
    server.run(middleware, environ)
    assert server.starts[-1][0] == "303 See Other"
    assert server.header("location") == ["/page"]
    cookie = server.header("set-cookie")[0].partition(";")[0]
    assert SCRIPT in Server().run(middleware, environ_of(HTTP_COOKIE=cookie))


class Slow:
    """An input that gives few bytes at a time and counts them."""

    def __init__(self, data: bytes, step: int = 3) -> None:
        self.stream = io.BytesIO(data)
        self.step = step
        self.given = 0

    def read(self, size: int) -> bytes:
        part = self.stream.read(min(size, self.step))
        self.given += len(part)
        return part


def test_an_own_page_reads_no_more_than_it_needs() -> None:
    """K15"""
    stream = Slow(b"choice=accept&x=" + b"y" * 10**6, step=1000)
    environ = requests_of("POST", "/privacy-choices", b"-")
    environ["wsgi.input"] = stream
    environ["CONTENT_LENGTH"] = str(10**6 + 16)
    server = Server()
    server.run(guarded(page_app([PAGE])), environ)
    assert server.starts[-1][0].startswith("413 ")
    assert stream.given < 10_000


# What views get, and construction.


def test_a_view_reads_the_consent() -> None:
    answers: list[bool] = []

    def app(environ: dict[str, Any], start_response: Any) -> Any:
        answers.append(consent_from(environ).allows("tracker"))
        start_response("200 OK", JSON)
        return []

    middleware = guarded(app)
    Server().run(middleware)
    cookie = "{}={}".format(*consent_cookie(middleware.guard.policy, KEY, allow="*"))
    Server().run(middleware, environ_of(HTTP_COOKIE=cookie))
    assert answers == [False, True]


def test_a_view_places_the_link() -> None:
    """S08, L23"""
    links: list[str] = []

    def app(environ: dict[str, Any], start_response: Any) -> Any:
        links.extend([manage_link(environ), manage_link(environ, "Kekse & <Co>", lang="de")])
        start_response("200 OK", JSON)
        return []

    Server().run(guarded(app), environ_of(SCRIPT_NAME="/d\xc3\xa9partement"))
    assert links == [
        '<a href="/d%C3%A9partement/privacy-choices" data-cg="manage">Manage cookies</a>',
        '<a href="/d%C3%A9partement/privacy-choices" data-cg="manage" lang="de">Kekse &amp; &lt;Co&gt;</a>',
    ]


@pytest.mark.parametrize("ask", [consent_from, manage_link])
def test_outside_the_middleware_there_is_a_clear_error(ask: Any) -> None:
    with pytest.raises(LookupError, match="middleware is not around the app"):
        ask({})


def test_the_clock_is_the_one_that_was_given() -> None:
    """S07: 13 calendar months after the choice it no longer counts."""
    at = 1_700_000_000
    now = [float(at)]
    middleware = ConsentMiddleware(page_app([PAGE]), POLICY, secret_key=KEY, clock=lambda: now[0])
    cookie = "{}={}".format(*consent_cookie(middleware.guard.policy, KEY, allow="*", at=at))
    assert SCRIPT in Server().run(middleware, environ_of(HTTP_COOKIE=cookie))
    now[0] = at + 400 * 86400
    assert SCRIPT not in Server().run(middleware, environ_of(HTTP_COOKIE=cookie))


def test_a_retired_key_no_longer_counts_and_a_fallback_does() -> None:
    """K2"""
    fresh, old = "another key of the tests, longer than 32", KEY
    rotated = ConsentMiddleware(page_app([PAGE]), POLICY, secret_key=fresh, secret_key_fallbacks=[old])
    retired = ConsentMiddleware(page_app([PAGE]), POLICY, secret_key=fresh)
    cookie = "{}={}".format(*consent_cookie(rotated.guard.policy, old, allow="*"))
    assert SCRIPT in Server().run(rotated, environ_of(HTTP_COOKIE=cookie))
    assert SCRIPT not in Server().run(retired, environ_of(HTTP_COOKIE=cookie))


def test_findings_are_handed_to_the_callable() -> None:
    findings: list[Any] = []
    middleware = ConsentMiddleware(page_app([PAGE]), POLICY, secret_key=KEY, on_finding=findings.append)
    Server().run(middleware)
    assert "cdn.tracker.example" in {finding.subject for finding in findings}


def test_a_bad_policy_stops_the_start() -> None:
    with pytest.raises(PolicyError) as caught:
        ConsentMiddleware(page_app([PAGE]), {"categories": [{"id": "a"}], "nonsense": 1}, secret_key=KEY)
    assert len(caught.value.faults) > 1


@pytest.mark.parametrize("key", ["", b""])
def test_an_empty_key_stops_the_start(key: Any) -> None:
    """K2"""
    with pytest.raises(SecretKeyError):
        ConsentMiddleware(page_app([PAGE]), POLICY, secret_key=key)


def test_what_names_no_ledger_stops_the_start() -> None:
    with pytest.raises(ConsentGuardError, match="ledger"):
        ConsentMiddleware(page_app([PAGE]), POLICY, secret_key=KEY, ledger="consent.db")


def test_the_default_clock_is_the_time() -> None:
    seen: list[float] = []
    middleware = guarded(page_app([b"{}"], JSON))
    original = middleware.guard

    class Watching:
        policy = original.policy

        def open(self, facts: RequestFacts) -> Any:
            seen.append(facts.now)
            return original.open(facts)

    middleware.guard = Watching()
    before = time.time()
    Server().run(middleware)
    assert before <= seen[0] <= time.time()


def test_early_hints_and_trailers_beside_the_response_are_filtered() -> None:
    """H40, N13: gunicorn offers both in the environ."""
    gated, plain = "<https://cdn.tracker.example/t.js>; rel=preload; as=script", "</style.css>; rel=preload; as=style"
    sent: list[tuple[str, list[tuple[str, str]]]] = []

    def app(environ: dict[str, Any], start_response: Any) -> Any:
        environ["wsgi.early_hints"]([("Link", gated), (b"Link", plain.encode()), ("Set-Cookie", "_trk=1")])
        environ["wsgi.early_hints"]([("Link", gated)])
        start_response("200 OK", HTML)
        environ["gunicorn.http2.send_trailers"]([("Digest", "x"), ("X-Sum", "1")])
        return [PAGE]

    environ = environ_of()
    channels = {
        "wsgi.early_hints": lambda headers: sent.append(("hints", headers)),
        "gunicorn.http2.send_trailers": lambda headers: sent.append(("trailers", headers)),
    }
    Server().run(guarded(app), {**environ, **channels})
    assert sent == [("hints", [("Link", plain)]), ("trailers", [("X-Sum", "1")])]


def test_a_script_name_of_one_slash_makes_no_host_of_our_path() -> None:
    """K16: ``//privacy-choices`` would lead to another site."""
    links: list[str] = []

    def app(environ: dict[str, Any], start_response: Any) -> Any:
        links.append(manage_link(environ))
        start_response("200 OK", JSON)
        return []

    Server().run(guarded(app), environ_of(SCRIPT_NAME="/"))
    assert 'href="/privacy-choices"' in links[0]


# Style sheets: the head waits for what the body names, however that comes.

GATED_SHEET = b"@import '//cdn.tracker.example/t.css';p{color:red}"
FILTERED_SHEET = b"@import 'about:invalid';p{color:red}"
CLEAN_SHEET = b"p{background:url(/p.png)}"
CSS = [("Content-Type", "text/css"), ("Cache-Control", "public, max-age=31536000, immutable"), ("ETag", '"v1"')]


def sheet_environ() -> dict[str, Any]:
    return environ_of("/site.css", HTTP_ACCEPT="text/css,*/*;q=0.1", HTTP_SEC_FETCH_DEST="style")


def sheet_bodies(sheet: bytes) -> list[Any]:
    return [[sheet], (sheet,), Body([sheet]), Body([sheet[:9], b"", sheet[9:]]), Body([bytes([one]) for one in sheet])]


@pytest.mark.parametrize("number", range(5))
@pytest.mark.parametrize("stated", [False, True])
def test_a_sheet_that_names_a_listed_host_leaves_with_a_head_of_its_own(number: int, stated: bool) -> None:
    length = [("Content-Length", str(len(GATED_SHEET)))] if stated else []
    server = Server()
    body = sheet_bodies(GATED_SHEET)[number]
    assert server.run(validator(guarded(page_app(body, [*CSS, *length]))), sheet_environ()) == FILTERED_SHEET
    assert server.header("cache-control") == ["private, no-cache"]
    assert server.header("content-length") == [str(len(FILTERED_SHEET))]
    assert server.header("etag") != ['"v1"']
    assert getattr(body, "closed", 1) == 1


@pytest.mark.parametrize("number", range(5))
@pytest.mark.parametrize("length", [[], [("Content-Length", str(len(CLEAN_SHEET)))]])
def test_a_clean_sheet_keeps_its_head_and_the_next_one_is_the_apps_own_object(number: int, length: Any) -> None:
    body = sheet_bodies(CLEAN_SHEET)[number]
    app = guarded(page_app(body, [*CSS, *length]))
    server = Server()
    assert server.run(app, sheet_environ()) == CLEAN_SHEET
    assert server.starts == [("200 OK", [*CSS, *length])]
    assert app(sheet_environ(), Server().start_response) is body


@pytest.mark.parametrize("number", range(7))
@pytest.mark.parametrize("length", [[], [("Content-Length", str(len(CLEAN_SHEET)))]])
def test_a_sheet_that_turns_out_clean_is_answered_with_304_where_the_browser_has_it(number: int, length: Any) -> None:
    """N3: the app is not asked, for the browser may have stored what was never filtered; it answers with the whole."""
    asked: list[str | None] = []
    head = [*CSS, *length]
    bodies = [*sheet_bodies(CLEAN_SHEET), FileWrapper(io.BytesIO(CLEAN_SHEET), 5)]

    def app(environ: dict[str, Any], start_response: Any) -> Any:
        asked.append(environ.get("HTTP_IF_NONE_MATCH"))
        if number < 6:
            start_response("200 OK", head)
            return bodies[number]
        write = start_response("200 OK", head)
        write(CLEAN_SHEET[:9])
        write(CLEAN_SHEET[9:])
        return []

    server = Server()
    environ = {**sheet_environ(), "HTTP_IF_NONE_MATCH": 'W/"v1"'}
    assert server.run(validator(guarded(app)), environ) == b""
    assert server.starts == [("304 Not Modified", CSS[1:])]
    assert asked == [None]
    other = Server()
    assert (
        other.run(validator(guarded(page_app([CLEAN_SHEET], head))), {**environ, "HTTP_IF_NONE_MATCH": '"v0"'}) == CLEAN_SHEET
    )
    assert other.starts == [("200 OK", head)]
    gated = Server()
    assert gated.run(validator(guarded(page_app(sheet_bodies(GATED_SHEET)[min(number, 4)], CSS))), environ) == FILTERED_SHEET
    assert gated.starts[0][0] == "200 OK"


def test_a_sheet_that_the_server_was_to_send_as_a_file_is_read_until_it_is_known() -> None:
    """W8"""
    app = guarded(lambda environ, start: (start("200 OK", CSS), FileWrapper(io.BytesIO(CLEAN_SHEET), 5))[1])
    assert Server().run(app, sheet_environ()) == CLEAN_SHEET
    assert isinstance(app(sheet_environ(), Server().start_response), FileWrapper)
    app = guarded(lambda environ, start: (start("200 OK", CSS), FileWrapper(io.BytesIO(GATED_SHEET), 5))[1])
    for _ in range(2):
        assert Server().run(app, sheet_environ()) == FILTERED_SHEET


def test_a_sheet_by_write_is_held_too() -> None:
    """W6"""

    def app(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        write = start_response("200 OK", CSS)
        write(GATED_SHEET[:20])
        write(GATED_SHEET[20:30])
        return [GATED_SHEET[30:]]

    server = Server()
    assert server.run(guarded(app), sheet_environ()) == FILTERED_SHEET
    assert server.header("cache-control") == ["private, no-cache"]


def test_a_sheet_that_is_too_long_leaves_as_it_came_from_where_that_is_known() -> None:
    items = [GATED_SHEET] + [b"p{color:red}" * 1000] * 60
    body = Body(items)
    app = guarded(page_app(body, CSS))
    server = Server()
    iterable = app(sheet_environ(), server.start_response)
    assert next(iter(iterable)).startswith(GATED_SHEET)
    assert 40 < body.asked < 50
    assert server.starts == [("200 OK", CSS)]
    iterable.close()
    server = Server()
    assert server.run(app, sheet_environ()) == b"".join(items)
    assert server.starts == [("200 OK", CSS)]


def test_an_app_that_fails_within_a_sheet_has_sent_nothing() -> None:
    server = Server()
    with pytest.raises(KeyError):
        server.run(guarded(page_app(Body([GATED_SHEET], fail=True), CSS)), sheet_environ())
    assert server.starts == []
