"""Cookies that a page's script wrote for a purpose that nobody allowed: hidden from the app, and gone from the browser after
the next pages, wherever the script put them (L24b, H07, H08; docs/enforcement.md, "Cookies"). In Chromium and in Firefox."""

from __future__ import annotations

import contextlib
import json
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from consent_guard.testing import consent_cookie
from consent_guard.wsgi import ConsentMiddleware

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

KEY = "a key of forty characters for the tests."
HOST = "www.shop.site.example"
SHORT = "www.site.example"
POLICY: dict[str, Any] = {
    "policy": {"languages": ["en"]},
    "categories": [
        {"id": "ads", "basis": "consent", "title": {"en": "Advertising"}},
        {"id": "audience", "basis": "consent", "title": {"en": "Audience"}},
    ],
    "services": [
        {
            "id": "tracker",
            "category": "ads",
            "title": {"en": "Tracker"},
            "hosts": ["*.tracker.example"],
            "cookies": [{"name": "_ga"}, {"name": "_ga_*"}],
        },
        {
            "id": "counter",
            "category": "audience",
            "title": {"en": "Counter"},
            "hosts": ["*.counter.example"],
            "cookies": [{"name": "_count"}],
        },
    ],
}
KEPT = {"basket": "basket=1", "_count": "_count=1; path=/shop; domain=site.example"}
"""One that no rule names, and one that the visitor allowed."""
DOMAINS = ("", "; domain=site.example", "; domain=shop.site.example", "; domain=" + HOST)
PATHS = ("; path=/", "; path=/shop", "; path=/shop/", "", "; path=/shop/shoes/", "; path=/shop/shoes/1")
"""Without one a browser takes the page's directory, ``/shop/shoes``."""


