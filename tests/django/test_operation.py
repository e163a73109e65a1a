"""Health and counters under Django, on both of its handlers: a choice counts once it is known what came of its receipt."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("sqlalchemy", reason="receipts need the extra ledger")

from .conftest import POLICY
from .test_middleware import URLS, Visitor

COUNTING = {**POLICY, "policy": {**POLICY["policy"], "metrics": True}}
STORED = 'consent_guard_choices_total{kind="grant",act="accept",revision="1"} 1'
UNSTORED = 'consent_guard_choices_unstored_total{kind="grant"} 1'


@pytest.mark.parametrize("asynchronous", [False, True], ids=["sync", "async"])
@pytest.mark.parametrize(("folder", "answer", "health", "line"), [("", 303, 200, STORED), ("no/such", 503, 503, UNSTORED)])
def test_a_choice_counts_by_what_came_of_it(
    project: Any,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    asynchronous: bool,
    folder: str,
    answer: int,
    health: int,
    line: str,
) -> None:
    monkeypatch.setenv("CONSENT_GUARD_STATE", str(tmp_path / "state"))
    ledger = f"sqlite:///{tmp_path / folder / 'consent.db'}"
    project(ROOT_URLCONF=URLS, CONSENT_GUARD={"POLICY": COUNTING, "LEDGER": ledger})
    visitor = Visitor(asynchronous)
    assert visitor.post("/privacy-choices", "choice=accept").status_code == answer
    assert visitor.get("/privacy-choices/health").status_code == health
    counted = [one for one in visitor.get("/privacy-choices/metrics").content.decode().splitlines() if "choices" in one]
    assert [one for one in counted if not one.startswith("#") and not one.endswith(" 0")] == [line]
