"""What a scan saw, as frozen values: every writer reads these, and nothing else.

Addresses in a report have neither user information, query nor fragment: those can be personal (R9). May import nothing but the
standard library. The scanners make reports; ``writers/``, ``baseline`` and ``compare`` read them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from urllib.parse import urlsplit


class State(StrEnum):
    """What the visitor had said when a page was looked at."""

    BEFORE = "before"
    """Nothing yet."""
    REFUSED = "refused"
    ACCEPTED = "accepted"

    @property
    def phrase(self) -> str:
        """The state in words, to stand in a sentence."""
        return {"before": "before any choice", "refused": "after refusing", "accepted": "after accepting"}[self.value]


class Verdict(StrEnum):
    """What the policy says of one thing seen, in its state."""

    LEAK = "leak"
    """It waits for a consent that this visitor has not given, or the policy blocks what it does not list."""
    UNLISTED = "unlisted"
    """No rule names it, and the policy only reports that."""
    ALLOWED = "allowed"
    """The policy lists it, and this visitor permits it."""


class Sort(StrEnum):
    """What kind of thing was seen."""

    REQUEST = "request"
    """The browser contacts a host."""
    COOKIE = "cookie"
    STORAGE = "storage"
    """A key of localStorage or sessionStorage."""
    HEADER = "header"
    """A response header that makes a browser contact a host."""
    INLINE = "inline"
    """A program in the page that names a host."""


@dataclass(frozen=True, slots=True)
class Sighting:
    """One thing seen on one page in one state."""

    state: State
    page: str
    sort: Sort
    host: str
    """The host contacted; for a cookie or key, the host that it belongs to."""
    verdict: Verdict
    name: str = ""
    """The cookie's or key's name."""
    service: str | None = None
    category: str | None = None
    rule: str | None = None
    """The rule that names it, as the policy writes it."""
    where: str = ""
    """The place: ``script src``, ``Set-Cookie``, ``document.cookie``, or a browser's resource type."""
    initiator: str = ""
    """The host whose document or program made the browser do it; empty: the page itself."""
    line: int | None = None
    column: int | None = None
    excerpt: str = ""
    """The place's own text, or the address contacted without its query."""

    @property
    def subject(self) -> str:
        """What the policy would name: a cookie's name, else the host."""
        return self.name or self.host

    @property
    def third_party(self) -> bool:
        """Whether the host is not the page's own."""
        return self.host != host_of(self.page)


