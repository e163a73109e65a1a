"""Plural categories, held to the samples that CLDR gives for each rule."""

from __future__ import annotations

import pytest

from consent_guard.pages.plurals import RULES

SAMPLES = {
    "none": {"other": (0, 1, 2, 11)},
    "one": {"one": (1,), "other": (0, 2, 11, 21, 101)},
    "zero-one": {"one": (0, 1), "other": (2, 10, 11, 101)},
    "icelandic": {"one": (1, 21, 31, 101, 1001), "other": (0, 2, 11, 111, 16)},
    "croatian": {"one": (1, 21, 101), "few": (2, 4, 22, 34, 102), "other": (0, 5, 11, 12, 14, 19, 111, 112, 114)},
    "ukrainian": {"one": (1, 21, 101), "few": (2, 4, 22, 34, 102), "many": (0, 5, 11, 12, 14, 19, 111, 112, 114)},
    "polish": {"one": (1,), "few": (2, 4, 22, 34, 102), "many": (0, 5, 11, 12, 14, 21, 101, 112)},
    "czech": {"one": (1,), "few": (2, 3, 4), "other": (0, 5, 11, 21, 22, 102)},
    "slovenian": {"one": (1, 101, 201), "two": (2, 102), "few": (3, 4, 103, 104), "other": (0, 5, 11, 12, 21, 100)},
    "lithuanian": {"one": (1, 21, 101), "few": (2, 9, 22, 29, 102), "other": (0, 10, 11, 19, 20, 111, 119)},
    "latvian": {"zero": (0, 10, 11, 19, 20, 111), "one": (1, 21, 101), "other": (2, 9, 22, 29, 102)},
    "romanian": {"one": (1,), "few": (0, 2, 19, 101, 119), "other": (20, 35, 100, 120)},
    "irish": {"one": (1,), "two": (2,), "few": (3, 6), "many": (7, 10), "other": (0, 11, 25, 102)},
    "maltese": {"one": (1,), "two": (2,), "few": (0, 3, 10, 103, 110), "many": (11, 19, 111), "other": (20, 35, 100, 101, 102)},
    "arabic": {
        "zero": (0,),
        "one": (1,),
        "two": (2,),
        "few": (3, 10, 103, 110),
        "many": (11, 26, 99, 111),
        "other": (100, 101, 102, 200),
    },
}


def test_every_rule_is_held_to_samples() -> None:
    assert SAMPLES.keys() == RULES.keys()


@pytest.mark.parametrize("name", SAMPLES)
def test_a_number_falls_under_the_category_that_cldr_gives(name: str) -> None:
    rule = RULES[name]
    assert set(rule.categories) == SAMPLES[name].keys()
    for category, numbers in SAMPLES[name].items():
        assert [rule.category(number) for number in numbers] == [category] * len(numbers)
