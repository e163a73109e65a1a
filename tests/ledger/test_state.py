"""The state folder's files: whole or not there, and nobody's but their owner's."""

from __future__ import annotations

import contextlib
import os
import threading
from pathlib import Path

import pytest

from consent_guard.ledger.state import write_new


def test_two_who_write_the_same_new_file_at_once_leave_one_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two threads, or two containers with one folder and the same process ids: the first is about to give the file its name as
    the second begins"""
    path, real = tmp_path / "key.pem", os.fsync
    flushed, goes_on = threading.Event(), threading.Event()

    def fsync(handle: int) -> None:
        real(handle)
        if threading.current_thread() is first:
            flushed.set()
            goes_on.wait(10)

    def write() -> None:
        with contextlib.suppress(FileExistsError):
            write_new(path, b"first" * 100)

    monkeypatch.setattr(os, "fsync", fsync)
    first = threading.Thread(target=write)
    first.start()
    assert flushed.wait(10)
    write_new(path, b"second" * 100)
    goes_on.set()
    first.join()
    assert path.read_bytes() == b"second" * 100
    assert [file.name for file in tmp_path.iterdir()] == ["key.pem"]


def test_a_file_that_is_there_stays_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "key.pem"
    write_new(path, b"old")
    with pytest.raises(FileExistsError):
        write_new(path, b"new")
    assert path.read_bytes() == b"old"
    assert path.stat().st_mode & 0o777 == 0o600
    assert [file.name for file in tmp_path.iterdir()] == ["key.pem"]
