"""Fields that make a browser contact a host (DESIGN §6; H40 to H42, N13)."""

from __future__ import annotations

import json

import pytest

from consent_guard import Policy, RequestFacts
from consent_guard.engine.acting_headers import ActingHeaders
from consent_guard.findings import Finding
from consent_guard.rewrite.decide.compiled_policy import CompiledPolicy
from consent_guard.rewrite.model import DocumentFacts
from consent_guard.wire.link_relations import FETCHING

from ..cases import guard, rows


def left(site, name: bytes, value: bytes, *, kind: bytes = b"application/json", **options) -> list[bytes]:
    plan = site.request("/x.json", **options).respond(200, [(b"Content-Type", kind), (name, value)])
    return site.values(plan, name.lower())


@pytest.mark.parametrize("kind", [b"text/html", b"application/json", b"text/css", b"image/png"])
def test_only_the_gated_members_of_link_go_on_every_type(site, kind: bytes) -> None:
    """H40"""
    value = (
        b"</a.css>; rel=preload; as=style, <https://x.ads.example/a.js>; rel=preload; as=script, <https://ok.test/>; rel=next"
    )
    assert left(site, b"Link", value, kind=kind) == [b"</a.css>; rel=preload; as=style, <https://ok.test/>; rel=next"]


def test_a_link_that_fetches_nothing_is_a_plain_link(site) -> None:
    value = b"<https://x.ads.example/>; rel=canonical"
    assert left(site, b"Link", value) == [value]


@pytest.mark.parametrize("relation", sorted(FETCHING))
def test_every_relation_by_which_a_browser_fetches_is_enforced(site, relation: str) -> None:
    """H40"""
    for rel in (relation, relation.upper(), f'"canonical {relation}"'):
        value = f"<https://x.ads.example/>; rel={rel}".encode()
        assert left(site, b"Link", value) == []
        assert left(site, b"Link", value, cookie=site.cookie(allow=["ads"])) == [value]


@pytest.mark.parametrize("relation", [b"preconnect", b"dns-prefetch"])
def test_a_hint_is_withheld_unless_some_service_on_its_host_is_allowed(site, relation: bytes) -> None:
    value = b"<https://x.ads.example>; rel=" + relation
    assert left(site, b"Link", value) == []
    assert left(site, b"Link", value, cookie=site.cookie(allow=["ads"])) == [value]


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        (b"Refresh", b"0; url=https://x.ads.example/", []),
        (b"Refresh", b"5; url=/next", [b"5; url=/next"]),
        (b"SourceMap", b"//x.ads.example/a.map", []),
        (b"X-SourceMap", b"/a.map", [b"/a.map"]),
        (b"X-SourceMap", b"//x.ads.example/a.map", []),
        (b"Content-Security-Policy-Report-Only", b"report-uri https://x.ads.example/r", []),
        (b"Speculation-Rules", b'"/r.json", "https://x.ads.example/r.json"', [b'"/r.json"']),
        (b"Reporting-Endpoints", b'a="https://x.ads.example/r", b="/r"', [b'b="/r"']),
        (
            b"Content-Security-Policy",
            b"default-src 'self'; report-uri https://x.ads.example/r /own",
            [b"default-src 'self'; report-uri /own"],
        ),
        (b"Location", b"https://x.ads.example/", [b"https://x.ads.example/"]),
        (b"Service-Worker-Allowed", b"/", [b"/"]),
    ],
)
def test_only_what_is_gated_goes(site, name: bytes, value: bytes, expected: list[bytes]) -> None:
    """H41, H42; a redirect is a navigation (N13)"""
    assert left(site, name, value) == expected
    assert left(site, name, value, cookie=site.cookie(allow="*")) == [value]


@pytest.mark.parametrize(
    ("name", "value", "where"),
    [
        (b"refresh", b"0; url=https://x.ads.example/", "Refresh"),
        (b"sourcemap", b"//x.ads.example/a.map", "SourceMap"),
        (b"x-sourcemap", b"//x.ads.example/a.map", "X-SourceMap"),
        (b"speculation-rules", b'"https://x.ads.example/r.json"', "Speculation-Rules"),
        (b"reporting-endpoints", b'a="https://x.ads.example/r"', "Reporting-Endpoints"),
        (b"content-security-policy", b"report-uri //x.ads.example/r", "Content-Security-Policy report-uri"),
        (
            b"content-security-policy-report-only",
            b"report-uri //x.ads.example/r",
            "Content-Security-Policy-Report-Only report-uri",
        ),
    ],
)
def test_a_finding_names_the_field(site, name: bytes, value: bytes, where: str) -> None:
    exchange = site.request("/x.json")
    exchange.respond(200, [(b"Content-Type", b"application/json"), (name, value)])
    assert [(one.kind.value, one.subject, one.where, one.service) for one in exchange.finish()] == [
        ("header", "x.ads.example", where, "ads")
    ]


