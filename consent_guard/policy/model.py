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
PathBody = Literal["json", "sse"]
ContainerKind = Literal["class", "id", "attribute"]


class Basis(StrEnum):
    """On what ground a category may store or read (L01, L02).

    ``NECESSARY``: always on; cannot be switched off.
    ``EXEMPT``: on until refused (L53).
    ``CONSENT``: off until granted.
    """

    NECESSARY = "necessary"
    EXEMPT = "exempt"
    CONSENT = "consent"


@dataclass(frozen=True, slots=True)
class Lifetime:
    """How long a cookie may live. All zero means a session cookie.

    ``months``: calendar months.
    ``seconds``: seconds, past the months.
    """

    months: int = 0
    seconds: int = 0

    @property
    def session(self) -> bool:
        return not self.months and not self.seconds


@dataclass(frozen=True, slots=True)
class Controller:
    """Who answers for a service (L41).

    ``name``: as visitors read it.
    ``policy_url``: the address of its privacy policy; empty: not known.
    ``site``: it is the site itself, and so none of the partners that take part beside it.
    """

    name: str
    policy_url: str = ""
    site: bool = False


@dataclass(frozen=True, slots=True)
class HostRule:
    """One address rule, as ``*.x.example``, ``www.x.*``, ``www.x.example/path/``, ``x.example/p?id=DC-`` or ``/own/``.

    ``text``: as the policy writes it.
    ``host``: lower-case ASCII host; empty for a rule on our own host. One that ends in ``.*`` is a name in every country's
    domain.
    ``subdomains``: ``*.x``: x and everything below it.
    ``path``: matched by whole segments; empty: every path.
    ``query``: a prefix of the query; empty: every query.
    """

    text: str
    host: str
    subdomains: bool = False
    path: str = ""
    query: str = ""

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
    """One cookie name: exact, or with one ``*`` inside or at the end.

    ``name``: the name, with at most one ``*``.
    ``lifetime``: None: not declared; the 13-month ceiling alone holds.
    ``purpose``: what it is for, by language.
    ``domain``: the Domain to expire it with; empty: not known.
    ``path``: the Path to expire it with.
    ``digits``: the ``*`` stands for one or more digits, not for any characters.
    ``dead``: the service no longer sets it: it is enforced where a browser still brings it, and not declared.
    """

    name: str
    lifetime: Lifetime | None = None
    purpose: Mapping[str, str] = field(default_factory=dict)
    domain: str = ""
    path: str = "/"
    digits: bool = False
    dead: bool = False

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
    """A first-party cookie of the app itself.

    ``rule``: its name and what else is declared of it.
    ``category``: the id of the category that it belongs to.
    """

    rule: CookieRule
    category: str


@dataclass(frozen=True, slots=True)
class InlineSignature:
    """An inline snippet's two marks: a host and a global that both stand in the script.

    ``host``: a host, with or without a path and a query's beginning; a leading ``*.`` takes every subdomain.
    ``global_``: the name of a global variable that the snippet makes or calls, as ``_paq``.
    """

    host: str
    global_: str


@dataclass(frozen=True, slots=True)
class Trait:
    """What tells a service that sites host themselves, on whatever host it lives.

    One without ``global_`` is of elements: their address tells it, with ``attribute`` where one is named. One with it is of
    inline scripts: the global and the address, in a string, tell it together.

    ``path``: the last segments of the address's path, as ``matomo.js`` or ``js/container_*.js``: a ``*`` is any part of one;
    where neither an attribute nor a global stands beside it, one that looks like an identifier: with a digit or a capital.
    ``query``: the beginning of the query or of one of its parameters, as ``id=GTM-``; empty: any.
    ``attribute``: an attribute that the element carries beside it, as ``data-website-id``; empty: the address is enough.
    ``global_``: a global that an inline script uses beside it, as ``_paq``; empty: of elements.
    """

    path: str
    query: str = ""
    attribute: str = ""
    global_: str = ""

    @property
    def address(self) -> str:
        """The end of an address, as the policy writes it."""
        return f"{self.path}?{self.query}" if self.query else self.path

    @property
    def beside(self) -> str:
        """What has to stand beside the address: an attribute of its element, or a global of its script, written with ``()``;
        empty: nothing."""
        return f"{self.global_}()" if self.global_ else self.attribute


