"""Where the next end of a content is, remembered: a thousand elements that look for the same end, or one that comes byte by
byte, look at each byte once. Knows bytes and patterns only; ``stream`` owns one, ``ambiguous`` asks it.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from .tokenizer import Buffer


class _Looked(NamedTuple):
    """What is known of one pattern, in offsets of the document."""

    begun: int
    reached: int
    """No match lies between ``begun`` and here, unless ``found`` is one."""
    found: int | None
    """Where the first match from ``begun`` on begins."""


class Lookahead:
    """What was looked for in one document."""

    __slots__ = ("_looked",)

    def __init__(self) -> None:
        self._looked: dict[re.Pattern[bytes], _Looked] = {}

    def find(self, pattern: re.Pattern[bytes], length: int, buffer: Buffer, left: int, start: int, stop: int) -> int:
        """Return where the first match that lies between ``start`` and ``stop`` of the buffer begins, -1 where none does.

        ``length``: of every match, in bytes. ``left``: how many bytes of the document have left before the buffer.
        """
        known = self._looked.get(pattern)
        begun, at = left + start, start
        reached = begun
        if known is not None and known.begun <= begun:
            if known.found is not None and known.found >= begun:
                return known.found - left if known.found - left + length <= stop else -1
            if known.found is None and known.reached > begun:
                begun, reached = known.begun, known.reached
                at = max(start, reached - left - length + 1)
        match = pattern.search(buffer, at, stop) if at < stop else None
        found = None if match is None else match.start()
        self._looked[pattern] = _Looked(begun, max(reached, left + stop), None if found is None else left + found)
        return -1 if found is None else found
