"""What is said of texts that a policy lacks."""

from __future__ import annotations

import tomllib

from consent_guard.pages.missing import missing_texts
from consent_guard.policy.catalogue import catalogue
from consent_guard.policy.model import Policy

DOCUMENT = {"policy": {"languages": ["fi"]}, "categories": [{"id": "c", "basis": "consent", "title": {"fi": "Muut"}}]}


def policy(languages: list[str], **parts: object) -> Policy:
    category = {"id": "media", "basis": "consent", "title": {tag: f"Media ({tag})" for tag in languages}}
    return Policy.load({"policy": {"languages": languages}, "categories": [category], **parts})


def test_a_policy_with_every_text_misses_none() -> None:
    texts = {"title": {"en": "Tube", "fr": "Tube"}, "purpose": {"en": "Plays.", "fr": "Lit."}}
    service = {"id": "tube", "category": "media", "hosts": ["tube.example"], **texts}
    assert missing_texts(policy(["en", "fr"], services=[service])) == ()


def test_a_missing_text_is_named_with_its_place_and_with_what_is_read_instead() -> None:
    """L45: what visitors would read in a second language is known before they do."""
    texts = {"title": {"fr": "Vidéos"}, "purpose": {"fr": "Lit.", "en": "Plays."}}
    services = [{"id": "tube", "category": "media", "hosts": ["tube.example"], **texts}]
    cookies = [{"name": "zoom", "category": "media", "purpose": {"en": "Zoom"}}]
    assert missing_texts(policy(["en", "fr"], services=services, cookies=cookies)) == (
        'services[0].title (tube): no text in "en"; visitors read it in "fr"',
        'cookies[0].purpose (zoom): no text in "fr"; visitors read it in "en"',
    )


def test_a_wider_language_serves_and_a_name_needs_no_translation() -> None:
    texts = {"title": {"en": "Tube", "de": "Tube"}, "purpose": {"en": "Plays.", "fr": "Lit."}}
    services = [
        {"id": "tube", "category": "media", "hosts": ["tube.example"], **texts},
        {"id": "nameless", "category": "media", "hosts": ["nameless.example"]},
    ]
    assert missing_texts(policy(["en-gb", "fr"], services=services)) == ()


def test_services_of_the_catalogue_that_lack_the_same_languages_are_told_together_with_what_to_add() -> None:
    services = [{"id": id, "category": "media"} for id in ("youtube", "vimeo", "dailymotion")]
    services[1]["purpose"] = {"en": "Plays.", "eo": "Ludas."}  # type: ignore[assignment]
    found = missing_texts(policy(["en", "eo"], services=services))
    assert found[0].startswith("policy.languages: ")
    assert found[1:] == (
        'services: what youtube and dailymotion are for is not written in "eo"; visitors read it in "en". '
        'Write purpose = { en = "…", eo = "…" } into each: it stands in for the catalogue\'s text',
    )


def test_what_it_says_to_add_is_all_that_is_missing() -> None:
    """Its mend can be followed: pasted into the policy, nothing is missing any more."""
    document = {"id": "youtube", "category": "media"}
    (sentence,) = missing_texts(policy(["en", "fi", "el"], services=[document]))
    assert 'what youtube is for is not written in "fi", "el"' in sentence
    assert "into that service" in sentence
    table = sentence.partition("purpose = ")[2].partition(" }")[0] + " }"
    purpose = tomllib.loads(f"purpose = {table}")["purpose"]
    assert missing_texts(policy(["en", "fi", "el"], services=[{**document, "purpose": purpose}])) == ()


def test_of_very_many_services_the_first_are_named() -> None:
    sentences = missing_texts(
        Policy.load({**DOCUMENT, "services": [{"id": id, "category": "c"} for id in list(catalogue())[:40]]})
    )
    assert any(", " in sentence and "and 28 more are for" in sentence for sentence in sentences), sentences
