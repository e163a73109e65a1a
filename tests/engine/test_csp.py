"""The Content-Security-Policy made of the choice: on pages and workers' scripts, nowhere else; and browsers' reports of it."""

from __future__ import annotations

import json
import time

import pytest

from consent_guard import Guard
from consent_guard.findings import FindingKind

CSP = b"content-security-policy"
ONLY_REPORT = b"content-security-policy-report-only"
SCRIPT = [(b"Content-Type", b"text/javascript"), (b"ETag", b'"v1"'), (b"Last-Modified", b"Thu, 01 Jan 2026 00:00:00 GMT")]
DOCUMENT = (b"Sec-Fetch-Dest", b"document")


@pytest.fixture
def guarded(make):
    return make(csp="enforce", unlisted_hosts="block")


def policy_of(site, plan, name: bytes = CSP) -> str:
    (value,) = site.values(plan, name)
    return value.decode("ascii")


def sources(site, plan, directive: str = "default-src") -> list[str]:
    found = {part.split()[0]: part.split()[1:] for part in policy_of(site, plan).split(";")}
    return found[directive]


def test_a_page_lets_through_what_its_visitor_allows_and_nothing_else(guarded) -> None:
    undecided = sources(guarded, guarded.request().respond(200, guarded.HTML))
    assert undecided[5:] == ["example.org", "*.example.org", "measure.example", "*.measure.example"]
    granted = sources(guarded, guarded.request(cookie=guarded.cookie(allow=["video"])).respond(200, guarded.HTML))
    assert {"video.example", "*.video.example"} <= set(granted)
    assert "*.ads.example" not in granted
    refused = sources(guarded, guarded.request(cookie=guarded.cookie(deny="*")).respond(200, guarded.HTML))
    assert refused[5:] == ["example.org", "*.example.org"]


def test_websockets_of_what_is_allowed_pass_too(guarded) -> None:
    plan = guarded.request(cookie=guarded.cookie(allow=["video"])).respond(200, guarded.HTML)
    assert {"wss://video.example", "wss://*.video.example"} <= set(sources(guarded, plan, "connect-src"))


def test_the_apps_own_policy_stays_and_ours_is_one_more(guarded) -> None:
    own = (b"Content-Security-Policy", b"default-src *; script-src 'nonce-x'")
    plan = guarded.request().respond(200, [*guarded.HTML, own])
    assert guarded.values(plan, CSP)[0] == own[1]
    assert len(guarded.values(plan, CSP)) == 2


def test_nothing_is_learned_from_the_page(guarded) -> None:
    page = b"<html><head><meta http-equiv=Content-Security-Policy content='default-src *'></head><img src=//x.ads.example/>"
    one, other = guarded.request(), guarded.request()
    first = one.respond(200, guarded.HTML)
    guarded.send(first, page)
    assert policy_of(guarded, first) == policy_of(guarded, other.respond(200, guarded.HTML))


@pytest.mark.parametrize("status", [200, 404, 500])
@pytest.mark.parametrize("kind", [b"text/html", b"application/xhtml+xml", b"image/svg+xml"])
def test_every_document_carries_it(guarded, status: int, kind: bytes) -> None:
    assert policy_of(guarded, guarded.request().respond(status, [(b"Content-Type", kind)]))


def test_a_page_from_which_nothing_is_withheld_carries_it_too(make) -> None:
    site = make(csp="enforce", csp_allow=["cdn.other.example"])
    quiet = Guard(site.policy, secret_key=site.KEY)
    site.guard = quiet
    exchange = site.request(cookie=site.cookie(allow="*"))
    plan = exchange.respond(200, site.HTML)
    assert plan.rewriter is None
    assert "cdn.other.example" in sources(site, plan)


def test_a_body_that_the_app_leaves_alone_keeps_the_header(guarded) -> None:
    exchange = guarded.request()
    exchange.leave_body("why not")
    assert policy_of(guarded, exchange.respond(200, guarded.HTML))


