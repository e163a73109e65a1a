"""A bounded memory of facts: what tags, scripts and style sheets name. It knows no consent and no host, so all visitors share
it.

Two generations make it nearly "least recently used" at the price of a dictionary look-up: what is asked for in the old one
moves to the new one; when the new one holds half of the budget it becomes the old one, and what was not asked for meanwhile
is gone. May import limits.
"""

from __future__ import annotations

from typing import Final, Generic, TypeVar

from ...limits import FACTS_BYTES

K = TypeVar("K")
V = TypeVar("V")

MISSING: Final = object()
"""What is not remembered; None is a fact like others."""
_ENTRY_BYTES: Final = 180
"""What an entry takes in CPython 3.11 beside its key's and its value's own bytes."""


class Memory:
    """The budget that several tables share. Threads may race on it: the worst is an entry forgotten early."""

    __slots__ = ("_held", "_tables")

    def __init__(self) -> None:
        self._tables: list[Table[object, object]] = []
        self._held = 0

    def take(self, size: int) -> None:
        """Note so many bytes more; past half of the budget what is new becomes old."""
        self._held += size + _ENTRY_BYTES
        if self._held > FACTS_BYTES // 2:
            self._held = 0
            for table in self._tables:
                table.age()

    def forget(self) -> None:
        """Empty all tables."""
        self._held = 0
        for table in self._tables * 2:
            table.age()

    def join(self, table: Table[K, V]) -> None:
        """Let a table share the budget."""
        self._tables.append(table)  # type: ignore[arg-type]


class Table(dict[K, V], Generic[K, V]):
    """One table. ``get`` reads the new generation alone; ``recall`` the old one too; enter with ``keep`` only."""

    __slots__ = ("_memory", "_old")

    def __init__(self, memory: Memory) -> None:
        super().__init__()
        self._memory = memory
        self._old: dict[K, V] = {}
        memory.join(self)

    def recall(self, key: K, size: int) -> V | object:
        """Return what the old generation holds and bring it over, MISSING where it holds nothing."""
        value = self._old.get(key, MISSING)
        if value is not MISSING:
            self.keep(key, value, size)  # type: ignore[arg-type]
        return value

    def keep(self, key: K, value: V, size: int) -> None:
        """Remember a value that takes about so many bytes with its key."""
        self._memory.take(size)
        self[key] = value

    def age(self) -> None:
        """Let the new generation become the old one."""
        self._old = dict(self)
        self.clear()
