"""Reading a policy: files, mappings, dataclasses, None, and the defaults (DESIGN §4)."""

from __future__ import annotations

import re
from dataclasses import FrozenInstanceError, replace
from pathlib import Path
from typing import Any

import pytest

from consent_guard.errors import PolicyError, UnknownPurpose
from consent_guard.policy.catalogue import catalogue
from consent_guard.policy.loader import load_policy
from consent_guard.policy.model import (
    AppCookie,
    Basis,
    Category,
    Controller,
    CookieRule,
    HostRule,
    InlineSignature,
    Lifetime,
    Policy,
    Service,
    Trait,
)

WHOLE = """
[policy]
revision = 3
choice_months = 6
first_party = ["example.org", "Bücher.example"]
unlisted_cookies = "block"
unlisted_hosts = "block"
enforcement = "report"
delivery = "personal"
csp = "off"
lazy_attributes = false
inline_scripts = "mention"
banner = false
banner_place = "centre"
banner_except = ["/checkout/", "/Pages/print", "/checkout"]
script = false
path = "/choices/"
languages = ["fr", "EN"]
cookie_name = "choice"
cookie_domain = ".shop.example.org"
import_from = []

[[categories]]
id = "audience"
basis = "exempt"
gpc = true
title = { fr = "Mesure d'audience", en = "Audience measurement" }
description = { fr = "Deux\\nlignes" }

[[categories]]
id = "needed"
basis = "necessary"
title = { fr = "Nécessaires" }

[[categories]]
id = "interactivity"
basis = "consent"
title = { fr = "Interactivité" }

[[services]]
id = "youtube"

[[services]]
id = "my-analytics"
category = "audience"
exempt = "audience_fr"
title = { fr = "Mesure" }
purpose = { fr = "Compter" }
controller = { name = "Mesure SA", policy_url = "https://metrics.example/privacy" }
hosts = ["*.metrics.example", "/gtm/"]
cookies = [
    { name = "_m*", lifetime = "13 months", domain = ".Example.org", path = "/shop" },
    { name = "_n", purpose = { fr = "x" } },
]
inline = [ { host = "CDN.metrics.example/tag.js", global = "_metrics" } ]
stubs = ["_metrics", "metrics.queue", "$m"]

[[cookies]]
name = "contrast"
category = "needed"
lifetime = "13 months"
purpose = { fr = "Contraste" }
"""

CATEGORY = {"id": "c", "basis": "consent", "title": {"en": "C"}}


def minimal(**parts: Any) -> dict[str, Any]:
    return {"categories": [CATEGORY], **parts}


def test_every_key_of_a_whole_file_is_taken(tmp_path: Path) -> None:
    file = tmp_path / "consent.toml"
    file.write_text(WHOLE, encoding="utf-8")
    policy = load_policy(file)
    youtube = policy.service("youtube")
    assert policy == Policy(
        categories=(
            Category(
                "audience",
                Basis.EXEMPT,
                {"fr": "Mesure d'audience", "en": "Audience measurement"},
                {"fr": "Deux\nlignes"},
                gpc=True,
            ),
            Category("needed", Basis.NECESSARY, {"fr": "Nécessaires"}),
            Category("interactivity", Basis.CONSENT, {"fr": "Interactivité"}),
        ),
        services=(
            youtube,
            Service(
                "my-analytics",
                "audience",
                {"fr": "Mesure"},
                {"fr": "Compter"},
                Controller("Mesure SA", "https://metrics.example/privacy"),
                (HostRule("*.metrics.example", "metrics.example", True), HostRule("/gtm/", "", False, "/gtm")),
                (
                    CookieRule("_m*", Lifetime(months=13), domain="example.org", path="/shop"),
                    CookieRule("_n", purpose={"fr": "x"}),
                ),
                (InlineSignature("cdn.metrics.example/tag.js", "_metrics"),),
                ("_metrics", "metrics.queue", "$m"),
                "audience_fr",
            ),
        ),
        cookies=(AppCookie(CookieRule("contrast", Lifetime(months=13), {"fr": "Contraste"}), "needed"),),
        revision=3,
        choice_months=6,
        first_party=("example.org", "xn--bcher-kva.example"),
        unlisted_cookies="block",
        unlisted_hosts="block",
        enforcement="report",
        lazy_attributes=False,
        inline_scripts="mention",
        banner=False,
        banner_place="centre",
        banner_except=("/checkout", "/Pages/print"),
        script=False,
        path="/choices",
        languages=("fr", "en"),
        cookie_name="choice",
        cookie_domain="shop.example.org",
    )
    assert youtube.hosts == catalogue()["youtube"].service.hosts


