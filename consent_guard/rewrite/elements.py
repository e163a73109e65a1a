"""Which attributes of which elements make a browser fetch (WHATWG HTML, SVG 2), as tables.

To enforce one more attribute or element, add it here; ``tags`` says what becomes of it. May import nothing of the package.
"""

from __future__ import annotations

import re
from typing import Final

FETCHING_RELS: Final = frozenset(
    (
        *("stylesheet", "preload", "modulepreload", "prefetch", "prerender", "icon", "manifest", "apple-touch-icon"),
        *("apple-touch-icon-precomposed", "apple-touch-startup-image", "mask-icon", "fluid-icon", "compression-dictionary"),
        *("dns-prefetch", "preconnect", "import", "serviceworker"),
    )
)
"""Link types for which a browser goes to the address by itself."""
HINT_RELS: Final = frozenset({"preconnect", "dns-prefetch"})
"""Those that name a host only."""

PLAIN_SOURCES: Final[dict[bytes, tuple[bytes, ...]]] = {
    b"img": (b"src",),
    b"image": (b"src",),
    b"frame": (b"src",),
    b"portal": (b"src",),
    b"bgsound": (b"src",),
    b"source": (b"src",),
    b"track": (b"src",),
    b"video": (b"poster",),
}
"""Attributes that fetch and are simply taken out. Embeds, links and scripts are decided whole."""
SRCSETS: Final = frozenset({b"img", b"image", b"source"})
"""Elements whose ``srcset`` fetches."""
EMBEDS: Final = {b"iframe": b"src", b"embed": b"src", b"object": b"data", b"video": b"src", b"audio": b"src"}
"""Elements for which a placeholder stands in, by their own source."""
NESTING: Final = frozenset({b"iframe", b"frame", b"embed", b"object", b"portal"})
"""Elements that show a whole document."""
OBJECT_PARAMS: Final = frozenset({"movie", "src", "url", "data", "code", "filename", "href"})
"""``<param>`` names that older browsers take for the object's address."""

HREFS: Final = (b"href", b"xlink:href")
FOREIGN_SOURCES: Final = frozenset(
    b"image use feimage font-face-uri script cursor pattern filter mpath textpath lineargradient radialgradient".split()
)
"""svg elements whose ``href`` fetches."""
ANIMATIONS: Final = frozenset(b"animate set animatemotion animatetransform discard".split())
"""svg elements that may give another element an address."""
PRESENTATION: Final = frozenset(
    b"fill stroke filter mask mask-image clip-path marker marker-start marker-mid marker-end cursor".split()
)
"""svg attributes that are read as CSS."""

JAVASCRIPT_URLS: Final = frozenset(b"href xlink:href src data action formaction to values from".split())
"""Attributes whose address may be a program."""

HIDDEN_STYLE: Final = re.compile(
    r"display\s*:\s*none|visibility\s*:\s*hidden|(?:^|[;\s])(?:width|height)\s*:\s*[01](?:px)?\s*(?:;|$|!)", re.I
)
"""CSS that makes an image a pixel nobody sees."""
TINY_SIZE: Final = re.compile(r"\s*[01](?:px|\.0*)?\s*$")

_REFRESH: Final = re.compile(
    r"[\t\n\f\r ]*+(?:[0-9]++|(?=\.))[0-9.]*+[\t\n\f\r ;,]++(?:[uU][rR][lL][\t\n\f\r ]*+=[\t\n\f\r ]*+)?(.*)", re.S
)


def refresh_target(content: str) -> str | None:
    """Return the address of a refresh's content (WHATWG 4.2.5.3, shared declarative refresh steps), None where it has none."""
    found = _REFRESH.match(content)
    if found is None:
        return None
    target = found[1]
    if target[:1] in ("'", '"'):
        target = target[1:].partition(target[0])[0]
    return target
