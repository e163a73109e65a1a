"""JavaScript, cut into code and literals (ECMA-262 §12): the pass under everything else in this package.

``mask`` reads a script's bytes once and returns them with the same length and offsets, the content of strings, templates and
regular expressions blotted out and comments turned into blanks. What is left is code, so a pattern run over it hits no text in
quotes. ``Groups`` pairs the brackets of masked code.

Time is linear in the script's length whatever it holds; memory is that of one copy, and about 40 bytes for each bracket.
Nothing raises: a script that is cut, broken or no JavaScript at all is masked as far as the rules go. Pure; imports nothing of
this project.
"""

from __future__ import annotations

import re
from array import array
from bisect import bisect_right
from typing import Final

TEXT: Final = 0x01
"""Stands in masked code for each byte of a string's or a template's text."""
REGEX: Final = 0x02
"""Stands in masked code for each byte of a regular expression literal, slashes and flags included."""
NOWHERE: Final = -1
"""The group of what no bracket encloses."""


def _literals(first: bytes, more: bytes) -> re.Pattern[bytes]:
    """Return the pattern of what is not plain code. It begins with one set of bytes, which ``re`` looks for fastest: what the
    byte was is asked for afterwards."""
    return re.compile(
        rb"[\"'`/" + first + rb"](?:"
        rb"(?<=\")[^\"\\\r\n]*+\"|(?<=')[^'\\\r\n]*+'"  # a string without escapes
        rb"|(?<=/)(/[^\r\n\xe2]*+(?=[\r\n])|\*[^*]*+\*/)"  # 1: a plain comment
        rb"|(?<=[\"'`/])()"  # 2: what needs a closer look
         + more + rb")"
    )


_HTML_COMMENTS: Final = rb"|(?<=<)(?=!--)()|(?<=-)(?=->)()"
_LITERAL: Final = _literals(b"", b"")
_LITERAL_OR_HTML: Final = _literals(rb"<\-", _HTML_COMMENTS)
_LITERAL_IN_TEMPLATE: Final = _literals(rb"<\-{}", _HTML_COMMENTS + rb"|(?<=[{}])()")
_BRACE: Final = 5
_STRING_RUN: Final = {
    0x22: re.compile(rb'(?>(?:[^"\\\r\n]++|\\(?:\r\n|[\s\S])){1,1000})'),
    0x27: re.compile(rb"(?>(?:[^'\\\r\n]++|\\(?:\r\n|[\s\S])){1,1000})"),
}
"""The text of a string from anywhere in it. Counted, since ``re`` keeps a record of each round of a repeated group."""
_TEMPLATE_RUN: Final = re.compile(rb"(?>(?:[^`\\$]++|\\[\s\S]|\$(?!\{)){1,1000})")
_LINE_END: Final = re.compile(rb"[\r\n]|\xe2\x80[\xa8\xa9]")
_REGEX: Final = re.compile(rb"/(?>(?:[^/\\\[\r\n]++|\\[^\r\n]|\[(?>(?:[^\]\\\r\n]++|\\[^\r\n]){0,4000})\]){1,4000})/[A-Za-z]*+")
_REGEX_BYTES: Final = 1 << 15
"""A longer run without an end is taken for a division. The longest seen on real pages, a table of emoji, has 11 kB."""
_WORD_BEFORE: Final = re.compile(rb"[A-Za-z0-9_$\x80-\xff]*+")
_BRACKET: Final = re.compile(rb"[()\[\]{}`]")
_NO_BRACKETS: Final = bytes(byte for byte in range(256) if byte not in b"()[]{}`")
_PARENTHESIS: Final = re.compile(rb"[()]")
_CURLY: Final = re.compile(rb"[{}]")
_BEFORE_OBJECT: Final = frozenset(b"=(,[?&|+-*%!~<>^")
"""What a brace that opens an object literal follows; ``=>`` opens a function's body."""
_BEFORE_REGEX: Final = frozenset(b"return typeof case in of delete void throw new instanceof else do yield await".split())
"""Keywords after which an expression begins, so a slash after one opens a regular expression."""
_CONDITIONS: Final = frozenset((b"if", b"while", b"for", b"with"))
_OPERAND_END: Final = frozenset(b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_$\"'`].") | frozenset(
    range(0x80, 0x100)
)


