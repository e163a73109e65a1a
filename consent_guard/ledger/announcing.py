"""Calling ``on_choice``: once a receipt is stored, never for one that is not, and after a crash at the next start.

What is to be called for stands in a spool before its receipt is stored, and leaves it after the call. A process that died in
between left it there; whoever takes it over asks the ledger which of them were stored. May import this package and the receipt.
The keeper owns one, where the app gave a callable.
"""

from __future__ import annotations

import logging
import queue
import threading
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Final

from ..consent.receipt import Receipt
from .rows import plain_receipt, receipt_from_plain
from .spool import Spool

logger: Final = logging.getLogger("consent_guard")
OnChoice = Callable[[Receipt], object]


class Announcer:
    """Calls back in a thread of its own, so that a slow callable holds up nothing but other calls."""

    def __init__(self, on_choice: OnChoice, folder: Path, name: str) -> None:
        self._on_choice = on_choice
        self._folder, self._name = folder, f"calls-{name}"
        self._spool: Spool | None = None
        self._pending = 0
        self._lock = threading.Lock()
        self._queue: queue.SimpleQueue[Receipt | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="consent_guard on_choice", daemon=True)
        self._thread.start()

    def expect(self, receipts: Sequence[Receipt]) -> None:
        """Remember on disk that these are about to be stored."""
        with self._lock:
            self._pending += len(receipts)
            try:
                if self._spool is None:
                    self._spool = Spool.own(self._folder, self._name)
                self._spool.add([plain_receipt(receipt) for receipt in receipts])
            except OSError as error:
                logger.error("on_choice may be lost in a crash: %s cannot be written: %s", self._folder, error.strerror)

    def stored(self, receipts: Iterable[Receipt]) -> None:
        """Call for these now: they are stored."""
        for receipt in receipts:
            self._queue.put(receipt)

    def not_stored(self, count: int) -> None:
        """So many of those that were expected are not stored, and will not be."""
        if count:
            self._over(count)

    def left_behind(self, is_stored: Callable[[str], bool]) -> None:
        """Call for what a process left that died. ``is_stored`` asks the ledger; what it raises leaves the rest for later."""
        for spool in Spool.orphans(self._folder, self._name):
            try:
                while spool.waiting:
                    batch = spool.next(100, receipt_from_plain)
                    for receipt in [receipt for receipt in batch.lines if is_stored(receipt.receipt_id)]:
                        self._call(receipt)
                    spool.take_off(batch)
            finally:
                spool.close()

    def close(self, seconds: float) -> None:
        """Make the calls that are due, for at most so long."""
        self._queue.put(None)
        self._thread.join(seconds)
        with self._lock:
            if self._spool is not None:
                self._spool.close()
                self._spool = None

    def left_to_parent(self) -> None:
        """Let go, in a child, of the file whose lock is the parent's."""
        if self._spool is not None:
            self._spool.drop()

    def _run(self) -> None:
        while (receipt := self._queue.get()) is not None:
            self._call(receipt)
            self._over(1)

    def _call(self, receipt: Receipt) -> None:
        try:
            self._on_choice(receipt)
        except Exception:
            logger.exception("on_choice raised for the receipt %s; it is stored all the same", receipt.receipt_id)

    def _over(self, count: int) -> None:
        with self._lock:
            self._pending -= count
            if self._pending == 0 and self._spool is not None:
                try:
                    self._spool.empty()
                except OSError as error:
                    logger.warning("a spool of on_choice cannot be emptied: %s", error.strerror)
