"""A report as JSON: all of it, for programs. ``format`` changes when a member changes its meaning or goes."""

from __future__ import annotations

import base64
import json
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any, Final

from ....version import __version__
from ...report import Report, Sighting, State, fingerprint
from ..advice import advise
from ..comparison import Comparison

FORMAT: Final = 1


def write(report: Report, comparison: Comparison | None = None) -> str:
    """Return the report as one JSON document."""
    document: dict[str, Any] = {
        "format": FORMAT,
        "tool": {"name": "consent-guard", "version": __version__},
        "target": report.target,
        "policy": report.policy,
        "browser": report.browser,
        "started": datetime.fromtimestamp(report.started, UTC).isoformat(timespec="seconds"),
        "seconds": round(report.seconds, 3),
        "summary": {
            "pages": len(report.pages),
            "leaks": len(report.leaks),
            "accepted": len(report.accepted_leaks),
            "exit_code": report.exit_code,
        },
        "visits": [
            {
                "page": visit.page,
                "state": visit.state.value,
                "status": visit.status,
                "html_bytes": visit.html_bytes,
                "requests": visit.requests,
                "bytes": visit.bytes,
                "own_banner": visit.own_banner,
                "manage_link": visit.manage_link,
                "own": {"html_bytes": visit.own_html_bytes, "requests": visit.own_requests, "bytes": visit.own_bytes},
                "sightings": [_sighting(seen, report.accepted) for seen in visit.sightings],
            }
            for visit in report.visits
        ],
        "problems": [{"subject": problem.subject, "message": problem.message} for problem in report.problems],
        "notes": list(report.notes),
        "advice": [{"subjects": one.subjects, "reason": one.reason, "toml": one.toml} for one in advise(report)],
        "screenshots": [
            {"page": shot.page, "state": shot.state.value, "png": base64.b64encode(shot.png).decode("ascii")}
            for shot in report.screenshots
        ],
    }
    if comparison is not None:
        document["comparison"] = _comparison(comparison)
    return json.dumps(document, ensure_ascii=False, indent=2) + "\n"


def _sighting(seen: Sighting, accepted: frozenset[str]) -> dict[str, Any]:
    key = fingerprint(seen)
    return {
        "sort": seen.sort.value,
        "verdict": seen.verdict.value,
        "accepted": key in accepted,
        "host": seen.host,
        "name": seen.name,
        "service": seen.service,
        "category": seen.category,
        "rule": seen.rule,
        "where": seen.where,
        "initiator": seen.initiator,
        "line": seen.line,
        "column": seen.column,
        "excerpt": seen.excerpt,
        "fingerprint": key,
    }


def _comparison(comparison: Comparison) -> dict[str, Any]:
    def pair(values: tuple[int, int]) -> dict[str, int]:
        return {"unguarded": values[0], "guarded": values[1]}

    def totals(state: State) -> dict[str, Any]:
        sums = comparison.totals(state)
        return {
            "pages": sums.pages,
            "removed": sums.removed,
            "added": sums.added,
            "hosts": pair(sums.hosts),
            "requests": pair(sums.requests),
            "bytes": pair(sums.bytes),
            "html_bytes": pair(sums.html_bytes),
            "own": asdict(sums.own),
        }

    nothing: frozenset[str] = frozenset()
    return {
        "unguarded": comparison.unguarded.target,
        "guarded": comparison.guarded.target,
        "totals": {state.value: totals(state) for state in comparison.guarded.states},
        "changes": [
            {
                "page": change.page,
                "state": change.state.value,
                "removed": [_sighting(seen, nothing) for seen in change.removed],
                "added": [_sighting(seen, nothing) for seen in change.added],
                "html_bytes": pair(change.html_bytes),
                "requests": pair(change.requests),
                "bytes": pair(change.bytes),
                "own": asdict(change.own),
            }
            for change in comparison.changes
        ],
        "only_unguarded": list(comparison.only_unguarded),
        "only_guarded": list(comparison.only_guarded),
    }
