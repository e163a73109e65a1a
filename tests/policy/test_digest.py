"""Digests of a category as shown, and of the whole policy (DESIGN §5, L12, L26)."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from consent_guard.errors import UnknownPurpose
from consent_guard.policy.digest import category_digest, policy_digest
from consent_guard.policy.model import Basis, Category, Controller, HostRule, Policy, Service

CATEGORIES = (
    Category("video", Basis.CONSENT, {"en": "Video"}),
    Category("ads", Basis.CONSENT, {"en": "Ads"}),
)
ONE = Service("one", "video", {"en": "One"}, controller=Controller("One Ltd", "https://one.example/privacy"))
TWO = Service("two", "video", {"en": "Two"})
POLICY = Policy(CATEGORIES, (ONE, TWO))


def test_the_digest_is_short_and_url_safe() -> None:
    assert re.fullmatch(r"[A-Za-z0-9_-]{8}", category_digest(POLICY, "video"))


@pytest.mark.parametrize(
    "changed",
    [
        replace(POLICY, services=(ONE,)),
        replace(POLICY, services=(ONE, TWO, replace(TWO, id="three"))),
        replace(POLICY, services=(ONE, replace(TWO, controller=Controller("Two Ltd")))),
        replace(POLICY, services=(replace(ONE, controller=Controller("One Ltd", "https://other.example/")), TWO)),
        replace(POLICY, categories=(replace(CATEGORIES[0], basis=Basis.EXEMPT), CATEGORIES[1])),
    ],
    ids=["partner gone", "new partner", "new controller", "new policy link", "new basis"],
)
def test_a_new_partner_controller_or_basis_changes_the_digest(changed: Policy) -> None:
    """L12: such a grant no longer counts."""
    assert category_digest(changed, "video") != category_digest(POLICY, "video")


@pytest.mark.parametrize(
    "same",
    [
        replace(POLICY, services=(TWO, ONE)),
        replace(POLICY, services=(replace(ONE, title={"fr": "Un"}), TWO)),
        replace(POLICY, services=(ONE, replace(TWO, hosts=(HostRule("x.example", "x.example"),)))),
        replace(POLICY, services=(ONE, TWO, Service("banner-ads", "ads", {"en": "Banner"}))),
        replace(POLICY, revision=2),
    ],
    ids=["order", "title", "hosts", "another category", "revision"],
)
def test_nothing_else_changes_the_digest_of_a_category(same: Policy) -> None:
    assert category_digest(same, "video") == category_digest(POLICY, "video")


def test_names_cannot_be_shifted_between_fields() -> None:
    left = replace(POLICY, services=(replace(TWO, controller=Controller("ab", "c")),))
    right = replace(POLICY, services=(replace(TWO, controller=Controller("a", "bc")),))
    assert category_digest(left, "video") != category_digest(right, "video")


def test_an_unknown_category_is_named_with_the_nearest() -> None:
    with pytest.raises(UnknownPurpose) as caught:
        category_digest(POLICY, "vidoe")
    assert caught.value.nearest == ("video",)


def test_the_policy_digest_changes_with_any_value() -> None:
    """L26: a receipt names the exact policy."""
    variants = [
        POLICY,
        replace(POLICY, revision=2),
        replace(POLICY, services=(TWO, ONE)),
        replace(POLICY, services=(replace(ONE, title={"fr": "Un"}), TWO)),
        replace(POLICY, banner=False),
    ]
    assert len({policy_digest(policy) for policy in variants}) == len(variants)
    assert policy_digest(POLICY) == policy_digest(Policy(CATEGORIES, (ONE, TWO)))
    assert re.fullmatch(r"[0-9a-f]{64}", policy_digest(POLICY))
