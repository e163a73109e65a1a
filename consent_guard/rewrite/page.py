"""The rewriter of one response: what the engine calls. It makes a document's rewriter by its syntax, and hands itself down
for the documents within. May import all of this package."""

from __future__ import annotations

from ..findings import Finding
from .decide.compiled_policy import CompiledPolicy
from .decide.urls import UrlPolicy
from .model import DocumentFacts, Insertions, Sink, silent
from .stream import HtmlRewriter
from .xml.rewriter import XmlRewriter

PageRewriter = HtmlRewriter | XmlRewriter


def page_rewriter(
    policy: CompiledPolicy,
    allowed: frozenset[str],
    document: DocumentFacts,
    *,
    insertions: Insertions | None = None,
    banner: bool = False,
    on_finding: Sink = silent,
    emits: bool = True,
) -> PageRewriter:
    """Return the rewriter for one response. ``insertions``: what may be put into the page; ``banner``: whether it is to get
    one. ``emits``: False only finds and returns every byte as it came."""
    view = policy.view(allowed, document)
    if document.syntax == "xml":
        return XmlRewriter(policy, view, document, on_finding=on_finding, emits=emits, nested=_nested)
    return HtmlRewriter(
        policy, view, document, insertions=insertions, banner=banner, on_finding=on_finding, emits=emits, nested=_nested
    )


def _nested(
    policy: CompiledPolicy, view: UrlPolicy, document: DocumentFacts, body: bytes, depth: int
) -> tuple[bytes, list[Finding]]:
    """Rewrite a document that stands within another."""
    found: list[Finding] = []
    make = XmlRewriter if document.syntax == "xml" else HtmlRewriter
    rewriter = make(policy, view, document, on_finding=found.append, depth=depth, nested=_nested)
    return rewriter.feed(body) + rewriter.close(), found
