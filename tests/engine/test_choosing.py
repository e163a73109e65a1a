"""Posting a choice (DESIGN §5, §9; H06, H12, K12, K14 to K17, L20, L23, L24, L26, S02, S05 to S08)."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import pytest

from consent_guard.consent.token import once_cookie_name

JSON = (b"Content-Type", b"application/json")
MONTHS_13 = 396 * 24 * 3600


def choice_line(site, reply) -> bytes:
    lines = [line for line in site.set_cookies(reply) if b"Max-Age=0" not in line]
    assert len(lines) == 1
    return lines[0]


def allowed(consent) -> set[str]:
    return set(consent.allowed_categories | consent.allowed_services)


def test_accepting_allows_everything_and_goes_back(site) -> None:
    """S05"""
    reply = site.post(b"choice=accept&next=/article%3Fp%3D1")
    assert reply.status == 303
    assert site.values(reply, b"location") == [b"/article?p=1"]
    consent = site.consent_after(reply)
    assert consent.decided
    assert not consent.asks
    assert allowed(consent) == {
        "necessary",
        "audience",
        "campaigns",
        "interactivity",
        "measure",
        "ads",
        "video",
        "captcha",
    }


def test_refusing_switches_exempt_purposes_off_too(site) -> None:
    """S06, S09, L53"""
    consent = site.consent_after(site.post(b"choice=refuse"))
    assert consent.decided
    assert allowed(consent) == {"necessary"}


def test_saving_is_a_complete_answer(site) -> None:
    """S13: what is not listed is refused; a category covers its services; necessary ids are ignored."""
    consent = site.consent_after(site.post(b"choice=save&allow=video&allow=campaigns&allow=necessary"))
    assert allowed(consent) == {"necessary", "video", "campaigns", "ads"}
    assert allowed(site.consent_after(site.post(b"choice=save"))) == {"necessary"}


def test_saving_refuses_a_service_although_its_category_is_allowed(site) -> None:
    """S02, S13: the button for one service sends nothing but ``deny`` and the ticks that stand around it."""
    for body in (b"deny=video&allow=interactivity&allow=video", b"choice=save&allow=interactivity&deny=video"):
        consent = site.consent_after(site.post(body))
        assert consent.decided
        assert allowed(consent) == {"necessary", "interactivity", "captcha"}
    consent = site.consent_after(site.post(b'{"choice": "save", "allow": ["interactivity"], "deny": ["captcha"]}', JSON))
    assert allowed(consent) == {"necessary", "interactivity", "video"}
    assert allowed(site.consent_after(site.post(b"deny=interactivity&allow=interactivity&allow=video"))) == {
        "necessary",
        "video",
    }


def test_one_service_is_allowed_alone_and_the_banner_stays(site) -> None:
    consent = site.consent_after(site.post(b"choice=allow&service=video"))
    assert not consent.decided
    assert consent.asks
    assert consent.allows("video")
    assert not consent.allows("captcha")
    assert consent.allows("measure")


def test_one_service_is_changed_and_the_time_of_the_choice_stays(site) -> None:
    """L31"""
    made = site.NOW - 1_000_000
    reply = site.post(b"choice=deny&service=video", cookie=site.cookie(allow="*", at=made))
    consent = site.consent_after(reply)
    assert not consent.allows("video")
    assert consent.allows("captcha")
    assert consent.decided_at is not None
    assert consent.decided_at.timestamp() == made
    assert consent.expires_at is not None
    assert b"Max-Age=%d;" % (consent.expires_at.timestamp() - site.NOW) in choice_line(site, reply)


def test_a_service_that_is_always_on_cannot_be_changed_and_nothing_is_stored(site) -> None:
    from consent_guard import Guard, RequestFacts

    policy = {
        **site.policy,
        "services": [
            *site.policy["services"],
            {"id": "core", "category": "necessary", "title": {"en": "C"}, "hosts": ["core.example"], "cookies": []},
        ],
    }
    facts = RequestFacts(
        "POST",
        "https",
        "example.org",
        "/privacy-choices",
        ((b"content-type", b"application/x-www-form-urlencoded"),),
        now=site.NOW,
    )
    reply = Guard(policy, secret_key=site.KEY).open(facts).answer(b"choice=deny&service=core")
    assert reply.status == 303
    assert site.set_cookies(reply) == []
    assert reply.receipt is None


def test_the_cookie_over_https_is_host_bound_and_lives_as_long_as_the_choice(site) -> None:
    """H06, K12"""
    line = choice_line(site, site.post(b"choice=accept"))
    name, _, rest = line.partition(b"=")
    assert name == b"__Host-consent"
    attributes = set(rest.split(b"; ")[1:])
    assert attributes == {b"Max-Age=%d" % MONTHS_13, b"Path=/", b"Secure", b"HttpOnly", b"SameSite=Lax"}
    assert len(line) < 400


def test_the_cookie_over_http_has_the_plain_name_and_a_finding_says_so(site) -> None:
    """DESIGN §5: off localhost"""
    line = choice_line(site, site.post(b"choice=accept", scheme="http"))
    assert line.startswith(b"consent=")
    assert b"Secure" not in line
    told = [(finding.kind.value, finding.subject, finding.enforced) for finding in site.findings]
    assert told == [("insecure", "consent", False)]
    site.findings.clear()
    for host in ("localhost:8000", "127.0.0.1", "[::1]:8000"):
        site.post(b"choice=accept", scheme="http", host=host)
    assert site.findings == []


def test_one_choice_may_be_shared_by_a_domain(make) -> None:
    site = make(cookie_domain="example.org")
    line = choice_line(site, site.post(b"choice=accept"))
    assert line.startswith(b"__Secure-consent=")
    assert b"; Domain=example.org;" in line
    elsewhere = choice_line(site, site.post(b"choice=accept", host="other.test"))
    assert b"Domain" not in elsewhere


def test_a_choice_under_our_other_name_does_not_outlive_a_new_one(site) -> None:
    """Over http both names are read, and the most restrictive counts."""
    old = site.cookie(deny="*")
    reply = site.post(b"choice=accept", cookie=old, scheme="http")
    lines = site.set_cookies(reply)
    assert any(line.startswith(b"__Host-consent=; ") and b"Max-Age=0" in line for line in lines)
    assert site.consent_after(reply, scheme="http").allows("ads")
    plain = b"consent=" + old.partition(b"=")[2]
    assert any(line.startswith(b"consent=; ") for line in site.set_cookies(site.post(b"choice=refuse", cookie=plain)))


def test_a_shared_choice_under_our_other_name_is_deleted_where_it_is_shared(make) -> None:
    """H07: over http it was set with the Domain; a deletion without one would leave it, and a withdrawn grant with it."""
    site = make(cookie_domain="example.org")
    shared = choice_line(site, site.post(b"choice=accept", scheme="http"))
    assert shared.startswith(b"consent=")
    assert b"; Domain=example.org;" in shared
    lines = site.set_cookies(site.post(b"choice=refuse", cookie=shared.partition(b";")[0]))
    deletions = [line for line in lines if line.startswith(b"consent=; ")]
    assert [b"Domain=example.org" in line for line in deletions] == [False, True]


def test_refusal_is_kept_as_long_as_acceptance(site) -> None:
    """L29, S06"""
    ages = {choice_line(site, site.post(body)).split(b"; ")[1] for body in (b"choice=accept", b"choice=refuse", b"choice=save")}
    assert len(ages) == 1


def test_the_choice_ends_at_its_very_second(site) -> None:
    """S07, T04"""
    reply = site.post(b"choice=accept")
    end = site.NOW + MONTHS_13
    assert site.consent_after(reply, now=end - 1).decided
    after = site.consent_after(reply, now=end)
    assert not after.decided
    assert after.asks
    assert not after.allows("ads")


def test_json_is_answered_with_the_state(site) -> None:
    reply = site.post(b'{"choice": "save", "allow": ["interactivity"]}', JSON)
    assert reply.status == 200
    state = json.loads(reply.body)
    assert state["decided"] is True
    assert state["services"] == {"measure": False, "ads": False, "video": True, "captcha": True}
    assert site.consent_after(reply).allows("video")


@pytest.mark.parametrize(
    "next",
    [
        b"//evil.test",
        b"/%5Cevil.test",
        b"%5C/evil.test",
        b"/%09/evil.test",
        b"/%2509/..//evil.test",
        b"https:evil.test",
        b"https://evil.test/",
        b"javascript:alert(1)",
        b"/..//evil.test",
        b"///evil.test",
        b"/%0A/evil.test",
        b"/a%0D%0ASet-Cookie:x=1",
        b"//user@evil.test",
        b"/%00",
        b"%EF%BC%8F/evil.test",
        b"",
        b"relative",
    ],
)
def test_a_bad_next_is_ignored(site, next: bytes) -> None:
    """K16, K17"""
    reply = site.post(b"choice=refuse&next=" + next, root_path="/mount")
    assert reply.status == 303
    location = site.values(reply, b"location")[0]
    assert location == b"/mount/privacy-choices" or (location.startswith(b"/%") and b"//" not in location)
    assert not any(byte < 0x21 or byte > 0x7E for byte in location)
    assert site.consent_after(reply).decided


def test_two_ways_on_are_none(site) -> None:
    reply = site.post(b"choice=refuse&next=/a&next=/b")
    assert site.values(reply, b"location") == [b"/privacy-choices"]


def refused(site, status: int, reply) -> None:
    assert reply.status == status
    assert [line for line in site.set_cookies(reply) if not line.startswith(b"_")] == []
    assert reply.receipt is None


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"choice=",
        b"choice=ACCEPT",
        b"choice=yes",
        b"choice=accept&choice=accept",
        b"choice=accept&choice=refuse",
        b"choice=allow",
        b"choice=allow&service=",
        b"choice=allow&service=nothing",
        b"choice=allow&service=campaigns",
        b"choice=allow&service=video&service=ads",
        b"choice=deny&service=%00",
        b"choice=once&service=nothing&next=/",
        b"choice=save&allow=nothing",
        b"choice=save&allow=video&allow=",
        b"choice=save&deny=nothing",
        b"deny=nothing",
        b"deny=",
        b"\xff\xfe",
        b"choice=\xff",
        b"accept",
    ],
)
def test_a_malformed_form_is_400_and_stores_nothing(site, body: bytes) -> None:
    """K15"""
    refused(site, 400, site.post(body))


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"[]",
        b'"accept"',
        b"NaN",
        b"{}",
        b'{"choice": 1}',
        b'{"choice": ["accept"]}',
        b'{"choice": true}',
        b'{"choice": "accept", "choice": "refuse"}',
        b'{"choice": "save", "allow": "video"}',
        b'{"choice": "save", "allow": [1]}',
        b'{"choice": "save", "allow": {"video": true}}',
        b'{"choice": "save", "allow": null}',
        b'{"choice": "save", "deny": "video"}',
        b'{"choice": "save", "deny": [1]}',
        b'{"choice": "allow", "service": null}',
        b'{"choice": "allow", "service": ["video"]}',
        b'{"choice": "accept", "next": 1}',
        b'{"choice": "accept"',
        b'{"choice": "accept"}\xff',
        b"[" * 8000,
        b"1" * 5000,
        '{"choice": "accept"}'.encode("utf-16"),
        b'{"choice": "allow", "service": "\\ud800"}',
    ],
)
def test_malformed_json_is_400_and_stores_nothing(site, body: bytes) -> None:
    """K15"""
    refused(site, 400, site.post(body, JSON))


def test_unknown_fields_are_ignored(site) -> None:
    """K15"""
    assert site.post(b"choice=accept&csrf=1&x=2").status == 303
    assert site.post(b'{"choice": "accept", "x": {"y": [1]}}', JSON).status == 200


@pytest.mark.parametrize(
    "kind",
    [b"text/plain", b"multipart/form-data; boundary=x", b"application/xml", b"text/html", b"", b"application/json-x", b"*/*"],
)
def test_another_content_type_is_415_and_stores_nothing(site, kind: bytes) -> None:
    """K15: text/plain tricks too"""
    refused(site, 415, site.post(b'{"choice": "accept"}', (b"Content-Type", kind)))


def test_a_large_body_is_413_and_stores_nothing(site) -> None:
    """K15"""
    refused(site, 413, site.post(b"choice=accept&x=" + b"y" * 8192))
    refused(site, 413, site.post(b'{"choice": "accept", "x": "' + b"y" * 8192 + b'"}', JSON))
    refused(site, 413, site.post(b"choice=accept" + b"&a=1" * 1100))


def test_a_body_of_the_most_that_may_be_read_counts(site) -> None:
    body = b"choice=accept&x="
    assert site.post(body + b"y" * (8192 - len(body))).status == 303


@pytest.mark.parametrize(
    "headers",
    [
        ((b"Sec-Fetch-Site", b"cross-site"),),
        ((b"Sec-Fetch-Site", b"same-site"),),
        ((b"Sec-Fetch-Site", b""),),
        ((b"Sec-Fetch-Site", b"same-origin"), (b"Sec-Fetch-Site", b"cross-site")),
        ((b"Sec-Fetch-Site", b"cross-site"), (b"Origin", b"https://www.example.org")),
        ((b"Origin", b"https://evil.test"),),
        ((b"Origin", b"null"),),
        ((b"Origin", b""),),
        ((b"Origin", b"https://www.example.org:8443"),),
        ((b"Origin", b"https://example.org"),),
        ((b"Origin", b"https://www.example.org.evil.test"),),
        ((b"Origin", b"https://www.example.org"), (b"Origin", b"https://evil.test")),
    ],
)
def test_a_post_from_another_site_is_403_and_stores_nothing(site, headers: tuple[tuple[bytes, bytes], ...]) -> None:
    """K14: a grant, a refusal, whatever it says"""
    for body in (b"choice=accept", b"choice=refuse", b"choice=allow&service=video", b"choice=once&service=video&next=/"):
        refused(site, 403, site.post(body, *headers))


@pytest.mark.parametrize(
    "headers",
    [
        (),
        ((b"Sec-Fetch-Site", b"same-origin"),),
        ((b"Sec-Fetch-Site", b"none"),),
        ((b"Sec-Fetch-Site", b"same-origin"), (b"Origin", b"null")),
        ((b"Origin", b"https://www.example.org"),),
        ((b"Origin", b"HTTPS://WWW.EXAMPLE.ORG"),),
        ((b"Origin", b"https://www.example.org:443"),),
        ((b"Origin", b"http://www.example.org"),),
    ],
)
def test_a_post_from_our_own_pages_counts(site, headers: tuple[tuple[bytes, bytes], ...]) -> None:
    """K14, DESIGN §9: compared by host"""
    assert site.post(b"choice=accept", *headers).status == 303


def test_a_choice_drops_what_was_fetched_ahead_and_never_our_cookie_nor_the_whole_cache(site) -> None:
    """H23, H44: pages that were fetched ahead show the state before the choice."""
    for reply in (
        site.post(b"choice=accept"),
        site.post(b"choice=refuse", cookie=site.cookie(allow="*")),
        site.post(b"choice=refuse", scheme="http", cookie=site.cookie(allow="*")),
        site.post(b"choice=allow&service=video"),
    ):
        assert site.values(reply, b"clear-site-data") == [b'"prefetchCache", "prerenderCache"']
    for reply in (site.post(b"choice=nonsense"), site.post(b"choice=once&service=video&next=/p")):
        assert site.values(reply, b"clear-site-data") == []


def test_a_choice_comes_with_its_receipt(site) -> None:
    """L26: no address, no user agent (L28)"""
    from consent_guard import __version__

    reply = site.post(b"choice=save&allow=video", (b"Accept-Language", b"fr"), (b"User-Agent", b"secret"))
    receipt = reply.receipt
    assert receipt is not None
    assert receipt.receipt_id == site.consent_after(reply).receipt_id
    assert receipt.time == site.NOW
    assert dict(receipt.answers) == {"audience": False, "campaigns": False, "interactivity": False}
    assert dict(receipt.overrides) == {"video": True}
    assert (receipt.revision, receipt.means, receipt.language, receipt.library_version) == (1, "api", "en", __version__)
    assert (receipt.act, receipt.grants, receipt.note) == ("save", True, "")
    assert receipt.changed == {"categories": {"audience": False}, "services": {"video": True}}
    assert len(receipt.text_digest) == len(receipt.policy_digest) == 64
    assert "secret" not in repr(receipt)


@pytest.mark.parametrize("means", ["banner", "preferences", "placeholder"])
def test_a_receipt_says_by_which_form_of_ours_an_answer_came_and_in_which_language(site, means: str) -> None:
    """L26, L27"""
    from consent_guard import Guard, RequestFacts

    categories = [{**one, "title": {**one["title"], "fr": "En français"}} for one in site.policy["categories"]]
    policy = {**site.policy, "policy": {**site.policy["policy"], "languages": ["en", "fr"]}, "categories": categories}
    guard = Guard(policy, secret_key=site.KEY)
    headers = ((b"content-type", b"application/x-www-form-urlencoded"), (b"accept-language", b"en"))
    exchange = guard.open(RequestFacts("POST", "https", "example.org", "/privacy-choices", headers, now=site.NOW))
    receipt = exchange.answer(f"choice=allow&service=video&means={means}&lang=fr".encode()).receipt
    assert receipt is not None
    assert (receipt.means, receipt.language) == (means, "fr"), "the page was in French, whatever the browser prefers"
    texts = {shown.digest: shown for shown in exchange.shown()}
    assert set(texts) == {receipt.text_digest, receipt.policy_digest}
    for digest, shown in texts.items():
        assert hashlib.sha256(shown.body).hexdigest() == digest
    assert (b'data-cg="banner"' if means == "banner" else b"Video") in texts[receipt.text_digest].body
    assert texts[receipt.policy_digest].kind == "policy"


@pytest.mark.parametrize(
    ("means", "lang"), [("json", "fr"), ("", ""), ("banner&means=api", "en&lang=fr"), ("%00", "%ff"), ("x" * 99, "y" * 99)]
)
def test_what_no_form_of_ours_says_is_of_no_means(site, means: str, lang: str) -> None:
    """L26: a claim that cannot be right is left out, and costs the visitor nothing"""
    body = f"choice=accept&means={means}&lang={lang}".encode()
    if "%ff" in lang:
        body = body.replace(b"%ff", b"zz-zz")
    receipt = site.post(body).receipt
    assert (receipt.means, receipt.language) == ("api", "en")


@pytest.mark.parametrize(
    ("body", "before", "grants"),
    [
        (b"choice=accept", {}, True),
        (b"choice=accept", {"allow": "*"}, False),
        (b"choice=refuse", {}, False),
        (b"choice=refuse", {"allow": "*"}, False),
        (b"choice=save&allow=campaigns", {"allow": ("interactivity",), "deny": ("audience",)}, True),
        (b"choice=allow&service=video", {}, True),
        (b"choice=deny&service=video", {"allow": "*"}, False),
        (b"choice=once&service=video&next=/a", {}, True),
        (b"choice=once&service=video&next=/a", {"allow": "*"}, False),
    ],
)
def test_what_allows_anything_new_is_a_grant(site, body: bytes, before: dict[str, Any], grants: bool) -> None:
    """A mixed choice is one, too"""
    assert site.post(body, cookie=site.cookie(**before) if before else b"").receipt.grants is grants


def test_a_grant_that_is_not_stored_is_answered_with_503_and_sets_nothing(site) -> None:
    for kind in ((b"Accept", b"text/html"), JSON):
        body = b'{"choice": "accept"}' if kind is JSON else b"choice=accept"
        form = (b"Content-Type", b"application/x-www-form-urlencoded")
        exchange = site.request("/privacy-choices", kind if kind is JSON else form, method="POST")
        assert exchange.answer(body).receipt is not None
        reply = exchange.unstored()
        assert reply.status == 503
        assert reply.receipt is None
        assert exchange.shown() == ()
        names = {name.lower() for name, _ in reply.headers}
        assert b"set-cookie" not in names
        assert b"retry-after" in names
        assert b"cannot be recorded" in reply.body


@pytest.mark.parametrize("kind", ["form", "json"])
def test_a_refusal_whose_receipt_cannot_be_kept_takes_effect_with_its_503(site, kind: str) -> None:
    """L24, L26: a visitor who withdraws is obeyed; only the proof is missing, and they are told so"""
    kinds = {"form": (b"Content-Type", b"application/x-www-form-urlencoded"), "json": JSON}
    bodies = {"form": b"choice=refuse&lang=en", "json": b'{"choice": "refuse", "lang": "en"}'}
    cookie = site.cookie(allow="*")
    exchange = site.request("/privacy-choices", kinds[kind], (b"Cookie", cookie), method="POST")
    assert exchange.answer(bodies[kind]).receipt is not None
    reply = exchange.unstored()
    assert reply.status == 503
    new = next(value for name, value in reply.headers if name.lower() == b"set-cookie")
    assert not site.request("/", (b"Cookie", new.partition(b";")[0])).consent.allows("video")
    assert b"cannot be recorded" in reply.body
    assert b"has not changed" not in reply.body


def test_the_signal_refuses_until_a_later_choice(site) -> None:
    """G01, G03"""
    from consent_guard import Guard, RequestFacts

    categories = [dict(category, gpc=category["id"] == "audience") for category in site.policy["categories"]]
    guard = Guard({**site.policy, "categories": categories}, secret_key=site.KEY)

    def consent(*headers: tuple[bytes, bytes]):
        return guard.open(RequestFacts("GET", "https", "example.org", "/", headers, now=site.NOW)).consent

    assert consent().allows("measure")
    assert not consent((b"sec-gpc", b"1")).allows("measure")
    assert consent((b"sec-gpc", b"true")).allows("measure")
    facts = RequestFacts(
        "POST",
        "https",
        "example.org",
        "/privacy-choices",
        ((b"sec-gpc", b"1"), (b"content-type", b"application/x-www-form-urlencoded")),
        now=site.NOW,
    )
    kept = site.set_cookies(guard.open(facts).answer(b"choice=accept"))[0].partition(b";")[0]
    assert consent((b"sec-gpc", b"1"), (b"cookie", kept)).allows("measure")


# -- choice=once: one load, on the next view of one page, within a minute (DESIGN §5)


def once(site, next: bytes = b"/article?x=1", **options) -> bytes:
    reply = site.post(b"choice=once&service=video&next=" + next.replace(b"?", b"%3F"), **options)
    assert reply.status == 303
    assert reply.receipt.act == "once"
    assert reply.receipt.receipt_id not in choice_line(site, reply).decode(), "the permission names nobody"
    return choice_line(site, reply)


def test_once_sets_a_signed_cookie_for_a_minute_and_no_choice(site) -> None:
    line = once(site)
    assert line.startswith(b"__Host-consent-once=")
    assert b"Max-Age=60;" in line
    assert b"HttpOnly" in line
    assert not site.request("/other", cookie=line.partition(b";")[0]).consent.decided


def test_once_lets_the_service_load_on_that_page_and_is_used_up_by_it(site) -> None:
    cookie = once(site).partition(b";")[0]
    exchange = site.request("/article", cookie=cookie + b"; _vid=1", query=b"x=2")
    assert exchange.consent.allows("video")
    assert not exchange.consent.allows("captcha")
    plan = exchange.respond(200, [*site.HTML, (b"Set-Cookie", b"_vid=2")])
    assert b"_vid=2" in site.set_cookies(plan)
    page = b'<!doctype html><html><body><iframe src="https://x.video.example/1"></iframe></body></html>'
    assert b"<iframe" in site.send(plan, page)
    used = [line for line in site.set_cookies(plan) if line.startswith(b"__Host-consent-once=")]
    assert len(used) == 1
    assert b"Max-Age=0" in used[0]


@pytest.mark.parametrize(("status", "used"), [(200, True), (299, True), (300, False), (399, False), (400, True), (404, True)])
def test_once_is_used_up_by_what_is_shown_and_not_on_the_way_there(site, status: int, used: bool) -> None:
    cookie = once(site).partition(b";")[0]
    plan = site.request("/article", cookie=cookie).respond(status, site.HTML)
    assert any(line.startswith(b"__Host-consent-once=") for line in site.set_cookies(plan)) is used


def test_once_is_for_that_page_that_minute_and_a_real_visit(site) -> None:
    cookie = once(site).partition(b";")[0]

    def allows(path: str = "/article", *headers: tuple[bytes, bytes], **options) -> bool:
        return site.request(path, *headers, cookie=cookie, **options).consent.allows("video")

    assert allows()
    assert not allows("/other")
    assert not allows("/article/1")
    assert not allows(method="POST")
    assert not allows("/article", (b"Sec-Purpose", b"prefetch"))
    assert allows(now=site.NOW + 59)
    assert not allows(now=site.NOW + 60)


def test_once_is_kept_by_what_is_no_page(site) -> None:
    cookie = once(site).partition(b";")[0]
    for status, kind in ((302, b"text/html"), (200, b"application/json")):
        plan = site.request("/article", cookie=cookie).respond(status, [(b"Content-Type", kind)])
        assert not any(b"once" in line for line in site.set_cookies(plan))


def test_once_is_kept_by_a_request_that_shows_nothing(site) -> None:
    """N1: a HEAD of the page speaks of it as a GET would, and uses nothing up."""
    cookie = once(site).partition(b";")[0]
    exchange = site.request("/article", cookie=cookie, method="HEAD")
    assert exchange.consent.allows("video")
    for status in (200, 304):
        plan = site.request("/article", cookie=cookie, method="HEAD").respond(status, site.HTML)
        assert not any(b"once" in line for line in site.set_cookies(plan))


def test_once_finds_its_page_however_it_is_written(site) -> None:
    cookie = once(site, b"/caf%25C3%25A9/%2561").partition(b";")[0]
    assert site.request("/café/a", cookie=cookie).consent.allows("video")
    mounted = once(site, b"/shop/article", root_path="/shop").partition(b";")[0]
    assert site.request("/article", cookie=mounted, root_path="/shop").consent.allows("video")


def test_once_without_a_page_of_ours_is_refused_and_says_so(site) -> None:
    """Nothing could load, and nobody is led to believe that it will."""
    for next in (b"", b"//evil.test"):
        reply = site.post(b"choice=once&service=video&next=" + next)
        assert (reply.status, reply.receipt) == (400, None)
        assert b"The request names no page of this site." in reply.body
        assert site.set_cookies(reply) == []
    reply = site.post(b'{"choice": "once", "service": "video"}', (b"Content-Type", b"application/json"))
    assert (reply.status, site.set_cookies(reply)) == (400, [])
    told = json.loads(reply.body)
    assert told["error"] == "next"
    assert told["message"].startswith("The request names no page of this site.")


def test_once_without_a_path_means_the_page_that_it_is_posted_from(site) -> None:
    for body in (b"choice=once&service=video", b"choice=once&service=video&next=//evil.test"):
        reply = site.post(body, (b"Referer", b"https://www.example.org/article?x=1#y"))
        assert (reply.status, dict(reply.headers)[b"location"]) == (303, b"/article?x=1")
        cookie = site.set_cookies(reply)[0].partition(b";")[0]
        assert site.request("/article", cookie=cookie).consent.allows("video")
    for referer in (
        b"https://evil.test/article",
        b"https://www.example.org/privacy-choices?lang=en",
        b"https://www.example.org//x",
        b"x",
        b"",
    ):
        reply = site.post(b"choice=once&service=video", (b"Referer", referer))
        assert (reply.status, site.set_cookies(reply)) == (400, []), referer
    reply = site.post(b"choice=refuse", (b"Referer", b"https://www.example.org/article"))
    assert dict(reply.headers)[b"location"] == b"/privacy-choices", "only what is for one page asks for it"


def test_a_forged_or_foreign_permission_lets_nothing_load(site) -> None:
    name = once_cookie_name(site.guard.policy, secure=True).encode()
    good = once(site).partition(b";")[0]
    choice = site.cookie(allow="*").partition(b"=")[2]
    for cookie in (name + b"=", name + b"=video", good[:-1] + b"!", name + b"=" + choice, good + b"; " + name + b"=x"):
        assert not site.request("/article", cookie=cookie).consent.allows("video")


def test_a_withdrawal_takes_a_waiting_permission_back(site) -> None:
    cookie = once(site).partition(b";")[0]
    lines = site.set_cookies(site.post(b"choice=refuse", cookie=cookie))
    assert any(line.startswith(b"__Host-consent-once=; ") and b"Max-Age=0" in line for line in lines)
    assert len(site.set_cookies(site.post(b"choice=accept", cookie=cookie))) == 1


def test_too_many_fields_are_413_in_json_too(site) -> None:
    """K15"""
    refused(site, 413, site.post(json.dumps({"choice": "save", "allow": ["v"] * 1025}).encode(), JSON))
    assert site.post(json.dumps({"choice": "save", "allow": ["video"] * 800}).encode(), JSON).status == 200


def test_a_form_without_an_origin_stores_nothing_and_comes_back_to_be_pressed_once_more(site) -> None:
    """K14: anybody can make a browser send ``Origin: null``. The pressed answer stands first on our own page."""
    null = (b"Origin", b"null")
    reply = site.post(b"choice=refuse&next=/p%3Fa", null)
    assert (reply.status, site.set_cookies(reply)) == (403, [])
    first = reply.body.index(b'name="choice" value="refuse"')
    assert first < reply.body.index(b'value="accept"')
    assert b'name="next" value="/p?a"' in reply.body
    allowed = site.post(b"choice=allow&service=video", null)
    assert b'name="service" value="video"' in allowed.body
    for body, headers in (
        (b"choice=allow&service=%3Cb%3E", (null,)),
        (b"choice=nonsense", (null,)),
        (b"choice=refuse", (null, (b"Sec-Fetch-Site", b"cross-site"))),
    ):
        refused = site.post(body, *headers)
        assert refused.status == 403
        assert b"cg-confirm" not in refused.body
