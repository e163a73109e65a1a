"""Our own pages: what they show, to whom, and how they are kept from harm (DESIGN §9; H12, K14 to K21, N1)."""

from __future__ import annotations

import json

import pytest

from consent_guard import Guard

SHELTER = {
    b"cache-control": b"no-store",
    b"x-frame-options": b"DENY",
    b"x-content-type-options": b"nosniff",
}


def head(reply) -> dict[bytes, bytes]:
    return {name.lower(): value for name, value in reply.headers if name.lower() != b"set-cookie"}


@pytest.mark.parametrize(
    ("below", "kind"),
    [("", b"text/html; charset=utf-8"), ("/declaration", b"text/html; charset=utf-8"), ("/state", b"application/json")],
)
def test_our_pages_are_neither_stored_nor_framed(site, below: str, kind: bytes) -> None:
    """K18, K20"""
    reply = site.get(below)
    assert reply.status == 200
    assert head(reply)[b"content-type"] == kind
    assert SHELTER.items() <= head(reply).items()
    directives = dict(one.split() for one in head(reply)[b"content-security-policy"].split(b";"))
    ours = (b"style-src", b"script-src", b"connect-src", b"img-src", b"form-action")
    nobodys = (b"default-src", b"base-uri", b"frame-ancestors")
    assert directives == {**dict.fromkeys(ours, b"'self'"), **dict.fromkeys(nobodys, b"'none'")}
    assert head(reply)[b"referrer-policy"] == b"same-origin"
    assert int(head(reply)[b"content-length"]) == len(reply.body)


@pytest.mark.parametrize("below", ["", "/", "/declaration", "/state", "/nothing"])
def test_head_gets_the_head_that_get_gets(site, below: str) -> None:
    """N1"""
    got, headed = site.get(below), site.get(below, method="HEAD")
    assert (got.status, got.headers) == (headed.status, headed.headers)
    assert headed.body == b""


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS", "TRACE"])
@pytest.mark.parametrize(
    ("below", "allow"), [("", b"GET, HEAD, POST"), ("/state", b"GET, HEAD"), ("/declaration", b"GET, HEAD")]
)
def test_other_methods_are_named_as_not_allowed(site, method: str, below: str, allow: bytes) -> None:
    reply = site.get(below, method=method)
    assert reply.status == 405
    assert head(reply)[b"allow"] == allow


def test_a_post_below_our_path_is_no_choice(site) -> None:
    for below in ("/state", "/declaration"):
        reply = site.get(below, method="POST")
        assert reply.status == 405
        assert site.set_cookies(reply) == []


@pytest.mark.parametrize("below", ["/x", "/state/", "/assets/", "/assets/../state", "/assets/cg.css", "/declaration/x"])
def test_an_address_of_ours_that_is_none_is_our_404(site, below: str) -> None:
    reply = site.get(below)
    assert reply.status == 404
    assert SHELTER.items() <= head(reply).items()


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_get_and_head_never_store_a_choice(site, method: str) -> None:
    """H12, K14: a prefetch, an image"""
    reply = site.get("", method=method, query=b"choice=accept")
    assert site.set_cookies(reply) == []
    assert reply.receipt is None


def test_assets_are_named_by_their_content_and_kept_for_ever(site) -> None:
    reply = site.get(site.guard._site.surface.asset_path())
    assert reply.status == 200
    assert head(reply)[b"content-type"].startswith(b"text/css")
    assert head(reply)[b"cache-control"] == b"public, max-age=31536000, immutable"
    assert head(reply)[b"x-content-type-options"] == b"nosniff"
    assert b"vary" not in head(reply)
    assert reply.body


def test_what_scripts_import_has_an_address_that_never_changes_and_is_not_kept(site) -> None:
    """It names a file by its content: a kept one would name an older release's."""
    reply = site.get("/api.js", root_path="/shop", cookie=b"_ga=1")
    assert reply.status == 200
    assert head(reply)[b"content-type"].startswith(b"text/javascript")
    assert head(reply)[b"cache-control"] == b"no-store"
    assert site.set_cookies(reply) == []
    file = reply.body.partition(b'"')[2].partition(b'"')[0].decode()
    assert file.startswith("./assets/cg-api-")
    assert b"export function allows" in site.get(file.removeprefix("."), root_path="/shop").body
    assert site.get("/api.js", method="POST").status == 405


def test_the_preferences_show_the_stored_state(site) -> None:
    """S08, L23"""
    assert b"checked" in site.get(cookie=site.cookie(allow=["interactivity"], deny=["audience"])).body
    refused = site.get(cookie=site.cookie(deny="*")).body
    assert refused.count(b"checked") < site.get(cookie=site.cookie(allow="*")).body.count(b"checked")


def test_the_declaration_lists_the_policy(site) -> None:
    """S17"""
    text = site.get("/declaration").body
    for name in (b"atid", b"_ga", b"_adid", b"contrast", b"taste"):
        assert name in text


