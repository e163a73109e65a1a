"""The preferences without a page around them: at an address of their own, and from an exchange for the app's own page."""

from __future__ import annotations

import html5lib
import pytest

from consent_guard import RequestFacts


def exchange_of(site, path: str = "/account", query: bytes = b"tab=2", headers=()):
    return site.guard.open(RequestFacts("GET", "https", host="example.org", path=path, query=query, headers=tuple(headers)))


def parsed(fragment: str):
    parser = html5lib.HTMLParser(strict=True, namespaceHTMLElements=False)
    document = f"<!DOCTYPE html><html lang=en><head><title>t</title></head><body>{fragment}</body></html>"
    return parser.parse(document).find("body")


def test_the_form_leads_back_to_the_page_that_holds_it(site) -> None:
    """L23, K16"""
    body = parsed(exchange_of(site).preferences_form("en"))
    forms = [form for form in body.iter("form") if form.get("method") == "post"]
    assert forms
    for form in forms:
        assert form.get("action") == "/privacy-choices"
        hidden = [field for field in form.iter("input") if field.get("name") == "next"]
        assert [field.get("value") for field in hidden] == ["/account?tab=2"]
    assert body[0].get("lang") == "en"


@pytest.mark.parametrize("next", ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)", "\r\n"])
def test_a_way_back_that_leaves_the_site_is_not_taken(site, next: str) -> None:
    """K16"""
    fragment = exchange_of(site).preferences_form("en", next)
    assert "evil" not in fragment
    assert "javascript:" not in fragment
    assert 'value="/account?tab=2"' in fragment


@pytest.mark.parametrize("lang", [None, "fr", "<script>", "x" * 10_000])
def test_any_language_is_answered(site, lang: str | None) -> None:
    """K19"""
    fragment = exchange_of(site).preferences_form(lang)
    assert 'lang="en"' in fragment
    assert "<script>" not in fragment


def test_it_may_be_asked_for_at_any_time(site) -> None:
    exchange = exchange_of(site)
    exchange.finish()
    assert "data-cg" in exchange.preferences_form()


def test_the_address_of_the_fragment_gives_the_same_and_stores_nothing(site) -> None:
    """H12, K18, K20"""
    reply = site.get("/fragment", query=b"next=/account%3Ftab%3D2&lang=en")
    assert reply.status == 200
    assert (b"cache-control", b"no-store") in reply.headers
    assert reply.body.decode("utf-8") == exchange_of(site).preferences_form("en", "/account?tab=2")
    assert b"<html" not in reply.body
    assert site.set_cookies(reply) == []
    assert site.get("/fragment", method="POST").status == 405


def test_the_preferences_of_the_app_own_page_pass_the_filter_unchanged(site) -> None:
    exchange = exchange_of(site)
    fragment = exchange.preferences_form("en")
    page = f"<!doctype html><html lang=en><title>t</title><body>{fragment}</body></html>".encode()
    plan = exchange.respond(200, [(b"content-type", b"text/html; charset=utf-8")])
    assert plan.rewriter is not None
    assert fragment.encode() in plan.rewriter.feed(page) + plan.rewriter.close()
