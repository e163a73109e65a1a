"""A style sheet of the site in a browser: what it names is contacted with consent alone, though it says that it never
changes."""

from __future__ import annotations

from typing import Any

from consent_guard.policy.model import Policy
from consent_guard.testing import consent_cookie
from consent_guard.wsgi import ConsentMiddleware

SECRET = "a secret of at least thirty-two bytes, for tests"
POLICY = Policy.load(
    {
        "policy": {"banner": False},
        "categories": [{"id": "looks", "basis": "consent", "title": {"en": "Fonts"}}],
        "services": [{"id": "fonts", "category": "looks", "title": {"en": "Fonts"}, "hosts": ["*.fonts.example"]}],
    }
)
PAGE = (
    b"<!doctype html><html lang=en><head><title>T</title><link rel=stylesheet href=/site.css></head><body><p>text</body></html>"
)
SHEET = b'@import "more.css";@import "//import.fonts.example/a.css";p{background:url(https://picture.fonts.example/p.png)}'
FILES = {"/page": ("text/html", PAGE), "/other": ("text/html", b"<!doctype html><title>other</title>")}
FILES |= {"/site.css": ("text/css", SHEET), "/more.css": ("text/css", b"b{color:red}")}
GATED = {"import.fonts.example", "picture.fonts.example"}


def app(environ: Any, start_response: Any) -> list[bytes]:
    """The site: its sheets may be kept for ever, and are confirmed under their tag."""
    kind, body = FILES.get(environ["PATH_INFO"], ("text/plain", b""))
    headers = [("Content-Type", kind), ("ETag", '"v1"')]
    if kind == "text/css":
        headers.append(("Cache-Control", "public, max-age=31536000, immutable"))
    if '"v1"' in environ.get("HTTP_IF_NONE_MATCH", ""):
        start_response("304 Not Modified", headers[1:])
        return []
    start_response("200 OK", [*headers, ("Content-Length", str(len(body)))])
    return [body]


def answer(chromium: Any, session: str, **answers: Any) -> None:
    """Give the browser the cookie of a visitor who has answered so."""
    name, value = consent_cookie(POLICY, SECRET, **answers)
    asked = {"name": name, "value": value, "url": "https://site.example/", "secure": True, "httpOnly": True, "path": "/"}
    assert chromium.send("Network.setCookie", session, **asked)["success"]


def test_what_a_sheet_names_is_contacted_from_a_grant_to_its_withdrawal(chromium: Any, loopback: Any) -> None:
    """L01, H23"""
    loopback.app, loopback.own = ConsentMiddleware(app, POLICY, secret_key=SECRET), {"site.example"}

    def contacted(session: str, path: str = "") -> set[str]:
        """Return the gated hosts that are contacted by a page, or by going back."""
        loopback.contacts.clear()
        chromium.events.clear()
        if path:
            chromium.visit(session, f"https://site.example{path}", seconds=3)
        else:
            chromium.evaluate(session, "history.back()")
            chromium.settle(1)
        assert any(contact.path == (path or "/page") for contact in loopback.contacts)
        return {contact.host for contact in loopback.contacts} & GATED

    with chromium.tab() as session:
        assert contacted(session, "/page") == set()
        answer(chromium, session, allow="*")
        assert contacted(session, "/page") == GATED
        assert contacted(session, "/other") == set()
        answer(chromium, session, deny="*")
        assert contacted(session) == set()
        assert contacted(session, "/page") == set()
        assert [contact.path for contact in loopback.contacts if contact.path.endswith(".css")] == ["/site.css"]


def test_what_was_stored_before_the_guard_stood_there_is_not_used_again(chromium: Any, loopback: Any) -> None:
    """N3: the browser asks whether its sheet has changed; the app, which would say no, is not asked."""
    statuses: list[str] = []

    def polling(environ: Any, start_response: Any) -> list[bytes]:
        def start(status: str, headers: list[tuple[str, str]], *rest: Any) -> Any:
            kept = [(name, value) for name, value in headers if name != "Cache-Control"]
            return start_response(status, [*kept, ("Cache-Control", "no-cache")], *rest)

        return app(environ, start)

    def watched(environ: Any, start_response: Any) -> Any:
        def start(status: str, headers: list[tuple[str, str]], *rest: Any) -> Any:
            if environ["PATH_INFO"].endswith(".css"):
                statuses.append(f"{environ['PATH_INFO']} {environ.get('HTTP_IF_NONE_MATCH')} {status}")
            return start_response(status, headers, *rest)

        return guard(environ, start)

    loopback.own = {"site.example"}
    with chromium.tab() as session:
        loopback.app = polling
        loopback.contacts.clear()
        chromium.visit(session, "https://site.example/page", seconds=3)
        assert {contact.host for contact in loopback.contacts} >= GATED
        guard = ConsentMiddleware(polling, POLICY, secret_key=SECRET)
        loopback.app = watched
        loopback.contacts.clear()
        chromium.visit(session, "https://site.example/page", seconds=3)
        assert {contact.host for contact in loopback.contacts} & GATED == set()
        assert statuses == ['/site.css "v1" 200 OK', '/more.css "v1" 304 Not Modified']


def test_without_the_guard_the_sheet_contacts_all_of_them(chromium: Any, loopback: Any) -> None:
    loopback.app, loopback.own = app, {"site.example"}
    loopback.contacts.clear()
    with chromium.tab() as session:
        chromium.visit(session, "https://site.example/page", seconds=3)
        chromium.settle()
    assert {contact.host for contact in loopback.contacts} >= GATED
