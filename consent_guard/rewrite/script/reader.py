"""Goes through the loading calls of one script and reads what each is given.

``calls`` says which these are, ``values`` what an expression may say. May import the fetch table.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from functools import cached_property
from typing import Final

from ..fetch_table import TABLE, Grammar
from .addresses import Address, address, in_text
from .calls import (
    ALIAS,
    ARGUMENTS,
    ATTRIBUTES_ONLY,
    CLIENTS,
    CODE,
    CONSTRUCTORS,
    CSS,
    EVERY,
    FETCHING_MEMBERS,
    FRAME_BEFORE,
    HTML,
    JQUERY_INSERTS,
    LIBRARY_CALLS,
    METHOD_CALL,
    METHOD_CALL_BY_KEY,
    METHODS,
    METHODS_READ,
    PLAIN_CALL,
    PLAIN_READ,
    REQUESTS,
    SET,
    SET_BY_KEY,
    SET_FRAME,
    SET_STYLE,
    URL,
    is_loader,
)
from .literals import UNKNOWN, literal_text
from .markup import css_addresses, html_parts
from .references import end_of_blanks
from .structure import Structure
from .tokenizer import TEXT, before, word_before
from .values import Values

_JAVASCRIPT: Final = re.compile(r"[\x00-\x20]*javascript:", re.I)
_NESTED: Final = 2
"""Scripts within a script's strings (``eval``, ``javascript:``) that are read as well, one in the other."""
_PLAIN_VALUE: Final = re.compile(rb"\s*+[\"'](\x01++)[\"']\s*+(?:[;)}]|$)")
_HTML_SIGN: Final = re.compile(
    b"(?:style|on[a-z]{4,24}|"
    + b"|".join(sorted({one.attribute.encode() for one in TABLE if one.grammar is not Grammar.CSS}))
    + rb")\s*+=",
    re.I,
)
"""An attribute that fetches; one whose CSS does holds a sign of CSS besides."""
_CSS_SIGN: Final = re.compile(rb"[(@\\](?:(?<=url\()|(?<=image-set\()|(?<=src\()|(?<=@)import|(?<=\\)\\[0-9A-Fa-f])", re.I)
_CODE_SIGN: Final = re.compile(rb"\.src\b|import|fetch|setAttribute|document\.write|Script")
_MADE: Final = re.compile(
    rb"createElement(?:NS)?\([^;\"'`]*+(?:[\"'`][^\"'`]*+[\"'`]\s*+,\s*+)?[\"'`](link|object)[\"'`]", re.I
)
_LINK: Final = re.compile(rb"[\"'`]link[\"'`]|\brel[\"']?\s*+:", re.I)
_JQUERY: Final = re.compile(rb"(?:(?:window|self)\s*+\.\s*+)?(?:\$|jQuery)(?![A-Za-z0-9_$])")
_LOADED_KEYS: Final = tuple(name for name in FETCHING_MEMBERS if name not in (b"href", b"data"))
_LINK_SIGN: Final = re.compile(rb"[\"'`]link[\"'`]|rel\b", re.I)
_WINDOWS: Final = frozenset((b"window", b"self", b"top", b"parent", b"opener", b"document", b"indexedDB", b"caches"))
Within = Callable[[bytes, int], tuple[Iterable[Address], bool]]
"""Returns the addresses that a script within another loads, and whether these are all."""


def may_load(name: bytes) -> bool:
    """Tell whether a function of a name may be a loading call."""
    return name in PLAIN_READ or is_loader(name, b"")


def called(code: bytes, opening: int) -> bytes:
    """Return the name that is called at a parenthesis, ``?.`` before it left out."""
    return word_before(code, opening - 2 if code[opening - 2 : opening] == b"?." else opening)


