from __future__ import annotations

import json
import pickle
from dataclasses import FrozenInstanceError, replace
from datetime import UTC, datetime

import pytest
from dateutil.relativedelta import relativedelta
from hypothesis import given
from hypothesis import strategies as st

from consent_guard.consent.choice import (
    Choice,
    Consent,
    accept_all,
    effective,
    expiry,
    holds,
    refuse_all,
    save,
    set_service,
    standing,
)
from consent_guard.errors import UnknownPurpose
from consent_guard.policy.model import Basis, Category, Controller, Policy, Service

ALL = {"login", "xiti", "ads", "damdy", "youtube"}


def services(consent: Consent) -> set[str]:
    return set(consent.allowed_services)


# What holds


def test_without_a_choice_each_basis_has_its_default(policy: Policy, now: int) -> None:
    """L01, L10, L53, S10, T05"""
    consent = effective(policy, None, now)
    assert not consent.decided
    assert consent.asks
    assert services(consent) == {"login", "xiti"}
    assert consent.allowed_categories == {"necessary", "audience"}
    assert (consent.choices, consent.decided_at, consent.expires_at, consent.receipt_id) == ({}, None, None, None)


def test_accepting_all_allows_every_service_and_ends_the_asking(policy: Policy, now: int) -> None:
    """S05"""
    consent = effective(policy, accept_all(policy, now), now)
    assert consent.decided
    assert not consent.asks
    assert services(consent) == ALL
    assert consent.choices == {"audience": True, "campaigns": True, "interactivity": True}


def test_what_holds_is_told_in_values_of_json_and_names_no_visitor(policy: Policy, now: int) -> None:
    """L33: for what runs later."""
    told = effective(policy, save(policy, ["ads"], now), now).to_dict()
    assert json.loads(json.dumps(told)) == told
    assert list(told) == ["decided", "decided_at", "expires_at", "categories", "services"]
    assert told["services"] == {"login": True, "xiti": False, "ads": True, "damdy": False, "youtube": False}
    assert told["categories"] == {"necessary": True, "audience": False, "campaigns": False, "interactivity": False}
    assert str(told["expires_at"]) > str(told["decided_at"])
    undecided = effective(policy, None, now).to_dict()
    assert (undecided["decided"], undecided["decided_at"], undecided["expires_at"]) == (False, None, None)


def test_refusing_all_leaves_only_the_necessary_and_ends_the_asking(policy: Policy, now: int) -> None:
    """S06, S09, L53"""
    consent = effective(policy, refuse_all(policy, now), now)
    assert consent.decided
    assert not consent.asks
    assert services(consent) == {"login"}
    assert consent.allowed_categories == {"necessary"}


def test_saving_refuses_what_is_not_listed_exempt_ones_too(policy: Policy, now: int) -> None:
    """S13: one service of a category without the others; DESIGN §5."""
    consent = effective(policy, save(policy, ["damdy"], now), now)
    assert consent.decided
    assert not consent.asks
    assert services(consent) == {"login", "damdy"}
    assert not consent.allows("interactivity")
    assert not consent.allows("audience")


def test_saving_a_category_covers_its_services(policy: Policy, now: int) -> None:
    choice = save(policy, ["interactivity", "youtube"], now)
    assert choice.overrides == {}
    assert services(effective(policy, choice, now)) == {"login", "damdy", "youtube"}


def test_saving_nothing_is_refusing_all(policy: Policy, now: int) -> None:
    assert replace(save(policy, [], now), receipt_id="") == replace(refuse_all(policy, now), receipt_id="")


def test_necessary_ids_are_ignored_in_what_is_saved(policy: Policy, now: int) -> None:
    assert save(policy, ["necessary", "login"], now).answers == refuse_all(policy, now).answers


def test_refusing_audience_alone_withholds_xiti_and_nothing_else(policy: Policy, now: int) -> None:
    """S10"""
    consent = effective(policy, save(policy, ["campaigns", "interactivity"], now), now)
    assert services(consent) == ALL - {"xiti"}


