"""What must hold between the parts of a policy: ids, categories, reasons, addresses, languages.

May import the policy's values, the wire layer and the fault collector. The loader calls it for a policy that it has read, and
for one that was built of dataclasses: both must keep these rules.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Generic, TypeVar

from ..wire.origins import covers
from .countries import country_form, country_hosts
from .faults import FaultList, guess, listing
from .hosts import rule_key
from .import_tools import check_imports
from .model import AppCookie, Basis, Category, CookieRule, ImportRule, Policy, Service
from .services import EXEMPT_REASONS

T = TypeVar("T")

COOKIE_PREFIXES: Final = ("", "__Host-", "__Secure-")


@dataclass(frozen=True, slots=True)
class Placed(Generic[T]):
    """A value with the key path of its table, and what the policy itself gives there."""

    path: str
    value: T
    given: Mapping[str, object] | None = None
    """None: it was built of dataclasses, and every key is its own."""

    def gives(self, key: str) -> bool:
        """Tell whether the policy itself gives this key; otherwise its value is the catalogue's."""
        return self.given is None or key in self.given

    def member(self, key: str, place: int, text: str) -> str:
        """Return the path of one member of an array: the ``place``-th that could be read, which reads ``text``.

        Members that could not be read make the document's own places differ. Where the array is the catalogue's, the table's
        path is returned.
        """
        if not self.gives(key):
            return self.path
        written = self.given.get(key) if self.given else None
        for position, member in enumerate(written if isinstance(written, (list, tuple)) else ()):
            if (member.get("name") if isinstance(member, Mapping) else member) == text:
                place = position
                break
        return f"{self.path}.{key}[{place}]"


@dataclass(frozen=True, slots=True)
class Draft:
    """The parts of a policy, before it is one."""

    categories: Sequence[Placed[Category]]
    services: Sequence[Placed[Service]] = ()
    cookies: Sequence[Placed[AppCookie]] = ()
    languages: tuple[tuple[str, str], ...] = ()
    """Key path and tag, as the policy lists them; empty: not listed."""
    cookie_name: str = "consent"
    imports: tuple[ImportRule, ...] = ()
    csp_allow: tuple[tuple[str, str], ...] = ()
    """Key path and host source of each."""

    @property
    def written(self) -> frozenset[str]:
        """The languages in which the policy itself writes some text; those of the catalogue do not count."""
        own: list[Mapping[str, str]] = []
        for category in self.categories:
            own += [category.value.title, category.value.description]
        for service in self.services:
            own += [service.value.title] if service.gives("title") else []
            own += [service.value.purpose] if service.gives("purpose") else []
            own += [rule.purpose for rule in service.value.cookies] if service.gives("cookies") else []
        own += [cookie.value.rule.purpose for cookie in self.cookies]
        return frozenset(language for texts in own for language in texts)


def draft_of(policy: Policy) -> Draft:
    """Return the parts of a policy that was built of dataclasses."""
    return Draft(
        categories=[Placed(f"categories[{place}]", category) for place, category in enumerate(policy.categories)],
        services=[Placed(f"services[{place}]", service) for place, service in enumerate(policy.services)],
        cookies=[Placed(f"cookies[{place}]", cookie) for place, cookie in enumerate(policy.cookies)],
        cookie_name=policy.cookie_name,
        imports=policy.imports,
        csp_allow=tuple((f"policy.csp_allow[{place}]", source) for place, source in enumerate(policy.csp_allow)),
    )


def check(draft: Draft, faults: FaultList) -> None:
    """Note every fault between the parts."""
    _ids(draft, faults)
    _categories(draft, faults)
    _own_cookie(draft, faults)
    _ties(draft.services, faults)
    _imports(draft, faults)
    _csp_allow(draft, faults)
    written = draft.written
    for path, language in draft.languages:
        if written and language not in written:
            faults.add(
                path,
                f"no title is written in {language!r}",
                f"Write the titles in it, or leave it out: they are in {listing(sorted(written))}",
            )


def _ids(draft: Draft, faults: FaultList) -> None:
    if not draft.categories:
        faults.add("categories", "the policy has no category", "Write at least one [[categories]] with id, basis and title")
    seen: dict[str, str] = {}
    parts: list[tuple[Placed[Category] | Placed[Service], str]] = [
        *((placed, placed.value.id) for placed in draft.categories),
        *((placed, placed.value.id) for placed in draft.services),
    ]
    for placed, id in parts:
        if id and id in seen:
            faults.add(
                f"{placed.path}.id",
                f"{id!r} is already the id of {seen[id]}",
                "Every category and service needs an id of its own",
            )
        elif id:
            seen[id] = placed.path


def _categories(draft: Draft, faults: FaultList) -> None:
    bases: dict[str, Basis] = {}
    for category in draft.categories:
        if category.value.id:
            bases.setdefault(category.value.id, category.value.basis)
        if category.value.gpc and category.value.basis is Basis.NECESSARY:
            faults.add(
                f"{category.path}.gpc",
                "a necessary category cannot be refused by a signal",
                "Leave gpc out, or give another basis",
            )
        if not category.value.title and category.given is None:
            faults.add(f"{category.path}.title", "is empty", "Visitors are asked for it by name: give it a title")
    for service in draft.services:
        _category_of_service(service, bases, faults)
    for cookie in draft.cookies:
        if cookie.value.category and cookie.value.category not in bases:
            _no_such_category(f"{cookie.path}.category", cookie.value.category, bases, faults)


