"""What a script's text names once it is known to reach a loading call: an address, or HTML and CSS that hold some.

Pure; imports nothing of this project but the mark for unknown text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from .literals import UNKNOWN

_REMOVED: Final = re.compile("[\t\n\r]")
_AUTHORITY: Final = re.compile(r"(?:[A-Za-z0-9+.\-\0]*:|\0+)?[/\\]{2,}([^/\\?#]*)([^?#]*)\??([^#]*)")
_GLUED: Final = re.compile(r"\0((?:[A-Za-z0-9_\-]+\.)+[A-Za-z]{2,63})(?::[0-9]+)?([/\\?#][^\s\"'<>]*|$)")
_FILES: Final = frozenset(
    (
        *("js", "mjs", "cjs", "css", "php", "html", "htm", "json", "jsp", "asp", "aspx", "cgi", "pl", "xml", "txt", "map"),
        *("min", "gif", "png", "jpg", "jpeg", "svg", "webp", "ico", "woff", "mp4", "mp3"),
    )
)
"""What looks like a top-level domain and is a file's ending. Read only where unknown text stands before a bare name."""
_PORT: Final = re.compile(r":[0-9]*$")
_WRITTEN_OUT: Final = re.compile(
    r"(?:(?<![A-Za-z0-9+.\-])[A-Za-z][A-Za-z0-9+.\-]*+:)?//[A-Za-z0-9\x80-\U0010ffff_\-][^\s\"'<>\\)]*"
)
"""An address with a host. Its scheme is looked for from the beginning of a word only, or long words would take long."""


@dataclass(frozen=True, slots=True)
class Address:
    """An address that a script hands to a call, as far as the script's text tells it.

    ``host``, ``path`` and ``query`` are what a rule is compared with. They are spelled as in the script: case, escapes and
    non-ASCII letters are the caller's to settle.
    """

    text: str
    """The address; ``UNKNOWN`` stands for what is not told."""
    call: str
    """What it reaches, such as ``src``, ``fetch`` or ``document.write``."""
    at: int
    """Offset of that call in the script, of the literal where no call is reached."""
    host: str
    """The host without a port; empty where the address is relative or the host is not told."""
    below: bool
    """More labels, not told, stand before ``host``."""
    path: str
    """From its first slash on; for a relative address all that comes before the query."""
    query: str
    """Without its question mark."""
    direct: bool = True
    """The call is the browser's own or a request of jQuery's or axios'. False where the call is known by its name alone (a
    function of another script, such as ``site.addScript``) or where a library writes HTML into the page: nearly all of these
    load as well, but the script does not show it."""

    @property
    def computed(self) -> bool:
        """The address has a host of its own, which the script puts together from parts that are not told."""
        return not self.host and UNKNOWN in self.text and _AUTHORITY.match(self.text) is not None

    @property
    def url(self) -> str | None:
        """The address as a URL parser takes it: with a scheme-relative host where it has one, a label ``_`` for those that are
        not told, and what is not told of the rest left out from there on. None where its beginning is not told."""
        rest = (self.path + ("?" + self.query if self.query else "")).partition(UNKNOWN)[0]
        if self.host:
            return f"//{'_.' if self.below else ''}{self.host}{rest}"
        return rest if rest and not self.computed and not self.text.startswith(UNKNOWN) else None

    @property
    def end(self) -> str:
        """What is told of the end of an address of which the beginning is not: path and query, as below the site's root."""
        path, query = self.path.rpartition(UNKNOWN)[2], self.query.partition(UNKNOWN)[0]
        return f"/{path.lstrip('/')}{'?' + query if query else ''}"


def address(text: str, call: str, at: int) -> Address | None:
    """Read an address, None where there is none (empty, or nothing told)."""
    text = _REMOVED.sub("", text).strip(" ")
    if not text.strip(UNKNOWN + " +-_.,:;/"):
        return None
    found = _AUTHORITY.match(text)
    if found is not None:
        authority, path, query = found.groups()
        host, below = _host(authority)
        return Address(text, call, at, host, below, path or "/", query)
    glued = _GLUED.search(text[:512]) if UNKNOWN in text[:256] and "/" not in text.partition(UNKNOWN)[0] else None
    if glued is not None and glued.group(1).rpartition(".")[2].lower() not in _FILES:
        # "protocol + 'cdn.example.com/x.js'": what is not told ends in slashes, or the browser would look for a file.
        path, _, query = glued.group(2).partition("#")[0].partition("?")
        return Address(text, call, at, glued.group(1), False, path or "/", query)
    path, _, query = text.partition("#")[0].partition("?")
    return Address(text, call, at, "", False, path, query)


def _host(authority: str) -> tuple[str, bool]:
    authority = _PORT.sub("", authority.rpartition("@")[2])
    if UNKNOWN not in authority:
        if authority.startswith("."):
            return authority[1:], True
        return authority, False
    head, _, tail = authority.rpartition(UNKNOWN)
    if tail.startswith(".") and "." in tail[1:]:
        return tail[1:], True
    if not tail and UNKNOWN not in head and "." in head[:-1]:
        # "'https://www.example.com' + path": nobody computes the end of a domain.
        return head.rstrip("."), False
    return "", False


def in_text(text: str, call: str, at: int) -> Iterator[Address]:
    """Yield every address with a host that is written out in a text."""
    for found in _WRITTEN_OUT.finditer(text):
        read = address(found.group(), call, at)
        if read is not None:
            yield read
