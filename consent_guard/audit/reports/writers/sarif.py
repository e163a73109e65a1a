"""A report as SARIF 2.1.0, for code scanning: each leak is a result at its line, each baseline entry a suppression.

Beyond the standard it has what GitHub's code scanning asks for: locations without a scheme other than ``file`` (with one
``https:`` the whole upload is refused), a line for each, a text of help for each rule, and ``primaryLocationLineHash``, by
which alerts are known again. A page's whole address stands as its logical location. OASIS SARIF 2.1.0: §3.13 (log), §3.14
(run), §3.19 (tool component), §3.20 (invocation), §3.27 (result), §3.33 (logical location), §3.35 (suppression).
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

from ....version import __version__
from ...report import Report, Sighting, Sort, Verdict, fingerprint
from ..comparison import Comparison
from .sentences import message

SCHEMA: Final = "https://json.schemastore.org/sarif-2.1.0.json"
_HELP: Final = (
    "Put the service under a category of the policy that waits for consent, and the app behind the middleware; or remove what "
    "loads it. consent-guard scan names the policy line for what the policy does not list yet."
)
_HELP_UNLISTED: Final = "Add it to the policy: the report of consent-guard scan holds the lines."
_RULES: Final = {
    Sort.REQUEST: ("contact-without-consent", "The page makes the browser contact a host without consent."),
    Sort.HEADER: ("header-without-consent", "A response header makes the browser contact a host without consent."),
    Sort.INLINE: ("program-without-consent", "A program in the page loads a service without consent."),
    Sort.COOKIE: ("cookie-without-consent", "A cookie is set without consent."),
    Sort.STORAGE: ("storage-without-consent", "A key is stored in the browser without consent."),
}
_UNLISTED: Final = ("unlisted", "A host, cookie or key that no rule of the policy names.")


def write(report: Report, comparison: Comparison | None = None) -> str:
    """Return the report as one SARIF log."""
    rules = [*(_RULES[sort] for sort in Sort), _UNLISTED]
    told = [seen for seen in report.sightings if seen.verdict is not Verdict.ALLOWED]
    run: dict[str, Any] = {
        "tool": {
            "driver": {
                "name": "consent-guard",
                "version": __version__,
                "rules": [_rule(id, text) for id, text in rules],
            }
        },
        "invocations": [
            {
                "executionSuccessful": bool(report.visits),
                "toolExecutionNotifications": [
                    *({"level": "error", "message": {"text": str(problem)}} for problem in report.problems),
                    *({"level": "note", "message": {"text": note}} for note in report.notes),
                ],
            }
        ],
        "columnKind": "unicodeCodePoints",
        "results": [_result(seen, report, [id for id, _ in rules]) for seen in told],
    }
    return json.dumps({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}, ensure_ascii=False, indent=2) + "\n"


def _rule(id: str, text: str) -> dict[str, Any]:
    unlisted = id == _UNLISTED[0]
    return {
        "id": id,
        "shortDescription": {"text": text},
        "fullDescription": {"text": text},
        "help": {"text": _HELP_UNLISTED if unlisted else _HELP},
        "defaultConfiguration": {"level": "note" if unlisted else "error"},
    }


def _result(seen: Sighting, report: Report, rules: list[str]) -> dict[str, Any]:
    leak = seen.verdict is Verdict.LEAK
    rule = _RULES[seen.sort][0] if leak else _UNLISTED[0]
    known = fingerprint(seen)
    location: dict[str, Any] = {
        "physicalLocation": {
            "artifactLocation": {"uri": _uri(seen.page)},
            "region": {"startLine": seen.line or 1, "startColumn": seen.column or 1},
        }
    }
    if "://" in seen.page:
        location["logicalLocations"] = [{"fullyQualifiedName": seen.page, "kind": "resource"}]
    result: dict[str, Any] = {
        "ruleId": rule,
        "ruleIndex": rules.index(rule),
        "level": "error" if leak else "note",
        "message": {"text": message(seen, report)},
        "locations": [location],
        "partialFingerprints": {
            "consentGuard/v1": known,
            "primaryLocationLineHash": f"{hashlib.sha256(known.encode()).hexdigest()[:16]}:1",
        },
    }
    if leak and known in report.accepted:
        result["suppressions"] = [{"kind": "external", "justification": "accepted by the baseline"}]
    return result


def _uri(page: str) -> str:
    """Return a page as a relative reference (RFC 3986): an address without its scheme, a file from the working directory."""
    if "://" in page:
        return quote(page.partition("://")[2], safe="/?[]@!$&'()*+,;=%~")
    path = Path(page)
    return path.as_uri() if path.is_absolute() else quote(path.as_posix())
