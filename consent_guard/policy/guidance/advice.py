"""What is unwise or incomplete in a sound policy: advice, each with the rule that it comes from. Never a fault or a verdict.

May import the policy package and the standard library. ``consent-guard check`` shows it. The ids are those of docs/rules.md.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from ...wire.origins import covers
from ..catalogue import CatalogueEntry, find
from ..import_tools import TOOLS, imported_cookie_names
from ..model import AppCookie, Basis, Policy, Service
from ..regimes import REGIMES, Regime

RECOMMENDED_MONTHS: Final = 6
"""How long the French authority recommends to keep a choice, acceptance and refusal alike (L30)."""
_WITHOUT_COOKIES: Final = frozenset({"tag-managers", "fonts"})
"""Kinds of services that are gated for what they load or tell, and set no cookie of note themselves."""
_ASKED_FOR: Final = {
    "payments": "is it loaded on the pages of a checkout alone, where the visitor asks to pay? Elsewhere it needs consent",
    "captcha": "is it loaded beside a login, a registration or a payment alone, which it guards? Elsewhere it needs consent",
}
"""Kinds of services that are necessary only where the visitor asked for them (docs/catalogue.md), with what is asked."""
OWN_CONTROLLER: Final = '{ name = "…", policy_url = "https://…", site = true }'
"""How a policy says that the site itself answers for a service."""
_LAST_SEEN: Final = re.compile(
    r"\b(?:last|latest|recent(?:ly)?|previous(?:ly)?|already)\b.{0,40}?\b(?:visit|view|seen|read|open|brows|area|page|section|space)"
    r"|\b(?:derni[eè]re?s?|pr[eé]c[eé]dente?s?|r[eé]cemment|d[eé]j[aà])\b.{0,40}?\b(?:visit|consult|vue?s?\b|lue?s?\b|espace|page|rubrique)"
    r"|\b(?:zuletzt|letzten?|bereits)\b.{0,40}?(?:besuch|gesehen|seite|bereich)",
    re.IGNORECASE,
)
"""Texts that say: it remembers where the visitor was, not what the visitor asked for."""


@dataclass(frozen=True, slots=True)
class Advice:
    """One piece of advice."""

    path: str
    """The key path that it is about."""
    message: str
    sources: tuple[str, ...]
    """The rules that it comes from."""

    def __str__(self) -> str:
        return f"{self.path}: {self.message} ({', '.join(self.sources)})"


def advise(policy: Policy) -> tuple[Advice, ...]:
    """Return the advice for a policy, in the order of its file."""
    regime = REGIMES.get(policy.regime)
    found = [*_settings(policy, regime), *_imports(policy)]
    if regime is not None:
        found += _regime(policy, regime)
    found += _categories(policy)
    for place, service in enumerate(policy.services):
        found += _service(policy, f"services[{place}]", service)
    for place, cookie in enumerate(policy.cookies):
        found += _cookie(policy, f"cookies[{place}]", cookie)
    return tuple(found)


def advised_months(regime: Regime | None) -> int:
    """Return how many calendar months a choice is best kept under a regime: as the French authority recommends, unless nobody
    is to be asked again for longer than that."""
    return max(RECOMMENDED_MONTHS, regime.months_min if regime is not None else 0)


def _settings(policy: Policy, regime: Regime | None) -> Iterator[Advice]:
    months = advised_months(regime)
    if policy.choice_months > months and not policy.import_from:
        named = f"; {regime.title} has it hold for {months}" if regime is not None and months > RECOMMENDED_MONTHS else ""
        yield Advice(
            "policy.choice_months",
            f"a choice holds for {policy.choice_months} months; the French authority recommends {RECOMMENDED_MONTHS}{named}",
            ("L30",),
        )
    if policy.enforcement == "report":
        yield Advice("policy.enforcement", '"report" withholds nothing and shows no banner: it only finds', ("L01",))
    elif not policy.banner and not policy.import_from and _asks(policy):
        yield Advice(
            "policy.banner", "no banner asks: visitors permit something only on the preferences page, if they find it", ("L40",)
        )
    heeding = any(category.gpc for category in policy.categories)
    if policy.dnt and not heeding:
        yield Advice("policy.dnt", "no category has gpc = true, so the signal refuses nothing", ("G04",))
    if policy.gpc_json is not None and policy.gpc_json.gpc and not heeding:
        yield Advice("policy.gpc_json", "it says that the signal is honoured, and no category has gpc = true", ("G02", "G03"))


def _imports(policy: Policy) -> Iterator[Advice]:
    declared = {cookie.rule.name for cookie in policy.cookies}
    asked = (category.id for category in policy.categories if category.basis is not Basis.NECESSARY)
    own = {*asked, *(service.id for service in policy.services)}
    for rule in policy.imports:
        tool = TOOLS[rule.tool]
        yield Advice(
            "policy.import_from",
            f"the choice lives as long as {tool.title} keeps its cookie, which is not signed: choice_months and revision do not"
            " end it, and nothing proves it",
            ("L26", "L30"),
        )
        if tool.keys and not rule.keys and not own.intersection(tool.keys):
            yield Advice(
                f"import.{rule.tool}",
                f"none of the keys of {tool.title} means a purpose here, so it can permit nothing: write keys = {{ … }}",
                ("L10",),
            )
    for name in imported_cookie_names(policy):
        if name not in declared and not name.endswith("-version") and name != "orejime":
            yield Advice("cookies", f"{name!r} holds the choice and is not declared: add it as a necessary cookie", ("L42",))


def _regime(policy: Policy, regime: Regime) -> Iterator[Advice]:
    bases = {category.id: category.basis for category in policy.categories}
    for place, service in enumerate(policy.services):
        if bases[service.category] is not Basis.EXEMPT:
            continue
        if regime.exempt:
            yield Advice(f"services[{place}].category", f"on until refused; {regime.title}: {regime.exempt}", regime.sources)
        elif regime.audience_exempt and service.exempt == "audience_fr":
            yield Advice(f"services[{place}].exempt", f"{regime.title}: {regime.audience_exempt}", regime.sources)
    if policy.choice_months < regime.months_min and not policy.import_from:
        yield Advice(
            "policy.choice_months",
            f"{regime.title}: after a refusal nobody is to be asked again for {regime.months_min} months;"
            f" here it is {policy.choice_months}",
            (regime.months_source,),
        )
    for place, category in enumerate(policy.categories):
        if regime.gpc and category.basis is not Basis.NECESSARY and not category.gpc:
            yield Advice(
                f"categories[{place}].gpc", f"{regime.title}: Sec-GPC is a valid opt-out of sale and sharing", ("L64",)
            )


def _categories(policy: Policy) -> Iterator[Advice]:
    for place, category in enumerate(policy.categories):
        if category.basis is not Basis.NECESSARY and not category.description:
            message = "visitors are asked for it without being told what it is"
            yield Advice(f"categories[{place}].description", message, ("L40",))


def _service(policy: Policy, path: str, service: Service) -> Iterator[Advice]:
    basis = policy.category(service.category).basis
    if service.exempt and basis is not Basis.EXEMPT:
        ground = "needs consent" if basis is Basis.CONSENT else "is necessary"
        yield Advice(f"{path}.exempt", f"has no effect: {service.id!r} stands in a category that {ground}", ("L02",))
    if service.controller is None:
        yield Advice(f"{path}.controller", f"{service.id!r} does not say who answers for it", ("L41",))
    if service.exempt == "audience_fr" and basis is Basis.EXEMPT:
        shared = [rule.host for rule in service.hosts if rule.host and not _ours(policy, rule.host)]
        if shared:
            yield Advice(
                f"{path}.exempt",
                f"{service.id!r} measures from a domain that sites share ({shared[0]}); the exemption asks for a domain of the"
                " site's own, and for its account alone",
                ("L51",),
            )
    entry = find(service.id)
    if entry is not None:
        yield from _of_catalogue(basis, path, service, entry)
    if entry is not None and entry.group in _WITHOUT_COOKIES:
        return
    names = [rule for rule in service.cookies if rule.name and not rule.dead]
    endless = [rule.name for rule in names if rule.lifetime is None]
    if not service.cookies:
        yield Advice(f"{path}.cookies", f"{service.id!r} declares neither the names nor the lifetime of its cookies", ("L42",))
    elif not names:
        yield Advice(f"{path}.cookies", f"{service.id!r} does not name its cookies", ("L42",))
    elif endless:
        listed = ", ".join(endless[:5]) + (" …" if len(endless) > 5 else "")
        yield Advice(f"{path}.cookies", f"{service.id!r} declares no lifetime for {listed}", ("L42",))


def _of_catalogue(basis: Basis, path: str, service: Service, entry: CatalogueEntry) -> Iterator[Advice]:
    """Ask what the catalogue cannot know of a service that it knows."""
    if basis is Basis.NECESSARY and entry.group in _ASKED_FOR:
        yield Advice(f"{path}.category", f"{service.id!r} is necessary here: {_ASKED_FOR[entry.group]}", ("L02",))
    if entry.self_hosted and service.hosts == entry.service.hosts:
        own = 'hosts = ["stats.example.org"] or ["/stats/"]'
        whose = "only its vendor's hosts are listed" if service.hosts else "no host is listed"
        yield Advice(
            f"{path}.hosts", f"sites often host {service.id!r} themselves, and {whose}: give yours, as in {own}", ("L01",)
        )
    vendor = service.controller
    if entry.self_hosted and vendor is not None and vendor == entry.service.controller and _has_own_copy(service, entry):
        yield Advice(
            f"{path}.controller",
            f"{service.id!r} is hosted by the site itself, and the declaration names {vendor.name}: if the site answers for it,"
            f" write controller = {OWN_CONTROLLER}",
            ("L41",),
        )


def _has_own_copy(service: Service, entry: CatalogueEntry) -> bool:
    """Tell whether a service is loaded from the site's own paths, or from hosts that are not its vendor's."""
    vendors = [rule.host for rule in entry.service.hosts]
    return any(not any(covers(host, rule.host) for host in vendors) for rule in service.hosts)


def _cookie(policy: Policy, path: str, cookie: AppCookie) -> Iterator[Advice]:
    necessary = policy.category(cookie.category).basis is Basis.NECESSARY
    rule = cookie.rule
    if rule.lifetime is None:
        yield Advice(f"{path}.lifetime", f"{rule.name!r} declares no lifetime", ("L42",))
    if not rule.purpose:
        yield Advice(f"{path}.purpose", f"{rule.name!r} does not say what it is for", ("L40",))
    lasting = rule.lifetime is None or not rule.lifetime.session
    if necessary and lasting and any(_LAST_SEEN.search(text) for text in rule.purpose.values()):
        yield Advice(
            f"{path}.category",
            f"{rule.name!r} remembers where the visitor was, not what the visitor asked for: it is weakly necessary beyond the"
            " session",
            ("L02", "L13"),
        )


def _ours(policy: Policy, host: str) -> bool:
    return any(covers(domain, host) for domain in policy.first_party)


def _asks(policy: Policy) -> bool:
    return any(category.basis is not Basis.NECESSARY for category in policy.categories)
