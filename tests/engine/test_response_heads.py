"""Heads of documents, and of what is none (DESIGN §6 "Caching"; H20 to H23, H30 to H33, N1, N2, N4 to N9)."""

from __future__ import annotations

import logging

import pytest

from consent_guard import Guard, RequestFacts

DOCUMENT = (b"Sec-Fetch-Dest", b"document")


def head(plan) -> dict[bytes, bytes]:
    return {name.lower(): value for name, value in plan.headers}


@pytest.mark.parametrize("status", [200, 201, 404, 500])
@pytest.mark.parametrize(
    "kind", [b"text/html", b"application/xhtml+xml", b"image/svg+xml", b"application/rss+xml", b"text/xml"]
)
def test_every_document_is_this_visitors_own_and_revalidated(site, status: int, kind: bytes) -> None:
    """H20, N7, N8, N9: also where nothing is removed."""
    plan = site.request(cookie=site.cookie(deny="*")).respond(
        status,
        [
            (b"Content-Type", kind),
            (b"Cache-Control", b"public, s-maxage=60, max-age=30"),
            (b"CDN-Cache-Control", b"max-age=60"),
            (b"Surrogate-Control", b"max-age=60"),
            (b"Vary", b"Accept-Encoding"),
            (b"Last-Modified", b"Thu, 01 Jan 2026 00:00:00 GMT"),
            (b"ETag", b'"v1"'),
            (b"X-Other", b"1"),
        ],
    )
    left = head(plan)
    assert left[b"cache-control"] == b"private, no-cache"
    assert left[b"vary"] == b"Accept-Encoding, Cookie"
    assert left[b"etag"].startswith(b'W/"v1')
    assert left[b"etag"] != b'W/"v1"'
    assert left[b"x-other"] == b"1"
    assert not {b"cdn-cache-control", b"surrogate-control", b"last-modified"} & left.keys()


@pytest.mark.parametrize("allowed", ["*", ["video"]])
def test_a_page_shown_with_a_grant_is_kept_by_nobody(site, allowed: object) -> None:
    """H23: with the changed cookie of a later choice that keeps it from coming back alive. Without a grant pages are kept."""
    asked = [(b"Cache-Control", b"public, max-age=30, no-transform")]
    granted = site.request(cookie=site.cookie(allow=allowed)).respond(200, [*site.HTML, *asked])
    assert head(granted)[b"cache-control"] == b"private, no-store, no-transform"
    kept = head(site.request(cookie=site.cookie(deny="*")).respond(200, [*site.HTML, *asked]))
    assert kept[b"cache-control"] == b"private, no-cache, no-transform"


def test_so_is_a_page_shown_with_what_runs_until_it_is_refused(site) -> None:
    """H23: the basis ``exempt``. After the refusal the back button brought its tracker back."""
    undecided = site.request().respond(200, site.HTML)
    assert head(undecided)[b"cache-control"] == b"private, no-store"
    refused = site.request(cookie=site.cookie(deny="*")).respond(200, site.HTML)
    assert head(refused)[b"cache-control"] == b"private, no-cache"


def test_what_restricts_further_stays(site) -> None:
    cookie = site.cookie(deny="*")
    plan = site.request(cookie=cookie).respond(200, [*site.HTML, (b"Cache-Control", b"no-store"), (b"Vary", b"*")])
    assert head(plan)[b"cache-control"] == b"private, no-cache, no-store"
    assert head(plan)[b"vary"] == b"*"


def test_the_privacy_signal_is_varied_on_where_a_category_heeds_it(site) -> None:
    """G03"""
    policy = {**site.policy, "categories": [{**category, "gpc": True} for category in site.policy["categories"][1:]]}
    policy["categories"].insert(0, site.policy["categories"][0])
    guard = Guard(policy, secret_key=site.KEY)
    plan = guard.open(RequestFacts("GET", "https", "example.org", "/")).respond(200, site.HTML)
    assert head(plan)[b"vary"] == b"Cookie, Sec-GPC"


@pytest.mark.parametrize(
    "name",
    [b"Content-Length", b"Content-MD5", b"Digest", b"Content-Digest", b"Repr-Digest", b"Accept-Ranges", b"Signature"],
)
def test_what_spoke_of_the_apps_own_bytes_goes(site, name: bytes) -> None:
    """H30, N6; on HEAD too (H32, N1)"""
    for method in ("GET", "HEAD"):
        plan = site.request(method=method).respond(200, [*site.HTML, (name, b"1")])
        assert name.lower() not in head(plan)


