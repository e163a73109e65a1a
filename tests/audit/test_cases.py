"""The leak finder against cases whose truth was found in a real browser, on responses of an app without the middleware.

Tiers that are not scored are left out (``beyond``, ``legacy``, ``url-only``), and of those that are only reported (``soft``,
``strict-url``, ``ambiguous``, ``inert``) nothing is promised where nothing must be blocked.
"""

from __future__ import annotations

import base64
import json
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from consent_guard.audit.leaks import Inspection, Leak, LeakFinder
from consent_guard.policy.model import Policy

SHARED = Path(__file__).resolve().parents[2].parent / "shared" / "cases"
UNSCORED = {"beyond", "legacy", "url-only"}
REPORTED = {"soft", "strict-url", "ambiguous", "inert"}

if not SHARED.exists():
    pytest.skip("needs shared/cases beside the repository", allow_module_level=True)


def rows(name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (SHARED / name).read_text("utf-8").splitlines()]


@cache
def finder() -> LeakFinder:
    trackers = json.loads((SHARED / "trackers.json").read_text("utf-8"))
    services = [
        {
            "id": f"{category}-{number}",
            "category": category,
            "title": {"en": host},
            "hosts": [host if host[0].isdigit() else f"*.{host}"],
        }
        for category, hosts in trackers["categories"].items()
        for number, host in enumerate(hosts)
    ]
    services[0]["cookies"] = [{"name": "_ga"}, {"name": "_ga_*"}, {"name": "_gat*"}, {"name": "_gid"}, {"name": "_fbp"}]
    document = {
        "policy": {"first_party": ["site.example"]},
        "categories": [
            {"id": "necessary", "basis": "necessary", "title": {"en": "Necessary"}},
            *({"id": one, "basis": "consent", "title": {"en": one}} for one in trackers["categories"]),
        ],
        "services": services,
    }
    return LeakFinder(Policy.load(document))


def inspected(case: dict[str, Any]) -> Inspection:
    body = base64.b64decode(case["html_b64"]) if "html_b64" in case else case["html"].encode()
    kind = case.get("ct", "text/html; charset=utf-8")
    headers = [(b"content-type", kind.encode())] if kind is not None else []
    return finder().inspect(200, headers, body, case.get("page", "https://site.example/p"))


def named(cases: list[dict[str, Any]]) -> list[Any]:
    return [pytest.param(case, id=f"{case['id']}-{case.get('tier', 'header')}") for case in cases]


HTML = [case for case in rows("html.jsonl") if case["tier"] not in UNSCORED]


@pytest.mark.parametrize("case", named([case for case in HTML if case["must_block"]]))
def test_what_a_browser_was_seen_to_load_is_flagged_at_a_place_in_the_text(case: dict[str, Any]) -> None:
    leaks = inspected(case).leaks
    assert leaks, case["why"]
    assert all(leak.line and leak.column and leak.service and leak.kind in ("request", "inline") for leak in leaks)


@pytest.mark.parametrize(
    "case", named([case for case in HTML if case["touch"] == "identical" and case["tier"] not in REPORTED])
)
def test_what_a_browser_was_seen_to_leave_alone_is_not_flagged(case: dict[str, Any]) -> None:
    inspection = inspected(case)
    assert not inspection.leaks, case["why"]
    assert not inspection.doubts, case["why"]


@pytest.mark.parametrize("case", named(rows("headers.jsonl")))
def test_a_header_that_was_seen_to_load_something_is_flagged(case: dict[str, Any]) -> None:
    """H40, H41, H42."""
    headers = [(name.encode(), value.strip().encode()) for name, _, value in (one.partition(":") for one in case["headers"])]
    leaks = finder().page(200, [(b"content-type", b"text/html"), *headers], case["body"].encode(), "https://site.example/p")
    assert [(leak.kind, leak.host, leak.line) for leak in leaks if leak.host == case["host"]], case["why"]
    assert {leak.kind for leak in leaks} == {"header"}


@pytest.mark.parametrize("case", named([case for case in rows("setcookie.jsonl") if case.get("expect_kept") is not None]))
def test_the_cookies_that_may_not_be_set_are_flagged_and_no_others(case: dict[str, Any]) -> None:
    """H05, H10."""
    lines = [base64.b64decode(line) for line in case["headers_b64"]]
    flagged: list[Leak] = []
    for number, line in enumerate(lines):
        leaks = finder().page(200, [(b"set-cookie", line)], b"", "https://site.example/p")
        assert bool(leaks) is (number not in case["expect_kept"]), case["why"]
        flagged += leaks
    assert {leak.kind for leak in flagged} <= {"cookie"}
