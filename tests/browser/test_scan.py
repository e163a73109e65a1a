"""``scan --browser``: what Chromium really does in each state. Every other host is a server on loopback: no network."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from consent_guard import Policy
from consent_guard.audit.browser_scan import Banner, BrowserScan
from consent_guard.audit.chromium import Chromium, find_chromium
from consent_guard.audit.collecting import Gathered
from consent_guard.audit.crawling import CrawlLimits
from consent_guard.audit.fetching import within
from consent_guard.audit.problems import Unreadable
from consent_guard.audit.report import Report, Sort, State, Verdict
from consent_guard.audit.serving import served
from consent_guard.audit.static_scan import StaticScan
from consent_guard.audit.targets import Limits, open_target
from consent_guard.audit.writers import written

pytest.importorskip("playwright.sync_api")

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "ameli" / "consent.toml"
CAMPAIGNS = {"google-tag-manager", "google-campaign-manager"}
TAG = """
document.cookie = "_ga=GA1.1; path=/";
localStorage.setItem("_hjid", "1");
new Image().src = "https://px.unknown.example/p?mail=a@b.example";
"""
PAGE = """<!doctype html><html lang=en><title>t</title>
<script src="https://www.googletagmanager.com/gtm.js?id=1"></script>
<button id=yes onclick="document.cookie='cmp=yes; path=/'">yes</button>
<button id=no onclick="document.cookie='cmp=no; path=/'">no</button>"""


@pytest.fixture
def scan(loopback: Any) -> Callable[..., Report]:
    """Scan in a thread of its own: playwright runs once in a thread, and another test may have it in this one."""
    if not find_chromium():
        pytest.skip("no Chromium on this machine")
    rules = f"--host-resolver-rules=MAP * 127.0.0.1:{loopback.port}, EXCLUDE 127.0.0.1"

    def run(target: str, policy: Any = None, *, site: str = "", pages: int = 1, **options: Any) -> Report:
        loaded = Policy.load(policy)
        gathered = Gathered()
        limits = CrawlLimits(pages=pages, delay=0)
        try:
            with (
                open_target(target, Limits(seconds=10), site) as source,
                Chromium(arguments=[rules, "--ignore-certificate-errors"]) as chromium,
            ):
                BrowserScan(loaded, gathered, chromium, limits=limits, **options).run(source)
        except Unreadable as error:
            gathered.problem(error)
        return gathered.report(target, loaded, "test")

    return lambda *args, **options: within(120, lambda: run(*args, **options))


@pytest.fixture
def serve() -> Iterator[Callable[..., str]]:
    import contextlib

    with contextlib.ExitStack() as stack:

        def start(answer: Callable[[str, str], tuple[str, list[tuple[str, str]], str]]) -> str:
            def app(environ: Any, start_response: Any) -> list[bytes]:
                status, headers, body = answer(environ["PATH_INFO"], environ.get("HTTP_COOKIE", ""))
                start_response(status, [("Content-Type", "text/html"), *headers])
                return [body.encode()]

            return stack.enter_context(served(app, "wsgi", "test"))

        yield start


def services(report: Report, state: State) -> set[str | None]:
    return {seen.service for seen in report.leaks if seen.state is state}


def test_the_unguarded_example_leaks_in_each_state_what_that_state_forbids(scan: Callable[..., Report]) -> None:
    banner = Banner(cookies={State.REFUSED: {"said": "no"}, State.ACCEPTED: {"said": "yes"}})
    report = scan("ameli.flask_app:create_app(guarded=False)", EXAMPLE, banner=banner)
    assert not report.problems
    assert services(report, State.BEFORE) == CAMPAIGNS
    assert services(report, State.REFUSED) == CAMPAIGNS | {"at-internet"}
    assert services(report, State.ACCEPTED) == set()
    allowed = {seen.service for seen in report.sightings if seen.verdict is Verdict.ALLOWED and seen.state is State.ACCEPTED}
    assert allowed == CAMPAIGNS | {"at-internet"}


def test_the_guarded_example_leaks_in_no_state_and_loads_what_was_accepted(scan: Callable[..., Report]) -> None:
    """S01: the choice is made with our own banner, by pressing its buttons."""
    report = scan("ameli.starlette_app:create_app()", EXAMPLE)
    assert not report.problems
    assert not report.leaks
    seen = {state: {one.service for one in report.sightings if one.state is state} for state in State}
    assert seen[State.BEFORE] == {"at-internet"}
    assert seen[State.REFUSED] == set()
    assert seen[State.ACCEPTED] >= CAMPAIGNS | {"at-internet"}
    assert [visit.own_banner for visit in report.visits] == [True, False, False]
    assert all(visit.manage_link for visit in report.visits)
    (shot,) = report.screenshots
    assert (shot.state, shot.png[:4]) == (State.BEFORE, b"\x89PNG")


def test_what_a_tag_stores_and_loads_is_told_with_the_host_that_made_it(
    scan: Callable[..., Report], serve: Callable[..., str], loopback: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def tag(environ: Any, start_response: Any) -> list[bytes]:
        start_response("200 OK", [("Content-Type", "text/javascript"), ("Set-Cookie", "tp=1; SameSite=None; Secure")])
        return [TAG.encode()]

    monkeypatch.setattr(loopback, "app", tag)
    monkeypatch.setattr(loopback, "own", {"www.googletagmanager.com"})
    url = serve(lambda path, cookies: ("200 OK", [("Set-Cookie", "_fbp=1"), ("Set-Cookie", "sessionid=1")], PAGE))
    report = scan(url, states=[State.BEFORE])
    gtm = "www.googletagmanager.com"
    found = {(seen.sort, seen.subject, seen.where): (seen.verdict, seen.initiator) for seen in report.sightings}
    assert found[Sort.REQUEST, gtm, "script"] == (Verdict.LEAK, "")
    assert found[Sort.REQUEST, "px.unknown.example", "image"] == (Verdict.UNLISTED, gtm)
    assert found[Sort.COOKIE, "_ga", "document.cookie"] == (Verdict.LEAK, gtm)
    assert found[Sort.COOKIE, "_fbp", "Set-Cookie"] == (Verdict.LEAK, "")
    assert found[Sort.STORAGE, "_hjid", "localStorage"][1] == gtm
    assert not any(seen.name == "sessionid" for seen in report.sightings)
    assert not any("mail" in seen.excerpt for seen in report.sightings)
    (visit,) = report.visits
    assert visit.requests >= 3
    assert visit.bytes > 0


def test_another_sites_banner_is_pressed_by_its_selectors(scan: Callable[..., Report], serve: Callable[..., str]) -> None:
    def answer(path: str, cookies: str) -> tuple[str, list[tuple[str, str]], str]:
        return "200 OK", [], PAGE if "cmp=no" not in cookies else "<!doctype html><p>nothing"

    banner = Banner(selectors={State.REFUSED: "#no", State.ACCEPTED: "#yes"})
    report = scan(serve(answer), banner=banner)
    assert services(report, State.BEFORE) == {"google-tag-manager"}
    assert services(report, State.REFUSED) == set()
    assert report.states == tuple(State)


def test_a_state_without_a_way_to_it_is_told_once_and_the_rest_goes_on(
    scan: Callable[..., Report], serve: Callable[..., str]
) -> None:
    page = '<!doctype html><a href="/a">a</a>'
    report = scan(serve(lambda path, cookies: ("200 OK", [], page)), pages=2, states=[State.BEFORE, State.REFUSED])
    assert ["could not be reached" in problem.message for problem in report.problems] == [True]
    assert len(report.visits) == 2


def test_a_saved_page_is_run_from_its_file(scan: Callable[..., Report], tmp_path: Path) -> None:
    file = tmp_path / "page.html"
    file.write_text(PAGE, encoding="utf-8")
    report = scan(str(file), site="https://site.example/p", states=[State.BEFORE])
    assert services(report, State.BEFORE) == {"google-tag-manager"}


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (lambda path, cookies: ("302 Found", [("Location", "/x")], ""), "redirects without end"),
        (lambda path, cookies: ("302 Found", [("Location", "https://elsewhere.example/")], ""), "leads to another site"),
        (lambda path, cookies: threading.Event().wait(8) or ("200 OK", [], ""), "did not answer within 1.5 s"),
    ],
)
def test_a_page_that_cannot_be_run_is_told_in_one_line(
    scan: Callable[..., Report], serve: Callable[..., str], answer: Any, said: str
) -> None:
    report = scan(serve(answer), states=[State.BEFORE], seconds=1.5)
    (problem,) = report.problems
    assert said in problem.message
    assert report.exit_code == 2


def test_a_page_that_never_finishes_is_looked_at_as_far_as_it_came(
    scan: Callable[..., Report], serve: Callable[..., str]
) -> None:
    def answer(path: str, cookies: str) -> tuple[str, list[tuple[str, str]], str]:
        if path == "/slow.css":
            threading.Event().wait(8)
        return "200 OK", [], '<!doctype html><img src="https://www.googletagmanager.com/x"><img src="/slow.css">'

    report = scan(serve(answer), states=[State.BEFORE], seconds=2.5)
    assert "never finished loading within 2.5 s" in report.problems[0].message
    assert services(report, State.BEFORE) == {"google-tag-manager"}


def test_the_browsers_own_error_page_is_no_byte_of_the_sites(scan: Callable[..., Report], serve: Callable[..., str]) -> None:
    page = '<!doctype html><iframe src="http://127.0.0.1:9/"></iframe>'
    report = scan(serve(lambda path, cookies: ("200 OK", [], page)), states=[State.BEFORE])
    assert 0 < report.visits[0].bytes < 10_000


def test_an_address_where_nobody_listens_is_told_in_one_line(scan: Callable[..., Report]) -> None:
    (problem,) = scan("http://127.0.0.1:9/", states=[State.BEFORE]).problems
    assert problem.message in ("cannot be loaded (connection refused)", "cannot be loaded (unsafe port)")


def test_a_program_that_is_no_browser_is_told_in_one_line() -> None:
    with pytest.raises(Unreadable, match="no-such-browser: is no program"), Chromium("no-such-browser"):
        pass


def test_without_a_browser_on_the_machine_one_line_says_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("PLAYWRIGHT_BROWSERS_PATH", str(tmp_path))
    monkeypatch.setattr("consent_guard.audit.chromium._PLACES", ())
    with pytest.raises(Unreadable, match="there is no Chromium on this machine"):
        within(60, lambda: Chromium().__enter__())


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_html_report_fetches_nothing_and_has_no_fault_that_axe_finds(loopback: Any, tmp_path: Path, scheme: Any) -> None:
    """WCAG 2.2 AA, as far as a program can tell."""
    axe = pytest.importorskip("axe_playwright_python.sync_playwright")
    if not find_chromium():
        pytest.skip("no Chromium on this machine")
    policy = Policy.load(EXAMPLE)
    gathered = Gathered()
    with open_target("ameli.flask_app:create_app(guarded=False)", Limits(), "") as source:
        StaticScan(policy, gathered, limits=CrawlLimits(pages=2)).run(source)
    file = tmp_path / "report.html"
    file.write_text(written("html", gathered.report("example", policy, "consent.toml")), encoding="utf-8")

    def look() -> tuple[list[str], list[str]]:
        with Chromium() as chromium:
            page = chromium.browser.new_context(color_scheme=scheme, bypass_csp=True).new_page()
            asked: list[str] = []
            page.on("request", lambda request: asked.append(request.url))
            page.goto(file.as_uri())
            found = axe.Axe().run(page).response["violations"]
            return asked, [f"{one['id']}: {one['nodes'][0]['html']}" for one in found]

    asked, violations = within(60, look)
    assert asked == [file.as_uri()]
    assert not violations
