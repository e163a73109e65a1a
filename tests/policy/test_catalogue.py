"""The catalogue's data: what it must hold, and what it must not touch (DESIGN §4)."""

from __future__ import annotations

import json
import re
import runpy
import subprocess
import sys
from collections.abc import Callable, Iterator
from importlib.resources import files
from pathlib import Path

import pytest

from consent_guard.errors import PolicyError
from consent_guard.policy.catalogue import CatalogueEntry, catalogue, find, read_entry
from consent_guard.policy.cookie_names import CookieIndex
from consent_guard.policy.countries import country_form
from consent_guard.policy.frameworks import framework_cookies, is_framework_cookie
from consent_guard.policy.host_rules import parse_host_rule
from consent_guard.policy.hosts import HostIndex, rule_key
from consent_guard.policy.model import Policy
from consent_guard.wire.origins import is_public_suffix, registrable_domain

ROOT = Path(__file__).parents[2]
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
CATEGORY_OF_GROUP = {
    "advertising": "campaigns",
    "affiliates": "campaigns",
    "marketing": "campaigns",
    "tag-managers": "campaigns",
    "analytics": "audience",
    "experience": "audience",
    "monitoring": "audience",
    "testing": "audience",
    "consent": "necessary",
}
"""What a group's services are proposed under; all others are interactivity."""
# fmt: off
GENERIC = [
    "uid", "uuid", "id", "sid", "pid", "vid", "cid", "gid", "user", "user_id", "userid", "username", "account", "visitor",
    "visitor_id", "visitorid", "guest", "guest_id", "client_id", "device_id", "session", "session_id", "sess", "token",
    "access_token", "refresh_token", "csrf", "xsrf", "auth", "login", "remember", "key", "hash", "code", "state", "nonce",
    "lang", "language", "locale", "country", "region", "currency", "timezone", "tz", "theme", "mode", "color", "font",
    "contrast", "cart", "basket", "order", "checkout", "wishlist", "customer", "coupon", "ref", "referrer", "referer",
    "source", "utm", "utm_source", "utm_campaign", "campaign", "affiliate", "consent", "cookie", "cookies",
    "cookie_consent", "cookieconsent", "gdpr", "privacy", "optout", "test", "ab", "abtest", "variant", "version", "debug",
    "cache", "flag", "seen", "popup", "banner", "notice", "visited", "views", "count", "last_visit", "first_visit",
    "page_views", "ts", "time", "date", "fr", "en", "dt", "tk", "c", "s", "a", "v", "x", "rt", "visitor_id_app", "app_id",
    "mf_theme", "prism_mode",
]
# fmt: on
"""Names that any app may use for itself."""
OF_ONE_SOFTWARE = {"mtc_id", "mtc_sid", "_pk_id*", "_pk_ses*"}
"""Mautic's and Matomo's cookies, which products that are built upon them set as well."""


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


def test_three_hundred_services_are_known() -> None:
    assert len(ENTRIES) >= 300


@pytest.mark.parametrize("entry", ENTRIES, ids=entry_id)
def test_every_entry_is_complete(entry: CatalogueEntry) -> None:
    """L40, L41: purpose, controller and texts in both languages; a public source for each; something to recognise it by."""
    service = entry.service
    assert service.category == CATEGORY_OF_GROUP.get(entry.group, "interactivity")
    assert {"en", "fr"} <= set(service.title)
    assert {"en", "fr"} <= set(service.purpose)
    assert "{" not in "".join(service.purpose.values())
    assert service.controller is not None
    assert service.controller.name
    assert service.hosts or service.cookies
    assert any(source.startswith("https://") for source in entry.sources)
    assert len(set(entry.sources)) == len(entry.sources)
    assert all({"en", "fr"} <= set(rule.purpose) for rule in service.cookies)


@pytest.mark.parametrize("entry", ENTRIES, ids=entry_id)
def test_no_entry_says_anything_twice(entry: CatalogueEntry) -> None:
    service = entry.service
    for listed in (
        [rule_key(rule) for rule in service.hosts],
        [rule.name for rule in service.cookies],
        list(service.inline),
        list(service.stubs),
        list(service.consent_types),
        list(service.containers),
        [entry.id, *entry.aliases],
    ):
        assert len(set(listed)) == len(listed), listed


