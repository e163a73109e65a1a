"""Counting: exact with many threads, cheap, and nothing a visitor or a page could make up."""

from __future__ import annotations

import threading
import time

import pytest

from consent_guard.findings import FindingKind
from consent_guard.operation.counters import ACTS, CHOICE_KINDS, PAGE_RESULTS, Counter, Counters, kind_of

THREADS, EACH = 8, 20_000


def test_no_step_of_any_thread_is_lost() -> None:
    counters = Counters(1)
    ready = threading.Barrier(THREADS)

    def work() -> None:
        ready.wait()
        for turn in range(EACH):
            counters.page("filtered")
            counters.finding(FindingKind.ELEMENT)
            counters.choice(2, "accept", "grant")
            if turn % 1000 == 0:
                list(counters.choices())

    threads = [threading.Thread(target=work) for _ in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert dict(counters.pages())["filtered"] == THREADS * EACH
    assert dict(counters.findings())[FindingKind.ELEMENT] == THREADS * EACH
    assert dict(counters.choices())[2, "accept", "grant"] == THREADS * EACH


@pytest.mark.parametrize("steps", [0, 1, 2, 1000])
def test_reading_a_counter_takes_no_step(steps: int) -> None:
    counter = Counter()
    for _ in range(steps):
        counter.add()
    assert [counter.value for _ in range(3)] == [steps] * 3


def test_every_series_is_there_from_the_start() -> None:
    """Else the first of its kind would be no increase."""
    counters = Counters(4)
    assert dict(counters.pages()) == dict.fromkeys(PAGE_RESULTS, 0)
    assert dict(counters.findings()) == dict.fromkeys(FindingKind, 0)
    assert dict(counters.choices()) == {(4, act, kind): 0 for act in ACTS for kind in CHOICE_KINDS}
    assert dict(counters.unstored_choices()) == dict.fromkeys(CHOICE_KINDS, 0)


@pytest.mark.parametrize(
    ("act", "grants", "takes_back", "decided", "kind"),
    [
        ("accept", True, False, False, "grant"),
        ("accept", True, False, True, "grant"),
        ("save", True, True, True, "grant"),
        ("once", True, False, False, "grant"),
        ("refuse", False, False, False, "refusal"),
        ("refuse", False, True, False, "refusal"),
        ("refuse", False, True, True, "withdrawal"),
        ("deny", False, True, True, "withdrawal"),
        ("deny", False, False, False, "refusal"),
        ("save", False, True, True, "withdrawal"),
        ("save", False, False, False, "refusal"),
        ("refuse", False, False, True, "unchanged"),
        ("accept", False, False, True, "unchanged"),
        ("accept", False, False, False, "unchanged"),
        ("allow", False, False, False, "unchanged"),
    ],
)
def test_the_kind_of_a_choice(act: str, grants: bool, takes_back: bool, decided: bool, kind: str) -> None:
    assert kind_of(act, grants=grants, takes_back=takes_back, decided=decided) == kind


def test_what_a_page_with_three_findings_costs_is_far_below_5_microseconds() -> None:
    counters = Counters(1)
    best = float("inf")
    for _ in range(20):
        started = time.thread_time()
        for _ in range(500):
            for _ in range(3):
                counters.finding(FindingKind.ELEMENT)
            counters.page("filtered")
        best = min(best, (time.thread_time() - started) / 500)
    assert best < 5e-6
