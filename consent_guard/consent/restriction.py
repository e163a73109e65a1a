"""Several valid choices read as one: the most restrictive (K10, K11).

A sibling host can toss its own valid token at a visitor. Where valid tokens differ, only what each of them permits counts.
May import the domain layer. Called by the token signer.
"""

from __future__ import annotations

from collections.abc import Sequence

from ..policy.model import Policy
from .choice import Choice, standing
from .terms import terms_of


def most_restrictive(policy: Policy, choices: Sequence[Choice]) -> Choice:
    """Return one choice that permits at most what every one of ``choices`` permits. The order given does not matter.

    It is as old as the oldest, carries that one's receipt id and the newest revision, and is undecided where any of them is.
    Raises ValueError for none at all.
    """
    terms = terms_of(policy)
    oldest = min(choices, key=lambda choice: (choice.made_at, choice.receipt_id))
    readings = [standing(policy, choice) for choice in choices]
    answers = {
        category: answer
        for category in terms.asked
        if (answer := _agreed([answers.get(category) for answers, _ in readings])) is not None
    }
    overrides = {
        service: answer
        for service, home in terms.category_of.items()
        if (answer := _agreed([overrides.get(service, answers.get(home)) for answers, overrides in readings])) is not None
        and answer != answers.get(home)
    }
    return Choice(
        revision=max(choice.revision for choice in choices),
        answers=answers,
        overrides=overrides,
        digests=dict(terms.digests),
        made_at=oldest.made_at,
        receipt_id=oldest.receipt_id,
        decided=all(choice.decided for choice in choices),
    )


def _agreed(answers: Sequence[bool | None]) -> bool | None:
    """Return False where any refuses, True where all grant, None where the default is the most that all permit."""
    if False in answers:
        return False
    return None if None in answers else True
