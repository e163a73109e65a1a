"""The visitor's choice: what was answered, what of it still stands, and what it permits now.

``Choice`` is what the token stores, ``Consent`` what views and the engine read. The acts (accept, refuse, save, one service)
each return a new Choice. No clock: the time is always given. May import the domain layer, errors and limits. Called by the
engine, the adapters (for ``Consent``) and the token signer.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import MappingProxyType

from ..limits import CLOCK_SKEW_SECONDS
from ..policy.model import Policy
from .months import add_months
from .receipt import new_receipt_id
from .terms import Terms, terms_of

_REMEMBERED = 256


@dataclass(frozen=True, slots=True)
class Choice:
    """A stored choice, as its token holds it. Necessary purposes never stand in it.

    ``revision``: the policy revision under which it was made; under a newer one it does not count.
    ``answers``: category id to answer. A category is missing where nobody answered for it.
    ``overrides``: service id to answer, where it was answered by itself.
    ``digests``: category id to the digest of what was shown for it; a grant counts only while it is unchanged (L12).
    ``made_at``: Unix seconds. The choice lives from here, and later visits or changes do not extend it (L31).
    ``receipt_id``: names the act in the records that are kept of it; not the visitor.
    ``decided``: false where only single services were answered: the visitor is still to be asked.
    """

    revision: int
    answers: Mapping[str, bool]
    overrides: Mapping[str, bool]
    digests: Mapping[str, str]
    made_at: int
    receipt_id: str
    decided: bool = True


@dataclass(frozen=True, slots=True)
class Consent:
    """What one visitor permits, for one request. Frozen; handed to views.

    ``decided``: a stored, valid answer to the whole question exists.
    ``choices``: the explicit answers that count now: category and service ids to True or False. Read-only.
    ``decided_at``: when the answer was given (aware, UTC); None while undecided.
    ``expires_at``: the first second at which it no longer counts (aware, UTC); None while undecided.
    ``receipt_id``: names the act by which something was last answered, were it for a single service; None where nothing was,
    and where another tool keeps the choice.
    ``allowed_categories``: ids of the categories that are permitted.
    ``allowed_services``: ids of the services that are permitted.
    ``asks``: the banner is due: nothing was decided, or some purpose is new, or has changed since it was granted.
    ``gpc``: ``Sec-GPC: 1`` came, and at least one category that heeds it is off.
    ``state_key``: names the effective permissions under this policy, for ETags. The same for every visitor who permits the same
    (L07).
    """

    decided: bool
    choices: Mapping[str, bool] = field(hash=False)
    decided_at: datetime | None
    expires_at: datetime | None
    receipt_id: str | None
    allowed_categories: frozenset[str]
    allowed_services: frozenset[str]
    asks: bool
    gpc: bool
    state_key: str
    _terms: Terms = field(repr=False, compare=False)

    def allows(self, purpose: str) -> bool:
        """Return whether a category or a service may store and read now.

        For a service: its own answer, else its category's, else the basis default. For a category: its own answer, else the
        default. Raises UnknownPurpose, a LookupError that names the nearest ids. Source: DESIGN §5.
        """
        terms = self._terms
        category = purpose in terms.defaults or purpose in terms.necessary
        service = purpose in terms.category_of or purpose in terms.needed
        if not category and not service:
            raise terms.policy.unknown(purpose)
        return (not category or purpose in self.allowed_categories) and (not service or purpose in self.allowed_services)

    def to_dict(self) -> dict[str, object]:
        """Return what holds now in values of JSON, as ``GET {path}/state`` does: for a job that runs later, or for another
        system's interface. It names no visitor. What runs later asks ``expires_at``, and does not learn of a withdrawal."""
        policy = self._terms.policy
        return {
            "decided": self.decided,
            "decided_at": self.decided_at.isoformat() if self.decided_at is not None else None,
            "expires_at": self.expires_at.isoformat() if self.expires_at is not None else None,
            "categories": {category.id: category.id in self.allowed_categories for category in policy.categories},
            "services": {service.id: service.id in self.allowed_services for service in policy.services},
        }


@dataclass(frozen=True, slots=True)
class _Permissions:
    """The part of a Consent that many visitors share."""

    choices: Mapping[str, bool]
    categories: frozenset[str]
    services: frozenset[str]
    asks: bool
    gpc: bool
    state_key: str


def expiry(policy: Policy, choice: Choice) -> int:
    """Return the first Unix second at which this choice no longer counts: ``choice_months`` calendar months on (T04, S07)."""
    return add_months(choice.made_at, policy.choice_months)


