"""Which addresses of an inline script reach a loading call: one pass, bounded, facts without a verdict.

``read_script`` starts from the loading calls (``calls``) and follows what they are given back to the strings it is made of
(``values``), so what is only data is never followed. A host in a comment, in a state blob, in a comparison or in a plain link
reaches nothing. The caller compares the addresses with its rules; nothing here knows a policy.

The same function reads event handlers and ``javascript:`` addresses: give it their text. It wants a whole script in memory, of
any length: time is linear, and what is followed is bounded (``ScriptFacts.complete``). It does not read in pieces: a caller
that holds only the beginning of a longer script gets what that beginning shows. Nothing raises, whatever the bytes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Final

from .addresses import Address, address, in_css, in_html, in_text
from .calls import (
    ARGUMENTS,
    ATTRIBUTES_ONLY,
    CLIENTS,
    CODE,
    CONSTRUCTORS,
    CSS,
    EVERY,
    FETCHING_MEMBERS,
    HTML,
    LIBRARY_CALLS,
    METHOD_CALL,
    METHODS,
    METHODS_READ,
    PLAIN_CALL,
    PLAIN_READ,
    REQUESTS,
    SET,
    SET_BY_KEY,
    URL,
    is_loader,
)
from .literals import UNKNOWN, literal_text
from .structure import Structure
from .tokenizer import TEXT, before, mask, word_before
from .values import Values

_IMPORT: Final = re.compile(
    rb"(?<![A-Za-z0-9_$.\x80-\xff])(?:import|export)(?=[\s{*\"'])[A-Za-z0-9_$\s{},*\x80-\xff]*+([\"'])?"
)
_KEY_AS_WRITTEN: Final = re.compile(rb"[\"']\s*+\]\s*+\+?=(?![=>])")
_TEXT_RUN: Final = re.compile(rb"\x01++")
_WORTH_READING: Final = re.compile(rb"[/.:]")
_BARE_HOST: Final = re.compile(r"\.?(?:[A-Za-z0-9_\-]+\.)+[A-Za-z]{2,63}(?::[0-9]+)?(?:[/?#]\S*)?")
_JAVASCRIPT: Final = re.compile(r"[\x00-\x20]*javascript:", re.I)
_NESTED: Final = 2
"""Scripts within a script's strings (``eval``, ``javascript:``) that are read as well, one in the other."""
_PLAIN_VALUE: Final = re.compile(rb"\s*+[\"'](\x01++)[\"']\s*+(?:[;)}]|$)")
_HTML_SIGN: Final = re.compile(rb"(?:src|href|srcset|poster|data|background|srcdoc)\s*+=", re.I)
_CSS_SIGN: Final = re.compile(rb"url\(|@import", re.I)
_CODE_SIGN: Final = re.compile(rb"\.src\b|import|fetch|setAttribute|document\.write|Script")
_MADE_LINK: Final = re.compile(rb"createElement[^;]*?[\"'`]link[\"'`]", re.I)
_LINK_SIGN: Final = re.compile(rb"[\"'`]link[\"'`]|rel\b", re.I)
_WINDOWS: Final = frozenset((b"window", b"self", b"top", b"parent", b"opener", b"document", b"indexedDB", b"caches"))


@dataclass(frozen=True, slots=True)
class ScriptFacts:
    """What a script's text says of the addresses in it."""

    loaded: tuple[Address, ...]
    """The addresses that reach a loading call, relative ones included, in the order of the calls."""
    imported: tuple[Address, ...]
    """The specifiers of static ``import`` and ``export ... from``. A browser reads them in modules only."""
    complete: bool
    """False where the script went past the bounds, so that ``loaded`` may lack some: a caller on the safe side asks
    ``addresses_in`` then. So far seen past 64 KiB only."""

    @property
    def computed(self) -> tuple[Address, ...]:
        """The loaded addresses whose host the script puts together from parts that its text does not tell."""
        return tuple(one for one in self.loaded if one.computed)