FEED = b'<feed xmlns="http://www.w3.org/2005/Atom"><title>t</title>%b</feed>'


@pytest.mark.parametrize(
    "part",
    [
        b'<script xmlns="http://www.w3.org/1999/xhtml">new Image().src = atob("Ly90LmFkcy5leGFtcGxlLw")</script>',
        b"<x:script xmlns:x = 'http://www.w3.org/1999/x&#104;tml'>new Image().src = name</x:script>",
        b'<svg xmlns="http://www.w3.org/2000/svg"><script>new Image().src = name</script></svg>',
        b'<?xml-stylesheet type="text/xsl" href="/own.xsl"?>',
    ],
)
def test_a_feed_in_which_something_may_run_carries_it_though_it_names_nobody(guarded, part: bytes) -> None:
    feed = [(b"Content-Type", b"application/atom+xml"), (b"ETag", b'"v1"')]
    for _ in range(2):
        head, _ = guarded.request("/feed").respond(200, feed).whole(FEED % part)
        assert CSP in {name for name, _ in head}


def test_a_feed_in_which_nothing_runs_is_the_same_for_everybody(guarded) -> None:
    feed = [(b"Content-Type", b"application/atom+xml"), (b"ETag", b'"v1"')]
    head, body = guarded.request("/feed").respond(200, feed).whole(FEED % b"<content>a &#8217; b</content>")
    assert head[:2] == feed
    assert CSP not in {name for name, _ in head}
    assert body == FEED % b"<content>a &#8217; b</content>"


def test_a_style_sheet_carries_none(guarded) -> None:
    plan = guarded.request("/a.css", (b"Sec-Fetch-Dest", b"style")).respond(200, [(b"Content-Type", b"text/css")])
    assert not guarded.values(plan, CSP)


@pytest.mark.parametrize("kind", [b"image/png", b"text/javascript", b"application/json"])
def test_what_is_no_document_keeps_its_head(guarded, kind: bytes) -> None:
    plan = guarded.request("/a", (b"Sec-Fetch-Dest", b"script")).respond(200, [(b"Content-Type", kind), (b"ETag", b'"v1"')])
    assert plan.headers == [(b"Content-Type", kind), (b"ETag", b'"v1"')]


def test_a_policy_that_only_reports_is_named_so(make) -> None:
    site = make(csp="report")
    plan = site.request().respond(200, site.HTML)
    assert policy_of(site, plan, ONLY_REPORT).endswith("report-uri /privacy-choices/csp")
    assert not site.values(plan, CSP)


def test_off_adds_nothing(site) -> None:
    plan = site.request().respond(200, site.HTML)
    assert not site.values(plan, CSP) + site.values(plan, ONLY_REPORT)


def test_where_nothing_is_enforced_nothing_is_added(make) -> None:
    for changes in ({"enforcement": "report"},):
        site = make(csp="enforce", unlisted_hosts="block", **changes)
        assert site.request().respond(200, site.HTML).headers == site.HTML


def test_a_stored_page_never_comes_back_with_another_policys_header(make) -> None:
    marks = set()
    for changes in ({}, {"csp": "enforce", "csp_allow": ["a.example.net"]}, {"csp": "enforce", "csp_allow": ["b.example.net"]}):
        site = make(**changes)
        plan = site.request().respond(200, [*site.HTML, (b"ETag", b'"v1"')])
        marks.update(site.values(plan, b"etag"))
        again = site.request("/page", DOCUMENT, (b"If-None-Match", site.values(plan, b"etag")[0]))
        assert (b"If-None-Match", b'"v1"') in list(again.forward_headers)
    assert len(marks) == 3


