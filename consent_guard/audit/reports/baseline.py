"""The baseline: leaks that are known and accepted for now, so that only new ones fail a build.

A JSON file that is meant to be committed and read: each entry says in words what it accepts. May import the report's values.
The command reads and writes it.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Final

from ..problems import Unreadable
from ..report import Report, Verdict, fingerprint, path_of

FORMAT: Final = 1


def read_baseline(path: str | Path) -> frozenset[str]:
    """Return the fingerprints that a baseline accepts. Raises Unreadable."""
    shown = str(path)
    try:
        document = json.loads(Path(path).read_text(encoding="utf-8"))
    except OSError as error:
        raise Unreadable(shown, f"cannot be read ({error.strerror or error}); write one with --write-baseline") from error
    except ValueError as error:
        raise Unreadable(shown, f"is no JSON ({error})") from error
    if not isinstance(document, dict) or document.get("format") != FORMAT or not isinstance(document.get("accepted"), list):
        raise Unreadable(shown, f"is no baseline of format {FORMAT}; write one with --write-baseline")
    found: set[str] = set()
    for entry in document["accepted"]:
        mark = entry.get("fingerprint") if isinstance(entry, dict) else None
        if not isinstance(mark, str):
            raise Unreadable(shown, "has an entry without a fingerprint")
        found.add(mark)
    return frozenset(found)


def write_baseline(path: str | Path, report: Report) -> int:
    """Write every leak of a report as accepted, and return how many there are. Raises Unreadable."""
    entries: dict[str, dict[str, str]] = {}
    for seen in report.sightings:
        if seen.verdict is Verdict.LEAK:
            entries[fingerprint(seen)] = {
                "state": seen.state.phrase,
                "page": path_of(seen.page),
                "what": f"{seen.sort.value} {seen.subject}",
                "where": seen.where,
                "service": seen.service or "",
                "fingerprint": fingerprint(seen),
            }
    document = {"format": FORMAT, "accepted": [entries[key] for key in sorted(entries)]}
    try:
        Path(path).write_text(json.dumps(document, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
    except OSError as error:
        raise Unreadable(str(path), f"cannot be written ({error.strerror or error})") from error
    return len(entries)


def stale(report: Report) -> int:
    """Return how many accepted leaks this scan did not meet: they can be taken out."""
    return len(report.accepted - {fingerprint(seen) for seen in report.sightings})
