"""Which addresses of an inline script reach a loading call: bounded, facts without a verdict.

``read_script`` starts from the loading calls (``calls``, ``reader``) and follows what they are given back to the strings it is
made of (``values``), so what is only data is never followed. A host in a comment, in a state blob, in a comparison or in a
plain link reaches nothing. The caller compares the addresses with its rules; nothing here knows a policy.

The same function reads event handlers and ``javascript:`` addresses: give it their text. It wants a whole script in memory, of
any length: time is linear, and what is followed is bounded (``ScriptFacts.complete``). It does not read in pieces: a caller
that holds only the beginning of a longer script gets what that beginning shows. Nothing raises, whatever the bytes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from .addresses import Address, address, in_text
from .calls import (
    ALIAS,
    APART,
    KEY_SET_AS_WRITTEN,
    METHOD_CALL,
    METHODS_READ,
    PLAIN_CALL,
    SET,
    SET_FRAME,
    SET_STYLE,
    is_loader,
)
from .functions import IS_NAME
from .literals import literal_text
from .reader import Reader, called, may_load
from .tokenizer import mask, plain_blanks

_IMPORT: Final = re.compile(
    rb"(?<![A-Za-z0-9_$.\x80-\xff])(?:import|export)(?=[\s{*\"'])[A-Za-z0-9_$\s{},*\x80-\xff]*+([\"'])?"
)
_COMMENT_IN_LINE: Final = re.compile(rb"(?<=[^\s])[ \t]*+(<!--)")
_ESCAPED_NAME: Final = re.compile(rb"\\u(?:([0-9A-Fa-f]{4})|\{0*+([0-9A-Fa-f]{1,2})\})")
_TEXT_RUN: Final = re.compile(rb"\x01++")
_WORTH_READING: Final = re.compile(rb"[/.:]")
_BARE_HOST: Final = re.compile(r"\.?(?:[A-Za-z0-9_\-]+\.)+[A-Za-z]{2,63}(?::[0-9]+)?(?:[/?#]\S*)?")


@dataclass(frozen=True, slots=True)
class ScriptFacts:
    """What a script's text says of the addresses in it."""

    loaded: tuple[Address, ...]
    """The addresses that reach a loading call, relative ones included, in the order of the calls."""
    imported: tuple[Address, ...]
    """The specifiers of static ``import`` and ``export ... from``. A browser reads them in modules only."""
    complete: bool
    """False where the script went past the bounds of work, of depth or of readings kept side by side, so that ``loaded`` may
    lack some: a caller on the safe side asks ``addresses_in`` then. Of 1,170 scripts of real pages two do, of 63 and 408 kB."""


def read_script(text: bytes) -> ScriptFacts:
    """Read a script's loading calls. ``text``: the script's bytes, in UTF-8 or another encoding that keeps ASCII as it is."""
    return _read(text, 0)


def addresses_in(text: bytes) -> tuple[Address, ...]:
    """Return all addresses that stand in a script's strings, whether a call gets them or not; not those in its comments."""
    return tuple(_in_strings(text, mask(text)))


def stands_in_code(text: bytes, name: str, code: bytes | None = None) -> bool:
    """Tell whether a global stands in a script's code: as a whole name, or as a string that is the name and nothing else
    (``w["dataLayer"]``, the arguments of a snippet). Comments, longer strings and addresses do not count: the ``gtag`` of
    ``/gtag/js`` is no global.

    ``code``: the script masked, where the caller has it. A name may be dotted (``google.maps``).
    """
    wanted = name.encode("utf-8")
    if not wanted or wanted not in text:
        return False
    if code is None:
        code = mask(text)
    at = text.find(wanted)
    while at >= 0:
        end = at + len(wanted)
        if code.startswith(wanted, at):
            if not _is_name_byte(code[at - 1 : at]) and not _is_name_byte(code[end : end + 1]):
                return True
        elif code[at - 1 : at] in (b'"', b"'", b"`") and code[end : end + 1] == code[at - 1 : at]:
            return True
        at = text.find(wanted, at + 1)
    return False


