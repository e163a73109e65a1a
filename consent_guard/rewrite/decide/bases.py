"""The addresses against which a document's relative ones may have to be resolved.

The document's own, until a ``<base href>`` says otherwise (WHATWG 4.2.3). The first such element in the tree holds, which need
not be the first in the document: a table puts what it cannot hold before itself. So one that comes later is kept as well, where
it may change a verdict; where browsers' two parsers may differ on whether it is one, always. May import limits, tags and urls;
``stream`` asks.

What a browser resolves only when it uses it (a lazy image, an object) may have passed before a base element comes. One that
would then lead it to a host of which rules name parts is made inert.
"""

from __future__ import annotations

from ...findings import Finding, FindingKind
from ...limits import BASES
from ..model import Decision
from .tags import TagFacts
from .urls import UrlPolicy


class Bases:
    """What the base elements of one document have said so far."""

    __slots__ = ("_holds", "_inert", "_seen")

    def __init__(self) -> None:
        self._seen = False
        """A base element that every reading takes was seen; whether its address holds is the next word."""
        self._holds = False
        self._inert: set[str] = set()
        """What was made inert for what had passed before it; never more than BASES, for ``take`` counts each."""

    def copy(self) -> Bases:
        """Return the same for who reads on from here."""
        twin = Bases()
        twin._seen, twin._holds, twin._inert = self._seen, self._holds, set(self._inert)
        return twin

    def settled(self, view: UrlPolicy, decision: Decision, facts: TagFacts, *, late: bool) -> Decision:
        """Return what is to be done with a base element. ``late``: something is withheld from the visitor, and an address has
        passed that browsers resolve when it is used."""
        absolute = view.absolute_base(decision.base or "")
        known = absolute in view.bases and absolute not in self._inert  # what has passed was judged under it
        if decision.base_gated or not late or not absolute or known or not view.ruled(absolute):
            return decision
        self._inert.add(absolute)
        edits = (*decision.edits, facts.source.attributes().slot(b"href").filled(""))
        findings = (*decision.findings, Finding(FindingKind.ATTRIBUTE, "", "base href after addresses that it would change"))
        return decision._replace(edits=tuple(sorted(edits)), findings=findings, base_gated=True)

    def take(self, view: UrlPolicy, href: str, *, gated: bool, certain: bool) -> UrlPolicy | None:
        """Return the view that resolves addresses after a base element; None where there are too many to be told apart.

        ``gated``: its address is withheld, and it is made inert. ``certain``: every reading takes it for a base element.
        """
        absolute = view.absolute_base(href)
        bases = view.bases
        if certain and not self._seen:
            self._seen = True
            if absolute:
                self._holds = True
                bases = (absolute, *(base for base in bases if base != view.own_base))
            if gated:
                bases = (*bases, view.own_base)  # made inert it resolves to the document
        elif absolute:
            more = (absolute, view.own_base) if gated else (absolute,)
            bases = (*bases, *(base for base in more if not (certain and self._holds) or view.counts(base)))
        bases = tuple(dict.fromkeys(bases))
        return view.on(bases) if len(bases) <= BASES else None