def test_the_defaults_are_those_of_the_design() -> None:
    policy = load_policy(minimal())
    assert policy == Policy(categories=(Category("c", Basis.CONSENT, {"en": "C"}),), languages=("en",))
    assert (policy.revision, policy.choice_months, policy.path, policy.cookie_name) == (1, 13, "/privacy-choices", "consent")
    assert (policy.unlisted_cookies, policy.unlisted_hosts, policy.enforcement) == ("report", "report", "enforce")
    assert (policy.delivery, policy.csp, policy.inline_scripts, policy.banner) == ("personal", "off", "signature", True)
    assert policy.lazy_attributes is True
    assert (policy.banner_place, policy.banner_except, policy.script) == ("bottom", (), True)
    assert (policy.first_party, policy.cookie_domain, policy.services, policy.cookies) == ((), "", (), ())


def test_file_path_string_and_mapping_give_the_same_policy(tmp_path: Path) -> None:
    file = tmp_path / "consent.toml"
    file.write_text(
        '[[categories]]\nid = "c"\nbasis = "consent"\ntitle = { en = "C" }\n[[services]]\nid = "youtube"\ncategory = "c"\n'
    )
    mapping = minimal(services=({"id": "youtube", "category": "c"},))
    assert load_policy(file) == load_policy(str(file)) == load_policy(mapping) == Policy.load(file)


def test_a_file_with_a_byte_order_mark_is_read(tmp_path: Path) -> None:
    file = tmp_path / "consent.toml"
    file.write_bytes(b'\xef\xbb\xbf[[categories]]\r\nid = "c"\r\nbasis = "consent"\r\ntitle = { en = "C" }\r\n')
    assert load_policy(file).categories[0].id == "c"


