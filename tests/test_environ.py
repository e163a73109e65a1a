"""What PEP 3333 says becomes what the engine means."""

from __future__ import annotations

import io
from typing import Any

import pytest

from consent_guard.environ import read_body, request_facts


def environ_of(**extra: Any) -> dict[str, Any]:
    return {
        "REQUEST_METHOD": "GET",
        "PATH_INFO": "/page",
        "SCRIPT_NAME": "",
        "QUERY_STRING": "",
        "HTTP_HOST": "www.example.org",
        "wsgi.url_scheme": "https",
        **extra,
    }


def test_text_in_the_environ_becomes_the_octets_and_the_text_that_it_stands_for() -> None:
    """PEP 3333, "Unicode Issues"."""
    environ = environ_of(
        PATH_INFO="/caf\xc3\xa9",
        SCRIPT_NAME="/\xc3\xa0",
        QUERY_STRING="q=%C3%A9&r=\xe9",
        HTTP_X_NAME="\xff",
        CONTENT_TYPE="text/plain",
        CONTENT_LENGTH="",
    )
    facts = request_facts(environ, 7.5)
    assert (facts.path, facts.root_path, facts.query, facts.now) == ("/café", "/à", b"q=%C3%A9&r=\xe9", 7.5)
    assert (b"x-name", b"\xff") in facts.headers
    assert (b"content-type", b"text/plain") in facts.headers
    assert b"content-length" not in dict(facts.headers)
    assert facts.host == "www.example.org"


@pytest.mark.parametrize(
    ("server", "port", "scheme", "host"),
    [
        ("www.example.org", "80", "http", "www.example.org"),
        ("www.example.org", "443", "https", "www.example.org"),
        ("www.example.org", "8000", "http", "www.example.org:8000"),
        ("::1", "8000", "http", "[::1]:8000"),
    ],
)
def test_without_a_host_header_the_servers_own_name_counts(server: str, port: str, scheme: str, host: str) -> None:
    environ = environ_of(SERVER_NAME=server, SERVER_PORT=port, **{"wsgi.url_scheme": scheme})
    del environ["HTTP_HOST"]
    assert request_facts(environ, 0).host == host


def test_forwarded_headers_are_not_read() -> None:
    """K21"""
    environ = environ_of(
        HTTP_X_FORWARDED_PROTO="http", HTTP_X_FORWARDED_HOST="evil.example", HTTP_FORWARDED="host=evil.example"
    )
    facts = request_facts(environ, 0)
    assert (facts.scheme, facts.host) == ("https", "www.example.org")


class Counted:
    """An input that gives few bytes at a time and counts them."""

    def __init__(self, data: bytes) -> None:
        self.stream = io.BytesIO(data)
        self.given = 0

    def read(self, size: int) -> bytes:
        part = self.stream.read(min(size, 3))
        self.given += len(part)
        return part


@pytest.mark.parametrize(
    ("data", "extra", "body"),
    [
        (b"choice=accept", {"CONTENT_LENGTH": "13"}, b"choice=accept"),
        (b"choice=accept+more", {"CONTENT_LENGTH": "13"}, b"choice=accept"),
        (b"choice=accept", {"CONTENT_LENGTH": "14"}, b""),
        (b"choice=accept", {"CONTENT_LENGTH": "-1"}, b""),
        (b"choice=accept", {"CONTENT_LENGTH": "\xb2"}, b""),
        (b"choice=accept", {"CONTENT_LENGTH": "9" * 5000}, b""),
        (b"choice=accept", {}, b""),
        (b"choice=accept", {"wsgi.input_terminated": True}, b"choice=accept"),
        (b"x" * 99, {"CONTENT_LENGTH": "99"}, b"x" * 21),
        (b"x" * 99, {"wsgi.input_terminated": True}, b"x" * 21),
        (b"", {"CONTENT_LENGTH": "0"}, b""),
    ],
)
def test_a_body_is_read_up_to_the_limit_and_one_byte(data: bytes, extra: dict[str, Any], body: bytes) -> None:
    """K15: never past its end, where reading may wait for ever; what was cut off counts as nothing."""
    stream = Counted(data)
    assert read_body({"wsgi.input": stream, **extra}, 20) == body
    assert stream.given <= 21
