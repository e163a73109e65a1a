"""The choice read from another tool's cookie (``import_from``, DESIGN §5): what it permits, and what it leaves alone."""

from __future__ import annotations

import asyncio
import base64
from typing import Any

import pytest

from consent_guard import Guard, RequestFacts
from consent_guard.asgi import ConsentMiddleware as AsgiMiddleware
from consent_guard.wsgi import ConsentMiddleware as WsgiMiddleware

from .conftest import HTML, KEY, NOW, POLICY, Site, merged

TAGS = (
    b"<!doctype html><html lang=en><head><title>t</title></head><body>"
    b"<script src=https://a.ads.example/a.js></script><iframe src=https://a.video.example/v></iframe></body></html>"
)


def importing(tools: list[str], keys: dict[str, Any] | None = None, **changes: Any) -> Site:
    policy = {**merged(POLICY, {"import_from": tools, **changes}), "import": {t: {"keys": k} for t, k in (keys or {}).items()}}
    return Site(policy, Guard(policy, secret_key=KEY))


def allowed(site: Site, cookie: bytes) -> set[str]:
    consent = site.request(cookie=cookie).consent
    return set(consent.allowed_services)


def test_a_tools_keys_mean_the_ids_that_they_equal() -> None:
    site = importing(["tarteaucitron"])
    exchange = site.request(cookie=b"tarteaucitron=!video=true!ads=false!captcha=wait")
    assert exchange.consent.decided is False
    assert exchange.consent.allows("video")
    assert not exchange.consent.allows("ads")
    assert not exchange.consent.allows("captcha")
    assert exchange.consent.allows("measure"), "exempt, and not refused"
    body = site.send(exchange.respond(200, HTML), TAGS)
    assert b"a.video.example/v" in body
    assert b"ads.example" not in body


def test_mapped_keys_answer_for_categories_and_several_services() -> None:
    site = importing(["klaro"], {"klaro": {"stats": "audience", "media": ["video", "captcha"], "marketing": "campaigns"}})
    yes = b"klaro=%7B%22stats%22%3Afalse%2C%22media%22%3Atrue%2C%22marketing%22%3Atrue%7D"
    consent = site.request(cookie=yes).consent
    assert consent.decided
    assert consent.allowed_categories == {"necessary", "campaigns"}
    assert consent.allowed_services == {"video", "captcha", "ads"}
    assert not allowed(site, b"klaro=%7B%22stats%22%3Afalse%7D"), "exempt, and refused in that tool"


def test_a_service_that_the_tool_leaves_open_is_not_covered_by_its_category() -> None:
    """L10"""
    site = importing(["tarteaucitron"], {"tarteaucitron": {"media": "interactivity"}})
    assert allowed(site, b"tarteaucitron=!media=true!captcha=false") == {"measure", "video"}
    both = importing(["tarteaucitron"], {"tarteaucitron": {"media": "interactivity", "cap": "captcha"}})
    assert allowed(both, b"tarteaucitron=!media=true!cap=wait") == {"measure", "video"}


def test_a_refused_category_refuses_its_services_but_not_what_was_allowed_one_at_a_time() -> None:
    keys = {"stats-1": "interactivity", "c:v": "video"}
    didomi = importing(["didomi"], {"didomi": keys})
    token = base64.b64encode(b'{"purposes":{"disabled":["stats-1"]},"vendors":{"enabled":["c:v"]}}')
    assert allowed(didomi, b"didomi_token=" + token) == {"measure"}
    complianz = importing(["complianz"], {"complianz": {"marketing": "interactivity"}})
    single = b'cmplz_marketing=deny; cmplz_consented_services={"video":true}'
    assert allowed(complianz, single) == {"measure", "video"}


@pytest.mark.parametrize("cookie", [b"", b"klaro=", b"klaro=%7B", b"klaro=true", b"klaro=" + b"x" * 5000, b"klaro=\xff\xfe"])
def test_no_cookie_and_a_malformed_one_are_no_choice(cookie: bytes) -> None:
    """K4 to K9"""
    consent = importing(["klaro"], {"klaro": {"media": "interactivity"}}).request(cookie=cookie).consent
    assert not consent.decided
    assert consent.allowed_services == {"measure"}


