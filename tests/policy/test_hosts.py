"""The index of host rules: which rule decides on an address (DESIGN §4)."""

from __future__ import annotations

import sys
from types import FrameType
from typing import Any

import pytest

from consent_guard.policy.cookie_names import CookieIndex
from consent_guard.policy.hosts import HostIndex, HostMatch
from consent_guard.policy.model import Basis, Category, CookieRule, HostRule, Policy, Service

CATEGORIES = (
    Category("needed", Basis.NECESSARY, {"en": "Needed"}),
    Category("audience", Basis.EXEMPT, {"en": "Audience"}),
    Category("ads", Basis.CONSENT, {"en": "Ads"}),
)


def rule(text: str) -> HostRule:
    """A rule value as an author of dataclasses would write it, final slash and all."""
    rest, _, query = text.partition("?")
    host, slash, path = rest.partition("/")
    return HostRule(text, host.removeprefix("*."), host.startswith("*."), slash + path, query)


def index(**services: str | list[str]) -> HostIndex:
    made = []
    for id, texts in services.items():
        listed = [texts] if isinstance(texts, str) else texts
        category = id if id in {"needed", "audience", "ads"} else "ads"
        made.append(Service(id, category, {"en": id}, hosts=tuple(rule(text) for text in listed)))
    return HostIndex(Policy(CATEGORIES, tuple(made)))


def service(found: HostMatch | None) -> str | None:
    return found.service if found else None


@pytest.mark.parametrize("host", ["xiti.com", "logs.xiti.com", "a.b.c.xiti.com"])
def test_a_star_rule_takes_the_host_and_all_below_it(host: str) -> None:
    assert index(xiti="*.xiti.com").match(host, "/hit.xiti", "s=1") == HostMatch("xiti", "*.xiti.com", "ads")


@pytest.mark.parametrize("host", ["notxiti.com", "xiti.com.evil.example", "xiti.co", "com", "", "xiti-com", "xiti.com.fr"])
def test_a_look_alike_host_is_not_taken(host: str) -> None:
    assert index(xiti="*.xiti.com").match(host, "/", "") is None


def test_an_exact_rule_takes_no_subdomain() -> None:
    only = index(a="www.example.org")
    assert service(only.match("www.example.org", "/x", "")) == "a"
    assert only.match("example.org", "/x", "") is None
    assert only.match("a.www.example.org", "/x", "") is None


@pytest.mark.parametrize(
    "path", ["/recaptcha", "/recaptcha/", "/recaptcha/api.js", "/%72ecaptcha/api.js", "//recaptcha//api.js"]
)
@pytest.mark.parametrize("written", ["www.google.com/recaptcha/", "www.google.com/recaptcha"])
def test_a_path_takes_whole_segments(written: str, path: str) -> None:
    assert service(index(captcha=written).match("www.google.com", path, "")) == "captcha"


@pytest.mark.parametrize(
    "path", ["/", "/recaptchas", "/recaptcha.js", "/maps/recaptcha/", "/Recaptcha/", "/recaptcha%2Fapi.js"]
)
def test_a_path_takes_no_part_of_a_segment(path: str) -> None:
    assert index(captcha="www.google.com/recaptcha/").match("www.google.com", path, "") is None


@pytest.mark.parametrize("query", ["id=DC-1", "l=x&id=DC-1", "id=%44C-1", "id=DC-", "x&&id=DC-2"])
def test_a_query_begins_at_any_parameter(query: str) -> None:
    assert service(index(cm="tags.example/gtag/js?id=DC-").match("tags.example", "/gtag/js", query)) == "cm"


@pytest.mark.parametrize("query", ["", "id=G-1", "uid=DC-1", "x=id=DC-1", "ID=DC-1", "id=dc-1"])
def test_a_query_begins_nowhere_else(query: str) -> None:
    assert index(cm="tags.example/gtag/js?id=DC-").match("tags.example", "/gtag/js", query) is None


def test_the_most_specific_rule_alone_decides() -> None:
    rules = index(
        wide="*.net",
        star="*.doubleclick.net",
        longer="*.g.doubleclick.net",
        exact="stats.g.doubleclick.net",
        path="stats.g.doubleclick.net/j",
        deeper="stats.g.doubleclick.net/j/collect",
        query="stats.g.doubleclick.net/j/collect?t=dc",
    )
    assert service(rules.match("a.net", "/", "")) == "wide"
    assert service(rules.match("ad.doubleclick.net", "/", "")) == "star"
    assert service(rules.match("cm.g.doubleclick.net", "/j/collect", "t=dc")) == "longer"
    assert service(rules.match("stats.g.doubleclick.net", "/x", "")) == "exact"
    assert service(rules.match("stats.g.doubleclick.net", "/j/x", "")) == "path"
    assert service(rules.match("stats.g.doubleclick.net", "/j/collect", "")) == "deeper"
    assert service(rules.match("stats.g.doubleclick.net", "/j/collect", "t=dc&v=1")) == "query"


def test_the_order_of_the_policy_does_not_matter() -> None:
    forward = index(a="*.x.example", b="y.x.example/p", c="y.x.example/p/q")
    backward = index(c="y.x.example/p/q", b="y.x.example/p", a="*.x.example")
    for path in ("/", "/p", "/p/q", "/p/q/r"):
        assert forward.match("y.x.example", path, "") == backward.match("y.x.example", path, "")


