"""Which addresses are to be withheld, as somebody who uses a plain HTML library would write it.

A list of hosts, each with all below it or alone, some with a path; the host is what stands between `//` and the next `/`, `?`
or `#`. No base address, no character references, no IDNA, no odd spelling: what that misses shows in the table of leaks. The
answer is remembered per address, so that the libraries are not measured by this function. May import the policy's values; the
peers call it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

from consent_guard import Policy

_HOST_END = re.compile(r"[/?#]")


class HostList:
    """The hosts of a policy's services."""

    def __init__(self, rules: Iterable[tuple[str, bool, str, str]]) -> None:
        """``rules``: host, whether all below it counts too, path, query."""
        self._rules: dict[str, list[tuple[bool, str, str]]] = {}
        for host, below, path, query in rules:
            self._rules.setdefault(host, []).append((below, path, query))
        self.gated = lru_cache(maxsize=65536)(self._gated)
        self.gated_set = lru_cache(maxsize=65536)(self._gated_set)

    @classmethod
    def of(cls, policy: Policy) -> HostList:
        """Return all hosts of all services."""
        rules = [rule for service in policy.services for rule in service.hosts if rule.host]
        return cls((rule.host, rule.subdomains, rule.path, rule.query) for rule in rules)

    def covers(self, host: str, path: str = "/", query: str = "") -> bool:
        """Tell whether some rule covers a parsed address."""
        name = host
        while name:
            for below, rule_path, rule_query in self._rules.get(name, ()):
                if (below or name == host) and path.startswith(rule_path) and rule_query in query:
                    return True
            name = name.partition(".")[2]
        return False

    def hosts(self) -> list[str]:
        """Return the host names, without `*.`."""
        return list(self._rules)

    def _gated(self, url: str | None) -> bool:
        if not url or "//" not in url:
            return False
        rest = url.partition("//")[2]
        end = _HOST_END.search(rest)
        host, address = (rest[: end.start()], rest[end.start() :]) if end else (rest, "/")
        path, _, query = address.partition("?")
        return self.covers(host.lower().partition(":")[0], path, query)

    def _gated_set(self, srcset: str | None) -> bool:
        return bool(srcset) and any(self.gated(part.split()[0]) for part in (srcset or "").split(",") if part.split())
