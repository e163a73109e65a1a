"""The contents of noscript, svg and style elements that have been read before, and what became of them.

Reading one takes two readings for a noscript, the open elements for a drawing, a scanner for a style sheet; what comes of it
depends on its bytes alone. So it is written down while it is read, by its bytes or their digest, and done again in one step.
May import attributes, memory and patterns. ``rewriter`` writes down, ``rawtext`` for style sheets; ``shortcuts`` does again.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from hashlib import sha256
from typing import TYPE_CHECKING, Final, NamedTuple

from ..findings import Finding
from ..limits import JUDGE_MEMO_LONG_BYTES
from .html import grammar as p
from .html.attributes import Edit
from .memory import DIGESTED_BYTES, size_of
from .model import Embed

if TYPE_CHECKING:
    from .judge import Judge

ENDS: Final = {**p.RAW_END, b"svg": re.compile(rb"</[sS][vV][gG][" + p.SPACE + rb"/>]")}
"""Where the content of an element ends."""
_SVG_START: Final = re.compile(rb"<[sS][vV][gG]")
_TEMPLATE: Final = re.compile(rb"</?template", re.IGNORECASE)


class Passage(NamedTuple):
    """What comes of one content. Offsets count from its beginning."""

    findings: tuple[tuple[Finding, int], ...] = ()
    edits: tuple[tuple[Edit, Embed | None], ...] = ()
    """With an embed, the edit's text is what goes before its placeholder."""
    parted: bool = False
    """It is read in several ways."""


_CLEAN: Final = Passage()


def known(judge: Judge, name: bytes, content: bytes) -> Passage | None:
    """Return what comes of an element's content, None where that is not known."""
    return judge.passages.get(_key(name, content))


def _key(name: bytes, content: bytes) -> bytes | tuple[bytes, bytes]:
    return name + b" " + content if len(content) <= DIGESTED_BYTES else (name, sha256(content).digest())


def remember(judge: Judge, name: bytes, content: bytes, passage: Passage) -> None:
    """Write down what has come of a content."""
    if judge.charset is None and not content.isascii():
        return
    size = size_of(len(passage.findings), len(passage.edits)) + sum(len(edit.text) for edit, _ in passage.edits)
    if size <= JUDGE_MEMO_LONG_BYTES:
        clean = not (passage.findings or passage.edits)
        cost = min(len(content), DIGESTED_BYTES) + (0 if clean else size)
        judge.passages.keep(_key(name, content), _CLEAN if clean else passage, cost)
        judge.passage_sizes.add(len(content))


class Recording:
    """What is found and changed in a content while it is read: from the place after its start tag, in plain HTML content, to
    its end tag, in plain HTML content again."""

    __slots__ = (
        "_changes",
        "_content",
        "_found",
        "_judge",
        "_start",
        "_templates",
        "edits",
        "embeds",
        "name",
        "parted",
        "whole",
    )

    def __init__(self, judge: Judge, name: bytes, start: int, content: int, templates: int) -> None:
        """``name``: of the element; ``start``: where its tag begins; ``content``: where its content does; ``templates``: how
        many are open around it."""
        self.name = name
        self._judge = judge
        self._start = start
        self._content = content
        self._templates = templates
        self._found: list[tuple[Finding, int]] = []
        self._changes: Sequence[tuple[Edit, Embed | None]] = ()
        self.parted = 0
        """How often a second reading has parted since."""
        self.embeds: dict[int, tuple[Edit, Embed]] = {}
        """For each placeholder, by the identity of the edit that it went out with: the same without it, what it stands for."""
        self.whole = b""
        """Start tag and content, once it has ended."""
        self.edits: list[Edit] = []
        """Then: what is changed in that, without placeholders."""

    def found(self, finding: Finding, at: int) -> None:
        """Take a finding at an offset of the buffer."""
        self._found.append((finding, at - self._content))

    def ends(self, judge: Judge, buffer: bytes | bytearray, end: int, templates: int) -> bool:
        """Tell whether the content that ends at ``end`` can be remembered: it says nothing of what is around it."""
        if judge is not self._judge or templates != self._templates or not 0 <= end - self._content <= JUDGE_MEMO_LONG_BYTES:
            return False
        self.whole = bytes(buffer[self._start : end])
        head = self._content - self._start
        if self.name == b"svg" and _SVG_START.search(self.whole, head) is not None:
            return False  # its own end tag would be the inner one's
        if _TEMPLATE.search(self.whole, head) is not None:
            return False  # its end tags may be those of templates around it
        return ENDS[self.name].search(self.whole, head) is None

    def take(self, pending: Iterable[Edit]) -> None:
        """Take what is changed in it out of all that is pending."""
        self._changes = [self.embeds.get(id(edit), (edit, None)) for edit in pending if edit.start >= self._content]
        self.edits = [edit.moved(-self._start) for edit, _ in self._changes]

    def keep(self, *, parted: bool) -> None:
        """Write it down."""
        edits = tuple((edit.moved(-self._content), embed) for edit, embed in self._changes)
        content = self.whole[self._content - self._start :]
        remember(self._judge, self.name, content, Passage(tuple(self._found), edits, parted))
