"""Which lines a policy lacks: for each host and cookie that no rule names, what to add.

A service that the catalogue knows is named by its id; anything else gets a stub to fill in. May import the policy. The writers
print it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from ...policy.catalogue import catalogue
from ...policy.cookie_names import CookieIndex
from ...policy.guidance.toml_text import toml_string
from ...policy.hosts import HostIndex
from ...policy.model import Basis, Category, Policy
from ...wire.origins import registrable_domain
from ..beside import NOT_LISTED
from ..report import Report, Sighting, Sort, Verdict, host_of


@dataclass(frozen=True, slots=True)
class Advice:
    """One entry to add, and for what."""

    subjects: tuple[str, ...]
    """The hosts or cookie names that it would cover."""
    reason: str
    toml: str


def advise(report: Report) -> tuple[Advice, ...]:
    """Return what the policy lacks for what a report saw unlisted: known services first, then stubs for hosts, then cookies.

    A third party's own cookies need no line: they go when its host goes.
    """
    unlisted = [seen for seen in report.sightings if seen.category in (None, NOT_LISTED)]
    hosts = _each(seen.host for seen in unlisted if seen.sort not in (Sort.COOKIE, Sort.STORAGE) and seen.host)
    cookies = _each(
        seen.name for seen in unlisted if seen.sort is Sort.COOKIE and _own(seen) and seen.verdict is not Verdict.ALLOWED
    )
    known = _Known()
    services: dict[str, list[str]] = {}
    for seen in unlisted:
        if seen.service is not None and seen.host and seen.subject in (*hosts, *cookies):
            _add(services, seen.service, seen.subject)
    for host in hosts:
        for id in known.of_host(host):
            _add(services, id, host)
    for name in cookies:
        service = known.of_cookie(name)
        if service is not None:
            _add(services, service, name)
    covered = {subject for subjects in services.values() for subject in subjects}
    advice = [_service(id, subjects, report) for id, subjects in sorted(services.items())]
    strange: dict[str, list[str]] = {}
    for host in hosts:
        if host not in covered:
            strange.setdefault(registrable_domain(host) or host, []).append(host)
    advice += [_stub(domain, found, report) for domain, found in strange.items()]
    advice += [_cookie(name, report) for name in cookies if name not in covered]
    return tuple(advice)


def _add(services: dict[str, list[str]], id: str, subject: str) -> None:
    if subject not in services.setdefault(id, []):
        services[id].append(subject)


class _Known:
    """The catalogue, by host and by cookie name."""

    def __init__(self) -> None:
        services = tuple(entry.service for entry in catalogue().values())
        categories = {service.category for service in services}
        policy = Policy(tuple(Category(id, Basis.CONSENT, {}) for id in sorted(categories)), services)
        self._hosts = HostIndex(policy)
        self._cookies = CookieIndex(policy)

    def of_host(self, host: str) -> tuple[str, ...]:
        """Return the service of a host, or, where its paths are shared out, all that may be meant."""
        match = self._hosts.match(host, "/", "")
        if match is not None:
            return (match.service,)
        several = self._hosts.services_on(host)
        return tuple(several) if len(several) == 1 else ()

    def of_cookie(self, name: str) -> str | None:
        match = self._cookies.match(name)
        return match.service if match is not None else None


def _each(subjects: Iterable[str]) -> list[str]:
    return sorted(set(subjects))


def _own(seen: Sighting) -> bool:
    return not seen.third_party or not host_of(seen.page)


def _service(id: str, subjects: list[str], report: Report) -> Advice:
    entry = catalogue()[id]
    title = entry.service.title.get("en") or next(iter(entry.service.title.values()), id)
    home, own = report.homes.get(id), entry.service.category
    if home is not None:
        category = f"category = {toml_string(home)}   # the policy's own"
    else:
        category = (
            _category(report) if own not in report.categories else f"category = {toml_string(own)}   # the catalogue's own"
        )
    return Advice(tuple(subjects), f"{title}, known to the catalogue", f"[[services]]\nid = {toml_string(id)}\n{category}\n")


def _stub(domain: str, hosts: list[str], report: Report) -> Advice:
    rules = hosts if len(hosts) == 1 else [f"*.{domain}"]
    toml = (
        f"[[services]]\nid = {toml_string(_slug(domain))}\n"
        f"{_category(report)}\n"
        f"title = {_texts(domain, report)}\n"
        '# controller = { name = "…", policy_url = "https://…" }   # who answers for it, and where they say what they do\n'
        f"hosts = [{', '.join(map(toml_string, rules))}]\n"
    )
    return Advice(tuple(hosts), "not in the catalogue: find out who runs it, and what for", toml)


def _cookie(name: str, report: Report) -> Advice:
    toml = (
        f"[[cookies]]\nname = {toml_string(name)}\n"
        f"{_category(report)}\n"
        'lifetime = "session"   # or "6 months", 13 at most\n'
        f"purpose = {_texts('…', report)}   # what it is for\n"
    )
    return Advice((name,), "a cookie of the site's own that no rule names", toml)


def _category(report: Report) -> str:
    """Return a category that the policy has, the strictest first: until somebody has looked, it waits."""
    first = report.categories[0] if report.categories else ""
    return f"category = {toml_string(first)}   # one of: {', '.join(report.categories)}"


def _texts(text: str, report: Report) -> str:
    """Return a text in each of the policy's languages."""
    return "{ " + ", ".join(f"{toml_string(language)} = {toml_string(text)}" for language in report.languages) + " }"


def _slug(domain: str) -> str:
    return "-".join("".join(c if c.isalnum() and c.isascii() else " " for c in domain.lower()).split()) or "service"
