"""What a guard counts with ``metrics = true``, and that it counts nothing else."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable
from typing import Any

import pytest

from consent_guard import Guard, Policy
from consent_guard.errors import PolicyError
from consent_guard.wire.messages import LedgerState, StateWish

from .conftest import HTML, KEY, PAGE, POLICY, Site, merged

TRACKED = PAGE.replace(b"<p>", b'<script src="https://www.ads.example/a.js"></script><img src="https://x.video.example/p">')
SAMPLE = re.compile(rb"^consent_guard_([a-z_]+)(?:\{(.*)\})? ([0-9]+)$", re.M)


@pytest.fixture
def counting(make: Callable[..., Site]) -> Site:
    return make(metrics=True)


def counted(site: Site) -> dict[str, int]:
    """Return every series that is not zero; the revision of the policy apart."""
    found = SAMPLE.findall(site.get("/metrics").body)
    series = {f"{name.decode()} {labels.decode()}".strip(): int(value) for name, labels, value in found}
    assert series.pop("policy_revision") == 1
    return {name: value for name, value in series.items() if value}


def show(site: Site, body: bytes = PAGE, *, status: int = 200, headers: Any = HTML, **request: Any) -> None:
    exchange = site.request(**request)
    plan = exchange.respond(status, headers)
    site.send(plan, body)
    exchange.finish()
    exchange.finish()


def chosen(*labels: str) -> str:
    kind, act = labels
    return f'choices_total kind="{kind}",act="{act}",revision="1"'


def test_it_is_off_unless_the_policy_asks_for_it(site) -> None:
    assert Policy.load(POLICY).metrics is False
    assert site.get("/metrics").status == 404


@pytest.mark.parametrize("value", ["yes", 1, "on"])
def test_it_is_true_or_false(value: object) -> None:
    with pytest.raises(PolicyError, match="metrics"):
        Policy.load(merged(POLICY, {"metrics": value}))


def test_it_is_kept_and_framed_by_nobody(counting) -> None:
    reply = counting.get("/metrics")
    assert reply.status == 200
    assert reply.wish is None
    assert site_head(reply, b"content-type") == [b"text/plain; version=0.0.4; charset=utf-8"]
    assert site_head(reply, b"cache-control") == [b"no-store"]
    assert site_head(reply, b"content-length") == [b"%d" % len(reply.body)]
    headed = counting.get("/metrics", method="HEAD")
    assert (headed.headers, headed.body) == (reply.headers, b"")
    assert counting.get("/metrics", method="POST").status == 405


site_head = Site.values


def test_pages_and_what_was_found_in_them(counting) -> None:
    show(counting, TRACKED)
    show(counting, TRACKED)
    show(counting, PAGE, cookie=b"_ga=1")
    assert counted(counting) == {
        'pages_total result="filtered"': 3,
        'findings_total kind="element"': 2,
        'findings_total kind="attribute"': 2,
        'findings_total kind="cookie-hidden"': 1,
    }


@pytest.mark.parametrize(
    ("status", "headers", "method", "result"),
    [
        (200, [(b"Content-Type", b"image/png")], "GET", None),
        (304, HTML, "GET", None),
        (200, HTML, "HEAD", None),
        (404, HTML, "GET", "filtered"),
        (206, HTML, "GET", "refused"),
        (200, [*HTML, (b"Content-Encoding", b"compress")], "GET", "refused"),
        (200, [(b"Content-Type", b"image/svg+xml")], "GET", "filtered"),
        (200, [], "GET", "filtered"),
    ],
)
def test_what_counts_as_a_page(counting, status: int, headers: Any, method: str, result: str | None) -> None:
    exchange = counting.request(method=method)
    counting.send(exchange.respond(status, headers))
    exchange.finish()
    pages = {name: value for name, value in counted(counting).items() if name.startswith("pages")}
    assert pages == ({f'pages_total result="{result}"': 1} if result else {})


def test_a_body_without_a_type_that_is_no_document_is_no_page(counting) -> None:
    show(counting, b"\x89PNG\r\n\x1a\n" * 300, headers=[])
    assert counted(counting) == {}


@pytest.mark.parametrize(("kind", "pages"), [(b"image/jpeg", 0), (b"text/html", 1)])
def test_a_body_of_parts_is_a_page_where_one_of_them_is(counting, kind: bytes, pages: int) -> None:
    part = b"--x\r\nContent-Type: " + kind + b"\r\n\r\n<p>x</p>\r\n"
    show(counting, part * 3 + b"--x--\r\n", headers=[(b"Content-Type", b"multipart/x-mixed-replace; boundary=x")])
    assert counted(counting) == ({'pages_total result="filtered"': 1} if pages else {})


def test_a_page_with_nothing_to_do_is_told_apart(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING, "consent_guard")
    policy = merged(POLICY, {"metrics": True})
    site = Site(policy, Guard(policy, secret_key=KEY))
    show(site, TRACKED, cookie=site.cookie(allow=["audience", "campaigns", "interactivity"]))
    assert counted(site) == {'pages_total result="unchanged"': 1}


def test_a_page_that_is_only_observed(make) -> None:
    site = make(metrics=True, enforcement="report")
    show(site, TRACKED)
    assert counted(site)['pages_total result="observed"'] == 1


def test_a_page_that_the_app_asked_to_leave_alone(counting) -> None:
    exchange = counting.request()
    exchange.leave_body("a test")
    counting.send(exchange.respond(200, HTML))
    exchange.finish()
    assert counted(counting) == {'pages_total result="unfiltered"': 1, 'findings_total kind="unfiltered"': 1}


def test_a_page_that_a_fault_breaks_off(counting, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: Any) -> bytes:
        raise RuntimeError("unforeseen")

    exchange = counting.request()
    plan = exchange.respond(200, HTML)
    monkeypatch.setattr("consent_guard.rewrite.stream.HtmlRewriter.feed", fails)
    with pytest.raises(Exception, match="a fault while filtering"):
        counting.send(plan)
    exchange.finish()
    assert counted(counting) == {'pages_total result="broken"': 1}


def test_an_error_page_in_place_of_a_page_is_one_page(counting) -> None:
    exchange = counting.request()
    exchange.respond(200, HTML)
    counting.send(exchange.respond(500, HTML))
    exchange.finish()
    assert counted(counting) == {'pages_total result="filtered"': 1}


def test_choices_by_what_they_changed(counting) -> None:
    allowing = counting.cookie(allow=["campaigns"])
    counting.post(b"choice=accept")
    counting.post(b"choice=refuse")
    counting.post(b"choice=refuse", cookie=allowing)
    counting.post(b"choice=refuse", cookie=counting.cookie(deny=["audience", "campaigns", "interactivity"]))
    counting.post(b"choice=save&allow=campaigns")
    counting.post(b"choice=once&service=video&next=/page")
    counting.post(b"choice=deny&service=ads", cookie=allowing)
    assert counted(counting) == {
        chosen("grant", "accept"): 1,
        chosen("refusal", "refuse"): 1,
        chosen("withdrawal", "refuse"): 1,
        chosen("unchanged", "refuse"): 1,
        chosen("grant", "save"): 1,
        chosen("grant", "once"): 1,
        chosen("withdrawal", "deny"): 1,
    }


@pytest.mark.parametrize("body", [b"choice=nonsense", b"choice=allow&service=nothing", b"", b"choice=save&allow=x"])
def test_what_is_no_choice_is_not_counted(counting, body: bytes) -> None:
    assert counting.post(body).status == 400
    assert counted(counting) == {}


@pytest.mark.parametrize("below", ["", "/declaration", "/state", "/health", "/metrics", "/nothing"])
def test_our_own_pages_are_not_counted(counting, below: str) -> None:
    counting.get(below)
    assert counted(counting) == {}


def unstored(site: Site, body: bytes) -> None:
    form = (b"Content-Type", b"application/x-www-form-urlencoded")
    exchange = site.request("/privacy-choices", form, method="POST")
    exchange.answer(body)
    exchange.unstored()
    exchange.finish()


def test_a_grant_without_its_receipt_did_not_take_effect_and_a_refusal_did(counting) -> None:
    """L24"""
    unstored(counting, b"choice=accept")
    unstored(counting, b"choice=refuse")
    assert counted(counting) == {
        'choices_unstored_total kind="grant"': 1,
        'choices_unstored_total kind="refusal"': 1,
        chosen("refusal", "refuse"): 1,
    }


def test_nothing_that_a_page_or_a_visitor_says_is_in_it(counting) -> None:
    """R9"""
    show(
        counting,
        TRACKED,
        path="/secret-path",
        query=b"secret-query",
        host="secret.example.org",
        cookie=b"secret_ga=1; _ga=s3cret",
    )
    counting.post(b"choice=accept&next=/secret-next")
    text = counting.get("/metrics").body
    assert b"secret" not in text
    assert b"s3cret" not in text
    assert b"example" not in text
    assert b"ads" not in text


def test_however_much_is_found_the_series_are_the_same(counting) -> None:
    before = len(counting.get("/metrics").body.splitlines())
    for turn in range(50):
        show(counting, b"<!doctype html><body><script src='//h%d.example'></script><img src='//i%d.example'>" % (turn, turn))
        show(counting, headers=[*HTML, (b"Set-Cookie", b"c%d=1" % turn)])
    assert len(counting.get("/metrics").body.splitlines()) == before


def test_with_a_ledger_the_transport_is_asked_how_that_does() -> None:
    policy = merged(POLICY, {"metrics": True})
    site = Site(policy, Guard(policy, secret_key=KEY, receipts=True))
    exchange = site.request("/privacy-choices/metrics")
    assert exchange.answer(b"").wish == StateWish()
    reply = exchange.with_state(LedgerState(True, True, 2, 3, 4))
    assert reply.wish is None
    assert b"\nconsent_guard_ledger_spooled_receipts 2\n" in reply.body
