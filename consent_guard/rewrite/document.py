"""What the rewriter knows of a document before its first byte.

May import nothing above the wire layer. Made by the engine, read by the judge, by ``alike`` and by the rewriter.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

import ada_url

_NO_HOST: Final = "host.invalid"
"""Stands in for a Host field that is empty or no host (RFC 2606 §2)."""


@dataclass(frozen=True, slots=True)
class DocumentFacts:
    """Where a document comes from and how a browser will read it."""

    scheme: str
    """``http`` or ``https``, as the browser sees it: ``https:host/x`` means another thing on each (WHATWG URL, special scheme
    state)."""
    host: str
    """The Host field's value, port included."""
    path: str = "/"
    """The full path as the browser sees it, ``root_path`` included."""
    query: str = ""
    syntax: Literal["html", "xml"] = "html"
    charset: str | None = None
    """The charset parameter of Content-Type; None: the body itself tells."""


def own_address(document: DocumentFacts) -> ada_url.URL:
    """Return the document's address as browsers parse it, without its query. A Host field that is no host gives one that is
    nobody's."""
    path = document.path if document.path.startswith("/") else "/" + document.path
    try:
        return ada_url.URL(f"{document.scheme}://{document.host or _NO_HOST}{path}")
    except (ValueError, UnicodeEncodeError):
        return ada_url.URL(f"{document.scheme}://{_NO_HOST}/")
