"""What a browser will make of a response body: a document that must be filtered, one whose type it sniffs, a style sheet,
or none of these.

May import the wire layer. The response side asks once per response head, the audit once per response.
"""

from __future__ import annotations

import re
from enum import Enum
from typing import Final

from ...wire.headers import content_type, first, get_all, is_attachment
from ...wire.messages import Headers

_UNKNOWN: Final = frozenset({"unknown/unknown", "application/unknown"})
"""Types that browsers sniff as if there were none (WHATWG MIME Sniffing §7)."""
_HTML: Final = frozenset({"text/html", "text/vnd.turbo-stream.html"})
"""The second is shown by no browser: Turbo reads it as HTML, and puts what it finds there into the page."""
_XML: Final = frozenset({"text/xml", "application/xml", "text/xsl"})
"""Beside every ``+xml`` type; text/xsl is Chromium's own."""

_PARTS: Final = "multipart/x-mixed-replace"
"""Firefox shows each part as a document; of the other multipart types no browser does."""

_FEEDS: Final = frozenset({"application/rss+xml", "application/atom+xml", "application/rdf+xml"})
_FEED: Final = re.compile(rb"(?:\xef\xbb\xbf)?(?>(?:\s|<\?.*?\?>|<!--.*?-->)*)<(?:rss|feed|rdf:RDF)[\s>]", re.DOTALL)
_ACTING: Final = re.compile(
    rb"1999/xhtml|2000/svg|<\?xml-stylesheet|<!DOCTYPE|xmlns[^=<>\"']{0,80}=\s*(?:\"[^\"<&]*&|'[^'<&]*&)", re.IGNORECASE
)
"""A namespace may be spelled with character references, or with an entity of the document's own."""
_PROLOG_BYTES: Final = 4096
_FOLLOWED: Final = frozenset({301, 302, 303, 307, 308})
"""Fetch, "redirect status": under any other, and without an address to go to, browsers show the body."""


class BodyKind(Enum):
    """What the body is, as far as the head tells."""

    HTML = "html"
    XML = "xml"
    """XHTML, SVG and every other XML document: scripts in the XHTML and SVG namespaces run in each of them (N11)."""
    SNIFFED = "sniffed"
    """No usable Content-Type: its first bytes decide."""
    PARTS = "parts"
    """Documents, pictures or both, each in place of the one before."""
    STYLE = "style"
    """A style sheet of its own: browsers follow the addresses in it."""
    JSON = "json"
    """Where the policy says that strings in it hold HTML."""
    EVENTS = "sse"
    """Where the policy says that the data of its events are HTML."""
    OTHER = "other"
    """Nothing that a browser shows as markup: not one byte changes."""

    @property
    def document(self) -> bool:
        """Whether it is, or may turn out to be, a document, or holds parts of one."""
        return self not in (BodyKind.STYLE, BodyKind.OTHER)


def body_kind(status: int, headers: Headers) -> BodyKind:
    """Return what a browser makes of a body under this head. A download is no document, whatever it holds; nor is a redirect,
    or a response without a body, that does not say what it is. What a page asks for as its style sheet is never a download."""
    declared = content_type(headers)
    if declared is not None and declared.essence == "text/css":
        return BodyKind.STYLE
    if is_attachment(headers):
        return BodyKind.OTHER
    if declared is None or declared.essence in _UNKNOWN:
        return BodyKind.OTHER if is_nosniff(headers) or _is_empty(status, headers) else BodyKind.SNIFFED
    if declared.essence in _HTML:
        return BodyKind.HTML
    if declared.essence in _XML or declared.essence.endswith("+xml"):
        return BodyKind.XML
    return BodyKind.PARTS if declared.essence == _PARTS else BodyKind.OTHER


def is_feed(headers: Headers, text: bytes) -> bool:
    """Tell whether an XML document is a feed, RSS or Atom: by its type, or by its first element where that says XML alone."""
    declared = content_type(headers)
    if declared is None:
        return False
    return declared.essence in _FEEDS or (declared.essence in _XML and _FEED.match(text[:_PROLOG_BYTES]) is not None)


def may_act(text: bytes) -> bool:
    """Tell whether something in an XML document may run: elements of XHTML or SVG, or what a style sheet makes of it."""
    return _ACTING.search(text) is not None


def is_nosniff(headers: Headers) -> bool:
    """Tell whether ``X-Content-Type-Options`` keeps browsers from sniffing: its first member counts (Fetch §3.4)."""
    value = first(headers, b"x-content-type-options")
    return value is not None and value.partition(b",")[0].strip(b" \t").lower() == b"nosniff"


def _is_empty(status: int, headers: Headers) -> bool:
    """Tell whether nothing of a body is ever shown: there is none, or browsers go on to another address."""
    if not has_body("GET", status) or first(headers, b"content-length") == b"0":
        return True
    return status in _FOLLOWED and any(value.strip(b" \t") for value in get_all(headers, b"location"))


def has_body(method: str, status: int) -> bool:
    """Tell whether a response to this request carries a body at all (RFC 9110 §6.4.1; N1, N2)."""
    return method != "HEAD" and status >= 200 and status not in (204, 205, 304)


def is_page(headers: Headers, kind: BodyKind) -> bool:
    """Tell whether this is an HTML document, be it in XML's clothes: cookies are expired on pages, never on pictures (L24b)."""
    if kind is BodyKind.HTML:
        return True
    declared = content_type(headers)
    return declared is not None and declared.essence == "application/xhtml+xml" and kind is BodyKind.XML
