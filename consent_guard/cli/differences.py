"""``consent-guard check --diff OLD``: what has changed for partners since an older policy, with the day on which that is told.

May import the policy package, the clock and ``output``. ``check`` calls it.
"""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path
from typing import NoReturn

from ..audit.printable import printable
from ..clock import unix_seconds
from ..errors import PolicyError
from ..policy.digest import policy_digest
from ..policy.guidance.differences import asked_again, differences
from ..policy.model import Policy
from .output import FAULTS, console, could_not, counted, error_console, json_out, leave


def compare(old_file: str, new_file: str, new: Policy, *, as_json: bool) -> None:
    """Show the differences of two policies; where there are any, leave with code 1."""
    old = _read(old_file)
    found, again, day = differences(old, new), asked_again(old, new), _today()
    if as_json:
        json_out(
            {
                "date": day,
                "old": {"policy": old_file, "revision": old.revision, "digest": policy_digest(old)},
                "new": {"policy": new_file, "revision": new.revision, "digest": policy_digest(new)},
                "differences": [
                    {
                        "subject": one.subject,
                        "kind": one.kind,
                        "what": one.what or None,
                        "old": one.old or None,
                        "new": one.new or None,
                    }
                    for one in found
                ],
                "asked_again": list(again),
            }
        )
    else:
        sides = [f"{printable(file)} (revision {side.revision})" for file, side in ((old_file, old), (new_file, new))]
        console.print(f"{day}  {' -> '.join(sides)}")
        for one in found:
            console.print(printable(str(one)))
        if again:
            console.print(f"visitors are asked again about: {', '.join(again)}")
        error_console.print(f"{printable(new_file)}: {counted(len(found), 'difference')}")
    if found or again:
        leave(FAULTS)


def _read(file: str) -> Policy:
    try:
        return Policy.load(Path(file))
    except PolicyError as error:
        _not_comparable(file, f"it has faults, the first of them {error.faults[0]}")
    except OSError as error:
        _not_comparable(str(Path(file).absolute()), error.strerror or str(error))


def _not_comparable(file: str, why: str) -> NoReturn:
    could_not(f"nothing can be compared with {file}: {why}")


def _today() -> str:
    """Return the day, in UTC; that of SOURCE_DATE_EPOCH where it is set, so that the same input gives the same output."""
    told = os.environ.get("SOURCE_DATE_EPOCH", "")
    try:
        seconds = int(told) if told.isascii() and told.isdigit() else unix_seconds()
        return datetime.fromtimestamp(seconds, UTC).date().isoformat()
    except (OverflowError, ValueError, OSError):
        could_not(f"SOURCE_DATE_EPOCH is no time: {told[:40]}")
