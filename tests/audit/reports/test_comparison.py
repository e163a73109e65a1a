"""Two scans of one site: what is compared, and what is not."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from consent_guard import Policy
from consent_guard.audit.reading.crawling import CrawlLimits
from consent_guard.audit.reading.targets import Limits, open_target
from consent_guard.audit.report import Report, Sighting, Sort, State, Verdict, Visit
from consent_guard.audit.reports.comparison import Own, compare
from consent_guard.audit.scan.collecting import Gathered
from consent_guard.audit.scan.static_scan import StaticScan

EXAMPLE = Path(__file__).resolve().parents[3] / "examples" / "ameli" / "consent.toml"


def visit(page: str, *hosts: str, state: State = State.BEFORE, status: int = 200) -> Visit:
    seen = tuple(Sighting(state, page, Sort.REQUEST, host, Verdict.LEAK, where="img src") for host in hosts)
    return Visit(page, state, status, seen, html_bytes=1000)


def report(*visits: Visit) -> Report:
    return Report("target", "built in", "", 0.0, 0.0, visits)


def test_only_pages_that_both_scans_reached_count_and_the_others_are_named() -> None:
    unguarded = report(visit("https://a.example/", "x.example"), visit("https://a.example/old", "y.example", "z.example"))
    guarded = report(
        visit("http://localhost/"),
        visit("http://localhost/privacy-choices", "w.example"),
        visit("http://localhost/new", "v.example"),
    )
    unguarded = replace(unguarded, visits=(*unguarded.visits, visit("https://a.example/new", status=404)))
    found = compare(unguarded, guarded)
    sums = found.totals(State.BEFORE)
    assert (sums.pages, sums.hosts, sums.html_bytes) == (1, (1, 0), (1000, 1000))
    assert found.only_unguarded == ("/old",)
    assert found.only_guarded == ("/privacy-choices", "/new")


def test_a_host_on_several_pages_is_one_host() -> None:
    pages = [visit(f"https://a.example/{n}", "x.example", f"{n}.example") for n in range(3)]
    sums = compare(report(*pages), report(*pages)).totals(State.BEFORE)
    assert sums.hosts == (4, 4)


def test_a_page_that_lacks_one_state_is_named_with_it() -> None:
    both = [visit("https://a.example/"), visit("https://a.example/", state=State.REFUSED)]
    found = compare(report(*both), report(both[0]))
    assert found.only_unguarded == ("/ (after refusing)",)
    assert found.only_guarded == ()


def test_the_banner_of_a_guarded_app_is_told_apart_from_its_document() -> None:
    def scan(app: str) -> Report:
        policy, gathered = Policy.load(EXAMPLE), Gathered()
        with open_target(app, Limits()) as source:
            StaticScan(policy, gathered, limits=CrawlLimits(pages=1)).run(source)
        return gathered.report(app, policy, "consent.toml")

    found = compare(scan("ameli.flask_app:create_app(guarded=False)"), scan("ameli.flask_app:create_app()"))
    (change,) = found.changes
    assert 1000 < change.own.html_bytes < change.html_bytes[1]
    assert change.own == Own(change.own.html_bytes, 0, 0)
    assert compare(found.guarded, found.unguarded).changes[0].own == Own(0, 0, 0)
