"""Calendar months against python-dateutil."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from dateutil.relativedelta import relativedelta
from hypothesis import given
from hypothesis import strategies as st

from consent_guard.consent.months import add_months, lifetime_seconds
from consent_guard.policy.model import Lifetime


def unix(*parts: int) -> int:
    return int(datetime(*parts, tzinfo=UTC).timestamp())  # type: ignore[misc, arg-type]


@pytest.mark.parametrize("months", [1, 6, 12, 13, 25])
def test_every_day_of_two_leap_cycles_moves_as_dateutil_moves_it(months: int) -> None:
    """T01"""
    day = datetime(2019, 12, 1, 23, 59, 59, tzinfo=UTC)
    for _ in range(8 * 366):
        assert add_months(day.timestamp(), months) == int((day + relativedelta(months=months)).timestamp())
        day += timedelta(days=1)


@given(st.integers(min_value=-62_135_596_800, max_value=250_000_000_000), st.integers(min_value=0, max_value=60))
def test_any_second_of_the_calendar_moves_as_dateutil_moves_it(second: int, months: int) -> None:
    """T01"""
    start = datetime.fromtimestamp(second, UTC)
    assert add_months(second, months) == int((start + relativedelta(months=months)).timestamp())


def test_the_day_is_clipped_to_the_end_of_the_month() -> None:
    """T01"""
    assert add_months(unix(2024, 1, 31, 12), 1) == unix(2024, 2, 29, 12)
    assert add_months(unix(2023, 1, 31, 12), 13) == unix(2024, 2, 29, 12)
    assert add_months(unix(2023, 8, 31), 6) == unix(2024, 2, 29)


def test_thirteen_months_are_between_393_and_397_days() -> None:
    """T01, T02"""
    days = set()
    day = datetime(2000, 1, 1, tzinfo=UTC)
    for _ in range(28 * 366):
        days.add((add_months(day.timestamp(), 13) - day.timestamp()) / 86400)
        day += timedelta(days=1)
    assert (min(days), max(days)) == (393, 397)


def test_a_part_of_a_second_never_lengthens_a_span() -> None:
    assert add_months(unix(2024, 1, 1) + 0.999, 1) == unix(2024, 2, 1)
    assert add_months(-0.5, 1) == unix(1970, 1, 31, 23, 59, 59)


@pytest.mark.parametrize("second", [float("nan"), float("inf"), 1e18, -1e18, 253_402_300_799])
def test_a_second_outside_the_calendar_is_an_overflow(second: float) -> None:
    with pytest.raises(OverflowError):
        add_months(second, 1)


def test_a_lifetime_counts_calendar_months_then_seconds() -> None:
    """T02"""
    assert lifetime_seconds(Lifetime(), 0) is None
    assert lifetime_seconds(Lifetime(seconds=86400), 1_700_000_000.7) == 86400
    assert lifetime_seconds(Lifetime(months=1), unix(2023, 2, 1)) == 28 * 86400
    assert lifetime_seconds(Lifetime(months=1, seconds=5), unix(2023, 3, 1)) == 31 * 86400 + 5
