"""What a choice is measured against: the purposes that a policy asks about, their defaults, and what was shown for each.

Compiled once per policy. May import the policy's values and digests. Called by the choice and by the token.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ..policy.digest import category_digest, policy_digest
from ..policy.model import Basis, Policy
from .per_policy import PerPolicy


@dataclass(frozen=True, slots=True, eq=False)
class Terms:
    """One policy, seen as a list of questions. ``asked`` are all categories but the necessary ones, in the policy's order."""

    policy: Policy
    asked: tuple[str, ...]
    defaults: Mapping[str, bool]
    """Asked category id to what holds without an answer: True for the exempt basis."""
    signalled: frozenset[str]
    """Asked categories that Sec-GPC refuses (G03)."""
    digests: Mapping[str, str]
    """Asked category id to the digest of what is shown for it now."""
    category_of: Mapping[str, str]
    """Service id to its category, for the services of asked categories."""
    necessary: frozenset[str]
    """Necessary category ids."""
    needed: frozenset[str]
    """Services of necessary categories."""
    policy_digest: str


def terms_of(policy: Policy) -> Terms:
    """Return the compiled terms of this very policy object. Thread-safe. Raises UnknownPurpose for a service in no category."""
    return _terms.of(policy)


def _build(policy: Policy) -> Terms:
    asked = [category for category in policy.categories if category.basis is not Basis.NECESSARY]
    asked_ids = {category.id for category in asked}
    homes = {service.id: policy.category(service.category).id for service in policy.services}
    return Terms(
        policy=policy,
        asked=tuple(category.id for category in asked),
        defaults={category.id: category.basis is Basis.EXEMPT for category in asked},
        signalled=frozenset(category.id for category in asked if category.gpc),
        digests={category.id: category_digest(policy, category.id) for category in asked},
        category_of={service: home for service, home in homes.items() if home in asked_ids},
        necessary=frozenset(category.id for category in policy.categories if category.id not in asked_ids),
        needed=frozenset(service for service, home in homes.items() if home not in asked_ids),
        policy_digest=policy_digest(policy),
    )


_terms = PerPolicy(_build, most=16)
