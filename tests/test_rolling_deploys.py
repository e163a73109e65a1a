"""Two revisions of one policy side by side, as while a deploy rolls out: a visitor who meets them in turn is asked once."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from .tracker_site import POLICY
from .visits import P, Visit, asks, cookie_in, over_asgi, over_wsgi

AUDIENCE = {"id": "audience", "basis": "consent", "title": {"en": "Audience"}}
GONE = {"id": "gone", "basis": "consent", "title": {"en": "What the next release drops"}}
BESIDE = {"id": "beside", "category": "ads", "title": {"en": "Beside"}, "hosts": ["beside.example"]}
OLDER = POLICY | {"policy": POLICY["policy"] | {"revision": 1}, "categories": [*POLICY["categories"], GONE]}
NEWER = POLICY | {
    "policy": POLICY["policy"] | {"revision": 2},
    "categories": [*POLICY["categories"], AUDIENCE],
    "services": [*POLICY["services"], BESIDE],
}


@pytest.mark.parametrize("guard", [over_wsgi, over_asgi])
@pytest.mark.parametrize("choice", ["accept", "refuse"])
def test_a_visitor_who_meets_both_in_turn_is_asked_by_each_once(guard: Callable[[Any], Visit], choice: str) -> None:
    older, newer = guard(OLDER), guard(NEWER)
    body = json.dumps({"choice": choice}).encode()
    assert asks(older("/", ""))
    first = cookie_in(older(P, "", body))
    assert not asks(older("/", first))
    assert asks(newer("/", first))  # its own revision is newer than the choice
    second = cookie_in(newer(P, first, body))
    for _ in range(3):
        for visit in (older, newer):
            page = visit("/", second)
            assert not asks(page)
            assert cookie_in(page) == ""
            assert (b"cdn.tracker.example" in page[1]) == (choice == "accept")
            state = json.loads(visit(P + "/state", second)[1])
            assert state["decided"]
            assert state["categories"]["ads"] == (choice == "accept")
    assert json.loads(older(P + "/state", second)[1])["categories"]["gone"] is False
