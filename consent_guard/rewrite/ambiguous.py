"""Where browsers may read a content in two ways, as text or as markup: settled one way, so that both are safe.

In svg and math, in old select elements and after a frameset the tree builder reads the content of a style or a title as
markup, and a parser that looks ahead as raw text. Such a content is held until its end tag. If it reads alike, or comes to
rest at its end in both readings and nothing in either is withheld, it stays. Else the element goes, or its start tag does,
so that all parsers read markup; or, where it is not known whether an svg is still open, HTML content is forced before it. A
script of which even that is not certain goes, for nobody is to see its text.
May import the decisions, contents and emit; ``stream`` calls it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Final

from ..findings import Finding, FindingKind
from ..limits import AMBIGUOUS_BYTES
from . import contents
from .decide.scripts import inline_finding
from .decide.styles import gated, sheet_targets
from .emit.patch_buffer import Buffer
from .emit.withheld import BREAKOUT, to_html
from .html import grammar as p
from .html.charrefs import decode_text
from .html.tokenizer import Kind, Mode, Tokenizer
from .html.tree_builder_simulator import TreeBuilderSimulator
from .model import Decision
from .reader import Reader

_SCRIPT_END: Final = re.compile(rb"</[sS][cC][rR][iI][pP][tT][" + p.SPACE + rb"/>]")
_START: Final = {name: re.compile(b"<" + name, re.I) for name in p.RAW_TEXT}
_CDATA_END: Final = re.compile(rb"\]\]>")
_CDATA: Final = b"<![CDATA["
_UNSETTLED: Final = "markup that browsers may read in two ways"
_READ: Final = frozenset({b"style", b"script"})
"""Elements whose text is read."""
_Outcome = tuple[bytes, list[Finding]]
_NESTING: Final = 3
"""Fragments within fragments that are still read; beyond, a content is forced."""


@dataclass(slots=True)
class Question:
    """An element whose content may be text or markup, while its end has not come."""

    name: bytes
    decision: Decision
    start: int
    """Where its start tag begins, in the buffer."""
    content: int
    before: TreeBuilderSimulator
    """The state before its start tag."""

    def shift(self, gone: int) -> None:
        """Note that the first ``gone`` bytes of the buffer have left."""
        self.start -= gone
        self.content -= gone


class ReadDocuments:
    """What came of the documents within contents that may be read more than once, each asked for by all that tells its outcome.

    A document in an attribute may hold such contents in turn: were it read anew in each reading, every level would multiply.
    """

    def __init__(self) -> None:
        self._known: dict[Hashable, _Outcome] = {}
        self._bytes = 0

    def outcome(self, key: Hashable, read: Callable[[], _Outcome], size: int | None) -> _Outcome:
        """Return what came of a document; ``read`` reads it if that is not known. ``size``: its bytes, if it may be asked for
        again. All are forgotten now and then: one content and its readings hold fewer bytes."""
        known = self._known.get(key)
        if known is None:
            known = read()
            if size is not None:
                if self._bytes > 4 * AMBIGUOUS_BYTES:
                    self._known.clear()
                    self._bytes = 0
                self._known[key] = known
                self._bytes += size
        return known


def settle(reader: Reader, question: Question, buffer: Buffer, final: bool) -> bool:
    """Settle how a content is read, and go on; False where more input is needed."""
    name, content = question.name, question.content
    limit = content + AMBIGUOUS_BYTES
    end = -1
    if name != b"plaintext":
        ends = _SCRIPT_END if name == b"script" else p.RAW_END[name]
        length = len(b"</" + name + b">")
        end = reader.lookahead.find(ends, length, buffer, reader.left, content, min(len(buffer), limit))
    if end < 0 and not final and len(buffer) < limit:
        reader.hold = question.start
        return False
    reader.question = reader.hold = None
    if question.decision.withheld is not None:
        _leave_out(reader, question, buffer, end)
    elif not reader.policy.withholds(reader.view.allowed):
        _go_on(reader, question, buffer)
    elif end < 0 and len(buffer) < limit:
        if not _ends(reader, question, buffer):
            _as_markup(reader, question)
    elif end < 0 or not (_reads_alike(reader, question, buffer, end) or _rests(reader, question, buffer, end)):
        _force(reader, question, buffer, end)
    return True


def _leave_out(reader: Reader, question: Question, buffer: Buffer, end: int) -> None:
    """The start tag is gone, so no parser reads raw text any more: a content that comes to rest at its end goes with it."""
    content = question.content
    state = reader.sim.copy()
    reader.sim.restore(question.before)
    reader.pos = content
    if end < 0:
        return
    raw = reader.written(buffer, content, end)
    if b"<" in raw:
        shape = raw if reader.unmasked else bytes(buffer[content:end])
        if not reader.fragment(raw, shape, state.copy(), content).at_rest(state):
            return
    reader.edit(content, end)
    reader.content = contents.LeftOut(question.name)
    reader.pos = end


def _go_on(reader: Reader, question: Question, buffer: Buffer) -> None:
    """Nothing is withheld from this visitor: read on as the tree builder likely does."""
    if reader.sim.html:
        contents.enter(reader, question.name, question.decision, buffer, question.start, question.content)
    else:
        reader.pos = question.content


def _reads_alike(reader: Reader, question: Question, buffer: Buffer, end: int) -> bool:
    """Take a content that is the same as text and as markup."""
    if buffer.find(b"<", question.content, end) >= 0:
        return False
    raw = reader.written(buffer, question.content, end)
    if b"<" in raw or (question.name in _READ and b"&" in raw):
        return False
    reader.pos = end
    if question.name == b"style":
        contents.style_whole(reader, buffer, question.content, end)
    elif question.decision.script is not None:
        text = contents.program(reader, buffer, question.content, end)
        hit = reader.policy.first_hit(reader.view, text, question.decision.script)
        if hit is not None:
            contents.withhold_script(reader, question.decision, hit, (question.start, question.content, end))
            reader.sim.restore(question.before)
    return True


def _rests(reader: Reader, question: Question, buffer: Buffer, end: int) -> bool:
    """Take a content that comes to rest at its end in both readings: what its markup loads goes; where its text is withheld in
    either, the element does."""
    if reader.sim.saturated:
        return False  # which text is the element's own is not known
    if reader.nesting >= _NESTING or _START[question.name].search(buffer, question.content, end) is not None:
        return False
    raw = reader.written(buffer, question.content, end)
    if b"<" + question.name in raw.lower():
        return False  # each would be read again for every element around it
    shape = raw if reader.unmasked else bytes(buffer[question.content : end])
    inner = reader.fragment(raw, shape, reader.sim.copy(), question.content)
    if not inner.at_rest(reader.sim):
        return False
    reader.pos = end
    findings = _of_text(reader, question, raw) if question.name in _READ else []
    if findings or (question.name in _READ and inner.patches.edits):
        reader.tell(inner)
        reader.report(findings or [Finding(FindingKind.UNFILTERED, "", _UNSETTLED)], question.start)
        reader.edit(question.start, end, reader.apart(question.start))
        reader.content = contents.LeftOut(question.name)
        reader.sim.restore(question.before)
    else:
        reader.accept(inner, question.content)
    return True


def _ends(reader: Reader, question: Question, buffer: Buffer) -> bool:
    """Take a content with which the document ends, if nothing in it is withheld in either reading. It is tried once
    in a document: else each unended element would read the rest again."""
    if reader.nesting > 1 or reader.tried:
        return False
    end = len(buffer)
    raw = reader.written(buffer, question.content, end)
    shape = raw if reader.unmasked else bytes(buffer[question.content : end])
    inner = reader.fragment(raw, shape, reader.sim.copy(), question.content)
    if inner.sim.saturated or inner.patches.edits or (question.name in _READ and _of_text(reader, question, raw)):
        reader.tried = True
        return False
    reader.accept(inner, question.content)
    reader.pos, reader.cut = end, True
    return True


def _force(reader: Reader, question: Question, buffer: Buffer, end: int) -> None:
    """Make the readings one where they differ."""
    sim, before = reader.sim, question.before
    if before.all_or_none or (before.forceable and question.name != b"noscript"):
        reader.report([Finding(FindingKind.UNFILTERED, "", _UNSETTLED)], question.start)
        reader.edit(question.start, question.start, BREAKOUT if before.mixed else to_html(before.roots))
        sim.restore(before)
        sim.start(b"b", closed=False)
        sim.end(b"b")
        sim.start(question.name, closed=False)
        contents.enter(reader, question.name, question.decision, buffer, question.start, question.content)
        return
    if end < 0 or not (before.html or (before.unsure and question.name == b"script")):
        _as_markup(reader, question)
        return
    reader.report([Finding(FindingKind.UNFILTERED, "", _UNSETTLED)], question.start)
    sim.restore(before)
    reader.edit(question.start, end, reader.apart(question.start))
    reader.content = contents.LeftOut(question.name)
    reader.pos = end


def _as_markup(reader: Reader, question: Question) -> None:
    """Leave out a start tag, so that every parser reads its content as markup. So it is with one that nothing ends, too: as raw
    text it would take the rest of the document with it."""
    reader.report([Finding(FindingKind.UNFILTERED, "", _UNSETTLED)], question.start)
    reader.sim.restore(question.before)
    reader.edit(question.start, question.content, reader.apart(question.start))
    reader.pos = question.content


# -- the text of an svg script or style ----------------------------------------------------------------------------------


def _of_text(reader: Reader, question: Question, raw: bytes) -> list[Finding]:
    """Return what is withheld in an element's text, as raw text and as markup."""
    texts = dict.fromkeys([reader.decode(raw), *_texts(reader, raw)])
    for text in texts:
        if question.name == b"style":
            targets = sheet_targets(reader.policy.book, text, relative=reader.view.relative, depth=0)
            said = [verdict for verdict in gated(reader.view, targets) if verdict.enforced]
            if said:
                return [verdict.finding(FindingKind.STYLE, "style url()") for verdict in said]
        elif question.decision.script is not None:
            program = text.encode("utf-8", "surrogatepass")
            if (hit := reader.policy.first_hit(reader.view, program, question.decision.script)) is not None:
                return [inline_finding(hit[0], "script")]
    return []


