"""What is to be done with one tag for one visitor: verdicts on what it names, and what follows from them.

The question is one set test an address; the answer is remembered with the tag's facts, by the verdicts. May import ``tags``
and what that imports.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from ...findings import Finding, FindingKind
from ..emit.withheld import NO_PROGRAM
from ..fetch_table import LAZY_NAMES, Grammar, Leaves
from ..html import srcset
from ..model import Decision, Edit, Embed, Verdict, Withheld
from . import special
from .compiled_policy import CompiledPolicy
from .nested import Nested, Nester
from .scripts import inline_finding
from .styles import INERT
from .tags import Reference, TagFacts, TagReader, members
from .urls import UrlPolicy

_NAME_BYTES: Final = 60
"""Bytes of a name that a finding repeats: a page may make it any length."""
_REMEMBERED: Final = 8
"""The most decisions on one tag that are remembered with what it names."""


def decide(policy: CompiledPolicy, facts: TagFacts, view: UrlPolicy, nester: Nester) -> Decision | None:
    """Return what is to be done with a tag for one visitor on one document, None where nothing is, and nothing is to be
    known."""
    targets = facts.targets
    if not targets and not facts.nests:
        return facts.quiet
    if len(targets) == 1 and facts.fixed and not facts.nests:
        address, text = targets[0]
        verdict = address.judged(view, text)
        if verdict is None:
            return facts.quiet
        verdicts: tuple[Verdict | None, ...] = (verdict,)
    else:
        verdicts = tuple([address.judged(view, text) for address, text in targets])
        if facts.nests or not facts.fixed:
            if not facts.nests and not any(verdicts):
                return facts.quiet
            return _Draft(policy, facts, verdicts, view, nester).decision()
        if not any(verdicts):
            return facts.quiet
    decisions = facts.decisions
    if decisions is None:
        decisions = facts.decisions = {}
    elif verdicts in decisions:
        return decisions[verdicts]
    made = _Draft(policy, facts, verdicts, view, nester).decision()
    if len(decisions) < _REMEMBERED:
        decisions[verdicts] = made
    return made


def renamed(policy: CompiledPolicy, facts: TagFacts, view: UrlPolicy, nester: Nester) -> Decision | None:
    """Return the same in a text that visitors edit, and that the site stores as they leave it: nothing is put into it nor taken
    out of it; what would load is only called by another name."""
    if not facts.references:
        return facts.quiet
    verdicts = tuple([address.judged(view, text) for address, text in facts.targets])
    if not any(verdicts) and not facts.nests:
        return facts.quiet
    return _Renaming(policy, facts, verdicts, view, nester).decision()


class _Draft(TagReader):
    """A decision in the making."""

    __slots__ = ("edits", "embed", "findings", "nester", "removed", "verdicts", "view")

    def __init__(
        self, policy: CompiledPolicy, facts: TagFacts, verdicts: tuple[Verdict | None, ...], view: UrlPolicy, nester: Nester
    ) -> None:
        super().__init__(policy, facts)
        self.verdicts = verdicts
        self.view = view
        self.nester = nester
        self.edits: list[Edit] = []
        self.findings: list[Finding] = []
        self.removed: set[bytes] = set()
        self.embed: Embed | None = None

    def decision(self) -> Decision | None:
        facts = self.facts
        base_gated = False
        for reference in facts.references:
            if reference.attribute in self.removed:
                continue
            withheld = self._judged(reference) if reference.nested is None else self._nested(reference, reference.nested)
            if withheld is None:
                continue
            gone = self._leave(reference, withheld)
            if gone is not None:
                return Decision(gone, findings=tuple(self.findings))
            base_gated = base_gated or reference.leaves is Leaves.BASE
        if not (self.edits or self.findings or self.embed is not None):
            return facts.quiet
        self.edits.sort()
        return Decision(
            None,
            tuple(self.edits),
            self.embed,
            tuple(self.findings),
            facts.script,
            facts.nonce,
            facts.base,
            base_gated,
            facts.encoding,
        )

    def _judged(self, reference: Reference) -> Verdict | None:
        """Tell what is to be said of a reference; return why it is withheld."""
        said = [verdict for verdict in self.verdicts[reference.first : reference.last] if verdict is not None]
        if reference.attribute in LAZY_NAMES:
            said = [verdict for verdict in said if verdict.enforced]
        if not said:
            return None
        where = _where(self.facts.name, reference.attribute)
        if reference.grammar is Grammar.SCRIPT:
            hit = next((verdict for verdict in said if verdict.enforced), None)
            if hit is not None:
                self.findings.append(inline_finding(hit, where))
            return hit
        kind = _kind(reference)
        if kind is FindingKind.STYLE and reference.leaves is Leaves.ELEMENT:
            where = "data: style sheet"
        self.findings += [verdict.finding(kind, where) for verdict in said]
        return next((verdict for verdict in said if verdict.enforced), None)

    def _nested(self, reference: Reference, nested: Nested) -> Verdict | None:
        """Look into a document in an attribute; a ``srcdoc`` is rewritten, another goes."""
        kept, findings = nested.judged(self.nester, self.view)
        self.findings += findings
        if kept is None:
            return None
        if nested.srcdoc:
            self._replace(reference, kept)
            spare = self.facts.spare
            verdict = None if spare is None else spare[0].judged(self.view, spare[1])
            if verdict is not None and verdict.enforced:
                self._drop(b"src")
            return None
        enforced = next((finding for finding in findings if finding.enforced), None)
        return None if enforced is None else Verdict(enforced.subject, enforced.service, enforced.category, enforced.rule)

    def _leave(self, reference: Reference, withheld: Verdict) -> Withheld | None:
        """Let what is withheld leave; return the element's withholding where it goes whole."""
        leaves, facts = reference.leaves, self.facts
        if leaves is Leaves.ELEMENT:
            stub = self.policy.stub(withheld.service) if facts.name == b"script" else b""
            return Withheld(stub=stub, nonce=facts.nonce)
        if leaves is Leaves.EMBED:
            return Withheld(self._stand_in(reference, withheld))
        if leaves is Leaves.SOURCE:
            self.embed = self.embed or self._stand_in(reference, withheld)
            # The element keeps its children, which are judged by themselves; without its source it is not shown.
            hiding = b"" if b"hidden" in self.at else b'hidden=""'
            first, *more = self._removal(reference)
            self.edits += [first._replace(text=hiding) if hiding else first, *more]
        elif leaves is Leaves.BASE:
            self._replace(reference, "")
        elif rest := self._rest(reference):
            self._replace(reference, rest)
        elif leaves is Leaves.PIXEL and (reference.attribute == b"src" or b"src" not in self.at) and special.is_pixel(self.at):
            return Withheld()
        else:
            self.edits += self._removal(reference)
        return None

    def _drop(self, attribute: bytes) -> None:
        self.edits += self.at.removal(attribute)

    def _removal(self, reference: Reference) -> list[Edit]:
        self.removed.add(reference.attribute)
        return self.at.removal(reference.attribute)

    def _replace(self, reference: Reference, text: str) -> None:
        self.removed.add(reference.attribute)
        self.edits.append(self.at.slot(reference.attribute).filled(text))

    def _rest(self, reference: Reference) -> str:
        """Return what stays of a value of which parts may stay."""
        gone = [verdict is not None and verdict.enforced for verdict in self.verdicts[reference.first : reference.last]]
        grammar = reference.grammar
        if reference.style:
            return _without_addresses(self.at.text(reference.attribute) or "", reference, gone)
        if grammar is not Grammar.SRCSET and grammar is not Grammar.URL_LIST:
            return ""
        text = self.at.text(reference.attribute) or ""
        lost = {index for index, one in zip(reference.parts, gone, strict=True) if one}
        if grammar is Grammar.SRCSET:
            candidates = srcset.split_candidates(text)
            return srcset.rest(text, candidates, [index in lost for index in range(len(candidates))])
        return " ".join(member for index, member in enumerate(members(grammar, text)) if index not in lost)

    def _stand_in(self, reference: Reference, withheld: Verdict) -> Embed:
        url = self.facts.targets[reference.first][1]
        element = self.facts.name.decode("ascii")
        shown, unseen = special.described(self.at), special.is_unseen(self.at)
        return Embed(withheld.service or "", element, self.view.absolute(url), withheld.host, *shown, unseen=unseen)


