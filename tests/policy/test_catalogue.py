"""The catalogue's data: what it must hold, and what it must not touch (DESIGN §4)."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from importlib.resources import files
from pathlib import Path

import pytest

from consent_guard.policy.catalogue import CatalogueEntry, catalogue, find
from consent_guard.policy.cookie_names import CookieIndex
from consent_guard.policy.frameworks import framework_cookies, is_framework_cookie
from consent_guard.policy.hosts import HostIndex, rule_key
from consent_guard.policy.model import Policy
from consent_guard.wire.origins import is_public_suffix, registrable_domain

ENTRIES = list(catalogue().values())
SEED = (
    "at-internet",
    "google-tag-manager",
    "google-campaign-manager",
    "damdy",
    "google-recaptcha",
    "facebook",
    "x-twitter",
    "google-analytics",
    "youtube",
    "matomo",
)
GENERIC = {
    "uid",
    "token",
    "lang",
    "id",
    "session",
    "sid",
    "user",
    "cart",
    "locale",
    "theme",
    "currency",
    "auth",
    "test",
    "ts",
    "fr",
}


@pytest.fixture(scope="module")
def policy() -> Policy:
    return Policy.load()


@pytest.fixture(scope="module")
def index(policy: Policy) -> HostIndex:
    return HostIndex(policy)


def entry_id(entry: CatalogueEntry) -> str:
    return entry.id


def test_the_seed_s_services_are_all_known() -> None:
    assert set(SEED) <= set(catalogue())
    assert len(ENTRIES) >= 30


@pytest.mark.parametrize("entry", ENTRIES, ids=entry_id)
def test_every_entry_is_complete(entry: CatalogueEntry) -> None:
    """L40, L41: purpose, controller and texts in both languages; a source for each."""
    service = entry.service
    assert service.category in {"audience", "campaigns", "interactivity"}
    assert set(service.title) == set(service.purpose) == {"en", "fr"}
    assert service.controller is not None
    assert service.hosts
    assert entry.sources
    assert all(set(rule.purpose) == {"en", "fr"} for rule in service.cookies)


def test_every_controller_but_one_has_a_policy_link() -> None:
    """S17, S20: for Damdy none is known, and none is made up."""
    without = [e.id for e in ENTRIES if e.service.controller and not e.service.controller.policy_url]
    assert without == ["damdy"]


def test_a_file_is_named_after_its_service() -> None:
    folder = files("consent_guard.policy").joinpath("catalogue")
    assert sorted(file.name.removesuffix(".toml") for file in folder.iterdir()) == list(catalogue())


@pytest.mark.parametrize(
    ("alias", "id"),
    [
        ("xiti", "at-internet"),
        ("piano-analytics", "at-internet"),
        ("twitter", "x-twitter"),
        ("recaptcha", "google-recaptcha"),
        ("doubleclick", "google-campaign-manager"),
        ("floodlight", "google-campaign-manager"),
        ("gtm", "google-tag-manager"),
        ("facebook-pixel", "meta-pixel"),
    ],
)
def test_a_service_is_found_by_its_other_names(alias: str, id: str) -> None:
    found = find(alias)
    assert found is not None
    assert found.id == id


def test_an_id_or_alias_stands_for_one_service_alone() -> None:
    names = [name for entry in ENTRIES for name in (entry.id, *entry.aliases)]
    assert len(names) == len(set(names))


def test_no_two_services_claim_the_same_address() -> None:
    claims: dict[object, str] = {}
    for entry in ENTRIES:
        for rule in entry.service.hosts:
            assert claims.setdefault(rule_key(rule), entry.id) == entry.id, rule.text


def test_no_rule_takes_a_whole_public_suffix_or_our_own_host() -> None:
    for entry in ENTRIES:
        for rule in entry.service.hosts:
            assert rule.host, rule.text
            assert not is_public_suffix(rule.host)


@pytest.mark.parametrize("host", ["www.google.com", "www.gstatic.com", "www.google.fr", "www.tiktok.com", "www.linkedin.com"])
def test_hosts_with_several_purposes_are_taken_by_path_only(index: HostIndex, host: str) -> None:
    assert index.services_on(host)
    assert index.match(host, "/", "") is None
    assert index.match(host, "/search", "q=consent") is None


def look_alikes(policy: Policy) -> Iterator[str]:
    for service in policy.services:
        for rule in service.hosts:
            domain = registrable_domain(rule.host) or rule.host
            yield from (f"not{domain}", f"{domain}.example", f"{domain.replace('.', '-')}.example", domain.replace(".", "x", 1))


def test_a_look_alike_host_matches_nothing(policy: Policy, index: HostIndex) -> None:
    names = {
        host
        for host in look_alikes(policy)
        if not any(host.endswith("." + rule.host) for s in policy.services for rule in s.hosts)
    }
    known = {rule.host for service in policy.services for rule in service.hosts}
    checked = names - known
    assert len(checked) > 100
    for host in checked:
        assert index.match(host, "/tag.js", "id=1") is None, host


def test_no_rule_names_a_framework_s_essential_cookie(policy: Policy) -> None:
    """DESIGN §4: they always pass."""
    cookies = CookieIndex(policy)
    for names in framework_cookies().values():
        for name in names:
            assert cookies.match(name.removesuffix("*") + ("app" if name.endswith("*") else "")) is None, name


def test_no_cookie_rule_is_generic() -> None:
    """DESIGN §4: only names that the service sets on the site's own domain, and that nobody else uses."""
    for entry in ENTRIES:
        for rule in entry.service.cookies:
            stem = rule.name.removesuffix("*")
            assert stem.lower().strip("_-") not in GENERIC, rule.name
            assert len(stem) >= 3, rule.name
            assert not is_framework_cookie(stem)


