"""What a crawler reads of a page: where it leads, and whether it offers the visitor the choice.

Links are read in one reading, that of a visitor without scripts: which pages are looked at need not be all that a browser would
follow, unlike what is found in them. May import the rewriter's tokens. The scanners call it for the crawl.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urldefrag, urljoin, urlsplit

from ...rewrite.html.query import Tag, read_tokens

_NO_PAGE: Final = re.compile(
    r"\.(?:7z|avi|bmp|bz2|css|csv|docx?|eot|exe|gif|gz|ico|ics|iso|jpe?g|js|json|mjs|mov|mp[34]|mpeg|od[pst]|og[gv]|otf|pdf|png|pptx?"
    r"|rar|rss|svg|tar|tgz|tiff?|ttf|txt|wasm|wav|webm|webp|woff2?|xlsx?|xml|xz|zip)$",
    re.I,
)
"""Endings of addresses that are not asked for in search of pages."""
_LEADS: Final = {"a": "href", "area": "href", "iframe": "src", "frame": "src"}
_READ: Final = frozenset({*_LEADS, "base", "form", "input", "link"})
_SEVERAL: Final = 3
"""So many pages of one other host, and none of the page's own, are no links to somebody else."""
_OWN_MARK: Final = b"data-cg"
_MOST: Final = 10_000
"""Further links of one page are left alone: no crawl comes so far, and a page can hold a million of them."""


@dataclass(frozen=True, slots=True)
class Choice:
    """The form of our banner: where it posts, and what with."""

    action: str
    fields: tuple[tuple[str, str], ...]


@dataclass(slots=True)
class Links:
    """What one page offers."""

    pages: list[str] = field(default_factory=list)
    """Addresses of the same host, without fragments, each once, in the order of the page."""
    banner: bool = False
    """Our banner stands in the page (DESIGN §9)."""
    banner_bytes: int = 0
    """What the banner takes of the document."""
    sheets: list[str] = field(default_factory=list)
    """Style sheets of the same host that it links."""
    elsewhere: str = ""
    """The host that the page calls its own (its canonical address or base), or of which alone it links several pages, where it
    links none of the host that was asked: then that one was asked under another name."""
    manage: bool = False
    """A link to the choices stands in it (S08, L23)."""
    choice: Choice | None = None


def read_links(body: bytes, url: str, charset: str | None) -> Links:
    """Return what a page at this address offers. ``charset``: what Content-Type says of it."""
    reader = _Reader(url)
    for token in read_tokens(body, charset):
        if isinstance(token, Tag):
            reader.take(token)
    reader.links.elsewhere = reader.elsewhere()
    # What our banner leads to, which is on every page, comes after what the page itself does.
    reader.links.pages += reader.of_banner
    return reader.links


def robots_address(url: str) -> str:
    """Return where the site of this address says what robots may read (RFC 9309 §2.3)."""
    return urljoin(url, "/robots.txt")


class _Reader:
    def __init__(self, url: str) -> None:
        self.links = Links()
        self.of_banner: list[str] = []
        self._page = url
        self._base = url
        self._known: set[str] = set()
        self._tried: set[str] = set()
        self._sheets: set[str] = set()
        self._others: dict[str, set[str]] = {}
        self._canonical = ""
        self._in_banner = False
        self._banner_at = 0
        self._banner_name = ""
        self._action: str | None = None
        self._fields: list[tuple[str, str]] = []

    def take(self, tag: Tag) -> None:
        """Take the next tag of the page."""
        if tag.closing:
            self._end(tag)
        elif tag.name in _READ or _OWN_MARK in tag.source:
            if tag.attributes.get("data-cg") == "banner" and not self._in_banner:
                self._banner_at, self._banner_name = tag.at, tag.name
            self._start(tag.name, tag.attributes)

    def elsewhere(self) -> str:
        """Return the host under which the page's own links lie, empty where that is the one that was asked."""
        if self.links.pages:
            return ""
        for address in (self._canonical, self._base):
            try:
                parts = urlsplit(address)
            except ValueError:
                continue
            if parts.scheme in ("http", "https") and not self._is_own(address) and parts.netloc in self._others:
                return parts.netloc
        several = [host for host, pages in self._others.items() if len(pages) >= _SEVERAL]
        return several[0] if len(several) == len(self._others) == 1 else ""

    def _start(self, tag: str, given: dict[str, str]) -> None:
        relations = given.get("rel", "").lower().split() if tag == "link" else ()
        if "canonical" in relations:
            self._canonical = self._canonical or _joined(self._page, given.get("href", ""))
        elif "stylesheet" in relations and given.get("href"):
            self._sheet(given["href"].strip())
        if tag == "base" and "href" in given and self._base == self._page:
            self._base = _joined(self._page, given["href"])
        mark = given.get("data-cg")
        if mark == "banner":
            self.links.banner = self._in_banner = True
        elif mark == "manage":
            self.links.manage = True
        if self._in_banner and tag == "form" and self.links.choice is None:
            self._action = _joined(self._base, given.get("action", ""))
        elif self._action is not None and tag == "input" and given.get("type") == "hidden" and given.get("name"):
            self._fields.append((given["name"], given.get("value", "")))
        if tag in _LEADS and not (tag == "a" and "download" in given):
            self._lead(given.get(_LEADS[tag], "").strip(), page=tag in ("a", "area"))

    def _sheet(self, target: str) -> None:
        try:
            address = urldefrag(urljoin(self._base, target))[0]
            own = self._is_own(address)
        except ValueError:
            return
        if own and address not in self._sheets and len(self._sheets) < _MOST:
            self._sheets.add(address)
            self.links.sheets.append(address)

    def _end(self, tag: Tag) -> None:
        if tag.name == "form" and self._action is not None:
            # A page must not make the scanner post to another host.
            if self._is_own(self._action):
                self.links.choice = Choice(self._action, tuple(self._fields))
            self._action = None
        elif self._in_banner and tag.name == self._banner_name:
            self._in_banner = False
            self.links.banner_bytes += tag.end - self._banner_at

    def _lead(self, target: str, *, page: bool) -> None:
        if target in self._tried or len(self._tried) >= _MOST:
            return
        self._tried.add(target)
        try:
            address = urldefrag(urljoin(self._base, target))[0]
            parts, own = urlsplit(address), self._is_own(address)
        except ValueError:
            return
        if _NO_PAGE.search(parts.path) or parts.scheme not in ("http", "https"):
            return
        if not own:
            if page and not self._in_banner:
                self._others.setdefault(parts.netloc, set()).add(parts.path)
            return
        if address not in self._known:
            self._known.add(address)
            (self.of_banner if self._in_banner else self.links.pages).append(address)

    def _is_own(self, address: str) -> bool:
        parts, own = urlsplit(address), urlsplit(self._page)
        return parts.scheme in ("http", "https") and parts.netloc.lower() == own.netloc.lower()


def _joined(base: str, target: str) -> str:
    """Return an address against its base; the base itself where it is no address."""
    try:
        return urljoin(base, target.strip())
    except ValueError:
        return base


def path_key(address: str) -> str:
    """Return what a crawl visits once: the address without its query. A site's filters and calendars have no end."""
    parts = urlsplit(address)
    return f"{parts.netloc.lower()}{parts.path or '/'}"


def in_order(addresses: list[str]) -> Iterator[str]:
    """Yield addresses without a query first: those with one are more often a page already seen."""
    yield from sorted(addresses, key=lambda address: "?" in address)
