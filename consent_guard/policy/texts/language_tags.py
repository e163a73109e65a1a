"""Language tags, as a policy writes them: their shape, and whether there is such a language.

Two-letter codes are checked against ISO 639-1, because the usual slip is a country's code (``cz``, ``dk``); three letters where
there are two are no tag either (RFC 5646 §2.2.1). May import nothing of the package. The policy's readers call it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

_TAG: Final = re.compile(r"[a-z]{2,3}(?:-[a-z0-9]{1,8})*\Z", re.ASCII)
_EXAMPLE: Final = 'Write a language tag, as "en", "fr" or "pt-BR"'

_ISO_639_1: Final = frozenset(
    first + second
    for first, seconds in {
        "a": "abefkmnrsvyz",
        "b": "aeghimnors",
        "c": "aehorsuvy",
        "d": "aevz",
        "e": "elnostu",
        "f": "afijory",
        "g": "adlnuv",
        "h": "aeiortuyz",
        "i": "adegiknostuw",
        "j": "aivw",
        "k": "agijklmnorsuvwy",
        "l": "abginotuv",
        "m": "ghiklnorsty",
        "n": "abdeglnorvy",
        "o": "cjmrs",
        "p": "ailst",
        "q": "u",
        "r": "mnouw",
        "s": "acdeghiklmnoqrstuvw",
        "t": "aeghiklnorstwy",
        "u": "gkrz",
        "v": "eio",
        "w": "ao",
        "x": "h",
        "y": "io",
        "z": "ahu",
    }.items()
    for second in seconds
)
"""The codes of ISO 639-1, with the old ones that the IANA registry still lists."""

_MEANT: Final[Mapping[str, str]] = {
    "at": "de",
    "cn": "zh",
    "cz": "cs",
    "dk": "da",
    "gb": "en",
    "gr": "el",
    "jp": "ja",
    "me": "sr",
    "rs": "sr",
    "ua": "uk",
    "us": "en",
    "eng": "en",
    "fra": "fr",
    "fre": "fr",
    "deu": "de",
    "ger": "de",
    "ita": "it",
    "nld": "nl",
    "dut": "nl",
    "por": "pt",
    "spa": "es",
    "ara": "ar",
}
"""What is written in place of a language's tag, and the tag."""


def language_tag(text: str) -> str | None:
    """Return a language tag in lower case, or None for what is none."""
    tag = text.lower()
    primary = tag.partition("-")[0]
    if not _TAG.match(tag) or primary in _MEANT or (len(primary) == 2 and primary not in _ISO_639_1):
        return None
    return tag


def mend_of(text: str) -> str:
    """Return the sentence that says what to write in place of a text that is no language tag."""
    primary, hyphen, rest = text.lower().partition("-")
    if primary not in _MEANT:
        return _EXAMPLE
    return f'Did you mean "{_MEANT[primary]}{hyphen}{rest}"?'
