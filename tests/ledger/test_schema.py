"""The tables refuse what a ledger never does (L25)."""

from __future__ import annotations

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from consent_guard.ledger import Ledger
from consent_guard.ledger.connecting import engine_of, writing
from consent_guard.ledger.schema import LIBRARY_STEPS, RECEIPTS, metadata, steps_taken, take_steps

from .conftest import fill, receipt, stored

ALL = sorted(table.name for table in metadata.sorted_tables if not table.name.endswith("_steps"))


@pytest.fixture
def ledger(url: str) -> Ledger:
    made = Ledger(url)
    fill(made, receipt(), receipt())
    return made


def refused(ledger: Ledger, statement: str) -> None:
    with engine_of(ledger.address).connect() as connection, pytest.raises(DBAPIError, match="append-only"), connection.begin():
        connection.execute(text(statement))


def test_a_stored_receipt_is_not_changed_removed_or_replaced(ledger: Ledger) -> None:
    """L25"""
    before = stored(ledger.address)
    refused(ledger, "UPDATE consent_guard_receipts SET act = 'accept'")
    refused(ledger, "DELETE FROM consent_guard_receipts")
    columns = ", ".join(column.name for column in RECEIPTS.columns)
    chosen = f"SELECT {columns} FROM consent_guard_receipts LIMIT 1"
    if ledger.address.file is not None:
        refused(ledger, f"INSERT OR REPLACE INTO consent_guard_receipts ({columns}) {chosen}")
        refused(ledger, f"REPLACE INTO consent_guard_receipts ({columns}) {chosen}")
        other = columns.replace("receipt_id", "'another'", 1)
        refused(ledger, f"INSERT OR REPLACE INTO consent_guard_receipts ({columns}) SELECT {other} FROM consent_guard_receipts")
    else:
        change = "ON CONFLICT (receipt_id) DO UPDATE SET act = 'accept'"
        refused(ledger, f"INSERT INTO consent_guard_receipts ({columns}) {chosen} {change}")
        refused(ledger, "TRUNCATE consent_guard_receipts")
    assert stored(ledger.address) == before


@pytest.mark.parametrize("table", [name for name in ALL if name not in ("consent_guard_ended", "consent_guard_purged")])
def test_nothing_else_of_the_ledger_is_changed_or_removed(ledger: Ledger, table: str) -> None:
    """L25"""
    column = {"consent_guard_shown": "kind", "consent_guard_statements": "body"}.get(table, "writer")
    refused(ledger, f"UPDATE {table} SET {column} = 'x'")
    refused(ledger, f"DELETE FROM {table}")
    if ledger.address.file is None:
        refused(ledger, f"TRUNCATE {table}")
    else:
        refused(ledger, f"INSERT OR REPLACE INTO {table} SELECT * FROM {table}")


def test_the_steps_are_taken_once_and_stand_in_a_table_of_their_own(ledger: Ledger) -> None:
    with writing(ledger.address) as connection:
        with connection.begin():
            assert take_steps(connection) == []
        with connection.begin():
            assert list(steps_taken(connection)) == [step.number for step in LIBRARY_STEPS]
            names = {name for (name,) in connection.execute(text(_TABLES[connection.dialect.name]))}
    assert names == {table.name for table in metadata.sorted_tables}
    assert all(name.startswith("consent_guard_") for name in names)


def test_on_postgresql_the_app_needs_only_to_append_and_to_read(postgresql, tmp_path, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    from click.testing import CliRunner

    from consent_guard.cli.app import cli

    monkeypatch.setenv("CONSENT_GUARD_STATE", str(tmp_path))
    database = postgresql.database()
    role = f"app_{database}"
    with postgresql.owner() as connection:
        connection.execute(f"CREATE ROLE {role} LOGIN")
    done = CliRunner().invoke(cli, ["ledger", "init", "--ledger", postgresql.url(database), "--app-role", role])
    assert done.exit_code == 0, done.output
    ledger = Ledger(postgresql.url(database, role))
    fill(ledger, receipt())
    assert len(stored(ledger.address)) == 1
    with engine_of(ledger.address).connect() as connection, connection.begin():
        connection.execute(text("SELECT set_config('consent_guard.purging', 'on', true)"))
        with pytest.raises(DBAPIError, match="permission denied"):
            connection.execute(text("DELETE FROM consent_guard_receipts"))


_TABLES = {
    "sqlite": "SELECT name FROM sqlite_master WHERE type = 'table'",
    "postgresql": "SELECT tablename FROM pg_tables WHERE schemaname = 'public'",
}