def test_a_file_that_is_not_there_is_an_error_of_its_own(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        load_policy(tmp_path / "absent.toml")


def test_anything_else_is_no_policy() -> None:
    source: Any = 3
    with pytest.raises(TypeError, match="not int"):
        load_policy(source)


def test_the_languages_are_those_of_the_titles_in_their_order() -> None:
    policy = load_policy(
        {
            "categories": [
                {"id": "a", "basis": "consent", "title": {"fr": "A", "pt-BR": "A"}},
                {"id": "b", "basis": "consent", "title": {"en": "B", "fr": "B"}},
            ],
            "services": [{"id": "youtube", "category": "a"}],
        }
    )
    assert policy.languages == ("fr", "pt-br", "en")


def test_a_text_that_is_missing_in_a_language_falls_back() -> None:
    policy = load_policy(
        {
            "policy": {"languages": ["en", "fr"]},
            **minimal(),
            "cookies": [{"name": "x", "category": "c", "purpose": {"fr": "X"}}],
        }
    )
    assert policy.text(policy.categories[0].title, "fr") == "C"
    assert policy.text(policy.cookies[0].rule.purpose, "en") == "X"


def test_a_service_without_a_title_goes_by_its_id() -> None:
    policy = load_policy(minimal(services=[{"id": "mine", "category": "c", "hosts": ["x.example.org"]}]))
    assert policy.service("mine").title == {"en": "mine"}


def test_a_catalogue_id_brings_all_facts_and_a_key_given_replaces_its_own() -> None:
    known = catalogue()["matomo"].service
    policy = load_policy(
        minimal(
            services=[
                {
                    "id": "matomo",
                    "category": "c",
                    "hosts": ["stats.example.org"],
                    "cookies": [],
                    "title": {"en": "Our statistics"},
                },
            ]
        )
    )
    service = policy.service("matomo")
    assert service.hosts == (HostRule("stats.example.org", "stats.example.org"),)
    assert service.cookies == ()
    assert service.title == {"en": "Our statistics"}
    assert (service.purpose, service.controller, service.stubs) == (known.purpose, known.controller, known.stubs)
    assert service.inline[: len(known.inline)] == known.inline
    assert InlineSignature("stats.example.org", "_paq") in service.inline


@pytest.mark.parametrize(
    ("id", "host", "mark"),
    [
        ("matomo", "stats.example.org", InlineSignature("stats.example.org", "_paq")),
        ("matomo", "www.example.org/matomo/", InlineSignature("www.example.org/matomo", "_paq")),
        ("matomo", "/matomo/", InlineSignature("/matomo", "_mtm")),
        ("google-tag-manager", "*.sst.example.org", InlineSignature("*.sst.example.org", "gtm.start")),
        ("plausible", "stats.example.org", InlineSignature("stats.example.org", "plausible")),
        ("posthog", "ph.example.org", InlineSignature("ph.example.org", "posthog")),
    ],
)
def test_hosts_that_a_policy_gives_bring_signatures_with_the_globals_of_the_catalogue(
    id: str, host: str, mark: InlineSignature
) -> None:
    """A snippet of a self-hosted tool names the site's own address, not its vendor's."""
    policy = Policy.load(minimal(services=[{"id": id, "category": "c", "hosts": [host]}]))
    assert mark in policy.service(id).inline
    own = {"id": id, "category": "c", "hosts": [host], "inline": []}
    assert Policy.load(minimal(services=[own])).service(id).inline == ()


def test_no_signature_for_own_hosts_is_a_mere_loading_call() -> None:
    given = {"id": "google-campaign-manager", "category": "c", "hosts": ["www.example.org"]}
    inline = Policy.load(minimal(services=[given])).service("google-campaign-manager").inline
    assert InlineSignature("www.example.org", "googletag") in inline
    assert not [
        mark for mark in inline if mark.host == "www.example.org" and mark.global_ in ("createElement", "document.write")
    ]


def test_what_tells_a_service_anywhere_is_read_with_the_mend_of_each_fault() -> None:
    good = [{"address": "my.js", "global": "_my"}, {"address": "js/tag_*.js?k=A-"}, {"address": "s.js", "attribute": "data-my"}]
    policy = Policy.load(minimal(services=[{"id": "s", "category": "c", "hosts": ["x.example.org"], "anywhere": good}]))
    assert policy.service("s").anywhere == (
        Trait("my.js", global_="_my"),
        Trait("js/tag_*.js", "k=A-"),
        Trait("s.js", attribute="data-my"),
    )
    for bad, key, says in (
        ({"global": "_my"}, "address", "missing"),
        ({"address": "/my.js"}, "address", "no end of an address"),
        ({"address": "https://x.example.org/my.js"}, "address", "no end of an address"),
        ({"address": "my.js?"}, "address", "no end of an address"),
        ({"address": "my.js", "attribute": "Data My"}, "attribute", "no attribute's name"),
        ({"address": "my.js", "global": "a b"}, "global", "not one name"),
    ):
        with pytest.raises(PolicyError) as refused:
            Policy.load(minimal(services=[{"id": "s", "category": "c", "hosts": ["x.example.org"], "anywhere": [bad]}]))
        (fault,) = refused.value.faults
        assert fault.path == f"services[0].anywhere[0].{key}"
        assert says in fault.message
        assert fault.mend


def test_an_alias_keeps_the_id_that_the_policy_gives_it() -> None:
    service = load_policy(minimal(services=[{"id": "xiti", "category": "c"}])).service("xiti")
    assert service == replace(catalogue()["at-internet"].service, id="xiti", category="c")


def test_the_catalogue_s_category_is_taken_where_the_policy_has_it() -> None:
    policy = load_policy(
        {"categories": [{"id": "interactivity", "basis": "consent", "title": {"en": "I"}}], "services": [{"id": "youtube"}]}
    )
    assert policy.service("youtube").category == "interactivity"


def test_a_policy_lists_only_what_it_lists() -> None:
    policy = load_policy(minimal(services=[{"id": "youtube", "category": "c"}]))
    assert [service.id for service in policy.services] == ["youtube"]
    with pytest.raises(UnknownPurpose):
        policy.service("vimeo")


def test_what_is_merely_unwise_is_no_fault() -> None:
    """No controller, no lifetime, no description, 13 months, a text missing in a language, one cookie in two categories."""
    policy = load_policy(
        {
            "policy": {"choice_months": 13, "first_party": ["www.example.org"]},
            "categories": [
                CATEGORY,
                {"id": "n", "basis": "necessary", "title": {"fr": "N"}},
                {"id": "e", "basis": "exempt", "title": {"en": "E"}},
            ],
            "services": [
                {"id": "one", "category": "c", "hosts": [], "cookies": [{"name": "shared"}]},
                {"id": "two", "category": "n", "cookies": [{"name": "shared"}], "hosts": ["*.example.org", "*.example.org"]},
            ],
            "cookies": [{"name": "shared", "category": "e"}],
        }
    )
    assert len(policy.services) == 2


def test_without_a_policy_all_but_the_necessary_is_under_consent() -> None:
    policy = load_policy(None)
    assert {category.id: category.basis for category in policy.categories} == {
        "necessary": Basis.NECESSARY,
        "audience": Basis.CONSENT,
        "campaigns": Basis.CONSENT,
        "interactivity": Basis.CONSENT,
    }
    assert [service.id for service in policy.services] == list(catalogue())
    assert {"en", "fr", "de", "ar"} < set(policy.languages)
    for category in policy.categories:
        assert set(category.title) == set(category.description) == set(policy.languages)
    assert load_policy(None) is policy


def test_a_policy_of_dataclasses_is_taken_as_it_is() -> None:
    policy = Policy(categories=(Category("c", Basis.CONSENT, {"en": "C"}),))
    assert load_policy(policy) is policy


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"csp": "enforce"}, "policy.csp"),
        ({"delivery": "shared"}, "policy.delivery"),
        ({"choice_months": 14}, "policy.choice_months"),
        ({"path": "/"}, "policy.path"),
        ({"categories": ()}, "categories"),
        ({"services": (Service("s", "nope", {"en": "S"}),)}, "services[0].category"),
        (
            {"categories": (Category("c", Basis.EXEMPT, {"en": "C"}),), "services": (Service("s", "c", {"en": "S"}),)},
            "services[0].exempt",
        ),
    ],
)
def test_a_policy_of_dataclasses_keeps_the_same_rules(change: dict[str, Any], path: str) -> None:
    policy = replace(Policy(categories=(Category("c", Basis.CONSENT, {"en": "C"}),)), **change)
    with pytest.raises(PolicyError) as caught:
        load_policy(policy)
    assert path in [fault.path for fault in caught.value.faults]


