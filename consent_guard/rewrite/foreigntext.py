"""The text of an svg script or style, where it is markup: references, comments and CDATA sections stand in it.

``reading`` gathers it in the reading that takes the content for markup, beside the one that takes it for raw text. May import
this package's inline, styles and references.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..findings import Finding
from ..limits import HELD_SCRIPT_BYTES
from .attributes import Edit
from .inline import ScriptKind, script_hit
from .lexer import Kind, Mode
from .references import decode_text
from .styles import without

if TYPE_CHECKING:
    from .reading import Reading
    from .rewriter import HtmlRewriter


class ForeignText:
    """One element's text, up to a limit."""

    def __init__(self, owner: HtmlRewriter, name: bytes, kind: ScriptKind | None, start: int) -> None:
        self._owner = owner
        self.name = name
        self.start = start
        """Where the start tag begins, in the buffer."""
        self.depth = 0
        """Open elements of the same name within it."""
        self._kind = kind
        self._pieces: list[tuple[bool, bytes]] = []
        self._size = 0
        self._odd = False
        """Something in it reads otherwise as markup than as raw text, which the other reading looks at."""

    def copy(self) -> ForeignText:
        """Return the same for another reading."""
        twin = ForeignText(self._owner, self.name, self._kind, self.start)
        twin.depth, twin._pieces, twin._size, twin._odd = self.depth, self._pieces.copy(), self._size, self._odd
        return twin

    def read(self, reading: Reading, piece: bytes, kind: Kind) -> None:
        """Take a lexeme between the tags: text, a piece of a CDATA section, or what is no text and parts it."""
        if kind is Kind.TEXT:
            self._take(piece, section=False)
        elif kind is Kind.CDATA:
            if piece != b"<![CDATA[":
                self._take(piece.removesuffix(b"]]>") if reading.lexer.mode is Mode.DATA else piece, section=True)
        else:
            self._odd = True
            self._pieces.append((False, b""))  # no reference reaches over a comment
        if self._size > HELD_SCRIPT_BYTES:
            self.conclude(reading, reading.pos)

    def _take(self, text: bytes, *, section: bool) -> None:
        self._size += len(text)
        self._odd = self._odd or section or b"&" in text
        if self._pieces and self._pieces[-1][0] is section:
            self._pieces[-1] = (section, self._pieces[-1][1] + text)
        else:
            self._pieces.append((section, text))

    def enter(self) -> None:
        """Take a start tag of the element's name."""
        self.depth += 1
        self._odd = True

    def leave(self, reading: Reading, end: int) -> None:
        """Take an end tag of the element's name."""
        if self.depth:
            self.depth -= 1
        else:
            self.conclude(reading, end)

    def conclude(self, reading: Reading, end: int) -> None:
        """Judge what the element says; on a hit it goes, up to ``end``."""
        found = self._judge() if self._odd else []
        if found:
            self._owner.report(found, self.start)
            reading.edits.append(Edit(self.start, end, b"", drop=True))
        reading.gathered = None
        reading.hold = None

    def _judge(self) -> list[Finding]:
        decode, judge = self._owner.decode, self._owner.judge
        text = "".join(decode(piece) if section else decode_text(decode(piece)) for section, piece in self._pieces)
        found: list[Finding] = []
        if self.name == b"style":
            without(judge, text, found.append, "style url()")
        elif self._kind is not None:
            hit = script_hit(judge, text.encode("utf-8", "surrogatepass"), self._kind)
            found += [hit.finding("script")] if hit is not None else []
        return [finding for finding in found if finding.enforced]
