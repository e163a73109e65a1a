"""``scan --browser``: what Chromium really does in each state. Every other host is a server on loopback: no network."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from consent_guard import Policy
from consent_guard.audit.reading.crawling import CrawlLimits
from consent_guard.audit.reading.fetching import within
from consent_guard.audit.reading.serving import served
from consent_guard.audit.reading.targets import Limits, open_target
from consent_guard.audit.report import Report, Sort, State, Verdict
from consent_guard.audit.reports.comparison import Comparison, compare
from consent_guard.audit.reports.writers import written
from consent_guard.audit.scan.browser_scan import Banner
from consent_guard.audit.scan.chromium import Chromium, find_chromium
from consent_guard.audit.scan.collecting import Gathered
from consent_guard.audit.scan.static_scan import StaticScan
from consent_guard.wsgi import ConsentMiddleware

pytest.importorskip("playwright.sync_api")
pytestmark = pytest.mark.usefixtures("impatient")

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


def test_a_tracker_that_refusing_itself_stores_and_loads_is_told_once_as_a_leak(
    scan: Callable[..., Report], serve: Callable[..., str]
) -> None:
    """L01: who refuses and gets a tracker's cookie for it has been wronged by the very click."""
    page = """<!doctype html><p>text</p><button id=no onclick="document.cookie='cmp=no; path=/';
    document.cookie='_ga=GA1.1; path=/'; new Image().src='https://www.facebook.com/tr?ev=refused'">no</button>"""
    banner = Banner(selectors={State.REFUSED: "#no"})
    report = scan(serve(lambda path, cookies: ("200 OK", [], page)), states=[State.REFUSED], banner=banner)
    found = {(seen.subject, seen.where) for seen in report.leaks}
    assert found == {("_ga", "document.cookie on refusing"), ("www.facebook.com", "image on refusing")}


def test_a_cookie_that_refusing_stores_and_each_page_stores_again_is_told_on_each(
    scan: Callable[..., Report], serve: Callable[..., str]
) -> None:
    page = """<!doctype html><a href=/b>b</a>
    <script>if (document.cookie.includes("cmp=no")) document.cookie = "_ga=1; path=/"</script>
    <button id=no onclick="document.cookie='cmp=no; path=/'; location.reload()">no</button>"""
    banner = Banner(selectors={State.REFUSED: "#no"})
    report = scan(serve(lambda path, cookies: ("200 OK", [], page)), states=[State.REFUSED], banner=banner, pages=2)
    assert [(seen.subject, seen.where) for seen in report.leaks] == [("_ga", "document.cookie")] * 2
    assert len({seen.page for seen in report.leaks}) == 2


@pytest.mark.parametrize("how", ["document.cookie", "Set-Cookie", "cookieStore"])
def test_a_cookie_that_pages_set_only_where_it_is_absent_is_told_on_each(
    scan: Callable[..., Report], serve: Callable[..., str], how: str
) -> None:
    """The click's own page stores it first: what a page does then must not hide behind that."""
    programs = {
        "document.cookie": 'if (!document.cookie.includes("_ga=")) document.cookie = "_ga=1; path=/"',
        "cookieStore": 'cookieStore.get("_ga").then(one => one || cookieStore.set("_ga", "1"))',
        "Set-Cookie": "",
    }
    body = f"""<!doctype html><a href=/b>b</a><script>{programs[how]}</script>
    <button id=no onclick="document.cookie='cmp=no; path=/'; location.reload()">no</button>"""

    def answer(path: str, cookies: str) -> tuple[str, list[tuple[str, str]], str]:
        setting = how == "Set-Cookie" and "_ga=" not in cookies
        return "200 OK", [("Set-Cookie", "_ga=1; Path=/")] if setting else [], body

    report = scan(serve(answer), states=[State.REFUSED], banner=Banner(selectors={State.REFUSED: "#no"}), pages=2)
    assert [(seen.subject, seen.where) for seen in report.leaks] == [("_ga", how)] * 2


def test_what_keeps_another_banners_choice_is_no_leak_even_where_unlisted_cookies_are_blocked(
    scan: Callable[..., Report], serve: Callable[..., str]
) -> None:
    page = """<!doctype html><a href=/b>b</a>
    <script>if (document.cookie.includes("cmp=no")) document.cookie = "visits=1; path=/"</script>
    <button id=no onclick="document.cookie='cmp=no; path=/'; localStorage.cmp = 'no'">no</button>"""
    policy = {
        "policy": {"revision": 1, "unlisted_cookies": "block"},
        "categories": [{"id": "n", "basis": "necessary", "title": {"en": "N"}}],
    }
    banner = Banner(selectors={State.REFUSED: "#no"})
    report = scan(serve(lambda path, cookies: ("200 OK", [], page)), policy, states=[State.REFUSED], banner=banner, pages=2)
    assert [seen.subject for seen in report.leaks] == ["visits"] * 2
    told = [(seen.subject, seen.where) for seen in report.sightings if seen.verdict is Verdict.UNLISTED]
    assert told == [("cmp", "document.cookie on refusing"), ("cmp", "localStorage on refusing")]


