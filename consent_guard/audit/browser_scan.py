"""Runs pages in Chromium, each in a fresh profile, before a choice, after refusing and after accepting.

    with Chromium() as chromium:
        BrowserScan(policy, gathered, chromium).run(source)

The choice is made once for each state, with the site's own banner where that is ours, else by the selectors or cookies that are
given; what the choice itself stored is what a visitor carries to every page from then on. May import this package and
playwright's types. The command runs it.
"""

from __future__ import annotations

import contextlib
import re
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from ..policy.model import Policy
from .chromium import Chromium
from .collecting import Gathered, Progress, no_progress
from .contacts import Contacts, Judged
from .crawling import Crawl, CrawlLimits
from .fetching import PAGE_SECONDS, same_site
from .links import Links, read_links
from .problems import Unreadable
from .recording import WATCH, Recording
from .report import Screenshot, Sighting, Sort, State, Visit, host_of, without_query
from .serving import served
from .states import consent_in
from .targets import AppSource, Source

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext, Page, Response

_OURS: Final = '[data-cg="banner"] button[name="choice"][value="{}"]'
_ANSWERS: Final = {State.REFUSED: "refuse", State.ACCEPTED: "accept"}
_QUIET_SECONDS: Final = 0.5
"""A page that asks for nothing for so long is settled."""
_SETTLE_SECONDS: Final = 5.0
"""Pages that never rest are looked at for so long after they have loaded."""
_VIEWPORT: Final = {"width": 1280, "height": 800}
_NET_ERROR: Final = re.compile(r"net::(?:ERR_)?([A-Z_]+)")


