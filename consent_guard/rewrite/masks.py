"""Encodings whose two-byte characters may end in an ASCII byte: Shift_JIS, GBK, gb18030, Big5, EUC-KR.

An ASCII lexer would read that byte as a letter or a bracket. A mask of the same length turns it into a high byte, pair by pair
as the WHATWG decoders pair them: an ASCII byte that makes no valid pair with the lead before it is read by itself again (WHATWG
Encoding §10.2.1, §11.1.1, §12.3.1, §13.1.1). May import ``charsets``. Called by ``encoding``.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Final

from .charsets import codec

MASKED: Final = frozenset({"shift_jis", "gbk", "gb18030", "big5", "euc-kr", "replacement"})

_BIG5_MORE: Final = {
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

_HIGH: Final = bytes(byte | 0x80 for byte in range(256))


@cache
def _pattern(encoding: str) -> re.Pattern[bytes]:
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
    python = codec(encoding)
    leads: dict[bytes, bytearray] = {}
    for lead in range(0x81, 0xFF):
        trails = bytearray(_BIG5_MORE.get(lead, b"") if encoding == "big5" else b"")
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


class PairMask:
    """A mask of one document as it streams."""

    def __init__(self, encoding: str) -> None:
        """``encoding``: one of ``MASKED``. Of a document in the replacement encoding browsers read nothing."""
        self._pattern = None if encoding == "replacement" else _pattern(encoding)
        self._held = b""

    def feed(self, data: bytes, final: bool) -> bytes:
        """Return the mask of the next bytes. A sequence that they cut off, up to three bytes, comes with the next ones."""
        if self._pattern is None:
            return data.translate(_HIGH)
        if self._held:
            data = self._held + data
            self._held = b""
        if data.isascii():
            return data
        cut = len(data)

        def masked(found: re.Match[bytes]) -> bytes:
            nonlocal cut
            whole = found.group()
            if found.group(1) is None:
                return whole if whole[1] & 0x80 else whole.translate(_HIGH)
            cut = found.start()
            return whole

        out = self._pattern.sub(masked, data)
        if final or cut == len(data):
            return out
        self._held = data[cut:]
        return out[:cut]
