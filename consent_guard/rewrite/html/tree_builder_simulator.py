"""As much of the HTML tree builder (WHATWG 13.2.6) as decides how the next bytes are read.

Two questions only: is this HTML or foreign content (svg, math), and does a start tag switch the tokenizer to raw text? Inside
foreign content the open elements are kept, with their integration points; outside nothing is. Where a stream cannot know,
``unsure`` says
so for good, and ``reading`` follows every reading that a browser may take. May import patterns and limits.
"""

from __future__ import annotations

from enum import IntEnum
from typing import Final, NamedTuple

from ...limits import OPEN_ELEMENTS
from .grammar import RAW_TEXT


class Space(IntEnum):
    """The kind of an open element."""

    HTML = 0
    FOREIGN = 1
    INTEGRATION = 2
    """A foreign element whose children are HTML: foreignObject, desc, title of svg; annotation-xml as HTML."""
    TEXT_INTEGRATION = 3
    """mi, mo, mn, ms, mtext: the same, but for mglyph and malignmark."""


class Open(NamedTuple):
    """One open element, remembered from the outermost svg or math inwards."""

    name: bytes
    space: Space
    math: bool


class Switch(IntEnum):
    """How the content of a start tag is read."""

    NO = 0
    """As markup."""
    RAW = 1
    """As raw text, in every reading."""
    BOTH = 2
    """As raw text in one reading and as markup in another."""


_BREAKOUT: Final = frozenset(
    b"b big blockquote body br center code dd div dl dt em embed h1 h2 h3 h4 h5 h6 head hr i img li listing menu meta nobr "
    b"ol p pre ruby s small span strong strike sub sup table tt u ul var".split()
)
_VOID: Final = frozenset(
    b"area base basefont bgsound br col embed frame hr img image input keygen link meta param source track wbr".split()
)
_SVG_INTEGRATION: Final = frozenset({b"foreignobject", b"desc", b"title"})
_FOREIGN_ONLY: Final = frozenset(
    b"circle clippath defs ellipse filter g image line lineargradient marker mask path pattern polygon polyline radialgradient "
    b"rect stop symbol text textpath tspan use mi mo mn mrow msup msub mfrac msqrt".split()
)
"""Names that no open HTML element has: their stray end tags change nothing."""
_MATH_TEXT: Final = frozenset({b"mi", b"mo", b"mn", b"ms", b"mtext"})
_HTML_ENCODINGS: Final = frozenset({"text/html", "application/xhtml+xml"})
_SELECT_SAFE: Final = frozenset({b"script", b"textarea", b"noscript"})


class Context:
    """The tree builder's state in one reading."""

    __slots__ = ("frameset", "select", "stack", "templates", "unsure")

    def __init__(self) -> None:
        self.stack: list[Open] = []
        self.unsure = False
        """The namespace cannot be known any more."""
        self.select = False
        """Inside ``<select>``, where parsers of different age differ."""
        self.frameset = False
        """After ``<frameset>``, where the tree builder ignores what the preload scanner reads."""
        self.templates = 0

    def copy(self) -> Context:
        """Return a second context in the same state."""
        twin = Context()
        twin.stack = self.stack.copy()
        twin.unsure, twin.select, twin.frameset, twin.templates = self.unsure, self.select, self.frameset, self.templates
        return twin

    def state(self) -> tuple[object, ...]:
        """Return what tells this context's future from another's."""
        return tuple(self.stack), self.unsure, self.select, self.frameset, self.templates

    @property
    def html(self) -> bool:
        """True where what follows is certainly HTML content."""
        return not self.unsure and (not self.stack or self.stack[-1].space is not Space.FOREIGN)

    @property
    def plain(self) -> bool:
        """True outside svg and math for certain: boring tags change nothing there."""
        return not self.stack and not self.unsure

    @property
    def cdata(self) -> bool:
        """True where the tree builder may allow a CDATA section: the adjusted current node is (or may be) not HTML."""
        return self.unsure or bool(self.stack)

    def start(self, name: bytes, *, closed: bool, font: bool = False, encoding: str | None = None) -> Switch:
        """Take a start tag and return how its content is read.

        ``closed``: it ends in ``/>``. ``font``: it has a color, face or size. ``encoding``: annotation-xml's.
        """
        stack = self.stack
        if stack:
            top = stack[-1]
            if top.space is Space.FOREIGN:
                if name in _BREAKOUT or (name == b"font" and font):
                    while stack and stack[-1].space is Space.FOREIGN:
                        stack.pop()
                elif not (name == b"svg" and top.name == b"annotation-xml"):
                    return self._foreign_start(name, top.math, closed, encoding)
            elif name in (b"mglyph", b"malignmark") and any(one.space is Space.TEXT_INTEGRATION for one in stack):
                if top.space is not Space.TEXT_INTEGRATION:
                    self.unsure = True  # the HTML elements on top are a guess
                return self._foreign_start(name, True, closed, None)
        return self._html_start(name, closed)

    def _foreign_start(self, name: bytes, math: bool, closed: bool, encoding: str | None) -> Switch:
        if not closed:
            space = Space.FOREIGN
            if math:
                if name in _MATH_TEXT:
                    space = Space.TEXT_INTEGRATION
                elif name == b"annotation-xml" and encoding in _HTML_ENCODINGS:
                    space = Space.INTEGRATION
            elif name in _SVG_INTEGRATION:
                space = Space.INTEGRATION
            self._push(Open(name, space, math))
        return Switch.BOTH if name in RAW_TEXT else Switch.NO

    def _html_start(self, name: bytes, closed: bool) -> Switch:
        if name in (b"svg", b"math"):
            if self.select or self.frameset:
                self.unsure = True
            if not closed:
                self._push(Open(name, Space.FOREIGN, name == b"math"))
            return Switch.NO
        if name == b"select":
            self.select = True
        elif name == b"template":
            self.templates += 1
        elif name == b"frameset":
            self.frameset = True
        if self.stack and name not in _VOID:
            self._push(Open(name, Space.HTML, False))
        if name not in RAW_TEXT:
            return Switch.NO
        if name == b"noscript" or self.unsure or self.frameset or (self.select and name not in _SELECT_SAFE):
            return Switch.BOTH
        return Switch.RAW

    def end(self, name: bytes) -> None:
        """Take an end tag."""
        if name == b"select":
            self.select = False
        elif name == b"template" and self.templates:
            self.templates -= 1
        stack = self.stack
        if not stack:
            return
        if stack[-1].space is Space.HTML:
            self._html_end(name)
        elif name in (b"p", b"br"):
            while stack and stack[-1].space is Space.FOREIGN:
                stack.pop()
        else:
            self._foreign_end(name)

    def _html_end(self, name: bytes) -> None:
        """Take an end tag while HTML elements seem to be open inside an integration point. Which ones really are depends on
        all of the tree builder: only the end tag of the innermost is certain."""
        stack = self.stack
        if stack[-1].name == name:
            stack.pop()
            return
        for at in range(len(stack) - 1, -1, -1):
            if stack[at].name == name:
                del stack[at:]
                self.unsure = True
                return

    def _foreign_end(self, name: bytes) -> None:
        stack = self.stack
        for at in range(len(stack) - 1, -1, -1):
            if stack[at].space is Space.HTML:
                break
            if stack[at].name == name:
                del stack[at:]
                return
        if name not in _FOREIGN_ONLY:
            self.unsure = True  # it may close an HTML element around the svg, and the svg with it

    def _push(self, element: Open) -> None:
        if len(self.stack) < OPEN_ELEMENTS:
            self.stack.append(element)
        else:
            self.unsure = True