@pytest.mark.parametrize("allow", [["youtub"], ["damdy", "Youtube"], [""], ["youtube "]])
def test_saving_an_unknown_id_is_an_error_that_names_the_nearest(policy: Policy, now: int, allow: list[str]) -> None:
    with pytest.raises(UnknownPurpose):
        save(policy, allow, now)


def test_a_services_own_answer_precedes_its_categorys(policy: Policy, now: int) -> None:
    """DESIGN §5"""
    choice = set_service(policy, accept_all(policy, now), "youtube", False, now)
    consent = effective(policy, choice, now)
    assert services(consent) == ALL - {"youtube"}
    assert consent.allows("interactivity")
    assert not consent.allows("youtube")
    assert consent.choices["youtube"] is False


def test_an_unknown_id_raises_a_lookup_error_with_the_nearest_ids(policy: Policy, now: int) -> None:
    consent = effective(policy, accept_all(policy, now), now)
    with pytest.raises(LookupError, match="youtube"):
        consent.allows("youtub")


def test_an_id_that_names_a_category_and_a_service_needs_both(now: int) -> None:
    policy = Policy(categories=(Category("video", Basis.CONSENT, {}),), services=(Service("video", "video", {}),))
    choice = set_service(policy, refuse_all(policy, now), "video", True, now)
    assert not effective(policy, choice, now).allows("video")


def test_what_views_read_cannot_be_changed(policy: Policy, now: int) -> None:
    consent = effective(policy, accept_all(policy, now), now)
    with pytest.raises(FrozenInstanceError):
        consent.decided = False  # type: ignore[misc]
    with pytest.raises(TypeError):
        consent.choices["ads"] = True  # type: ignore[index]
    assert len({consent, effective(policy, None, now)}) == 2


def test_a_policy_without_questions_never_asks(now: int) -> None:
    policy = Policy(categories=(Category("necessary", Basis.NECESSARY, {}),))
    assert not effective(policy, None, now).asks
    assert effective(policy, accept_all(policy, now), now).decided


# One service


def test_a_service_granted_before_any_choice_is_granted_alone_and_the_banner_stays(policy: Policy, now: int) -> None:
    """DESIGN §5"""
    choice = set_service(policy, None, "youtube", True, now)
    consent = effective(policy, choice, now)
    assert services(consent) == {"login", "xiti", "youtube"}
    assert not consent.decided
    assert consent.asks
    assert consent.decided_at is None
    assert consent.choices == {"youtube": True}


def test_a_service_refused_before_any_choice_is_refused_alone(policy: Policy, now: int) -> None:
    consent = effective(policy, set_service(policy, None, "xiti", False, now), now)
    assert services(consent) == {"login"}
    assert consent.asks


def test_changing_a_service_leaves_the_time_of_the_choice(policy: Policy, now: int) -> None:
    """DESIGN §5, L31"""
    first = accept_all(policy, now)
    later = set_service(policy, first, "youtube", False, now + 1000)
    assert later.made_at == now
    assert later.decided
    assert later.receipt_id != first.receipt_id
    assert effective(policy, later, now + 1000).decided_at == datetime.fromtimestamp(now, UTC)


def test_changing_a_service_twice_keeps_the_last_answer_and_the_others(policy: Policy, now: int) -> None:
    choice = set_service(policy, refuse_all(policy, now), "youtube", True, now)
    choice = set_service(policy, choice, "damdy", True, now)
    choice = set_service(policy, choice, "youtube", False, now)
    assert services(effective(policy, choice, now)) == {"login", "damdy"}


def test_a_service_granted_after_expiry_does_not_revive_the_old_choice(policy: Policy, now: int) -> None:
    """T04"""
    old = accept_all(policy, now)
    late = expiry(policy, old)
    consent = effective(policy, set_service(policy, old, "youtube", True, late), late)
    assert services(consent) == {"login", "xiti", "youtube"}
    assert not consent.decided