def before(code: bytes | bytearray, offset: int) -> int:
    """Return the offset after the last byte before ``offset`` that is no blank, 0 where there is none."""
    if offset and code[offset - 1] not in b" \t\r\n\f\v":
        return offset
    width = 64
    while True:
        start = max(0, offset - width)
        kept = len(code[start:offset].rstrip())
        if kept or not start:
            return start + kept
        offset = start
        width *= 2


def word_before(code: bytes | bytearray, offset: int) -> bytes:
    """Return the identifier or keyword that ends at an offset, blanks between left out; empty where none does.

    Of a word of more than 64 bytes, which is no keyword and no name that matters, the end is returned.
    """
    end = before(code, offset)
    found = _WORD_BEFORE.match(code[max(0, end - 64) : end][::-1])
    return bytes(found.group()[::-1]) if found else b""


_BLANK_ABOVE_ASCII: Final = re.compile(rb"\xc2\xa0|\xe1\x9a\x80|\xe2\x80[\x80-\x8a\xaf]|\xe2\x81\x9f|\xe3\x80\x80|\xef\xbb\xbf")
"""White space that is no line end (ECMA-262 §12.2)."""
_LINE_END_ABOVE_ASCII: Final = re.compile(rb"\xe2\x80[\xa8\xa9]")


def _blanked(text: bytes) -> bytes:
    return text if text.isascii() else _BLANK_ABOVE_ASCII.sub(lambda found: b" " * len(found.group()), text)


def plain_blanks(text: bytes) -> bytes:
    """Return a text with its white space above ASCII turned into as many blanks, so that patterns need not know it."""
    return text if text.isascii() else _LINE_END_ABOVE_ASCII.sub(b"\n  ", _blanked(text))


def mask(text: bytes, *, module: bool = False) -> bytes:
    """Return a script's bytes masked: see ``TEXT`` and ``REGEX``; comments are blanks, the quotes stay.

    ``text``: the script's bytes in UTF-8 or another encoding that keeps ASCII bytes as they are. Give whole scripts: what
    a cut leaves open is taken as open to the end. ``module``: HTML's comments are none (ECMA-262 B.1.1). One pass, linear,
    never raises.
    """
    code = _Masker(_blanked(text), module=module).run()
    return code if code.isascii() else _LINE_END_ABOVE_ASCII.sub(b"\n  ", code)


