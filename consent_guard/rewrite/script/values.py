"""What an expression may say: strings followed back through concatenation, variables, members, parameters and returned values.

An expression's values are a few strings, with ``UNKNOWN`` where the script does not tell. They are found from where they are
used, so data that no call reaches is never looked at. What has more readings than are kept is not lost: it is noted apart.
Work is bounded in proportion to the script; what goes past it is said (``Values.complete``). Pure.
"""

from __future__ import annotations

import re
from typing import Final

from .literals import UNKNOWN, literal_text
from .references import DEPTH, MEMBER, NOT_TOLD, References, Strings, end_of_blanks
from .tokenizer import NOWHERE

_TERM: Final = re.compile(
    rb"""\s*+(?:
      (["'])(\x01*+)["']?                                     # 1, 2: a string
    | ([A-Za-z_$\x80-\xff][A-Za-z0-9_$\x80-\xff]*+)           # 3: a name or a keyword
    | ([0-9][A-Za-z0-9_.]*+)                                  # 4: a number
    | (===|!==|==|!=|<=|>=|=>|&&=?|\|\|=?|\?\?=?|\?\.|\+\+|--|\+=|-=|\*\*|<<|>>>?|\.\.\.|[\s\S])  # 5
    )""",
    re.X,
)
_TOLD: Final = re.compile(r"(?:[A-Za-z][A-Za-z0-9+.\-]*:)?//[^/?#\0]+[/?#]")
"""An address of which all that a rule may read first is known."""
_COMPARISONS: Final = frozenset(b"=== !== == != < > <= >= in instanceof".split())
_KEEPS: Final = frozenset(
    b"replace replaceAll trim trimEnd trimStart toString toLowerCase toUpperCase slice substring substr valueOf pop shift"
    b" normalize toLocaleLowerCase map filter reverse split find sort at flat values entries get".split()
)
"""Methods that answer with what they are called on, or part of it."""
_ANSWERS_NO_TEXT: Final = frozenset(
    b"indexOf lastIndexOf includes startsWith endsWith test search match matchAll exec some every hasOwnProperty contains"
    b" charCodeAt charAt localeCompare getElementById getElementsByTagName getElementsByClassName querySelector"
    b" querySelectorAll getAttribute hasAttribute getItem createElement createElementNS closest matches setItem getTime now"
    b" random floor ceil round stringify addEventListener attachEvent push unshift log warn error info debug is parseInt"
    b" parseFloat Number Date RegExp Error Image encodeURIComponent escape getCookie MutationObserver XMLHttpRequest"
    b" setTimeout setInterval requestAnimationFrame"
    b" forEach keys has getTimezoneOffset matchMedia isArray define $ jQuery write appendChild insertBefore".split()
)
"""Functions and methods whose answer does not hold their arguments, or not as an address."""
_KEYWORDS: Final = frozenset(b"await typeof void delete async yield".split())


