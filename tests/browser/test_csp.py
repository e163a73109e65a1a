"""What a page's own script does at run time, in Chromium: nothing is contacted that nobody allowed, all of it runs once it is
(``csp = "enforce"``, docs/csp.md)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest

from consent_guard import Finding
from consent_guard.findings import FindingKind
from consent_guard.testing import consent_cookie
from consent_guard.wsgi import ConsentMiddleware

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

KEY = "a key of forty characters for the tests."
SITE = "https://site.example/"
POLICY: dict[str, Any] = {
    "policy": {"languages": ["en"], "unlisted_hosts": "block", "csp": "enforce"},
    "categories": [{"id": "ads", "basis": "consent", "title": {"en": "Advertising"}}],
    "services": [{"id": "tracker", "category": "ads", "title": {"en": "Tracker"}, "hosts": ["*.tracker.example"]}],
}
WAYS = {
    "script": "put('script', 'src')",
    "img": "new Image().src = at('img')",
    "iframe": "put('iframe', 'src')",
    "object": "put('object', 'data')",
    "audio": "put('audio', 'src')",
    "style": "put('link', 'href', 'style').rel = 'stylesheet'",
    "font": "new FontFace('f', 'url(' + at('font') + ')').load().catch(() => 0)",
    "write": "document.write('<script src=\"' + at('write') + '\"></' + 'script>')",
    "written": "document.write('<img src=\"' + at('written') + '\">')",
    "html": "document.body.insertAdjacentHTML('beforeend', '<img src=\"' + at('html') + '\">')",
    "import": "import(at('import')).catch(() => 0)",
    "fetch": "fetch(at('fetch'), { mode: 'no-cors' }).catch(() => 0)",
    "xhr": "{ const x = new XMLHttpRequest(); x.open('GET', at('xhr')); x.onerror = () => 0; x.send() }",
    "beacon": "navigator.sendBeacon(at('beacon'), 'x')",
    "socket": "new WebSocket(at('socket').replace('https', 'wss'))",
    "events": "new EventSource(at('events'))",
    "worker": "new Worker('/worker.js')",
    "shared": "new SharedWorker('/shared.js')",
    "blob": "new Worker(URL.createObjectURL(new Blob([\"fetch('\" + at('blob') + \"', { mode: 'no-cors' })\"])))",
    "manager": 'eval(\'(function (d) { var s = d.createElement("script"); s.async = 1; s.src = at("manager"); \''
    " + 'd.head.appendChild(s) })(document)')",
}
"""Each contacts a host of its own, whose name no tag of the page holds."""
APP = """
const at = (name) => "https://" + name + "." + ["tracker", "example"].join(".") + "/x";
const put = (tag, attribute, name = tag) => {
  const one = document.createElement(tag);
  one[attribute] = at(name);
  document.body.append(one);
  return one;
};
"""
WORKER = "fetch('https://%s.' + 'tracker' + '.example/x', { mode: 'no-cors' }).catch(() => 0)"


class App:
    """A page whose script does what it was told, and its workers' scripts."""

    def __init__(self) -> None:
        self.way = ""

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        path = environ["PATH_INFO"]
        if path == "/":
            kind, body = (
                "text/html; charset=utf-8",
                "<!doctype html><html lang=en><title>t</title><body><script src=/app.js></script>",
            )
        elif path.endswith(".js"):
            code = APP + f"try {{ {self.way} }} catch (error) {{ }}" if path == "/app.js" else WORKER % path[1:-3]
            kind, body = "text/javascript", code
        else:
            start_response("404 Not Found", [("Content-Type", "text/plain"), ("Content-Length", "0")])
            return [b""]
        start_response("200 OK", [("Content-Type", kind), ("Content-Length", str(len(body))), ("ETag", '"v1"')])
        return [body.encode()]


@contextmanager
def shown(chromium: Any, loopback: Any, app: Callable[..., Any], *, granted: bool = False) -> Iterator[str]:
    loopback.app, loopback.own = app, {"site.example"}
    loopback.contacts.clear()
    with chromium.tab() as session:
        if granted:
            name, value = consent_cookie(POLICY, KEY, allow="*")
            chromium.send("Network.setCookie", session, url=SITE, name=name, value=value, path="/", secure=True)
        chromium.visit(session, SITE)
        yield session


def contacted(loopback: Any, *, handshakes: bool = True) -> set[str]:
    met = [contact for contact in loopback.contacts if contact.path or handshakes]
    return {contact.host for contact in met if contact.host.endswith("tracker.example")}


@pytest.mark.parametrize("way", WAYS)
def test_nothing_is_contacted_before_consent_and_all_of_it_once_it_is_granted(chromium: Any, loopback: Any, way: str) -> None:
    app, found = App(), list[Finding]()
    app.way = WAYS[way]
    guarded = ConsentMiddleware(app, POLICY, secret_key=KEY, on_finding=found.append)
    host = f"{way}.tracker.example"
    with shown(chromium, loopback, guarded):
        chromium.settle()
        # For a frame Chromium opens the connection before it asks the policy, and sends nothing over it: a named limit.
        assert contacted(loopback, handshakes=way != "iframe") == set()
        assert [one.subject for one in found if one.kind is FindingKind.CSP_REPORT] == [host]
    with shown(chromium, loopback, guarded, granted=True):
        chromium.settle()
        assert contacted(loopback) == {host}
    # The same proof must be able to fail: without the header the script is free.
    off = {**POLICY, "policy": {**POLICY["policy"], "csp": "off"}}
    with shown(chromium, loopback, ConsentMiddleware(app, off, secret_key=KEY)):
        chromium.settle()
        assert contacted(loopback) == {host}


def test_one_that_only_reports_stops_nothing_and_tells_all_the_same(chromium: Any, loopback: Any) -> None:
    app, found = App(), list[Finding]()
    app.way = ";".join(WAYS[way] for way in ("script", "img", "fetch"))
    policy = {**POLICY, "policy": {"languages": ["en"], "csp": "report"}}
    with shown(chromium, loopback, ConsentMiddleware(app, policy, secret_key=KEY, on_finding=found.append)):
        chromium.settle()
        hosts = {"script.tracker.example", "img.tracker.example", "fetch.tracker.example"}
        assert contacted(loopback) == hosts
        reported = {one.subject for one in found if one.kind is FindingKind.CSP_REPORT and not one.enforced}
        assert reported == hosts


def test_the_banner_its_module_and_its_style_work_under_it(chromium: Any, loopback: Any) -> None:
    guarded = ConsentMiddleware(App(), POLICY, secret_key=KEY)
    with shown(chromium, loopback, guarded) as session:
        banner = "document.querySelector('[data-cg=banner]')"
        assert chromium.evaluate(session, f"!!{banner}")
        assert chromium.evaluate(session, f"getComputedStyle({banner}.querySelector('.cg-inner')).display") != "inline"
        chromium.evaluate(session, f"{banner}.querySelector('button[value=accept]').click()")
        chromium.settle(0.5)
        assert not chromium.evaluate(session, f"!!{banner}")
        assert ("/privacy-choices") in {contact.path for contact in loopback.contacts}
