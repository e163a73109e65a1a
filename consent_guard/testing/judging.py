"""Under which policy a test's responses are judged, and for which visitor, where the test does not say so itself.

A policy is widened by what the catalogue knows beside it: nobody has consented to a service that the policy does not list. May
import the domain and the leak finder. ``assertions``, ``crawling`` and the pytest plugin call it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from ..audit.leaks import Inspection, LeakFinder
from ..consent.terms import terms_of
from ..policy.cookie_names import CookieIndex
from ..policy.hosts import HostIndex
from ..policy.model import Basis, Category, CookieRule, HostRule, Policy, Service
from .guards import told_policy
from .responses import Seen

if TYPE_CHECKING:
    from ..policy.model import PolicySource

NOT_LISTED: Final = "not-listed"
"""The category of services that the catalogue knows and the policy does not list. Only their own ids grant them."""


@dataclass(frozen=True, slots=True)
class Visitor:
    """Who looks at a page, as far as the judge must know."""

    allow: frozenset[str] = frozenset()
    deny: frozenset[str] = frozenset()
    name: str = ""

    def __str__(self) -> str:
        if self.name or not (self.allow or self.deny):
            return self.name or "before any choice"
        told = [f"{word} {', '.join(sorted(ids))}" for word, ids in (("allowing", self.allow), ("refusing", self.deny)) if ids]
        return " and ".join(told)


@dataclass(frozen=True, slots=True)
class Judged:
    """One response and what was found in it."""

    seen: Seen
    visitor: Visitor
    inspection: Inspection


_expected: list[tuple[PolicySource, Visitor]] = []
_listeners: list[Callable[[Judged], None]] = []
_finders: dict[tuple[object, ...], tuple[object, LeakFinder]] = {}
_REMEMBERED: Final = 32


@contextmanager
def expecting(policy: PolicySource, visitor: Visitor) -> Iterator[None]:
    """Let assertions within the block take this policy and this visitor where they are given none."""
    _expected.append((policy, visitor))
    try:
        yield
    finally:
        _expected.pop()


def listen(listener: Callable[[Judged], None]) -> Callable[[], None]:
    """Tell this callable of everything that is judged, until the callable that is returned is called."""
    _listeners.append(listener)
    return lambda: _listeners.remove(listener)


def judge(seen: Seen, policy: PolicySource = None, visitor: Visitor | None = None) -> Judged:
    """Return what is found in a response. Raises PolicyError, and UnknownPurpose for an id that neither the policy nor the
    catalogue holds."""
    expected_policy, expected_visitor = _expected[-1] if _expected else (None, Visitor())
    source = policy if policy is not None else expected_policy if expected_policy is not None else told_policy()
    visitor = visitor if visitor is not None and (visitor.allow or visitor.deny or visitor.name) else expected_visitor
    found = _finder(source, visitor).inspect(seen.status, seen.headers, seen.body, seen.url)
    judged = Judged(seen, visitor, found)
    for listener in _listeners:
        listener(judged)
    return judged


def _finder(source: PolicySource, visitor: Visitor) -> LeakFinder:
    key = (_key(source), visitor.allow, visitor.deny)
    known = _finders.get(key)
    if known is None:
        policy = Policy.load(source)
        allow, deny = (_spelled_out(ids, policy) for ids in (visitor.allow, visitor.deny))
        if len(_finders) >= _REMEMBERED:
            _finders.clear()
        known = _finders[key] = (source, LeakFinder(policy if source is None else widened(policy), allow, deny))
    return known[1]


def _key(source: PolicySource) -> object:
    if isinstance(source, (str, Path)):
        path = Path(source)
        return str(path), path.stat().st_mtime_ns if path.exists() else 0
    return id(source)  # the entry holds the source, so that the id cannot come back as another's


def _spelled_out(ids: Iterable[str], policy: Policy) -> frozenset[str]:
    """Return ids with ``"*"`` replaced by every category of the policy itself."""
    return frozenset(id for one in ids for id in (terms_of(policy).asked if one == "*" else (one,)))


def widened(policy: Policy) -> Policy:
    """Return the policy with the catalogue's other services beside it, to which nobody has consented. What the policy names is
    left to the policy."""
    own, hosts, cookies = {service.id for service in policy.services}, HostIndex(policy), CookieIndex(policy)
    added: list[Service] = []
    for service in Policy.load(None).services:
        if service.id in own:
            continue
        rules = tuple(rule for rule in service.hosts if not _decided(rule, hosts))
        names = tuple(rule for rule in service.cookies if not _named(rule, cookies))
        if rules or names:
            added.append(replace(service, category=NOT_LISTED, hosts=rules, cookies=names, inline=(), exempt=""))
    unlisted = Category(NOT_LISTED, Basis.CONSENT, {"en": "Not listed in the policy"})
    categories = (*policy.categories, unlisted) if added else policy.categories
    return replace(policy, categories=categories, services=(*policy.services, *added))


def _decided(rule: HostRule, hosts: HostIndex) -> bool:
    return not rule.host or hosts.match(rule.one_host, rule.path or "/", rule.query) is not None


def _named(rule: CookieRule, cookies: CookieIndex) -> bool:
    return cookies.match(rule.name.replace("*", "1" if rule.digits else "")) is not None or cookies.match(rule.name) is not None
