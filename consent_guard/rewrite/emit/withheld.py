"""In which bytes what is withheld leaves: the one way out, for HTML, foreign content, XML and oversized tags alike.

A withheld element goes whole, from its start tag to its end tag; a stub or a placeholder may stand in. What has left already
cannot go any more: a script that turns out late to be withheld is cut so that it cannot compile. May import the model.
"""

from __future__ import annotations

from typing import Final

from ..html.attributes import ascii_attribute

CUT: Final = b"\n@@"
"""Ends a script whose beginning has left: ``@@`` is no token of JavaScript, not even after a line comment."""
BREAKOUT: Final = b"<b></b>"
"""Stands in for a withheld start tag that ended foreign content, so that what follows is still read as HTML."""
APART: Final = b"<!---->"
"""Keeps apart what stood before and behind a withheld element."""

NO_PROGRAM: Final = b' type="text/plain"'
"""Put before the other attributes of a script that has to stay and must not run: the first type counts."""


def stub_element(stub: bytes, nonce: str) -> bytes:
    """Return the inline script that stands in for a withheld one, with its nonce."""
    if not stub:
        return b""
    attribute = b' nonce="' + ascii_attribute(nonce) + b'"' if nonce else b""
    return b"<script" + attribute + b">" + stub + b"</script>"


def to_html(roots: list[bytes]) -> bytes:
    """Return what makes every parser read HTML content from here on, where it is not known whether these svg and math elements,
    the innermost first, are still open."""
    return b"".join(b"</" + root + b">" for root in roots) + BREAKOUT