def test_a_policy_cannot_be_changed() -> None:
    policy: Any = load_policy(minimal())
    with pytest.raises(FrozenInstanceError):
        policy.revision = 2
    with pytest.raises(TypeError):
        policy.categories[0].title["en"] = "other"


@pytest.mark.parametrize(
    "text", ["[policy]\nrevision = 1\nrevision = 2\n", "[policy]\n[policy]\n", "[services]\n[[services]]\n"]
)
def test_what_stands_twice_is_told_with_its_line_and_how_several_are_written(tmp_path: Path, text: str) -> None:
    file = tmp_path / "consent.toml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(PolicyError) as caught:
        load_policy(file)
    (fault,) = caught.value.faults
    assert re.match(r"line [23], column \d+$", fault.path)
    assert "stands twice" in fault.message
    assert "[[services]]" in fault.mend


@pytest.mark.parametrize(
    ("document", "mend"),
    [
        ({"policy": {"report_only": True}}, 'enforcement = "report"'),
        ({"policy": {"exclude_paths": ["/admin"]}}, '[[paths]] with glob = "/admin/**"'),
        ({"exclude_paths": ["/admin"]}, '[[paths]] with glob = "/admin/**"'),
        ({"messages": {"fr": {"accept": "D'accord"}}}, "[texts.en]"),
    ],
)
def test_keys_that_people_guess_are_told_what_they_mean(document: dict[str, object], mend: str) -> None:
    with pytest.raises(PolicyError) as refused:
        Policy.load(document)
    assert any(mend in fault.mend for fault in refused.value.faults)


def test_where_the_banner_stands_is_said_under_its_newer_or_older_name() -> None:
    category = {"id": "a", "basis": "consent", "title": {"en": "A"}}
    for key in ("position", "banner_place"):
        policy = Policy.load({"policy": {key: "centre"}, "categories": [category]})
        assert (policy.layout, policy.banner_place) == ("card", "centre")
    with pytest.raises(PolicyError, match="too small a place"):
        Policy.load({"policy": {"position": "corner", "layout": "full"}, "categories": [category]})


def test_a_relative_path_that_is_not_there_is_told_with_the_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(FileNotFoundError) as missing:
        load_policy("consent.toml")
    assert f"looked for in {tmp_path}" in str(missing.value)
    assert missing.value.filename == "consent.toml"
    with pytest.raises(FileNotFoundError) as missing:
        load_policy(tmp_path / "consent.toml")
    assert "looked for" not in str(missing.value)


def test_a_service_may_be_recognised_by_what_tells_it_on_any_host_alone() -> None:
    policy = Policy.load(minimal(services=[{"id": "s", "category": "c", "anywhere": [{"address": "tracker-x.js"}]}]))
    assert policy.service("s").hosts == ()
