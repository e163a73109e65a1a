"""One reading of a document: a lexer, a context, and the edits that this reading calls for.

A browser has two parsers, and noscript two meanings; where they part, ``rewriter`` follows several readings at once and
withholds what any of them would load. Offsets are those of the current buffer; ``shift`` moves them when bytes have left. May
import this package's
lexer, context, tags, inline and styles; only ``rewriter`` calls it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ..limits import HELD_VALUE_BYTES
from . import patterns as p
from .attributes import Edit, attribute_names
from .context import Context, Switch
from .foreigntext import ForeignText
from .lexer import Buffer, Kind, Lexer, Mode
from .longtag import LongTag
from .rawtext import KEEP_END_TAG, ScriptBody, StyleBody
from .shortcuts import STRUCTURAL, pass_content, remember_drawing, remember_plain
from .tags import Decision, decide, stub_element

if TYPE_CHECKING:
    from .rewriter import HtmlRewriter

_BREAKOUT: Final = b"<b></b>"
"""Stands in for a withheld tag that ended foreign content, so that what follows is still read as HTML."""
_UNKNOWN: Final = (b"", None, ())
_FONT_BREAKS: Final = frozenset({b"color", b"face", b"size"})
"""Attributes with which ``<font>`` ends foreign content."""


class Reading:
    """One lexer and context at one position. ``run`` goes on as far as the buffer decides."""

    __slots__ = (
        *("_body", "_drawing", "_long", "_owner", "context", "dropping", "edits", "ended_in_tag", "fork", "gathered", "hold"),
        *("lexer", "main", "origin", "parted_at", "pos", "progress"),
    )

    def __init__(self, owner: HtmlRewriter) -> None:
        self._owner = owner
        self.lexer = Lexer(owner.endless)
        self.context = Context()
        self.pos = 0
        self.hold: int | None = None
        """Bytes from here on must not leave yet, though they are read."""
        self.edits: list[Edit] = []
        self.main = True
        """The reading that places the banner: the one a browser with scripts follows."""
        self.fork: Reading | None = None
        """A second reading that has just parted from this one."""
        self.origin: Context | None = None
        """The context before the tag at which that one parted; None after a tag too long to be held."""
        self.parted_at: int | None = None
        """Where the content of the noscript begins at which a second reading parted, while it may still prove clean."""
        self.dropping = b""
        """The element whose content and end tag are being left out."""
        self._drawing: tuple[int, int] | None = None
        """Where the content of the outermost svg begins, and how much had been said by then."""
        self.gathered: ForeignText | None = None
        """The text of the svg script or style that this reading takes for markup."""
        self.ended_in_tag = False
        self.progress = 0
        """Counts lexemes, so that one that leaves the position where it was is still seen as progress."""
        self._body: ScriptBody | StyleBody | None = None
        """The raw text that is being looked at."""
        self._long: LongTag | None = None

    def copy(self) -> Reading:
        """Return a second reading at the same place, with nothing pending."""
        self._owner.words += 1
        twin = Reading(self._owner)
        twin.lexer, twin.context, twin.pos, twin.main = self.lexer.copy(), self.context.copy(), self.pos, False
        if self.gathered is not None:
            twin.gathered = self.gathered.copy()
            twin.hold = self.hold
        return twin

    def state(self) -> tuple[object, ...] | None:
        """Return what tells this reading from another at the same position; None while it holds something of its own."""
        if self.hold is not None or self.dropping or self._body or self._long or self.gathered:
            return None
        return self.lexer.state(), self.context.state()

    def shift(self, gone: int) -> None:
        """Note that the first ``gone`` bytes of the buffer have left."""
        self.pos -= gone
        if self._body is not None:
            self._body.shift(gone)
        if self._drawing is not None:
            self._drawing = (self._drawing[0] - gone, self._drawing[1]) if self._drawing[0] >= gone else None
        if self.parted_at is not None:
            self.parted_at = self.parted_at - gone if self.parted_at >= gone else None
        if self.hold is not None:
            self.hold -= gone
        if self.gathered is not None:
            self.gathered.start -= gone

    @property
    def safe(self) -> int:
        """Bytes before this offset may leave, once the edits are laid in."""
        return self.pos if self.hold is None else min(self.hold, self.pos)

    def run(self, buffer: Buffer, final: bool, until: int | None) -> None:
        """Read on. With ``until`` (several readings are alive) stop after one lexeme; else only where more input is needed,
        or where a second reading parts (``fork``)."""
        lexer, context = self.lexer, self.context
        size = len(buffer)
        while self.pos < size:
            if lexer.mode is Mode.DATA and not lexer.scanned and self._long is None:
                if until is None and not self.dropping and not (self.main and self._owner.seeking):
                    if self._run_fast(buffer, size):
                        return
                    if self.pos >= size or lexer.mode is not Mode.DATA:
                        continue
                if context.cdata and buffer.startswith(b"<![CDATA[", self.pos):
                    self._cdata()
            start = self.pos
            end = lexer.next(buffer, start, final) if self._long is None else self._long_tag(buffer, final)
            kind = lexer.kind
            if kind is Kind.MORE:
                break
            self.progress += 1
            lexer.foreign = False
            if kind is Kind.START:
                self.pos = end
                self._start(buffer, start, end)
            elif kind is Kind.END:
                self.pos = end
                self._end(buffer, start, end)
            elif kind is Kind.RAW:
                self.pos = end
                self._raw(buffer, start, end)
            elif kind is Kind.LONG:
                if not self._go_long(buffer, start, end, final):
                    break
            elif kind is Kind.CUT:
                self.pos = size
                self.ended_in_tag = True
                break
            else:
                self.pos = end
                if self.gathered is not None:
                    self.gathered.read(self, bytes(buffer[start:end]), kind)
                if self.main and self._owner.seeking:
                    self._owner.seek_other(self, buffer, start, end, kind)
            if until is not None or self.fork is not None:
                return
        if final and self.pos >= size:
            self._finish(buffer)

    def _run_fast(self, buffer: Buffer, size: int) -> bool:
        """Pass what the compiled patterns pass and take the tags between; True once a second reading has parted.

        Returns where the lexer is needed: at raw text, at a cut lexeme, at what is not plain HTML.
        """
        lexer, context, owner = self.lexer, self.context, self._owner
        skip, tag = p.SKIP.match, p.TAG.match
        judge, plain = owner.judge, self._plain
        at = self.pos
        while True:
            if not (context.stack or context.unsure):
                at = skip(buffer, at).end()  # type: ignore[union-attr]
            elif not context.html:
                at = p.SKIP_FOREIGN.match(buffer, at).end()  # type: ignore[union-attr]
            if at >= size:
                break
            if not plain and context.cdata and buffer.startswith(b"<![CDATA[", at):
                break
            found = tag(buffer, at)
            if found is None:
                break
            end = found.end()
            if end - at > HELD_VALUE_BYTES:
                break
            if plain:
                known = judge.plain_tags.get(found[0], _UNKNOWN)
                if known is None:
                    at = end
                    continue
                if known is not _UNKNOWN:
                    raw_name, kind, findings = known
                    passed = pass_content(judge, buffer, end, raw_name, kind) if raw_name else end
                    if passed is not None:
                        if findings:
                            owner.report(findings, at)
                        at = passed
                        continue
            self.pos = end
            lexer.tag = found
            if found[1]:
                self._end(buffer, at, end)
            else:
                self._start(buffer, at, end)
                if self.fork is not None:
                    return True
                if lexer.mode is not Mode.DATA or self.dropping:
                    return False
                judge = owner.judge
            plain = self._plain
            at = end
        self.pos = at
        return False

    @property
    def _plain(self) -> bool:
        """True in plain HTML content, where a tag's spelling alone tells what is to be done."""
        context = self.context
        return not (context.stack or context.unsure or context.select or context.frameset) and self._owner.unmasked

    # -- tags ---------------------------------------------------------------------------------------------------------

    def _start(self, buffer: Buffer, start: int, end: int) -> None:
        found = self.lexer.tag
        assert found is not None
        raw = found[0]
        name = found[2].lower()
        owner, context = self._owner, self.context
        judge = owner.judge
        memo = judge.tags if context.plain else judge.foreign_tags
        written = raw if owner.unmasked else owner.written(start, end)
        try:
            decision = memo[written]
        except KeyError:
            decision = decide(judge, written, raw, name, memo is judge.foreign_tags, owner.depth, owner.decode)
        depth = len(context.stack)
        closed = False
        if name in p.RAW_TEXT:
            self.origin = context.copy() if name == b"noscript" or not self._plain else None
        if name in STRUCTURAL or depth:
            closed = raw.endswith(b"/>") and found.end(3) < found.end() - 1
            switch = self._open(raw, name, closed, start, end, decision)
        elif self.main and owner.seeking:
            owner.seek_start(self, name, start, end)
            switch = Switch.NO
        else:
            switch = Switch.NO
        if memo is judge.tags and (decision is None or decision.quiet) and raw not in judge.plain_tags:
            remember_plain(judge, raw, name, decision, closed=closed)
        if decision is not None:
            if decision.findings:
                owner.report(decision.findings, start)
            if decision.base is not None:
                owner.take_base(decision, certain=context.html and not context.templates)
            if decision.gone:
                self._withhold(decision, name, closed, start, end, switch, _BREAKOUT if len(context.stack) < depth else b"")
                return
            if decision.embed is not None:
                self.edits.append(Edit(start, start, owner.placeholder(decision.embed)))
            if decision.edits:
                self.edits.extend([edit.moved(start) for edit in decision.edits])
        if switch is not Switch.NO:
            self._enter(name, switch, decision, start, end)
        elif name == b"svg" and depth == 0 and not closed:
            self._drawing = (end, owner.words)

    def _open(self, raw: bytes, name: bytes, closed: bool, start: int, end: int, decision: Decision | None) -> Switch:
        """Tell the context, and who looks for the banner's place, of a start tag that they may care for."""
        owner = self._owner
        if name == b"html":
            owner.take_html(raw)
        if self.main and owner.seeking:
            owner.seek_start(self, name, start, end)
        return self.context.start(
            name,
            closed=closed,
            font=name == b"font" and not _FONT_BREAKS.isdisjoint(attribute_names(raw, 5)),
            encoding=decision.encoding if decision is not None else None,
        )

    def _withhold(
        self, decision: Decision, name: bytes, closed: bool, start: int, end: int, switch: Switch, before: bytes
    ) -> None:
        text = stub_element(decision.stub, decision.nonce)
        if decision.embed is not None:
            text = self._owner.placeholder(decision.embed)
        self.edits.append(Edit(start, end, before + text))
        if closed and not self.context.html and not self.context.unsure:
            return  # an empty element; with its tag gone no reading finds raw text here
        if switch is Switch.BOTH:
            self._part(name, start)
        if switch is not Switch.NO:
            self.lexer.enter(name)
            self.dropping = name

    def _enter(self, name: bytes, switch: Switch, decision: Decision | None, start: int, end: int) -> None:
        if switch is Switch.BOTH:
            self._part(name, start)
            owner = self._owner
            kind = decision.script if decision is not None else None
            if self.fork is not None and self.fork.gathered is not None:
                if self.fork.gathered.name == name:
                    self.fork.gathered.enter()
            elif self.fork is not None and (name == b"style" or kind is not None):
                self.fork.gathered = ForeignText(owner, name, kind, start)
                self.fork.hold = start
        self.lexer.enter(name)
        if name == b"style":
            self._body = StyleBody(self._owner, end)
        elif name == b"script" and decision is not None and decision.script is not None:
            self._body = ScriptBody(self._owner, decision, start, end)
            self.hold = start

    def _part(self, name: bytes, start: int) -> None:
        """Let a second reading go on that takes the element's content for markup; this one takes it for raw text."""
        twin = self.copy()
        self._owner.parting = start
        if name == b"noscript":
            self.parted_at = self.pos
            self.fork = twin
            return
        # In foreign content it is the tree builder that reads markup: it is the one that places the banner.
        twin.main, self.main = self.main, False
        self.fork = twin

    def _cdata(self) -> None:
        """A CDATA section for the tree builder, a bogus comment for the preload scanner."""
        if self.lexer.foreign:
            return  # this is the one that parted for it
        twin = self.copy()
        self._owner.parting = self.pos
        self.origin = self.context.copy()
        twin.lexer.foreign = True
        self.fork = twin

    def _end(self, buffer: Buffer, start: int, end: int) -> None:
        found = self.lexer.tag
        assert found is not None
        name = found[2].lower()
        if self.gathered is not None and name == self.gathered.name:
            self.gathered.leave(self, end)
        if self.dropping:
            if name == self.dropping:
                self.edits.append(Edit(start, end, b"", drop=True))
            self.dropping = b""
        if self.main and self._owner.seeking:
            self._owner.seek_end(self, name, start)
        self.context.end(name)
        if self._drawing is not None and self.context.plain:
            opened, words = self._drawing
            self._drawing = None
            if words == self._owner.words and self._owner.unmasked:
                remember_drawing(self._owner.judge, bytes(buffer[opened:start]), name)

    # -- raw text -----------------------------------------------------------------------------------------------------

    def _raw(self, buffer: Buffer, start: int, end: int) -> None:
        ended = self.lexer.mode is Mode.DATA
        if self.dropping:
            if end > start:
                self.edits.append(Edit(start, end, b"", drop=True))
        elif self._body is not None and self._body.take(self, buffer, start, end, ended):
            self._body = None

    # -- tags too long to be held -------------------------------------------------------------------------------------

    def _go_long(self, buffer: Buffer, start: int, end: int, final: bool) -> bool:
        if self._long is None:
            self._long = LongTag(self._owner, not self.context.html)
            self.hold = None
            return True
        self.pos = end
        self.edits.extend(self._long.edits)
        self._long.edits.clear()
        self.hold = self._long.held_from(self.pos)
        return False

    def _long_tag(self, buffer: Buffer, final: bool) -> int:
        long = self._long
        assert long is not None
        end = long.read(buffer, self.pos)
        if not long.ended:
            if final:
                self.ended_in_tag = True
            self.lexer.kind = Kind.LONG
            return end
        self.edits.extend(long.edits)
        self._long = None
        self.hold = None
        self.lexer.kind = Kind.TEXT
        if long.closes:
            self.context.end(long.name)
            self.dropping = b""
            return end
        if self.context.stack and long.name in (b"font", b"annotation-xml"):
            self.context.unsure = True  # by attributes that were not kept
        switch = self.context.start(long.name, closed=long.self_closed)
        if switch is not Switch.NO:
            if long.name == b"script" and long.withheld:
                self.lexer.enter(long.name)
                self.dropping = KEEP_END_TAG
            else:
                self.pos = end
                self.origin = None
                script = Decision(script="script") if long.name == b"script" and not long.sourced else None
                self._enter(long.name, switch, script, end, end)
        return end

    def _finish(self, buffer: Buffer) -> None:
        """The input ends: what was held of raw text is decided."""
        size = len(buffer)
        self.pos = size
        if self._body is not None:
            self._body.take(self, buffer, size, size, True)
            self._body = None
        if self.gathered is not None:
            self.gathered.conclude(self, size)
        self.hold = None