def _is_name_byte(byte: bytes) -> bool:
    return byte.isalnum() or byte in (b"_", b"$") or byte >= b"\x80"


def _read(text: bytes, nested: int) -> ScriptFacts:
    look = plain_blanks(text)
    has_call = (
        SET.search(look) is not None
        or any(found.group(1) in METHODS_READ or is_loader(found.group(1), b"") for found in METHOD_CALL.finditer(look))
        or any(may_load(called(look, found.start())) for found in PLAIN_CALL.finditer(look))
        or KEY_SET_AS_WRITTEN.search(look) is not None
        or SET_STYLE.search(look) is not None
        or SET_FRAME.search(look) is not None
        or ALIAS.search(look) is not None
        or any(pattern.search(look) is not None for pattern in APART)
    )
    has_import = b"import" in text or b"export" in text
    if not has_call and not has_import:
        return ScriptFacts((), (), True)
    code = mask(text)
    if b"\\" in code:
        text = _plain_names(text, code)
        code = mask(text)
    facts = _facts(text, code, nested, has_import=has_import, has_call=has_call)
    if not _hides_code(text, code):
        return facts
    # A module has none of HTML's comments, and the text does not tell whether it is one.
    other = _facts(text, mask(text, module=True), nested, has_import=has_import, has_call=has_call)
    return ScriptFacts(
        tuple(dict.fromkeys((*facts.loaded, *other.loaded))),
        tuple(dict.fromkeys((*facts.imported, *other.imported))),
        facts.complete and other.complete,
    )


def _facts(text: bytes, code: bytes, nested: int, *, has_import: bool, has_call: bool) -> ScriptFacts:
    imported = tuple(_imports(text, code)) if has_import else ()
    if not has_call:
        return ScriptFacts((), imported, True)
    reader = Reader(text, code, nested, _within)
    loaded = reader.read()
    return ScriptFacts(tuple(loaded), imported, reader.values.complete)


def _hides_code(text: bytes, code: bytes) -> bool:
    """Tell whether a comment of HTML's stands within a line, where a module goes on. Such comments are by custom lines of their
    own, which hide an inline script from browsers of old."""
    return b"<!--" in text and any(code[found.start(1)] == 0x20 for found in _COMMENT_IN_LINE.finditer(text))


def _within(text: bytes, nested: int) -> tuple[tuple[Address, ...], bool]:
    facts = _read(text, nested)
    return facts.loaded, facts.complete


def _plain_names(text: bytes, code: bytes) -> bytes:
    """Return a script with the escapes in its names undone (ECMA-262 §12.7.1)."""
    pieces: list[bytes] = []
    position = 0
    for found in _ESCAPED_NAME.finditer(code):
        letter = int(found.group(1) or found.group(2), 16)
        if letter in IS_NAME and letter < 0x80:
            pieces += (text[position : found.start()], bytes((letter,)))
            position = found.end()
    return b"".join((*pieces, text[position:]))


def _imports(text: bytes, code: bytes) -> Iterator[Address]:
    for found in _IMPORT.finditer(code):
        if found.group(1) is None:
            continue
        start = found.end()
        clause = found.group()[6:-1].strip()
        if clause and not clause.endswith(b"from"):
            continue
        end = code.find(found.group(1), start)
        specifier = address(literal_text(text[start : end if end >= 0 else len(text)]), "import", found.start())
        if specifier is not None:
            yield specifier


def _in_strings(text: bytes, code: bytes) -> Iterator[Address]:
    for found in _TEXT_RUN.finditer(code):
        start, end = found.span()
        if _WORTH_READING.search(text, start, end) is None:
            continue
        said = literal_text(text[start:end])
        if "//" in said:
            yield from in_text(said, "", start)
        elif _BARE_HOST.fullmatch(said) is not None and (read := address("//" + said, "", start)) is not None:
            yield read
