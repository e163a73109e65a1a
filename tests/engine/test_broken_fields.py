"""CR, LF and NUL in response headers, and names that are none: such a field is dropped before the head is read (DESIGN §6).

A name with a blank behind it is the name without it to browsers, where a server writes it as it is.
"""

from __future__ import annotations

import pytest

from consent_guard import FindingKind

BROKEN = [
    (b"X-One", b"a=1\r\nSet-Cookie: _ga=2"),
    (b"X-Two", b"x\r\n\r\n<script src=https://a.ads.example/></script>"),
    (b"X-Three\r\nSet-Cookie: _ga=3; X", b"x"),
    (b"X-Four", b"a\x00b"),
    (b"X-Five", b"a\nSet-Cookie: _ga=4"),
    (b"X-Six", b"a\rb"),
    (b"Set-Cookie ", b"_ga=5; Path=/"),
    (b"Set-Cookie\t", b"_ga=6; Path=/"),
    (b"Set-Cookie: _ga=7; X", b"x"),
    (b" Link", b"<https://a.ads.example/x.js>; rel=preload; as=script"),
]
SCRIPT = b'<script src="https://a.ads.example/x.js"></script>'


@pytest.mark.parametrize("field", BROKEN)
@pytest.mark.parametrize("kind", [b"text/html", b"application/json", b"image/png"])
def test_a_field_that_would_become_two_is_dropped_and_found(site, field: tuple[bytes, bytes], kind: bytes) -> None:
    plan = site.request().respond(200, [(b"Content-Type", kind), field, (b"X-Kept", b"1")])
    assert field not in plan.headers
    assert (b"X-Kept", b"1") in plan.headers
    assert not any(mark in part for header in plan.headers for part in header for mark in (b"\r", b"\n", b"\x00"))
    told = [finding for finding in site.findings if finding.kind is FindingKind.BROKEN_FIELD]
    assert len(told) == 1


def test_a_redirect_without_its_address_is_a_page_that_is_shown(site) -> None:
    headers = [(b"Location", b"/next\r\nSet-Cookie: _ga=1")]
    plan = site.request().respond(302, headers)
    assert site.values(plan, b"location") == []
    assert plan.rewriter is not None
    assert SCRIPT not in site.send(plan, SCRIPT + b"<p>moved</p>")


def test_an_attachment_that_is_dropped_makes_a_page_of_a_download(site) -> None:
    headers = [*site.HTML, (b"Content-Disposition", b'attachment; filename="a\nb"')]
    plan = site.request().respond(200, headers)
    assert plan.rewriter is not None
    assert SCRIPT not in site.send(plan, SCRIPT)


def test_a_coding_that_is_dropped_is_none(site) -> None:
    plan = site.request().respond(200, [*site.HTML, (b"Content-Encoding", b"gzip\0")])
    assert plan.status == 200
    assert SCRIPT not in site.send(plan, SCRIPT)


def test_a_type_that_is_dropped_leaves_the_body_to_be_sniffed(site) -> None:
    plan = site.request().respond(200, [(b"Content-Type", b"text/plain\n")])
    assert SCRIPT not in site.send(plan, b"<html>" + SCRIPT)


def test_heads_by_themselves_are_cleared_too(site) -> None:
    """103 Early Hints, trailers, websocket.accept"""
    assert site.request().filter_headers([*BROKEN, (b"X-Kept", b"1")]) == [(b"X-Kept", b"1")]


def test_in_report_mode_they_are_told_and_stay(make) -> None:
    site = make(enforcement="report")
    headers = [*site.HTML, BROKEN[0]]
    assert site.request().respond(200, headers).headers == headers
    assert [(finding.kind, finding.enforced) for finding in site.findings] == [(FindingKind.BROKEN_FIELD, False)]
