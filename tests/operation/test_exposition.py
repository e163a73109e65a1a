"""``GET {path}/metrics`` in the Prometheus text format 0.0.4, read back by Prometheus's own Python client."""

from __future__ import annotations

import re
from itertools import pairwise

import pytest
from prometheus_client.parser import text_string_to_metric_families

from consent_guard.operation.counters import Counters
from consent_guard.operation.exposition import CONTENT_TYPE, exposition
from consent_guard.wire.messages import LedgerState

LINE = re.compile(
    r"(?:# HELP [a-z_]+ [ -~]+|# TYPE [a-z_]+ (?:counter|gauge)"
    r'|[a-z_]+(?:\{[a-z_]+="[A-Za-z0-9_-]*"(?:,[a-z_]+="[A-Za-z0-9_-]*")*\})? [0-9]+)\Z'
)
STATE = LedgerState(reachable=True, storing=False, spooled=3, stored=12, failures=2)


@pytest.mark.parametrize("ledger", [None, STATE], ids=["no ledger", "ledger"])
def test_every_line_is_of_the_format_and_the_last_one_ends(ledger: LedgerState | None) -> None:
    text = exposition(Counters(1), ledger).decode("ascii")
    assert text.endswith("\n")
    assert [line for line in text.splitlines() if not LINE.match(line)] == []


def test_the_type_is_the_formats_own() -> None:
    assert CONTENT_TYPE == b"text/plain; version=0.0.4; charset=utf-8"


def test_each_series_stands_once_below_its_own_help_and_type() -> None:
    lines = exposition(Counters(1), STATE).decode("ascii").splitlines()
    series = [line.rpartition(" ")[0] for line in lines if not line.startswith("#")]
    assert len(series) == len(set(series))
    named = ""
    for help, kind in pairwise(lines):
        if help.startswith("# HELP"):
            named = help.split()[2]
            assert kind.startswith(f"# TYPE {named} ")
        elif not help.startswith("#"):
            assert help.split("{")[0].split()[0] == named


def test_prometheus_reads_what_was_counted() -> None:
    counters = Counters(3)
    counters.page("filtered")
    counters.choice(3, "accept", "grant")
    counters.choice(3, "accept", "grant")
    counters.choice(4, "refuse", "refusal")
    counters.unstored("grant")
    families = {one.name: one for one in text_string_to_metric_families(exposition(counters, STATE).decode("ascii"))}
    assert {name: family.type for name, family in families.items()} == {
        "consent_guard_policy_revision": "gauge",
        "consent_guard_pages": "counter",
        "consent_guard_findings": "counter",
        "consent_guard_choices": "counter",
        "consent_guard_choices_unstored": "counter",
        "consent_guard_ledger_reachable": "gauge",
        "consent_guard_ledger_storing": "gauge",
        "consent_guard_ledger_receipts": "counter",
        "consent_guard_ledger_failures": "counter",
        "consent_guard_ledger_spooled_receipts": "gauge",
    }
    assert all(family.documentation for family in families.values())
    found = {
        (sample.name, *sorted(sample.labels.values())): sample.value
        for family in families.values()
        for sample in family.samples
    }
    assert {key: value for key, value in found.items() if value} == {
        ("consent_guard_policy_revision",): 3,
        ("consent_guard_pages_total", "filtered"): 1,
        ("consent_guard_choices_total", "3", "accept", "grant"): 2,
        ("consent_guard_choices_total", "4", "refusal", "refuse"): 1,
        ("consent_guard_choices_unstored_total", "grant"): 1,
        ("consent_guard_ledger_reachable",): 1,
        ("consent_guard_ledger_receipts_total",): 12,
        ("consent_guard_ledger_failures_total",): 2,
        ("consent_guard_ledger_spooled_receipts",): 3,
    }
