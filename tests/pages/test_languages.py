"""Which language a page is shown in, and what a language must bring."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consent_guard.pages.languages import available, best, direction, locale, locale_for, negotiate
from consent_guard.policy.model import Lifetime

OFFERED = ("fr", "en", "pt-BR")


@pytest.mark.parametrize(
    ("page", "accept", "expected"),
    [
        ("en", b"fr", "en"),
        ("EN-us", b"fr", "en"),
        ("en_GB", b"fr", "en"),
        ("de", b"en;q=0.5, fr;q=0.4", "en"),
        ("pt", b"", "pt-BR"),
        ("pt-PT", b"", "pt-BR"),
        (None, b"de, en;q=0.1", "en"),
        (None, b"en;q=0.1, fr;q=0.9", "fr"),
        (None, b"fr;q=0, *", "en"),
        (None, b"de-DE, *;q=0.1", "fr"),
        (None, b"en;q=banana, fr", "fr"),
        (None, b"en;q=0.5;v=1", "fr"),
        (None, b"", "fr"),
        ("", b"\xff\x00,;;,=en", "fr"),
        ("<script>", b"en", "en"),
        ("e" * 100_000, b"en", "en"),
        (None, b"de," * 100_000 + b"en", "fr"),
    ],
)
def test_the_page_decides_then_accept_language_then_the_first_language(page: str | None, accept: bytes, expected: str) -> None:
    """DESIGN §9, A07."""
    assert negotiate(page, accept, OFFERED) == expected


@given(st.text(), st.binary(max_size=2000))
def test_no_language_tag_and_no_field_makes_negotiation_fail(page: str, accept: bytes) -> None:
    assert negotiate(page, accept, OFFERED) in OFFERED


def test_the_closest_tag_serves() -> None:
    assert best("zh-Hant-TW", ("zh", "zh-hant")) == "zh-hant"
    assert best("fr-CA", ("fr-FR", "fr")) == "fr"
    assert best("frr", ("fr",)) is None


def test_french_and_english_are_complete() -> None:
    """A07."""
    assert {"fr", "en"} <= set(available())


@pytest.mark.parametrize("tag", available())
def test_every_language_has_the_same_sentences_with_the_same_holes(tag: str) -> None:
    """A07: no sentence is missing, none speaks of something else."""
    holes = re.compile(r"\{([a-z]*)\}")
    english = locale("en")
    other = locale(tag)
    stems = {key.removesuffix(".one") for key in english.messages}
    assert {key.removesuffix(".one") for key in other.messages} >= stems
    for key, text in english.messages.items():
        if not key.endswith(".one"):
            assert sorted(holes.findall(other.messages[key])) == sorted(holes.findall(text)), key
    assert len(other.months) == 12
    assert all(text.strip() for text in other.messages.values())


def test_dates_are_written_as_the_language_writes_them_in_utc() -> None:
    evening = datetime(2020, 5, 31, 23, 30, tzinfo=timezone(timedelta(hours=-2)))
    assert locale("fr").date(evening) == "1er juin 2020"
    assert locale("en").date(evening) == "1 June 2020"
    assert locale("fr").date(datetime(2020, 6, 5, tzinfo=UTC)) == "5 juin 2020"


@pytest.mark.parametrize(
    ("lifetime", "french", "english"),
    [
        (None, "Non déclaré", "Not declared"),
        (Lifetime(), "Jusqu’à la fermeture du navigateur", "Until you close the browser"),
        (Lifetime(months=13), "13 mois", "13 months"),
        (Lifetime(months=1), "1 mois", "1 month"),
        (Lifetime(seconds=86400), "1 jour", "1 day"),
        (Lifetime(seconds=2 * 86400), "2 jours", "2 days"),
        (Lifetime(seconds=90 * 60), "1 heure 30 minutes", "1 hour 30 minutes"),
        (Lifetime(seconds=1), "1 seconde", "1 second"),
    ],
)
def test_lifetimes_are_said_exactly(lifetime: Lifetime | None, french: str, english: str) -> None:
    """S17, L42."""
    assert locale("fr").lifetime(lifetime) == french
    assert locale("en").lifetime(lifetime) == english


def test_french_counts_zero_as_one_and_english_does_not() -> None:
    assert locale("fr").count("partners", 0) == "0 partenaire est concerné."
    assert locale("en").count("partners", 0) == "0 partners take part."
    assert locale("en").count("partners", 1) == "1 partner takes part."


def test_right_to_left_languages_are_known_by_language_or_by_script() -> None:
    """A07."""
    assert [direction(tag) for tag in ("ar", "he-IL", "az-Arab", "ks-Deva", "fr")] == ["rtl", "rtl", "rtl", "ltr", "ltr"]


def test_a_language_without_a_file_is_answered_in_english() -> None:
    assert locale_for("it").tag == "en"
    assert locale_for("").tag == "en"
    assert locale_for("fr-BE").tag == "fr"
