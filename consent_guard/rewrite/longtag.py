"""A tag too long to be held whole (R4, R5): its attributes one by one, as they come.

Attributes that no rule reads stream through. A value that may have to be withheld is held, up to a limit; withheld, or past
the limit, it leaves empty, which fetches nothing and, on a script, keeps its text from running. May import this package's
judge-side modules;
``reading`` drives it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ..findings import Finding, FindingKind
from ..limits import HELD_VALUE_BYTES
from . import nested, styles
from .elements import PRESENTATION, refresh_target
from .html import grammar as p
from .html import srcset
from .html.attributes import Edit
from .html.charrefs import decode_attribute
from .html.tokenizer import Buffer
from .inline import handler_hit, javascript_url_hit
from .tags import Decision

if TYPE_CHECKING:
    from .rewriter import HtmlRewriter

_NAME_BYTES: Final = 64
"""A longer name of a tag or an attribute is none that matters."""
_SOURCES: Final = frozenset(
    b"src href xlink:href srcset imagesrcset data poster background ping attributionsrc style srcdoc content value action "
    b"formaction to from by values code".split()
)
_LINKS: Final = frozenset({b"a", b"area"})


class LongTag:
    """One such tag. ``read`` consumes what the buffer has; ``edits`` are in the buffer's offsets until the next call."""

    def __init__(self, owner: HtmlRewriter, foreign: bool) -> None:
        self._owner = owner
        self._foreign = foreign
        self.name = b""
        """Lower case; empty where it is too long to matter."""
        self.closes = False
        self.self_closed = False
        self.ended = False
        self.withheld = False
        """Some value was withheld."""
        self.sourced = False
        """It has an address, so that its content is no script."""
        self.edits: list[Edit] = []
        self._step = self._open
        self._attribute = b""
        self._quote = b""
        self._value: list[bytes] | None = None
        """The pieces of the value that is held; None while one streams through."""
        self._held = 0
        self._slash = False
        self._opened = False

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
        found = p.IN_TAG_NAME.match(buffer, at)
        assert found is not None
        self.name = (self.name + found[0].lower())[: _NAME_BYTES + 1]
        if found.end() < len(buffer):
            if len(self.name) > _NAME_BYTES:
                self.name = b""
            self._step = self._before_name
        return found.end()

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
            self._attribute = bytes(buffer[at : at + 1]).lower()
            self._step = self._in_name
            self._slash = False
            return at + 1
        return at

    def _in_name(self, buffer: Buffer, at: int) -> int:
        found = p.IN_NAME.match(buffer, at)
        assert found is not None
        self._attribute = (self._attribute + found[0].lower())[: _NAME_BYTES + 1]
        if found.end() < len(buffer):
            self._step = self._after_name
        return found.end()

    def _after_name(self, buffer: Buffer, at: int) -> int:
        found = p.BLANK.match(buffer, at)
        assert found is not None
        at = found.end()
        if at < len(buffer):
            if buffer[at] == 0x3D:
                self._step = self._before_value
                return at + 1
            self._step = self._before_name
        return at

    def _before_value(self, buffer: Buffer, at: int) -> int:
        found = p.BLANK.match(buffer, at)
        assert found is not None
        at = found.end()
        if at >= len(buffer):
            return at
        byte = buffer[at : at + 1]
        if byte == b">":
            self._step = self._before_name
            return at
        self._quote = bytes(byte) if byte in (b'"', b"'") else b""
        self.sourced = self.sourced or (self.name == b"script" and self._attribute == b"src")
        self._value = [] if self._matters() else None
        self._held = 0
        self._step = self._in_value
        return at + len(self._quote)

    def _matters(self) -> bool:
        name = self._attribute
        if self.closes or not self.name:
            return name.startswith(b"on") and not self.closes
        return name in _SOURCES or name in PRESENTATION or name.startswith(b"on")

    def _in_value(self, buffer: Buffer, at: int) -> int:
        if self._quote:
            end = buffer.find(self._quote, at)
            ended = end >= 0
            end = end if ended else len(buffer)
        else:
            found = p.IN_UNQUOTED.match(buffer, at)
            assert found is not None
            end = found.end()
            ended = end < len(buffer)
        if self._value is not None:
            self._value.append(bytes(buffer[at:end]))
            self._held += end - at
            if self._held > HELD_VALUE_BYTES or (ended and self._withhold(b"".join(self._value), end - self._held)):
                self.withheld = True
                self.edits.append(Edit(end - self._held, end, b"" if self._quote else b'""'))
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

    def _drop_rest(self, buffer: Buffer, at: int) -> int:
        """Leave out the rest of a value that passed the limit."""
        if self._quote == b"\0":
            found = p.IN_UNQUOTED.match(buffer, at)
            assert found is not None
            end = found.end()
            ended = end < len(buffer)
        else:
            end = buffer.find(self._quote, at)
            ended = end >= 0
            end = end if ended else len(buffer)
        if end > at:
            self.edits.append(Edit(at, end, b"", drop=True))
        if not ended:
            return end
        self._step = self._before_name
        return end + 1 if self._quote != b"\0" else end

    def _withhold(self, raw: bytes, at: int) -> bool:
        """Tell whether a whole value must go, which begins at ``at``; its attribute and tag are known by name."""
        owner = self._owner
        judge = owner.judge
        text = decode_attribute(owner.decode(raw))
        name, tag = self._attribute, self.name
        where = f"{tag.decode('latin-1')} {name.decode('latin-1')}"
        found: list[Finding] = []
        if name.startswith(b"on"):
            hit = handler_hit(judge, text)
            found += [hit.finding(where)] if hit is not None else []
        elif name == b"style" or name in PRESENTATION:
            styles.without(judge, text, found.append, where, attribute=True)
        elif name == b"srcdoc":
            kept, inside = nested.srcdoc(judge, text, owner.depth)
            found += inside if kept is not None else ()
        else:
            for address in self._addresses(tag, name, text):
                verdict = judge.look(address)
                if tag == b"base" and name == b"href":
                    base = Decision(base=text, base_gated=verdict is not None and verdict.enforced)
                    owner.take_base(base, 0, certain=False)
                if verdict is not None:
                    found.append(verdict.finding(FindingKind.ATTRIBUTE, where))
            hit = javascript_url_hit(judge, text) or (nested.data_script(judge, text) if tag == b"script" else None)
            found += [hit.finding(where)] if hit is not None else []
            found += nested.data_document(judge, text, owner.depth) if tag not in (b"img", b"source", b"a", b"area") else ()
        owner.report(tuple(found), at)
        return any(finding.enforced for finding in found)

    def _addresses(self, tag: bytes, name: bytes, text: str) -> list[str]:
        if name in (b"srcset", b"imagesrcset"):
            return [candidate.url for candidate in srcset.split_candidates(text)]
        if name in (b"ping", b"attributionsrc"):
            return text.split()
        if name == b"content":
            target = refresh_target(text) if tag == b"meta" else None
            return [] if target is None else [target]
        if name in (b"action", b"formaction") or (name in (b"href", b"xlink:href") and tag in _LINKS):
            return []
        if name == b"value" and tag != b"param":
            return []
        if name in (b"to", b"from", b"by", b"values"):
            return text.split(";")
        return [text]
