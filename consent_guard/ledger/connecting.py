"""Connections to a ledger, each bounded in time, and errors in words.

An engine belongs to one process: it is made after fork. SQLite writes with a write-ahead log, flushed at each commit;
PostgreSQL is bounded by timeouts of libpq and of each transaction, so that a cut network ends a statement instead of hanging.
May import sqlalchemy and the drivers. The store and the commands call it.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final
from urllib.parse import quote

from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.pool import NullPool

from ..errors import LedgerError
from ..limits import LEDGER_CONNECT_SECONDS, LEDGER_STATEMENT_SECONDS
from .address import Address

_MILLISECONDS: Final = 1000
_BUSY_SECONDS: Final = 1.0
"""How long one attempt waits for another writer of the same SQLite file. The store tries again within the time of a post."""
_BOUNDED: Final = text(
    "SELECT set_config('statement_timeout', :ms, true), set_config('lock_timeout', :ms, true),"
    " CASE WHEN current_setting('synchronous_commit') = 'off' THEN set_config('synchronous_commit', 'on', true) END"
)
"""For one transaction. A commit that a crash of the server may undo would be no proof."""


def engine_of(address: Address, *, create: bool = False, patient: bool = False) -> Engine:
    """Return an engine for this process.

    ``create`` lets a SQLite file be made; without it a missing file is an error. ``patient`` waits for other writers as long as
    a command may, not as a visitor's post.
    """
    if address.file is not None:
        return _sqlite(address, create, patient)
    connect = {
        "connect_timeout": LEDGER_CONNECT_SECONDS,
        "tcp_user_timeout": int(LEDGER_STATEMENT_SECONDS * _MILLISECONDS),
        "keepalives_idle": 2,
        "keepalives_interval": 1,
        "keepalives_count": 2,
        "application_name": "consent_guard",
        "prepare_threshold": None,  # poolers between us and the server share connections from transaction to transaction
    }
    given = {name: value for name, value in connect.items() if name not in address.url.query}
    # Whoever waited for a lock reads what the one before it committed, whatever the server's default is.
    return create_engine(address.url, poolclass=NullPool, connect_args=given, isolation_level="READ COMMITTED")


def _sqlite(address: Address, create: bool, patient: bool) -> Engine:
    mode = "rwc" if create else "rw"
    uri = f"file:{quote(str(address.file))}?mode={mode}"
    wait = 60.0 if patient else _BUSY_SECONDS

    def connect() -> sqlite3.Connection:
        made = sqlite3.connect(uri, uri=True, timeout=wait, isolation_level=None, check_same_thread=False)
        made.execute("PRAGMA synchronous = FULL")
        return made

    engine = create_engine("sqlite://", creator=connect, poolclass=NullPool)

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        options = connection.get_execution_options()
        connection.exec_driver_sql("BEGIN IMMEDIATE" if options.get("writes") else "BEGIN")

    return engine


def must_exist(address: Address) -> None:
    """Raise LedgerError for a SQLite file that is not there."""
    if address.file is not None and not address.file.exists():
        raise LedgerError(f"{address.shown}: there is no such file; consent-guard ledger init makes it")


@contextmanager
def reading(address: Address) -> Iterator[Connection]:
    """Give a command a connection that reads one state of the ledger, and makes no file. Raises LedgerError."""
    from .schema import check_schema

    must_exist(address)
    engine = engine_of(address, patient=True)
    with in_words(address), engine.connect() as connection:
        if address.file is None:
            connection = connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
        with connection.begin():
            check_schema(connection)
            yield connection


@contextmanager
def writing(address: Address, *, create: bool = False) -> Iterator[Connection]:
    """Give a command a connection that writes; the caller begins its transactions. Raises LedgerError.

    ``create`` lets a SQLite file be made.
    """
    if not create:
        must_exist(address)
    engine = engine_of(address, create=create, patient=True)
    with in_words(address), engine.connect() as connection:
        yield connection.execution_options(writes=True)


def bound(connection: Connection) -> None:
    """Bound the transaction at hand in time. SQLite has no server that could hang."""
    if connection.dialect.name == "postgresql":
        connection.execute(_BOUNDED, {"ms": str(int(LEDGER_STATEMENT_SECONDS * _MILLISECONDS))})


@contextmanager
def in_words(address: Address) -> Iterator[None]:
    """Turn what a driver raises into a LedgerError that names the ledger and never its password."""
    try:
        yield
    except LedgerError as error:
        if str(error).startswith(address.shown):
            raise
        raise type(error)(f"{address.shown}: {error}") from error
    except (SQLAlchemyError, sqlite3.Error) as error:
        raise LedgerError(f"{address.shown}: {reason(error)}") from error


def reason(error: BaseException) -> str:
    """Return the first line of what went wrong, without SQL and values."""
    cause: Any = error.orig if isinstance(error, DBAPIError) and error.orig is not None else error
    lines = [line.strip() for line in str(cause).splitlines() if line.strip()]
    told = lines[0] if lines else type(cause).__name__
    if "file is not a database" in told or "malformed" in told:
        return f"the file is damaged, or no SQLite database ({told}); it is left as it is: restore it, or name another"
    return told
