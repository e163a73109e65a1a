"""Where an XML tag or doctype ends, found in one pass however the input is cut.

May import nothing of the package; ``rewriter`` uses it.
"""

from __future__ import annotations

import re
from typing import Final

_IN_TAG: Final = re.compile(rb"[\"'>]")
_IN_DOCTYPE: Final = re.compile(rb"[\"'>\[\]]|<(?:!--|\?)?")
_CLOSING: Final = {b"<!--": b"-->", b"<?": b"?>"}


class SpanEnd:
    """Looks for the ``>`` that ends what begins with ``<``; quotes, and in a doctype brackets, comments and instructions, hide
    others. ``find`` may be asked again with more input: it goes on where it stopped."""

    def __init__(self, *, doctype: bool) -> None:
        self._pattern = _IN_DOCTYPE if doctype else _IN_TAG
        self._until = b""
        self._subset = False
        self._read = 1

    def find(self, buffer: bytes | bytearray, start: int) -> int:
        """Return the offset after the end of what begins at ``start``, -1 while it has not come."""
        at = start + self._read
        size = len(buffer)
        while at < size:
            if self._until:
                end = buffer.find(self._until, at)
                if end < 0:
                    at = max(at, size - len(self._until) + 1)
                    break
                at = end + len(self._until)
                self._until = b""
                continue
            found = self._pattern.search(buffer, at)
            if found is None:
                at = size
                break
            mark = found[0]
            if mark == b"<" and found.start() > size - 4:
                at = found.start()  # it may yet open a comment
                break
            at = found.end()
            if mark == b">" and not self._subset:
                return at
            if mark in (b"[", b"]"):
                self._subset = mark == b"["
            elif mark in (b'"', b"'"):
                self._until = mark
            else:
                self._until = _CLOSING.get(mark, b"")
        self._read = at - start
        return -1
