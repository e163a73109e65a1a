"""The internal subset of an XML doctype: entities that may hold markup, and attributes given by default.

Browsers read no external subset. A plain text entity is kept, and put in where an address or a script uses it. Every other
declaration that could bring in markup, addresses or attributes is left out: what uses it is then not well-formed, and loads
nothing. May import limits and html's character references; the rewriter calls it.
"""

from __future__ import annotations

import re
from typing import Final

from ...limits import HELD_VALUE_BYTES
from ..html.charrefs import decode_text

_DECLARATION: Final = re.compile(
    r"<!--(?>(?:[^-]+|-(?!->))*)(?:-->|\Z)|<\?(?>(?:[^?]+|\?(?!>))*)(?:\?>|\Z)|%[^\s;%]+;"
    r"|<!(ENTITY|ATTLIST|ELEMENT|NOTATION)\s((?>(?:[^<>\"']+|\"[^\"]*(?:\"|\Z)|'[^']*(?:'|\Z))*))(?:>|\Z)"
)
_PLAIN: Final = re.compile(
    r"\s*([A-Za-z_:][A-Za-z0-9._:-]*)\s+"
    r"(?:\"((?>(?:[^\"<&%]+|&#[0-9xA-Fa-f]+;)*))\"|'((?>(?:[^'<&%]+|&#[0-9xA-Fa-f]+;)*))')\s*"
)
_EXTERNAL: Final = re.compile(r"\s*([A-Za-z_:][A-Za-z0-9._:-]*)\s+(?:SYSTEM|PUBLIC)\s[^%]*")
_REFERENCE: Final = re.compile(r"&([^\s#&;]+);")
_DEFAULT: Final = re.compile(
    r"(?<![^\s\"'])([^\s\"']++)\s++(?:CDATA|NMTOKENS?|ID|IDREFS?|ENTITY|ENTITIES|\([^()]*+\))\s+(?:#FIXED\s+)?(?:\"[^\"]*\"|'[^']*')"
)
_LITERAL: Final = re.compile(r"\"[^\"]*\"|'[^']*'")
_PREDEFINED: Final = frozenset({"lt", "gt", "amp", "apos", "quot"})
"""What these stand for no declaration changes (XML 1.0 §4.6)."""
_LONGEST: Final = 1024
"""Characters of a plain entity that is kept."""


class Declarations:
    """What one document declares."""

    def __init__(self) -> None:
        self._entities: dict[str, str] = {}

    @property
    def any(self) -> bool:
        """True where the document declares entities of its own."""
        return bool(self._entities)

    def expand(self, text: str) -> str:
        """Return text with the document's own entities put in. They are plain: nothing in them is put in again."""
        if "&" not in text or not self._entities:
            return text
        return _REFERENCE.sub(lambda found: self._entities.get(found[1], found[0]), text)

    def overflows(self, text: str) -> bool:
        """Tell whether ``expand`` would put in more than is held of any value: such a text is to be withheld, not expanded."""
        return sum(len(self._entities.get(found[1], "")) for found in _REFERENCE.finditer(text)) > HELD_VALUE_BYTES

    def read(self, subset: str) -> list[tuple[int, int]]:
        """Take the declarations; return the spans of those that must go."""
        gone: list[tuple[int, int]] = []
        for found in _DECLARATION.finditer(subset):
            kind, body = found[1], found[2] or ""
            if kind == "ENTITY":
                if not self._take(body):
                    gone.append(found.span())
            elif kind == "ATTLIST":
                if not _only_namespaces(body):
                    gone.append(found.span())
            elif kind is None and found[0].startswith("%"):
                gone.append(found.span())
        return gone

    def _take(self, body: str) -> bool:
        """Take a general entity; False where it must go."""
        plain = _PLAIN.fullmatch(body)
        if plain is None:
            external = _EXTERNAL.fullmatch(body)
            if external is not None:
                self._entities.setdefault(external[1], "")  # it is not fetched, and a later one of its name does not count
            return external is not None
        value = decode_text(plain[2] if plain[2] is not None else plain[3])
        if len(value) > _LONGEST or not body.isascii() or any(character in value for character in "<&%"):
            return False  # what a reference stands for is read once more where the entity is used
        if plain[1] not in _PREDEFINED:
            self._entities.setdefault(plain[1], value)
        return True


def _only_namespaces(body: str) -> bool:
    """Tell whether an attribute list gives nothing by default but namespaces."""
    names = _DEFAULT.findall(body)
    return len(names) == len(_LITERAL.findall(body)) and all(name.partition(":")[0] == "xmlns" for name in names)
