"""Raw text in HTML content: scripts, style sheets, noscript, and what goes with a withheld start tag.

What stands whole in the buffer is taken at once; what comes in pieces is held or looked through as it streams, with the same
outcome. May import the decisions, css and emit; ``stream`` calls it, and is known here by what it offers (``Reader``).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, Protocol

from ..findings import Finding, FindingKind
from ..limits import HELD_SCRIPT_BYTES, HELD_VALUE_BYTES
from .css.blocks import StyleBlock
from .decide.scripts import Hit, inline_finding
from .decide.styles import gated, url_targets
from .emit.patch_buffer import Buffer
from .emit.withheld import CUT, NO_PROGRAM, stub_element
from .html.tokenizer import Mode
from .model import Decision, Verdict
from .reader import Reader

_SINGLE: Final = "style url()"


class Content(Protocol):
    """Raw text that comes in pieces."""

    def take(self, reader: Reader, buffer: Buffer, start: int, end: int, ended: bool) -> bool:
        """Take the next piece; True once it is done with."""
        ...

    def shift(self, gone: int) -> None:
        """Note that the first ``gone`` bytes of the buffer have left."""
        ...


def enter(reader: Reader, name: bytes, decision: Decision, buffer: Buffer, start: int, content: int) -> None:
    """Read the raw text of an element whose tag begins at ``start``; its content begins at ``content``."""
    kind = decision.script
    if name == b"script" and buffer.startswith(b"</script>", content):
        return
    end = reader.raw_end(name, buffer, content)
    taken: Content | None = None
    limit = HELD_VALUE_BYTES
    if name == b"script":
        if kind is not None:
            limit = HELD_SCRIPT_BYTES if kind == "script" else HELD_VALUE_BYTES
            whole = kind == "script" and 0 <= end <= content + limit
            if whole and reader.policy.first_hit(reader.view, program(reader, buffer, content, end)) is None:
                reader.pos = end
                return
            taken = Script(decision, start, content)
    elif name == b"style":
        taken = Style(reader, content)
    elif name == b"noscript":
        taken = Noscript(start, content)
    if end >= 0 and (taken is None or end - content <= limit):
        reader.pos = end
        if taken is not None:
            taken.take(reader, buffer, content, end, True)
        return
    reader.tokenizer.enter(name)
    reader.content = taken
    if isinstance(taken, (Script, Noscript)):
        reader.hold = start


def leave_out(reader: Reader, name: bytes, buffer: Buffer, content: int) -> None:
    """Leave out the content of a withheld element, and its end tag."""
    end = reader.raw_end(name, buffer, content)
    reader.sim.raw = b""
    reader.content = LeftOut(name)
    if end < 0:
        reader.tokenizer.enter(name)
        return
    reader.edit(content, end)
    reader.pos = end


def program(reader: Reader, buffer: Buffer, start: int, end: int) -> bytes:
    """Return a script's text in UTF-8: in another encoding a byte of a character may look like a quote, a backslash or none at
    all, and a host may be spelled otherwise."""
    raw = reader.written(buffer, start, end)
    return (
        raw if reader.charset.name in ("utf-8", None) or raw.isascii() else reader.decode(raw).encode("utf-8", "surrogatepass")
    )


class LeftOut:
    """The content of a withheld element. ``name``: whose end tag goes as well; empty where that stays."""

    def __init__(self, name: bytes) -> None:
        self.name = name

    def take(self, reader: Reader, buffer: Buffer, start: int, end: int, ended: bool) -> bool:
        if end > start:
            reader.edit(start, end)
        return False

    def shift(self, gone: int) -> None:
        """Nothing here counts from the buffer's beginning."""


