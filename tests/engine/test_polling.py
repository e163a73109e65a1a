"""What tools ask: conditional requests, ranges of crawlers and resumed downloads; codings that are none (N3, N4, N5)."""

from __future__ import annotations

import gzip
from typing import Any

import pytest

from consent_guard.rewrite.page import page_rewriter
from consent_guard.rewrite.xml.rewriter import XmlRewriter
from consent_guard.wire.codings import available

ANYTHING = (b"Accept", b"*/*")
NAVIGATION = (b"Accept", b"text/html,application/xhtml+xml,*/*;q=0.8")
TAG = (b"If-None-Match", b'"v7"')
SINCE = (b"If-Modified-Since", b"Thu, 01 Jan 2026 00:00:00 GMT")
MODIFIED = (b"Last-Modified", SINCE[1])
RANGE = (b"Range", b"bytes=0-1023")
FEED = b'<?xml version="1.0"?><rss version="2.0"><channel><title>t</title></channel></rss>'
FEED_HEAD = [
    (b"Content-Type", b"application/rss+xml"),
    (b"ETag", b'"v1"'),
    MODIFIED,
    (b"Cache-Control", b"public,max-age=900"),
]


def seen(exchange, name: bytes) -> list[bytes]:
    return [value for key, value in exchange.forward_headers if key.lower() == name]


@pytest.mark.parametrize(("path", "kind"), [("/api/items", b"application/json"), ("/calendar.ics", b"text/calendar")])
@pytest.mark.parametrize("asked", [TAG, SINCE])
@pytest.mark.parametrize("accept", [[ANYTHING], []])
def test_what_is_polled_gets_its_304(site, path: str, kind: bytes, asked: tuple[bytes, bytes], accept: list) -> None:
    """curl, requests and httpx send ``*/*``, Go and calendars often nothing: by the app's own answer, or by ours."""
    exchange = site.request(path, *accept, asked)
    if seen(exchange, asked[0].lower()):
        plan = exchange.respond(304, [(b"ETag", b'"v7"')])
    else:
        plan = exchange.respond(200, [(b"Content-Type", kind), (b"Content-Length", b"2"), (b"ETag", b'W/"v7"'), MODIFIED])
    assert plan.status == 304
    assert plan.rewriter is None
    assert site.values(plan, b"etag")[0].removeprefix(b"W/") == b'"v7"'
    assert site.values(plan, b"content-length") == []


def test_what_has_changed_since_is_sent(site) -> None:
    for asked in (TAG, SINCE):
        headers = [(b"Content-Type", b"application/json"), (b"ETag", b'"v8"'), (b"Last-Modified", b"x")]
        plan = site.request("/api/items", asked).respond(200, headers)
        assert (plan.status, plan.headers, plan.bodiless) == (200, headers, False)


def test_a_page_that_was_kept_before_we_stood_here_is_never_answered_with_304(site) -> None:
    """N3: not to a browser, and not by us"""
    exchange = site.request("/page", NAVIGATION, TAG)
    assert seen(exchange, b"if-none-match") == []
    assert exchange.respond(200, [*site.HTML, (b"ETag", b'"v7"')]).status == 200


def test_a_download_at_a_pages_address_may_be_known_to_a_browser(site) -> None:
    plan = site.request("/report", NAVIGATION, TAG).respond(200, [(b"Content-Type", b"application/pdf"), (b"ETag", b'"v7"')])
    assert (plan.status, plan.bodiless) == (304, True)


BROWSER = (b"Accept-Language", b"en")
"""Every browser says it (Fetch, "fetch"), of whatever age, over http too."""


@pytest.mark.parametrize("asked", [TAG, SINCE])
@pytest.mark.parametrize("accept", [[ANYTHING], [], [(b"Accept", b"application/json, text/plain, */*")]])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_a_304_that_nobody_asked_for_is_one_for_a_tool(site, asked, accept: list, method: str) -> None:
    """The app was shown no condition, and names no version: it answers everybody so, and freshens nothing (RFC 9111 §4.3.4)."""
    exchange = site.request("/status/304", *accept, asked, method=method)
    assert seen(exchange, asked[0].lower()) == []
    plan = exchange.respond(304, [(b"X-App", b"1")])
    assert (plan.status, plan.rewriter, plan.bodiless) == (304, None, True)
    assert (b"X-App", b"1") in plan.headers