def _texts(reader: Reader, raw: bytes) -> list[str]:
    """Return an element's own text, without that of the elements in it (DOM, child text content), and the text of all of it;
    references are decoded, CDATA sections opened."""
    sim, tokenizer = reader.sim.copy(), Tokenizer()
    level = len(sim.stack)
    own: list[str] = []
    every: list[str] = []
    at = 0
    while at < len(raw):
        tokenizer.foreign = True
        start, at = at, tokenizer.next(raw, at, True)
        kind = tokenizer.kind
        if kind is Kind.START or kind is Kind.END:
            found = tokenizer.tag
            assert found is not None
            if kind is Kind.END:
                sim.end(found[2].lower())
            else:
                sim.start(found[2].lower(), closed=found[0].endswith(b"/>"))
        elif kind is Kind.TEXT or kind is Kind.CDATA:
            piece = raw[start:at]
            if kind is Kind.TEXT:
                text = decode_text(reader.decode(piece))
            else:
                text = (
                    ""
                    if piece == _CDATA
                    else reader.decode(piece.removesuffix(b"]]>") if tokenizer.mode is Mode.DATA else piece)
                )
            every.append(text)
            if len(sim.stack) == level:
                own.append(text)
        elif kind in (Kind.MORE, Kind.CUT, Kind.LONG):
            break
    return ["".join(own), "".join(every)]


