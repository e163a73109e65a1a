"""Reading the choice from a request: on any doubt there is none (DESIGN §5; H06, K4 to K11, T08)."""

from __future__ import annotations

import base64

import pytest

from ..cases import rows


def test_the_choice_is_read_from_any_cookie_line(site) -> None:
    """H11"""
    cookie = site.cookie(allow="*")
    exchange = site.request("/", (b"cookie", b"a=1; bad[]=1"), (b"Cookie", b'x="; ' + cookie + b"; y"))
    assert exchange.consent.allows("ads")


def test_over_https_only_the_host_bound_name_counts(site) -> None:
    """DESIGN §5, K10: any sibling host can toss a plain cookie."""
    value = site.cookie(allow="*").partition(b"=")[2]
    assert not site.request(cookie=b"consent=" + value).consent.decided
    assert site.request(cookie=b"consent=" + value, scheme="http").consent.decided
    assert site.request(cookie=b"__Host-consent=" + value, scheme="http").consent.decided


@pytest.mark.parametrize("name", [b"__host-consent", b"\xa0__Host-consent", b'"__Host-consent"', b"%5F%5FHost-consent"])
def test_another_spelling_is_another_cookie(site, name: bytes) -> None:
    """ROBUSTNESS 0.6"""
    assert not site.request(cookie=name + b"=" + site.cookie(allow="*").partition(b"=")[2]).consent.decided


def test_of_several_choices_the_most_restrictive_counts(site) -> None:
    """K10, K11"""
    granted, partly = site.cookie(allow="*"), site.cookie(allow=["video"], deny=["audience"])
    for cookie in (granted + b"; " + partly, partly + b"; " + granted):
        consent = site.request(cookie=cookie).consent
        assert consent.allows("video")
        assert not consent.allows("ads")
        assert not consent.allows("measure")
    assert not site.request(cookie=granted + b"; __Host-consent=garbage").consent.decided


@pytest.mark.parametrize("value", [b"", b".", b"x" * 5000, b"\xff\xfe", b"a.b", b"eyJ.e30.x", b"null", b"1"])
def test_garbage_is_no_choice(site, value: bytes) -> None:
    """K4 to K9"""
    consent = site.request(cookie=b"__Host-consent=" + value).consent
    assert not consent.decided
    assert consent.asks
    assert not consent.allows("ads")
    assert consent.allows("measure")


def test_a_choice_of_the_future_is_none(site) -> None:
    """T08: five minutes of skew and no more"""
    assert site.request(cookie=site.cookie(allow="*", at=site.NOW + 300)).consent.decided
    assert not site.request(cookie=site.cookie(allow="*", at=site.NOW + 301)).consent.decided


def test_a_bad_choice_is_ignored_and_not_deleted(site) -> None:
    """K8"""
    plan = site.request(cookie=b"__Host-consent=garbage").respond(200, site.HTML)
    assert site.set_cookies(plan) == []


@pytest.mark.linear
def test_the_measured_cookie_headers_are_read_as_they_must(site) -> None:
    name, _, full = site.cookie(allow="*").partition(b"=")
    marks = {
        b"{N}": name,
        b"{V}": full,
        b"{W}": site.cookie(deny="*").partition(b"=")[2],
        b"{V_EXPIRED}": site.cookie(allow="*", at=site.NOW - 400 * 24 * 3600).partition(b"=")[2],
    }
    for row in rows("cases/cookie_header.jsonl"):
        line = base64.b64decode(row["template_b64"])
        for mark, text in marks.items():
            line = line.replace(mark, text)
        consent = site.request(cookie=line).consent
        read = "full" if consent.allows("ads") else "none"
        assert row["expect"] in (None, read), row["id"]


def test_over_http_a_cookie_of_the_site_with_our_name_does_not_hide_the_choice(site) -> None:
    """H02: a value that is not spelt like a choice is somebody else's. Over https nobody else can set our name."""
    own = site.cookie(deny="*").partition(b"=")[2]
    for value in (b"consent=yes; consent=" + own, b"consent=" + own + b"; consent=yes"):
        assert site.request(cookie=value, scheme="http").consent.decided
    forged = own[:-8] + b"AAAAAAAA"
    assert not site.request(cookie=b"consent=yes; consent=" + forged, scheme="http").consent.decided
    assert not site.request(cookie=b"consent=yes", scheme="http").consent.decided
