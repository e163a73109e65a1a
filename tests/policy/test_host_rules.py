"""The grammar of address rules (DESIGN §4)."""

from __future__ import annotations

import pytest

from consent_guard.policy.host_rules import RuleFault, normal_host, parse_host_rule
from consent_guard.policy.hosts import HostIndex
from consent_guard.policy.model import Basis, Category, HostRule, Policy, Service


@pytest.mark.parametrize(
    ("text", "host", "subdomains", "path", "query"),
    [
        ("*.metrics.example", "metrics.example", True, "", ""),
        ("www.example.org", "www.example.org", False, "", ""),
        ("WWW.Example.ORG.", "www.example.org", False, "", ""),
        ("www.google.com/recaptcha/", "www.google.com", False, "/recaptcha", ""),
        ("www.googletagmanager.com/gtag/js?id=DC-", "www.googletagmanager.com", False, "/gtag/js", "id=DC-"),
        ("*.example.org/a/../b", "example.org", True, "/b", ""),
        ("example.org?x=", "example.org", False, "", "x="),
        ("example.org/", "example.org", False, "", ""),
        ("/gtm/", "", False, "/gtm", ""),
        ("/matomo.php?rec=1", "", False, "/matomo.php", "rec=1"),
        ("bücher.example", "xn--bcher-kva.example", False, "", ""),
        ("*.xn--bcher-kva.example", "xn--bcher-kva.example", True, "", ""),
        ("203.0.113.7", "203.0.113.7", False, "", ""),
        ("[2001:DB8::1]/x", "[2001:db8::1]", False, "/x", ""),
        ("localhost", "localhost", False, "", ""),
        ("cdn.example.org/npm/@scope/x", "cdn.example.org", False, "/npm/@scope/x", ""),
        ("example.org/é", "example.org", False, "/%C3%A9", ""),
        ("example.org/%7euser", "example.org", False, "/~user", ""),
        ("www.google.*/Maps/", "www.google.*", False, "/Maps", ""),
        ("*.Google.*", "google.*", True, "", ""),
        ("bücher.*", "xn--bcher-kva.*", False, "", ""),
    ],
)
def test_a_rule_is_read(text: str, host: str, subdomains: bool, path: str, query: str) -> None:
    assert parse_host_rule(text) == HostRule(text, host, subdomains, path, query)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "empty"),
        ("https://www.example.org/x", "whole address"),
        ("//www.example.org/x", "whole address"),
        ("www.example.org:8080", "names a port"),
        ("www.example.org:8080/x", "names a port"),
        ("[2001:db8::1]:80", "names a port"),
        ("com", "public suffix"),
        ("*.com", "public suffix"),
        ("*.co.uk", "public suffix"),
        ("co.uk/path", "public suffix"),
        ("github.io", "public suffix"),
        ("*.example", "public suffix"),
        ("www.*.example.org", r"a \* where none can stand"),
        ("*example.org", r"a \* where none can stand"),
        ("*", r"a \* where none can stand"),
        ("www.example.org/*", r"a \* where none can stand"),
        ("www.example.org/x?a=*", r"a \* where none can stand"),
        ("*.*", r"a \* where none can stand"),
        ("www.google.*.uk", r"a \* where none can stand"),
        ("www.google.*.*", r"a \* where none can stand"),
        ("co.*", "whole public suffixes"),
        ("*.com.*", "whole public suffixes"),
        ("203.0.113.7.*", "in every country"),
        ("*.203.0.113.7", "below an address of numbers"),
        ("a..example.org", "is not a host"),
        ("192.168.0.256", "is not a host"),
        ("exa%6dple.org", "is not a host"),
        ("user@example.org", "is not a host"),
        ("www example.org", "character"),
        ("www.example.org\\x", "character"),
        ("www.example.org/x#y", "character"),
        ("www.example.org\n", "character"),
        ("/", "all of the site's own addresses"),
        ("/?x=1", "all of the site's own addresses"),
        ("www.example.org/x?", r"ends in a \?"),
        ("a" * 64 + ".example.org", "is not a host"),
        ("a." * 200 + "example.org", "is not a host"),
        ("x" * 3000, "longer than"),
    ],
)
def test_a_rule_that_cannot_be_meant_is_refused_with_its_mend(text: str, says: str) -> None:
    with pytest.raises(RuleFault, match=says) as caught:
        parse_host_rule(text)
    assert caught.value.mend


def test_a_parsed_rule_matches_what_a_browser_asks_for() -> None:
    service = Service("s", "c", {"en": "S"}, hosts=(parse_host_rule("*.Bücher.example/%C3%A9/"),))
    index = HostIndex(Policy((Category("c", Basis.CONSENT, {"en": "C"}),), (service,)))
    assert index.match("www.xn--bcher-kva.example", "/%c3%a9/x", "") is not None
    assert index.match("www.xn--bcher-kva.example", "/e", "") is None


@pytest.mark.parametrize("text", ["xn--a", "ex_ample.com", "-x.example.org"])
def test_odd_names_that_browsers_accept_are_accepted(text: str) -> None:
    assert normal_host(text) == text
