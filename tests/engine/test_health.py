"""``GET {path}/health`` as the engine answers it: small, for everybody alike, and without anything of the site's inside."""

from __future__ import annotations

import json

import pytest

from consent_guard import Guard
from consent_guard.wire.messages import LedgerState, StateWish

from .conftest import KEY, NOW, POLICY, Site

WELL = LedgerState(reachable=True, storing=True, spooled=0, stored=7, failures=1)


def with_receipts() -> Site:
    return Site(POLICY, Guard(POLICY, secret_key=KEY, receipts=True))


def test_a_guard_without_a_ledger_is_well(site) -> None:
    reply = site.get("/health")
    assert (reply.status, json.loads(reply.body), reply.wish) == (200, {"ok": True, "ledger": None}, None)
    assert site.values(reply, b"content-type") == [b"application/json"]
    assert site.values(reply, b"cache-control") == [b"no-store"]


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_with_a_ledger_the_transport_is_asked_how_that_does(method: str) -> None:
    exchange = with_receipts().request("/privacy-choices/health", method=method)
    assert exchange.body_limit == 0
    assert exchange.answer(b"").wish == StateWish()
    reply = exchange.with_state(WELL)
    told = {"ok": True, "ledger": {"reachable": True, "storing": True, "spooled": 0}}
    assert reply.status == 200
    assert (json.loads(reply.body) if reply.body else None) == (told if method == "GET" else None)
    assert reply.wish is None


@pytest.mark.parametrize(
    "state",
    [LedgerState(False, True, 3, 0, 0), LedgerState(True, False, 3, 0, 9), LedgerState(False, False, 3, 0, 9)],
    ids=["not there", "takes nothing", "neither"],
)
def test_a_ledger_that_is_not_there_or_takes_nothing_is_503(state: LedgerState) -> None:
    exchange = with_receipts().request("/privacy-choices/health")
    exchange.answer(b"")
    reply = exchange.with_state(state)
    assert reply.status == 503
    assert Site.values(reply, b"retry-after") == [b"5"]
    assert Site.values(reply, b"cache-control") == [b"no-store"]
    told = {"reachable": state.reachable, "storing": state.storing, "spooled": 3}
    assert json.loads(reply.body) == {"ok": False, "ledger": told}


def test_it_is_the_same_for_every_visitor(site) -> None:
    """No cookie is expired by it, and none is set (L24b)."""
    plain = site.get("/health")
    assert site.get("/health", (b"Accept-Language", b"fr"), cookie=site.cookie("ads") + b"; _ga=1", now=NOW + 1) == plain
    assert site.set_cookies(plain) == []


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
def test_it_is_only_read(site, method: str) -> None:
    reply = site.get("/health", method=method)
    assert (reply.status, site.values(reply, b"allow")) == (405, [b"GET, HEAD"])


@pytest.mark.parametrize("below", ["/health/", "/health/x", "/healthz"])
def test_no_other_address_answers_so(site, below: str) -> None:
    assert site.get(below).status == 404