# -- CDATA sections --------------------------------------------------------------------------------------------------------


def section(reader: Reader, buffer: Buffer, final: bool) -> bool:
    """Take a CDATA section, which is text to the tree builder and a comment up to its first ``>`` to a parser that looks ahead;
    False where more input is needed."""
    start = reader.pos
    size = len(buffer)
    stop = min(size, start + AMBIGUOUS_BYTES)
    end = reader.lookahead.find(_CDATA_END, len(b"]]>"), buffer, reader.left, start + len(_CDATA), stop)
    if end < 0 and not final and len(buffer) < start + AMBIGUOUS_BYTES:
        reader.hold = start
        return False
    reader.hold = None
    rest = buffer.find(b">", start, end) + 1 if end >= 0 else 0
    if rest and reader.policy.withholds(reader.view.allowed):
        raw = reader.written(buffer, rest, end + 2)
        shape = raw if reader.unmasked else bytes(buffer[rest : end + 2])
        inner = reader.fragment(raw, shape, reader.sim.copy(), rest) if reader.nesting < _NESTING else None
        if inner is None or not inner.at_rest(reader.sim) or inner.patches.edits:
            if inner is not None:
                reader.tell(inner)
            reader.report([Finding(FindingKind.UNFILTERED, "", _UNSETTLED)], start)
            reader.edit(start, end + 3, reader.apart(start))
    elif end < 0 and reader.policy.withholds(reader.view.allowed) and not (final and _harmless(reader, buffer, start)):
        reader.report([Finding(FindingKind.UNFILTERED, "", _UNSETTLED)], start)
        reader.edit(start, start + 2, b"&lt;!")
        end = start + len(_CDATA) - 3
    if end < 0:
        reader.cut, end = True, size
    reader.pos = min(end + 3, size)
    return True


def _harmless(reader: Reader, buffer: Buffer, start: int) -> bool:
    """Tell whether nothing is withheld in the markup with which the document ends, behind the section's ``>``; tried once in a
    document."""
    if reader.nesting > 1 or reader.tried:
        return False
    at = buffer.find(b">", start) + 1 or len(buffer)
    raw = reader.written(buffer, at, len(buffer))
    shape = raw if reader.unmasked else bytes(buffer[at:])
    reader.tried = bool(reader.fragment(raw, shape, reader.sim.copy(), at).patches.edits)
    return not reader.tried
