"""Browsers' reports are hearsay: three words of each are read, and a flood of them ends at a bound."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consent_guard.csp.reports import Reports, read_report
from consent_guard.findings import Finding, FindingKind

CHROMIUM = {
    "document-uri": "https://www.site.example/shop/42?mail=me@site.example",
    "referrer": "",
    "violated-directive": "script-src-elem",
    "effective-directive": "script-src-elem",
    "original-policy": "default-src 'self'; report-uri /privacy-choices/csp",
    "disposition": "enforce",
    "blocked-uri": "https://cdn.tracker.example/t.js?visitor=7",
    "line-number": 9,
    "source-file": "https://www.site.example/app.js",
    "status-code": 200,
    "script-sample": "",
}


def body(**changes: Any) -> bytes:
    return json.dumps({"csp-report": {**CHROMIUM, **changes}}).encode()


def read(body: bytes, own: str = "www.site.example", **options: Any) -> Finding | None:
    return read_report(body, own, **options)


def test_a_report_becomes_directive_host_and_route_and_nothing_else() -> None:
    assert read(body()) == Finding(FindingKind.CSP_REPORT, "cdn.tracker.example", "script-src-elem", route="/shop")


def test_one_of_an_older_browser_names_the_directive_with_its_sources() -> None:
    found = read(body(**{"effective-directive": None, "violated-directive": "connect-src 'self' https://x.example"}))
    assert found is not None
    assert found.where == "connect-src"


@pytest.mark.parametrize(
    "address", ["wss://live.tracker.example/s", "HTTPS://LIVE.tracker.example:8443", "http://live.tracker.example?x"]
)
def test_the_host_alone_is_read_of_any_address(address: str) -> None:
    found = read(body(**{"blocked-uri": address}))
    assert found is not None
    assert found.subject == "live.tracker.example"


@pytest.mark.parametrize(
    "address",
    [
        *("inline", "eval", "data", "blob", "self", "", "https://", "https://me@x.example/", "https://a b/"),
        *("chrome-extension://abcdef/x.js", "moz-extension://a-b/x.js", "safari-web-extension://A/x.js", "//x.example/"),
        *("https://xé.example/", "https://a" + "a" * 400 + ".example/", "https://x.example\n.y/", "https://x.example\\@y/"),
        *("x.example", 7, None, ["https://x.example/"]),
    ],
)
def test_what_names_no_host_is_dropped(address: object) -> None:
    assert read(body(**{"blocked-uri": address})) is None


@pytest.mark.parametrize("source", ["chrome-extension://abcdef", "moz-extension", "safari-web-extension://x/y.js", 3, ["x"]])
def test_what_an_extension_did_is_dropped(source: object) -> None:
    assert read(body(**{"source-file": source})) is None


@pytest.mark.parametrize(
    "directive", ["", "form-action", "script-src-elem;x", "SCRIPT-SRC", "report-uri", "x" * 5000, 1, [], {}]
)
def test_no_directive_but_those_of_fetches_counts(directive: object) -> None:
    assert read(body(**{"effective-directive": directive, "violated-directive": ""})) is None


@pytest.mark.parametrize("page", ["https://other.example/", "about", "", None, "https://www.site.example.evil.example/", 5])
def test_a_report_of_another_sites_page_is_dropped(page: object) -> None:
    assert read(body(**{"document-uri": page})) is None


def test_a_worker_whose_script_the_page_made_counts_for_the_site() -> None:
    found = read(body(**{"document-uri": "blob"}))
    assert found is not None
    assert found.route == "/"


@pytest.mark.parametrize(
    ("path", "root_path", "route"),
    [
        ("", "", "/"),
        ("/", "", "/"),
        ("/a/b", "", "/a"),
        ("/app/shop/1", "/app", "/shop"),
        ("/app", "/app", "/app"),
        ("/jo%C3%A9/x", "", "/"),
        ("/me@site.example", "", "/"),
        ("/" + "a" * 65, "", "/"),
        ("?x=/secret/y", "", "/"),
        ("/a?x=/secret/y", "", "/a"),
    ],
)
def test_of_the_page_its_first_segment_is_kept(path: str, root_path: str, route: str) -> None:
    found = read(body(**{"document-uri": "https://www.site.example" + path}), root_path=root_path)
    assert found is not None
    assert found.route == route


@pytest.mark.parametrize(
    "text",
    [
        *(b"", b"{", b"null", b"[]", b'"x"', b"\xff\xfe", b"NaN", b"\x00", b'{"csp-report":[]}', b'{"csp-report":null}'),
        *(b"[" * 16000, b"9" * 16000, b'{"csp-report":' * 1000),
    ],
)
def test_what_is_no_report_is_dropped(text: bytes) -> None:
    assert read(text) is None


@given(st.recursive(st.none() | st.integers() | st.text(max_size=30), lambda inner: st.lists(inner, max_size=3), max_leaves=4))
def test_nothing_in_any_field_makes_it_fail(value: object) -> None:
    for field in CHROMIUM:
        found = read(body(**{field: value}))
        assert found is None or found.subject == "cdn.tracker.example"


def test_a_flood_is_dropped_and_forgotten_again() -> None:
    reports = Reports()
    taken = sum(reports.takes(1000.0) for _ in range(5000))
    assert taken == 100
    assert not reports.takes(1000.1)
    assert sum(reports.takes(1010.0) for _ in range(5000)) == 50
    assert not reports.takes(900.0)  # a clock that goes back


def test_made_up_hosts_end_at_a_bound_and_what_is_known_counts_on() -> None:
    reports = Reports()
    found = [Finding(FindingKind.CSP_REPORT, f"host-{number}.example") for number in range(2000)]
    assert sum(reports.counts(one, 1000.0) for one in found) == 1000
    assert reports.counts(found[0], 1001.0)
    assert not reports.counts(found[1999], 1001.0)
    assert reports.counts(found[1999], 1000.0 + 3600)
