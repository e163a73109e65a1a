"""What browsers report of our Content-Security-Policy, as far as it is believed (CSP Level 3 §5).

A report is hearsay: anybody can send one. Of each, three words are read, by a strict grammar: the directive, the host that was
stopped, and the first segment of the page's path. All else, which may be personal, is dropped. May import limits, findings and
the wire layer. The engine's endpoint calls it.
"""

from __future__ import annotations

import json
import re
from typing import Any, Final

from ..findings import Finding, FindingKind
from ..limits import CSP_REPORTS_BURST, CSP_REPORTS_HOURS, CSP_REPORTS_KNOWN, CSP_REPORTS_PER_SECOND
from ..wire.origins import split_host

DIRECTIVES: Final = frozenset(
    f"{kind}-src"
    for kind in ("default", "script", "img", "connect", "frame", "font", "style", "media", "object", "worker", "manifest")
) | {"script-src-elem", "style-src-elem", "child-src", "prefetch-src", "fenced-frame-src"}
_ADDRESS: Final = re.compile(r"(?:https?|wss?)://([a-z0-9_.:\[\]-]{1,300})(?:[/?#].*)?\Z", re.ASCII | re.IGNORECASE | re.DOTALL)
_SEGMENT: Final = re.compile(r"[A-Za-z0-9._~-]{1,64}\Z", re.ASCII)
_OF_THE_WEB: Final = re.compile(r"(?:https?|data|blob):|(?:|inline|eval|data|blob|about)\Z", re.ASCII | re.IGNORECASE)


def read_report(body: bytes, own: str, root_path: str = "", *, enforced: bool = True) -> Finding | None:
    """Return what a report says, None where it is none of a page of this site, or says nothing of a host.

    ``own``: the request's Host field. ``root_path``: where the app is mounted. Linear in the body; never raises.
    """
    report = _report(body)
    if report is None:
        return None
    directive = report.get("effective-directive") or report.get("violated-directive")
    name = directive.split(" ", 1)[0] if isinstance(directive, str) else ""
    # Extensions act in pages under schemes of their own, and what they load is no doing of the page's.
    source = report.get("source-file", "")
    if name not in DIRECTIVES or not isinstance(source, str) or not _OF_THE_WEB.match(source):
        return None
    host, page = _host(report.get("blocked-uri")), report.get("document-uri")
    here = split_host(own)[0]
    made = page == "blob"  # a worker whose script a page made: of its address nothing else is told
    if not host or not here or not (made or _host(page) == here):
        return None
    route = "/" if made else _route(str(page), root_path)
    return Finding(FindingKind.CSP_REPORT, host, name, enforced=enforced, route=route)


def _report(body: bytes) -> dict[str, Any] | None:
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        return None
    report = value.get("csp-report") if isinstance(value, dict) else None
    return report if isinstance(report, dict) else None


def _host(address: object) -> str:
    found = _ADDRESS.match(address) if isinstance(address, str) else None
    return split_host(found[1])[0] if found else ""


def _route(address: str, root_path: str) -> str:
    """Return the first segment of a page's path, as findings name a route that has no template."""
    path = re.split("[?#]", address.split("://", 1)[1], maxsplit=1)[0].partition("/")[2]
    path = f"/{path}".removeprefix(f"{root_path}/").lstrip("/")
    segment = path.partition("/")[0]
    return f"/{segment}" if _SEGMENT.match(segment) else "/"


class Reports:
    """How many reports one guard looks at, and how many different findings come of them. Threads may race on it: the worst is
    one too many or too few."""

    def __init__(self) -> None:
        self._left = float(CSP_REPORTS_BURST)
        self._last = 0.0
        self._known: set[Finding] = set()
        self._since = 0.0

    def takes(self, now: float) -> bool:
        """Tell whether one more report is looked at."""
        passed = max(0.0, now - self._last)
        self._left = min(float(CSP_REPORTS_BURST), self._left + passed * CSP_REPORTS_PER_SECOND)
        self._last = now
        if self._left < 1:
            return False
        self._left -= 1
        return True

    def counts(self, finding: Finding, now: float) -> bool:
        """Tell whether a finding counts: it is known, or there is room for another."""
        if not 0 <= now - self._since < CSP_REPORTS_HOURS * 3600:
            self._known, self._since = set(), now
        if finding in self._known:
            return True
        if len(self._known) >= CSP_REPORTS_KNOWN:
            return False
        self._known.add(finding)
        return True
