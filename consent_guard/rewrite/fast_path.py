"""The fast path of HTML content: what the compiled patterns pass, and the tags between, known ones at the price of a look-up.

It stops where the tokenizer is needed: at raw text whose end has not come, at a cut token, at what is not plain HTML. What
it does is what the tokenizer's path does, token by token. May import the decisions, contents and the grammar; ``stream``
calls it.
"""

from __future__ import annotations

import re
from typing import Final, Protocol

from ..limits import HELD_SCRIPT_BYTES, HELD_VALUE_BYTES, REMEMBERED_BYTES
from . import contents
from .decide.bases import Bases
from .decide.glance import FULL, ONLY_LATE, Glance, glance
from .decide.memory import MISSING
from .decide.tags import TagFacts, read_tag
from .emit.patch_buffer import Buffer
from .html import grammar as p
from .html.tokenizer import Mode
from .model import NOTHING
from .reader import Reader
from .surroundings import Surroundings

SIMULATED: Final = p.RAW_TEXT | {b"html", b"svg", b"math", b"select", b"template", b"frameset"}
"""Start tags outside foreign content of which the tree builder's simulator must hear."""

_CLOSED: Final = {b"svg": b"/>", b"math": b"/>"}
"""Tags that are not remembered, for their slash counts."""


class HtmlReader(Reader, Protocol):
    """The stream, as its fast path sees it."""

    ended: bool
    bases: Bases
    around: Surroundings

    def start_token(self, buffer: Buffer, start: int, found: re.Match[bytes]) -> bool:
        """Take a start tag that stands whole in the buffer; True where it names nothing, and changes nothing."""
        ...

    def start(
        self, buffer: Buffer, start: int, end: int, name: bytes, facts: TagFacts | None, *, closed: bool, font: bool
    ) -> None:
        """Take a start tag of which it is known what it names."""
        ...

    def end_tag(self, start: int, found: re.Match[bytes] | None) -> None:
        """Take an end tag."""
        ...


def run(reader: HtmlReader, buffer: Buffer, size: int) -> None:
    """Pass what the compiled patterns pass and take the tags between, up to where the tokenizer is needed: at raw text
    whose end has not come, at a cut token, at what is not plain HTML."""
    tokenizer, sim, policy = reader.tokenizer, reader.sim, reader.policy
    skip, tag, find, still = p.SKIP.match, p.TAG.match, buffer.find, isinstance(buffer, bytes)
    table = policy.tags("html", reader.charset.name, relative=reader.view.relative)
    strict = reader.view.relative
    around = reader.around
    at = reader.pos
    common = False
    while True:
        stop = around.next
        if stop < at:
            stop = around.find(buffer, at)
        plain = not (sim.stack or sim.unsure or (sim.templates and sim.awaits_content))
        if plain:
            # A drawing may be passed whole where every parser reads it as one.
            common = not (strict or sim.select or sim.frameset or sim.templates)
            # Up to there: the patterns stop before the tag, or whatever it is, in which that place lies.
            at = (skip if common else p.SKIP_STRICT.match)(buffer, at, stop).end()  # type: ignore[union-attr]
            if at == stop < size and buffer[at] != 0x3C:
                around.find(buffer, at + 1)
                continue
        elif sim.stack and not sim.html:
            at = p.SKIP_FOREIGN.match(buffer, at).end()  # type: ignore[union-attr]
        if at >= size or buffer[at] != 0x3C or (sim.cdata and buffer.startswith(b"<![CDATA[", at)):
            break
        facts: TagFacts | Glance | object | None = MISSING
        glances = plain and reader.unmasked and common
        if glances:
            # What begins with the bytes of a known tag begins with that tag.
            end = find(b">", at) + 1
            raw = buffer[at:end] if still else bytes(buffer[at:end])
            facts = table.get(raw, MISSING)  # type: ignore[arg-type]
            if end > stop:
                facts = MISSING
            elif facts is None:
                at = end
                continue
            elif facts is ONLY_LATE:
                reader.bases.late.note(raw, reader.charset.text)  # type: ignore[arg-type]
                at = end
                continue
        found = None
        if facts is MISSING:
            found = tag(buffer, at)
            if found is None or found.end() - at > HELD_VALUE_BYTES:
                break
            end = found.end()
            if end <= stop and glances and buffer[at + 1] != 0x2F and (facts := _glance(reader, found)) is None:
                at = end
                continue
        reader.pos = end
        if (
            type(facts) is Glance
            and (not facts.hosts or _seen(reader, facts, at))
            and _raw_text(reader, facts, buffer, at, end)
        ):
            if facts.late:
                reader.bases.late.note(bytes(raw if found is None else found[0]), reader.charset.text)
        elif isinstance(facts, TagFacts):
            reader.start(buffer, at, end, facts.name, facts, closed=False, font=False)
        else:
            found = found or tag(buffer, at)
            assert found is not None
            if buffer[at + 1] == 0x2F:
                reader.end_tag(at, found)
            elif reader.start_token(buffer, at, found) and plain:
                at = end
                continue
        at = reader.pos
        if tokenizer.mode is not Mode.DATA or reader.content is not None or reader.question is not None:
            return
        if reader.view.relative is not strict or reader.ended:
            return
    reader.pos = at


