"""What is said of texts that a policy lacks."""

from __future__ import annotations

from consent_guard.pages.missing import missing_texts
from consent_guard.policy.model import Policy


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


def test_texts_of_the_catalogue_are_counted_in_one_sentence() -> None:
    found = missing_texts(policy(["en", "eo"], services=[{"id": "youtube", "category": "media"}]))
    assert [sentence.partition(":")[0] for sentence in found] == ["policy.languages", "services"]
    assert '"eo"' in found[0]
    assert "youtube" in found[1]
