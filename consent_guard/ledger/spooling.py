"""Refusals on their way to the ledger: on disk before the visitor is answered, in the ledger as soon as that takes them.

A thread of its own writes them down, many with one flush; where the disk takes nothing, memory holds them and the log says so.
May import this package and the receipt. The keeper owns one, and asks it for what is to be stored.
"""

from __future__ import annotations

import base64
import hashlib
import logging
import queue
import threading
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

from ..consent.receipt import Receipt, Shown
from ..errors import LedgerError
from ..limits import LEDGER_BATCH, SPOOL_MEMORY
from .rows import plain_receipt, receipt_from_plain, row_from, row_of
from .spool import Spool
from .store import Entry

logger: Final = logging.getLogger("consent_guard")
_SHOWN: Final = "shown"
_RECEIPT: Final = "receipt"
_CALLS: Final = "calls"


class Spooler:
    """The spool of one process, those that others left behind, and memory for when there is no disk."""

    def __init__(self, folder: Path, name: str, added: Callable[[], None], *, calls: bool = False) -> None:
        """``added`` is called, from the writing thread, when there is something new to store. ``calls``: this app has an
        ``on_choice``, which whoever stores its receipts is to know."""
        self._folder, self._name = folder, f"refusals-{name}"
        self._calls = calls
        self._added = added
        self._queue: queue.SimpleQueue[tuple[Entry, Future[None]] | None] = queue.SimpleQueue()
        self._own: Spool | None = None
        self._memory: deque[Entry] = deque()
        self._adopted: list[Spool] = []
        self._texts: dict[Spool, dict[str, Shown]] = {}
        self._complained = False
        self._closing = threading.Lock()
        self._closed = False
        self._thread = threading.Thread(target=self._run, name="consent_guard spool", daemon=True)
        self._thread.start()

    def add(self, receipt: Receipt, shown: Sequence[Shown]) -> Future[None]:
        """Write a receipt down. The future ends when it is on disk, or held in memory for want of one; with a LedgerError where
        neither takes it. After ``close`` it is written here and now, into a file that is left to whoever comes next."""
        entry, future = Entry(receipt, shown, once=True, calls=self._calls), Future[None]()
        with self._closing:
            if not self._closed:
                self._queue.put((entry, future))
                return future
        try:
            spool = Spool.own(self._folder, self._name)
            try:
                spool.add(*_lines([entry]))
            finally:
                spool.close()
        except OSError as error:
            logger.critical("the receipt %s is lost: the process is ending, and no disk takes it", receipt.receipt_id)
            future.set_exception(LedgerError(f"{self._folder}: {error.strerror}"))
        else:
            future.set_result(None)
        return future

    @property
    def waiting(self) -> bool:
        """Whether anything is to be stored."""
        return bool(self._memory or (self._own is not None and self._own.waiting) or any(s.waiting for s in self._adopted))

    @property
    def held(self) -> int:
        """How many receipts of this process wait, on disk and in memory."""
        own = self._own
        return len(self._memory) + (own.held if own is not None else 0)

    def adopt(self) -> None:
        """Take over what processes left that have died."""
        self._adopted += Spool.orphans(self._folder, self._name)

    def drain(self, store: Callable[[Sequence[Entry]], None]) -> None:
        """Hand over what waits, in batches, until nothing is left. What ``store`` raises ends it, and nothing is lost."""
        while self._memory:
            entries = [self._memory[at] for at in range(min(LEDGER_BATCH, len(self._memory)))]
            store(entries)
            for _ in entries:
                self._memory.popleft()
        for spool in [*([self._own] if self._own is not None else []), *self._adopted]:
            while spool.waiting:
                batch = spool.next(LEDGER_BATCH, self._reader(spool))
                if entries := [entry for entry in batch.lines if entry is not None]:
                    store(entries)
                spool.take_off(batch)
            self._texts.pop(spool, None)
        for spool in self._adopted:
            spool.close()
        self._adopted.clear()

    def end(self, seconds: float) -> bool:
        """Write down what waits, what memory holds included, within so many seconds; what no disk takes is told of, receipt by
        receipt. Return whether the thread that writes has ended."""
        with self._closing:
            if not self._closed:
                self._closed = True
                self._queue.put(None)
        self._thread.join(seconds)
        if self._thread.is_alive():
            _tell_lost(self._memory.copy())
            return False
        return True

    def close(self, seconds: float) -> None:
        """Write down what waits, and let go of the files; what is still in them is another process's to store."""
        if not self.end(seconds):
            return  # a disk hangs: a closed file's number may be another file's by the time that it goes on
        for spool in (self._own, *self._adopted):
            if spool is not None:
                spool.close()
        self._own = None
        self._adopted.clear()

    def left_to_parent(self) -> None:
        """Let go, in a child, of the files whose locks are the parent's."""
        for spool in (self._own, *self._adopted):
            if spool is not None:
                spool.drop()

    def _reader(self, spool: Spool) -> Callable[[dict[str, Any]], Entry | None]:
        texts = self._texts.setdefault(spool, {})

        def read(line: dict[str, Any]) -> Entry | None:
            if _SHOWN in line:
                shown = _shown_from(line[_SHOWN])
                texts[shown.digest] = shown
                return None
            receipt = receipt_from_plain(line[_RECEIPT])
            try:  # what no row can hold is found here, not with each attempt to store it
                row_from(asdict(row_of(receipt, "", 0, 0)))
            except LedgerError as error:
                raise ValueError(str(error)) from error
            named = (receipt.policy_digest, receipt.text_digest)
            held = [texts[digest] for digest in named if digest in texts]
            return Entry(receipt, held, once=True, calls=line.get(_CALLS) is True)

        return read

    def _run(self) -> None:
        over = False
        while not over:
            found = [self._queue.get()]
            while not self._queue.empty():
                found.append(self._queue.get())
            waiting = [item for item in found if item is not None]
            over = len(waiting) < len(found)
            if waiting:
                self._take(waiting)
        if held := self._memory.copy():
            try:  # it stays in memory, too: the ledger may be taking it at this very moment, and takes nothing twice
                self._put_on_disk(held)
            except OSError:
                _tell_lost(held)

    def _take(self, waiting: Sequence[tuple[Entry, Future[None]]]) -> None:
        kept, why = 0, LedgerError("neither disk nor memory takes it")
        try:
            kept = self._write([entry for entry, _ in waiting])
        except Exception as error:  # who waits is told; the thread outlives what nobody foresaw, for others will wait
            logger.exception("a fault while spooling receipts")
            why = LedgerError(f"{type(error).__name__}: {error}")
        self._added()
        for at, (entry, future) in enumerate(waiting):
            if at < kept:
                future.set_result(None)
                continue
            logger.critical("the receipt %s is lost: no disk, no ledger and no memory takes it", entry.receipt.receipt_id)
            future.set_exception(why)

    def _put_on_disk(self, entries: Sequence[Entry]) -> None:
        if self._own is None:
            self._own = Spool.own(self._folder, self._name)
        self._own.add(*_lines(entries))

    def _write(self, entries: Sequence[Entry]) -> int:
        """Put them on disk, or else into memory; return how many of them are now in either."""
        try:
            self._put_on_disk(entries)
            self._complained = False
            return len(entries)
        except OSError as error:
            if not self._complained:
                self._complained = True
                logger.error(
                    "receipts of refusals cannot be spooled in %s (%s): memory holds them until the ledger takes them; "
                    "set CONSENT_GUARD_STATE to a folder that can be written",
                    self._folder,
                    error.strerror,
                )
            taken = entries[: SPOOL_MEMORY - len(self._memory)]
            self._memory.extend(taken)
            return len(taken)


def _tell_lost(entries: Sequence[Entry]) -> None:
    for entry in entries:
        named = entry.receipt.receipt_id
        logger.critical("the process ends, and memory alone holds the receipt %s: neither disk nor ledger took it", named)


def _lines(entries: Sequence[Entry]) -> tuple[list[dict[str, Any]], list[tuple[str, dict[str, Any]]]]:
    """Return what a spool holds of them: their own lines, and by their digests those of the texts that they name."""
    shown = {text.digest: {_SHOWN: _plain_shown(text)} for entry in entries for text in entry.shown}
    lines = [{_RECEIPT: plain_receipt(entry.receipt), **({_CALLS: True} if entry.calls else {})} for entry in entries]
    return lines, list(shown.items())


def _plain_shown(shown: Shown) -> dict[str, Any]:
    return {"digest": shown.digest, "kind": shown.kind, "body": base64.b64encode(shown.body).decode("ascii")}


def _shown_from(plain: dict[str, Any]) -> Shown:
    body = base64.b64decode(plain["body"])
    if hashlib.sha256(body).hexdigest() != plain["digest"]:
        raise ValueError("not what it is the digest of")
    return Shown(plain["digest"], str(plain["kind"]), body)