class Style:
    """The content of a ``style`` element."""

    def __init__(self, reader: Reader, content: int) -> None:
        self._content = content
        self._reader = reader
        self._block: StyleBlock | None = None

    def shift(self, gone: int) -> None:
        self._content -= gone

    def take(self, reader: Reader, buffer: Buffer, start: int, end: int, ended: bool) -> bool:
        if self._block is None and ended and start == self._content:
            style_whole(reader, buffer, start, end)
            return True
        block = self._block = self._block or StyleBlock(self._withheld, reader.decode)
        block.feed(bytes(buffer[start:end]), ended, None if reader.unmasked else reader.written(buffer, start, end))
        for edit in block.edits:
            reader.edit(self._content + edit.start, self._content + edit.end, edit.text)
        block.edits.clear()
        if ended:
            self._block = None  # it points back here
        pending = None if ended else block.pending
        reader.hold = None if pending is None else self._content + pending
        return ended

    def _withheld(self, url: str, start: int, end: int) -> bool:
        reader = self._reader
        said = gated(reader.view, url_targets(reader.policy.book, url, relative=reader.view.relative))
        reader.report(_style_findings(said), self._content + start)
        return any(verdict.enforced for verdict in said)


def style_whole(reader: Reader, buffer: Buffer, at: int, end: int) -> bool:
    """Make the withheld addresses of a whole style sheet at ``at`` inert; tell whether there were any."""
    changed = False
    raw = reader.written(buffer, at, end)
    shape = raw if reader.unmasked else bytes(buffer[at:end])
    for one in reader.policy.style(raw, shape, reader.decode, reader.charset.name, relative=reader.view.relative):
        said = gated(reader.view, one.targets)
        if said:
            reader.report(_style_findings(said), at + one.start)
            if any(verdict.enforced for verdict in said):
                reader.edit(at + one.start, at + one.end, b"about:invalid")
                changed = True
    return changed


def _style_findings(said: Iterable[Verdict]) -> list[Finding]:
    return [verdict.finding(FindingKind.STYLE, _SINGLE) for verdict in said]


class Script:
    """The content of a script element that a browser would run or read as a list of addresses."""

    def __init__(self, decision: Decision, start: int, content: int) -> None:
        self._decision = decision
        self._start = start
        self._content = content
        self._stream: ScriptStream | None = None

    def shift(self, gone: int) -> None:
        self._start -= gone
        self._content -= gone

    def take(self, reader: Reader, buffer: Buffer, start: int, end: int, ended: bool) -> bool:
        if self._stream is not None:
            return self._look_on(self._stream, reader, buffer, start, end, ended)
        kind, content = self._decision.script, self._content
        assert kind is not None
        length = end - content
        limit = HELD_SCRIPT_BYTES if kind == "script" else HELD_VALUE_BYTES
        if length <= limit and not ended:
            return False
        text = program(reader, buffer, content, content + min(length, limit))
        hit = reader.policy.first_hit(reader.view, text, kind)
        reader.hold = None
        if hit is None and kind != "script" and length > limit and reader.policy.withholds(reader.view.allowed):
            hit = Verdict("", None, None, None), 0  # a list of addresses that long is not let through
        if hit is not None:
            if reader.around.edited:
                _keep_inert(reader, hit, self._start, content)
            else:
                withhold_script(reader, self._decision, hit, (self._start, content, end))
            return True
        if kind != "script":
            reader.report(_unlisted(reader, reader.policy.script(text, kind, relative=reader.view.relative)), content)
        if length <= limit or not reader.policy.by_mention:
            return True
        self._stream = ScriptStream(reader)
        return self._look_on(self._stream, reader, buffer, content, end, ended)

    def _look_on(self, stream: ScriptStream, reader: Reader, buffer: Buffer, start: int, end: int, ended: bool) -> bool:
        """Look for a mention in a script too long to be held; a late one ends it so that it cannot compile."""
        hit = stream.feed(reader.written(buffer, start, end), ended)
        if hit is not None:
            verdict, offset = hit
            at = self._content + offset
            reader.report((inline_finding(verdict, "script"),), at)
            reader.edit(at, at + 1, CUT)
            reader.edit(at + 1, end)
            reader.content = LeftOut(b"")
            reader.hold = None
            return False
        reader.hold = None if ended else self._content + stream.cleared
        return ended


def _unlisted(reader: Reader, hits: tuple[Hit, ...]) -> list[Finding]:
    """Return the findings of a list's addresses that no rule names."""
    said = [hit.address.judged(reader.view, hit.text) for hit in hits]
    return [verdict.finding(FindingKind.INLINE, "script") for verdict in said if verdict is not None]


