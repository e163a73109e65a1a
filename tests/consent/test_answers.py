"""A choice from lists of ids, as tests and audits give it."""

from __future__ import annotations

import pytest

from consent_guard.consent.answers import answered
from consent_guard.consent.choice import effective
from consent_guard.consent.token import TokenSigner
from consent_guard.errors import UnknownPurpose
from consent_guard.policy.model import Policy


@pytest.mark.parametrize(
    ("allow", "deny", "answers", "overrides"),
    [
        ((), (), {"audience": True, "campaigns": False, "interactivity": False}, {}),
        ("*", (), {"audience": True, "campaigns": True, "interactivity": True}, {}),
        ((), "*", {"audience": False, "campaigns": False, "interactivity": False}, {}),
        ("campaigns", "audience", {"audience": False, "campaigns": True, "interactivity": False}, {}),
        (["youtube"], ["ads"], {"audience": True, "campaigns": False, "interactivity": False}, {"ads": False, "youtube": True}),
        (["*"], ["damdy"], {"audience": True, "campaigns": True, "interactivity": True}, {"damdy": False}),
        (["youtube"], ["youtube"], {"audience": True, "campaigns": False, "interactivity": False}, {"youtube": True}),
        (["login", "necessary"], [], {"audience": True, "campaigns": False, "interactivity": False}, {}),
    ],
)
def test_it_starts_from_the_defaults_refuses_and_then_grants(
    policy: Policy,
    now: int,
    allow: str | list[str],
    deny: str | list[str],
    answers: dict[str, bool],
    overrides: dict[str, bool],
) -> None:
    """DESIGN §5"""
    choice = answered(policy, allow, deny, now)
    assert (choice.answers, choice.overrides) == (answers, overrides)
    assert (choice.revision, choice.made_at, choice.decided) == (policy.revision, now, True)
    consent = effective(policy, choice, now)
    assert not consent.asks, "each category counts as it was shown"
    assert consent.choices == {**answers, **overrides}


def test_it_can_be_signed_and_read_again(policy: Policy, signer: TokenSigner, now: int) -> None:
    choice = answered(policy, ["youtube"], ["audience"], now)
    assert signer.read(signer.sign(choice), now) == choice


@pytest.mark.parametrize(("allow", "deny"), [("youtub", ()), ((), ["campaign"]), (["*", ""], ())])
def test_an_id_that_the_policy_does_not_hold_is_named(policy: Policy, now: int, allow: str, deny: list[str]) -> None:
    with pytest.raises(UnknownPurpose):
        answered(policy, allow, deny, now)
