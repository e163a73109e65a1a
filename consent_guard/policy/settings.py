"""Reading the ``[policy]`` table.

May import the policy's values, the table reader and the host grammar. The loader calls it. Settings that belong to later
versions are refused here, never accepted and ignored.
"""

from __future__ import annotations

import datetime
import re
from dataclasses import dataclass
from typing import Final, Literal, get_args

from ..limits import CHOICE_MONTHS_MAX
from ..wire.origins import covers, is_ip_address
from .countries import country_form
from .frameworks import is_framework_cookie
from .host_rules import RuleFault, host_source, normal_host, refuse_public_suffix
from .import_tools import read_import_from
from .model import GpcStatement
from .regimes import REGIMES
from .tables import Table
from .texts.language_tags import language_tag, mend_of

Report = Literal["report", "block"]
Enforcement = Literal["enforce", "report"]
Delivery = Literal["personal", "shared"]
Csp = Literal["off", "report", "enforce"]
InlineScripts = Literal["signature", "mention"]
StyleSheets = Literal["filter", "ignore"]
Module = Literal["auto", "always"]
Layout = Literal["card", "full"]
Position = Literal["bottom", "top", "centre", "corner"]

KEYS: Final = (
    "revision",
    "choice_months",
    "first_party",
    "unlisted_cookies",
    "unlisted_hosts",
    "enforcement",
    "delivery",
    "csp",
    "csp_allow",
    "csp_countries",
    "lazy_attributes",
    "inline_scripts",
    "style_sheets",
    "banner",
    "layout",
    "position",
    "banner_place",
    "banner_except",
    "script",
    "module",
    "path",
    "languages",
    "cookie_name",
    "cookie_domain",
    "import_from",
    "regime",
    "dnt",
    "gpc_json",
    "metrics",
)
_CSP_COUNTRIES: Final = 32
"""Of one rule they take some 2 KiB already."""
REVISION_MAX: Final = 999_999_999
_PATH: Final = re.compile(r"(?:/[A-Za-z0-9._~-]+)+\Z", re.ASCII)
_TOKEN: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+\Z", re.ASCII)
_COOKIE_NAME_CHARACTERS: Final = 64
_RFC3339: Final = re.compile(r"\d{4}-\d\d-\d\d(?:[Tt]\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:[Zz]|[+-]\d\d:\d\d))?\Z", re.ASCII)
_DATE_EXAMPLE: Final = 'the day on which the statement was last changed, as in "2026-01-31"'


@dataclass(frozen=True, slots=True)
class Settings:
    """What the ``[policy]`` table says."""

    revision: int = 1
    choice_months: int = CHOICE_MONTHS_MAX
    first_party: tuple[str, ...] = ()
    unlisted_cookies: Report = "report"
    unlisted_hosts: Report = "report"
    enforcement: Enforcement = "enforce"
    csp: Csp = "off"
    csp_allow: tuple[tuple[str, str], ...] = ()
    """Key path and host source of each."""
    csp_countries: tuple[str, ...] = ()
    lazy_attributes: bool = True
    inline_scripts: InlineScripts = "signature"
    style_sheets: StyleSheets = "filter"
    banner: bool = True
    layout: Layout = "card"
    position: Position = "bottom"
    banner_except: tuple[str, ...] = ()
    script: bool = True
    module: Module = "auto"
    path: str = "/privacy-choices"
    languages: tuple[tuple[str, str], ...] = ()
    """Key path and tag of each; empty: those of the titles."""
    cookie_name: str = "consent"
    cookie_domain: str = ""
    import_from: tuple[str, ...] = ()
    regime: str = ""
    dnt: bool = False
    gpc_json: GpcStatement | None = None
    metrics: bool = False


