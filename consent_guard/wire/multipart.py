"""A body of ``multipart/x-mixed-replace`` as it streams: its parts told apart as Firefox does, which shows each as a document.

    Preamble and epilogue pass; a head is held to its end; of a body no more is held than may begin a delimiter.
    What ends a document leaves on a line of its own, and blanks alone follow the last: so all see its end, or have none.

A delimiter is the boundary anywhere, behind ``--`` or, where the first one came so, without, before a line end or ``--``
(netwerk/streamconv, nsMultiMixedConv). A head leaves as it came, or one field a line: what folds, repeats a Content-Type or is
no field may be read in two ways. A Content-Length says nothing: it keeps no delimiter from being one.

May import limits and the wire layer. The engine and the audit say what becomes of a part.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from ..errors import RewriteError
from ..limits import PART_HEAD_BYTES
from .headers import get_all
from .messages import BodyRewriter, Header, Headers, Spent

_BOUNDARY: Final = re.compile(rb"[A-Za-z0-9'()+_\-./:=?!#$%&*<>@\[\]^`{|}~ ]{1,70}")
"""RFC 2046 §5.1.1, and what cameras write besides."""
_LINE_END: Final = rb"(?:\r\n|\n|\r(?=[^\n]))"
_HEAD_END: Final = re.compile(rb"(?:\A|\r\n|\n|\r(?!\n))" + _LINE_END)
_LINE: Final = re.compile(rb"\r\n|\n|\r")
_NAME: Final = re.compile(rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_BLANKS: Final = b" \t"
_PADDING: Final = rb"[ \t]{0,16}"
_NEXT: Final = re.compile(_PADDING + _LINE_END)
_NEXT_OR_LAST: Final = re.compile(rb"--|" + _PADDING + _LINE_END)
_MAYBE: Final = re.compile(rb"-?|" + _PADDING + rb"\r?")
_TAIL: Final = 18
_LONE_RETURN: Final = re.compile(rb"\r(?!\n)")
_SPACE: Final = re.compile(rb"[ \t\r\n]*")
_WORD: Final = re.compile(rb"[A-Za-z0-9_]")
_EMPTY: Final = b"Content-Type: text/plain\r\n\r\n"
"""In place of a head that is too long: of a part that shows nothing."""


def boundary_of(headers: Headers) -> bytes | None:
    """Return the boundary that a Content-Type names, None where there is none, or none that all read alike."""
    named: set[bytes] = set()
    for value in get_all(headers, b"content-type"):
        for parameter in value.split(b";")[1:]:
            name, equals, text = parameter.partition(b"=")
            if equals and name.strip(_BLANKS).lower() == b"boundary":
                text = text.strip(b" ")
                named.add(text[1:-1].strip(b" ") if text[:1] == text[-1:] == b'"' else text)
    only = named.pop() if len(named) == 1 else b""
    return only if _BOUNDARY.fullmatch(only) else None


class PartsFilter:
    """One body of parts on its way out. ``feed`` and ``close`` raise RewriteError where a part cannot be filtered."""

    __slots__ = ("_boundary", "_buffer", "_inside", "_left_out", "_part", "_rewriter", "_searched", "_tail", "_token")

    def __init__(
        self,
        boundary: bytes,
        part: Callable[[list[Header]], tuple[list[Header], BodyRewriter | None]],
        left_out: Callable[[], None],
    ) -> None:
        """``part`` returns what leaves in place of a part's head, and what its body must go through; None: nothing, it passes.
        ``left_out`` is told of a part whose head is too long to be read: nothing of it leaves."""
        self._boundary = boundary
        self._part = part
        self._left_out = left_out
        self._token: bytes | None = None
        """What stands before each part; None until the first came."""
        self._buffer = b""
        self._inside: bool | None = None
        """True in a part's body, False in its head, None before the first part and after the last."""
        self._rewriter: BodyRewriter | None = None
        self._searched = 0
        self._tail = b""
        """What left last: of the preamble one byte, of a part what may begin a delimiter with what follows."""

    def feed(self, data: bytes) -> bytes:
        return self._read(data, final=False)

    def close(self) -> bytes:
        """Return what is still held; of a head that did not end nothing."""
        return self._read(b"", final=True)

    def _read(self, data: bytes, *, final: bool) -> bytes:
        self._buffer += data
        out: list[bytes] = []
        while self._head(out) if self._inside is False else self._body(out, final):
            pass
        return b"".join(out)

    # -- heads ----------------------------------------------------------------------------------------------------------

    def _head(self, out: list[bytes]) -> bool:
        """Read a part's head; False where it goes on."""
        buffer = self._buffer
        found = _HEAD_END.search(buffer, max(0, self._searched - 3))
        self._searched = len(buffer)
        if found is None and len(buffer) <= PART_HEAD_BYTES:
            return False
        self._inside, self._tail = True, b""
        if found is None or found.end() > PART_HEAD_BYTES:
            self._left_out()
            self._rewriter = Spent()
            out.append(_EMPTY)
            return True
        head, self._buffer = buffer[: found.end()], buffer[found.end() :]
        fields, plain = _fields(buffer[: found.start()])
        plain = plain and _LONE_RETURN.search(head) is None
        kept, self._rewriter = self._part(fields)
        out.append(head if plain and kept == fields else b"".join(b"%s: %s\r\n" % field for field in kept) + b"\r\n")
        return True

    # -- bodies, and what stands between --------------------------------------------------------------------------------

    def _body(self, out: list[bytes], final: bool) -> bool:
        """Read on to the next delimiter; False where none came."""
        start, end = self._delimiter(final)
        content, delimiter = self._buffer[:start], self._buffer[start:end]
        self._buffer = self._buffer[end:]
        out.append(self._through(content, followed=bool(delimiter), final=final))
        if not delimiter:
            return False
        out.append(delimiter if self._rewriter is None else _on_its_own_line(delimiter))
        last = delimiter.endswith(b"--") and self._inside is True
        self._inside, self._searched = None if last else False, 0
        self._rewriter = _Blanks() if last and self._rewriter is not None else None
        return True

    def _delimiter(self, final: bool) -> tuple[int, int]:
        """Return where the next delimiter begins and ends, the line end before it included; where none is whole, twice where
        begins what may become one."""
        buffer, token = self._buffer, self._token or self._boundary
        ends = _NEXT_OR_LAST if self._inside else _NEXT
        at = buffer.find(token)
        while at >= 0:
            start = at - 2 if self._token is None and buffer[max(0, at - 2) : at] == b"--" else at
            found = ends.match(buffer, at + len(token))
            if found is not None:
                if self._token is None and self._in_a_word(start):
                    raise RewriteError("what stands before the first part holds a boundary that not all take for one")
                self._token = buffer[start : at + len(token)]
                return _line_before(buffer, start), found.end()
            if not final and _MAYBE.fullmatch(buffer, at + len(token)):
                return (_line_before(buffer, start),) * 2
            at = buffer.find(token, at + 1)
        held = len(buffer)
        if not final:
            held = _held(buffer, token)
            held = min(held, _held(buffer, b"--" + token)) if self._token is None else held
        return held, held

    def _in_a_word(self, at: int) -> bool:
        """Tell whether what begins there goes on a word of the preamble, which Firefox reads as one."""
        before = self._buffer[at - 1 : at] if at else self._tail
        return _WORD.match(self._buffer, at) is not None and _WORD.match(before) is not None

    def _through(self, content: bytes, *, followed: bool, final: bool) -> bytes:
        """Return a piece of a body as it leaves; ``followed``: it is the last one of its part."""
        rewriter = self._rewriter
        if rewriter is None:
            self._tail = content[-1:] or self._tail
            return content
        out = rewriter.feed(content) if content else b""
        if followed or final:
            out += rewriter.close()
        assert self._token is not None
        shown = self._tail + out + (b"\n" if followed else b"")
        self._tail = shown[-len(self._token) - _TAIL :]
        ends = (found.start() + len(self._token) for found in re.finditer(b"(?=%s)" % re.escape(self._token), shown))
        if any(_NEXT_OR_LAST.match(shown, end) for end in ends):
            raise RewriteError("what is left of a part would end it early")
        return out


