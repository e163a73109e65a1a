"""The judges that one guard remembers: those that are asked for most, within a number of bytes.

Hosts, paths and choices come from visitors. A judge that is asked for often is never given up for one that is not: made-up
hosts drive out each other and nobody else. Who is not remembered is judged all the same, and costs more time. May import limits
and the judge. ``rules`` has one.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import count
from typing import Final

from ..limits import JUDGES, JUDGES_BYTES
from .judge import Judge
from .model import DocumentFacts

_COUNTED: Final = 16 * JUDGES
"""Judges of which it is known how often they were asked for, remembered or not."""
_AGE: Final = 128 * JUDGES
"""After so many requests every count is halved: what was asked for long ago must not stand in the way for ever."""

_Key = tuple[frozenset[str], DocumentFacts]


class Judges:
    """The judges of one policy by consent and document. Threads may race on it: the worst is a judge made twice, and a miscount
    that the next counting mends."""

    def __init__(self, make: Callable[[frozenset[str], DocumentFacts, Callable[[int], None]], Judge]) -> None:
        """``make`` returns a new judge that tells the given function of each number of bytes that it takes."""
        self._make = make
        self._judges: dict[_Key, Judge] = {}
        self._uses: dict[int, int] = {}
        """How often a judge was asked for, by its key's hash; less for what lies back."""
        self._asked = count(1)
        self._held = 0

    def get(self, allowed: frozenset[str], document: DocumentFacts) -> Judge:
        """Return the judge for a consent and a document."""
        key = (allowed, document)
        uses = self._count(hash(key))
        judge = self._judges.get(key)
        if judge is None:
            judge = self._make(allowed, document, self._take)
            if len(self._judges) >= JUDGES:
                rarest = min(list(self._judges), key=self._rank)
                if self._rank(rarest)[0] > uses:
                    return judge
                self._judges.pop(rarest, None)
            self._judges[key] = judge
        judge.asked = next(self._asked)
        return judge

    def __len__(self) -> int:
        return len(self._judges)

    @property
    def size(self) -> int:
        """About how many bytes all that they remember takes."""
        return sum(judge.memory.held for judge in list(self._judges.values()))

    def _count(self, key: int) -> int:
        uses = self._uses[key] = self._uses.get(key, 0) + 1
        if len(self._uses) > _COUNTED or next(self._asked) % _AGE == 0:
            self._uses = {key: uses // 2 for key, uses in list(self._uses.items()) if uses > 1}
        return uses

    def _rank(self, key: _Key) -> tuple[int, int]:
        judge = self._judges.get(key)
        return self._uses.get(hash(key), 0), judge.asked if judge is not None else 0

    def _take(self, size: int) -> None:
        """Note so many bytes more, and make room if that is too much."""
        self._held += size
        if self._held <= JUDGES_BYTES:
            return
        held = self.size
        if held > JUDGES_BYTES:
            for key in sorted(self._judges, key=self._rank):
                judge = self._judges.pop(key, None)
                held -= judge.memory.held if judge is not None else 0
                if held <= JUDGES_BYTES * 7 // 8:  # not to do this again with the next few bytes
                    break
        self._held = held
