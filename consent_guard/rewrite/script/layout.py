"""Where expressions begin and end in masked code. Pure; imports the tokenizer only."""

from __future__ import annotations

import re
from functools import cached_property
from typing import Final

from .tokenizer import Groups, before, word_before

_STOP: Final = re.compile(rb"[()\[\]{}`;,\r\n]")
_WORD: Final = frozenset(byte for byte in range(256) if byte >= 0x80 or chr(byte).isalnum() or byte in b"_$")
_OPERAND_END: Final = _WORD | frozenset(b"\"'`)]}\x02")
_OPERAND_START: Final = _WORD | frozenset(b"\"'\x02@#!~{}")
_GOES_ON: Final = re.compile(rb"(?:in|instanceof|of|else)(?![A-Za-z0-9_$])")


class Layout:
    """A script's brackets, and the spans of its expressions."""

    def __init__(self, text: bytes, code: bytes) -> None:
        self.text = text
        """The script as it came."""
        self.code = code
        """The script masked."""

    @cached_property
    def groups(self) -> Groups:
        """The script's brackets."""
        return Groups(self.code)

    def expression_end(self, start: int, limit: int | None = None) -> int:
        """Return where the expression that begins at ``start`` ends: before a semicolon, a comma, the group's end, a line
        end after which another statement begins. ``limit``: an offset past which the end is not looked for."""
        code, groups = self.code, self.groups
        last = len(code) if limit is None else min(limit, len(code))
        position = start
        while position < last:
            found = _STOP.search(code, position, last)
            if found is None:
                return last
            at = found.start()
            byte = code[at]
            if byte in b"([{`":
                group = groups.opened_at(at)
                if group < 0:
                    return at
                position = groups.end_of(group)
            elif byte in b"\r\n":
                if self._statement_ends(start, at):
                    return at
                position = at + 1
            else:
                return at
        return last

    def _statement_ends(self, start: int, line_end: int) -> bool:
        """Tell whether a semicolon is put in at a line end (ECMA-262 §12.10)."""
        code = self.code
        end = before(code, line_end)
        if end <= start or code[end - 1] not in _OPERAND_END:
            return False
        following = line_end
        while following < len(code) and code[following] in b" \t\r\n\f\v":
            following += 1
        return following >= len(code) or (code[following] in _OPERAND_START and _GOES_ON.match(code, following) is None)

    def elements(self, group: int) -> list[tuple[int, int]]:
        """Return the spans between the commas of a group: arguments, elements or members."""
        groups, code = self.groups, self.code
        start, end = groups.open[group] + 1, groups.close[group]
        spans: list[tuple[int, int]] = []
        position = start
        while position < end:
            found = _STOP.search(code, position, end)
            if found is None:
                break
            at = found.start()
            if code[at] in b"([{`" and (inner := groups.opened_at(at)) >= 0:
                position = groups.end_of(inner)
                continue
            if code[at] == 0x2C:
                spans.append((start, at))
                start = at + 1
            position = at + 1
        if code[start:end].strip():
            spans.append((start, end))
        return spans

    def chain_start(self, end: int) -> int:
        """Return where the chain of names, members and calls begins that ends at ``end``."""
        code, groups = self.code, self.groups
        position = end
        while position > 0:
            position = before(code, position)
            last = code[position - 1] if position else 0
            if last in b")]`" and position:
                group = groups.closed_at(position - 1)
                if group < 0:
                    return position
                position = groups.open[group]
                if last == 0x29 or last == 0x5D:
                    # A call or an index belongs to what stands before it; else it begins the chain.
                    prior = before(code, position)
                    if prior and (code[prior - 1] in b")]?." or code[prior - 1] in _OPERAND_END):
                        continue
                    return position
            else:
                word = len(word_before(code, position))
                if not word:
                    if last in b"\"'":
                        opening = code.rfind(bytes((last,)), 0, position - 1)
                        return max(opening, 0)
                    return position
                position -= word
            prior = before(code, position)
            if prior and code[prior - 1] == 0x2E:
                position = prior - 1
                if position and code[position - 1] == 0x3F:
                    position -= 1
                continue
            return position
        return 0