def withhold_script(reader: Reader, decision: Decision, hit: tuple[Verdict, int], places: tuple[int, int, int]) -> None:
    """Withhold a script for what stands in its text: the element goes, and the service's stubs stand in. ``places``: where its
    tag begins, and where so much of its content begins and ends as has been read."""
    verdict, offset = hit
    start, content, end = places
    reader.report((inline_finding(verdict, "script"),), content + offset)
    reader.edit(start, content, stub_element(reader.policy.stub(verdict.service), decision.nonce) or reader.apart(start))
    if end > content:
        reader.edit(content, end)
    reader.sim.raw = b""  # its end tag goes, too
    reader.content = LeftOut(b"script")


def _keep_inert(reader: Reader, hit: tuple[Verdict, int], start: int, content: int) -> None:
    """Withhold a script in a text that visitors edit: it stays in it, and does not run."""
    verdict, offset = hit
    reader.report((inline_finding(verdict, "script"),), content + offset)
    place = start + len(b"<script")
    reader.edit(place, place, NO_PROGRAM)


class ScriptStream:
    """A script too long to be held: finds the first mention in text that comes in pieces; any split finds the same one."""

    _STEP_BYTES: Final = 4096
    """What is gathered before a look, so that one byte at a time does not look at the same window again and again."""

    def __init__(self, reader: Reader) -> None:
        self._policy = reader.policy
        self._view = reader.view
        self._span = reader.policy.mentions.max_span
        self._window = bytearray()
        self._origin = 0
        self._looked = 0
        self.cleared = 0
        """Offset from the text's beginning before which no mention can begin any more."""

    def feed(self, data: bytes, final: bool) -> tuple[Verdict, int] | None:
        """Take the next piece; return the first mention once there is one, with its offset from the text's beginning."""
        self._window += data
        if not final and len(self._window) - self._looked < self._STEP_BYTES:
            return None
        allowed = self._view.allowed
        found = self._policy.mentions.first(bytes(self._window), lambda service: service not in allowed, final=final)
        if found is not None:
            category = self._policy.category_of(found.service)
            return Verdict(found.host, found.service, category, found.rule), self._origin + found.start
        gone = len(self._window) - self._span
        if gone > 0:
            del self._window[:gone]
            self._origin += gone
        self._looked = len(self._window)
        self.cleared = self._origin
        return None


class Noscript:
    """The content of a noscript: raw text where scripts run, markup where they do not.

    It is rewritten as markup, which no reader of raw text sees. Where that markup does not end with it, what follows would
    be read in two ways: then it is withheld whole. One that is too long to be held loses its start tag, so that all read
    markup.
    """

    def __init__(self, start: int, content: int) -> None:
        self._start = start
        self._content = content

    def shift(self, gone: int) -> None:
        self._start -= gone
        self._content -= gone

    def take(self, reader: Reader, buffer: Buffer, start: int, end: int, ended: bool) -> bool:
        content = self._content
        if end - content > HELD_VALUE_BYTES:
            if not reader.policy.withholds(reader.view.allowed):
                reader.hold = None
                return True
            reader.report((Finding(FindingKind.UNFILTERED, "", "a noscript too long to be read"),), self._start)
            reader.edit(self._start, content, reader.apart(self._start))
            reader.tokenizer.mode = Mode.DATA
            reader.pos, reader.hold = content, None
            return True
        if not ended:
            return False
        reader.hold = None
        raw = reader.written(buffer, content, end)
        if b"<" not in raw:
            return True
        shape = raw if reader.unmasked else bytes(buffer[content:end])
        inner = reader.fragment(raw, shape, reader.sim.copy(), content)
        closed = end < len(buffer)
        if closed and not inner.at_rest(reader.sim) and reader.policy.withholds(reader.view.allowed):
            why = "a noscript whose content does not end with it"
            reader.report((Finding(FindingKind.UNFILTERED, "", why),), content)
            reader.edit(content, end)
            return True
        reader.accept(inner, content)
        return True
