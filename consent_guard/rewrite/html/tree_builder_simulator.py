"""As much of the HTML tree builder (WHATWG 13.2.6) as decides how the next bytes are read.

Two questions only: is this HTML or foreign content (svg, math), and does a start tag switch the tokenizer to raw text?
Inside foreign content the open elements are kept, with their integration points; outside nothing is. Where a stream cannot
know, ``unsure`` says so for good; what follows is then settled by ``ambiguous`` so that every reading that a browser may
take is safe. May import the grammar and limits.
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
FONT_BREAKS: Final = frozenset({b"color", b"face", b"size"})
"""Attributes with which ``<font>`` ends foreign content."""
VOID: Final = frozenset(
    b"area base basefont bgsound br col embed frame hr img image input keygen link meta param source track wbr".split()
)
_SVG_INTEGRATION: Final = frozenset({b"foreignobject", b"desc", b"title"})
_ROOTS: Final = frozenset({b"svg", b"math"})
_MATH_TEXT: Final = frozenset({b"mi", b"mo", b"mn", b"ms", b"mtext"})
_GLYPHS: Final = frozenset({b"mglyph", b"malignmark"})
_OF_DRAWINGS: Final = frozenset({b"svg", b"math", b"foreignobject", b"desc", b"annotation-xml"}) | _MATH_TEXT | _GLYPHS
"""Start tags after which it is not followed where a tag has led."""
_HTML_ENCODINGS: Final = frozenset({"text/html", "application/xhtml+xml"})
_SELECT_SAFE: Final = frozenset({b"script", b"textarea", b"noscript"})
_TABLE_PARTS: Final = frozenset(b"caption col colgroup tbody td tfoot th thead tr".split())
"""Ignored outside a table; in one they close whatever stands between, an svg too."""
_IGNORED: Final = frozenset(b"html head body frame frameset".split())
"""Start tags that open nothing within a body."""
_NESTS_IN_ITSELF: Final = frozenset(
    b"div span section article aside header footer main nav ul ol dl b i em strong small u s code pre blockquote figure font "
    b"table tbody tr td".split()
)
"""Elements that do not close an open one of their name."""
_IN_TEMPLATE_HEAD: Final = frozenset(b"base basefont bgsound link meta noframes script style template title".split())
"""Start tags that leave a template's insertion mode as it is (13.2.6.4.22)."""


class TemplateContent(IntEnum):
    """What a template holds, by its first start tag."""

    UNDECIDED = 0
    COLUMNS = 1
    """It began with ``<col>``: every other start tag but those of templates is ignored (13.2.6.4.12)."""
    ANY = 2


_COUNTS_IN_COLUMNS: Final = frozenset({b"col", b"template"})
_CHANGES_MODE: Final = frozenset({b"frameset", b"select", b"template"})
"""Start tags after which HTML content is read by other rules: were they foreign elements, they would change nothing."""


