"""The WHATWG HTML tokenizer (13.2.5) over bytes: where lexemes begin and end, and nothing else.

It keeps no text and knows no policy: it is handed a buffer and a position and tells what stands there and where it ends. What
it calls for is kept by the caller: the namespace (for CDATA) and the switch to raw text are the tree builder's word, so
the caller tells them through ``foreign`` and ``enter``. May import limits and ``grammar``; ``stream`` drives it. A compiled
scanner may replace this file one day.

Two tiers. The fast one is a compiled pattern that passes everything of no interest in one step (``grammar.SKIP``, run by the
caller). The slow one is here, state by state, and is used wherever the fast one stops: at what matters, and at what a chunk's
end cuts. A cut lexeme's scan is resumed, never begun again, so one byte at a time stays linear.
"""

from __future__ import annotations

import re
from enum import IntEnum

from ...limits import HELD_VALUE_BYTES
from . import grammar as p

Buffer = bytes | bytearray


class Mode(IntEnum):
    """The tokenizer's state between lexemes."""

    DATA = 0
    RAW = 1
    """RCDATA or RAWTEXT of the element ``Tokenizer.raw``."""
    SCRIPT = 2
    PLAINTEXT = 3
    COMMENT = 4
    BOGUS = 5
    """A bogus comment: up to the next ``>``."""
    DOCTYPE = 6
    CDATA = 7


class Escape(IntEnum):
    """Script data's own states (WHATWG 13.2.5.18 to 31)."""

    NONE = 0
    ESCAPED = 1
    DOUBLE = 2


class Kind(IntEnum):
    """What a lexeme is."""

    MORE = 0
    """Not decidable before more input comes; the position stays."""
    TEXT = 1
    START = 2
    END = 3
    COMMENT = 4
    """A comment, or a piece of one; ``mode`` tells whether it goes on."""
    BOGUS = 5
    DOCTYPE = 6
    RAW = 7
    """Raw text, up to its end tag or as far as the buffer reaches."""
    CDATA = 8
    LONG = 9
    """A tag longer than is held whole; the position stays at its ``<``."""
    CUT = 10
    """A tag that the end of the input cuts: browsers drop it."""


class _In(IntEnum):
    """States inside a tag (WHATWG 13.2.5.8, 13.2.5.32 to 40)."""

    TAG_NAME = 0
    BEFORE_NAME = 1
    NAME = 2
    AFTER_NAME = 3
    BEFORE_VALUE = 4
    DOUBLE = 5
    SINGLE = 6
    UNQUOTED = 7


