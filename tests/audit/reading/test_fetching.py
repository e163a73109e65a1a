"""Reading pages over http: bounded, patient with servers, and each failure in one line."""

from __future__ import annotations

import socket
import threading
from http.server import BaseHTTPRequestHandler
from typing import Any

import pytest

from consent_guard.audit.problems import Unreadable
from consent_guard.audit.reading.fetching import Fetcher, same_site


def failure(fetcher: Fetcher, url: str) -> str:
    with fetcher, pytest.raises(Unreadable) as caught:
        fetcher.get(url)
    text = str(caught.value)
    assert "\n" not in text
    assert text.startswith(url.partition("?")[0])
    return text


def test_a_page_comes_back_with_its_raw_header_lines_and_its_body(site: Any) -> None:
    site.page("/", "<p>hello", ("Set-Cookie", "a=1"), ("Set-Cookie", "b=2"))
    with Fetcher() as fetcher:
        (answer,) = fetcher.get(site.url + "/")
    assert (answer.status, answer.body, answer.cut) == (200, b"<p>hello", False)
    assert [value for name, value in answer.headers if name == b"set-cookie"] == [b"a=1", b"b=2"]


def test_a_coded_page_is_decoded_and_no_longer_says_that_it_is_coded(site: Any) -> None:
    import gzip

    site.page("/", gzip.compress(b"<p>hello"), ("Content-Encoding", "gzip"))
    with Fetcher() as fetcher:
        (answer,) = fetcher.get(site.url + "/")
    assert answer.body == b"<p>hello"
    assert not {name for name, _ in answer.headers} & {b"content-encoding", b"content-length"}


def test_a_body_that_is_not_coded_as_it_says_or_breaks_off_is_told_as_that(site: Any) -> None:
    site.page("/", b"no gzip", ("Content-Encoding", "gzip"))
    assert "is not coded as it says" in failure(Fetcher(), site.url + "/")
    site.routes["/"] = lambda handler: handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n<p>")
    assert "does not answer as http should" in failure(Fetcher(), site.url + "/")


def test_each_hop_of_a_redirect_is_told_because_each_may_set_cookies(site: Any) -> None:
    site.redirect("/", "/next", ("Set-Cookie", "_ga=1"))
    site.page("/next", "<p>there")
    with Fetcher() as fetcher:
        hops = fetcher.get(site.url + "/")
    assert [answer.status for answer in hops] == [302, 200]
    assert (b"set-cookie", b"_ga=1") in hops[0].headers


def test_each_page_is_read_by_a_new_visitor(site: Any) -> None:
    seen: list[str | None] = []

    def answer(handler: BaseHTTPRequestHandler) -> None:
        seen.append(handler.headers.get("Cookie"))
        handler.send_response(200)
        handler.send_header("Set-Cookie", "a=1")
        handler.end_headers()

    site.routes["/"] = answer
    with Fetcher() as fetcher:
        fetcher.get(site.url + "/")
        fetcher.get(site.url + "/")
        fetcher.get(site.url + "/", {"consent": "yes"})
    assert seen == [None, None, "consent=yes"]


def test_a_redirect_to_another_site_is_not_followed(site: Any) -> None:
    site.redirect("/", "https://elsewhere.example/")
    with Fetcher() as fetcher:
        hops = fetcher.get(site.url + "/")
    assert [answer.status for answer in hops] == [302]


def test_redirects_without_end_are_told_in_one_line(site: Any) -> None:
    site.redirect("/", "/?again")
    assert "redirects without end" in failure(Fetcher(), site.url + "/")
    assert len(site.asked) <= 12


def test_an_address_where_nobody_listens_is_told_in_one_line() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    assert "cannot be reached" in failure(Fetcher(), f"http://127.0.0.1:{port}/?secret=1")


def test_a_host_that_does_not_exist_is_told_in_one_line() -> None:
    assert "cannot be reached" in failure(Fetcher(), "http://no-such-host.invalid/")


@pytest.mark.parametrize("url", ["http://", "http://[::1/", "http://a b/"])
def test_what_is_no_address_is_told_in_one_line(url: str) -> None:
    failure(Fetcher(), url)


def test_a_certificate_that_nobody_vouches_for_is_told_in_one_line(untrusted_site: Any) -> None:
    untrusted_site.page("/", "<p>hello")
    assert "certificate is not to be trusted" in failure(Fetcher(), untrusted_site.url + "/")


def test_a_server_that_speaks_no_tls_is_told_in_one_line(site: Any) -> None:
    site.page("/", "<p>hello")
    assert "TLS fails" in failure(Fetcher(), site.url.replace("http:", "https:") + "/")


def test_a_page_that_never_comes_is_given_up(site: Any) -> None:
    over = threading.Event()
    site.routes["/"] = lambda handler: over.wait(10) and None
    assert "did not answer within 0.3 s" in failure(Fetcher(seconds=0.3), site.url + "/")
    over.set()


def test_a_page_that_never_ends_is_given_up(site: Any) -> None:
    over = threading.Event()

    def drip(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.end_headers()
        while not over.wait(0.05):
            handler.wfile.write(b"x")

    site.routes["/"] = drip
    assert "did not answer within 0.5 s" in failure(Fetcher(seconds=0.5), site.url + "/")
    over.set()


def test_of_a_page_of_100_mb_no_more_is_read_than_the_limit(site: Any) -> None:
    sent = 0

    def flood(handler: BaseHTTPRequestHandler) -> None:
        nonlocal sent
        handler.send_response(200)
        handler.send_header("Content-Type", "text/html")
        handler.end_headers()
        for _ in range(100):
            handler.wfile.write(b"<p>" + b"x" * (1 << 20))
            sent += 1

    site.routes["/"] = flood
    with Fetcher(max_bytes=1 << 20) as fetcher:
        (answer,) = fetcher.get(site.url + "/")
    assert answer.cut
    assert len(answer.body) == 1 << 20
    assert sent < 50


def test_a_body_that_is_not_in_the_coding_that_it_claims_is_told_in_one_line(site: Any) -> None:
    site.page("/", b"\x00\x01garbage", ("Content-Encoding", "gzip"))
    failure(Fetcher(), site.url + "/")


@pytest.mark.parametrize(
    ("address", "other", "same"),
    [
        ("https://www.example.org/", "http://example.org/a", True),
        ("https://example.org/", "https://example.com/", False),
        ("http://127.0.0.1:1/", "http://127.0.0.1:2/", False),
        ("http://a.github.io/", "http://b.github.io/", False),
        ("mailto:x@example.org", "https://example.org/", False),
        ("http://[::1/", "https://example.org/", False),
    ],
)
def test_a_site_is_a_registrable_domain_else_a_host_and_port(address: str, other: str, same: bool) -> None:
    assert same_site(address, other) is same


def test_without_httpx_one_line_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "httpx", None)
    with pytest.raises(Unreadable, match=r"consent-guard-middleware\[scan\]"):
        Fetcher()
