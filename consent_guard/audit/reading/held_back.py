"""What a page holds back itself: scripts and frames that another consent tool would set free.

Such a tool has the page write ``<script type="text/plain" src="…">`` or ``<iframe data-src="…">``: no browser loads that, so
the leak finder rightly passes it over, and yet the site uses it. May import the policy's host index and the rewriter's tokens.
``consent-guard init`` listens with it while pages are read.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import TracebackType
from typing import Final
from urllib.parse import urlsplit

from ...policy.hosts import HostIndex
from ...rewrite.html.query import Tag, read_tokens
from .fetching import Answer
from .targets import Source

_ADDRESSES: Final = frozenset({"src", "data-src", "data-cmp-src", "data-cookieblock-src", "data-suppressedsrc"})


class Listening:
    """A source, and what the pages that were read of it hold back."""

    def __init__(self, source: Source, index: HostIndex, held: dict[str, dict[str, None]]) -> None:
        """``held`` takes the hosts by which each service is met, by its id."""
        self._source = source
        self._index = index
        self.name = source.name
        self.starts = source.starts
        self.crawls = source.crawls
        self.polite = source.polite
        self._held = held

    def label(self, address: str) -> str:
        return self._source.label(address)

    def read(self, address: str, cookies: Mapping[str, str] | None = None) -> tuple[Answer, ...]:
        answers = self._source.read(address, cookies)
        for found in _addresses(answers[-1].body):
            self._meet(found)
        return answers

    def post(self, address: str, form: Mapping[str, str]) -> Answer:
        return self._source.post(address, form)

    def __enter__(self) -> Listening:
        self._source.__enter__()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._source.__exit__(kind, error, trace)

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
