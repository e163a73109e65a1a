"""Link relations by which a browser goes to an address by itself: of ``<link>`` elements and of the Link header alike.

One line adds a relation to both. Imports nothing. ``link_header`` and the rewriter's fetch table read it.
"""

from __future__ import annotations

from typing import Final

HINTS: Final = frozenset({"preconnect", "dns-prefetch"})
"""Those that name a host only: no path is fetched."""

FETCHING: Final = HINTS | {
    "stylesheet",
    "preload",
    "modulepreload",
    "prefetch",
    "prerender",
    "next",  # Firefox prefetches it
    "icon",
    "apple-touch-icon",
    "apple-touch-icon-precomposed",
    "apple-touch-startup-image",
    "mask-icon",
    "fluid-icon",
    "manifest",
    "compression-dictionary",
    "dictionary",
    "import",
    "serviceworker",
    "subresource",
}
"""Relations that make some browser contact the target; canonical, alternate and the like are plain links."""

CANDIDATES: Final = "imagesrcset"
"""The attribute of the element, and the parameter of the field, that names an image's candidates for a preload."""
