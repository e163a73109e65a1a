"""The ledger's tables: numbered steps that make them, and how they are read and written (DESIGN §10).

Every name starts with ``consent_guard_``; the steps that were taken stand in a table of their own, so that a host's Alembic
never sees them. A step is one SQL file per database below ``steps/``; a blank line ends a statement. Each step names the
version of the library that it needs. May import sqlalchemy. The store and the commands call it.
"""

from __future__ import annotations

import sqlite3
import time
from dataclasses import dataclass
from importlib.resources import files
from typing import Final

from sqlalchemy import BigInteger, Column, Connection, LargeBinary, MetaData, SmallInteger, Table, Text, inspect, select

from ..errors import LedgerVersionError
from ..version import __version__

metadata: Final = MetaData()
_text, _number, _bytes = Text(), BigInteger(), LargeBinary()

RECEIPTS: Final = Table(
    "consent_guard_receipts",
    metadata,
    Column("writer", _text, primary_key=True),
    Column("seq", _number, primary_key=True, autoincrement=False),
    Column("receipt_id", _text),
    Column("time", _number),
    Column("stored_at", _number),
    Column("act", _text),
    Column("grants", SmallInteger()),
    Column("means", _text),
    Column("answers", _text),
    Column("overrides", _text),
    Column("changed", _text),
    Column("revision", _number),
    Column("policy_digest", _bytes),
    Column("text_digest", _bytes),
    Column("language", _text),
    Column("note", _text),
    Column("library_version", _text),
    Column("chain", _bytes),
)
WRITERS: Final = Table(
    "consent_guard_writers", metadata, Column("writer", _text, primary_key=True), Column("started_at", _number)
)
"""Each writer, from its first receipt on."""
ENDED: Final = Table(
    "consent_guard_ended",
    metadata,
    Column("writer", _text, primary_key=True),
    Column("size", _number),
    Column("chain", _bytes),
    Column("statement", _number),
)
"""Writers that have ended, as the checkpoint ``statement`` folded them into its root."""
SHOWN: Final = Table(
    "consent_guard_shown",
    metadata,
    Column("digest", _bytes, primary_key=True),
    Column("kind", _text),
    Column("body", _bytes),
)
"""Texts and policies, once each."""
PURGED: Final = Table(
    "consent_guard_purged",
    metadata,
    Column("writer", _text, primary_key=True),
    Column("first_seq", _number, primary_key=True, autoincrement=False),
    Column("count", _number),
    Column("leaves", _bytes),
    Column("statement", _number),
)
"""What is left of purged receipts: the leaf hashes of each unbroken run of them, and the purge record that removed them."""
STATEMENTS: Final = Table(
    "consent_guard_statements",
    metadata,
    Column("seq", _number, primary_key=True, autoincrement=False),
    Column("kind", _text),
    Column("time", _number),
    Column("body", _text),
    Column("public_key", _bytes),
    Column("signature", _bytes),
)
"""What the ledger signs, chained: checkpoints, purges and changes of its key."""
STEPS: Final = Table(
    "consent_guard_ledger_steps",
    metadata,
    Column("step", _number, primary_key=True, autoincrement=False),
    Column("library", _text),
    Column("taken_at", _number),
)


@dataclass(frozen=True, slots=True)
class Step:
    """One numbered change of the tables."""

    number: int
    library: str
    """The first version of the library that knows it."""


LIBRARY_STEPS: Final = (Step(1, "0.1.0"),)


def check_schema(connection: Connection) -> None:
    """Raise LedgerVersionError unless the tables are those of this library."""
    taken = steps_taken(connection)
    newest = LIBRARY_STEPS[-1].number
    if not taken:
        raise LedgerVersionError("the ledger has no tables yet: run consent-guard ledger init as the database's owner")
    if max(taken) > newest:
        needed = taken[max(taken)]
        raise LedgerVersionError(
            f"the ledger is at step {max(taken)} and this is consent-guard-middleware {__version__}, which knows {newest}: "
            f"install version {needed} or later"
        )
    if max(taken) < newest:
        raise LedgerVersionError("the ledger's tables are an older version's: run consent-guard ledger init as their owner")


def steps_taken(connection: Connection) -> dict[int, str]:
    """Return the steps that this database has taken, each with the version of the library that it needs."""
    if not inspect(connection).has_table(STEPS.name):
        return {}
    return {int(row.step): str(row.library) for row in connection.execute(select(STEPS.c.step, STEPS.c.library))}


def prepare(connection: Connection) -> list[int]:
    """Take the steps that are left in a transaction of its own, and return them. Raises LedgerVersionError.

    A SQLite file gets its log of changes first: unlike a rollback journal, it lets readers read while somebody writes.
    """
    driver = connection.connection.driver_connection
    if isinstance(driver, sqlite3.Connection):
        driver.execute("PRAGMA journal_mode = WAL")
    with connection.begin():
        return take_steps(connection)


def take_steps(connection: Connection) -> list[int]:
    """Make the tables, or bring them up to this library, in the transaction at hand; return the steps that were taken now.

    Raises LedgerVersionError for a ledger that is newer than the library.
    """
    taken = steps_taken(connection)
    if taken and max(taken) > LIBRARY_STEPS[-1].number:
        check_schema(connection)
    if not taken:
        STEPS.create(connection, checkfirst=True)
    new = [step for step in LIBRARY_STEPS if step.number not in taken]
    for step in new:
        for statement in _statements(connection.dialect.name, step.number):
            connection.exec_driver_sql(statement)
        values = {"step": step.number, "library": step.library, "taken_at": int(time.time())}
        connection.execute(STEPS.insert().values(values))
    return [step.number for step in new]


def _statements(dialect: str, number: int) -> list[str]:
    text = (files(__package__) / "steps" / dialect / f"{number:04}.sql").read_text("utf-8")
    return [statement for part in text.split("\n\n") if (statement := part.strip())]
