"""Paths as an app sees them, percent-decoded: dot segments resolved, and globs by whole segments.

May import nothing of the package. The policy's path rules are matched with it.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

_TO_RESOLVE: Final = re.compile(r"//|/\.{1,2}(?:/|\Z)")


def resolved(path: str) -> str:
    """Return a path without dot segments and empty ones (RFC 3986 §5.2.4; servers and apps differ on ``//``)."""
    if not path.startswith("/"):
        path = "/" + path
    if _TO_RESOLVE.search(path) is None:
        return path
    kept: list[str] = []
    segments = path.split("/")[1:]
    for segment in segments:
        if segment == "..":
            del kept[-1:]
        elif segment not in ("", "."):
            kept.append(segment)
    closing = "/" if kept and segments[-1] in ("", ".", "..") else ""
    return "/" + "/".join(kept) + closing


def glob_covers(glob: str, path: str) -> bool:
    """Tell whether a resolved path matches a glob: ``*`` is one segment or a part of it, ``**`` any number of segments."""
    return _pattern(glob).fullmatch(path) is not None


@lru_cache(maxsize=256)
def _pattern(glob: str) -> re.Pattern[str]:
    """``**`` stands at most once in a glob, and ``*`` at most once in a segment, so that no path takes long."""
    parts: list[str] = []
    for segment in glob.split("/")[1:]:
        if segment == "**":
            parts.append("(?:/[^/]*)*")
        elif segment == "*":
            parts.append("/[^/]+")
        else:
            parts.append("/" + "[^/]*".join(map(re.escape, segment.split("*"))))
    return re.compile("".join(parts), re.DOTALL)