def test_error_reports_to_a_gated_host_are_taken_back(site) -> None:
    """H41: a browser that once stored the order would go on reporting."""
    plan = site.request("/x.json").respond(
        200,
        [
            (b"Report-To", b'{"group":"n","max_age":9,"endpoints":[{"url":"https://x.ads.example/r"}]}'),
            (b"NEL", b'{"report_to":"n","max_age":9}'),
        ],
    )
    assert json.loads(site.values(plan, b"report-to")[0])["max_age"] == 0
    assert json.loads(site.values(plan, b"nel")[0])["max_age"] == 0


def test_early_hints_are_filtered_before_any_response(site) -> None:
    """Y10, N13"""
    exchange = site.request()
    hints = [(b"link", b"<https://x.ads.example/a.js>; rel=preload; as=script"), (b"link", b"</a.css>; rel=preload; as=style")]
    assert exchange.filter_headers(hints) == hints[1:]


def test_what_is_withheld_and_which_host_no_rule_names_is_found(site) -> None:
    exchange = site.request("/x.json")
    plan = exchange.respond(
        200, [(b"Link", b"<https://x.ads.example/a?secret=1>; rel=preload; as=image, <https://other.test/>; rel=preconnect")]
    )
    assert site.values(plan, b"link") == [b"<https://other.test/>; rel=preconnect"]
    found = {(finding.kind.value, finding.subject, finding.where, finding.enforced) for finding in exchange.finish()}
    assert found == {("header", "x.ads.example", "Link", True), ("host-unlisted", "other.test", "Link", False)}


def test_an_unlisted_host_is_withheld_where_the_policy_says_so(make) -> None:
    site = make(unlisted_hosts="block")
    assert left(site, b"Link", b"<https://other.test/a.js>; rel=preload; as=script") == []


def test_relative_addresses_are_resolved_against_the_page_as_the_browser_sees_it(site) -> None:
    """ROBUSTNESS 0.7: ``https:host`` is a path of ours on https and another host on http."""
    value = b"<https:x.ads.example/a.js>; rel=preload; as=script"
    assert left(site, b"Link", value) == [value]
    assert left(site, b"Link", value, scheme="http") == []


def test_a_link_that_passed_by_this_visitors_grant_is_kept_out_of_shared_caches(site) -> None:
    """N8"""
    head = [
        (b"Content-Type", b"text/javascript"),
        (b"Cache-Control", b"public, max-age=60"),
        (b"Link", b"<https://x.ads.example/a.js>; rel=preload; as=script"),
    ]
    granted = site.request("/a.js", cookie=site.cookie(allow="*")).respond(200, head)
    assert site.values(granted, b"cache-control") == [b"private, no-cache"]
    assert site.request("/a.js").respond(200, head).headers == head[:2]
    own = [*head[:2], (b"Link", b"</own.js>; rel=preload; as=script")]
    assert site.request("/a.js", cookie=site.cookie(allow="*")).respond(200, own).headers == own


def test_the_fields_of_the_measured_cases_contact_no_tracker() -> None:
    for row in rows("cases/headers.jsonl"):
        headers = [(b"Content-Type", b"text/html; charset=utf-8")]
        for line in row["headers"]:
            name, _, value = line.partition(":")
            headers.append((name.strip().encode(), value.strip().encode("latin-1")))
        exchange = guard().open(RequestFacts("GET", "https", "www.site.example", "/p", now=1_700_000_000.0))
        plan = exchange.respond(200, headers)
        gone = not any(row["host"].encode() in value for _, value in plan.headers)
        assert gone is row["must_block"], row["id"]
        assert plan.rewriter is not None
        assert plan.rewriter.feed(row["body"].encode()) + plan.rewriter.close() == row["body"].encode()


@pytest.mark.parametrize("address", [b"/stats/matomo.js", b"https://stats.agency.example/matomo.php"])
def test_a_self_hosted_service_is_told_in_headers_too(address: bytes) -> None:
    """H40"""
    policy = Policy.load(
        {
            "categories": [{"id": "audience", "basis": "consent", "title": {"en": "Audience"}}],
            "services": [{"id": "matomo", "category": "audience"}],
        }
    )
    value = b"<" + address + b">; rel=preload; as=script, </a.css>; rel=preload; as=style"
    for allowed, left_over in ((frozenset[str](), b"</a.css>; rel=preload; as=style"), (frozenset({"matomo"}), value)):
        found: list[Finding] = []
        headers = ActingHeaders(
            CompiledPolicy(policy), allowed, frozenset(), lambda: DocumentFacts("https", "site.example"), found.append
        )
        assert headers.filter([(b"link", value)]) == [(b"link", left_over)]
        assert [one.service for one in found] == ([] if allowed else ["matomo"])
