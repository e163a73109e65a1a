"""Documents that share what is remembered get the verdicts of their own addresses (DESIGN §4, §8)."""

from __future__ import annotations

import random

import pytest

from consent_guard.policy.hosts import HostIndex
from consent_guard.rewrite.alike import Alike
from consent_guard.rewrite.judge import Judge

from .documents import facts, fresh, policy

NOBODY: frozenset[str] = frozenset()
OWN = ("/gtm/", "/a/b/collect", "/x.js?id=1", "site.example/stats/", "*.tenants.example/beacon/", "/caf%C3%A9/")
HOSTS = (
    "site.example",
    "www.site.example",
    "t1.tenants.example",
    "tenants.example",
    "localhost:8000",
    "203.0.113.9",
    "a b",
    "",
)
SEGMENTS = (
    "gtm",
    "a",
    "b",
    "collect",
    "x.js",
    "stats",
    "beacon",
    "_",
    "",
    ".",
    "..",
    "%67tm",
    "caf%C3%A9",
    "caf%c3%a9",
    "news",
    "A",
)


def stand_in(*own: str, host: str = "www.site.example", path: str = "/", **options: object) -> tuple[str, str]:
    declared = policy(own, **options)
    found = Alike(HostIndex(declared), declared.first_party).stand_in(facts(host=host, path=path, query="q=1"))
    assert found.query == ""
    return found.host, found.path


def test_without_rules_on_our_own_host_all_pages_of_one_domain_are_alike() -> None:
    expected = stand_in()
    assert stand_in(host="SHOP.site.example:8443", path="/a/b?c") == expected
    assert stand_in(host="site.example.") == expected
    assert stand_in(host="other.example") != expected
    assert stand_in(host="a.github.io") != stand_in(host="b.github.io")


def test_with_declared_domains_all_their_hosts_are_alike_and_no_others() -> None:
    declared = {"first_party": ["ours.example", "site.example"]}
    assert stand_in(host="a.ours.example", **declared) == stand_in(host="ours.example", **declared)
    assert stand_in(host="www.theirs.example", **declared) == ("www.theirs.example", "/")
    assert stand_in(host="shop.theirs.example", **declared) == ("shop.theirs.example", "/")


@pytest.mark.parametrize("host", ["localhost:8000", "203.0.113.9", "[2001:db8::1]:80"])
def test_a_host_without_a_domain_stands_for_itself(host: str) -> None:
    assert stand_in(host=host) == (host, "/")


@pytest.mark.parametrize("host", ["a b", "", "a<b", "\ud800"])
def test_documents_whose_host_is_none_are_alike(host: str) -> None:
    assert stand_in(host=host, path="/a") == stand_in(host="[")


def test_a_rule_on_one_host_of_ours_does_not_reach_the_others() -> None:
    """A document of that host stands for itself; the others still stand together."""
    assert stand_in("site.example/gtm/", host="site.example") == ("site.example", "/")
    assert stand_in("site.example/gtm/", host="www.site.example") == ("_.site.example", "/")
    assert stand_in("_.site.example", host="www.site.example") == ("www.site.example", "/")


def test_with_rules_on_our_own_host_a_path_counts_by_its_depth() -> None:
    host = "site.example"
    assert (
        stand_in("/gtm/", host=host, path="/news/2026/a.html")
        == stand_in("/gtm/", host=host, path="/shop/shoes/")
        == (host, "/_/_/")
    )
    assert stand_in("/gtm/", host=host, path="/about") == (host, "/")
    assert stand_in("/gtm/", "/_/", host=host, path="/news/") == (host, "/__/")


@pytest.mark.parametrize("path", ["/gtm", "/gtm/a", "/%67tm/a", "/caf%C3%A9/", "//gtm/a"])
def test_a_path_that_may_begin_as_a_rule_does_stands_for_itself(path: str) -> None:
    assert stand_in("/gtm/", host="site.example", path=path) == ("site.example", path)


@pytest.mark.parametrize(
    "options", [{}, {"unlisted_hosts": "block"}, {"unlisted_hosts": "block", "first_party": ["site.example"]}]
)
@pytest.mark.parametrize("own", [(), OWN, OWN[3:5]])
def test_a_shared_judge_decides_as_one_that_was_made_for_the_document(own: tuple[str, ...], options: dict[str, object]) -> None:
    """Whatever stands in the page, whichever page came first."""
    compiled = fresh(*own, **options)
    chance = random.Random(11)
    gated = 0
    for _ in range(1500):
        document = facts(host=chance.choice(HOSTS), path="/" + "/".join(chance.choices(SEGMENTS, k=chance.randrange(5))))
        here = Judge(compiled, NOBODY, document)
        shared = compiled.judge(NOBODY, document)
        reference = "/".join(chance.choices(SEGMENTS, k=chance.randrange(1, 6)))
        base = chance.choice(["", "", "sub/", "/gtm/", "../../", "//t2.tenants.example/", "https://www.site.example/a/b/c"])
        if base:
            here = here.variant((here.absolute_base(base), here.own_base), "utf-8")
            shared = shared.variant((shared.absolute_base(base), shared.own_base), "utf-8")
        for address in (
            reference,
            "/" + reference,
            f"//{chance.choice(HOSTS)}/{reference}",
            reference + "?id=1",
            "?id=1",
            "#x",
        ):
            assert shared.look(address) == here.look(address), (document, base, address)
            assert shared.hint(address) == here.hint(address), (document, base, address)
            if here.gated(address):
                gated += 1
                assert shared.absolute(address) == here.absolute(address), (document, base, address)
    assert gated > 100 or not own
