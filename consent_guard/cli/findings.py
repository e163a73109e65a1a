"""``consent-guard findings``: a log of findings summed up, and what to add to the policy so that nothing in it is unknown.

Reads lines as the ``consent_guard`` logger writes them, whatever stands before them, and JSON lines of findings. May import the
policy and ``output``. The table in ``app`` registers it.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final, TextIO

import click

from ..audit.printable import printable
from ..findings import FindingKind
from ..policy.cookie_names import CookieIndex
from ..policy.guidance.toml_text import toml_string
from ..policy.host_rules import RuleFault, normal_host
from ..policy.hosts import HostIndex
from ..policy.model import Basis, Policy
from ..wire.origins import is_public_suffix, registrable_domain
from .output import console, could_not, counted, error, json_out
from .policies import policy_of

_KINDS: Final = "|".join(re.escape(kind.value) for kind in FindingKind)
_LINE: Final = re.compile(
    rf"(?:\A|[\s:|\]\"=-])(?P<kind>{_KINDS}) (?P<subject>\S+)(?: in (?P<where>[^()]*?(?:\(\))?))??"
    r"(?: \((?P<whose>[^()]*), rule (?P<rule>.*)\))?(?: at (?P<route>\S+))?(?P<reported> \[only reported\])?[\"'}\s]*\Z"
)
"""As ``engine.finding_log`` writes it."""
_MEND: Final = (
    "Let the consent_guard logger write at level INFO, or write json.dumps(dataclasses.asdict(finding)) in on_finding: "
    "docs/enforcement.md shows both"
)
_NOT_A_WORD: Final = "the host or cookie name holds a blank, or a character that cannot be printed"
_NOT_IN_ID: Final = re.compile(r"[^A-Za-z0-9._-]+")
_ID_CHARACTERS: Final = 64
_ROUTES_SHOWN: Final = 5
_DECIDE: Final = "until you say what it is for; one of {}"
_MESSAGES: Final = ("message", "msg", "event")
"""Where structured logs keep the line itself."""


@dataclass(frozen=True, slots=True)
class Seen:
    """One finding, as a log tells it: the same wherever it happened."""

    kind: str
    subject: str
    service: str
    rule: str
    enforced: bool


@click.command()
@click.argument("file", type=click.File("r", encoding="utf-8", errors="replace"))
@click.option(
    "--policy", metavar="FILE", help="The policy to add to: its categories are offered, and what it names is left out."
)
@click.option("--json", "as_json", is_flag=True, help="Write one JSON object: the findings with their counts and routes.")
def command(file: TextIO, policy: str | None, as_json: bool) -> None:
    """Sum up the findings in a log FILE ("-" for standard input), and print the TOML that names what is unknown.

    What the catalogue does not know goes under the policy's first category that needs consent, until you say what it is for.

    Exit codes: 0 fine, 2 the file cannot be read, or holds no finding.
    """
    site = policy_of(policy)
    named = str(getattr(file, "name", "standard input"))
    counts: Counter[Seen] = Counter()
    routes: dict[Seen, Counter[str]] = {}
    left_out = 0
    try:
        for seen, route in _read(file):
            if _is_one_word(seen.subject):
                counts[seen] += 1
                routes.setdefault(seen, Counter())[route] += 1
            else:
                left_out += 1
    except OSError as fault:
        could_not(f"{named}: {fault.strerror or fault}")
    if left_out:
        error(f"{named}: {counted(left_out, 'line')} left out: {_NOT_A_WORD}")
    if not counts:
        could_not(f"{named}: no finding of consent_guard stands in it. {_MEND}")
    if as_json:
        json_out(
            {
                "findings": [_value(seen, count, routes[seen]) for seen, count in counts.most_common()],
                "toml": _toml(counts, site),
            }
        )
        return
    for seen, count in counts.most_common():
        whose = f"  {seen.service}, rule {seen.rule}" if seen.service else ""
        told = " [only reported]" if not seen.enforced else ""
        places = ", ".join(route for route, _ in routes[seen].most_common(_ROUTES_SHOWN) if route)
        more = f" and {len(routes[seen]) - _ROUTES_SHOWN} more" if len(routes[seen]) > _ROUTES_SHOWN else ""
        console.print(
            printable(f"{count:>6}  {seen.kind}  {seen.subject}{whose}{told}" + (f"  at {places}{more}" if places else ""))
        )
    toml = _toml(counts, site)
    console.print("\n# Nothing to add: the policy names every host and cookie in this log." if not toml else f"\n{toml}")


def _read(lines: Iterable[str]) -> Iterator[tuple[Seen, str]]:
    for line in lines:
        found = _from_json(line) if line.lstrip().startswith("{") else None
        found = found or _from_text(line)
        if found is not None:
            yield found


def _from_json(line: str) -> tuple[Seen, str] | None:
    try:
        value = json.loads(line)
    except (ValueError, RecursionError):
        return None
    if not isinstance(value, dict):
        return None
    if value.get("kind") in set(FindingKind) and isinstance(value.get("subject"), str):
        text = {key: part if isinstance(part, str) else "" for key, part in value.items()}
        seen = Seen(
            text["kind"], text["subject"], text.get("service", ""), text.get("rule", ""), value.get("enforced") is not False
        )
        return seen, text.get("route", "")
    return next((found for key in _MESSAGES if isinstance(value.get(key), str) and (found := _from_text(value[key]))), None)


def _from_text(line: str) -> tuple[Seen, str] | None:
    match = _LINE.search(line.rstrip())
    if match is None:
        return None
    whose = (match["whose"] or "").rpartition("/")[2]
    return Seen(match["kind"], match["subject"], whose, match["rule"] or "", match["reported"] is None), match["route"] or ""


def _is_one_word(subject: str) -> bool:
    """Tell whether a subject is as the logger writes it. JSON can hold more, and some of it would break out of the comments
    below; of white space, only the blank itself counts as printable."""
    return subject.isprintable() and " " not in subject


def _value(seen: Seen, count: int, routes: Counter[str]) -> dict[str, Any]:
    return {
        "kind": seen.kind,
        "subject": seen.subject,
        "service": seen.service or None,
        "rule": seen.rule or None,
        "enforced": seen.enforced,
        "count": count,
        "routes": dict(routes.most_common()),
    }


def _toml(counts: Iterable[Seen], site: Policy) -> str:
    """Return what names the unknown hosts and cookies: by the catalogue where it knows them, else for the site to fill in."""
    seen = list(counts)
    known = Policy.load()
    if site != known:
        own_hosts, own_cookies = HostIndex(site), CookieIndex(site)
        seen = [
            each for each in seen if own_hosts.match(each.subject, "/", "") is None and own_cookies.match(each.subject) is None
        ]
    hosts = sorted({each.subject for each in seen if each.kind == FindingKind.HOST_UNLISTED and _can_be_ruled(each.subject)})
    cookies = sorted({each.subject for each in seen if each.kind == FindingKind.COOKIE_UNLISTED and each.subject})
    if not hosts and not cookies:
        return ""
    asked = _asked(site)
    category = f"category = {toml_string(asked)}  # {_DECIDE.format(', '.join(each.id for each in site.categories))}"
    host_index, cookie_index = HostIndex(known), CookieIndex(known)
    services: dict[str, list[str]] = {}
    domains: dict[str, list[str]] = {}
    blocks: list[str] = []
    for host in hosts:
        match = host_index.match(host, "/", "")
        if match is not None:
            services.setdefault(match.service, []).append(host)
        else:
            domains.setdefault(registrable_domain(host) or host, []).append(host)
    for name in cookies:
        held = cookie_index.match(name)
        if held is not None and held.service is not None:
            services.setdefault(held.service, []).append(name)
        else:
            blocks.append(f'[[cookies]]\nname = {toml_string(name)}\n{category}\npurpose = {{ en = "…" }}')
    taken = {service.id for service in site.services}
    homes = {home.id for home in site.categories if home.basis is not Basis.EXEMPT}
    for service, named in sorted(services.items()):
        if site != known and service in taken:
            blocks.append(
                f"# {', '.join(named)}: of {service}, which the policy names without them. Add them to its hosts or cookies."
            )
            continue
        lines = [f"[[services]]  # {', '.join(named)}", f"id = {toml_string(service)}"]
        own = known.service(service).category
        if own not in homes:
            lines.append(f"{category}; the catalogue says {toml_string(own)}")
        blocks.append("\n".join(lines))
    for domain, named in sorted(domains.items()):
        rule = domain if named == [domain] else f"*.{domain}"
        lines = [
            f"[[services]]  # {', '.join(named)}",
            f"id = {toml_string(_id(domain))}",
            category,
            f"title = {{ en = {toml_string(domain)} }}",
            f"hosts = [{toml_string(rule)}]",
        ]
        blocks.append("\n".join(lines))
    return "\n\n".join(blocks)


def _asked(site: Policy) -> str:
    """Return the category for what nobody has looked at: one that needs consent; never, where others are, one whose services
    must state their reason."""
    by_basis = {category.basis: category.id for category in reversed(site.categories)}
    return by_basis.get(Basis.CONSENT) or by_basis.get(Basis.NECESSARY) or site.categories[0].id


def _id(domain: str) -> str:
    return _NOT_IN_ID.sub("-", domain).lstrip("._-")[:_ID_CHARACTERS] or "unknown"


def _can_be_ruled(host: str) -> bool:
    """Tell whether a policy may name this host."""
    try:
        return not is_public_suffix(normal_host(host))
    except RuleFault:
        return False
