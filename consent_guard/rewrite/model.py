"""The data that the rewriter works with, and what the engine and the pages hand it. Imports nothing of this package."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal, Protocol

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


@dataclass(frozen=True, slots=True)
class Embed:
    """A withheld embed, for its placeholder."""

    service: str
    """The service id; empty where the host is unlisted and no service can be allowed."""
    element: str
    """``iframe``, ``embed``, ``object``, ``video`` or ``audio``."""
    url: str
    """Absolute http or https address, or empty."""
    host: str = ""
    width: str = ""
    """The attribute as the page wrote it, character references decoded; may be anything."""
    height: str = ""
    title: str = ""


class PageParts(Protocol):
    """The splices of one response, in ASCII bytes."""

    def banner(self, lang: str | None) -> bytes:
        """The banner, for a page whose ``<html lang>`` is ``lang``."""
        ...

    def placeholder(self, embed: Embed, lang: str | None) -> bytes:
        """Phrasing content that stands in for a withheld embed."""
        ...

    def closing(self, lang: str | None) -> bytes:
        """The one form that the placeholders' buttons submit; put at the end of a document that holds a placeholder."""
        ...
