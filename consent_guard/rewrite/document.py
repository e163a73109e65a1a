"""What the rewriter knows of a document before its first byte.

May import nothing above the wire layer. Made by the engine, read by the judge and the rewriter.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


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