def holds(policy: Policy, choice: Choice, now: float) -> bool:
    """Return whether a choice counts at ``now``: no earlier revision, not from the future, not expired (T04, T08).

    One of a newer revision counts: it was given to a guard of the next release, which serves beside this one while that is
    rolled out, and to ask again would lead the visitor from one guard to the other and back.
    """
    return choice.revision >= policy.revision and choice.made_at <= now + CLOCK_SKEW_SECONDS and now < expiry(policy, choice)


def standing(policy: Policy, choice: Choice) -> tuple[dict[str, bool], dict[str, bool]]:
    """Return the category answers and service overrides of a choice that still count under this policy.

    A refusal stands. A grant counts only while its category is as it was shown: the same services, controllers and basis (L12).
    What was shown under a newer revision is not known here, and counts as it is.
    """
    terms = terms_of(policy)
    newer = choice.revision > policy.revision
    shown = {category for category in terms.asked if newer or choice.digests.get(category) == terms.digests[category]}
    answers = {
        category: answer
        for category in terms.asked
        if (answer := choice.answers.get(category)) is not None and (not answer or category in shown)
    }
    overrides = {
        service: answer
        for service, answer in choice.overrides.items()
        if (category := terms.category_of.get(service)) is not None and (not answer or category in shown)
    }
    return answers, overrides


def effective(
    policy: Policy, choice: Choice | None, now: float, gpc: bool = False, once: Collection[str] = frozenset()
) -> Consent:
    """Return what holds at ``now``: the standing answers, else the signal, else each basis's default (DESIGN §5, G03).

    ``gpc`` is whether ``Sec-GPC: 1`` came. ``once`` names services that may load on this page only.
    A choice that does not count at ``now`` is no choice (T05).
    """
    terms = terms_of(policy)
    if choice is not None and not holds(policy, choice, now):
        choice = None
    permissions = _remembered(terms, choice, gpc and bool(terms.signalled), frozenset(once))
    decided = choice is not None and choice.decided
    return Consent(
        decided=decided,
        choices=permissions.choices,
        decided_at=datetime.fromtimestamp(choice.made_at, UTC) if choice is not None and decided else None,
        expires_at=datetime.fromtimestamp(expiry(policy, choice), UTC) if choice is not None and decided else None,
        receipt_id=choice.receipt_id if choice is not None else None,
        allowed_categories=permissions.categories,
        allowed_services=permissions.services,
        asks=permissions.asks,
        gpc=permissions.gpc,
        state_key=permissions.state_key,
        _terms=terms,
    )


def imported(
    policy: Policy,
    answers: Mapping[str, bool],
    overrides: Mapping[str, bool],
    *,
    decided: bool,
    made_at: float | None,
    gpc: bool = False,
    once: Collection[str] = frozenset(),
) -> Consent:
    """Return what holds by a choice that another tool keeps (``import_from``).

    We never ask beside that tool, and its choice lasts as long as its cookie does: ``expires_at`` is None. ``made_at`` is in
    Unix seconds where the tool tells, else None.
    """
    terms = terms_of(policy)
    choice = Choice(policy.revision, answers, overrides, terms.digests, 0, "", decided)
    permissions = _remembered(terms, choice, gpc and bool(terms.signalled), frozenset(once))
    try:
        decided_at = datetime.fromtimestamp(made_at, UTC) if decided and made_at is not None else None
    except (ValueError, OverflowError, OSError):
        decided_at = None
    return Consent(
        decided=decided,
        choices=permissions.choices,
        decided_at=decided_at,
        expires_at=None,
        receipt_id=None,
        allowed_categories=permissions.categories,
        allowed_services=permissions.services,
        asks=False,
        gpc=permissions.gpc,
        state_key=permissions.state_key,
        _terms=terms,
    )


def accept_all(policy: Policy, now: float, receipt_id: str | None = None) -> Choice:
    """Return the choice of somebody who grants every purpose."""
    return _complete(policy, now, receipt_id, granted=terms_of(policy).asked)


def refuse_all(policy: Policy, now: float, receipt_id: str | None = None) -> Choice:
    """Return the choice of somebody who refuses every purpose, the exempt ones too (L53)."""
    return _complete(policy, now, receipt_id)


