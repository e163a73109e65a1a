"""``[[paths]]``: parts of a site that are guarded otherwise; and the route that a finding tells."""

from __future__ import annotations

from typing import Any

import pytest

from consent_guard import Guard, Policy, PolicyError, RequestFacts
from consent_guard.policy.model import PathRule, rule_for
from consent_guard.wire.paths import resolved

SCRIPT = b'<script src="https://a.ads.example/x.js"></script>'
PAGE = b"<!doctype html><html><head>" + SCRIPT + b"</head><body><p>x</p></body></html>"
COOKIE = (b"Set-Cookie", b"_ga=1")


@pytest.fixture
def ruled(make, monkeypatch):
    """Return a maker of sites with these rules."""

    def build(*rules: dict[str, Any], **changes: Any):
        site = make(**changes)
        policy = {**site.policy, "paths": list(rules)}
        return type(site)(policy, Guard(policy, secret_key=site.KEY, on_finding=site.findings.append), site.findings)

    return build


def answer(site, path: str):
    plan = site.request(path, (b"Accept", b"text/html"), cookie=b"_ga=2").respond(200, [*site.HTML, COOKIE])
    return plan, site.send(plan, PAGE)


def test_off_alters_nothing_and_finds_nothing(ruled) -> None:
    site = ruled({"glob": "/admin/**", "enforcement": "off"})
    plan, body = answer(site, "/admin/users/")
    assert (plan.headers, plan.rewriter, body) == ([*site.HTML, COOKIE], None, PAGE)
    exchange = site.request("/admin", (b"If-None-Match", b'"v1"'), (b"Range", b"bytes=0-9"), cookie=b"_ga=2")
    assert dict(exchange.forward_headers)[b"Cookie"] == b"_ga=2"
    assert exchange.filter_headers([COOKIE]) == [COOKIE]
    assert exchange.finish() == ()
    assert site.findings == []
    assert SCRIPT not in answer(site, "/")[1]


def test_report_alters_nothing_and_finds(ruled) -> None:
    site = ruled({"glob": "/shop/**", "enforcement": "report"})
    plan, body = answer(site, "/shop/1")
    assert (plan.headers, body) == ([*site.HTML, COOKIE], PAGE)
    assert site.findings
    assert not any(finding.enforced for finding in site.findings)


def test_enforce_stands_against_a_policy_that_reports(ruled) -> None:
    """First one part of a site, then all of it."""
    site = ruled({"glob": "/blog/**", "enforcement": "enforce"}, enforcement="report")
    assert SCRIPT in answer(site, "/")[1]
    plan, body = answer(site, "/blog/1")
    assert SCRIPT not in body
    assert b'data-cg="banner"' in body
    assert COOKIE not in plan.headers


def test_a_rule_without_a_banner_enforces_all_the_same(ruled) -> None:
    site = ruled({"glob": "/admin/**", "banner": False})
    body = answer(site, "/admin/")[1]
    assert SCRIPT not in body
    assert b'data-cg="banner"' not in body
    assert b'data-cg="banner"' in answer(site, "/")[1]


def test_a_rule_may_show_the_banner_where_the_policy_shows_none(ruled) -> None:
    site = ruled({"glob": "/shop/**", "banner": True}, banner=False)
    assert b'data-cg="banner"' in answer(site, "/shop")[1]
    assert b'data-cg="banner"' not in answer(site, "/")[1]


def test_the_first_that_matches_counts(ruled) -> None:
    site = ruled({"glob": "/admin/login", "banner": True}, {"glob": "/admin/**", "enforcement": "off"})
    assert SCRIPT not in answer(site, "/admin/login")[1]
    assert SCRIPT in answer(site, "/admin/other")[1]


def test_our_own_pages_stay_under_every_rule(ruled) -> None:
    site = ruled({"glob": "/**", "enforcement": "off"})
    assert site.request("/privacy-choices").body_limit is not None


