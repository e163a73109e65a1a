"""What names stand for: variables, members, parameters and returned values, followed to the expressions that give them.

The half of ``values`` that goes from a name to expressions; the other half reads expressions. Work is counted here: it is
bounded in proportion to the script. Pure.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Iterable
from typing import Final

from .literals import UNKNOWN
from .structure import APPEND, OUTER, Definition, Function, Structure
from .tokenizer import before, word_before

Strings = tuple[str, ...]
"""The values that an expression may have; empty where it is no string, such as a comparison."""
NOT_TOLD: Final[Strings] = (UNKNOWN,)
DEPTH: Final = 28
"""Expressions within expressions that are followed, names and groups counted alike."""

_KEPT: Final = 8
"""Readings of one expression that are kept side by side."""
_WORK: Final = 1
"""Steps for each byte of a script; of 3,146 scripts from real pages, 0.4 % need more with those below, all past 64 KiB."""
_LEAST_WORK: Final = 1 << 17

MEMBER: Final = re.compile(rb"\s*+(?:\??\.\s*+([A-Za-z_$\x80-\xff][A-Za-z0-9_$\x80-\xff]*+)|(?:\?\.)?\s*?([(\[])|(`))")
"""What follows an operand: a member, or the opening bracket of an index or a call."""
_SPACES: Final = re.compile(rb"\s*+")
_WINDOWS: Final = frozenset((b"window", b"self", b"globalThis", b"top"))
"""What the members of are plain names as well."""
_EACH: Final = {b"forEach": 0, b"map": 0, b"some": 0, b"every": 0, b"filter": 0, b"find": 0, b"flatMap": 0, b"reduce": 1}
"""Methods that hand each element to a function, and the number of the parameter that gets it."""


def end_of_blanks(code: bytes, offset: int) -> int:
    """Return the offset of the first byte from ``offset`` on that is no blank."""
    found = _SPACES.match(code, offset)
    return found.end() if found is not None else offset


class References(ABC):
    """Finds what a script's names stand for. ``of``, which reads an expression, is its subclass's."""

    def __init__(self, structure: Structure) -> None:
        self.structure = structure
        self.code = structure.code
        self.text = structure.text
        self.loose: list[str] = []
        """Readings that did not find room: each may reach the call as well."""
        self.whole = False
        """Whether all of a value matters (HTML), and not only its beginning (an address)."""
        self.complete = True
        """Whether all was followed: False once the work or the depth ran out."""
        self._work = _WORK * len(self.code) + _LEAST_WORK
        self._known: dict[tuple[str, bytes, int, bool], Strings] = {}
        self._pending: set[tuple[str, bytes, int, bool]] = set()

    def _spend(self, amount: int) -> bool:
        self._work -= amount
        if self._work <= 0:
            self.complete = False
        return self._work > 0

    @abstractmethod
    def of(self, start: int, end: int, depth: int = 0) -> Strings:
        """Return what the expression in this span may say."""

    # --- combining -------------------------------------------------------------------------------------------------------

    def _united(self, parts: Iterable[Strings]) -> Strings:
        seen: dict[str, None] = {}
        for part in parts:
            for one in part:
                seen[one] = None
        if len(seen) <= _KEPT:
            return tuple(seen)
        # Those that look like addresses first; the rest is noted apart.
        ordered = sorted(seen, key=lambda one: ("//" not in one, "." not in one))
        self.loose += [one for one in ordered[_KEPT:] if "." in one]
        return tuple(ordered[:_KEPT])

    def _joined(self, left: Strings, right: Strings) -> Strings:
        if not left or not right:
            left, right = left or NOT_TOLD, right or NOT_TOLD
        if len(left) * len(right) > _KEPT:
            if len(right) > 1:
                self.loose += [one for one in right[1:] if "." in one]
                right = right[:1]
            if len(left) > _KEPT:
                left = left[:_KEPT]
        glued = tuple(dict.fromkeys(a + b for a in left for b in right))
        self._spend(sum(map(len, glued)))
        return glued

    def _functions_named(self, name: bytes, base: bytes, at: int) -> list[int]:
        structure = self.structure
        if name not in self.text:
            return []
        numbers = structure.by_name.get(name, [])
        if not numbers or base:
            return numbers
        scope = structure.scope_of(name, at)
        return [number for number in numbers if structure.functions[number].outer == scope] or numbers

    def _returned(self, numbers: list[int], depth: int) -> Strings:
        structure = self.structure
        parts: list[Strings] = []
        for number in numbers:
            key = ("returns", b"", number, self.whole)
            if key in self._known:
                parts.append(self._known[key])
                continue
            if key in self._pending or not self._spend(16):
                parts.append(NOT_TOLD)
                continue
            self._pending.add(key)
            places = structure.returns.get(number, [])
            value = self._united([self._expression(place, depth + 1) for place in places])
            self._pending.discard(key)
            self._known[key] = value
            parts.append(value)
        return self._united(parts)

    def _expression(self, start: int, depth: int) -> Strings:
        """Return the values of the expression that begins at an offset and goes to its end."""
        if not self._spend(8):
            return NOT_TOLD
        end = self.structure.expression_end(start)
        self._spend((end - start) // 8)
        return self.of(start, end, depth)

    def _variable(self, name: bytes, at: int, depth: int) -> Strings:
        """Return what a variable may hold at an offset."""
        structure = self.structure
        scope = structure.scope_of(name, at)
        key = ("variable", name, scope, self.whole)
        known = self._known.get(key)
        if known is not None:
            return known
        if key in self._pending or not self._spend(16) or depth > DEPTH:
            return NOT_TOLD
        self._pending.add(key)
        parts: list[Strings] = []
        if scope >= 0:
            function = structure.functions[scope]
            if name in function.parameters:
                parts.append(self._passed(scope, function, function.parameters.index(name), depth))
        definitions = [
            definition
            for definition in structure.variables.get(name, ())
            if self._spend(8) and structure.scope_of(name, definition[0]) == scope
        ]
        if scope == OUTER and not definitions and len(name) > 1:
            definitions = [one for one in structure.members(name) if self._spend(4) and self._owner(one) in _WINDOWS]
        parts += self._defined(definitions, depth)
        self._pending.discard(key)
        value = self._united(parts) if parts else NOT_TOLD
        self._known[key] = value
        return value

    def _defined(self, definitions: list[Definition], depth: int) -> list[Strings]:
        """Return the values that definitions give, ``+=`` put to what went before it in the text."""
        parts: list[Strings] = []
        for definition in definitions:
            value = self._expression(definition[1], depth + 1)
            if definition[2] == APPEND and parts:
                parts[-1] = self._joined(parts[-1], value)
            else:
                parts.append(value)
        return parts

    def _member(self, name: bytes, base: bytes, depth: int) -> Strings:
        """Return what a member may hold: of the object that the base names where the script shows it, else of any."""
        structure = self.structure
        key = ("member", base + b"." + name, OUTER, self.whole)
        known = self._known.get(key)
        if known is not None:
            return known
        if key in self._pending or not self._spend(16) or depth > DEPTH or name not in self.text:
            return NOT_TOLD
        self._pending.add(key)
        definitions = structure.members(name)
        chosen = [one for one in definitions if self._spend(4) and self._owner(one) == base]
        if not chosen and base in _WINDOWS:
            chosen = [
                one for one in structure.variables.get(name, ()) if self._spend(8) and structure.scope_of(name, one[0]) == OUTER
            ]
        chosen = chosen or definitions
        value = self._united(self._defined(chosen, depth)) if chosen else NOT_TOLD
        self._pending.discard(key)
        self._known[key] = value
        return value

    def _owner(self, definition: Definition) -> bytes:
        """Return the name of what a member is defined on: of ``base.name = v``, ``base["name"] = v``, ``base = {name: v}``."""
        code, groups = self.code, self.structure.groups
        prior = before(code, definition[0])
        if prior and code[prior - 1] in b".[":
            return word_before(code, prior - 1)
        group = groups.group_at(definition[0])
        if group < 0:
            return b""
        opening = before(code, groups.open[group])
        return word_before(code, opening - 1) if opening and code[opening - 1] in b"=:" else b""

    # --- parameters ------------------------------------------------------------------------------------------------------

    def _passed(self, number: int, function: Function, index: int, depth: int) -> Strings:
        """Return what a function's calls in this script hand to one of its parameters."""
        structure = self.structure
        parts: list[Strings] = []
        called = self._called_in_place(function)
        if called is not None:
            group, shift = called
            parts.append(self._argument(group, index + shift, depth))
        parts += self._from_elements(function, index, depth)
        if function.name:
            for opening in structure.calls(function.name):
                if not self._spend(8):
                    break
                group = structure.groups.opened_at(opening)
                if group >= 0 and end_of_blanks(self.code, structure.groups.end_of(group)) != function.start - 1:
                    parts.append(self._argument(group, index, depth))
            for dot in structure.callbacks.get(function.name, ()):
                if index == 0:
                    parts.append(self._before_dot(dot, depth))
        return self._united(parts) or NOT_TOLD

    def _argument(self, group: int, index: int, depth: int) -> Strings:
        spans = self.structure.elements(group)
        self._spend(2 * len(spans))
        return self.of(*spans[index], depth + 1) if 0 <= index < len(spans) else ()

    def _called_in_place(self, function: Function) -> tuple[int, int] | None:
        """Return the arguments' group of a function that is called where it stands, and how many arguments go before the
        parameters: ``(function (a) {...})(1)``, ``!function (a) {...}(1)``, ``(a => ...).call(this, 1)``."""
        code, groups = self.code, self.structure.groups
        end = groups.end_of(function.body) if function.body >= 0 else function.end
        for _ in range(3):
            at = end_of_blanks(code, end)
            if at >= len(code):
                return None
            if code[at] == 0x28:
                group = groups.opened_at(at)
                return (group, 0) if group >= 0 else None
            if code[at] == 0x29:
                outer = groups.closed_at(at)
                if outer < 0 or code[groups.open[outer] + 1 : function.head].strip(b" \t\r\n!+-~("):
                    return None
                end = at + 1
                continue
            member = MEMBER.match(code, at)
            if member is not None and member.group(1) in (b"call", b"apply", b"bind"):
                opening = end_of_blanks(code, member.end())
                group = groups.opened_at(opening)
                return (group, 1) if group >= 0 else None
            return None
        return None

    def _from_elements(self, function: Function, index: int, depth: int) -> list[Strings]:
        """Return the elements that a method hands to a function written as its argument: ``urls.forEach(function (url) {})``,
        ``$.each(urls, function (i, url) {})``."""
        code, structure = self.code, self.structure
        groups = structure.groups
        group = groups.group_at(function.head)
        if group < 0 or code[groups.open[group]] != 0x28:
            return []
        method = word_before(code, groups.open[group])
        dot = before(code, groups.open[group]) - len(method)
        dot = before(code, dot)
        if not dot or code[dot - 1] != 0x2E:
            return []
        if method == b"each":
            return [self._argument(group, 0, depth)] if index == 1 else []
        if _EACH.get(method) == index and not code[groups.open[group] + 1 : function.head].strip():
            return [self._before_dot(dot - 1, depth)]
        return []

    def _before_dot(self, dot: int, depth: int) -> Strings:
        start = self.structure.chain_start(dot)
        self._spend((dot - start) // 8 + 4)
        return self.of(start, dot, depth + 1)
