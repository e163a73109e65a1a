"""Script text: inline scripts, event handlers, javascript: addresses, import maps and speculation rules.

By the policy a script is withheld by signature (a service's host and its global both stand in it) or by mention (its host is
enough). Import maps and speculation rules are lists of addresses, not programs: each address is judged, under either policy.
May import this package's finders and judge; ``tags`` and ``rawtext`` call it.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from hashlib import sha256
from typing import Final, Literal
from urllib.parse import unquote_to_bytes

from ..findings import Finding, FindingKind
from .judge import Judge
from .memory import DIGESTED_BYTES

ScriptKind = Literal["script", "importmap", "speculationrules"]

JAVASCRIPT_TYPES: Final = frozenset(
    [f"{top}/{sub}" for top in ("text", "application") for sub in ("javascript", "ecmascript", "x-javascript", "x-ecmascript")]
    + ["text/jscript", "text/livescript", *(f"text/javascript1.{minor}" for minor in range(6))]
)
"""JavaScript MIME type essences (WHATWG MIME Sniffing 4.6)."""

_SCHEME: Final = re.compile(
    r"[\x00-\x20]*j[\t\n\r]*a[\t\n\r]*v[\t\n\r]*a[\t\n\r]*s[\t\n\r]*c[\t\n\r]*r[\t\n\r]*i[\t\n\r]*p[\t\n\r]*t[\t\n\r]*:", re.I
)
_SECOND_BYTE: Final = re.compile(rb"[\x80-\xff]\\")


@dataclass(frozen=True, slots=True)
class Hit:
    """Why a script is withheld."""

    host: str
    service: str
    category: str | None
    rule: str
    start: int
    """Where in the text the host stands."""

    def finding(self, where: str) -> Finding:
        """Return this hit as a finding at a place such as ``script``."""
        return Finding(FindingKind.INLINE, self.host, where, self.service, self.category, self.rule)


def script_kind(type_: str | None, language: str | None) -> ScriptKind | None:
    """Return what a script element is by its attributes, None for a data block (WHATWG 4.12.1.1, prepare a script element)."""
    if type_ is None:
        essence = "text/" + language if language else "text/javascript"
    else:
        essence = type_.strip("\t\n\f\r ") if type_ else "text/javascript"
    essence = essence.lower()
    if essence in JAVASCRIPT_TYPES or essence == "module":
        return "script"
    if essence == "importmap":
        return "importmap"
    return "speculationrules" if essence == "speculationrules" else None


def script_hit(judge: Judge, text: bytes, kind: ScriptKind = "script") -> Hit | None:
    """Return why a script's text is withheld, None where it is not. Remembered, by a digest where the text is long."""
    key: bytes | tuple[str, bytes]
    key = text if kind == "script" and len(text) <= DIGESTED_BYTES else (kind, sha256(text).digest())
    try:
        return judge.inline_memo[key]
    except KeyError:
        hit = _hit(judge, text, kind)
        judge.inline_memo.keep(key, hit, len(key))
        return hit


def _hit(judge: Judge, text: bytes, kind: ScriptKind) -> Hit | None:
    rules = judge.rules
    if kind != "script":
        return _listed_address(judge, text)
    if rules.by_mention and (mention := rules.mentions.first(text, judge.withheld_service)) is not None:
        return Hit(mention.host, mention.service, rules.category_of(mention.service), mention.rule, mention.start)
    # By mention too: a snippet's host may be one that no host rule names.
    signature = rules.signatures.first(text, judge.withheld_service)
    if signature is None:
        return None
    return Hit(signature.host, signature.service, rules.category_of(signature.service), signature.rule, 0)


def _listed_address(judge: Judge, text: bytes) -> Hit | None:
    """Look at the addresses of an import map or of speculation rules: they may be relative, or spelled with escapes."""
    try:
        document = json.loads(text.decode("utf-8", "replace").replace("\0", "\ufffd"), strict=False)
    except (ValueError, RecursionError):
        # A browser refuses it as well, unless it takes the document for one in another encoding: there a backslash may be
        # the second byte of a character.
        if _SECOND_BYTE.search(text) is None or (mention := judge.rules.mentions.first(text, judge.withheld_service)) is None:
            return None
        return Hit(mention.host, mention.service, judge.rules.category_of(mention.service), mention.rule, mention.start)
    pending = [document]
    if _follows_any_link(document) and (service := judge.some_withheld_service()) is not None:
        return Hit("", service, judge.rules.category_of(service), "speculation rules that follow any link", 0)
    while pending:
        value = pending.pop()
        if isinstance(value, dict):
            pending.extend(value.keys())
            pending.extend(value.values())
        elif isinstance(value, list):
            pending.extend(value)
        elif isinstance(value, str) and (verdict := judge.url(value)) is not None and verdict.service is not None:
            return Hit(verdict.host, verdict.service, verdict.category, verdict.rule or "", 0)
    return None


def _follows_any_link(document: object) -> bool:
    """Tell whether speculation rules take links of the page without keeping to our own paths (HTML 7.6.3, document rules)."""
    if not isinstance(document, dict):
        return False
    for action in ("prefetch", "prerender", "prefetch_with_subresources"):
        rules = document.get(action)
        for rule in rules if isinstance(rules, list) else ():
            if (
                isinstance(rule, dict)
                and (rule.get("source") == "document" or "where" in rule)
                and not _confined(rule.get("where"))
            ):
                return True
    return False


def _confined(where: object) -> bool:
    """Tell whether a document rule's predicate takes addresses of our own host only."""
    if not isinstance(where, dict):
        return False
    if isinstance(both := where.get("and"), list):
        return any(_confined(one) for one in both)
    if isinstance(either := where.get("or"), list):
        return bool(either) and all(_confined(one) for one in either)
    patterns = where.get("href_matches")
    patterns = patterns if isinstance(patterns, list) else [patterns]
    return bool(patterns) and all(
        isinstance(one, str) and one[:1] in ("/", "?") and one[1:2] not in ("/", "\\") for one in patterns
    )


def is_javascript_url(text: str) -> bool:
    """Tell whether a browser reads an address as ``javascript:`` (WHATWG URL: leading controls, inner tabs and line ends
    go)."""
    return _SCHEME.match(text) is not None


def javascript_url_hit(judge: Judge, text: str) -> Hit | None:
    """Return why a javascript: address is withheld."""
    found = _SCHEME.match(text)
    if found is None:
        return None
    code = text[found.end() :].translate({9: None, 10: None, 13: None})
    return script_hit(judge, unquote_to_bytes(code.encode("utf-8", "surrogatepass")))


def handler_hit(judge: Judge, text: str) -> Hit | None:
    """Return why an event handler's text is withheld."""
    return script_hit(judge, text.encode("utf-8", "surrogatepass"))
