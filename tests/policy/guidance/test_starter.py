"""A first policy file has no faults, whatever was found."""

from __future__ import annotations

import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consent_guard import Policy
from consent_guard.pages.missing import missing_texts
from consent_guard.policy.catalogue import catalogue
from consent_guard.policy.guidance.advice import advise
from consent_guard.policy.guidance.starter import Starter, known_categories, known_languages, starter_policy
from consent_guard.policy.regimes import REGIMES

IDS = sorted(catalogue())


@given(
    st.lists(st.sampled_from(IDS), max_size=4, unique=True),
    st.lists(st.sampled_from(known_languages()), min_size=1, max_size=3, unique=True),
    st.sampled_from(["", "fr", "us-ca"]),
)
def test_it_loads_with_the_services_it_was_given(ids: list[str], languages: list[str], regime: str) -> None:
    services = {id: catalogue()[id].service.category for id in ids}
    policy = Policy.load(tomllib.loads(starter_policy(Starter(services, languages, regime))))
    assert {service.id: service.category for service in policy.services} == services
    assert policy.languages == tuple(languages)
    assert {category.id for category in policy.categories} == {"necessary", *services.values()}


def test_every_category_of_the_catalogue_is_one_of_its_purposes() -> None:
    assert {entry.service.category for entry in catalogue().values()} <= set(known_categories())


@given(st.lists(st.text(alphabet=st.characters(exclude_categories=["Cs", "Cc"]), max_size=20), max_size=3))
def test_what_was_seen_stands_in_comments_only(texts: list[str]) -> None:
    hosts = [text.replace("\u2028", "").replace("\u2029", "").replace("\x85", "") for text in texts]
    document = tomllib.loads(starter_policy(Starter({}, hosts=hosts, cookies=texts)))
    assert set(document) == {"policy", "categories"}


def test_a_category_that_there_is_not_is_an_error() -> None:
    with pytest.raises(KeyError):
        starter_policy(Starter({"youtube": "fun"}))


def answered(text: str) -> str:
    """Return a first policy in which the site says that it answers for what it hosts."""
    return text.replace('# controller = { name = "…", policy_url = "https://…"', 'controller = { name = "The site"')


@pytest.mark.parametrize("languages", [known_languages(), ("en",), ("fr",)], ids=["all", "en", "fr"])
@pytest.mark.parametrize("regime", ["", *REGIMES])
def test_our_own_advice_has_nothing_against_what_is_written(regime: str, languages: tuple[str, ...]) -> None:
    """L30, L40, L62, L64, L65. Of services, facts that the catalogue does not have are left to be filled in (L42)."""
    services = {id: entry.service.category for id, entry in catalogue().items()}
    own = {id: [f"{id}.example.org"] for id, entry in catalogue().items() if entry.self_hosted}
    text = starter_policy(Starter(services, languages, regime, own_hosts=own))
    asked = [advice for advice in advise(Policy.load(tomllib.loads(text))) if advice.sources == ("L41",)]
    assert len(asked) == text.count("# controller = "), "whoever hosts a tool is asked who answers for it"
    policy = Policy.load(tomllib.loads(answered(text)))
    lacking = [advice for advice in advise(policy) if advice.sources == ("L42",)]
    assert [str(advice) for advice in advise(policy) if advice not in lacking] == []
    told = {int(advice.path.partition("[")[2].partition("]")[0]) for advice in lacking}
    complete = {one.id: one.category for place, one in enumerate(policy.services) if place not in told}
    assert len(complete) > 100
    policy = Policy.load(tomllib.loads(answered(starter_policy(Starter(complete, languages, regime, own_hosts=own)))))
    assert advise(policy) == ()
    if len(languages) == 1:
        assert missing_texts(policy) == ()


def test_an_answer_holds_as_long_as_the_regime_advises() -> None:
    """L30, L65."""
    months = {
        regime: Policy.load(tomllib.loads(starter_policy(Starter({}, regime=regime)))).choice_months
        for regime in ("", *REGIMES)
    }
    assert months == {"": 6, "fr": 6, "eu": 6, "de": 6, "it": 6, "uk": 6, "us-ca": 12, "qc": 6}


def test_the_site_s_own_hosts_stand_before_the_vendor_s_and_a_reason_before_a_necessary_service() -> None:
    services = {
        "matomo": "audience",
        "stripe": "necessary",
        "google-recaptcha": "interactivity",
        "google-tag-manager": "campaigns",
    }
    reasons = {"stripe": "the page holds a checkout", "google-recaptcha": "the page holds a form"}
    text = starter_policy(Starter(services, own_hosts={"matomo": ["/matomo/"]}, reasons=reasons))
    policy = Policy.load(tomllib.loads(text))
    assert [rule.text for rule in policy.service("matomo").hosts] == ["/matomo/", "*.matomo.cloud", "*.innocraft.cloud"]
    assert "and not InnoCraft Limited, say so:\n# controller = {" in text
    assert "InnoCraft" not in starter_policy(Starter({"matomo": "audience"})), "its vendor's cloud"
    assert "# Proposed as necessary: the page holds a checkout." in text
    assert "the page holds a form" not in text, "who put it under consent has decided"
    assert "a Google Analytics tag in it too" in text
    moved = starter_policy(Starter({"google-tag-manager": "audience"}))
    assert "a Google Analytics tag in it too" not in moved
