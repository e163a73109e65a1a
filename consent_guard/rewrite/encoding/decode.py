"""The encoding of one document: which it is, what an ASCII lexer may read of it, and how texts go into it.

The rewriter reads bytes that keep ASCII. Most encodings do; UTF-16 and ISO-2022-JP are read through a layer, and a mask hides
the ASCII bytes that end a character of Shift_JIS and its kind. May import ``labels``, ``sniff``,
``trail_bytes`` and ``transcode``. Every reader of a document has one.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from . import labels as charsets
from . import sniff as sniffing
from .trail_bytes import MASKED, PairMask
from .transcode import Layer, layer_for

_UNDECIDED: Final = re.compile(rb"[\x00\x1b\x80-\xff]")
_ESCAPE: Final = b"\x1b"
_ESCAPES: Final = re.compile(rb"\x1b(?=[$(])")
"""Where ISO-2022-JP changes its state (Encoding standard 12.2)."""


class Charset:
    """The encoding of one document as it streams."""

    def __init__(self, label: str | None, *, xml: bool = False) -> None:
        """``label``: the charset parameter of Content-Type; unknown labels are ignored, as browsers do."""
        self._declared = charsets.encoding_of(label)
        self._xml = xml
        self._head = b""
        self._released = 0
        self._layer: Layer | None = None
        self._mask: PairMask | None = None
        self.name: str | None = None
        """The encoding, None until it is known."""
        self.certain = self._declared is not None
        """Whether all browsers take it for that."""
        self._late = b""
        """An escape whose next byte has not come."""

    @classmethod
    def known(cls, name: str) -> Charset:
        """Return the charset of what follows within a document whose encoding is ``name``."""
        charset = cls(None)
        charset._settle(name)
        charset.certain = True
        return charset

    @property
    def masks(self) -> bool:
        """Whether what may be read of the document is its mask and not its own bytes. Once False it stays so."""
        return self.name is None or self._mask is not None

    @property
    def layered(self) -> bool:
        """Whether the document is read through a layer, so that its bytes depend on those before them."""
        return self._layer is not None

    @property
    def disputed(self) -> bool:
        """Whether the encoding is known, and browsers may take another."""
        return not self.certain and self.name is not None

    @property
    def escapes(self) -> bool:
        """Whether the encoding is ISO-2022-JP, where escapes say what the bytes after them are."""
        return self.name == "iso-2022-jp"

    def without_escapes(self, data: bytes, final: bool) -> bytes:
        """Return the next bytes without the escapes by which ISO-2022-JP, which a late meta may call for, would make something
        else of what follows."""
        data = self._late + data
        self._late = b""
        if _ESCAPE not in data:
            return data
        if data.endswith(_ESCAPE) and not final:
            self._late, data = _ESCAPE, data[:-1]
        return _ESCAPES.sub(b"\x1a", data)

    def decode(self, data: bytes, waiting: bytes | bytearray = b"") -> bytes:
        """Return the next bytes to work on. Until the encoding is known, those that no encoding reads otherwise.

        ``waiting``: what was returned before and was not given back to ``encode_pieces`` yet.
        """
        if self.name is None:
            return self._decide(data, False, waiting)
        return data if self._layer is None else self._layer.decode(data)

    def finish(self, waiting: bytes | bytearray = b"") -> bytes:
        """Return what was held for want of more bytes; ``waiting`` as for ``decode``. The document ends here."""
        out = self._decide(b"", True, waiting) if self.name is None else b""
        return out if self._layer is None else out + self._layer.finish()

    def mask(self, data: bytes, final: bool) -> bytes:
        """Return what an ASCII lexer may read of the next bytes, byte for byte as long; up to three bytes come later."""
        return data if self._mask is None else self._mask.feed(data, final)

    def text(self, raw: bytes) -> str:
        """Return the text behind bytes that ``decode`` returned, U+FFFD for what does not decode."""
        if self._layer is not None or self.name is None:
            return raw.decode("utf-8", "replace")
        return charsets.text(self.name, raw)

    def encode(self, markup: bytes) -> bytes:
        """Return markup (UTF-8) as it is put into the document."""
        return self.encode_pieces((b"", markup))

    def encode_pieces(self, pieces: Sequence[bytes]) -> bytes:
        """Return the document's own bytes for what ``decode`` returned: alternately a piece that stays and one (UTF-8) that is
        put in, the former first. The pieces that stay must come in order, those without a change too."""
        if self._layer is not None:
            return self._layer.encode(pieces)
        name = self.name or "utf-8"
        if name == "utf-8":
            return b"".join(pieces)
        return b"".join(
            charsets.encoded(name, piece.decode("utf-8", "replace")) if at & 1 and not piece.isascii() else piece
            for at, piece in enumerate(pieces)
        )

    def _decide(self, data: bytes, final: bool, waiting: bytes | bytearray) -> bytes:
        """Take bytes while the encoding is not known."""
        self._head += data
        head = self._head
        if not final and sniffing.may_be_mark(head, labelled=self._declared is not None):
            return b""
        name = sniffing.bom(head) or self._declared
        if name is None and (final or len(head) >= sniffing.PRESCAN_BYTES):
            name = sniffing.declared(head, xml=self._xml) or (sniffing.DEFAULT_XML if self._xml else sniffing.DEFAULT_HTML)
        if name is None:
            # What every encoding that a document may still name reads alike need not wait.
            if sniffing.starts_as_utf16(head):
                return b""
            doubtful = _UNDECIDED.search(head, self._released)
            start, self._released = self._released, doubtful.start() if doubtful else len(head)
            return head[start : self._released]
        self.certain = self.certain or sniffing.bom(head) is not None or sniffing.declared_for_all(head)
        self._head = b""
        self._settle(name)
        rest = head[self._released :]
        if self._layer is None:
            return rest
        self._layer.precede(bytes(waiting))
        return self._layer.decode(rest)

    def _settle(self, name: str) -> None:
        self.name = name
        self._layer = layer_for(name)
        self._mask = PairMask(name) if name in MASKED else None
