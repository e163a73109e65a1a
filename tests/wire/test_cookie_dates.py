"""Cookie dates under the two readings, and the form that is written."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import format_datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from consent_guard.wire.cookie_dates import format_cookie_date, parse_chromium_date, parse_cookie_date

READERS = (parse_cookie_date, parse_chromium_date)
NEW_YEAR_2098 = 4039372800.0


@pytest.mark.parametrize(
    "value",
    [
        b"Wed, 01 Jan 2098 00:00:00 GMT",
        b"Wednesday, 01-Jan-98 00:00:00 GMT".replace(b"98", b"2098"),
        b"Wed Jan  1 00:00:00 2098",
        b'"Wed, 01 Jan 2098 00:00:00 GMT"',
        b"1 january 2098 0:0:0",
        b"2098 1 JAN 0:0:0",
        b"0:0:0 1 Jan 2098 +0500",
        b"1/Jan/2098/0:0:0",
        b"1 Feb Jan 2098 0:0:0".replace(b"Feb ", b""),
        b"1 Jan 2098 0:0:0 2 Feb 2000 1:1:1",
    ],
)
def test_common_spellings_mean_the_same_to_both_readings(value: bytes) -> None:
    """RFC 6265bis §5.1.1"""
    assert [read(value) for read in READERS] == [NEW_YEAR_2098, NEW_YEAR_2098]


@pytest.mark.parametrize(
    "value",
    [
        b"",
        b"garbage",
        b"0",
        b"-1",
        b"4070908800",
        b"2098-01-01",
        b"2098-01-01T00:00:00Z",
        b"1 Jan 2098",
        b"1 Jan 2098 00:00",
        b"Jan 2098 0:0:0",
        b"1 2098 0:0:0",
        b"1 Jan 0:0:0",
        b"0 Jan 2098 0:0:0",
        b"32 Jan 2098 0:0:0",
        b"31 Feb 2098 0:0:0",
        b"29 Feb 2098 0:0:0",
        b"29 Feb 2100 0:0:0",
        b"31 Apr 98 0:0:0",
        b"1 Jan 2098 24:0:0",
        b"1 Jan 2098 0:60:0",
        b"1 Jan 2098 0:0:60",
        b"1 xJan 2098 0:0:0",
        b"1 J\xc3\xa1n 2098 0:0:0",
        b"1\xa0Jan\xa02098\xa00:0:0",
        b"1 Jan 2098 :0:0:0",
    ],
)
def test_what_is_no_date_is_none_to_both_readings(value: bytes) -> None:
    assert [read(value) for read in READERS] == [None, None]


@pytest.mark.parametrize(("year", "full"), [(b"69", 2069), (b"70", 1970), (b"99", 1999), (b"00", 2000), (b"0098", 1998)])
def test_two_digit_years_turn_at_seventy(year: bytes, full: int) -> None:
    """RFC 6265bis §5.1.1, steps 3 and 4"""
    expected = datetime(full, 1, 1, tzinfo=UTC).timestamp()
    assert [read(b"1 Jan " + year + b" 0:0:0") for read in READERS] == [expected, expected]


@pytest.mark.parametrize(
    ("value", "standard", "chromium"),
    [
        (b"1st Jan 2098 0:0:0", True, False),
        (b"1 Jan 2098x 0:0:0", True, False),
        (b"1 Jan 2098 0:0:0GMT", True, False),
        (b"1 Jan 2098 0:0:0\xff", True, False),
        (b"1 Jan 2098 0:0:0:0", True, False),
        (b"12:34 Jan 2098 01:02:03", True, False),
        (b"01:02:03 01:02:03 Jan 2098", True, False),
        (b"1 Jan 2098 00:00:000", False, True),
        (b"1 Jan 2098 000:00:00", False, True),
        (b"1 Jan 12098 0:0:0", False, True),
        (b"1 Jan 5 0:0:0", False, True),
        (b"1 Jan 1600 0:0:0", False, True),
        (b"1 1x Jan 2098 0:0:0", True, True),
        (b"1 Jan 2098 4294967295:0:0 1:1:1", True, False),
        (b"1 Jan 2098 4294967296:0:0 1:1:1", True, True),
    ],
)
def test_the_readings_part_where_browsers_and_standard_do(value: bytes, standard: bool, chromium: bool) -> None:
    """Rule 0.5: as served to Chromium 156"""
    assert [read(value) is not None for read in READERS] == [standard, chromium]


def test_a_year_past_the_calendar_is_far_in_the_future() -> None:
    assert parse_chromium_date(b"29 Feb 12096 0:0:0") == parse_chromium_date(b"31 Dec 9999 23:59:59")
    assert parse_chromium_date(b"29 Feb 12098 0:0:0") is None


@given(st.datetimes(min_value=datetime(1970, 1, 1), max_value=datetime(9999, 12, 31)))
@settings(max_examples=60)
def test_what_is_written_reads_back_under_both_readings(moment: datetime) -> None:
    moment = moment.replace(microsecond=0, tzinfo=UTC)
    written = format_cookie_date(moment.timestamp() + 0.9)
    assert written == format_datetime(moment, usegmt=True).encode()
    assert [read(written) for read in READERS] == [moment.timestamp(), moment.timestamp()]


@given(st.binary(max_size=80))
@settings(max_examples=100)
def test_no_bytes_make_a_reading_fail(value: bytes) -> None:
    for read in READERS:
        assert read(value) is None or isinstance(read(value), float)


@pytest.mark.parametrize(
    "value", [b"1" * 1_000_000, b"1:" * 500_000, b"1 " * 500_000, b"jan" * 300_000, b"0" * 1_000_000 + b":0:0"]
)
@pytest.mark.linear
def test_long_dates_are_read_in_linear_time(value: bytes) -> None:
    """R6"""
    for read in READERS:
        read(value)