def test_two_services_share_a_cookie_name_only_within_one_company() -> None:
    owners: dict[str, set[str]] = {}
    for entry in ENTRIES:
        assert entry.service.controller is not None
        for rule in entry.service.cookies:
            owners.setdefault(rule.name, set()).add(entry.service.controller.name)
    assert [name for name, companies in owners.items() if len(companies) > 1] == []


@pytest.mark.parametrize(
    ("name", "service"),
    [
        ("_ga", "google-analytics"),
        ("_ga_ABC123", "google-analytics"),
        ("_gat_UA-1", "google-analytics"),
        ("_gcl_au", "google-campaign-manager"),
        ("_fbp", "meta-pixel"),
        ("_pk_id.1.1fff", "matomo"),
        ("atuserid", "at-internet"),
        ("_hjSession_1", "hotjar"),
        ("recaptcha-ca-t", "google-recaptcha"),
        ("_uetsid", "microsoft-advertising"),
    ],
)
def test_a_tracker_s_cookie_is_its_own(policy: Policy, name: str, service: str) -> None:
    found = CookieIndex(policy).match(name)
    assert found is not None
    assert found.service == service


@pytest.mark.parametrize(
    ("address", "service"),
    [
        ("www.google-analytics.com/analytics.js", "google-analytics"),
        ("region1.google-analytics.com/g/collect?v=2", "google-analytics"),
        ("stats.g.doubleclick.net/j/collect?t=dc", "google-analytics"),
        ("www.googletagmanager.com/gtag/js?id=G-ABC", "google-analytics"),
        ("www.googletagmanager.com/gtag/js?l=layer&id=G-ABC", "google-analytics"),
        ("www.googletagmanager.com/gtag/js?id=AW-1", "google-ads"),
        ("www.googletagmanager.com/gtag/js?id=DC-1", "google-campaign-manager"),
        ("www.googletagmanager.com/gtag/js?id=GT-1", "google-tag-manager"),
        ("www.googletagmanager.com/gtm.js?id=GTM-1", "google-tag-manager"),
        ("www.googletagmanager.com/ns.html?id=GTM-1", "google-tag-manager"),
        ("1234.fls.doubleclick.net/activityi;src=1", "google-campaign-manager"),
        ("securepubads.g.doubleclick.net/tag/js/gpt.js", "google-campaign-manager"),
        ("googleads.g.doubleclick.net/pagead/viewthroughconversion/1/", "google-ads"),
        ("www.google.com/recaptcha/api.js", "google-recaptcha"),
        ("www.gstatic.com/recaptcha/releases/x/recaptcha__fr.js", "google-recaptcha"),
        ("www.google.com/maps/embed?pb=1", "google-maps"),
        ("connect.facebook.net/fr_FR/sdk.js", "facebook"),
        ("connect.facebook.net/en_US/fbevents.js", "meta-pixel"),
        ("www.facebook.com/tr?id=1&noscript=1", "meta-pixel"),
        ("www.facebook.com/tr/?id=1", "meta-pixel"),
        ("www.facebook.com/plugins/like.php", "facebook"),
        ("platform.twitter.com/widgets.js", "x-twitter"),
        ("static.ads-twitter.com/uwt.js", "x-ads"),
        ("t.co/i/adsct?txn_id=1", "x-ads"),
        ("www.youtube-nocookie.com/embed/x", "youtube"),
        ("i.ytimg.com/vi/x/hqdefault.jpg", "youtube"),
        ("logs1.xiti.com/hit.xiti?s=1", "at-internet"),
        ("tag.aticdn.net/piano-analytics.js", "at-internet"),
        ("total-mc29-videos-pad.damdy.com/a.mp4", "damdy"),
        ("s.pinimg.com/ct/core.js", "pinterest-tag"),
        ("i.pinimg.com/236x/a.jpg", "pinterest"),
        ("bat.bing.com/bat.js", "microsoft-advertising"),
        ("www.tiktok.com/embed/v2/1", "tiktok"),
        ("analytics.tiktok.com/i18n/pixel/events.js", "tiktok-pixel"),
    ],
)
def test_an_address_is_its_service_s(index: HostIndex, address: str, service: str) -> None:
    rest, _, query = address.partition("?")
    host, _, path = rest.partition("/")
    found = index.match(host, f"/{path}", query)
    assert found is not None
    assert found.service == service


