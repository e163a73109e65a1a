"""The request as the app may see it (L04, N3, N4, N5)."""

from __future__ import annotations

import pytest

DOCUMENT = (b"Sec-Fetch-Dest", b"document")


def seen(exchange, name: bytes) -> list[bytes]:
    return [value for key, value in exchange.forward_headers if key.lower() == name]


def test_a_gated_cookie_is_hidden_from_the_app_and_no_other(site) -> None:
    """L04, H11"""
    exchange = site.request(cookie=b"session=1; _ga=2; contrast=3; unknown=4; _ga_X=5; atid=6")
    assert seen(exchange, b"cookie") == [b"session=1; contrast=3; unknown=4; atid=6"]


def test_a_consent_cookie_of_ours_stays_visible(site) -> None:
    cookie = site.cookie()
    assert seen(site.request(cookie=cookie), b"cookie") == [cookie]


def test_a_granted_service_reads_its_own_cookies_and_no_others(site) -> None:
    """S13"""
    exchange = site.request(cookie=site.cookie(allow=["video"]) + b"; _vid=1; _ga=2")
    assert seen(exchange, b"cookie")[0].endswith(b"; _vid=1")


def test_an_app_cookie_follows_its_category(site) -> None:
    assert seen(site.request(cookie=b"taste=1"), b"cookie") == []
    granted = site.cookie(allow=["campaigns"])
    assert seen(site.request(cookie=granted + b"; taste=1"), b"cookie") == [granted + b"; taste=1"]


def test_a_refused_exempt_service_reads_nothing(site) -> None:
    """L53"""
    assert b"atid" not in seen(site.request(cookie=site.cookie(deny=["audience"]) + b"; atid=1"), b"cookie")[0]


def test_a_request_from_which_nothing_is_kept_back_stays_the_very_object(site) -> None:
    exchange = site.request("/a.css", (b"Accept-Encoding", b"gzip"), cookie=b"session=1")
    assert exchange.forward_headers == ((b"Accept-Encoding", b"gzip"), (b"Cookie", b"session=1"))
    assert isinstance(exchange.forward_headers, tuple)


def test_what_is_hidden_is_found_once(site) -> None:
    exchange = site.request("/", (b"Cookie", b"_ga=1"), (b"Cookie", b"_ga=2"))
    assert [(finding.kind.value, finding.subject, finding.service) for finding in exchange.finish()] == [
        ("cookie-hidden", "_ga", "ads")
    ]


@pytest.mark.parametrize("name", [b"\xa0_ga", b"_ga\xa0", b"\x85_ga"])
def test_a_name_that_a_framework_would_strip_to_a_gated_one_is_hidden(site, name: bytes) -> None:
    """ROBUSTNESS 0.6"""
    assert seen(site.request(cookie=name + b"=1"), b"cookie") == []


def test_only_codings_that_can_be_undone_are_asked_for(site) -> None:
    """N5"""
    exchange = site.request("/", (b"Accept-Encoding", b"gzip, sdch, dcz"))
    assert seen(exchange, b"accept-encoding") == [b"gzip"]


@pytest.mark.parametrize("name", [b"Range", b"If-Range"])
def test_a_page_is_asked_for_whole(site, name: bytes) -> None:
    """N4, H31"""
    assert seen(site.request("/", DOCUMENT, (name, b"bytes=0-9")), name.lower()) == []
    assert seen(site.request("/film.mp4", (b"Sec-Fetch-Dest", b"video"), (name, b"bytes=0-9")), name.lower()) == [b"bytes=0-9"]
    assert seen(site.request("/film.mp4", (b"Accept", b"*/*"), (name, b"bytes=0-9")), name.lower()) == [b"bytes=0-9"]


def tag_of(site, *headers, **options) -> bytes:
    """Return the ETag that a page of the app's ``"v1"`` goes out with."""
    plan = site.request("/page", DOCUMENT, *headers, **options).respond(200, [*site.HTML, (b"ETag", b'"v1"')])
    return site.values(plan, b"etag")[0]


