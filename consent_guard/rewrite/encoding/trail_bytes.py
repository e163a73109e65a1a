"""A mask for encodings whose two-byte characters may end in an ASCII byte.

An ASCII lexer would read that byte as a letter or a bracket. A mask of the same length turns it into a high byte. May import
``pairs``. Called by ``decode``.
"""

from __future__ import annotations

import re
from typing import Final

from . import pairs

MASKED: Final = frozenset({*pairs.CODECS, "replacement"})
"""The encodings that need one."""

_HIGH: Final = bytes(byte | 0x80 for byte in range(256))


class PairMask:
    """A mask of one document as it streams."""

    def __init__(self, encoding: str) -> None:
        """``encoding``: one of ``MASKED``. Of a document in the replacement encoding browsers read nothing."""
        self._pattern = None if encoding == "replacement" else pairs.pattern(encoding)
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