def read_settings(table: Table | None) -> Settings:
    """Return the settings; each fault is noted and its default stands in."""
    if table is None:
        return Settings()
    _refuse_later(table)
    first_party = _first_party(table)
    csp, csp_allow = _csp(table)
    return Settings(
        revision=table.integer("revision", 1, 1, REVISION_MAX),
        choice_months=table.integer("choice_months", CHOICE_MONTHS_MAX, 1, CHOICE_MONTHS_MAX),
        first_party=first_party,
        unlisted_cookies=table.option("unlisted_cookies", get_args(Report), "report"),
        unlisted_hosts=table.option("unlisted_hosts", get_args(Report), "report"),
        enforcement=table.option("enforcement", get_args(Enforcement), "enforce"),
        csp=csp,
        csp_allow=csp_allow,
        csp_countries=_csp_countries(table),
        lazy_attributes=table.boolean("lazy_attributes", True),
        inline_scripts=table.option("inline_scripts", get_args(InlineScripts), "signature"),
        style_sheets=table.option("style_sheets", get_args(StyleSheets), "filter"),
        banner=table.boolean("banner", True),
        layout=table.option("layout", get_args(Layout), "card"),
        position=_position(table),
        banner_except=_banner_except(table),
        script=table.boolean("script", True),
        module=table.option("module", get_args(Module), "auto"),
        path=_path(table),
        languages=_languages(table),
        cookie_name=_cookie_name(table),
        cookie_domain=_cookie_domain(table, first_party),
        import_from=read_import_from(table),
        regime=table.option("regime", tuple(REGIMES), ""),
        dnt=table.boolean("dnt", False),
        gpc_json=_gpc_json(table),
        metrics=table.boolean("metrics", False),
    )


def _gpc_json(table: Table) -> GpcStatement | None:
    """What ``/.well-known/gpc.json`` says (G02). A date of TOML is as good as one in quotes."""
    value = table.value.get("gpc_json")
    if isinstance(value, GpcStatement):
        return value
    statement = table.table("gpc_json", ("gpc", "lastUpdate"))
    if statement is None:
        return None
    for key, mend in (("gpc", "Write true or false"), ("lastUpdate", f"Write {_DATE_EXAMPLE}")):
        if not statement.has(key):
            statement.missing(key, mend)
    gpc = statement.boolean("gpc", False)
    updated = statement.value.get("lastUpdate", "")
    if isinstance(updated, datetime.datetime):
        updated = updated.isoformat() if updated.tzinfo is not None else ""
    elif isinstance(updated, datetime.date):
        updated = updated.isoformat()
    if not isinstance(updated, str) or (statement.has("lastUpdate") and not _is_date(updated)):
        statement.fault("lastUpdate", "is no date, nor a time with its zone", f"Write {_DATE_EXAMPLE}")
        return None
    return GpcStatement(gpc, updated)


def _is_date(text: str) -> bool:
    if not _RFC3339.match(text):
        return False
    try:
        datetime.datetime.fromisoformat(text)
    except ValueError:
        return False
    return True


def _refuse_later(table: Table) -> None:
    """Note the settings that this version does not yet obey."""
    key, now = "delivery", "personal"
    value = table.string(key, now)
    mend = f'Write {key} = "{now}", or leave it out'
    if value in get_args(Delivery) and value != now:
        table.fault(key, f"{value!r} is not available yet", mend)
    elif value != now:
        table.fault(key, f"{value!r} is none of the values that this key takes", mend)


def _csp(table: Table) -> tuple[Csp, tuple[tuple[str, str], ...]]:
    csp: Csp = table.option("csp", get_args(Csp), "off")
    allowed: dict[str, str] = {}
    written = table.strings("csp_allow")
    for path, text in written:
        try:
            allowed.setdefault(host_source(text), path)
        except RuleFault as fault:
            table.faults.add(path, fault.message, 'Write a host, as in "cdn.example.org" or "*.example.org"')
    if csp == "enforce" and not written and table.value.get("unlisted_hosts") != "block":
        mend = 'Name in csp_allow the hosts that no rule names, or set unlisted_hosts = "block"'
        table.fault("csp", "'enforce' stops every host that no rule names: a Content-Security-Policy knows no deny list", mend)
    return csp, tuple((path, source) for source, path in allowed.items())


def _csp_countries(table: Table) -> tuple[str, ...]:
    countries: dict[str, None] = {}
    written = table.strings("csp_countries")
    if len(written) > _CSP_COUNTRIES:
        told = f"{len(written)} countries fit in no Content-Security-Policy"
        table.fault("csp_countries", told, f"Name the {_CSP_COUNTRIES} at most that your pages do contact")
    for path, text in written:
        if text == "com":
            table.faults.add(path, "'com' stands there in any case", "Leave it out")
        elif country_form(f"x.{text}") == "x.*":
            countries[text] = None
        else:
            mend = 'Write what stands for the "*" of "www.google.*", as in "fr" or "co.uk"'
            table.faults.add(path, f"{text!r} is no domain of a country", mend)
    return tuple(countries)


