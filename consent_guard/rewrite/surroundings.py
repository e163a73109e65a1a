"""Where in a page a tag stands, as far as that decides what may be put there: in a text that is edited, nothing may; in a
link or a button, nothing that a visitor can press.

The fast path passes tags that fetch nothing unseen. Here stands where it has to stop all the same: at ``contenteditable``, and
within such an element at the tags of its name, so that its end is known; likewise while something waits for the end of a link
or a button. ``next`` is the nearest such place; one search over each stretch of a document finds it. May import the grammar;
``stream`` and ``fast_path`` ask it.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

from .emit.patch_buffer import Buffer
from .html import grammar as p
from .html.charrefs import decode_attribute
from .html.tree_builder_simulator import VOID

_EDITABLE: Final = (b"contenteditable", b"contentEditable")
"""As pages write it. Other mixes of case are not looked for: two searches cost what they cost on every page."""
_EDITS: Final = frozenset({"", "true", "plaintext-only"})
WHOLE_PAGE: Final = frozenset({b"html", b"body"})
"""Elements that do not end: what follows their end tag is put into the body all the same."""
_CLOSED_BY_NEXT: Final = frozenset(b"p li dt dd td th tr option".split())
"""Elements without an end tag, often: the next of their name ends them."""
_PRESSED: Final = (b"a", b"button")
_TAGS_OF_PRESSED: Final = re.compile(rb"</?(?:a|button)(?=[" + p.SPACE + rb"/>])", re.I)
_NO_MARKUP: Final = re.compile(
    rb"<!--.*?(?:-->|\Z)|<(script|style|textarea|title|xmp)(?=[" + p.SPACE + rb"/>]).*?(?:</\1|\Z)", re.S
)
_STOPS: Final = frozenset(b"\t\n\f\r />")
_OVERLAP: Final = 64
"""More than what is looked for is long: it may be cut at a buffer's end."""


@lru_cache(maxsize=64)
def _tags_of(name: bytes) -> re.Pattern[bytes]:
    return re.compile(rb"</?" + re.escape(name) + rb"(?=[" + p.SPACE + rb"/>])", re.I)


def pressed_around(before: bytes) -> frozenset[bytes]:
    """Return which of a link and a button are open at the end of some markup. Neither can hold its like: the last tag tells."""
    text = before.lower()
    if b"<!--" in text or b"</s" in text or b"</t" in text or b"</x" in text:
        text = _NO_MARKUP.sub(b"", text)
    opened = {name: _last(text, b"<" + name) for name in _PRESSED}
    if b"href" not in text[opened[b"a"] : text.find(b">", opened[b"a"])]:
        opened[b"a"] = -1  # a mere name, which many pages never close
    return frozenset(name for name, at in opened.items() if at > _last(text, b"</" + name))


def _last(text: bytes, mark: bytes) -> int:
    """Return where the last tag begins that begins with ``mark``, -1 where there is none."""
    at = text.rfind(mark)
    while at >= 0 and (at + len(mark) == len(text) or text[at + len(mark)] not in _STOPS):
        at = text.rfind(mark, 0, at + len(mark) - 1)
    return at


class Surroundings:
    """What is open around the place that a document is read up to. Offsets are those of the current buffer."""

    __slots__ = ("_depth", "_editor", "_watches", "next", "pressed")

    def __init__(self, *, watches: bool) -> None:
        """``watches``: False where nothing will be put into the document, nor taken out of it."""
        self._watches = watches
        self._editor = b""
        self._depth = 0
        self.pressed: frozenset[bytes] = frozenset()
        """Of links and buttons, those that something waits for the end of."""
        self.next = 0
        """The nearest place at which the fast path has to stop; past what was looked through where there is none."""

    @property
    def edited(self) -> bool:
        """True within an element that visitors edit."""
        return self._depth > 0

    def within(self) -> Surroundings:
        """Return the same for a content that is read as a document of its own."""
        inner = Surroundings(watches=self._watches)
        inner._editor, inner._depth = self._editor, self._depth
        return inner

    def look(self, buffer: Buffer, at: int) -> None:
        """Look through what has come."""
        self.find(buffer, max(at, self.next - _OVERLAP))

    def shift(self, gone: int) -> None:
        """Note that the first ``gone`` bytes of the buffer have left."""
        self.next = max(0, self.next - gone)

    def find(self, buffer: Buffer, at: int) -> int:
        """Return the nearest place from ``at`` on at which the fast path has to stop: the buffer's end where there is none."""
        size = self.next = len(buffer)
        if not self._watches:
            return size
        if not self._depth:
            self.next = min((place for mark in _EDITABLE if (place := buffer.find(mark, at)) >= 0), default=size)
        elif (tag := _tags_of(self._editor).search(buffer, at)) is not None:
            self.next = tag.start()
        if self.pressed and (tag := _TAGS_OF_PRESSED.search(buffer, at)) is not None:
            self.next = min(self.next, tag.start())
        return self.next

    def concerns(self, buffer: Buffer, start: int, end: int) -> bool:
        """Tell whether a tag is one at which the fast path has to stop."""
        return (self.next if self.next >= start else self.find(buffer, start)) < end

    def start(self, buffer: Buffer, name: bytes, tag: re.Match[bytes]) -> bool:
        """Take such a start tag in HTML content; tell whether what it holds is edited from here on."""
        opens = False
        if self._depth and name == self._editor:
            self._depth = 0 if name in _CLOSED_BY_NEXT else self._depth + 1
        if not self._depth and name not in VOID and name not in p.RAW_TEXT and _editable(tag):
            self._editor, self._depth, opens = name, 1, True
        self.find(buffer, tag.end())
        return opens

    def end(self, buffer: Buffer, name: bytes, after: int) -> None:
        """Take an end tag that ends at ``after``."""
        if self._depth and name == self._editor and name not in WHOLE_PAGE:
            self._depth -= 1
            self.find(buffer, after)

    def wait(self, buffer: Buffer, pressed: frozenset[bytes], after: int) -> None:
        """Look out for the end of these from ``after`` on."""
        self.pressed |= pressed
        self.find(buffer, after)

    def left(self, name: bytes) -> bool:
        """Take a tag that ends the link or button of its name; tell whether that was all that was waited for."""
        if name not in self.pressed:
            return False
        self.pressed -= {name}
        return not self.pressed


def _editable(tag: re.Match[bytes]) -> bool:
    """Tell whether a tag makes its element one that is edited."""
    for found in iter(p.ATTRIBUTE.scanner(tag[0], 1 + len(tag[2])).match, None):  # type: ignore[attr-defined]
        if found[1].lower() == b"contenteditable":
            group = found.lastindex or 1
            value = found[group].decode("latin-1") if group > 1 else ""
            return decode_attribute(value).strip().lower() in _EDITS
    return False
