"""The request's own address, written as browsers write it: for links back, for bases, and to name one page.

May import limits and the wire layer. The visitor, the response side, the endpoints and ``manage`` call it.
"""

from __future__ import annotations

from typing import Final
from urllib.parse import quote, unquote

from ..limits import NEXT_BYTES
from ..wire.headers import first
from ..wire.messages import RequestFacts
from ..wire.origins import is_localhost, split_host

_IN_PATH: Final = "/:@!$&'()*+,;=~-._"
"""What stands in a path as it is, beside letters and digits (RFC 3986 §3.3)."""
_IN_QUERY: Final = _IN_PATH + "?%[]|^`{}"


def own_path(facts: RequestFacts) -> str:
    """Return the path that the browser asked for, percent-encoded, ``root_path`` included. It starts with exactly one ``/``, so
    that a link to it stays on this site (K16)."""
    path = quote(f"{facts.root_path}{facts.path}", safe=_IN_PATH, errors="surrogateescape")
    return "/" + path.lstrip("/")


def own_address(facts: RequestFacts) -> str:
    """Return path and query that the browser asked for."""
    query = own_query(facts)
    return f"{own_path(facts)}?{query}" if query else own_path(facts)


def way_back(facts: RequestFacts) -> str:
    """Return the address that a form of ours names as the way back. One that is too long for a form is left out: the choice
    counts, whatever becomes of the way back."""
    address = own_address(facts)
    return address if len(quote(address, safe="")) <= NEXT_BYTES else ""


def seen_scheme(facts: RequestFacts) -> str:
    """Return the scheme that the browser sees. Behind a proxy that ends TLS and does not say so, Fetch Metadata tells: browsers
    send it to trustworthy origins only (W3C Fetch Metadata §4)."""
    if facts.scheme in ("https", "wss"):
        return "https"
    told = first(facts.headers, b"sec-fetch-site") is not None
    return "https" if told and not is_localhost(split_host(facts.host)[0]) else "http"


def own_query(facts: RequestFacts) -> str:
    """Return the query as it came, without ``?``; octets that no browser sends bare are percent-encoded."""
    return quote(facts.query, safe=_IN_QUERY)


def base_path(root_path: str, path: str) -> str:
    """Return where our own pages live, percent-encoded: ``path`` of the policy below ``root_path``. It starts with exactly one
    ``/``: two would make a host of what follows (K16)."""
    return "/" + quote(f"{root_path}{path}", safe=_IN_PATH, errors="surrogateescape").lstrip("/")


def page_key(path: str) -> str:
    """Return how a one-use permission names a page: its path, percent-decoded, without query, however it was written."""
    return unquote(path.partition("?")[0].partition("#")[0])
