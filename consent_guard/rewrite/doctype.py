"""The internal subset of an XML doctype: entities that may hold markup, and default attributes that may hold addresses.

Browsers read no external subset. May import this package's judge and references; ``xml`` calls it.
"""

from __future__ import annotations

import re
from typing import Final

from ..findings import Finding, FindingKind
from ..limits import NESTING_DEPTH
from .document import DocumentFacts
from .judge import Judge
from .references import decode_text

_ENTITY: Final = re.compile(r"<!ENTITY\s+(%\s+)?([^\s\"'>%]+)\s+(?:\"([^\"]*)\"|'([^']*)')\s*>")
_ATTLIST: Final = re.compile(r"<!ATTLIST\s+((?:[^>\"']+|\"[^\"]*\"|'[^']*')*)>")
_LITERAL: Final = re.compile(r"\"([^\"]*)\"|'([^']*)'")
_REFERENCE: Final = re.compile(r"&([^\s#&;]+);")
_NUMERIC: Final = re.compile(r"&#(?:[0-9]+|x[0-9a-fA-F]+);")
_EXPANDED: Final = 64 * 1024
"""Characters that one attribute may grow to through entities; a longer one is read as it stands."""


class Declarations:
    """What one document declares."""

    def __init__(self) -> None:
        self._entities: dict[str, str] = {}

    @property
    def any(self) -> bool:
        """True where the document declares entities of its own."""
        return bool(self._entities)

    def expand(self, text: str) -> str:
        """Return text with the document's own entities put in, a bounded number of times."""
        for _ in range(NESTING_DEPTH):
            if "&" not in text or not self._entities or len(text) > _EXPANDED:
                break
            grown = _REFERENCE.sub(lambda found: self._entities.get(found[1], found[0]), text)
            if grown == text or len(grown) > _EXPANDED:
                break
            text = grown
        return text

    def read(self, subset: str, judge: Judge, depth: int, findings: list[Finding]) -> list[tuple[int, int]]:
        """Take the declarations and return the spans of those that must go."""
        gone: list[tuple[int, int]] = []
        for found in _ENTITY.finditer(subset):
            value = _NUMERIC.sub(lambda one: decode_text(one[0]), found[3] if found[3] is not None else found[4])
            if found[1]:
                bad = bool(self.read(value, judge, depth + 1, findings)) if depth < NESTING_DEPTH else True
            else:
                self._entities.setdefault(found[2], value)
                bad = self._holds_markup_to_withhold(value, judge, depth, findings)
            if bad:
                gone.append(found.span())
        for found in _ATTLIST.finditer(subset):
            for literal in _LITERAL.finditer(found[1]):
                verdict = judge.look(self.expand(decode_text(literal[1] or literal[2] or "")))
                if verdict is not None and verdict.enforced:
                    findings.append(verdict.finding(FindingKind.ATTRIBUTE, "ATTLIST"))
                    gone.append(found.span())
                    break
        return gone

    def _holds_markup_to_withhold(self, value: str, judge: Judge, depth: int, findings: list[Finding]) -> bool:
        if "<" not in value:
            return False
        if depth >= NESTING_DEPTH:
            return True
        from .xml import XmlRewriter  # an entity is a piece of a document

        inside: list[Finding] = []
        facts = judge.document
        document = DocumentFacts(facts.scheme, facts.host, facts.path, facts.query, "xml", "utf-8")
        rewriter = XmlRewriter(judge, document, on_finding=inside.append, depth=depth + 1)
        rewriter._declared = self
        rewriter.feed(value.encode("utf-8", "surrogatepass"))
        rewriter.close()
        findings.extend(inside)
        return any(finding.enforced for finding in inside)
