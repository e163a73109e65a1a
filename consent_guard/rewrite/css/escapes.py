"""Escapes in CSS (CSS Syntax Level 3 §4.3.7): the value behind a string's, a name's or a url token's text.

May import nothing of the package. Called by the other CSS modules.
"""

from __future__ import annotations

import re
from typing import Final

_TEXT_ESCAPE: Final = re.compile(r"\\(?:([0-9A-Fa-f]{1,6})(?:\r\n|[ \t\n\r\f])?|(\r\n|[\n\r\f])|([\s\S])|$)|\x00")


def unescape(text: str) -> str:
    """Return the value of a string's or url token's text (CSS Syntax 3 §4.3.7): escapes decoded, escaped line ends gone."""
    return _TEXT_ESCAPE.sub(_unescaped, text) if "\\" in text or "\x00" in text else text


def _unescaped(found: re.Match[str]) -> str:
    code, newline, character = found.groups()
    if code is not None:
        number = int(code, 16)
        return chr(number) if 0 < number <= 0x10FFFF and not 0xD800 <= number <= 0xDFFF else "\ufffd"
    if newline is not None:
        return ""
    return character if character is not None and character != "\x00" else "\ufffd"
