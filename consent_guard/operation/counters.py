"""What one guard counts of its work: pages, findings, choices. Nothing that a visitor or a page could make up (R9).

Every series is known when the guard is made, or by the policy's own revisions, so that no request can make them many. May
import findings. The engine counts; ``exposition`` reads.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count, product
from typing import Final, Literal, get_args

from ..findings import FindingKind

PageResult = Literal["filtered", "unchanged", "observed", "unfiltered", "refused", "broken"]
"""``filtered``: it went through the rewriter. ``unchanged``: for this visitor there was nothing to do, so that it did not.
``observed``: it was looked through, and left as it came, for the policy only reports. ``unfiltered``: the app had asked to
leave it alone. ``refused``: it could not be filtered, and our 500 went in its place. ``broken``: a fault on the way broke it
off."""
ChoiceKind = Literal["grant", "refusal", "withdrawal", "unchanged"]
"""``grant``: it allows something that was not allowed before. ``withdrawal``: it takes back, and allows nothing new.
``refusal``: it allows nothing new, of a visitor who had not chosen. ``unchanged``: it says once more what holds already."""
ACTS: Final = ("accept", "refuse", "save", "allow", "deny", "once")
PAGE_RESULTS: Final[tuple[PageResult, ...]] = get_args(PageResult)
CHOICE_KINDS: Final[tuple[ChoiceKind, ...]] = get_args(ChoiceKind)


class Counter:
    """One number that only grows. Threads may add to it at the same time: adding is a single step of the interpreter's."""

    __slots__ = ("_steps", "add")

    def __init__(self) -> None:
        self._steps = count()
        self.add = self._steps.__next__
        """Add one. What it returns means nothing."""

    @property
    def value(self) -> int:
        return int(repr(self._steps)[len("count(") : -1])  # the one way to read it that takes no step


class Counters:
    """All that one guard counts in one process."""

    def __init__(self, revision: int) -> None:
        """``revision``: the policy's own; a choice may bear another, of a policy that was served here before or beside."""
        self.revision: Final = revision
        self._pages: Final = {result: Counter() for result in PAGE_RESULTS}
        self._findings: Final = {kind: Counter() for kind in FindingKind}
        self._choices: Final = {(revision, act, kind): Counter() for act, kind in product(ACTS, CHOICE_KINDS)}
        self._unstored: Final = {kind: Counter() for kind in CHOICE_KINDS}

    def page(self, result: PageResult) -> None:
        """Count a page or another document, at its end."""
        self._pages[result].add()

    def finding(self, kind: FindingKind) -> None:
        """Count a finding."""
        self._findings[kind].add()

    def choice(self, revision: int, act: str, kind: ChoiceKind) -> None:
        """Count a choice that took effect."""
        found = self._choices.get((revision, act, kind))
        if found is None:
            found = self._choices.setdefault((revision, act, kind), Counter())
        found.add()

    def unstored(self, kind: ChoiceKind) -> None:
        """Count a choice that was answered with 503, because its receipt was not kept."""
        self._unstored[kind].add()

    def pages(self) -> Iterator[tuple[PageResult, int]]:
        return ((result, counter.value) for result, counter in self._pages.items())

    def findings(self) -> Iterator[tuple[FindingKind, int]]:
        return ((kind, counter.value) for kind, counter in self._findings.items())

    def choices(self) -> Iterator[tuple[tuple[int, str, ChoiceKind], int]]:
        """By revision, act and kind, in the order of the revisions."""
        known = sorted(self._choices.items(), key=lambda one: one[0])
        return ((labels, counter.value) for labels, counter in known)

    def unstored_choices(self) -> Iterator[tuple[ChoiceKind, int]]:
        return ((kind, counter.value) for kind, counter in self._unstored.items())


def kind_of(act: str, *, grants: bool, takes_back: bool, decided: bool) -> ChoiceKind:
    """Return of what kind a recorded act is.

    ``grants`` and ``takes_back``: it allows what was not allowed, or no longer allows what was. ``decided``: the visitor had
    chosen before. What is exempt from consent was allowed before any choice: to refuse it then takes nothing back.
    """
    if grants:
        return "grant"
    if takes_back:
        return "withdrawal" if decided else "refusal"
    return "unchanged" if decided or act in ("accept", "allow") else "refusal"
