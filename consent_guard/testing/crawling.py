"""A walk through an app's own pages, by its own links, in each state of consent.

Only GET, only the app's own host, bounded, and never to an address that looks as if it ended a session or deleted something.
May import the audit's link reader and the rest of the kit. Test suites and the pytest plugin call it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Generator, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urldefrag, urljoin, urlsplit

from ..audit.reading.links import read_links
from ..audit.reading.sheets import SheetWalk, imported
from ..consent.terms import terms_of
from ..policy.model import Policy
from .clients import get
from .guards import find_guard, told_a_key, told_policy
from .judging import Judged, Visitor, fails, judge, on_unlisted
from .messages import failure, without_query
from .responses import Seen, see
from .visitors import forget, grant

if TYPE_CHECKING:
    from ..policy.model import PolicySource

UNSAFE: Final = re.compile(
    r"(?:^|[/_.?&=-])(?:log-?out|log-?off|sign-?out|sign-?off|deconnexion|abmelden|delete|remove|destroy|unsubscribe|revoke|cancel)"
    r"(?:$|[/_.?&=-])",
    re.I,
)
"""Addresses that a crawl does not ask for: a GET there may end the session, or worse."""
_SAME_PATH: Final = 5
"""Addresses that differ in their query only: a calendar has no end."""
_PAGE_TYPES: Final = ("text/html", "application/xhtml+xml")


@dataclass(frozen=True, slots=True)
class Crawl:
    """What a crawl saw."""

    judged: tuple[Judged, ...]
    """Every response, state by state, in the order of the walk."""
    states: tuple[str, ...]
    """The names of the states that it was walked in."""
    skipped: tuple[str, ...]
    """Addresses that were not asked for, because they look unsafe."""
    cut: bool
    """``max_pages`` was reached: there is more that was not seen."""
    fail_on: str = "leak"
    """``"unlisted"``: what neither a rule nor the catalogue names fails, too."""
    elsewhere: tuple[str, ...] = ()
    """Other hosts of which the pages link pages; they were not asked."""
    unread: tuple[str, ...] = ()
    """Style sheets of the app's own host that its pages link and the client was not given: what they name was not seen. A test
    client serves no files that a server would serve around the app."""

    @property
    def pages(self) -> tuple[str, ...]:
        """The paths of the pages that were seen, each once."""
        return tuple(dict.fromkeys(urlsplit(one.seen.url).path or "/" for one in self.judged if not _is_sheet(one.seen)))

    @property
    def faulty(self) -> tuple[Judged, ...]:
        """The responses that leak, or that cannot be read."""
        unlisted = on_unlisted(self.fail_on)
        return tuple(one for one in self.judged if fails(one, unlisted=unlisted))

    def check(self) -> None:
        """Raise AssertionError with every leak of every page, and where nothing was seen at all."""
        __tracebackhide__ = True
        if self.faulty:
            unlisted = on_unlisted(self.fail_on)
            raise AssertionError("\n\n".join(failure(one, unlisted=unlisted) for one in self.faulty))
        if not any(one.seen.status < 300 and not _is_sheet(one.seen) for one in self.judged):
            raise AssertionError(self._nothing())
        if len(self.pages) == 1 and self.elsewhere:
            raise AssertionError(
                f"the crawl saw one page, which links to pages of {self.elsewhere[0]} alone: let the client ask under that"
                " host, or begin at further pages: start="
            )

    def _nothing(self) -> str:
        """Return why no page was seen, and the mend."""
        statuses = ", ".join(sorted({str(one.seen.status) for one in self.judged})) or "nothing"
        targets = sorted({one.seen.first(b"location") for one in self.judged if 300 <= one.seen.status < 400} - {""})
        if targets:
            return (
                f"the crawl saw no page: the app answered {statuses} and leads to {without_query(targets[0])}, which was not"
                " asked: let the client ask under that scheme and host, or say where to begin: start="
            )
        return f"the crawl saw no page: the app answered {statuses}; say where to begin: start="


def crawl(
    client: Any,
    start: str | Sequence[str] = "/",
    *,
    policy: PolicySource = None,
    states: Iterable[str] | None = None,
    enter: Callable[[Any, Visitor], object] | None = None,
    max_pages: int = 50,
    skip: str | re.Pattern[str] = UNSAFE,
    host: str | None = None,
    fail_on: str = "leak",
) -> Crawl:
    """Walk an app's pages by its own links from ``start``, and fail with every leak of every page in every state.

    The states are ``no choice``, ``all refused``, ``only ID`` for each category, and ``all accepted``; ``states`` picks some.
    The client is put into each by the consent cookie of the guard behind it. An app with another banner, or none, is walked in
    ``no choice`` alone, unless ``enter(client, visitor)`` puts the client into the state of ``visitor.allow`` and
    ``visitor.deny``.

    ``policy`` is by default that of the guard, else as for ``assert_no_leak``; ``max_pages`` bounds each state; addresses that
    ``skip`` finds are left out. ``fail_on="unlisted"``: what neither a rule nor the catalogue names fails, too. Afterwards the
    client has made no choice. For an async client there is ``crawl_async``.

    Raises AssertionError, ValueError for an unknown state, an absolute ``start`` or an unknown ``fail_on``, and what
    ``assert_no_leak`` raises.
    """
    __tracebackhide__ = True
    walk = _walk(client, start, policy, states, enter, max_pages, skip, host, fail_on)
    response: Any = None
    while True:
        try:
            response = get(client, walk.send(response))
        except StopIteration as end:
            found: Crawl = end.value
            break
        if hasattr(response, "__await__"):
            response.close()
            raise TypeError("this client is asynchronous: await crawl_async(client)")
    found.check()
    return found


async def crawl_async(client: Any, start: str | Sequence[str] = "/", **options: Any) -> Crawl:
    """Do as ``crawl``, with an async client: Django's AsyncClient, httpx.AsyncClient. The options are the same."""
    __tracebackhide__ = True
    defaults = {"policy": None, "states": None, "enter": None, "max_pages": 50, "skip": UNSAFE, "host": None, "fail_on": "leak"}
    if unknown := options.keys() - defaults.keys():
        raise TypeError(f"crawl_async() has no option {', '.join(sorted(unknown))}; there are {', '.join(defaults)}")
    walk = _walk(client, start, **{**defaults, **options})
    response: Any = None
    while True:
        try:
            address = walk.send(response)
        except StopIteration as end:
            found: Crawl = end.value
            break
        response = await get(client, address)
        if hasattr(response, "aread"):
            await response.aread()
    found.check()
    return found


