"""What a string literal says (ECMA-262 §12.9.4). Pure."""

from __future__ import annotations

import re
from typing import Final

UNKNOWN: Final = "\0"
"""Stands in a value for text that the script does not tell. A literal's own U+0000 becomes U+FFFD."""

_ESCAPE: Final = re.compile(
    r"\\(?:u\{([0-9A-Fa-f]{1,6})\}|u([0-9A-Fa-f]{4})|x([0-9A-Fa-f]{2})|([0-3]?[0-7]{1,2})|(\r\n|[\s\S])|$)"
)
_SINGLE: Final = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"} | dict.fromkeys(
    ("\r\n", "\n", "\r", "\u2028", "\u2029"), ""
)


def _meant(found: re.Match[str]) -> str:
    braced, four, two, octal, single = found.groups()
    if single is not None:
        return _SINGLE.get(single, single)
    if octal is not None:
        return chr(int(octal, 8))
    code = int(braced or four or two or "5c", 16)
    return chr(code) if code < 0x110000 else "\ufffd"


def literal_text(raw: bytes) -> str:
    """Return what the text between a literal's quotes means, escapes undone. Never raises: bytes that are no UTF-8 become
    U+FFFD, and so does half of a surrogate pair."""
    text = raw.decode("utf-8", "replace")
    if "\\" in text:
        text = _ESCAPE.sub(_meant, text)
        if not text.isascii():
            text = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return text.replace("\0", "\ufffd")
