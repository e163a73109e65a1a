"""The files in ``pages/locales``, read as a translator writes them: each says all that English says, in its own words."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from importlib.resources import files
from typing import Any

import pytest

from consent_guard.pages.languages import available, locale
from consent_guard.pages.negotiation import direction
from consent_guard.pages.plurals import RULES
from consent_guard.policy.model import Lifetime, Policy
from consent_guard.policy.texts.language_tags import language_tag

OF_THE_UNION = "bg cs da de el en es et fi fr ga hr hu it lt lv mt nl pl pt ro sk sl sv"
BESIDE = "nb is uk ca tr ar"
HOLE = re.compile(r"\{[a-z]+\}")
SAME_IN_ENGLISH = {
    "de": {"declaration.name"},
    "fr": {"declaration.service", "preferences.services", "lifetime.minutes"},
}
"""What is rightly the same word in both languages."""


def document(tag: str) -> dict[str, Any]:
    return tomllib.loads((files("consent_guard.pages") / "locales" / f"{tag}.toml").read_text("utf-8"))


def is_counted(key: str, value: object) -> bool:
    return key == "partners" or (key.startswith("lifetime.") and isinstance(value, Mapping))


def entries(table: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Yield dotted keys with their texts; a text that goes with a number is one entry, with a wording per plural category."""
    for key, value in table.items():
        if isinstance(value, Mapping) and not is_counted(prefix + key, value):
            yield from entries(value, f"{prefix}{key}.")
        else:
            yield prefix + key, value


ENGLISH = dict(entries(document("en")))
OTHERS = [tag for tag in available() if tag != "en"]


def test_the_languages_of_the_european_union_are_there_and_six_more() -> None:
    """A07."""
    assert set(available()) == {*OF_THE_UNION.split(), *BESIDE.split()}
    assert len(OF_THE_UNION.split()) == 24


@pytest.mark.parametrize("tag", available())
def test_a_file_is_named_for_a_language_and_read_in_its_direction(tag: str) -> None:
    """A07."""
    assert language_tag(tag) == tag
    assert direction(tag) == ("rtl" if tag == "ar" else "ltr")


@pytest.mark.parametrize("tag", OTHERS)
def test_a_file_has_the_keys_of_english_in_their_order(tag: str) -> None:
    """A07: nothing is missing, nothing is left over, and two files can be read side by side."""
    assert list(dict(entries(document(tag)))) == list(ENGLISH)


@pytest.mark.parametrize("tag", available())
def test_a_text_that_goes_with_a_number_has_a_wording_for_each_plural_category(tag: str) -> None:
    texts = dict(entries(document(tag)))
    categories = RULES[str(texts["plural"])].categories
    for key, value in texts.items():
        if is_counted(key, value):
            assert tuple(value) == categories, key
            said_in_words = {"zero", "one", "two"}
            assert all("{count}" in form or category in said_in_words for category, form in value.items()), key
            assert all(HOLE.findall(form) in ([], ["{count}"]) for form in value.values()), key


@pytest.mark.parametrize("tag", OTHERS)
def test_a_text_has_the_same_holes_as_in_english(tag: str) -> None:
    """None speaks of something else."""
    for key, value in entries(document(tag)):
        if isinstance(value, str) and key != "date":
            assert sorted(HOLE.findall(value)) == sorted(HOLE.findall(ENGLISH[key])), key


@pytest.mark.parametrize("tag", OTHERS)
def test_no_text_is_left_in_english(tag: str) -> None:
    """A07."""
    formats = ("plural", "date", "first_day")
    same = {key for key, value in entries(document(tag)) if value == ENGLISH[key] and key not in formats}
    assert same == SAME_IN_ENGLISH.get(tag, set())