def test_a_necessary_service_cannot_be_switched_off(policy: Policy, now: int) -> None:
    """S09"""
    choice = set_service(policy, accept_all(policy, now), "login", False, now)
    assert choice.overrides == {}
    assert effective(policy, choice, now).allows("login")


def test_a_hand_made_answer_for_a_necessary_purpose_does_not_count(policy: Policy, now: int) -> None:
    """S09"""
    choice = replace(accept_all(policy, now), answers={"necessary": False}, overrides={"login": False})
    consent = effective(policy, choice, now)
    assert consent.allows("necessary")
    assert consent.allows("login")


@pytest.mark.parametrize("service", ["interactivity", "nobody", ""])
def test_only_a_known_service_id_can_be_changed(policy: Policy, now: int, service: str) -> None:
    with pytest.raises(UnknownPurpose):
        set_service(policy, None, service, True, now)


def test_once_lets_one_service_load_without_any_answer(policy: Policy, now: int) -> None:
    """DESIGN §5"""
    consent = effective(policy, refuse_all(policy, now), now, once={"youtube", "nobody"})
    assert services(consent) == {"login", "youtube"}
    assert consent.allows("youtube")
    assert not consent.allows("interactivity")
    assert "youtube" not in consent.choices


# Time


def test_a_choice_holds_to_the_second_before_its_thirteen_months_are_over(policy: Policy) -> None:
    """S07, T04"""
    start = datetime(2024, 1, 31, 10, 20, 30, tzinfo=UTC)
    end = int((start + relativedelta(months=13)).timestamp())
    for made in (accept_all, refuse_all):
        choice = made(policy, start.timestamp())
        before = effective(policy, choice, end - 1)
        assert before.decided
        assert not before.asks
        assert before.expires_at == datetime(2025, 2, 28, 10, 20, 30, tzinfo=UTC)
        after = effective(policy, choice, end)
        assert after.asks
        assert services(after) == {"login", "xiti"}
        assert after.receipt_id is None


def test_the_policy_of_today_says_how_long_a_choice_holds(policy: Policy, now: int) -> None:
    """T04"""
    choice = accept_all(policy, now)
    shorter = replace(policy, choice_months=1)
    assert not holds(shorter, choice, expiry(shorter, choice))
    assert holds(policy, choice, expiry(shorter, choice))


def test_a_choice_more_than_five_minutes_in_the_future_is_no_choice(policy: Policy, now: int) -> None:
    """T08, K6"""
    choice = accept_all(policy, now)
    assert holds(policy, choice, now - 300)
    assert not holds(policy, choice, now - 300.001)


def test_a_choice_of_an_earlier_revision_is_no_choice(policy: Policy, now: int) -> None:
    """L12"""
    assert effective(replace(policy, revision=policy.revision + 1), accept_all(policy, now), now).asks


def test_a_choice_of_a_newer_revision_counts_for_what_both_name(policy: Policy, widened: Policy, now: int) -> None:
    """DESIGN §5: whatever the digests, and nothing is asked that the newer policy does not ask."""
    for act in (accept_all, refuse_all):
        newer = act(replace(widened, revision=policy.revision + 1), now)
        here = act(policy, now)
        assert effective(policy, newer, now).allowed_services == effective(policy, here, now).allowed_services
        kept = sorted(newer.answers)[0]
        fewer = replace(newer, answers={kept: newer.answers[kept]})
        consent = effective(policy, fewer, now)
        assert not consent.asks
        assert dict(consent.choices) == {kept: newer.answers[kept]}


# What was shown


def test_a_new_partner_ends_the_grant_of_its_category_alone_and_asks_again(policy: Policy, widened: Policy, now: int) -> None:
    """L12, DESIGN §5"""
    consent = effective(widened, accept_all(policy, now), now)
    assert services(consent) == {"login", "xiti", "ads"}
    assert consent.asks
    assert consent.decided
    assert consent.choices == {"audience": True, "campaigns": True}