class TreeBuilderSimulator:
    """The tree builder's state in one reading."""

    __slots__ = ("broken_out", "frameset", "mixed", "raw", "saturated", "select", "stack", "templates", "uncounted", "unsure")

    def __init__(self) -> None:
        self.stack: list[Open] = []
        self.unsure = False
        """The namespace cannot be known any more."""
        self.mixed = False
        """While that was so, there was more than either these open elements or none: HTML content within svg or math, more than
        one of these, more elements than are remembered, or a template, select or frameset. No tag makes it certain for good."""
        self.broken_out = False
        """In every reading of what is mixed it is HTML content here: a tag has led there, and none since may have led back."""
        self.raw = b""
        """The raw text element that has just begun: its own end tag leads nowhere else."""
        self.uncounted = False
        """A template, select or frameset of HTML may be open that is not counted: they ignore tags."""
        self.saturated = False
        """More elements were open than are remembered: none is any more."""
        self.select = False
        """Inside ``<select>``, where parsers of different age differ."""
        self.frameset = False
        """After ``<frameset>``, where the tree builder ignores what the preload scanner reads."""
        self.templates: list[TemplateContent] = []
        """The open templates, from the outermost inwards."""

    def copy(self) -> TreeBuilderSimulator:
        """Return a second context in the same state."""
        twin = TreeBuilderSimulator()
        twin.restore(self)
        return twin

    def state(self) -> tuple[object, ...]:
        """Return what tells this context's future from another's, but for ``broken_out``."""
        places = (tuple(self.stack), tuple(self.templates), self.select, self.frameset)
        return *places, self.unsure, self.mixed, self.saturated, self.uncounted

    def stands_for(self, other: TreeBuilderSimulator) -> bool:
        """Tell whether what holds of another context holds of this one."""
        return self.state() == other.state() and self.broken_out >= other.broken_out

    @property
    def html(self) -> bool:
        """True where what follows is certainly HTML content."""
        return not self.unsure and (not self.stack or self.stack[-1].space is not Space.FOREIGN)

    @property
    def forceable(self) -> bool:
        """True in doubt where a start tag that breaks out of svg and math leads to HTML content in every reading."""
        return self.unsure and not (self.uncounted or self.select or self.frameset or self.templates)

    @property
    def all_or_none(self) -> bool:
        """True where either all these elements are open or none of svg and math: what closes them makes it certain again."""
        return not self.mixed and self.forceable

    @property
    def plain(self) -> bool:
        """True outside svg and math for certain: boring tags change nothing there."""
        return not self.stack and not self.unsure

    @property
    def common(self) -> bool:
        """True in plain HTML content, where a tag's spelling alone tells what is to be done."""
        return not (self.stack or self.unsure or self.select or self.frameset or self.templates)

    @property
    def roots(self) -> list[bytes]:
        """The open svg and math elements that stand in HTML content, the innermost first."""
        return [one.name for one in reversed(self.stack) if one.name in _ROOTS]

    @property
    def raw_noscript(self) -> bool:
        """True where a noscript is raw text for every parser of a browser that runs scripts."""
        columns = bool(self.templates) and self.templates[-1] is TemplateContent.COLUMNS
        return not (self.stack or self.unsure or self.select or self.frameset or columns)

    @property
    def awaits_content(self) -> bool:
        """True in a template whose first start tag is yet to come: it decides how the rest is read."""
        return bool(self.templates) and self.templates[-1] is TemplateContent.UNDECIDED

    def await_content(self) -> None:
        """Note that the start tag with which a template began is left out: the next one decides."""
        if self.templates:
            self.templates[-1] = TemplateContent.UNDECIDED

    def restore(self, other: TreeBuilderSimulator) -> None:
        """Take over the state of another."""
        self.stack = other.stack.copy()
        self.unsure, self.mixed, self.saturated, self.uncounted = other.unsure, other.mixed, other.saturated, other.uncounted
        self.broken_out, self.raw = other.broken_out, other.raw
        self.select, self.frameset = other.select, other.frameset
        self.templates = other.templates.copy()

    def leave_foreign(self) -> None:
        """Note that HTML content has been forced."""
        self.stack.clear()
        self.unsure = self.mixed = False

    @property
    def cdata(self) -> bool:
        """True where the tree builder may allow a CDATA section: the adjusted current node is (or may be) not HTML."""
        return self.unsure or bool(self.stack)

    def start(self, name: bytes, *, closed: bool, font: bool = False, encoding: str | None = None) -> Switch:
        """Take a start tag and return how its content is read.

        ``closed``: it ends in ``/>``. ``font``: it has a color, face or size. ``encoding``: annotation-xml's.
        """
        stack = self.stack
        self.raw = b""
        if self.unsure:
            self._start_in_doubt(name)
        if stack:
            top = stack[-1]
            if top.space is Space.FOREIGN:
                if name in _BREAKOUT or (name == b"font" and font):
                    while stack and stack[-1].space is Space.FOREIGN:
                        stack.pop()
                elif not (name == b"svg" and top.name == b"annotation-xml"):
                    return self._foreign_start(name, top.math, closed, encoding)
            elif name in _GLYPHS and any(one.space is Space.TEXT_INTEGRATION for one in stack):
                if top.space is not Space.TEXT_INTEGRATION:
                    self._doubt()  # the HTML elements on top are a guess
                return self._foreign_start(name, True, closed, None)
        return self._html_start(name, closed)

    def _start_in_doubt(self, name: bytes) -> None:
        if name in _BREAKOUT:
            if self.all_or_none:
                self.leave_foreign()  # whether an svg was open or not, it is not any more
            elif self.forceable:
                self.broken_out = True
        elif name in _OF_DRAWINGS:
            self.broken_out = False

    def _foreign_start(self, name: bytes, math: bool, closed: bool, encoding: str | None) -> Switch:
        if self.unsure and name in _CHANGES_MODE:
            self.mixed = self.uncounted = True
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
        ignored = self._ignored_in_template(name)
        if name in _ROOTS:
            if self.select or self.frameset or ignored:
                self._doubt()
            if not closed:
                self._push(Open(name, Space.FOREIGN, name == b"math"))
            return Switch.NO
        if name == b"select":
            self.select = True
        elif name == b"template":
            self.templates.append(TemplateContent.UNDECIDED)
        elif name == b"frameset":
            self.frameset = True
        if self.stack and name not in VOID:
            self._open(name)
        if name not in RAW_TEXT:
            return Switch.NO
        if ignored or (self.unsure and not self.broken_out) or (self.frameset and name != b"noframes"):
            return Switch.BOTH
        if name == b"noscript" or (self.select and name not in _SELECT_SAFE):
            return Switch.BOTH
        self.raw = name
        return Switch.RAW

    def _ignored_in_template(self, name: bytes) -> bool:
        """Note what the innermost template holds; tell whether the tree builder ignores this start tag there."""
        if not self.templates:
            return False
        content = self.templates[-1]
        if content is TemplateContent.COLUMNS:
            return name not in _COUNTS_IN_COLUMNS
        if content is TemplateContent.UNDECIDED and name not in _IN_TEMPLATE_HEAD:
            self.templates[-1] = TemplateContent.COLUMNS if name == b"col" else TemplateContent.ANY
        return False

    def _open(self, name: bytes) -> None:
        """Take an HTML start tag inside an integration point."""
        if name in _TABLE_PARTS and not self._in_own_table():
            self._doubt()  # a table around the svg would end it
        elif name in _IGNORED:
            return
        elif name == b"form" or (name not in _NESTS_IN_ITSELF and any(one.name == name for one in self.stack)):
            self._doubt()  # it may be ignored, or close the open one
        if not self.unsure:
            self._push(Open(name, Space.HTML, False))

    def _in_own_table(self) -> bool:
        """Tell whether a table is open inside the innermost integration point."""
        for one in reversed(self.stack):
            if one.space is not Space.HTML:
                return False
            if one.name == b"table":
                return True
        return False

    def end(self, name: bytes) -> None:
        """Take an end tag."""
        if name == b"select":
            self.select = False
        elif name == b"template" and self.templates and self._foreign_open(name) < 0:
            self.templates.pop()
            self.uncounted = self.uncounted or self.mixed  # it may have closed one of svg or math
            if self.stack and all(one.name != b"template" for one in self.stack):
                self._doubt()
        if name not in _BREAKOUT and name != self.raw:
            self.broken_out = False  # no element of svg or math has a name that breaks out
        self.raw = b""
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
        if (name in _TABLE_PARTS or name == b"table") and not self._in_own_table():
            self._doubt()  # it may be that of a table around the svg
        for at in range(len(stack) - 1, -1, -1):
            if stack[at].name == name:
                self._doubt()
                del stack[at:]
                return

    def _foreign_open(self, name: bytes) -> int:
        """Return which open foreign element an end tag closes (13.2.6.5), -1 where it is taken as one of HTML."""
        stack = self.stack
        for at in range(len(stack) - 1, -1, -1):
            if stack[at].space is Space.HTML:
                break
            if stack[at].name == name:
                return at
        return -1

    def _foreign_end(self, name: bytes) -> None:
        at = self._foreign_open(name)
        if at < 0:
            self._doubt()  # it may close an HTML element around the svg, and the svg with it
            return
        del self.stack[at:]
        if self.all_or_none and not self.stack:
            self.leave_foreign()  # whether an svg was open or not, it is not any more

    def _doubt(self) -> None:
        """Note that the namespace cannot be known any more."""
        self.unsure = True
        if not self.mixed:
            self.mixed = len(self.roots) > 1 or any(one.space is not Space.FOREIGN for one in self.stack)

    def _push(self, element: Open) -> None:
        if self.saturated:
            return
        if len(self.stack) == OPEN_ELEMENTS:
            self.unsure = self.mixed = self.saturated = self.uncounted = True
            self.stack.clear()
            return
        if self.unsure and (element.space is not Space.FOREIGN or (self.stack and element.name in _ROOTS)):
            self.mixed = True
        self.stack.append(element)
