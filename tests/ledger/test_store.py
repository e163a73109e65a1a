"""What one process writes: chains, texts, each receipt once, and nothing after an error that it does not know."""

from __future__ import annotations

import threading
import time

import pytest
from sqlalchemy import text

from consent_guard.errors import LedgerError, LedgerVersionError
from consent_guard.ledger import Ledger
from consent_guard.ledger.checkpoints import make_checkpoint
from consent_guard.ledger.connecting import reading, writing
from consent_guard.ledger.purging import purge, purge_batch
from consent_guard.ledger.reading import shown
from consent_guard.ledger.store import Entry, Store, Withdrawn

from .conftest import TEXT, receipt, stored, verified


@pytest.fixture
def ledger(url: str) -> Ledger:
    return Ledger(url)


@pytest.fixture
def store(ledger: Ledger):  # type: ignore[no-untyped-def]
    made = Store(ledger.address, ledger.signing_key)
    yield made
    made.close()


def entries(count: int, **changes: object) -> list[Entry]:
    return [Entry(receipt(**changes), [TEXT]) for _ in range(count)]


def test_receipts_of_one_process_form_one_chain(ledger: Ledger, store: Store) -> None:
    """L25"""
    first, second = entries(3), entries(2)
    assert store.append(first) == [entry.receipt.receipt_id for entry in first]
    store.append(second)
    found = stored(ledger.address)
    assert [row.receipt_id for row in found] == [entry.receipt.receipt_id for entry in (*first, *second)]
    assert [row.seq for row in found] == [1, 2, 3, 4, 5]
    assert len({row.writer for row in found}) == 1
    assert verified(ledger).rows == 5


def test_a_receipt_is_stored_once_however_often_it_comes(ledger: Ledger, store: Store) -> None:
    (entry,) = entries(1)
    again = Entry(entry.receipt, entry.shown, once=True)
    assert store.append([entry]) != []
    assert store.append([again]) == []
    assert store.append([again, again, *entries(1)])[0] != entry.receipt.receipt_id
    assert len(stored(ledger.address)) == 2
    with pytest.raises(LedgerError, match=r"(?i)append-only|unique"):
        store.append([entry])
    assert len(stored(ledger.address)) == 2


def test_a_text_is_stored_once_by_its_digest(ledger: Ledger, store: Store) -> None:
    """L26"""
    store.append(entries(2))
    other = Store(ledger.address, ledger.signing_key)
    other.append(entries(1))
    other.close()
    with reading(ledger.address) as connection:
        assert shown(connection, TEXT.digest) == TEXT
        assert connection.execute(text("SELECT count(*) FROM consent_guard_shown")).scalar_one() == 1


def test_what_is_withdrawn_before_the_commit_is_not_stored_and_breaks_no_chain(ledger: Ledger, store: Store) -> None:
    store.append(entries(1))
    writer = store.writer
    with pytest.raises(Withdrawn):
        store.append(entries(1), may_commit=lambda: False)
    store.append(entries(1))
    assert store.writer == writer
    assert [row.seq for row in stored(ledger.address)] == [1, 2]


def test_after_an_error_another_chain_begins(ledger: Ledger, store: Store) -> None:
    """A broken commit may have been kept or not: nothing is built on a guess."""
    given = entries(1)
    store.append(given)
    before = store.writer
    with pytest.raises(LedgerError):
        store.append(given)
    assert store.writer is None
    store.append(entries(1))
    assert store.writer != before
    assert verified(ledger).writers == 2


def test_a_writer_that_was_idle_starts_another_chain(ledger: Ledger) -> None:
    moment = [1_800_000_000.0]
    store = Store(ledger.address, ledger.signing_key, wall=lambda: moment[0])
    store.append(entries(1))
    first = store.writer
    moment[0] += 14 * 60
    store.append(entries(1))
    assert store.writer == first
    moment[0] += 16 * 60
    store.append(entries(1))
    assert store.writer != first
    store.close()


def test_a_checkpoint_is_due_after_a_minute_or_a_thousand_receipts(ledger: Ledger) -> None:
    moment = [1_800_000_000.0]
    store = Store(ledger.address, ledger.signing_key, wall=lambda: moment[0])
    assert not store.checkpoint_due()
    store.append(entries(2))
    assert not store.checkpoint_due()
    moment[0] += 61
    assert store.checkpoint_due()
    store.checkpoint(due=True)
    assert not store.checkpoint_due()
    assert verified(ledger).after == 0
    store.append(entries(1000))
    assert store.checkpoint_due()
    store.close()


