"""The files that our pages load: read from the package once, named by their content, so that they may be kept for ever.

May import nothing of the package. Called by the surface; needs no Jinja2.
"""

from __future__ import annotations

import functools
import hashlib
import importlib.resources
from dataclasses import dataclass

_TYPES = {"css": "text/css; charset=utf-8", "js": "text/javascript; charset=utf-8"}


@dataclass(frozen=True, slots=True)
class Asset:
    """One static file."""

    name: str
    """File name with the digest of its content, as ``cg-0123456789ab.css``."""
    content_type: str
    body: bytes


@functools.cache
def assets() -> dict[str, Asset]:
    """Return the static files by their plain names, as ``cg.css``."""
    found: dict[str, Asset] = {}
    for entry in (importlib.resources.files(__package__) / "static").iterdir():
        stem, _, kind = entry.name.rpartition(".")
        if kind in _TYPES:
            body = entry.read_bytes()
            found[entry.name] = Asset(f"{stem}-{hashlib.sha256(body).hexdigest()[:12]}.{kind}", _TYPES[kind], body)
    return found