class _Renaming(_Draft):
    """A decision that keeps all that was written."""

    __slots__ = ()

    def _leave(self, reference: Reference, withheld: Verdict) -> Withheld | None:
        facts = self.facts
        if reference.leaves is Leaves.BASE:
            return super()._leave(reference, withheld)
        self.removed.add(reference.attribute)
        rest = self._rest(reference)
        self.edits += self.at.renaming(reference.attribute, rest)
        inert = Edit(self.at.names_end, self.at.names_end, NO_PROGRAM)
        if facts.name == b"script" and reference.leaves is Leaves.ELEMENT and inert not in self.edits:
            self.edits.append(inert)  # without an address its text would run
        return None

    def _replace(self, reference: Reference, text: str) -> None:
        self.removed.add(reference.attribute)
        if reference.leaves is Leaves.BASE:
            super()._replace(reference, text)
        else:
            self.edits += self.at.renaming(reference.attribute, text)

    def _drop(self, attribute: bytes) -> None:
        self.edits += self.at.renaming(attribute)


def _where(name: bytes, attribute: bytes) -> str:
    """Return how findings name a place."""
    return _place(name[:_NAME_BYTES], attribute[:_NAME_BYTES])


@lru_cache(maxsize=1024)
def _place(name: bytes, attribute: bytes) -> str:
    return f"{name.decode('latin-1')} {attribute.decode('latin-1')}"


def _kind(reference: Reference) -> FindingKind:
    if reference.grammar is Grammar.CSS:
        return FindingKind.STYLE
    whole = reference.leaves in (Leaves.ELEMENT, Leaves.EMBED, Leaves.SOURCE)
    return FindingKind.ELEMENT if whole else FindingKind.ATTRIBUTE


def _without_addresses(text: str, reference: Reference, gone: list[bool]) -> str:
    """Return CSS with its withheld addresses made inert: one that holds a style sheet goes where one of that sheet's does."""
    pieces: list[str] = []
    done = at = 0
    for one in reference.style:
        if any(gone[at : at + len(one.targets)]):
            pieces += (text[done : one.start], INERT)
            done = one.end
        at += len(one.targets)
    return "".join(pieces) + text[done:]
