"""The text of scripts and style sheets in XML, in which elements may stand.

A browser runs and applies what stands in the element itself (HTML, "child text content"); what stands in elements within is no
part of it, and those of them that are scripts or style sheets count by themselves. May import html's grammar and character
references; the rewriter calls it.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from ..html import grammar as p
from ..html.charrefs import decode_text

_NOT_TEXT: Final = re.compile(
    rb"<!--(?>(?:[^-]++|-(?!->))*)(?:-->|\Z)|<!\[CDATA\[((?>(?:[^\]]++|\](?!\]>))*))(?:\]\]>|\Z)"
    rb"|<\?(?>(?:[^?]++|\?(?!>))*)(?:\?>|\Z)"
    rb"|<(/?+)([^" + p.SPACE + rb"/>\"']*+)(?>(?:[^>\"']++|\"[^\"]*+(?:\"|\Z)|'[^']*+(?:'|\Z))*)(?:>|\Z)"
)
_WITHIN: Final = 64
"""The most scripts and style sheets within one that are read."""


def readings(
    raw: bytes, shape: bytes, decode: Callable[[bytes], str], decode_section: Callable[[bytes], str]
) -> list[str] | None:
    """Return the texts that count in the content of a script or style sheet, each once: its own, that of each script and style
    sheet in it, and, where elements stand in it, all of it. None: there are more than are read. ``shape``: ``raw`` with trail
    bytes masked; ``decode_section``: for what stands in a section, where no reference is one."""
    whole: list[str] = []
    own: list[str] = []
    texts = [own]
    opened: list[list[str] | None] = [own]
    """The pieces of each open element's own text, None of one whose text does not count."""

    def add(text: str) -> None:
        whole.append(text)
        if (pieces := opened[-1]) is not None:
            pieces.append(text)

    at = 0
    for found in _NOT_TEXT.finditer(shape):
        if found.start() > at:
            add(decode_text(decode(raw[at : found.start()])))
        at = found.end()
        if found[1] is not None:
            add(decode_section(raw[found.start(1) : found.end(1)]))
        elif found[2]:
            if len(opened) > 1:
                opened.pop()
        elif found[3] and not found[0].endswith(b"/>"):
            pieces: list[str] | None = None
            if found[3].endswith((b"script", b"style")):
                pieces = []
                texts.append(pieces)
            opened.append(pieces)
            if len(texts) > _WITHIN:
                return None
    add(decode_text(decode(raw[at:])))
    return list(dict.fromkeys("".join(pieces) for pieces in (*texts, whole)))
