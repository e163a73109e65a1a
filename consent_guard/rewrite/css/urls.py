"""The addresses in CSS that make a browser fetch, and a filter that makes the gated ones inert as a style sheet streams.

Fetched are ``url()`` in declarations, the string or ``url()`` of ``@import``, and the strings of ``image-set()``,
``-webkit-image-set()`` and ``src()``. The prelude of any other at-rule (``@namespace``, ``@supports``…) fetches nothing. A
custom property may be used anywhere, so ``url()`` counts everywhere, and so does a string but in an attribute selector and in
``content``.

May import limits, ``css_tokens`` and ``css_escapes``. Called by the rewriter for ``style`` elements and attributes.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from ... import limits
from .escapes import unescape
from .grammar import ABOVE_ASCII
from .tokenizer import CONTEXT_BYTES, CssScanner, Syntax

INERT: Final = b"about:invalid"
"""What stands in an address's place: valid between quotes and without, and never fetched."""


@dataclass(frozen=True, slots=True)
class CssUrl:
    """One address that a browser may fetch."""

    start: int
    """Where its text begins, after the quote or parenthesis and white space."""
    end: int
    url: str
    """With CSS escapes decoded."""
    syntax: Syntax
    """``url``: of url(); ``string``: of image-set(), src() or a custom property; ``import``: of @import, in either form."""


class _Finder(CssScanner):
    def __init__(self, attribute: bool) -> None:
        super().__init__(attribute=attribute, limit=sys.maxsize)
        self.spans: list[tuple[int, int, Syntax]] = []

    def _found(self, start: int, end: int, syntax: Syntax) -> None:
        self.spans.append((start, end, syntax))

    def read(self, css: bytes) -> list[tuple[int, int, Syntax]]:
        self._buffer += css
        self.scan(True)
        return self.spans


def find_urls(css: str, *, attribute: bool) -> list[CssUrl]:
    """Return the addresses in a whole style sheet, or in a ``style`` attribute's value, in their order. Linear; never raises.

    ``data:`` addresses are listed only after @import. In an attribute no at-rule has effect.
    """
    if "(" not in css and "--" not in css and "\\" not in css and (attribute or "@" not in css):
        return []
    # Offsets must stay: every character above ASCII is one byte that belongs to names.
    raw = (css if css.isascii() else ABOVE_ASCII.sub("\x80", css)).encode("latin-1")
    return [CssUrl(start, end, unescape(css[start:end]), syntax) for start, end, syntax in _Finder(attribute).read(raw)]


def _utf8(raw: bytes) -> str:
    return raw.decode("utf-8", "replace")


class StyleFilter(CssScanner):
    """A style sheet as it streams: gated addresses leave as ``about:invalid``, every other byte as it came.

    Any split of the input gives the same output. What is held is one address, up to ``limits.HELD_VALUE_BYTES``; a longer one
    leaves inert.
    """

    def __init__(
        self,
        judge: Callable[[str], bool],
        *,
        judge_import: Callable[[str], bool] | None = None,
        decode: Callable[[bytes], str] = _utf8,
        attribute: bool = False,
        on_inert: Callable[[str], None] | None = None,
    ) -> None:
        """``judge``: whether an address, escapes decoded, is gated. ``judge_import``: the same for @import, which fetches a
        style sheet and may be a ``data:`` address; default: ``judge``. ``decode``: the sheet's encoding. ``on_inert`` hears
        each address made inert, an empty one for what was too long."""
        super().__init__(attribute=attribute, limit=limits.HELD_VALUE_BYTES)
        self._judge = judge
        self._judge_import = judge_import or judge
        self._decode = decode
        self._on_inert = on_inert
        self._sent = 0
        self._out: list[bytes] = []

    def feed(self, data: bytes) -> bytes:
        """Return the bytes that may leave now. Never raises for any bytes."""
        self._buffer += data
        return self._run(False)

    def close(self) -> bytes:
        """Return what was held. The sheet ends here."""
        return self._run(True)

    def _run(self, final: bool) -> bytes:
        self.scan(final)
        if not self.holding:
            self._send(len(self._buffer))
        elif not self._dropping:
            self._send(self._start)
        out = b"".join(self._out)
        self._out.clear()
        gone = min(self._sent, self._at - CONTEXT_BYTES)
        if gone > 0:
            del self._buffer[:gone]
            self._at -= gone
            self._sent -= gone
            self._start -= gone
            self._value_end = max(0, self._value_end - gone) if self._value_end >= 0 else -1
        return out

    def _send(self, end: int) -> None:
        if end > self._sent:
            self._out.append(bytes(self._buffer[self._sent : end]))
            self._sent = end

    def _inert(self, start: int, end: int, url: str) -> None:
        self._send(start)
        self._out.append(INERT)
        self._sent = end
        if self._on_inert is not None:
            self._on_inert(url)

    def _found(self, start: int, end: int, syntax: Syntax) -> None:
        url = unescape(self._decode(bytes(self._buffer[start:end])))
        if (self._judge_import if syntax == "import" else self._judge)(url):
            self._inert(start, end, url)

    def _overflowed(self, start: int) -> None:
        self._inert(start, start, "")

    def _dropped(self, end: int) -> None:
        self._sent = end
