"""How much of the public lists of services, trackers and cookies does the catalogue know?

    PYTHONPATH=. python scripts/catalogue_coverage.py TARTEAUCITRON THIRD_PARTY_WEB [--top TSV]
    PYTHONPATH=. python scripts/catalogue_coverage.py --duckduckgo tds.json --ghostery db/patterns --disconnect services.json \\
        --cookies open-cookie-database.csv [--reach domains.csv] [--hosts 300] [--least 0.9]

TARTEAUCITRON is a JSON file of tarteaucitron's services by key; THIRD_PARTY_WEB one of domain patterns with their entity and
categories. Of the first a service is known where an id or alias of the catalogue is its key. Of the second an entity is known
where some host rule lies within its domains; looked at are the entities that ``--top`` lists (third_party_web_top.tsv beside
this file). Prints both shares and each miss by name.

The others are lists of trackers, each as its project publishes it: DuckDuckGo's tracker blocklist, the patterns of Ghostery's
trackerdb, Disconnect's services, the Open Cookie Database. Of the most prevalent ``--hosts`` a host is known where a rule takes
it or a part of it, and the shares are weighted by prevalence: DuckDuckGo's own, and for those that tell none that of
``--reach`` (a table of WhoTracks.me), else DuckDuckGo's. Misses are printed the most met first.

Leaves with 1 where a share is below what is promised (``--least`` for DuckDuckGo and Ghostery), 2 for a file that cannot be
read.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from consent_guard.policy.catalogue import catalogue, find
from consent_guard.policy.countries import country_form
from consent_guard.policy.model import HostRule

sys.path.insert(0, str(Path(__file__).parent))  # its neighbour, however this file is run

import catalogue_lists as lists

TOP = Path(__file__).with_name("third_party_web_top.tsv")
TARTEAUCITRON_LEAST = 215


@dataclass(frozen=True)
class Coverage:
    """What is known of one list."""

    list: str
    known: tuple[str, ...]
    missed: tuple[str, ...]
    least: int

    @property
    def total(self) -> int:
        return len(self.known) + len(self.missed)

    def lines(self) -> Iterable[str]:
        share = len(self.known) / max(self.total, 1)
        yield f"{self.list}: {len(self.known)} of {self.total} known ({share:.1%}); {self.least} promised"
        for name in self.missed:
            yield f"  missed: {name}"


def of_tarteaucitron(services: Iterable[str]) -> Coverage:
    """Compare by key."""
    keys = sorted(services)
    known = tuple(key for key in keys if find(key))
    return Coverage("tarteaucitron", known, tuple(key for key in keys if key not in known), TARTEAUCITRON_LEAST)


def of_third_party_web(domains: Mapping[str, str], entities: Iterable[str]) -> Coverage:
    """Compare by domain. ``domains`` maps a pattern, ``*.x`` or an exact host, to its entity."""
    rules = [rule for entry in catalogue().values() for rule in entry.service.hosts]
    met = {entity for pattern, entity in domains.items() if any(_lies_within(rule, pattern) for rule in rules)}
    asked = tuple(entities)
    return Coverage(
        "third-party-web",
        tuple(entity for entity in asked if entity in met),
        tuple(entity for entity in asked if entity not in met),
        len(asked),
    )


def _lies_within(rule: HostRule, pattern: str) -> bool:
    """Tell whether a rule takes addresses of this pattern: by naming a host in it, or all of a domain that it lies in."""
    domain = pattern.removeprefix("*.")
    if rule.countries and rule.host == country_form(domain):
        return True
    if rule.host == domain or (rule.subdomains and domain.endswith("." + rule.host)):
        return True
    return pattern.startswith("*.") and rule.host.endswith("." + domain)


def top_entities(path: Path) -> tuple[str, ...]:
    """Return the entities of a ``pages TAB entity`` list, in its order."""
    lines = path.read_text(encoding="utf-8").splitlines()
    return tuple(line.split("\t", 1)[1] for line in lines if line and not line.startswith("#"))


def read(path: Path, key: str) -> Mapping[str, Mapping[str, object]]:
    """Return the table below ``key`` of a JSON file. Raises OSError or ValueError where it cannot be had."""
    document = json.loads(path.read_text(encoding="utf-8"))
    if isinstance(document, dict) and isinstance(table := document.get(key), dict):
        return table
    raise ValueError(f"{path}: has no table {key!r}")


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("tarteaucitron", type=Path, metavar="TARTEAUCITRON", nargs="?")
    parser.add_argument("third_party_web", type=Path, metavar="THIRD_PARTY_WEB", nargs="?")
    parser.add_argument("--top", type=Path, default=TOP, metavar="TSV")
    for name in ("duckduckgo", "ghostery", "disconnect", "cookies", "reach"):
        parser.add_argument(f"--{name}", type=Path)
    parser.add_argument("--hosts", type=int, default=300)
    parser.add_argument("--least", type=float, default=0.9)
    asked = parser.parse_args(arguments)
    if (asked.tarteaucitron is None) != (asked.third_party_web is None):
        parser.error("give TARTEAUCITRON and THIRD_PARTY_WEB together")
    print(f"{len(catalogue())} services, {sum(len(entry.aliases) for entry in catalogue().values())} other names")
    try:
        below = _services(asked) if asked.tarteaucitron is not None else False
        return int(_trackers(asked) or below)
    except (OSError, ValueError) as error:
        print(f"cannot read the facts: {error}", file=sys.stderr)
        return 2


def _services(asked: argparse.Namespace) -> bool:
    """Print what is known of the lists of services; tell whether one is below what is promised."""
    services = read(asked.tarteaucitron, "services")
    domains = {pattern: str(facts.get("entity")) for pattern, facts in read(asked.third_party_web, "domains").items()}
    found = (of_tarteaucitron(services), of_third_party_web(domains, top_entities(asked.top)))
    for coverage in found:
        print("\n".join(coverage.lines()))
    return any(len(coverage.known) < coverage.least for coverage in found)


def _trackers(asked: argparse.Namespace) -> bool:
    """Print what is known of the lists of trackers and cookies; tell whether one is below what is promised."""
    known = lists.KnownHosts()
    shares: list[float] = []
    prevalence: Mapping[str, float] = {}
    if asked.duckduckgo is not None:
        trackers = lists.duckduckgo(asked.duckduckgo)
        prevalence = {one.name: one.weight for one in trackers}
        shares.append(_told("DuckDuckGo", lists.most_prevalent(trackers, asked.hosts), known))
    if asked.reach is not None:
        prevalence = lists.reach(asked.reach)
    if asked.ghostery is not None:
        trackers = lists.ghostery(asked.ghostery, prevalence)
        shares.append(_told("Ghostery", lists.most_prevalent(trackers, asked.hosts), known))
    if asked.disconnect is not None:
        _told("Disconnect", lists.most_prevalent(lists.disconnect(asked.disconnect, prevalence), asked.hosts), known)
    if asked.cookies is not None:
        print("\n".join(lists.report_cookies("Open Cookie Database", lists.open_cookie_database(asked.cookies))[1]))
    return any(share < asked.least for share in shares)


def _told(title: str, listed: Sequence[lists.Listed], known: lists.KnownHosts) -> float:
    share, lines = lists.report_hosts(title, listed, known)
    print("\n".join(lines))
    return share


if __name__ == "__main__":
    raise SystemExit(main())
