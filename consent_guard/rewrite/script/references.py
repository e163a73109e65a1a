"""What names stand for: variables, members, parameters and returned values, followed to the expressions that give them.

The half of ``values`` that goes from a name to expressions; the other half reads expressions. Work is counted here: it is
bounded in proportion to the script. Pure.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable
from itertools import islice
from typing import Final

from .functions import NAME, OUTER, Function
from .literals import UNKNOWN
from .structure import APPEND, KEYED, MEMBERS, Definition, Structure
from .tokenizer import before, word_before

Strings = tuple[str, ...]
"""The values that an expression may have; empty where it is no string, such as a comparison."""
NOT_TOLD: Final[Strings] = (UNKNOWN,)
DEPTH: Final = 28
"""Expressions within expressions that are followed, names and groups counted alike."""

KEPT: Final = 128
"""Readings of one expression that are kept side by side. What has more is not followed to its end."""
_WORK: Final = 1
"""Steps for each byte of a script; of 3,146 scripts from real pages, 0.4 % need more with those below, all past 64 KiB."""
_LEAST_WORK: Final = 1 << 17

Key = tuple[str, bytes, int, bool]
"""A question: what is asked, of which name, in which scope, and whether all of a value matters."""
ANY_SCOPE: Final = -2

MEMBER: Final = re.compile(rb"\s*+(?:\??\.\s*+([A-Za-z_$\x80-\xff][A-Za-z0-9_$\x80-\xff]*+)|(?:\?\.)?\s*?([(\[])|(`))")
"""What follows an operand: a member, or the opening bracket of an index or a call."""
_NAME: Final = re.compile(NAME)
_SPACES: Final = re.compile(rb"\s*+")
_WINDOWS: Final = frozenset((b"window", b"self", b"globalThis", b"top"))
"""What the members of are plain names as well."""
_EACH: Final = {
    b"forEach": 0,
    b"map": 0,
    b"some": 0,
    b"every": 0,
    b"filter": 0,
    b"find": 0,
    b"flatMap": 0,
    b"reduce": 1,
    b"then": 0,
}
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
        self.whole = False
        """Whether all of a value matters (HTML), and not only its beginning (an address)."""
        self.complete = True
        """Whether all was followed: False once the work or the depth ran out."""
        self._work = _WORK * len(self.code) + _LEAST_WORK
        self._known: dict[Key, tuple[Strings, int]] = {}
        """What names stand for, and the levels of ``_pending`` that were cut off when it was read: one bit for each."""
        self._pending: dict[Key, int] = {}
        """What is being read, and at which level."""
        self._held: dict[int, list[Key]] = {}
        """What is forgotten once what is read at a level is read."""
        self._cut = 0

    def spend(self, amount: int) -> bool:
        """Count some steps of work; tell whether any is left."""
        self._work -= amount
        if self._work <= 0:
            self.complete = False
        return self._work > 0

    @property
    def exhausted(self) -> bool:
        """Whether no work is left."""
        return self._work <= 0

    @abstractmethod
    def of(self, start: int, end: int, depth: int = 0) -> Strings:
        """Return what the expression in this span may say."""

    # --- combining -------------------------------------------------------------------------------------------------------

    def _united(self, parts: Iterable[Strings]) -> Strings:
        seen: dict[str, None] = {}
        for part in parts:
            for one in part:
                seen[one] = None
        return self._limited(seen)

    def _limited(self, seen: dict[str, None]) -> Strings:
        if len(seen) > KEPT:
            self.complete = False
            return tuple(islice(seen, KEPT))
        self.spend(len(seen) // 8)
        return tuple(seen)

    def _joined(self, left: Strings, right: Strings) -> Strings:
        if not left or not right:
            left, right = left or NOT_TOLD, right or NOT_TOLD
        if len(left) * len(right) > KEPT:
            # The first with all, and all with the first: the pairs that are left out are said to be.
            self.complete = False
            glued = dict.fromkeys(
                (*(left[0] + one for one in right[: KEPT // 2]), *(one + right[0] for one in left[: KEPT // 2]))
            )
        else:
            glued = dict.fromkeys(a + b for a in left for b in right)
        self.spend(sum(map(len, glued)))
        return tuple(glued)

    def _remembered(self, key: Key, depth: int, read: Callable[[], Strings]) -> Strings:
        """Return what a name stands for, read once.

        A name that is asked for while it is read itself answers nothing. What was read with such an answer holds as long as
        the name is still being read: it would get that answer again. After that it is forgotten, for the name has values then.
        """
        known = self._known.get(key)
        if known is not None:
            self._cut |= known[1]
            return known[0]
        level = self._pending.get(key)
        if level is not None:
            self._cut |= 1 << level
            return NOT_TOLD
        if depth > DEPTH or not self.spend(16):
            self.complete = False
            return NOT_TOLD
        level = self._pending[key] = len(self._pending)
        cut, self._cut = self._cut, 0
        value = read()
        del self._pending[key]
        for other in self._held.pop(level, ()):
            self._known.pop(other, None)
        own = self._cut & ~(1 << level)
        self._known[key] = value, own
        if own:
            self._held.setdefault(own.bit_length() - 1, []).append(key)
        self._cut = cut | own
        return value

    def _answer(self, name: bytes, base: bytes, at: int, depth: int) -> Strings | None:
        """Return what the script's own functions of a name return, None where it has none."""
        structure = self.structure
        if name not in self.text or (numbers := structure.by_name.get(name)) is None:
            return None
        scope = ANY_SCOPE
        if not base and (own := structure.by_scope.get((name, structure.scope_of(name, at)))) is not None:
            numbers, scope = own, structure.functions[own[0]].outer
        key = ("answer", name, scope, self.whole)
        return self._remembered(key, depth, lambda: self._united([self._returned(number, depth) for number in numbers]))

    def _returned(self, number: int, depth: int) -> Strings:
        places = self.structure.returns.get(number, ())
        key = ("returned", b"", number, self.whole)
        return self._remembered(key, depth, lambda: self._united([self._expression(place, depth + 1) for place in places]))

    def _expression(self, start: int, depth: int) -> Strings:
        """Return the values of the expression that begins at an offset and goes to its end."""
        if not self.spend(8):
            return NOT_TOLD
        end = self.structure.expression_end(start)
        self.spend((end - start) // 8)
        return self.of(start, end, depth)

    def _variable(self, name: bytes, at: int, depth: int) -> Strings:
        """Return what a variable may hold at an offset."""
        scope = self.structure.scope_of(name, at)
        key = ("variable", name, scope, self.whole)
        return self._remembered(key, depth, lambda: self._held_by(name, scope, depth))

    def _held_by(self, name: bytes, scope: int, depth: int) -> Strings:
        structure = self.structure
        parts: list[Strings] = []
        if scope >= 0:
            function = structure.functions[scope]
            if name in function.parameters:
                parts.append(self._passed(scope, function, function.parameters.index(name), depth))
        definitions = structure.assigned(name, scope)
        if scope == OUTER and not definitions and len(name) > 1:
            owned = structure.members_by_owner(name)
            definitions = sorted(one for window in _WINDOWS for one in owned.get(window, ()))
        parts += self._defined(definitions, depth)
        parts += [self._expression(start, depth + 1) for start in structure.filled(name, scope)]
        return self._united(parts) if parts else NOT_TOLD

    def _defined(self, definitions: list[Definition], depth: int) -> list[Strings]:
        """Return the values that definitions give, ``+=`` put to what went before it in the text."""
        parts: list[Strings] = []
        for definition in definitions:
            if definition[2] == KEYED:
                key = _NAME.match(self.code, definition[1])
                parts.append(self._member(key.group(), b"?", depth + 1) if key else NOT_TOLD)
                continue
            value = self._expression(definition[1], depth + 1)
            if definition[2] == APPEND and parts:
                parts[-1] = self._joined(parts[-1], value)
            else:
                parts.append(value)
        return parts

    def _member(self, name: bytes, base: bytes, depth: int) -> Strings:
        """Return what a member may hold: of the object that the base names where the script shows it, else of any."""
        if name not in self.text:
            return NOT_TOLD
        key = ("member", base + b"." + name, OUTER, self.whole)
        return self._remembered(key, depth, lambda: self._held_in(name, base, depth))

    def member(self, name: bytes) -> Strings:
        """Return what a member of that name may hold, whatever it is a member of."""
        return self._member(name, b"?", 0)

    def _held_in(self, name: bytes, base: bytes, depth: int) -> Strings:
        structure = self.structure
        chosen = structure.members_by_owner(name).get(base)
        if chosen is None and base in _WINDOWS:
            chosen = structure.assigned(name, OUTER)
        if chosen is None and base == b"this":
            # A field of a class.
            chosen = structure.members(name) or structure.variables.get(name)
        parts = self._defined(chosen or structure.members(name), depth)
        parts += [self._expression(start, depth + 1) for start in structure.filled(name, MEMBERS)]
        if not parts:
            # A getter.
            parts = [self._returned(number, depth) for number in structure.by_name.get(name, ())]
        return self._united(parts) if parts else NOT_TOLD

    def _entries(self, name: bytes, base: bytes, at: int, depth: int) -> Strings:
        """Return what the members of an object may hold that is written out where a name is defined."""
        structure = self.structure
        scope = OUTER if base else structure.scope_of(name, at)
        key = ("entries", base + b"." + name, scope, self.whole)
        return self._remembered(key, depth, lambda: self._held_within(name, base, scope, depth))

    def _held_within(self, name: bytes, base: bytes, scope: int, depth: int) -> Strings:
        structure = self.structure
        owned = structure.members_by_owner(name).get(base) or structure.members(name)
        definitions = owned if base else structure.assigned(name, scope)
        return self._united([self._values_of(one[1], depth) for one in definitions])

    def _values_of(self, start: int, depth: int) -> Strings:
        """Return what the members of an object literal at an offset may hold; nothing where there is none."""
        start = end_of_blanks(self.code, start)
        group = self.structure.groups.opened_at(start)
        if group < 0 or self.code[start] != 0x7B:
            return ()
        parts: list[Strings] = []
        for first, last in self.structure.elements(group):
            colon = self.code.find(b":", first, last)
            if colon >= 0 and self.spend(4):
                parts.append(self.of(colon + 1, last, depth + 1))
        return self._united(parts)

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
            for opening in structure.calls(function.name, structure.scope_of(function.name, function.head)):
                if not self.spend(8):
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
        self.spend(2 * len(spans))
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
        if method == b"then" and not self.code.startswith(b"Promise", structure.chain_start(dot - 1)):
            return []
        if _EACH.get(method) == index and not code[groups.open[group] + 1 : function.head].strip():
            return [self._before_dot(dot - 1, depth)]
        return []

    def _before_dot(self, dot: int, depth: int) -> Strings:
        start = self.structure.chain_start(dot)
        self.spend((dot - start) // 8 + 4)
        return self.of(start, dot, depth + 1)
