"""Runs pages in Chromium, each in a fresh profile, before a choice, after refusing and after accepting.

    with Chromium() as chromium:
        BrowserScan(policy, gathered, chromium).run(source)

The choice is made once for each state, with the site's own banner where that is ours, else by the selectors or cookies that are
given; what keeps that choice is what a visitor carries to every page from then on, and what the choice did besides is told with
the first page of its state. May import the readers, this package and playwright's types. The command runs it.
"""

from __future__ import annotations

import contextlib
import re
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final

from ada_url import URL

from ...policy.model import Policy
from ...wire.messages import Header
from ..problems import Unreadable
from ..reading.crawling import Crawl, CrawlLimits
from ..reading.fetching import PAGE_BYTES, PAGE_SECONDS, same_site
from ..reading.links import Links, read_links
from ..reading.pagehood import DOWNLOAD, LOGIN, binary, no_page, too_large
from ..reading.serving import served
from ..reading.targets import AppSource, Source
from ..report import Screenshot, Sighting, State, Visit, host_of, without_query
from .chromium import Chromium
from .collecting import Gathered, Progress, no_progress
from .judged_recording import RecordingJudge, Scene, Stored
from .recording import Kept, Recording
from .watching import WATCH

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext, Page, Response

_OURS: Final = '[data-cg="banner"] button[name="choice"][value="{}"]'
_ANSWERS: Final = {State.REFUSED: "refuse", State.ACCEPTED: "accept"}
_QUIET_SECONDS: Final = 0.5
"""A page that asks for nothing for so long, and waits for nothing that could make it ask, is settled."""
_SETTLE_SECONDS: Final = 5.0
"""Pages that never rest are looked at for so long after they have loaded."""
_ANSWER_SECONDS: Final = 5.0
"""A page that does not run the least program for so long runs one of its own that does not end."""
_CLICK_SECONDS: Final = 5.0
_VIEWPORT: Final = {"width": 1280, "height": 800}
_STEP_SECONDS: Final = 0.25
"""So often a page that loads is looked after."""
_NET_ERROR: Final = re.compile(r"net::(?:ERR_)?([A-Z_]+)")
_SAID: Final = {"TOO_MANY_REDIRECTS": "redirects without end", "INVALID_AUTH_CREDENTIALS": LOGIN}
_DOWNLOADING: Final = "Download is starting"


@dataclass(frozen=True, slots=True)
class Banner:
    """How the choice is made where the banner is not ours."""

    selectors: Mapping[State, str] = field(default_factory=dict)
    """CSS selectors of the buttons."""
    cookies: Mapping[State, Mapping[str, str]] = field(default_factory=dict)
    """What a visitor who has chosen carries, where there is no button."""
    assume: bool = False
    """Where there are neither, the page that asks nothing is judged as in that state."""


@dataclass(frozen=True, slots=True)
class _Visitor:
    """Somebody in one state, as their browser knows them."""

    profile: Mapping[str, Any] = field(default_factory=lambda: {"cookies": [], "origins": []})
    """Playwright's storage state."""
    held: Mapping[Stored, str] = field(default_factory=dict)
    record: frozenset[Stored] = frozenset()
    sightings: tuple[Sighting, ...] = ()
    """What the choice itself did."""