def test_a_304_says_nothing_of_it(guarded) -> None:
    """It would take the place of all policies that the stored page has."""
    tag = guarded.values(guarded.request().respond(200, [*guarded.HTML, (b"ETag", b'"v1"')]), b"etag")[0]
    plan = guarded.request("/page", DOCUMENT, (b"If-None-Match", tag)).respond(304, [(b"ETag", b'"v1"')])
    assert plan.status == 304
    assert not guarded.values(plan, CSP)


@pytest.mark.parametrize("told", [b"Content-Security-Policy", b"content-security-policy"])
def test_a_304_that_repeats_the_apps_own_policy_repeats_ours(guarded, told: bytes) -> None:
    """Both take the place of what was stored: without ours the page would come back under the app's alone."""
    own = (told, b"default-src *")
    first = guarded.request().respond(200, [*guarded.HTML, (b"ETag", b'"v1"'), own])
    again = guarded.request("/page", DOCUMENT, (b"If-None-Match", guarded.values(first, b"etag")[0]))
    plan = again.respond(304, [(b"ETag", b'"v1"'), own])
    assert plan.status == 304
    assert guarded.values(plan, CSP) == guarded.values(first, CSP)
    assert len(guarded.values(plan, CSP)) == 2


def test_a_304_that_repeats_a_policy_of_the_other_name_leaves_ours_as_it_was_stored(guarded) -> None:
    tag = guarded.values(guarded.request().respond(200, [*guarded.HTML, (b"ETag", b'"v1"')]), b"etag")[0]
    head = [(b"ETag", b'"v1"'), (b"Content-Security-Policy-Report-Only", b"default-src *")]
    plan = guarded.request("/page", DOCUMENT, (b"If-None-Match", tag)).respond(304, head)
    assert not guarded.values(plan, CSP)


@pytest.mark.parametrize("kind", [b"worker", b"sharedworker", b"serviceworker"])
def test_a_workers_script_carries_it_and_nobody_keeps_the_answer(guarded, kind: bytes) -> None:
    conditions = ((b"If-None-Match", b'"v1"'), (b"If-Modified-Since", b"Thu, 01 Jan 2026 00:00:00 GMT"))
    exchange = guarded.request("/worker.js", (b"Sec-Fetch-Dest", kind), *conditions)
    assert not {name.lower() for name, _ in exchange.forward_headers} & {b"if-none-match", b"if-modified-since"}
    plan = exchange.respond(200, [*SCRIPT, (b"Cache-Control", b"public, max-age=600")])
    assert "*.ads.example" not in policy_of(guarded, plan)
    assert guarded.values(plan, b"cache-control") == [b"private, no-store"]
    assert not guarded.values(plan, b"etag") + guarded.values(plan, b"last-modified")
    assert plan.rewriter is None
    granted = guarded.request("/worker.js", (b"Sec-Fetch-Dest", kind), cookie=guarded.cookie(allow=["ads"]))
    assert "*.ads.example" in sources(guarded, granted.respond(200, SCRIPT))


def test_without_a_policy_a_workers_script_keeps_its_head(site) -> None:
    asked = (b"Sec-Fetch-Dest", b"worker")
    exchange = site.request("/worker.js", asked, (b"If-None-Match", b'"v1"'))
    assert (b"If-None-Match", b'"v1"') in list(exchange.forward_headers)
    assert exchange.respond(200, SCRIPT).headers == SCRIPT


def test_what_does_not_fit_is_widened_and_found(make) -> None:
    site = make(csp="enforce", csp_allow=[f"a-rather-long-name-of-a-host-{number}.cdn.example" for number in range(40)])
    plan = site.request().respond(200, site.HTML)
    assert len(policy_of(site, plan)) < 2048
    assert "*.cdn.example" in sources(site, plan)
    (found,) = [one for one in site.findings if one.kind is FindingKind.CSP_WIDENED]
    assert (found.subject, found.where, found.route) == ("*.cdn.example", "default-src, connect-src", "/page")


def test_our_own_pages_keep_their_own_policy(guarded) -> None:
    assert policy_of(guarded, guarded.get()).startswith("default-src 'none'")


