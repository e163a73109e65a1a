"""What a page holds back itself: scripts and frames that another consent tool would set free.

Such a tool has the page write ``<script type="text/plain" src="…">`` or ``<iframe data-cmp-src="…">``: no browser loads that,
so the leak finder rightly passes it over, and yet the site uses it. May import the policy's host index and the rewriter's
tokens. ``consent-guard init`` listens with it while pages are read.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final
from urllib.parse import urlsplit

from ...policy.hosts import HostIndex
from ...rewrite.html.query import Tag, read_tokens
from .fetching import Answer
from .targets import Source, Through

_ADDRESSES: Final = frozenset({"src", "data-src", "data-cmp-src", "data-cookieblock-src", "data-suppressedsrc"})


class Listening(Through):
    """A source, and what the pages that were read of it hold back."""

    def __init__(self, source: Source, index: HostIndex, held: dict[str, dict[str, None]]) -> None:
        """``held`` takes the hosts by which each service is met, by its id."""
        super().__init__(source)
        self._index = index
        self._held = held

    def read(self, address: str, cookies: Mapping[str, str] | None = None) -> tuple[Answer, ...]:
        answers = super().read(address, cookies)
        for found in _addresses(answers[-1].body):
            self._meet(found)
        return answers

    def _meet(self, address: str) -> None:
        try:
            parts = urlsplit(address if "//" in address[:8] else "")
            host = (parts.hostname or "").rstrip(".")
        except ValueError:
            return
        match = self._index.match(host, parts.path or "/", parts.query) if host.isascii() and host else None
        if match is not None:
            self._held.setdefault(match.service, {})[host] = None


def _addresses(page: bytes) -> Iterator[str]:
    """Yield the addresses of scripts and frames, live or held back."""
    for token in read_tokens(page):
        if isinstance(token, Tag) and not token.closing and token.name in ("script", "iframe", "img"):
            yield from (value.strip() for name, value in token.attributes.items() if value and name in _ADDRESSES)