@dataclass(frozen=True, slots=True)
class Visit:
    """One page looked at in one state."""

    page: str
    state: State
    status: int
    sightings: tuple[Sighting, ...] = ()
    html_bytes: int = 0
    """The document as it came, decoded."""
    requests: int = 0
    """How many requests the page made, its own document included; 0 where no browser was used."""
    bytes: int = 0
    """What came over the wire for all of them; 0 where no browser was used."""
    own_banner: bool = False
    """Our banner stood in the page."""
    manage_link: bool = False
    """A link to the choices stood in the page (S08, L23)."""
    own_html_bytes: int = 0
    """Of the document, our banner."""
    own_requests: int = 0
    """Of the requests, those for our own style sheet and module."""
    own_bytes: int = 0
    """What came over the wire for these."""
    elsewhere: str = ""
    """The host of which this page links pages, where it links none of the host that was asked."""

    @property
    def leaks(self) -> tuple[Sighting, ...]:
        return tuple(seen for seen in self.sightings if seen.verdict is Verdict.LEAK)


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that could not be looked at, in one line."""

    subject: str
    """The address, path or target."""
    message: str

    def __str__(self) -> str:
        return f"{self.subject}: {self.message}"


@dataclass(frozen=True, slots=True)
class Screenshot:
    """A picture of a page as a visitor first meets it."""

    page: str
    state: State
    png: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Report:
    """One scan."""

    target: str
    """As it was named."""
    policy: str
    """The policy's file, or ``built in``."""
    browser: str
    """The browser and its version; empty: pages were read, not run."""
    started: float
    """Unix seconds."""
    seconds: float
    visits: tuple[Visit, ...] = ()
    problems: tuple[Problem, ...] = ()
    notes: tuple[str, ...] = ()
    """What a reader must know to read the rest rightly: a state that could not be reached, a limit that was met."""
    screenshots: tuple[Screenshot, ...] = ()
    accepted: frozenset[str] = frozenset()
    """Fingerprints of leaks that the baseline accepts."""
    titles: Mapping[str, str] = field(default_factory=dict)
    """Service and category ids to what people call them."""
    languages: tuple[str, ...] = ("en",)
    """The policy's."""
    categories: tuple[str, ...] = ()
    """The ids of the policy's categories, those that wait for consent first: what is not known goes there."""
    own_path: str = ""
    """The path of the guard's own pages, as the policy has it."""
    fails_on_unlisted: bool = False
    """Whether what neither a rule nor the catalogue names fails the scan, too."""
    homes: Mapping[str, str] = field(default_factory=dict)
    """The policy's services and the category of each."""

    @property
    def states(self) -> tuple[State, ...]:
        """The states that were looked at, in the order of a visit."""
        seen = {visit.state for visit in self.visits}
        return tuple(state for state in State if state in seen)

    @property
    def pages(self) -> tuple[str, ...]:
        """The pages that were looked at, each once, in the order of the scan."""
        return tuple(dict.fromkeys(visit.page for visit in self.visits))

    @property
    def sightings(self) -> Iterator[Sighting]:
        return (seen for visit in self.visits for seen in visit.sightings)

    @property
    def leaks(self) -> tuple[Sighting, ...]:
        """The leaks that the baseline does not accept."""
        return tuple(seen for seen in self.sightings if seen.verdict is Verdict.LEAK and fingerprint(seen) not in self.accepted)

    @property
    def accepted_leaks(self) -> tuple[Sighting, ...]:
        """The leaks that the baseline accepts."""
        return tuple(seen for seen in self.sightings if seen.verdict is Verdict.LEAK and fingerprint(seen) in self.accepted)

    @property
    def unlisted(self) -> tuple[Sighting, ...]:
        """What neither a rule nor the catalogue names."""
        return tuple(seen for seen in self.sightings if seen.verdict is Verdict.UNLISTED)

    @property
    def exit_code(self) -> int:
        """0: nothing that fails the scan. 1: a leak, or with ``fails_on_unlisted`` what is unlisted. 2: nothing could be
        scanned."""
        if self.leaks or (self.fails_on_unlisted and self.unlisted):
            return 1
        return 2 if self.nothing else 0

    @property
    def nothing(self) -> str:
        """Why no verdict can be given, with the mend; empty where pages of the site were seen."""
        if not self.visits:
            return "nothing could be scanned"
        if all(visit.status >= 400 for visit in self.visits):
            statuses = ", ".join(sorted({str(visit.status) for visit in self.visits}))
            return f"every page answered with an error ({statuses}): name a page that answers, or let the app answer"
        pages = [page for page in self.pages if not self._guards_own(page)]
        if not pages:
            return f"only the guard's own pages were met, below {self.own_path}: name a page of the site"
        elsewhere = next((visit.elsewhere for visit in self.visits if visit.elsewhere), "")
        if len(pages) == 1 and elsewhere:
            return f"one page was read, and it links to pages of {elsewhere} alone: scan those; for an app --site https://{elsewhere}/"
        return ""

    def _guards_own(self, page: str) -> bool:
        path = path_of(page)
        return bool(self.own_path) and "://" in page and (path == self.own_path or path.startswith(self.own_path + "/"))

    def called(self, id: str | None) -> str:
        """Return what people call a service or category."""
        return self.titles.get(id, id) if id else ""


def fingerprint(seen: Sighting) -> str:
    """Return what makes two leaks the same one, between two scans and however the page around it moved.

    State, kind, what the policy would name, the place, and the page's path: not the site's host, so that a baseline written on
    one machine holds on another; neither line nor column.
    """
    own = "" if seen.third_party else "(own)"
    host = own or seen.host
    return "|".join((seen.state.value, seen.sort.value, host, seen.name, seen.where, path_of(seen.page)))


def host_of(address: str) -> str:
    """Return an address's host, empty for a file."""
    try:
        return urlsplit(address).hostname or ""
    except ValueError:
        return ""


def path_of(address: str) -> str:
    """Return an address's path, or the file's name as the scan shows it."""
    return urlsplit(address).path or "/" if "://" in address else address


def without_query(address: str) -> str:
    """Return an address without user information, query and fragment (R9)."""
    if address.startswith(("data:", "blob:", "javascript:", "about:")):
        return address.partition(":")[0] + ":"
    head = address.partition("#")[0].partition("?")[0]
    scheme, mark, rest = head.partition("://")
    if not mark:
        return head
    authority, slash, path = rest.partition("/")
    return f"{scheme}://{authority.rpartition('@')[2]}{slash}{path}"
