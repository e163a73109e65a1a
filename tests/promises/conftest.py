"""The example site under each framework, visited through that framework's own test client.

`site(...)` builds one, with the policy and the clock that a test asks for, and one more address, `/probe`, whose view sets the
cookies that the test names, as a dependency of a real app might. A `Visitor` is one browser: a client with its cookies.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

import pytest

from ameli import django_app, flask_app, starlette_app
from ameli import site as pages
from consent_guard import Policy
from consent_guard.findings import Finding

HOST = "ameli.example"
START = datetime(2026, 1, 31, 12, 0, 0, tzinfo=UTC)


@dataclass
class Answer:
    """What came back: the status, the Location, each Set-Cookie line, and the text."""

    status: int
    location: str
    set_cookies: list[str]
    text: str


@dataclass
class Visitor:
    """One browser. `send` is the framework's client; `give` puts a cookie into its jar."""

    send: Callable[[str, str, dict[str, Any] | None, dict[str, str]], Answer]
    give: Callable[[str, str], None]

    def get(self, path: str, **headers: str) -> Answer:
        return self.send("GET", path, None, {name.replace("_", "-"): value for name, value in headers.items()})

    def post(self, path: str, fields: dict[str, Any]) -> Answer:
        return self.send("POST", path, fields, {"Sec-Fetch-Site": "same-origin"})

    def choose(self, choice: str, **fields: Any) -> Answer:
        return self.post("/privacy-choices", {"choice": choice, **fields})


@dataclass
class Site:
    """One example app: the framework's name, the findings so far, and what its probe shall set and has seen."""

    framework: str
    policy: Policy
    clock: Clock
    findings: list[Finding] = field(default_factory=list)
    probe_sets: list[tuple[str, str, int | None]] = field(default_factory=list)
    """Name, value, Max-Age in seconds (None: a session cookie)."""
    probe_saw: list[set[str]] = field(default_factory=list)
    """The names of the cookies that the probe's view could read."""
    visitor: Callable[[], Visitor] = field(default=lambda: pytest.fail("not built"))


@dataclass
class Clock:
    """Unix seconds that a test moves."""

    now: float = START.timestamp()

    def __call__(self) -> float:
        return self.now


def build_flask(site: Site) -> Callable[[], Visitor]:
    from flask import make_response, request

    app = flask_app.create_app(policy=site.policy, clock=site.clock, on_finding=site.findings.append)

    @app.get("/probe")
    def probe() -> Any:
        site.probe_saw.append(set(request.cookies))
        response = make_response("<!doctype html><html lang=fr><title>probe</title><p>probe")
        for name, value, age in site.probe_sets:
            response.set_cookie(name, value, max_age=age)
        return response

    def visitor() -> Visitor:
        client = app.test_client()

        def send(method: str, path: str, fields: dict[str, Any] | None, headers: dict[str, str]) -> Answer:
            got = client.open(path, method=method, data=fields, headers=headers, base_url=f"https://{HOST}")
            return Answer(got.status_code, got.location or "", got.headers.getlist("Set-Cookie"), got.text)

        return Visitor(send, lambda name, value: client.set_cookie(name, value, domain=HOST))

    return visitor


def build_starlette(site: Site) -> Callable[[], Visitor]:
    from starlette.requests import Request
    from starlette.responses import HTMLResponse
    from starlette.routing import Route
    from starlette.testclient import TestClient

    app = starlette_app.create_app(policy=site.policy, clock=site.clock, on_finding=site.findings.append)

    async def probe(request: Request) -> HTMLResponse:
        site.probe_saw.append(set(request.cookies))
        response = HTMLResponse("<!doctype html><html lang=fr><title>probe</title><p>probe")
        for name, value, age in site.probe_sets:
            response.set_cookie(name, value, max_age=age)
        return response

    app.router.routes.insert(0, Route("/probe", probe))

    def visitor() -> Visitor:
        client = TestClient(app, base_url=f"https://{HOST}", follow_redirects=False)

        def send(method: str, path: str, fields: dict[str, Any] | None, headers: dict[str, str]) -> Answer:
            got = client.request(method, path, data=fields, headers=headers)
            return Answer(got.status_code, got.headers.get("location", ""), got.headers.get_list("set-cookie"), got.text)

        return Visitor(send, lambda name, value: client.cookies.set(name, value, domain=HOST))

    return visitor


def django_probe(site: Site) -> Any:
    from django.http import HttpRequest, HttpResponse

    def probe(request: HttpRequest) -> HttpResponse:
        site.probe_saw.append(set(request.COOKIES))
        response = HttpResponse("<!doctype html><html lang=fr><title>probe</title><p>probe")
        for name, value, age in site.probe_sets:
            response.set_cookie(name, value, max_age=age)
        return response

    return probe


def django_answer(got: Any) -> Answer:
    lines = [morsel.OutputString() for morsel in got.cookies.values()]
    return Answer(got.status_code, got.headers.get("Location", ""), lines, got.content.decode())


def build_django(site: Site, stack: ExitStack, *, asynchronous: bool) -> Callable[[], Visitor]:
    import django
    from django.conf import settings
    from django.test import AsyncClient, Client, override_settings
    from django.urls import path

    if not settings.configured:
        settings.configure(SECRET_KEY="for tests that bring no settings of their own")
        django.setup(set_prefix=False)
    guard = {"POLICY": site.policy, "CLOCK": site.clock, "ON_FINDING": site.findings.append}
    of_example = {name: getattr(django_app, name) for name in dir(django_app) if name.isupper()}
    urls = (path("probe", django_probe(site)), *django_app.urlpatterns)
    stack.enter_context(override_settings(**{**of_example, "CONSENT_GUARD": guard, "ROOT_URLCONF": urls}))

    def visitor() -> Visitor:
        client: Any = AsyncClient() if asynchronous else Client()

        def send(method: str, path: str, fields: dict[str, Any] | None, headers: dict[str, str]) -> Answer:
            if fields is None:
                got = client.get(path, headers=headers, secure=True)
            else:
                body, kind = urlencode(fields, doseq=True), "application/x-www-form-urlencoded"
                got = client.post(path, body, content_type=kind, headers=headers, secure=True)
            return django_answer(asyncio.run(got) if asynchronous else got)

        def give(name: str, value: str) -> None:
            client.cookies[name] = value

        return Visitor(send, give)

    return visitor


@pytest.fixture(params=["flask", "django", "django-async", "starlette"])
def site(request: pytest.FixtureRequest) -> Iterator[Callable[..., Site]]:
    """Build the example site under one framework: `site()`, or `site(policy)` with a policy of the test's own."""
    framework: str = request.param
    with ExitStack() as stack:

        def build(policy: Any = pages.POLICY) -> Site:
            made = Site(framework, Policy.load(policy), Clock())
            if framework == "flask":
                made.visitor = build_flask(made)
            elif framework == "starlette":
                made.visitor = build_starlette(made)
            else:
                made.visitor = build_django(made, stack, asynchronous=framework == "django-async")
            return made

        yield build
