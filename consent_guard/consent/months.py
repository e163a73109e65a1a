"""Calendar months, in UTC.

A choice and a cookie live for whole calendar months: the day of the month stays, or is clipped to the month's last day (T01).
May import the policy's values. Called by the choice, for its expiry, and by the Set-Cookie filter, for lifetimes.
"""

from __future__ import annotations

import functools
import math
from calendar import monthrange
from datetime import UTC, datetime

from ..policy.model import Lifetime

_REMEMBERED = 1024
"""A request asks for the same months again and again: those of its choice, and those from this second on."""


def add_months(unix_seconds: float, months: int) -> int:
    """Return the Unix second that lies ``months`` calendar months later, at the same time of day in UTC.

    A part of a second is dropped first, so that a span is never too long. Raises OverflowError outside the years 1 to 9999.
    Source: T01.
    """
    try:
        return _months_later(math.floor(unix_seconds), months)
    except (ValueError, OSError) as error:
        raise OverflowError(f"{months} months from Unix second {unix_seconds!r} lie outside the calendar") from error


@functools.lru_cache(maxsize=_REMEMBERED)
def _months_later(second: int, months: int) -> int:
    start = datetime.fromtimestamp(second, UTC)
    years, month = divmod(start.year * 12 + start.month - 1 + months, 12)
    month += 1
    return int(start.replace(year=years, month=month, day=min(start.day, monthrange(years, month)[1])).timestamp())


def lifetime_seconds(lifetime: Lifetime, now: float) -> int | None:
    """Return how many seconds a cookie of this lifetime may live when set at ``now``; None for a session cookie (T02)."""
    if lifetime.session:
        return None
    start = math.floor(now)
    return add_months(start, lifetime.months) - start + lifetime.seconds
