from __future__ import annotations

from dataclasses import replace

import pytest

from consent_guard.consent.terms import terms_of
from consent_guard.errors import UnknownPurpose
from consent_guard.policy.model import Basis, Category, Policy, Service


def test_necessary_purposes_are_not_asked_about(policy: Policy) -> None:
    """S09"""
    terms = terms_of(policy)
    assert terms.asked == ("audience", "campaigns", "interactivity")
    assert "login" not in terms.category_of
    assert terms.needed == {"login"}


def test_the_exempt_basis_is_on_by_default_and_consent_is_off(policy: Policy) -> None:
    """L10, L53"""
    assert terms_of(policy).defaults == {"audience": True, "campaigns": False, "interactivity": False}


def test_terms_are_compiled_once_for_one_policy_and_anew_for_another(policy: Policy, widened: Policy) -> None:
    assert terms_of(policy) is terms_of(policy)
    assert terms_of(widened).digests["interactivity"] != terms_of(policy).digests["interactivity"]
    assert terms_of(widened).digests["audience"] == terms_of(policy).digests["audience"]


def test_many_policies_never_get_each_others_terms() -> None:
    for number in range(200):
        made = Policy(categories=(Category(f"c{number}", Basis.CONSENT, {}),))
        assert terms_of(made).asked == (f"c{number}",)


def test_a_service_in_no_category_is_refused(policy: Policy) -> None:
    broken = replace(policy, services=(Service("lost", "audiense", {}),))
    with pytest.raises(UnknownPurpose, match="audience"):
        terms_of(broken)
