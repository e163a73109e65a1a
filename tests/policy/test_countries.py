"""One name in every country's domain: the hosts that ``www.x.*`` takes, and those that it does not."""

from __future__ import annotations

import pytest

from consent_guard.policy.countries import COUNTRIES, country_form, country_hosts
from consent_guard.policy.host_rules import parse_host_rule
from consent_guard.policy.hosts import HostIndex
from consent_guard.policy.model import Basis, Category, Policy, Service
from consent_guard.wire.origins import is_public_suffix

CATEGORY = Category("c", Basis.CONSENT, {"en": "C"})


def index(**rules: list[str]) -> HostIndex:
    services = [
        Service(id, "c", {"en": id}, hosts=tuple(parse_host_rule(text) for text in texts)) for id, texts in rules.items()
    ]
    return HostIndex(Policy((CATEGORY,), tuple(services)))


def owner(rules: HostIndex, host: str, path: str = "/") -> str | None:
    found = rules.match(host, path, "")
    return found.service if found else None


@pytest.mark.parametrize("host", ["com", "fr", "de", "co.uk", "com.br", "com.tr", "co.jp", "ai"])
def test_a_name_is_taken_in_every_country(host: str) -> None:
    rules = index(maps=["maps.google.*", "www.google.*/maps/"])
    assert owner(rules, f"maps.google.{host}") == "maps"
    assert owner(rules, f"www.google.{host}", "/maps/embed") == "maps"
    assert owner(rules, f"www.google.{host}", "/search") is None
    assert owner(rules, f"x.maps.google.{host}") is None


@pytest.mark.parametrize(
    "host",
    [
        "maps.google", "maps.google.org", "maps.google.example", "maps.google.fr.example.org", "maps.google.evil.fr",
        "maps.google.co", "maps.google.com.com", "maps.googles.fr", "notmaps.google.fr", "maps.google.xx", "google.fr", "fr",
        "",
    ],
)  # fmt: skip
def test_a_look_alike_is_not(host: str) -> None:
    taken = {"maps.google.co"}  # Colombia's own domain
    assert (owner(index(maps=["maps.google.*"]), host) is not None) == (host in taken)


def test_below_a_name_is_taken_with_the_star_in_front() -> None:
    rules = index(ads=["*.google.*"])
    for host in ("google.fr", "www.google.co.uk", "a.b.google.com.br", "www.google.com"):
        assert owner(rules, host) == "ads"
    assert owner(rules, "notgoogle.fr") is None
    assert owner(rules, "google.blogspot.com") is None


@pytest.mark.parametrize("turn", [1, -1])
def test_an_exact_host_beats_a_country_s_name_and_that_a_suffix(turn: int) -> None:
    given = [("suffix", ["*.google.fr"]), ("country", ["www.google.*"]), ("exact", ["www.google.fr"])][::turn]
    assert owner(index(**dict(given)), "www.google.fr") == "exact"
    less = dict(rule for rule in given if rule[0] != "exact")
    assert owner(index(**less), "www.google.fr") == "country"
    assert owner(index(**less), "ads.google.fr") == "suffix"
    longer = index(wide=["*.google.*"], narrow=["*.maps.google.fr"])
    assert owner(longer, "x.maps.google.fr") == "narrow"
    assert owner(longer, "x.maps.google.de") == "wide"


@pytest.mark.parametrize("country", ["fr", "com", "co.uk"])
@pytest.mark.parametrize("turn", [1, -1])
def test_below_a_name_one_country_s_suffix_beats_that_in_every_country(turn: int, country: str) -> None:
    given = {"wide": ["*.google.*"], "narrow": [f"*.google.{country}"]}
    rules = index(**dict(list(given.items())[::turn]))
    for host in (f"google.{country}", f"x.google.{country}", f"a.b.google.{country}"):
        assert owner(rules, host) == "narrow"
        assert rules.services_on(host) == {"narrow"}
    assert owner(rules, "x.google.de") == "wide"


def test_what_else_asks_for_hosts_is_told_of_each() -> None:
    rules = index(maps=["www.google.*/maps/"], whole=["*.ads.google.*"])
    assert {"www.google.fr", "www.google.co.uk", "www.google.com"} <= rules.hosts_with_paths()
    assert {("www.google.fr", False), ("ads.google.com.br", True)} <= set(rules.mention_hosts())
    assert rules.services_on("www.google.fr") == {"maps"}
    assert rules.services_on("x.ads.google.it") == {"whole"}
    assert rules.own_heads("www.google.fr") == {"maps"}
    assert rules.own_heads("www.example.org") is None


def test_every_host_of_a_country_rule_has_the_form_that_finds_it() -> None:
    hosts = country_hosts("www.google.*")
    assert len(hosts) == len(set(hosts)) > 700
    assert {country_form(host) for host in hosts} == {"www.google.*"}
    assert country_hosts("www.google.fr") == ("www.google.fr",)


def test_each_country_is_a_top_level_domain() -> None:
    assert len(COUNTRIES) > 240
    assert all(len(country) == 2 and is_public_suffix(country) for country in COUNTRIES)