def test_an_exact_host_whose_path_does_not_fit_leaves_the_address_to_the_wider_rule() -> None:
    rules = index(part="www.example.org/part", rest="*.example.org")
    assert service(rules.match("www.example.org", "/part/x", "")) == "part"
    assert service(rules.match("www.example.org", "/other", "")) == "rest"


def test_a_longer_path_under_a_shorter_suffix_does_not_beat_the_longer_suffix() -> None:
    rules = index(short="*.example.org/a/b/c", long="*.www.example.org")
    assert service(rules.match("www.example.org", "/a/b/c", "")) == "long"


@pytest.mark.parametrize("names", [("needed", "ads"), ("ads", "needed")])
def test_two_parameters_of_one_query_leave_it_to_the_stricter_category(names: tuple[str, str]) -> None:
    queries = {"needed": "t.example/js?id=AA-", "ads": "t.example/js?id=BB-"}
    rules = index(**{name: queries[name] for name in names})
    assert service(rules.match("t.example", "/js", "id=AA-1&id=BB-1")) == "ads"


def test_a_rule_with_a_leading_slash_is_about_our_own_host() -> None:
    """X04: a first-party collection address can be gated."""
    rules = index(own="/gtm/", other="x.example")
    assert service(rules.match_own("/gtm/gtm.js", "id=GTM-1")) == "own"
    assert rules.match_own("/gtmx", "") is None
    assert rules.match("x.example", "/gtm/", "") == HostMatch("other", "x.example", "ads")
    assert index(other="x.example").match_own("/gtm/", "") is None


def test_an_address_of_numbers_is_matched_whole() -> None:
    rules = index(four="203.0.113.7", six="[2001:db8::1]")
    assert service(rules.match("203.0.113.7", "/", "")) == "four"
    assert service(rules.match("[2001:db8::1]", "/", "")) == "six"
    assert rules.match("1.203.0.113.7", "/", "") is None


def test_services_on_a_host_count_every_rule_there_whatever_its_path() -> None:
    rules = index(captcha="www.google.com/recaptcha/", maps="www.google.com/maps/", star="*.google.com")
    assert rules.services_on("www.google.com") == {"captcha", "maps", "star"}
    assert rules.services_on("fonts.google.com") == {"star"}
    assert rules.services_on("google.org") == frozenset()


def test_services_on_a_host_stop_at_the_rule_that_takes_all_of_it() -> None:
    rules = index(star="*.doubleclick.net", whole="stats.g.doubleclick.net")
    assert rules.services_on("stats.g.doubleclick.net") == {"whole"}


def test_how_the_rules_begin_that_may_name_an_address_on_our_own_host() -> None:
    rules = index(a=["*.a.example/x/y", "b.example?q=1"], c="c.example/%70/%C3%A9")
    assert rules.own_heads("www.a.example") == {"x"}
    assert rules.own_heads("b.example") == frozenset()
    assert rules.own_heads("c.example") == {"p"}
    assert rules.own_heads("d.example") is None
    own = index(a="*.a.example/x", own=["/gtm/js", "/t.js"])
    assert own.own_heads("a.example") == {"x", "gtm", "t.js"}
    assert own.own_heads("d.example") == {"gtm", "t.js"}


def test_hosts_for_the_search_of_mentions() -> None:
    rules = index(a=["*.a.example", "*.a.example/x", "b.example/p"], own="/gtm/", c="c.example?x=1")
    assert rules.mention_hosts() == (("a.example", True), ("b.example", False), ("c.example", False))
    assert rules.hosts_with_paths() == {"a.example", "b.example", "c.example"}


def test_a_policy_without_rules_matches_nothing() -> None:
    rules = HostIndex(Policy(CATEGORIES))
    assert rules.match("www.example.org", "/", "") is None
    assert rules.services_on("www.example.org") == frozenset()
    assert rules.mention_hosts() == ()


@pytest.mark.linear
def test_a_hostile_host_costs_no_more_than_a_plain_one() -> None:
    """R6: only as many labels are looked at as some rule has."""
    rules = index(star="*.a.b.example")
    hostile = "a." * 500_000 + "example"
    for _ in range(5_000):
        assert rules.match(hostile, "/", "") is None


def test_a_look_up_costs_no_more_among_thirty_thousand_rules_than_among_three_hundred() -> None:
    def rules(count: int) -> Policy:
        names = (f"tracker-{number}.{'com' if number % 2 else 'co.uk'}" for number in range(count))
        services = tuple(
            Service(
                name,
                "c",
                {"en": name},
                hosts=(HostRule(f"*.{name}", name, subdomains=True),),
                cookies=(CookieRule(f"_{name}*"),),
            )
            for name in names
        )
        return Policy((Category("c", Basis.CONSENT, {"en": "C"}),), services)

    asked = [f"www.tracker-{number}.{tail}" for number in range(150) for tail in ("com", "co.uk", "example.org")]

    def lines_run(policy: Policy) -> int:
        index, cookies = HostIndex(policy), CookieIndex(policy)
        count = 0

        def trace(frame: FrameType, event: str, argument: object) -> Any:
            nonlocal count
            count += event == "line"
            return trace

        before = sys.gettrace()
        sys.settrace(trace)
        try:
            for host in asked:
                index.match(host, "/a/b.js", "id=1")
                cookies.match(f"_{host.removeprefix('www.')}")
        finally:
            sys.settrace(before)
        return count

    assert len(asked) < lines_run(rules(30_000)) < 2 * lines_run(rules(300))
