"""Which style sheets of the site's own its pages load, and what those import: a leak in one is a leak of each page.

May import nothing but the standard library. The scan and the test kit's crawl ask for what it names.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final
from urllib.parse import urldefrag, urljoin, urlsplit

SHEETS: Final = 50
"""So many are read in one state of a visitor: a site has a handful."""
_IMPORT: Final = re.compile(r"@import\s+(?:url\(\s*)?[\"']?([^\"'\s);]+)", re.I)


def imported(css: str, url: str) -> list[str]:
    """Return the style sheets of the same host that this one imports, as absolute addresses."""
    found = []
    for match in _IMPORT.finditer(css):
        try:
            address = urldefrag(urljoin(url, match[1]))[0]
            own = urlsplit(address)[:2] == urlsplit(url)[:2]
        except ValueError:
            continue  # no browser could follow it either
        if own:
            found.append(address)
    return found


class SheetWalk:
    """The style sheets of one state: each once, those that pages link before those that they import."""

    def __init__(self) -> None:
        self._pending: list[str] = []
        self._known: set[str] = set()

    def take(self, addresses: Iterable[str]) -> None:
        """Take what a page links, or a style sheet imports."""
        for address in addresses:
            if address not in self._known and len(self._known) < SHEETS:
                self._known.add(address)
                self._pending.append(address)

    def next(self) -> str | None:
        """Return the next one to ask for, None where there is none."""
        return self._pending.pop(0) if self._pending else None