def test_a_given_cookie_is_not_held_against_the_page_unless_the_page_sets_it(
    scan: Callable[..., Report], serve: Callable[..., str]
) -> None:
    def run(page: str) -> list[str]:
        banner = Banner(cookies={State.REFUSED: {"_ga": "given"}})
        url = serve(lambda path, cookies: ("200 OK", [], page))
        return [seen.subject for seen in scan(url, states=[State.REFUSED], banner=banner).leaks]

    assert run("<!doctype html><p>text") == []
    assert run('<!doctype html><script>document.cookie = "_ga=given; path=/"</script>') == ["_ga"]


def test_a_guard_is_not_said_to_remove_what_accepting_and_each_page_stores(
    scan: Callable[..., Report], serve: Callable[..., str]
) -> None:
    """The comparison of a guarded site with the same one unguarded, after accepting: nothing is removed there."""

    def app(environ: Any, start_response: Any) -> list[bytes]:
        start_response("200 OK", [("Content-Type", "text/html")])
        return [b'<!doctype html><html lang=en><body><script>document.cookie = "_ga=1; path=/"</script>']

    def run() -> Comparison:
        guarded = ConsentMiddleware(app, None, secret_key="k" * 32)
        with served(guarded, "wsgi", "guarded") as ours, served(app, "wsgi", "unguarded") as theirs:
            with_it = scan(ours)
            return compare(scan(theirs, banner=Banner(assume=True)), with_it)

    compared = run()
    changes = {change.state: change for change in compared.changes}
    assert {change.own.requests for change in changes.values()} == {2, 0}
    before = changes[State.BEFORE]
    assert before.own.bytes > 1000
    assert before.bytes[0] < before.own.bytes < before.bytes[1]
    assert before.own.html_bytes > 1000
    assert [seen.name for seen in changes[State.ACCEPTED].removed] == []
    assert {seen.name for seen in changes[State.REFUSED].removed} <= {"_ga"}


ASKING = """<script>
const asking = setInterval(async () => { if (await (await fetch("/late")).text() === "all") clearInterval(asking) }, 50);
</script>"""
"""A page that rests only when the server says that all have been contacted: no machine is too slow for it."""


def late(loopback: Any, before: int, hosts: set[str]) -> str:
    """What the server says of the hosts that were contacted since."""
    met = {contact.host for contact in loopback.contacts[before:] if contact.path}
    return "all" if hosts <= met else "not yet"


WORKER = "fetch('https://dedicated.example/w').catch(() => 0)"
SERVICE_WORKER = """
addEventListener("install", event => { fetch("https://service.example/x", {mode: "no-cors"}); skipWaiting() });
addEventListener("fetch", () => { fetch("https://intercepted.example/x", {mode: "no-cors"}) });
addEventListener("activate", event => event.waitUntil(clients.claim()));
"""
CONTACTS = (
    """<!doctype html><link rel=preconnect href=https://preconnect.example>
<link rel="x dns-prefetch" href=//lookup.example>
<link rel=preconnect href=https://image.example><img src=https://image.example/i.png>
<link rel=prefetch href=https://prefetch.example/p><link rel=preload as=script href=https://preload.example/p.js>
<iframe src=https://frame.example/f></iframe><object data=https://object.example/o></object>
<a id=ping ping=https://ping.example/x href=#there>ping</a><script src=https://script.example/s.js></script>
<style>@font-face{font-family:x;src:url(https://font.example/f)}
body{font-family:x;background:url(https://css.example/b.png)}</style>text
<script>
new Worker("/w.js");
new Worker(URL.createObjectURL(new Blob(["fetch('https://blob.example/').catch(() => 0)"])));
new SharedWorker("/shared.js");
navigator.serviceWorker.register("/sw.js");
navigator.sendBeacon("https://beacon.example/b", "x");
fetch("https://keepalive.example/k", {method: "POST", keepalive: true, body: "x", mode: "no-cors"});
new WebSocket("wss://socket.example/s");
new WebTransport("https://transport.example/");
new EventSource("https://events.example/e");
new RTCPeerConnection({iceServers: [{urls: ["stun:stun.example:3478"]}]});
const rules = document.createElement("script");
rules.type = "speculationrules";
rules.textContent = '{"prefetch": [{"source": "list", "urls": ["https://speculation.example/x"], "eagerness": "immediate"}]}';
document.body.append(rules);
window.open("https://popup.example/p");
document.getElementById("ping").click();
</script>"""
    + ASKING
)


