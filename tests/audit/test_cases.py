"""The leak finder against cases whose truth was found in a real browser, on responses of an app without the middleware.

Tiers that are not scored are left out (``beyond``, ``legacy``, ``url-only``), and of those that are only reported (``soft``,
``strict-url``, ``ambiguous``, ``inert``) nothing is promised where nothing must be blocked.
"""

from __future__ import annotations

import base64
from functools import cache
from typing import Any

import pytest

from consent_guard.audit.leaks import Inspection, Leak, LeakFinder
from consent_guard.policy.model import Policy

from ..cases import UNSCORED, Case, html_cases, policy, rows


@cache
def finder() -> LeakFinder:
    document = policy()
    document["policy"] = {"first_party": ["site.example"]}
    names = ("_ga", "_ga_*", "_gat*", "_gid", "_fbp")
    document["services"][0]["cookies"] = [{"name": name} for name in names]
    document["categories"].append({"id": "necessary", "basis": "necessary", "title": {"en": "Necessary"}})
    return LeakFinder(Policy.load(document))


def inspected(case: Case) -> Inspection:
    headers = [(b"content-type", case.type.encode())] if case.type is not None else []
    return finder().inspect(200, headers, case.body, case.page)


def each(cases: list[Case]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("case", cases, ids=lambda case: f"{case.id}-{case.tier}")


def each_row(name: str, key: str) -> pytest.MarkDecorator:
    found = [row for row in rows(name) if row.get(key) is not None]
    return pytest.mark.parametrize("case", found, ids=lambda case: case["id"])


CASES = html_cases("cases/html.jsonl")


@each([case for case in CASES if case.must_block and case.tier not in UNSCORED])
def test_what_a_browser_was_seen_to_load_is_flagged_at_a_place_in_the_text(case: Case) -> None:
    leaks = inspected(case).leaks
    assert leaks, case.why
    assert all(leak.line and leak.column and leak.service and leak.kind in ("request", "inline") for leak in leaks)


@each([case for case in CASES if case.touch == "identical" and case.scored])
def test_what_a_browser_was_seen_to_leave_alone_is_not_flagged(case: Case) -> None:
    inspection = inspected(case)
    assert not inspection.leaks, case.why
    assert not inspection.doubts, case.why


@each_row("cases/headers.jsonl", "headers")
def test_a_header_that_was_seen_to_load_something_is_flagged(case: dict[str, Any]) -> None:
    """H40, H41, H42."""
    headers = [(name.encode(), value.strip().encode()) for name, _, value in (one.partition(":") for one in case["headers"])]
    leaks = finder().page(200, [(b"content-type", b"text/html"), *headers], case["body"].encode(), "https://site.example/p")
    assert [(leak.kind, leak.host, leak.line) for leak in leaks if leak.host == case["host"]], case["why"]
    assert {leak.kind for leak in leaks} == {"header"}


@each_row("cases/setcookie.jsonl", "expect_kept")
def test_the_cookies_that_may_not_be_set_are_flagged_and_no_others(case: dict[str, Any]) -> None:
    """H05, H10."""
    lines = [base64.b64decode(line) for line in case["headers_b64"]]
    flagged: list[Leak] = []
    for number, line in enumerate(lines):
        leaks = finder().page(200, [(b"set-cookie", line)], b"", "https://site.example/p")
        assert bool(leaks) is (number not in case["expect_kept"]), case["why"]
        flagged += leaks
    assert {leak.kind for leak in flagged} <= {"cookie"}
