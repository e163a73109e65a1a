"""What leaves while a document is read in several ways is read again.

An edit that one reading calls for may move the quotes and brackets of another: what was text there may become a tag. So a
passage in which the readings part and anything is withheld goes through a second rewriter, which begins where they parted,
before it leaves; what that one withholds goes through a third, and past ``limits.REREADINGS`` the document ends. A passage
from which nothing is withheld costs nothing. May import the rewriter's types; only ``splicer`` calls it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from ..limits import REREAD_BYTES

if TYPE_CHECKING:
    from .html.tree_builder_simulator import Context
    from .judge import Judge
    from .rewriter import HtmlRewriter


Again = Callable[["Context", "Judge"], "HtmlRewriter | None"]


class Passage:
    """A stretch of the document that is read in several ways: from the tag at which the readings part to where they agree."""

    __slots__ = ("_again", "_due", "_judge", "_origin", "_reader", "_seen", "end", "start", "state")

    def __init__(self, start: int, origin: Context | None, judge: Judge, again: Again) -> None:
        """``start``: in the buffer. ``origin``: the context there, None where it was not kept. ``again`` makes the second
        rewriter, or None where there have been too many."""
        self.start = start
        self.end: int | None = None
        """Where the readings agree again; None while they do not."""
        self.state: tuple[object, ...] | None = None
        """What they agree on."""
        self._origin = origin
        self._judge = judge
        self._again = again
        self._reader: HtmlRewriter | None = None
        self._seen = bytearray()
        """What has left since the start, while nothing was withheld."""
        self._due = b""
        """Of that, what the second rewriter has not handed on yet."""

    def shift(self, gone: int) -> None:
        """Note that the first ``gone`` bytes of the buffer have left."""
        self.start -= gone
        if self.end is not None:
            self.end -= gone

    def through(self, piece: bytes, *, changed: bool) -> bytes | None:
        """Return what may leave of the passage's next bytes as the readings left them; None where the document has to end.
        ``changed``: something was withheld in them."""
        reader = self._reader
        if reader is None:
            if not changed and len(self._seen) + len(piece) <= REREAD_BYTES:
                self._seen += piece
                return piece
            reader = self._reader = self._again(self._origin, self._judge) if self._origin is not None else None
            if reader is None:
                return None if changed else piece
            self._due = bytes(self._seen)
            self._seen.clear()
            piece = self._due + piece
        return self._fresh(reader.feed(piece), reader.overrun)

    def _fresh(self, out: bytes, overrun: bool) -> bytes | None:
        """Return what has not left before; None where it should not have left."""
        due = min(len(self._due), len(out))
        if overrun or out[:due] != self._due[:due]:
            return None
        self._due = self._due[due:]
        return out[due:]

    def settled(self, state: tuple[object, ...] | None) -> bool:
        """Tell whether what comes next need not be read again: the second rewriter is where the readings agree."""
        reader = self._reader
        if reader is None:
            return True
        if not reader.rests_in(state):
            return False
        reader.release()
        self._reader = None
        return True

    def close(self) -> bytes | None:
        """Return the rest, None as ``through`` does. The document ends here."""
        reader = self._reader
        return b"" if reader is None else self._fresh(reader.close(), reader.overrun)
