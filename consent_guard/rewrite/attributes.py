"""The attributes of one whole tag: what each is called, where it stands, and how to take it out.

A browser keeps the first of several attributes of one name (WHATWG 13.2.5.33), so removing one means removing them all (R10).
May import patterns and references; ``tags`` reads with it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Final, NamedTuple

from . import patterns as p
from .references import decode_attribute, escape_attribute


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

    __slots__ = ("_all", "_decode", "_first", "raw")

    def __init__(
        self, raw: bytes, shape: bytes, names_end: int, decode: Callable[[bytes], str], *, exact: bool = False
    ) -> None:
        """``exact``: XML's names, where case counts and any prefix may stand for xlink."""
        self.raw = raw
        self._decode = decode
        self._all: list[Attribute] = []
        self._first: dict[bytes, Attribute] = {}
        for found in _each(shape, names_end):
            group = found.lastindex or 1
            start, end = found.span(group) if group > 1 else (found.end(), found.end())
            name = _exact_name(found[1]) if exact else found[1].lower()
            attribute = Attribute(name, found.start(1), found.end(), start, end)
            self._all.append(attribute)
            self._first.setdefault(attribute.name, attribute)

    def __contains__(self, name: bytes) -> bool:
        return name in self._first

    def __iter__(self) -> object:
        return iter(self._first.values())

    def effective(self) -> list[Attribute]:
        """Return the attributes that count: the first of each name."""
        return list(self._first.values())

    def text(self, name: bytes) -> str | None:
        """Return the decoded value of an attribute, None where it is absent."""
        attribute = self._first.get(name)
        return None if attribute is None else self.value(attribute)

    def value(self, attribute: Attribute) -> str:
        """Return an attribute's value, character references decoded."""
        return decode_attribute(self._decode(self.raw[attribute.value_start : attribute.value_end]))

    def removal(self, name: bytes) -> list[Edit]:
        """Return the edits that take out every attribute of this name and leave all others as they are."""
        edits = []
        for attribute in self._all:
            if attribute.name == name:
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
        attribute = self._first[name]
        written = (
            self.raw[attribute.start : attribute.start + self._name_length(attribute)] + b'="' + ascii_attribute(text) + b'"'
        )
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


def _exact_name(name: bytes) -> bytes:
    return b"xlink:href" if name.endswith(b":href") else name


def attribute_names(raw: bytes, names_end: int) -> set[bytes]:
    """Return the names of a whole tag's attributes, lower case."""
    return {found[1].lower() for found in _each(raw, names_end)}


def ascii_attribute(text: str) -> bytes:
    """Return text for a double-quoted attribute value that is right in every ASCII-compatible encoding."""
    return escape_attribute(text).encode("ascii", "xmlcharrefreplace")
