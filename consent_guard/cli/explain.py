"""``consent-guard explain``: why an address or a part of a page is withheld, by which rule, and the ways to allow it.

The judge that enforces is asked. May import the policy, the choice, the rewriter's judge, the audit and ``output``. The table
in ``app`` registers it.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import ada_url
import click

from ..audit.beside import NOT_LISTED
from ..audit.leaks import Leak, LeakFinder
from ..audit.printable import printable
from ..audit.report import without_query
from ..audit.scan.contacts import Contacts
from ..consent.choice import effective
from ..policy.hosts import HostIndex
from ..policy.model import Basis, Policy
from ..rewrite.decide.parsing import parse
from .output import console, could_not, json_out
from .policies import policy_of

_PAGE: Final = "https://www.your-site.example/"
_HEAD: Final = [(b"content-type", b"text/html")]


@click.command()
@click.argument("target", metavar="URL|FILE")
@click.option("--policy", metavar="FILE", help="The policy; without it the built-in one, with the whole catalogue.")
@click.option("--element", metavar="WHAT", help='Only what stands in such a place of a page, as "iframe", or on such a line.')
@click.option("--page", metavar="URL", help="The address of the page that holds it; a path of its site is then a URL, too.")
@click.option("--json", "as_json", is_flag=True, help="Write one JSON object.")
def command(target: str, policy: str | None, element: str | None, page: str | None, as_json: bool) -> None:
    """Tell why something is withheld before a choice: an address that a page loads (URL), or what a page holds (FILE).

    Exit codes: 0 told, 2 it could not be read.
    """
    found = policy_of(policy)
    at = page or _PAGE
    told = _address(target, found, at) if _is_address(target, page) else _file(target, found, element, at)
    if as_json:
        json_out({"target": target, "withheld": told})
        return
    for number, part in enumerate(told):
        console.print(printable(("\n" if number else "") + str(part["what"])))
        for line in part["because"]:
            console.print(printable(f"  {line}"))
        if part["ways"]:
            console.print("  Ways to allow it:")
        for way in part["ways"]:
            console.print(printable(f"    - {way}"))


def _is_address(target: str, page: str | None) -> bool:
    """Tell an address from a file. A path is one of the page's own site where that page is named, and no such file is there."""
    if "://" in target or target.startswith("//"):
        return True
    return page is not None and target.startswith("/") and not Path(target.partition("?")[0]).exists()


def _address(target: str, policy: Policy, page: str) -> list[dict[str, Any]]:
    try:
        page = ada_url.URL(page).href
        url = ada_url.URL(target, base=page).href
    except ValueError:
        could_not(f"{target!r} is no address that a browser could load, seen from {page!r}. Write it in full, with https://")
    what = without_query(url)
    judged = Contacts(policy).request(target, page, effective(policy, None, 0))
    if judged is not None:
        return [_because(what, policy, judged.service, judged.category, judged.rule or "", judged.host)]
    if parse(target, page) is None:
        return [{"what": what, "because": ["not withheld: a browser asks no host for it"], "ways": []}]
    return [{"what": what, "because": ["not withheld: it is the site's own, and no rule names it"], "ways": []}]


def _file(target: str, policy: Policy, element: str | None, page: str) -> list[dict[str, Any]]:
    try:
        body = Path(target).read_bytes()
    except OSError as error:
        could_not(
            f"{target}: {error.strerror or error}. Give the address with https://, a path with --page, or a page that was saved"
        )
    seen = LeakFinder(policy).inspect(200, _HEAD, body, page)
    found = [leak for leak in (*seen.leaks, *seen.unlisted) if element is None or _is_asked(leak, element)]
    if not found:
        which = "" if element is None else f" in {element!r}"
        places = sorted({leak.where for leak in (*seen.leaks, *seen.unlisted)})
        hint = f" It is withheld in: {', '.join(places)}" if places else ""
        return [{"what": target, "because": [f"nothing{which} is withheld or unknown.{hint}"], "ways": []}]
    return [_because(_place(leak), policy, leak.service, leak.category, leak.rule, leak.host) for leak in found]


def _is_asked(leak: Leak, element: str) -> bool:
    wanted = element.strip().lower().strip("<>")
    if wanted.isdecimal():
        return wanted == str(leak.line)
    return wanted in leak.where.lower().split() or wanted in leak.excerpt.lower()


def _place(leak: Leak) -> str:
    place = leak.where if leak.line is None else f"line {leak.line}, column {leak.column}, {leak.where}"
    return f"{place}: {leak.host or 'a script that cannot be told'}" + (f"  {leak.excerpt}" if leak.excerpt else "")


def _because(what: str, policy: Policy, service: str | None, category: str | None, rule: str, host: str) -> dict[str, Any]:
    if category is None or category == NOT_LISTED:
        return _unlisted(what, policy, host)
    basis = policy.category(category).basis
    whose = f"rule {rule!r} of service {service!r}" if service else f"rule {rule!r}"
    because = [f"{whose}, category {category!r}, basis {basis.value!r}"]
    if basis is Basis.NECESSARY:
        return {"what": what, "because": [*because, "not withheld: necessary purposes are always on"], "ways": []}
    if basis is Basis.EXEMPT:
        because.append("not withheld until the visitor refuses it")
    else:
        because.append("withheld until the visitor allows it")
    if policy.enforcement == "report":
        because.append('enforcement = "report": it is found, and nothing is withheld')
    ways = [f"the visitor accepts all, or {category!r}"]
    if service:
        ways += [
            f"the visitor allows {service!r} alone: the placeholder's button, or choice=allow with service={service}",
            f"the visitor loads it once: choice=once with service={service}",
            f'a narrower rule than {rule!r}: [[services]] with hosts = ["HOST/PATH/"], in a category of its own',
            f"take {service!r} out of the policy, where it is none of the site's services (it is then an unknown host)",
        ]
    ways += [
        f"another basis for {category!r}, where the law allows one: necessary, or exempt with a reason",
        '[[paths]] with enforcement = "report" or "off" for a part of the site that no visitor sees',
    ]
    return {"what": what, "because": because, "ways": ways}


def _unlisted(what: str, policy: Policy, host: str) -> dict[str, Any]:
    entry = HostIndex(Policy.load()).match(host, "/", "") if host else None
    named = f'the catalogue knows it as "{entry.service}": [[services]] id = "{entry.service}"' if entry else ""
    add = named or f'[[services]] with hosts = ["{host}"] and a category of the policy'
    if policy.unlisted_hosts == "block":
        because = ['no rule names it, and unlisted_hosts = "block" withholds what no rule names']
        return {"what": what, "because": because, "ways": [add, 'unlisted_hosts = "report"']}
    because = ['not withheld: no rule names it, and unlisted_hosts = "report" lets it pass']
    return {"what": what, "because": [*because, f"to gate it: {add}"], "ways": []}