class Tokenizer:
    """One tokenizer's state. ``next`` reads one lexeme; ``kind`` and ``tag`` describe it."""

    __slots__ = ("_inside", "endless", "escape", "foreign", "kind", "mode", "raw", "scanned", "tag")

    def __init__(self, endless: set[bytes] | None = None) -> None:
        """``endless``: elements whose end tag is known not to come any more in this buffer. Lexers of one buffer share it,
        so that a hundred that look for the same end look once; the caller empties it with each new buffer. None: each
        looks for itself."""
        self.endless = endless
        self.mode = Mode.DATA
        self.raw = b""
        """The element whose raw text is read, lower case."""
        self.escape = Escape.NONE
        self.foreign = False
        """Whether ``<![CDATA[`` opens a CDATA section here (adjusted current node outside HTML)."""
        self.kind = Kind.MORE
        self.tag: re.Match[bytes] | None = None
        """grammar.TAG's match, for START and END."""
        self.scanned = 0
        """Bytes of the tag at the position that earlier calls have read; 0 between lexemes."""
        self._inside = _In.TAG_NAME

    def copy(self) -> Tokenizer:
        """Return a second tokenizer in the same state."""
        twin = Tokenizer(self.endless)
        twin.mode, twin.raw, twin.escape, twin.foreign = self.mode, self.raw, self.escape, self.foreign
        twin.scanned, twin._inside = self.scanned, self._inside
        return twin

    def state(self) -> tuple[object, ...]:
        """Return what tells this tokenizer's future from another's at the same position."""
        if self.mode is Mode.DATA:
            return (self.scanned, self._inside) if self.scanned else ()
        return self.mode, self.raw, self.escape

    def enter(self, raw: bytes) -> None:
        """Switch to the raw text of an element, as the tree builder does for its start tag."""
        self.raw = raw
        self.escape = Escape.NONE
        self.mode = Mode.SCRIPT if raw == b"script" else Mode.PLAINTEXT if raw == b"plaintext" else Mode.RAW

    def next(self, buffer: Buffer, start: int, final: bool) -> int:
        """Read the lexeme at ``start`` and return where it ends.

        ``final`` says that no input follows the buffer. At the buffer's end the kind is MORE and the position stays.
        """
        if start >= len(buffer):
            self.kind = Kind.MORE
            return start
        mode = self.mode
        if mode is Mode.DATA:
            return self._data(buffer, start, final)
        if mode is Mode.RAW:
            return self._raw(buffer, start, final)
        if mode is Mode.SCRIPT:
            return self._script(buffer, start, final)
        if mode is Mode.COMMENT:
            return self._until(buffer, start, final, p.COMMENT_END, b"--!", Kind.COMMENT)
        if mode is Mode.CDATA:
            return self._until(buffer, start, final, _CDATA_END, b"]]", Kind.CDATA)
        if mode is Mode.PLAINTEXT:
            self.kind = Kind.RAW
            return len(buffer)
        return self._to_gt(buffer, start, Kind.DOCTYPE if mode is Mode.DOCTYPE else Kind.BOGUS)

    def _data(self, buffer: Buffer, start: int, final: bool) -> int:
        if self.scanned:
            return self._cut_tag(buffer, start, final)
        found = p.TAG.match(buffer, start)
        if found is not None:
            return self._whole_tag(found)
        text = p.TEXT.match(buffer, start)
        if text is not None and text.end() > start:
            self.kind = Kind.TEXT
            return text.end()
        return self._markup(buffer, start, final)

    def _whole_tag(self, found: re.Match[bytes]) -> int:
        if found.end() - found.start() > HELD_VALUE_BYTES:
            self.kind = Kind.LONG
            self.scanned = 0
            return found.start()
        self.tag = found
        self.kind = Kind.END if found[1] else Kind.START
        self.scanned = 0
        return found.end()

    def _markup(self, buffer: Buffer, start: int, final: bool) -> int:
        """Read what begins with ``<`` at ``start`` and is no whole tag."""
        follows = bytes(buffer[start + 1 : start + 9])
        if not follows:
            self.kind = Kind.TEXT if final else Kind.MORE
            return start + 1 if final else start
        first = follows[:1]
        if first.isalpha():
            return self._cut_tag(buffer, start, final)
        if first == b"/":
            if len(follows) == 1:
                self.kind = Kind.TEXT if final else Kind.MORE
                return start + 2 if final else start
            if follows[1:2].isalpha():
                return self._cut_tag(buffer, start, final)
            self.mode = Mode.BOGUS
            return self._to_gt(buffer, start + 2, Kind.BOGUS)
        if first == b"!":
            return self._declaration(buffer, start, follows, final)
        if first == b"?":
            self.mode = Mode.BOGUS
            return self._to_gt(buffer, start + 1, Kind.BOGUS)
        self.kind = Kind.TEXT
        return start + 1

    def _declaration(self, buffer: Buffer, start: int, follows: bytes, final: bool) -> int:
        if follows.startswith(b"!--"):
            return self._comment(buffer, start, final)
        lower = follows.lower()
        if not final and len(follows) < 8 and (b"!doctype".startswith(lower) or b"![CDATA["[:8].startswith(follows)):
            self.kind = Kind.MORE
            return start
        if not final and follows == b"!-":
            self.kind = Kind.MORE
            return start
        if lower == b"!doctype":
            self.mode = Mode.DOCTYPE
            return self._to_gt(buffer, start + 9, Kind.DOCTYPE)
        if self.foreign and follows == b"![CDATA[":
            self.mode = Mode.CDATA
            self.kind = Kind.CDATA
            return start + 9
        self.mode = Mode.BOGUS
        return self._to_gt(buffer, start + 2, Kind.BOGUS)

    def _comment(self, buffer: Buffer, start: int, final: bool) -> int:
        """Comment start states (13.2.5.43 and 44): ``<!-->`` and ``<!--->`` are whole comments."""
        self.kind = Kind.COMMENT
        after = bytes(buffer[start + 4 : start + 6])
        if after.startswith(b">"):
            return start + 5
        if after == b"->":
            return start + 6
        if not final and after in (b"", b"-"):
            self.kind = Kind.MORE
            return start
        self.mode = Mode.COMMENT
        return start + 4

    def _to_gt(self, buffer: Buffer, start: int, kind: Kind) -> int:
        end = buffer.find(b">", start)
        self.kind = kind
        if end < 0:
            return max(start, len(buffer))
        self.mode = Mode.DATA
        return end + 1

    def _until(self, buffer: Buffer, start: int, final: bool, pattern: re.Pattern[bytes], mark: bytes, kind: Kind) -> int:
        """Stream up to a closing mark; the beginning of one at the buffer's end is left for the next call."""
        found = pattern.search(buffer, start)
        self.kind = kind
        if found is not None:
            self.mode = Mode.DATA
            return found.end()
        end = len(buffer)
        if not final:
            for length in range(min(len(mark), end - start), 0, -1):
                if buffer.endswith(mark[:length]):
                    end -= length
                    break
        if end == start:
            self.kind = Kind.MORE
        return end

    def _raw(self, buffer: Buffer, start: int, final: bool) -> int:
        self.kind = Kind.RAW
        known = self.endless is not None and self.raw in self.endless
        found = None if known else p.RAW_END[self.raw].search(buffer, start)
        if found is not None:
            self.mode = Mode.DATA
            return found.start()
        if self.endless is not None:
            self.endless.add(self.raw)
        return self._hold_tail(buffer, start, final, len(self.raw) + 2)

    def _hold_tail(self, buffer: Buffer, start: int, final: bool, length: int) -> int:
        """Return the end of raw text, less a beginning of a closing mark that the buffer's end may cut."""
        end = len(buffer)
        if not final:
            cut = buffer.rfind(b"<", max(start, end - length))
            if cut >= 0:
                end = cut
        if end == start:
            self.kind = Kind.MORE
        return end

    def _script(self, buffer: Buffer, start: int, final: bool) -> int:
        """Script data with its escaped states. A piece may end anywhere; the end tag is read in DATA."""
        self.kind = Kind.RAW
        at = start
        while True:
            found = (p.SCRIPT_PLAIN if self.escape is Escape.NONE else p.SCRIPT_ESCAPED).search(buffer, at)
            if found is None:
                return self._script_tail(buffer, at, start, final)
            mark = found[0]
            if mark == b"<!--":
                self.escape = Escape.ESCAPED
                at = found.start() + 2  # the opening's own dashes may close: <!-->
            elif mark == b"-->":
                self.escape = Escape.NONE
                at = found.end()
            elif mark[1:2] == b"/":
                if self.escape is not Escape.DOUBLE:
                    self.mode = Mode.DATA
                    return found.start()
                self.escape = Escape.ESCAPED
                at = found.end() - 1
            else:
                if self.escape is Escape.ESCAPED:
                    self.escape = Escape.DOUBLE
                at = found.end() - 1

    def _script_tail(self, buffer: Buffer, at: int, start: int, final: bool) -> int:
        end = len(buffer)
        if not final:
            cut = buffer.rfind(b"<", max(at, end - 9))
            if cut >= 0 and not buffer.startswith(b"<!--", cut):
                end = cut
            if self.escape is not Escape.NONE:
                dashes = end - (2 if buffer.endswith(b"--", at, end) else 1 if buffer.endswith(b"-", at, end) else 0)
                end = max(at, dashes)
        if end <= start:
            self.kind = Kind.MORE
            return start
        return end

    def _cut_tag(self, buffer: Buffer, start: int, final: bool) -> int:
        """Go on inside a tag that the last buffer's end cut (or that is about to be cut)."""
        size = len(buffer)
        if self.scanned == 0:
            self._inside = _In.TAG_NAME
            self.scanned = 2 if buffer[start + 1] == 0x2F else 1
        at = start + self.scanned
        inside = self._inside
        while at < size:
            if inside is _In.DOUBLE or inside is _In.SINGLE:
                quote = buffer.find(b'"' if inside is _In.DOUBLE else b"'", at)
                if quote < 0:
                    at = size
                    break
                at, inside = quote + 1, _In.BEFORE_NAME
                continue
            at = _END_OF[inside](buffer, at).end()  # type: ignore[union-attr]
            if at >= size:
                break
            byte = buffer[at]
            if byte == 0x3E and inside is not _In.NAME:
                found = p.TAG.match(buffer, start)
                if found is None or found.end() != at + 1:
                    raise AssertionError("the tag pattern and the tag states disagree")
                return self._whole_tag(found)
            at, inside = _step(inside, byte, at)
        self._inside = inside
        self.scanned = size - start
        if self.scanned > HELD_VALUE_BYTES:
            self.scanned = 0
            self.kind = Kind.LONG
        else:
            self.kind = Kind.CUT if final else Kind.MORE
        return start


