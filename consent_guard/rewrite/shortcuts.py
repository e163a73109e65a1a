"""What plain HTML content has been seen to be, so that it can be passed in one step the next time.

A judge remembers, by spelling, start tags that stay as they are, noscripts and drawings that hold nothing to withhold. All of
it is learnt from ``reading``, which passes step by step what is not known; only ``reading`` asks here. May import patterns,
inline and
tags.
"""

from __future__ import annotations

import re
from typing import Final

from ..limits import HELD_SCRIPT_BYTES, JUDGE_MEMO_ENTRIES, JUDGE_MEMO_KEY_BYTES
from . import patterns as p
from .inline import ScriptKind, script_hit
from .judge import Judge
from .lexer import Buffer
from .rawtext import known_clean
from .tags import Decision, remembers

STRUCTURAL: Final = p.RAW_TEXT | {b"html", b"svg", b"math", b"select", b"template", b"frameset"}
"""Start tags outside foreign content that the context must hear of."""
_LONGEST: Final = JUDGE_MEMO_KEY_BYTES * 8
"""Bytes of a tag or a content that is remembered."""
_SVG_END: Final = re.compile(rb"</[sS][vV][gG][" + p.SPACE + rb"/>]")
_SVG_START: Final = re.compile(rb"<[sS][vV][gG]")


def pass_content(judge: Judge, buffer: Buffer, start: int, name: bytes, kind: ScriptKind | None) -> int | None:
    """Return where the content that begins at ``start`` ends, if it is whole in the buffer and nothing is to be done in it."""
    if name == b"script":
        found = p.SCRIPT_PLAIN.search(buffer, start)
        if found is None or found[0] == b"<!--":
            return None
        end = found.start()
        if kind is None:
            return end
        clean = end - start <= HELD_SCRIPT_BYTES and script_hit(judge, bytes(buffer[start:end]), kind) is None
        return end if clean else None
    found = (_SVG_END if name == b"svg" else p.RAW_END[name]).search(buffer, start)
    if found is None:
        return None
    end = found.start()
    if name == b"style":
        clean = known_clean(judge, bytes(buffer[start:end]))
    elif name == b"noscript" or name == b"svg":
        clean = end - start <= _LONGEST and (name, bytes(buffer[start:end])) in judge.clean_contents
    else:
        clean = True
    return end if clean else None


def remember_plain(judge: Judge, raw: bytes, name: bytes, decision: Decision | None, *, closed: bool) -> None:
    """Remember a start tag that stays as it is."""
    tags = judge.plain_tags
    if len(raw) > _LONGEST or not remembers(judge, raw):
        return
    if len(tags) >= JUDGE_MEMO_ENTRIES:
        tags.clear()
    findings = decision.findings if decision is not None else ()
    if name not in STRUCTURAL:
        tags[raw] = (b"", None, findings) if findings else None
    elif (name in p.RAW_TEXT and name != b"plaintext") or (name == b"svg" and not closed):
        tags[raw] = (name, decision.script if decision is not None else None, findings)


def remember_content(judge: Judge, name: bytes, content: bytes) -> None:
    """Remember the content of a noscript or svg that ends as it began and holds nothing to withhold or to tell."""
    clean = judge.clean_contents
    if len(content) <= _LONGEST and remembers(judge, content):
        if len(clean) >= JUDGE_MEMO_ENTRIES:
            clean.clear()
        clean.add((name, content))


def remember_drawing(judge: Judge, content: bytes, end_tag: bytes) -> None:
    """Remember an svg's content, if its own end tag ended it and no other svg lies in it."""
    if end_tag == b"svg" and _SVG_START.search(content) is None and _SVG_END.search(content) is None:
        remember_content(judge, b"svg", content)