class _Masker:
    """The pass itself. Its states are the standard's: code, and the text of a template."""

    __slots__ = (
        "_condition_closed",
        "_curly_closed",
        "_curly_open",
        "_curly_paired",
        "_depths",
        "_heads",
        "_no_regex_before",
        "_paired",
        "code",
        "html_comments",
        "text",
    )

    def __init__(self, text: bytes, *, module: bool = False) -> None:
        self.text = text
        self.html_comments = not module
        self.code = bytearray(text)
        # The braces open in each ``${...}`` around: the closing one that is too many goes back to the template's text.
        self._depths: list[int] = []
        self._no_regex_before = 0
        self._heads: list[bool] = []
        self._paired = 0
        self._condition_closed = False
        self._curly_open: list[int] = []
        self._curly_paired = 0
        self._curly_closed = NOWHERE

    def run(self) -> bytes:
        text, code, depths = self.text, self.code, self._depths
        outside = _LITERAL_OR_HTML if self.html_comments and (b"<!--" in text or b"-->" in text) else _LITERAL
        position, length = 0, len(text)
        while position < length:
            again = length
            for found in (_LITERAL_IN_TEMPLATE if depths else outside).finditer(text, position):
                which = found.lastindex
                start, end = found.span()
                if which is None:
                    code[start + 1 : end - 1] = b"\x01" * (end - start - 2)
                    continue
                if which == 1:
                    self._comment(start, end)
                    continue
                if which != _BRACE:
                    if (again := self._special(start)) != end:
                        break
                    again = length
                elif text[start] == 0x7B:
                    depths[-1] += 1
                elif depths[-1]:
                    depths[-1] -= 1
                else:
                    depths.pop()
                    again = self._template(end)
                    break
            position = again
        return bytes(code)

    def _special(self, offset: int) -> int:
        """Read what begins at an offset and is no plain string or comment; return where code goes on."""
        first = self.text[offset]
        if first == 0x2F:
            return self._slash(offset)
        if first == 0x60:
            return self._template(offset + 1)
        if first in b"<-" and not self.html_comments:
            return offset + 1
        if first == 0x3C:
            return self._comment(offset, self._line_end(offset))
        if first == 0x2D:
            line = bytes(self.code[max(0, offset - 256) : offset])
            begins = max(line.rfind(b"\n"), line.rfind(b"\r"))
            if line[begins + 1 :].strip() or (begins < 0 and offset > 256):
                return offset + 3
            return self._comment(offset, self._line_end(offset))
        return self._string(offset, first)

    def _string(self, offset: int, quote: int) -> int:
        text = self.text
        end = offset + 1
        run = _STRING_RUN[quote]
        while (found := run.match(text, end)) is not None:
            end = found.end()
        # A backslash at the very end escapes nothing.
        if end < len(text) and text[end] == 0x5C:
            end = len(text)
        self.code[offset + 1 : end] = b"\x01" * (end - offset - 1)
        return end + 1 if end < len(text) and text[end] == quote else end

    def _template(self, offset: int) -> int:
        """Read a template's text to its end or to the next ``${``; return where code goes on."""
        text = self.text
        end = offset
        while (found := _TEMPLATE_RUN.match(text, end)) is not None:
            end = found.end()
        if end < len(text) and text[end] == 0x5C:
            end = len(text)
        self.code[offset:end] = b"\x01" * (end - offset)
        if end >= len(text):
            return end
        if text[end] == 0x60:
            return end + 1
        self._depths.append(0)
        return end + 2

    def _slash(self, offset: int) -> int:
        text = self.text
        following = text[offset + 1 : offset + 2]
        if following == b"/":
            return self._comment(offset, self._line_end(offset))
        if following == b"*":
            end = text.find(b"*/", offset + 2)
            return self._comment(offset, len(text) if end < 0 else end + 2)
        if offset < self._no_regex_before or not self._expects_operand(offset):
            return offset + 1
        found = _REGEX.match(text, offset, min(len(text), offset + _REGEX_BYTES))
        if found is None:
            # No regular expression on this line, or none of a sane length: do not look at the same bytes again.
            self._no_regex_before = min(self._line_end(offset), offset + _REGEX_BYTES)
            return offset + 1
        self.code[offset : found.end()] = b"\x02" * (found.end() - offset)
        return found.end()

    def _expects_operand(self, offset: int) -> bool:
        """Tell whether an expression may begin at an offset, so that a slash there opens a regular expression.

        The grammar decides it (ECMA-262 §12.1); without parsing, what stands before decides, as in every highlighter. A
        closing brace has ended a block, unless its opening one stands where an expression begins.
        """
        code = self.code
        end = before(code, offset)
        if not end:
            return True
        last = code[end - 1]
        while last in b"\xa8\xa9" and _LINE_END_ABOVE_ASCII.match(code, end - 3, end):
            end = before(code, end - 3)
            if not end:
                return True
            last = code[end - 1]
        if last == 0x29:
            return self._closes_condition(end)
        if last == 0x7D:
            return not self._closes_object(end)
        if last in (0x2B, 0x2D):
            return end < 2 or code[end - 2] != last
        if last not in _OPERAND_END:
            return last != REGEX
        word = word_before(code, end)
        return word in _BEFORE_REGEX and code[max(0, end - len(word) - 1) : end - len(word)] != b"."

    def _closes_condition(self, end: int) -> bool:
        """Tell whether the parenthesis before ``end`` closes the head of an ``if``, ``while``, ``for`` or ``with``.

        Parentheses are paired from where the last such question left off, so that all questions together cost one pass.
        """
        code, heads = self.code, self._heads
        for found in _PARENTHESIS.finditer(code, self._paired, end):
            at = found.start()
            if code[at] == 0x28:
                heads.append(word_before(code, at) in _CONDITIONS)
            else:
                self._condition_closed = heads.pop() if heads else False
        self._paired = end
        return self._condition_closed

    def _closes_object(self, end: int) -> bool:
        """Tell whether the brace before ``end`` closes an object literal. Paired as parentheses are."""
        code = self.code
        for found in _CURLY.finditer(code, self._curly_paired, end):
            if code[found.start()] == 0x7B:
                self._curly_open.append(found.start())
            else:
                self._curly_closed = self._curly_open.pop() if self._curly_open else NOWHERE
        self._curly_paired = end
        opening = before(code, self._curly_closed) if self._curly_closed > 0 else 0
        if not opening:
            return False
        if code[opening - 1] in _BEFORE_OBJECT:
            return code[opening - 2 : opening] != b"=>"
        return word_before(code, opening) in (b"return", b"typeof", b"throw", b"void", b"delete", b"in", b"instanceof")

    def _line_end(self, offset: int) -> int:
        found = _LINE_END.search(self.text, offset)
        return found.start() if found else len(self.text)

    def _comment(self, start: int, end: int) -> int:
        """Turn a comment into blanks; one that holds a line end counts as one (ECMA-262 §12.4)."""
        blank = b" " * (end - start)
        if self.text.startswith(b"/*", start) and _LINE_END.search(self.text, start, end):
            blank = b"\n" + blank[1:]
        self.code[start:end] = blank
        return end


