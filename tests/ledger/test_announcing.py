"""on_choice: at least once for what is stored, also after a crash in between; never for what is not."""

from __future__ import annotations

import gc
import logging
import threading
import time
from pathlib import Path

import pytest

from consent_guard.consent.receipt import Receipt
from consent_guard.errors import LedgerError
from consent_guard.ledger.announcing import Announcer, left_to_others
from consent_guard.ledger.rows import plain_receipt
from consent_guard.ledger.spool import Spool
from consent_guard.ledger.store import Entry

from .conftest import eventually, receipt


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
    assert eventually(lambda: seen == [kept])
    announcer.left_behind(lambda receipt_id: True)
    announcer.close(5)
    assert seen == [kept]
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
    announcer.close(5)
    assert seen == [one]


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
    stored, refused = announcer.expect([receipt(), receipt()])
    assert any(file.stat().st_size for file in tmp_path.iterdir())
    announcer.stored([stored])
    announcer.not_stored([refused])
    assert called.wait(5)
    announcer.close(5)
    assert list(tmp_path.iterdir()) == []


def test_a_call_that_is_left_to_others_goes_where_its_receipt_is_not_stored(tmp_path: Path) -> None:
    """Or each attempt while a ledger is down would leave a file"""

    def store() -> None:
        with left_to_others(tmp_path, "ledger", [Entry(receipt(), [], calls=True)]):
            assert list(tmp_path.iterdir()) != []
            raise LedgerError("down")

    with pytest.raises(LedgerError):
        store()
    assert list(tmp_path.iterdir()) == []


def test_under_a_steady_stream_the_files_stay_short(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One call or another is always due, so that no file ever runs empty"""
    bound = 4000
    monkeypatch.setattr("consent_guard.ledger.announcing.CALLS_FILE_BYTES", bound)
    seen: list[Receipt] = []
    announcer = Announcer(seen.append, tmp_path, "ledger")
    due = announcer.expect([receipt()])
    for number in range(100):
        following = announcer.expect([receipt()])
        announcer.stored(due)
        assert eventually(lambda number=number: len(seen) == number + 1)  # type: ignore[misc]
        due = following
    assert eventually(lambda: sum(file.stat().st_size for file in tmp_path.iterdir()) < 2 * bound)
    announcer.stored(due)
    announcer.close(5)
    assert len({one.receipt_id for one in seen}) == 101
    assert list(tmp_path.iterdir()) == []


def test_what_waits_for_a_callable_that_hangs_lies_on_disk_and_is_told_of(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("consent_guard.ledger.announcing.CALLS_BEHIND", 50)
    goes_on, seen = threading.Event(), set()

    def hangs(one: Receipt) -> None:
        goes_on.wait(30)
        seen.add(one.receipt_id)

    announcer = Announcer(hangs, tmp_path, "ledger")
    for _ in range(60):
        announcer.stored(announcer.expect([receipt() for _ in range(10)]))
    gc.collect()
    held = [one for one in gc.get_objects() if type(one) is Receipt]
    assert len(held) < 50
    del held
    (told,) = (record.getMessage() for record in caplog.records)
    assert "on_choice is too slow, or hangs" in told
    goes_on.set()
    announcer.close(10)
    assert len(seen) == 600
    assert list(tmp_path.iterdir()) == []


def test_what_a_callable_that_hangs_was_not_called_for_is_called_for_by_the_next_process(tmp_path: Path) -> None:
    first = Announcer(lambda one: threading.Event().wait(), tmp_path, "ledger")
    first.stored(first.expect([receipt(), receipt()]))
    first.close(0.2)
    first.left_to_parent()  # the process has ended
    seen: list[Receipt] = []
    announcer = Announcer(seen.append, tmp_path, "ledger")
    announcer.left_behind(lambda receipt_id: True)
    announcer.close(5)
    assert len(seen) == 2


@pytest.mark.parametrize("raised", [SystemExit(1), KeyboardInterrupt(), RuntimeError("downstream")])
def test_whatever_a_callable_raises_the_next_call_is_made(tmp_path: Path, raised: BaseException) -> None:
    seen: list[Receipt] = []

    def called(one: Receipt) -> None:
        seen.append(one)
        if len(seen) == 1:
            raise raised

    announcer = Announcer(called, tmp_path, "ledger")
    announcer.stored(announcer.expect([receipt(), receipt()]))
    announcer.close(5)
    assert len(seen) == 2
    assert list(tmp_path.iterdir()) == []


def test_a_callable_that_hangs_holds_up_nobody_with_what_was_left_behind(tmp_path: Path) -> None:
    """The thread that stores receipts finds it"""
    died(tmp_path, receipt())
    goes_on = threading.Event()
    announcer = Announcer(lambda one: goes_on.wait(30), tmp_path, "ledger")
    started = time.monotonic()
    announcer.left_behind(lambda receipt_id: True)
    assert time.monotonic() - started < 5
    goes_on.set()
    announcer.close(5)
    assert list(tmp_path.iterdir()) == []


def test_without_a_disk_calls_are_made_from_memory_as_far_as_that_goes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("consent_guard.ledger.announcing.SPOOL_MEMORY", 3)
    (tmp_path / "file").write_text("no folder", "utf-8")
    goes_on, begun, seen = threading.Event(), threading.Event(), []

    def hangs(one: Receipt) -> None:
        begun.set()
        goes_on.wait(30)
        seen.append(one)

    announcer = Announcer(hangs, tmp_path / "file", "ledger")
    announcer.stored(announcer.expect([receipt()]))
    assert begun.wait(10)
    kept, lost = [receipt() for _ in range(3)], receipt()
    announcer.stored(announcer.expect([*kept, lost]))
    goes_on.set()
    announcer.close(5)
    assert seen[1:] == kept
    told = [record.getMessage() for record in caplog.records if record.levelno == logging.CRITICAL]
    assert len(told) == 1
    assert lost.receipt_id in told[0]