@pytest.mark.parametrize(
    "kind",
    [b"text/css", b"image/png", b"application/json", b"text/plain", b"application/pdf", b"text/event-stream", b"font/woff2"],
)
def test_other_types_keep_every_header_and_their_own_body(site, kind: bytes) -> None:
    """H22, N11, Y20: the rewriter is None, so the app's own body object is handed on."""
    headers = [
        (b"Content-Type", kind),
        (b"Content-Length", b"5"),
        (b"Cache-Control", b"public, max-age=31536000, immutable"),
        (b"Last-Modified", b"Thu, 01 Jan 2026 00:00:00 GMT"),
        (b"ETag", b'"v1"'),
        (b"Accept-Ranges", b"bytes"),
        (b"Content-Encoding", b"dcz"),
        (b"Digest", b"sha-256=x"),
    ]
    exchange = site.request("/x", cookie=b"_ga=1")
    plan = exchange.respond(200, headers)
    assert plan.headers == headers
    assert plan.rewriter is None


def test_a_download_is_not_touched(site) -> None:
    headers = [*site.HTML, (b"Content-Disposition", b"attachment"), (b"Content-Length", b"9"), (b"Cache-Control", b"public")]
    plan = site.request(cookie=b"_ga=1").respond(200, headers)
    assert plan.headers == headers
    assert plan.rewriter is None


@pytest.mark.parametrize(("method", "status"), [("HEAD", 200), ("GET", 204), ("GET", 205), ("GET", 304)])
def test_where_no_body_goes_none_is_filtered(site, method: str, status: int) -> None:
    """N1, N2"""
    assert site.request(method=method).respond(status, site.HTML).rewriter is None


def test_head_gets_the_head_that_get_would_get(site) -> None:
    """H32, N1"""
    headers = [*site.HTML, (b"ETag", b'"v1"'), (b"Content-Length", b"7"), (b"Set-Cookie", b"_ga=1")]
    plans = [site.request(method=method, cookie=b"_ga=1").respond(200, headers) for method in ("GET", "HEAD")]
    assert plans[0].headers == plans[1].headers


def test_the_apps_own_list_is_not_changed(site) -> None:
    """W12"""
    headers = [*site.HTML, (b"Content-Length", b"7"), (b"Set-Cookie", b"_ga=1")]
    before = list(headers)
    plan = site.request().respond(200, headers)
    assert headers == before
    assert plan.headers is not headers


def test_a_304_of_this_consent_state_repeats_what_the_page_said(site) -> None:
    """N2"""
    page = site.request("/page", DOCUMENT).respond(200, [*site.HTML, (b"ETag", b'"v1"')])
    tag = head(page)[b"etag"]
    again = site.request("/page", DOCUMENT, (b"If-None-Match", tag)).respond(
        304, [(b"ETag", b'"v1"'), (b"Cache-Control", b"public"), (b"Last-Modified", b"Thu, 01 Jan 2026 00:00:00 GMT")]
    )
    assert again.status == 304
    left = head(again)
    assert left[b"etag"] == tag
    assert left[b"cache-control"] == b"private, no-store"
    assert left[b"vary"] == b"Cookie"
    assert b"last-modified" not in left


def test_a_304_that_answers_no_validator_of_this_state_is_refused(site, caplog) -> None:
    """H23, N3: the stored page may hold what this visitor has withdrawn."""
    exchange = site.request("/page", DOCUMENT, (b"If-None-Match", b'"v1"'))
    with caplog.at_level(logging.ERROR, "consent_guard"):
        plan = exchange.respond(304, [(b"ETag", b'"v1"')])
    assert plan.status == 412
    assert "304" in caplog.text


def test_a_304_for_a_file_passes_as_it_is(site) -> None:
    """H22"""
    headers = [(b"ETag", b'"v1"'), (b"Cache-Control", b"public, max-age=60"), (b"Last-Modified", b"x")]
    exchange = site.request("/app.js", (b"Sec-Fetch-Dest", b"script"), (b"If-None-Match", b'"v1"'))
    plan = exchange.respond(304, headers)
    assert (plan.status, plan.headers, plan.rewriter) == (304, headers, None)


def test_a_304_for_a_picture_in_svg_carries_its_mark(site) -> None:
    image = (b"Sec-Fetch-Dest", b"image")
    first = site.request("/a.svg", image).respond(200, [(b"Content-Type", b"image/svg+xml"), (b"ETag", b'"v1"')])
    tag = head(first)[b"etag"]
    again = site.request("/a.svg", image, (b"If-None-Match", tag)).respond(304, [(b"ETag", b'"v1"')])
    assert head(again)[b"etag"] == tag


@pytest.mark.parametrize("kind", [b"text/html", b"image/svg+xml", b"application/xhtml+xml"])
def test_a_part_of_a_document_is_refused(site, kind: bytes, caplog) -> None:
    """N4, H31"""
    with caplog.at_level(logging.ERROR, "consent_guard"):
        plan = site.request("/x", (b"Accept", b"*/*")).respond(
            206, [(b"Content-Type", kind), (b"Content-Range", b"bytes 0-9/99"), (b"Set-Cookie", b"a=1")]
        )
    assert plan.status == 416
    assert b"content-range" not in head(plan)
    assert head(plan)[b"cache-control"] == b"no-store"
    out = site.send(plan, b"<script src=x>")
    assert b"<script" not in out
    assert head(plan)[b"content-length"] == str(len(out)).encode()


