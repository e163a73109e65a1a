"""Dates in ``Expires`` as browsers read them, and the one form that we write.

Two readings, because they differ on sloppy dates and a cookie must be safe under both (rule 0.5): the algorithm of
RFC 6265bis §5.1.1, and Chromium's, whose rules here were found by serving dates to Chromium 156. May import nothing of the
package. Called by ``set_cookie``.
"""

from __future__ import annotations

import re
import time
from datetime import UTC, datetime

_TOKEN = re.compile(rb"[^\x09\x20-\x2f\x3b-\x40\x5b-\x60\x7b-\x7e]+")
_RFC_TIME = re.compile(rb"(\d{1,2}):(\d{1,2}):(\d{1,2})(?!\d)")
_RFC_DAY = re.compile(rb"(\d{1,2})(?!\d)")
_RFC_YEAR = re.compile(rb"(\d{2,4})(?!\d)")
_MONTHS = {
    name: number
    for number, name in enumerate(
        (b"jan", b"feb", b"mar", b"apr", b"may", b"jun", b"jul", b"aug", b"sep", b"oct", b"nov", b"dec"), start=1
    )
}
_UINT32_MAX = 2**32 - 1
_YEAR_MAX = 9999
_FAR_FUTURE = datetime(_YEAR_MAX, 12, 31, 23, 59, 59, tzinfo=UTC).timestamp()
_WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTH_NAMES = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def parse_cookie_date(value: bytes) -> float | None:
    """Return Unix seconds of a cookie-date, or None where it fails to parse (RFC 6265bis §5.1.1)."""
    clock: tuple[int, int, int] | None = None
    day = month = year = None
    for token in _TOKEN.findall(value):
        if clock is None and (match := _RFC_TIME.match(token)):
            clock = (int(match[1]), int(match[2]), int(match[3]))
        elif day is None and (match := _RFC_DAY.match(token)):
            day = int(match[1])
        elif month is None and (number := _MONTHS.get(token[:3].lower())):
            month = number
        elif year is None and (match := _RFC_YEAR.match(token)):
            year = _full_year(int(match[1]))
    if clock is None or day is None or month is None or year is None or year < 1601:
        return None
    return _seconds(year, month, day, clock)


def parse_chromium_date(value: bytes) -> float | None:
    """Return Unix seconds of an ``Expires`` value as Chromium reads it, or None where it makes a session cookie.

    It differs from the standard in that a token counts only when the whole of it is digits, that a year has one to five
    digits and no lower bound, and that the fields of a time have any width.
    """
    clock: tuple[int, int, int] | None = None
    day = month = year = None
    for token in _TOKEN.findall(value):
        if not 0x30 <= token[0] <= 0x39:
            if month is None:
                month = _MONTHS.get(token[:3].lower())
        elif b":" in token:
            if clock is None:
                clock = _chromium_clock(token)
        elif not token.isdigit():
            continue
        elif day is None and len(token) <= 2:
            day = int(token)
        elif year is None and len(token) <= 5:
            year = _full_year(int(token))
    if clock is None or day is None or month is None or year is None:
        return None
    return _seconds(year, month, day, clock)


def format_cookie_date(seconds: float) -> bytes:
    """Write Unix seconds, rounded down, as the IMF-fixdate of RFC 9110 §5.6.7 (``Thu, 01 Jan 1970 00:00:00 GMT``)."""
    fields = time.gmtime(min(max(seconds, 0), _FAR_FUTURE))
    return (
        f"{_WEEKDAYS[fields.tm_wday]}, {fields.tm_mday:02d} {_MONTH_NAMES[fields.tm_mon - 1]} {fields.tm_year:04d} "
        f"{fields.tm_hour:02d}:{fields.tm_min:02d}:{fields.tm_sec:02d} GMT"
    ).encode("ascii")


def _full_year(year: int) -> int:
    if year <= 69:
        return year + 2000
    return year + 1900 if year <= 99 else year


def _chromium_clock(token: bytes) -> tuple[int, int, int] | None:
    parts = token.split(b":", 3)
    if len(parts) != 3:
        return None
    numbers: list[int] = []
    for part in parts:
        digits = part.lstrip(b"0") or part[-1:]
        if not part.isdigit() or len(digits) > 10 or int(digits) > _UINT32_MAX:
            return None
        numbers.append(int(digits))
    return numbers[0], numbers[1], numbers[2]


def _seconds(year: int, month: int, day: int, clock: tuple[int, int, int]) -> float | None:
    if year > _YEAR_MAX:
        # Past what datetime holds. The Gregorian calendar repeats every 400 years, so the day's existence can be asked nearer.
        exists = _seconds(2000 + year % 400, month, day, clock) is not None
        return _FAR_FUTURE if exists else None
    try:
        return datetime(year, month, day, *clock, tzinfo=UTC).timestamp()
    except (ValueError, OverflowError):
        return None
