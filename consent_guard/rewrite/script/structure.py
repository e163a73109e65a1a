"""Where a script defines names: variables, members, declarations, and where it calls functions.

Each index is one pass over the masked code, made when it is first asked for: a script whose loading call holds its address as
it is needs none of them. Names are resolved by function: blocks are not told apart. Pure.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from functools import cached_property
from typing import Final

from .functions import NAME, OUTER, Function, Functions
from .tokenizer import before, word_before

_ASSIGNMENT: Final = re.compile(rb"=(?![=>])(?<![=!<>]=)")
_LOOP: Final = re.compile(
    rb"for\s*+(?:await\s*+)?\(\s*+(?:(?:var|let|const)\s++)?(" + NAME + rb")\s++(?:of|in)(?![A-Za-z0-9_$\x80-\xff])"
)
_DECLARATION: Final = re.compile(rb"(?:var|let|const)(?=[\s{\[])")
_PLAIN_DECLARATOR: Final = re.compile(rb"\s*+(" + NAME + rb")\s*+(?:=[^()\[\]{}`;,\r\n]*+)?([,;])")
_PATTERN_LOOP: Final = re.compile(rb"for\s*+(?:await\s*+)?\(\s*+(?:var|let|const)\s*+(?=[{\[])")
_OF: Final = re.compile(rb"\s*+(?:of|in)(?![A-Za-z0-9_$\x80-\xff])")
_SET_BRACKET: Final = re.compile(rb"[}\]]\s*+=(?![=>])")
_PUSH: Final = re.compile(rb"\.\s*+(?:push|unshift|add)\s*+\(")
_TAKEN: Final = re.compile(rb"\s*+(?:\.\.\.\s*+)?(" + NAME + rb")\s*+(?::\s*+(" + NAME + rb"))?")
_DECLARES: Final = frozenset((b"var", b"let", b"const"))
_LEADING_NAME: Final = re.compile(rb"\s*+(" + NAME + rb")")
_ANY_NAME: Final = re.compile(NAME)
_CALL: Final = re.compile(rb"(?<![A-Za-z0-9_$\x80-\xff])(" + NAME + rb")\s*+\(")
_COLON: Final = re.compile(rb":")
_QUOTED_KEY: Final = re.compile(rb"[\"'](\x01*+)[\"']\s*+(?::|\]\s*+(\+?)=(?![=>]))")
MEMBERS: Final = -2
"""Stands for the scope of what is called as a member of something."""
SET, APPEND, ELEMENT, KEYED = 0, 1, 2, 3
"""How a definition gives its value: ``x = v``, ``x += v``, ``for (x of v)``, ``{v: x} = …``."""
Definition = tuple[int, int, int]
"""A place that gives a name its value: where the name stands, where the value's expression begins, and how it gives it."""


