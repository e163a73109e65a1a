"""The addresses against which a document's relative ones may have to be resolved.

The document's own, until a ``<base href>`` says otherwise (WHATWG 4.2.3). The first such element in the tree holds, which need
not be the first in the document: a table puts what it cannot hold before itself. So one that comes later is kept as well, where
it may change a verdict; where browsers' two parsers may differ on whether it is one, always. May import limits, late, tags and
urls; the readers of documents ask.

What a browser resolves only when it uses it (a lazy image, an object) may have passed before a base element comes. One under
which it would be withheld is made inert: its address becomes the document's own, or where that would do as much, goes.
"""

from __future__ import annotations

from ...findings import Finding, FindingKind
from ...limits import BASES
from ..model import Decision
from .compiled_policy import CompiledPolicy
from .late import LateAddresses
from .tags import TagFacts
from .urls import UrlPolicy


class Bases:
    """What the base elements of one document have said so far, and what has passed that they may change."""

    __slots__ = ("_ends", "_holds", "_inert", "_seen", "late")

    def __init__(self, policy: CompiledPolicy, view: UrlPolicy, *, ends: bool) -> None:
        """``ends``: the document ends where there are too many to be told apart; else those that may count are made inert."""
        self._ends = ends or not policy.withholds(view.allowed)
        self.late = LateAddresses(policy, watches=view.may_be_ruled and policy.withholds(view.allowed))
        self._seen = False
        """A base element that every reading takes was seen; whether its address holds is the next word."""
        self._holds = False
        self._inert: set[str] = set()
        """Addresses under which something that has passed would be withheld, or may be."""

    def copy(self) -> Bases:
        """Return the same for who reads on from here."""
        twin = Bases.__new__(Bases)
        twin._ends, twin._seen, twin._holds = self._ends, self._seen, self._holds
        twin._inert, twin.late = set(self._inert), self.late.copy()
        return twin

    def settled(self, view: UrlPolicy, facts: TagFacts, decision: Decision, *, whole: bool = True) -> Decision:
        """Return what is to be done with a tag that is a base element or has a late address, which is kept if it stays.
        ``whole``: the tag is no part of a longer one."""
        if decision.base is not None and (self.late or (not self._ends and len(view.bases) >= BASES)):
            decision = self._base(view, facts, decision)
        if facts.late and decision.withheld is None:
            source = facts.source
            self.late.note(source.raw, source.decode, facts, gone=view if decision.edits else None, whole=whole)
        return decision

    def _base(self, view: UrlPolicy, facts: TagFacts, decision: Decision) -> Decision:
        own = view.own_base
        base = own if decision.base_gated else view.absolute_base(decision.base or "")
        if not base or self._suits(view, base):
            return decision
        self._inert.intersection_update(view.bases)
        self._inert.add(base)
        at = facts.source.attributes()
        if self._suits(view, own):
            edits = (*decision.edits, at.slot(b"href").filled(""))
        else:
            self._inert.add(own)
            gone = at.removal(b"href")
            edits = (*(edit for edit in decision.edits if edit.start != gone[0].start), *gone)
        findings = (*decision.findings, Finding(FindingKind.ATTRIBUTE, "", "base href after addresses that it would change"))
        return decision._replace(edits=tuple(sorted(edits)), findings=findings, base_gated=True)

    def _suits(self, view: UrlPolicy, base: str) -> bool:
        """Tell whether nothing that has passed is withheld under a base, and what comes after it will be judged under it."""
        if base in view.bases and base not in self._inert:
            return True  # it was judged under it
        full = len(view.bases) >= BASES
        if not view.ruled(base):
            return self._ends or not full or not view.counts(base)
        if base in self._inert or self.late.full or full:
            return False
        return not self.late.withheld(view.on((base,)))

    def refuses(self, base: str) -> bool:
        """Tell whether something that has passed would be withheld under a base, or may be."""
        return base in self._inert

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
