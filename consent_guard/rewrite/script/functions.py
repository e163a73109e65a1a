"""Where a script's functions, methods and arrow functions stand, and which one holds an offset.

Found in one pass over the masked code, made when it is first asked for. Pure.
"""

from __future__ import annotations

import re
from array import array
from bisect import bisect_right
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from .layout import Layout
from .tokenizer import NOWHERE, before, word_before

NAME: Final = rb"[A-Za-z_$\x80-\xff][A-Za-z0-9_$\x80-\xff]*+"
_FUNCTION_HEAD: Final = re.compile(rb"function(?:\s++|\s*+\*\s*+)?(" + NAME + rb")?\s*+\(")
_ARROW: Final = re.compile(rb"=>")
_METHOD: Final = re.compile(rb"(?<![A-Za-z0-9_$.\x80-\xff])(" + NAME + rb")\s*+\([A-Za-z0-9_$\x80-\xff\s,.]*+\)\s*+\{")
_SHORTHAND: Final = re.compile(rb"[{,]\s*+(?:get\s++)?[A-Za-z0-9_$]++\s*+\([A-Za-z0-9_$\s,.]*+\)\s*+\{")
_PARAMETER: Final = re.compile(rb"\s*+(?:\.\.\.\s*+)?(" + NAME + rb")?")
_PLAIN_PARAMETERS: Final = re.compile(rb"[A-Za-z0-9_$\x80-\xff\s,]*+\)")
_RETURN: Final = re.compile(rb"return(?![A-Za-z0-9_$\x80-\xff])")
_CALLBACK: Final = re.compile(rb"\.\s*+(?:forEach|map|some|every|flatMap)\s*+\(\s*+(" + NAME + rb")\s*+[,)]")
_CONTROL: Final = frozenset(b"if for while switch catch with function".split())
IS_NAME: Final = frozenset(byte for byte in range(256) if byte >= 0x80 or chr(byte).isalnum() or byte in b"_$")
"""The bytes of names."""
OUTER: Final = -1
"""The scope outside all functions."""


@dataclass(slots=True)
class Function:
    """A function, method or arrow function."""

    head: int
    """Where the expression or declaration begins."""
    parameters: list[bytes]
    """The parameters' names in order; empty for one that is a pattern."""
    start: int
    end: int
    """What its body spans."""
    body: int
    """The body's group, ``NOWHERE`` for an arrow function's expression."""
    name: bytes
    """The name after ``function``, or what it is assigned to; empty where there is none."""
    declared: bool = False
    """The name stands after ``function``, so that it is one in the function around as well."""
    outer: int = OUTER
    """The number of the function around it."""