def test_our_banner_stays_away_and_our_own_cookie_does_not_count() -> None:
    site = importing(["klaro"])
    for cookie in (b"", site.cookie(allow="*"), site.cookie(allow="*") + b"; klaro=%7B%22video%22%3Afalse%7D"):
        exchange = site.request(cookie=cookie)
        assert not exchange.consent.asks
        assert not exchange.consent.allows("ads")
        assert b'data-cg="banner"' not in site.send(exchange.respond(200, HTML))


def test_the_tools_own_cookie_is_never_hidden_expired_or_blocked() -> None:
    cookies = [*POLICY["cookies"], {"name": "cm*", "category": "campaigns"}, {"name": "k*", "category": "campaigns"}]
    policy = {**merged(POLICY, {"import_from": ["klaro", "complianz"], "unlisted_cookies": "block"}), "cookies": cookies}
    site = Site(policy, Guard(policy, secret_key=KEY))
    sent = b"klaro=%7B%22video%22%3Afalse%7D; cmplz_marketing=deny; kx=1"
    exchange = site.request(cookie=sent)
    assert exchange.forward_headers == [(b"Cookie", b"klaro=%7B%22video%22%3Afalse%7D; cmplz_marketing=deny")]
    plan = exchange.respond(200, [*HTML, (b"Set-Cookie", b"klaro=x; Max-Age=60"), (b"Set-Cookie", b"cmplz_policy_id=1")])
    lines = site.set_cookies(plan)
    assert lines[:2] == [b"klaro=x; Max-Age=60", b"cmplz_policy_id=1"]
    assert all(line.startswith(b"kx=") for line in lines[2:])


def test_of_several_tools_each_that_has_a_say_must_grant() -> None:
    """K11"""
    keys = {"klaro": {"media": "video"}, "drupal-eu-cookie-compliance": {"agreed": "video"}}
    site = importing(["klaro", "drupal-eu-cookie-compliance"], keys)
    granted = b"klaro=%7B%22media%22%3Atrue%7D"
    assert allowed(site, granted + b"; cookie-agreed=2") == {"measure", "video"}
    for other in (b"", b"; cookie-agreed=0", b"; cookie-agreed=x"):
        assert allowed(site, granted + other) == {"measure"}
    apart = importing(["klaro", "tarteaucitron"])
    assert allowed(apart, b"klaro=%7B%22video%22%3Atrue%7D; tarteaucitron=!ads=true") == {"measure", "video", "ads"}


def test_of_several_cookies_of_one_name_each_must_grant() -> None:
    """K11"""
    site = importing(["tarteaucitron"])
    yes, no, other, bad = (b"tarteaucitron=" + v for v in (b"!video=true", b"!video=false", b"!ads=true", b"true"))
    for pair in ((yes, no), (no, yes), (yes, other), (yes, bad)):
        assert "video" not in allowed(site, b"; ".join(pair))
    assert "video" in allowed(site, yes + b"; " + yes)
    measure = b"tarteaucitron=!measure=false"
    assert "measure" not in allowed(site, measure + b"; " + bad), "a refusal stands beside one that cannot be read"
    many = b"; ".join(b"tarteaucitron=!video=true!x%d=true" % n for n in range(17))
    assert allowed(site, many) == {"measure"}


def test_another_name_of_the_cookie_is_read_where_the_policy_says_so() -> None:
    policy = {**merged(POLICY, {"import_from": ["klaro"]}), "import": {"klaro": {"cookie": "my-klaro"}}}
    site = Site(policy, Guard(policy, secret_key=KEY))
    assert "video" in allowed(site, b"my-klaro=%7B%22video%22%3Atrue%7D")
    assert "video" not in allowed(site, b"klaro=%7B%22video%22%3Atrue%7D")