@pytest.mark.parametrize("asked", [TAG, SINCE, (b"If-None-Match", b"*"), (b"If-None-Match", b'W/"v7~cg-s-other"')])
@pytest.mark.parametrize(
    ("headers", "named"),
    [
        ([NAVIGATION, BROWSER], []),
        ([NAVIGATION], []),
        ([ANYTHING, BROWSER], []),
        ([ANYTHING, (b"Sec-Fetch-Dest", b"empty")], []),
        ([ANYTHING], [(b"ETag", b'"v7"')]),
        ([ANYTHING], [MODIFIED]),
    ],
)
def test_a_304_that_nobody_asked_for_brings_nothing_to_life_that_was_stored_unfiltered(site, asked, headers, named) -> None:
    """N3: Chromium shows what it has stored, whatever the 304 names; ours is stored by nobody, and takes the place of that."""
    plan = site.request("/page", *headers, asked).respond(304, named)
    assert plan.status == 412
    assert (site.values(plan, b"cache-control"), site.values(plan, b"etag")) == ([b"no-store"], [])
    assert site.send(plan, b"").startswith(b"Whether this has changed cannot be told.")


@pytest.mark.parametrize("accept", [NAVIGATION, ANYTHING])
def test_a_304_without_any_condition_in_the_request_is_the_apps_own_answer(site, accept) -> None:
    assert site.request("/page", accept, BROWSER).respond(304, []).status == 304


@pytest.mark.parametrize(("sent", "own"), [(b'"v7"', b"v7"), (b"v7", b'W/"v7"'), (b'x, W/"v7"', b"v7"), (b"v7", b"v7")])
def test_a_tag_that_the_app_has_put_in_no_quotes_is_known_with_and_without(site, sent: bytes, own: bytes) -> None:
    head = [(b"Content-Type", b"application/json"), (b"ETag", own)]
    assert site.request("/api", ANYTHING, (b"If-None-Match", sent)).respond(200, head).status == 304
    assert site.request("/api", ANYTHING, (b"If-None-Match", sent + b"0")).respond(200, head).status == 200


def test_a_feed_that_came_whole_and_names_no_listed_host_keeps_its_head(site) -> None:
    for cookie in (b"", site.cookie(allow="*")):
        plan = site.request("/feed", ANYTHING, cookie=cookie).respond(200, FEED_HEAD)
        assert plan.whole(FEED) == ([*FEED_HEAD, (b"content-length", b"%d" % len(FEED))], FEED)


@pytest.mark.parametrize("accept", [ANYTHING, (b"Accept", b"application/rss+xml, application/xml;q=0.9"), NAVIGATION])
@pytest.mark.parametrize("asked", [(b"If-None-Match", b'"v1"'), SINCE])
def test_a_feed_that_is_known_to_be_clean_gets_its_304(site, accept, asked: tuple[bytes, bytes]) -> None:
    """N3: not before this very version was seen, for the reader may have stored it unfiltered"""
    assert site.request("/feed", accept, asked).respond(200, FEED_HEAD).status == 200
    site.request("/feed").respond(200, FEED_HEAD).whole(FEED)
    plan = site.request("/feed", accept, asked).respond(200, [*FEED_HEAD, (b"Content-Length", b"9")])
    assert (plan.status, plan.bodiless, plan.headers) == (304, True, FEED_HEAD[1:])
    for path, head in (("/other", FEED_HEAD), ("/feed", [FEED_HEAD[0], (b"ETag", b'"v2"')])):
        assert site.request(path, accept, asked).respond(200, head).status == 200


def test_a_feed_that_was_found_to_be_gated_gets_no_304(site) -> None:
    site.request("/feed").respond(200, FEED_HEAD).whole(
        FEED.replace(b"<title>", b"<link>https://a.ads.example/x</link><title>")
    )
    assert site.request("/feed", ANYTHING, (b"If-None-Match", b'"v1"')).respond(200, FEED_HEAD).status == 200