class Groups:
    """The brackets of masked code, paired.

    A *group* is what a pair of brackets or of backticks encloses; groups are numbered by where they open, so a group's number
    is higher than that of any around it. A closing bracket that closes nothing is passed over; one that fits a group further
    out closes what was left open within.
    """

    __slots__ = ("_events", "_inside", "close", "code", "open", "parent")

    def __init__(self, code: bytes) -> None:
        self.code = code
        self.open = array("l")
        """Offset of each group's opening bracket; for ``${`` of its brace."""
        self.close = array("l")
        """Offset of each group's closing bracket, the code's length where there is none."""
        self.parent = array("l")
        """The group around each group, ``NOWHERE`` at the top."""
        self._events, self._inside = self._pair()

    def _pair(self) -> tuple[array[int], array[int]]:
        code = self.code
        length = len(code)
        opens: list[int] = []
        closes: list[int] = []
        parents: list[int] = []
        kinds = bytearray()
        events: list[int] = []
        inside: list[int] = []
        group = NOWHERE
        kind = 0
        unclosed = {0x28: 0, 0x5B: 0, 0x7B: 0, 0x60: 0}
        places = [found.start() for found in _BRACKET.finditer(code)]
        for at, byte in zip(places, code.translate(None, _NO_BRACKETS), strict=True):
            if byte == 0x28 or byte == 0x7B or byte == 0x5B or (byte == 0x60 and kind != 0x60):
                parents.append(group)
                group = len(opens)
                opens.append(at)
                closes.append(length)
                kinds.append(byte)
                kind = byte
                unclosed[byte] += 1
            else:
                wanted = byte if byte == 0x60 else 0x28 if byte == 0x29 else byte - 2
                if kind != wanted:
                    # A template's text is never in code's reach: a stray bracket in "${...}" closes nothing outside of it.
                    if not unclosed[wanted] or not self._reachable(group, wanted, kinds, parents):
                        continue
                    while kind != wanted:
                        unclosed[kind] -= 1
                        closes[group] = at
                        group = parents[group]
                        kind = kinds[group]
                unclosed[kind] -= 1
                closes[group] = at
                group = parents[group]
                kind = kinds[group] if group >= 0 else 0
            events.append(at)
            inside.append(group)
        self.open = array("l", opens)
        self.close = array("l", closes)
        self.parent = array("l", parents)
        return array("l", events), array("l", inside)

    @staticmethod
    def _reachable(group: int, wanted: int, kinds: bytearray, parents: list[int]) -> bool:
        """Tell whether a group of the wanted kind is open within the innermost template. Sixteen levels are looked at, so that
        brackets that never fit cost no more than others."""
        for _ in range(16):
            if group < 0 or kinds[group] == 0x60:
                return False
            if kinds[group] == wanted:
                return True
            group = parents[group]
        return False

    def group_at(self, offset: int) -> int:
        """Return the innermost group that an offset lies in, ``NOWHERE`` at the top. An opening bracket lies outside of what it
        opens, a closing one inside."""
        found = bisect_right(self._events, offset - 1) - 1
        return self._inside[found] if found >= 0 else NOWHERE

    def opened_at(self, offset: int) -> int:
        """Return the group whose opening bracket stands at this offset, ``NOWHERE`` if none does."""
        found = bisect_right(self.open, offset) - 1
        return found if found >= 0 and self.open[found] == offset else NOWHERE

    def closed_at(self, offset: int) -> int:
        """Return the group whose closing bracket stands at this offset, ``NOWHERE`` if none does."""
        group = self.group_at(offset)
        return group if group >= 0 and self.close[group] == offset else NOWHERE

    def end_of(self, group: int) -> int:
        """Return the offset after a group's closing bracket, at most the code's length."""
        return min(self.close[group] + 1, len(self.code))
