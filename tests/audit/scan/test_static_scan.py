"""Pages that are read: files, folders, sites and apps; and whatever cannot be read, in one line each."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest

from consent_guard import Policy
from consent_guard.audit.problems import Unreadable
from consent_guard.audit.reading.crawling import CrawlLimits
from consent_guard.audit.reading.targets import Limits, open_target
from consent_guard.audit.report import Report, Sort, State, Verdict
from consent_guard.audit.scan.collecting import Gathered
from consent_guard.audit.scan.static_scan import StaticScan

PIXEL = '<img src="https://www.googletagmanager.com/gtm.js?id=1">'
PAGE = f"<!doctype html><title>t</title>\n<p>x\n  {PIXEL}"
EXAMPLE = Path(__file__).resolve().parents[3] / "examples" / "ameli" / "consent.toml"


def scan(
    target: str,
    *,
    policy: Any = None,
    states: tuple[State, ...] = (State.BEFORE,),
    cookies: Any = None,
    limits: Limits | None = None,
    site: str = "",
    **crawl: Any,
) -> Report:
    loaded = Policy.load(policy)
    gathered = Gathered()
    settings = CrawlLimits(**{"delay": 0.0, **crawl})
    try:
        with open_target(target, limits or Limits(seconds=3), site) as source:
            StaticScan(loaded, gathered, states=states, cookies=cookies, limits=settings).run(source)
    except Unreadable as error:
        gathered.problem(error)
    return gathered.report(target, loaded, "test")


def paths(report: Report) -> list[str]:
    return [page.partition("://")[2].partition("/")[2] for page in report.pages]


def test_a_saved_page_tells_each_leak_with_its_line_and_service(tmp_path: Path) -> None:
    file = tmp_path / "page.html"
    file.write_text(PAGE, encoding="utf-8")
    report = scan(str(file))
    (leak,) = report.leaks
    assert (leak.sort, leak.host, leak.service) == (Sort.REQUEST, "www.googletagmanager.com", "google-tag-manager")
    assert (leak.line, leak.where, leak.verdict) == (3, "img src", Verdict.LEAK)
    assert "id=1" not in leak.excerpt
    assert report.exit_code == 1


def test_of_a_folder_every_page_is_read_and_nothing_else(tmp_path: Path) -> None:
    for name in ("a.html", "b/c.HTM", "d.xhtml", "e.js", "f.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(PAGE if not name.endswith("xhtml") else "<p/>", encoding="utf-8")
    report = scan(str(tmp_path))
    assert [Path(page).name for page in report.pages] == ["a.html", "c.HTM", "d.xhtml"]


@pytest.mark.parametrize(
    "mark",
    [
        "<!-- saved from url=(0024)https://www.metrics.example/x -->",
        '<link rel="canonical" href="https://www.metrics.example/x">',
        '<meta property="og:url" content="https://www.metrics.example/x">',
    ],
)
def test_a_saved_page_says_itself_which_host_is_its_own(tmp_path: Path, mark: str) -> None:
    file = tmp_path / "page.html"
    file.write_text(f'<!doctype html>{mark}<script src="https://cdn.metrics.example/a.js"></script>', encoding="utf-8")
    assert not list(scan(str(file)).sightings)
    assert [seen.host for seen in scan(str(file), site="https://other.example/").sightings] == ["cdn.metrics.example"]


def test_a_site_is_followed_within_its_host_once_a_path(site: Any) -> None:
    site.page("/", '<a href="/a#x">a</a><a href="/a?q=1">a</a><a href="https://elsewhere.example/">b</a><a href="/f.pdf">f</a>')
    site.page("/a", PAGE + '<a href="/">home</a><a href="javascript:void 0">j</a><iframe src="/frame"></iframe>')
    site.page("/frame", "<p>framed")
    report = scan(site.url + "/")
    assert paths(report) == ["", "a", "frame"]
    assert [seen.page for seen in report.leaks] == [site.url + "/a"]


@pytest.mark.parametrize(
    ("page", "address"),
    [
        ("<!doctype html><!-- saved from url=(0030)https://a.example/?x=1&amp;y=2#top -->", "https://a.example/?x=1&y=2#top"),
        ("<!--saved from url=(0001)http://a.example/-->", "http://a.example/"),
        ("<meta content=https://a.example/ property=og:url>", "https://a.example/"),
        ("<LINK HREF='https://a.example/&amp;' REL='Canonical'>", "https://a.example/&"),
        ("<title><link rel=canonical href=https://a.example/></title>", "https://saved-page.invalid/"),
        ("<link rel=canonical href=/a><link rel=alternate href=https://a.example/>", "https://saved-page.invalid/"),
    ],
)
def test_a_saved_page_says_which_address_it_is_from(tmp_path: Path, page: str, address: str) -> None:
    file = tmp_path / "page.html"
    file.write_text(page, encoding="utf-8")
    assert open_target(str(file), Limits()).read(str(file))[-1].url == address


@pytest.mark.parametrize(
    "piece",
    ['<link rel="canonical" ', "<meta property=og:url content=", "<!-- saved from url=(1)https://", "<!--", "<link href='"],
)
def test_a_saved_page_says_so_in_linear_time(tmp_path: Path, piece: str) -> None:
    """R6"""
    file = tmp_path / "page.html"
    file.write_text(piece * (130_000 // len(piece)), encoding="utf-8")
    started = time.process_time()
    open_target(str(file), Limits()).read(str(file))
    assert time.process_time() - started < 4


def test_cookies_of_every_hop_count(site: Any) -> None:
    site.redirect("/", "/next", ("Set-Cookie", "_ga=1; Path=/"))
    site.page("/next", "<p>x", ("Set-Cookie", "sessionid=1"), ("Set-Cookie", "odd=1"))
    report = scan(site.url + "/")
    assert [(seen.name, seen.verdict) for seen in report.sightings] == [("_ga", Verdict.LEAK), ("odd", Verdict.UNLISTED)]


def test_no_more_pages_are_read_than_asked_for_and_the_report_says_so(site: Any) -> None:
    site.page("/", "".join(f'<a href="/{n}">x</a>' for n in range(9)))
    for n in range(9):
        site.page(f"/{n}", "<p>x")
    report = scan(site.url + "/", pages=4)
    assert len(report.pages) == 4
    assert any("stopped after 4 pages" in note for note in report.notes)


def test_robots_are_kept_from_linked_pages_but_not_from_the_one_that_was_named(site: Any) -> None:
    site.page("/robots.txt", "User-agent: *\nDisallow: /private\nDisallow: /start", kind="text/plain")
    site.page("/start", '<a href="/private/x">x</a><a href="/open">y</a>')
    site.page("/open", "<p>x")
    site.page("/private/x", "<p>x")
    report = scan(site.url + "/start")
    assert paths(report) == ["start", "open"]
    assert any("1 linked page was left out, as robots.txt asks" in note for note in report.notes)
    assert paths(scan(site.url + "/start", obey_robots=False)) == ["start", "private/x", "open"]


def test_the_delay_lies_between_pages(site: Any) -> None:
    import time

    site.page("/", '<a href="/a">a</a>')
    site.page("/a", "<p>x")
    begin = time.monotonic()
    scan(site.url + "/", delay=0.4)
    assert time.monotonic() - begin >= 0.4


def test_time_runs_out_between_pages(site: Any) -> None:
    site.page("/", '<a href="/a">a</a>')
    site.page("/a", "<p>x")
    report = scan(site.url + "/", seconds=0.0, delay=0.01)
    assert len(report.pages) <= 1
    assert any("--max-time" in note for note in report.notes)


@pytest.mark.parametrize(
    ("body", "kind", "said"),
    [
        (b"%PDF-1.7", "application/pdf", "is application/pdf, not a page"),
        (bytes(range(256)) * 40, "text/html", "holds binary data, not a page"),
        (b"{}", "application/json", "is application/json, not a page"),
    ],
)
def test_what_is_no_page_is_told_in_one_line_and_is_no_visit(site: Any, body: bytes, kind: str, said: str) -> None:
    site.page("/", body, kind=kind)
    report = scan(site.url + "/")
    assert [str(problem) for problem in report.problems] == [f"{site.url}/: {said}"]
    assert report.exit_code == 2


def test_binary_garbage_in_a_file_is_told_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "a.html").write_bytes(b"\x89PNG\x00\x01\x02")
    (tmp_path / "b.html").write_text("<p>fine", encoding="utf-8")
    (tmp_path / "c.html").write_bytes("\ufeff<p>fine".encode("utf-16-le"))
    report = scan(str(tmp_path))
    assert [problem.message for problem in report.problems] == ["holds binary data, not a page"]
    assert len(report.visits) == 2
    assert report.exit_code == 0


def test_a_page_that_is_too_large_is_read_to_the_limit_and_the_report_says_so(tmp_path: Path) -> None:
    file = tmp_path / "page.html"
    file.write_text(PAGE + "x" * 5000 + PIXEL.replace("googletagmanager", "never"), encoding="utf-8")
    report = scan(str(file), limits=Limits(max_bytes=1000))
    assert len(report.leaks) == 1
    assert "only the beginning was read" in report.problems[0].message


def test_one_page_that_fails_does_not_end_the_scan(site: Any) -> None:
    site.page("/", '<a href="/loop">x</a><a href="/a">a</a>')
    site.redirect("/loop", "/loop?again")
    site.page("/a", PAGE)
    report = scan(site.url + "/")
    assert paths(report) == ["", "a"]
    assert ["redirects without end" in str(problem) for problem in report.problems] == [True]
    assert report.exit_code == 1


def test_an_error_page_is_looked_at_and_said_to_be_one(site: Any) -> None:
    site.page("/", PAGE, status=503)
    report = scan(site.url + "/")
    assert len(report.leaks) == 1
    assert "answered 503: its error page was looked at" in report.problems[0].message


def test_a_redirect_to_another_site_is_told_and_not_followed(site: Any) -> None:
    site.redirect("/", "https://elsewhere.example/x?token=secret")
    (problem,) = scan(site.url + "/").problems
    assert problem.message == "leads to another site (https://elsewhere.example/x), which was not followed"


@pytest.mark.parametrize(
    ("target", "said"),
    [
        ("no-such-folder/page", "is no file or folder, no URL"),
        ("", "is no file or folder, no URL"),
        ("www.site.example", "for the site write https://www.site.example"),
    ],
)
def test_a_target_that_is_nothing_is_told_in_one_line(target: str, said: str) -> None:
    report = scan(target)
    assert said in report.problems[0].message
    assert report.exit_code == 2


def test_a_folder_without_pages_is_told_in_one_line(tmp_path: Path) -> None:
    assert "holds no pages" in scan(str(tmp_path)).problems[0].message


@pytest.mark.parametrize("app", ["flask_app", "starlette_app"])
def test_the_guarded_example_leaks_in_no_state_and_the_unguarded_one_leaks_what_it_holds(app: str) -> None:
    """S01: before any choice, after refusing and after accepting."""
    states = tuple(State)
    guarded = scan(f"ameli.{app}:create_app()", policy=EXAMPLE, states=states)
    assert not guarded.leaks
    assert not guarded.problems
    assert {visit.state for visit in guarded.visits} == set(states)
    assert all(visit.own_banner is (visit.state is State.BEFORE) for visit in guarded.visits if visit.page.endswith("/article"))
    unguarded = scan(f"ameli.{app}:create_app(guarded=False)", policy=EXAMPLE)
    services = {seen.service for seen in unguarded.leaks}
    assert services == {"google-tag-manager", "google-campaign-manager", "damdy", "google-recaptcha", "facebook", "x-twitter"}


def test_after_refusing_the_exempt_are_leaks_too() -> None:
    """L53: an exempt purpose holds until it is refused."""
    target = "ameli.flask_app:create_app(guarded=False)"
    cookies = {State.REFUSED: {"anything": "1"}, State.ACCEPTED: {"anything": "2"}}
    report = scan(target, policy=EXAMPLE, states=tuple(State), cookies=cookies, pages=1)
    of_state = {state: {seen.service for seen in report.leaks if seen.state is state} for state in State}
    assert "at-internet" not in of_state[State.BEFORE]
    assert of_state[State.REFUSED] == of_state[State.BEFORE] | {"at-internet"}
    assert of_state[State.ACCEPTED] == set()


def test_a_state_that_cannot_be_reached_is_told_once() -> None:
    target = "ameli.flask_app:create_app(guarded=False)"
    report = scan(target, policy=EXAMPLE, states=tuple(State), pages=3)
    said = [problem.message for problem in report.problems]
    assert len(said) == 2
    assert all("no banner of ours was found" in text for text in said)
    assert {visit.state for visit in report.visits} == {State.BEFORE}


def test_a_guarded_page_without_a_link_to_the_choices_is_noted(site: Any) -> None:
    """S08, L23: the site places the link; the scanner tells where it is absent."""
    site.page("/", '<section data-cg="banner"></section><a href="/a">x</a>')
    site.page("/a", '<section data-cg="banner"></section><a data-cg="manage" href="/privacy-choices">x</a>')
    (note,) = scan(site.url + "/").notes
    assert note.startswith("1 page has no link to the choices")


@pytest.mark.parametrize("address", ["http://[bad/", "http://a..b/"])
def test_what_is_no_address_is_told_in_one_line(address: str) -> None:
    report = scan(address)
    assert report.pages == ()
    (problem,) = report.problems
    assert "is no address" in problem.message


def test_the_style_sheets_of_the_sites_own_are_read_once_in_each_state(site: Any) -> None:
    """A leak in one is told with its own address and line."""
    site.page("/", '<link rel=stylesheet href="/s/a.css"><a href="/b">b</a>')
    site.page("/b", '<link rel=stylesheet href="/s/a.css"><link rel=stylesheet href="/s/gone.css">')
    site.page("/s/a.css", "@import 'b.css';", kind="text/css")
    site.page("/s/b.css", "p{}\n q{background:url(https://www.googletagmanager.com/x.png)}", kind="text/css")
    report = scan(site.url)
    (leak,) = report.leaks
    assert (leak.host, leak.page, leak.line) == ("www.googletagmanager.com", f"{site.url}/s/b.css", 2)
    assert len(report.pages) == 2
    assert [path for path in site.asked if path == "/s/a.css"] == ["/s/a.css"]
    assert any("s/gone.css: answered 404 and no style sheet" in note for note in report.notes)