class Reader:
    """Goes through the loading calls of one script."""

    def __init__(self, text: bytes, code: bytes, nested: int, within: Within) -> None:
        """``nested``: how many scripts lie around this one; ``within``: reads a script that lies in this one's strings."""
        self.text = text
        self.code = code
        self.nested = nested
        self.within = within
        self.structure = Structure(text, code)
        self.values = Values(self.structure)
        self.by_name = False
        """The call at hand is known by its name alone."""
        self.on_jquery = False
        """The call at hand is a method of jQuery's."""
        self._elements: dict[tuple[bytes, bytes], bool] = {}
        """Whether a name is that of such an element."""
        self.found: dict[tuple[str, str], Address] = {}

    def read(self) -> list[Address]:
        code, values = self.code, self.values
        for found in SET.finditer(code):
            if values.exhausted:
                break
            self._set(found.group(1), found.start(), found.end())
        for found in SET_BY_KEY.finditer(code):
            if values.exhausted:
                break
            self._set(self.text[found.start(1) : found.end(1)], found.start(), found.end())
        for pattern, kind, call in ((SET_STYLE, CSS, b"style"), (SET_FRAME, URL, b"location")):
            if self._worth(kind):
                for found in pattern.finditer(code):
                    if values.exhausted:
                        break
                    self._set_to(found.end(), kind, call, found.start())
        for at, opening, name in self._named_calls():
            if values.exhausted:
                break
            self._call(name, at, opening)
        return sorted(self.found.values(), key=lambda one: one.at)

    def _named_calls(self) -> Iterator[tuple[int, int, bytes]]:
        """Yield where a function's name begins, its parenthesis and its name, for each that may load."""
        code = self.code
        for found in METHOD_CALL.finditer(code):
            name = found.group(1)
            if name in METHODS_READ or is_loader(name, b""):
                yield found.start(1), found.start(2), name
        for found in METHOD_CALL_BY_KEY.finditer(code):
            name = self.text[found.start(1) : found.end(1)]
            if name in METHODS_READ or is_loader(name, b""):
                yield found.start(), found.start(2), name
        for found in PLAIN_CALL.finditer(code):
            name = called(code, found.start())
            if may_load(name):
                end = found.start() - 2 if code[found.start() - 2 : found.start()] == b"?." else found.start()
                start = before(code, end) - len(name)
                if code[start - 1 : start] != b".":
                    yield start, found.start(), name
        for found in ALIAS.finditer(code):
            alias = word_before(code, found.start())
            for opening in self.structure.calls(alias, self.structure.scope_of(alias, found.start())) if alias else ():
                yield before(code, opening) - len(alias), opening, found.group(1)

    # --- calls -----------------------------------------------------------------------------------------------------------

    def _set(self, member: bytes, at: int, start: int) -> None:
        kind = FETCHING_MEMBERS.get(member)
        if (
            kind is None
            or not self._worth(kind)
            or (member == b"href" and not self._on_link(at))
            or (member == b"data" and not self._on_object(at))
        ):
            return
        self._set_to(start, kind, member, at)

    def _set_to(self, start: int, kind: str, member: bytes, at: int) -> None:
        plain = _PLAIN_VALUE.match(self.code, start)
        if plain is not None:
            self._said((literal_text(self.text[plain.start(1) : plain.end(1)]),), kind, member, at)
        else:
            end = self.structure.expression_end(start)
            if self.values.spend((end - start) // 8):
                self._given(start, end, kind, member, at)

    def _worth(self, kind: str) -> bool:
        """Tell whether the script's strings hold what text of a kind must hold to load anything."""
        return kind == URL or (
            (self._holds_html or self._holds_code) if kind == HTML else self._holds_css if kind == CSS else self._holds_code
        )

    @cached_property
    def _holds_html(self) -> bool:
        return self._holds_css or any(self.code[found.start()] == TEXT for found in _HTML_SIGN.finditer(self.text))

    @cached_property
    def _holds_css(self) -> bool:
        return any(self.code[found.start()] == TEXT for found in _CSS_SIGN.finditer(self.text))

    @cached_property
    def _holds_code(self) -> bool:
        return self._holds_css or any(self.code[found.start()] == TEXT for found in _CODE_SIGN.finditer(self.text))

    def _call(self, name: bytes, start: int, opening: int, spans: list[tuple[int, int]] | None = None) -> None:
        """Read a call. ``spans``: its arguments, where they are not those in its parentheses."""
        code = self.code
        if spans is None:
            spans = self._arguments(opening)
        if name in (b"$", b"jQuery"):
            # $('<script src="...">'), $('<img>', {src: "..."}): any other call of jQuery's only looks for elements.
            if spans and self.text[opening + 2 : opening + 3] == b"<":
                self._given(*spans[0], HTML, b"$", start)
                self.by_name = True
                for span in spans[1:]:
                    self._members_of(span, start)
                self.by_name = False
            return
        prior = before(code, start)
        base = word_before(code, prior - 1) if prior and code[prior - 1] == 0x2E else b""
        if name in (b"call", b"apply"):
            self._through(name, base, prior, opening, spans)
        elif name in CONSTRUCTORS:
            if word_before(code, start) == b"new" or name == b"Function":
                self._take(spans, *CONSTRUCTORS[name], name, start)
        elif name in (b"setAttribute", b"setAttributeNS", b"attr", b"prop"):
            self._attribute(spans, name, start)
        elif name == b"open":
            if base not in _WINDOWS and prior and code[prior - 1] == 0x2E and len(spans) > 1 and self._is_method(spans[0]):
                self._given(*spans[1], URL, name, start)
        elif name in (b"assign", b"replace") and base == b"location":
            if FRAME_BEFORE.search(code, max(0, start - 80), start):
                self._take(spans, 0, URL, name, start)
        elif name == b"assign":
            if base == b"Object":
                link = any(_LINK.search(self.text, *span) for span in spans)
                for span in spans:
                    self._members_of(span, start, link=link)
        elif name == b"load":
            if self._on_jquery(prior - 1):
                self._take(spans, 0, URL, name, start)
        elif name == b"axios" or (name in REQUESTS and base in CLIENTS):
            if spans:
                self._given(*spans[0], URL, name, start)
                self._members_of(spans[0], start, (b"url",))
                if name == b"ajax" and len(spans) > 1:
                    self._members_of(spans[1], start, (b"url",))
        elif name in ARGUMENTS and not (name == b"css" and base in (b"LazyLoad",)):
            index, kind = ARGUMENTS[name]
            if self._worth(kind) and spans and word_before(code, start) != b"function":
                self.on_jquery = name in JQUERY_INSERTS and self._on_jquery(prior - 1)
                self._take(spans, index, kind, name, start)
                self.on_jquery = False
                if name == b"css" and len(spans) == 1:
                    self._members_of(spans[0], start, None)
                elif name == b"getScript":
                    self._members_of(spans[0], start, (b"src", b"url"))
        elif is_loader(name, base) and word_before(code, start) != b"function" and name not in self.structure.by_name:
            self.by_name = True
            self._take(spans, EVERY, URL, name, start)
            for span in spans[:1]:
                self._members_of(span, start, (b"src", b"url", b"href"))
            self.by_name = False

    def _through(self, name: bytes, function: bytes, dot: int, opening: int, spans: list[tuple[int, int]]) -> None:
        """Read a call of a loading function by its ``call`` or ``apply``."""
        if function in (b"call", b"apply") or not (may_load(function) or function in METHODS_READ):
            return
        given = spans[1:]
        if name == b"apply" and given:
            groups = self.structure.groups
            group = groups.opened_at(end_of_blanks(self.code, given[0][0]))
            given = self.structure.elements(group) if group >= 0 and self.code[groups.open[group]] == 0x5B else given[:1] * 4
        start = before(self.code, dot - 1) - len(function)
        self._call(function, start, opening, given)

    def _on_jquery(self, dot: int) -> bool:
        """Tell whether the chain that ends at a dot begins with jQuery's own name."""
        start = self.structure.chain_start(max(dot, 0))
        return self.values.spend((dot - start) // 8 + 4) and _JQUERY.match(self.code, start) is not None

    def _arguments(self, opening: int) -> list[tuple[int, int]]:
        group = self.structure.groups.opened_at(opening)
        return self.structure.elements(group) if group >= 0 else []

    def _take(self, spans: list[tuple[int, int]], index: int, kind: str, name: bytes, at: int) -> None:
        for span in spans if index == EVERY else spans[index : index + 1]:
            self._given(*span, kind, name, at)

    def _attribute(self, spans: list[tuple[int, int]], name: bytes, at: int) -> None:
        if name == b"setAttributeNS":
            spans = spans[1:]
        if len(spans) > 1:
            for attribute in self.values.of(*spans[0]):
                key = attribute.strip().lower().encode("utf-8", "replace")
                kind = FETCHING_MEMBERS.get(key) or ATTRIBUTES_ONLY.get(key)
                if kind is not None and (key != b"href" or self._on_link(before(self.code, at) - 1)):
                    self._given(*spans[1], kind, key, at)
                elif attribute == UNKNOWN and name != b"prop":
                    # Attributes copied from an object: its members are named as they are.
                    self._said(self.values.member(b"src"), URL, b"src", at)
        elif spans and name in (b"attr", b"prop"):
            self._members_of(spans[0], at)

    def _members_of(
        self, span: tuple[int, int], at: int, names: tuple[bytes, ...] | None = _LOADED_KEYS, *, link: bool = False
    ) -> None:
        """Take the members of an object literal that fetch once they are set on an element. ``names``: those that do, None for
        the properties of a style; ``link``: the element is a link."""
        code, groups = self.code, self.structure.groups
        start = end_of_blanks(code, span[0])
        group = groups.opened_at(start)
        if start >= span[1] or code[start] != 0x7B or group < 0:
            return
        for first, last in self.structure.elements(group):
            colon = code.find(b":", first, last)
            key = self.text[first:colon].strip(b" \t\r\n\"'") if colon >= 0 else b""
            if colon < 0:
                continue
            if names is None:
                self._given(colon + 1, last, CSS, key, at)
            elif key in names or (link and key == b"href"):
                kind = FETCHING_MEMBERS.get(key, URL)
                if self._worth(kind):
                    self._given(colon + 1, last, kind, names[0] if names is not _LOADED_KEYS else key, at)

    def _is_method(self, span: tuple[int, int]) -> bool:
        return any(one.upper() in METHODS or one == UNKNOWN for one in self.values.of(*span))

    @cached_property
    def _no_link(self) -> bool:
        return _LINK_SIGN.search(self.text) is None

    def _on_link(self, end: int) -> bool:
        """Tell whether the object that ends at an offset is a link element, as far as the script shows it: made as one, or
        given a ``rel``."""
        if self._no_link:
            return False
        name = word_before(self.code, end)
        if not name or name == b"location":
            return False
        return name in self.structure.members_by_owner(b"rel") or self._made(name, b"link")

    def _on_object(self, end: int) -> bool:
        """Tell whether the object that ends at an offset is made as an object element."""
        return b"createElement" in self.text and self._made(word_before(self.code, end), b"object")

    def _made(self, name: bytes, element: bytes) -> bool:
        """Tell whether a variable is given an element that is made by its name."""
        known = self._elements.get((name, element))
        if known is None:
            known = self._elements[name, element] = any(
                found.group(1).lower() == element
                for _, start, _ in self.structure.variables.get(name, ())
                for found in _MADE.finditer(self.text, start, self.structure.expression_end(start, limit=start + 120))
            )
        return known

    # --- what they are given ---------------------------------------------------------------------------------------------

    def _given(self, start: int, end: int, kind: str, name: bytes, at: int) -> None:
        if not self._worth(kind):
            return
        values = self.values
        values.whole = kind != URL
        said = values.of(start, end)
        self._said(said, kind, name, at)

    def _said(self, said: tuple[str, ...], kind: str, name: bytes, at: int) -> None:
        call = name.decode("utf-8", "replace")
        direct = self.on_jquery or (not self.by_name and name not in LIBRARY_CALLS)
        for one in said:
            for read in self._read_as(one, kind, call, at):
                self.found.setdefault((read.text, call), read if direct else replace(read, direct=False))

    def _read_as(self, said: str, kind: str, call: str, at: int, depth: int = 0) -> Iterator[Address]:
        """Yield the addresses in what a call gets. ``depth``: how many documents of ``srcdoc`` attributes lie around it; of one
        that lies too deep every address counts."""
        if kind == HTML and depth > _NESTED:
            yield from in_text(said, call, at)
        elif kind == HTML:
            for what, text in html_parts(said):
                yield from self._read_as(text, what, call, at, depth + 1)
            if "<" not in said:
                # What an element is given may be a script's or a style's text.
                yield from self._read_as(said, CODE, call, at, depth)
        elif kind in (CSS, CODE):
            for one in css_addresses(said):
                if (read := address(one, call, at)) is not None:
                    yield read
            if kind == CODE:
                yield from self._nested(said, call, at)
        elif _JAVASCRIPT.match(said):
            yield from self._nested(said.partition(":")[2], call, at)
        elif (read := address(said, call, at)) is not None:
            yield read

    def _nested(self, said: str, call: str, at: int) -> Iterator[Address]:
        if self.nested < _NESTED and ("//" in said or ".src" in said):
            found, complete = self.within(said.encode("utf-8", "surrogatepass"), self.nested + 1)
            self.values.complete &= complete
            for one in found:
                yield replace(one, call=call, at=at)
