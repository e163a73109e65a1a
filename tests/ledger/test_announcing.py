"""on_choice: at least once for what is stored, also after a crash in between; never for what is not."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from consent_guard.consent.receipt import Receipt
from consent_guard.errors import LedgerError
from consent_guard.ledger.announcing import Announcer
from consent_guard.ledger.rows import plain_receipt
from consent_guard.ledger.spool import Spool

from .conftest import receipt


def died(folder: Path, *receipts: Receipt) -> None:
    """A process that was killed after it had stored these, and before it called."""
    announcer = Announcer(lambda _: None, folder, "ledger")
    announcer.expect(receipts)
    announcer.left_to_parent()  # its lock is gone, its file stays


def test_what_a_dead_process_did_not_call_for_is_called_for_if_it_was_stored(tmp_path: Path) -> None:
    kept, lost = receipt(), receipt()
    died(tmp_path, kept, lost)
    seen: list[Receipt] = []
    announcer = Announcer(seen.append, tmp_path, "ledger")
    announcer.left_behind(lambda receipt_id: receipt_id == kept.receipt_id)
    assert seen == [kept]
    announcer.left_behind(lambda receipt_id: True)
    assert seen == [kept]
    announcer.close(5)
    assert list(tmp_path.iterdir()) == []


def test_a_ledger_that_cannot_be_asked_leaves_it_for_later(tmp_path: Path) -> None:
    one = receipt()
    died(tmp_path, one)
    seen: list[Receipt] = []
    announcer = Announcer(seen.append, tmp_path, "ledger")

    def down(receipt_id: str) -> bool:
        raise LedgerError("down")

    with pytest.raises(LedgerError):
        announcer.left_behind(down)
    assert seen == []
    announcer.left_behind(lambda receipt_id: True)
    assert seen == [one]
    announcer.close(5)


def test_a_line_of_another_version_stops_no_call(tmp_path: Path) -> None:
    """Its file is not read again and again, and the calls behind it are made"""
    spool = Spool.own(tmp_path, "calls-ledger")
    after = receipt()
    spool.add([{**plain_receipt(receipt()), "a_field_of_later": 1}, plain_receipt(after)])
    spool.drop()
    seen: list[Receipt] = []
    announcer = Announcer(seen.append, tmp_path, "ledger")
    announcer.left_behind(lambda receipt_id: True)
    announcer.close(5)
    assert seen == [after]
    (left,) = tmp_path.iterdir()
    assert b"a_field_of_later" in left.read_bytes()
    assert left.suffix == ".unread"


def test_what_was_called_for_is_not_left_behind(tmp_path: Path) -> None:
    called = threading.Event()
    announcer = Announcer(lambda _: called.set(), tmp_path, "ledger")
    stored, refused = receipt(), receipt()
    announcer.expect([stored, refused])
    assert any(file.stat().st_size for file in tmp_path.iterdir())
    announcer.stored([stored])
    announcer.not_stored(1)
    assert called.wait(5)
    announcer.close(5)
    assert list(tmp_path.iterdir()) == []