@pytest.mark.parametrize(
    ("glob", "path", "expected"),
    [
        ("/admin/**", "/admin", True),
        ("/admin/**", "/admin/", True),
        ("/admin/**", "/admin/a/b/c", True),
        ("/admin/**", "/administration", False),
        ("/admin/**", "/Admin/x", False),
        ("/admin/**", "/x/admin/y", False),
        ("/admin/**", "//admin//x", True),
        ("/admin/**", "/x/../admin/y", True),
        ("/admin/**", "/admin/../x", False),
        ("/admin/**", "/admin/./x", True),
        ("/admin/**", "/admin/..", False),
        ("/admin/**", "/./admin", True),
        ("/**", "/", True),
        ("/**", "/a", True),
        ("/**/print", "/a/b/print", True),
        ("/**/print", "/print", True),
        ("/**/print", "/a/printer", False),
        ("/*/edit", "/a/edit", True),
        ("/*/edit", "/a/b/edit", False),
        ("/*/edit", "//edit", False),
        ("/*.html", "/a.html", True),
        ("/*.html", "/a/b.html", False),
        ("/a.b", "/axb", False),
        ("/café/**", "/café/1", True),
        ("/", "/", True),
        ("/", "/a", False),
        ("/a/**", "/a/\n", True),
    ],
)
def test_globs_go_by_whole_segments(glob: str, path: str, expected: bool) -> None:
    assert (rule_for([PathRule(glob, "off")], path) is not None) is expected


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("", "/"),
        ("/a//b", "/a/b"),
        ("/a/./b/", "/a/b/"),
        ("/a/../..//b", "/b"),
        ("/a/b/..", "/a/"),
        ("/..", "/"),
        ("/.a", "/.a"),
    ],
)
def test_dot_segments_and_empty_ones_are_resolved(path: str, expected: str) -> None:
    assert resolved(path) == expected


@pytest.mark.parametrize(
    ("rules", "message", "mend"),
    [
        ([{"enforcement": "off"}], "missing", "/admin/**"),
        ([{"glob": "admin/**", "banner": False}], "can match nothing", "/admin/**"),
        ([{"glob": "", "banner": False}], "can match nothing", "/admin/**"),
        ([{"glob": "/a/../b", "banner": False}], "can match nothing", "/admin/**"),
        ([{"glob": "/a//b", "banner": False}], "can match nothing", "/admin/**"),
        ([{"glob": "/a?b=1", "banner": False}], "can match nothing", "/admin/**"),
        ([{"glob": "/a**", "banner": False}], "within a segment", "any number"),
        ([{"glob": "/**/a/**", "banner": False}], "twice", "any number"),
        ([{"glob": "/a"}], "says nothing", "enforcement, banner or bodies"),
        ([{"glob": "/a", "banner": False}] * 2, "stands already in paths[0]", "Leave one"),
        ([{"glob": "/a/**", "banner": False}, {"glob": "/a/b", "banner": True}], "can match nothing", "narrower rule first"),
        ([{"glob": "/**", "banner": False}, {"glob": "/a/**", "banner": True}], "can match nothing", "narrower rule first"),
        ([{"glob": "/privacy-choices/**", "banner": False}], "our own pages", ""),
        ([{"glob": "/a", "enforcement": "on"}], "none of the values", "report"),
        ([{"glob": "/a", "banner": "no"}], "not true or false", "true or false"),
        ([{"glob": "/a", "baner": False}], "unknown key", "banner"),
        ([{"glob": "/a", "banner": False, "bodies": ["xml"]}], "'xml' is no kind of body", "Write one of"),
    ],
)
def test_a_rule_that_cannot_hold_is_refused_with_its_mend(site, rules: list[dict[str, Any]], message: str, mend: str) -> None:
    with pytest.raises(PolicyError) as refused:
        Policy.load({**site.policy, "paths": rules})
    assert any(message in fault.message and mend in fault.mend for fault in refused.value.faults), refused.value.faults


def test_a_policy_that_was_built_by_hand_keeps_the_same_rules(site) -> None:
    from dataclasses import replace

    policy = Policy.load(site.policy)
    assert Policy.load(replace(policy, paths=(PathRule("/a/**", "off"),))).enforcement_at("/a/b") == "off"
    with pytest.raises(PolicyError, match="can match nothing"):
        Policy.load(replace(policy, paths=(PathRule("a", "off"),)))


def test_a_finding_tells_the_first_segment_where_no_route_is_known(site) -> None:
    exchange = site.request("/blog/2024/secret-title", cookie=b"_ga=1")
    plan = exchange.respond(200, [*site.HTML, COOKIE])
    site.send(plan, PAGE)
    assert {finding.route for finding in exchange.finish()} == {"/blog"}
    assert {finding.where for finding in exchange.finish()} >= {"Cookie", "Set-Cookie", "script src"}


def test_a_finding_tells_the_route_where_the_adapter_knows_it(site) -> None:
    """For what was hidden before the app routed the request, and for what its body held."""
    exchange = site.request("/blog/1", cookie=b"_ga=1")
    exchange.route = lambda: "/blog/{id}"
    site.send(exchange.respond(200, [*site.HTML, COOKIE]), PAGE)
    assert {finding.route for finding in exchange.finish()} == {"/blog/{id}"}
    assert len(exchange.finish()) == 3


def test_the_front_page_is_its_own_first_segment(site) -> None:
    exchange = site.guard.open(RequestFacts("GET", "https", "www.example.org", "/", ((b"cookie", b"_ga=1"),)))
    assert [finding.route for finding in exchange.finish()] == ["/"]
