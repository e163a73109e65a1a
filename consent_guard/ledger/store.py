"""The store of one process: its connection, its chain, its checkpoints. Called by one thread at a time.

A chain's end is known only as long as nothing failed: after any error the process starts another chain, so that it never has to
guess what a broken commit left behind. May import sqlalchemy and the rest of this package. The keeper owns one.
"""

from __future__ import annotations

import logging
import secrets
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection, select
from sqlalchemy.dialects import postgresql

from ..consent.receipt import Receipt, Shown
from ..errors import LedgerError
from ..limits import CHECKPOINT_RECEIPTS, CHECKPOINT_SECONDS, WRITER_IDLE_SECONDS
from .address import Address
from .chains import Head, new_head
from .checkpoints import covers, has_ended, make_checkpoint
from .connecting import bound, engine_of, in_words
from .keys import SigningKey
from .rows import COLUMNS, Row, chained, receipt_of, row_from, row_of
from .schema import RECEIPTS, SHOWN, WRITERS, check_schema, prepare
from .statements import CHECKPOINT, vouched_statement

logger: Final = logging.getLogger("consent_guard")
_WRITER_BYTES: Final = 8


@dataclass(frozen=True, slots=True)
class Entry:
    """One receipt to be stored, and what it names by digest."""

    receipt: Receipt
    shown: Sequence[Shown]
    once: bool = False
    """It may be stored already: it comes from a spool, or after a commit whose outcome is not known."""
    calls: bool = False
    """The app that recorded it has an ``on_choice``."""


class Withdrawn(Exception):
    """The caller of ``append`` no longer wants what is about to be committed."""