def test_whatever_a_page_contacts_is_recorded_by_whichever_way(
    scan: Callable[..., Report], serve: Callable[..., str], loopback: Any
) -> None:
    """H40, H41: workers, sockets, beacons, hints and header fields too."""
    script = ("Content-Type", "text/javascript")
    scripts = {"/w.js": WORKER, "/shared.js": WORKER, "/sw.js": SERVICE_WORKER}
    fields = [
        ("Link", "<https://header.example>; rel=preconnect"),
        ("Link", "<https://image.example>; rel=preconnect"),
        ("Reporting-Endpoints", 'main="https://reports.example/r"'),
    ]

    answered = (
        "beacon blob css dedicated events font frame image intercepted keepalive object ping prefetch preload script service"
    )
    hosts = {f"{name}.example" for name in answered.split()} | {"speculation.example"}
    before = len(loopback.contacts)

    def answer(path: str, cookies: str) -> tuple[str, list[tuple[str, str]], str]:
        if path == "/late":
            return "200 OK", [], late(loopback, before, hosts)
        return ("200 OK", [script], scripts[path]) if path in scripts else ("200 OK", fields, CONTACTS)

    report = scan(serve(answer), states=[State.BEFORE])
    assert not report.problems
    assert {(seen.host.removesuffix(".example"), seen.where) for seen in report.sightings} == {
        ("beacon", "ping"),
        ("blob", "worker fetch"),
        ("css", "image"),
        ("dedicated", "worker fetch"),
        ("events", "eventsource"),
        ("font", "font"),
        ("frame", "document"),
        ("header", "Link"),
        ("image", "image"),
        ("intercepted", "service worker fetch"),
        ("keepalive", "fetch"),
        ("lookup", "dns-prefetch"),
        ("object", "document"),
        ("ping", "ping"),
        ("preconnect", "preconnect"),
        ("prefetch", "other"),
        ("preload", "script"),
        ("reports", "Reporting-Endpoints"),
        ("script", "script"),
        ("service", "service worker fetch"),
        ("socket", "websocket"),
        ("speculation", "prefetch"),
        ("stun", "webrtc"),
        ("transport", "webtransport"),
    }
    assert ["starts a shared worker" in note for note in report.notes] == [True]
    assert report.visits[0].bytes > len(CONTACTS)
    assert report.visits[0].html_bytes == len(CONTACTS)


def test_a_preconnect_is_judged_by_all_services_on_its_host(scan: Callable[..., Report], serve: Callable[..., str]) -> None:
    """One allowed service on the host is enough."""
    host = "shared.example"
    policy = {
        "policy": {"revision": 1},
        "categories": [
            {"id": "n", "basis": "necessary", "title": {"en": "N"}},
            {"id": "c", "basis": "consent", "title": {"en": "C"}},
        ],
        "services": [
            {"id": id, "category": category, "title": {"en": id}, "hosts": [f"{host}/{id}/"]}
            for id, category in (("one", "c"), ("two", "c"))
        ],
    }
    page = f"<!doctype html><link rel=preconnect href=https://{host}>"
    url = serve(lambda path, cookies: ("200 OK", [], page))
    (leak,) = scan(url, policy, states=[State.BEFORE]).leaks
    assert (leak.where, leak.host) == ("preconnect", host)
    policy["services"][1]["category"] = "n"  # type: ignore[index]
    (seen,) = scan(url, policy, states=[State.BEFORE]).sightings
    assert seen.verdict is Verdict.ALLOWED


def test_a_window_that_a_choice_opens_is_told_with_the_choice(
    scan: Callable[..., Report], serve: Callable[..., str], loopback: Any
) -> None:
    asking = "setInterval(() => fetch('/late').then(a => a.text()).then(a => a === 'all' && location.replace('/done')), 50)"
    page = f"""<!doctype html><button id=no onclick="window.open('https://www.facebook.com/tr?ev=x'); {asking}">no</button>"""
    before = len(loopback.contacts)

    def answer(path: str, cookies: str) -> tuple[str, list[tuple[str, str]], str]:
        return "200 OK", [], late(loopback, before, {"www.facebook.com"}) if path == "/late" else page

    banner = Banner(selectors={State.REFUSED: "#no"})
    report = scan(serve(answer), states=[State.REFUSED], banner=banner)
    assert [(seen.host, seen.where) for seen in report.leaks] == [("www.facebook.com", "window document on refusing")]


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
    "address",
    [
        "https://site.example/p#top",
        "https://site.example/{a,b}",
        "https://site.example/a\\b",
        "https://SITE.example:443/a/../b c?q=[1]*",
        "https://site.example/ä?q=*#é",
    ],
)
def test_a_saved_page_is_run_from_its_file_however_its_address_is_written(
    scan: Callable[..., Report], loopback: Any, tmp_path: Path, address: str
) -> None:
    """The network is never asked for a page that is at hand."""
    file = tmp_path / "page.html"
    file.write_text(PAGE, encoding="utf-8")
    before = len(loopback.contacts)
    report = scan(str(file), site=address, states=[State.BEFORE])
    assert not report.problems
    assert services(report, State.BEFORE) == {"google-tag-manager"}
    asked = {contact.path for contact in loopback.contacts[before:] if contact.host == "site.example"}
    assert asked <= {"", "/favicon.ico"}


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