def visitors(policy: Policy) -> dict[str, Visitor]:
    """Return the states of a crawl by name."""
    everybody = terms_of(policy).asked
    found = {"no choice": Visitor(name="before any choice"), "all refused": _visitor((), everybody, "everything refused")}
    for id in everybody:
        found[f"only {id}"] = _visitor([id], [other for other in everybody if other != id], f"{id} alone accepted")
    found["all accepted"] = _visitor(everybody, (), "everything accepted")
    return found


def _visitor(allow: Collection[str], deny: Collection[str], name: str) -> Visitor:
    return Visitor(frozenset(allow), frozenset(deny), name)


def _walk(
    client: Any,
    start: str | Sequence[str],
    policy: PolicySource,
    states: Iterable[str] | None,
    enter: Callable[[Any, Visitor], object] | None,
    max_pages: int,
    skip: str | re.Pattern[str],
    host: str | None,
    fail_on: str,
) -> Generator[str, Any, Crawl]:
    """Yield each address to ask for and take its response; return what was seen."""
    on_unlisted(fail_on)
    guard = find_guard(client)
    if policy is None:
        policy = guard.policy if guard is not None else told_policy()
    every = visitors(Policy.load(policy))
    guarded = guard is not None or told_a_key()
    names = list(states) if states is not None else list(every) if guarded or enter else ["no choice"]
    if unknown := [name for name in names if name not in every]:
        raise ValueError(f"there is no state {unknown[0]!r}; there are {', '.join(map(repr, every))}")
    own_pages = guard.policy.path if guard is not None else ""
    judged: list[Judged] = []
    skipped: dict[str, None] = {}
    elsewhere: dict[str, None] = {}
    unread: dict[str, None] = {}
    cut = False
    for name in names:
        visitor = every[name]
        walk = _Walk([start] if isinstance(start, str) else start, re.compile(skip), own_pages, max_pages)
        while (address := walk.next()) is not None:
            _put(client, visitor, enter, host, guarded=guarded)
            seen = see((yield address))
            if walk.unread(seen):
                continue
            judged.append(judge(seen, policy, visitor, guarded=guard is not None))
            walk.learn(seen)
        skipped |= walk.skipped
        elsewhere |= walk.elsewhere
        unread |= walk.without
        cut = cut or walk.cut
    if guarded and enter is None:
        forget(client, host=host)
    return Crawl(tuple(judged), tuple(names), tuple(skipped), cut, fail_on, tuple(elsewhere), tuple(unread))


