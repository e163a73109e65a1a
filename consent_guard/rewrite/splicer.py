"""Lays the edits of all readings over the document, and hands out what may leave.

Where the readings part and something is withheld, what leaves is read again (``recheck``). Offsets are those of the current
buffer, but for the edits that wait: theirs count from the document's beginning, so that a feed costs nothing for each of them,
however many one reading makes while another holds what they stand in. May import this package's attributes, encoding and
recheck; only ``rewriter`` calls it.
"""

from __future__ import annotations

import sys
from bisect import bisect_left, bisect_right, insort
from collections import deque
from typing import TYPE_CHECKING

from .encoding.decode import Charset
from .html.attributes import Edit
from .html.tokenizer import Buffer
from .recheck import Again, Passage

if TYPE_CHECKING:
    from .html.tree_builder_simulator import Context
    from .judge import Judge


class Splicer:
    """The edits of one document that have not left yet."""

    def __init__(self, again: Again) -> None:
        """``again`` makes a rewriter that reads what leaves once more."""
        self.edits: list[Edit] = []
        """Those of the current feed, in the order in which they were made; ``whole`` takes them."""
        self._waiting: list[Edit] = []
        """Those that have not left, sorted."""
        self._gone = 0
        """How many bytes have left."""
        self._asked = self._granted = 0
        """The latest answer of ``whole``, counted from the document's beginning."""
        self.failed = False
        """True where the document has to end: no rereading made it safe."""
        self._again = again
        self._passages: deque[Passage] = deque()
        """Where readings part, as far as it has not left."""
        self._unsettled: Passage | None = None
        """One in which the readings agree again, but not with the one that read again."""

    @property
    def idle(self) -> bool:
        """True while nothing is read again."""
        return not self._passages and self._unsettled is None

    @property
    def parted(self) -> int:
        """Where the first passage begins that has not left; past all where there is none."""
        return self._passages[0].start if self._passages else sys.maxsize

    def part(self, start: int, origin: Context | None, judge: Judge) -> None:
        """Note that a second reading parts at ``start``; before it the context was ``origin``, if that was kept."""
        self._passages.append(Passage(start, origin, judge, self._again))

    def agree(self, end: int, state: tuple[object, ...]) -> None:
        """Note that all readings have come to the same ``state`` at ``end``."""
        self._passages[-1].end, self._passages[-1].state = end, state

    def whole(self, safe: int) -> int:
        """Return how much may leave of what is safe: no edit leaves in part."""
        gone, waiting = self._gone, self._waiting
        asked = gone + safe
        settled = asked == self._asked
        for edit in self.edits:
            made = edit.moved(gone)
            settled = settled and made.start >= asked
            if not waiting or _order(waiting[-1]) <= _order(made):
                waiting.append(made)
            else:
                insort(waiting, made, key=_order)
        self.edits.clear()
        if not settled:
            self._asked = self._granted = asked
            for at in range(bisect_left(waiting, asked, key=_start) - 1, -1, -1):
                if waiting[at].start < self._granted < waiting[at].end:
                    self._granted = waiting[at].start
        return self._granted - gone

    def shift(self, gone: int, size: int) -> None:
        """Note that the first ``gone`` bytes of a buffer of ``size`` have left."""
        self._gone += gone
        if self._waiting:
            left = bisect_left if gone < size else bisect_right
            del self._waiting[: left(self._waiting, self._gone, key=_start)]
        for passage in self._passages:
            passage.shift(gone)

    def settle(self, state: tuple[object, ...] | None) -> None:
        """Note that the only reading is at the beginning of what has not left, in ``state``."""
        if self._unsettled is not None and not self._passages and self._unsettled.settled(state):
            self._unsettled = None

    def leave(self, source: Buffer, safe: int, charset: Charset) -> bytes:
        """Return the document up to ``safe`` with its edits laid in."""
        if self.idle:
            return self._splice(source, 0, safe, charset)
        out: list[bytes] = []
        at = 0
        while self._passages and self._passages[0].start < safe:
            passage = self._passages[0]
            start = max(at, passage.start)
            out.append(self._read_again(self._unsettled, source, at, start, charset))
            at = safe if passage.end is None else min(safe, passage.end)
            reader = self._unsettled or passage
            out.append(self._read_again(reader, source, start, at, charset))
            if at != passage.end:
                break
            self._unsettled = None if reader.settled(passage.state) else reader
            self._passages.popleft()
        out.append(self._read_again(self._unsettled, source, at, safe, charset))
        return b"".join(out)

    def close(self) -> bytes:
        """Return what a rereading has held. The document ends here."""
        reader = self._unsettled or next(iter(self._passages), None)
        return b"" if reader is None or self.failed else self._checked(reader.close())

    def _read_again(self, reader: Passage | None, source: Buffer, start: int, end: int, charset: Charset) -> bytes:
        if start == end or self.failed:
            return b""
        piece = self._splice(source, start, end, charset)
        if reader is None:
            return piece
        return self._checked(reader.through(piece, changed=bool(self._within(start, end, len(source)))))

    def _checked(self, piece: bytes | None) -> bytes:
        self.failed = self.failed or piece is None
        return piece or b""

    def _within(self, start: int, end: int, size: int) -> list[Edit]:
        """Return the edits of a stretch; what is to be put in at its end belongs to the next one, if there is one."""
        gone, waiting = self._gone, self._waiting
        first = bisect_left(waiting, gone + start, key=_start)
        last = bisect_right(waiting, gone + end, lo=first, key=_start)
        edits = [edit.moved(-gone) for edit in waiting[first:last]]
        return [edit for edit in edits if edit.end <= end and (edit.start < end or end == size)]

    def _splice(self, source: Buffer, start: int, end: int, charset: Charset) -> bytes:
        """Return a stretch of the document with its edits laid in."""
        edits = self._within(start, end, len(source))
        return charset.encode_pieces(_pieces(source, start, end, edits) if edits else (bytes(source[start:end]),))


def laid_over(source: bytes, edits: list[Edit], charset: Charset) -> bytes:
    """Return a whole text with edits laid in."""
    return charset.encode_pieces(_pieces(source, 0, len(source), sorted(edits, key=_order)))


def _pieces(source: Buffer, start: int, end: int, edits: list[Edit]) -> list[bytes]:
    """Return what stays and what is put in, in turn."""
    pieces: list[bytes] = []
    at = start
    dropped = _ranges(edits)
    for edit in edits:
        if edit.start >= at:
            text = b"" if dropped and _inside(dropped, edit.start) else edit.text
            pieces += (bytes(source[at : edit.start]), text)
            at = edit.end
        elif edit.end > at:
            at = edit.end  # two readings withhold overlapping pieces: the first one's text stands for both
    pieces.append(bytes(source[at:end]))
    return pieces


def _start(edit: Edit) -> int:
    return edit.start


def _order(edit: Edit) -> tuple[int, int, int]:
    """Where two readings withhold the same tag, the text that stands in for it comes before none."""
    return edit.start, edit.end, -len(edit.text)


def _ranges(edits: list[Edit]) -> list[tuple[int, int]]:
    """Return where content is left out, sorted; pieces that touch are one."""
    ranges: list[tuple[int, int]] = []
    for edit in edits:
        if edit.drop:
            if ranges and edit.start <= ranges[-1][1]:
                ranges[-1] = (ranges[-1][0], max(edit.end, ranges[-1][1]))
            else:
                ranges.append((edit.start, edit.end))
    return ranges


def _inside(ranges: list[tuple[int, int]], position: int) -> bool:
    at = bisect_right(ranges, (position, sys.maxsize)) - 1
    return at >= 0 and position < ranges[at][1]