class Store:
    """What one process writes into a ledger. Not for several threads at once, and not across a fork."""

    def __init__(self, address: Address, key: Callable[[], SigningKey], wall: Callable[[], float] = time.time) -> None:
        """``key`` returns the signing key, which a checkpoint asks for; ``wall`` returns Unix seconds."""
        self._address = address
        self._key = key
        self._wall = wall
        self._engine = engine_of(address, create=True)
        self._connection: Connection | None = None
        self._head: Head | None = None
        self._stored_at = 0.0
        self._known_shown: set[str] = set()
        self._uncovered = 0
        self._uncovered_since = 0.0

    @property
    def writer(self) -> str | None:
        """The writer whose chain this process continues; None before its first receipt, and after an error."""
        return self._head.writer if self._head is not None else None

    def append(self, entries: Sequence[Entry], *, may_commit: Callable[[], bool] = lambda: True) -> list[str]:
        """Store receipts with one commit and return the ids of those that were not stored before.

        ``may_commit`` is asked when all is written and only the commit is left. Raises LedgerError where nothing is known to be
        stored, Withdrawn where ``may_commit`` said no: then nothing is.
        """
        now = self._wall()
        if self._head is not None and now - self._stored_at > WRITER_IDLE_SECONDS:
            self._head = None
        head = self._head or _another_chain()
        with self._transaction() as connection:
            wanted = _not_stored(connection, entries)
            if wanted:
                self._keep_shown(connection, wanted)
                head = self._write(connection, wanted, head, int(now))
            if not may_commit():
                raise Withdrawn  # rolled back, and nothing is in doubt
        if wanted:
            self._head, self._stored_at = head, now
            self._known_shown.update(shown.digest for entry in wanted for shown in entry.shown)
            if not self._uncovered:
                self._uncovered_since = now
            self._uncovered += len(wanted)
        return [entry.receipt.receipt_id for entry in wanted]

    def stored(self, receipt_id: str) -> Row | None:
        """Return a stored receipt, or None; None too for one that was altered until it cannot be read. Raises LedgerError."""
        with self._transaction() as connection:
            query = select(RECEIPTS).where(RECEIPTS.c.receipt_id == receipt_id)
            found = connection.execute(query).mappings().first()
        if found is None:
            return None
        try:
            row = row_from(found)
            receipt_of(row)
        except LedgerError as error:
            logger.error("a receipt that was asked for is not given out: %s", error)
            return None
        return row

    def checkpoint_due(self) -> bool:
        """Tell whether receipts of this process have been without a checkpoint for long enough."""
        if not self._uncovered:
            return False
        return self._uncovered >= CHECKPOINT_RECEIPTS or self._wall() - self._uncovered_since >= CHECKPOINT_SECONDS

    def checkpoint(self, *, due: bool = False) -> None:
        """Make a checkpoint, unless another process's covers all that this one has stored. Raises LedgerError.

        ``due``: only where one is due.
        """
        if not self._uncovered or (due and not self.checkpoint_due()):
            return
        key = self._key()
        with self._transaction() as connection:
            newest = vouched_statement(connection, key, CHECKPOINT)
            if self._head is None or not covers(newest, self._head):
                make_checkpoint(connection, key, now=self._wall())
        self._uncovered = 0

    def close(self) -> None:
        """Close the connection. What was stored stays."""
        self._forget()

    @contextmanager
    def _transaction(self) -> Iterator[Connection]:
        """Open a transaction. A connection in which anything failed but a withdrawal is not used again."""
        with in_words(self._address):
            try:
                connection = self._open()
                with connection.begin():
                    bound(connection)
                    yield connection
            except Withdrawn:
                raise
            except BaseException:
                self._forget()
                raise

    def _open(self) -> Connection:
        if self._connection is None:
            with ExitStack() as unless_ready:
                connection = self._engine.connect().execution_options(writes=True)
                unless_ready.callback(connection.close)
                if self._address.file is not None:
                    prepare(connection)  # a file gets its tables with its first use
                else:
                    with connection.begin():
                        bound(connection)
                        check_schema(connection)
                unless_ready.pop_all()
            self._connection = connection
        return self._connection

    def _keep_shown(self, connection: Connection, entries: Iterable[Entry]) -> None:
        new = {shown.digest: shown for entry in entries for shown in entry.shown if shown.digest not in self._known_shown}
        for shown in new.values():
            values = {"digest": bytes.fromhex(shown.digest), "kind": shown.kind, "body": shown.body}
            if connection.dialect.name == "postgresql":
                connection.execute(postgresql.insert(SHOWN).values(values).on_conflict_do_nothing())
            elif connection.execute(select(SHOWN.c.kind).where(SHOWN.c.digest == values["digest"])).first() is None:
                connection.execute(SHOWN.insert().values(values))  # nobody else writes meanwhile: the transaction is immediate

    def _write(self, connection: Connection, entries: Sequence[Entry], head: Head, now: int) -> Head:
        if head.size and has_ended(connection, head.writer):
            head = _another_chain()
        if head.size == 0:
            connection.execute(WRITERS.insert().values(writer=head.writer, started_at=now))
        size, chain = head.size, head.chain
        values = []
        for entry in entries:
            size += 1
            row = row_of(entry.receipt, head.writer, size, now)
            chain = chained(chain, row.leaf)
            values.append({**{name: getattr(row, name) for name in COLUMNS}, "chain": chain})
        connection.execute(RECEIPTS.insert(), values)
        return Head(head.writer, size, chain)

    def _forget(self) -> None:
        """After an error nothing of the connection or the chain is taken for known."""
        self._head = None
        self._known_shown.clear()
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.invalidate()
            connection.close()


def _another_chain() -> Head:
    return new_head(secrets.token_hex(_WRITER_BYTES))


def _not_stored(connection: Connection, entries: Sequence[Entry]) -> list[Entry]:
    """Return the entries without those that the ledger holds already, and each once."""
    doubtful = [entry.receipt.receipt_id for entry in entries if entry.once]
    held: set[str] = set()
    if doubtful:
        held = set(connection.execute(select(RECEIPTS.c.receipt_id).where(RECEIPTS.c.receipt_id.in_(doubtful))).scalars())
    unique: dict[str, Entry] = {}
    for entry in entries:
        if entry.receipt.receipt_id not in held:
            unique.setdefault(entry.receipt.receipt_id, entry)
    return list(unique.values())
