"""Receipts that wait on disk: flushed, locked by their owner, taken over from the dead, not lost to a line that is none."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from consent_guard.ledger.spool import Spool


def crash(spool: Spool) -> Path:
    """End the owner as a kill does: its lock is gone, its file stays."""
    spool.drop()
    return spool.path


def lines(spool: Spool, count: int = 100) -> list[object]:
    found: list[object] = []
    while spool.waiting:
        batch = spool.next(count, lambda line: line["n"])
        found += batch.lines
        spool.take_off(batch)
    return found


def test_lines_come_back_in_order_and_an_empty_file_takes_no_room(tmp_path: Path) -> None:
    spool = Spool.own(tmp_path / "state", "x")
    assert not spool.waiting
    spool.add([{"n": number} for number in range(5)])
    spool.add([{"n": 5}])
    assert spool.path.stat().st_mode & 0o777 == 0o600
    assert lines(spool, 2) == [0, 1, 2, 3, 4, 5]
    assert spool.path.stat().st_size == 0
    spool.close()
    assert list((tmp_path / "state").iterdir()) == []


def test_a_living_owners_file_is_left_alone_and_a_dead_ones_is_taken_over(tmp_path: Path) -> None:
    spool = Spool.own(tmp_path, "x")
    spool.add([{"n": 1}])
    assert list(Spool.orphans(tmp_path, "x")) == []
    crash(spool)
    assert list(Spool.orphans(tmp_path, "another-ledger")) == []
    (found,) = Spool.orphans(tmp_path, "x")
    assert list(Spool.orphans(tmp_path, "x")) == [], "one process takes it over, not two"
    assert lines(found) == [1]
    found.close()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("torn", [b'{"n": 3', b"\x00\x00\x00", b'{"n": 3}{'])
def test_a_last_line_that_a_crash_cut_short_is_left_out(tmp_path: Path, torn: bytes) -> None:
    spool = Spool.own(tmp_path, "x")
    spool.add([{"n": 1}, {"n": 2}])
    with crash(spool).open("ab") as file:
        file.write(torn)
    (found,) = Spool.orphans(tmp_path, "x")
    assert lines(found) == [1, 2]
    found.close()


def test_a_line_that_makes_no_sense_is_kept_aside_and_stops_nothing(tmp_path: Path) -> None:
    spool = Spool.own(tmp_path, "x")
    spool.add([{"n": 1}])
    path = crash(spool)
    path.write_bytes(b"nonsense\n" + path.read_bytes() + b"[1]\n")
    (found,) = Spool.orphans(tmp_path, "x")
    assert lines(found) == [1]
    found.close()
    assert path.with_suffix(".unread").read_bytes() == b"nonsense\n[1]\n"


def test_a_line_of_another_version_is_kept_aside_once_however_often_it_is_read(tmp_path: Path) -> None:
    spool = Spool.own(tmp_path, "x")
    spool.add([{"n": 1}, {"another": 2}, {"n": 3}])
    for _ in range(3):  # as where the ledger takes nothing for a while
        batch = spool.next(100, lambda line: line["n"])
        assert batch.lines == [1, 3]
    spool.take_off(batch)
    assert not spool.waiting
    aside = spool.path.with_suffix(".unread")
    assert aside.read_bytes() == b'{"another":2}\n'
    assert aside.stat().st_mode & 0o777 == 0o600
    spool.close()


def test_what_a_full_disk_took_in_part_is_taken_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    spool = Spool.own(tmp_path, "x")
    spool.add([{"n": 1}])
    before = spool.path.read_bytes()

    def full(handle: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", full)
        with pytest.raises(OSError, match="No space left"):
            spool.add([{"n": 2}])
    assert spool.path.read_bytes() == before
    spool.add([{"n": 3}])
    assert lines(spool) == [1, 3]
    spool.close()


def test_a_text_stands_once_in_a_file(tmp_path: Path) -> None:
    spool = Spool.own(tmp_path, "x")
    shown = [("digest", {"n": "text"})]
    spool.add([{"n": 1}], shown)
    spool.add([{"n": 2}], shown)
    assert lines(spool) == ["text", 1, 2]
    spool.add([{"n": 3}], shown)
    assert lines(spool) == ["text", 3], "an emptied file no longer holds it"
    spool.close()
