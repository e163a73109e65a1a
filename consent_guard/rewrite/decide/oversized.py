"""A tag too long to be held whole (R4, R5): its attributes one by one, as they come.

Attributes that the fetch table does not know stream through. A value that may have to be withheld is held, up to a limit;
withheld, or past the limit, it leaves empty, which fetches nothing and, on a script, keeps its text from running. Past the
limit an image's ``data:`` address passes, and any value where nothing is withheld from the visitor. Each attribute is judged as
in a tag that holds it alone, with those that decide with it as far as they came before: on a doubt it is withheld. May import
``tags`` and what that imports; ``stream`` and the XML rewriter drive it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from itertools import product
from typing import Final, Protocol

from ...findings import Finding, FindingKind
from ...limits import HELD_VALUE_BYTES
from ..emit.patch_buffer import Buffer
from ..fetch_table import HTML_ANY, RULES, TABLE, Grammar, Rules
from ..html import grammar as p
from ..html.attributes import exact_name
from ..model import NOTHING, Decision, ScriptKind
from ..script.kinds import script_kind
from .bases import Bases
from .compiled_policy import CompiledPolicy
from .decisions import decide
from .tags import TagFacts, read_tag
from .urls import UrlPolicy

_NAME_BYTES: Final = 64
"""A longer name of a tag or an attribute is none that matters."""
_KEPT_BYTES: Final = 256
"""A longer value that decides how another is read is not kept, and may have been any."""
_BLANKS: Final = b"\t\n\f\r "


class Owner(Protocol):
    """Who reads the document."""

    policy: CompiledPolicy
    view: UrlPolicy
    depth: int
    bases: Bases

    def decode(self, raw: bytes, /) -> str: ...

    def report(self, findings: Iterable[Finding], at: int) -> None: ...

    def edit(self, start: int, end: int, text: bytes = b"") -> None: ...

    def take_base(self, decision: Decision, start: int, *, certain: bool) -> None: ...


class OversizedTag:
    """One such tag. ``read`` consumes what the buffer has."""

    def __init__(self, owner: Owner, *, foreign: bool, local: Callable[[bytes], bytes] | None = None) -> None:
        """``local``: XML's, which returns the name by which a prefixed one is looked up; case counts then."""
        self._owner = owner
        self._foreign = foreign
        self._local = local
        self.name = b""
        """Lower case; empty where it is too long to matter."""
        self.closes = False
        self.self_closed = False
        self.ended = False
        self.withheld = False
        """Some value was withheld."""
        self._rules: Rules = HTML_ANY
        self._deciding: dict[bytes, bytes] = {}
        """Values that decide how others are read, as they stood."""
        self._forgotten: set[bytes] = set()
        """Such values that were too long to be kept."""
        self._sources: set[bytes] = set()
        self._seen: set[bytes] = set()
        self._step = self._open
        self._attribute = b""
        self._quote = b""
        self._value: list[bytes] | None = None
        """The pieces of the value that is held; None while one streams through."""
        self._held = 0
        self._slash = False
        self._opened = False

    @property
    def script(self) -> ScriptKind | None:
        """How the text of a script element is read; None of another element, of a data block, and of one with an address."""
        if self.name != b"script" or len(self._sources) > 1 or (not self._foreign and b"src" in self._sources):
            return None  # svg reads href and HTML src: where it may be either, one of them is not enough
        if self._forgotten:
            return "script"
        told = {name: self._owner.decode(value) for name, value in self._deciding.items()}
        return script_kind(told.get(b"type"), told.get(b"language"))

    def held_from(self, position: int) -> int | None:
        """Return the offset before ``position`` from which bytes must not leave yet."""
        return position - self._held if self._value is not None and self._held else None

    def read(self, buffer: Buffer, start: int) -> int:
        """Consume the tag from ``start`` as far as the buffer reaches, and return where it stopped."""
        at = start
        while at < len(buffer) and not self.ended:
            at = self._step(buffer, at)
        return at

    def _open(self, buffer: Buffer, at: int) -> int:
        if not self._opened:
            self._opened = True
            self.closes = buffer[at + 1] == 0x2F
            return at + (2 if self.closes else 1)
        end = p.IN_TAG_NAME.match(buffer, at).end()  # type: ignore[union-attr]
        self.name = (self.name + bytes(buffer[at:end]))[: _NAME_BYTES + 1]
        if end < len(buffer):
            name = b"" if len(self.name) > _NAME_BYTES else self.name
            self.name = name.lower() if self._local is None else self._local(name)
            by_element, anywhere = RULES[self._foreign, self._owner.policy.lazy]
            self._rules = by_element.get(self.name, anywhere)
            self._step = self._before_name
        return end

    def _before_name(self, buffer: Buffer, at: int) -> int:
        found = p.BEFORE_NAME.match(buffer, at)
        assert found is not None
        at = found.end()
        if found[0]:
            self._slash = found[0].endswith(b"/")
        if at < len(buffer):
            if buffer[at] == 0x3E:
                self.self_closed = self._slash
                self.ended = True
                return at + 1
            self._attribute = bytes(buffer[at : at + 1])
            self._step = self._in_name
            self._slash = False
            return at + 1
        return at

    def _in_name(self, buffer: Buffer, at: int) -> int:
        end = p.IN_NAME.match(buffer, at).end()  # type: ignore[union-attr]
        self._attribute = (self._attribute + bytes(buffer[at:end]))[: _NAME_BYTES + 1]
        if end < len(buffer):
            self._attribute = self._attribute.lower() if self._local is None else exact_name(self._attribute)
            self._step = self._after_name
        return end

    def _after_name(self, buffer: Buffer, at: int) -> int:
        at = p.BLANK.match(buffer, at).end()  # type: ignore[union-attr]
        if at < len(buffer):
            if buffer[at] == 0x3D:
                self._step = self._before_value
                return at + 1
            self._step = self._before_name
        return at

    def _before_value(self, buffer: Buffer, at: int) -> int:
        at = p.BLANK.match(buffer, at).end()  # type: ignore[union-attr]
        if at >= len(buffer):
            return at
        byte = buffer[at : at + 1]
        if byte == b">":
            self._step = self._before_name
            return at
        self._quote = bytes(byte) if byte in (b'"', b"'") else b""
        if self._attribute in _SOURCES:
            self._sources.add(self._attribute)
        self._value = [] if self._matters() else None
        self._held = 0
        self._step = self._in_value
        return at + len(self._quote)

    def _matters(self) -> bool:
        return not self.closes and (
            self._attribute in self._rules.by_attribute or self._attribute in DECIDING.get(self.name, _NONE)
        )

    def _in_value(self, buffer: Buffer, at: int) -> int:
        if self._quote:
            end = buffer.find(self._quote, at)
            ended = end >= 0
            end = end if ended else len(buffer)
        else:
            end = p.IN_UNQUOTED.match(buffer, at).end()  # type: ignore[union-attr]
            ended = end < len(buffer)
        if self._value is not None:
            self._value.append(bytes(buffer[at:end]))
            self._held += end - at
            if self._held > HELD_VALUE_BYTES and self._passes():
                self._value = None
                self._held = 0
            elif self._held > HELD_VALUE_BYTES or (ended and self._withhold(b"".join(self._value), end - self._held)):
                if self._held > HELD_VALUE_BYTES:
                    where = f"{self.name.decode('latin-1')} {self._attribute.decode('latin-1')}, too long to be read"
                    self._owner.report((Finding(FindingKind.UNFILTERED, "", where),), end - self._held)
                self.withheld = True
                self._owner.edit(end - self._held, end, b"" if self._quote else b'""')
                self._value = None
                self._held = 0
                self._quote = self._quote or b"\0"
                if not ended:
                    self._step = self._drop_rest
                    return end
        if not ended:
            return end
        quoted = self._quote in (b'"', b"'")
        self._value = None
        self._held = 0
        self._step = self._before_name
        return end + 1 if quoted else end

    def _passes(self) -> bool:
        """Tell whether a value that passed the limit may leave all the same: from this visitor nothing is withheld, or it is a
        data: address that is neither shown as a document nor read as a program or style sheet."""
        owner = self._owner
        if not owner.policy.withholds(owner.view.allowed):
            return True
        entry = self._rules.by_attribute.get(self._attribute)
        inert = entry is not None and entry.grammar in _ADDRESSES and not entry.shows and self.name not in _READ
        return inert and _DATA.match(b"".join(self._value or ())) is not None

    def _drop_rest(self, buffer: Buffer, at: int) -> int:
        """Leave out the rest of a value that passed the limit."""
        if self._quote == b"\0":
            end = p.IN_UNQUOTED.match(buffer, at).end()  # type: ignore[union-attr]
            ended = end < len(buffer)
        else:
            end = buffer.find(self._quote, at)
            ended = end >= 0
            end = end if ended else len(buffer)
        if end > at:
            self._owner.edit(at, end)
        if not ended:
            return end
        self._step = self._before_name
        return end + 1 if self._quote != b"\0" else end

    def _withhold(self, raw: bytes, at: int) -> bool:
        """Tell whether a whole value must go, which begins at ``at``; its attribute and tag are known by name."""
        attribute = self._attribute
        if attribute in self._seen:
            return False
        self._seen.add(attribute)
        if attribute in DECIDING.get(self.name, _NONE):
            value = raw.strip(_BLANKS)
            if len(value) <= _KEPT_BYTES:
                self._deciding[attribute] = value
            else:
                self._forgotten.add(attribute)
        if attribute not in self._rules.by_attribute:
            return False
        owner = self._owner
        every = [facts for deciding in self._doubts() if (facts := self._facts(raw, deciding)) is not None]
        decisions = [decide(owner.policy, facts, owner.view, owner) or NOTHING for facts in every]  # type: ignore[arg-type]
        if self.name == b"base" or not any(map(_takes_away, decisions)):
            decisions = [owner.bases.settled(owner.view, *one, whole=False) for one in zip(every, decisions, strict=True)]
        decision = next((one for one in decisions if _takes_away(one)), decisions[0] if decisions else NOTHING)
        owner.report(decision.findings, at)
        if decision.base is not None:
            owner.take_base(decision, at, certain=False)
        return _takes_away(decision)

    def _doubts(self) -> list[dict[bytes, bytes]]:
        """Return what may decide how the attribute at hand is read: what is known, with each value that may yet come or was not
        kept."""
        known = {name: value for name, value in self._deciding.items() if name != self._attribute}
        open_: dict[bytes, tuple[bytes, ...]] = {
            name: values
            for name, values in DECIDING.get(self.name, _NONE).items()
            if name != self._attribute and (name not in self._seen or name in self._forgotten)
        }
        return [{**known, **dict(zip(open_, values, strict=True))} for values in product(*open_.values())]

    def _facts(self, raw: bytes, deciding: dict[bytes, bytes]) -> TagFacts | None:
        """Return what the attribute names in a tag of its own, with those that decide how it is read."""
        owner = self._owner
        written = [b"<" + self.name, *(name + b"=" + _quoted(value) for name, value in deciding.items() if value)]
        # What may tell a self-hosted service beside the address, or makes it late, may have streamed by or may yet come.
        beside = (owner.policy.book.anywhere.attributes | {b"loading"}) - {self._attribute}
        tag = b" ".join((*written, self._attribute + b"=" + _quoted(raw), *(name + b'=""' for name in sorted(beside)))) + b">"
        return read_tag(
            owner.policy, tag, tag, self.name, owner.decode, self._foreign, owner.view.relative, 0, self._local is not None
        )


