"""The public lists of trackers and cookies that the catalogue is measured against: how each is read, and what is known of it.

Called by ``catalogue_coverage.py``. The lists are files that their reader brings; none is part of this repository, and no entry
of the catalogue is made from one: they tell only what is missing.
"""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from consent_guard.policy.catalogue import catalogue
from consent_guard.policy.cookie_names import CookieIndex
from consent_guard.policy.countries import country_form
from consent_guard.policy.frameworks import is_framework_cookie
from consent_guard.policy.model import HostRule, Policy

_DOMAINS: Final = re.compile(r"^-+ *domains\n(.*?)^-+ *domains$", re.M | re.S)
_CATEGORY: Final = re.compile(r"^category: *(\S+)", re.M)
_NO_TRACKERS: Final = ("hosting", "extensions")
"""Ghostery's categories of hosts that serve files for others, and of browser extensions."""
_TESTS: Final = re.compile(r"\btest (?:site|tracker)|^Ad Company", re.I)
"""Owners of pages that exist to try a blocker out."""
_PLACES: Final = re.compile(r"[<{\[(](?:[\w .-]+)[>}\])]|#+|\bX{3,}\b")


@dataclass(frozen=True)
class Listed:
    """A host or cookie of a list."""

    name: str
    weight: float
    """On what share of sites it was met, from 0 to 1; 0 where the list does not say."""
    about: str = ""


class KnownHosts:
    """The host rules of the catalogue, asked for whole domains."""

    def __init__(self) -> None:
        rules = [rule for entry in catalogue().values() for rule in entry.service.hosts if rule.host]
        self._at: dict[str, list[HostRule]] = {}
        for rule in rules:
            self._at.setdefault(rule.host, []).append(rule)
        self._above = {parent for rule in rules for parent in _parents(rule.host)}

    def part(self, domain: str) -> str:
        """Return how much of a domain is known: ``whole``, ``part`` (some host or path of it) or nothing."""
        general = country_form(domain)
        for host in (domain, *_parents(domain), *([general, *_parents(general)] if general else [])):
            if any(rule.subdomains and not rule.path and not rule.query for rule in self._at.get(host, ())):
                return "whole"
        if domain in self._at or domain in self._above or (general and (general in self._at or general in self._above)):
            return "part"
        return "part" if any(rule.subdomains for parent in _parents(domain) for rule in self._at.get(parent, ())) else ""


def _parents(host: str) -> Iterator[str]:
    while "." in host:
        host = host.partition(".")[2]
        if "." in host:
            yield host


def _json(path: Path, key: str) -> Mapping[str, Any]:
    document = json.loads(path.read_text(encoding="utf-8"))
    if isinstance(document, dict) and isinstance(table := document.get(key), dict):
        return table
    raise ValueError(f"{path}: has no table {key!r}")


def duckduckgo(path: Path) -> list[Listed]:
    """Read ``tds.json`` of DuckDuckGo's tracker blocklists: its trackers with their prevalence."""
    return [
        Listed(domain, float(facts.get("prevalence", 0)), f"{owner}, {facts.get('default', '')}")
        for domain, facts in _json(path, "trackers").items()
        if not _TESTS.search(owner := str((facts.get("owner") or {}).get("name", "")))
    ]


def disconnect(path: Path, prevalence: Mapping[str, float]) -> list[Listed]:
    """Read ``services.json`` of Disconnect's tracking protection. It tells no prevalence: that of another list is taken."""
    found: dict[str, Listed] = {}
    for category, companies in _json(path, "categories").items():
        for company in companies:
            for name, sites in company.items():
                for domains in sites.values():
                    for domain in domains if isinstance(domains, list) else ():
                        found.setdefault(domain, Listed(domain, prevalence.get(domain, 0.0), f"{name}, {category}"))
    return list(found.values())