def test_below_a_mount_point_reports_go_to_our_own_path(guarded) -> None:
    plan = guarded.request(root_path="/a b;c").respond(200, guarded.HTML)
    assert policy_of(guarded, plan).endswith("; report-uri /a%20b%3Bc/privacy-choices/csp")


def test_the_placeholder_and_the_banner_stay(guarded) -> None:
    page = b"<!doctype html><html lang=en><body><iframe src=https://x.video.example/1></iframe></body></html>"
    sent = guarded.send(guarded.request("/page", DOCUMENT).respond(200, guarded.HTML), page)
    assert b"cg-placeholder" in sent
    assert b'data-cg="banner"' in sent
    assert b".js#csp" in sent


# Reports


def report(**changes: object) -> bytes:
    told = {
        "document-uri": "https://www.example.org/shop/7?who=me",
        "effective-directive": "img-src",
        "blocked-uri": "https://t.ads.example/p.gif?id=7",
        **changes,
    }
    return json.dumps({"csp-report": told}).encode()


def send(site, body: bytes, **options: object):
    exchange = site.request("/privacy-choices/csp", (b"Content-Type", b"application/csp-report"), method="POST", **options)
    assert exchange.body_limit == 16 * 1024
    reply = exchange.answer(body)
    exchange.finish()
    return reply


def test_a_report_is_counted_as_a_finding_of_three_words(guarded) -> None:
    assert send(guarded, report()).status == 204
    (found,) = guarded.findings
    assert (found.kind, found.subject, found.where, found.route) == (
        FindingKind.CSP_REPORT,
        "t.ads.example",
        "img-src",
        "/shop",
    )
    assert found.enforced
    assert "7" not in str(found)
    assert send(guarded, report()).status == 204
    assert len(guarded.findings) == 2


def test_a_policy_that_only_reports_says_so(make) -> None:
    site = make(csp="report")
    send(site, report())
    assert [one.enforced for one in site.findings] == [False]


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"[" * 16000, b"\xff" * 100, b"9" * 16000])
def test_what_is_no_report_is_dropped_without_a_word(guarded, body: bytes) -> None:
    reply = send(guarded, body)
    assert (reply.status, reply.body) == (204, b"")
    assert not guarded.findings


def test_what_is_huge_is_not_read(guarded) -> None:
    assert send(guarded, report(sample="x" * 20000)).status == 413
    assert not guarded.findings


def test_a_flood_ends_at_a_bound(guarded) -> None:
    began = time.monotonic()
    told = [send(guarded, report(**{"blocked-uri": f"https://h{number}.example/"})).status for number in range(400)]
    assert time.monotonic() - began < 20
    assert told.count(204) == 100
    assert set(told) == {204, 429}
    assert len(guarded.findings) == 100


@pytest.mark.parametrize(("told", "status"), [(b"same-origin", 204), (b"none", 204), (b"cross-site", 403), (b"same-site", 403)])
def test_pages_elsewhere_cannot_use_up_what_is_looked_at(guarded, told: bytes, status: int) -> None:
    def post() -> int:
        exchange = guarded.request("/privacy-choices/csp", (b"Sec-Fetch-Site", told), method="POST")
        return exchange.answer(report()).status

    assert {post() for _ in range(90)} == {status}
    assert send(guarded, report()).status == 204
    assert len(guarded.findings) == (91 if status == 204 else 1)


def test_only_a_post_is_a_report(guarded) -> None:
    reply = guarded.get("/csp")
    assert reply.status == 405
    assert (b"allow", b"POST") in reply.headers
    assert guarded.get("/csp", method="HEAD").status == 405


def test_without_a_policy_there_is_nothing_at_its_address(site) -> None:
    exchange = site.request("/privacy-choices/csp", method="POST")
    assert exchange.body_limit == 0
    assert exchange.answer(b"").status == 404
