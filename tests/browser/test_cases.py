"""The cases whose truth was found in a browser, seen again in a browser: no gated host is contacted (ROBUSTNESS 0, 8)."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from consent_guard.wsgi import ConsentMiddleware

from ..cases import KEY, UNSCORED, policy, rows

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment


class Cases:
    """A WSGI app that serves the current case."""

    def __init__(self, *names: str) -> None:
        self.cases: dict[str, dict[str, Any]] = {}
        for case in [row for name in names for row in rows(name)]:
            encoded = case.get("html_b64")
            html = case.get("html", case.get("body", ""))
            case["body"] = base64.b64decode(encoded) if encoded else html.encode()
            case.setdefault("tier", "header")
            self.cases[case["id"]] = case
        self.current: dict[str, Any] = {}

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        case = self.current
        here = urlsplit(case.get("page", "https://site.example/p")).path or "/"
        if environ["PATH_INFO"] != here:
            start_response("404 Not Found", [("Content-Type", "text/plain"), ("Content-Length", "0")])
            return [b""]
        kind = case.get("ct", "text/html; charset=utf-8")
        headers = [("Content-Type", kind)] if kind else []
        start_response("200 OK", headers + [tuple(line.split(": ", 1)) for line in case.get("headers", [])])  # type: ignore[misc]
        return self._pieces(case)

    def _pieces(self, case: dict[str, Any]) -> Iterator[bytes]:
        body: bytes = case["body"]
        chunks = case.get("chunks")
        cuts = range(1, len(body)) if chunks == "each-byte" else chunks or []
        start = 0
        for cut in (*cuts, len(body)):
            yield body[start:cut]
            start = cut


def contacted(chromium: Any, loopback: Any, cases: Cases, case: dict[str, Any], app: Any) -> bool:
    """Load a case and tell whether its gated host was met, be it by a handshake alone."""
    cases.current = case
    page = case.get("page", "https://site.example/p")
    loopback.app, loopback.own = app, {urlsplit(page).netloc}
    loopback.contacts.clear()
    with chromium.tab(ratio=case.get("dpr", 1)) as session:
        chromium.visit(session, page)
        if "click" in case:
            chromium.evaluate(session, f"document.querySelector({case['click']!r})?.click()")
            chromium.settle()
        elif "interaction" in case["tier"]:
            chromium.send("Input.dispatchMouseEvent", session, type="mouseMoved", x=60, y=60)
            chromium.settle()
    return any(contact.host.rstrip(".") == case["host"].rstrip(".") for contact in loopback.contacts)


def test_no_gated_host_of_any_case_is_contacted(chromium: Any, loopback: Any) -> None:
    cases = Cases("cases/html.jsonl", "cases/headers.jsonl", "field/html.jsonl")
    guarded = ConsentMiddleware(cases, policy(), secret_key=KEY)
    scored = [case for case in cases.cases.values() if case["must_block"] and case["tier"] not in UNSCORED]
    scored = [case for case in scored if case.get("verified_chromium", True)]
    assert scored
    leaks = [(case["id"], case["why"]) for case in scored if contacted(chromium, loopback, cases, case, guarded)]
    assert not leaks
    # The same proof must be able to fail: unguarded, these pages do contact the host.
    bare = [case for case in scored if case["tier"] == "core"][:6] + [case for case in scored if case["tier"] == "header"]
    assert all(contacted(chromium, loopback, cases, case, cases) for case in bare)


def test_the_product_makes_no_page_contact_a_host_that_it_did_not(chromium: Any, loopback: Any) -> None:
    """R10"""
    cases = Cases("cases/html.jsonl", "field/html.jsonl")
    guarded = ConsentMiddleware(cases, policy(), secret_key=KEY)
    innocent = [case for case in cases.cases.values() if not case["must_block"]]
    assert innocent
    assert not [case["id"] for case in innocent if contacted(chromium, loopback, cases, case, guarded)]
