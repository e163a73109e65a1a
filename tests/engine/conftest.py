"""A small site for the engine's tests: one policy, one key, and requests and choices made in one line."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

import pytest

from consent_guard import Consent, Exchange, Finding, Guard, Reply, RequestFacts, ResponsePlan
from consent_guard.testing import consent_cookie

KEY = "an engine test's secret key, long enough"
NOW = 1_700_000_000.0
PAGE = b"<!doctype html><html lang=en><head><title>t</title></head><body><p>x</p></body></html>"
HTML: list[tuple[bytes, bytes]] = [(b"Content-Type", b"text/html; charset=utf-8")]

POLICY: dict[str, Any] = {
    "policy": {"first_party": ["example.org"], "languages": ["en"]},
    "categories": [
        {"id": "necessary", "basis": "necessary", "title": {"en": "Necessary"}},
        {"id": "audience", "basis": "exempt", "title": {"en": "Audience"}},
        {"id": "campaigns", "basis": "consent", "title": {"en": "Campaigns"}},
        {"id": "interactivity", "basis": "consent", "title": {"en": "Interactivity"}},
    ],
    "services": [
        {
            "id": "measure",
            "category": "audience",
            "exempt": "audience_fr",
            "title": {"en": "Measure"},
            "hosts": ["*.measure.example"],
            "cookies": [{"name": "atid", "lifetime": "13 months"}],
        },
        {
            "id": "ads",
            "category": "campaigns",
            "title": {"en": "Ads"},
            "hosts": ["*.ads.example"],
            "cookies": [
                {"name": "_ga", "lifetime": "6 months"},
                {"name": "_ga_*"},
                {"name": "_adid", "domain": "example.org", "path": "/shop/"},
                {"name": "_session_ad", "lifetime": "session"},
            ],
        },
        {
            "id": "video",
            "category": "interactivity",
            "title": {"en": "Video"},
            "hosts": ["*.video.example"],
            "cookies": [{"name": "_vid"}],
        },
        {
            "id": "captcha",
            "category": "interactivity",
            "title": {"en": "Captcha"},
            "hosts": ["*.captcha.example"],
            "cookies": [],
        },
    ],
    "cookies": [
        {"name": "contrast", "category": "necessary", "lifetime": "1 day", "purpose": {"en": "High contrast"}},
        {"name": "taste", "category": "campaigns", "purpose": {"en": "Taste"}},
    ],
}


def merged(base: Mapping[str, Any], change: Mapping[str, Any]) -> dict[str, Any]:
    return {**base, "policy": {**base["policy"], **change}}


@dataclass
class Site:
    """A guard, and what was found while it was used."""

    policy: Mapping[str, Any]
    guard: Guard
    findings: list[Finding] = field(default_factory=list)

    def cookie(self, allow: str | Iterable[str] = (), deny: str | Iterable[str] = (), at: float = NOW - 60) -> bytes:
        """Return the Cookie pair of a visitor who has chosen."""
        name, value = consent_cookie(self.policy, KEY, allow=allow, deny=deny, at=at)
        return f"{name}={value}".encode()

    def request(
        self,
        path: str = "/page",
        *headers: tuple[bytes, bytes],
        cookie: bytes = b"",
        method: str = "GET",
        scheme: str = "https",
        host: str = "www.example.org",
        query: bytes = b"",
        root_path: str = "",
        now: float = NOW,
    ) -> Exchange:
        """Open the exchange of one request."""
        lines = (*headers, (b"Cookie", cookie)) if cookie else headers
        facts = RequestFacts(method, scheme, host, path, lines, root_path, query, now)
        return self.guard.open(facts)

    def post(self, body: bytes, *headers: tuple[bytes, bytes], **options: Any) -> Reply:
        """Post a choice as a form, unless a header says otherwise."""
        if not any(name.lower() == b"content-type" for name, _ in headers):
            headers = (*headers, (b"Content-Type", b"application/x-www-form-urlencoded"))
        exchange = self.request("/privacy-choices", *headers, method="POST", **options)
        assert exchange.body_limit is not None
        reply = exchange.answer(body)
        exchange.finish()
        return reply

    def get(self, below: str = "", *headers: tuple[bytes, bytes], method: str = "GET", **options: Any) -> Reply:
        """Get one of our own pages."""
        exchange = self.request(f"/privacy-choices{below}", *headers, method=method, **options)
        assert exchange.body_limit is not None
        return exchange.answer(b"")

    HTML: ClassVar = HTML
    PAGE: ClassVar = PAGE
    KEY: ClassVar = KEY
    NOW: ClassVar = NOW

    @staticmethod
    def values(message: Reply | ResponsePlan, name: bytes) -> list[bytes]:
        return [value for key, value in message.headers if key.lower() == name]

    @staticmethod
    def set_cookies(message: Reply | ResponsePlan) -> list[bytes]:
        return Site.values(message, b"set-cookie")

    @staticmethod
    def send(plan: ResponsePlan, data: bytes = PAGE, size: int = 1 << 30) -> bytes:
        """Send a body through a plan, in pieces of ``size`` bytes."""
        if plan.rewriter is None:
            return data
        pieces = [plan.rewriter.feed(data[at : at + size]) for at in range(0, len(data), size)]
        return b"".join(pieces) + plan.rewriter.close()

    def consent_after(self, reply: Reply, **options: Any) -> Consent:
        """Return what a visitor permits who kept this reply's cookies."""
        lines = self.set_cookies(reply)
        kept = b"; ".join(line.partition(b";")[0] for line in lines if b"Max-Age=0" not in line)
        return self.request(cookie=kept, **options).consent


@pytest.fixture
def make() -> Callable[..., Site]:
    """Return a maker of sites; keywords change the ``[policy]`` table."""

    def build(**changes: Any) -> Site:
        policy = merged(POLICY, changes)
        findings: list[Finding] = []
        return Site(policy, Guard(policy, secret_key=KEY, on_finding=findings.append), findings)

    return build


@pytest.fixture
def site(make: Callable[..., Site]) -> Site:
    return make()
