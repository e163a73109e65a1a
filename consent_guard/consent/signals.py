"""Signals that a browser sends about its user's wishes: Global Privacy Control, and Do Not Track where a policy heeds it.

May import the wire layer's values. Called by the engine, once a request.
"""

from __future__ import annotations

from ..wire.messages import Headers


def dnt(headers: Headers) -> bool:
    """Return True where a ``DNT`` line holds exactly ``1``. ``DNT: 0`` is no consent: it says nothing (G04)."""
    return any(value.strip(b" \t") == b"1" for name, value in headers if name.lower() == b"dnt")


def gpc(headers: Headers) -> bool:
    """Return True where a ``Sec-GPC`` line holds exactly ``1``; any other value says nothing.

    Several lines of which one holds ``1`` count as one. Source: Global Privacy Control, "The Sec-GPC Header Field"; G01.
    """
    return any(value.strip(b" \t") == b"1" for name, value in headers if name.lower() == b"sec-gpc")