class BrowserScan:
    """One scan of any number of sources, under one policy, in one browser."""

    def __init__(
        self,
        policy: Policy,
        gathered: Gathered,
        chromium: Chromium,
        *,
        states: Sequence[State] = tuple(State),
        banner: Banner | None = None,
        limits: CrawlLimits | None = None,
        paths: Sequence[str] = (),
        seconds: float = PAGE_SECONDS,
        max_bytes: int = PAGE_BYTES,
        progress: Progress = no_progress,
    ) -> None:
        """``paths``: these pages, and no other, whatever is linked. ``seconds`` bounds each load of a page, ``max_bytes`` its
        document."""
        self._gathered = gathered
        self._chromium = chromium
        self._states = tuple(states)
        self._banner = banner or Banner()
        self._limits = limits or CrawlLimits()
        self._paths = tuple(paths)
        self._seconds = seconds
        self._max_bytes = max_bytes
        self._progress = progress
        self._judge = RecordingJudge(policy)
        gathered.browser = chromium.name

    def run(self, source: Source) -> None:
        """Run every page of a source. What cannot be run is noted, and the scan goes on."""
        if isinstance(source, AppSource):
            with served(source.app, source.kind, source.name) as address:
                source.starts = (address,)
                self._run(source)
        else:
            self._run(source)

    def _run(self, source: Source) -> None:
        crawl = Crawl(source, self._limits, self._gathered.note, self._paths)
        visitors = {State.BEFORE: _Visitor()}
        for done, address in enumerate(crawl):
            self._progress(source.label(address), done, crawl.known)
            try:
                url = self._address(source, address)
                for state in self._states:
                    if state not in visitors:
                        chosen = self._choose(source, url, address, state)
                        if chosen is not None:
                            visitors[state] = chosen
                    if state in visitors:
                        crawl.found(self._look(source, url, address, state, visitors[state]))
                        visitors[state] = replace(visitors[state], sightings=())
            except Unreadable as error:
                self._gathered.problem(error)
        if self._gathered.visits:
            self._tell_unreached(source, [state for state in self._states if state not in visitors])

    def _tell_unreached(self, source: Source, states: list[State]) -> None:
        for state in states:
            word = _ANSWERS[state]
            reason = f"no banner of ours was found; give --{word}-selector CSS or --{word}-cookie NAME=VALUE"
            self._gathered.problem(Unreadable(source.name, f"the state {state.phrase} could not be reached: {reason}"))

    def _address(self, source: Source, address: str) -> str:
        """Return the address to load: a saved page's own, which is answered from the file."""
        if source.crawls:
            return address
        answer = source.read(address)[-1]
        if answer.cut:
            self._gathered.problem(Unreadable(source.label(address), too_large(len(answer.body))))
        return answer.url

    @contextlib.contextmanager
    def _profile(self, source: Source, url: str, address: str, visitor: _Visitor) -> Iterator[BrowserContext]:
        """A fresh profile that holds what the choice stored, and nothing else."""
        from playwright.sync_api import Error

        context = self._chromium.browser.new_context(viewport=_VIEWPORT, storage_state=visitor.profile)  # type: ignore[arg-type]
        try:
            context.set_default_timeout(self._seconds * 1000)
            context.add_init_script(WATCH)
            if not source.crawls:
                answer = source.read(address)[-1]
                kind = answer.headers[0][1].decode("ascii")
                # A predicate: in a pattern "{", "?" and "*" have a meaning, and what it misses comes from the network.
                own = _plain(url)
                context.route(
                    lambda asked: _plain(asked) == own,
                    lambda route: route.fulfill(status=200, content_type=kind, body=answer.body),
                )
            yield context
        except Error as error:
            raise Unreadable(source.label(address), _reason(error.message)) from error
        finally:
            with contextlib.suppress(Error):
                context.close()

    def _choose(self, source: Source, url: str, address: str, state: State) -> _Visitor | None:
        """Make the choice on this page; return who has made it, None where the page offers no way."""
        selector = self._banner.selectors.get(state) or _OURS.format(_ANSWERS[state])
        with self._profile(source, url, address, _Visitor()) as context:
            page = context.new_page()
            loading = Recording(max_bytes=self._max_bytes)
            loading.start(page)
            self._load(source, address, page, url, loading)
            button = page.locator(selector).first
            if not button.count():
                return self._given(url, state)
            before = loading.kept(context, page)
            choosing = Recording()
            choosing.start(page)
            button.click(timeout=_CLICK_SECONDS * 1000)
            self._settle(page, choosing)
            after = choosing.kept(context, page)
            own = page.url if same_site(page.url, url) else url
            remembered = self._judge.choice(own, state, before, after)
            scene = Scene(source.label(address), own, state, {one.identity: one.content for one in before}, remembered.record)
            return _Visitor(
                profile=_of_these(context.storage_state(), remembered.carried),
                held={one.identity: one.content for one in after if one.identity in remembered.carried},
                record=remembered.record,
                sightings=tuple(_with_choice(seen) for seen in self._judge.sightings(scene, choosing.asked, after)),
            )

    def _given(self, url: str, state: State) -> _Visitor | None:
        """Return who stands in for somebody who has chosen, on a page that offers no choice."""
        given = self._banner.cookies.get(state)
        if given is None:
            return _Visitor() if self._banner.assume else None
        host = host_of(url)
        place = {"domain": host, "path": "/", "expires": -1, "httpOnly": False, "secure": False, "sameSite": "Lax"}
        cookies = [{"name": name, "value": value, **place} for name, value in given.items()]
        kept = [Kept(name, host, "Set-Cookie", "", False, value) for name, value in given.items()]
        held = {one.identity: one.content for one in kept}
        return _Visitor({"cookies": cookies, "origins": []}, held, frozenset(held))

    def _look(self, source: Source, url: str, address: str, state: State, visitor: _Visitor) -> Links:
        """Load a page in one state, and note what it does."""
        label = source.label(address)
        with self._profile(source, url, address, visitor) as context:
            page = context.new_page()
            recording = Recording(max_bytes=self._max_bytes)
            recording.start(page)
            response = self._load(source, address, page, url, recording)
            if state is State.BEFORE and not self._gathered.screenshots:
                self._picture(page, label, state)
            page.evaluate("window.scrollTo(0, document.documentElement.scrollHeight)")
            self._settle(page, recording)
            own = page.url if same_site(page.url, url) else url
            content = page.content()
            links = read_links(content.encode("utf-8", "replace"), page.url, "utf-8")
            headers = _head(response) if response is not None else []
            scene = Scene(label, own, state, visitor.held, visitor.record)
            asked = [*recording.asked, *recording.hints(page)]
            seen = self._judge.sightings(scene, asked, recording.kept(context, page), headers)
            if not seen and (reason := binary(_without_frame(content).encode("utf-8", "replace"))):
                raise Unreadable(label, reason)
            for worker in recording.shared_workers:
                self._gathered.note(f"{label} starts a shared worker ({without_query(worker)}): what that contacts is not seen")
            own_requests, own_bytes = recording.own(host_of(own))
            self._gathered.visits.append(
                Visit(
                    page=label,
                    state=state,
                    status=response.status if response is not None else 200,
                    sightings=(*seen, *_further(visitor.sightings, seen)),
                    html_bytes=recording.document_bytes or len(content.encode("utf-8", "replace")),
                    requests=len(recording.asked),
                    bytes=recording.bytes,
                    own_banner=links.banner,
                    manage_link=links.manage,
                    own_html_bytes=links.banner_bytes,
                    own_requests=own_requests,
                    own_bytes=own_bytes,
                    elsewhere=links.elsewhere,
                )
            )
        return links

    def _picture(self, page: Page, label: str, state: State) -> None:
        """Take the first page's picture. A page that was broken off has none."""
        from playwright.sync_api import Error

        with contextlib.suppress(Error):
            png = page.screenshot(timeout=_ANSWER_SECONDS * 1000)
            self._gathered.screenshots.append(Screenshot(label, state, png))

    def _load(self, source: Source, address: str, page: Page, url: str, recording: Recording) -> Response | None:
        """Load a page until it rests. One that never finishes is looked at as far as it came. Raises Unreadable."""
        from playwright.sync_api import Error, TimeoutError

        end = time.monotonic() + self._seconds
        statuses: list[int] = []
        page.on("response", lambda answer: statuses.append(answer.status))
        label = source.label(address)
        try:
            response = page.goto(url, wait_until="commit")
        except TimeoutError:
            raise Unreadable(label, f"did not answer within {self._seconds:g} s") from None
        except Error as error:
            reason = no_page(statuses[-1], ()) if statuses else ""
            raise Unreadable(label, reason or _reason(error.message)) from error
        if response is not None and (reason := no_page(response.status, _head(response))):
            raise Unreadable(label, reason)
        partly = self._whole(page, recording, end)
        if source.crawls and response is not None and not same_site(response.url, url):
            raise Unreadable(label, f"leads to another site ({without_query(response.url)}), which was not followed")
        if not partly or recording.cut:
            self._settle(page, recording)
        self._awake(label, page)
        if recording.broken and page.evaluate("document.documentElement === null"):
            raise Unreadable(label, "broke off before anything of it could be looked at")
        if partly:
            self._gathered.problem(Unreadable(label, partly))
        elif response is not None and response.status >= 400 and address in source.starts:
            self._gathered.problem(Unreadable(label, f"answered {response.status}: its error page was looked at"))
        if source.crawls and not same_site(page.url, url):
            gone = f"went on to another site ({without_query(page.url)}) by itself: it was looked at until then"
            self._gathered.problem(Unreadable(label, gone))
        return response

    def _whole(self, page: Page, recording: Recording, end: float) -> str:
        """Wait until the page has loaded, its pictures and frames included. Return why it never will, if so, in words."""
        from playwright.sync_api import TimeoutError

        as_far = "it was looked at as far as it came"
        while not recording.cut:
            left = end - time.monotonic()
            try:
                page.wait_for_load_state("load", timeout=max(1.0, min(left, _STEP_SECONDS) * 1000))
            except TimeoutError:
                if recording.broken:
                    return f"broke off before its end: {as_far}"
                if left <= 0:
                    return f"never finished loading within {self._seconds:g} s: {as_far}"
            else:
                return ""
        return too_large(self._max_bytes)

    def _awake(self, label: str, page: Page) -> None:
        """Raise Unreadable where the page's own programs leave no turn to anybody, or its sheer size."""
        from playwright.sync_api import TimeoutError

        try:
            page.wait_for_function("true", timeout=_ANSWER_SECONDS * 1000)
        except TimeoutError:
            reason = f"its scripts run without end, or it is too large: it did not answer for {_ANSWER_SECONDS:g} s"
            raise Unreadable(label, reason) from None

    def _settle(self, page: Page, recording: Recording) -> None:
        end = time.monotonic() + _SETTLE_SECONDS
        while time.monotonic() < end:
            seen = recording.last
            page.wait_for_timeout(_QUIET_SECONDS * 1000)
            if recording.last == seen and not recording.leads_on:
                return


