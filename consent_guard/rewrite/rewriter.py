"""An HTML document as it streams: readings in, edits laid over each other, bytes out.

The public face of this package. It splices and never re-serialises: what no edit covers leaves byte for byte, and any split
of the input gives the same output. May import this package; the engine makes it, ``nested`` makes it again for documents
within.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from dataclasses import replace

from ..findings import Finding, FindingKind
from ..limits import READINGS, REREADINGS
from .bases import Bases
from .encoding.decode import Charset
from .html import grammar as p
from .html.attributes import Attributes, Edit
from .html.insertion_point import BannerPlace
from .html.tokenizer import Buffer, Kind, Mode
from .html.tree_builder_simulator import Context
from .judge import Judge
from .model import DocumentFacts, Embed, PageParts
from .passages import ENDS
from .reading import Reading
from .recorder import Recorder
from .rules import Rules
from .splicer import Splicer
from .tags import Decision
from .xml.rewriter import XmlRewriter


def _silent(finding: Finding) -> None:
    """Hear nothing."""


def _past_end(buffer: Buffer, reading: Reading) -> int:
    """Return the end of the noscript's end tag at which readings agree: there whoever reads again comes to rest as well."""
    found = p.TAG.match(buffer, reading.pos) if reading.context.plain else None
    return found.end() if found is not None and found[1] and found[2].lower() == b"noscript" else reading.pos


def _never(origin: Context, judge: Judge) -> None:
    """Read nothing again."""


