"""The ledger's work in one process: a thread that owns the connection, and stores what requests hand it.

Grants wait in memory for the commit that many of them share; refusals lie in the spool already. After a failure the thread
tries again and again; once the store has been down for longer than a post may wait, a grant gets one attempt and no more. May
import this package. The keeper makes one per process, after fork.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future
from typing import Final

from ..consent.receipt import Receipt, Shown
from ..errors import LedgerError
from ..limits import (
    CHECKPOINT_SECONDS,
    LEDGER_ASK_SECONDS,
    LEDGER_ASKED_SECONDS,
    LEDGER_BATCH,
    LEDGER_FAILING_SECONDS,
    LEDGER_POST_SECONDS,
    LEDGER_RETRY_SECONDS,
)
from ..wire.messages import LedgerState
from .announcing import Announcer, Call, OnChoice, left_to_others
from .ledger import Ledger
from .rows import Row
from .spooling import Spooler
from .store import Entry, Store, Withdrawn

logger: Final = logging.getLogger("consent_guard")

_AGAIN_SECONDS: Final = 0.2
"""Between two attempts while grants wait."""
_ADOPT_SECONDS: Final = 5.0
_SPOOL_SECONDS: Final = 1.0
"""How long the end of a process waits for its disk."""
_COMPLAIN_SECONDS: Final = 60.0
"""A store that stays down is told of again after so long."""


class Grant:
    """A grant whose visitor is waiting for it to be stored."""

    __slots__ = ("abandoned", "committing", "due", "entry", "future", "late")

    def __init__(self, receipt: Receipt, shown: Sequence[Shown]) -> None:
        self.entry = Entry(receipt, shown)
        self.future: Future[None] = Future()
        """Ends when it is stored; with a LedgerError when it is not."""
        self.abandoned = False
        """Its visitor waits no more; it is not to be stored."""
        self.committing = False
        self.late = False
        """Its visitor was answered with 503 while it was being committed."""
        self.due: Call | None = None
        """The call of on_choice that it is due, once it is stored."""

    @property
    def given_up(self) -> bool:
        """Whether its visitor was answered without it."""
        return self.abandoned or self.late


class Process:
    """One process's part in a ledger. Any thread may call; nothing blocks longer than it takes to hand something over."""

    def __init__(self, ledger: Ledger, on_choice: OnChoice | None) -> None:
        self.pid = os.getpid()
        self._store = Store(ledger.address, ledger.signing_key)
        self._in_file = ledger.address.file is not None
        self._storing = threading.Lock()
        """Held while a transaction may be open."""
        self._state = ledger.folder, ledger.address.name
        self._spooler = Spooler(*self._state, self._nudge, calls=on_choice is not None)
        self._announcer = Announcer(on_choice, *self._state) if on_choice is not None else None
        self._wake = threading.Condition()
        self._grants: deque[Grant] = deque()
        self._questions: deque[tuple[str, Future[Row | None]]] = deque()
        self._nudged = False
        self._stopping = False
        self._asked: Future[None] | None = None
        self._asked_at = 0.0
        self._stored_count = 0
        self._failures = 0
        self._failed_at: float | None = None
        self._down_since: float | None = None
        self._complained_at = 0.0
        self._retry_at = 0.0
        self._adopt_at = 0.0
        self._checkpoint_at = 0.0
        self._thread = threading.Thread(target=self._run, name="consent_guard ledger", daemon=True)
        self._thread.start()

    # What requests call.

    def grant(self, receipt: Receipt, shown: Sequence[Shown]) -> Grant:
        """Hand over a grant. One that comes as the process ends is not stored."""
        waiting = Grant(receipt, shown)
        with self._wake:
            if self._stopping:
                waiting.future.set_exception(_ending())
            else:
                self._grants.append(waiting)
                self._wake.notify()
        return waiting

    def refuse(self, receipt: Receipt, shown: Sequence[Shown]) -> Future[None]:
        """Hand over a refusal or a withdrawal; the future ends when it is on disk, or with a LedgerError."""
        return self._spooler.add(receipt, shown)

    def ask(self, receipt_id: str) -> Future[Row | None]:
        """Ask for a stored receipt."""
        future: Future[Row | None] = Future()
        with self._wake:
            if self._stopping:
                future.set_exception(_ending())
            else:
                self._questions.append((receipt_id, future))
                self._wake.notify()
        return future

    def ask_whether_there(self) -> tuple[Future[None], float]:
        """Ask the ledger whether it is there. Return the future of its answer, and how many seconds that is worth waiting for.

        One question serves all who ask within some seconds, or until it is answered, so that nobody can burden the ledger with
        them, nor a ledger that hangs hold up more than the first who ask.
        """
        moment = time.monotonic()
        with self._wake:
            age = moment - self._asked_at
            if self._asked is None or (age >= LEDGER_ASKED_SECONDS and self._asked.done()):
                self._asked, self._asked_at, age = Future(), moment, 0.0
                if self._stopping:
                    self._asked.set_exception(_ending())
                else:
                    self._nudged = True
                    self._wake.notify()
            return self._asked, max(0.0, LEDGER_ASK_SECONDS - age)

    def state(self, asked: Future[None]) -> LedgerState:
        """Return how the ledger does, by what has come of that question and of what was stored."""
        failed_at = self._failed_at
        return LedgerState(
            reachable=asked.done() and asked.exception() is None,
            storing=failed_at is None or time.monotonic() - failed_at > LEDGER_FAILING_SECONDS,
            spooled=self._spooler.held,
            stored=self._stored_count,
            failures=self._failures,
        )

    def abandon(self, grant: Grant) -> bool:
        """Give a grant up, whose visitor has waited long enough. False where it is being committed at this very moment."""
        with self._wake:
            grant.abandoned = not grant.committing
            return grant.abandoned

    def is_stored(self, grant: Grant) -> bool:
        """Tell whether a grant was stored in time. No later outcome counts."""
        with self._wake:
            grant.late = not grant.future.done()
            return not grant.late and not grant.abandoned and grant.future.exception() is None

    def pause(self, seconds: float) -> bool:
        """Begin no transaction of a SQLite file until ``resume``. Waits at most so long for the one that is open; False: it
        still is, or there is no such file."""
        return self._in_file and self._storing.acquire(timeout=seconds)

    def resume(self) -> None:
        """End what ``pause`` began; only where that returned True."""
        self._storing.release()

    def left_to_parent(self) -> None:
        """Let go, in a child, of the files whose locks are the parent's."""
        self._spooler.left_to_parent()
        if self._announcer is not None:
            self._announcer.left_to_parent()

    def close(self, seconds: float) -> None:
        """Store what waits, as far as that goes within so many seconds, and make a checkpoint."""
        with self._wake:
            self._stopping = True
            self._wake.notify()
        self._thread.join(seconds - _SPOOL_SECONDS)
        if self._thread.is_alive():  # the store hangs
            self._spooler.end(_SPOOL_SECONDS)

    # The thread.

    def _nudge(self) -> None:
        with self._wake:
            self._nudged = True
            self._wake.notify()

    def _run(self) -> None:
        while True:
            with self._wake:
                if not (self._grants or self._questions or self._nudged or self._stopping):
                    self._wake.wait(self._pause())
                self._nudged = False
                stopping = self._stopping
            try:
                self._turn(stopping)
            except Exception:  # the thread is the only one that stores: it outlives what nobody foresaw
                logger.exception("a fault while storing receipts")
                time.sleep(_AGAIN_SECONDS)
            if stopping and not self._grants:
                self._spooler.close(_SPOOL_SECONDS)
                with self._storing:
                    self._store.close()
                if self._announcer is not None:
                    self._announcer.close(LEDGER_POST_SECONDS)
                return

    def _pause(self) -> float:
        moment = time.monotonic()
        if self._spooler.waiting:
            return max(0.0, self._retry_at - moment)
        return min(1.0, max(0.0, self._adopt_at - moment))

    def _turn(self, stopping: bool) -> None:
        """One round of work: questions and grants first, for somebody waits for them."""
        self._answer()
        if self._grants:
            self._store_grants()
        moment = time.monotonic()
        if moment < self._retry_at and not stopping:
            return
        if moment >= self._adopt_at and not stopping:
            self._adopt_at = moment + _ADOPT_SECONDS
            self._spooler.adopt()
            if self._announcer is not None:
                self._attempt(self._left_behind)
        if self._spooler.waiting:
            self._attempt(lambda: self._spooler.drain(self._store_refusals))
        if not self._grants and (stopping or moment >= self._checkpoint_at):
            self._checkpoint(due=not stopping)

    def _checkpoint(self, *, due: bool) -> None:
        """Sign a checkpoint where one is due. One that fails holds up no receipt."""
        try:
            with self._storing:
                self._store.checkpoint(due=due)
        except LedgerError as error:
            logger.error("a checkpoint cannot be signed; receipts are stored all the same: %s", error)
            self._checkpoint_at = time.monotonic() + CHECKPOINT_SECONDS

    def _attempt(self, work: Callable[[], None]) -> None:
        try:
            work()
        except LedgerError as error:
            self._failed(error)
        except OSError as error:
            logger.error("the ledger's state folder: %s", error)
            self._retry_at = self._count_failure() + LEDGER_RETRY_SECONDS
        except Exception:  # nobody foresaw it; what else is due, a checkpoint not least, is not to wait for its mend
            logger.exception("a fault while storing receipts")
            self._retry_at = self._count_failure() + LEDGER_RETRY_SECONDS

    def _answer(self) -> None:
        self._answer_whether_there()
        while self._questions:
            receipt_id, future = self._questions.popleft()
            try:
                future.set_result(self._stored(receipt_id))
            except LedgerError as error:
                self._failed(error)
                future.set_exception(error)

    def _answer_whether_there(self) -> None:
        """What comes of it says nothing of how receipts fare: a ledger that can be read may take none."""
        asked = self._asked
        if asked is None or asked.done():
            return
        try:
            self._stored("")
        except LedgerError as error:
            asked.set_exception(error)
        except Exception as error:
            asked.set_exception(LedgerError(f"{type(error).__name__}: {error}"))
            raise
        else:
            asked.set_result(None)

    def _store_grants(self) -> None:
        with self._wake:
            given_up = [grant for grant in self._grants if grant.given_up]
            for grant in given_up:
                self._grants.remove(grant)
            batch = [self._grants.popleft() for _ in range(min(LEDGER_BATCH, len(self._grants)))]
        self._drop(given_up)
        if not batch:
            return
        if self._announcer is not None and (new := [grant for grant in batch if grant.due is None]):
            for grant, due in zip(new, self._announcer.expect([grant.entry.receipt for grant in new]), strict=True):
                grant.due = due

        def may_commit() -> bool:
            with self._wake:
                if any(grant.given_up for grant in batch):
                    return False
                for grant in batch:
                    grant.committing = True
                return True

        try:
            with self._storing:
                new_ones = self._store.append([grant.entry for grant in batch], may_commit=may_commit)
        except Withdrawn:
            with self._wake:
                self._grants.extendleft(reversed(batch))
        except LedgerError as error:
            self._grants_failed(batch, error)
        except Exception as error:
            self._grants_failed(batch, LedgerError(f"{type(error).__name__}: {error}"))
            raise
        else:
            self._works(len(new_ones))
            with self._wake:
                for grant in batch:
                    grant.future.set_result(None)
                late = [grant for grant in batch if grant.late]
            if late:
                ids = ", ".join(grant.entry.receipt.receipt_id for grant in late)
                logger.warning("receipts of grants were stored after their visitors had been answered with 503: %s", ids)
            if self._announcer is not None:
                self._announcer.not_stored(_due(late))
                self._announcer.stored(_due(grant for grant in batch if not grant.late))

    def _grants_failed(self, batch: Sequence[Grant], error: LedgerError) -> None:
        moment = time.monotonic()
        since = self._down_since if self._down_since is not None else moment
        self._failed(error)
        lasting = moment - since > LEDGER_POST_SECONDS or self._stopping
        over: list[Grant] = []
        with self._wake:
            for grant in reversed(batch):
                grant.committing = False
                grant.entry = Entry(grant.entry.receipt, grant.entry.shown, once=True)
                if lasting or grant.given_up:
                    over.append(grant)
                else:
                    self._grants.appendleft(grant)
        for grant in over:
            grant.future.set_exception(error)
        self._drop(over, told=True)
        if not lasting:
            time.sleep(_AGAIN_SECONDS)

    def _drop(self, grants: Sequence[Grant], *, told: bool = False) -> None:
        for grant in grants:
            if not told:
                grant.future.set_exception(LedgerError("nobody waits for it any more"))
        if self._announcer is not None:
            self._announcer.not_stored(_due(grants))

    def _store_refusals(self, entries: Sequence[Entry]) -> None:
        if self._announcer is None:
            with left_to_others(*self._state, entries), self._storing:
                stored = self._store.append(entries)
        else:
            due = self._announcer.expect([entry.receipt for entry in entries])
            try:
                with self._storing:
                    stored = self._store.append(entries)
            except BaseException:
                self._announcer.not_stored(due)
                raise
            # Also for one that was stored before: its process may have died before the call.
            self._announcer.stored(due)
        self._works(len(stored))

    def _left_behind(self) -> None:
        if self._announcer is not None:
            self._announcer.left_behind(lambda receipt_id: self._stored(receipt_id) is not None)

    def _stored(self, receipt_id: str) -> Row | None:
        with self._storing:
            return self._store.stored(receipt_id)

    def _works(self, stored: int) -> None:
        self._stored_count += stored
        self._failed_at = None
        if self._down_since is not None:
            logger.info("the ledger takes receipts again, after %.0f seconds", time.monotonic() - self._down_since)
            self._down_since = None
        self._retry_at = 0.0

    def _failed(self, error: LedgerError) -> None:
        moment = self._count_failure()
        if self._down_since is None:
            self._down_since, self._complained_at = moment, -_COMPLAIN_SECONDS
        if moment - self._complained_at >= _COMPLAIN_SECONDS:
            self._complained_at = moment
            logger.error("receipts cannot be stored, so that grants are answered with 503: %s", error)
        self._retry_at = moment + LEDGER_RETRY_SECONDS

    def _count_failure(self) -> float:
        """Count a failed attempt, and return the moment of it."""
        self._failed_at = moment = time.monotonic()
        self._failures += 1
        return moment


def _due(grants: Iterable[Grant]) -> list[Call]:
    return [grant.due for grant in grants if grant.due is not None]


def _ending() -> LedgerError:
    return LedgerError("the process is ending")
