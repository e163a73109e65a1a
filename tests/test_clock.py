"""The one clock of the transports, and how tests stop it."""

from __future__ import annotations

import time

import pytest

from consent_guard.clock import stopped, unix_seconds


def test_it_tells_the_time_of_the_system() -> None:
    before = time.time()
    assert before <= unix_seconds() <= time.time()


def test_it_stops_within_the_block_and_goes_on_after_it_whatever_happens() -> None:
    def fail() -> None:
        with stopped(1_700_000_000), stopped(5):
            assert unix_seconds() == 5
            raise ValueError("within")

    with stopped(7):
        with pytest.raises(ValueError, match="within"):
            fail()
        assert unix_seconds() == 7
    assert unix_seconds() > 1_700_000_000
