"""What a script's text names once it is known to reach a loading call: an address, or HTML and CSS that hold some.

Pure; imports nothing of this project but the mark for unknown text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from ...wire.link_relations import CANDIDATES
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
_ATTRIBUTE: Final = re.compile(
    rf"(?<![\w\-])(src|href|srcset|{CANDIDATES}|srcdoc|poster|background|data|xlink:href"
    r"|data-src|data-srcset|data-lazy-src|data-lazy-srcset|data-original|data-background)"
    r"\s*=\s*(?:\"([^\"]*)|'([^']*)|([^\s\"'>]+))",
    re.I,
)
_WRITTEN_OUT: Final = re.compile(
    r"(?:(?<![A-Za-z0-9+.\-])[A-Za-z][A-Za-z0-9+.\-]*+:)?//[A-Za-z0-9\x80-\U0010ffff_\-][^\s\"'<>\\)]*"
)
"""An address with a host. Its scheme is looked for from the beginning of a word only, or long words would take long."""
_NESTED: Final = 2
"""Documents within documents that are read as such."""
_TAG: Final = re.compile(r"<([A-Za-z\0][A-Za-z0-9\0:\-]*)")
_FETCHES: Final = {
    "href": frozenset(("link", "base", "image", "use", "feimage", "script", "pattern", "mpath", "textpath", "filter")),
    "data": frozenset(("object",)),
    "background": frozenset(("body", "table", "tbody", "thead", "tfoot", "tr", "td", "th")),
}
"""The elements on which these attributes fetch; the other attributes of ``_ATTRIBUTE`` fetch wherever they stand."""
_CSS: Final = re.compile(r"(?:url\(\s*[\"']?|@import\s*[\"'])([^\"')\s]+)", re.I)


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


def in_html(html: str, call: str, at: int, depth: int = 0) -> Iterator[Address]:
    """Yield the addresses that a browser would fetch for this piece of HTML. The piece may be cut anywhere.

    ``depth``: how many documents of ``srcdoc`` attributes lie around it. Of one that lies too deep every address counts.
    """
    tags = list(_TAG.finditer(html))
    next_tag = 0
    tag = ""
    for found in _ATTRIBUTE.finditer(html):
        while next_tag < len(tags) and tags[next_tag].start() < found.start():
            tag = tags[next_tag].group(1).lower()
            next_tag += 1
        # What a lazy loader turns into the plain attribute counts as that.
        name = found.group(1).lower().removeprefix("xlink:")
        fetching = _FETCHES.get(name)
        if fetching is not None and tag not in fetching:
            continue
        value = found.group(2) or found.group(3) or found.group(4) or ""
        value = value.replace("&amp;", "&").replace("\\/", "/")
        if name == "srcdoc":
            value = value.replace("&quot;", '"').replace("&lt;", "<")
            yield from in_html(value, call, at, depth + 1) if depth < _NESTED else in_text(value, call, at)
            continue
        for one in value.split(",") if name.endswith("srcset") else (value,):
            read = address(one.strip().partition(" ")[0] if name.endswith("srcset") else one, call, at)
            if read is not None:
                yield read
    yield from in_css(html, call, at)


def in_text(text: str, call: str, at: int) -> Iterator[Address]:
    """Yield every address with a host that is written out in a text."""
    for found in _WRITTEN_OUT.finditer(text):
        read = address(found.group(), call, at)
        if read is not None:
            yield read


def in_css(css: str, call: str, at: int) -> Iterator[Address]:
    """Yield the addresses of ``url()`` and ``@import`` in a piece of CSS."""
    for found in _CSS.finditer(css):
        read = address(found.group(1), call, at)
        if read is not None:
            yield read
