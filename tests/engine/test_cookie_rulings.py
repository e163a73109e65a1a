"""One ruling for the request's cookies and the response's (L01, L04, DESIGN §4)."""

from __future__ import annotations

import pytest

from consent_guard.engine.cookie_rulings import CookieRulings


@pytest.fixture
def rulings(site) -> CookieRulings:
    return CookieRulings(site.guard.policy)


@pytest.mark.parametrize("name", [b"sessionid", b"csrftoken", b"__Host-session", b"consent", b"__Host-consent", b"contrast"])
def test_what_the_site_needs_is_essential(rulings: CookieRulings, name: bytes) -> None:
    ruling = rulings.of(name)
    assert ruling.essential
    assert ruling.listed
    assert not ruling.waits


def test_a_services_cookie_waits_for_its_service(site, rulings: CookieRulings) -> None:
    ruling = rulings.of(b"_vid")
    assert ruling.waits
    assert ruling.gated(site.request().consent)
    assert not ruling.gated(site.request(cookie=site.cookie(allow=["video"])).consent)
    assert ruling.gated(site.request(cookie=site.cookie(allow=["captcha"])).consent)


def test_an_app_cookie_waits_for_its_category_and_for_no_service(site, rulings: CookieRulings) -> None:
    """DESIGN §5: [[cookies]] follow the category's own answer."""
    ruling = rulings.of(b"taste")
    assert ruling.gated(site.request(cookie=site.cookie(allow=["ads"])).consent)
    assert not ruling.gated(site.request(cookie=site.cookie(allow=["campaigns"], deny=["ads"])).consent)


def test_what_no_rule_names_is_unlisted_and_never_gated(site, rulings: CookieRulings) -> None:
    ruling = rulings.of(b"mystery")
    assert not ruling.listed
    assert not ruling.gated(site.request().consent)


def test_no_crowd_of_names_fills_the_memory(rulings: CookieRulings) -> None:
    for number in range(5000):
        rulings.of(b"name%d" % number)
    rulings.of(b"x" * 100_000)
    assert len(rulings._known) <= 1024
    assert max(map(len, rulings._known)) <= 64


@pytest.mark.parametrize("blank", ["\xa0", "\u2003", "\u3000"])
def test_a_blank_that_frameworks_strip_makes_no_other_name(rulings: CookieRulings, blank: str) -> None:
    """ROBUSTNESS 0.6: they decode the field as UTF-8, then strip what Unicode calls a blank."""
    for name in (f"{blank}_vid", f"_vid{blank}"):
        assert rulings.of(name.encode()).waits
    assert rulings.of(b"\xa0_vid").waits
    assert not rulings.of(f"{blank}mystery".encode()).listed
