"""The hosts that a policy and a choice allow, as a Content-Security-Policy writes them."""

from __future__ import annotations

from typing import Any

import pytest

from consent_guard import Policy
from consent_guard.csp.sources import HostSource, allowed_sources, read_source
from consent_guard.policy.host_rules import RuleFault, host_source

CATEGORY = {"id": "c", "basis": "consent", "title": {"en": "C"}}


def policy(hosts: list[str], **settings: Any) -> Policy:
    services = [{"id": "s", "category": "c", "title": {"en": "S"}, "hosts": hosts}]
    return Policy.load({"policy": settings, "categories": [CATEGORY], "services": services})


def texts(hosts: list[str], allowed: str = "s", own: str = "", **settings: Any) -> list[str]:
    sources = allowed_sources(policy(hosts, **settings), frozenset({allowed}), own)
    return [text for source in sources for text in source.texts()]


def test_a_wildcard_takes_the_name_itself_in() -> None:
    assert texts(["*.x.example"]) == ["x.example", "*.x.example"]
    assert texts(["x.example"]) == ["x.example"]


def test_only_what_is_allowed_is_named() -> None:
    assert texts(["*.x.example"], allowed="other") == []


def test_paths_and_queries_are_left_to_the_host_and_own_paths_to_self() -> None:
    assert texts(["x.example/a/", "x.example/b?id=1", "/gtm/"]) == ["x.example"]


def test_what_another_source_takes_in_is_not_written_twice() -> None:
    assert texts(["*.x.example", "a.x.example", "*.b.x.example", "x.example", "ax.example"]) == [
        "ax.example",
        "x.example",
        "*.x.example",
    ]


def test_a_name_in_every_country_is_written_out() -> None:
    found = texts(["www.x.*"])
    assert {"www.x.com", "www.x.fr", "www.x.co.uk"} <= set(found)
    assert not any("*" in text for text in found)


def test_the_sites_own_domains_are_named_and_else_that_of_the_request() -> None:
    assert texts([], own="mine.example") == ["mine.example", "*.mine.example"]
    assert texts([], first_party=["ours.example"], own="mine.example") == ["ours.example", "*.ours.example"]


def test_hosts_of_one_registrable_domain_stand_together() -> None:
    assert texts(["a.x.example", "y.example", "b.x.example"]) == ["a.x.example", "b.x.example", "y.example"]


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("CDN.Example.org", HostSource("cdn.example.org")),
        ("*.example.org", HostSource("example.org", True)),
        ("example.org:8443", HostSource("example.org", port="8443")),
        ("localhost:*", HostSource("localhost", port="*")),
        ("example.org:08443", HostSource("example.org", port="8443")),
        ("*.exämple.org:1", HostSource("xn--exmple-cua.org", True, port="1")),
    ],
)
def test_a_host_that_no_rule_names(written: str, read: HostSource) -> None:
    assert read_source(written) == read


@pytest.mark.parametrize(
    "text",
    [
        *("", "*", "*.", "com", "*.co.uk", "https://x.example", "x.example/a", "x.example?a", "x.*", "x.example:99999999"),
        *("x.example:0", "x.example:00000", "x.example:65536", "x.example:99999"),
        *("x.example;script-src", "a,b.example", "[::1]", "*.127.0.0.1", "'self'", "data:", "x.example:a", "x example"),
    ],
)
def test_what_is_no_host_is_refused(text: str) -> None:
    with pytest.raises(RuleFault):
        host_source(text)
