"""The request's own address, written as browsers write it: for links back, for bases, and to name one page.

May import the wire messages. The visitor, the response side, the endpoints and ``manage`` call it.
"""

from __future__ import annotations

from typing import Final
from urllib.parse import quote, unquote

from ..wire.messages import RequestFacts

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