def known(reader: Reader, raw: bytes, shape: bytes, name: bytes, *, foreign: bool) -> TagFacts | None:
    """Return what a start tag names, remembered by its bytes."""
    policy, relative, charset = reader.policy, reader.view.relative, reader.charset.name
    table = policy.tags("foreign" if foreign else "html", charset, relative=relative)
    facts = table.get(raw, MISSING)
    if type(facts) is Glance:
        table = policy.tags("full", charset, relative=relative)
        facts = table.get(raw, MISSING)
    if facts is MISSING:
        facts = table.recall(raw, len(raw))
    if facts is MISSING:
        facts = read_tag(policy, raw, shape, name, reader.charset.text, foreign, relative)
        if facts is None and not foreign and name in SIMULATED:
            facts = TagFacts(name, None)
        kept = len(raw) <= REMEMBERED_BYTES and (charset is not None or raw.isascii())
        if kept and not shape.endswith(_CLOSED.get(name, b"\0")):
            table.keep(raw, facts, len(raw) if facts is None else facts.size)
    return facts if isinstance(facts, TagFacts) else None


def _glance(reader: HtmlReader, found: re.Match[bytes]) -> Glance | object | None:
    """Return what a start tag in plain HTML content names at a glance, MISSING where it has to be read in full."""
    tag, name = found[0], found[2].lower()
    table = reader.policy.tags("html", reader.charset.name, relative=False)
    facts = table.recall(tag, len(tag))
    if facts is not MISSING or (name in SIMULATED and name not in p.RAW_TEXT) or name == b"noscript":
        return facts
    seen = glance(reader.policy.book, name, tag, lazy=reader.policy.lazy)
    if seen is FULL:
        return MISSING
    if len(tag) <= REMEMBERED_BYTES:
        table.keep(tag, seen, len(tag) if seen is None else len(tag) + 100 + 120 * len(seen.hosts))
    return seen


def _raw_text(reader: HtmlReader, seen: Glance, buffer: Buffer, start: int, end: int) -> bool:
    """Pass the raw text that follows a tag; False where it is a script that is withheld, or that has not come whole."""
    if not seen.raw:
        return True
    if seen.script:
        stop = reader.raw_end(b"script", buffer, end)
        if not 0 <= stop <= end + HELD_SCRIPT_BYTES:
            return False
        if stop > end and reader.policy.first_hit(reader.view, contents.program(reader, buffer, end, stop)) is not None:
            return False
        reader.pos = stop
        return True
    contents.enter(reader, seen.name, NOTHING, buffer, start, end)
    return True


def _seen(reader: HtmlReader, seen: Glance, start: int) -> bool:
    """Report what a tag names and no rule does; False where something in it is withheld."""
    view = reader.view
    told = []
    for address, kind, where in seen.hosts:
        verdict = address.judged(view, "")
        if verdict is not None:
            if verdict.enforced:
                return False
            told.append(verdict.finding(kind, where))
    if told:
        reader.report(told, start)
    return True
