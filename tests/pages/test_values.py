"""What the templates are given."""

from __future__ import annotations

from dataclasses import replace

import pytest

from consent_guard.consent.choice import accept_all, effective, refuse_all, save, set_service
from consent_guard.pages.languages import locale_for
from consent_guard.pages.values import Phrase, phrase, policy_value, state_of, web_address
from consent_guard.policy.model import Basis, Category, Controller, Policy, Service

NOW = 1591358400


@pytest.mark.parametrize("language", ["fr", "en", "en-GB", "it", "de-AT"])
def test_a_phrase_is_what_the_policy_says_with_its_language_where_that_differs(language: str) -> None:
    """A07, DESIGN §4: a missing text falls back."""
    policy = Policy(categories=(), languages=("fr", "en"))
    for texts in ({"fr": "f", "en": "e"}, {"it": "i"}, {"en": "e"}, {}, {"ar": "a", "de": "d"}):
        shown = phrase(policy, texts, language, around=language)
        assert shown.text == policy.text(texts, language)
        if shown.lang:
            assert texts[shown.lang] == shown.text
            assert shown.lang != language.partition("-")[0]
    assert phrase(policy, {"ar": "a"}, "en", around="en") == Phrase("a", "ar", "rtl")
    assert phrase(policy, {"en": "e"}, "en-GB", around="en-GB") == Phrase("e")


@pytest.mark.parametrize(
    ("address", "linked"),
    [
        ("https://a.example/", True),
        ("HTTP://a.example/é?x#y", True),
        ("javascript:alert(1)", False),
        ("data:text/html,x", False),
        ("//a.example/", False),
        ("https://a.example/\n", False),
        (" https://a.example/", False),
        ("", False),
    ],
)
def test_only_web_addresses_become_links(address: str, linked: bool) -> None:
    """K17, K19."""
    assert web_address(address) == (address if linked else "")


def test_partners_are_controllers_and_those_who_name_none_count_each(policy: Policy) -> None:
    """L41: Piano, Google, Meta and the unnamed video host; a necessary service is no partner of a choice."""
    again = Service("share2", "interactivity", {}, controller=Controller("Meta", ""))
    needed = Service("cdn", "necessary", {}, controller=Controller("Host", ""))
    policy = replace(policy, services=(*policy.services, again, needed))
    assert policy_value(policy, "en", locale_for("en")).partners == 4


def test_the_site_itself_is_no_partner(policy: Policy) -> None:
    """L41: only what says so itself."""
    before = policy_value(policy, "en", locale_for("en")).partners
    for site, more in ((True, 0), (False, 1)):
        own = Service("stats", "audience", {}, controller=Controller("The site Ltd", "", site))
        with_own = replace(policy, services=(*policy.services, own))
        assert policy_value(with_own, "en", locale_for("en")).partners == before + more


def test_the_state_of_a_purpose_follows_the_choice(policy: Policy) -> None:
    """L23, S09."""
    purposes = policy_value(policy, "en", locale_for("en")).purposes

    def words(choice: object) -> list[str]:
        consent = effective(policy, choice, NOW)  # type: ignore[arg-type]
        return [state_of(purpose, consent).word for purpose in purposes]

    assert words(None) == ["always", "on", "off", "off"]
    assert words(accept_all(policy, NOW)) == ["always", "on", "on", "on"]
    assert words(refuse_all(policy, NOW)) == ["always", "off", "off", "off"]
    assert words(save(policy, ["share"], NOW)) == ["always", "off", "off", "part"]
    assert words(set_service(policy, accept_all(policy, NOW), "share", False, NOW)) == ["always", "on", "on", "part"]


def test_our_own_cookies_are_declared_even_where_no_category_is_necessary() -> None:
    """S17, L44."""
    policy = Policy(categories=(Category("all", Basis.CONSENT, {"en": "All"}),))
    value = policy_value(policy, "en", locale_for("en"))
    assert [purpose.id for purpose in value.purposes] == ["all"]
    assert [row.name for row in value.declared[0].rows] == ["__Host-consent"]
