"""Which texts are language tags."""

from __future__ import annotations

import pytest

from consent_guard.pages.languages import available
from consent_guard.policy.texts.language_tags import language_tag, mend_of


@pytest.mark.parametrize("tag", ["en", "FR", "pt-BR", "zh-Hant-TW", "sr-latn", "frr", "gsw-CH", "eu", *available()])
def test_a_tag_of_a_language_is_one_in_lower_case(tag: str) -> None:
    assert language_tag(tag) == tag.lower()


@pytest.mark.parametrize("text", ["", "e", "english", "xx", "fr_FR", "fr-", "-fr", "fr\n", "cz", "dk-DK", "eng", "deu", "é1"])
def test_what_names_no_language_is_no_tag(text: str) -> None:
    """A country's code in place of the language's is the usual slip."""
    assert language_tag(text) is None


@pytest.mark.parametrize(("text", "meant"), [("cz", '"cs"'), ("DK-dk", '"da-dk"'), ("eng", '"en"'), ("gr", '"el"')])
def test_the_mend_names_the_language_that_was_meant(text: str, meant: str) -> None:
    assert mend_of(text) == f"Did you mean {meant}?"


def test_the_mend_for_any_other_text_shows_what_tags_look_like() -> None:
    assert "pt-BR" in mend_of("english")
