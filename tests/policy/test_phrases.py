"""The words in which the catalogue says what services and their cookies are for (L40)."""

from __future__ import annotations

import re
import tomllib
from importlib.resources import files

import pytest

from consent_guard.policy.catalogue import catalogue
from consent_guard.policy.faults import FaultList
from consent_guard.policy.phrases import in_words, phrases

KINDS = ("services", "cookies")


def used() -> dict[str, set[str]]:
    """The phrases that the catalogue's files name."""
    found: dict[str, set[str]] = {kind: set() for kind in KINDS}
    for folder in files("consent_guard.policy").joinpath("catalogue").iterdir():
        for file in folder.iterdir():
            document = tomllib.loads(file.read_text(encoding="utf-8"))
            if isinstance(document["purpose"], str):
                found["services"].add(document["purpose"])
            found["cookies"] |= {cookie["purpose"] for cookie in document.get("cookies", ())}
    return found


@pytest.mark.parametrize("kind", KINDS)
def test_every_phrase_is_said_in_the_same_languages_and_by_some_service(kind: str) -> None:
    assert set(phrases()) == set(KINDS)
    languages = {frozenset(texts) for texts in phrases()[kind].values()}
    assert len(languages) == 1
    assert {"en", "fr"} <= next(iter(languages))
    assert used()[kind] == set(phrases()[kind])


@pytest.mark.parametrize("kind", KINDS)
def test_a_phrase_is_one_short_line_that_names_nobody_but_the_service(kind: str) -> None:
    for name, texts in phrases()[kind].items():
        for text in texts.values():
            assert len(text) <= 110, (kind, name)
            assert text.endswith(".") == (kind == "services"), (kind, name)
            assert re.findall(r"\{.*?\}", text) in ([], ["{title}"]), (kind, name)


def test_two_phrases_never_say_the_same() -> None:
    for kind in KINDS:
        for language in phrases()[kind]["visit" if kind == "cookies" else "visits"]:
            said = [texts[language] for texts in phrases()[kind].values()]
            assert len(set(said)) == len(said)


def test_a_phrase_says_the_service_s_own_name() -> None:
    assert catalogue()["wistia"].service.purpose["en"] == "Plays videos from Wistia."
    assert catalogue()["wistia"].service.purpose["fr"] == "Lit des vidéos de Wistia."


def test_texts_that_a_file_writes_out_stay_as_they_are() -> None:
    facts = {
        "title": {"en": "A name"},
        "purpose": {"en": "Does {title} things."},
        "cookies": [{"name": "_x", "purpose": {"en": "Keeps x"}}, {"name": "_y"}, "not a table"],
    }
    faults = FaultList()
    assert in_words(facts, faults) == facts
    assert not faults


def test_a_phrase_that_does_not_exist_is_a_fault_at_its_place() -> None:
    faults = FaultList()
    said = in_words({"title": "T", "purpose": "vidoes", "cookies": [{"name": "_x", "purpose": "visitr"}]}, faults)
    assert [fault.path for fault in faults.in_order_of({})] == ["purpose", "cookies[0].purpose"]
    service, cookie = faults.in_order_of({})
    assert service.mend.startswith('Did you mean "videos"')
    assert cookie.mend.startswith('Did you mean "visitor"')
    assert said["title"] == dict.fromkeys(phrases()["services"]["videos"], "T")
