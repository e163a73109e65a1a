"""Real pages with nothing granted, in a browser: what is still contacted was put together by a script (X02, DESIGN §10)."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit
from wsgiref.util import setup_testing_defaults

from consent_guard.policy.hosts import HostIndex
from consent_guard.policy.model import Policy
from consent_guard.wsgi import ConsentMiddleware

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

POLICY = replace(Policy.load(None), inline_scripts="mention", first_party=("site.example",))
"""The built-in policy, which holds the whole catalogue."""
INDEX = HostIndex(replace(POLICY, services=tuple(s for s in POLICY.services if s.category != "necessary")))
"""What is gated while nothing is granted: other consent platforms are necessary, and load."""


class Pages:
    """A WSGI app that serves one page and nothing else."""

    body = b""

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        if environ["PATH_INFO"] != "/page":
            start_response("404 Not Found", [("Content-Type", "text/plain"), ("Content-Length", "0")])
            return [b""]
        start_response("200 OK", [("Content-Type", "text/html")])
        return [self.body]


def gated_contacts(chromium: Any, loopback: Any, app: Any) -> list[dict[str, Any]]:
    """Load the page and return its requests to gated hosts."""
    loopback.app, loopback.own = app, {"site.example"}
    with chromium.tab() as session:
        chromium.visit(session, "https://site.example/page", seconds=4)
        found = []
        for request in chromium.requests(session):
            url = urlsplit(request["request"]["url"])
            if url.scheme in ("http", "https") and url.hostname and INDEX.match(url.hostname, url.path or "/", url.query):
                found.append(request)
        return found


def served(app: Any) -> bytes:
    """What the guarded app sends for the page."""
    environ: dict[str, Any] = {"PATH_INFO": "/page", "HTTP_HOST": "site.example", "wsgi.url_scheme": "https"}
    setup_testing_defaults(environ)
    return b"".join(app(environ, lambda status, headers, exc_info=None: lambda data: None))


def test_every_contact_that_is_left_comes_from_an_address_that_a_script_built(
    chromium: Any, loopback: Any, shared: Callable[[str], Path], record_property: Callable[[str, object], None]
) -> None:
    app = Pages()
    guarded = ConsentMiddleware(app, POLICY, secret_key="k" * 40)
    pages = sorted(shared("pages").glob("*.html"))
    assert pages
    left: list[str] = []
    written: list[str] = []
    for page in pages:
        app.body = page.read_bytes()
        for request in gated_contacts(chromium, loopback, guarded):
            host = urlsplit(request["request"]["url"]).hostname or ""
            by_script = request["initiator"]["type"] == "script" and host.encode() not in served(guarded)
            (left if by_script else written).append(f"{page.name}: {host} by {request['initiator']['type']}")
    for line in sorted(set(left)):
        print(line)
        record_property("contact", line)
    assert not written
    # The same proof must be able to fail: unguarded, real pages contact gated hosts from their markup.
    app.body = max((page.read_bytes() for page in pages), key=lambda body: body.count(b"googletagmanager.com/"))
    assert gated_contacts(chromium, loopback, app)