def ghostery(folder: Path, prevalence: Mapping[str, float]) -> list[Listed]:
    """Read the ``db/patterns`` of Ghostery's trackerdb. It tells no prevalence: that of another list is taken."""
    files = sorted(folder.glob("*.eno"))
    if not files:
        raise ValueError(f"{folder}: holds no .eno files; give trackerdb's db/patterns")
    found: dict[str, Listed] = {}
    for file in files:
        text = file.read_text(encoding="utf-8")
        category = _CATEGORY.search(text)
        kind = category[1] if category else ""
        domains = _DOMAINS.search(text)
        if domains and kind not in _NO_TRACKERS:
            for domain in domains[1].split():
                found.setdefault(domain, Listed(domain, prevalence.get(domain, 0.0), f"{file.stem}, {kind}"))
    return list(found.values())


def reach(path: Path) -> Mapping[str, float]:
    """Read a table of comma-separated values of hosts and their reach, as WhoTracks.me publishes them (``domains.csv``)."""
    with path.open(encoding="utf-8", newline="") as file:
        rows = csv.DictReader(file)
        columns = rows.fieldnames or ()
        host = next((name for name in ("host_tld", "domain", "host") if name in columns), "")
        share = next((name for name in ("site_reach", "reach", "prevalence") if name in columns), "")
        if not host or not share:
            raise ValueError(f"{path}: has no column host_tld, domain or host beside one of reach, site_reach or prevalence")
        return {row[host]: float(row[share]) for row in rows}


def open_cookie_database(path: Path) -> list[Listed]:
    """Read the Open Cookie Database: the names of cookies that it places on no domain, and so on the site's own."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = csv.DictReader(file)
        if "Cookie / Data Key name" not in (rows.fieldnames or ()):
            raise ValueError(f"{path}: has no column 'Cookie / Data Key name'")
        found: dict[str, Listed] = {}
        for row in rows:
            name, category = (row["Cookie / Data Key name"] or "").strip(), row.get("Category") or ""
            if name and not (row.get("Domain") or "").strip() and category in ("Analytics", "Marketing"):
                spelled = _PLACES.sub("1", name).replace("*", "1") + ("1" if row.get("Wildcard match") == "1" else "")
                found.setdefault(name, Listed(spelled, 0.0, f"{name}: {row.get('Platform')}, {category}"))
        return list(found.values())


def most_prevalent(listed: Iterable[Listed], count: int) -> list[Listed]:
    return sorted(listed, key=lambda one: (-one.weight, one.name))[:count]


def report_hosts(title: str, listed: Iterable[Listed], known: KnownHosts) -> tuple[float, list[str]]:
    """Return the share that is known, weighted by prevalence, and the lines that tell it and each miss, the most met first.

    A list without prevalence is counted by its hosts.
    """
    ranked = sorted(listed, key=lambda one: (-one.weight, one.name))
    weights = [one.weight for one in ranked] if any(one.weight for one in ranked) else [1.0] * len(ranked)
    parts = [known.part(one.name) for one in ranked]
    total = sum(weights) or 1.0
    share = sum(weight for weight, part in zip(weights, parts, strict=True) if part) / total
    whole = sum(weight for weight, part in zip(weights, parts, strict=True) if part == "whole") / total
    count = sum(bool(part) for part in parts)
    lines = [f"{title}: {count} of {len(ranked)} hosts known; by prevalence {share:.1%} ({whole:.1%} as a whole)"]
    for one, weight, part in zip(ranked, weights, parts, strict=True):
        if not part:
            lines.append(f"  missed: {weight:9.5f}  {one.name}  ({one.about})")
    return share, lines


def report_cookies(title: str, listed: Iterable[Listed]) -> tuple[float, list[str]]:
    index = CookieIndex(Policy.load(None))
    names = list(listed)
    missed = [one for one in names if index.match(one.name) is None and not is_framework_cookie(one.name)]
    share = 1 - len(missed) / max(len(names), 1)
    return share, [
        f"{title}: {len(names) - len(missed)} of {len(names)} cookie names known ({share:.1%})",
        *(f"  missed: {one.about}" for one in missed),
    ]
