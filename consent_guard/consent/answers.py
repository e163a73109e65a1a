"""A decided choice from lists of ids: what tests and audits put in a visitor's mouth.

May import the domain layer. Called by the tools; no request leads here.
"""

from __future__ import annotations

from collections.abc import Iterable

from ..policy.model import Policy
from .choice import Choice
from .receipt import new_receipt_id
from .terms import Terms, terms_of


def answered(policy: Policy, allow: str | Iterable[str], deny: str | Iterable[str], at: int) -> Choice:
    """Return the choice that starts from each basis's default (exempt on, consent off), refuses what ``deny`` lists, then
    grants what ``allow`` lists: category and service ids, or ``"*"`` for every category. Necessary ids are ignored.

    ``at`` is when it was made, in Unix seconds. Raises UnknownPurpose for an id that the policy does not hold.
    """
    terms = terms_of(policy)
    answers = dict(terms.defaults)
    overrides: dict[str, bool] = {}
    for purposes, answer in ((deny, False), (allow, True)):
        for purpose in _expanded(purposes, terms):
            if purpose in answers:
                answers[purpose] = answer
            elif purpose in terms.category_of:
                overrides[purpose] = answer
            elif purpose not in terms.necessary and purpose not in terms.needed:
                raise policy.unknown(purpose)
    return Choice(policy.revision, answers, overrides, dict(terms.digests), at, new_receipt_id())


def _expanded(purposes: str | Iterable[str], terms: Terms) -> list[str]:
    """Return the ids, with ``"*"`` replaced by every category; a string is one id."""
    listed = [purposes] if isinstance(purposes, str) else list(purposes)
    return [id for purpose in listed for id in (terms.asked if purpose == "*" else (purpose,))]
