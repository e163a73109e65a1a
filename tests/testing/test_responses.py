"""A response of any client as plain values, its coding and its stream included."""

from __future__ import annotations

import gzip
from collections.abc import AsyncIterator, Iterator
from typing import Any

import brotli
import httpx
import pytest

from consent_guard.testing import assert_no_leak, leaks
from consent_guard.testing.responses import see

PAGE = b'<!doctype html>\n<img src="https://www.youtube.com/embed/1">'


def httpx_response(content: Any, **headers: str) -> httpx.Response:
    head = {"content-type": "text/html", **{name.replace("_", "-"): value for name, value in headers.items()}}
    return httpx.Response(200, headers=head, content=content, request=httpx.Request("GET", "https://site.example/p?q=1"))


@pytest.mark.parametrize(
    ("coding", "body"), [("gzip", gzip.compress(PAGE, mtime=0)), ("br", brotli.compress(PAGE)), ("", PAGE)]
)
def test_a_client_that_decodes_is_not_decoded_a_second_time(coding: str, body: bytes) -> None:
    seen = see(httpx_response(body, **({"content_encoding": coding} if coding else {})))
    assert (seen.body, seen.url) == (PAGE, "https://site.example/p?q=1")
    assert not [name for name, _ in seen.headers if name == b"content-encoding"]


@pytest.mark.parametrize(("coding", "body"), [("gzip", gzip.compress(PAGE, mtime=0)), ("br", brotli.compress(PAGE))])
def test_a_client_that_does_not_decode_is_read_in_its_coding(coding: str, body: bytes) -> None:
    from werkzeug.wrappers import Response

    response = Response(body, content_type="text/html", headers={"Content-Encoding": coding})
    assert see(response).body == body
    assert {leak.service for leak in leaks(response)} == {"youtube"}


def test_a_coding_that_nobody_can_undo_fails_and_says_so() -> None:
    from werkzeug.wrappers import Response

    response = Response(PAGE, content_type="text/html", headers={"Content-Encoding": "rot13"})
    with pytest.raises(AssertionError, match="1 part that cannot be read in http://localhost/"):
        assert_no_leak(response)


def test_a_stream_that_was_not_read_is_read_and_one_that_is_used_up_names_the_mend() -> None:
    def chunks() -> Iterator[bytes]:
        yield PAGE[:20]
        yield PAGE[20:]

    assert see(httpx_response(chunks())).body == PAGE
    used = httpx_response(chunks())
    assert b"".join(used.iter_raw()) == PAGE
    with pytest.raises(TypeError, match=r"response\.read\(\)"):
        see(used)


def test_an_asynchronous_stream_of_httpx_must_be_read_by_the_test() -> None:
    async def chunks() -> AsyncIterator[bytes]:
        yield PAGE

    with pytest.raises(TypeError, match=r"await response\.aread\(\)"):
        see(httpx_response(chunks()))


def test_a_response_of_requests_is_read_with_every_set_cookie_line() -> None:
    class Fields:
        """The header lines as urllib3 keeps them: those of one name apart."""

        def iteritems(self) -> Iterator[tuple[str, str]]:
            yield from [("Content-Type", "text/html"), ("Set-Cookie", "_ga=1"), ("Set-Cookie", "sessionid=2; Expires=x, y")]

    class Response:
        """What requests gives: the decoded content, and the raw lines."""

        status_code = 200
        url = "https://site.example/"
        content = PAGE
        raw = type("Raw", (), {"headers": Fields()})()
        headers = ()

    assert {(leak.kind, leak.name or leak.host) for leak in leaks(Response())} == {
        ("cookie", "_ga"),
        ("request", "www.youtube.com"),
    }