class App:
    """Pages whose script writes cookies; what the browser sent, and what of it the app saw."""

    def __init__(self) -> None:
        self.script = ""
        self.sent: list[list[str]] = []
        self.seen: list[list[str]] = []
        self._now = time.time()
        self._guarded = ConsentMiddleware(self._app, POLICY, secret_key=KEY, clock=self._clock)

    def _clock(self) -> float:
        return self._now + len(self.sent)  # nobody loads two pages within a second

    def _app(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        page = environ["PATH_INFO"].startswith("/shop")
        if page:
            self.seen.append(_names(environ))
        start_response("200 OK" if page else "404 Not Found", [("Content-Type", "text/html; charset=utf-8")])
        return [f"<!doctype html><html lang=en><title>t</title><body><script>{self.script}</script>".encode()]

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        if environ["PATH_INFO"].startswith("/shop"):
            self.sent.append(_names(environ))
        return self._guarded(environ, start_response)


def _names(environ: WSGIEnvironment) -> list[str]:
    pairs = environ.get("HTTP_COOKIE", "").split(";")
    return [pair.strip().partition("=")[0] for pair in pairs if pair.strip() and "consent" not in pair]


class Firefox:
    """A headless Firefox with an empty profile, driven by Marionette's own protocol."""

    def __init__(self, program: str, profile: Path, hosts: Iterable[str]) -> None:
        prefs = {
            "marionette.port": 0,
            "network.dns.localDomains": ",".join(hosts),
            "network.captive-portal-service.enabled": False,
            "network.connectivity-service.enabled": False,
            "app.update.enabled": False,
            "datareporting.policy.dataSubmissionEnabled": False,
            "toolkit.telemetry.enabled": False,
            "services.settings.server": "",
            "dom.security.https_first": False,
            "browser.shell.checkDefaultBrowser": False,
        }
        lines = [f"user_pref({json.dumps(name)}, {json.dumps(value)});" for name, value in prefs.items()]
        (profile / "user.js").write_text("\n".join(lines))
        command = [program, "--headless", "--marionette", "--no-remote", "--profile", str(profile), "about:blank"]
        self._socket: socket.socket | None = None
        self._process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            self._socket = socket.create_connection(("127.0.0.1", self._port(profile / "MarionetteActivePort")), 60)
            self._stream = self._socket.makefile("rb")
            self._receive()
            self._sent = 0
            self._send("WebDriver:NewSession", acceptInsecureCerts=True)
        except BaseException:
            self.close()
            raise

    def _port(self, told: Path) -> int:
        end = time.monotonic() + 60
        while time.monotonic() < end:
            if told.exists() and (text := told.read_text().strip()):
                return int(text)
            if self._process.poll() is not None:
                break
            time.sleep(0.1)
        raise TimeoutError("Firefox does not start")

    def _receive(self) -> Any:
        length = b""
        while (octet := self._stream.read(1)) not in (b":", b""):
            length += octet
        return json.loads(self._stream.read(int(length)))

    def _send(self, command: str, **parameters: Any) -> Any:
        self._sent += 1
        message = json.dumps([0, self._sent, command, parameters]).encode()
        self._socket.sendall(b"%d:%b" % (len(message), message))
        _, _, error, result = self._receive()
        if error:
            raise RuntimeError(f"{command}: {error}")
        return result

    def visit(self, url: str) -> None:
        self._send("WebDriver:Navigate", url=url)

    def close(self) -> None:
        if self._socket is not None:
            self._stream.close()
            self._socket.close()
        self._process.terminate()
        try:
            self._process.wait(15)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


@pytest.fixture(scope="module")
def firefox(loopback: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Firefox]:
    program = next(filter(None, map(shutil.which, ("firefox", "firefox-esr"))), None)
    if program is None:
        pytest.skip("no Firefox on this machine")
    browser = Firefox(program, tmp_path_factory.mktemp("firefox"), (HOST, SHORT))
    yield browser
    browser.close()


@pytest.fixture(params=["chromium", "firefox"])
def visit(request: pytest.FixtureRequest, loopback: Any) -> Iterator[Callable[[str], None]]:
    """Loads a page in the browser: with a scheme, a host and a path."""
    browser = request.getfixturevalue(request.param)
    with contextlib.ExitStack() as stack:
        if request.param == "firefox":
            port = f":{loopback.port}"
            load: Callable[[str], None] = browser.visit
        else:
            port = ""
            tab = stack.enter_context(browser.tab())

            def load(url: str) -> None:
                browser.events.clear()  # or the load of an earlier page is taken for that of this one
                browser.visit(tab, url)

        def visit(url: str) -> None:
            scheme, _, rest = url.partition("://")
            host, _, path = rest.partition("/")
            loopback.own.add(host + port)
            load(f"{scheme}://{host}{port}/{path}")

        yield visit
        loopback.own.clear()
        loopback.app = None


@pytest.fixture
def app(loopback: Any) -> App:
    loopback.app = made = App()
    return made


def _script(cookies: Iterable[str]) -> str:
    name, value = consent_cookie(POLICY, KEY, allow={"counter"})
    allowed = f"{name}={value}; path=/; secure"
    return "".join(f"document.cookie = {json.dumps(cookie)};" for cookie in (*cookies, *KEPT.values(), allowed))


def _gated(names: Iterable[str]) -> set[str]:
    return {name for name in names if name.startswith("_ga")}


def test_what_google_analytics_writes_is_gone_after_one_page(visit: Callable[[str], None], app: App) -> None:
    """On the site's domain."""
    app.script = _script(["_ga=1; path=/; domain=site.example", "_ga_A=1; path=/; domain=site.example"])
    visit(f"https://{SHORT}/shop/shoes/1")
    app.script = ""
    visit(f"https://{SHORT}/shop/shoes/2")
    visit(f"https://{SHORT}/shop/shoes/3")
    assert sorted(app.sent[2]) == sorted(KEPT)
    assert not any(_gated(seen) for seen in app.seen)


def test_what_scripts_write_without_a_path_and_for_the_host_is_gone_after_some(visit: Callable[[str], None], app: App) -> None:
    """A browser asks for the site's icon in between, when it likes, and gets deletions then, too."""
    app.script = _script(["_ga=1; path=/; domain=site.example", "_ga_A=1; path=/", "_ga_B=1", "_ga_C=1; domain=site.example"])
    visit(f"https://{HOST}/shop/shoes/1")
    app.script = ""
    for number in range(6):
        visit(f"https://{HOST}/shop/shoes/{number}")
    assert {"_ga_B", "_ga_C"} <= set(app.sent[1])
    assert sorted(app.sent[-1]) == sorted(KEPT)
    assert not any(_gated(seen) for seen in app.seen)


def test_whatever_a_script_writes_for_this_page_is_gone_after_some(visit: Callable[[str], None], app: App) -> None:
    """One name on each domain and path that comes with the page's request, partitioned and not: 48 cookies. What a head holds
    deletes a dozen of them at most; nothing else goes."""
    everywhere = [(domain, path, kind) for domain in DOMAINS for path in PATHS for kind in ("", "; secure; partitioned")]
    app.script = _script(f"_ga=1{domain}{path}{kind}" for domain, path, kind in everywhere)
    visit(f"https://{HOST}/shop/shoes/1")
    app.script = ""
    left = [48]
    while left[-1] and len(left) < 40:
        visit(f"https://{HOST}/shop/shoes/1")
        left.append(app.sent[-1].count("_ga"))
    assert 40 <= left[1] <= 48  # a browser may ask for the icon first, with the eight on /
    assert left[-1] == 0
    assert set(app.sent[-1]) == set(KEPT)
    assert not any(_gated(seen) for seen in app.seen)
