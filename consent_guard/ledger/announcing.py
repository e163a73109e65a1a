"""Calling ``on_choice``: once a receipt is stored, never for one that is not, and after a crash at the next start.

What is to be called for stands in a spool before its receipt is stored, and leaves it after the call; until then memory holds
no more of it than where it stands. A process that died in between left it there; whoever takes it over asks the ledger which of
them were stored. May import this package and the receipt. The keeper owns one, where the app gave a callable.
"""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from ..consent.receipt import Receipt
from ..limits import CALLS_BEHIND, CALLS_FILE_BYTES, LEDGER_BATCH, SPOOL_MEMORY
from .rows import plain_receipt, receipt_from_plain
from .spool import Place, Spool

if TYPE_CHECKING:
    from .store import Entry

logger: Final = logging.getLogger("consent_guard")
OnChoice = Callable[[Receipt], object]
_CALLS: Final = "calls"
_COMPLAIN_SECONDS: Final = 60.0


@dataclass(slots=True, eq=False)
class _File:
    """A spool of calls. It goes, or shrinks to nothing, when all its calls are over."""

    spool: Spool
    pending: int = 0


class Call(NamedTuple):
    """A call that is due once its receipt is stored."""

    file: _File | None
    receipt: Place | Receipt
    """Where in the file the receipt stands; itself where no disk took it."""


@contextmanager
def left_to_others(folder: Path, name: str, entries: Iterable[Entry]) -> Iterator[None]:
    """Store these within, where there is no ``on_choice``: the calls that are due are left to a process that has one."""
    receipts = [plain_receipt(entry.receipt) for entry in entries if entry.calls]
    if not receipts:
        yield
        return
    spool = Spool.own(folder, f"{_CALLS}-{name}")
    with closing(spool), ExitStack() as unless_stored:
        unless_stored.callback(spool.empty)
        spool.add(receipts)
        yield
        unless_stored.pop_all()


class Announcer:
    """Calls back in a thread of its own, so that a slow callable holds up nothing but other calls."""

    def __init__(self, on_choice: OnChoice, folder: Path, name: str) -> None:
        self._on_choice = on_choice
        self._folder, self._name = folder, f"{_CALLS}-{name}"
        self._files: list[_File] = []
        self._file: _File | None = None
        """The one that is written; the others wait for the end of their calls."""
        self._lock = threading.Lock()
        self._queue: queue.SimpleQueue[Call | None] = queue.SimpleQueue()
        self._complained_at = -_COMPLAIN_SECONDS
        self._thread = threading.Thread(target=self._run, name="consent_guard on_choice", daemon=True)
        self._thread.start()

    def expect(self, receipts: Sequence[Receipt]) -> list[Call]:
        """Remember on disk that these are about to be stored. Return their calls, for ``stored`` or ``not_stored``."""
        with self._lock:
            try:
                file = self._writable()
                places = file.spool.add([plain_receipt(receipt) for receipt in receipts])
            except OSError as error:
                logger.error("on_choice may be lost in a crash: %s cannot be written: %s", self._folder, error.strerror)
                return [Call(None, receipt) for receipt in receipts]
            file.pending += len(places)
            return [Call(file, place) for place in places]

    def stored(self, calls: Iterable[Call]) -> None:
        """Make these calls now: their receipts are stored."""
        for call in calls:
            if isinstance(call.receipt, Receipt) and self._queue.qsize() >= SPOOL_MEMORY:
                logger.critical("on_choice is not called for the receipt %s: no disk takes it", call.receipt.receipt_id)
            else:
                self._queue.put(call)
        behind, moment = self._queue.qsize(), time.monotonic()
        if behind >= CALLS_BEHIND and moment - self._complained_at >= _COMPLAIN_SECONDS:
            self._complained_at = moment
            logger.error("on_choice is too slow, or hangs: %d receipts are stored and wait for it in %s", behind, self._folder)

    def not_stored(self, calls: Iterable[Call]) -> None:
        """The receipts of these are not stored, and will not be."""
        for call in calls:
            self._over(call.file)

    def left_behind(self, is_stored: Callable[[str], bool]) -> None:
        """Call for what a process left that died. ``is_stored`` asks the ledger; what it raises leaves the rest for later."""
        for spool in Spool.orphans(self._folder, self._name):
            due: list[Place] = []
            with ExitStack() as unless_read:
                unless_read.callback(spool.close)
                for batch in spool.batches(LEDGER_BATCH, receipt_from_plain):
                    read = zip(batch.places, batch.lines, strict=True)
                    due += [place for place, receipt in read if is_stored(receipt.receipt_id)]
                unless_read.pop_all()
            file = _File(spool, len(due) + 1)
            with self._lock:
                self._files.append(file)
            self.stored(Call(file, place) for place in due)
            self._over(file)  # all of it is known

    def close(self, seconds: float) -> None:
        """Make the calls that are due, for at most so long; the others are made at the next start."""
        self._queue.put(None)
        self._thread.join(seconds)

    def left_to_parent(self) -> None:
        """Let go, in a child, of the files whose locks are the parent's."""
        for file in self._files:
            file.spool.drop()

    def _writable(self) -> _File:
        """Return the file for what comes: another one where it is long, for one with a call that is due does not shrink."""
        if self._file is None or self._file.spool.size >= CALLS_FILE_BYTES:
            self._file = _File(Spool.own(self._folder, self._name))
            self._files.append(self._file)
        return self._file

    def _run(self) -> None:
        while (call := self._queue.get()) is not None:
            self._make(call)
            self._over(call.file)
        with self._lock:  # not before: a call that hangs for longer than the process waits still ends in its own file
            for file in self._files:
                file.spool.close()
            self._files.clear()
            self._file = None

    def _make(self, call: Call) -> None:
        named: object = call.receipt
        try:
            receipt = call.receipt
            if call.file is not None and not isinstance(receipt, Receipt):
                receipt = receipt_from_plain(call.file.spool.at(receipt))
            assert isinstance(receipt, Receipt)
            named = receipt.receipt_id
            self._on_choice(receipt)
        except BaseException:  # whatever it raises, sys.exit() included: the calls after it are made
            logger.exception("on_choice raised for the receipt %s; it is stored all the same", named)

    def _over(self, file: _File | None) -> None:
        """One of a file's calls is over."""
        if file is None:
            return
        with self._lock:
            file.pending -= 1
            if file.pending:
                return
            try:
                file.spool.empty()
                if file is not self._file:
                    self._files.remove(file)
                    file.spool.close()
            except OSError as error:
                logger.warning("a spool of on_choice cannot be emptied: %s", error.strerror)
