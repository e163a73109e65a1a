"""A first policy file, as text: the purposes of the built-in policy and the services that a site was seen to use.

May import the policy package. ``consent-guard init`` writes it. What comes out is a policy without faults; what a person must
fill in stands in comments, so that nothing is declared that nobody has looked at.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from ..catalogue import catalogue
from ..loader import builtin_policy
from ..model import Category
from ..regimes import REGIMES
from .advice import OWN_CONTROLLER, advised_months
from .toml_text import toml_string

NECESSARY: Final = "necessary"
_TAG_MANAGER: Final = "google-tag-manager"
_CONTAINER: Final = (
    "# All that the container loads waits for this category: a Google Analytics tag in it too, so that who grants audience",
    "# measurement alone is not measured by it. Load Google Analytics with its own gtag.js to have the two apart.",
)


@dataclass(frozen=True, slots=True)
class Starter:
    """What a first policy says."""

    services: Mapping[str, str]
    """Catalogue id to category."""
    languages: Sequence[str] = ("en",)
    regime: str = ""
    first_party: Sequence[str] = ()
    hosts: Sequence[str] = ()
    """Third-party hosts that were seen and that the catalogue does not know."""
    cookies: Sequence[str] = ()
    """Cookie names that were seen and that nothing names."""
    own_hosts: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """Host rules of the site's own copies, by the service's id."""
    reasons: Mapping[str, str] = field(default_factory=dict)
    """Why a service stands in the necessary category, by its id; a person keeps or strikes it."""


def known_categories() -> tuple[str, ...]:
    """Return the ids of the purposes that a first policy can have."""
    return tuple(category.id for category in _categories())


def known_languages() -> tuple[str, ...]:
    """Return the languages in which those purposes are written."""
    return tuple(_categories()[0].title)


def starter_policy(starter: Starter) -> str:
    """Return the text of the policy file. Raises KeyError for a service, category or language that is not known."""
    used = {NECESSARY, *starter.services.values()}
    parts = [_settings(starter)]
    for category in _categories():
        if category.id in used:
            parts.append(_category(category, starter.languages))
            parts += [_service(starter, id, home) for id, home in starter.services.items() if home == category.id]
    unknown = used - set(known_categories())
    if unknown:
        raise KeyError(min(unknown))
    parts += [_strange_hosts(starter.hosts)] if starter.hosts else []
    parts += [_strange_cookies(starter.cookies)] if starter.cookies else []
    return "\n".join(parts)


def _categories() -> tuple[Category, ...]:
    return builtin_policy().categories


def _settings(starter: Starter) -> str:
    lines = [
        "# What this site sets and embeds, for which purposes, on what ground. consent-guard check tells what it lacks.",
        "",
        "[policy]",
        "revision = 1                       # raise it, and everybody is asked again",
        f"languages = {_array(starter.languages)}",
        f"choice_months = {advised_months(REGIMES.get(starter.regime)):<18}  # how long an answer holds, yes or no; 13 at most",
    ]
    if starter.regime:
        lines.append(f"regime = {toml_string(starter.regime)}")
    if starter.first_party:
        lines.append(f"first_party = {_array(starter.first_party)}")
    return "\n".join([*lines, ""])


def _category(category: Category, languages: Sequence[str]) -> str:
    lines = ["[[categories]]", f"id = {toml_string(category.id)}", f"basis = {toml_string(category.basis.value)}"]
    for key, texts in (("title", category.title), ("description", category.description)):
        lines.append(f"{key} = {{ {', '.join(f'{language} = {toml_string(texts[language])}' for language in languages)} }}")
    return "\n".join([*lines, ""])


def _service(starter: Starter, id: str, category: str) -> str:
    entry = catalogue()[id]
    title = entry.service.title.get("en") or next(iter(entry.service.title.values()), id)
    lines = ["[[services]]", f"id = {toml_string(id)}   # {title}", f"category = {toml_string(category)}"]
    if category == NECESSARY and id in starter.reasons:
        lines[1:1] = [
            f"# Proposed as necessary: {starter.reasons[id]}. That holds where it is loaded on such pages",
            f"# alone; loaded on others too, it needs consent: category = {toml_string(entry.service.category)}.",
        ]
    if id == _TAG_MANAGER and category == entry.service.category:
        lines[1:1] = _CONTAINER
    if own := starter.own_hosts.get(id):
        lines.append(f"hosts = {_array(dict.fromkeys((*own, *(rule.text for rule in entry.service.hosts))))}")
        if entry.self_hosted and entry.service.controller is not None:
            lines += [
                f"# It is on your own host: where you answer for it, and not {entry.service.controller.name}, say so:",
                f"# controller = {OWN_CONTROLLER}",
            ]
    return "\n".join([*lines, ""])


def _strange_hosts(hosts: Iterable[str]) -> str:
    lines = [
        "# Seen in the pages, and not in the catalogue. Find out who runs each, and what for; then make services of them, or",
        '# withhold all that this file does not name with unlisted_hosts = "block":',
        *(f"#   {host}" for host in hosts),
        "#",
        "# [[services]]",
        '# id = "its-name"',
        '# category = "interactivity"',
        '# title = { en = "…" }',
        '# controller = { name = "…", policy_url = "https://…" }',
        '# hosts = ["*.its.example"]',
    ]
    return "\n".join([*lines, ""])


def _strange_cookies(names: Iterable[str]) -> str:
    lines = [
        "# Cookies that the site set, and that nothing names. Say what each is for:",
        *(f"#   {toml_string(name)}" for name in names),
        "#",
        "# [[cookies]]",
        '# name = "…"',
        '# category = "necessary"            # if the site cannot work without it',
        '# lifetime = "session"',
        '# purpose = { en = "…" }',
    ]
    return "\n".join([*lines, ""])


def _array(texts: Iterable[str]) -> str:
    return f"[{', '.join(map(toml_string, texts))}]"
