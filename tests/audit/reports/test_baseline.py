"""The baseline: written, read back, and refused in one line where it is none."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from consent_guard.audit.problems import Unreadable
from consent_guard.audit.reports.baseline import read_baseline, stale, write_baseline

from ..made_reports import report


def test_what_is_written_is_accepted_from_then_on(tmp_path: Path) -> None:
    file = tmp_path / "baseline.json"
    assert write_baseline(file, report()) == 2
    accepted = read_baseline(file)
    assert report(accepted=accepted).exit_code == 0
    entries = json.loads(file.read_text(encoding="utf-8"))["accepted"]
    assert {entry["what"] for entry in entries} == {"request www.googletagmanager.com", "cookie _ga"}


def test_entries_that_are_met_no_more_are_counted() -> None:
    assert stale(report(accepted=frozenset({"gone"}))) == 1


@pytest.mark.parametrize("text", ["{", "[]", "{}", '{"format": 2, "accepted": []}', '{"format": 1, "accepted": [1]}', "\xff"])
def test_what_is_no_baseline_is_told_in_one_line(tmp_path: Path, text: str) -> None:
    file = tmp_path / "baseline.json"
    file.write_bytes(text.encode("latin-1"))
    with pytest.raises(Unreadable) as caught:
        read_baseline(file)
    assert "\n" not in str(caught.value)


def test_a_baseline_that_is_absent_or_cannot_be_written_is_told_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(Unreadable, match="cannot be read"):
        read_baseline(tmp_path / "none.json")
    with pytest.raises(Unreadable, match="cannot be written"):
        write_baseline(tmp_path / "no" / "none.json", report())