@pytest.mark.parametrize("tag", available())
def test_a_text_is_plain_text_with_typographic_marks(tag: str) -> None:
    """K19: nothing is markup, nothing hides a change of direction."""
    for key, value in entries(document(tag)):
        for text in value.values() if isinstance(value, Mapping) else value if isinstance(value, list) else [value]:
            assert text.strip() == text, key
            assert text, key
            assert not re.search(r"[<>\"\\\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069]|  |&[a-z#]", text), key


@pytest.mark.parametrize("tag", available())
def test_accepting_and_refusing_are_said_equally_shortly(tag: str) -> None:
    """L20: same kind of words, so that neither button outweighs the other."""
    words = locale(tag)
    for page in ("banner", "preferences"):
        accept, refuse = words.say(f"{page}.accept"), words.say(f"{page}.refuse")
        assert accept != refuse
        assert abs(len(accept.split()) - len(refuse.split())) <= 1
        assert abs(len(accept) - len(refuse)) <= 6


@pytest.mark.parametrize("tag", available())
def test_a_date_names_day_month_and_year(tag: str) -> None:
    words = locale(tag)
    assert len(set(words.months)) == 12
    assert sorted(HOLE.findall(words.date_pattern)) == ["{day}", "{month}", "{year}"]
    assert "2020" in words.date(datetime(2020, 6, 5, tzinfo=UTC))


@pytest.mark.parametrize(
    ("tag", "date"),
    [
        ("ar", "5 يونيو 2020"),
        ("ca", "5 d’agost del 2020"),
        ("de", "5. August 2020"),
        ("el", "5 Αυγούστου 2020"),
        ("fi", "5. elokuuta 2020"),
        ("ga", "5 Lúnasa 2020"),
        ("hu", "2020. augusztus 5."),
        ("lt", "2020 m. rugpjūčio 5 d."),
        ("lv", "2020. gada 5. augusts"),
        ("mt", "5 ta’ Awwissu 2020"),
        ("pl", "5 sierpnia 2020"),
        ("pt", "5 de agosto de 2020"),
        ("uk", "5 серпня 2020 р."),
    ],
)
def test_a_date_is_written_as_its_readers_write_it(tag: str, date: str) -> None:
    """CLDR's long format."""
    assert locale(tag).date(datetime(2020, 6 if tag == "ar" else 8, 5, tzinfo=UTC)) == date


@pytest.mark.parametrize(
    ("tag", "said"),
    [
        ("ar", ["شهر واحد", "شهران", "3 أشهر", "13 شهرًا"]),
        ("cs", ["1 měsíc", "2 měsíce", "3 měsíce", "13 měsíců"]),
        ("ga", ["1 mhí", "2 mhí", "3 mhí", "13 mí"]),
        ("lt", ["1 mėnuo", "2 mėnesiai", "3 mėnesiai", "13 mėnesių"]),
        ("lv", ["1 mēnesis", "2 mēneši", "3 mēneši", "13 mēnešu"]),
        ("mt", ["xahar", "xahrejn", "3 xhur", "13-il xahar"]),
        ("pl", ["1 miesiąc", "2 miesiące", "3 miesiące", "13 miesięcy"]),
        ("ro", ["1 lună", "2 luni", "3 luni", "13 luni"]),
        ("sl", ["1 mesec", "2 meseca", "3 meseci", "13 mesecev"]),
        ("uk", ["1 місяць", "2 місяці", "3 місяці", "13 місяців"]),
    ],
)
def test_lifetimes_are_counted_as_the_language_counts(tag: str, said: list[str]) -> None:
    """L42."""
    assert [locale(tag).lifetime(Lifetime(months=months)) for months in (1, 2, 3, 13)] == said


def test_the_built_in_policy_speaks_every_language_that_we_do() -> None:
    policy = Policy.load()
    assert set(policy.languages) == set(available())
    assert policy.languages[0] == "en"
    for category in policy.categories:
        assert set(category.title) == set(category.description) == set(available())
        assert len(set(category.title.values())) >= len(available()) - 2
        assert len(set(category.description.values())) == len(available())
