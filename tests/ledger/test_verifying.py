"""Verifying finds what was removed, altered or moved, and says where (L25)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from sqlalchemy import Connection, text

from consent_guard.ledger import Ledger
from consent_guard.ledger.checkpoints import make_checkpoint
from consent_guard.ledger.connecting import reading, writing
from consent_guard.ledger.rows import COLUMNS, START, chained, row_from
from consent_guard.ledger.store import Entry, Store
from consent_guard.ledger.verifying import Broken, verify

from .conftest import TEXT, App, receipt, verified

ROWS = 5


@pytest.fixture
def ledger(url: str) -> Ledger:
    """Two writers with five rows each, a checkpoint over both, and one row after it."""
    made = Ledger(url)
    for _ in range(2):
        store = Store(made.address, made.signing_key)
        for _ in range(ROWS):
            store.append([Entry(receipt(), [TEXT])])
        store.checkpoint()
        store.close()
    last = Store(made.address, made.signing_key)
    last.append([Entry(receipt(), [TEXT])])
    last.close()
    return made


@pytest.fixture
def tamper(ledger: Ledger) -> Iterator[Callable[..., None]]:
    """Run SQL as somebody would who owns the database and may drop its triggers."""
    with writing(ledger.address) as connection:
        with connection.begin():
            if connection.dialect.name == "sqlite":
                triggers = connection.execute(text("SELECT name FROM sqlite_master WHERE type = 'trigger'")).scalars().all()
                for name in triggers:
                    connection.exec_driver_sql(f"DROP TRIGGER {name}")
            else:
                for table in ("receipts", "writers", "ended", "shown", "purged", "statements"):
                    connection.exec_driver_sql(f"ALTER TABLE consent_guard_{table} DISABLE TRIGGER USER")

        def run(statement: str, **values: Any) -> None:
            with connection.begin():
                connection.execute(text(statement), values)

        yield run


def the_break(ledger: Ledger) -> Broken:
    with pytest.raises(Broken) as raised:
        verified(ledger)
    return raised.value


def writers(ledger: Ledger) -> list[str]:
    with reading(ledger.address) as connection:
        query = "SELECT writer FROM consent_guard_receipts GROUP BY writer HAVING count(*) > 1 ORDER BY writer"
        return list(connection.execute(text(query)).scalars())


def test_a_clean_ledger_is_told_with_what_lies_after_its_checkpoint(ledger: Ledger) -> None:
    verdict = verified(ledger)
    assert (verdict.rows, verdict.writers, verdict.after, verdict.purged) == (2 * ROWS + 1, 3, 1, 0)
    assert verdict.checkpoint == 2
    assert verdict.last_after is not None


@pytest.mark.parametrize("name", [*COLUMNS, "chain"])
def test_a_change_of_any_column_is_found(ledger: Ledger, tamper: Callable[..., None], name: str) -> None:
    """L25"""
    writer = writers(ledger)[1]
    with reading(ledger.address) as connection:
        query = text(f"SELECT {name} AS value, receipt_id FROM consent_guard_receipts WHERE writer = :w AND seq = 3")
        found = connection.execute(query, {"w": writer}).mappings().one()
    value = bytes(found["value"]) if isinstance(found["value"], memoryview) else found["value"]
    if name == "grants":
        changed: object = 1 - value
    elif name == "seq":
        changed = 33
    else:
        changed = value[:-1] + (b"\x00" if isinstance(value, bytes) else "~") if isinstance(value, (bytes, str)) else value + 1
    tamper(f"UPDATE consent_guard_receipts SET {name} = :v WHERE writer = :w AND seq = 3", v=changed, w=writer)
    broken = the_break(ledger)
    if name == "writer":
        assert "never registered" in broken.reason
        return
    assert (broken.writer, broken.seq) == (writer, 3)
    if name not in ("receipt_id", "seq"):
        assert broken.receipt_id == found["receipt_id"]


@pytest.mark.parametrize("seq", range(1, ROWS + 1))
def test_a_removed_row_is_found(ledger: Ledger, tamper: Callable[..., None], seq: int) -> None:
    """L25: the last one of a chain, too"""
    writer = writers(ledger)[0]
    tamper("DELETE FROM consent_guard_receipts WHERE writer = :w AND seq = :s", w=writer, s=seq)
    broken = the_break(ledger)
    assert (broken.writer, broken.seq) == (writer, seq)
    assert "missing" in broken.reason


def test_two_rows_that_changed_places_are_found(ledger: Ledger, tamper: Callable[..., None]) -> None:
    """L25"""
    writer = writers(ledger)[0]
    for old, new in ((2, 99), (3, 2), (99, 3)):
        tamper("UPDATE consent_guard_receipts SET seq = :n WHERE writer = :w AND seq = :o", n=new, w=writer, o=old)
    broken = the_break(ledger)
    assert (broken.writer, broken.seq) == (writer, 2)


def test_rows_cut_off_a_chains_end_are_found(ledger: Ledger, tamper: Callable[..., None]) -> None:
    writer = writers(ledger)[0]
    tamper("DELETE FROM consent_guard_receipts WHERE writer = :w AND seq >= 4", w=writer)
    broken = the_break(ledger)
    assert (broken.writer, broken.seq) == (writer, 4)


@pytest.mark.parametrize("registered", [True, False])
def test_a_missing_writer_is_found(ledger: Ledger, tamper: Callable[..., None], registered: bool) -> None:
    writer = writers(ledger)[0]
    tamper("DELETE FROM consent_guard_receipts WHERE writer = :w", w=writer)
    if not registered:
        tamper("DELETE FROM consent_guard_writers WHERE writer = :w", w=writer)
    broken = the_break(ledger)
    assert broken.writer == writer
    assert "missing" in broken.reason


def test_rows_whose_hashes_were_all_made_anew_are_found_by_the_checkpoints(ledger: Ledger, tamper: Callable[..., None]) -> None:
    """Who owns the database can compute every hash; without the key no checkpoint can be made to agree."""
    writer = writers(ledger)[0]
    tamper("UPDATE consent_guard_receipts SET act = 'accept' WHERE writer = :w AND seq = 2", w=writer)
    with reading(ledger.address) as connection:
        query = text("SELECT * FROM consent_guard_receipts WHERE writer = :w ORDER BY seq")
        rows = [row_from(dict(found)) for found in connection.execute(query, {"w": writer}).mappings()]
    chain = START
    for row in rows:
        chain = chained(chain, row.leaf)
        tamper("UPDATE consent_guard_receipts SET chain = :c WHERE writer = :w AND seq = :s", c=chain, w=writer, s=row.seq)
    broken = the_break(ledger)
    assert broken.writer == writer
    assert "made anew" in broken.reason
    assert broken.receipt_id


def test_a_row_put_in_for_a_writer_that_nobody_registered_is_found(ledger: Ledger, tamper: Callable[..., None]) -> None:
    columns = ", ".join(name for name in (*COLUMNS, "chain"))
    chosen = columns.replace("writer", "'ffffffffffffffff'", 1).replace("receipt_id", "'forged'", 1)
    tamper(f"INSERT INTO consent_guard_receipts ({columns}) SELECT {chosen} FROM consent_guard_receipts WHERE seq = 1 LIMIT 1")
    assert the_break(ledger).writer == "f" * 16


@pytest.mark.parametrize("column", ["kind", "time", "body", "public_key", "signature"])
@pytest.mark.parametrize("seq", [1, 2])
def test_a_change_of_a_signed_statement_is_found(ledger: Ledger, tamper: Callable[..., None], column: str, seq: int) -> None:
    changed: dict[str, object] = {"kind": "purge", "time": 5, "body": '{"writers":{}}'}
    changed |= {"public_key": bytes(32), "signature": bytes(64)}
    tamper(f"UPDATE consent_guard_statements SET {column} = :v WHERE seq = :s", v=changed[column], s=seq)
    assert "statement" in the_break(ledger).reason or "signature" in the_break(ledger).reason


def test_a_missing_statement_is_found(ledger: Ledger, tamper: Callable[..., None]) -> None:
    tamper("DELETE FROM consent_guard_statements WHERE seq = 1")
    assert "missing" in the_break(ledger).reason


def test_another_key_than_the_one_that_signed_is_a_break(ledger: Ledger) -> None:
    with reading(ledger.address) as connection, pytest.raises(Broken, match="another key"):
        verify(connection, bytes(32))


def test_writers_that_have_ended_leave_the_checkpoint_and_are_still_vouched_for(
    ledger: Ledger, tamper: Callable[..., None]
) -> None:
    made = checkpoint_later(ledger, 2 * 3600)
    assert made.value()["writers"] == {}
    assert (made.value()["ended"], made.value()["rows"]) == (3, 2 * ROWS + 1)
    verdict = verified(ledger)
    assert (verdict.after, verdict.writers) == (0, 3)
    again = checkpoint_later(ledger, 3 * 3600)
    assert again.value()["root"] == made.value()["root"]
    writer = writers(ledger)[0]
    tamper("DELETE FROM consent_guard_receipts WHERE writer = :w AND seq = 5", w=writer)
    assert the_break(ledger).writer == writer


def test_a_writer_that_is_taken_off_the_list_of_ended_ones_is_found(ledger: Ledger, tamper: Callable[..., None]) -> None:
    checkpoint_later(ledger, 2 * 3600)
    tamper("DELETE FROM consent_guard_ended WHERE writer = :w", w=writers(ledger)[0])
    assert "ended" in the_break(ledger).reason


def test_a_checkpoint_does_not_grow_with_restarts(url: str) -> None:
    ledger = Ledger(url)
    for _ in range(30):
        store = Store(ledger.address, ledger.signing_key)
        store.append([Entry(receipt(), [TEXT])])
        store.close()
    first = checkpoint_later(ledger, 0)
    assert len(first.value()["writers"]) == 30
    later = checkpoint_later(ledger, 2 * 3600)
    assert len(later.body) < 500
    assert verified(ledger).rows == 30


def checkpoint_later(ledger: Ledger, seconds: float) -> Any:
    import time

    with writing(ledger.address) as connection, connection.begin():
        return make_checkpoint(_checked(connection), ledger.signing_key(), now=time.time() + seconds)


def _checked(connection: Connection) -> Connection:
    return connection


def test_the_text_and_the_policy_of_an_apps_receipt_are_what_it_names(app: App) -> None:
    """L26, L27"""
    app.post("choice=accept&means=banner&lang=fr")
    app.post("choice=refuse")
    app.flush()
    verdict = verified(app.ledger)
    assert (verdict.rows, verdict.lacking) == (2, 0)
