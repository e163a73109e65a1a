"""One reading of a document: a lexer, a context, and the edits that this reading calls for.

A browser has two parsers, and noscript two meanings; where they part, ``rewriter`` follows several readings at once and
withholds what any of them would load. Offsets are those of the current buffer; ``shift`` moves them when bytes have left. May
import this package's
lexer, context, tags, inline and styles; only ``rewriter`` calls it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ..limits import HELD_VALUE_BYTES
from .foreigntext import ForeignText
from .html import grammar as p
from .html.attributes import Edit, attribute_names
from .html.tokenizer import Buffer, Kind, Lexer, Mode
from .html.tree_builder_simulator import Context, Switch
from .longtag import LongTag
from .rawtext import KEEP_END_TAG, ScriptBody, StyleBody
from .shortcuts import STRUCTURAL, pass_known, remember_plain
from .tags import Decision, decide, nests, stub_element

if TYPE_CHECKING:
    from .rewriter import HtmlRewriter

_BREAKOUT: Final = b"<b></b>"
"""Stands in for a withheld tag that ended foreign content, so that what follows is still read as HTML."""
_UNKNOWN: Final = (b"", Decision())
_FONT_BREAKS: Final = frozenset({b"color", b"face", b"size"})
"""Attributes with which ``<font>`` ends foreign content."""


class Reading:
    """One lexer and context at one position. ``run`` goes on as far as the buffer decides."""

    __slots__ = (
        *("_body", "_long", "context", "dropping", "edits", "ended_in_tag", "fork", "gathered", "hold", "lexer", "main"),
        *("origin", "owner", "pos", "progress"),
    )

    def __init__(self, owner: HtmlRewriter) -> None:
        self.owner = owner
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
        self.dropping = b""
        """The element whose content and end tag are being left out."""
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
        twin = Reading(self.owner)
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
                if until is None and not self.dropping and not (self.main and self.owner.seeking):
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
                if self.main and self.owner.seeking:
                    self.owner.seek_other(self, buffer, start, end, kind)
            if until is not None or self.fork is not None:
                return
        if final and self.pos >= size:
            self._finish(buffer)

    def _run_fast(self, buffer: Buffer, size: int) -> bool:
        """Pass what the compiled patterns pass and take the tags between; True once a second reading has parted.

        Returns where the lexer is needed: at raw text, at a cut lexeme, at what is not plain HTML.
        """
        lexer, context, owner = self.lexer, self.context, self.owner
        skip, tag, find, still = p.SKIP.match, p.TAG.match, buffer.find, isinstance(buffer, bytes)
        shallow = not owner.depth  # how deep a document lies may be part of a decision
        known_tags, plain = owner.judge.plain_tags, shallow and self._plain
        at = self.pos
        while True:
            known: tuple[bytes, Decision] | None
            if plain:
                at = skip(buffer, at).end()  # type: ignore[union-attr]
                if at >= size:
                    break
                # What begins with the bytes of a known tag begins with that tag.
                end = find(b">", at) + 1
                known = known_tags.get(buffer[at:end] if still else bytes(buffer[at:end]), _UNKNOWN)  # type: ignore[arg-type]
                if known is None:
                    at = end
                    continue
            else:
                if not (context.stack or context.unsure):
                    at = skip(buffer, at).end()  # type: ignore[union-attr]
                elif not context.html:
                    at = p.SKIP_FOREIGN.match(buffer, at).end()  # type: ignore[union-attr]
                if at >= size or (context.cdata and buffer.startswith(b"<![CDATA[", at)):
                    break
                end, known = -1, _UNKNOWN
            found = None
            if known is _UNKNOWN:
                found = tag(buffer, at)
                if found is None or found.end() - at > HELD_VALUE_BYTES:
                    break
                if plain and found.end() != end:
                    known = known_tags.get(found[0], _UNKNOWN)  # a value of it holds a ">"
                end = found.end()
                if known is None:
                    at = end
                    continue
            if known is not _UNKNOWN:
                passed = pass_known(self, buffer, at, end, *known)
                if passed >= 0:
                    at = passed
                    continue
                found = found or tag(buffer, at)
            self.pos = end
            lexer.tag = found
            if buffer[at + 1] == 0x2F:
                self._end(buffer, at, end)
            else:
                self._start(buffer, at, end)
                if self.fork is not None:
                    return True
                if lexer.mode is not Mode.DATA or self.dropping:
                    return False
                known_tags = owner.judge.plain_tags
            plain = shallow and self._plain
            at = end
        self.pos = at
        return False

    @property
    def _plain(self) -> bool:
        """True in plain HTML content, where a tag's spelling alone tells what is to be done."""
        context = self.context
        return not (context.stack or context.unsure or context.select or context.frameset) and self.owner.unmasked

    # -- tags ---------------------------------------------------------------------------------------------------------

    def _start(self, buffer: Buffer, start: int, end: int) -> None:
        found = self.lexer.tag
        assert found is not None
        raw = found[0]
        name = found[2].lower()
        owner, context = self.owner, self.context
        judge = owner.judge
        plain = context.plain
        written = raw if owner.unmasked else owner.written(start, end)
        decision = decide(judge, written, raw, name, not plain, owner.depth, owner.decode)
        depth = len(context.stack)
        closed = False
        switch = Switch.NO
        if name in p.RAW_TEXT:
            self.origin = context.copy() if name == b"noscript" or not self._plain else None
        if name in STRUCTURAL or depth:
            closed = raw.endswith(b"/>") and found.end(3) < found.end() - 1
            switch = self._open(raw, name, closed, start, end, decision)
        elif self.main and owner.seeking:
            owner.seek_start(self, name, start, end)
        if self.gathered is not None:
            self.gathered.part(self)
        if plain and raw not in judge.plain_tags and not (owner.depth and nests(raw)):
            remember_plain(judge, raw, name, decision, closed=closed)
        if decision is not None:
            if decision.base is not None:
                owner.take_base(decision, start, certain=context.html and not context.templates)
            self.decided(decision, start, end, _BREAKOUT if len(context.stack) < depth else b"")
            if decision.gone:
                self._leave_out(name, closed, start, switch)
                return
        if switch is not Switch.NO:
            self._enter(name, switch, decision, start, end)
        elif name == b"svg" and depth == 0 and not closed and context.stack:
            owner.recorder.begin(self, name, start, end)

    def decided(self, decision: Decision, start: int, end: int, before: bytes = b"") -> None:
        """Tell and change what a decision says of the tag itself. ``before``: what stands before all that stands in."""
        if decision.findings:
            self.owner.report(decision.findings, start)
        if decision.gone:
            edit = Edit(start, end, before + stub_element(decision.stub, decision.nonce))
            if decision.embed is None:
                self.edits.append(edit)
            else:
                self.owner.stand_in(self, edit, decision.embed)
            return
        if decision.embed is not None:
            self.owner.stand_in(self, Edit(start, start, b""), decision.embed)
        if decision.edits:
            self.edits.extend([edit.moved(start) for edit in decision.edits])

    def _open(self, raw: bytes, name: bytes, closed: bool, start: int, end: int, decision: Decision | None) -> Switch:
        """Tell the context, and who looks for the banner's place, of a start tag that they may care for."""
        owner = self.owner
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

    def _leave_out(self, name: bytes, closed: bool, start: int, switch: Switch) -> None:
        """Leave out the content of a withheld element as well."""
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
            owner = self.owner
            kind = decision.script if decision is not None else None
            if self.fork is not None and self.fork.gathered is not None:
                if self.fork.gathered.name == name:
                    self.fork.gathered.enter(self.fork)
            elif self.fork is not None and (name == b"style" or kind is not None):
                self.fork.gathered = ForeignText(owner, name, kind, start, len(self.fork.context.stack))
                self.fork.hold = start
        self.lexer.enter(name)
        if name == b"style":
            self._body = StyleBody(self.owner, end)
        elif name == b"script" and decision is not None and decision.script is not None:
            self._body = ScriptBody(self.owner, decision, start, end)
            self.hold = start

    def _part(self, name: bytes, start: int) -> None:
        """Let a second reading go on that takes the element's content for markup; this one takes it for raw text."""
        twin = self.copy()
        self.owner.parting = start
        if name == b"noscript":
            if self._plain:
                self.owner.recorder.begin(self, name, start, self.pos)
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
        self.owner.parting = self.pos
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
        if self.main and self.owner.seeking:
            self.owner.seek_end(self, name, start)
        self.context.end(name)
        if self.gathered is not None:
            self.gathered.part(self)
        if name == b"svg" and self._plain:
            self.owner.recorder.end(self, buffer, start, name)

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
            self._long = LongTag(self.owner, not self.context.html)
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
