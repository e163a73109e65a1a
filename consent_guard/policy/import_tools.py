"""The consent tools whose choice can be read (``import_from``), and how a policy says what their keys mean.

    [import.klaro]
    cookie = "my-klaro"                                          where the tool was told to use another name
    keys = { matomo = "audience", share = ["facebook", "x-twitter"] }

May import the policy's values and the table reader. The settings' reader and the loader call it; ``consent.imports`` holds one
reader for each tool named here, and a test compares the two.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from .faults import FaultList, guess
from .model import ImportRule, Policy
from .tables import Table, kind_of

IMPORT_KEYS: Final = ("cookie", "keys")
_NAME: Final = re.compile(r"[!#$%&'+.^_`|~0-9A-Za-z-]{1,64}\Z", re.ASCII)


@dataclass(frozen=True, slots=True)
class ImportTool:
    """One tool, as far as a policy must know it."""

    id: str
    title: str
    cookies: tuple[str, ...]
    """The names of its own cookies; ``{}`` stands for the name that ``cookie`` changes, a trailing ``*`` for anything."""
    cookie: str
    """What stands for ``{}`` unless the policy says otherwise."""
    keys: tuple[str, ...] = ()
    """Its keys, where every site has the same ones; empty: each site names its own."""

    def names(self, cookie: str = "") -> tuple[str, ...]:
        """Return the names of its cookies on a site that gives it this ``cookie``."""
        return tuple(name.replace("{}", cookie or self.cookie) for name in self.cookies)


_TOOLS: Final = (
    ImportTool("tarteaucitron", "tarteaucitron", ("{}",), "tarteaucitron"),
    ImportTool("klaro", "Klaro", ("{}",), "klaro"),
    ImportTool("orejime", "Orejime", ("{}", "orejime"), "eu-consent"),
    ImportTool("vanilla-cookieconsent", "vanilla-cookieconsent 3", ("{}",), "cc_cookie"),
    ImportTool("cookiebot", "Cookiebot", ("{}",), "CookieConsent", ("necessary", "preferences", "statistics", "marketing")),
    ImportTool("onetrust", "OneTrust", ("OptanonConsent", "OptanonAlertBoxClosed"), ""),
    ImportTool(
        "cookieyes",
        "CookieYes",
        ("{}",),
        "cookieyes-consent",
        ("necessary", "functional", "analytics", "performance", "advertisement", "other"),
    ),
    ImportTool("axeptio", "Axeptio", ("{}", "axeptio_authorized_vendors", "axeptio_all_vendors"), "axeptio_cookies"),
    ImportTool("didomi", "Didomi", ("{}",), "didomi_token"),
    ImportTool("complianz", "Complianz", ("{}*",), "cmplz_"),
    ImportTool(
        "drupal-eu-cookie-compliance",
        "Drupal EU Cookie Compliance",
        ("{}", "{}-categories", "{}-version"),
        "cookie-agreed",
    ),
    ImportTool("django-cookie-consent", "django-cookie-consent", ("{}",), "cookie_consent"),
)
TOOLS: Final[Mapping[str, ImportTool]] = MappingProxyType({tool.id: tool for tool in _TOOLS})


def read_import_from(table: Table) -> tuple[str, ...]:
    """Return the tools that ``import_from`` names, each once."""
    found: list[str] = []
    for path, text in table.strings("import_from"):
        if text not in TOOLS:
            table.faults.add(path, f"no tool {text!r} is known", guess(text, list(TOOLS), "Known are"))
        elif text in found:
            table.faults.add(path, f"{text!r} stands twice", "Leave one of the two out")
        else:
            found.append(text)
    return tuple(found)


def read_imports(root: Table, import_from: Iterable[str]) -> tuple[ImportRule, ...]:
    """Return a rule for each tool of ``import_from``, with what its ``[import.…]`` table says of it."""
    tables = root.table("import", tuple(TOOLS))
    used = tuple(import_from)
    if tables is not None:
        for id in TOOLS:
            if tables.has(id) and id not in used:
                tables.fault(id, "the choice is not read from this tool", f'Add "{id}" to import_from, or leave the table out')
    return tuple(_rule(id, tables.table(id, IMPORT_KEYS) if tables is not None else None) for id in used)


def _rule(id: str, table: Table | None) -> ImportRule:
    tool = TOOLS[id]
    if table is None:
        return ImportRule(id)
    cookie = table.string("cookie")
    if table.has("cookie") and isinstance(table.value["cookie"], str):
        if not tool.cookie:
            table.fault("cookie", f"the cookies of {tool.title} have no other names", "Leave it out")
        elif not _NAME.match(cookie):
            table.fault(
                "cookie", f"{cookie!r} cannot be a cookie's name", f'The name that the tool uses; its own is "{tool.cookie}"'
            )
    keys = dict(_keys(table, tool))
    return ImportRule(id, cookie, MappingProxyType(keys))


def _keys(table: Table, tool: ImportTool) -> Iterator[tuple[str, tuple[str, ...]]]:
    example = 'Write keys = { "the tool\'s key" = "a category or service of this policy" }'
    keys = table.value.get("keys", {})
    if not isinstance(keys, Mapping):
        table.fault("keys", f"is {kind_of(keys)}, not a table", example)
        return
    below = Table(keys, table.at("keys"), table.faults, tuple(key for key in keys if isinstance(key, str)))
    for key, value in keys.items():
        if not isinstance(key, str):
            continue
        if tool.keys and key not in tool.keys:
            below.fault(key, f"{tool.title} has no key {key!r}", guess(key, list(tool.keys), "It has"))
        purposes = [below.string(key)] if isinstance(value, str) else [text for _, text in below.strings(key)]
        yield key, tuple(purposes)


def check_imports(
    imports: Iterable[ImportRule], purposes: Iterable[str], cookies: Iterable[tuple[str, str]], faults: FaultList
) -> None:
    """Note keys that mean nothing in this policy, and cookies of a tool that would wait for the choice that they hold.

    ``cookies``: key path and exact name of each cookie that is not necessary.
    """
    known = list(purposes)
    waiting = list(cookies)
    for rule in imports:
        for key, means in rule.keys.items():
            for purpose in means:
                if purpose not in known:
                    path = Table({}, f"import.{rule.tool}.keys", faults, ()).at(key)
                    faults.add(path, f"no category or service has the id {purpose!r}", guess(purpose, known, "There are"))
        for path, name in waiting:
            if name in TOOLS[rule.tool].names(rule.cookie):
                faults.add(
                    path,
                    f"{name!r} holds the choice that import_from reads, and would wait for it here",
                    "Put it into a necessary category, or leave it out",
                )


def imported_cookie_names(policy: Policy) -> tuple[str, ...]:
    """Return the names of the cookies that hold the imported choice, some with a trailing ``*``."""
    return tuple(dict.fromkeys(name for rule in policy.imports for name in TOOLS[rule.tool].names(rule.cookie)))