class Values(References):
    """Finds the values of a script's expressions."""

    def _told(self, values: Strings) -> bool:
        """Whether what follows can be left out: all readings are addresses with a host already."""
        return not self.whole and bool(values) and all(_TOLD.match(one) is not None for one in values)

    # --- expressions -----------------------------------------------------------------------------------------------------

    def of(self, start: int, end: int, depth: int = 0) -> Strings:
        """Return what the expression in this span may say."""
        if depth > DEPTH or not self.spend(8):
            self.complete = False
            return NOT_TOLD
        code = self.code
        options: list[Strings] = []
        committed = 0
        current: Strings | None = None
        compared = False
        position = start
        while position < end:
            term = _TERM.match(code, position, end)
            if term is None or not self.spend(4):
                break
            position = term.end()
            which = term.lastindex
            if which is None:
                break
            value: Strings | None = None
            if which == 2:
                value = self._literal(term.start(2), term.end(2))
                value, position = self._members(value, b"", term.start(1), position, end, depth)
            elif which == 3:
                word = term.group(3)
                at = term.start(3)
                if word in _COMPARISONS:
                    current, compared = (), True
                    continue
                if word in _KEYWORDS:
                    continue
                if word == b"new":
                    continue
                if word in (b"function", b"class"):
                    position = self._past_function(position, end)
                    value = ()
                elif self._is_arrow(position, end):
                    return self._united([*options, ()]) if options else ()
                elif current is not None and self._told(current):
                    position = self._past_chain(position, end)
                    value = NOT_TOLD
                else:
                    value, position = self._members(None, word, at, position, end, depth)
            elif which == 4:
                value = (term.group(4).decode("ascii"),)
            else:
                mark = term.group(5)
                first = mark[0]
                if mark == b"+":
                    continue
                if mark in b"([{`" and len(mark) == 1:
                    value, position = self._group(term.start(5), position, end, current, depth)
                elif mark == b"?":
                    # What went before is the condition.
                    del options[committed:]
                    current, compared = None, False
                    continue
                elif mark in (b"||", b"??", b":", b"||=", b"??="):
                    if current is not None and not compared:
                        options.append(current)
                    if mark == b":":
                        committed = len(options)
                    current, compared = None, False
                    continue
                elif mark in (b"&&", b"=", b"+=", b"&&="):
                    current, compared = None, False
                    continue
                elif mark == b",":
                    options.clear()
                    committed = 0
                    current, compared = None, False
                    continue
                elif mark == b"=>":
                    return ()
                elif mark in _COMPARISONS or first in b"!~":
                    current, compared = (), True
                    continue
                elif first == 0x02:
                    position = self._past(position, end, b"\x02")
                    value, position = self._members((), b"", term.start(5), position, end, depth)
                elif mark == b";":
                    break
                else:
                    continue
            if compared:
                continue
            current = value if current is None else self._joined(current, value)
        if current is not None and not compared:
            options.append(current)
        return self._united(options)

    def _past(self, position: int, end: int, byte: bytes) -> int:
        while position < end and self.code[position] == byte[0]:
            position += 1
        return position

    def _literal(self, start: int, end: int) -> Strings:
        self.spend(end - start)
        return (literal_text(self.text[start:end]),)

    def _is_arrow(self, position: int, end: int) -> bool:
        at = end_of_blanks(self.code, position)
        return self.code.startswith(b"=>", at) and at < end

    def _past_function(self, position: int, end: int) -> int:
        """Return the offset after a function expression whose keyword ends at ``position``."""
        brace = self.code.find(b"{", position, end)
        group = self.structure.groups.opened_at(brace) if brace >= 0 else NOWHERE
        return min(end, self.structure.groups.end_of(group)) if group >= 0 else end

    def _past_chain(self, position: int, end: int) -> int:
        groups = self.structure.groups
        while position < end:
            member = MEMBER.match(self.code, position, end)
            if member is None:
                return position
            if member.group(1) is not None:
                position = member.end()
                continue
            opening = member.end() - 1
            group = groups.opened_at(opening)
            if group < 0:
                return end
            position = groups.end_of(group)
            self.spend(1)
        return end

    def _group(self, at: int, position: int, end: int, current: Strings | None, depth: int) -> tuple[Strings, int]:
        """Read what stands in brackets at the beginning of an operand."""
        groups = self.structure.groups
        group = groups.opened_at(at)
        if group < 0:
            return NOT_TOLD, position
        after = min(end, groups.end_of(group))
        inner = (groups.open[group] + 1, groups.close[group])
        kind = self.code[at]
        told = current is not None and self._told(current)
        if kind == 0x60:
            return self._members(self._template(group, depth), b"", at, after, end, depth)
        if kind == 0x7B:
            return (), after
        if kind == 0x28:
            if self._is_arrow(after, end):
                return (), end
            value = NOT_TOLD if told else self.of(*inner, depth + 1)
            return self._members(value, b"", at, after, end, depth)
        value = self._list(group, depth)
        return self._members(value, b"", at, after, end, depth)

    def _list(self, group: int, depth: int) -> Strings:
        spans = self.structure.elements(group)
        self.spend(4 * len(spans))
        return self._united([self.of(start, end, depth + 1) for start, end in spans])

    def _template(self, group: int, depth: int) -> Strings:
        """Read a template: its text and the values of its ``${...}``."""
        groups, code = self.structure.groups, self.code
        position, end = groups.open[group] + 1, groups.close[group]
        value: Strings = ("",)
        while position < end:
            brace = code.find(b"{", position, end)
            if brace < 0:
                value = self._joined(value, self._literal(position, end))
                break
            if brace - 1 > position:
                value = self._joined(value, self._literal(position, brace - 1))
            inner = groups.opened_at(brace)
            if inner < 0:
                break
            told = self._told(value)
            value = self._joined(value, NOT_TOLD if told else self.of(brace + 1, groups.close[inner], depth + 1))
            position = groups.end_of(inner)
        return value

    # --- names, members, calls -------------------------------------------------------------------------------------------

    def _members(self, value: Strings | None, name: bytes, at: int, position: int, end: int, depth: int) -> tuple[Strings, int]:
        """Follow ``.name``, ``[...]`` and ``(...)`` after an operand; return the chain's value and where the chain ends.

        ``value`` is None as long as it need not be known: the operand is then what ``name`` stands for, a variable, or a
        member once ``base`` (the name before it) is set.
        """
        groups, code = self.structure.groups, self.code
        base = b""
        while position < end:
            member = MEMBER.match(code, position, end)
            if member is None or not self.spend(2):
                break
            following = member.group(1)
            if following is not None:
                position = member.end()
                opening = end_of_blanks(code, position)
                if opening < end and code[opening] == 0x28:
                    group = groups.opened_at(opening)
                    if group < 0:
                        break
                    value = self._method(value, base, name, at, following, group, depth)
                    position = min(end, groups.end_of(group))
                elif following == b"length":
                    value = ()
                elif following == b"href" and value:
                    pass  # new URL("...").href
                else:
                    base, name, at, value = (name if value is None else b"?"), following, member.start(1), None
                continue
            opening = member.end() - 1
            group = groups.opened_at(opening)
            if group < 0:
                break
            position = min(end, groups.end_of(group))
            if code[opening] == 0x28:
                value = self._call(name, base, at, group, depth) if value is None else self._called_value(at, depth)
            elif code[opening] == 0x60:
                value = self._template(group, depth) if (base, name) == (b"String", b"raw") else NOT_TOLD
            elif (key := self._only_literal(group)) is not None:
                base, name, at, value = (name if value is None else b"?"), key, opening, None
            elif value is None:
                # Any other index takes an element: a list is read as all its elements, and an object as all its members.
                value = self._element(name, base, at, group, depth)
        if value is None:
            value = self._member(name, base, depth) if base else self._variable(name, at, depth)
        return value, position

    def _element(self, name: bytes, base: bytes, at: int, index: int, depth: int) -> Strings:
        """Return what an element of what a name stands for may be."""
        if base:
            held = self._member(name, base, depth)
        elif name == b"arguments":
            structure = self.structure
            number = structure.enclosing(at)
            place = self.code[structure.groups.open[index] + 1 : structure.groups.close[index]].strip()
            if number < 0 or not place.isdigit() or len(place) > 2:
                return NOT_TOLD
            return self._passed(number, structure.functions[number], int(place), depth)
        else:
            held = self._variable(name, at, depth)
        entries = self._entries(name, base, at, depth)
        return self._united([held, entries]) if entries else held

    def _contents(self, start: int, end: int, depth: int) -> Strings:
        """Return what the members may hold of the object that an expression names."""
        written = self._values_of(start, depth)
        term = _TERM.match(self.code, start, end)
        if written or term is None or term.lastindex != 3 or self.code[term.end() : end].strip():
            return written or NOT_TOLD
        return self._entries(term.group(3), b"", term.start(3), depth) or NOT_TOLD

    def _only_literal(self, group: int) -> bytes | None:
        """Return the text of an index that is one string, None for any other."""
        groups = self.structure.groups
        start, end = groups.open[group] + 1, groups.close[group]
        term = _TERM.match(self.code, start, end)
        if term is None or term.lastindex != 2 or self.code[term.end() : end].strip():
            return None
        return self.text[term.start(2) : term.end(2)]

    def _method(
        self, value: Strings | None, base: bytes, name: bytes, at: int, method: bytes, group: int, depth: int
    ) -> Strings:
        """Return what a method call answers."""
        if method in _ANSWERS_NO_TEXT:
            return ()
        if name == b"Object" and method in (b"values", b"entries"):
            spans = self.structure.elements(group)
            return self._contents(*spans[0], depth) if spans else NOT_TOLD
        keeps = method in _KEEPS
        if keeps or method in (b"concat", b"join"):
            if value is None:
                value = self._member(name, base, depth) if base else self._variable(name, at, depth)
            spans = self.structure.elements(group)
            if method == b"concat":
                for span in spans:
                    value = self._joined(value, self.of(*span, depth + 1))
            elif method == b"join" and len(spans) == 1:
                glue = self.of(*spans[0], depth + 1)
                return self._join(at, glue, value, depth)
            elif method in (b"replace", b"replaceAll") and len(spans) == 2:
                return self._replaced(value, spans, depth)
            return value
        return self._call(method, name or b"?", at, group, depth)

    def _join(self, at: int, glue: Strings, value: Strings, depth: int) -> Strings:
        """Return a list of strings put together, where the list itself stands before ``.join``."""
        groups = self.structure.groups
        if self.code[at : at + 1] == b"[" and len(glue) == 1 and (group := groups.opened_at(at)) >= 0:
            joined: Strings = ("",)
            for number, span in enumerate(self.structure.elements(group)):
                joined = (
                    self._joined(joined, self.of(*span, depth + 1))
                    if not number
                    else self._joined(self._joined(joined, glue), self.of(*span, depth + 1))
                )
            return joined
        return value

    def _replaced(self, value: Strings, spans: list[tuple[int, int]], depth: int) -> Strings:
        """Return what ``replace(old, new)`` may make of a value."""
        old, new = (self.of(*span, depth + 1) for span in spans)
        if len(old) == 1 and old != NOT_TOLD and all(UNKNOWN not in one for one in value) and old[0]:
            return self._united([(one.replace(old[0], other, 1),) for one in value for other in new or NOT_TOLD])
        return self._united([value, new])

    def _call(self, name: bytes, base: bytes, at: int, group: int, depth: int) -> Strings:
        """Return what a call of a function answers: what the script's own function of that name returns, else its arguments,
        which it may hand on."""
        if name in _ANSWERS_NO_TEXT:
            return ()
        own = self._answer(name, base, at, depth)
        if own is not None:
            return own
        spans = self.structure.elements(group)
        self.spend(4 * len(spans))
        return self._united([self.of(*span, depth + 1) for span in spans[:6]]) or NOT_TOLD

    def _called_value(self, at: int, depth: int) -> Strings:
        """Return what a function that is called where it stands answers: ``(function () { return ... })()``."""
        structure = self.structure
        outer = structure.groups.opened_at(at) if self.code[at : at + 1] == b"(" else NOWHERE
        if outer >= 0:
            number = structure.by_head.get(end_of_blanks(self.code, structure.groups.open[outer] + 1))
            if number is not None:
                return self._returned(number, depth)
        return NOT_TOLD