def read_script(text: bytes) -> ScriptFacts:
    """Read a script's loading calls. ``text``: the script's bytes, in UTF-8 or another encoding that keeps ASCII as it is."""
    return _read(text, 0)


def addresses_in(text: bytes) -> tuple[Address, ...]:
    """Return all addresses that stand in a script's strings, whether a call gets them or not; not those in its comments."""
    return tuple(_in_strings(text, mask(text)))


def stands_in_code(text: bytes, name: str, code: bytes | None = None) -> bool:
    """Tell whether a global stands in a script's code: as a whole name, or as a string that is the name and nothing else
    (``w["dataLayer"]``, the arguments of a snippet). Comments, longer strings and addresses do not count: the ``gtag`` of
    ``/gtag/js`` is no global.

    ``code``: the script masked, where the caller has it. A name may be dotted (``google.maps``).
    """
    wanted = name.encode("utf-8")
    if not wanted or wanted not in text:
        return False
    if code is None:
        code = mask(text)
    at = text.find(wanted)
    while at >= 0:
        end = at + len(wanted)
        if code.startswith(wanted, at):
            if not _is_name_byte(code[at - 1 : at]) and not _is_name_byte(code[end : end + 1]):
                return True
        elif code[at - 1 : at] in (b'"', b"'", b"`") and code[end : end + 1] == code[at - 1 : at]:
            return True
        at = text.find(wanted, at + 1)
    return False


def _is_name_byte(byte: bytes) -> bool:
    return byte.isalnum() or byte in (b"_", b"$") or byte >= b"\x80"


def _may_load(name: bytes) -> bool:
    return name in PLAIN_READ or is_loader(name, b"")


def _read(text: bytes, nested: int) -> ScriptFacts:
    has_call = (
        SET.search(text) is not None
        or any(found.group(1) in METHODS_READ or is_loader(found.group(1), b"") for found in METHOD_CALL.finditer(text))
        or any(_may_load(word_before(text, found.start())) for found in PLAIN_CALL.finditer(text))
        or _KEY_AS_WRITTEN.search(text) is not None
    )
    has_import = b"import" in text or b"export" in text
    if not has_call and not has_import:
        return ScriptFacts((), (), True)
    code = mask(text)
    imported = tuple(_imports(text, code)) if has_import else ()
    if not has_call:
        return ScriptFacts((), imported, True)
    reader = _Reader(text, code, nested)
    loaded = reader.read()
    return ScriptFacts(tuple(loaded), imported, reader.values.complete)


def _imports(text: bytes, code: bytes) -> Iterator[Address]:
    for found in _IMPORT.finditer(code):
        if found.group(1) is None:
            continue
        start = found.end()
        clause = found.group()[6:-1].strip()
        if clause and not clause.endswith(b"from"):
            continue
        end = code.find(found.group(1), start)
        specifier = address(literal_text(text[start : end if end >= 0 else len(text)]), "import", found.start())
        if specifier is not None:
            yield specifier


def _in_strings(text: bytes, code: bytes) -> Iterator[Address]:
    for found in _TEXT_RUN.finditer(code):
        start, end = found.span()
        if _WORTH_READING.search(text, start, end) is None:
            continue
        said = literal_text(text[start:end])
        if "//" in said:
            yield from in_text(said, "", start)
        elif _BARE_HOST.fullmatch(said) is not None and (read := address("//" + said, "", start)) is not None:
            yield read