class Structure(Functions):
    """The indexes over one script."""

    def __init__(self, text: bytes, code: bytes) -> None:
        super().__init__(text, code)
        self._calls: dict[bytes, dict[int, list[int]]] = {}
        self._members: dict[bytes, list[Definition]] = {}
        self._owned: dict[bytes, dict[bytes, list[Definition]]] = {}
        self._assigned: dict[bytes, dict[int, list[Definition]]] = {}
        self._scopes_of: dict[bytes, tuple[list[int], list[int]]] = {}

    @cached_property
    def _assignments(self) -> tuple[dict[bytes, list[Definition]], dict[bytes, list[Definition]]]:
        variables: dict[bytes, list[Definition]] = {}
        members: dict[bytes, list[Definition]] = {}
        code = self.code
        for found in _ASSIGNMENT.finditer(code):
            at = found.start()
            how = SET
            if code[at - 1] in b"+-*/%&|^?" and at:
                if code[at - 1] not in b"+|?":
                    continue
                how = APPEND if code[at - 1] == 0x2B else SET
                at -= 1
            end = before(code, at)
            name = word_before(code, end)
            if name:
                start = end - len(name)
                prior = before(code, start)
                table = members if prior and code[prior - 1] == 0x2E else variables
                table.setdefault(name, []).append((start, found.end(), how))
        for found in _LOOP.finditer(code):
            variables.setdefault(found.group(1), []).append((found.start(1), found.end(), ELEMENT))
        return variables, members

    @property
    def variables(self) -> dict[bytes, list[Definition]]:
        """The assignments to each plain name."""
        return self._assignments[0]

    def assigned(self, name: bytes, scope: int) -> list[Definition]:
        """Return the assignments to a plain name that is declared in a function, ``OUTER`` for one that is declared in none."""
        known = self._assigned.get(name)
        if known is None:
            known = self._assigned[name] = {}
            for definition in (*self.variables.get(name, ()), *self._taken.get(name, ())):
                known.setdefault(self.scope_of(name, definition[0]), []).append(definition)
        return known.get(scope, [])

    def _parameter_patterns(self, function: Function) -> Iterator[int]:
        """Yield the groups of the patterns among a function's parameters."""
        group = self.parameter_group(function)
        for start, end in self.elements(group) if group >= 0 else ():
            while start < end and self.code[start] in b" \t\r\n":
                start += 1
            if start < end and self.code[start] == 0x7B and (pattern := self.groups.opened_at(start)) >= 0:
                yield pattern

    @cached_property
    def _taken(self) -> dict[bytes, list[Definition]]:
        """The names that patterns take out of objects and lists: ``{key: name} = v``, ``[name] = v``, also in the head of a
        loop and among parameters."""
        taken: dict[bytes, list[Definition]] = {}
        code, groups = self.code, self.groups
        patterns = [
            (group, found.end())
            for found in _SET_BRACKET.finditer(code)
            if (group := groups.closed_at(found.start())) >= 0 and self._is_pattern(groups.open[group])
        ]
        for found in _PATTERN_LOOP.finditer(code):
            group = groups.opened_at(found.end())
            if group >= 0 and (of := _OF.match(code, groups.end_of(group))) is not None:
                patterns.append((group, of.end()))
        for function in self.functions:
            if b"" in function.parameters:
                patterns += ((group, -1) for group in self._parameter_patterns(function))
        for group, value in patterns:
            keyed = code[groups.open[group]] == 0x7B
            for start, end in self.elements(group):
                name = _TAKEN.match(code, start, end)
                if name is not None and (keyed or value >= 0):
                    local = 1 if name.group(2) is None else 2
                    how = (name.start(1), KEYED) if keyed else (value, SET)
                    taken.setdefault(name.group(local), []).append((name.start(local), *how))
        return taken

    def _is_pattern(self, opening: int) -> bool:
        """Tell whether brackets that are assigned to hold a pattern, and not the index of what stands before them."""
        prior = before(self.code, opening)
        if self.code[opening] == 0x7B or not prior or self.code[prior - 1] in b"(,;{":
            return True
        return word_before(self.code, prior) in _DECLARES

    @cached_property
    def _filled(self) -> dict[tuple[bytes, int], list[int]]:
        filled: dict[tuple[bytes, int], list[int]] = {}
        code, groups = self.code, self.groups

        def note(end: int, value: int) -> None:
            if name := word_before(code, end):
                at = before(code, end) - len(name)
                prior = before(code, at)
                own = MEMBERS if prior and code[prior - 1] == 0x2E else self.scope_of(name, at)
                filled.setdefault((name, own), []).append(value)

        for found in _PUSH.finditer(code):
            note(found.start(), found.end())
        for found in _SET_BRACKET.finditer(code):
            group = groups.closed_at(found.start())
            if group >= 0 and not self._is_pattern(groups.open[group]) and code[groups.open[group] + 1] not in b"\"'":
                note(groups.open[group], found.end())
        return filled

    def filled(self, name: bytes, scope: int) -> list[int]:
        """Return where the values begin that are put into a list or an object: ``name.push(v)``, ``name[k] = v``. ``scope``:
        the function that declares it, ``MEMBERS`` for the members of that name."""
        return self._filled.get((name, scope), [])

    @cached_property
    def _openings(self) -> dict[bytes, list[int]]:
        """The opening parenthesis of each call of each name."""
        openings: dict[bytes, list[int]] = {}
        for found in _CALL.finditer(self.code):
            openings.setdefault(found.group(1), []).append(found.end() - 1)
        return openings

    def calls(self, name: bytes, scope: int) -> list[int]:
        """Return the opening parenthesis of each call, also with ``new``, of a plain name that is declared in a function, and
        of every member of that name."""
        found = self._calls.get(name)
        if found is None:
            found = self._calls[name] = {}
            for opening in self._openings.get(name, ()):
                at = before(self.code, opening) - len(name)
                prior = before(self.code, at)
                own = MEMBERS if prior and self.code[prior - 1] == 0x2E else self.scope_of(name, at)
                found.setdefault(own, []).append(opening)
        return found.get(scope, []) + found.get(MEMBERS, [])

    @cached_property
    def _keys(self) -> dict[bytes, list[Definition]]:
        """The keys of object literals, and those in brackets that are assigned to."""
        keys: dict[bytes, list[Definition]] = {}
        code, text = self.code, self.text
        for found in _COLON.finditer(code):
            name = word_before(code, found.start())
            start = before(code, found.start()) - len(name)
            prior = before(code, start)
            if name and prior and code[prior - 1] in b"{,":
                keys.setdefault(name, []).append((start, found.end(), SET))
        for found in _QUOTED_KEY.finditer(code):
            how = APPEND if found.group(2) else SET
            keys.setdefault(text[found.start(1) : found.end(1)], []).append((found.start(), found.end(), how))
        return keys

    def members(self, name: bytes) -> list[Definition]:
        """Return the assignments to a member: ``x.name = v``, ``x["name"] = v``, ``{name: v}``, ``{"name": v}``."""
        found = self._members.get(name)
        if found is None:
            found = self._members[name] = sorted((*self._assignments[1].get(name, ()), *self._keys.get(name, ())))
        return found

    def members_by_owner(self, name: bytes) -> dict[bytes, list[Definition]]:
        """Return the assignments to a member, by the name of what it is set on: of ``base.name = v``, ``base["name"] = v``,
        ``base = {name: v}``; empty where that has no name."""
        owned = self._owned.get(name)
        if owned is None:
            owned = self._owned[name] = {}
            for definition in self.members(name):
                owned.setdefault(self._set_on(definition), []).append(definition)
        return owned

    def _set_on(self, definition: Definition) -> bytes:
        code, groups = self.code, self.groups
        prior = before(code, definition[0])
        if prior and code[prior - 1] in b".[":
            return word_before(code, prior - 1)
        group = groups.group_at(definition[0])
        if group < 0:
            return b""
        opening = before(code, groups.open[group])
        return word_before(code, opening - 1) if opening and code[opening - 1] in b"=:" else b""

    @cached_property
    def _declared(self) -> dict[int, set[bytes]]:
        code = self.code
        declared: dict[int, set[bytes]] = {
            number: {name for name in function.parameters if name} for number, function in enumerate(self.functions)
        }
        for number, function in enumerate(self.functions):
            if b"" in function.parameters:
                for pattern in self._parameter_patterns(function):
                    declared[number].update(_ANY_NAME.findall(code, self.groups.open[pattern], self.groups.end_of(pattern)))
        read_until: dict[int, int] = {}
        for found in _DECLARATION.finditer(code):
            if self.continues(found.start()):
                continue
            group = self.groups.group_at(found.start())
            if found.start() < read_until.get(group, 0):
                continue
            names = declared.setdefault(self.enclosing(found.start()), set())
            position = found.end()
            while True:
                plain = _PLAIN_DECLARATOR.match(code, position)
                if plain is not None:
                    names.add(plain.group(1))
                    position = plain.end()
                    if plain.group(2) == b",":
                        continue
                    break
                name = _LEADING_NAME.match(code, position)
                if name is not None:
                    names.add(name.group(1))
                elif position < len(code) and code[position] in b"{[" and (pattern := self.groups.opened_at(position)) >= 0:
                    names.update(_ANY_NAME.findall(code, self.groups.open[pattern], self.groups.end_of(pattern)))
                position = self.expression_end(position)
                if position >= len(code) or code[position] != 0x2C:
                    break
                position += 1
                while position < len(code) and code[position] in b" \t\r\n":
                    position += 1
            read_until[group] = position
        for function in self.functions:
            if function.declared:
                declared.setdefault(function.outer, set()).add(function.name)
        return declared

    @cached_property
    def _declarers(self) -> dict[bytes, list[int]]:
        """The functions that declare each name."""
        declarers: dict[bytes, list[int]] = {}
        for number, names in self._declared.items():
            if number >= 0:
                for name in names:
                    declarers.setdefault(name, []).append(number)
        return declarers

    @cached_property
    def _family(self) -> tuple[list[int], list[int]]:
        """Numbers by which a function's own is followed by those of all functions in it: each one's, and the last in it plus
        one. A function's head stands before the heads of those in it."""
        functions = self.functions
        order = sorted(range(len(functions)), key=lambda number: functions[number].head)
        sizes = [1] * len(functions)
        for number in reversed(order):
            if (outer := functions[number].outer) >= 0:
                sizes[outer] += sizes[number]
        first, free, top = [0] * len(functions), [0] * len(functions), 0
        for number in order:
            outer = functions[number].outer
            if outer >= 0:
                first[number] = free[outer]
                free[outer] += sizes[number]
            else:
                first[number] = top
                top += sizes[number]
            free[number] = first[number] + 1
        return first, [start + size for start, size in zip(first, sizes, strict=True)]

    def _scopes(self, name: bytes) -> tuple[list[int], list[int]]:
        """Return from which of the family's numbers on a name is declared where: walking outwards at each question would take
        as long as functions are deep."""
        known = self._scopes_of.get(name)
        if known is None:
            first, beyond = self._family
            starts: list[int] = []
            scopes: list[int] = []
            around: list[int] = []
            for number in sorted(self._declarers.get(name, ()), key=first.__getitem__):
                while around and beyond[around[-1]] <= first[number]:
                    starts.append(beyond[around.pop()])
                    scopes.append(around[-1] if around else OUTER)
                around.append(number)
                starts.append(first[number])
                scopes.append(number)
            while around:
                starts.append(beyond[around.pop()])
                scopes.append(around[-1] if around else OUTER)
            known = self._scopes_of[name] = starts, scopes
        return known

    def scope_of(self, name: bytes, offset: int) -> int:
        """Return the function in which the name that stands at an offset is declared, ``OUTER`` for none."""
        starts, scopes = self._scopes(name)
        number = self.enclosing(offset) if starts else OUTER
        found = bisect_right(starts, self._family[0][number]) - 1 if number >= 0 else -1
        return scopes[found] if found >= 0 else OUTER