@dataclass(frozen=True, slots=True)
class Container:
    """What tells the elements of a page that a service's script fills.

    ``kind``: by what: ``class``, ``id``, or that they carry an ``attribute``. ``name``: of it, as the page writes it.
    """

    kind: ContainerKind
    name: str


@dataclass(frozen=True, slots=True)
class Category:
    """A purpose that a visitor answers for.

    ``id``: its name in the policy, in posts and in the token.
    ``basis``: on what ground it may store or read.
    ``title``: what visitors read, by language.
    ``description``: a sentence more, by language.
    ``gpc``: ``Sec-GPC: 1`` refuses it (G03).
    """

    id: str
    basis: Basis
    title: Mapping[str, str]
    description: Mapping[str, str] = field(default_factory=dict)
    gpc: bool = False


@dataclass(frozen=True, slots=True)
class Service:
    """A tracker or embed: everything by which a browser meets it.

    ``id``: its name in the policy, in posts and in the token; for one of the catalogue, the catalogue's.
    ``category``: the id of the category that it belongs to.
    ``title``: what visitors read, by language.
    ``purpose``: what it is for, by language.
    ``controller``: who answers for it; None: not known.
    ``hosts``: the addresses that it is loaded from and sends to.
    ``cookies``: those that it sets on the site's own domain.
    ``inline``: the snippets that sites paste for it.
    ``stubs``: globals that a page may call while its scripts are withheld.
    ``exempt``: the reason, where the category is exempt (L02).
    ``embed``: what of it a page shows, as ``video`` or ``map``; empty: nothing that stands in the page by itself.
    ``consent_types``: the types of Google's consent mode that speak for it (G05).
    ``anywhere``: what tells it on a host that no rule names; empty: it lives on its vendor's hosts alone.
    ``containers``: the elements that its script fills, where a placeholder is to stand.
    ``words``: what its placeholders say besides, by language.
    ``picture``: the path on this site of what they show; empty: nothing.
    """

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
    embed: str = ""
    consent_types: tuple[str, ...] = ()
    anywhere: tuple[Trait, ...] = ()
    containers: tuple[Container, ...] = ()
    words: Mapping[str, str] = field(default_factory=dict)
    picture: str = ""


@dataclass(frozen=True, slots=True)
class ImportRule:
    """Another tool whose cookie holds the choice, and what its keys mean here.

    ``tool``: one of ``policy.import_tools.TOOLS``.
    ``cookie``: the name that the site gives its cookie; empty: the tool's own.
    ``keys``: the tool's key to ids of categories and services. A key that is missing here means the id that it equals.
    """

    tool: str
    cookie: str = ""
    keys: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class GpcStatement:
    """What the site says of Global Privacy Control at ``/.well-known/gpc.json`` (G02).

    ``gpc``: it intends to honour the signal.
    ``last_update``: RFC 3339 date, or date and time.
    """

    gpc: bool
    last_update: str


