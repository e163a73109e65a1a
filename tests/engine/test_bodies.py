"""Which responses are documents (DESIGN §6, N11)."""

from __future__ import annotations

import pytest

from consent_guard.engine.bodies import BodyKind, body_kind, has_body


def kind(content_type: bytes | None, *more: tuple[bytes, bytes]) -> BodyKind:
    headers = list(more)
    if content_type is not None:
        headers.append((b"Content-Type", content_type))
    return body_kind(200, headers)


@pytest.mark.parametrize(
    "declared",
    [
        b"text/html",
        b"TEXT/HTML; charset=utf-8",
        b"text/html;charset=x",
        b"text/plain, text/html",
        b"text/vnd.turbo-stream.html; charset=utf-8",
    ],
)
def test_html_is_html_however_it_is_written(declared: bytes) -> None:
    assert kind(declared) is BodyKind.HTML


@pytest.mark.parametrize(
    "declared",
    [
        b"application/xhtml+xml",
        b"image/svg+xml",
        b"text/xml",
        b"application/xml",
        b"text/xsl",
        b"application/rss+xml",
        b"application/x-y+xml",
    ],
)
def test_every_xml_type_is_a_document(declared: bytes) -> None:
    assert kind(declared) is BodyKind.XML


@pytest.mark.parametrize(
    "declared",
    [
        b"text/plain",
        b"application/json",
        b"text/javascript",
        b"image/png",
        b"application/octet-stream",
        b"text/event-stream",
        b"multipart/mixed; boundary=x",
        b"multipart/byteranges; boundary=x",
        b"application/grpc",
        b"text/htmlx",
    ],
)
def test_other_types_are_never_touched(declared: bytes) -> None:
    assert kind(declared) is BodyKind.OTHER


@pytest.mark.parametrize("declared", [b"multipart/x-mixed-replace; boundary=x", b"Multipart/X-Mixed-Replace"])
def test_parts_that_replace_one_another_may_each_be_a_document(declared: bytes) -> None:
    """Y20"""
    assert kind(declared) is BodyKind.PARTS
    assert kind(declared, (b"Content-Disposition", b"attachment")) is BodyKind.OTHER


def test_a_style_sheet_is_one_whatever_its_disposition() -> None:
    """What a page asks for as its style sheet is used as one, and is never a download."""
    assert kind(b"text/css; charset=utf-8") is BodyKind.STYLE
    assert kind(b"Text/CSS", (b"Content-Disposition", b"attachment")) is BodyKind.STYLE
    assert not BodyKind.STYLE.document


@pytest.mark.parametrize("declared", [None, b"", b"*/*", b"unknown/unknown", b"application/unknown", b"text", b"html"])
def test_a_type_that_says_nothing_is_sniffed(declared: bytes | None) -> None:
    assert kind(declared) is BodyKind.SNIFFED


def test_nosniff_keeps_an_untyped_body_from_being_a_document() -> None:
    assert kind(None, (b"X-Content-Type-Options", b" NoSniff")) is BodyKind.OTHER
    assert kind(None, (b"X-Content-Type-Options", b"nosniff, x")) is BodyKind.OTHER
    assert kind(None, (b"X-Content-Type-Options", b"x, nosniff")) is BodyKind.SNIFFED


def test_a_download_is_no_document_even_as_html() -> None:
    """N11"""
    assert kind(b"text/html", (b"Content-Disposition", b'attachment; filename="a.html"')) is BodyKind.OTHER
    assert kind(b"text/html", (b"Content-Disposition", b"inline")) is BodyKind.HTML


@pytest.mark.parametrize(
    ("method", "status", "expected"),
    [
        ("GET", 200, True),
        ("POST", 404, True),
        ("HEAD", 200, False),
        ("GET", 204, False),
        ("GET", 205, False),
        ("GET", 304, False),
    ],
)
def test_head_and_empty_statuses_carry_no_body(method: str, status: int, expected: bool) -> None:
    """N1, N2"""
    assert has_body(method, status) is expected


@pytest.mark.parametrize("status", [101, 204, 205, 304])
def test_a_status_without_a_body_is_no_document_unless_it_says_so(status: int) -> None:
    """H22: what has nothing to sniff keeps its head."""
    assert body_kind(status, []) is BodyKind.OTHER
    assert body_kind(status, [(b"Content-Type", b"text/html")]) is BodyKind.HTML


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_without_a_type_is_no_document(status: int) -> None:
    assert body_kind(status, [(b"Location", b"/x")]) is BodyKind.OTHER
    assert body_kind(status, []) is BodyKind.SNIFFED


def test_a_status_that_offers_a_choice_is_shown() -> None:
    assert body_kind(300, []) is BodyKind.SNIFFED


@pytest.mark.parametrize(("status", "location"), [(300, b"/x"), (305, b"/x"), (399, b"/x"), (302, b""), (307, b" \t")])
def test_what_browsers_do_not_follow_shows_its_body(status: int, location: bytes) -> None:
    """Fetch, "redirect status": the body of any other is shown, and sniffed."""
    assert body_kind(status, [(b"Location", location)]) is BodyKind.SNIFFED
    assert body_kind(201, [(b"Content-Length", b"0")]) is BodyKind.OTHER


def test_what_a_turbo_stream_brings_into_the_page_is_filtered(site) -> None:
    """L01, L10: Turbo puts the template's content into the document, and runs its scripts."""
    plan = site.request("/messages", method="POST").respond(200, [(b"Content-Type", b"text/vnd.turbo-stream.html")])
    stream = (
        b'<turbo-stream action="append" target="list"><template><p>x</p>'
        b'<img src="https://a.ads.example/x.gif"><script src="https://a.ads.example/x.js"></script></template></turbo-stream>'
    )
    out = site.send(plan, stream)
    assert b"ads.example" not in out
    assert out.startswith(b'<turbo-stream action="append" target="list"><template><p>x</p>')
    assert out.endswith(b"</template></turbo-stream>")
    assert b"banner" not in out