@pytest.mark.parametrize(
    "address",
    [
        "fonts.googleapis.com/css",
        "www.bing.com/search",
        "ajax.googleapis.com/ajax/libs/jquery/3.7.1/jquery.min.js",
        "cdn.jsdelivr.net/npm/x",
        "support.zendesk.com/",
    ],
)
def test_what_tracks_nobody_is_left_alone(index: HostIndex, address: str) -> None:
    host, _, path = address.partition("/")
    assert index.match(host, f"/{path}", "") is None


def test_without_the_more_specific_service_the_company_s_wider_one_takes_its_addresses() -> None:
    """The seed lists Facebook and X without their pixels, and Campaign Manager without Google Ads."""
    category = {"id": "c", "basis": "consent", "title": {"en": "C"}}
    ids = ("facebook", "x-twitter", "google-campaign-manager")
    policy = Policy.load({"categories": [category], "services": [{"id": id, "category": "c"} for id in ids]})
    index = HostIndex(policy)
    cookies = CookieIndex(policy)
    for host, path, service in (
        ("connect.facebook.net", "/en_US/fbevents.js", "facebook"),
        ("static.ads-twitter.com", "/uwt.js", "x-twitter"),
        ("www.googleadservices.com", "/pagead/conversion.js", "google-campaign-manager"),
    ):
        found = index.match(host, path, "")
        assert found is not None
        assert found.service == service
    for name, service in (("_fbp", "facebook"), ("_twclid", "x-twitter"), ("_gcl_aw", "google-campaign-manager")):
        owner = cookies.match(name)
        assert owner is not None
        assert owner.service == service


def test_lifetimes_are_never_over_thirteen_months() -> None:
    """S11, T02."""
    for entry in ENTRIES:
        for rule in entry.service.cookies:
            if rule.lifetime is not None:
                assert rule.lifetime.months <= 13
                assert rule.lifetime.seconds <= 393 * 86_400


def test_the_facts_kept_beside_the_repository_are_all_taken_up(shared: Callable[[str], Path]) -> None:
    """Hosts and first-party cookies of the seed's ten services, word for word."""
    facts = json.loads(shared("reference/seed_services.json").read_text(encoding="utf-8"))
    assert {fact["service"] for fact in facts} == set(SEED)
    for fact in facts:
        alone = {
            "categories": [{"id": "c", "basis": "consent", "title": {"en": "C"}}],
            "services": [{"id": fact["service"], "category": "c"}],
        }
        policy = Policy.load(alone)
        index, cookies = HostIndex(policy), CookieIndex(policy)
        for host in fact["hosts"]:
            name, _, path = host.partition("/")
            assert index.match(name.removeprefix("*."), f"/{path}", ""), (fact["service"], host)
            if name.startswith("*."):
                assert index.match(name.replace("*", "any.sub"), f"/{path}", ""), (fact["service"], host)
        for cookie in fact["cookies_first_party"]:
            assert cookies.match(cookie.replace("*", "1")), (fact["service"], cookie)
        for cookie in fact["cookies_third_party"]:
            name = re.split(r"[ (]", cookie)[0]
            assert cookies.match(name) is None, (fact["service"], name)


def test_the_manual_lists_every_service_under_its_category_with_its_other_names() -> None:
    manual = Path(__file__).parents[2] / "docs" / "policy.md"
    for category in ("audience", "campaigns", "interactivity"):
        names = [
            f"`{e.id}`" + (f" ({', '.join(f'`{alias}`' for alias in e.aliases)})" if e.aliases else "")
            for e in ENTRIES
            if e.service.category == category
        ]
        assert f"| `{category}` | {', '.join(names)} |" in manual.read_text(encoding="utf-8")
