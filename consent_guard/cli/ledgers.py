"""What the commands on a ledger share: ``--ledger``, dates and ages, errors in one line.

May import click, the ledger and ``output``. The commands ``ledger``, ``receipts`` and ``prove`` use it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from typing import Any, Final, TypeVar

import click

from ..consent.months import add_months
from ..errors import LedgerError, PolicyError
from ..ledger import Ledger
from ..ledger.address import EXTRA
from .output import could_not

VARIABLE: Final = "CONSENT_GUARD_LEDGER"
_AGE: Final = re.compile(r"([1-9][0-9]{0,4})([dm])")
DAY_SECONDS: Final = 86400
_Command = TypeVar("_Command", bound=Callable[..., Any])


def ledger_option(command: _Command) -> _Command:
    """Add ``--ledger`` to a command."""
    shown = f"The ledger's address; without it, that in {VARIABLE}."
    return click.option("--ledger", "ledger_url", metavar="URL", envvar=VARIABLE, help=shown)(command)


def the_ledger(url: str | None) -> Ledger:
    """Return the ledger that a command is about. Ends the command with code 2 where it is not named, or not as one."""
    if not url:
        could_not(f"which ledger? Give --ledger URL, or set {VARIABLE}")
    try:
        return Ledger(url)
    except PolicyError as error:
        could_not("; ".join(str(fault) for fault in error.faults))


@contextmanager
def told() -> Iterator[None]:
    """End the command with code 2 and one line where the ledger cannot be read or written."""
    try:
        yield
    except LedgerError as error:
        could_not(str(error))
    except ModuleNotFoundError as error:
        could_not(f"{error.name} is not installed: {EXTRA}")
    except BrokenPipeError:  # whoever read the output has read enough
        raise
    except OSError as error:
        could_not(f"{error.filename or 'a file'}: {error.strerror or error}")


def since_option(command: _Command) -> _Command:
    """Add ``--since`` to a command."""
    option = click.option("--since", metavar="DATE", callback=_day, help="Only from this day on (UTC), as 2026-01-31.")
    return option(command)


def day_seconds(text: str) -> int:
    """Return the Unix seconds at which a day begins in UTC. Raises BadParameter."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise click.BadParameter(f"{text!r} is no date; write it as 2026-01-31") from None
    return int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp())


def age_start(text: str, now: float) -> int:
    """Return the Unix seconds that lie an age before now: ``25m`` is calendar months, ``90d`` days. Raises BadParameter."""
    found = _AGE.fullmatch(text)
    if found is None:
        raise click.BadParameter(f"{text!r} is no age; write 25m for months, or 90d for days")
    count = int(found[1])
    if found[2] == "d":
        return int(now) - count * DAY_SECONDS
    try:
        return add_months(int(now), -count)
    except (ValueError, OverflowError):
        raise click.BadParameter(f"{text!r} is before all calendars") from None


def moment(seconds: float | None) -> str:
    """Return a time as ISO 8601 in UTC, or a dash."""
    return datetime.fromtimestamp(seconds, UTC).isoformat() if seconds is not None else "-"


def _day(ctx: click.Context, param: click.Parameter, value: str | None) -> int | None:
    return None if value is None else day_seconds(value)
