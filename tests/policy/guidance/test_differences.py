"""What counts as a difference of two policies for partners and visitors, and what does not (L12)."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest

from consent_guard import Policy
from consent_guard.policy.guidance.differences import asked_again, differences

BASE: dict[str, Any] = {
    "policy": {"languages": ["en"], "revision": 2},
    "categories": [
        {"id": "necessary", "basis": "necessary", "title": {"en": "Necessary"}},
        {"id": "media", "basis": "consent", "title": {"en": "Media"}},
        {"id": "audience", "basis": "exempt", "title": {"en": "Audience"}},
    ],
    "services": [
        {
            "id": "video",
            "category": "media",
            "title": {"en": "Video"},
            "controller": {"name": "Video Ltd", "policy_url": "https://video.example/privacy"},
            "hosts": ["*.video.example", "cdn.example/v/"],
            "cookies": [{"name": "_v", "lifetime": "6 months"}, {"name": "_w"}],
        },
        {
            "id": "measure",
            "category": "audience",
            "exempt": "audience_fr",
            "title": {"en": "Measure"},
            "controller": {"name": "Measure SA"},
            "hosts": ["measure.example"],
            "anywhere": [{"address": "measure.js", "global": "_mq"}],
        },
    ],
    "cookies": [{"name": "basket", "category": "necessary", "lifetime": "session"}],
}
Change = Callable[[dict[str, Any]], object]


def told(*changes: Change) -> tuple[list[str], tuple[str, ...]]:
    """Return, of the changed policy, every difference as it is shown, and what is asked again."""
    new = copy.deepcopy(BASE)
    for change in changes:
        change(new)
    old, changed = Policy.load(BASE), Policy.load(new)
    return [str(one) for one in differences(old, changed)], asked_again(old, changed)


def video(policy: dict[str, Any]) -> dict[str, Any]:
    service: dict[str, Any] = policy["services"][0]
    return service


NEW = {"id": "maps", "category": "media", "title": {"en": "Maps"}, "hosts": ["maps.example"], "cookies": [{"name": "m"}]}


@pytest.mark.parametrize(
    ("change", "lines", "again"),
    [
        (
            lambda new: new["services"].append(NEW),
            [
                "added    service maps: media (consent)",
                "added    service maps: host maps.example",
                "added    service maps: cookie m",
            ],
            ("media",),
        ),
        (
            lambda new: new["services"].pop(1),
            [
                "removed  service measure: audience (exempt)",
                "removed  service measure: controller Measure SA",
                "removed  service measure: exemption audience_fr",
                "removed  service measure: host measure.example",
                "removed  service measure: anywhere measure.js with _mq()",
            ],
            ("audience",),
        ),
        (
            lambda new: video(new).update(controller={"name": "Video Inc"}),
            ["changed  service video: controller: Video Ltd <https://video.example/privacy> -> Video Inc"],
            ("media",),
        ),
        (
            lambda new: new["services"][1].update(controller={"name": "Example", "site": True}),
            ["changed  service measure: controller: Measure SA -> Example (the site itself)"],
            ("audience",),
        ),
        (
            lambda new: video(new).update(hosts=["*.video.example", "*.v.example"]),
            ["added    service video: host *.v.example", "removed  service video: host cdn.example/v/"],
            (),
        ),
        (
            lambda new: video(new).update(cookies=[{"name": "_v", "lifetime": "1 month"}, {"name": "_x"}]),
            [
                "changed  service video: lifetime of _v: 6 months -> 1 month",
                "removed  service video: cookie _w",
                "added    service video: cookie _x",
            ],
            (),
        ),
        (
            lambda new: video(new).update(cookies=[{"name": "_v"}, {"name": "_w"}]),
            ["changed  service video: lifetime of _v: 6 months -> not declared"],
            (),
        ),
        (
            lambda new: video(new).update(cookies=[{"name": "_v", "lifetime": "6 months"}, {"name": "_w", "dead": True}]),
            ["removed  service video: cookie _w"],
            (),
        ),
        (
            lambda new: (new["categories"][2].update(basis="consent"), new["services"][1].pop("exempt")),
            ["changed  category audience: basis: exempt -> consent", "removed  service measure: exemption audience_fr"],
            ("audience",),
        ),
        (
            lambda new: (new["services"][1].update(category="media"), new["services"][1].pop("exempt")),
            [
                "changed  service measure: category: audience (exempt) -> media (consent)",
                "removed  service measure: exemption audience_fr",
            ],
            ("audience", "media"),
        ),
        (
            lambda new: new["categories"].append({"id": "ads", "basis": "consent", "title": {"en": "Ads"}}),
            ["added    category ads: basis consent"],
            ("ads",),
        ),
        (
            lambda new: new["cookies"].append({"name": "taste", "category": "media"}),
            ["added    cookie taste: media"],
            (),
        ),
        (
            lambda new: new["cookies"][0].update(category="media", lifetime="1 day"),
            ["changed  cookie basket: category: necessary -> media", "changed  cookie basket: lifetime: session -> 1 day"],
            (),
        ),
        (lambda new: new["cookies"].clear(), ["removed  cookie basket: necessary"], ()),
        (lambda new: new["policy"].update(revision=3), [], ("audience", "media")),
    ],
)
def test_each_kind_of_difference(change: Change, lines: list[str], again: tuple[str, ...]) -> None:
    assert told(change) == (lines, again)


@pytest.mark.parametrize(
    "change",
    [
        lambda new: None,
        lambda new: new["services"].reverse(),
        lambda new: new["categories"].reverse(),
        lambda new: video(new)["hosts"].reverse(),
        lambda new: video(new)["cookies"].reverse(),
        lambda new: video(new).update(title={"en": "Films"}, purpose={"en": "shows films"}),
        lambda new: new["categories"][1].update(title={"en": "Films"}, description={"en": "Films"}),
        lambda new: new["cookies"][0].update(purpose={"en": "Remembers the basket"}),
        lambda new: new["policy"].update(path="/choices", metrics=True),
    ],
)
def test_other_words_and_another_order_are_none(change: Change) -> None:
    assert told(change) == ([], ())


def test_the_two_directions_mirror_each_other() -> None:
    new = copy.deepcopy(BASE)
    new["services"].append(NEW)
    video(new)["hosts"] = ["other.example"]
    old, changed = Policy.load(BASE), Policy.load(new)
    there = {(one.subject, one.what, one.old, one.new) for one in differences(old, changed)}
    back = {(one.subject, one.what, one.new, one.old) for one in differences(changed, old)}
    assert there == back


def test_all_that_two_policies_differ_in_is_sorted_categories_first() -> None:
    old, new = Policy.load(None), Policy.load(BASE)
    lines = [one.subject.split(" ", 1) for one in differences(old, new)]
    assert [kind for kind, _ in lines] == sorted((kind for kind, _ in lines), key=["category", "service", "cookie"].index)
    for kind in ("category", "service", "cookie"):
        names = [name for found, name in lines if found == kind]
        assert names == sorted(names)
