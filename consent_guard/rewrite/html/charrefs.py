"""Character references, as a browser reads them in attribute values and in text (WHATWG HTML 13.2.5.72 to 13.2.5.80).

``html.unescape`` of the standard library follows the rules for text only: in an attribute ``&copy=1`` and ``&copyright`` stay
as they are. May import nothing of the package. Called by the rewriter before a value is judged, and for ``srcdoc`` documents.
"""

from __future__ import annotations

import re
from html.entities import html5
from typing import Final

_REFERENCE: Final = re.compile(r"&(?:#(?:[xX]([0-9A-Fa-f]++)|([0-9]++))(;?)|([A-Za-z][A-Za-z0-9]*+)(;?)(=?))")
_LEGACY_LONGEST: Final = max(len(name) for name in html5 if not name.endswith(";"))

_REPLACEMENT: Final = "\ufffd"
_WINDOWS_1252: Final = {
    0x80 + at: character
    for at, character in enumerate("€\x81‚ƒ„…†‡ˆ‰Š‹Œ\x8dŽ\x8f\x90‘’“”•–—˜™š›œ\x9džŸ")
    if ord(character) != 0x80 + at
}
"""The numeric character reference end state's table (13.2.5.80)."""


def _numeric(digits: str, base: int) -> str:
    digits = digits.lstrip("0")
    if not digits or len(digits) > 7:
        return _REPLACEMENT
    code = int(digits, base)
    if code > 0x10FFFF or 0xD800 <= code <= 0xDFFF:
        return _REPLACEMENT
    return _WINDOWS_1252.get(code) or chr(code)


def _in_attribute(found: re.Match[str]) -> str:
    hexadecimal, decimal, _, name, semicolon, equals = found.groups()
    if name is None:
        return _numeric(hexadecimal, 16) if hexadecimal else _numeric(decimal, 10)
    if semicolon:
        # Every legacy name also has a form with semicolon, so a shorter prefix could only end before an alphanumeric.
        return html5[name + ";"] + equals if name + ";" in html5 else found.group()
    return found.group() if equals else html5.get(name) or found.group()


def _in_text(found: re.Match[str]) -> str:
    hexadecimal, decimal, _, name, semicolon, equals = found.groups()
    if name is None:
        return _numeric(hexadecimal, 16) if hexadecimal else _numeric(decimal, 10)
    if semicolon and name + ";" in html5:
        return html5[name + ";"] + equals
    for length in range(min(len(name), _LEGACY_LONGEST), 1, -1):
        character = html5.get(name[:length])
        if character is not None:
            return character + name[length:] + semicolon + equals
    return found.group()


def decode_attribute(value: str) -> str:
    """Return an attribute's value with its character references decoded. Linear; never raises.

    A name without its semicolon is decoded only where it is one of the legacy names and neither ``=`` nor an ASCII
    alphanumeric follows (13.2.5.73). Line ends and NUL are left as they are: the tokenizer's preprocessing is the caller's.
    """
    return _REFERENCE.sub(_in_attribute, value) if "&" in value else value


def decode_text(value: str) -> str:
    """Return character data with its references decoded, by the rules outside attributes. Linear; never raises."""
    return _REFERENCE.sub(_in_text, value) if "&" in value else value


def escape_attribute(text: str) -> str:
    """Return ``text`` spelled so that, between quotes of either kind, ``decode_attribute`` and a browser give it back. No ``<``
    stands in it, so that it can end nothing that is read as raw text."""
    return (
        text.replace("&", "&amp;").replace('"', "&quot;").replace("'", "&#39;").replace("\r", "&#13;").replace("<", "&lt;")
        if any(character in text for character in "&\"'\r<")
        else text
    )
