"""Receipts of choices, kept so that they prove something (DESIGN §10).

``Ledger`` names one. ``keeper`` stores receipts for an app, in threads of its own; ``store``, ``rows`` and ``checkpoints`` are
what stands in the database; ``verifying``, ``purging`` and ``reading`` are what the commands do with it. At the level of the
transports: the engine below knows no ledger, and hands out receipts. Importing this imports no database driver.
"""

from __future__ import annotations

from .ledger import Ledger

__all__ = ["Ledger"]