_CDATA_END = re.compile(rb"\]\]>")
_END_OF = {
    _In.TAG_NAME: p.IN_TAG_NAME.match,
    _In.BEFORE_NAME: p.BEFORE_NAME.match,
    _In.NAME: p.IN_NAME.match,
    _In.AFTER_NAME: p.BLANK.match,
    _In.BEFORE_VALUE: p.BLANK.match,
    _In.UNQUOTED: p.IN_UNQUOTED.match,
}


def _step(inside: _In, byte: int, at: int) -> tuple[int, _In]:
    """Return the position and state after the byte that ended a run (never ``>``, but after an attribute's name)."""
    if inside is _In.TAG_NAME or inside is _In.UNQUOTED:
        return at, _In.BEFORE_NAME
    if inside is _In.BEFORE_NAME:
        return at + 1, _In.NAME
    if inside is _In.NAME:
        if byte == 0x3D:
            return at + 1, _In.BEFORE_VALUE
        return at, _In.BEFORE_NAME if byte in b"/>" else _In.AFTER_NAME
    if inside is _In.AFTER_NAME:
        return (at + 1, _In.BEFORE_VALUE) if byte == 0x3D else (at, _In.BEFORE_NAME)
    if byte == 0x22:
        return at + 1, _In.DOUBLE
    if byte == 0x27:
        return at + 1, _In.SINGLE
    return at, _In.UNQUOTED
