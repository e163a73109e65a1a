"""What somebody can do who owns a ledger's database, may drop its triggers and compute every hash, and lacks the key."""

from __future__ import annotations

import json
from typing import Any

from sqlalchemy import text

from consent_guard.ledger import Ledger
from consent_guard.ledger.connecting import reading, writing
from consent_guard.ledger.rows import COLUMNS, START, canonical, chained, row_from
from consent_guard.ledger.statements import Statement, all_statements

TABLES = ("receipts", "writers", "ended", "shown", "purged", "statements")


class Owner:
    """The owner of a ledger's database."""

    def __init__(self, ledger: Ledger, *, drop: bool = True) -> None:
        self.address = ledger.address
        if drop:
            self.drop_triggers()

    def drop_triggers(self) -> None:
        with writing(self.address) as connection, connection.begin():
            if connection.dialect.name == "sqlite":
                triggers = connection.execute(text("SELECT name FROM sqlite_master WHERE type = 'trigger'")).scalars().all()
                for name in triggers:
                    connection.exec_driver_sql(f"DROP TRIGGER {name}")
            else:
                for table in TABLES:
                    connection.exec_driver_sql(f"ALTER TABLE consent_guard_{table} DISABLE TRIGGER USER")

    def run(self, statement: str, /, **values: Any) -> None:
        with writing(self.address) as connection, connection.begin():
            connection.execute(text(statement), values)

    def read(self, query: str, /, **values: Any) -> list[dict[str, Any]]:
        with reading(self.address) as connection:
            return [dict(found) for found in connection.execute(text(query), values).mappings()]

    def writers(self) -> list[str]:
        """Return the writers, the one that began first first."""
        query = "SELECT writer FROM consent_guard_receipts GROUP BY writer ORDER BY min(stored_at), writer"
        return [str(found["writer"]) for found in self.read(query)]

    def alter(self, writer: str, seq: int) -> None:
        """Make a row say another thing, and all the writer's hashes anew."""
        self.run("UPDATE consent_guard_receipts SET act = 'save' WHERE writer = :w AND seq = :s", w=writer, s=seq)
        self.rehash(writer)

    def double(self, writer: str, size: int) -> None:
        """Put as many rows behind a writer's, without a hash that fits."""
        columns = ", ".join((*COLUMNS, "chain"))
        more = columns.replace("seq", f"seq + {size}", 1).replace("receipt_id", "receipt_id || 'x'", 1)
        self.run(
            f"INSERT INTO consent_guard_receipts ({columns}) SELECT {more} FROM consent_guard_receipts WHERE writer = :w",
            w=writer,
        )

    def rehash(self, writer: str) -> bytes:
        """Make all the hashes of a writer anew and return the last."""
        chain = START
        for found in self.read("SELECT * FROM consent_guard_receipts WHERE writer = :w ORDER BY seq", w=writer):
            row = row_from(found)
            chain = chained(chain, row.leaf)
            query = "UPDATE consent_guard_receipts SET chain = :c WHERE writer = :w AND seq = :s"
            self.run(query, c=chain, w=writer, s=row.seq)
        return chain

    def statements(self) -> list[Statement]:
        with reading(self.address) as connection:
            return list(all_statements(connection))

    def newest(self) -> Statement:
        return self.statements()[-1]

    def restate(self, statement: Statement, **changes: Any) -> None:
        """Write other things into a statement, whose signature is then wrong."""
        body = canonical({**json.loads(statement.body), **changes}).decode("ascii")
        self.run("UPDATE consent_guard_statements SET body = :b WHERE seq = :s", b=body, s=statement.seq)
