"""Start tags in plain HTML content that have been met before, and the raw text after them: done in one step.

A tag's spelling decides what becomes of it, a script's text or an element's content what becomes of that. What is not known
here, ``reading`` takes step by step, and has it remembered. Only ``reading`` calls it. May import patterns, passages, inline
and tags.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ..limits import HELD_SCRIPT_BYTES, JUDGE_MEMO_LONG_BYTES
from . import passages
from .html import grammar as p
from .html.attributes import Edit
from .html.tokenizer import Buffer
from .inline import Hit, script_hit
from .judge import Judge
from .tags import Decision, remembers, stub_element

if TYPE_CHECKING:
    from .reading import Reading

STRUCTURAL: Final = p.RAW_TEXT | {b"html", b"svg", b"math", b"select", b"template", b"frameset"}
"""Start tags outside foreign content that the context must hear of."""
_RAW: Final = p.RAW_TEXT - {b"plaintext"}
_RECORDED: Final = frozenset({b"noscript", b"svg"})
_NOTHING: Final = Decision()
_PAIR_BYTES: Final = 60
"""What is remembered of a tag beside its bytes and its decision, which Judge.tags has as well."""
_EMPTY_SCRIPT: Final = b"</script>"


def remember_plain(judge: Judge, raw: bytes, name: bytes, decision: Decision | None, *, closed: bool) -> None:
    """Remember a start tag in plain HTML content and what becomes of it."""
    if len(raw) > JUDGE_MEMO_LONG_BYTES or not remembers(judge, raw):
        return
    if decision is None and name not in STRUCTURAL:
        judge.plain_tags.keep(raw, None, 0)
        return
    decision = decision or _NOTHING
    if decision.base is not None or decision.encoding is not None:
        return
    if name not in STRUCTURAL:
        judge.plain_tags.keep(raw, (b"", decision), _PAIR_BYTES)
    elif (name in _RAW or (name == b"svg" and not closed)) and not (name in _RECORDED and not decision.quiet):
        judge.plain_tags.keep(raw, (name, decision), _PAIR_BYTES)


def pass_known(reading: Reading, buffer: Buffer, start: int, end: int, name: bytes, decision: Decision) -> int:
    """Do what is known of the start tag that ends at ``end`` and, where raw text or a drawing follows (``name``), of that;
    return where to go on, -1 where something is not known or not whole in the buffer. Then nothing was done."""
    owner = reading.owner
    if not name:
        reading.decided(decision, start, end)
        return end
    if decision.gone:
        return _pass_withheld(reading, buffer, start, end, name, decision)
    judge = owner.judge
    if name == b"script":
        if buffer.startswith(_EMPTY_SCRIPT, end):
            reading.decided(decision, start, end)
            return end
        found = p.SCRIPT_PLAIN.search(buffer, end)
        if found is None or found[0] == b"<!--":
            return -1
        at = found.start()
        if decision.script is not None:
            if at - end > HELD_SCRIPT_BYTES:
                return -1
            hit = script_hit(judge, bytes(buffer[end:at]), decision.script)
            if hit is not None:
                return _pass_script(reading, buffer, (start, end, at), decision, hit)
        reading.decided(decision, start, end)
        return at
    at = owner.svg_end(buffer, end) if name == b"svg" else _end_of(buffer, end, name)
    if at < 0:
        return -1
    passage = None
    if name == b"style" or name in _RECORDED:
        if at - end not in judge.passage_sizes:
            return -1
        passage = passages.known(judge, name, bytes(buffer[end:at]))
        if passage is None:
            return -1
    reading.decided(decision, start, end)
    if passage is not None:
        owner.recorder.again(reading, passage, start, end, at)
    return at


def _end_of(buffer: Buffer, start: int, name: bytes) -> int:
    found = p.RAW_END[name].search(buffer, start)
    return -1 if found is None else found.start()


def _pass_withheld(reading: Reading, buffer: Buffer, start: int, end: int, name: bytes, decision: Decision) -> int:
    """Leave out a whole element of raw text."""
    if name == b"script":
        found = p.SCRIPT_PLAIN.search(buffer, end)
        if found is None or found[0] == b"<!--":
            return -1
        at = found.start()
    else:
        at = _end_of(buffer, end, name)
    closing = p.TAG.match(buffer, at) if at >= 0 else None
    if closing is None or closing.end() - at > JUDGE_MEMO_LONG_BYTES:
        return -1
    reading.decided(decision, start, end)
    if at > end:
        reading.edits.append(Edit(end, at, b"", drop=True))
    reading.edits.append(Edit(at, closing.end(), b"", drop=True))
    return closing.end()


def _pass_script(reading: Reading, buffer: Buffer, places: tuple[int, int, int], decision: Decision, hit: Hit) -> int:
    """Put a service's stubs in the place of an inline script, as ``rawtext.ScriptBody`` does."""
    start, content, at = places
    closing = p.TAG.match(buffer, at)
    if closing is None or closing.end() - at > JUDGE_MEMO_LONG_BYTES or not decision.quiet:
        return -1
    reading.decided(decision, start, content)
    owner = reading.owner
    finding = hit.finding("script")
    owner.report((finding,), content + hit.start)
    stub = stub_element(owner.judge.rules.stub(finding.service), decision.nonce)
    reading.edits.append(Edit(start, content, stub))
    reading.edits.append(Edit(content, at, b"", drop=True))
    reading.edits.append(Edit(at, closing.end(), b"", drop=True))
    return closing.end()
