"""What is told of an exchange, to ``on_finding`` and to the log (DESIGN §6, R9)."""

from __future__ import annotations

import pytest

from consent_guard.engine.finding_log import FindingLog
from consent_guard.findings import Finding, FindingKind


@pytest.mark.parametrize(
    ("finding", "line"),
    [
        (
            Finding(FindingKind.HEADER, "x.ads.example", "Link", service="ads", category="campaigns", rule="*.ads.example"),
            "header x.ads.example in Link (campaigns/ads, rule *.ads.example)",
        ),
        (
            Finding(FindingKind.COOKIE_HIDDEN, "taste", "Cookie", category="campaigns", rule="taste"),
            "cookie-hidden taste in Cookie (campaigns, rule taste)",
        ),
        (
            Finding(FindingKind.HOST_UNLISTED, "other.test", "img src", enforced=False),
            "host-unlisted other.test in img src [only reported]",
        ),
        (Finding(FindingKind.BROKEN_FIELD, "X\r\nY\xff"), "broken-field X\\r\\nY\\xff"),
    ],
)
def test_a_finding_is_one_line_of_the_log(finding: Finding, line: str, caplog) -> None:
    """R9"""
    with caplog.at_level("INFO", "consent_guard"):
        FindingLog().add(finding)
    assert caplog.messages == [line]


def test_what_the_site_must_mend_is_a_warning_and_the_rest_is_not(caplog) -> None:
    log = FindingLog()
    with caplog.at_level("INFO", "consent_guard"):
        for kind in (FindingKind.BROKEN_FIELD, FindingKind.INSECURE, FindingKind.UNFILTERED, FindingKind.HEADER):
            log.add(Finding(kind, "x"))
    assert [record.levelname for record in caplog.records] == ["WARNING"] * 3 + ["INFO"]


def test_only_what_is_kept_back_counts_as_withheld() -> None:
    log = FindingLog()
    for finding in (
        Finding(FindingKind.HEADER, "a"),
        Finding(FindingKind.HEADER, "a"),
        Finding(FindingKind.HEADER, "b", enforced=False),
        Finding(FindingKind.COOKIE_CUT, "c"),
        Finding(FindingKind.INSECURE, "d"),
        Finding(FindingKind.COOKIE_HIDDEN, "e"),
    ):
        log.add(finding)
    assert log.withheld == 2
    assert [finding.subject for finding in log.found] == ["a", "b", "c", "d", "e"]


def test_in_report_mode_nothing_is_said_to_be_enforced() -> None:
    told: list[Finding] = []
    log = FindingLog(told.append, reporting=True)
    log.add(Finding(FindingKind.HEADER, "a"))
    log.add(Finding(FindingKind.HEADER, "a", enforced=False))
    assert [finding.enforced for finding in told] == [False]
    assert log.withheld == 0
