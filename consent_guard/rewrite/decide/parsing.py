"""Addresses as browsers parse them (WHATWG URL, with ada-url). Knows no rules. May import the model."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import unquote

import ada_url

from ..model import DocumentFacts

BLANKS: Final = "".join(map(chr, range(0x21)))
"""What the URL parser strips at both ends."""
HOST_CHARACTERS: Final = 253
"""The longest name of a host (RFC 1035 §2.3.4). Of a longer one the end is taken: rules for all below a host still hold, and no
page makes their look-up long."""
_NO_HOST: Final = "host.invalid"
"""Stands in for a Host field that is empty or no host (RFC 2606 §2)."""
_AUTHORITY: Final = re.compile(r"(?:[A-Za-z]+:)?[/\\\t\n\r]*[^/\\?#]*")
"""What may be an address's scheme and host."""
_SPACED: Final = re.compile(r"[ \u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]")
"""Blanks that Chromium takes into a host, as %20, where the standard refuses the address."""
_WEB: Final = frozenset({"http:", "https:", "ws:", "wss:", "ftp:"})


def own_address(document: DocumentFacts) -> ada_url.URL:
    """Return the document's address as browsers parse it, without its query. A Host field that is no host gives one that is
    nobody's."""
    path = document.path if document.path.startswith("/") else "/" + document.path
    try:
        return ada_url.URL(f"{document.scheme}://{document.host or _NO_HOST}{path}")
    except (ValueError, UnicodeEncodeError):
        return ada_url.URL(f"{document.scheme}://{_NO_HOST}/")


def host_of(base: str) -> str:
    """Return the host of an absolute address."""
    return ada_url.URL(base).hostname.rstrip(".")


def _url(text: str, base: str) -> ada_url.URL | None:
    try:
        return ada_url.URL(text, base=base)
    except (ValueError, UnicodeEncodeError):
        return None


def parse(text: str, base: str) -> tuple[str, str, str] | None:
    """Return host, path and query as a browser parses them; None where nothing can be fetched over a network."""
    url = _url(text, base)
    if url is None:
        found = _AUTHORITY.match(text)
        authority = unquote(found[0]) if found is not None else ""
        if found is not None and _SPACED.search(authority) is not None:
            url = _url(_SPACED.sub("x", authority) + text[found.end() :], base)
    if url is None or url.protocol not in _WEB:
        return None
    return url.hostname.rstrip(".")[-HOST_CHARACTERS:], url.pathname, url.search[1:]
