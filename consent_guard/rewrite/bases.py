"""The addresses against which a document's relative ones may have to be resolved.

The document's own, until a ``<base href>`` says otherwise (WHATWG 4.2.3). The first such element holds; where browsers' two
parsers, or our readings, may differ on which one that is, all are kept. May import the judge and limits; ``rewriter`` asks.
"""

from __future__ import annotations

from ..limits import READINGS
from .judge import Judge


class Bases:
    """What the base elements of one document have said so far."""

    __slots__ = ("_holds", "_seen")

    def __init__(self) -> None:
        self._seen = False
        """A base element that every reading takes was seen; whether its address holds is the next word."""
        self._holds = False

    def copy(self) -> Bases:
        """Return the same for who reads on from here."""
        twin = Bases()
        twin._seen, twin._holds = self._seen, self._holds
        return twin

    def take(self, judge: Judge, href: str, *, gated: bool, certain: bool) -> Judge | None:
        """Return the judge that resolves addresses after a base element; None where there are too many to be told apart.

        ``gated``: its address is withheld, and it is made inert. ``certain``: every reading takes it for a base element.
        """
        absolute = judge.absolute_base(href)
        bases = judge.bases
        if certain and not self._seen:
            self._seen = True
            if absolute:
                self._holds = True
                bases = (absolute, *(base for base in bases if base != judge.own_base))
            if gated:
                bases = (*bases, judge.own_base)  # made inert it resolves to the document
        elif absolute and not (certain and self._holds):
            bases = (*bases, absolute)
        bases = tuple(dict.fromkeys(bases))
        return judge.variant(bases, judge.charset) if len(bases) <= READINGS else None