def test_a_new_controller_ends_the_grant(policy: Policy, now: int) -> None:
    """L12"""
    sold = replace(
        policy,
        services=tuple(
            replace(service, controller=Controller("Other Ltd")) if service.id == "ads" else service
            for service in policy.services
        ),
    )
    consent = effective(sold, accept_all(policy, now), now)
    assert not consent.allows("ads")
    assert consent.asks


def test_a_new_basis_ends_the_grant(policy: Policy, now: int) -> None:
    """L12"""
    stricter = replace(
        policy,
        categories=tuple(
            replace(category, basis=Basis.CONSENT) if category.id == "audience" else category for category in policy.categories
        ),
    )
    assert not effective(stricter, accept_all(policy, now), now).allows("xiti")


def test_a_refusal_stands_when_its_category_changed_and_nobody_is_asked_again(
    policy: Policy, widened: Policy, now: int
) -> None:
    """DESIGN §5, L29"""
    consent = effective(widened, refuse_all(policy, now), now)
    assert not consent.asks
    assert not consent.allows("vimeo")
    assert not consent.allows("xiti")


def test_a_single_grant_ends_and_a_single_refusal_stands_when_the_category_changed(
    policy: Policy, widened: Policy, now: int
) -> None:
    """DESIGN §5"""
    granted = set_service(policy, refuse_all(policy, now), "youtube", True, now)
    assert not effective(widened, granted, now).allows("youtube")
    refused = set_service(policy, accept_all(policy, now), "youtube", False, now)
    assert standing(widened, refused)[1] == {"youtube": False}


def test_granting_one_service_of_a_changed_category_revives_nothing_else(policy: Policy, widened: Policy, now: int) -> None:
    """L12"""
    old = set_service(policy, accept_all(policy, now), "damdy", True, now)
    consent = effective(widened, set_service(widened, old, "youtube", True, now), now)
    assert consent.allows("youtube")
    assert not consent.allows("damdy")
    assert not consent.allows("vimeo")
    assert not consent.allows("interactivity")
    assert consent.decided
    assert consent.asks


def test_a_new_category_is_asked_about_and_has_its_default(policy: Policy, now: int) -> None:
    """L12"""
    grown = replace(policy, categories=(*policy.categories, Category("chat", Basis.CONSENT, {})))
    consent = effective(grown, accept_all(policy, now), now)
    assert consent.asks
    assert not consent.allows("chat")
    assert consent.allows("youtube")


def test_better_words_for_a_category_leave_its_grant(policy: Policy, now: int) -> None:
    reworded = replace(policy, categories=tuple(replace(category, title={"en": "New"}) for category in policy.categories))
    assert not effective(reworded, accept_all(policy, now), now).asks


# The signal


def test_gpc_refuses_only_the_categories_that_heed_it(policy: Policy, now: int) -> None:
    """G03"""
    heeding = replace(
        policy,
        categories=tuple(replace(category, gpc=category.id in ("audience", "necessary")) for category in policy.categories),
    )
    consent = effective(heeding, None, now, gpc=True)
    assert consent.gpc
    assert services(consent) == {"login"}
    assert effective(heeding, None, now).allows("xiti")


def test_gpc_gives_way_to_an_explicit_choice(policy: Policy, now: int) -> None:
    """G03"""
    assert effective(policy, None, now, gpc=True).gpc
    accepted = effective(policy, accept_all(policy, now), now, gpc=True)
    assert accepted.allows("ads")
    assert not accepted.gpc
    one = set_service(policy, None, "ads", True, now)
    assert effective(policy, one, now, gpc=True).allows("ads")


