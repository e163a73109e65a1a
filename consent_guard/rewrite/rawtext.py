"""The text of a script or style element while one reading passes it.

A script is held, to a limit, until its signature or a mention can be looked for; past it, it is looked through as it streams.
A style
sheet streams from the start. May import this package's inline, scripttext, styleblock and styles; ``reading`` drives it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..findings import Finding, FindingKind
from ..limits import HELD_SCRIPT_BYTES, HELD_VALUE_BYTES
from . import passages
from .html.attributes import Edit
from .html.tokenizer import Buffer
from .inline import script_hit
from .scripttext import ScriptStream
from .styleblock import StyleBlock
from .styles import gate
from .tags import Decision, stub_element

if TYPE_CHECKING:
    from .reading import Reading
    from .rewriter import HtmlRewriter


class StyleBody:
    """The content of a ``style`` element."""

    def __init__(self, owner: HtmlRewriter, content: int) -> None:
        self._owner = owner
        self._content = content
        self._findings: list[tuple[Finding, int]] = []
        self._judge = owner.judge
        """What another reading finds meanwhile may call for another."""
        self._block = StyleBlock(gate(owner.judge, self._report, "style url()"), owner.decode)

    def _report(self, finding: Finding) -> None:
        at = self._block.found_at
        self._findings.append((finding, at))
        self._owner.report((finding,), self._content + at)

    def shift(self, gone: int) -> None:
        """Note that the first ``gone`` bytes of the buffer have left."""
        self._content -= gone

    def take(self, reading: Reading, buffer: Buffer, start: int, end: int, ended: bool) -> bool:
        """Take the next piece of text; True once it is done with."""
        text = bytes(buffer[start:end])
        judge = self._judge
        whole = ended and start == self._content and judge is self._owner.judge
        if whole and (known := passages.known(judge, b"style", text)) is not None:
            self._owner.recorder.again(reading, known, start, start, end)
            return True
        self._block.feed(text, ended)
        if whole:
            edits = tuple((edit, None) for edit in self._block.edits)
            passages.remember(judge, b"style", text, passages.Passage(tuple(self._findings), edits))
        reading.edits.extend([edit.moved(self._content) for edit in self._block.edits])
        self._block.edits.clear()
        pending = None if ended else self._block.pending
        reading.hold = None if pending is None else self._content + pending
        return ended


class ScriptBody:
    """The content of a script element that a browser would run or read as a list of addresses."""

    def __init__(self, owner: HtmlRewriter, tag: Decision, start: int, content: int) -> None:
        self._owner = owner
        self._tag = tag
        self._start = start
        self._content = content
        self._stream: ScriptStream | None = None

    def shift(self, gone: int) -> None:
        """Note that the first ``gone`` bytes of the buffer have left."""
        self._start -= gone
        self._content -= gone

    def take(self, reading: Reading, buffer: Buffer, start: int, end: int, ended: bool) -> bool:
        """Take the next piece of text; True once it is done with."""
        if self._stream is not None:
            return self._look_on(self._stream, reading, buffer, start, end, ended)
        length = end - self._content
        kind = self._tag.script
        assert kind is not None
        limit = HELD_SCRIPT_BYTES if kind == "script" else HELD_VALUE_BYTES
        if length <= limit and not ended:
            return False
        judge = self._owner.judge
        hit = script_hit(judge, bytes(buffer[self._content : self._content + min(length, limit)]), kind)
        reading.hold = None
        unread = kind != "script" and length > limit  # a list of addresses that long is not let through
        if hit is not None or unread:
            finding = Finding(FindingKind.INLINE, "", "script") if hit is None else hit.finding("script")
            self._owner.report((finding,), self._content + (0 if hit is None else hit.start))
            stub = stub_element(judge.rules.stub(finding.service), self._tag.nonce)
            reading.edits.append(Edit(self._start, self._content, stub))
            reading.edits.append(Edit(self._content, end, b"", drop=True))
            reading.dropping = b"script"
            return True
        if length <= limit or not judge.rules.by_mention:
            return True
        self._stream = ScriptStream(judge)
        return self._look_on(self._stream, reading, buffer, self._content, end, ended)

    def _look_on(self, stream: ScriptStream, reading: Reading, buffer: Buffer, start: int, end: int, ended: bool) -> bool:
        """Look for a mention in a script too long to be held; a late one ends it so that it cannot compile."""
        hit = stream.feed(bytes(buffer[start:end]), ended)
        if hit is not None:
            at = self._content + hit.start
            self._owner.report((hit.finding("script"),), at)
            reading.edits.append(Edit(at, at + 1, b"\n@@"))
            reading.edits.append(Edit(at + 1, end, b"", drop=True))
            reading.dropping = KEEP_END_TAG
        reading.hold = None if hit is not None or ended else self._content + stream.cleared
        return hit is not None or ended


KEEP_END_TAG = b"\0"
"""As ``Reading.dropping``: leave out the content of an element whose tags stay."""
