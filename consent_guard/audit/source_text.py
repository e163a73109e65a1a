"""A document's text as its author sees it: from an offset in what the rewriter reads to a line and a column.

May import the rewriter's encodings. ``documents`` makes one for a document in which something was found.
"""

from __future__ import annotations

from bisect import bisect_right
from functools import cached_property
from itertools import accumulate
from typing import Final

from ..rewrite.encoding.decode import Charset

_MARK: Final = "\ufeff"


class SourceText:
    """One whole document, in the bytes that the rewriter reads: its own, or UTF-8 where a layer stands between."""

    def __init__(self, body: bytes, label: str | None, *, xml: bool) -> None:
        """``label``: the charset parameter of Content-Type."""
        self.xml: Final = xml
        charset = Charset(label, xml=xml)
        self.data: Final = charset.decode(body) + charset.finish()
        self.decode: Final = charset.text
        self._last = (0, 1)
        """The offset that was asked for last, and its column."""

    @cached_property
    def _starts(self) -> list[int]:
        lines = self.data.splitlines(keepends=True)  # of bytes: at CRLF, LF and CR, and at nothing else
        ends = list(accumulate(map(len, lines)))
        return [0, *(ends if self.data.endswith((b"\n", b"\r")) else ends[:-1])]

    def place(self, offset: int) -> tuple[int, int]:
        """Return the line and the column at an offset, both counted from 1, the column in characters. CRLF, LF and CR end a
        line; a byte order mark takes no column. Asked in the text's order, it reads each line once."""
        line = bisect_right(self._starts, offset)
        start = self._starts[line - 1]
        known, column = self._last
        if not start <= known <= offset:
            known, column = start, 1
        before = self.decode(self.data[known:offset])
        column += len(before.removeprefix(_MARK) if known == 0 else before)
        self._last = offset, column
        return line, column
