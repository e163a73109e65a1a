"""How long a cookie may live, as a policy writes it: ``"session"``, ``"30 minutes"``, ``"1 day"``, ``"13 months"``.

May import the policy's values and the host grammar's fault. The policy's readers call it.
"""

from __future__ import annotations

import re
from typing import Final

from ..limits import CHOICE_MONTHS_MAX
from .host_rules import RuleFault
from .model import Lifetime

_LIFETIME: Final = re.compile(r"([0-9]{1,9}) ?(second|minute|hour|day|week|month|year)s?\Z", re.ASCII)
_SECONDS: Final = {"second": 1, "minute": 60, "hour": 3600, "day": 86_400, "week": 7 * 86_400}
_MONTHS: Final = {"month": 1, "year": 12}
_SURELY_WITHIN_DAYS: Final = 393
"""The shortest that 13 calendar months can be (T02)."""
_MEND: Final = 'Write "session" or a number with a unit, as in "30 minutes", "1 day", "6 months"'


def parse_lifetime(text: str) -> Lifetime:
    """Return the lifetime that ``text`` writes. Months and years are calendar months (T01).

    Raises RuleFault for one that cannot be read, or that can be longer than 13 calendar months.
    """
    normal = " ".join(text.lower().split())
    if normal == "session":
        return Lifetime()
    found = _LIFETIME.match(normal)
    if found is None:
        raise RuleFault(f"{text!r} is not a lifetime", _MEND)
    number, unit = int(found[1]), found[2]
    if not number:
        raise RuleFault(
            f"{text!r} is no time at all", 'A cookie that ends with the browser\'s session has the lifetime "session"'
        )
    months = number * _MONTHS.get(unit, 0)
    seconds = number * _SECONDS.get(unit, 0)
    if months > CHOICE_MONTHS_MAX:
        raise RuleFault(f"{text!r} is longer than {CHOICE_MONTHS_MAX} months", f'Write "{CHOICE_MONTHS_MAX} months" or less')
    if seconds > _SURELY_WITHIN_DAYS * 86_400:
        raise RuleFault(
            f"{text!r} can be longer than {CHOICE_MONTHS_MAX} months",
            f'Write "{CHOICE_MONTHS_MAX} months", or at most "{_SURELY_WITHIN_DAYS} days"',
        )
    return Lifetime(months=months, seconds=seconds)


def lifetime_text(lifetime: Lifetime | None) -> str | None:
    """Return a lifetime as a policy writes it; None for one that is not declared."""
    if lifetime is None:
        return None
    if lifetime.session:
        return "session"
    if lifetime.months:
        return f"{lifetime.months} month{'' if lifetime.months == 1 else 's'}"
    for unit, seconds in (("day", 86_400), ("hour", 3600), ("minute", 60), ("second", 1)):
        if lifetime.seconds % seconds == 0:
            number = lifetime.seconds // seconds
            return f"{number} {unit}{'' if number == 1 else 's'}"
    return None
