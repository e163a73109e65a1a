"""What one start tag names: read once per spelling, by the fetch table, and remembered for every visitor (``TagFacts``).

A tag's attributes do not depend on where it stands. Which of what it names is withheld, and how that leaves, ``decisions``
tells. May import the fetch table, the syntax readers and this package's urls, scripts, styles, nested and special.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final, NamedTuple

from ..data_url import data_url
from ..fetch_table import LAZY_NAMES, RULES, Entry, Grammar, Leaves, Rules
from ..html import grammar as p
from ..html import srcset
from ..html.attributes import Attributes
from ..html.charrefs import decode_attribute
from ..html.refresh import refresh_targets
from ..model import Decision, ScriptKind, Verdict
from ..script.kinds import javascript_url
from . import special
from .compiled_policy import CompiledPolicy
from .nested import Nested
from .scripts import Hit
from .styles import StyleFacts, read_style, sheet_targets
from .urls import UNRESOLVED, Address, Unresolved

_IMAGE: Final = re.compile(r"[\t\n\f\r ]*+[A-Za-z-]++\(")
"""How CSS begins that says an image."""
_WHOLE: Final = frozenset({Leaves.ELEMENT, Leaves.EMBED})
_KEPT: Final = {Leaves.ELEMENT: (b"src", b"href", b"xlink:href"), Leaves.SOURCE: (b"src", b"data")}
"""By how an element leaves for a lazy loader's address: the plain attributes beside which that alone leaves."""
_NOTHING: Final = re.compile(r"[\x00-\x20]*+(?:#|about:|data:|javascript:|\Z)", re.IGNORECASE)
"""An address that stands for another."""


class Source(NamedTuple):
    """A tag as it stands in the document: read again where something of it has to leave."""

    raw: bytes
    shape: bytes
    names_end: int
    decode: Callable[[bytes], str]
    exact: bool

    def attributes(self) -> Attributes:
        """Return its attributes."""
        return Attributes(self.raw, self.shape, self.names_end, self.decode, exact=self.exact)


class Reference:
    """One attribute that names something: how it leaves, and which of the tag's targets are its own."""

    __slots__ = ("attribute", "first", "grammar", "last", "leaves", "nested", "parts", "style")

    def __init__(self, attribute: bytes, grammar: Grammar, leaves: Leaves, first: int, last: int) -> None:
        self.attribute = attribute
        self.grammar = grammar
        """How the targets were found. ``SCRIPT``: the first that is withheld counts."""
        self.leaves = leaves
        self.first = first
        self.last = last
        """Its targets: from ``first`` to before ``last``."""
        self.nested: Nested | None = None
        """The document that stands in it."""
        self.parts: tuple[int, ...] = ()
        """Of a list: which of its members the targets are."""
        self.style: StyleFacts = ()
        """Of CSS: its addresses."""


class TagFacts:
    """What a tag names, for every visitor."""

    script: ScriptKind | None = None
    """A script without an address of its own: how its text is read."""
    nonce: str = ""
    base: str | None = None
    encoding: str | None = None
    """annotation-xml's."""
    hint = False
    """It is a preconnect or a dns-prefetch, which has no path."""
    spare: tuple[Address, str] | None = None
    """The ``src`` beside a ``srcdoc``: it counts where that is taken for none."""
    fixed = True
    """The verdicts on its targets are the same objects each time, so that decisions can be remembered by them."""
    late = False
    """It may have a relative address that browsers resolve when it is used, against a base that may come after it."""
    nests = False
    """It holds documents, which are read anew each time."""
    decisions: dict[tuple[Verdict | None, ...], Decision | None] | None = None
    quiet: Decision | None = None
    """The decision where nothing is to be said of any target."""

    def __init__(self, name: bytes, source: Source | None) -> None:
        """``source``: None of a tag that names nothing."""
        self.name = name
        self._source = source
        self.targets: list[tuple[Address, str]] = []
        self.references: list[Reference] = []

    @property
    def source(self) -> Source:
        """The tag as it stands in the document."""
        assert self._source is not None
        return self._source

    @property
    def size(self) -> int:
        """About how many bytes it takes."""
        written = 0 if self._source is None else len(self._source.raw) + len(self._source.shape)
        return 700 + written + 300 * len(self.references) + sum(150 + len(text) for _, text in self.targets)


