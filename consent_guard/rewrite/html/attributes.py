"""The attributes of one whole tag: what each is called, where it stands, and how to take it out.

A browser keeps the first of several attributes of one name (WHATWG 13.2.5.33), so removing one means removing them all (R10).
May import the model, ``grammar`` and ``charrefs``; ``tags`` reads with it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Final, NamedTuple

from ..model import Edit
from . import grammar as p
from .charrefs import decode_attribute, escape_attribute


class Attribute(NamedTuple):
    """One attribute as it stands in the tag's bytes."""

    name: bytes
    """Lower case."""
    start: int
    end: int
    value_start: int
    value_end: int


RENAMED: Final = b"data-cg-"
"""Begins the name of an attribute that is withheld and yet kept."""
_ASSIGNMENT: Final = re.compile(rb"[\t\n\f\r /]*+=")


def _each(tag: bytes, at: int) -> Iterator[re.Match[bytes]]:
    """Match attribute after attribute. Never a search: over a long run of blanks it would begin again at each of them."""
    while (found := p.ATTRIBUTE.match(tag, at)) is not None:
        yield found
        at = found.end()


_SEPARATORS: Final = frozenset((b"", b">", b" ", b"/", b"\n", b"\t", b"\r", b"\f"))


class Attributes:
    """The attributes of the tag ``shape``; their values are read from ``raw``, which has the same length.

    The two differ only in encodings whose trail bytes look like ASCII: there ``shape`` has them masked.
    """

    __slots__ = ("_decode", "_exact", "_more", "first", "names_end", "raw")

    def __init__(
        self, raw: bytes, shape: bytes, names_end: int, decode: Callable[[bytes], str], *, exact: bool = False
    ) -> None:
        """``exact``: XML's names, where case counts and any prefix may stand for xlink."""
        self.raw = raw
        self.names_end = names_end
        self._decode = decode
        self._exact = exact
        self.first: dict[bytes, re.Match[bytes]] = {}
        """What ATTRIBUTE matched, by name: the first of each counts."""
        self._more: list[tuple[bytes, re.Match[bytes]]] = []
        first = self.first
        for found in iter(p.ATTRIBUTE.scanner(shape, names_end).match, None):  # type: ignore[attr-defined]
            name = exact_name(found[1]) if exact else found[1].lower()
            if name in first:
                self._more.append((name, found))
            else:
                first[name] = found

    def __contains__(self, name: bytes) -> bool:
        return name in self.first

    def __iter__(self) -> object:
        return iter(self.effective())

    def effective(self) -> list[Attribute]:
        """Return the attributes that count: the first of each name."""
        return [_attribute(name, found) for name, found in self.first.items()]

    def names(self) -> list[bytes]:
        """Return their names."""
        return list(self.first)

    def spelled(self, name: bytes) -> bytes:
        """Return an attribute's value as it is spelled, empty where it is absent."""
        found = self.first.get(name)
        if found is None or (group := found.lastindex or 1) == 1:
            return b""
        return self.raw[found.start(group) : found.end(group)]

    def text(self, name: bytes) -> str | None:
        """Return the decoded value of an attribute, None where it is absent."""
        found = self.first.get(name)
        if found is None:
            return None
        group = found.lastindex or 1
        if group == 1:
            return ""
        value = self.raw[found.start(group) : found.end(group)]
        # In XML the document's own entities are put in.
        text = value.decode("ascii") if value.isascii() and not self._exact else self._decode(value)
        return decode_attribute(text) if "&" in text else text

    def value(self, attribute: Attribute) -> str:
        """Return an attribute's value, character references decoded."""
        return decode_attribute(self._decode(self.raw[attribute.value_start : attribute.value_end]))

    def removal(self, name: bytes) -> list[Edit]:
        """Return the edits that take out every attribute of this name and leave all others as they are."""
        edits = []
        for found in [self.first[name], *(found for each, found in self._more if each == name)]:
            start, end = found.start(1), found.end()
            # What follows must not become the value of what precedes, nor "/" and ">" come together.
            closes = self.raw[start - 1 : start] == b"/" and self.raw[end : end + 1] == b">"
            marker = b'data-cg=""' if closes or _ASSIGNMENT.match(self.raw, end) else b""
            edits.append(Edit(start, end, marker))
        return edits

    def renaming(self, name: bytes, text: str = "") -> list[Edit]:
        """Return the edits that give every attribute of this name one under which browsers do nothing; ``text`` is what the
        attribute itself keeps, if anything."""
        kept = name + b'="' + ascii_attribute(text) + b'" ' if text else b""
        places = [self.first[name], *(found for each, found in self._more if each == name)]
        return [Edit(found.start(1), found.start(1), (b"" if at else kept) + RENAMED) for at, found in enumerate(places)]

    def slot(self, name: bytes) -> Slot:
        """Return where an attribute's new value goes; its duplicates stay without effect."""
        found = self.first[name]
        start, end = found.start(1), found.end()
        follows = self.raw[end : end + 1]
        return Slot(start, end, self.raw[start : found.end(1)], b"" if follows in _SEPARATORS else b" ")


class Slot(NamedTuple):
    """One attribute of a tag, to be given another value in quotes of our own."""

    start: int
    end: int
    name: bytes
    """As it stands in the tag."""
    after: bytes

    def filled(self, text: str) -> Edit:
        """Return the edit that gives the attribute this value."""
        return Edit(self.start, self.end, self.name + b'="' + ascii_attribute(text) + b'"' + self.after)


def _attribute(name: bytes, found: re.Match[bytes]) -> Attribute:
    group = found.lastindex or 1
    start, end = found.span(group) if group > 1 else (found.end(), found.end())
    return Attribute(name, found.start(1), found.end(), start, end)


def exact_name(name: bytes) -> bytes:
    """Return an attribute's name as XML's rules look it up: any prefix may stand for xlink."""
    return b"xlink:href" if name.endswith(b":href") else name


def attribute_names(raw: bytes, names_end: int) -> set[bytes]:
    """Return the names of a whole tag's attributes, lower case."""
    return {found[1].lower() for found in _each(raw, names_end)}


def ascii_attribute(text: str) -> bytes:
    """Return text for a double-quoted attribute value that is right in every ASCII-compatible encoding."""
    return escape_attribute(text).encode("ascii", "xmlcharrefreplace")
