"""Set-Cookie on its way out (L01, H01 to H05, H10, S11, S12, S19; ROBUSTNESS 0.5)."""

from __future__ import annotations

import base64

import pytest

from consent_guard import Guard, RequestFacts

from ..cases import rows

LONG = 20_000 * 24 * 3600


def kept(site, *lines: bytes, status: int = 200, kind: bytes = b"application/json", **options) -> list[bytes]:
    headers = [(b"Content-Type", kind), *((b"Set-Cookie", line) for line in lines)]
    return site.set_cookies(site.request("/api.json", **options).respond(status, headers))


@pytest.mark.parametrize("status", [200, 204, 301, 302, 304, 404, 500])
@pytest.mark.parametrize("kind", [b"application/json", b"image/png", b"text/html"])
def test_a_gated_cookie_leaves_on_no_status_and_no_type(site, status: int, kind: bytes) -> None:
    """L01, H10, N10"""
    assert kept(site, b"_ga=1; Path=/", b"a=1", status=status, kind=kind) == [b"a=1"]


@pytest.mark.parametrize("method", ["HEAD", "OPTIONS", "POST"])
def test_a_gated_cookie_leaves_on_no_method(site, method: str) -> None:
    assert kept(site, b"_ga=1", method=method) == []


def test_unrelated_lines_pass_byte_for_byte_and_in_order(site) -> None:
    """H01"""
    lines = [b'a="x, y"; expires=Mon, 21 Oct 2024 07:28:00 GMT', b"b=\xe9;;Secure", b"A=1", b"c"]
    assert kept(site, lines[0], b"_ga=1", *lines[1:]) == lines


def test_names_are_case_sensitive(site) -> None:
    """H05"""
    assert kept(site, b"_GA=1") == [b"_GA=1"]


def test_a_granted_service_sets_its_own_cookies_and_no_others(site) -> None:
    """S13"""
    lines = (b"_ga=1", b"_vid=1")
    assert kept(site, *lines, cookie=site.cookie(allow=["video"])) == [b"_vid=1"]


def test_a_real_deletion_of_a_gated_cookie_passes(site) -> None:
    """H04"""
    line = b"_ga=; Max-Age=0; Path=/"
    assert kept(site, line) == [line]


@pytest.mark.parametrize(
    "line",
    [
        b"_ga=1; Max-Age=0; Max-Age=x",
        b"_ga=1; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Expires=garbage",
        b"_ga=1; Max-Age=0; Max-Age=+60",
        b"_ga=1; Expires=1970-01-01",
        b"_ga=1; Max-Age=-5x",
    ],
)
def test_a_deletion_that_some_browser_reads_as_a_cookie_is_dropped(site, line: bytes) -> None:
    """ROBUSTNESS 0.5"""
    assert kept(site, line) == []


NAMELESS = b"=contrast=1; Max-Age=%d"
"""Browsers by RFC 6265bis send it back as ``contrast=1``."""


def test_a_nameless_cookie_is_judged_by_the_strictest_of_the_names_under_which_it_can_come_back(site) -> None:
    """K22: withheld, cut, and kept out of shared caches as the cookie that it turns into"""
    assert kept(site, b"=_ga=1") == []
    assert kept(site, NAMELESS % LONG) == [NAMELESS % 86400]
    assert kept(site, b"=_session_ad=1; Max-Age=60", cookie=site.cookie(allow="*")) == [b"=_session_ad=1"]
    head = [(b"Content-Type", b"application/json"), (b"Cache-Control", b"public"), (b"Set-Cookie", b"=_ga=1")]
    plan = site.request("/api.json", cookie=site.cookie(allow="*")).respond(200, head)
    assert site.set_cookies(plan) == [b"=_ga=1"]
    assert site.values(plan, b"cache-control") == [b"private, no-cache"]


def test_no_cookie_lives_longer_than_13_calendar_months(site) -> None:
    """S11, T01: from 14 November 2023 to 14 December 2024."""
    assert kept(site, b"a=1; Max-Age=%d" % LONG) == [b"a=1; Max-Age=%d" % (396 * 24 * 3600)]


def test_a_cookie_is_cut_to_the_lifetime_of_its_rule(site) -> None:
    """S12"""
    assert kept(site, b"contrast=1; Max-Age=%d; Path=/" % LONG) == [b"contrast=1; Max-Age=86400; Path=/"]
    assert kept(site, b"contrast=1; Max-Age=60") == [b"contrast=1; Max-Age=60"]


def test_a_session_cookie_by_its_rule_loses_its_lifetime(site) -> None:
    """S12"""
    line = b"_session_ad=1; Max-Age=60; Path=/; Expires=Wed, 01 Jan 2098 00:00:00 GMT"
    assert kept(site, line, cookie=site.cookie(allow="*")) == [b"_session_ad=1; Path=/"]