class TagReader:
    """One tag and the policy that is asked about it. Its attributes are read where they are needed."""

    __slots__ = ("_at", "facts", "policy")

    def __init__(self, policy: CompiledPolicy, facts: TagFacts) -> None:
        self.policy = policy
        self.facts = facts
        self._at: Attributes | None = None

    @property
    def at(self) -> Attributes:
        """All attributes of the tag."""
        if self._at is None:
            self._at = self.facts.source.attributes()
        return self._at


def read_tag(
    policy: CompiledPolicy,
    raw: bytes,
    shape: bytes,
    name: bytes,
    decode: Callable[[bytes], str],
    foreign: bool,
    relative: bool,
    names_end: int = 0,
    exact: bool = False,
) -> TagFacts | None:
    """Return what a start tag names, None where that is nothing.

    ``raw`` is the whole tag, ``shape`` the same with trail bytes masked, ``name`` its name in lower case; ``foreign`` says that
    it may stand in svg or math, where other attributes fetch; ``relative``, that plain relative addresses count. ``names_end``:
    where the tag's name ends, if not right after ``name`` (a prefixed one). ``exact``: the tag is XML's.
    """
    names_end = names_end or 1 + len(name)
    by_element, anywhere = RULES[foreign, policy.lazy]
    rules = by_element.get(name, anywhere)
    source = Source(raw, shape, names_end, decode, exact)
    reader = _Reader(policy, TagFacts(name, source), rules, relative, foreign)
    if exact or name in special.SPECIAL:
        reader.read_all(source.attributes())
    else:
        reader.read_notable(raw, shape, names_end, decode)
    return reader.result()


