"""``GET {path}/health``: whether receipts can be kept, for those who watch over a site and what they watch with.

May import the wire messages. The endpoints ask it; the transport has asked the ledger before.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ..wire.messages import LedgerState


@dataclass(frozen=True, slots=True)
class Health:
    """Whether all is well, and what is told of it: no address, no path, no error's text."""

    ok: bool
    told: Mapping[str, object]


def health(ledger: LedgerState | None = None) -> Health:
    """Return how this process does. ``ledger``: None where no receipts are kept; a guard that answers can do all else."""
    if ledger is None:
        return Health(True, {"ok": True, "ledger": None})
    ok = ledger.reachable and ledger.storing
    told = {"reachable": ledger.reachable, "storing": ledger.storing, "spooled": ledger.spooled}
    return Health(ok, {"ok": ok, "ledger": told})