def test_a_cut_is_found(site) -> None:
    exchange = site.request()
    exchange.respond(200, [(b"Set-Cookie", b"contrast=1; Max-Age=%d" % LONG)])
    assert [(finding.kind.value, finding.subject) for finding in exchange.finish()] == [("cookie-cut", "contrast")]


def test_an_unlisted_cookie_is_reported_and_passes(site) -> None:
    exchange = site.request()
    plan = exchange.respond(200, [(b"Set-Cookie", b"mystery=1"), (b"Set-Cookie", b"sessionid=1")])
    assert site.set_cookies(plan) == [b"mystery=1", b"sessionid=1"]
    assert [(finding.kind.value, finding.subject, finding.enforced) for finding in exchange.finish()] == [
        ("cookie-unlisted", "mystery", False)
    ]


def test_an_unlisted_cookie_is_blocked_where_the_policy_says_so_and_no_listed_one_is(make) -> None:
    """S19"""
    site = make(unlisted_cookies="block")
    ours = site.cookie()
    lines = (b"mystery=1", b"sessionid=1", b"csrftoken=1", b"contrast=1", b"__Host-session=1; Secure; Path=/", ours)
    assert kept(site, *lines) == list(lines[1:])
    assert kept(site, b"mystery=; Max-Age=0") == [b"mystery=; Max-Age=0"]
    assert [finding.subject for finding in site.findings] == ["mystery"]


def test_a_framework_cookie_passes_whatever_a_rule_says(site) -> None:
    assert kept(site, b"sessionid=1", b"session=2", cookie=site.cookie(deny="*")) == [b"sessionid=1", b"session=2"]


def test_five_hundred_gated_lines_are_one_finding(site) -> None:
    exchange = site.request()
    exchange.respond(200, [(b"Set-Cookie", b"_ga=1")] * 500)
    assert len(exchange.finish()) == 1


def test_headers_without_a_response_are_filtered_alike(site) -> None:
    """Y2: websocket.accept; 103; trailers"""
    exchange = site.request()
    assert exchange.filter_headers([(b"set-cookie", b"_ga=1"), (b"x", b"y")]) == [(b"x", b"y")]


def test_what_passed_by_this_visitors_grant_is_kept_out_of_shared_caches(site) -> None:
    """N8: a first visitor who consented must not hand the cookie to those who did not."""
    head = [(b"Content-Type", b"image/png"), (b"Cache-Control", b"public, max-age=60"), (b"Set-Cookie", b"_vid=1")]
    granted = site.request("/a.png", cookie=site.cookie(allow="*")).respond(200, head)
    assert site.values(granted, b"cache-control") == [b"private, no-cache"]
    assert site.values(granted, b"vary") == [b"Cookie"]
    withheld = site.request("/a.png").respond(200, head)
    assert withheld.headers == head[:2]


def test_in_report_mode_nothing_is_removed_or_cut(make) -> None:
    site = make(enforcement="report", unlisted_cookies="block")
    lines = [b"_ga=1", b"mystery=1", b"contrast=1; Max-Age=%d" % LONG]
    assert kept(site, *lines) == lines
    assert {(finding.kind.value, finding.enforced) for finding in site.findings} == {
        ("cookie-set", False),
        ("cookie-unlisted", False),
        ("cookie-cut", False),
    }


GATED = ("_ga", "_ga_*", "_gat*", "_gid", "_fbp")
CASES = {
    "categories": [
        {"id": "necessary", "basis": "necessary", "title": {"en": "Necessary"}},
        {"id": "audience", "basis": "consent", "title": {"en": "Audience"}},
    ],
    "services": [
        {"id": "measure", "category": "audience", "title": {"en": "M"}, "cookies": [{"name": name} for name in GATED]}
    ],
    "cookies": [{"name": name, "category": "necessary"} for name in ("sessionid", "__Host-session")],
}


def test_the_lines_of_the_measured_cases_survive_as_they_must() -> None:
    """Rows with headers_b64 say which lines survive without consent (H02, H04)."""
    lines_kept = [row for row in rows("cases/setcookie.jsonl") if row.get("expect_kept") is not None]
    assert lines_kept
    guard = Guard(CASES, secret_key="k" * 32)
    for row in lines_kept:
        lines = [base64.b64decode(line) for line in row["headers_b64"]]
        exchange = guard.open(RequestFacts("GET", "https", "site.example", "/a.json", now=1_700_000_000.0))
        plan = exchange.respond(200, [(b"Content-Type", b"application/json"), *((b"Set-Cookie", line) for line in lines)])
        left = [value for name, value in plan.headers if name == b"Set-Cookie"]
        assert left == [lines[place] for place in row["expect_kept"]], row["id"]


@pytest.mark.parametrize("line", [b"_ga", b"=_ga=1", b"=_ga"])
def test_a_nameless_cookie_that_comes_back_under_a_gated_name_is_removed(site, line: bytes) -> None:
    """K22"""
    assert kept(site, line) == []