class _Reader(TagReader):
    """Reads one tag."""

    __slots__ = ("foreign", "relative", "rules")

    def __init__(self, policy: CompiledPolicy, facts: TagFacts, rules: Rules, relative: bool, foreign: bool) -> None:
        super().__init__(policy, facts)
        self.rules = rules
        self.relative = relative
        self.foreign = foreign

    def read_all(self, at: Attributes) -> None:
        """Read a tag of which several attributes decide together."""
        self._at = at
        reader = special.SPECIAL.get(self.facts.name)
        skipped = special.NONE if reader is None else reader(at, self.facts, foreign=self.foreign)
        entries = self.rules.by_attribute
        for attribute in at.first:
            entry = entries.get(attribute)
            if entry is not None and attribute not in skipped:
                self._attribute(entry, attribute, at.text(attribute) or "")
        if self.facts.nests and b"src" in skipped:
            text = at.text(b"src") or ""
            address = self._address(text)
            self.facts.spare = None if address is None else (address, text)

    def read_notable(self, raw: bytes, shape: bytes, names_end: int, decode: Callable[[bytes], str]) -> None:
        """Read the attributes that the table knows, the first of each name."""
        entries, spelled, relative = self.rules.by_attribute, self.policy.book.spelled, self.relative
        seen: list[bytes] = []
        for found in iter(p.NOTABLE.scanner(shape, names_end).match, None):  # type: ignore[attr-defined]
            attribute = found[1].lower()
            entry = entries.get(attribute)
            if entry is None or attribute in seen:
                continue
            seen.append(attribute)
            group = found.lastindex or 1
            value = b"" if group == 1 else raw[found.start(group) : found.end(group)]
            address: Address | None = UNRESOLVED
            if value and entry.plain:
                address = spelled(value, relative)
                if address is None:
                    self.facts.late = self.facts.late or is_late(entry, raw)
                    continue
                if attribute in LAZY_NAMES and self._passes(address):
                    continue
            text = value.decode("ascii") if value.isascii() else decode(value)
            if "&" in text:
                text = decode_attribute(text)
            if address is UNRESOLVED:
                self._attribute(entry, attribute, text)
            else:
                assert address is not None
                self._refer(attribute, entry.grammar, entry.leaves, [(address, text)])

    def result(self) -> TagFacts | None:
        """Return what was read."""
        facts = self.facts
        if facts.script is not None or facts.base is not None or facts.encoding is not None:
            facts.quiet = Decision(script=facts.script, nonce=facts.nonce, base=facts.base, encoding=facts.encoding)
        elif not (facts.references or facts.late):
            return None
        for reference in facts.references:
            if reference.attribute in LAZY_NAMES and reference.leaves in _KEPT and self._stands(_KEPT[reference.leaves]):
                reference.leaves = Leaves.ATTRIBUTE
        if len(facts.references) > 1:
            facts.references.sort(key=lambda one: one.leaves not in _WHOLE)
        return facts

    def _stands(self, plain: tuple[bytes, ...]) -> bool:
        """Tell whether the tag has an address of its own beside a lazy loader's: it is more than a place for that."""
        return any(_NOTHING.match(self.at.text(name) or "") is None for name in plain if name in self.at)

    # -- one attribute ------------------------------------------------------------------------------------------------

    def _attribute(self, entry: Entry, attribute: bytes, text: str) -> None:
        grammar = entry.grammar
        if not text and grammar is not Grammar.HTML:
            return
        if entry.when is None or self._holds(entry.when.attribute.encode(), entry.when.values):
            if grammar is Grammar.URL:
                self._url(entry, attribute, text)
            elif grammar is not Grammar.PROGRAM_URL:
                self._other(entry, attribute, text)
        if attribute in self.rules.programs and (program := javascript_url(text)) is not None:
            # A script that loses its address alone would run its text.
            whole = entry.leaves is Leaves.ELEMENT
            # What a program gives back is shown as a document: any listed host in it may stand in its markup.
            hits = self.policy.mentioned(program) if entry.shows else ()
            hits = hits or self.policy.script(program, relative=self.relative)
            self._hits(attribute, hits, Leaves.ELEMENT if whole else Leaves.ATTRIBUTE)

    def _holds(self, attribute: bytes, values: frozenset[str]) -> bool:
        return (self.at.text(attribute) or "").strip("\t\n\v\f\r ").lower() in values

    def _carries(self, attribute: str) -> bool:
        return attribute.encode() in self.at

    def _passes(self, address: Address) -> bool:
        """Tell whether what a lazy loader uses is of no interest: nothing that no rule names is told of it."""
        unknown = address.service is None and not isinstance(address, Unresolved)
        return unknown and not self.policy.blocks_unlisted_hosts

    def _address(self, text: str) -> Address | None:
        return self.policy.book.address(text, self.relative)

    def _url(self, entry: Entry, attribute: bytes, text: str) -> None:
        book = self.policy.book
        address = book.hint(text) if self.facts.hint else book.address(text, self.relative, self._carries)
        if address is not None:
            if isinstance(address, Unresolved) and is_late(entry, self.facts.source.raw):
                address = address.late
                self.facts.late = True
            self._refer(attribute, entry.grammar, entry.leaves, [(address, text)])
            if address.host:
                return
        data = data_url(text)
        if address is None and data is None and is_late(entry, self.facts.source.raw):
            self.facts.late = True
        if data is None:
            return
        name = self.facts.name
        if name == b"script":
            program = data.text(self.at.text(b"charset")).encode("utf-8", "surrogatepass")
            self._hits(attribute, self.policy.script(program, relative=self.relative), entry.leaves)
        elif name == b"link" and special.is_sheet(self.at):
            sheet = data.text(self.at.text(b"charset"))
            targets = sheet_targets(self.policy.book, sheet, relative=self.relative, depth=1)
            if targets:
                self._refer(attribute, Grammar.CSS, entry.leaves, list(targets))
        elif data.document and (entry.shows or entry.grammar is Grammar.REFRESH):
            self._nest(entry, attribute, Nested(text, srcdoc=False))

    def _other(self, entry: Entry, attribute: bytes, text: str) -> None:
        grammar = entry.grammar
        if grammar is Grammar.SCRIPT:
            self._hits(
                attribute, self.policy.script(text.encode("utf-8", "surrogatepass"), relative=self.relative), Leaves.ATTRIBUTE
            )
        elif grammar is Grammar.CSS:
            self._css(attribute, text)
        elif grammar is Grammar.IMAGE:
            self.facts.late = True
            if _IMAGE.match(text) is None:
                self._parts(entry, attribute, [text], True)
            if "(" in text:
                self._css(attribute, text, late=True)
        elif grammar is Grammar.HTML:
            self._nest(entry, attribute, Nested(text, srcdoc=True))
        elif grammar is Grammar.REFRESH:
            for target in refresh_targets(text):
                self._url(entry, attribute, target)
        else:
            self._parts(entry, attribute, members(grammar, text), is_late(entry, self.facts.source.raw))
            if grammar is Grammar.ANIMATION:
                self._css(attribute, text)

    def _hits(self, attribute: bytes, hits: tuple[Hit, ...], leaves: Leaves) -> None:
        if hits:
            self._refer(attribute, Grammar.SCRIPT, leaves, [(hit.address, hit.text) for hit in hits])

    def _css(self, attribute: bytes, text: str, *, late: bool = False) -> None:
        found = read_style(self.policy.book, text, relative=self.relative)
        if found:
            targets = [target for one in found for target in one.targets]
            if late:
                targets = [(address.late if isinstance(address, Unresolved) else address, url) for address, url in targets]
            self._refer(attribute, Grammar.CSS, Leaves.ATTRIBUTE, targets).style = found

    def _parts(self, entry: Entry, attribute: bytes, urls: list[str], late: bool) -> None:
        """Several addresses, of which some may stay."""
        every = [self._address(url) for url in urls]
        if late:
            every = [address.late if isinstance(address, Unresolved) else address for address in every]
            self.facts.late = self.facts.late or not all(address is not None and address.host for address in every)
        known = [(index, address) for index, address in enumerate(every) if address is not None]
        if known:
            targets = [(address, urls[index]) for index, address in known]
            self._refer(attribute, entry.grammar, entry.leaves, targets).parts = tuple(index for index, _ in known)

    def _nest(self, entry: Entry, attribute: bytes, nested: Nested) -> None:
        whole = entry.grammar is Grammar.REFRESH
        self._refer(attribute, entry.grammar, entry.leaves if whole else Leaves.ATTRIBUTE, []).nested = nested
        self.facts.nests = True

    def _refer(self, attribute: bytes, grammar: Grammar, leaves: Leaves, targets: list[tuple[Address, str]]) -> Reference:
        facts = self.facts
        first = len(facts.targets)
        facts.targets += targets
        reference = Reference(attribute, grammar, leaves, first, len(facts.targets))
        facts.references.append(reference)
        placed = leaves is Leaves.EMBED or leaves is Leaves.SOURCE  # a placeholder's link depends on the document's scheme
        for address, text in targets:
            if not address.fixed or (placed and text[:4].lower() != "http"):
                facts.fixed = False
        return reference


def is_late(entry: Entry, tag: bytes) -> bool:
    """Tell whether browsers may resolve an attribute's addresses only when they are used."""
    return entry.late or (entry.leaves is Leaves.PIXEL and b"loading" in tag.lower())


def members(grammar: Grammar, text: str) -> list[str]:
    """Return the addresses of a list of them."""
    if grammar is Grammar.SRCSET:
        return [one.url for one in srcset.split_candidates(text)]
    return text.split(";") if grammar is Grammar.ANIMATION else special.blank_separated(text)
