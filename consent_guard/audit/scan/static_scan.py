"""Reads pages and tells what a browser would do with them, without one.

Scripts are not run: what they fetch or store when they run is what ``browser_scan`` is for. May import the leak finder and the
readers. The command runs it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from ...policy.model import Policy
from ...wire.headers import content_type
from ...wire.set_cookie import parse_set_cookie
from ..leaks import Leak, LeakFinder
from ..problems import Unreadable
from ..reading.crawling import Crawl, CrawlLimits
from ..reading.fetching import Answer, redirect_target
from ..reading.links import Choice, Links, read_links
from ..reading.pagehood import binary, is_html, no_page, too_large
from ..reading.sheets import SheetWalk, imported
from ..reading.targets import Source
from ..report import Sighting, Sort, State, Verdict, Visit, without_query
from .collecting import Gathered, Progress, no_progress


class StaticScan:
    """One scan of any number of sources, under one policy."""

    def __init__(
        self,
        policy: Policy,
        gathered: Gathered,
        *,
        states: Sequence[State] = (State.BEFORE,),
        cookies: Mapping[State, Mapping[str, str]] | None = None,
        limits: CrawlLimits | None = None,
        paths: Sequence[str] = (),
        assume: bool = False,
        progress: Progress = no_progress,
    ) -> None:
        """For the states after a choice our own banner's form is posted; where there is none, ``cookies`` are what a visitor
        carries. ``assume``: where there are neither, the page that asks nothing is judged as in that state. ``paths``: these
        pages, and no other."""
        self._gathered = gathered
        self._states = tuple(states)
        self._cookies = dict(cookies or {})
        self._limits = limits or CrawlLimits()
        self._paths = tuple(paths)
        self._assume = assume
        self._progress = progress
        self._mentioned: set[str] = set()
        self._finders = {state: _finder(policy, state) for state in self._states}

    def run(self, source: Source) -> None:
        """Look at every page of a source. What cannot be read is noted, and the scan goes on."""
        crawl = Crawl(source, self._limits, self._gathered.note, self._paths)
        cookies: dict[State, Mapping[str, str]] = {}
        sheets = {state: SheetWalk() for state in self._states}
        choice: Choice | None = None
        for done, address in enumerate(crawl):
            self._progress(source.label(address), done, crawl.known)
            try:
                answers = source.read(address)
            except Unreadable as error:
                self._gathered.problem(error)
                continue
            links = self._links(source, answers[-1])
            crawl.found(links)
            choice = choice or links.choice
            for state in self._states:
                try:
                    if state is not State.BEFORE:
                        if state not in cookies:
                            cookies[state] = self._chosen(source, choice, state)
                        answers = source.read(address, cookies[state])
                        links = self._links(source, answers[-1])
                    self._visit(source, address, answers, state, links)
                    if source.crawls:
                        sheets[state].take(links.sheets)
                        self._sheets(source, sheets[state], cookies.get(state), state)
                except Unreadable as error:
                    self._gathered.problem(error)

    def _sheets(self, source: Source, walk: SheetWalk, cookies: Mapping[str, str] | None, state: State) -> None:
        """Read the style sheets that the last page linked first, and what they import: what leaks from them is that page's."""
        found: list[Sighting] = []
        while (address := walk.next()) is not None:
            label = source.label(address)
            try:
                answer = source.read(address, cookies)[-1]
            except Unreadable as error:
                self._gathered.problem(error)
                continue
            declared = content_type(answer.headers)
            if answer.status >= 400 or declared is None or declared.essence != "text/css":
                self._gathered.note(f"{label}: answered {answer.status} and no style sheet: what it names could not be seen")
                continue
            walk.take(imported(answer.body.decode("utf-8", "replace"), answer.url))
            seen = self._finders[state].inspect(answer.status, answer.headers, answer.body, answer.url)
            found += [_sighting(leak, state, label, Verdict.LEAK) for leak in seen.leaks]
            found += [_sighting(leak, state, label, Verdict.UNLISTED) for leak in seen.unlisted]
        if found:
            last = self._gathered.visits[-1]
            self._gathered.visits[-1] = replace(last, sightings=(*last.sightings, *found))

    def _chosen(self, source: Source, choice: Choice | None, state: State) -> Mapping[str, str]:
        """Return the cookies of a visitor who has answered our banner. Raises Unreadable where there is none."""
        if choice is None and state in self._cookies:
            return self._cookies[state]
        if choice is None and self._assume:
            return {}
        if choice is None:
            option = "--refuse-cookie" if state is State.REFUSED else "--accept-cookie"
            reason = f"the state {state.phrase} cannot be reached: no banner of ours was found; give {option} NAME=VALUE"
            raise Unreadable(source.name, reason)
        value = "refuse" if state is State.REFUSED else "accept"
        answer = source.post(choice.action, {**dict(choice.fields), "choice": value})
        carried: dict[str, str] = {}
        for name, line in answer.headers:
            if name == b"set-cookie" and (cookie := parse_set_cookie(line, self._gathered.started)) is not None:
                pair = line.partition(b";")[0].partition(b"=")
                if not cookie.deletes_somewhere:
                    carried[pair[0].strip().decode("latin-1")] = pair[2].strip().decode("latin-1")
        if not carried:
            reason = f"the state {state.phrase} cannot be reached: the banner's form answered {answer.status} and set no cookie"
            raise Unreadable(source.name, reason)
        return carried

    def _links(self, source: Source, answer: Answer) -> Links:
        if not is_html(answer.headers) or not (source.crawls or b"data-cg" in answer.body):
            return Links()
        declared = content_type(answer.headers)
        return read_links(answer.body, answer.url, declared.charset if declared is not None else None)

    def _visit(self, source: Source, address: str, answers: Sequence[Answer], state: State, links: Links) -> None:
        page = source.label(address)
        sightings: list[Sighting] = []
        for answer in answers:
            found = self._finders[state].inspect(answer.status, answer.headers, answer.body, answer.url)
            sightings += [_sighting(leak, state, page, Verdict.LEAK) for leak in found.leaks]
            sightings += [_sighting(leak, state, page, Verdict.UNLISTED) for leak in found.unlisted]
            for doubt in found.doubts:
                self._gathered.note(f"{page}: {doubt}")
            for leak in found.mentions:
                if leak.host not in self._mentioned:
                    self._mentioned.add(leak.host)
                    self._gathered.note(
                        f"{page}: a script names {leak.host} ({leak.service}) and is not seen to load it: --browser runs it"
                    )
        last = answers[-1]
        reason = _no_page(last)
        if reason and not sightings:
            raise Unreadable(page, reason)
        if last.cut:
            self._gathered.problem(Unreadable(page, too_large(len(last.body))))
        if last.status >= 400 and address in source.starts:
            self._gathered.problem(Unreadable(page, f"answered {last.status}: its error page was looked at"))
        visit = Visit(
            page,
            state,
            last.status,
            tuple(sightings),
            len(last.body),
            own_banner=links.banner,
            manage_link=links.manage,
            own_html_bytes=links.banner_bytes,
            elsewhere=links.elsewhere,
        )
        self._gathered.visits.append(visit)


def _finder(policy: Policy, state: State) -> LeakFinder:
    if state is State.BEFORE:
        return LeakFinder(policy)
    return LeakFinder(policy, deny={"*"}) if state is State.REFUSED else LeakFinder(policy, allow={"*"})


def _sighting(leak: Leak, state: State, page: str, verdict: Verdict) -> Sighting:
    return Sighting(
        state=state,
        page=page,
        sort=Sort(leak.kind),
        host=leak.host,
        verdict=verdict,
        name=leak.name,
        service=leak.service,
        category=leak.category,
        rule=leak.rule or None,
        where=leak.where,
        line=leak.line,
        column=leak.column,
        excerpt=leak.excerpt,
    )


def _no_page(answer: Answer) -> str:
    """Return why a response is no page to look at, empty where it is one."""
    target = redirect_target(answer)
    if target is not None:
        return f"leads to another site ({without_query(target)}), which was not followed"
    return no_page(answer.status, answer.headers) or binary(answer.body)
