"""An HTML document as it streams: readings in, edits laid over each other, bytes out.

The public face of this package. It splices and never re-serialises: what no edit covers leaves byte for byte, and any split
of the input gives the same output. May import this package; the engine makes it, ``nested`` makes it again for documents
within.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Final

from ..findings import Finding, FindingKind
from ..limits import READINGS, REREADINGS
from . import patterns as p
from .attributes import Attributes, Edit
from .banner import BannerPlace
from .context import Context
from .document import DocumentFacts
from .encoding import Charset
from .judge import Judge
from .lexer import Buffer, Kind, Mode
from .parts import Embed, PageParts
from .passages import ENDS, Passage, Recording
from .reading import Reading
from .rules import Rules
from .splicer import Splicer, laid_over
from .tags import Decision
from .xml import XmlRewriter

_ESCAPE: Final = b"\x1b"
_ESCAPES: Final = re.compile(rb"\x1b(?=[$(])")
"""Where ISO-2022-JP changes its state (Encoding standard 12.2)."""


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
        self._charset = Charset(document.charset)
        self.unmasked = False
        """True where what the readings read is what the document holds."""
        self._place = BannerPlace() if banner and parts is not None and emits else None
        self.seeking = self._place is not None
        """True until the banner's place is known."""
        self._late = b""
        """An escape whose next byte has not come, where the encoding is uncertain."""
        self._lang: str | None = None
        self._placeholders = False
        self.endless: set[bytes] = set()
        """Elements whose end tag does not come any more in the current buffer."""
        self._readings = [Reading(self)]
        self._held = bytearray()
        self._shape = bytearray()
        self._based = False
        """A base element that every reading takes was seen; whether its address holds is the next word."""
        self._base_holds = False
        self._closed = False
        self.overrun = False
        """The document can be read in more ways than are followed: the rest of it is left out."""
        self.parting = 0
        """Where the latest second reading parted, in the buffer."""
        self._splicer = Splicer(self._again)
        self._rereadings = 0
        self.recording: Recording | None = None
        """What is being found and changed in a content that has not been met before."""
        self._svg_end = 0
        """Where the next end tag of an svg was found in the buffer; past its end: there is none."""
        self._left = 0
        """How many bytes of the document, as it is read, have left."""
        self.found_at = 0
        """Where the latest finding stands in the document as it is read (what the encoding's layer makes of its bytes), for
        who asks within ``on_finding``: the start of its tag, or its place in the text of a script or style sheet."""
        self.decode = self._charset.text

    # -- what readings ask --------------------------------------------------------------------------------------------

    def written(self, start: int, end: int) -> bytes:
        """Return the document's own bytes where the readings see masked ones."""
        return bytes(self._held[start:end])

    @property
    def placed_banner(self) -> bool:
        """True once the banner is in the page."""
        return self._place is not None and self._place.placed

    def report(self, findings: Iterable[Finding], at: int) -> None:
        """Hand on what a reading found at an offset of the buffer."""
        recording = self.recording
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
        if self.recording is not None:
            self.recording.embeds[id(made)] = edit, embed

    def record(self, reading: Reading, name: bytes, start: int, content: int) -> None:
        """Begin to write down what comes of a content, if there is one reading and nothing else is being written down."""
        free = self.recording is None and len(self._readings) == 1 and reading.fork is None
        if free and self.unmasked and not (self.depth or self.seeking or self._rereadings or self._charset.layered):
            self.recording = Recording(self.judge, name, start, content, reading.context.templates)

    def recorded(self, reading: Reading, buffer: Buffer, end: int, name: bytes, other: Reading | None = None) -> None:
        """End it where the content ends and one reading is left (``other``: the one that has just come to the same)."""
        recording = self.recording
        if recording is None or recording.name != name or len(self._readings) > (1 if other is None else 2):
            return
        self.recording = None
        if ENDS[name].match(buffer, end) is not None and recording.ends(self.judge, buffer, end, reading.context.templates):
            recording.take([*self._splicer.edits, *(other.edits if other is not None else ()), *reading.edits])
            if not recording.edits or (other is None and not recording.parted) or self._holds(recording, reading):
                recording.keep(parted=other is not None)

    def _holds(self, recording: Recording, reading: Reading) -> bool:
        """Tell whether a content read in two ways is as good when it is read again without what was withheld in it."""
        reader = (
            self._again(reading.origin, self.judge) if reading.origin is not None and recording.name == b"noscript" else None
        )
        if reader is None:
            return False
        reader._on_finding = _silent
        piece = laid_over(recording.whole, recording.edits, self._charset) + b"</noscript>"
        holds = reader.feed(piece) == piece and not reader.overrun and reader.rests_in(reading.state())
        reader.release()
        return holds

    def pass_again(self, reading: Reading, passage: Passage, start: int, content: int, end: int) -> None:
        """Do what came of a content when it was read before; ``start``: of the tag before it."""
        for finding, at in passage.findings:
            self.report((finding,), content + at)
        embeds = False
        for edit, embed in passage.edits:
            if embed is None:
                reading.edits.append(edit.moved(content))
            else:
                self.stand_in(reading, edit.moved(content), embed)
                embeds = True
        if embeds and passage.parted and self._emits and self._parts is not None:
            # What stands in is the site's own: it is read again each time.
            self._splicer.part(start, reading.context.copy(), self.judge)
            self._splicer.agree(end, (reading.lexer.state(), reading.context.state()))

    def svg_end(self, buffer: Buffer, start: int) -> int:
        """Return where the next end tag of an svg stands, -1 where none does. Looked for once."""
        if self._svg_end < start:
            found = ENDS[b"svg"].search(buffer, start)
            self._svg_end = len(buffer) if found is None else found.start()
        return self._svg_end if self._svg_end < len(buffer) else -1

    def take_html(self, raw: bytes) -> None:
        """Learn the page's language, and whether it is AMP, from its ``<html>``."""
        self.recording = None
        attributes = Attributes(raw, raw, 5, self.decode)
        if self._lang is None:
            self._lang = attributes.text(b"lang")
        if self._place is not None and any(one.name in (b"amp", b"\xe2\x9a\xa1") for one in attributes.effective()):
            self._place.forbid()

    def take_base(self, decision: Decision, start: int, *, certain: bool) -> None:
        """Note a ``<base href>`` at ``start`` (WHATWG 4.2.3): the first one holds, and where it is no good the document's own
        address. Where browsers' two parsers, or our readings, may differ on which one that is, all are kept."""
        self.recording = None
        judge = self.judge
        absolute = judge.absolute_base(decision.base or "")
        certain = certain and len(self._readings) == 1 and self._readings[0].fork is None
        bases = judge.bases
        if certain and not self._based:
            self._based = True
            if absolute:
                self._base_holds = True
                bases = (absolute, *(base for base in bases if base != judge.own_base))
            if decision.base_gated:
                bases = (*bases, judge.own_base)  # made inert it resolves to the document
        elif absolute and not (certain and self._base_holds):
            bases = (*bases, absolute)
        bases = tuple(dict.fromkeys(bases))
        if len(bases) <= READINGS:
            self.judge = judge.variant(bases, judge.charset)
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
        return self._advance(self._charset.decode(data, self._held), False)

    def close(self) -> bytes:
        """Return the rest. The document ends here."""
        if self._closed:
            return b""
        self._closed = True
        if self.overrun:
            return b""
        out = self._advance(self._charset.finish(self._held), True)
        if not self._rereadings:
            self.release()
        return out

    def release(self) -> None:
        """Let go of what points back here, so that the memory is free at once. Nothing comes any more."""
        self._readings, self._splicer = [], Splicer(_never)

    def _advance(self, data: bytes, final: bool) -> bytes:
        if self._emits and not self._charset.certain and self._charset.name is not None:
            if self._charset.name == "iso-2022-jp" and self.judge.withholds:
                self._end_here("an encoding that only some browsers see declared", 0)
                return b""
            data = self._late + data
            self._late = b""
            if _ESCAPE in data and self.judge.withholds:
                if data.endswith(_ESCAPE) and not final:
                    self._late, data = _ESCAPE, data[:-1]
                # In ISO-2022-JP, which a late meta may call for, escapes would make something else of what follows.
                data = _ESCAPES.sub(b"\x1a", data)
        self.endless.clear()
        self._svg_end = 0
        masks = self._charset.masks
        if self._charset.name != self.judge.charset:
            self.judge = self.judge.variant(self.judge.bases, self._charset.name)
        self.unmasked = not masks
        if not masks and self._shape:
            self._shape.clear()  # the encoding is known now, and keeps ASCII
        buffer: Buffer
        if self._held or masks:
            self._held += data
            buffer = self._held
            if masks:
                self._shape += self._charset.mask(data, final)
                buffer = self._shape
        else:
            buffer = data
        if len(self._readings) == 1:
            self._readings[0].run(buffer, final, None)
        if len(self._readings) > 1 or self._readings[0].fork is not None:
            self._run_several(buffer, final)
        source = self._held if masks or buffer is self._held else data
        if self.overrun:
            self._end_here("markup that can be read in too many ways", self.parting)
            return self._emit(source, False, self.parting) if self._emits else bytes(source)
        out = self._emit(source, final)
        return out + self._tail() if final and not self.overrun and self._splicer.idle else out

    def _end_here(self, why: str, at: int) -> None:
        """Let the document end: the rest of it is left out."""
        self.overrun = True
        self.report((Finding(FindingKind.UNFILTERED, "", why),), at)

    def _run_several(self, buffer: Buffer, final: bool) -> None:
        """Advance the readings side by side, the hindmost first, and merge those that have come to the same."""
        readings = self._readings
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
            if len(self._readings) == 1 and self._emits:
                self._splicer.part(self.parting, reading.origin, self.judge)
            self._readings.append(reading.fork)
            reading.fork = None
            if self.recording is not None:
                self.recording.parted += 1
            self.overrun = self.overrun or len(self._readings) > READINGS

    def _merge(self, buffer: Buffer, reading: Reading) -> None:
        state = reading.state()
        if state is None:
            return
        for other in self._readings:
            if other is not reading and other.pos == reading.pos and other.state() == state:
                gone, kept = (reading, other) if other.main or not reading.main else (other, reading)
                kept.main = kept.main or gone.main
                if self.recording is not None and kept.context.plain:
                    self.recorded(kept, buffer, kept.pos, b"noscript", gone)
                self._splicer.edits += gone.edits
                self._readings.remove(gone)
                if len(self._readings) == 1 and self._emits:
                    self._splicer.agree(_past_end(buffer, kept), state)
                return

    def _emit(self, source: Buffer, final: bool, until: int = sys.maxsize) -> bytes:
        readings = self._readings
        safe = min(until, *(reading.safe for reading in readings))
        if final:
            safe = len(source)
        elif self._charset.name is None:
            safe = min(safe, self._splicer.parted)
        splicer = self._splicer
        self.recording = None
        for reading in readings:
            if reading.edits:
                splicer.edits += reading.edits
                reading.edits = []
        if not self._emits:
            splicer.edits.clear()
        safe, size = splicer.whole(safe), len(source)
        out = splicer.leave(source, safe, self._charset)
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

    def _again(self, origin: Context, judge: Judge) -> HtmlRewriter | None:
        """Return a second rewriter that begins in ``origin``; None where there have been too many."""
        if self._rereadings >= REREADINGS:
            return None
        reader = HtmlRewriter(judge, self._document, on_finding=self._hear_again, depth=self.depth)
        assert self._charset.name is not None
        reader._charset = Charset.known(self._charset.name)
        reader.decode = reader._charset.text
        reader._readings[0].context = origin.copy()
        reader._based, reader._base_holds, reader._rereadings = self._based, self._base_holds, self._rereadings + 1
        return reader

    def _hear_again(self, finding: Finding) -> None:
        if finding.enforced:
            self.report((finding,), 0)

    def rests_in(self, state: tuple[object, ...] | None) -> bool:
        """Tell whether it holds nothing and has come to a state that another rewriter is in."""
        readings = self._readings
        return (
            state is not None and len(readings) == 1 and not self._held and self._splicer.idle and readings[0].state() == state
        )

    def _keep(self, source: Buffer, safe: int) -> None:
        if source is self._held:
            del self._held[:safe]
            if self._charset.masks:
                del self._shape[:safe]
        elif safe < len(source):
            self._held = bytearray(source[safe:])

    def _tail(self) -> bytes:
        """What is put at the document's end: a banner that found no body, and the placeholders' form."""
        reading = next(one for one in self._readings if one.main)
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
        return self._charset.encode(tail)


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
