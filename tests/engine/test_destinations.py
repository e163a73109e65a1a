"""What a request is for (N3, N4, H22, DESIGN §9)."""

from __future__ import annotations

import pytest

from consent_guard.engine.destinations import is_prefetch, takes_banner, wanted
from consent_guard.wire.messages import Headers

NAVIGATION = (b"accept", b"text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8")


@pytest.mark.parametrize("destination", [b"document", b"iframe", b"frame", b"embed", b"object", b"Document "])
def test_a_document_destination_wants_a_page_whatever_the_address(destination: bytes) -> None:
    assert wanted([(b"Sec-Fetch-Dest", destination)], "/a.css").may_get


@pytest.mark.parametrize("destination", [b"image", b"style", b"script", b"font", b"video", b"empty", b"worker"])
def test_other_destinations_want_no_page(destination: bytes) -> None:
    """H22"""
    assert not wanted([(b"sec-fetch-dest", destination), (b"accept", b"*/*")], "/a").may_get


def test_an_accept_that_names_html_wants_a_page() -> None:
    assert wanted([NAVIGATION], "/static/app.css").may_get
    assert wanted([(b"sec-fetch-dest", b"empty"), (b"accept", b"text/html, */*")], "/fragment").may_get


@pytest.mark.parametrize(
    "accept", [b"text/html", b"Text/*;q=0.5", b"application/xhtml+xml", b"image/png, application/xhtml+xml;q=0.1"]
)
def test_an_accept_that_names_a_pages_type_asks_for_one(accept: bytes) -> None:
    """N4"""
    assert wanted([(b"accept", accept)], "/a.css").asks


def test_only_a_request_that_says_so_asks_for_a_page() -> None:
    """N4: a film without an ending in its address keeps its ranges."""
    assert wanted([(b"sec-fetch-dest", b"iframe")], "/").asks
    assert wanted([NAVIGATION], "/").asks
    assert not wanted([], "/").asks
    assert not wanted([(b"accept", b"*/*")], "/").asks


@pytest.mark.parametrize("accept", [b"application/json", b"image/webp,*/*;q=0.8", b"text/css,*/*;q=0.1"])
def test_an_accept_without_html_wants_no_page(accept: bytes) -> None:
    assert not wanted([(b"accept", accept)], "/").may_get


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
    assert wanted(headers, path).may_get is expected


@pytest.mark.parametrize(
    ("destination", "expected"),
    [(b"document", True), (b"iframe", False), (b"frame", False), (b"embed", False), (b"object", False), (b"empty", True)],
)
def test_the_banner_stays_out_of_documents_inside_others(destination: bytes, expected: bool) -> None:
    assert takes_banner([(b"sec-fetch-dest", destination)]) is expected


def test_a_part_of_a_page_takes_no_banner() -> None:
    """Turbo takes one frame out of the document that answers such a request."""
    assert not takes_banner([(b"sec-fetch-dest", b"empty"), (b"Turbo-Frame", b"messages")])


def test_the_banner_is_for_browsers_that_send_no_destination_too() -> None:
    assert takes_banner([NAVIGATION])


def test_a_prefetch_is_no_visit() -> None:
    """H12"""
    for name in (b"Sec-Purpose", b"X-Sec-Purpose", b"Purpose", b"X-Moz"):
        assert is_prefetch([(name, b"prefetch;prerender")])
    assert not is_prefetch([NAVIGATION])
