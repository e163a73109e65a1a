"""The findings of one exchange: each told once, to ``on_finding`` and to the ``consent_guard`` logger.

May import findings and limits. The exchange and its parts add to it; so does the rewriter, through ``add``.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace
from typing import Final

from ..findings import Finding, FindingKind
from ..limits import FINDINGS

logger: Final = logging.getLogger("consent_guard")

_LOUD: Final = frozenset({FindingKind.BROKEN_FIELD, FindingKind.INSECURE, FindingKind.UNFILTERED})
_PASSED: Final = frozenset({FindingKind.COOKIE_CUT, FindingKind.CSP_WIDENED, FindingKind.CSP_REPORT, *_LOUD})
"""Kinds that withhold nothing."""


class FindingLog:
    """What was withheld, cut or unknown in one exchange.

    The same finding is told once, however often it occurs. At most ``limits.FINDINGS`` different ones are told: a page without
    end must not fill the memory.
    """

    __slots__ = ("_count", "_found", "_on_finding", "_reporting", "_route", "withheld")

    def __init__(
        self,
        on_finding: Callable[[Finding], None] | None = None,
        *,
        reporting: bool = False,
        route: Callable[[], str] = lambda: "",
        count: Callable[[FindingKind], None] | None = None,
    ) -> None:
        """``route`` returns the route that serves the request, as far as it is known. ``count`` is told the kind of each."""
        self._count = count
        self._on_finding = on_finding
        self._route = route
        self._reporting = reporting
        self._found: dict[Finding, None] = {}
        self.withheld = 0
        """How many different things were kept from the browser or from the app."""

    @property
    def found(self) -> tuple[Finding, ...]:
        """The findings so far, in the order in which they occurred."""
        return tuple(self._found)

    def add(self, finding: Finding) -> None:
        """Tell a finding, unless it was told before. Never raises: an error of ``on_finding`` is logged."""
        if self._reporting and finding.enforced:
            finding = replace(finding, enforced=False)
        if not finding.route:
            finding = replace(finding, route=self._route())
        if finding in self._found or len(self._found) >= FINDINGS:
            return
        self._found[finding] = None
        if finding.enforced and finding.kind not in _PASSED:
            self.withheld += 1
        if self._count is not None:
            self._count(finding.kind)
        level = logging.WARNING if finding.kind in _LOUD else logging.INFO
        if logger.isEnabledFor(level):
            logger.log(level, "%s", _line(finding))
        if self._on_finding is not None:
            try:
                self._on_finding(finding)
            except Exception:
                logger.exception("on_finding failed; the response goes on")


def _line(finding: Finding) -> str:
    """One line for the log: no query string, no value, nothing that could break the line (R9)."""
    told = [finding.kind.value, _printable(finding.subject)]
    if finding.where:
        told.append(f"in {_printable(finding.where)}")
    if finding.service or finding.category:
        told.append(f"({'/'.join(part for part in (finding.category, finding.service) if part)}, rule {finding.rule})")
    if finding.route:
        told.append(f"at {_printable(finding.route)}")
    if not finding.enforced:
        told.append("[only reported]")
    return " ".join(told)


def _printable(text: str) -> str:
    return text if text.isascii() and text.isprintable() else ascii(text)[1:-1]
