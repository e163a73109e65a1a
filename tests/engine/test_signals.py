"""What a site says of Global Privacy Control, and Do Not Track where a policy heeds it (G02, G04)."""

from __future__ import annotations

import datetime
import json
from typing import Any

import pytest

from consent_guard import Guard, PolicyError

from .conftest import HTML, KEY, POLICY, Site, merged

STATEMENT = {"gpc": True, "lastUpdate": "2026-01-31"}


def test_the_statement_is_served_below_the_sites_root_where_it_is_configured(make: Any) -> None:
    """G02"""
    site = make(gpc_json=STATEMENT)
    exchange = site.request("/.well-known/gpc.json")
    assert exchange.body_limit == 0
    reply = exchange.answer(b"")
    assert reply.status == 200
    assert json.loads(reply.body) == STATEMENT
    assert site.values(reply, b"content-type") == [b"application/json"]
    assert site.values(reply, b"cache-control") == [b"public, max-age=3600"]
    assert site.values(reply, b"x-content-type-options") == [b"nosniff"]
    assert not site.set_cookies(reply)
    assert site.request("/.well-known/gpc.json", method="HEAD").answer(b"").body == b""
    assert site.request("/.well-known/gpc.json", method="POST").answer(b"").status == 405
    assert site.request("/gpc.json", root_path="/.well-known").answer(b"").status == 200
    assert site.request("/.well-known/gpc.json", root_path="/shop").body_limit is None, "an app below the root does not own it"


def test_without_a_statement_the_address_is_the_apps(site: Site) -> None:
    """G02: a statement of intent is the operator's to make."""
    assert site.request("/.well-known/gpc.json").body_limit is None


@pytest.mark.parametrize("date", [datetime.date(2026, 1, 31), "2026-01-31", "2026-01-31T10:00:00Z"])
def test_a_date_may_be_written_in_toml_or_in_quotes(make: Any, date: object) -> None:
    reply = make(gpc_json={"gpc": False, "lastUpdate": date}).request("/.well-known/gpc.json").answer(b"")
    assert json.loads(reply.body) == {"gpc": False, "lastUpdate": str(date)}


@pytest.mark.parametrize(
    "statement", [{"gpc": True}, {"lastUpdate": "2026-01-31"}, {"gpc": 1, "lastUpdate": "2026-01-31"}, "yes"]
)
def test_half_a_statement_is_a_fault(statement: object) -> None:
    with pytest.raises(PolicyError, match="gpc_json"):
        Guard(merged(POLICY, {"gpc_json": statement}), secret_key=KEY)


@pytest.mark.parametrize("date", ["31/01/2026", "2026-02-30", "2026-01-31T10:00:00", "", "2026"])
def test_a_date_that_is_none_is_a_fault(date: str) -> None:
    with pytest.raises(PolicyError, match="lastUpdate"):
        Guard(merged(POLICY, {"gpc_json": {"gpc": True, "lastUpdate": date}}), secret_key=KEY)


def heeding(**changes: Any) -> Site:
    categories = [{**category, "gpc": category["id"] == "audience"} for category in POLICY["categories"]]
    policy = {**merged(POLICY, changes), "categories": categories}
    return Site(policy, Guard(policy, secret_key=KEY))


def test_do_not_track_refuses_what_the_signal_refuses_where_the_policy_says_so() -> None:
    """G04: never by default, and a 0 is no consent."""
    site = heeding(dnt=True)
    assert not site.request("/", (b"DNT", b"1")).consent.allows("measure")
    for value in (b"0", b"", b"true", b"11"):
        consent = site.request("/", (b"DNT", value)).consent
        assert consent.allows("measure")
        assert not consent.allows("ads")
    assert heeding().request("/", (b"DNT", b"1")).consent.allows("measure")


def test_a_later_explicit_choice_outranks_do_not_track() -> None:
    """G03, G04"""
    site = heeding(dnt=True)
    assert site.request("/", (b"DNT", b"1"), cookie=site.cookie(allow="*")).consent.allows("measure")


def test_a_page_varies_on_the_signals_that_it_heeds() -> None:
    """N7, G03"""
    assert site_vary(heeding(dnt=True)) == b"Cookie, Sec-GPC, DNT"
    assert site_vary(heeding()) == b"Cookie, Sec-GPC"


def site_vary(site: Site) -> bytes:
    return b", ".join(site.values(site.request().respond(200, HTML), b"vary"))