@dataclass(frozen=True, slots=True)
class PathRule:
    """What holds below one glob. What it does not say is as everywhere.

    ``glob``: of paths as the app sees them, by whole segments, as ``/admin/**``.
    ``enforcement``: ``off``: nothing is altered, and nothing found. ``report``: nothing is altered. None: as everywhere.
    ``banner``: whether pages there may show the banner; None: as everywhere.
    ``bodies``: in which bodies besides there is HTML: ``json`` (in strings), ``sse`` (in the data of events).
    """

    glob: str
    enforcement: PathEnforcement | None = None
    banner: bool | None = None
    bodies: tuple[PathBody, ...] = ()

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
    """One site's whole policy. Immutable; equal policies compare equal.

    ``categories``: the purposes that visitors answer for, in the order in which they are asked.
    ``services``: trackers and embeds, in the file's order.
    ``cookies``: first-party cookies of the app itself.
    ``revision``: choices made under another one do not count.
    ``choice_months``: calendar months that a choice holds, acceptance and refusal alike; 13 at most.
    ``first_party``: our registrable domains; empty: that of the request's host.
    ``unlisted_cookies``: whether cookie names that no rule names are only reported, or removed too.
    ``unlisted_hosts``: whether third-party hosts that no rule names are only reported, or withheld too.
    ``enforcement``: ``report``: nothing is altered, no banner is shown, findings alone are made.
    ``delivery``: whether pages are made for one visitor or for caches that many share.
    ``csp``: whether a Content-Security-Policy is made of the choice, and only reports or enforces.
    ``csp_allow``: third-party hosts that no rule names and it lets through, as ``cdn.x``, ``*.x`` or ``x:8443``.
    ``csp_countries``: what stands for the ``*`` of ``x.*`` in it, beside ``com``, as ``fr``; empty: every country.
    ``lazy_attributes``: whether ``data-src`` and the like count as what lazy loaders make of them.
    ``inline_scripts``: whether a snippet's host and global tell an inline script, or the host alone.
    ``style_sheets``: whether ``text/css`` responses of the app are filtered, or left as they are.
    ``banner``: whether the banner is put into pages.
    ``layout``: How much the banner shows outright: a line for each purpose and the rest on demand, or all.
    ``banner_place``: where it stands in the window.
    ``banner_except``: paths of the app, as it sees them, that never show the banner: each with all below it, by whole segments.
    ``script``: pages that show something of ours load our module; all works without.
    ``module``: ``always``: every full document loads it, so that it hears of a choice in another tab.
    ``path``: below which path of the site our own pages live.
    ``languages``: of the texts; the first is the fallback.
    ``cookie_name``: of the cookie that carries the choice, without its prefix.
    ``cookie_domain``: the domain whose subdomains share one choice; empty: each host has its own.
    ``import_from``: other consent tools whose cookies carry the choice.
    ``imports``: one for each of ``import_from``.
    ``regime``: one of ``policy.regimes.REGIMES``; empty: none is named.
    ``dnt``: ``DNT: 1`` refuses what ``Sec-GPC: 1`` refuses (G04).
    ``gpc_json``: what the site says of Global Privacy Control; None: nothing.
    ``metrics``: what the guard counts is served below ``path``.
    ``paths``: what holds below single paths of the app; the first rule that matches counts.
    ``texts``: language to the site's own wording of our sentences, by their keys.
    ``load``: ``loader.load_policy``, which the package's ``__init__`` binds: reading stands above these values.
    """

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
    csp_allow: tuple[str, ...] = ()
    csp_countries: tuple[str, ...] = ()
    lazy_attributes: bool = True
    inline_scripts: Literal["signature", "mention"] = "signature"
    style_sheets: Literal["filter", "ignore"] = "filter"
    banner: bool = True
    layout: Literal["card", "full"] = "card"
    banner_place: Literal["bottom", "top", "centre", "corner"] = "bottom"
    """``position`` in the policy file."""
    banner_except: tuple[str, ...] = ()
    script: bool = True
    module: Literal["auto", "always"] = "auto"
    path: str = "/privacy-choices"
    languages: tuple[str, ...] = ("en",)
    cookie_name: str = "consent"
    cookie_domain: str = ""
    import_from: tuple[str, ...] = ()
    imports: tuple[ImportRule, ...] = ()
    regime: str = ""
    dnt: bool = False
    gpc_json: GpcStatement | None = None
    metrics: bool = False
    paths: tuple[PathRule, ...] = ()
    texts: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    load: ClassVar[Loader]

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

    def bodies_at(self, path: str) -> tuple[PathBody, ...]:
        """Return in which bodies besides there is HTML, for a path as the app sees it."""
        rule = rule_for(self.paths, path)
        return () if rule is None else rule.bodies

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