def _category_of_service(service: Placed[Service], bases: Mapping[str, Basis], faults: FaultList) -> None:
    category = service.value.category
    if not category:
        if service.given is None or not service.gives("category"):
            faults.add(f"{service.path}.category", "missing", f"Name a category of this policy: it has {listing(bases)}")
    elif category not in bases:
        if service.gives("category"):
            _no_such_category(f"{service.path}.category", category, bases, faults)
        else:
            faults.add(
                f"{service.path}.category",
                f"the catalogue puts {service.value.id!r} into {category!r}, which this policy lacks",
                f"Give it a category of this policy: it has {listing(bases)}",
            )
    elif bases[category] is Basis.EXEMPT and not service.value.exempt and not (service.given and "exempt" in service.given):
        faults.add(
            f"{service.path}.exempt",
            f"{service.value.id!r} stands in the exempt category {category!r} without a reason",
            f"Write exempt = one of {listing(EXEMPT_REASONS)}, or move it to a category under consent",
        )
    if service.value.exempt and service.value.exempt not in EXEMPT_REASONS:
        faults.add(
            f"{service.path}.exempt", f"{service.value.exempt!r} is no reason", f"Write one of {listing(EXEMPT_REASONS)}"
        )


def _no_such_category(path: str, category: str, bases: Mapping[str, Basis], faults: FaultList) -> None:
    faults.add(path, f"the policy has no category {category!r}", guess(category, list(bases), "It has"))


def _own_cookie(draft: Draft, faults: FaultList) -> None:
    own = [prefix + draft.cookie_name for prefix in COOKIE_PREFIXES]
    for path, rule in _cookie_rules(draft):
        if any(rule.covers(candidate) for candidate in own):
            faults.add(
                path,
                f"{rule.name!r} names the cookie that holds the choice itself",
                "Leave it out: that cookie is declared by itself",
            )


def _imports(draft: Draft, faults: FaultList) -> None:
    if not draft.imports:
        return
    purposes = [*(placed.value.id for placed in draft.categories), *(placed.value.id for placed in draft.services)]
    necessary = {placed.value.id for placed in draft.categories if placed.value.basis is Basis.NECESSARY}
    waiting = [
        (service.member("cookies", place, rule.name), rule.name)
        for service in draft.services
        if service.value.category not in necessary
        for place, rule in enumerate(service.value.cookies)
    ]
    waiting += [
        (f"{cookie.path}.name", cookie.value.rule.name) for cookie in draft.cookies if cookie.value.category not in necessary
    ]
    check_imports(draft.imports, purposes, waiting, faults)


def _csp_allow(draft: Draft, faults: FaultList) -> None:
    """A host that a rule takes as a whole cannot be let through by name as well: the choice decides on it."""
    asked = {placed.value.id for placed in draft.categories if placed.value.basis is not Basis.NECESSARY}
    rules = [
        (rule, service.value.id)
        for service in draft.services
        if service.value.category in asked
        for rule in service.value.hosts
        if rule.host and not rule.path and not rule.query
    ]
    for path, source in draft.csp_allow:
        name = source.partition(":")[0].lower()
        host, below = name.removeprefix("*."), name.startswith("*.")
        for rule, service in rules:
            whole = rule.host in (host, country_form(host))
            beneath = rule.subdomains and any(covers(one, host) for one in country_hosts(rule.host))
            if whole or beneath or (below and any(covers(host, one) for one in country_hosts(rule.host))):
                faults.add(
                    path,
                    f"{source!r} takes in what {rule.text!r} of {service!r} names, which the visitor's choice decides on",
                    "Leave it out, or write the hosts that you mean one by one",
                )
                break


def _cookie_rules(draft: Draft) -> Iterator[tuple[str, CookieRule]]:
    for service in draft.services:
        for place, rule in enumerate(service.value.cookies):
            yield (service.member("cookies", place, rule.name), rule)
    for cookie in draft.cookies:
        yield (f"{cookie.path}.name", cookie.value.rule)


def _ties(services: Iterable[Placed[Service]], faults: FaultList) -> None:
    """Two services cannot both have the same address: which of them it is would hang on their order."""
    holders: dict[tuple[str, bool, str, str], tuple[Placed[Service], str]] = {}
    told: set[tuple[str, str]] = set()
    for service in services:
        for place, rule in enumerate(service.value.hosts):
            first, text = holders.setdefault(rule_key(rule), (service, rule.text))
            if first is service or (first.path, service.path) in told:
                continue
            told.add((first.path, service.path))
            faults.add(
                service.member("hosts", place, rule.text),
                f"{rule.text!r} of {service.value.id!r} ties with {text!r} of {first.value.id!r} ({first.path}): "
                "no address could tell them apart",
                "Leave one of the two out, or make one more specific with a path or a query",
            )