class Functions(Layout):
    """A script's functions."""

    @cached_property
    def functions(self) -> list[Function]:
        """All functions, in the order of their bodies."""
        code = self.code
        found_functions = [
            function
            for found in _FUNCTION_HEAD.finditer(code)
            if not self.continues(found.start())
            and (function := self._braced(found.start(), found.group(1), found.end() - 1, declared=True)) is not None
        ]
        arrows = [function for found in _ARROW.finditer(code) if (function := self._arrow(found.start(), found.end()))]
        # Much code has no methods without the word "function", and looking for them at every name takes long.
        modern = arrows or b"class" in code or _SHORTHAND.search(code) is not None
        methods = [
            function
            for found in (_METHOD.finditer(code) if modern else ())
            if found.group(1) not in _CONTROL
            and word_before(code, found.start()) != b"function"
            and (function := self._braced(found.start(), found.group(1), code.index(b"(", found.start()))) is not None
        ]
        if arrows or methods:
            found_functions = sorted((*found_functions, *arrows, *methods), key=lambda one: one.start)
        self._functions = found_functions
        self._own(found_functions)
        for function in found_functions:
            function.outer = self._enclosing(function.head)
        return found_functions

    def _own(self, functions: list[Function]) -> None:
        """Find the function that each group lies in. Groups are numbered from the outside in, so one pass does."""
        groups = self.groups
        directly: dict[int, int] = {}
        self._arrows: dict[int, tuple[list[int], list[int]]] = {}
        known_ends: dict[int, int] = {}
        for number in range(len(functions) - 1, -1, -1):
            function = functions[number]
            if function.body >= 0:
                directly[function.body] = number
                if (paren := self.parameter_group(function)) >= 0:
                    directly[paren] = number
                known_ends[function.head] = groups.end_of(function.body)
                continue
            # Of "a => b => c" all end where the last one ends.
            end = known_ends.get(function.start)
            function.end = self.expression_end(function.start) if end is None else end
            known_ends[function.head] = function.end
            starts, numbers = self._arrows.setdefault(groups.group_at(function.start), ([], []))
            starts.append(function.start)
            numbers.append(number)
        for starts, numbers in self._arrows.values():
            starts.reverse()
            numbers.reverse()
        self._owners = owners = array("l")
        if self._arrows:
            for group, parent in enumerate(groups.parent):
                owner = directly.get(group)
                owners.append(self._owner(groups.open[group], parent) if owner is None else owner)
        else:
            for group, parent in enumerate(groups.parent):
                owner = directly.get(group)
                owners.append(owner if owner is not None else owners[parent] if parent >= 0 else OUTER)

    def _owner(self, offset: int, group: int) -> int:
        arrows = self._arrows.get(group)
        if arrows is not None:
            starts, numbers = arrows
            index = bisect_right(starts, offset) - 1
            # Arrow functions of one group lie side by side, or one is the body of another.
            for earlier in range(index, max(index - 4, -1), -1):
                if offset < self._functions[numbers[earlier]].end:
                    return numbers[earlier]
        return self._owners[group] if group >= 0 else OUTER

    def parameter_group(self, function: Function) -> int:
        """Return the group that holds a function's parameters, ``NOWHERE`` where they stand in none."""
        end = before(self.code, function.start - 1)
        if end >= 2 and self.code[end - 2 : end] == b"=>":
            end = before(self.code, end - 2)
        return self.groups.closed_at(end - 1) if end and self.code[end - 1] == 0x29 else NOWHERE

    def _parameters(self, group: int) -> list[bytes]:
        plain = _PLAIN_PARAMETERS.match(self.code, self.groups.open[group] + 1)
        if plain is not None:
            return plain.group().translate(None, b" \t\r\n)").split(b",") if plain.end() - plain.start() > 1 else []
        names: list[bytes] = []
        for start, _end in self.elements(group):
            found = _PARAMETER.match(self.code, start)
            names.append((found.group(1) or b"") if found else b"")
        return names

    def continues(self, offset: int) -> bool:
        """Tell whether a name's byte or a dot stands before an offset, so that no word begins there."""
        return offset > 0 and (self.code[offset - 1] in IS_NAME or self.code[offset - 1] == 0x2E)

    def _braced(self, head: int, name: bytes | None, opening: int, *, declared: bool = False) -> Function | None:
        """Read a function or a method whose parameters' parenthesis opens at ``opening``."""
        groups, code = self.groups, self.code
        group = groups.opened_at(opening)
        if group < 0:
            return None
        brace = groups.end_of(group)
        while brace < len(code) and code[brace] in b" \t\r\n":
            brace += 1
        body = groups.opened_at(brace)
        if body < 0 or code[brace] != 0x7B:
            return None
        if code[head - 1 : head] == b" " and word_before(code, head) == b"async":
            head = before(code, head) - 5
        parameters, end = self._parameters(group), groups.close[body]
        if name:
            return Function(head, parameters, brace + 1, end, body, name, declared)
        return Function(head, parameters, brace + 1, end, body, self._assigned_name(head))

    def _arrow(self, at: int, after: int) -> Function | None:
        groups, code = self.groups, self.code
        end = before(code, at)
        if not end:
            return None
        if code[end - 1] == 0x29:
            group = groups.closed_at(end - 1)
            if group < 0:
                return None
            head, parameters = groups.open[group], self._parameters(group)
        else:
            word = word_before(code, end)
            if not word:
                return None
            head, parameters = end - len(word), [word]
        if word_before(code, head) == b"async":
            head = before(code, head) - 5
        start = after
        while start < len(code) and code[start] in b" \t\r\n":
            start += 1
        name = self._assigned_name(head)
        if start < len(code) and code[start] == 0x7B:
            body = groups.opened_at(start)
            return Function(head, parameters, start + 1, groups.close[body], body, name) if body >= 0 else None
        return Function(head, parameters, start, start, NOWHERE, name)

    def _assigned_name(self, head: int) -> bytes:
        end = before(self.code, head)
        if not end or self.code[end - 1] not in b"=:":
            return b""
        return word_before(self.code, end - 1)

    def enclosing(self, offset: int) -> int:
        """Return the number of the innermost function whose parameters or body hold an offset, ``OUTER`` for none."""
        _ = self.functions
        return self._enclosing(offset)

    def _enclosing(self, offset: int) -> int:
        return self._owner(offset, self.groups.group_at(offset))

    @cached_property
    def returns(self) -> dict[int, list[int]]:
        """Where the values that each function returns begin."""
        places: dict[int, list[int]] = {}
        for found in _RETURN.finditer(self.code):
            if self.continues(found.start()):
                continue
            places.setdefault(self.enclosing(found.start()), []).append(found.end())
        for number, function in enumerate(self.functions):
            if function.body < 0:
                places.setdefault(number, []).append(function.start)
        return places

    @cached_property
    def by_name(self) -> dict[bytes, list[int]]:
        """The functions of each name."""
        named: dict[bytes, list[int]] = {}
        for number, function in enumerate(self.functions):
            if function.name:
                named.setdefault(function.name, []).append(number)
        return named

    @cached_property
    def by_scope(self) -> dict[tuple[bytes, int], list[int]]:
        """The functions of each name within each function."""
        named: dict[tuple[bytes, int], list[int]] = {}
        for name, numbers in self.by_name.items():
            for number in numbers:
                named.setdefault((name, self.functions[number].outer), []).append(number)
        return named

    @cached_property
    def by_head(self) -> dict[int, int]:
        """The function that begins at each offset."""
        return {function.head: number for number, function in enumerate(self.functions)}

    @cached_property
    def callbacks(self) -> dict[bytes, list[int]]:
        """Where a function is handed by name to a method that calls it for each element: the offset of the method's dot."""
        places: dict[bytes, list[int]] = {}
        for found in _CALLBACK.finditer(self.code):
            places.setdefault(found.group(1), []).append(found.start())
        return places
