"""Keeping an app's receipts: what stands between an answer of the engine's and its way to the visitor (DESIGN §10).

    reply = keeper.settle(exchange, exchange.answer(body))            # or await keeper.settle_async(...)

A grant leaves only once it is stored, else its 503 does. A refusal leaves once it is on disk; else it takes effect with a 503.
May import this package, the engine's exchange and the receipt. The transports and the Django middleware call it with every
answer of ours.
"""

from __future__ import annotations

import atexit
import inspect
import logging
import os
import threading
import weakref
from collections.abc import Callable, Generator
from concurrent.futures import Future
from contextlib import closing
from functools import partial
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from ..errors import Fault, LedgerError, PolicyError
from ..limits import LEDGER_POST_SECONDS
from ..wire.messages import StateWish
from .announcing import OnChoice
from .ledger import Ledger
from .probing import is_probe
from .waiting import wait, wait_async

if TYPE_CHECKING:
    from ..consent.receipt import Receipt
    from ..engine.exchange import Exchange
    from ..wire.messages import Reply
    from .process import Process
    from .rows import Row

logger: Final = logging.getLogger("consent_guard")
_GIVE_UP_SECONDS: Final = LEDGER_POST_SECONDS - 0.5
"""Then a grant that is not being committed is given up; one that is gets the rest of the time."""
_CLOSE_SECONDS: Final = 8.0
_FORK_SECONDS: Final = 5.0
"""How long a fork waits for an open transaction. None of SQLite's takes so long but where a disk hangs."""

_left_to_parents: list[object] = []
"""What a fork brought along: its connections and locks are another process's, and may not even be finalised here."""


class Wait(NamedTuple):
    """A future whose end an answer waits for, at most so many seconds."""

    future: Future[Any]
    seconds: float