def test_a_validator_of_the_same_consent_reaches_the_app_as_the_app_made_it(site) -> None:
    """H23, N3"""
    exchange = site.request("/page", DOCUMENT, (b"If-None-Match", tag_of(site)))
    assert seen(exchange, b"if-none-match") == [b'"v1"']


def test_a_validator_of_another_consent_never_reaches_the_app(site) -> None:
    """H23, N3, both directions"""
    granted = site.cookie(allow="*")
    refused = site.cookie(deny="*")
    for before, after in ((granted, refused), (refused, granted), (granted, b"x=1"), (b"x=1", granted)):
        exchange = site.request("/page", DOCUMENT, (b"If-None-Match", tag_of(site, cookie=before)), cookie=after)
        assert seen(exchange, b"if-none-match") == []


def test_a_page_stored_without_a_banner_is_not_shown_where_one_is_due(site) -> None:
    """The same address was shown in a frame (no banner), and is then visited."""
    fetched = site.request("/page", (b"Sec-Fetch-Dest", b"iframe")).respond(200, [*site.HTML, (b"ETag", b'"v1"')])
    exchange = site.request("/page", DOCUMENT, (b"If-None-Match", site.values(fetched, b"etag")[0]))
    assert seen(exchange, b"if-none-match") == []


def test_validators_are_the_same_for_all_who_chose_the_same(site) -> None:
    """L07: content and consent state only, never the visitor."""
    assert tag_of(site, cookie=site.cookie(deny="*", at=site.NOW - 5)) == tag_of(
        site, cookie=site.cookie(deny="*", at=site.NOW - 999)
    )


@pytest.mark.parametrize("header", [(b"If-None-Match", b'"v1"'), (b"If-Modified-Since", b"Thu, 01 Jan 2026 00:00:00 GMT")])
def test_a_page_that_was_stored_before_we_stood_here_is_asked_for_anew(site, header: tuple[bytes, bytes]) -> None:
    """N3"""
    assert seen(site.request("/page", DOCUMENT, header), header[0].lower()) == []
    assert seen(site.request("/page", header), header[0].lower()) == []


EMPTY = (b"Sec-Fetch-Dest", b"empty")
ANYTHING = (b"Accept", b"*/*")
LANGUAGE = (b"Accept-Language", b"en")


@pytest.mark.parametrize("header", [(b"If-None-Match", b'"v1"'), (b"If-Modified-Since", b"Thu, 01 Jan 2026 00:00:00 GMT")])
@pytest.mark.parametrize("asked", [(ANYTHING, EMPTY), (EMPTY,), (ANYTHING,), ((b"Accept", b"application/json"),)])
def test_a_fragment_that_was_stored_before_we_stood_here_is_asked_for_anew(make, header: tuple[bytes, bytes], asked) -> None:
    """N3: libraries fetch parts of pages with ``Accept: */*``; what was stored while the policy only reported is unfiltered."""
    head = [*make().HTML, (b"ETag", b'"v1"'), (b"Last-Modified", b"Thu, 01 Jan 2026 00:00:00 GMT")]
    assert make(enforcement="report").request("/frag", *asked).respond(200, head).headers == head
    exchange = make().request("/frag", *asked, header)
    assert seen(exchange, header[0].lower()) == []
    plan = exchange.respond(200, head)
    assert (plan.status, plan.rewriter is not None) == (200, True)


def test_a_fragment_of_the_same_consent_gets_its_304(site) -> None:
    own = site.values(site.request("/frag", ANYTHING, EMPTY).respond(200, [*site.HTML, (b"ETag", b'"v1"')]), b"etag")[0]
    exchange = site.request("/frag", ANYTHING, EMPTY, (b"If-None-Match", own))
    assert seen(exchange, b"if-none-match") == [b'"v1"']
    plan = exchange.respond(304, [(b"ETag", b'"v1"')])
    assert (plan.status, site.values(plan, b"etag")) == (304, [own])


