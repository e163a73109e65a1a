"""The edits of one document that have not left yet, and the document with them laid in.

Offsets are those of the current buffer. Nothing is ever serialised again: what no edit covers leaves byte for byte. May
import the model and the encoding; ``stream`` and the XML rewriter own one each.
"""

from __future__ import annotations

from collections.abc import Iterable

from ..encoding.decode import Charset
from ..model import Edit

Buffer = bytes | bytearray


class PatchBuffer:
    """Edits, in any order; they never overlap but where one lies within another that leaves something out."""

    __slots__ = ("edits",)

    def __init__(self) -> None:
        self.edits: list[Edit] = []

    def add(self, start: int, end: int, text: bytes = b"") -> None:
        """Replace a stretch of the buffer."""
        self.edits.append(Edit(start, end, text))

    def extend(self, edits: Iterable[Edit], at: int) -> None:
        """Take edits that count from ``at``."""
        self.edits += [Edit(edit.start + at, edit.end + at, edit.text) for edit in edits]

    def take(self, source: Buffer, safe: int, charset: Charset) -> bytes:
        """Return the buffer's bytes up to ``safe`` with their edits laid in; what is after it counts from there on."""
        edits = self.edits
        if not edits:
            return charset.encode_pieces((bytes(source[:safe]),))
        edits.sort(key=_order)
        pieces: list[bytes] = []
        later: list[Edit] = []
        at = 0
        for edit in edits:
            if edit.end > safe:
                later.append(edit.moved(-safe))
            elif edit.start >= at:
                pieces += (bytes(source[at : edit.start]), edit.text)
                at = edit.end
            elif edit.end > at:
                at = edit.end
        pieces.append(bytes(source[at:safe]))
        self.edits = later
        return charset.encode_pieces(pieces)


def _order(edit: Edit) -> tuple[int, int]:
    return edit.start, edit.end
