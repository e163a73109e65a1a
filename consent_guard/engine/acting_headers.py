"""Response fields that make a browser contact a host: only their gated members go (DESIGN §6; H40, H41, H42, N13).

They act on every status and content type, on 103 Early Hints too. ``Location`` is a navigation and stays. May import the wire
layer and the rewriter's judge. The response side calls it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from ..findings import Finding, FindingKind
from ..rewrite.decide.compiled_policy import CompiledPolicy
from ..rewrite.model import DocumentFacts, Verdict
from ..wire.link_header import filter_links
from ..wire.messages import Header, Headers
from ..wire.policy_headers import (
    filter_csp,
    filter_nel,
    filter_refresh,
    filter_report_to,
    filter_reporting_endpoints,
    filter_source_map,
    filter_speculation_rules,
)

_SIMPLE: Final[dict[bytes, tuple[str, Callable[[bytes, Callable[[str], bool]], bytes | None]]]] = {
    b"content-security-policy": ("Content-Security-Policy report-uri", filter_csp),
    b"content-security-policy-report-only": ("Content-Security-Policy-Report-Only report-uri", filter_csp),
    b"refresh": ("Refresh", filter_refresh),
    b"reporting-endpoints": ("Reporting-Endpoints", filter_reporting_endpoints),
    b"sourcemap": ("SourceMap", filter_source_map),
    b"speculation-rules": ("Speculation-Rules", filter_speculation_rules),
    b"x-sourcemap": ("X-SourceMap", filter_source_map),
}
ACTING: Final = frozenset({b"link", b"nel", b"report-to", *_SIMPLE})


def _silent(finding: Finding) -> None:
    """Hear nothing."""


class ActingHeaders:
    """The filter of one exchange. The judge is asked for only when a response holds such a field."""

    __slots__ = ("_add", "_allowed", "_document", "_needed", "_rules")

    def __init__(
        self,
        rules: CompiledPolicy,
        allowed: frozenset[str],
        needed: frozenset[str],
        document: Callable[[], DocumentFacts],
        add: Callable[[Finding], None],
    ) -> None:
        """``allowed`` are the services of this visitor, ``needed`` those of every visitor; ``document`` is the address."""
        self._rules = rules
        self._allowed = allowed
        self._needed = needed
        self._document = document
        self._add = add

    def filter(self, headers: Headers) -> list[Header]:
        """Return the headers without the members that this consent withholds; every other byte stays."""
        return self._filter(headers, self._allowed, self._add)

    def consented(self, headers: Headers) -> bool:
        """Tell whether these headers, once filtered, hold a member that passed only because this visitor allows it (N8)."""
        return any(name.lower() in ACTING for name, _ in headers) and (
            self._filter(headers, self._needed, _silent) != list(headers)
        )

    def _filter(self, headers: Headers, allowed: frozenset[str], add: Callable[[Finding], None]) -> list[Header]:
        if not any(name.lower() in ACTING for name, _ in headers):
            return list(headers)
        judge = self._rules.view(allowed, self._document())
        groups: set[str] = set()
        kept: list[Header] = []
        for header in headers:
            name, value = header[0].lower(), header[1]
            left: bytes | None = value
            if name == b"link":
                left = filter_links(value, _asking(judge.look, "Link", add), _asking(judge.hint, "Link", add))
            elif name == b"report-to":
                left, emptied = filter_report_to(value, _asking(judge.look, "Report-To", add))
                groups |= emptied
            elif name in _SIMPLE:
                where, withhold = _SIMPLE[name]
                left = withhold(value, _asking(judge.look, where, add))
            if left is not None:
                kept.append(header if left is value else (header[0], left))
        if not groups:
            return kept
        forgotten = frozenset(groups)
        return [(name, filter_nel(value, forgotten)) if name.lower() == b"nel" else (name, value) for name, value in kept]


def _asking(look: Callable[[str], Verdict | None], where: str, add: Callable[[Finding], None]) -> Callable[[str], bool]:
    """Return the question "is this address gated?", which tells of each that is, and of each host that no rule names."""

    def gated(address: str) -> bool:
        verdict = look(address)
        if verdict is None:
            return False
        add(verdict.finding(FindingKind.HEADER, where))
        return verdict.enforced

    return gated
