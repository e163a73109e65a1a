"""What is scanned: saved pages, an app, or a site; each read through one door.

    with open_target("shop.wsgi:application", limits) as source:
        for address in source.starts:
            answers = source.read(address)

May import the readers of this package. The scanners ask for pages here and know no other way to one.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from html import unescape
from pathlib import Path
from types import TracebackType
from typing import Final, Protocol, Self
from urllib.parse import urlsplit

from ...rewrite.html.query import Tag, read_tokens
from ..problems import Unreadable
from ..report import without_query
from .apps import RunningApp, load_app, looks_like_app
from .fetching import PAGE_BYTES, PAGE_SECONDS, Answer, Fetcher, require_httpx

PAGE_SUFFIXES: Final = {
    ".html": "text/html",
    ".htm": "text/html",
    ".xhtml": "application/xhtml+xml",
    ".xht": "application/xhtml+xml",
    ".svg": "image/svg+xml",
}
"""Of a folder, files that end so are pages; by which type browsers read them."""
_UNKNOWN_SITE: Final = "https://saved-page.invalid/"
"""Where a saved page is taken to be from when it does not say: then every host is a third party."""
_APP_SITE: Final = "http://localhost/"
_SAVED_FROM: Final = re.compile(rb"<!--\s*+saved from url=\(\d++\)(https?://[^\s<>]++)\s*+(?:--)?>", re.I)
_HEAD_BYTES: Final = 128 * 1024
"""Of a saved page, where it says which page it is."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What one page may cost."""

    seconds: float = PAGE_SECONDS
    max_bytes: int = PAGE_BYTES


class Source(Protocol):
    """Where pages come from."""

    name: str
    """As the target was named."""
    starts: tuple[str, ...]
    """The addresses that are looked at first."""
    crawls: bool
    """Whether pages lead to further pages."""
    polite: bool
    """Whether somebody else's server is asked: robots.txt and the delay count."""

    def label(self, address: str) -> str:
        """Return what reports call this address."""

    def read(self, address: str, cookies: Mapping[str, str] | None = None) -> tuple[Answer, ...]:
        """Return each answer on the way to a page, the page last. Raises Unreadable."""

    def post(self, address: str, form: Mapping[str, str]) -> Answer:
        """Return the answer to a form. Raises Unreadable."""

    def __enter__(self) -> Source: ...

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None: ...


