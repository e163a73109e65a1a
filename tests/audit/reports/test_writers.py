"""A report in each form: what programs read has the members that they need, what people read says it all."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from xml.etree import ElementTree

import pytest

from consent_guard.audit.report import Sighting, State, Visit, fingerprint
from consent_guard.audit.reports.comparison import compare
from consent_guard.audit.reports.writers import FORMATS, written
from consent_guard.audit.reports.writers.sizes import size

from ..made_reports import COOKIE, GTM, PAGE, report

ACCEPTED = frozenset({fingerprint(GTM)})


def test_json_holds_every_sighting_with_its_verdict_and_fingerprint() -> None:
    document = json.loads(written("json", report(accepted=ACCEPTED)))
    assert document["format"] == 1
    assert document["summary"] == {"pages": 1, "leaks": 1, "accepted": 1, "exit_code": 1}
    first = document["visits"][0]["sightings"][0]
    assert (first["verdict"], first["accepted"], first["fingerprint"]) == ("leak", True, fingerprint(GTM))
    assert [len(visit["sightings"]) for visit in document["visits"]] == [3, 2, 1]
    assert document["problems"][0]["subject"] == "https://site.example/gone"


def test_sarif_has_the_members_that_its_schema_requires() -> None:
    """SARIF 2.1.0 §3.13, §3.14, §3.18, §3.19, §3.20, §3.27, §3.28, §3.35."""
    log = json.loads(written("sarif", report(accepted=ACCEPTED)))
    assert log["version"] == "2.1.0"
    (run,) = log["runs"]
    driver = run["tool"]["driver"]
    assert driver["name"] == "consent-guard"
    ids = [rule["id"] for rule in driver["rules"]]
    assert len(set(ids)) == len(ids)
    for rule in driver["rules"]:
        assert rule["shortDescription"]["text"]
        assert rule["fullDescription"]["text"]
        assert rule["help"]["text"]
        assert rule["defaultConfiguration"]["level"] in ("error", "note")
    assert run["invocations"][0]["executionSuccessful"] is True
    assert all(note["message"]["text"] for note in run["invocations"][0]["toolExecutionNotifications"])
    assert len(run["results"]) == 5
    for result in run["results"]:
        assert result["message"]["text"]
        assert result["level"] in ("error", "note")
        assert ids[result["ruleIndex"]] == result["ruleId"]
        assert re.fullmatch(r"[0-9a-f]{16}:1", result["partialFingerprints"]["primaryLocationLineHash"])
        (location,) = result["locations"]
        assert location["physicalLocation"]["artifactLocation"]["uri"] == "site.example/a%20b"
        assert location["logicalLocations"] == [{"fullyQualifiedName": PAGE, "kind": "resource"}]
        region = location["physicalLocation"]["region"]
        assert region["startLine"] >= 1
        assert region["startColumn"] >= 1
    assert [len(result.get("suppressions", ())) for result in run["results"]] == [1, 0, 0, 0, 0]


@pytest.mark.parametrize(
    ("page", "uri"),
    [
        ("https://site.example/a", "site.example/a"),
        ("http://127.0.0.1:8000/", "127.0.0.1%3A8000/"),
        ("http://[::1]:8000/", "[%3A%3A1]%3A8000/"),
        ("pages/a b.html", "pages/a%20b.html"),
        ("/home/me/a.html", "file:///home/me/a.html"),
    ],
)
def test_sarif_locations_have_no_scheme_that_code_scanning_refuses(page: str, uri: str) -> None:
    """SARIF 2.1.0 §3.4; GitHub refuses the whole file for one address with https:."""
    log = json.loads(written("sarif", replace(report(), visits=(Visit(page, State.BEFORE, 200, (replace(GTM, page=page),)),))))
    (result,) = log["runs"][0]["results"]
    assert result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == uri


def test_sarif_tells_alerts_apart_and_knows_them_again() -> None:
    def hashes(*seen: Sighting) -> list[str]:
        log = json.loads(written("sarif", replace(report(), visits=(Visit(PAGE, State.BEFORE, 200, seen),))))
        return [result["partialFingerprints"]["primaryLocationLineHash"] for result in log["runs"][0]["results"]]

    first, moved, other = hashes(GTM, replace(GTM, line=99), COOKIE)
    assert first == moved
    assert first != other


def test_sarif_says_that_nothing_was_scanned() -> None:
    log = json.loads(written("sarif", replace(report(), visits=())))
    assert log["runs"][0]["invocations"][0]["executionSuccessful"] is False


def test_junit_counts_its_cases_and_fails_those_that_leak() -> None:
    root = ElementTree.fromstring(written("junit", report()).encode())
    assert root.tag == "testsuites"
    assert {name: root.get(name) for name in ("tests", "failures", "errors")} == {"tests": "4", "failures": "1", "errors": "1"}
    suites = root.findall("testsuite")
    assert [suite.get("name") for suite in suites] == [
        "before any choice",
        "after refusing",
        "after accepting",
        "could not be looked at",
    ]
    for suite in suites:
        cases = suite.findall("testcase")
        assert suite.get("tests") == str(len(cases))
        assert all(case.get("name") and case.get("classname") for case in cases)
        assert suite.get("failures") == str(len(suite.findall("testcase/failure")))
        assert suite.get("errors") == str(len(suite.findall("testcase/error")))
    failure = suites[0].find("testcase/failure")
    assert failure is not None
    assert "cookie _ga" in (failure.text or "")
    assert "Google Tag Manager" in (failure.text or "")


def test_junit_passes_what_the_baseline_accepts() -> None:
    root = ElementTree.fromstring(written("junit", report(accepted=ACCEPTED | {fingerprint(COOKIE)})).encode())
    assert root.get("failures") == "0"


@pytest.mark.parametrize("form", FORMATS)
def test_every_form_says_it_without_control_characters_and_twice_the_same(form: str) -> None:
    text = written(form, report())
    assert "\x00" not in text
    assert text == written(form, report())
    assert text.endswith("\n")


def test_a_comparison_stands_in_the_json() -> None:
    visit = replace(report().visits[0], sightings=(COOKIE,), own_html_bytes=300, own_requests=1, own_bytes=900)
    guarded = replace(report(), target="guarded", visits=(visit,))
    document = json.loads(written("json", guarded, compare(report(), guarded)))["comparison"]
    assert document["totals"] == {
        "before": {
            "pages": 1,
            "removed": 2,
            "added": 0,
            "hosts": {"unguarded": 2, "guarded": 0},
            "requests": {"unguarded": 12, "guarded": 12},
            "bytes": {"unguarded": 50_000, "guarded": 50_000},
            "html_bytes": {"unguarded": 1000, "guarded": 1000},
            "own": {"html_bytes": 300, "requests": 1, "bytes": 900},
        }
    }
    assert [len(change["removed"]) for change in document["changes"]] == [2]
    assert document["changes"][0]["state"] == State.BEFORE.value
    assert document["only_unguarded"] == ["/a b (after refusing)", "/a b (after accepting)"]
    assert document["only_guarded"] == []


@pytest.mark.parametrize(
    ("count", "text"),
    [(0, "0 B"), (999, "999 B"), (1000, "1 kB"), (999_499, "999 kB"), (999_500, "1 MB"), (1_234_567, "1.23 MB")],
)
def test_sizes_are_said_as_browsers_say_them(count: int, text: str) -> None:
    assert size(count) == text
