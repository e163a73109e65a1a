"""Two-byte characters as browsers pair them: Shift_JIS, GBK, gb18030, Big5, EUC-KR, EUC-JP (WHATWG Encoding §10 to §13).

An ASCII byte that makes no valid pair with the lead before it is read by itself again; any other byte after a lead goes with
it. May import nothing of the package. ``trail_bytes``, ``labels`` and ``transcode`` build on it.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Final

CODECS: Final = {"shift_jis": "cp932", "gbk": "gb18030", "gb18030": "gb18030", "big5": "big5hkscs", "euc-kr": "cp949"}
"""Python's codecs. Those of Shift_JIS, GBK and EUC-KR hold the same pairs as browsers do; that of Big5 lacks some."""

BIG5_MORE: Final = {
    0x87: b"z{|}~",
    0x8E: b"io~",
    0x8F: b"Win",
    0x90: b"mz",
    0x92: b"D",
    0x94: b"G",
    0x96: b"D",
    0x9B: b"vx{",
    0x9C: b"BSbhkw",
    0x9D: b"WZ",
    0x9F: b"`f",
    0xA0: b"cw",
    0xFA: b"_f",
    0xFB: b"H",
    0xFC: b"Ol",
    0xFE: b"Ro",
}
"""Pairs of the web's Big5 that Python's codec lacks."""

_REPLACEMENT: Final = "\ufffd"
_SOME_IDEOGRAPH: Final = "\u4e00"
_GB18030_2022: Final = str.maketrans(
    "\ue5e5\ue78d\ue78e\ue78f\ue790\ue791\ue792\ue793\ue794\ue795\ue796\ue7c7\ue81e\ue826\ue82b\ue82c\ue832\ue843\ue854\ue864",
    "\u3000\ufe10\ufe12\ufe11\ufe13\ufe14\ufe15\ufe16\ufe17\ufe18\ufe19\u1e3f\u9fb4\u9fb5\u9fb6\u9fb7\u9fb8\u9fb9\u9fba\u9fbb",
)
"""What browsers read by the edition of 2022 and Python by that of 2000."""
_EUC_JP: Final = re.compile("\x8f[\xa1-\xfe][\x80-\xff]|[\x8e\x8f\xa1-\xfe][\x80-\xff]|[\x80-\xff]")


@cache
def pattern(encoding: str) -> re.Pattern[bytes]:
    """Return what is read as one: runs of pairs that end high (nothing to mask), a pair that ends in ASCII, and, in a group, a
    sequence that the end of the bytes cuts off."""
    if encoding in ("gbk", "gb18030"):
        lead = rb"[\x81-\xfe]"
        low = lead + rb"(?:[\x40-\x7e]|[0-9]" + lead + rb"[0-9])"
        cut = lead + rb"(?:[0-9]" + lead + rb"?)?"
    else:
        lead = rb"[\x81-\x9f\xe0-\xfc]" if encoding == "shift_jis" else rb"[\x81-\xfe]"
        low = b"|".join(_low_pairs(encoding))
        cut = lead
    # Whatever high byte follows a lead is taken with it, valid or not.
    return re.compile(rb"(?>(?:" + lead + rb"[\x80-\xff]){1,4096})|" + low + rb"|(" + cut + rb")\Z")


def _low_pairs(encoding: str) -> list[bytes]:
    python = CODECS[encoding]
    leads: dict[bytes, bytearray] = {}
    for lead in range(0x81, 0xFF):
        trails = bytearray(BIG5_MORE.get(lead, b"") if encoding == "big5" else b"")
        for trail in range(0x40, 0x7F):
            try:
                text = bytes((lead, trail)).decode(python)
            except UnicodeDecodeError:
                continue
            if not text.endswith(chr(trail)):
                trails.append(trail)
        if trails:
            leads.setdefault(bytes(sorted(trails)), bytearray()).append(lead)
    return [
        b"[" + b"".join(b"\\x%02x" % lead for lead in some) + b"][" + b"".join(b"\\x%02x" % trail for trail in trails) + b"]"
        for trails, some in leads.items()
    ]


def text(encoding: str, raw: bytes) -> str:
    """Return the text behind a value's bytes, U+FFFD for what does not decode. Never raises.

    ``encoding``: one of ``CODECS``, or ``euc-jp``. Where Python's Big5 lacks a pair some other ideograph stands for it.
    """
    if encoding == "euc-jp":
        return _EUC_JP.sub(_euc_jp, raw.decode("latin-1"))
    out: list[str] = []
    at = 0
    for found in pattern(encoding).finditer(raw):
        out += (_alone(encoding, byte) for byte in raw[at : found.start()])
        if found.group(1) is None:
            out.append(_paired(encoding, found.group()))
        else:
            out += (_alone(encoding, byte) for byte in found.group(1))
        at = found.end()
    out += (_alone(encoding, byte) for byte in raw[at:])
    return "".join(out)


def _alone(encoding: str, byte: int) -> str:
    if byte < 0x80:
        return chr(byte)
    if encoding == "shift_jis" and (byte == 0x80 or 0xA1 <= byte <= 0xDF):
        return chr(byte) if byte == 0x80 else chr(0xFF61 - 0xA1 + byte)
    return "\u20ac" if byte == 0x80 and encoding in ("gbk", "gb18030") else _REPLACEMENT


def _paired(encoding: str, raw: bytes) -> str:
    try:
        character = raw.decode(CODECS[encoding])
        return character.translate(_GB18030_2022) if CODECS[encoding] == "gb18030" else character
    except UnicodeDecodeError:
        if len(raw) > 2 and raw[1] >= 0x80:
            return "".join(_paired(encoding, raw[at : at + 2]) for at in range(0, len(raw), 2))
    return _SOME_IDEOGRAPH if encoding == "big5" and raw[1] not in b"\x80\xff" else _REPLACEMENT


def _euc_jp(found: re.Match[str]) -> str:
    raw = found.group().encode("latin-1")
    if len(raw) == 2 and raw[0] >= 0xA1 and 0xA1 <= raw[1] <= 0xFE:
        return jis0208(raw[0] - 0xA1, raw[1] - 0xA1)
    character = raw.decode("euc_jp", "replace")
    return character if len(character) == 1 else _REPLACEMENT


def jis0208(row: int, cell: int) -> str:
    """Return the character of a row and a cell, both from 0 to 93, of the web's index jis0208, which is that of cp932."""
    lead = row // 2 + (0x81 if row < 62 else 0xC1)
    trail = cell + 0x9F if row & 1 else cell + (0x40 if cell < 0x3F else 0x41)
    return bytes((lead, trail)).decode("cp932", "replace")[:1]