class _Blanks:
    """What follows the last delimiter, after a document: nothing of it is shown, unless one takes that for no delimiter."""

    def __init__(self) -> None:
        self._blank = True

    def feed(self, data: bytes) -> bytes:
        found = _SPACE.match(data) if self._blank else None
        blanks = found[0] if found is not None else b""
        self._blank = self._blank and len(blanks) == len(data)
        return blanks

    def close(self) -> bytes:
        return b""


class _Kept:
    """The body of one part, whole."""

    def __init__(self) -> None:
        self.body = b""

    def feed(self, data: bytes) -> bytes:
        self.body += data
        return b""

    def close(self) -> bytes:
        return b""


def parts_of(headers: Headers, body: bytes) -> list[tuple[list[Header], bytes]]:
    """Return the head and the body of each part of a whole body. Raises RewriteError where they cannot be told apart."""
    boundary = boundary_of(headers)
    if boundary is None:
        raise RewriteError("the Content-Type names no boundary")
    found: list[tuple[list[Header], _Kept]] = []

    def part(head: list[Header]) -> tuple[list[Header], _Kept]:
        found.append((head, _Kept()))
        return found[-1]

    def left_out() -> None:
        raise RewriteError("the head of a part is too long to be read")

    parts = PartsFilter(boundary, part, left_out)
    parts.feed(body)
    parts.close()
    return [(head, kept.body) for head, kept in found]


def _fields(block: bytes) -> tuple[list[Header], bool]:
    """Return the fields of a head, and whether no reader takes its lines for others."""
    fields: list[Header] = []
    plain = kept = True
    for line in _LINE.split(block) if block else ():
        name, colon, value = line.partition(b":")
        if line[:1] in (b" ", b"\t"):
            if kept and fields:
                fields[-1] = (fields[-1][0], fields[-1][1] + b" " + line.strip(_BLANKS))
            plain = False
            continue
        bare = name.rstrip(_BLANKS)
        kept = bool(colon) and _NAME.fullmatch(bare) is not None
        plain = plain and kept and bare == name
        if kept:
            fields.append((bare, value.strip(_BLANKS)))
    return fields, plain


def _on_its_own_line(delimiter: bytes) -> bytes:
    before = b"" if delimiter.startswith((b"\r", b"\n")) else b"\r\n"
    return before + delimiter + (b"\n" if delimiter.endswith(b"\r") else b"")


def _line_before(buffer: bytes, at: int) -> int:
    """Return where the line end before ``at`` begins, ``at`` where there is none."""
    if buffer[max(0, at - 1) : at] != b"\n":
        return at
    return at - 2 if buffer[max(0, at - 2) : at - 1] == b"\r" else at - 1


def _held(buffer: bytes, token: bytes) -> int:
    """Return where in the buffer's end a delimiter may begin."""
    begun = next(count for count in range(min(len(token) - 1, len(buffer)), -1, -1) if buffer.endswith(token[:count]))
    if not begun and buffer.endswith(b"\r"):
        return len(buffer) - 1
    return _line_before(buffer, len(buffer) - begun)