HOLDERS: dict[str, set[str]] = {}
"""Who names a host, without its subdomains."""
for _entry in ENTRIES:
    for _rule in _entry.service.hosts:
        if not _rule.subdomains:
            HOLDERS.setdefault(_rule.host, set()).add(_entry.id)


@pytest.mark.parametrize("entry", ENTRIES, ids=entry_id)
def test_no_host_rule_is_idle_beside_a_wider_one_of_its_own_service(entry: CatalogueEntry) -> None:
    """It is not idle where another service has a rule for that very host, which would beat the wider one."""
    whole = [rule for rule in entry.service.hosts if rule.subdomains and not rule.path and not rule.query]
    for rule in entry.service.hosts:
        if HOLDERS.get(rule.host, set()) - {entry.id}:
            continue
        wider = [w.text for w in whole if w is not rule and (rule.host == w.host or rule.host.endswith("." + w.host))]
        assert not wider, f"{rule.text} lies within {wider}"


@pytest.mark.parametrize("entry", ENTRIES, ids=entry_id)
def test_an_inline_signature_names_a_host_that_the_service_claims(entry: CatalogueEntry) -> None:
    for signature in entry.service.inline:
        named = parse_host_rule(signature.host)
        assert any(
            named.host == rule.host
            or (rule.countries and country_form(named.host) == rule.host)
            or (rule.subdomains and named.host.endswith("." + rule.host))
            or (named.subdomains and rule.host.endswith("." + named.host))
            for rule in entry.service.hosts
        ), signature.host


def test_every_controller_has_a_policy_link_but_those_for_whom_none_was_found() -> None:
    """S17, S20: none is made up."""
    without = [e.id for e in ENTRIES if e.service.controller and not e.service.controller.policy_url]
    assert without == ["browsi", "damdy", "geniee", "instinctive", "pagesuite", "pixnet", "polar", "slimcut", "trustx"]


def test_a_file_is_named_after_its_service_and_lies_in_its_group() -> None:
    folder = files("consent_guard.policy").joinpath("catalogue")
    found = {(group.name, file.name) for group in folder.iterdir() for file in group.iterdir()}
    assert found == {(entry.group, f"{entry.id}.toml") for entry in ENTRIES}


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


@pytest.mark.parametrize(
    "word", ["analytics", "archive", "ads", "maps", "video", "chat", "stats", "tiktok", "pixel", "newsletter", "search"]
)
def test_a_word_that_a_site_may_give_its_own_service_brings_nobody_else_s_facts(word: str) -> None:
    assert find(word) is None


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
    names = {host for host in names if "*" not in host}
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


def test_no_cookie_rule_is_generic(policy: Policy) -> None:
    """DESIGN §4: only names that the service sets on the site's own domain, and that nobody else uses."""
    cookies = CookieIndex(policy)
    for name in GENERIC:
        for spelled in (name, name.upper(), name.title(), f"{name}_", f"my_{name}"):
            assert cookies.match(spelled) is None, spelled
    for entry in ENTRIES:
        for rule in entry.service.cookies:
            assert len(rule.name.removesuffix("*")) >= 3, rule.name
            assert not is_framework_cookie(rule.name.removesuffix("*"))


def test_two_services_share_a_cookie_name_only_within_one_company() -> None:
    owners: dict[str, set[str]] = {}
    for entry in ENTRIES:
        assert entry.service.controller is not None
        for rule in entry.service.cookies:
            owners.setdefault(rule.name, set()).add(entry.service.controller.name)
    assert {name for name, companies in owners.items() if len(companies) > 1} == OF_ONE_SOFTWARE


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
        ("www.tiktok.com/embed/v2/1", "tiktok-embed"),
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
        "code.jquery.com/jquery-3.7.1.min.js",
        "www.gstatic.com/images/branding/x.png",
        "apis.google.com/x",
        "cdnjs.cloudflare.com/ajax/libs/x/x.js",
        "d111111abcdef8.cloudfront.net/x.js",
        "s3-eu-west-1.amazonaws.com/x",
        "storage.googleapis.com/x",
        "example.github.io/",
        "discord.com/invite/x",
        "bandcamp.com/",
        "www.reddit.com/r/python",
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


