"""The plural rules of the languages that we ship, for whole numbers (Unicode CLDR, "Language Plural Rules").

A locale file names its rule (``plural = "polish"``) and brings one wording per category of that rule. A rule is a list of
categories with their tests, tried in order; the last has none. May import nothing of the package. Called by the languages.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

Test = Callable[[int], bool]


@dataclass(frozen=True, slots=True)
class PluralRule:
    """One way of choosing a wording by number."""

    tests: tuple[tuple[str, Test], ...]
    """CLDR's category names with what falls under them."""
    rest: str = "other"
    """The category of every other number."""

    @property
    def categories(self) -> tuple[str, ...]:
        """Every category that a number can fall under: a locale brings exactly these."""
        return (*(category for category, _ in self.tests), self.rest)

    def category(self, count: int) -> str:
        """Return the category of a number from zero up."""
        return next((category for category, falls in self.tests if falls(count)), self.rest)


def _is(*numbers: int) -> Test:
    return lambda count: count in numbers


def _ends_in(modulus: int, low: int, high: int, *, unless: tuple[int, int] | None = None) -> Test:
    """Tell whether the last digits lie in a range, and the last two not in another."""

    def falls(count: int) -> bool:
        if unless is not None and unless[0] <= count % 100 <= unless[1]:
            return False
        return low <= count % modulus <= high

    return falls


_ONE: Final = ("one", _is(1))
_TWO: Final = ("two", _is(2))
_SLAVIC_ONE: Final = ("one", _ends_in(10, 1, 1, unless=(11, 11)))
_SLAVIC_FEW: Final = ("few", _ends_in(10, 2, 4, unless=(12, 14)))

RULES: Final[Mapping[str, PluralRule]] = {
    "none": PluralRule(()),
    "one": PluralRule((_ONE,)),
    "zero-one": PluralRule((("one", _is(0, 1)),)),
    "icelandic": PluralRule((_SLAVIC_ONE,)),
    "croatian": PluralRule((_SLAVIC_ONE, _SLAVIC_FEW)),
    "ukrainian": PluralRule((_SLAVIC_ONE, _SLAVIC_FEW), rest="many"),
    "polish": PluralRule((_ONE, _SLAVIC_FEW), rest="many"),
    "czech": PluralRule((_ONE, ("few", _is(2, 3, 4)))),
    "slovenian": PluralRule((("one", _ends_in(100, 1, 1)), ("two", _ends_in(100, 2, 2)), ("few", _ends_in(100, 3, 4)))),
    "lithuanian": PluralRule((("one", _ends_in(10, 1, 1, unless=(11, 19))), ("few", _ends_in(10, 2, 9, unless=(11, 19))))),
    "latvian": PluralRule(
        (("zero", lambda count: count % 10 == 0 or 11 <= count % 100 <= 19), ("one", _ends_in(10, 1, 1, unless=(11, 11))))
    ),
    "romanian": PluralRule((_ONE, ("few", lambda count: count == 0 or 1 <= count % 100 <= 19))),
    "irish": PluralRule((_ONE, _TWO, ("few", _is(3, 4, 5, 6)), ("many", _is(7, 8, 9, 10)))),
    "maltese": PluralRule(
        (
            _ONE,
            _TWO,
            ("few", lambda count: count == 0 or 3 <= count % 100 <= 10),
            ("many", _ends_in(100, 11, 19)),
        )
    ),
    "arabic": PluralRule(
        (("zero", _is(0)), _ONE, _TWO, ("few", _ends_in(100, 3, 10)), ("many", _ends_in(100, 11, 99))),
    ),
}
"""The rules by the names that locale files give."""
