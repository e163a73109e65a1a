"""Receipts that wait on disk: of refusals that took effect already, and of acts whose ``on_choice`` is still to be called.

One file per process, in the state folder, a JSON line each, flushed before ``add`` returns. The owner holds a lock on its file;
a file without a living owner is taken over by any other process of the same ledger. A last line that a crash cut short was
never vouched for, and is left out. May import nothing of the package but the state folder. The keeper calls it.
"""

from __future__ import annotations

import fcntl
import json
import logging
import os
import secrets
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path
from typing import Any, Final, Generic, NamedTuple, TypeVar

from .state import flush_folder, make_folder

logger: Final = logging.getLogger("consent_guard")
_ENDING: Final = ".jsonl"
_UNREAD: Final = ".unread"
_READ_BYTES: Final = 1024 * 1024
_Read = TypeVar("_Read")


class Place(NamedTuple):
    """Where a line stands in a spool, in bytes."""

    start: int
    length: int


@dataclass(frozen=True, slots=True)
class Batch(Generic[_Read]):
    """What was read of a spool, and where the next batch begins."""

    lines: Sequence[_Read]
    """What each line says."""
    places: Sequence[Place]
    """Where each of them stands."""
    end: int
    unread: bytes = b""
    """Lines that cannot be read, as they stand."""


class Spool:
    """An append-only file of this process, or one taken over. Threads may add; one thread reads and takes off."""

    def __init__(self, path: Path, handle: int, size: int) -> None:
        """Made by ``own`` and ``orphans``; ``handle`` is open and locked."""
        self.path = path
        self._handle = handle
        self._size = size
        self._read = 0
        self._held = 0
        self._lock = threading.Lock()
        self._shown: set[str] = set()

    @classmethod
    def own(cls, folder: Path, name: str) -> Spool:
        """Return a new spool. Raises OSError where the folder cannot be written."""
        make_folder(folder)
        path = folder / f"{name}-{os.getpid()}-{secrets.token_hex(4)}{_ENDING}"
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_CLOEXEC, 0o600)
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        flush_folder(folder)
        return cls(path, handle, 0)

    @classmethod
    def orphans(cls, folder: Path, name: str) -> Iterator[Spool]:
        """Yield, locked, the spools that nobody owns any more."""
        for path in sorted(folder.glob(f"{name}-*{_ENDING}")):
            try:
                handle = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CLOEXEC)
            except OSError:
                continue
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                if os.fstat(handle).st_nlink:  # else its last owner has just emptied and removed it
                    yield cls(path, handle, os.fstat(handle).st_size)
                    continue
            except OSError:  # its owner lives
                pass
            os.close(handle)

    @property
    def waiting(self) -> bool:
        """Whether something is left to be taken off."""
        return self._read < self._size

    @property
    def held(self) -> int:
        """How many lines that were added here wait, those of texts apart."""
        return self._held

    @property
    def size(self) -> int:
        """How long the file is, in bytes."""
        return self._size

    def add(self, lines: Sequence[dict[str, Any]], shown: Sequence[tuple[str, dict[str, Any]]] = ()) -> list[Place]:
        """Append lines, and before them those of ``shown`` (digest and line) that this file does not hold; flush to disk once.

        Return where the lines stand. Raises OSError, and then nothing of it is there.
        """
        with self._lock:
            new = {digest: line for digest, line in shown if digest not in self._shown}
            made = [_line(line) for line in lines]
            data = b"".join([*map(_line, new.values()), *made])
            try:
                written = os.write(self._handle, data)
                while written < len(data):
                    written += os.write(self._handle, data[written:])
                os.fsync(self._handle)
            except OSError:
                os.ftruncate(self._handle, self._size)
                raise
            self._size += len(data)
            self._held += len(made)
            self._shown.update(new)
            ends = accumulate(map(len, made), initial=self._size - sum(map(len, made)))
            return [Place(start, len(line)) for start, line in zip(ends, made, strict=False)]

    def at(self, place: Place) -> dict[str, Any]:
        """Return the line that stands at a place. Raises OSError, and TypeError or ValueError where none does."""
        return _object(os.pread(self._handle, place.length, place.start))

    def batches(self, count: int, read: Callable[[dict[str, Any]], _Read]) -> Iterator[Batch[_Read]]:
        """Yield, in batches of so many lines, all that waits, as ``next`` reads it. Nothing is taken off; what cannot be read
        is kept beside at the end."""
        at, unread = self._read, b""
        while at < self._size:
            batch = self._batch(at, count, read)
            yield batch
            at, unread = batch.end, unread + batch.unread
        self._keep_aside(unread)

    def next(self, count: int, read: Callable[[dict[str, Any]], _Read]) -> Batch[_Read]:
        """Return what ``read`` makes of at most so many lines from where the last ``take_off`` ended.

        A line for which it raises AttributeError, KeyError, TypeError or ValueError is of another version, or damaged by a
        disk: it is left out, and stops nothing.
        """
        return self._batch(self._read, count, read)

    def _batch(self, start: int, count: int, read: Callable[[dict[str, Any]], _Read]) -> Batch[_Read]:
        data = os.pread(self._handle, _READ_BYTES, start)
        while b"\n" not in data and start + len(data) < self._size:
            data += os.pread(self._handle, _READ_BYTES, start + len(data))
        lines: list[_Read] = []
        places: list[Place] = []
        unread: list[bytes] = []
        at = 0
        while len(lines) < count:
            end = data.find(b"\n", at)
            if end < 0:
                break
            try:
                lines.append(read(_object(data[at:end])))
            except (AttributeError, KeyError, TypeError, ValueError):
                unread.append(data[at : end + 1])
            else:
                places.append(Place(start + at, end + 1 - at))
            at = end + 1
        if not at:  # a torn last line, which nobody was told of
            at = self._size - start
        return Batch(lines, places, start + at, b"".join(unread))

    def take_off(self, batch: Batch[Any]) -> None:
        """Let go of a batch that is safe elsewhere; what could not be read of it is kept in a file beside. An empty file
        shrinks to nothing."""
        self._keep_aside(batch.unread)
        with self._lock:
            self._read = batch.end
            self._held = max(0, self._held - sum(line is not None for line in batch.lines))
            if self._read >= self._size:
                os.ftruncate(self._handle, 0)
                self._read = self._size = self._held = 0
                self._shown.clear()

    def empty(self) -> None:
        """Let go of all that the file holds."""
        with self._lock:
            os.ftruncate(self._handle, 0)
            self._read = self._size = self._held = 0
            self._shown.clear()

    def close(self) -> None:
        """Let go of the file; one with nothing left in it is removed."""
        with self._lock:
            if not self.waiting:
                self.path.unlink(missing_ok=True)
            os.close(self._handle)

    def drop(self) -> None:
        """Let go of the file in a child: its lock goes on being the parent's."""
        os.close(self._handle)

    def _keep_aside(self, unread: bytes) -> None:
        if unread:
            aside = self.path.with_suffix(_UNREAD)
            logger.error("a spooled receipt is not of a form that this version can read; it is kept in %s", aside)
            with open(aside, "ab", opener=_private) as file:
                file.write(unread)


def _line(value: dict[str, Any]) -> bytes:
    return json.dumps(value, ensure_ascii=True, separators=(",", ":")).encode("ascii") + b"\n"


def _object(raw: bytes) -> dict[str, Any]:
    value = json.loads(raw)
    if not isinstance(value, dict):
        raise TypeError("no JSON object")
    return value


def _private(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_CLOEXEC, 0o600)