class Keeper:
    """Stores one app's receipts. Made once, before any fork; each process opens the ledger for itself."""

    def __init__(self, ledger: Ledger, on_choice: OnChoice | None = None) -> None:
        """``on_choice`` is called with each Receipt once it is stored, at least once, in a thread of ours.

        Raises PolicyError for an ``on_choice`` that cannot be called so.
        """
        if on_choice is not None and (not callable(on_choice) or inspect.iscoroutinefunction(on_choice)):
            mend = "Give a plain function of the receipt; it is called in a thread"
            raise PolicyError([Fault("on_choice", "this is no plain callable", mend)], "options")
        self.ledger = ledger
        self._on_choice = on_choice
        self._process: Process | None = None
        self._lock = threading.Lock()
        self._closed_at_exit_of = 0
        self._forking = threading.local()
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(
                before=partial(_with, weakref.ref(self), Keeper._before_fork),
                after_in_parent=partial(_with, weakref.ref(self), Keeper._after_fork),
                after_in_child=partial(_with, weakref.ref(self), Keeper._left_to_parent),
            )

    def start(self) -> None:
        """Begin to store what earlier processes left in the spool. Costs nothing where it has begun. A tool's own request
        begins nothing."""
        if is_probe():
            return
        process = self._process
        if process is None or process.pid != os.getpid():
            self._here()

    def settle(self, exchange: Exchange, reply: Reply) -> Reply:
        """Return what may leave: ``reply`` where its receipt is safe, else the 503 in its place."""
        with closing(self._steps(exchange, reply)) as steps:
            step = next(steps)
            while isinstance(step, Wait):
                wait(step.future, step.seconds)
                step = next(steps)
            return step

    async def settle_async(self, exchange: Exchange, reply: Reply) -> Reply:
        """The same, from an event loop."""
        with closing(self._steps(exchange, reply)) as steps:
            step = next(steps)
            while isinstance(step, Wait):
                await wait_async(step.future, step.seconds)
                step = next(steps)
            return step

    def _steps(self, exchange: Exchange, reply: Reply) -> Generator[Wait | Reply]:
        """Yield what is to be waited for, and at last what may leave."""
        receipt, wish = reply.receipt, reply.wish
        if (receipt is None and wish is None) or is_probe():
            yield reply
            return
        process = self._here()
        if isinstance(wish, StateWish):
            there, seconds = process.ask_whether_there()
            yield Wait(there, seconds)
            yield exchange.with_state(process.state(there))
        elif receipt is None:
            asked = process.ask(wish.receipt_id) if wish is not None and wish.receipt_id is not None else None
            if asked is not None:
                yield Wait(asked, LEDGER_POST_SECONDS)
            yield self._found(exchange, asked)
        elif not receipt.grants:
            kept = process.refuse(receipt, exchange.shown())
            yield Wait(kept, LEDGER_POST_SECONDS)
            yield self._refused(exchange, reply, receipt, kept)
        else:
            grant = process.grant(receipt, exchange.shown())
            try:
                yield Wait(grant.future, _GIVE_UP_SECONDS)
                if not grant.future.done() and not process.abandon(grant):
                    yield Wait(grant.future, LEDGER_POST_SECONDS - _GIVE_UP_SECONDS)
            except BaseException:  # the visitor has left, and gets no cookie
                process.abandon(grant)
                raise
            yield reply if process.is_stored(grant) else exchange.unstored()

    def close(self) -> None:
        """Store what waits, make a checkpoint, and let go of the ledger: the process is about to end. The next choice opens it
        again."""
        with self._lock:
            process, self._process = self._process, None
        if process is not None and process.pid == os.getpid():
            process.close(_CLOSE_SECONDS)

    async def close_async(self) -> None:
        """The same, from an event loop that is about to end."""
        closed: Future[None] = Future()

        def close() -> None:
            try:
                self.close()
            finally:
                closed.set_result(None)

        threading.Thread(target=close, name="consent_guard close", daemon=True).start()
        await wait_async(closed, _CLOSE_SECONDS)

    def _found(self, exchange: Exchange, asked: Future[Row | None] | None) -> Reply:
        """Return the answer to a visitor's wish: their receipt, signed, or without a question the public key."""
        from .copies import signed_copy
        from .keys import public_pem

        try:
            key = self.ledger.signing_key()
            if asked is None:
                return exchange.found(public_pem(key.public).encode("ascii"))
            if not asked.done():
                return exchange.unstored()
            row = asked.result()
        except LedgerError:  # the log has it
            return exchange.unstored()
        return exchange.found(signed_copy(row, key) if row is not None else None)

    def _refused(self, exchange: Exchange, reply: Reply, receipt: Receipt, kept: Future[None]) -> Reply:
        """Return the answer to a refusal, which holds in any case: that its proof is kept is only said where it is."""
        if kept.done():
            return reply if kept.exception() is None else exchange.unstored()
        seconds, named = LEDGER_POST_SECONDS, receipt.receipt_id
        logger.critical("the receipt %s of a refusal is not on disk after %.0f seconds, as its visitor is told", named, seconds)
        return exchange.unstored()

    def _here(self) -> Process:
        with self._lock:
            process = self._process
            if process is None or process.pid != os.getpid():
                from .process import Process

                process = self._process = Process(self.ledger, self._on_choice)
                if self._closed_at_exit_of != process.pid:
                    self._closed_at_exit_of = process.pid
                    atexit.register(_with, weakref.ref(self), Keeper.close)
            return process

    def _before_fork(self) -> None:
        """SQLite knows in memory who holds a file's locks: a child that inherits a transaction would be locked out for good."""
        process = self._process
        paused = process is not None and process.pid == os.getpid() and process.pause(_FORK_SECONDS)
        self._forking.paused = process if paused else None

    def _after_fork(self) -> None:
        paused: Process | None = self._forking.paused
        if paused is not None:
            paused.resume()

    def _left_to_parent(self) -> None:
        """This is a child of the process that opened the ledger: it opens its own, and touches nothing of the parent's."""
        self._lock, self._forking = threading.Lock(), threading.local()
        process, self._process = self._process, None
        if process is not None:
            process.left_to_parent()
            _left_to_parents.append(process)


def _with(keeper: weakref.ref[Keeper], do: Callable[[Keeper], None]) -> None:
    found = keeper()
    if found is not None:
        do(found)
