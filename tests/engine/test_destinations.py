"""What a request is for (N3, N4, H22, DESIGN §9)."""

from __future__ import annotations

import pytest

from consent_guard.engine.destinations import asks_for_page, is_prefetch, takes_banner, wants_page
from consent_guard.wire.messages import Headers

NAVIGATION = (b"accept", b"text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8")


@pytest.mark.parametrize("destination", [b"document", b"iframe", b"frame", b"embed", b"object", b"Document "])
def test_a_document_destination_wants_a_page_whatever_the_address(destination: bytes) -> None:
    assert wants_page([(b"Sec-Fetch-Dest", destination)], "/a.css")


@pytest.mark.parametrize("destination", [b"image", b"style", b"script", b"font", b"video", b"empty", b"worker"])
def test_other_destinations_want_no_page(destination: bytes) -> None:
    """H22"""
    assert not wants_page([(b"sec-fetch-dest", destination), (b"accept", b"*/*")], "/a")


def test_an_accept_that_names_html_wants_a_page() -> None:
    assert wants_page([NAVIGATION], "/static/app.css")
    assert wants_page([(b"sec-fetch-dest", b"empty"), (b"accept", b"text/html, */*")], "/fragment")


def test_only_a_request_that_says_so_asks_for_a_page() -> None:
    """N4: a film without an ending in its address keeps its ranges."""
    assert asks_for_page([(b"sec-fetch-dest", b"iframe")])
    assert asks_for_page([NAVIGATION])
    assert not asks_for_page([])
    assert not asks_for_page([(b"accept", b"*/*")])


@pytest.mark.parametrize("accept", [b"application/json", b"image/webp,*/*;q=0.8", b"text/css,*/*;q=0.1"])
def test_an_accept_without_html_wants_no_page(accept: bytes) -> None:
    assert not wants_page([(b"accept", accept)], "/")


@pytest.mark.parametrize("headers", [(), ((b"accept", b"*/*"),)])
@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/", True),
        ("/article", True),
        ("/a.html", True),
        ("/a.php", True),
        ("/drawing.svg", True),
        ("/v1.2/article", True),
        ("/static/app.css", False),
        ("/static/app.3f2a.JS", False),
        ("/logo.png", False),
    ],
)
def test_a_request_that_says_nothing_is_told_by_its_address(headers: Headers, path: str, expected: bool) -> None:
    """N3 on any doubt, H22 for files."""
    assert wants_page(headers, path) is expected


@pytest.mark.parametrize(
    ("destination", "expected"),
    [(b"document", True), (b"iframe", False), (b"frame", False), (b"embed", False), (b"object", False), (b"empty", False)],
)
def test_the_banner_stays_out_of_documents_inside_others(destination: bytes, expected: bool) -> None:
    assert takes_banner([(b"sec-fetch-dest", destination)]) is expected


def test_the_banner_is_for_browsers_that_send_no_destination_too() -> None:
    assert takes_banner([NAVIGATION])


def test_a_prefetch_is_no_visit() -> None:
    """H12"""
    assert is_prefetch([(b"Sec-Purpose", b"prefetch;prerender")])
    assert not is_prefetch([NAVIGATION])
