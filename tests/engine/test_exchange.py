"""The rules of order of an exchange (DESIGN §2), and the public engine as its documentation shows it."""

from __future__ import annotations

import pytest

from consent_guard import ExchangeStateError, Guard, PolicyError, RequestFacts, SecretKeyError


def test_a_request_is_for_the_app_or_for_us_and_never_for_both(site) -> None:
    ours, theirs = site.request("/privacy-choices"), site.request("/page")
    assert ours.body_limit == 0
    assert theirs.body_limit is None
    with pytest.raises(ExchangeStateError):
        ours.respond(200, site.HTML)
    with pytest.raises(ExchangeStateError):
        theirs.answer(b"")


@pytest.mark.parametrize(
    ("path", "ours"),
    [
        ("/privacy-choices", True),
        ("/privacy-choices/", True),
        ("/privacy-choices/state", True),
        ("/privacy-choices/nothing", True),
        ("/privacy-choicesx", False),
        ("/x/privacy-choices", False),
        ("/Privacy-choices", False),
        ("", False),
    ],
)
def test_only_what_lies_below_our_path_is_ours(site, path: str, ours: bool) -> None:
    assert (site.request(path).body_limit is not None) is ours


def test_a_post_of_a_choice_may_bring_eight_kibibytes(site) -> None:
    """K15"""
    assert site.request("/privacy-choices", method="POST").body_limit == 8192
    assert site.request("/privacy-choices/state", method="POST").body_limit == 0


def test_the_response_may_be_decided_again_until_the_first_body_byte(site) -> None:
    """start_response(..., exc_info): W4"""
    exchange = site.request()
    first = exchange.respond(200, site.HTML)
    second = exchange.respond(500, [(b"Content-Type", b"application/json"), (b"Content-Length", b"2")])
    assert (second.status, second.rewriter) == (500, None)
    assert (b"Content-Length", b"2") in second.headers
    assert first.rewriter is not None
    with pytest.raises(ExchangeStateError):
        first.rewriter.feed(b"<p>")
    third = exchange.respond(200, site.HTML)
    assert third.rewriter is not None
    assert third.rewriter.feed(b"") == b""
    exchange.respond(404, site.HTML)


def test_after_the_first_body_byte_the_head_cannot_change(site) -> None:
    exchange = site.request()
    plan = exchange.respond(200, site.HTML)
    assert plan.rewriter is not None
    plan.rewriter.feed(b"<p>")
    with pytest.raises(ExchangeStateError):
        exchange.respond(500, site.HTML)
    plan.rewriter.close()
    with pytest.raises(ExchangeStateError):
        plan.rewriter.feed(b"<p>")


def test_nothing_is_answered_twice_or_after_the_end(site) -> None:
    ours = site.request("/privacy-choices/state")
    ours.answer(b"")
    with pytest.raises(ExchangeStateError):
        ours.answer(b"")
    theirs = site.request()
    theirs.finish()
    with pytest.raises(ExchangeStateError):
        theirs.respond(200, site.HTML)


def test_finish_may_be_called_again_and_tells_the_same(site) -> None:
    exchange = site.request(cookie=b"_ga=1")
    assert len(exchange.finish()) == 1
    assert exchange.finish() == exchange.finish()


def test_a_second_decision_does_not_tell_a_finding_twice(site) -> None:
    exchange = site.request()
    for _ in range(2):
        exchange.respond(200, [(b"Set-Cookie", b"_ga=1")])
    assert [finding.subject for finding in exchange.finish()] == ["_ga"]
    assert [finding.subject for finding in site.findings] == ["_ga"]


def test_an_on_finding_that_fails_does_not_fail_the_response(site, caplog) -> None:
    def fail(finding: object) -> None:
        raise ZeroDivisionError

    guard = Guard(site.policy, secret_key=site.KEY, on_finding=fail)
    exchange = guard.open(RequestFacts("GET", "https", "example.org", "/", ((b"cookie", b"_ga=1"),)))
    plan = exchange.respond(200, [*site.HTML, (b"Set-Cookie", b"_vid=1")])
    assert plan.status == 200
    assert len(exchange.finish()) == 2
    assert "ZeroDivisionError" in caplog.text


def test_a_fault_of_ours_becomes_our_500_with_its_cause_in_the_log(site, caplog, monkeypatch) -> None:
    """L24c: on any internal error nothing of the app's goes out."""
    from consent_guard.engine import response_side

    def fail(*_: object, **__: object) -> None:
        raise ZeroDivisionError("a fault")

    monkeypatch.setattr(response_side, "personal_head", fail)
    plan = site.request().respond(200, [*site.HTML, (b"Set-Cookie", b"_ga=1")])
    assert plan.status == 500
    assert site.set_cookies(plan) == []
    assert b"secret" not in site.send(plan, b"secret page")
    assert "ZeroDivisionError: a fault" in caplog.text


def test_a_log_line_holds_no_value_and_no_line_break(site, caplog) -> None:
    """R9"""
    with caplog.at_level("INFO", "consent_guard"):
        site.request(cookie=b"_ga_\nX=secret").respond(200, [(b"Link", b"<https://x.ads.example/p?q=secret>; rel=preload")])
    assert caplog.messages
    assert not any("secret" in message or "\n" in message for message in caplog.messages)


def test_findings_are_bounded_and_repeats_cost_nothing(make) -> None:
    from consent_guard.limits import FINDINGS

    site = make()
    exchange = site.request()
    exchange.respond(200, [(b"Set-Cookie", b"_ga_%d=1" % number) for number in range(FINDINGS + 50)])
    assert len(exchange.finish()) == FINDINGS