def save(
    policy: Policy, allow: Iterable[str], now: float, receipt_id: str | None = None, *, deny: Iterable[str] = ()
) -> Choice:
    """Return a complete answer: what ``allow`` lists is granted, all else is refused, exempt purposes too.

    A category covers its services; a service is granted by itself; ``deny`` refuses what its category would cover, and wins
    over ``allow``; ids of necessary purposes are ignored. Raises UnknownPurpose for an id that the policy does not hold.
    """
    terms = terms_of(policy)
    refused = set(_known(terms, deny))
    granted = set(_known(terms, allow)) - refused
    categories = granted & terms.defaults.keys()
    overrides = {service: True for service in granted - categories if terms.category_of[service] not in categories}
    overrides |= {service: False for service in refused & terms.category_of.keys() if terms.category_of[service] in categories}
    return _complete(policy, now, receipt_id, granted=categories, overrides=dict(sorted(overrides.items())))


def _known(terms: Terms, purposes: Iterable[str]) -> Iterator[str]:
    """Yield the ids that can be answered for; raise UnknownPurpose for one that the policy does not hold."""
    for purpose in purposes:
        if purpose in terms.defaults or purpose in terms.category_of:
            yield purpose
        elif purpose not in terms.necessary and purpose not in terms.needed:
            raise terms.policy.unknown(purpose)


def set_service(
    policy: Policy, choice: Choice | None, service: str, allow: bool, now: float, receipt_id: str | None = None
) -> Choice:
    """Return the choice with one service changed; ``made_at`` stays, so the change does not extend it.

    Before any choice it answers for this service alone, and the visitor is still to be asked. A necessary service cannot be
    changed. Raises UnknownPurpose for anything but a service id of the policy.
    """
    terms = terms_of(policy)
    home = policy.service(service).category
    if choice is None or not holds(policy, choice, now):
        choice = Choice(policy.revision, {}, {}, {}, int(now), "", decided=False)
    # What no longer stands is dropped before the digests are renewed, or the renewal would revive it.
    answers, overrides = standing(policy, choice)
    if home in terms.defaults:
        overrides[service] = allow
    touched = {*answers, *(terms.category_of[known] for known in overrides)}
    return Choice(
        revision=policy.revision,
        answers=answers,
        overrides=overrides,
        digests={category: terms.digests[category] for category in terms.asked if category in touched},
        made_at=choice.made_at,
        receipt_id=receipt_id or new_receipt_id(),
        decided=choice.decided,
    )


def _complete(
    policy: Policy,
    now: float,
    receipt_id: str | None,
    granted: Collection[str] = (),
    overrides: Mapping[str, bool] | None = None,
) -> Choice:
    terms = terms_of(policy)
    return Choice(
        revision=policy.revision,
        answers={category: category in granted for category in terms.asked},
        overrides=overrides or {},
        digests=dict(terms.digests),
        made_at=int(now),
        receipt_id=receipt_id or new_receipt_id(),
    )


_permissions: dict[tuple[object, ...], _Permissions] = {}


def _remembered(terms: Terms, choice: Choice | None, gpc: bool, once: frozenset[str]) -> _Permissions:
    """Return the permissions, from memory where the same answers came lately. Visitors mostly accept or refuse everything."""
    answered: tuple[object, ...] | None = None
    if choice is not None:
        parts = (choice.answers, choice.overrides, choice.digests)
        answered = (choice.revision, choice.decided, *(tuple(sorted(part.items())) for part in parts))
    key = (terms, answered, gpc, once)
    known = _permissions.get(key)
    if known is None:
        known = _permit(terms, choice, gpc, once)
        if len(_permissions) >= _REMEMBERED:
            _permissions.clear()
        _permissions[key] = known
    return known


def _permit(terms: Terms, choice: Choice | None, gpc: bool, once: frozenset[str]) -> _Permissions:
    answers, overrides = ({}, {}) if choice is None else standing(terms.policy, choice)
    allowed = {
        category: answers.get(category, default and not (gpc and category in terms.signalled))
        for category, default in terms.defaults.items()
    }
    categories = terms.necessary.union(category for category, allows in allowed.items() if allows)
    services = terms.needed.union(
        service for service, home in terms.category_of.items() if service in once or overrides.get(service, allowed[home])
    )
    newer = choice is not None and choice.revision > terms.policy.revision  # it answered all that the newer policy asks
    asks = bool(terms.asked) and (choice is None or not choice.decided or (not newer and len(answers) < len(terms.asked)))
    state = "\n".join((terms.policy_digest, str(asks), *sorted(categories), "", *sorted(services)))
    return _Permissions(
        choices=MappingProxyType({**answers, **overrides}),
        categories=categories,
        services=services,
        asks=asks,
        gpc=gpc and any(not allowed[category] for category in terms.signalled),
        state_key=hashlib.sha256(state.encode()).hexdigest()[:12],
    )
