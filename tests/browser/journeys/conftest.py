"""A small guarded site on loopback, visitors with and without JavaScript, and the screenshots of what they saw.

The site's clock and policy can be changed while it runs. Every other host is answered by the browser itself, which notes who
was contacted; nothing leaves the machine. Screenshots go to the folder that CONSENT_GUARD_SCREENSHOTS names, else to pytest's.
Skipped where there is no Playwright or no Chromium.
"""

from __future__ import annotations

import fcntl
import filecmp
import os
import shutil
import subprocess
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from socketserver import ThreadingMixIn
from typing import Any
from urllib.parse import urlsplit
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import pytest

from consent_guard.policy.model import Policy
from consent_guard.wsgi import ConsentMiddleware, consent_from, manage_link, preferences_form

KEY = "a key of forty characters for the tests."
P = "/privacy-choices"


def texts(fr: str, en: str, ar: str) -> dict[str, str]:
    return {"fr": fr, "en": en, "ar": ar}


POLICY: dict[str, Any] = {
    "policy": {"languages": ["fr", "en", "ar"], "banner_except": ["/quiet"]},
    "categories": [
        {
            "id": "necessary",
            "basis": "necessary",
            "title": texts("Fonctionnement", "Running the site", "تشغيل الموقع"),
            "description": texts("Votre session et vos réglages.", "Your session and your settings.", "جلستك وإعداداتك."),
        },
        {
            "id": "audience",
            "basis": "exempt",
            "title": texts("Mesure d’audience", "Audience measurement", "قياس الجمهور"),
            "description": texts("Compter les visites, sans vous suivre.", "Counting visits.", "عد الزيارات."),
        },
        {
            "id": "campaigns",
            "basis": "consent",
            "title": texts("Campagnes", "Campaigns", "الحملات"),
            "description": texts("Mesurer l’effet de nos annonces.", "Measuring what our adverts do.", "قياس أثر إعلاناتنا."),
        },
        {
            "id": "interactivity",
            "basis": "consent",
            "title": texts("Contenus d’autres sites", "Contents of other sites", "محتويات من مواقع أخرى"),
            "description": texts("Voir des vidéos et des cartes.", "Watching videos and maps.", "مشاهدة الفيديو والخرائط."),
        },
    ],
    "services": [
        {
            "id": "stats",
            "category": "audience",
            "exempt": "audience_fr",
            "title": {"en": "Stats"},
            "hosts": ["stats.example"],
            "controller": {"name": "Counting Ltd", "policy_url": "https://stats.example/privacy"},
            "cookies": [{"name": "_stats", "lifetime": "13 months", "purpose": {"en": "Counting"}}],
        },
        {"id": "ads", "category": "campaigns", "title": {"en": "Ads"}, "hosts": ["ads.example"]},
        {
            "id": "clips",
            "category": "interactivity",
            "title": {"en": "Clips"},
            "purpose": texts("Voir des vidéos", "Watching videos", "مشاهدة الفيديو"),
            "hosts": ["clips.example"],
            "controller": {"name": "Clips SA", "policy_url": "https://clips.example/privacy"},
        },
        {"id": "maps", "category": "interactivity", "title": {"en": "Maps"}, "hosts": ["maps.example"]},
    ],
}
GATED = frozenset({"ads.example", "clips.example", "maps.example"})

PAGE = """<!DOCTYPE html>
<html lang="{lang}" dir="{dir}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>A site</title>
<link rel="stylesheet" href="/site.css">
<script async src="https://stats.example/s.js"></script>
<script async src="https://ads.example/a.js"></script>
</head>
<body>
<nav><a class="top" href="/{lang}/other">Another page</a></nav>
<main>
<h1>A site</h1>
{body}
{paragraphs}
</main>
<footer>{manage}</footer>
</body>
</html>
"""
VIDEO = '<p><iframe src="https://clips.example/v/1" width="560" height="315" title="A clip"></iframe></p>'
PARAGRAPHS = "".join(f'<p>Words, and <a href="#n{n}" id="n{n}">a link</a> to follow, and more words.</p>' for n in range(24))
STYLE = b"""body { margin: 1em; font: 1em/1.5 serif; background: #fff; color: #222 } button { background: red }
* { letter-spacing: normal } section { float: left }
@media (prefers-color-scheme: dark) { body { background: #111; color: #eee } a { color: #9cf } }"""