class HtmlRewriter:
    """Withholds, in one HTML document, what its judge does not allow."""

    def __init__(
        self,
        judge: Judge,
        document: DocumentFacts,
        *,
        parts: PageParts | None = None,
        banner: bool = False,
        on_finding: Callable[[Finding], None] = _silent,
        emits: bool = True,
        depth: int = 0,
    ) -> None:
        """``parts``: what may be put into the page; ``banner``: whether it is to get one. ``emits``: False only finds and
        returns every byte as it came."""
        self.judge = judge.variant(judge.bases, None)
        self.depth = depth
        self._document = document
        self._parts = parts
        self._emits = emits
        self._on_finding = on_finding
        self.charset = Charset(document.charset)
        self.unmasked = False
        """True where what the readings read is what the document holds."""
        self.places = parts is not None and emits
        """True where something may be put into the page."""
        self._place = BannerPlace() if banner and self.places else None
        self.seeking = self._place is not None
        """True until the banner's place is known."""
        self._lang: str | None = None
        self._placeholders = False
        self.endless: set[bytes] = set()
        """Elements whose end tag does not come any more in the current buffer."""
        self.readings = [Reading(self)]
        self._held = bytearray()
        self._shape = bytearray()
        self._bases = Bases()
        self._closed = False
        self.overrun = False
        """The document can be read in more ways than are followed: the rest of it is left out."""
        self.parting = 0
        """Where the latest second reading parted, in the buffer."""
        self.splicer = Splicer(self.rereader)
        self.rereadings = 0
        """How many rewriters have read before this one what it reads."""
        self.recorder = Recorder()
        self._svg_end = 0
        """Where the next end tag of an svg was found in the buffer; past its end: there is none."""
        self._left = 0
        """How many bytes of the document, as it is read, have left."""
        self.found_at = 0
        """Where the latest finding stands in the document as it is read (what the encoding's layer makes of its bytes), for
        who asks within ``on_finding``: the start of its tag, or its place in the text of a script or style sheet."""
        self.decode = self.charset.text

    # -- what readings ask --------------------------------------------------------------------------------------------

    def written(self, start: int, end: int) -> bytes:
        """Return the document's own bytes where the readings see masked ones."""
        return bytes(self._held[start:end])

    @property
    def leads_elsewhere(self) -> bool:
        """True where a base element seen so far may lead relative addresses to another host than the document's own."""
        return self.judge.leads_elsewhere

    @property
    def placed_banner(self) -> bool:
        """True once the banner is in the page."""
        return self._place is not None and self._place.placed

    def report(self, findings: Iterable[Finding], at: int) -> None:
        """Hand on what a reading found at an offset of the buffer."""
        recording = self.recorder.current
        for finding in findings:
            self.found_at = self._left + at
            if recording is not None:
                recording.found(finding, at)
            self._on_finding(finding if self._emits else replace(finding, enforced=False))

    def placeholder(self, embed: Embed) -> bytes:
        """Return what stands in for a withheld embed."""
        if self._parts is None:
            return b""
        self._placeholders = True
        return self._parts.placeholder(embed, self._lang)

    def stand_in(self, reading: Reading, edit: Edit, embed: Embed) -> None:
        """Make an edit, and put a placeholder behind its text."""
        made = edit._replace(text=edit.text + self.placeholder(embed))
        reading.edits.append(made)
        self.recorder.stands_in(made, edit, embed)

    def svg_end(self, buffer: Buffer, start: int) -> int:
        """Return where the next end tag of an svg stands, -1 where none does. Looked for once."""
        if self._svg_end < start:
            found = ENDS[b"svg"].search(buffer, start)
            self._svg_end = len(buffer) if found is None else found.start()
        return self._svg_end if self._svg_end < len(buffer) else -1

    def take_html(self, raw: bytes) -> None:
        """Learn the page's language, and whether it is AMP, from its ``<html>``."""
        self.recorder.stop()
        attributes = Attributes(raw, raw, 5, self.decode)
        if self._lang is None:
            self._lang = attributes.text(b"lang")
        if self._place is not None and any(one.name in (b"amp", b"\xe2\x9a\xa1") for one in attributes.effective()):
            self._place.forbid()

    def take_base(self, decision: Decision, start: int, *, certain: bool) -> None:
        """Note a ``<base href>`` at ``start``. ``certain``: the reading that met it knows that it is one."""
        self.recorder.stop()
        certain = certain and len(self.readings) == 1 and self.readings[0].fork is None
        judge = self._bases.take(self.judge, decision.base or "", gated=decision.base_gated, certain=certain)
        if judge is not None:
            self.judge = judge
        else:
            self.overrun, self.parting = True, start

    def seek_start(self, reading: Reading, name: bytes, start: int, end: int) -> None:
        """Tell the banner's place of a start tag."""
        assert self._place is not None
        self._place_at(reading, self._place.start(name, start, end, reading.context))

    def seek_end(self, reading: Reading, name: bytes, start: int) -> None:
        """Tell the banner's place of an end tag."""
        assert self._place is not None
        self._place_at(reading, self._place.end(name, start, reading.context))

    def seek_other(self, reading: Reading, buffer: Buffer, start: int, end: int, kind: Kind) -> None:
        """Tell the banner's place of anything else."""
        assert self._place is not None
        self._place_at(reading, self._place.other(buffer, start, end, kind, reading.context))

    def _place_at(self, reading: Reading, position: int | None) -> None:
        self.seeking = self._place is not None and self._place.seeking
        if position is not None and self._parts is not None and self._place is not None:
            self._place.placed = True
            reading.edits.append(Edit(position, position, self._parts.banner(self._lang)))

    # -- bytes --------------------------------------------------------------------------------------------------------

    def feed(self, data: bytes) -> bytes:
        """Take the next bytes of the body; return those that may leave now.

        A document that can be read in more ways than are followed ends where it becomes so.
        """
        if self.overrun:
            return b"" if self._emits else data
        return self._advance(self.charset.decode(data, self._held), False)

    def close(self) -> bytes:
        """Return the rest. The document ends here."""
        if self._closed:
            return b""
        self._closed = True
        if self.overrun:
            return b""
        out = self._advance(self.charset.finish(self._held), True)
        if not self.rereadings:
            self.release()
        return out

    def release(self) -> None:
        """Let go of what points back here, so that the memory is free at once. Nothing comes any more."""
        self.readings, self.splicer = [], Splicer(_never)

    def _advance(self, data: bytes, final: bool) -> bytes:
        if self._emits and self.charset.disputed and self.judge.withholds:
            if self.charset.escapes:
                self._end_here("an encoding that only some browsers see declared", 0)
                return b""
            data = self.charset.without_escapes(data, final)
        self.endless.clear()
        self._svg_end = 0
        masks = self.charset.masks
        if self.charset.name != self.judge.charset:
            self.judge = self.judge.variant(self.judge.bases, self.charset.name)
        self.unmasked = not masks
        if not masks and self._shape:
            self._shape.clear()  # the encoding is known now, and keeps ASCII
        buffer: Buffer
        if self._held or masks:
            self._held += data
            buffer = self._held
            if masks:
                self._shape += self.charset.mask(data, final)
                buffer = self._shape
        else:
            buffer = data
        if len(self.readings) == 1:
            self.readings[0].run(buffer, final, None)
        if len(self.readings) > 1 or self.readings[0].fork is not None:
            self._run_several(buffer, final)
        source = self._held if masks or buffer is self._held else data
        if self.overrun:
            self._end_here("markup that can be read in too many ways", self.parting)
            return self._emit(source, False, self.parting) if self._emits else bytes(source)
        out = self._emit(source, final)
        return out + self._tail() if final and not self.overrun and self.splicer.idle else out

    def _end_here(self, why: str, at: int) -> None:
        """Let the document end: the rest of it is left out."""
        self.overrun = True
        self.report((Finding(FindingKind.UNFILTERED, "", why),), at)

    def _run_several(self, buffer: Buffer, final: bool) -> None:
        """Advance the readings side by side, the hindmost first, and merge those that have come to the same."""
        readings = self.readings
        stalled: set[int] = set()
        self._adopt(readings[0])
        while not self.overrun:
            moving = [reading for reading in readings if id(reading) not in stalled]
            if not moving:
                return
            if len(readings) == 1:
                readings[0].run(buffer, final, None)
                if readings[0].fork is None:
                    return
                self._adopt(readings[0])
                continue
            reading = min(moving, key=lambda one: one.pos)
            before = reading.pos, reading.progress
            reading.run(buffer, final, 1)
            if reading.fork is not None:
                self._adopt(reading)
            elif (reading.pos, reading.progress) == before:
                stalled.add(id(reading))
            self._merge(buffer, reading)

    def _adopt(self, reading: Reading) -> None:
        if reading.fork is not None:
            if len(self.readings) == 1 and self._emits:
                self.splicer.part(self.parting, reading.origin, self.judge)
            self.readings.append(reading.fork)
            reading.fork = None
            self.recorder.parted()
            self.overrun = self.overrun or len(self.readings) > READINGS

    def _merge(self, buffer: Buffer, reading: Reading) -> None:
        state = reading.state()
        if state is None:
            return
        for other in self.readings:
            if other is not reading and other.pos == reading.pos and other.state() == state:
                gone, kept = (reading, other) if other.main or not reading.main else (other, reading)
                kept.main = kept.main or gone.main
                if kept.context.plain:
                    self.recorder.end(kept, buffer, kept.pos, b"noscript", gone)
                self.splicer.edits += gone.edits
                self.readings.remove(gone)
                if len(self.readings) == 1 and self._emits:
                    self.splicer.agree(_past_end(buffer, kept), state)
                return

    def _emit(self, source: Buffer, final: bool, until: int = sys.maxsize) -> bytes:
        readings = self.readings
        safe = min(until, *(reading.safe for reading in readings))
        if final:
            safe = len(source)
        elif self.charset.name is None:
            safe = min(safe, self.splicer.parted)
        splicer = self.splicer
        self.recorder.stop()
        for reading in readings:
            if reading.edits:
                splicer.edits += reading.edits
                reading.edits = []
        if not self._emits:
            splicer.edits.clear()
        safe, size = splicer.whole(safe), len(source)
        out = splicer.leave(source, safe, self.charset)
        if final:
            out += splicer.close()
        if splicer.failed:
            self._end_here("markup in which what is withheld makes something else live", safe)
        self._left += safe
        self._keep(source, safe)
        for reading in readings:
            reading.shift(safe)
        splicer.shift(safe, size)
        if len(readings) == 1 and readings[0].pos == 0:
            splicer.settle(readings[0].state())
        return out

    def rereader(self, origin: Context, judge: Judge, *, heard: bool = True) -> HtmlRewriter | None:
        """Return a second rewriter that begins in ``origin``; None where there have been too many. ``heard``: what it finds
        counts."""
        if self.rereadings >= REREADINGS:
            return None
        on_finding = self._hear_again if heard else _silent
        reader = HtmlRewriter(judge, self._document, on_finding=on_finding, depth=self.depth)
        assert self.charset.name is not None
        reader.charset = Charset.known(self.charset.name)
        reader.decode = reader.charset.text
        reader.readings[0].context = origin.copy()
        reader._bases, reader.rereadings = self._bases.copy(), self.rereadings + 1
        return reader

    def _hear_again(self, finding: Finding) -> None:
        if finding.enforced:
            self.report((finding,), 0)

    def rests_in(self, state: tuple[object, ...] | None) -> bool:
        """Tell whether it holds nothing and has come to a state that another rewriter is in."""
        readings = self.readings
        return (
            state is not None and len(readings) == 1 and not self._held and self.splicer.idle and readings[0].state() == state
        )

    def _keep(self, source: Buffer, safe: int) -> None:
        if source is self._held:
            del self._held[:safe]
            if self.charset.masks:
                del self._shape[:safe]
        elif safe < len(source):
            self._held = bytearray(source[safe:])

    def _tail(self) -> bytes:
        """What is put at the document's end: a banner that found no body, and the placeholders' form."""
        reading = next(one for one in self.readings if one.main)
        if (
            self._parts is None
            or not self._emits
            or reading.ended_in_tag
            or reading.lexer.mode is not Mode.DATA
            or reading.context.frameset
        ):
            return b""
        tail = b""
        if self._place is not None and self._place.at_end():
            self._place.placed = True
            tail += self._parts.banner(self._lang)
        if self._placeholders:
            tail += self._parts.closing(self._lang)
        return self.charset.encode(tail)


def rewriter_for(
    judge: Judge,
    document: DocumentFacts,
    *,
    parts: PageParts | None = None,
    banner: bool = False,
    on_finding: Callable[[Finding], None] = _silent,
    emits: bool = True,
    depth: int = 0,
) -> HtmlRewriter | XmlRewriter:
    """Return the rewriter for a document's syntax."""
    if document.syntax == "xml":
        return XmlRewriter(judge, document, on_finding=on_finding, emits=emits, depth=depth)
    return HtmlRewriter(judge, document, parts=parts, banner=banner, on_finding=on_finding, emits=emits, depth=depth)


def page_rewriter(
    rules: Rules,
    allowed: frozenset[str],
    document: DocumentFacts,
    *,
    parts: PageParts | None = None,
    banner: bool = False,
    on_finding: Callable[[Finding], None] = _silent,
    emits: bool = True,
) -> HtmlRewriter | XmlRewriter:
    """Return the rewriter for one response: what the engine calls."""
    judge = rules.judge(allowed, document)
    return rewriter_for(judge, document, parts=parts, banner=banner, on_finding=on_finding, emits=emits)