@dataclass(frozen=True, slots=True)
class Banner:
    """How the choice is made where the banner is not ours."""

    selectors: Mapping[State, str] = field(default_factory=dict)
    """CSS selectors of the buttons."""
    cookies: Mapping[State, Mapping[str, str]] = field(default_factory=dict)
    """What a visitor who has chosen carries, where there is no button."""
    assume: bool = False
    """Where there are neither, the page that asks nothing is judged as in that state."""


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
        progress: Progress = no_progress,
    ) -> None:
        """``paths``: these pages, and no other, whatever is linked. ``seconds`` bounds each load of a page."""
        self._gathered = gathered
        self._chromium = chromium
        self._states = tuple(states)
        self._banner = banner or Banner()
        self._limits = limits or CrawlLimits()
        self._paths = tuple(paths)
        self._seconds = seconds
        self._progress = progress
        self._contacts = Contacts(policy)
        self._consents = {state: consent_in(policy, state) for state in State}
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
        carried: dict[State, dict[str, Any]] = {State.BEFORE: {}}
        for done, address in enumerate(crawl):
            self._progress(source.label(address), done, crawl.known)
            try:
                url = self._address(source, address)
                for state in self._states:
                    if state not in carried:
                        chosen = self._choose(source, url, address, state)
                        if chosen is not None:
                            carried[state] = chosen
                    if state in carried:
                        links = self._look(source, url, address, state, carried[state])
                        crawl.found(links)
            except Unreadable as error:
                self._gathered.problem(error)
        if self._gathered.visits:
            self._tell_unreached(source, [state for state in self._states if state not in carried])

    def _tell_unreached(self, source: Source, states: list[State]) -> None:
        for state in states:
            word = _ANSWERS[state]
            reason = f"no banner of ours was found; give --{word}-selector CSS or --{word}-cookie NAME=VALUE"
            self._gathered.problem(Unreadable(source.name, f"the state {state.phrase} could not be reached: {reason}"))

    def _address(self, source: Source, address: str) -> str:
        """Return the address to load: a saved page's own, which is answered from the file."""
        return address if source.crawls else source.read(address)[-1].url

    @contextlib.contextmanager
    def _profile(self, source: Source, url: str, address: str, carried: Mapping[str, Any]) -> Iterator[BrowserContext]:
        """A fresh profile that holds what the choice stored, and nothing else."""
        from playwright.sync_api import Error

        state: Any = {"cookies": carried.get("cookies", []), "origins": carried.get("origins", [])}
        context = self._chromium.browser.new_context(viewport=_VIEWPORT, storage_state=state)  # type: ignore[arg-type]
        try:
            context.set_default_timeout(self._seconds * 1000)
            context.add_init_script(WATCH)
            if not source.crawls:
                answer = source.read(address)[-1]
                kind = answer.headers[0][1].decode("ascii")
                context.route(url, lambda route: route.fulfill(status=200, content_type=kind, body=answer.body))
            yield context
        except Error as error:
            raise Unreadable(source.label(address), _reason(error.message)) from error
        finally:
            with contextlib.suppress(Error):
                context.close()

    def _choose(self, source: Source, url: str, address: str, state: State) -> dict[str, Any] | None:
        """Make the choice on this page; return what it stored, None where the page offers no way."""
        selector = self._banner.selectors.get(state) or _OURS.format(_ANSWERS[state])
        with self._profile(source, url, address, {}) as context:
            page = context.new_page()
            recording = Recording()
            recording.start(page)
            self._load(source, address, page, url, recording)
            button = page.locator(selector).first
            if not button.count():
                return self._given(url, state)
            before = context.storage_state()
            button.click(timeout=5000)
            self._settle(page, recording)
            return _new(before, context.storage_state())

    def _given(self, url: str, state: State) -> dict[str, Any] | None:
        """Return what stands in for a choice on a page that offers none."""
        given = self._banner.cookies.get(state)
        if given is None:
            return {} if self._banner.assume else None
        place = {"domain": host_of(url), "path": "/", "expires": -1, "httpOnly": False, "secure": False, "sameSite": "Lax"}
        return {"cookies": [{"name": name, "value": value, **place} for name, value in given.items()]}

    def _look(self, source: Source, url: str, address: str, state: State, carried: Mapping[str, Any]) -> Links:
        """Load a page in one state, and note what it does."""
        with self._profile(source, url, address, carried) as context:
            page = context.new_page()
            recording = Recording()
            recording.start(page)
            response = self._load(source, address, page, url, recording)
            if source.crawls and not same_site(page.url, url):
                reason = f"leads to another site ({without_query(page.url)}), which was not followed"
                raise Unreadable(source.label(address), reason)
            label = source.label(address)
            if state is State.BEFORE and not self._gathered.screenshots:
                self._gathered.screenshots.append(Screenshot(label, state, page.screenshot()))
            page.evaluate("window.scrollTo(0, document.documentElement.scrollHeight)")
            self._settle(page, recording)
            content = page.content()
            links = read_links(content.encode("utf-8", "replace"), page.url, "utf-8")
            self._gathered.visits.append(
                Visit(
                    page=label,
                    state=state,
                    status=response.status if response is not None else 200,
                    sightings=tuple(self._sightings(recording, context, page, label, state, carried)),
                    html_bytes=_length(response, content),
                    requests=len(recording.asked),
                    bytes=recording.bytes,
                    own_banner=links.banner,
                    manage_link=links.manage,
                )
            )
        return links

    def _load(self, source: Source, address: str, page: Page, url: str, recording: Recording) -> Response | None:
        """Load a page until it rests. One that never finishes is looked at as far as it came. Raises Unreadable."""
        from playwright.sync_api import Error, TimeoutError

        response = None
        label = source.label(address)
        try:
            response = page.goto(url, wait_until="load")
        except TimeoutError:
            if page.url == "about:blank":
                raise Unreadable(label, f"did not answer within {self._seconds:g} s") from None
            late = f"never finished loading within {self._seconds:g} s: it was looked at as far as it came"
            self._gathered.problem(Unreadable(label, late))
        except Error as error:
            raise Unreadable(label, _reason(error.message)) from error
        self._settle(page, recording)
        return response

    def _settle(self, page: Page, recording: Recording) -> None:
        end = time.monotonic() + _SETTLE_SECONDS
        while time.monotonic() < end:
            seen = recording.last
            page.wait_for_timeout(_QUIET_SECONDS * 1000)
            if recording.last == seen:
                return

    def _sightings(
        self, recording: Recording, context: BrowserContext, page: Page, label: str, state: State, carried: Mapping[str, Any]
    ) -> Iterator[Sighting]:
        own = page.url
        consent = self._consents[state]
        told: set[Sighting] = set()

        def new(
            sort: Sort, judged: Judged | None, where: str, initiator: str, name: str = "", excerpt: str = ""
        ) -> Iterator[Sighting]:
            if judged is None:
                return
            started_by = host_of(initiator)
            seen = Sighting(
                state=state,
                page=label,
                sort=sort,
                host=judged.host,
                verdict=judged.verdict,
                name=name,
                service=judged.service,
                category=judged.category,
                rule=judged.rule,
                where=where,
                initiator="" if started_by == host_of(own) else started_by,
                excerpt=excerpt,
            )
            if seen not in told:
                told.add(seen)
                yield seen

        for asked in recording.asked:
            judged = self._contacts.request(asked.url, own, consent)
            yield from new(Sort.REQUEST, judged, asked.kind, asked.initiator, excerpt=without_query(asked.url))
        brought = {cookie["name"] for cookie in carried.get("cookies", ())}
        for kept in recording.kept(context, page):
            if kept.how in ("Set-Cookie", "document.cookie"):
                if kept.name not in brought:
                    judged = self._contacts.cookie(kept.name, kept.place, own, consent)
                    yield from new(Sort.COOKIE, judged, kept.how, kept.initiator, name=kept.name)
            else:
                judged = self._contacts.key(kept.name, kept.place, own, consent)
                yield from new(Sort.STORAGE, judged, kept.how, kept.initiator, name=kept.name)


def _new(before: Any, after: Any) -> dict[str, Any]:
    """Return what the choice stored: cookies and keys that are new, or hold something else."""
    old = [dict(cookie) for cookie in before["cookies"]]
    origins = []
    for origin in after["origins"]:
        known = [entry for one in before["origins"] if one["origin"] == origin["origin"] for entry in one["localStorage"]]
        fresh = [entry for entry in origin["localStorage"] if entry not in known]
        if fresh:
            origins.append({"origin": origin["origin"], "localStorage": fresh})
    return {"cookies": [cookie for cookie in after["cookies"] if dict(cookie) not in old], "origins": origins}


def _length(response: Response | None, content: str) -> int:
    from playwright.sync_api import Error

    if response is not None:
        with contextlib.suppress(Error):
            return len(response.body())
    return len(content.encode("utf-8", "replace"))


def _reason(message: str) -> str:
    """Return a browser's error in one line."""
    found = _NET_ERROR.search(message)
    if found is None:
        return message.strip().splitlines()[0][:200]
    if found[1] == "TOO_MANY_REDIRECTS":
        return "redirects without end"
    words = found[1].replace("_", " ").lower()
    return (
        f"its TLS certificate is not to be trusted ({words})" if found[1].startswith("CERT") else f"cannot be loaded ({words})"
    )
