"""The built-in policy holds the whole catalogue: its pages, its posts and its token still keep their bounds."""

from __future__ import annotations

import gzip
from urllib.parse import urlencode

import pytest

from consent_guard import Guard, Policy
from consent_guard.limits import CONSENT_COOKIE_BYTES, POST_FIELDS
from consent_guard.wire.messages import Reply, RequestFacts

NOW = 1_700_000_000.0
PATH = "/privacy-choices"
FORM = ((b"content-type", b"application/x-www-form-urlencoded"), (b"sec-fetch-site", b"same-origin"))
PAGE = b'<!doctype html><html lang="en"><head><title>P</title></head><body><p>A page.</p></body></html>'


@pytest.fixture(scope="module")
def guard() -> Guard:
    return Guard(Policy.load(None), secret_key="a key of the tests that is long enough for all")


def asked(guard: Guard, path: str, *, method: str = "GET", body: bytes = b"", cookie: bytes = b"") -> Reply:
    headers = (*(FORM if method == "POST" else ()), *(((b"cookie", cookie),) if cookie else ()))
    facts = RequestFacts(
        method=method, scheme="https", host="example.org", root_path="", path=path, query=b"", headers=headers, now=NOW
    )
    return guard.open(facts).answer(body)


def saved(guard: Guard, ids: list[str], next: str = "/") -> bytes:
    """Post a complete answer; the consent cookie that comes back."""
    body = urlencode([("choice", "save"), ("next", next), *(("allow", id) for id in ids)]).encode()
    assert len(body) <= guard.open(RequestFacts("POST", "https", "example.org", PATH, FORM, "", b"", NOW)).body_limit
    assert len(ids) + 2 <= POST_FIELDS
    reply = asked(guard, PATH, method="POST", body=body)
    assert reply.status == 303
    (line,) = [value for name, value in reply.headers if name == b"set-cookie" and value.startswith(b"__Host-consent=")]
    return line.partition(b";")[0]


def services(guard: Guard) -> list[str]:
    return [service.id for service in guard.policy.services]


def allowed(guard: Guard, cookie: bytes) -> frozenset[str]:
    facts = RequestFacts(
        method="GET",
        scheme="https",
        host="example.org",
        root_path="",
        path="/",
        query=b"",
        headers=((b"cookie", cookie),),
        now=NOW,
    )
    return guard.open(facts).consent.allowed_services


def test_every_service_ticked_by_itself_fits_into_one_post(guard: Guard) -> None:
    """K15: and so does the address to go on to, of some hundred characters."""
    cookie = saved(guard, services(guard), next="/a/page?" + "x" * 400)
    assert allowed(guard, cookie) == frozenset(services(guard))


def test_every_second_service_by_itself_fits_into_the_token(guard: Guard) -> None:
    """K9: the worst that a choice can be is half of each category."""
    half = services(guard)[::2]
    cookie = saved(guard, half)
    assert len(cookie) <= CONSENT_COOKIE_BYTES
    necessary = {service.id for service in guard.policy.services if service.category == "necessary"}
    assert allowed(guard, cookie) == frozenset(half) | necessary


def test_twenty_services_by_themselves_stay_under_three_hundred_bytes(guard: Guard) -> None:
    """DESIGN §5."""
    assert len(saved(guard, services(guard)[:20])) < 300 + len("__Host-consent=")


def test_the_banner_names_purposes_and_not_hundreds_of_services(guard: Guard) -> None:
    facts = RequestFacts(
        method="GET",
        scheme="https",
        host="example.org",
        root_path="",
        path="/",
        query=b"",
        headers=((b"accept-language", b"en"),),
        now=NOW,
    )
    plan = guard.open(facts).respond(200, ((b"content-type", b"text/html; charset=utf-8"),))
    assert plan.rewriter is not None
    page = plan.rewriter.feed(PAGE) + plan.rewriter.close()
    assert b'data-cg="banner"' in page
    assert len(page) < 20_000
    assert b"Audience measurement" in page
    assert b"PubMatic" not in page


@pytest.mark.parametrize("path", [PATH, PATH + "/declaration"])
def test_the_pages_about_all_of_it_weigh_less_than_a_photograph(guard: Guard, path: str) -> None:
    body = asked(guard, path).body
    assert b"PubMatic" in body
    services = len(guard.policy.services)
    assert len(body) < 1_000 * services
    assert len(gzip.compress(body)) < 130 * services
