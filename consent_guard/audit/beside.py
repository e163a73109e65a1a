"""What the catalogue knows beside a policy: nobody has consented to a service that the policy does not list.

The guard lets such a host pass unless ``unlisted_hosts = "block"``; whoever audits a site is to be told of it in every tool
alike. May import the domain. The leak finder and the browser scan ask it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Final

from ..consent.per_policy import PerPolicy
from ..consent.terms import terms_of
from ..policy.cookie_names import CookieIndex
from ..policy.hosts import HostIndex
from ..policy.model import Basis, Category, CookieRule, HostRule, Policy, Service

NOT_LISTED: Final = "not-listed"
"""The category of services that the catalogue knows and the policy does not list. Only their own ids grant them."""


def with_catalogue(policy: Policy) -> Policy:
    """Return the policy with the catalogue's other services beside it, to which nobody has consented. What the policy names is
    left to the policy. The same object for the same policy object: what is compiled of it is compiled once. Thread-safe."""
    return _made.of(policy)


def _make(policy: Policy) -> Policy:
    own = {service.id for service in policy.services}
    others = [service for service in Policy.load(None).services if service.id not in own]
    if not others:
        return policy
    hosts, cookies = HostIndex(policy), CookieIndex(policy)
    added: list[Service] = []
    for service in others:
        rules = tuple(rule for rule in service.hosts if not _decided(rule, hosts))
        names = tuple(rule for rule in service.cookies if not _named(rule, cookies))
        if rules or names:
            added.append(replace(service, category=NOT_LISTED, hosts=rules, cookies=names, inline=(), exempt=""))
    if not added:
        return policy
    unlisted = Category(NOT_LISTED, Basis.CONSENT, {"en": "Not listed in the policy"})
    return replace(policy, categories=(*policy.categories, unlisted), services=(*policy.services, *added))


def spelled_out(ids: Iterable[str], policy: Policy) -> frozenset[str]:
    """Return ids with ``"*"`` replaced by every category that the policy itself asks about."""
    return frozenset(id for one in ids for id in (terms_of(policy).asked if one == "*" else (one,)))


def _decided(rule: HostRule, hosts: HostIndex) -> bool:
    return not rule.host or hosts.match(rule.one_host, rule.path or "/", rule.query) is not None


def _named(rule: CookieRule, cookies: CookieIndex) -> bool:
    return cookies.match(rule.name.replace("*", "1" if rule.digits else "")) is not None or cookies.match(rule.name) is not None


_made = PerPolicy(_make, most=8)
