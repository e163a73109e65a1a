"""Purging receipts that are past their retention: their leaf hashes stay, and a signed record says how many went (L28).

In a SQLite file nothing of them stays in any byte afterwards. May import sqlalchemy and this package. ``receipts purge`` calls
it, as the database's owner.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Sequence
from typing import Final

from sqlalchemy import Connection, and_, func, or_, select, text
from sqlalchemy.exc import DBAPIError

from ..errors import LedgerError
from .checkpoints import make_checkpoint
from .connecting import reason
from .keys import SigningKey
from .rows import canonical, row_from
from .schema import PURGED, RECEIPTS
from .statements import PURGE, append_statement, lock_statements

BATCH: Final = 5000
_TRIES: Final = 30
_PAUSE_SECONDS: Final = 1.0
_DELETE_TRIGGER: Final = "consent_guard_receipts_delete"
Run = tuple[str, int, int, bytes]
"""Writer, first row, how many, their leaf hashes."""


def to_purge(connection: Connection, before: int) -> int:
    """Return how many receipts are of a time before ``before``, in Unix seconds."""
    query = select(func.count()).select_from(RECEIPTS).where(RECEIPTS.c.time < before)
    return int(connection.execute(query).scalar_one())


def purge(connection: Connection, key: SigningKey, before: int, tick: Callable[[int], object] = lambda count: None) -> int:
    """Remove the receipts of a time before ``before`` (Unix seconds) and return how many went.

    Batch by batch, each with its own signed record, so that a purge that is broken off leaves a ledger that verifies. A
    checkpoint comes first: what was there stays vouched for.
    """
    with connection.begin():
        make_checkpoint(connection, key)
    total = 0
    while True:
        with connection.begin():
            lock_statements(connection)
            count = purge_batch(connection, key, before)
        total += count
        tick(count)
        if count < BATCH:
            break
    if connection.dialect.name == "sqlite":
        _scrub(connection)
    return total


def run_digest(runs: Sequence[Run]) -> str:
    """Return the digest of what a purge left behind, as its record signs it."""
    listed = [[writer, first, count, hashlib.sha256(leaves).hexdigest()] for writer, first, count, leaves in sorted(runs)]
    return hashlib.sha256(canonical(listed)).hexdigest()


def purge_batch(connection: Connection, key: SigningKey, before: int) -> int:
    """Remove one batch in the transaction at hand, and return how many receipts it was."""
    query = select(RECEIPTS).where(RECEIPTS.c.time < before).order_by(RECEIPTS.c.writer, RECEIPTS.c.seq).limit(BATCH)
    rows = [row_from(found) for found in connection.execute(query).mappings()]
    if not rows:
        return 0
    runs: list[Run] = []
    for row in rows:
        if runs and runs[-1][0] == row.writer and runs[-1][1] + runs[-1][2] == row.seq:
            writer, first, count, leaves = runs[-1]
            runs[-1] = (writer, first, count + 1, leaves + row.leaf)
        else:
            runs.append((row.writer, row.seq, 1, row.leaf))
    value = {"count": len(rows), "before": before, "runs": run_digest(runs)}
    made = append_statement(connection, key, PURGE, value)
    columns = ("writer", "first_seq", "count", "leaves")
    connection.execute(PURGED.insert(), [{**dict(zip(columns, run, strict=True)), "statement": made.seq} for run in runs])
    ranges = [
        and_(RECEIPTS.c.writer == writer, RECEIPTS.c.seq >= first, RECEIPTS.c.seq < first + count)
        for writer, first, count, _ in runs
    ]
    with _Allowed(connection):
        for at in range(0, len(ranges), 100):
            connection.execute(RECEIPTS.delete().where(or_(*ranges[at : at + 100])))
    return len(rows)


class _Allowed:
    """Within a transaction: the one way past the trigger that refuses to delete receipts."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._trigger = ""

    def __enter__(self) -> None:
        if self._connection.dialect.name == "postgresql":
            self._connection.execute(text("SELECT set_config('consent_guard.purging', 'on', true)"))
            return
        query = text("SELECT sql FROM sqlite_master WHERE type = 'trigger' AND name = :name")
        self._trigger = str(self._connection.execute(query, {"name": _DELETE_TRIGGER}).scalar_one())
        self._connection.exec_driver_sql("PRAGMA secure_delete = ON")
        self._connection.exec_driver_sql(f"DROP TRIGGER {_DELETE_TRIGGER}")

    def __exit__(self, *raised: object) -> None:
        if self._connection.dialect.name == "postgresql":
            self._connection.execute(text("SELECT set_config('consent_guard.purging', 'off', true)"))
        elif raised[0] is None:  # else the whole transaction is undone
            self._connection.exec_driver_sql(self._trigger)


def _scrub(connection: Connection) -> None:
    """Leave nothing of what was purged in a SQLite file: neither in its free space nor in its log of changes.

    Raises LedgerError where an app keeps the file so busy that its log cannot be emptied; it can be tried again.
    """
    driver = connection.connection.driver_connection
    if driver is None:
        raise LedgerError("the connection is closed")
    told = ""
    for attempt in range(_TRIES):
        if attempt:
            time.sleep(_PAUSE_SECONDS)
        try:
            driver.execute("VACUUM")
            busy, _, _ = driver.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
            if not busy:
                return
            told = "another process reads it"
        except Exception as error:
            if not isinstance(error, (DBAPIError, driver_errors())):
                raise
            told = reason(error)
    raise LedgerError(
        f"the receipts are purged, but their bytes may still stand in the file's free space or its -wal file ({told}): "
        "run the purge again when the app is less busy"
    )


def driver_errors() -> type[Exception]:
    """Return what SQLite's driver raises."""
    import sqlite3

    return sqlite3.Error


def purged_so_far(connection: Connection) -> int:
    """Return how many receipts earlier purges removed."""
    return int(connection.execute(select(func.coalesce(func.sum(PURGED.c.count), 0))).scalar_one())
