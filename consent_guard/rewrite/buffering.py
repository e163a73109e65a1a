"""A document's bytes on their way: decoded as far as an ASCII tokenizer needs, held while something is undecided, and out
again.

What reads them is a subclass (``stream``), which moves ``pos`` on, sets ``hold`` and makes edits, all in offsets of the
current buffer. May import emit, encoding, the model and limits.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable
from dataclasses import replace

from ..findings import Finding, FindingKind
from ..limits import LOOK_BACK_BYTES
from .emit.patch_buffer import Buffer, PatchBuffer
from .emit.withheld import APART
from .encoding.decode import Charset
from .model import DocumentFacts, Sink


class BufferedDocument(ABC):
    """One document as it streams."""

    def __init__(self, document: DocumentFacts, on_finding: Sink, *, emits: bool) -> None:
        """``emits``: False only finds and returns every byte as it came."""
        self.document = document
        self.emits = emits
        self.charset = Charset(document.charset)
        self.patches = PatchBuffer()
        self.pos = 0
        """How far the buffer is read."""
        self.hold: int | None = None
        """Bytes from here on must not leave yet, though they are read."""
        self.unmasked = False
        """What is read is what the document holds."""
        self.left = 0
        """How many bytes of the document, as it is read, have left."""
        self.ended = False
        """The document had to end: only what attacks hold does that."""
        self.found_at = 0
        """Where the latest finding stands in the document as it is read (what the encoding's layer makes of its bytes), for
        who asks within ``on_finding``: the start of its tag, or its place in the text of a script or style sheet."""
        self.on_finding = on_finding
        self.noted: list[tuple[Finding, int]] | None = None
        """Of a fragment: its findings, each with its place, until it is known whether it counts."""
        self._held = bytearray()
        self._shape = bytearray()
        self._closed = False
        self._buffer: Buffer = b""
        self._gone = b""
        """The last of what has left."""

    # What a subclass does.

    @abstractmethod
    def run(self, buffer: Buffer, final: bool) -> None:
        """Read on, as far as the buffer decides."""

    @abstractmethod
    def tail(self) -> bytes:
        """Return what is put at the document's end."""

    @abstractmethod
    def shift(self, gone: int) -> None:
        """Note that the first ``gone`` bytes of the buffer have left."""

    @property
    @abstractmethod
    def withholds(self) -> bool:
        """Whether something may have to be withheld."""

    def feed(self, data: bytes) -> bytes:
        """Take the next bytes of the body; return those that may leave now."""
        if self.ended:
            return b"" if self.emits else data
        return self._advance(self.charset.decode(data, self._held), False)

    def close(self) -> bytes:
        """Return the rest. The document ends here."""
        if self._closed:
            return b""
        self._closed = True
        return b"" if self.ended else self._advance(self.charset.finish(self._held), True)

    def _advance(self, data: bytes, final: bool) -> bytes:
        charset = self.charset
        if self.emits and charset.disputed and self.withholds:
            if charset.escapes:
                self.end_here("an encoding that only some browsers see declared", 0)
                return b""
            data = charset.without_escapes(data, final)
        masks = charset.masks
        self.unmasked = not masks
        if not masks and self._shape:
            self._shape.clear()  # the encoding is known now, and keeps ASCII
        buffer: Buffer = data
        if self._held or masks:
            self._held += data
            buffer = self._held
            if masks:
                self._shape += charset.mask(data, final)
                buffer = self._shape
        self._buffer = buffer
        self.run(buffer, final)
        self._buffer = b""
        source = self._held if masks or buffer is self._held else data
        if final and not self.ended:
            return self._emit(source, len(source)) + self.charset.encode(self.tail())
        safe = self.pos if self.hold is None else min(self.hold, self.pos)
        return self._emit(source, safe)

    def _emit(self, source: Buffer, safe: int) -> bytes:
        if self.ended and not self.emits:
            safe = len(source)
        if safe:
            self._gone = (self._gone + bytes(source[max(0, safe - LOOK_BACK_BYTES) : safe]))[-LOOK_BACK_BYTES:]
        out = self.patches.take(source, safe, self.charset)
        if source is self._held:
            del self._held[:safe]
            if self.charset.masks:
                del self._shape[:safe]
        elif safe < len(source):
            self._held = bytearray(source[safe:])
        self.left += safe
        self.pos -= safe
        if self.hold is not None:
            self.hold -= safe
        self.shift(safe)
        return out

    def hand_over(self, raw: bytes, shape: bytes, charset: Charset, left: int) -> None:
        """Take a content of another document that stands whole in its buffer."""
        self.charset, self.left = charset, left
        self.unmasked, self._held, self._buffer = shape is raw, bytearray(raw), shape

    def decode(self, raw: bytes, /) -> str:
        """Return the text behind bytes of the document."""
        return self.charset.text(raw)

    def apart(self, start: int) -> bytes:
        """Return what must stand in an element's place, if nothing else does: a ``<`` before it would open a tag with what
        follows it."""
        last = bytes(self._buffer[start - 1 : start]) if start else self._gone[-1:]
        return APART if last == b"<" else b""

    def before(self, start: int) -> bytes:
        """Return what stands before an offset, as far as it is looked back."""
        near = bytes(self._buffer[max(0, start - LOOK_BACK_BYTES) : start])
        return (self._gone + near)[-LOOK_BACK_BYTES:]

    def written(self, buffer: Buffer, start: int, end: int) -> bytes:
        """Return the document's own bytes, where the tokenizer may see masked ones."""
        return bytes(buffer[start:end]) if self.unmasked else bytes(self._held[start:end])

    def report(self, findings: Iterable[Finding], at: int) -> None:
        """Hand on what was found at an offset of the buffer."""
        for finding in findings:
            self.found_at = self.left + at
            if self.noted is not None:
                self.noted.append((finding, self.found_at))
                continue
            self.on_finding(finding if self.emits else replace(finding, enforced=False))

    def edit(self, start: int, end: int, text: bytes = b"") -> None:
        """Replace a stretch of the buffer."""
        if self.emits:
            self.patches.add(start, end, text)

    def end_here(self, why: str, at: int) -> None:
        """Let the document end: the rest of it is left out."""
        self.ended = True
        self.report((Finding(FindingKind.UNFILTERED, "", why),), at)
