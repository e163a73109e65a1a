"""One response's body left to the app, by a call; and the debug panel, on localhost alone."""

from __future__ import annotations

import logging
from typing import Any

import pytest

from consent_guard import ExchangeStateError, Finding, FindingKind, Guard, RequestFacts
from consent_guard.engine.debug_panel import panel

SCRIPT = b'<script src="https://a.ads.example/x.js"></script>'
PAGE = b"<!doctype html><html><head>" + SCRIPT + b"</head><body><p>x</p></body></html>"


def test_the_body_is_the_apps_and_all_else_is_filtered(site, caplog) -> None:
    exchange = site.request("/editor", (b"Accept", b"text/html"), cookie=b"_ga=1")
    exchange.leave_body("the editor's own preview")
    headers = [
        *site.HTML,
        (b"Set-Cookie", b"_ga=2"),
        (b"Link", b"<https://a.ads.example/x.js>; rel=preload"),
        (b"Cache-Control", b"public, max-age=9"),
        (b"ETag", b'"v1"'),
        (b"Content-Length", b"%d" % len(PAGE)),
    ]
    with caplog.at_level(logging.WARNING, "consent_guard"):
        plan = exchange.respond(200, headers)
    assert (plan.status, plan.rewriter) == (200, None)
    assert not any(b"_ga=2" in line for line in site.set_cookies(plan))
    assert any(line.startswith(b"_ga=;") for line in site.set_cookies(plan))
    assert site.values(plan, b"link") == []
    assert site.values(plan, b"cache-control") == [b"private, no-store"]
    assert b"~cg-" in site.values(plan, b"etag")[0]
    assert site.values(plan, b"content-length") == [b"%d" % len(PAGE)]
    assert "the editor's own preview" in caplog.text
    assert FindingKind.UNFILTERED in {finding.kind for finding in exchange.finish()}


def test_a_coding_that_nobody_here_can_undo_is_the_apps_own_then(site) -> None:
    exchange = site.request()
    exchange.leave_body()
    assert exchange.respond(200, [*site.HTML, (b"Content-Encoding", b"dcz")]).status == 200


def test_it_is_for_one_response(site) -> None:
    site.request().leave_body()
    assert SCRIPT not in site.send(site.request().respond(200, site.HTML), PAGE)


def test_once_the_response_has_begun_it_is_too_late(site) -> None:
    exchange = site.request()
    exchange.respond(200, site.HTML)
    with pytest.raises(ExchangeStateError, match="too late"):
        exchange.leave_body()


@pytest.mark.parametrize("name", [b"X-Leave-Body", b"X-Consent-Guard", b"Consent-Guard-Leave-Body"])
def test_no_header_asks_for_it(site, name: bytes) -> None:
    plan = site.request("/page", (name, b"1")).respond(200, [*site.HTML, (name, b"1")])
    assert SCRIPT not in site.send(plan, PAGE)


# The debug panel.


@pytest.fixture
def debugged(site):
    guard = Guard(site.policy, secret_key=site.KEY, debug_panel=True)

    def get(
        host: str = "localhost:8000", body: bytes = PAGE, *headers: tuple[bytes, bytes], kind: bytes = b"text/html"
    ) -> bytes:
        exchange = guard.open(RequestFacts("GET", "http", host, "/p", headers, "", b"token=secret", site.NOW))
        return site.send(exchange.respond(200, [(b"Content-Type", kind)]), body)

    return get


@pytest.mark.parametrize("host", ["localhost", "localhost:8000", "127.0.0.1:5000", "[::1]", "shop.localhost"])
def test_a_developer_sees_what_was_found(debugged, host: str) -> None:
    page = debugged(host)
    assert page.count(b'data-cg="debug"') == 1
    assert b"<td>a.ads.example</td><td>script src</td><td>ads</td>" in page
    assert b"secret" not in page[page.index(b'<details data-cg="debug"') :]
    assert SCRIPT not in page


@pytest.mark.parametrize("host", ["www.example.org", "localhost.example.org", "10.0.0.1", "", "evil.example:localhost"])
def test_a_public_host_shows_none_and_the_log_says_so_once(debugged, host: str, caplog) -> None:
    with caplog.at_level(logging.WARNING, "consent_guard"):
        assert b'data-cg="debug"' not in debugged(host)
        assert b'data-cg="debug"' not in debugged(host)
    assert sum("Turn the option off in production" in record.getMessage() for record in caplog.records) == 1


def test_without_the_option_there_is_none(site) -> None:
    plan = site.request(host="localhost", scheme="http").respond(200, site.HTML)
    assert b'data-cg="debug"' not in site.send(plan, PAGE)


def test_parts_of_pages_and_pages_in_others_get_none(debugged) -> None:
    assert b'data-cg="debug"' not in debugged("localhost", b"<p>a part</p>")
    assert b'data-cg="debug"' not in debugged("localhost", PAGE, (b"Sec-Fetch-Dest", b"iframe"))
    assert b'data-cg="debug"' not in debugged("localhost", PAGE, kind=b"application/json")
    assert b'data-cg="debug"' not in debugged("localhost", PAGE.decode().encode("utf-16"), kind=b"text/html; charset=utf-16")


def test_what_it_shows_is_escaped() -> None:
    evil = "<script>alert(1)</script>\N{LATIN SMALL LETTER E WITH ACUTE}"
    shown = panel((Finding(FindingKind.ELEMENT, evil, evil, evil, evil, evil, route=evil),), evil)
    assert b"<script" not in shown
    assert shown.isascii()


def test_the_panel_takes_no_banner_with_it(debugged) -> None:
    """Every piece of the page stays where it is: it stands after all else."""
    page = debugged()
    assert page.index(b"</html>") < page.index(b'data-cg="debug"')


def test_every_adapter_has_the_call(site: Any) -> None:
    from flask import Flask

    from consent_guard.flask import ConsentGuard, leave_body

    app = Flask(__name__)
    app.secret_key = site.KEY
    ConsentGuard(app, site.policy)

    @app.get("/")
    def view() -> str:
        leave_body("a test")
        return PAGE.decode()

    assert app.test_client().get("/").data == PAGE
