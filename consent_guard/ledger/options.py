"""The options ``ledger``, ``ledger_key`` and ``on_choice`` of every adapter, read in one place.

May import this package, late. The transports and adapters call it when an app is guarded.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import Fault, PolicyError
from .ledger import Ledger

if TYPE_CHECKING:
    from ..consent.receipt import Receipt
    from .keeper import Keeper

LedgerSource = str | Ledger | None
"""A ledger's address, a Ledger, or None: no receipts are kept."""
LedgerKey = str | bytes | Path | None


def keeper_of(
    ledger: LedgerSource, ledger_key: LedgerKey = None, on_choice: Callable[[Receipt], Any] | None = None
) -> Keeper | None:
    """Return what keeps an app's receipts; None without a ledger. Opens nothing.

    Raises PolicyError for an address, a key or a callable that cannot be right, and for options that need a ledger.
    """
    if ledger is None:
        given = [name for name, value in (("ledger_key", ledger_key), ("on_choice", on_choice)) if value is not None]
        faults = [Fault(name, "this needs a ledger", 'Give one, as ledger="sqlite:///consent.db"') for name in given]
        if faults:
            raise PolicyError(faults, "options")
        return None
    if isinstance(ledger, Ledger):
        if ledger_key is not None:
            raise PolicyError([Fault("ledger_key", "this Ledger brings its key", "Give Ledger(url, key=...)")], "options")
        found = ledger
    else:
        found = Ledger(ledger, key=ledger_key)
    from .keeper import Keeper

    return Keeper(found, on_choice)
