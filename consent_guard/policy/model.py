"""The policy as frozen values: what a site declares about its cookies, services and purposes.

Plain data without behaviour beyond look-ups by id. The loader builds these values and reports every fault; nothing here checks
again. May import errors and the wire layer's paths. Everything above the domain layer reads it.
"""

from __future__ import annotations

import difflib
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import ClassVar, Literal, Protocol

from ..errors import UnknownPurpose
from ..wire.paths import glob_covers, resolved

PathEnforcement = Literal["off", "report", "enforce"]


class Basis(StrEnum):
    """On what ground a category may store or read (L01, L02)."""

    NECESSARY = "necessary"
    """Always on; cannot be switched off."""
    EXEMPT = "exempt"
    """On until refused (L53)."""
    CONSENT = "consent"
    """Off until granted."""


@dataclass(frozen=True, slots=True)
class Lifetime:
    """How long a cookie may live. All zero means a session cookie."""

    months: int = 0
    """Calendar months."""
    seconds: int = 0

    @property
    def session(self) -> bool:
        return not self.months and not self.seconds


@dataclass(frozen=True, slots=True)
class Controller:
    """Who answers for a service (L41)."""

    name: str
    policy_url: str = ""


@dataclass(frozen=True, slots=True)
class HostRule:
    """One address rule, as ``*.x.example``, ``www.x.*``, ``www.x.example/path/``, ``x.example/p?id=DC-`` or ``/own/``."""

    text: str
    """As the policy writes it."""
    host: str
    """Lower-case ASCII host; empty for a rule on our own host. One that ends in ``.*`` is a name in every country's domain."""
    subdomains: bool = False
    """``*.x``: x and everything below it."""
    path: str = ""
    """Matched by whole segments; empty: every path."""
    query: str = ""
    """A prefix of the query; empty: every query."""

    @property
    def countries(self) -> bool:
        """Whether it takes its name under ``com`` and every country's domain."""
        return self.host.endswith(".*")

    @property
    def one_host(self) -> str:
        """A host that the rule takes; empty for a rule on our own host."""
        return f"{self.host[:-1]}com" if self.countries else self.host


@dataclass(frozen=True, slots=True)
class CookieRule:
    """One cookie name: exact, or with one ``*`` inside or at the end."""

    name: str
    lifetime: Lifetime | None = None
    """None: not declared; the 13-month ceiling alone holds."""
    purpose: Mapping[str, str] = field(default_factory=dict)
    domain: str = ""
    """The Domain to expire it with; empty: not known."""
    path: str = "/"
    digits: bool = False
    """The ``*`` stands for one or more digits, not for any characters."""
    dead: bool = False
    """The service no longer sets it: it is enforced where a browser still brings it, and not declared."""

    @property
    def wildcard(self) -> bool:
        """Whether it names a family of cookies."""
        return "*" in self.name

    def covers(self, name: str) -> bool:
        """Tell whether a cookie of this name is meant; case counts (RFC 6265bis §5.7). A rule without a name means none."""
        stem, star, tail = self.name.partition("*")
        if not star:
            return name == stem != ""
        if len(name) < len(stem) + len(tail) or not name.startswith(stem) or not name.endswith(tail):
            return False
        middle = name[len(stem) : len(name) - len(tail)]
        return not self.digits or (middle.isascii() and middle.isdigit())


@dataclass(frozen=True, slots=True)
class AppCookie:
    """A first-party cookie of the app itself: a rule and the category it belongs to."""

    rule: CookieRule
    category: str


@dataclass(frozen=True, slots=True)
class InlineSignature:
    """An inline snippet's two marks: a host and a global that both stand in the script."""

    host: str
    """A host, with or without a path and a query's beginning; a leading ``*.`` takes every subdomain."""
    global_: str


@dataclass(frozen=True, slots=True)
class Trait:
    """What tells a service that sites host themselves, on whatever host it lives.

    One without ``global_`` is of elements: their address tells it, with ``attribute`` where one is named. One with it is of
    inline scripts: the global and the address, in a string, tell it together.
    """

    path: str
    """The last segments of the address's path, as ``matomo.js`` or ``js/container_*.js``: a ``*`` is any part of one."""
    query: str = ""
    """The beginning of the query or of one of its parameters, as ``id=GTM-``; empty: any."""
    attribute: str = ""
    """An attribute that the element carries beside it, as ``data-website-id``; empty: the address is enough."""
    global_: str = ""
    """A global that an inline script uses beside it, as ``_paq``; empty: of elements."""


@dataclass(frozen=True, slots=True)
class Category:
    """A purpose that a visitor answers for."""

    id: str
    basis: Basis
    title: Mapping[str, str]
    description: Mapping[str, str] = field(default_factory=dict)
    gpc: bool = False
    """Sec-GPC: 1 refuses it (G03)."""


@dataclass(frozen=True, slots=True)
class Service:
    """A tracker or embed: everything by which a browser meets it."""

    id: str
    category: str
    title: Mapping[str, str]
    purpose: Mapping[str, str] = field(default_factory=dict)
    controller: Controller | None = None
    hosts: tuple[HostRule, ...] = ()
    cookies: tuple[CookieRule, ...] = ()
    inline: tuple[InlineSignature, ...] = ()
    stubs: tuple[str, ...] = ()
    exempt: str = ""
    """The reason, where the category is exempt (L02)."""
    embed: str = ""
    """What of it a page shows, as ``video`` or ``map``; empty: nothing that stands in the page by itself."""
    consent_types: tuple[str, ...] = ()
    """The types of Google's consent mode that speak for it (G05)."""
    anywhere: tuple[Trait, ...] = ()
    """What tells it on a host that no rule names; empty: it lives on its vendor's hosts alone."""


