"""Where nothing is withheld, nothing put in and nobody listens, the app's own body object leaves."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from typing import Any

import pytest

from consent_guard import Finding, Guard, RequestFacts, ResponsePlan
from consent_guard.testing import consent_cookie
from consent_guard.wire import content_security
from consent_guard.wsgi import ConsentMiddleware

from .conftest import HTML, KEY, NOW, PAGE, POLICY


@pytest.fixture(autouse=True)
def _quiet(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING, logger="consent_guard")


def plan(allow: str | Iterable[str], on_finding: Callable[[Finding], None] | None = None, **policy: Any) -> ResponsePlan:
    document = {**POLICY, "policy": {**POLICY["policy"], **policy}}
    name, value = consent_cookie(document, KEY, allow=allow, at=NOW - 60)
    guard = Guard(document, secret_key=KEY, on_finding=on_finding)
    cookie = (b"Cookie", f"{name}={value}".encode())
    exchange = guard.open(RequestFacts("GET", "https", "www.example.org", "/page", (cookie,), "", b"", NOW))
    return exchange.respond(200, [*HTML, (b"Content-Length", b"%d" % len(PAGE)), (b"Set-Cookie", b"x=1; Max-Age=99999999999")])


def test_what_our_parts_need_to_know_is_asked_for_when_the_first_is_put_in(site, monkeypatch) -> None:
    asked: list[int] = []
    policy_of = content_security.permitted
    monkeypatch.setattr("consent_guard.engine.response_side.permitted", lambda *given: asked.append(1) or policy_of(*given))
    plain = site.request(cookie=site.cookie(deny="*")).respond(200, site.HTML)
    site.send(plain)
    assert asked == []
    embed = b"<p><iframe src='https://www.video.example/x' width=400 height=300></iframe>" * 2
    out = site.send(site.request(cookie=site.cookie(deny="*")).respond(200, site.HTML), embed)
    assert b"data-cg" in out
    assert asked == [1]


def test_a_body_from_which_nothing_is_withheld_is_the_app_s_own() -> None:
    granted = plan("*")
    assert granted.rewriter is None
    assert (b"content-length", b"%d" % len(PAGE)) in [(name.lower(), value) for name, value in granted.headers]


def test_its_cookies_and_caching_are_filtered_all_the_same() -> None:
    headers = {name.lower(): value for name, value in plan("*").headers}
    assert b"no-store" in headers[b"cache-control"]
    assert b"99999999999" not in headers[b"set-cookie"]


@pytest.mark.parametrize(
    "other",
    [
        pytest.param(lambda: plan(()), id="something is withheld"),
        pytest.param(lambda: plan("*", unlisted_hosts="block"), id="unlisted hosts are blocked"),
        pytest.param(lambda: plan("*", [].append), id="somebody listens"),
    ],
)
def test_any_reason_to_look_keeps_the_rewriter(other: Callable[[], ResponsePlan]) -> None:
    assert other().rewriter is not None


def test_a_log_at_info_listens_too(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, logger="consent_guard")
    assert plan("*").rewriter is not None


def test_a_server_gets_the_iterable_that_the_app_returned() -> None:
    body = [PAGE]

    def app(environ: Any, start_response: Any) -> Any:
        start_response("200 OK", [("Content-Type", "text/html"), ("Content-Length", str(len(PAGE)))])
        return body

    name, value = consent_cookie(POLICY, KEY, allow="*", at=NOW - 60)
    environ = {"REQUEST_METHOD": "GET", "PATH_INFO": "/page", "wsgi.url_scheme": "https", "HTTP_HOST": "www.example.org"}
    guarded = ConsentMiddleware(app, POLICY, secret_key=KEY, clock=lambda: NOW)
    assert guarded({**environ, "HTTP_COOKIE": f"{name}={value}"}, lambda *_: lambda _: None) is body