@pytest.mark.parametrize("root", [b"<rss>", b"<feed xmlns='http://www.w3.org/2005/Atom'>", b"<!-- x --><rdf:RDF >"])
def test_a_feed_under_the_type_of_xml_is_told_by_its_first_element(site, root: bytes) -> None:
    head = [(b"Content-Type", b"text/xml"), (b"Cache-Control", b"max-age=9")]
    headers, body = site.request("/feed").respond(200, head).whole(b"<?xml version='1.0'?>\n" + root)
    assert (b"Cache-Control", b"max-age=9") in headers
    assert body.endswith(root)


def test_a_coded_feed_is_this_visitors_own(site, monkeypatch) -> None:
    """As under ASGI, where its head must leave before its body is known (Y3); and it is unfolded once, piece by piece."""
    monkeypatch.delattr("consent_guard.wire.codings.ContentDecoder.feed")
    plan = site.request("/feed").respond(200, [*FEED_HEAD, (b"Content-Encoding", b"gzip")])
    headers, body = plan.whole(gzip.compress(FEED))
    assert gzip.decompress(body) == FEED
    assert (b"Cache-Control", b"private, no-store") in headers


def test_a_feed_is_read_once_by_the_reader_who_allows_nothing_and_by_others_along_with_their_own_reading(
    site, monkeypatch
) -> None:
    made: list[Any] = []

    def counted(*given: Any, **named: Any) -> Any:
        made.append(page_rewriter(*given, **named))
        return made[-1]

    monkeypatch.setattr("consent_guard.engine.response_side.page_rewriter", counted)
    for cookie, count in ((site.cookie(deny="*"), 1), (site.cookie(allow="*"), 2)):
        plan = site.request("/feed", cookie=cookie).respond(200, FEED_HEAD)
        assert plan.whole(FEED)[0][:4] == FEED_HEAD
        assert len(made) == count
        made.clear()


def test_no_reading_of_a_feed_takes_it_in_one_go(make) -> None:
    """Y18: both readings of a reader who has granted something are done in the pieces in which the body comes."""
    site = make()
    feed = FEED.replace(b"<title>", b"<item><link>https://www.example.org/x?a=1&amp;b=2</link></item>" * 50 + b"<title>")
    plan = site.request("/feed", cookie=site.cookie(allow="*")).respond(200, FEED_HEAD)
    pieces = [feed[at : at + 100] for at in range(0, len(feed), 100)]
    fed: list[int] = []
    read = XmlRewriter.feed

    def counting(rewriter: Any, data: bytes) -> bytes:
        fed.append(len(data))
        return read(rewriter, data)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(XmlRewriter, "feed", counting)
        out = b"".join(plan.rewriter.feed(piece) for piece in pieces) + plan.rewriter.close()
        assert plan.settle(feed, out)[0][:4] == FEED_HEAD
    assert len(fed) == 2 * len(pieces)
    assert max(fed) == 100


@pytest.mark.parametrize(
    "body",
    [
        FEED.replace(b"<title>", b"<link>https://a.ads.example/x</link><title>"),
        FEED.replace(b"<title>", b'<image xmlns="http://www.w3.org/2000/svg" href="https://a.ads.example/"/><title>'),
        FEED.decode().encode("utf-16"),
    ],
)
def test_a_feed_that_names_a_listed_host_is_this_visitors_own(site, body: bytes) -> None:
    """Under every choice, or a cache would give one reader's to another."""
    for cookie in (b"", site.cookie(allow="*")):
        plan = site.request("/feed", cookie=cookie).respond(200, FEED_HEAD)
        headers, _ = plan.whole(body)
        assert any(value.startswith(b"private") for name, value in headers if name.lower() == b"cache-control")


def test_a_feed_that_streams_is_this_visitors_own(site) -> None:
    plan = site.request("/feed").respond(200, FEED_HEAD)
    assert site.values(plan, b"cache-control") == [b"private, no-store"]


def test_other_xml_documents_are_this_visitors_own(site) -> None:
    head = [(b"Content-Type", b"image/svg+xml"), (b"Cache-Control", b"max-age=9")]
    headers, _ = site.request("/a.svg").respond(200, head).whole(b"<svg xmlns='http://www.w3.org/2000/svg'/>")
    assert (b"Cache-Control", b"private, no-store") in headers


