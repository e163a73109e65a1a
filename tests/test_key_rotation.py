"""Changing the secret key by the procedure of docs/operation.md: no choice is lost, and a retired key counts no more (K2)."""

from __future__ import annotations

import json
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import pytest

from .tracker_site import KEY, POLICY
from .visits import P, Visit, asks, cookie_in, over_asgi, over_wsgi

OLD, NEW = KEY, "the next key, longer than thirty-two bytes too"
STEPS: list[dict[str, Any]] = [
    {"secret_key": OLD},
    {"secret_key": OLD, "secret_key_fallbacks": [NEW]},
    {"secret_key": NEW, "secret_key_fallbacks": [OLD]},
    {"secret_key": NEW},
]
"""Each is deployed while the one before it still serves beside it."""
MONTH = 31 * 86400

guards = pytest.mark.parametrize("guard", [over_wsgi, over_asgi])


def chosen(visit: Visit, choice: str = "accept", carried: str = "") -> str:
    return cookie_in(visit(P, carried, json.dumps({"choice": choice}).encode()))


@guards
@pytest.mark.parametrize("choice", ["accept", "refuse"])
def test_who_meets_two_steps_side_by_side_is_asked_once(guard: Callable[..., Visit], choice: str) -> None:
    """Whichever of them took the choice. But for the last step: it comes when no choice of the old key holds any more."""
    for before, after in pairwise(STEPS[:-1]):
        both = guard(POLICY, **before), guard(POLICY, **after)
        for asked in both:
            cookie = chosen(asked, choice)
            for visit in both:
                page = visit("/", cookie)
                assert not asks(page)
                assert (b"cdn.tracker.example" in page[1]) == (choice == "accept")


@guards
def test_once_the_old_key_has_gone_only_what_the_new_one_signed_counts(guard: Callable[..., Visit]) -> None:
    """By then the old key's choices have expired by themselves (S07)."""
    now = [1_800_000_000.0]
    third = guard(POLICY, clock=lambda: now[0], **STEPS[2])
    last = guard(POLICY, clock=lambda: now[0], **STEPS[3])
    of_old, of_new = chosen(guard(POLICY, clock=lambda: now[0], **STEPS[1])), chosen(third)
    assert not asks(third("/", of_old))
    assert asks(last("/", of_old))
    assert not asks(last("/", of_new))
    now[0] += 14 * MONTH
    assert asks(third("/", of_old))
    assert asks(third("/", of_new))


@guards
def test_a_key_that_leaked_counts_no_more_at_once(guard: Callable[..., Visit]) -> None:
    """Everybody is asked anew: a forged grant cannot be told from a true one."""
    forged = chosen(guard(POLICY, secret_key=OLD))
    page = guard(POLICY, secret_key=NEW)("/", forged)
    assert asks(page)
    assert b"cdn.tracker.example" not in page[1]
