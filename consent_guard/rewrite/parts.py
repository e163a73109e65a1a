"""What the rewriter puts into a page, as seen from the rewriter: bytes made elsewhere.

``pages`` implements PageParts once per response; the rewriter only decides where the bytes go. All bytes are UTF-8 without
anything that needs a declared encoding: characters past ASCII stand as numeric references, so they are right in every encoding.
May import nothing above this package.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


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