def test_a_newer_ledger_is_left_alone_and_the_version_to_install_is_named(ledger: Ledger, store: Store) -> None:
    with writing(ledger.address) as connection, connection.begin():
        connection.execute(text("INSERT INTO consent_guard_ledger_steps VALUES (2, '9.8.7', 0)"))
    with pytest.raises(LedgerVersionError, match=r"install version 9\.8\.7"):
        store.append(entries(1))


def test_a_failure_names_the_ledger(postgresql) -> None:  # type: ignore[no-untyped-def]
    ledger = Ledger(postgresql.url("no_such_database"))
    with pytest.raises(LedgerError, match="no_such_database"):
        Store(ledger.address, ledger.signing_key).append(entries(1))


def test_tables_that_are_missing_on_postgresql_are_named_with_the_command_that_makes_them(postgresql) -> None:  # type: ignore[no-untyped-def]
    ledger = Ledger(postgresql.url(postgresql.database()))
    with pytest.raises(LedgerVersionError, match="consent-guard ledger init"):
        Store(ledger.address, ledger.signing_key).append(entries(1))


def test_a_damaged_file_is_named_and_left_as_it_is(sqlite_url: str) -> None:
    ledger = Ledger(sqlite_url)
    assert ledger.address.file is not None
    ledger.address.file.write_bytes(b"not a database at all, but 4 KiB of text\n" * 100)
    before = ledger.address.file.read_bytes()
    with pytest.raises(LedgerError, match=r"consent\.db.*damaged"):
        Store(ledger.address, ledger.signing_key).append(entries(1))
    assert ledger.address.file.read_bytes() == before


def folded(ledger: Ledger, seconds: float = 2 * 3600) -> None:
    """Make the checkpoint of a machine whose clock is so far ahead that every writer seems to have ended."""
    with writing(ledger.address) as connection, connection.begin():
        make_checkpoint(connection, ledger.signing_key(), now=time.time() + seconds)


def test_a_writer_that_a_checkpoint_took_for_ended_starts_another_chain(ledger: Ledger, store: Store) -> None:
    """L25: machines' clocks differ"""
    store.append(entries(1))
    before = store.writer
    folded(ledger)
    store.append(entries(1))
    assert store.writer != before
    store.append(entries(1))
    verdict = verified(ledger)
    assert (verdict.rows, verdict.writers) == (3, 2)


def test_a_writer_whose_last_rows_were_purged_goes_on(ledger: Ledger, store: Store) -> None:
    """L25, L28: a spool that waited longer than the retention is stored late, and purged while its writer lives"""
    store.append(entries(3))
    with writing(ledger.address) as connection:
        assert purge(connection, ledger.signing_key(), 2_000_000_000) == 3
    folded(ledger, 0)
    store.append(entries(1))
    store.append(entries(1))
    store.checkpoint()
    verdict = verified(ledger)
    assert (verdict.rows, verdict.purged, verdict.after) == (2, 3, 0)


def test_rows_that_were_purged_before_any_checkpoint_named_them_are_in_the_next(ledger: Ledger, store: Store) -> None:
    """L25, L28"""
    store.append(entries(3))
    with writing(ledger.address) as connection, connection.begin():
        assert purge_batch(connection, ledger.signing_key(), 2_000_000_000) == 3
    store.append(entries(1))
    store.checkpoint()
    verdict = verified(ledger)
    assert (verdict.rows, verdict.purged, verdict.after) == (1, 3, 0)


def test_a_writer_does_not_end_while_it_stores(ledger: Ledger, store: Store) -> None:
    """L25"""
    store.append(entries(1))
    checkpoint = threading.Thread(target=folded, args=(ledger,))

    def meanwhile() -> bool:
        checkpoint.start()
        checkpoint.join(1.0)
        return True

    store.append(entries(1), may_commit=meanwhile)
    checkpoint.join(30)
    store.append(entries(1))
    verdict = verified(ledger)
    assert (verdict.rows, verdict.writers) == (3, 2)
