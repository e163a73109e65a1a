"""Lifetimes as a policy writes them (DESIGN §4, T01, T02)."""

from __future__ import annotations

import pytest

from consent_guard.policy.host_rules import RuleFault
from consent_guard.policy.lifetimes import parse_lifetime
from consent_guard.policy.model import Lifetime

DAY = 86_400


@pytest.mark.parametrize(
    ("text", "lifetime"),
    [
        ("session", Lifetime()),
        ("Session", Lifetime()),
        ("30 seconds", Lifetime(seconds=30)),
        ("1 second", Lifetime(seconds=1)),
        ("30 minutes", Lifetime(seconds=1800)),
        ("20 hours", Lifetime(seconds=72_000)),
        ("1 day", Lifetime(seconds=DAY)),
        ("2 weeks", Lifetime(seconds=14 * DAY)),
        ("393 days", Lifetime(seconds=393 * DAY)),
        ("6 months", Lifetime(months=6)),
        ("13 months", Lifetime(months=13)),
        ("1 year", Lifetime(months=12)),
        ("  13   Months ", Lifetime(months=13)),
        ("13months", Lifetime(months=13)),
    ],
)
def test_a_lifetime_is_read_with_its_unit(text: str, lifetime: Lifetime) -> None:
    assert parse_lifetime(text) == lifetime


def test_months_are_calendar_months_and_days_are_seconds() -> None:
    """T01: one month is not thirty days."""
    assert parse_lifetime("1 month") != parse_lifetime("30 days")
    assert parse_lifetime("session").session
    assert not parse_lifetime("1 second").session


@pytest.mark.parametrize("text", ["14 months", "2 years", "394 days", "400 days", "57 weeks", "999999999 years", "9500 hours"])
def test_one_that_can_outlast_thirteen_months_is_refused(text: str) -> None:
    """T02: thirteen months are 393 days at the shortest."""
    with pytest.raises(RuleFault, match=r"longer than 13 months.*13 months"):
        parse_lifetime(text)


@pytest.mark.parametrize("text", ["0 days", "0 months", "00 seconds"])
def test_no_time_at_all_is_not_a_lifetime(text: str) -> None:
    with pytest.raises(RuleFault, match="session"):
        parse_lifetime(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "13",
        "months",
        "thirteen months",
        "1.5 days",
        "-1 day",
        "1 dayss",
        "1 day 2 hours",
        "1 fortnight",
        "١ day",
        "1\u00a0jour",
        "9" * 5000 + " days",
    ],
)
def test_anything_else_cannot_be_read(text: str) -> None:
    with pytest.raises(RuleFault, match="is not a lifetime"):
        parse_lifetime(text)