def _first_party(table: Table) -> tuple[str, ...]:
    domains: list[str] = []
    for path, text in table.strings("first_party"):
        try:
            host = normal_host(text)
            refuse_public_suffix(host, text)
        except RuleFault as fault:
            table.faults.add(
                path, fault.message, 'Write your registrable domain, as in "example.org": all below it is yours too'
            )
        else:
            if host not in domains:
                domains.append(host)
    return tuple(domains)


def _path(table: Table) -> str:
    default = "/privacy-choices"
    text = table.string("path", default)
    path = text.rstrip("/")
    if text.strip("/") and _PATH.match(path) and not {".", ".."} & set(path.split("/")):
        return path
    if "path" in table.value and isinstance(table.value["path"], str):
        table.fault(
            "path",
            f"{text!r} cannot be the address of our pages",
            f'Write an absolute path of letters, digits, ".", "_", "~" and "-", without a query, as in "{default}"',
        )
    return default


def _position(table: Table) -> Position:
    """Where the banner stands; ``banner_place`` is an older name of it. A corner is too small for the full form."""
    key = "position" if table.has("position") or not table.has("banner_place") else "banner_place"
    position: Position = table.option(key, get_args(Position), "bottom")
    if position == "corner" and table.value.get("layout") == "full":
        table.fault(key, "is too small a place for the full form", 'Set layout = "card", or another position')
    return position


def _banner_except(table: Table) -> tuple[str, ...]:
    paths: list[str] = []
    for path, text in table.strings("banner_except"):
        kept = text.rstrip("/")
        if not kept and text:
            table.faults.add(path, "takes every page", "Write banner = false, or name the pages that show none")
        elif not kept.startswith("/") or "?" in kept or "#" in kept or "*" in kept or "//" in kept:
            mend = 'Write the path of a page or a folder, as in "/checkout": all below it is taken too; no query, no "*"'
            table.faults.add(path, f"{text!r} is not a path of this site", mend)
        elif kept not in paths:
            paths.append(kept)
    return tuple(paths)


def _languages(table: Table) -> tuple[tuple[str, str], ...]:
    found: dict[str, str] = {}
    for path, text in table.strings("languages"):
        tag = language_tag(text)
        if tag is None:
            table.faults.add(path, f"{text!r} is not a language", mend_of(text))
        elif tag in found:
            table.faults.add(path, f"the language {tag!r} stands twice", "Leave one of the two out")
        else:
            found[tag] = path
    if table.value.get("languages") == []:
        table.fault("languages", "is empty", "Name at least one language, or leave the key out: then those of the titles count")
    return tuple((path, tag) for tag, path in found.items())


def _cookie_name(table: Table) -> str:
    name = table.string("cookie_name", "consent")
    mend = 'Write a name of its own, as in "consent"'
    if not _TOKEN.match(name) or len(name) > _COOKIE_NAME_CHARACTERS:
        table.fault("cookie_name", f"{name!r} cannot be a cookie's name", mend)
    elif name.lower().startswith(("__host-", "__secure-")):
        table.fault("cookie_name", f"{name!r} begins with a prefix", "Leave the prefix out: it is added where it is due")
    elif is_framework_cookie(name):
        table.fault("cookie_name", f"{name!r} is a cookie of a framework", mend)
    else:
        return name
    return "consent"


def _cookie_domain(table: Table, first_party: tuple[str, ...]) -> str:
    text = table.string("cookie_domain")
    if not text:
        return ""
    mend = 'Write one of your own domains, as in "example.org"'
    try:
        domain = normal_host(text.removeprefix("."))
        refuse_public_suffix(domain, text)
    except RuleFault as fault:
        table.fault("cookie_domain", fault.message, mend)
        return ""
    if is_ip_address(domain) or "." not in domain:
        table.fault("cookie_domain", f"{text!r} has no subdomains that could share a cookie", "Leave it out")
        return ""
    if first_party and not any(covers(mine, domain) for mine in first_party):
        table.fault("cookie_domain", f"{text!r} lies outside first_party", mend)
        return ""
    return domain
