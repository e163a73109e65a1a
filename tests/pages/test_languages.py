"""What a language of our own must bring, and how it says dates, lifetimes and numbers."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from consent_guard.pages.languages import locale, locale_for
from consent_guard.policy.model import Lifetime


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
    assert locale("fr").count("partners", 0) == "0 partenaire peut déposer ou lire des traceurs."
    assert locale("en").count("partners", 0) == "0 partners are involved."
    assert locale("en").count("partners", 1) == "1 partner is involved."


def test_a_language_without_a_file_is_answered_in_english() -> None:
    assert locale_for("eo").tag == "en"
    assert locale_for("").tag == "en"
    assert locale_for("fr-BE").tag == "fr"
