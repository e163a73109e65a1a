"""What is told of a stored choice, to whoever wonders why it does not count (K1 to K9)."""

from __future__ import annotations

import pytest

from consent_guard.consent.choice import accept_all
from consent_guard.consent.token import TokenSigner
from consent_guard.errors import SecretKeyError
from consent_guard.limits import CONSENT_COOKIE_BYTES
from consent_guard.policy.model import Policy


def test_a_choice_that_counts_has_nothing_against_it(policy: Policy, signer: TokenSigner, now: int) -> None:
    choice = accept_all(policy, now)
    told = signer.explain(signer.sign(choice), now)
    assert told.counts
    assert (told.choice, told.verified, told.reason) == (choice, True, "")


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ("x" * (CONSENT_COOKIE_BYTES + 1), "longer than"),
        ("no choice", "not spelt"),
        ("", "not spelt"),
        ("A" * 60 + "." + "A" * 43, "none of the keys"),
    ],
)
def test_what_is_no_choice_is_told_apart(signer: TokenSigner, now: int, value: str, reason: str) -> None:
    told = signer.explain(value, now)
    assert not told.counts
    assert not told.verified
    assert told.choice is None
    assert reason in told.reason


def test_a_choice_of_another_time_or_policy_says_which(
    policy: Policy, widened: Policy, signer: TokenSigner, key: str, now: int
) -> None:
    token = signer.sign(accept_all(policy, now))
    assert "future" in signer.explain(token, now - 301).reason
    assert "expired" in signer.explain(token, now + 400 * 86_400).reason
    other = TokenSigner(Policy(categories=policy.categories[:2], services=(), revision=policy.revision), key)
    assert "purposes that this policy lacks" in other.explain(token, now).reason
    forged = TokenSigner(policy, "another key of the tests, longer than 32 bytes").sign(accept_all(policy, now))
    assert signer.explain(forged, now).choice is None
    unverified = signer.explain(forged, now, verify=False)
    assert unverified.choice is not None
    assert not unverified.counts


def test_a_key_without_a_utf8_form_is_refused_by_name(policy: Policy) -> None:
    """K2"""
    with pytest.raises(SecretKeyError, match="UTF-8"):
        TokenSigner(policy, "a key with half a character \ud800 in it, long enough")
