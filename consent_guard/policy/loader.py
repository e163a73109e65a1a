"""From a policy file, a mapping or dataclasses to a Policy, or to a PolicyError with every fault.

May import the rest of the policy package. ``Policy.load`` and the adapters call it, once at start. Reads the file and nothing
else.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import Final

from ..errors import Fault, PolicyError
from .builtin import builtin_document
from .catalogue import find, names
from .categories import APP_COOKIE_KEYS, CATEGORY_KEYS, read_app_cookie, read_category
from .consistency import Draft, Placed, check, draft_of
from .faults import FaultList
from .import_tools import read_imports
from .model import Policy, PolicySource, Service
from .paths import check_paths, read_paths
from .regimes import REGIMES
from .services import SERVICE_KEYS, read_service, refuse_unknown, with_signatures_for_own_hosts
from .settings import KEYS, read_settings
from .tables import Table
from .texts.wording import read_own_texts

_LEFT_OUT: Final = ("regime", "gpc_json")
"""Settings whose absence no document can write."""
SECTIONS: Final = ("policy", "categories", "services", "cookies", "paths", "texts", "import")


def load_policy(source: PolicySource = None) -> Policy:
    """Return the policy that ``source`` describes: a Policy, a TOML file's path, a mapping of the same shape, or None for the
    built-in policy.

    Raises PolicyError with every fault, in the order of the file; OSError for a file that cannot be read; TypeError for
    anything else.
    """
    match source:
        case None:
            return builtin_policy()
        case Policy():
            return _checked(source)
        case Mapping():
            return read_policy(source)
        case str() | os.PathLike():
            return _load_file(Path(source))
    raise TypeError(f"a policy is a Policy, a path, a mapping or None, not {type(source).__name__}")


@lru_cache(maxsize=1)
def builtin_policy() -> Policy:
    """Return the built-in policy. It is read once."""
    return read_policy(builtin_document(), "the built-in policy")


def _checked(policy: Policy) -> Policy:
    faults = FaultList()
    own = {key: value for key in KEYS if hasattr(policy, key) and ((value := getattr(policy, key)) or key not in _LEFT_OUT)}
    read_settings(Table(own, "policy", faults, KEYS))
    check(draft_of(policy), faults)
    check_paths([(f"paths[{place}]", rule) for place, rule in enumerate(policy.paths)], policy.path, faults)
    if tuple(rule.tool for rule in policy.imports) != policy.import_from:
        faults.add("policy.imports", "has not one rule for each of import_from", "Give an ImportRule for each, in that order")
    if faults:
        raise PolicyError(faults.in_order_of({}))
    return policy


def _load_file(path: Path) -> Policy:
    name = str(path)
    try:
        data = path.read_bytes()
    except FileNotFoundError as error:
        # A relative path is looked for where the process was started, which servers and test runners choose.
        looked = "" if path.is_absolute() else f", looked for in {Path.cwd()}; give the policy's full path"
        raise FileNotFoundError(error.errno, f"{error.strerror}{looked}", name) from None
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        fault = Fault(f"line {line}", "is not UTF-8", "Save the file in UTF-8")
        raise PolicyError([fault], name) from None
    try:
        document = tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        raise PolicyError([_syntax_fault(error)], name) from None
    return read_policy(document, name)


def _syntax_fault(error: Exception) -> Fault:
    """tomllib tells the place at the end of its message: ``… (at line 3, column 7)``."""
    message, _, place = str(error).rpartition(" (at ")
    mend = "Mend the TOML there; nothing after it was read"
    if message.startswith(("Cannot overwrite a value", "Duplicate inline table key", "Cannot declare")):
        # tomllib speaks of its own doing; what is wrong is that one name was given twice.
        message = f"a key or table stands twice ({message[0].lower()}{message[1:]})"
        mend = "Leave one of the two out; several services or categories are written [[services]], [[categories]]"
    if message and place.endswith(")"):
        return Fault(place[:-1], message, mend)
    return Fault("the file", str(error) or type(error).__name__, mend)


def read_policy(document: Mapping[str, object], source: str = "policy") -> Policy:
    """Return the policy of a document of the shape of DESIGN §4. Raises PolicyError, which names ``source``."""
    faults = FaultList()
    root = Table(document, "", faults, (*SECTIONS, *KEYS))
    for key in KEYS:
        if root.has(key):
            root.fault(key, "stands outside of its table", "Move it below [policy]")
    settings = read_settings(root.table("policy", KEYS))
    heeds_gpc = bool(settings.regime) and REGIMES[settings.regime].gpc
    categories = [
        Placed(table.path, read_category(table, heeds_gpc), table.value)
        for table in root.tables("categories", CATEGORY_KEYS, "[[categories]]")
    ]
    services = list(_services(root))
    cookies = [Placed(table.path, read_app_cookie(table)) for table in root.tables("cookies", APP_COOKIE_KEYS, "[[cookies]]")]
    imports = read_imports(root, settings.import_from)
    paths = read_paths(root, settings.path)
    own_texts = read_own_texts(root)
    draft = Draft(categories, services, cookies, settings.languages, settings.cookie_name, imports, settings.csp_allow)
    check(draft, faults)
    if faults:
        raise PolicyError(faults.in_order_of(document), source)
    titled = dict.fromkeys(language for category in categories for language in category.value.title)
    languages = tuple(tag for _, tag in settings.languages) or tuple(titled)
    return Policy(
        categories=tuple(placed.value for placed in categories),
        services=tuple(_titled(placed.value, languages) for placed in services),
        cookies=tuple(placed.value for placed in cookies),
        revision=settings.revision,
        choice_months=settings.choice_months,
        first_party=settings.first_party,
        unlisted_cookies=settings.unlisted_cookies,
        unlisted_hosts=settings.unlisted_hosts,
        enforcement=settings.enforcement,
        csp=settings.csp,
        csp_allow=tuple(source for _, source in settings.csp_allow),
        csp_countries=settings.csp_countries,
        lazy_attributes=settings.lazy_attributes,
        inline_scripts=settings.inline_scripts,
        style_sheets=settings.style_sheets,
        banner=settings.banner,
        layout=settings.layout,
        banner_place=settings.position,
        banner_except=settings.banner_except,
        script=settings.script,
        module=settings.module,
        path=settings.path,
        languages=languages,
        cookie_name=settings.cookie_name,
        cookie_domain=settings.cookie_domain,
        import_from=settings.import_from,
        imports=imports,
        regime=settings.regime,
        dnt=settings.dnt,
        gpc_json=settings.gpc_json,
        metrics=settings.metrics,
        texts=own_texts,
        paths=paths,
    )


def _services(root: Table) -> Iterator[Placed[Service]]:
    for table in root.tables("services", SERVICE_KEYS, "[[services]]"):
        id = table.value.get("id")
        entry = find(id) if isinstance(id, str) else None
        if entry is None and isinstance(id, str) and refuse_unknown(table, id, names):
            continue
        merged = table if entry is None else Table({**entry.facts, **table.value}, table.path, table.faults, SERVICE_KEYS)
        service = read_service(merged)
        if entry is not None and table.has("hosts") and not table.has("inline"):
            service = with_signatures_for_own_hosts(service)
        yield Placed(table.path, service, table.value)


def _titled(service: Service, languages: tuple[str, ...]) -> Service:
    """A service that states no title goes by its id."""
    return service if service.title else replace(service, title=MappingProxyType({languages[0]: service.id}))