@pytest.mark.parametrize("path", ["/", "/about", "/about.html", "/a.HTM", "/a.xhtml", "/a.php", "/feed.xml", "/a.svg"])
def test_a_crawlers_range_of_a_page_becomes_a_request_for_the_whole(site, path: str) -> None:
    """Link-preview bots send ``Range: bytes=0-524287`` for every page."""
    assert seen(site.request(path, ANYTHING, RANGE, (b"If-Range", b'"x"')), b"range") == []
    assert seen(site.request(path, NAVIGATION, RANGE), b"range") == []


@pytest.mark.parametrize(
    ("path", "headers"),
    [
        ("/big.zip", [NAVIGATION]),
        ("/big.zip", [ANYTHING]),
        ("/film", [ANYTHING, (b"Sec-Fetch-Dest", b"video")]),
        ("/v1.2", [ANYTHING]),
        ("/about.html", [(b"Accept", b"application/octet-stream")]),
    ],
)
def test_a_resumed_download_keeps_its_range(site, path: str, headers: list) -> None:
    exchange = site.request(path, *headers, RANGE, (b"If-Range", b'"x"'))
    assert seen(exchange, b"range") == [RANGE[1]]
    assert seen(exchange, b"if-range") == [b'"x"']


def test_a_range_of_anything_but_get_is_the_apps_own(site) -> None:
    assert seen(site.request("/about", ANYTHING, RANGE, method="PUT"), b"range") == [RANGE[1]]


@pytest.mark.parametrize("coding", [b"UTF-8", b"none", b"foo", b"identity", b"", b"foo, UTF-8", b", "])
def test_a_coding_that_is_none_leaves_the_page_to_be_filtered(site, coding: bytes) -> None:
    headers = [*site.HTML, (b"Content-Encoding", coding)]
    plan = site.request().respond(200, headers)
    assert plan.status == 200
    assert site.values(plan, b"content-encoding") == [coding]
    assert b"ads.example" not in site.send(plan, b"<html><script src=https://a.ads.example/></script>")


@pytest.mark.parametrize("coding", [b"foo gzip", b"foo\tgzip", b"none  x-br"])
def test_a_coding_that_firefox_finds_behind_a_blank_is_not_taken_for_none(site, coding: bytes) -> None:
    """N5: it would undo what the rewriter took for the page's own bytes."""
    assert site.request().respond(200, [*site.HTML, (b"Content-Encoding", coding)]).status == 500


def test_x_gzip_is_gzip(site) -> None:
    plan = site.request().respond(200, [*site.HTML, (b"Content-Encoding", b"x-gzip")])
    out = gzip.decompress(site.send(plan, gzip.compress(b"<html><script src=https://a.ads.example/></script>")))
    assert b"ads.example" not in out


@pytest.mark.parametrize("destination", [b"script", b"image", b"font", b"video"])
def test_what_is_neither_page_nor_sheet_is_asked_for_in_every_coding(site, monkeypatch, destination: bytes) -> None:
    """Precompressed static files leave as br, whether we could undo it or not."""
    monkeypatch.setattr("consent_guard.wire.codings.available", lambda name: name != b"br" and available(name))
    accepted = (b"Accept-Encoding", b"gzip, deflate, br, zstd, x-test-1")
    assert seen(site.request("/static/app", (b"Sec-Fetch-Dest", destination), accepted), b"accept-encoding") == [accepted[1]]
    assert seen(site.request("/static/app.js", accepted), b"accept-encoding") == [accepted[1]]
    assert b"br" not in seen(site.request("/page", NAVIGATION, accepted), b"accept-encoding")[0]
    fragment = site.request("/part", (b"Sec-Fetch-Dest", b"empty"), accepted)
    assert b"br" not in seen(fragment, b"accept-encoding")[0]


@pytest.mark.parametrize("name", ["__Http-sessionid", "__Host-Http-session", "__host-http-csrftoken", "__HTTP-session"])
def test_a_frameworks_cookie_passes_under_every_prefix(make, name: str) -> None:
    site = make(unlisted_cookies="block")
    line = f"{name}=abc; Path=/; Secure; HttpOnly".encode()
    assert site.set_cookies(site.request().respond(200, [(b"Set-Cookie", line)])) == [line]