class _Reader:
    """Goes through the loading calls of one script."""

    def __init__(self, text: bytes, code: bytes, nested: int) -> None:
        self.text = text
        self.code = code
        self.nested = nested
        self.structure = Structure(text, code)
        self.values = Values(self.structure)
        self.by_name = False
        """The call at hand is known by its name alone."""
        self._links: dict[bytes, bool] = {}
        """Which names are those of link elements."""
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
        for found in METHOD_CALL.finditer(code):
            name = found.group(1)
            if name in METHODS_READ or is_loader(name, b""):
                if values.exhausted:
                    break
                self._call(name, found.start(1), found.start(2))
        for found in PLAIN_CALL.finditer(code):
            name = word_before(code, found.start())
            if _may_load(name):
                if values.exhausted:
                    break
                start = before(code, found.start()) - len(name)
                if code[start - 1 : start] != b".":
                    self._call(name, start, found.start())
        return sorted(self.found.values(), key=lambda one: one.at)

    # --- calls -----------------------------------------------------------------------------------------------------------

    def _set(self, member: bytes, at: int, start: int) -> None:
        kind = FETCHING_MEMBERS.get(member)
        if kind is None or not self._worth(kind) or (member == b"href" and not self._on_link(at)):
            return
        plain = _PLAIN_VALUE.match(self.code, start)
        if plain is not None:
            self._said((literal_text(self.text[plain.start(1) : plain.end(1)]),), kind, member, at)
        else:
            end = self.structure.expression_end(start)
            if self.values.spend((end - start) // 8):
                self._given(start, end, kind, member, at)

    def _worth(self, kind: str) -> bool:
        """Tell whether the script's strings hold what text of a kind must hold to load anything."""
        return kind == URL or (self._holds_html if kind == HTML else self._holds_css if kind == CSS else self._holds_code)

    @cached_property
    def _holds_html(self) -> bool:
        return self._holds_css or any(self.code[found.start()] == TEXT for found in _HTML_SIGN.finditer(self.text))

    @cached_property
    def _holds_css(self) -> bool:
        return any(self.code[found.start()] == TEXT for found in _CSS_SIGN.finditer(self.text))

    @cached_property
    def _holds_code(self) -> bool:
        return self._holds_css or any(self.code[found.start()] == TEXT for found in _CODE_SIGN.finditer(self.text))

    def _call(self, name: bytes, start: int, opening: int) -> None:
        code, groups = self.code, self.structure.groups
        if name in (b"$", b"jQuery"):
            # $('<script src="...">'), $('<img>', {src: "..."}): any other call of jQuery's only looks for elements.
            if self.text[opening + 2 : opening + 3] == b"<":
                spans = self._arguments(opening)
                self._given(*spans[0], HTML, b"$", start)
                self.by_name = True
                for span in spans[1:]:
                    self._members_of(span, start)
                self.by_name = False
            return
        prior = before(code, start)
        base = word_before(code, prior - 1) if prior and code[prior - 1] == 0x2E else b""
        if name in CONSTRUCTORS:
            if word_before(code, start) == b"new" or name == b"Function":
                self._take(opening, 0 if name != b"Function" else EVERY, CONSTRUCTORS[name], name, start)
        elif name in (b"setAttribute", b"setAttributeNS", b"attr", b"prop"):
            self._attribute(opening, name, start)
        elif name == b"open":
            if base not in _WINDOWS and prior and code[prior - 1] == 0x2E:
                spans = self._arguments(opening)
                if len(spans) > 1 and self._is_method(spans[0]):
                    self._given(*spans[1], URL, name, start)
        elif name == b"assign":
            if base == b"Object":
                for span in self._arguments(opening):
                    self._members_of(span, start)
        elif name == b"axios" or (name in REQUESTS and base in CLIENTS):
            spans = self._arguments(opening)
            if spans:
                self._given(*spans[0], URL, name, start)
                self._members_of(spans[0], start, (b"url",))
                if name == b"ajax" and len(spans) > 1:
                    self._members_of(spans[1], start, (b"url",))
        elif name in ARGUMENTS and not (name == b"css" and base in (b"LazyLoad",)):
            index, kind = ARGUMENTS[name]
            if self._worth(kind) and groups.opened_at(opening) >= 0 and word_before(code, start) != b"function":
                self._take(opening, index, kind, name, start)
                if name == b"getScript":
                    for span in self._arguments(opening)[:1]:
                        self._members_of(span, start, (b"src", b"url"))
        elif is_loader(name, base) and word_before(code, start) != b"function" and name not in self.structure.by_name:
            self.by_name = True
            self._take(opening, EVERY, URL, name, start)
            for span in self._arguments(opening)[:1]:
                self._members_of(span, start, (b"src", b"url", b"href"))
            self.by_name = False

    def _arguments(self, opening: int) -> list[tuple[int, int]]:
        group = self.structure.groups.opened_at(opening)
        return self.structure.elements(group) if group >= 0 else []

    def _take(self, opening: int, index: int, kind: str, name: bytes, at: int) -> None:
        spans = self._arguments(opening)
        for span in spans if index == EVERY else spans[index : index + 1]:
            self._given(*span, kind, name, at)

    def _attribute(self, opening: int, name: bytes, at: int) -> None:
        spans = self._arguments(opening)
        if name == b"setAttributeNS":
            spans = spans[1:]
        if len(spans) > 1:
            for attribute in self.values.of(*spans[0]):
                key = attribute.strip().lower().encode("utf-8", "replace")
                kind = FETCHING_MEMBERS.get(key) or ATTRIBUTES_ONLY.get(key)
                if kind is not None and (key != b"href" or self._on_link(before(self.code, at) - 1)):
                    self._given(*spans[1], kind, key, at)
        elif spans and name in (b"attr", b"prop"):
            self._members_of(spans[0], at)

    def _members_of(self, span: tuple[int, int], at: int, names: tuple[bytes, ...] = (b"src", b"srcset")) -> None:
        """Take the members of an object literal that fetch once they are set on an element."""
        code, groups = self.code, self.structure.groups
        start = span[0]
        while start < span[1] and code[start] in b" \t\r\n":
            start += 1
        if start >= span[1] or code[start] != 0x7B:
            return
        group = groups.opened_at(start)
        for first, last in self.structure.elements(group) if group >= 0 else ():
            colon = code.find(b":", first, last)
            if colon >= 0 and self.text[first:colon].strip(b" \t\r\n\"'") in names:
                self._given(colon + 1, last, URL, names[0], at)

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
        known = self._links.get(name)
        if known is None:
            known = self._links[name] = name in self.structure.members_by_owner(b"rel") or any(
                _MADE_LINK.search(self.text, start, self.structure.expression_end(start, limit=start + 120))
                for _, start, _ in self.structure.variables.get(name, ())
            )
        return known

    # --- what they are given ---------------------------------------------------------------------------------------------

    def _given(self, start: int, end: int, kind: str, name: bytes, at: int) -> None:
        if not self._worth(kind):
            return
        values = self.values
        values.loose = []
        values.whole = kind != URL
        said = values.of(start, end)
        self._said((*said, *values.loose), kind, name, at)

    def _said(self, said: tuple[str, ...], kind: str, name: bytes, at: int) -> None:
        call = name.decode("utf-8", "replace")
        direct = not self.by_name and name not in LIBRARY_CALLS
        for one in said:
            for read in self._read_as(one, kind, call, at):
                self.found.setdefault((read.text, call), read if direct else replace(read, direct=False))

    def _read_as(self, said: str, kind: str, call: str, at: int) -> Iterator[Address]:
        if kind == HTML:
            yield from in_html(said, call, at)
        elif kind == CSS:
            yield from in_css(said, call, at)
        elif kind == CODE:
            yield from in_css(said, call, at)
            yield from self._nested(said, call, at)
        elif _JAVASCRIPT.match(said):
            yield from self._nested(said.partition(":")[2], call, at)
        elif (read := address(said, call, at)) is not None:
            yield read

    def _nested(self, said: str, call: str, at: int) -> Iterator[Address]:
        if self.nested < _NESTED and ("//" in said or ".src" in said):
            for one in _read(said.encode("utf-8", "surrogatepass"), self.nested + 1).loaded:
                yield replace(one, call=call, at=at)
