"""Several valid choices read as one."""

from __future__ import annotations

import itertools
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consent_guard.consent.choice import Choice, accept_all, effective, refuse_all, save, set_service
from consent_guard.consent.restriction import most_restrictive
from consent_guard.consent.terms import terms_of
from consent_guard.policy.model import Basis, Category, Policy, Service

POLICY = Policy(
    categories=(
        Category("audience", Basis.EXEMPT, {}, gpc=True),
        Category("campaigns", Basis.CONSENT, {}, gpc=True),
        Category("videos", Basis.CONSENT, {}),
    ),
    services=(
        Service("xiti", "audience", {}),
        Service("ads", "campaigns", {}),
        Service("damdy", "videos", {}),
        Service("youtube", "videos", {}),
    ),
)
DIGESTS = dict(terms_of(POLICY).digests)
CHOICES = st.builds(
    Choice,
    revision=st.just(1),
    answers=st.dictionaries(st.sampled_from(["audience", "campaigns", "videos"]), st.booleans()),
    overrides=st.dictionaries(st.sampled_from(["xiti", "ads", "damdy", "youtube"]), st.booleans()),
    digests=st.sampled_from([DIGESTS, {**DIGESTS, "videos": "changed"}]),
    made_at=st.integers(min_value=0, max_value=1000),
    receipt_id=st.sampled_from(["AAAAAAAAAAAAAAAA", "BBBBBBBBBBBBBBBB"]),
    decided=st.booleans(),
)


@given(st.lists(CHOICES, min_size=1, max_size=4), st.booleans())
def test_only_what_every_choice_permits_is_permitted(choices: list[Choice], gpc: bool) -> None:
    """K10, DESIGN §5"""
    merged = effective(POLICY, most_restrictive(POLICY, choices), 1000, gpc)
    each = [effective(POLICY, choice, 1000, gpc) for choice in choices]
    assert merged.allowed_services <= frozenset.intersection(*(one.allowed_services for one in each))
    assert merged.allowed_categories <= frozenset.intersection(*(one.allowed_categories for one in each))
    assert merged.decided is all(one.decided for one in each)
    assert merged.asks or merged.decided


@given(st.lists(CHOICES, min_size=1, max_size=4))
def test_no_more_is_refused_than_some_choice_withholds_where_all_are_whole_answers(choices: list[Choice]) -> None:
    """K10: the reading is the intersection, not a refusal of everything."""
    answers = {"audience": True, "campaigns": True, "videos": True}
    whole = [replace(choice, answers={**answers, **choice.answers}, digests=DIGESTS) for choice in choices]
    merged = effective(POLICY, most_restrictive(POLICY, whole), 1000)
    each = [effective(POLICY, choice, 1000).allowed_services for choice in whole]
    assert merged.allowed_services == frozenset.intersection(*each)


@given(st.lists(CHOICES, min_size=2, max_size=3, unique_by=lambda choice: (choice.made_at, choice.receipt_id)))
def test_the_order_of_the_cookies_does_not_matter(choices: list[Choice]) -> None:
    """K11: browsers send the longer Path first, parsers keep the first or the last."""
    merged = [most_restrictive(POLICY, order) for order in itertools.permutations(choices)]
    assert all(one == merged[0] for one in merged)


def test_the_oldest_says_when_the_reading_expires() -> None:
    """L31"""
    merged = most_restrictive(POLICY, [accept_all(POLICY, 500, "A" * 16), refuse_all(POLICY, 100, "B" * 16)])
    assert (merged.made_at, merged.receipt_id) == (100, "B" * 16)


def test_a_tossed_full_consent_grants_nothing_beside_a_refusal() -> None:
    """K10"""
    merged = most_restrictive(POLICY, [accept_all(POLICY, 0), refuse_all(POLICY, 0)])
    assert not effective(POLICY, merged, 0).allowed_services
    assert effective(POLICY, merged, 0).decided


def test_two_different_grants_meet_in_what_they_share() -> None:
    """K10"""
    videos = save(POLICY, ["videos", "audience"], 0)
    youtube = save(POLICY, ["youtube", "campaigns", "audience"], 0)
    assert effective(POLICY, most_restrictive(POLICY, [videos, youtube]), 0).allowed_services == {"xiti", "youtube"}


def test_a_single_grant_before_any_choice_meets_a_whole_answer() -> None:
    """K10"""
    single = set_service(POLICY, None, "youtube", True, 0)
    merged = effective(POLICY, most_restrictive(POLICY, [single, accept_all(POLICY, 0)]), 0)
    assert merged.allowed_services == {"xiti", "youtube"}
    assert not merged.decided
    assert merged.asks


def test_there_is_no_reading_of_no_choices() -> None:
    with pytest.raises(ValueError):
        most_restrictive(POLICY, [])


def test_equal_answers_of_different_times_stay_plain_answers() -> None:
    """A reading that permits the same as its parts stays as small as they are."""
    merged = most_restrictive(POLICY, [accept_all(POLICY, 0), accept_all(POLICY, 5)])
    assert merged.answers == {"audience": True, "campaigns": True, "videos": True}
    assert merged.overrides == {}