def test_gpc_holds_again_where_a_grant_no_longer_counts(policy: Policy, now: int) -> None:
    """G03, L12"""
    heeding = replace(policy, categories=tuple(replace(category, gpc=True) for category in policy.categories))
    choice = accept_all(heeding, now)
    wider = replace(heeding, services=(*heeding.services, Service("piano", "audience", {})))
    assert effective(wider, choice, now).allows("piano")
    assert not effective(wider, choice, now, gpc=True).allows("piano")


def test_gpc_where_no_category_heeds_it_changes_nothing(policy: Policy, now: int) -> None:
    """G03"""
    deaf = replace(policy, categories=tuple(replace(category, gpc=False) for category in policy.categories))
    assert effective(deaf, None, now, gpc=True) == effective(deaf, None, now)


# The state key


def test_the_state_key_is_the_same_for_all_who_permit_the_same(policy: Policy, now: int) -> None:
    """L07"""
    first, second = accept_all(policy, now), accept_all(policy, now + 5000)
    assert first.receipt_id != second.receipt_id
    single = save(policy, ["audience", "campaigns", "interactivity"], now)
    key = effective(policy, first, now + 5000).state_key
    assert effective(policy, second, now + 5000).state_key == key
    assert effective(policy, single, now + 5000).state_key == key


def test_the_state_key_changes_with_permissions_asking_and_policy(policy: Policy, widened: Policy, now: int) -> None:
    """H23, N3"""
    states = [
        effective(policy, None, now),
        effective(policy, accept_all(policy, now), now),
        effective(policy, refuse_all(policy, now), now),
        effective(policy, save(policy, ["audience"], now), now),
        effective(policy, save(policy, ["damdy"], now), now),
        effective(policy, save(policy, ["youtube"], now), now),
        effective(policy, None, now, once={"youtube"}),
        effective(widened, None, now),
        effective(replace(policy, revision=4), None, now),
    ]
    assert len({state.state_key for state in states}) == len(states)
    assert all(state.state_key.isalnum() and state.state_key.isascii() for state in states)


IDS = ["audience", "campaigns", "interactivity", "login", "xiti", "ads", "damdy", "youtube"]


@given(st.sets(st.sampled_from(IDS)), st.sampled_from(IDS), st.booleans())
def test_what_is_remembered_never_changes_the_answer(allow: set[str], again: str, gpc: bool) -> None:
    """The permissions that many visitors share are those that each would get alone."""
    policy = Policy(
        categories=(
            Category("audience", Basis.EXEMPT, {}),
            Category("campaigns", Basis.CONSENT, {}, gpc=True),
            Category("interactivity", Basis.CONSENT, {}),
            Category("necessary", Basis.NECESSARY, {}),
        ),
        services=(
            Service("login", "necessary", {}),
            Service("xiti", "audience", {}),
            Service("ads", "campaigns", {}),
            Service("damdy", "interactivity", {}),
            Service("youtube", "interactivity", {}),
        ),
    )
    consent = effective(policy, save(policy, allow, 0), 0, gpc)
    for service in policy.services:
        named = service.id in allow or service.category in allow or service.category == "necessary"
        assert consent.allows(service.id) is named
    assert effective(policy, save(policy, [again], 0), 0, gpc).allows(again)
    assert effective(policy, save(policy, allow, 0), 0, gpc).allowed_services == consent.allowed_services


def test_a_choice_is_a_plain_value(policy: Policy, now: int) -> None:
    choice = accept_all(policy, now)
    assert pickle.loads(pickle.dumps(choice)) == choice
    assert isinstance(choice, Choice)


def test_what_is_denied_by_itself_is_refused_although_its_category_is_allowed(policy: Policy, now: int) -> None:
    """DESIGN §5"""
    choice = save(policy, ["interactivity", "ads"], now, deny=["youtube", "ads", "xiti", "login"])
    assert choice.answers == {"audience": False, "campaigns": False, "interactivity": True}
    assert choice.overrides == {"youtube": False}
    assert services(effective(policy, choice, now)) == {"login", "damdy"}
