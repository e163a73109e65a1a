"""Documents inside an attribute: ``srcdoc`` and ``data:`` addresses.

Their HTML is rewritten by the same rules, to a limited depth (R7); past it, and where a data: document holds anything to
withhold, the attribute goes. Images are left alone: nothing loads from within one. The rewriting of a document is handed in
(``Nester``), so that this package needs not know of streams. May import data_url and this package's urls.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Final, NamedTuple, Protocol

from ...findings import Finding, FindingKind
from ...limits import NESTING_DEPTH
from ..data_url import data_url
from ..model import DocumentFacts
from .compiled_policy import CompiledPolicy
from .urls import UrlPolicy

_DEEP: Final = Finding(FindingKind.ATTRIBUTE, "", "a document nested too deep")
_NOWHERE: Final = ("about:blank",)
"""Against what the relative addresses of a data: document are resolved."""


class Nester(Protocol):
    """Who rewrites a document within the one that is read."""

    policy: CompiledPolicy
    depth: int
    """How many documents lie around what is read now."""

    def rewrite_document(self, view: UrlPolicy, document: DocumentFacts, body: bytes) -> tuple[bytes, list[Finding]]:
        """Return a whole document as it may be shown, and what was found in it."""
        ...


NestedDocuments = Callable[[CompiledPolicy, UrlPolicy, DocumentFacts, bytes, int], tuple[bytes, list[Finding]]]
"""Rewrites a document that stands within another, so many documents deep."""


class Nested(NamedTuple):
    """A document in an attribute."""

    text: str
    srcdoc: bool
    """It is HTML as it stands; else a data: address."""

    def judged(self, nester: Nester, view: UrlPolicy) -> tuple[str | None, list[Finding]]:
        """Return what takes its place, None where it may stay, and what was found in it."""
        if nester.depth >= NESTING_DEPTH:
            return ("", [_DEEP]) if nester.policy.withholds(view.allowed) else (None, [])
        if self.srcdoc:
            document = replace(view.document, syntax="html", charset="utf-8")
            body = self.text.encode("utf-8", "surrogatepass")
            rewritten, findings = nester.rewrite_document(view, document, body)
            return (None if rewritten == body else rewritten.decode("utf-8", "replace")), findings
        data = data_url(self.text)
        if data is None:
            return None, []
        document = replace(view.document, syntax="xml" if data.xml else "html", charset=data.charset)
        _, findings = nester.rewrite_document(view.on(_NOWHERE), document, data.body)
        enforced = [finding for finding in findings if finding.enforced]
        return ("" if enforced else None), enforced