@pytest.mark.parametrize("key", ["", b"", "   ", None])
def test_an_empty_key_is_refused(site, key: object) -> None:
    """K2"""
    with pytest.raises(SecretKeyError):
        Guard(site.policy, secret_key=key)  # type: ignore[arg-type]
    with pytest.raises(SecretKeyError):
        Guard(site.policy, secret_key=site.KEY, secret_key_fallbacks=[key])  # type: ignore[list-item]


def test_a_short_key_is_warned_about(site, caplog) -> None:
    """K2"""
    Guard(site.policy, secret_key="8 bytes.")
    assert "32" in caplog.text


@pytest.mark.parametrize("keys", [("7 bytes", []), ("k" * 32, ["7 bytes"])])
def test_a_key_that_can_be_guessed_is_refused(site, keys: tuple[str, list[str]]) -> None:
    """K2"""
    with pytest.raises(SecretKeyError, match=r"under 8 bytes.*keys new") as refused:
        Guard(site.policy, secret_key=keys[0], secret_key_fallbacks=keys[1])
    assert "7 bytes" not in str(refused.value)


def test_an_older_key_still_verifies_and_a_retired_one_does_not(site) -> None:
    """K2"""
    cookie = site.cookie(allow="*")

    def decided(*keys: str) -> bool:
        guard = Guard(site.policy, secret_key=keys[0], secret_key_fallbacks=keys[1:])
        facts = RequestFacts("GET", "https", "example.org", "/", ((b"cookie", cookie),), now=site.NOW)
        return guard.open(facts).consent.decided

    assert decided("n" * 32, site.KEY)
    assert not decided("n" * 32)


def test_one_older_key_may_be_given_by_itself(site) -> None:
    guard = Guard(site.policy, secret_key="n" * 32, secret_key_fallbacks=site.KEY)
    facts = RequestFacts("GET", "https", "example.org", "/", ((b"cookie", site.cookie(allow="*")),), now=site.NOW)
    assert guard.open(facts).consent.decided


def test_what_this_version_does_not_do_is_refused_not_ignored(site) -> None:
    for change in ({"delivery": "shared"}, {"csp": "enforce"}):
        with pytest.raises(PolicyError):
            Guard({**site.policy, "policy": {**site.policy["policy"], **change}}, secret_key=site.KEY)


@pytest.mark.parametrize("host", ["", "[::1", "a b", "xn--", "\x00", "é.example", "a" * 300, "example.org:99999999"])
@pytest.mark.parametrize("path", ["", "/", "//x", "/\udcff", "/\x00", "/privacy-choices/../x", "*"])
def test_no_request_line_makes_an_exchange_fail(site, host: str, path: str) -> None:
    """A visitor's bad input never raises."""
    exchange = site.request(path, (b"Cookie", b"_ga=1; \xff"), host=host, query=b"\xff%zz<>\x00")
    if exchange.body_limit is not None:
        assert exchange.answer(b"").status < 500
        return
    plan = exchange.respond(200, [*site.HTML, (b"Link", b"<a.js>; rel=preload"), (b"Set-Cookie", b"_ga=1")])
    assert plan.status == 200
    site.send(plan)


def test_two_exchanges_of_one_guard_share_nothing(site) -> None:
    """W17, Y17"""
    granted, fresh = site.request(cookie=site.cookie(allow="*")), site.request()
    plans = [exchange.respond(200, site.HTML) for exchange in (granted, fresh)]
    page = b'<!doctype html><html><body><img src="https://x.ads.example/p.gif" alt=a></body></html>'
    out = [b"", b""]
    for at in range(len(page)):
        for number, plan in enumerate(plans):
            assert plan.rewriter is not None
            out[number] += plan.rewriter.feed(page[at : at + 1])
    for number, plan in enumerate(plans):
        assert plan.rewriter is not None
        out[number] += plan.rewriter.close()
    assert out[0] == page
    assert b"x.ads.example" not in out[1]
    assert b'data-cg="banner"' in out[1]


def test_one_guard_serves_many_threads(site) -> None:
    """DESIGN §2: immutable and thread-safe. The first requests race for everything that is prepared late."""
    from concurrent.futures import ThreadPoolExecutor

    page = b'<!doctype html><html lang="en"><body><iframe src="https://x.video.example/1"></iframe></body></html>'
    cookies = [b"x=1", site.cookie(deny="*"), site.cookie(allow=["video"]), site.cookie(allow="*")]

    def visit(number: int) -> tuple[int, bool, bool]:
        exchange = site.request(f"/page/{number}", cookie=cookies[number % 4])
        out = site.send(exchange.respond(200, site.HTML), page, 40)
        exchange.finish()
        return number % 4, b"<iframe" in out, b'data-cg="banner"' in out

    with ThreadPoolExecutor(8) as pool:
        seen = set(pool.map(visit, range(200)))
    assert seen == {(0, False, True), (1, False, False), (2, True, False), (3, True, False)}


@pytest.mark.parametrize("enforcement", ["enforce", "report"])
def test_an_exchange_tells_whether_its_answer_may_be_a_page(make, enforcement: str) -> None:
    """Y9: in report mode too, where a page is looked through."""
    site = make(enforcement=enforcement)
    assert site.request("/article").may_get_page
    assert not site.request("/film.mp4").may_get_page
    assert not site.request("/article", (b"Sec-Fetch-Dest", b"image")).may_get_page


def test_a_request_for_one_of_our_pages_keeps_its_headers_for_whoever_asks(site) -> None:
    exchange = site.request("/privacy-choices", (b"Accept-Encoding", b"sdch"), cookie=b"_ga=1")
    assert exchange.forward_headers == ((b"Accept-Encoding", b"sdch"), (b"Cookie", b"_ga=1"))
    assert exchange.may_get_page
    assert [finding.kind.value for finding in exchange.finish()] == []
