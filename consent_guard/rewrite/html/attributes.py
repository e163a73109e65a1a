"""The attributes of one whole tag: what each is called, where it stands, and how to take it out.

A browser keeps the first of several attributes of one name (WHATWG 13.2.5.33), so removing one means removing them all (R10).
May import patterns and references; ``tags`` reads with it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Final, NamedTuple

from . import grammar as p
from .charrefs import decode_attribute, escape_attribute


class Edit(NamedTuple):
    """Bytes ``start`` to ``end`` (of a tag, or of the document) are replaced by ``text``."""

    start: int
    end: int
    text: bytes
    drop: bool = False
    """A piece of a content that is left out: no text of another reading's edit may stand in it."""

    def moved(self, by: int) -> Edit:
        """Return the same edit, counted from another place."""
        return Edit(self.start + by, self.end + by, self.text, self.drop)


class Attribute(NamedTuple):
    """One attribute as it stands in the tag's bytes."""

    name: bytes
    """Lower case."""
    start: int
    end: int
    value_start: int
    value_end: int


_ASSIGNMENT: Final = re.compile(rb"[\t\n\f\r /]*+=")


def _each(tag: bytes, at: int) -> Iterator[re.Match[bytes]]:
    """Match attribute after attribute. Never a search: over a long run of blanks it would begin again at each of them."""
    while (found := p.ATTRIBUTE.match(tag, at)) is not None:
        yield found
        at = found.end()


class Attributes:
    """The attributes of the tag ``shape``; their values are read from ``raw``, which has the same length.

    The two differ only in encodings whose trail bytes look like ASCII: there ``shape`` has them masked.
    """

    __slots__ = ("_all", "_decode", "_exact", "_first", "raw")

    def __init__(
        self, raw: bytes, shape: bytes, names_end: int, decode: Callable[[bytes], str], *, exact: bool = False
    ) -> None:
        """``exact``: XML's names, where case counts and any prefix may stand for xlink."""
        self.raw = raw
        self._decode = decode
        self._exact = exact
        self._all: list[tuple[bytes, re.Match[bytes]]] = []
        self._first: dict[bytes, re.Match[bytes]] = {}
        match, at = p.ATTRIBUTE.match, names_end
        while (found := match(shape, at)) is not None:
            at = found.end()
            name = _exact_name(found[1]) if exact else found[1].lower()
            self._all.append((name, found))
            if name not in self._first:
                self._first[name] = found

    def __contains__(self, name: bytes) -> bool:
        return name in self._first

    def __iter__(self) -> object:
        return iter(self.effective())

    def effective(self) -> list[Attribute]:
        """Return the attributes that count: the first of each name."""
        return [_attribute(name, found) for name, found in self._first.items()]

    def names(self) -> list[bytes]:
        """Return their names."""
        return list(self._first)

    def text(self, name: bytes) -> str | None:
        """Return the decoded value of an attribute, None where it is absent."""
        found = self._first.get(name)
        if found is None:
            return None
        group = found.lastindex or 1
        if group == 1:
            return ""
        start, end = found.span(group)
        return decode_attribute(self._decode(self.raw[start:end]))

    def value(self, attribute: Attribute) -> str:
        """Return an attribute's value, character references decoded."""
        return decode_attribute(self._decode(self.raw[attribute.value_start : attribute.value_end]))

    def removal(self, name: bytes) -> list[Edit]:
        """Return the edits that take out every attribute of this name and leave all others as they are."""
        edits = []
        for each, found in self._all:
            if each == name:
                attribute = _attribute(name, found)
                # What follows must not become the value of what precedes, nor "/" and ">" come together.
                closes = (
                    self.raw[attribute.start - 1 : attribute.start] == b"/"
                    and self.raw[attribute.end : attribute.end + 1] == b">"
                )
                marker = b'data-cg=""' if closes or _ASSIGNMENT.match(self.raw, attribute.end) else b""
                edits.append(Edit(attribute.start, attribute.end, marker))
        return edits

    def _name_length(self, attribute: Attribute) -> int:
        found = p.ATTRIBUTE.match(self.raw, attribute.start)
        return len(found[1]) if found is not None else len(attribute.name)

    def replacement(self, name: bytes, text: str) -> list[Edit]:
        """Return the edits that give an attribute another value, in quotes of our own; its duplicates stay without effect."""
        attribute = _attribute(name, self._first[name])
        value = ascii_attribute(text)
        if self._exact:  # XML 1.0 §3.1: no < in attribute values
            value = value.replace(b"<", b"&lt;")
        written = self.raw[attribute.start : attribute.start + self._name_length(attribute)] + b'="' + value + b'"'
        if attribute.end < len(self.raw) and self.raw[attribute.end : attribute.end + 1] not in (
            b">",
            b" ",
            b"/",
            b"\n",
            b"\t",
            b"\r",
            b"\f",
        ):
            written += b" "
        return [Edit(attribute.start, attribute.end, written)]


def _attribute(name: bytes, found: re.Match[bytes]) -> Attribute:
    group = found.lastindex or 1
    start, end = found.span(group) if group > 1 else (found.end(), found.end())
    return Attribute(name, found.start(1), found.end(), start, end)


def _exact_name(name: bytes) -> bytes:
    return b"xlink:href" if name.endswith(b":href") else name


def attribute_names(raw: bytes, names_end: int) -> set[bytes]:
    """Return the names of a whole tag's attributes, lower case."""
    return {found[1].lower() for found in _each(raw, names_end)}


def ascii_attribute(text: str) -> bytes:
    """Return text for a double-quoted attribute value that is right in every ASCII-compatible encoding."""
    return escape_attribute(text).encode("ascii", "xmlcharrefreplace")