def _put(
    client: Any, visitor: Visitor, enter: Callable[[Any, Visitor], object] | None, host: str | None, *, guarded: bool
) -> None:
    """Put the client into a state, before each request: a page may change it."""
    if enter is not None:
        enter(client, visitor)
    elif guarded and (visitor.allow or visitor.deny):
        grant(client, *visitor.allow, deny=visitor.deny, host=host)
    elif guarded:
        forget(client, host=host)


def _is_sheet(seen: Seen) -> bool:
    return seen.first(b"content-type").partition(";")[0].strip().lower() == "text/css"


class _Walk:
    """The addresses of one state: which come next, which are known."""

    def __init__(self, start: Iterable[str], skip: re.Pattern[str], own_pages: str, max_pages: int) -> None:
        self._pending: list[str] = []
        self._known: set[str] = set()
        self._variants: dict[str, int] = {}
        self._skip = skip
        self._own_pages = own_pages
        self._left = max_pages
        self._asked = ""
        self.skipped: dict[str, None] = {}
        self.elsewhere: dict[str, None] = {}
        self.without: dict[str, None] = {}
        self._sheets = SheetWalk()
        self._asks_sheet = False
        self.cut = False
        for address in start:
            if not address.startswith("/") or address.startswith("//"):
                raise ValueError(f"a crawl begins at a path of the app, such as '/', not at {address!r}")
            self._take(address)

    def next(self) -> str | None:
        """Return the next address, None where there is none, or where there have been enough. A page's style sheets come
        before the next page, and do not count."""
        sheet = self._sheets.next()
        self._asks_sheet = sheet is not None
        if sheet is not None:
            self._asked = sheet
            return sheet
        if not self._pending:
            return None
        if self._left <= 0:
            self.cut = True
            return None
        self._left -= 1
        self._asked = self._pending.pop(0)
        return self._asked

    def unread(self, seen: Seen) -> bool:
        """Tell whether a style sheet was asked for and something else came; what it is, is remembered."""
        if self._asks_sheet and not (seen.status < 300 and _is_sheet(seen)):
            self.without[without_query(self._asked)] = None
            return True
        return False

    def learn(self, seen: Seen) -> None:
        """Take the addresses that a response leads to."""
        page = urljoin(seen.url, self._asked)
        if self._asks_sheet:
            self._take_sheets(imported(seen.text(), page))
            return
        if 300 <= seen.status < 400:
            self._follow(page, [seen.first(b"location")])
        elif seen.first(b"content-type").partition(";")[0].strip().lower() in _PAGE_TYPES:
            links = read_links(seen.text().encode("utf-8", "replace"), page, "utf-8")
            if links.elsewhere:
                self.elsewhere[links.elsewhere] = None
            self._take_sheets(links.sheets)
            self._follow(page, links.pages)

    def _take_sheets(self, addresses: Iterable[str]) -> None:
        parts = map(urlsplit, addresses)
        paths = ((one.path or "/") + (f"?{one.query}" if one.query else "") for one in parts)
        self._sheets.take(path for path in paths if not self._is_guards(path))

    def _follow(self, page: str, targets: Iterable[str]) -> None:
        own = urlsplit(page)
        for target in targets:
            try:
                parts = urlsplit(urldefrag(urljoin(page, target))[0])
            except ValueError:
                continue  # no browser could follow it either
            if parts.scheme in ("http", "https") and parts.netloc == own.netloc:
                self._take((parts.path or "/") + (f"?{parts.query}" if parts.query else ""))

    def _is_guards(self, path: str) -> bool:
        return bool(self._own_pages) and (path == self._own_pages or path.startswith(self._own_pages + "/"))

    def _take(self, address: str) -> None:
        path = address.partition("?")[0]
        if address in self._known or self._variants.get(path, 0) >= _SAME_PATH:
            return
        self._known.add(address)
        if self._is_guards(path):
            return
        if self._skip.search(address):
            self.skipped[without_query(address)] = None
            return
        self._variants[path] = self._variants.get(path, 0) + 1
        self._pending.append(address)
