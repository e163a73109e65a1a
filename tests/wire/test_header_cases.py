"""Every header case whose loads were seen in a real browser."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urlsplit

from consent_guard.wire.link_header import filter_links
from consent_guard.wire.policy_headers import (
    filter_csp,
    filter_refresh,
    filter_report_to,
    filter_reporting_endpoints,
    filter_speculation_rules,
)

from ..cases import rows

Gated = Callable[[str], bool]

FILTERS: dict[str, Callable[[bytes, Gated], bytes | None]] = {
    "link": lambda value, gated: filter_links(value, gated, gated),
    "refresh": filter_refresh,
    "speculation-rules": filter_speculation_rules,
    "content-security-policy": filter_csp,
    "content-security-policy-report-only": filter_csp,
    "reporting-endpoints": filter_reporting_endpoints,
    "report-to": lambda value, gated: filter_report_to(value, gated)[0],
}


def test_no_header_contacts_the_gated_host_any_more() -> None:
    """H40, H41, H42, rule 0.4"""
    for row in rows("cases/headers.jsonl"):
        host: str = row["host"]

        def gated(url: str, host: str = host) -> bool:
            return urlsplit(url).hostname == host

        left = []
        for header in row["headers"]:
            name, _, value = header.partition(":")
            field = FILTERS.get(name.lower())
            left.append(field(value.strip().encode(), gated) if field else value.encode())
        assert any(host.encode() in (value or b"") for value in left) is not row["must_block"], row["id"]
