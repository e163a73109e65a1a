"""Reading ``[[categories]]`` and ``[[cookies]]``.

May import the policy's values and the table reader. The loader calls it.
"""

from __future__ import annotations

import re
from typing import Final

from ..wire.origins import is_ip_address
from .host_rules import RuleFault, normal_host, refuse_public_suffix
from .lifetimes import parse_lifetime
from .model import AppCookie, Basis, Category, CookieRule, Lifetime
from .tables import Table

CATEGORY_KEYS: Final = ("id", "basis", "gpc", "title", "description")
_RULE_KEYS: Final = ("name", "lifetime", "purpose", "domain", "path", "digits")
COOKIE_RULE_KEYS: Final = (*_RULE_KEYS, "dead")
APP_COOKIE_KEYS: Final = ("category", *_RULE_KEYS)
_HOW: Final = 'exact or with one * inside or at its end, as in "_ga_*" or "mp_*_mixpanel"'
_BASES: Final = tuple(basis.value for basis in Basis)
_COOKIE_NAME: Final = re.compile(r"[!#$%&'+.^_`|~0-9A-Za-z-]+(?:\*[!#$%&'+.^_`|~0-9A-Za-z-]*)?\Z", re.ASCII)
_COOKIE_PATH: Final = re.compile(r"/[!-:<-~]*\Z", re.ASCII)


def read_category(table: Table, heeds_gpc: bool = False) -> Category:
    """Return one category; each fault is noted and a harmless value stands in.

    ``heeds_gpc``: the regime's default of ``gpc``, for every category that is not necessary.
    """
    id = table.id("category")
    basis = table.option("basis", _BASES, "consent")
    if not table.has("basis"):
        table.missing("basis", "Write necessary (always on), exempt (on until refused) or consent (off until granted)")
    gpc = table.boolean("gpc", heeds_gpc and basis != Basis.NECESSARY)
    if not table.has("title"):
        table.missing("title", 'Visitors are asked for it by name: write title = { en = "…" }')
    return Category(
        id=id,
        basis=Basis(basis),
        title=table.texts("title"),
        description=table.texts("description", lines=True),
        gpc=gpc,
    )


def read_app_cookie(table: Table) -> AppCookie:
    """Return one cookie of the app itself."""
    if not table.has("category"):
        table.missing("category", "Name the category that the cookie belongs to")
    return AppCookie(rule=read_cookie_rule(table), category=read_category_of(table))


def read_category_of(table: Table) -> str:
    """Return the category that a service or cookie names; whether it exists is checked by ``consistency``."""
    if table.value.get("category") == "":
        table.fault("category", "is empty", "Name a category of this policy")
    return table.string("category")


def read_cookie_rule(table: Table, *, nameless: bool = False) -> CookieRule:
    """Return one cookie rule, of a service or of the app.

    ``nameless``: it may say the lifetime of cookies whose names are not known. Such a rule is declared, and matches none.
    """
    return CookieRule(
        name="" if nameless and not table.has("name") and table.has("lifetime") else _name(table),
        lifetime=_lifetime(table),
        purpose=table.texts("purpose", lines=True),
        domain=_domain(table),
        path=_path(table),
        digits=_digits(table),
        dead=table.boolean("dead", False) if nameless else False,
    )


def _name(table: Table) -> str:
    if not table.has("name"):
        table.missing("name", f"Write the cookie's name, {_HOW}")
        return ""
    name = table.string("name")
    if not isinstance(table.value["name"], str):
        return ""
    if name == "*":
        table.fault("name", '"*" names every cookie', 'Cookies that no rule names are the matter of unlisted_cookies = "block"')
    elif name.startswith("*"):
        table.fault("name", f"{name!r} begins with a *: how a name begins tells whose cookie it is", f"Write a name, {_HOW}")
    elif name.count("*") > 1:
        table.fault("name", f"{name!r} has more than one *", f"Write a name, {_HOW}")
    elif not _COOKIE_NAME.match(name):
        table.fault(
            "name", f"{name!r} cannot be a cookie's name", "Write letters, digits and the like, without spaces, = ; or commas"
        )
    else:
        return name
    return ""


def _digits(table: Table) -> bool:
    digits = table.boolean("digits", False)
    if digits and "*" not in str(table.value.get("name")):
        table.fault("digits", "says what a * stands for, and the name has none", "Leave it out")
    return digits


def _lifetime(table: Table) -> Lifetime | None:
    text = table.string("lifetime")
    if not isinstance(table.value.get("lifetime"), str):
        return None
    try:
        return parse_lifetime(text)
    except RuleFault as fault:
        table.faults.add_rule(table.at("lifetime"), fault)
        return None


def _domain(table: Table) -> str:
    text = table.string("domain")
    if not text:
        return ""
    try:
        domain = normal_host(text.removeprefix("."))
        refuse_public_suffix(domain, text)
    except RuleFault as fault:
        table.faults.add_rule(table.at("domain"), fault)
        return ""
    if is_ip_address(domain):
        table.fault("domain", f"{text!r} is an address of numbers, which takes no Domain", "Leave it out")
        return ""
    return domain


def _path(table: Table) -> str:
    path = table.string("path", "/")
    if _COOKIE_PATH.match(path):
        return path
    table.fault("path", f"{path!r} cannot be a cookie's path", 'Write an absolute path, as in "/shop"')
    return "/"
