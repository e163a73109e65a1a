"""Tables of what a judge remembers, bounded together by bytes.

Whatever fills them (a site of a million pictures, a stream in which no tag comes twice), they are emptied before they outgrow
their share, and filled again by what comes. May import limits. ``judge`` makes them; ``tags``, ``inline``, ``shortcuts`` and
``passages`` fill them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final, Protocol, TypeVar

from ..limits import JUDGE_MEMO_BYTES

K = TypeVar("K")
V = TypeVar("V")

DIGESTED_BYTES: Final = 200
"""A longer text is remembered by its digest: below it the digest costs more than the text."""
_ENTRY_BYTES: Final = 180
"""What an entry of a table takes in CPython 3.11 beside the bytes of its key: its place, the key's head, a small value."""
_HOLDER_BYTES: Final = 160
_FINDING_BYTES: Final = 180
_EDIT_BYTES: Final = 200


class Forgetful(Protocol):
    """Who has tables."""

    def forget(self) -> None:
        """Empty them."""


def untold(size: int) -> None:
    """Tell nobody."""


class Memory:
    """The share that several tables have together. Threads may race on it: the worst is a miscount by one entry."""

    __slots__ = ("_sharers", "_tell", "held")

    def __init__(
        self, sharers: Mapping[tuple[tuple[str, ...], str | None], Forgetful], tell: Callable[[int], None] = untold
    ) -> None:
        """``sharers``: who has the tables; may change. ``tell`` is told of each number of bytes that is taken."""
        self._sharers = sharers
        self._tell = tell
        self.held = 0
        """About how many bytes the tables take."""

    def take(self, size: int) -> None:
        """Note so many bytes more, and make room if that is too much."""
        self.held += size
        if self.held > JUDGE_MEMO_BYTES:
            self.held = size
            for sharer in list(self._sharers.values()):
                sharer.forget()
        self._tell(size)


class Table(dict[K, V]):
    """One table. Read it as a dictionary; enter with ``keep`` only."""

    __slots__ = ("_memory",)

    def __init__(self, memory: Memory) -> None:
        super().__init__()
        self._memory = memory

    def keep(self, key: K, value: V, size: int) -> None:
        """Remember a value that takes so many bytes with its key."""
        self._memory.take(size + _ENTRY_BYTES)
        self[key] = value


def size_of(findings: int, edits: int) -> int:
    """Return about how many bytes so many findings and edits take, and what holds them."""
    return _HOLDER_BYTES + findings * _FINDING_BYTES + edits * _EDIT_BYTES