def test_the_manual_lists_every_service_in_its_group_with_its_other_names() -> None:
    manual = (ROOT / "docs" / "catalogue.md").read_text(encoding="utf-8")
    for group in sorted({entry.group for entry in ENTRIES}):
        names = [
            f"`{e.id}`" + (f" ({', '.join(f'`{alias}`' for alias in e.aliases)})" if e.aliases else "")
            for e in ENTRIES
            if e.group == group
        ]
        assert f"| {group} | {', '.join(names)} |" in manual


def test_the_manual_s_example_is_a_whole_entry() -> None:
    manual = (ROOT / "docs" / "catalogue.md").read_text(encoding="utf-8")
    (example,) = re.findall(r"^```toml\n(id = .*?)^```$", manual, re.M | re.S)
    entry = read_entry("example-analytics", "analytics", example)
    assert entry.aliases == ("exa",)
    assert entry.service.purpose["en"] == "Counts visits and shows which pages are read."
    assert entry.service.cookies[0].purpose["fr"] == "Reconnaît un visiteur qui revient"


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (('purpose = "visits"', 'purpose = "vists"'), 'Did you mean "visits"'),
        (('purpose = "visitor"', 'purpose = "vistor"'), 'Did you mean "visitor"'),
        (('id = "example-analytics"', 'id = "example"'), "Name the file after the service"),
        (("stubs = [", "stub = ["), 'Did you mean "stubs"'),
    ],
)
def test_a_file_with_a_fault_is_told_what_mends_it(change: tuple[str, str], told: str) -> None:
    manual = (ROOT / "docs" / "catalogue.md").read_text(encoding="utf-8")
    (example,) = re.findall(r"^```toml\n(id = .*?)^```$", manual, re.M | re.S)
    with pytest.raises(PolicyError, match=re.escape(told)) as refused:
        _ = read_entry("example-analytics", "analytics", example.replace(*change)).service
    assert "analytics/example-analytics.toml" in str(refused.value)


def test_nothing_of_the_catalogue_is_read_before_it_is_needed() -> None:
    """A service named by id or alias costs its own file; importing the library costs none."""
    program = """
import consent_guard, consent_guard.wsgi, tomllib
read = []
loads = tomllib.loads
tomllib.loads = lambda text: read.append(text) or loads(text)
from consent_guard.policy.catalogue import find
assert not read
assert find("hotjar").id == "hotjar" and find("googletagmanager").id == "google-tag-manager" and find("nothing") is None
print(len([text for text in read if text.startswith(("id = ", "#"))]))
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    # The phrases' file begins with a comment too.
    assert int(done.stdout) <= 4


def coverage_script(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str]:
    found = runpy.run_path(str(ROOT / "scripts" / "catalogue_coverage.py"))
    code = found["main"](arguments)
    said = capsys.readouterr()
    return code, said.out + said.err


def test_the_coverage_that_is_promised_is_there(
    shared: Callable[[str], Path], capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    facts = (shared("reference/tarteaucitron_services.json"), shared("reference/third_party_web_domains.json"))
    code, said = coverage_script(capsys, *map(str, facts))
    assert code == 0, said
    assert "third-party-web: 150 of 150 known" in said
    assert "missed: iframe" in said
    more = tmp_path / "top.tsv"
    more.write_text("# one that nobody knows\n9\tYouTube\n1\tNobody\n", encoding="utf-8")
    code, said = coverage_script(capsys, *map(str, facts), "--top", str(more))
    assert code == 1
    assert "missed: Nobody" in said


def test_coverage_of_a_file_that_cannot_be_read_is_no_coverage(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    code, said = coverage_script(capsys, "none.json", "none.json")
    assert code == 2
    assert "none.json" in said
    other = tmp_path / "other.json"
    other.write_text("[]", encoding="utf-8")
    code, said = coverage_script(capsys, str(other), str(other))
    assert code == 2
    assert "has no table 'services'" in said