class Through:
    """A source that is read through another, of which it has all but what a subclass does itself."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self.name = source.name
        self.starts = source.starts
        self.crawls = source.crawls
        self.polite = source.polite

    def label(self, address: str) -> str:
        return self._source.label(address)

    def read(self, address: str, cookies: Mapping[str, str] | None = None) -> tuple[Answer, ...]:
        return self._source.read(address, cookies)

    def post(self, address: str, form: Mapping[str, str]) -> Answer:
        return self._source.post(address, form)

    def __enter__(self) -> Self:
        self._source.__enter__()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._source.__exit__(kind, error, trace)


def open_target(target: str, limits: Limits, site: str = "") -> Source:
    """Return the source that a target names: a URL, a file or folder, or ``module:app``.

    ``site`` is the address that saved pages or an app stand for; without it a saved page's own word counts (the comment that
    browsers write, its canonical link). Raises Unreadable for a target that is none of these, or an app that cannot be loaded.
    """
    if re.match(r"https?://", target, re.I):
        try:
            urlsplit(target)
        except ValueError as error:
            raise Unreadable(target, f"is no address ({error})") from error
        return UrlSource(target, limits)
    path = Path(target)
    if target and path.exists():
        return SavedPages(target, path, limits, site)
    if looks_like_app(target):
        return AppSource(target, limits, site)
    if re.match(r"[\w-]+(\.[\w-]+)+(:\d+)?(/|$)", target):
        raise Unreadable(target, f"there is no such file; for the site write https://{target}")
    raise Unreadable(target or "(no target)", "is no file or folder, no URL (https://…), and no app (module:app)")


class SavedPages:
    """A saved page, or all of a folder."""

    crawls = False
    polite = False

    def __init__(self, name: str, path: Path, limits: Limits, site: str) -> None:
        """Raises Unreadable for a folder without pages."""
        self.name = name
        self._limits = limits
        self._site = site
        if path.is_dir():
            found = sorted(file for file in path.rglob("*") if file.suffix.lower() in PAGE_SUFFIXES and file.is_file())
            if not found:
                raise Unreadable(name, f"holds no pages ({', '.join(PAGE_SUFFIXES)})")
        else:
            found = [path]
        self.starts = tuple(str(file) for file in found)

    def __enter__(self) -> SavedPages:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """Nothing is held open."""

    def label(self, address: str) -> str:
        return Path(address).as_posix()

    def read(self, address: str, cookies: Mapping[str, str] | None = None) -> tuple[Answer, ...]:
        try:
            with open(address, "rb") as file:
                body = file.read(self._limits.max_bytes + 1)
        except OSError as error:
            raise Unreadable(address, f"cannot be read ({error.strerror or error})") from error
        cut = len(body) > self._limits.max_bytes
        body = body[: self._limits.max_bytes]
        kind = PAGE_SUFFIXES.get(Path(address).suffix.lower(), "text/html")
        headers = ((b"content-type", kind.encode("ascii")),)
        return (Answer(self._site or _address_of(body), 200, headers, body, cut),)

    def post(self, address: str, form: Mapping[str, str]) -> Answer:
        raise Unreadable(address, "is a saved page, and takes no form")


def _address_of(body: bytes) -> str:
    """Return the address that a saved page says it is from: in the comment of the browser that saved it, else as its own."""
    head = body[:_HEAD_BYTES]
    found = _SAVED_FROM.search(head)
    if found is not None:
        return unescape(found[1].decode("latin-1").removesuffix("--"))
    named = (_named(token) for token in read_tokens(head) if isinstance(token, Tag) and token.name in ("link", "meta"))
    return next(filter(None, named), _UNKNOWN_SITE)


def _named(tag: Tag) -> str:
    """Return the address of the page that a canonical link or ``og:url`` names, empty for any other element."""
    given = tag.attributes
    is_own = "canonical" in given.get("rel", "").lower().split() or given.get("property", "").lower() == "og:url"
    address = given.get("href" if tag.name == "link" else "content", "").strip() if is_own else ""
    return address if address.lower().startswith(("http://", "https://")) else ""


class UrlSource:
    """A site, over the network."""

    crawls = True
    polite = True

    def __init__(self, name: str, limits: Limits) -> None:
        self.name = name
        self._fetcher = Fetcher(seconds=limits.seconds, max_bytes=limits.max_bytes)
        self.starts: tuple[str, ...] = (name,)

    def __enter__(self) -> UrlSource:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._fetcher.__exit__(kind, error, trace)

    def label(self, address: str) -> str:
        return without_query(address)

    def read(self, address: str, cookies: Mapping[str, str] | None = None) -> tuple[Answer, ...]:
        return self._fetcher.get(address, cookies)

    def post(self, address: str, form: Mapping[str, str]) -> Answer:
        return self._fetcher.post(address, form)


class AppSource:
    """An app, called in process."""

    crawls = True
    polite = False

    def __init__(self, name: str, limits: Limits, site: str) -> None:
        """Raises Unreadable for an app that cannot be loaded."""
        self.name = name
        self._limits = limits
        self.app, self.kind = load_app(name)
        self._running = RunningApp(self.app, self.kind, name)
        self.starts: tuple[str, ...] = (site or _APP_SITE,)
        self._fetcher: Fetcher | None = None

    def __enter__(self) -> AppSource:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self._fetcher is not None:
            self._fetcher.__exit__(kind, error, trace)
            self._running.__exit__(kind, error, trace)

    def label(self, address: str) -> str:
        return without_query(address)

    def read(self, address: str, cookies: Mapping[str, str] | None = None) -> tuple[Answer, ...]:
        return self._open().get(address, cookies)

    def post(self, address: str, form: Mapping[str, str]) -> Answer:
        return self._open().post(address, form)

    def _open(self) -> Fetcher:
        """Start the app with the first page that is read: a browser's pages come from a server, which starts it itself."""
        if self._fetcher is None:
            require_httpx()
            transport = self._running.__enter__().transport(self._limits.max_bytes)
            self._fetcher = Fetcher(seconds=self._limits.seconds, max_bytes=self._limits.max_bytes, transport=transport)
        return self._fetcher