@dataclass(frozen=True, slots=True)
class ImportRule:
    """Another tool whose cookie holds the choice, and what its keys mean here."""

    tool: str
    """One of ``policy.import_tools.TOOLS``."""
    cookie: str = ""
    """The name that the site gives its cookie; empty: the tool's own."""
    keys: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """The tool's key to ids of categories and services. A key that is missing here means the id that it equals."""


@dataclass(frozen=True, slots=True)
class GpcStatement:
    """What the site says of Global Privacy Control at ``/.well-known/gpc.json`` (G02)."""

    gpc: bool
    """It intends to honour the signal."""
    last_update: str
    """RFC 3339 date, or date and time."""


@dataclass(frozen=True, slots=True)
class PathRule:
    """What holds below one glob. What it does not say is as everywhere."""

    glob: str
    enforcement: PathEnforcement | None = None
    """``off``: nothing is altered, and nothing found. ``report``: nothing is altered."""
    banner: bool | None = None
    """Whether pages there may show the banner."""

    def covers(self, path: str) -> bool:
        """Tell whether a resolved path matches the glob."""
        return glob_covers(self.glob, path)


def rule_for(rules: Sequence[PathRule], path: str) -> PathRule | None:
    """Return the rule that counts for a path as the app sees it (percent-decoded, below its root path), or None."""
    if not rules:
        return None
    path = resolved(path)
    return next((rule for rule in rules if rule.covers(path)), None)


@dataclass(frozen=True, slots=True)
class Policy:
    """One site's whole policy. Immutable; equal policies compare equal."""

    categories: tuple[Category, ...]
    services: tuple[Service, ...] = ()
    cookies: tuple[AppCookie, ...] = ()
    revision: int = 1
    choice_months: int = 13
    first_party: tuple[str, ...] = ()
    unlisted_cookies: Literal["report", "block"] = "report"
    unlisted_hosts: Literal["report", "block"] = "report"
    enforcement: Literal["enforce", "report"] = "enforce"
    delivery: Literal["personal", "shared"] = "personal"
    csp: Literal["off", "report", "enforce"] = "off"
    inline_scripts: Literal["signature", "mention"] = "signature"
    banner: bool = True
    banner_place: Literal["bottom", "top", "centre"] = "bottom"
    banner_except: tuple[str, ...] = ()
    """Paths of the app, as it sees them, that never show the banner: each with all below it, by whole segments."""
    script: bool = True
    """Pages that show something of ours load our module; all works without."""
    module: Literal["auto", "always"] = "auto"
    """``always``: every full document loads it, so that it hears of a choice in another tab."""
    path: str = "/privacy-choices"
    languages: tuple[str, ...] = ("en",)
    cookie_name: str = "consent"
    cookie_domain: str = ""
    import_from: tuple[str, ...] = ()
    imports: tuple[ImportRule, ...] = ()
    """One for each of ``import_from``."""
    regime: str = ""
    """One of ``policy.regimes.REGIMES``; empty: none is named."""
    dnt: bool = False
    """``DNT: 1`` refuses what ``Sec-GPC: 1`` refuses (G04)."""
    gpc_json: GpcStatement | None = None
    paths: tuple[PathRule, ...] = ()
    """The first that matches counts."""

    load: ClassVar[Loader]
    """``loader.load_policy``: the package's ``__init__`` binds it, for reading stands above these values."""

    def banner_on(self, path: str) -> bool:
        """Return whether a page at this path of the app may show the banner (DESIGN §4, ``banner``, ``banner_except`` and
        ``[[paths]]``)."""
        rule = rule_for(self.paths, path)
        if rule is not None and rule.banner is not None:
            return rule.banner
        return self.banner and not any(path == kept or path.startswith(f"{kept}/") for kept in self.banner_except)

    def enforcement_at(self, path: str) -> PathEnforcement:
        """Return what is done at this path of the app (DESIGN §4, ``enforcement`` and ``[[paths]]``)."""
        rule = rule_for(self.paths, path)
        return self.enforcement if rule is None or rule.enforcement is None else rule.enforcement

    def category(self, id: str) -> Category:
        """Return the category with this id; raises UnknownPurpose."""
        for category in self.categories:
            if category.id == id:
                return category
        raise self.unknown(id)

    def service(self, id: str) -> Service:
        """Return the service with this id; raises UnknownPurpose."""
        for service in self.services:
            if service.id == id:
                return service
        raise self.unknown(id)

    def services_of(self, category: str) -> tuple[Service, ...]:
        """Return the services of one category, in the policy's order."""
        return tuple(service for service in self.services if service.category == category)

    def unknown(self, id: str) -> UnknownPurpose:
        """Return (not raise) the error for an id that this policy does not hold, with the nearest ids."""
        known = [*(c.id for c in self.categories), *(s.id for s in self.services)]
        return UnknownPurpose(id, difflib.get_close_matches(id, known, n=3))

    def text(self, texts: Mapping[str, str], language: str) -> str:
        """Return a text in this language, else in the policy's languages in order, else any, else an empty string."""
        asked = language.lower()
        for candidate in (language, asked, asked.partition("-")[0], *self.languages):
            if candidate in texts:
                return texts[candidate]
        return next(iter(texts.values()), "")


PolicySource = Policy | str | os.PathLike[str] | Mapping[str, object] | None
"""What ``Policy.load`` and every adapter take: a Policy, a TOML file's path, a mapping of the same shape, None for the built-in
policy."""


class Loader(Protocol):
    """The signature of ``Policy.load``."""

    def __call__(self, source: PolicySource = None) -> Policy: ...