def _head(response: Response) -> list[Header]:
    return [(one["name"].lower().encode(), one["value"].encode()) for one in response.headers_array()]


def _without_frame(content: str) -> str:
    """Return a document without the elements that a browser puts around whatever it is given."""
    return content.removeprefix("<html><head></head><body>")


def _plain(address: str) -> str:
    """Return an address as browsers write it (WHATWG URL), without its fragment; and without its scheme, which a browser that
    knows the host by HSTS changes."""
    try:
        parsed = URL(address)
    except ValueError:
        return address
    return f"{parsed.host}{parsed.pathname}{parsed.search}"


def _with_choice(seen: Sighting) -> Sighting:
    """Return a sighting that says of itself that it came with the choice."""
    return replace(seen, where=f"{seen.where} on {_CHOOSING[seen.state]}")


_CHOOSING: Final = {State.REFUSED: "refusing", State.ACCEPTED: "accepting"}


def _further(choice: Sequence[Sighting], visit: Sequence[Sighting]) -> Iterator[Sighting]:
    """Yield what the choice did and the page that follows it does not."""
    told = {(seen.sort, seen.host, seen.name) for seen in visit}
    return (seen for seen in choice if (seen.sort, seen.host, seen.name) not in told)


def _of_these(state: Any, these: frozenset[Stored]) -> dict[str, Any]:
    """Return a storage state with these cookies and keys alone."""
    origins = []
    for one in state["origins"]:
        keys = [entry for entry in one["localStorage"] if (False, "localStorage", one["origin"], entry["name"]) in these]
        if keys:
            origins.append({"origin": one["origin"], "localStorage": keys})
    cookies = [cookie for cookie in state["cookies"] if (True, "", cookie["domain"], cookie["name"]) in these]
    return {"cookies": cookies, "origins": origins}


def _reason(message: str) -> str:
    """Return a browser's error in one line."""
    found = _NET_ERROR.search(message)
    if _DOWNLOADING in message:
        return DOWNLOAD
    if found is None:
        return message.strip().splitlines()[0][:200]
    if found[1] in _SAID:
        return _SAID[found[1]]
    words = found[1].replace("_", " ").lower()
    return (
        f"its TLS certificate is not to be trusted ({words})" if found[1].startswith("CERT") else f"cannot be loaded ({words})"
    )