def test_our_pages_know_where_the_app_is_mounted(site) -> None:
    assert b'action="/shop/privacy-choices"' in site.get(root_path="/shop").body


def test_a_way_back_is_shown_only_within_this_site(site) -> None:
    """K16"""
    assert b'value="/article?x=1"' in site.get(query=b"next=/article%3Fx%3D1").body
    for bad in (b"//evil.test", b"https://evil.test", b"javascript:x", b"/%5Cevil.test", b"/a&next=/b"):
        assert b"evil" not in site.get(query=b"next=" + bad).body


def test_the_state_is_what_is_in_force(site) -> None:
    """DESIGN §9"""
    assert json.loads(site.get("/state").body) == {
        "decided": False,
        "decided_at": None,
        "expires_at": None,
        "categories": {"necessary": True, "audience": True, "campaigns": False, "interactivity": False},
        "services": {"measure": True, "ads": False, "video": False, "captcha": False},
    }
    state = json.loads(site.get("/state", cookie=site.cookie(allow=["video"], deny=["audience"], at=site.NOW)).body)
    assert state == {
        "decided": True,
        "decided_at": "2023-11-14T22:13:20+00:00",
        "expires_at": "2024-12-14T22:13:20+00:00",
        "categories": {"necessary": True, "audience": False, "campaigns": False, "interactivity": False},
        "services": {"measure": False, "ads": False, "video": True, "captcha": False},
    }


def test_an_error_speaks_the_language_of_who_asks(site) -> None:
    assert json.loads(site.post(b"{}", (b"Content-Type", b"application/json")).body) == {"error": "choice"}
    assert site.post(b"choice=x").body.startswith(b"<!DOCTYPE html>")


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_websites_of_others_are_never_shown_our_state(site, method: str) -> None:
    """No CORS header, ever: another site's script cannot read the state."""
    reply = site.get("/state", (b"Origin", b"https://evil.test"), method=method)
    assert not any(name.lower().startswith(b"access-control") for name, _ in reply.headers)


def test_a_slash_at_the_end_leads_to_the_preferences_too(site) -> None:
    assert site.get("/").status == 200
    assert site.get("/").body == site.get("").body


@pytest.mark.parametrize(
    ("ending", "kind"), [("csv", b"text/csv; "), ("json", b"application/json"), ("md", b"text/markdown; charset=utf-8")]
)
def test_the_declaration_can_be_downloaded(site, ending: str, kind: bytes) -> None:
    """S17, K18, K20"""
    reply = site.get(f"/declaration.{ending}", query=b"lang=en")
    assert reply.status == 200
    assert head(reply)[b"content-type"].startswith(kind)
    assert head(reply)[b"content-disposition"] == f'attachment; filename="cookies-en.{ending}"'.encode()
    assert SHELTER.items() <= head(reply).items()
    assert reply.body == site.guard._site.surface.declaration_file(ending, "en").body
    assert site.get(f"/declaration.{ending}", method="POST").status == 405


@pytest.mark.parametrize(
    "query", [b"lang=fr", b"lang=%FF", b"lang=", b"lang=en&lang=fr", b"lang=" + b"x" * 5000, b"lang=%0D%0Ax"]
)
def test_a_language_that_is_not_spoken_is_answered_in_one_that_is(site, query: bytes) -> None:
    """K17: nothing of the query reaches the head of the answer."""
    reply = site.get("/declaration.csv", query=query)
    assert reply.status == 200
    assert head(reply)[b"content-disposition"] == b'attachment; filename="cookies-en.csv"'


@pytest.mark.parametrize(
    ("headers", "json_wanted"),
    [
        ((), False),
        (((b"Accept", b"application/json"),), True),
        (((b"Accept", b"text/plain"), (b"accept", b"Application/JSON;q=0.5")), True),
        (((b"Accept", b"application/json, text/html"),), False),
        (((b"Accept", b"*/*"),), False),
        (((b"Content-Type", b"application/json"), (b"Accept", b"text/html")), True),
        (((b"Content-Type", b"text/plain"), (b"Accept", b"application/json")), False),
    ],
)
def test_an_error_is_answered_in_what_the_client_speaks(site, headers, json_wanted: bool) -> None:
    """By what it sends, else by what it accepts."""
    kind = head(site.get("/nothing", *headers))[b"content-type"]
    assert kind == (b"application/json" if json_wanted else b"text/html; charset=utf-8")


def test_one_language_may_be_asked_for_outright_and_two_are_none(site) -> None:
    site.guard = Guard(None, secret_key=site.KEY)  # the built-in policy speaks them all
    english, french = site.get(), site.get(query=b"lang=fr")
    assert b'<html lang="en"' in english.body
    assert b'<html lang="fr"' in french.body
    assert b'<html lang="en"' in site.get(query=b"lang=fr&lang=en").body
    assert b'<html lang="fr"' in site.get("", (b"Accept-Language", b"fr")).body