def test_a_part_of_anything_else_is_not_touched(site) -> None:
    headers = [(b"Content-Type", b"video/mp4"), (b"Content-Range", b"bytes 0-9/99"), (b"Accept-Ranges", b"bytes")]
    plan = site.request("/a.mp4", (b"Sec-Fetch-Dest", b"video")).respond(206, headers)
    assert (plan.status, plan.headers, plan.rewriter) == (206, headers, None)
    parts = [(b"Content-Type", b"multipart/byteranges; boundary=x")]
    assert site.request("/a.mp4", (b"Sec-Fetch-Dest", b"video")).respond(206, parts).headers == parts


def test_parts_of_what_may_be_a_page_are_refused(site) -> None:
    parts = [(b"Content-Type", b"multipart/byteranges; boundary=x")]
    assert site.request("/page", DOCUMENT).respond(206, parts).status == 416
    assert site.request("/page", DOCUMENT).respond(206, []).status == 416
    assert site.request("/page", DOCUMENT).respond(206, [(b"Content-Type", b"video/mp4")]).status == 206


@pytest.mark.parametrize("coding", [b"dcz", b"dcb", b"compress", b"gzip, x", b"x, gzip", b"identity, gzip"])
def test_a_document_in_a_coding_that_cannot_be_undone_is_refused(site, coding: bytes, caplog) -> None:
    """N5, H34"""
    with caplog.at_level(logging.ERROR, "consent_guard"):
        plan = site.request().respond(200, [*site.HTML, (b"Content-Encoding", coding)])
    assert plan.status == 500
    assert b"content-encoding" not in head(plan)
    assert coding.decode() in caplog.text


def test_a_refusal_is_found(site) -> None:
    exchange = site.request()
    exchange.respond(200, [*site.HTML, (b"Content-Encoding", b"dcz")])
    assert [(finding.kind.value, finding.subject) for finding in exchange.finish()] == [("unfiltered", "www.example.org")]


def test_an_order_to_send_another_body_instead_is_found(site) -> None:
    exchange = site.request()
    exchange.respond(200, [*site.HTML, (b"X-Accel-Redirect", b"/private/a.html")])
    assert [(finding.kind.value, finding.where) for finding in exchange.finish()] == [("unfiltered", "x-accel-redirect")]


def test_server_timing_tells_the_count_only_when_the_logger_debugs(site, caplog) -> None:
    """DESIGN §6"""
    headers = [*site.HTML, (b"Set-Cookie", b"_ga=1"), (b"Set-Cookie", b"_vid=1")]
    assert b"server-timing" not in head(site.request().respond(200, headers))
    with caplog.at_level(logging.DEBUG, "consent_guard"):
        plan = site.request().respond(200, headers)
    assert head(plan)[b"server-timing"] == b'cg;desc="headers: 2 withheld"'


def test_in_report_mode_no_header_changes(make) -> None:
    site = make(enforcement="report")
    headers = [
        *site.HTML,
        (b"Content-Length", b"7"),
        (b"ETag", b'"v1"'),
        (b"Last-Modified", b"x"),
        (b"Cache-Control", b"public"),
        (b"Link", b"<https://a.ads.example/x.js>; rel=preload; as=script"),
    ]
    plan = site.request(cookie=b"_ga=1").respond(200, headers)
    assert plan.headers == headers
    assert site.request().respond(206, headers).headers == headers
    exchange = site.request()
    assert exchange.respond(200, [*headers, (b"Content-Encoding", b"dcz")]).rewriter is None
    told = [(finding.kind.value, finding.where, finding.enforced) for finding in exchange.finish()]
    assert ("unfiltered", "body", False) in told


@pytest.mark.parametrize(
    ("status", "headers"),
    [
        (301, [(b"Location", b"/x"), (b"Cache-Control", b"public, max-age=86400"), (b"Content-Length", b"0")]),
        (204, [(b"Cache-Control", b"public")]),
        (201, [(b"Content-Length", b"0")]),
        (101, [(b"Upgrade", b"websocket")]),
    ],
)
def test_what_has_nothing_to_show_keeps_its_head(site, status: int, headers: list[tuple[bytes, bytes]]) -> None:
    """H22"""
    plan = site.request(cookie=b"_ga=1").respond(status, headers)
    assert (plan.headers, plan.rewriter) == (headers, None)


def test_a_digest_in_the_trailers_of_a_filtered_body_goes(site) -> None:
    """Y8, H30"""
    trailers = [(b"Content-Digest", b"x"), (b"Repr-Digest", b"x"), (b"Server-Timing", b"a")]
    exchange = site.request()
    exchange.respond(200, site.HTML)
    assert exchange.filter_headers(trailers) == trailers[2:]
    exchange = site.request()
    exchange.respond(200, [(b"Content-Type", b"text/plain")])
    assert exchange.filter_headers(trailers) == trailers
