"""Writes down, while one document is read, what comes of the contents that ``passages`` remembers, and does it again.

May import passages and the splicer's laying over. ``rewriter`` owns it; ``reading``, ``rawtext`` and ``shortcuts`` call it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .html.attributes import Edit
from .html.tokenizer import Buffer
from .model import Embed
from .passages import ENDS, Passage, Recording
from .splicer import laid_over

if TYPE_CHECKING:
    from .reading import Reading


class Recorder:
    """At most one content of a document at a time is being written down."""

    __slots__ = ("current",)

    def __init__(self) -> None:
        self.current: Recording | None = None
        """What is being found and changed in a content that has not been met before."""

    def begin(self, reading: Reading, name: bytes, start: int, content: int) -> None:
        """Begin with a content, if there is one reading and nothing else is being written down."""
        owner = reading.owner
        free = self.current is None and len(owner.readings) == 1 and reading.fork is None
        if free and owner.unmasked and not (owner.depth or owner.seeking or owner.rereadings or owner.charset.layered):
            self.current = Recording(owner.judge, name, start, content, reading.context.templates)

    def stop(self) -> None:
        """Write down nothing of what is being read: it changes what comes after it, or has not come whole."""
        self.current = None

    def stands_in(self, made: Edit, edit: Edit, embed: Embed) -> None:
        """Take an edit ``made`` with a placeholder: ``edit`` is the same without it."""
        if self.current is not None:
            self.current.embeds[id(made)] = edit, embed

    def parted(self) -> None:
        """Note that another reading has parted."""
        if self.current is not None:
            self.current.parted += 1

    def end(self, reading: Reading, buffer: Buffer, end: int, name: bytes, other: Reading | None = None) -> None:
        """End where the content ends and one reading is left (``other``: the one that has just come to the same)."""
        recording, owner = self.current, reading.owner
        if recording is None or recording.name != name or len(owner.readings) > (1 if other is None else 2):
            return
        self.current = None
        if ENDS[name].match(buffer, end) is not None and recording.ends(owner.judge, buffer, end, reading.context.templates):
            recording.take([*owner.splicer.edits, *(other.edits if other is not None else ()), *reading.edits])
            if not recording.edits or (other is None and not recording.parted) or self._holds(recording, reading):
                recording.keep(parted=other is not None)

    def _holds(self, recording: Recording, reading: Reading) -> bool:
        """Tell whether a content read in two ways is as good when it is read again without what was withheld in it."""
        owner = reading.owner
        if reading.origin is None or recording.name != b"noscript":
            return False
        reader = owner.rereader(reading.origin, owner.judge, heard=False)
        if reader is None:
            return False
        piece = laid_over(recording.whole, recording.edits, owner.charset) + b"</noscript>"
        holds = reader.feed(piece) == piece and not reader.overrun and reader.rests_in(reading.state())
        reader.release()
        return holds

    def again(self, reading: Reading, passage: Passage, start: int, content: int, end: int) -> None:
        """Do what came of a content when it was read before; ``start``: of the tag before it."""
        owner = reading.owner
        for finding, at in passage.findings:
            owner.report((finding,), content + at)
        embeds = False
        for edit, embed in passage.edits:
            if embed is None:
                reading.edits.append(edit.moved(content))
            else:
                owner.stand_in(reading, edit.moved(content), embed)
                embeds = True
        if embeds and passage.parted and owner.places:
            # What stands in is the site's own: it is read again each time.
            owner.splicer.part(start, reading.context.copy(), owner.judge)
            owner.splicer.agree(end, (reading.lexer.state(), reading.context.state()))
