"""What is compiled of a policy is compiled once for each policy object."""

from __future__ import annotations

from dataclasses import replace

from consent_guard.consent.per_policy import PerPolicy
from consent_guard.policy.model import Policy


def test_the_same_object_gets_the_same_and_an_equal_one_its_own(policy: Policy) -> None:
    made: list[Policy] = []
    memory = PerPolicy(lambda one: made.append(one) or len(made), most=2)
    again = replace(policy)
    assert again == policy
    assert [memory.of(one) for one in (policy, policy, again, policy)] == [1, 1, 2, 1]
    assert len(made) == 2


def test_no_more_are_remembered_than_it_is_made_for(policy: Policy) -> None:
    made: list[Policy] = []
    memory = PerPolicy(lambda one: made.append(one) or len(made), most=2)
    policies = [replace(policy) for _ in range(3)]
    assert [memory.of(one) for one in policies] == [1, 2, 3]
    assert memory.of(policies[2]) == 3
    assert memory.of(policies[0]) == 4