@pytest.mark.parametrize(
    "header", [(b"If-None-Match", b'"v1", W/"v2"'), (b"If-Modified-Since", b"Thu, 01 Jan 2026 00:00:00 GMT")]
)
@pytest.mark.parametrize("extra", [(), ((b"Sec-Fetch-Dest", b"script"),), ((b"Accept", b"*/*"),)])
def test_static_files_keep_their_revalidation(
    site, header: tuple[bytes, bytes], extra: tuple[tuple[bytes, bytes], ...]
) -> None:
    """H22; style sheets too, once they are known to be clean (``test_style_sheets``)"""
    assert seen(site.request("/static/app.js", *extra, header), header[0].lower()) == [header[1]]


def test_a_date_does_not_speak_for_a_tag_that_was_kept_back(site) -> None:
    """RFC 9110 §13.1.3: a picture in SVG carries the consent too; its old tag must not come back as a date."""
    image = (b"Sec-Fetch-Dest", b"image")
    granted = site.request("/a.svg", image, cookie=site.cookie(allow="*"))
    old = site.values(granted.respond(200, [(b"Content-Type", b"image/svg+xml"), (b"ETag", b'"v1"')]), b"etag")[0]
    exchange = site.request("/a.svg", image, (b"If-None-Match", old), (b"If-Modified-Since", b"Thu, 01 Jan 2026 00:00:00 GMT"))
    assert seen(exchange, b"if-none-match") == []
    assert seen(exchange, b"if-modified-since") == []


@pytest.mark.parametrize("value", [b"*", b" *\t"])
def test_a_condition_on_any_version_at_all_is_not_asked_of_a_page(site, value: bytes) -> None:
    """N3: a 304 would let a page of another consent stand."""
    exchange = site.request("/page", DOCUMENT, (b"If-None-Match", value))
    assert seen(exchange, b"if-none-match") == []
    assert site.request("/page", (b"If-None-Match", value), LANGUAGE).respond(304, []).status == 412
    assert seen(site.request("/a.js", (b"If-None-Match", value)), b"if-none-match") == [value]


def test_conditions_on_unsafe_methods_are_the_apps_own(site) -> None:
    exchange = site.request("/page", DOCUMENT, (b"If-None-Match", b"*"), method="PUT")
    assert seen(exchange, b"if-none-match") == [b"*"]


@pytest.mark.parametrize("name", [b"If-Match", b"If-None-Match"])
@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH"])
def test_a_write_that_depends_on_a_version_names_it_as_the_app_does_whatever_was_chosen_since(
    site, name: bytes, method: str
) -> None:
    """RFC 9110 §13.1.1: optimistic locking by the ETag of a page"""
    tag = tag_of(site)
    exchange = site.request("/page", (name, tag), method=method, cookie=site.cookie(allow="*"))
    assert seen(exchange, name.lower()) == [b'"v1"']


def test_what_a_visitor_calls_hidden_cookies_makes_no_more_findings_than_there_are_rules(site) -> None:
    exchange = site.request(cookie=b"; ".join(b"_ga_%d=1" % number for number in range(400)) + b"; _ga=1")
    assert [(finding.subject, finding.rule) for finding in exchange.finish()] == [("_ga_*", "_ga_*"), ("_ga", "_ga")]


def test_in_report_mode_the_request_is_not_altered(make) -> None:
    site = make(enforcement="report")
    headers = (
        DOCUMENT,
        (b"Cookie", b"_ga=1"),
        (b"If-None-Match", b'"v1"'),
        (b"Range", b"bytes=0-9"),
        (b"Accept-Encoding", b"sdch"),
    )
    exchange = site.request("/page", *headers)
    assert exchange.forward_headers == headers
    assert [(finding.subject, finding.enforced) for finding in exchange.finish()] == [("_ga", False)]
