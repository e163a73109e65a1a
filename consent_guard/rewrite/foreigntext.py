"""The text of an svg script or style, where it is markup: references, comments, CDATA sections and elements stand in it.

A style sheet is the element's own text: what its child elements hold is no part of it, and what stands around them is read
together (DOM, child text content). ``reading`` gathers it in the reading that takes the content for markup, beside the one that
takes it for raw text. May import this package's inline, styles and references.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..findings import Finding
from ..limits import HELD_SCRIPT_BYTES
from .html.attributes import Edit
from .html.charrefs import decode_text
from .html.tokenizer import Kind, Mode
from .inline import ScriptKind, script_hit
from .styles import without

if TYPE_CHECKING:
    from .reading import Reading
    from .rewriter import HtmlRewriter


class _Text:
    """Pieces of one text, each told whether it stood in a CDATA section."""

    __slots__ = ("level", "pieces")

    def __init__(self, level: int, pieces: list[tuple[bool, bytes]] | None = None) -> None:
        self.level = level
        """How many elements are open where this text stands."""
        self.pieces = pieces or []

    def copy(self) -> _Text:
        return _Text(self.level, self.pieces.copy())

    def take(self, text: bytes, *, section: bool) -> None:
        if self.pieces and self.pieces[-1][0] is section:
            self.pieces[-1] = (section, self.pieces[-1][1] + text)
        else:
            self.pieces.append((section, text))

    def part(self) -> None:
        """Let no reference reach over what stands here."""
        if self.pieces and self.pieces[-1] != (False, b""):
            self.pieces.append((False, b""))


class ForeignText:
    """One element's text, up to a limit, and that of the elements of its name within it."""

    def __init__(self, owner: HtmlRewriter, name: bytes, kind: ScriptKind | None, start: int, level: int) -> None:
        self._owner = owner
        self.name = name
        self.start = start
        """Where the start tag begins, in the buffer."""
        self.depth = 0
        """Open elements of the same name within it."""
        self._kind = kind
        self._all = _Text(level)
        """The text of all that stands in the element: its own one as well where nobody knows what is open."""
        self._own = [_Text(level)]
        """The elements of the name that are open, each with its own text."""
        self._ended: list[_Text] = []
        self._unsure = False
        self._size = 0
        self._odd = False
        """Something in it reads otherwise as markup than as raw text, which the other reading looks at."""

    def copy(self) -> ForeignText:
        """Return the same for another reading."""
        twin = ForeignText(self._owner, self.name, self._kind, self.start, self._all.level)
        twin.depth, twin._size, twin._odd, twin._unsure = self.depth, self._size, self._odd, self._unsure
        twin._all, twin._own, twin._ended = self._all.copy(), [text.copy() for text in self._own], self._ended.copy()
        return twin

    def read(self, reading: Reading, piece: bytes, kind: Kind) -> None:
        """Take a lexeme between the tags: text, a piece of a CDATA section, or what is no text and parts it."""
        if kind is Kind.TEXT:
            self._take(reading, piece, section=False)
        elif kind is Kind.CDATA:
            if piece != b"<![CDATA[":
                text = piece.removesuffix(b"]]>") if reading.lexer.mode is Mode.DATA else piece
                self._take(reading, text, section=True)
        else:
            self.part(reading)
        if self._size > HELD_SCRIPT_BYTES:
            self.conclude(reading, reading.pos)

    def part(self, reading: Reading) -> None:
        """Take what is no text: a comment, or a tag that ``reading`` has told its context of."""
        self._odd = True
        self._unsure = self._unsure or reading.context.unsure
        self._all.part()
        level = len(reading.context.stack)
        while self._own and self._own[-1].level > level:
            self._ended.append(self._own.pop())  # by its end tag, or with an element around it
        if self._own:
            self._own[-1].part()

    def _take(self, reading: Reading, text: bytes, *, section: bool) -> None:
        self._size += len(text)
        self._odd = self._odd or section or b"&" in text
        self._all.take(text, section=section)
        if self._own and self._own[-1].level == len(reading.context.stack):
            self._own[-1].take(text, section=section)

    def enter(self, reading: Reading) -> None:
        """Take a start tag of the element's name, of which ``reading`` has told its context."""
        self.depth += 1
        self._odd = True
        self._own.append(_Text(len(reading.context.stack)))

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
        texts = [*self._ended, *self._own, *([self._all] if self._unsure else [])]
        for text in {self._decoded(text): None for text in texts}:
            if found := self._judge_text(text):
                return found
        return []

    def _decoded(self, text: _Text) -> str:
        decode = self._owner.decode
        return "".join(decode(piece) if section else decode_text(decode(piece)) for section, piece in text.pieces)

    def _judge_text(self, text: str) -> list[Finding]:
        judge = self._owner.judge
        found: list[Finding] = []
        if self.name == b"style":
            without(judge, text, found.append, "style url()")
        elif self._kind is not None:
            hit = script_hit(judge, text.encode("utf-8", "surrogatepass"), self._kind)
            found += [hit.finding("script")] if hit is not None else []
        return [finding for finding in found if finding.enforced]
