"""Prerendered markup with named holes: what a page gets is joined bytes, never a template run per request.

May import nothing of the package. Called by the surface, which renders each template once per language.
"""

from __future__ import annotations

import html
import re
import secrets
from collections.abc import Callable, Sequence

_UNSAFE = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef"
    + "".join(chr(plane << 16 | low) for plane in range(17) for low in (0xFFFE, 0xFFFF))
    + "]"
)
"""Controls, lone surrogates and noncharacters: no HTML or XML document may hold them, not even as references."""


def clean(text: str) -> str:
    """Return the text with every character that no HTML or XML document may hold replaced by U+FFFD."""
    return _UNSAFE.sub("\ufffd", text)


def ascii_bytes(markup: str) -> bytes:
    """Return markup as ASCII: characters past it become numeric references, right in every encoding of a page and in XML."""
    return markup.encode("ascii", "xmlcharrefreplace")


class Holes:
    """The marks to render a template with, one per hole. They are random, so that no policy text can hold one."""

    def __init__(self, names: Sequence[str]) -> None:
        self.marks = {name: f"cg{secrets.token_hex(16)}" for name in names}

    def prerendered(self, rendered: str, encode: Callable[[str], bytes] = ascii_bytes) -> Prerendered:
        """Return the rendered template, cut at its holes. ``encode`` makes bytes of markup: by default such as any document may
        hold."""
        names = {mark: name for name, mark in self.marks.items()}
        pattern = re.compile("|".join(names))
        pieces = tuple(encode(piece) for piece in pattern.split(rendered))
        return Prerendered(pieces, tuple(names[mark] for mark in pattern.findall(rendered)))


class Prerendered:
    """Markup cut at its holes. Immutable, so threads share it."""

    __slots__ = ("holes", "pieces")

    def __init__(self, pieces: tuple[bytes, ...], holes: tuple[str, ...]) -> None:
        self.pieces = pieces
        self.holes = holes

    def fill(self, **values: str) -> bytes:
        """Return the markup with each hole filled by its value, escaped for text and for quoted attributes alike (K19)."""
        filled = {name: ascii_bytes(html.escape(clean(value))) for name, value in values.items()}
        parts = [self.pieces[0]]
        for name, piece in zip(self.holes, self.pieces[1:], strict=True):
            parts.append(filled[name])
            parts.append(piece)
        return b"".join(parts)

    def text(self) -> bytes:
        """Return the markup with the holes' names in their places: the same for every visitor and every process."""
        return self.fill(**{name: f"{{{name}}}" for name in self.holes})
