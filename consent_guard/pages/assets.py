"""The files that our pages load: read from the package once, named by their content, so that they may be kept for ever.

May import nothing of the package. Called by the surface; needs no Jinja2.
"""

from __future__ import annotations

import functools
import hashlib
import importlib.resources
import re
from dataclasses import dataclass

_TYPES = {"css": "text/css; charset=utf-8", "js": "text/javascript; charset=utf-8"}
_IMPORTS = re.compile(rb'import\("\./([a-z-]+\.js)"\)')


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
    folder = importlib.resources.files(__package__) / "static"
    files = {entry.name: entry.read_bytes() for entry in folder.iterdir() if entry.name.rpartition(".")[2] in _TYPES}
    # What imports others comes after them: it names each by its content too.
    for name in sorted(files, key=lambda name: (len(_IMPORTS.findall(files[name])), name)):
        stem, _, kind = name.rpartition(".")
        body = _IMPORTS.sub(lambda match: b'import("./' + found[match[1].decode()].name.encode() + b'")', files[name])
        found[name] = Asset(f"{stem}-{hashlib.sha256(body).hexdigest()[:12]}.{kind}", _TYPES[kind], body)
    return found
