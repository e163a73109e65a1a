"""What has changed between two policies: partners, their hosts and cookies, who answers for them, and on what ground.

Titles, descriptions and purposes in other words are no difference, nor is another order. May import the policy package.
``consent-guard check --diff`` shows it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final, Literal, TypeVar

from ..digest import category_digest
from ..lifetimes import lifetime_text
from ..model import AppCookie, Basis, Category, Controller, CookieRule, Policy, Service

Kind = Literal["added", "removed", "changed"]
_NOT_DECLARED: Final = "not declared"
_Of = TypeVar("_Of")


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that is another than before.

    ``subject``: whose it is: ``category media``, ``service youtube``, ``cookie contrast``.
    ``kind``: what happened. ``what``: to what of it: ``host``, ``cookie``, ``lifetime of _ga``, ``basis``; empty: to all of it.
    ``old``, ``new``: what stood there, and what stands there now; empty: nothing.
    """

    subject: str
    kind: Kind
    what: str = ""
    old: str = ""
    new: str = ""

    def __str__(self) -> str:
        values = f"{self.old} -> {self.new}" if self.old and self.new else self.old or self.new
        between = ": " if self.kind == "changed" else " "
        told = between.join(part for part in (self.what, values) if part)
        return f"{self.kind:<9}{self.subject}{': ' if told else ''}{told}"


def differences(old: Policy, new: Policy) -> tuple[Difference, ...]:
    """Return what is another in ``new``: categories, then services, then cookies of the app, each by their names."""
    grounds = {category.id: category.basis for category in old.categories}
    found = [*_categories(old, new)]
    before, after = ({service.id: service for service in policy.services} for policy in (old, new))
    now = {category.id: category.basis for category in new.categories}
    for id, was, is_ in _pairs(before, after):
        found += _service(f"service {id}", was, is_, grounds, now)
    before_own, after_own = ({cookie.rule.name: cookie for cookie in policy.cookies} for policy in (old, new))
    for name, had, has in _pairs(before_own, after_own):
        found += _own_cookie(f"cookie {name}", had, has)
    return tuple(found)


def asked_again(old: Policy, new: Policy) -> tuple[str, ...]:
    """Return the categories that visitors who have chosen are asked about again: with another revision all that can be chosen,
    else those that are new, and those whose grants no longer count (L12)."""
    known = {category.id for category in old.categories}
    asked = sorted(category.id for category in new.categories if category.basis is not Basis.NECESSARY)
    if new.revision != old.revision:
        return tuple(asked)
    return tuple(id for id in asked if id not in known or category_digest(old, id) != category_digest(new, id))


def _pairs(before: Mapping[str, _Of], after: Mapping[str, _Of]) -> Iterator[tuple[str, _Of | None, _Of | None]]:
    """Yield, by name, what two policies hold under it."""
    for name in sorted({*before, *after}):
        yield name, before.get(name), after.get(name)


def _categories(old: Policy, new: Policy) -> Iterator[Difference]:
    before, after = ({category.id: category for category in policy.categories} for policy in (old, new))
    for id, was, is_ in _pairs(before, after):
        yield from _changed(f"category {id}", "basis", _basis(was), _basis(is_))


def _basis(category: Category | None) -> str:
    return category.basis.value if category is not None else ""


def _service(
    subject: str, old: Service | None, new: Service | None, old_grounds: Mapping[str, Basis], new_grounds: Mapping[str, Basis]
) -> Iterator[Difference]:
    was, is_ = _place(old, old_grounds), _place(new, new_grounds)
    if old is None or new is None:
        yield Difference(subject, "removed" if new is None else "added", "", was, is_)
    elif old.category != new.category:
        yield Difference(subject, "changed", "category", was, is_)
    yield from _changed(subject, "controller", _controller(old), _controller(new))
    yield from _changed(subject, "exemption", old.exempt if old else "", new.exempt if new else "")
    for what, had, has in (("host", _hosts(old), _hosts(new)), ("anywhere", _traits(old), _traits(new))):
        for text in sorted(had ^ has):
            yield from _changed(subject, what, "" if text in has else text, text if text in has else "")
    yield from _cookies(subject, _cookies_of(old), _cookies_of(new))


def _place(service: Service | None, grounds: Mapping[str, Basis]) -> str:
    """Return the category of a service, and its ground."""
    if service is None:
        return ""
    return f"{service.category} ({grounds[service.category].value})" if service.category in grounds else service.category


def _controller(service: Service | None) -> str:
    controller: Controller | None = service.controller if service is not None else None
    if controller is None:
        return ""
    told = [controller.name]
    if controller.policy_url:
        told.append(f"<{controller.policy_url}>")
    if controller.site:
        told.append("(the site itself)")
    return " ".join(told)


def _hosts(service: Service | None) -> set[str]:
    return {rule.text for rule in service.hosts} if service is not None else set()


def _traits(service: Service | None) -> set[str]:
    traits = service.anywhere if service is not None else ()
    return {f"{trait.address} with {trait.beside}" if trait.beside else trait.address for trait in traits}


def _cookies_of(service: Service | None) -> dict[str, CookieRule]:
    """Return what is declared of a service's cookies; one that it no longer sets is none of its cookies."""
    cookies = service.cookies if service is not None else ()
    return {rule.name: rule for rule in cookies if rule.name and not rule.dead}


def _cookies(subject: str, old: Mapping[str, CookieRule], new: Mapping[str, CookieRule]) -> Iterator[Difference]:
    for name, had, has in _pairs(old, new):
        if had is None or has is None:
            yield from _changed(subject, "cookie", name if has is None else "", "" if has is None else name)
        else:
            yield from _changed(subject, f"lifetime of {name}", _lifetime(had), _lifetime(has))


def _lifetime(rule: CookieRule) -> str:
    return lifetime_text(rule.lifetime) or _NOT_DECLARED


def _own_cookie(subject: str, old: AppCookie | None, new: AppCookie | None) -> Iterator[Difference]:
    if old is None or new is None:
        kind: Kind = "removed" if new is None else "added"
        yield Difference(subject, kind, "", old.category if old else "", new.category if new else "")
        return
    yield from _changed(subject, "category", old.category, new.category)
    yield from _changed(subject, "lifetime", _lifetime(old.rule), _lifetime(new.rule))


def _changed(subject: str, what: str, old: str, new: str) -> Iterator[Difference]:
    """Yield the difference of two values, of which an empty one is none."""
    if old != new:
        yield Difference(subject, "changed" if old and new else "added" if new else "removed", what, old, new)
