"""Retention: what is purged is gone to the last byte, and the rest still verifies (L28)."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from consent_guard.ledger import Ledger
from consent_guard.ledger.connecting import writing
from consent_guard.ledger.purging import purge, purged_so_far, to_purge
from consent_guard.ledger.store import Entry, Store
from consent_guard.ledger.verifying import Broken

from .conftest import TEXT, fill, receipt, stored, verified

OLD, NEW = 1_600_000_000, 1_700_000_000


@pytest.fixture
def ledger(url: str) -> Ledger:
    """Two chains in which old and new receipts alternate in runs, as they do where a spool is drained late."""
    made = Ledger(url)
    for _ in range(2):
        fill(made, *(receipt(time=time) for time in (OLD, OLD, NEW, OLD, NEW, OLD)))
    return made


def run(ledger: Ledger, before: int) -> int:
    with writing(ledger.address) as connection:
        return purge(connection, ledger.signing_key(), before)


def test_what_is_older_goes_and_the_rest_verifies(ledger: Ledger) -> None:
    assert run(ledger, NEW) == 8
    assert [row.time for row in stored(ledger.address)] == [NEW] * 4
    verdict = verified(ledger)
    assert (verdict.rows, verdict.purged, verdict.after) == (4, 8, 0)
    assert run(ledger, NEW) == 0
    assert verified(ledger).purged == 8


def test_all_of_it_may_go(ledger: Ledger) -> None:
    assert run(ledger, NEW + 1) == 12
    verdict = verified(ledger)
    assert (verdict.rows, verdict.purged, verdict.writers) == (0, 12, 2)
    fill(ledger, receipt())
    assert verified(ledger).rows == 1


def test_a_purge_is_signed_with_its_number(ledger: Ledger) -> None:
    run(ledger, NEW)
    with writing(ledger.address) as connection, connection.begin():
        assert to_purge(connection, NEW) == 0
        assert purged_so_far(connection) == 8
        body = connection.execute(text("SELECT body FROM consent_guard_statements WHERE kind = 'purge'")).scalar_one()
    assert '"count":8' in body


def test_nothing_of_what_was_purged_is_left_in_a_sqlite_file(sqlite_url: str) -> None:
    """L28: neither in the file nor in its log of changes, while an app holds it open"""
    ledger = Ledger(sqlite_url)
    gone = [receipt(time=OLD, language=f"zz-{number:04}-purged") for number in range(300)]
    kept = [receipt(time=NEW, language=f"zz-{number:04}-stays") for number in range(300)]
    store = Store(ledger.address, ledger.signing_key)
    for pair in zip(gone, kept, strict=True):
        store.append([Entry(one, [TEXT]) for one in pair])
    assert ledger.address.file is not None
    folder = ledger.address.file.parent

    def found(needle: bytes) -> list[str]:
        return [file.name for file in folder.iterdir() if file.is_file() and needle in file.read_bytes()]

    assert found(gone[7].receipt_id.encode()) != []
    assert run(ledger, NEW) == 300
    for one in gone:
        assert found(one.receipt_id.encode()) == []
        assert found(one.language.encode()) == []
    assert found(kept[7].receipt_id.encode()) == ["consent.db"]
    store.append([Entry(receipt(time=NEW), [TEXT])])
    store.checkpoint()
    store.close()
    assert verified(ledger).rows == 301


def test_leaves_that_were_altered_are_found(ledger: Ledger) -> None:
    run(ledger, NEW)
    with writing(ledger.address) as connection, connection.begin():
        if connection.dialect.name == "sqlite":
            connection.exec_driver_sql("DROP TRIGGER consent_guard_purged_update")
        else:
            connection.exec_driver_sql("ALTER TABLE consent_guard_purged DISABLE TRIGGER USER")
        connection.execute(text("UPDATE consent_guard_purged SET leaves = :l WHERE first_seq = 4"), {"l": bytes(32)})
    with pytest.raises(Broken, match="purge"):
        verified(ledger)


def test_a_receipt_that_vanished_without_a_purge_is_a_break(ledger: Ledger) -> None:
    run(ledger, OLD)
    with writing(ledger.address) as connection, connection.begin():
        if connection.dialect.name == "sqlite":
            connection.exec_driver_sql("DROP TRIGGER consent_guard_receipts_delete")
        else:
            connection.exec_driver_sql("ALTER TABLE consent_guard_receipts DISABLE TRIGGER USER")
        connection.execute(text("DELETE FROM consent_guard_receipts WHERE seq = 2"))
    with pytest.raises(Broken, match="missing"):
        verified(ledger)