def _takes_away(decision: Decision) -> bool:
    return decision.withheld is not None or bool(decision.edits) or decision.embed is not None


def _quoted(value: bytes) -> bytes:
    """Return a value between quotes."""
    return b'"' + value.replace(b'"', b"&quot;") + b'"'


_READ: Final = frozenset({b"script", b"link"})
"""Elements that read the text in a data: address."""
_ADDRESSES: Final = frozenset({Grammar.URL, Grammar.IMAGE})
_DATA: Final = re.compile(rb"[\x00-\x20]*+[dD][aA][tT][aA]:")
_SOURCES: Final = frozenset({b"src", b"href", b"xlink:href"})
_NONE: Final[dict[bytes, tuple[bytes, ...]]] = {}
DECIDING: Final[dict[bytes, dict[bytes, tuple[bytes, ...]]]] = {
    b"link": {b"rel": (b"stylesheet", b"preload", b"preconnect"), b"as": (b"",)},
    b"script": {b"type": (b"",), b"language": (b"",)},
    **{
        entry.element.encode(): {entry.when.attribute.encode(): (min(entry.when.values).encode(),)}
        for entry in TABLE
        if entry.when is not None
    },
}
"""Attributes that decide how others of their element are read, and what is taken for them where they are not known: each value
under which something else is fetched."""