class Site:
    """The app, its guard, its clock, and the server around them."""

    def __init__(self) -> None:
        self.offset = 0.0
        self.headers: list[tuple[str, str]] = []
        self.pages: dict[str, str | bytes | Callable[[dict[str, Any]], str | tuple[str, str]]] = {}
        """What a test puts at a path: HTML, or (ending in .js or .css) a file; a callable gets the environ, and may name a
        status."""
        self.asked: list[tuple[str, str]] = []
        """Method and path of every request that reached the site, our own pages included."""
        self._guarded: dict[str, Any] = {}
        self.configure()
        self._server = make_server("127.0.0.1", 0, self._serve, _Threaded, _Quiet)
        self.base = f"http://localhost:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        self._thread.start()

    def configure(self, *, all_ask: bool = False, **changes: Any) -> None:
        """Serve under another ``[policy]`` table from now on. ``all_ask``: nothing is exempt, nothing is on before a choice."""
        policy = {**POLICY, "policy": {**POLICY["policy"], **changes}}
        if all_ask:
            policy["categories"] = [{**category, "basis": "consent"} for category in POLICY["categories"]]
            policy["services"] = [{key: v for key, v in service.items() if key != "exempt"} for service in POLICY["services"]]
        key = repr((all_ask, sorted(changes.items())))
        if key not in self._guarded:
            self._guarded[key] = ConsentMiddleware(_app(self), policy, secret_key=KEY, clock=self.now)
        self._guard = self._guarded[key]

    def serve(self, policy: Policy) -> None:
        """Serve under this policy from now on."""
        self._guard = ConsentMiddleware(_app(self), policy, secret_key=KEY, clock=self.now)

    def now(self) -> float:
        return time.time() + self.offset

    def reset(self) -> None:
        self.offset, self.headers, self.pages = 0.0, [], {}
        self.asked.clear()
        self.configure()

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join(5)
        self._server.server_close()

    def _serve(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        self.asked.append((environ["REQUEST_METHOD"], environ["PATH_INFO"]))
        return self._guard(environ, start_response)


class _Threaded(ThreadingMixIn, WSGIServer):
    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """A browser drops connections as it likes."""


class _Quiet(WSGIRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


def _app(site: Site) -> Any:
    def app(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        path = environ["PATH_INFO"]
        if path in site.pages:
            page = site.pages[path]
            made = page(environ) if callable(page) else page
            status, made = made if isinstance(made, tuple) else ("200 OK", made)
            kinds = {"js": "text/javascript", "css": "text/css", "gif": "image/gif", "svg": "image/svg+xml"}
            kind = kinds.get(path.rpartition(".")[2], "text/html; charset=utf-8")
            start_response(status, [("Content-Type", kind), *site.headers])
            return [made.encode() if isinstance(made, str) else made]
        if path == "/site.css":
            start_response("200 OK", [("Content-Type", "text/css"), ("Cache-Control", "max-age=60")])
            return [STYLE]
        if path == "/favicon.ico":
            start_response("204 No Content", [])
            return []
        lang = path[1:3] if path[3:4] == "/" else "en"
        body = VIDEO if path.endswith("/video") else ""
        if path.endswith("/account"):
            body = preferences_form(environ, lang=lang)
        if "maps" in consent_from(environ).allowed_services:
            body += "<p>Maps are allowed.</p>"
        page = PAGE.format(
            lang=lang,
            dir="rtl" if lang == "ar" else "ltr",
            body=body,
            paragraphs=PARAGRAPHS,
            manage=manage_link(environ, lang=lang),
        )
        start_response("200 OK", [("Content-Type", "text/html; charset=utf-8"), *site.headers])
        return [page.encode()]

    return app


_LIVE = """() => !document.querySelector("script[data-cg-later]")
    || !document.querySelector(".cg-form[data-cg-form]:not(.cg-live)")"""


class Visitor:
    """One person with one browser: a page, what it contacted, and what went wrong in it."""

    def __init__(self, site: Site, context: Any, shots: Path, scripted: bool) -> None:
        self.site = site
        self.context = context
        self.scripted = scripted
        self.contacts: list[str] = []
        self.wrong: list[str] = []
        self._shots = shots
        context.route("**/*", self._route)
        self.page = context.new_page()
        self.page.on("console", lambda message: self.wrong.append(message.text) if message.type == "error" else None)
        self.page.on("pageerror", lambda error: self.wrong.append(str(error)))

    def _route(self, route: Any) -> None:
        url = urlsplit(route.request.url)
        if url.hostname == "localhost":
            route.continue_()
            return
        self.contacts.append(url.hostname or "")
        kind = "text/html" if route.request.resource_type == "document" else "text/javascript"
        route.fulfill(status=200, content_type=kind, body="<!doctype html><title>c</title>" if kind == "text/html" else "")

    def visit(self, path: str) -> Any:
        """Load a page of the site; forget whom earlier ones contacted. The preferences answer a script once their part of the
        module has come, which may be after the page has loaded."""
        self.contacts.clear()
        self.page.goto(self.site.base + path, wait_until="load")
        if self.scripted and path.startswith(P):
            self.page.wait_for_function(_LIVE)
        return self.page

    def click(self, selector: str) -> None:
        """Press what posts a choice and leads to a page: always without a script; with one, where more or less loads."""
        self.contacts.clear()
        with self.page.expect_event("load"):
            self.page.locator(selector).first.click()

    def save(self, selector: str) -> None:
        """Press a button of the preferences. With a script they stay, and say that the choice is saved."""
        if not self.scripted:
            self.click(selector)
            return
        self.page.locator(selector).first.click()
        self.page.locator(".cg-status p.cg-name", has_text="saved").wait_for()

    @property
    def banner(self) -> Any:
        return self.page.locator("[data-cg=banner] .cg-inner")

    def asked(self) -> bool:
        return bool(self.banner.count() and self.banner.is_visible())

    def state(self) -> dict[str, Any]:
        answer: dict[str, Any] = self.context.request.get(self.site.base + P + "/state").json()
        return answer

    def allowed(self) -> set[str]:
        return {id for id, on in self.state()["services"].items() if on}

    def shot(self, name: str, *, full: bool = False) -> None:
        mode = "" if self.scripted else "-noscript"
        self.page.screenshot(path=str(self._shots / f"{name}{mode}.png"), full_page=full)


@pytest.fixture(scope="session")
def shots(tmp_path_factory: pytest.TempPathFactory) -> Path:
    named = os.environ.get("CONSENT_GUARD_SCREENSHOTS")
    if not named:
        return tmp_path_factory.mktemp("screenshots")
    folder = Path(named)
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@pytest.fixture(scope="module")
def playwright_browser() -> Iterator[Any]:
    """A browser of each module. While Playwright runs, an event loop does too, and no other test may start one."""
    api = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
    program = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if program is None:
        pytest.skip("no Chromium on this machine")
    with api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox", "--disable-gpu"])
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def npm() -> Path:
    """Where the npm packages of ``tests/browser/npm`` are: as its lock file names them, fetched once."""
    program = shutil.which("npm")
    if program is None:
        pytest.skip("no npm on this machine")
    wanted = Path(__file__).parents[1] / "npm"
    root = Path(__file__).parents[3] / "build" / "npm"
    root.mkdir(parents=True, exist_ok=True)
    with (root / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        have = root / "package-lock.json"
        if not have.exists() or not filecmp.cmp(wanted / "package-lock.json", have, shallow=False):
            for name in ("package.json", "package-lock.json"):
                shutil.copy(wanted / name, root / name)
            done = subprocess.run([program, "ci", "--ignore-scripts", "--no-audit", "--no-fund"], cwd=root, capture_output=True)
            if done.returncode:
                have.unlink()
                pytest.skip("npm cannot fetch its packages here")
    return root / "node_modules"


@pytest.fixture(scope="session")
def running_site() -> Iterator[Site]:
    site = Site()
    yield site
    site.close()


@pytest.fixture
def site(running_site: Site) -> Site:
    running_site.reset()
    return running_site


Arrive = Callable[..., Visitor]


@pytest.fixture
def arrive(site: Site, playwright_browser: Any, shots: Path) -> Iterator[Arrive]:
    """Make visitors. Whatever their console complains of fails the test, unless they say what they expect."""
    made: list[Visitor] = []

    def make(*, scripted: bool = True, locale: str = "en", width: int = 1280, height: int = 800, **options: Any) -> Visitor:
        viewport = {"width": width, "height": height}
        context = playwright_browser.new_context(java_script_enabled=scripted, locale=locale, viewport=viewport, **options)
        context.set_default_timeout(10_000)
        visitor = Visitor(site, context, shots, scripted)
        made.append(visitor)
        return visitor

    yield make
    for visitor in made:
        visitor.context.close()
    assert not [line for visitor in made for line in visitor.wrong]


@pytest.fixture(params=[True, False], ids=["script", "noscript"])
def visitor(request: pytest.FixtureRequest, arrive: Arrive) -> Visitor:
    """A visitor with JavaScript, and one without."""
    return arrive(scripted=request.param)
