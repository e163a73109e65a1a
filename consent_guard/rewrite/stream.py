"""An HTML document as it streams: tokens in, decisions asked, bytes out.

It splices and never serialises again: what no edit covers leaves byte for byte, and any split of the input gives the same
output. One reading only: where browsers may read a content in two ways, ``ambiguous`` settles it. May import all of this
package but ``page``; that makes it.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Final

from ..findings import Finding
from ..limits import OWED_BYTES
from . import ambiguous, contents, fast_path
from .buffering import BufferedDocument
from .decide.bases import Bases
from .decide.compiled_policy import CompiledPolicy
from .decide.decisions import decide, renamed
from .decide.nested import NestedDocuments
from .decide.oversized import OversizedTag
from .decide.tags import TagFacts
from .decide.urls import UrlPolicy
from .emit.patch_buffer import Buffer
from .emit.withheld import BREAKOUT, stub_element
from .html import grammar as p
from .html.attributes import Attributes, attribute_names
from .html.insertion_point import InsertionPoint
from .html.lookahead import Lookahead
from .html.tokenizer import Kind, Mode, Tokenizer
from .html.tree_builder_simulator import FONT_BREAKS, Switch, TreeBuilderSimulator
from .model import NOTHING, Decision, DocumentFacts, Embed, Insertions, Sink, silent
from .surroundings import WHOLE_PAGE, Surroundings, pressed_around

_AMP: Final = frozenset({b"amp", b"\xe2\x9a\xa1"})


class HtmlRewriter(BufferedDocument):
    """Withholds, in one HTML document, what its view does not allow."""

    def __init__(
        self,
        policy: CompiledPolicy,
        view: UrlPolicy,
        document: DocumentFacts,
        *,
        insertions: Insertions | None = None,
        banner: bool = False,
        on_finding: Sink = silent,
        emits: bool = True,
        depth: int = 0,
        nested: NestedDocuments,
    ) -> None:
        """``insertions``: what may be put into the page; ``banner``: whether it is to get one. ``emits``: False only finds and
        returns every byte as it came. ``depth``: how many documents lie around it. ``nested`` rewrites those within it."""
        super().__init__(document, on_finding, emits=emits)
        self.policy = policy
        self.view = view
        self.depth = depth
        self.nested = nested
        self.insertions = insertions if emits else None
        self.tokenizer = Tokenizer()
        self.sim = TreeBuilderSimulator()
        watches = emits and self.withholds
        places = policy.containers(view.allowed) if watches and self.insertions is not None else ()
        self.around = Surroundings(watches=watches, containers=places)
        self.content: contents.Content | None = None
        """The raw text that is looked at as it comes."""
        self.question: ambiguous.Question | None = None
        """The element whose content may be read in two ways, while its end has not come."""
        self.scripting = True
        """Whether noscript is raw text here: not within one."""
        self.lang: str | None = None
        self.placeholders = False
        """A placeholder that is to be seen was put in."""
        self._owed: list[bytes] = []
        """Placeholders that wait for the end of the link or button in which their embeds stood; ``_owing``: their length."""
        self._owing = 0
        self._place = InsertionPoint() if banner and self.insertions is not None else None
        self.seeking = self._place is not None
        self._oversized: OversizedTag | None = None
        self.bases = Bases(policy, view, ends=True)
        self._endless: set[bytes] = set()
        """Elements whose end tag does not come any more in the current buffer."""
        self.cut = False
        """The document ended inside a tag."""
        self.nesting = 0
        self._read = ambiguous.ReadDocuments()
        self.lookahead = Lookahead()
        self.tried = False

    @property
    def leads_elsewhere(self) -> bool:
        """True where a base element seen so far may lead relative addresses to another host than the document's own."""
        return self.view.leads_elsewhere

    def tail(self) -> bytes:
        """What is put at the document's end: a banner that found no body, and the placeholders' form."""
        insertions = self.insertions
        if insertions is None or self.ended or self.cut or self.tokenizer.mode is not Mode.DATA or self.sim.frameset:
            return b""
        tail = b""
        if self._place is not None and self._place.at_end():
            tail += insertions.banner(self.lang)
        tail += b"".join(self._owed)
        if self.placeholders:
            tail += insertions.closing(self.lang)
        return tail

    def shift(self, gone: int) -> None:
        """Note that the first ``gone`` bytes of the buffer have left."""
        self.around.shift(gone)
        if self.content is not None:
            self.content.shift(gone)
        if self.question is not None:
            self.question.shift(gone)

    @property
    def withholds(self) -> bool:
        """Whether something may have to be withheld from this visitor."""
        return self.policy.withholds(self.view.allowed)

    # -- what contents ask --------------------------------------------------------------------------------------------

    def raw_end(self, name: bytes, buffer: Buffer, start: int) -> int:
        """Return where raw text from ``start`` ends in the buffer, -1 where its end has not come or is not certain."""
        if name in self._endless or name == b"plaintext":
            return -1
        found = (p.SCRIPT_PLAIN if name == b"script" else p.RAW_END[name]).search(buffer, start)
        if found is None:
            self._endless.add(name)
            return -1
        return -1 if found[0] == b"<!--" else found.start()

    def fragment(self, raw: bytes, shape: bytes, sim: TreeBuilderSimulator, at: int) -> HtmlRewriter:
        """Read a content that stands whole in the buffer at ``at`` as markup, beginning in ``sim``; its edits count from
        there."""
        inner = HtmlRewriter(
            *(self.policy, self.view, self.document),
            insertions=self.insertions,
            depth=self.depth,
            nested=self.nested,
        )
        inner.hand_over(raw, shape, self.charset, self.left + at)
        inner.sim, inner.scripting, inner.lang, inner.bases = sim, False, self.lang, self.bases.copy()
        inner.noted, inner.nesting, inner._read = [], self.nesting + 1, self._read
        inner._owing = self._owing
        inner.around, inner._gone = self.around.within(), self.before(at)
        inner.run(shape, True)
        return inner

    def tell(self, inner: HtmlRewriter) -> None:
        """Hand on what a fragment has found."""
        for finding, self.found_at in inner.noted or ():
            if self.noted is not None:
                self.noted.append((finding, self.found_at))
            else:
                self.on_finding(finding if self.emits else replace(finding, enforced=False))

    def accept(self, inner: HtmlRewriter, at: int) -> None:
        """Take what a fragment at ``at`` has found and changed."""
        self.tell(inner)
        if self.emits:
            self.patches.extend(inner.patches.edits, at)
        self.placeholders = self.placeholders or inner.placeholders
        if inner._owed:
            self._owe(b"<noscript>" + b"".join(inner._owed) + b"</noscript>", inner.around.pressed)
        self.view, self.bases = inner.view, inner.bases

    def rewrite_document(self, view: UrlPolicy, document: DocumentFacts, body: bytes) -> tuple[bytes, list[Finding]]:
        """Return a document within this one as it may be shown, and what was found in it."""
        return self._read.outcome(
            (view.bases, document, body),
            lambda: self.nested(self.policy, view, document, body, self.depth + 1),
            len(body) if self.nesting else None,
        )

    def at_rest(self, sim: TreeBuilderSimulator) -> bool:
        """Tell whether it has come to its end between two tokens, in the state of ``sim``."""
        clean = self.tokenizer.mode is Mode.DATA and not self.cut and not self.ended
        return clean and self.content is None and self.question is None and self.sim.stands_for(sim)

    # -- tokens -------------------------------------------------------------------------------------------------------

    def run(self, buffer: Buffer, final: bool) -> None:
        """Read on, as far as the buffer decides."""
        tokenizer, sim = self.tokenizer, self.sim
        self._endless.clear()
        size = len(buffer)
        self.around.look(buffer, self.pos)
        while self.pos < size and not self.ended:
            if self.question is not None:
                if not ambiguous.settle(self, self.question, buffer, final):
                    return
                continue
            if tokenizer.mode is Mode.DATA and not tokenizer.scanned and self._oversized is None:
                if not self.seeking and self.content is None:
                    fast_path.run(self, buffer, size)
                    if self.pos >= size or tokenizer.mode is not Mode.DATA or self.content or self.question or self.ended:
                        continue
                if sim.cdata and buffer.startswith(b"<![CDATA[", self.pos):
                    if not ambiguous.section(self, buffer, final):
                        return
                    continue
            start = self.pos
            end = tokenizer.next(buffer, start, final) if self._oversized is None else self._long_tag(buffer, final)
            kind = tokenizer.kind
            if kind is Kind.MORE:
                break
            if kind is Kind.START:
                self.pos = end
                assert tokenizer.tag is not None
                self.start_token(buffer, start, tokenizer.tag)
            elif kind is Kind.END:
                self.pos = end
                self.end_tag(start, tokenizer.tag)
            elif kind is Kind.RAW:
                self.pos = end
                content = self.content
                if content is not None and content.take(self, buffer, start, end, tokenizer.mode is Mode.DATA):
                    self.content = None if self.content is content else self.content
            elif kind is Kind.LONG:
                if not self._go_long(end):
                    break
            elif kind is Kind.CUT:
                self.pos = size
                self.cut = True
            else:
                self.pos = end
                if self._place is not None and self.seeking:
                    self._found_place(self._place.other(buffer, start, end, kind, sim))
        if final and not self.ended:
            self._finish(buffer)

    def _finish(self, buffer: Buffer) -> None:
        """The input ends: what was held of raw text is decided."""
        size = len(buffer)
        self.pos = size
        if self.content is not None:
            self.content.take(self, buffer, size, size, True)
            self.content = None
        self.hold = None

    # -- tags ---------------------------------------------------------------------------------------------------------

    def start_token(self, buffer: Buffer, start: int, found: re.Match[bytes]) -> bool:
        """Take a start tag that stands whole in the buffer; True where it names nothing, and changes nothing in HTML
        content."""
        shape, name, end = found[0], found[2].lower(), found.end()
        sim = self.sim
        foreign = bool(sim.stack) or sim.unsure
        raw = shape if self.unmasked else self.written(buffer, start, end)
        facts = fast_path.known(self, raw, shape, name, foreign=foreign)
        if sim.html and self.around.left(name):
            self._pay(start)
        if self.around.concerns(buffer, start, end) and sim.html:
            self._fill(self.around.start(buffer, name, found))
            if self.around.edited and name in WHOLE_PAGE and self._place is not None:
                self._place.forbid()
        if facts is None and not foreign and name not in fast_path.SIMULATED and not self.seeking and not sim.awaits_content:
            return True
        closed = shape.endswith(b"/>") and found.end(3) < end - 1
        font = name == b"font" and foreign and not FONT_BREAKS.isdisjoint(attribute_names(shape, 5))
        self.start(buffer, start, end, name, facts, closed=closed, font=font)
        return False

    def start(
        self, buffer: Buffer, start: int, end: int, name: bytes, facts: TagFacts | None, *, closed: bool, font: bool
    ) -> None:
        sim = self.sim
        decision = NOTHING
        if facts is not None and (facts.references or facts.quiet is not None):
            asked = renamed if self.around.edited else decide
            decision = asked(self.policy, facts, self.view, self) or NOTHING
        if facts is not None and (facts.late or decision.base is not None):
            decision = self.bases.settled(self.view, facts, decision)
        if self._place is not None and self.seeking:
            self._found_place(self._place.start(name, start, end, sim))
        inside, unsure, broken_out, awaited = len(sim.stack), sim.unsure, sim.broken_out, sim.awaits_content
        before = None
        switch = Switch.NO
        if name in fast_path.SIMULATED or inside or unsure or awaited:
            if name == b"html":
                self._html(buffer, start, end)
            if name in p.RAW_TEXT and name != b"noscript" and sim.common:
                switch = Switch.RAW
            else:
                before = sim.copy() if name in p.RAW_TEXT else None
                switch = sim.start(name, closed=closed, font=font, encoding=decision.encoding)
        if decision.base is not None:
            self.take_base(decision, start, certain=sim.html and not sim.templates and self.scripting)
        if decision is not NOTHING:
            left = len(sim.stack) < inside or sim.unsure < unsure or sim.broken_out > broken_out
            if self._apply(decision, start, end, BREAKOUT if left else b"") and awaited:
                sim.await_content()
        noscript = name == b"noscript" and sim.raw_noscript
        if switch is Switch.NO or (noscript and not self.scripting):
            return
        if switch is Switch.RAW or noscript:
            if decision.withheld is not None:
                contents.leave_out(self, name, buffer, end)
            else:
                contents.enter(self, name, decision, buffer, start, end)
        else:
            self.question = ambiguous.Question(name, decision, start, end, before or sim.copy())
            self.hold = start

    def _apply(self, decision: Decision, start: int, end: int, before: bytes) -> bool:
        """Tell and change what a decision says of the tag itself; True where nothing is left of it. ``before``: what stands
        before all that stands in."""
        if decision.findings:
            self.report(decision.findings, start)
        if not self.emits:
            return False
        if decision.withheld is not None:
            embed, stub, nonce = decision.withheld
            captcha = self.policy.captcha(decision.findings) if embed is None and self.insertions is not None else ""
            if captcha:
                self.around.guard(self._buffer, captcha, self.before(start), end)
            text = before + (stub_element(stub, nonce) if embed is None else self._placeholder(embed, start))
            self.patches.add(start, end, text or self.apart(start))
            return not text
        if decision.embed is not None:
            self.patches.add(start, start, self._placeholder(decision.embed, start))
        if decision.edits:
            self.patches.extend(decision.edits, start)
        return False

    def _placeholder(self, embed: Embed, start: int) -> bytes:
        """Return what stands in for an embed whose tag begins at ``start``, in its place."""
        if self.insertions is None:
            return b""
        pressed = not embed.unseen and (self.around.pressed or pressed_around(self.before(start)))
        if pressed and self._owing >= OWED_BYTES:
            return b""
        text = self.insertions.placeholder(embed, self.lang)
        self.placeholders = self.placeholders or not embed.unseen
        if not pressed:
            return text
        # Its own link would end the page's, its button the page's button, and with them what the page wrote into these.
        self._owe(text, pressed)
        return b""

    def _fill(self, place: tuple[str, int] | None) -> None:
        """Put a placeholder where a withheld script would have filled an element, or guarded a form."""
        if place is not None:
            self.patches.add(place[1], place[1], self._placeholder(Embed(place[0], "container", ""), place[1]))

    def _owe(self, text: bytes, pressed: frozenset[bytes]) -> None:
        self._owed.append(text)
        self._owing += len(text)
        self.around.wait(self._buffer, pressed, self.pos)

    def _pay(self, at: int) -> None:
        """The link or the button has ended: what waited for that comes here."""
        if self._owed:
            self.patches.add(at, at, b"".join(self._owed))
            self._owing, self._owed = self._owing - sum(map(len, self._owed)), []

    def end_tag(self, start: int, found: re.Match[bytes] | None) -> None:
        assert found is not None
        name = found[2].lower()
        left_out, self.content = self.content, None
        if isinstance(left_out, contents.LeftOut) and name == left_out.name:
            self.edit(start, found.end())
            return
        if self._place is not None and self.seeking:
            self._found_place(self._place.end(name, start, self.sim))
        if self.around.counts and self.sim.html:
            self._fill(self.around.end(self._buffer, name, start, found.end()))
        if self.sim.html and self.around.left(name):
            self._pay(found.end())
        self.sim.end(name)

    def _html(self, buffer: Buffer, start: int, end: int) -> None:
        """Learn the page's language, and whether it is AMP, from its ``<html>``."""
        raw = bytes(buffer[start:end])
        attributes = Attributes(raw, raw, 5, self.decode)
        if self.lang is None:
            self.lang = attributes.text(b"lang")
        if self._place is not None and not _AMP.isdisjoint(attributes.first):
            self._place.forbid()

    def take_base(self, decision: Decision, start: int, *, certain: bool) -> None:
        """Note a ``<base href>`` at ``start``. ``certain``: every parser takes it for one."""
        view = self.bases.take(self.view, decision.base or "", gated=decision.base_gated, certain=certain)
        empty = self._oversized is not None and decision.base_gated  # it keeps the attribute, and is the document's own
        if view is not None and not (empty and self.bases.refuses(self.view.own_base)):
            self.view = view
        elif self.withholds:
            self.end_here("more base addresses than are followed", start)
            self.pos = start

    def _found_place(self, position: int | None) -> None:
        assert self._place is not None
        assert self.insertions is not None
        self.seeking = self._place.seeking
        if position is not None:
            self._place.placed = True
            self.patches.add(position, position, self.insertions.banner(self.lang))

    # -- tags too long to be held -------------------------------------------------------------------------------------

    def _go_long(self, end: int) -> bool:
        if self._oversized is None:
            self._oversized = OversizedTag(self, foreign=bool(self.sim.stack) or self.sim.unsure)
            self.hold = None
            return True
        self.pos = end
        self.hold = self._oversized.held_from(self.pos)
        return False

    def _long_tag(self, buffer: Buffer, final: bool) -> int:
        long = self._oversized
        assert long is not None
        end = long.read(buffer, self.pos)
        if self.ended:
            end = self.pos  # before the value at which it ended
        left_out = long.closes and isinstance(self.content, contents.LeftOut) and long.name == self.content.name
        if left_out:
            self.edit(self.pos, end)
        if not long.ended:
            self.cut = self.cut or final
            self.tokenizer.kind = Kind.LONG
            return end
        self._oversized = None
        self.hold = None
        self.pos = end
        self.tokenizer.kind = Kind.TEXT
        if long.closes:
            self.content = None
            if not left_out:
                self.sim.end(long.name)
            return end
        if self.sim.stack and long.name in (b"font", b"annotation-xml"):
            self.sim.unsure = self.sim.mixed = True  # by attributes that were not kept
        before = self.sim.copy()
        switch = self.sim.start(long.name, closed=long.self_closed)
        if switch is not Switch.NO:
            kept = NOTHING if long.script is None else Decision(script=long.script)
            if long.name == b"script" and long.withheld:
                self.tokenizer.enter(long.name)
                self.content = contents.LeftOut(b"")
            elif switch is Switch.RAW:
                contents.enter(self, long.name, kept, buffer, end, end)
            else:
                self.question = ambiguous.Question(long.name, kept, end, end, before)
                self.hold = end
        return self.pos
