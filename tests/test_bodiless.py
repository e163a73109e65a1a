"""What has no body gets none, however late the app says which response it is: HEAD, 204 and the 304 that we make (N1 to N3)."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from wsgiref.handlers import SimpleHandler
from wsgiref.util import setup_testing_defaults

import pytest

from consent_guard.asgi import ConsentMiddleware as ASGIMiddleware
from consent_guard.wsgi import ConsentMiddleware

from .asgi_messages import got_of, saying

KEY = "a key of the tests, longer than 32 bytes"
POLICY: dict[str, Any] = {
    "policy": {"languages": ["en"]},
    "categories": [{"id": "ads", "basis": "consent", "title": {"en": "Advertising"}}],
    "services": [{"id": "tracker", "category": "ads", "title": {"en": "Tracker"}, "hosts": ["*.tracker.example"]}],
}
BODY = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 5\r\n\r\nEVIL!"
"""What a client on a kept connection would take for the answer to its next request."""
KNOWN = ("GET", "200 OK", [("Content-Type", "image/png"), ("ETag", '"abc"'), ("Content-Length", str(len(BODY)))])
"""The client has this version; the app was not told, for the answer might have been a page."""
EMPTY = {
    "known": (*KNOWN, "304"),
    "304": ("GET", "304 Not Modified", [("ETag", '"abc"')], "304"),
    "page": ("HEAD", "200 OK", [("Content-Type", "text/html")], "200"),
    "204": ("GET", "204 No Content", [("Content-Type", "text/html")], "204"),
}


class App:
    """A WSGI app that gives a body in one of the ways that there are, and counts what it has closed."""

    def __init__(self, way: str, status: str, headers: list[tuple[str, str]]) -> None:
        self.way, self.status, self.headers = way, status, headers
        self.closed = 0

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Any:
        if self.way == "generator":
            return self.generator(start_response)
        write = start_response(self.status, self.headers)
        if self.way == "write":
            write(BODY)
            return self
        return self if self.way == "iterator" else [BODY]

    def generator(self, start_response: Any) -> Iterator[bytes]:
        start_response(self.status, self.headers)
        try:
            yield BODY
            yield BODY
        finally:
            self.closed += 1

    def __iter__(self) -> Iterator[bytes]:
        return iter([BODY])

    def close(self) -> None:
        self.closed += 1


@pytest.mark.parametrize("way", ["generator", "write", "iterator", "list"])
@pytest.mark.parametrize(("method", "status", "headers", "sent"), EMPTY.values(), ids=EMPTY)
def test_over_wsgi_nothing_follows_the_head(way: str, method: str, status: str, headers: Any, sent: str) -> None:
    app = App(way, status, headers)
    asked = {"HTTP_ACCEPT": "text/html", "HTTP_IF_NONE_MATCH": '"abc"' if status[:3] == "200" else ""}
    environ: dict[str, Any] = {"REQUEST_METHOD": method, "PATH_INFO": "/pic", **{k: v for k, v in asked.items() if v}}
    setup_testing_defaults(environ)
    output = io.BytesIO()
    SimpleHandler(io.BytesIO(), output, io.StringIO(), environ).run(ConsentMiddleware(app, POLICY, secret_key=KEY))
    head, _, rest = output.getvalue().partition(b"\r\n\r\n")
    assert f" {sent} ".encode() in head.splitlines()[0]
    assert b"content-length" not in head.lower()
    assert rest == b""
    assert app.closed == (way != "list")


def asgi(status: int, headers: Any, *messages: dict[str, Any], method: str = "GET", known: bool = False) -> list[Any]:
    """Return what the server gets of these messages of an app."""
    app = saying({"type": "http.response.start", "status": status, "headers": headers}, *messages)
    known_as = [(b"if-none-match", b'"abc"')] if known else []
    return got_of(ASGIMiddleware(app, POLICY, secret_key=KEY), "/pic", method=method, headers=known_as)


PICTURE = [(b"content-type", b"image/png"), (b"etag", b'"abc"')]
HTML = [(b"content-type", b"text/html")]


@pytest.mark.parametrize("kind", ["body", "pathsend", "zerocopysend"])
@pytest.mark.parametrize(
    ("status", "headers", "options", "sent"),
    [
        (200, PICTURE, {"known": True}, 304),
        (304, PICTURE, {}, 304),
        (200, HTML, {"method": "HEAD"}, 200),
        (204, HTML, {}, 204),
    ],
    ids=["known", "304", "page", "204"],
)
def test_over_asgi_nothing_follows_the_head(
    kind: str, status: int, headers: Any, options: Any, sent: int, tmp_path: Path
) -> None:
    """Y9: no server may be told to send a file in its place either."""
    file = tmp_path / "pic"
    file.write_bytes(BODY)
    with file.open("rb") as opened:
        given = {"body": {"body": BODY}, "pathsend": {"path": str(file)}, "zerocopysend": {"file": opened}}
        start, *rest = asgi(status, headers, {"type": f"http.response.{kind}", **given[kind]}, **options)
    assert start["status"] == sent
    assert [(message["type"], message["body"], message.get("more_body", False)) for message in rest] == [
        ("http.response.body", b"", False)
    ]


def test_over_asgi_a_file_that_is_not_the_last_ends_no_response(tmp_path: Path) -> None:
    file = tmp_path / "pic"
    file.write_bytes(BODY)
    with file.open("rb") as opened:
        part = {"type": "http.response.zerocopysend", "file": opened, "more_body": True}
        _, first, last = asgi(200, PICTURE, part, {"type": "http.response.body", "body": BODY}, known=True)
    assert (first["body"], first["more_body"]) == (b"", True)
    assert (last["body"], last.get("more_body", False)) == (b"", False)