def test_a_page_of_one_choice_is_never_confirmed_to_another() -> None:
    """H23, N3: the entity tag follows the imported choice."""
    site = importing(["klaro"])
    yes, no = b"klaro=%7B%22video%22%3Atrue%7D", b"klaro=%7B%22video%22%3Afalse%7D"
    head = [*HTML, (b"ETag", b'"v1"')]
    (tag,) = site.values(site.request(cookie=yes).respond(200, head), b"etag")
    (other,) = site.values(site.request(cookie=no).respond(200, head), b"etag")
    assert tag != other
    assert (b"If-None-Match", b'"v1"') in list(site.request("/", (b"If-None-Match", tag), cookie=yes).forward_headers)
    assert not any(
        name == b"If-None-Match" for name, _ in site.request("/", (b"If-None-Match", tag), cookie=no).forward_headers
    )
    assert b"Cookie" in site.values(site.request(cookie=yes).respond(200, head), b"vary")[0]


def test_a_choice_is_not_stored_beside_the_tools_and_the_page_says_where_it_is() -> None:
    site = importing(["klaro"])
    for body in (b"choice=accept", b"choice=refuse", b"choice=save&allow=video", b"choice=allow&service=video"):
        reply = site.post(body)
        assert reply.status == 409
        assert not site.set_cookies(reply)
    page = site.get(cookie=b"klaro=%7B%22video%22%3Atrue%7D").body
    assert b"kept by another tool: Klaro" in page
    assert b"<form" not in page
    assert b"Video: Allowed" in page
    assert b"Captcha: Not allowed" in page


def test_a_placeholder_lets_its_service_load_once() -> None:
    site = importing(["klaro"])
    body = site.send(site.request().respond(200, HTML), TAGS)
    assert b'form="cg-once"' in body
    assert b"cg-allow" not in body
    reply = site.post(b"choice=once&service=video&next=/page")
    assert reply.status == 303
    (line,) = site.set_cookies(reply)
    exchange = site.request("/page", cookie=line.partition(b";")[0])
    assert exchange.consent.allows("video")


def test_the_time_of_the_choice_is_the_tools_and_its_end_is_not_ours_to_say() -> None:
    value = b"{stamp:'A'%2Cstatistics:true%2Cmethod:'explicit'%2Cutc:1690000000000}"
    consent = importing(["cookiebot"]).request(cookie=b"CookieConsent=" + value).consent
    assert consent.decided_at is not None
    assert consent.decided_at.timestamp() == 1_690_000_000
    assert consent.expires_at is None
    absurd = value.replace(b"1690000000000", b"999999999999999")
    assert importing(["cookiebot"]).request(cookie=b"CookieConsent=" + absurd).consent.decided_at is None


def test_both_transports_read_the_same_choice() -> None:
    policy = merged(POLICY, {"import_from": ["tarteaucitron"]})
    cookie = "tarteaucitron=!video=true"

    def wsgi_app(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        start_response("200 OK", [("Content-Type", "text/html; charset=utf-8")])
        return [TAGS]

    async def asgi_app(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": list(HTML)})
        await send({"type": "http.response.body", "body": TAGS})

    environ = {
        "REQUEST_METHOD": "GET",
        "PATH_INFO": "/",
        "SERVER_NAME": "www.example.org",
        "SERVER_PORT": "443",
        "HTTP_HOST": "www.example.org",
        "wsgi.url_scheme": "https",
        "HTTP_COOKIE": cookie,
    }
    first = b"".join(WsgiMiddleware(wsgi_app, policy, secret_key=KEY, clock=lambda: NOW)(environ, lambda *_: lambda _: None))
    sent: list[Any] = []

    async def run() -> None:
        scope = {
            "type": "http",
            "method": "GET",
            "scheme": "https",
            "path": "/",
            "raw_path": b"/",
            "query_string": b"",
            "headers": [(b"host", b"www.example.org"), (b"cookie", cookie.encode())],
        }

        async def receive() -> Any:
            return {"type": "http.request"}

        async def send(message: Any) -> None:
            sent.append(message)

        await AsgiMiddleware(asgi_app, policy, secret_key=KEY, clock=lambda: NOW)(scope, receive, send)

    asyncio.run(run())
    second = b"".join(message.get("body", b"") for message in sent)
    assert first == second
    assert b"a.video.example/v" in first
    assert b"ads.example" not in first


def test_without_imports_another_tools_cookie_means_nothing(site: Site) -> None:
    facts = RequestFacts("GET", "https", "www.example.org", "/", ((b"cookie", b"tarteaucitron=!video=true"),), now=NOW)
    assert not site.guard.open(facts).consent.allows("video")
