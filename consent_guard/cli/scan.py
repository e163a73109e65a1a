"""``consent-guard scan``: what pages really do before a choice, after a refusal, after an acceptance.

Thin: options in, ``audit`` asked, reports out. May import ``audit`` and ``output``. The table in ``app`` registers it.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import click

from ..audit.problems import Unreadable
from ..audit.reading.crawling import CrawlLimits
from ..audit.reading.fetching import PAGE_BYTES, PAGE_SECONDS
from ..audit.reading.targets import Limits, Source, open_target
from ..audit.report import Report, State, path_of
from ..audit.reports.baseline import read_baseline, stale, write_baseline
from ..audit.reports.comparison import Comparison, compare
from ..audit.reports.writers import FORMATS, SUFFIXES, written
from ..audit.scan.collecting import Gathered, Progress
from ..audit.scan.static_scan import StaticScan
from ..policy.model import Policy
from .output import console, could_not, error, error_console, leave
from .policies import policy_of
from .progress import page_progress
from .scan_table import show


def _pairs(ctx: click.Context, param: click.Parameter, values: tuple[str, ...]) -> dict[str, str]:
    """Read ``NAME=VALUE``, several."""
    found: dict[str, str] = {}
    for value in values:
        name, mark, rest = value.partition("=")
        if not mark or not name.strip():
            raise click.BadParameter(f"{value!r} is not written NAME=VALUE", ctx, param)
        found[name.strip()] = rest.strip()
    return found


def _files(ctx: click.Context, param: click.Parameter, values: tuple[str, ...]) -> tuple[tuple[str, Path], ...]:
    """Read files, the form of each told by its ending or written as ``FORM=FILE``."""
    found: list[tuple[str, Path]] = []
    for value in values:
        form, mark, rest = value.partition("=")
        if not mark or form not in FORMATS:
            form, rest = SUFFIXES.get(Path(value).suffix.lower(), ""), value
        if not form:
            told = f"{value!r} ends in none of {', '.join(SUFFIXES)}; write FORM=FILE, FORM one of {', '.join(FORMATS)}"
            raise click.BadParameter(told, ctx, param)
        found.append((form, Path(rest)))
    return tuple(found)


@click.command(
    epilog="Exit codes: 0 nothing that fails, 1 a leak that the baseline does not accept, 2 nothing could be scanned."
)
@click.argument("targets", nargs=-1, required=True, metavar="TARGET...")
@click.option(
    "--policy", "policy_path", metavar="FILE", help="The policy; without it the built-in one, with the whole catalogue."
)
@click.option(
    "--browser", is_flag=True, help="Run each page in the system's Chromium, before a choice, after refusing and accepting."
)
@click.option("--format", "form", type=click.Choice(["table", *FORMATS]), default="table", help="What goes to standard output.")
@click.option(
    "-o",
    "--output",
    "outputs",
    callback=_files,
    multiple=True,
    metavar="FILE",
    help="Also write this file; may be given several times.",
)
@click.option(
    "--state", "states", type=click.Choice([s.value for s in State]), multiple=True, help="Look at this state only; several."
)
@click.option(
    "--compare", "unguarded", metavar="OTHER", help="Scan OTHER too, the same pages unguarded, and tell what the guard changes."
)
@click.option(
    "--fail-on",
    type=click.Choice(["leak", "unlisted"]),
    default="leak",
    show_default=True,
    help="Exit with 1 on a leak, or on what neither a rule nor the catalogue names as well.",
)
@click.option("--baseline", metavar="FILE", help="Accept the leaks that this file lists.")
@click.option("--write-baseline", "new_baseline", metavar="FILE", help="Write all leaks of this scan as accepted, and exit 0.")
@click.option("--site", metavar="URL", default="", help="The address that saved pages are from, or at which an app is read.")
@click.option(
    "--max-pages", type=click.IntRange(1), default=20, show_default=True, help="At most so many pages of a site or app."
)
@click.option("--delay", type=click.FloatRange(0), default=0.5, show_default=True, help="Seconds between two pages of a site.")
@click.option(
    "--timeout", type=click.FloatRange(0, min_open=True), default=PAGE_SECONDS, show_default=True, help="Seconds for one page."
)
@click.option(
    "--max-time",
    type=click.FloatRange(0, min_open=True),
    default=600.0,
    show_default=True,
    help="Seconds for all pages of a target.",
)
@click.option(
    "--max-bytes", type=click.IntRange(1), default=PAGE_BYTES, help="Bytes that are read of one page.  [default: 20 MB]"
)
@click.option("--ignore-robots", is_flag=True, help="Follow links that robots.txt keeps robots from: for sites of your own.")
@click.option(
    "--refuse-cookie",
    callback=_pairs,
    multiple=True,
    metavar="NAME=VALUE",
    help="What a visitor who refused carries, where the banner is not ours.",
)
@click.option(
    "--accept-cookie",
    callback=_pairs,
    multiple=True,
    metavar="NAME=VALUE",
    help="What a visitor who accepted carries.",
)
@click.option(
    "--chromium", metavar="FILE", default="", help="With --browser: the browser to run, instead of the system's Chromium."
)
@click.option("--chromium-arg", multiple=True, metavar="ARG", help="With --browser: an argument for it; several.")
@click.option("--refuse-selector", metavar="CSS", default="", help="With --browser: the button of another banner that refuses.")
@click.option("--accept-selector", metavar="CSS", default="", help="With --browser: the button that accepts.")
def command(targets: tuple[str, ...], policy_path: str | None, **given: Any) -> None:
    """Tell what pages make a browser contact and store without consent.

    TARGET is a saved page or a folder of them, a site's address (https://…), or an app as module:app or module:factory(), which
    is called in process. Links within the host are followed. Pages are read; with --browser they are run.
    """
    policy = policy_of(policy_path)
    options = _Options(policy, policy_path or "built in", given)
    try:
        accepted = read_baseline(given["baseline"]) if given["baseline"] else frozenset()
    except Unreadable as fault:
        could_not(str(fault))
    report = options.scan(targets, accepted)
    comparison = None
    if given["unguarded"] and report.visits:
        unguarded = options.scan((given["unguarded"],), same_as=report)
        further = tuple(problem for problem in unguarded.problems if problem not in report.problems)
        report = replace(report, problems=report.problems + further)
        comparison = compare(unguarded, report)
    _write(report, comparison, given)
    if given["new_baseline"] and report.visits:
        _accept(report, given["new_baseline"])
    if accepted and (gone := stale(report)):
        told = "1 of the baseline's entries was" if gone == 1 else f"{gone} of the baseline's entries were"
        error_console.print(f"{told} not met: --write-baseline leaves {'it' if gone == 1 else 'them'} out")
    leave(report.exit_code)


def _accept(report: Report, path: str) -> None:
    try:
        count = write_baseline(path, report)
    except Unreadable as fault:
        could_not(str(fault))
    told = "1 leak is" if count == 1 else f"{count} leaks are"
    error_console.print(f"{told} accepted from now on, in {path}")
    leave(0)


def _write(report: Report, comparison: Comparison | None, given: dict[str, Any]) -> None:
    if given["form"] == "table":
        show(report, console, comparison)
    else:
        for problem in report.problems:
            error(str(problem))
        click.echo(written(given["form"], report, comparison), nl=False)
    for form, path in given["outputs"]:
        try:
            path.write_text(written(form, report, comparison), encoding="utf-8")
        except OSError as fault:
            could_not(f"{path}: cannot be written ({fault.strerror or fault})")


@dataclass(frozen=True, slots=True)
class _Options:
    """The command's options, as the scanners take them."""

    policy: Policy
    policy_name: str
    given: dict[str, Any]

    def scan(self, targets: tuple[str, ...], accepted: frozenset[str] = frozenset(), same_as: Report | None = None) -> Report:
        """Return the report on these targets. What cannot be looked at stands in it.

        ``same_as``: look at the pages and states of that report, to compare; a site that asks nothing is in every state.
        """
        gathered = Gathered()
        sources: list[Source] = []
        for target in targets:
            try:
                limits = Limits(self.given["timeout"], self.given["max_bytes"])
                sources.append(open_target(target, limits, self.given["site"]))
            except Unreadable as fault:
                gathered.problem(fault)
        if sources:
            with page_progress() as progress, contextlib.ExitStack() as stack:
                self._run(sources, gathered, progress, same_as, stack)
        return gathered.report(
            ", ".join(targets),
            self.policy,
            self.policy_name,
            accepted,
            fails_on_unlisted=self.given["fail_on"] == "unlisted",
        )

    def _run(
        self,
        sources: list[Source],
        gathered: Gathered,
        progress: Progress,
        same_as: Report | None,
        stack: contextlib.ExitStack,
    ) -> None:
        scanner = self._in_browser if self.given["browser"] else self._by_reading
        try:
            run = scanner(gathered, progress, same_as, stack)
        except Unreadable as fault:
            gathered.problem(fault)
            return
        for source in sources:
            try:
                with source:
                    run(source)
            except Unreadable as fault:
                gathered.problem(fault)

    def _by_reading(
        self, gathered: Gathered, progress: Progress, same_as: Report | None, stack: contextlib.ExitStack
    ) -> Callable[[Source], None]:
        cookies = self._cookies()
        states = self._states() or (State.BEFORE, *cookies)
        return StaticScan(
            self.policy,
            gathered,
            states=same_as.states if same_as else states,
            cookies=cookies,
            limits=self._limits(),
            paths=_paths(same_as),
            assume=same_as is not None,
            progress=progress,
        ).run

    def _in_browser(
        self, gathered: Gathered, progress: Progress, same_as: Report | None, stack: contextlib.ExitStack
    ) -> Callable[[Source], None]:
        from ..audit.scan.browser_scan import Banner, BrowserScan
        from ..audit.scan.chromium import Chromium

        chromium = stack.enter_context(Chromium(self.given["chromium"], self.given["chromium_arg"]))
        selectors = {State.REFUSED: self.given["refuse_selector"], State.ACCEPTED: self.given["accept_selector"]}
        selectors = {state: css for state, css in selectors.items() if css}
        return BrowserScan(
            self.policy,
            gathered,
            chromium,
            states=same_as.states if same_as else self._states() or tuple(State),
            banner=Banner(selectors, self._cookies(), assume=same_as is not None),
            limits=self._limits(),
            paths=_paths(same_as),
            seconds=self.given["timeout"],
            max_bytes=self.given["max_bytes"],
            progress=progress,
        ).run

    def _states(self) -> tuple[State, ...]:
        return tuple(state for state in State if state.value in self.given["states"])

    def _cookies(self) -> dict[State, dict[str, str]]:
        given = {State.REFUSED: self.given["refuse_cookie"], State.ACCEPTED: self.given["accept_cookie"]}
        return {state: cookies for state, cookies in given.items() if cookies}

    def _limits(self) -> CrawlLimits:
        given = self.given
        return CrawlLimits(given["max_pages"], given["delay"], given["max_time"], not given["ignore_robots"])


def _paths(report: Report | None) -> tuple[str, ...]:
    return tuple(path_of(page) for page in report.pages if "://" in page) if report is not None else ()
