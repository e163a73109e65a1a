"""XHTML, SVG and other XML documents as they stream: the same rules under XML's syntax.

XML has no raw text and no optional tags, so this is one lexer without a tree builder. Prefixes are not resolved: a local name
is enough to be judged. A withheld element goes whole, an inline script loses its text; no banner and no placeholder is put
in. The internal subset of a doctype can hide markup in entities and addresses in default attributes: such declarations go.
May import all of this package but ``stream``; ``page`` makes it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from typing import Final, get_args

from ...findings import Finding, FindingKind
from ...limits import HELD_VALUE_BYTES, REMEMBERED_BYTES
from ..data_url import data_url
from ..decide.bases import Bases
from ..decide.compiled_policy import CompiledPolicy
from ..decide.decisions import decide
from ..decide.memory import MISSING
from ..decide.nested import Nested, NestedDocuments
from ..decide.oversized import OversizedTag
from ..decide.scripts import inline_finding
from ..decide.styles import gated, sheet_targets
from ..decide.tags import TagFacts, read_tag
from ..decide.urls import UrlPolicy
from ..emit.patch_buffer import Buffer, PatchBuffer
from ..encoding.decode import Charset
from ..fetch_table import XML_NAMES
from ..html import grammar as p
from ..html.charrefs import decode_text
from ..model import NOTHING, Decision, DocumentFacts, ScriptKind, Sink, Withheld, silent
from .internal_subset import Declarations
from .texts import readings
from .tokenizer import SpanEnd

_SPACE: Final = p.SPACE
_TAG: Final = re.compile(
    rb"<(/?+)([^" + _SPACE + rb"/>!?<=\"'][^" + _SPACE + rb"/>]*+)((?>(?:[^>\"']++|\"[^\"]*+\"|'[^']*+')*))>"
)
_INSTRUCTION: Final = re.compile(rb"<\?(?>(?:[^?]++|\?(?!>))*)\?>")
_NAMESPACE: Final = re.compile(rb"w3\.org/(?:1999/xhtml|2000/svg|1998/Math/MathML|1999/XSL/Transform)")
_STYLESHEET: Final = re.compile(rb"<\?xml-stylesheet[" + _SPACE + rb"]")
_PSEUDO: Final = re.compile(r"(?<![^\s\"'])([^\s=\"']++)\s*+=\s*(?:\"([^\"]*)\"|'([^']*)')")
_DOCTYPE: Final = re.compile(
    rb"<!DOCTYPE(?>(?:[^\[>\"']++|\"[^\"]*+\"|'[^']*+')*)(?:\[((?>(?:[^\]\"'<]++|\"[^\"]*+\"|'[^']*+'"
    rb"|<!--(?>(?:[^-]++|-(?!->))*)-->|<\?(?>(?:[^?]++|\?(?!>))*)\?>|<(?!!--|\?))*))\][" + _SPACE + rb"]*+)?>"
)
_STREAMED: Final = ((b"<!--", b"-->"), (b"<![CDATA[", b"]]>"), (b"<?", b"?>"))
_UNKNOWN: Final = b"-"
"""A name without rules of its own; attributes that act on any element still count."""
_TOO_LONG: Final = Finding(FindingKind.UNFILTERED, "", "a tag whose entities make it too long to be read")
_SCRIPT_KINDS: Final[tuple[ScriptKind, ...]] = get_args(ScriptKind)
_TRANSFORMS: Final = re.compile(r"xsl|xml", re.I)
_BUILDS: Final = re.compile(r":(?:element|attribute|copy-of|import|include)\b|disable-output-escaping|document\(|[{]")
"""In a transformation: what may build an element or an address that does not stand there as it is."""


class XmlRewriter:
    """Withholds, in one XML document, what its judge does not allow."""

    def __init__(
        self,
        policy: CompiledPolicy,
        view: UrlPolicy,
        document: DocumentFacts,
        *,
        on_finding: Sink = silent,
        emits: bool = True,
        depth: int = 0,
        nested: NestedDocuments,
    ) -> None:
        """As ``HtmlRewriter``."""
        self.policy = policy
        self.view = view
        self.depth = depth
        self._nested = nested
        self._on_finding = on_finding
        self._emits = emits
        self._charset = Charset(document.charset, xml=True)
        self._held = bytearray()
        self._shape = bytearray()
        """The same with trail bytes masked, in an encoding that needs a mask, and while none is known."""
        self._patches = PatchBuffer()
        self._closing = b""
        """The mark that ends the comment, section or instruction that streams through."""
        self._skipping = False
        """What streams through is left out."""
        self._end: SpanEnd | None = None
        """Looks for the end of the unfinished tag or doctype."""
        self._shown = depth > 0
        """A namespace was seen whose elements a browser shows; until then they load nothing."""
        self._resume = 0
        """How far an unfinished instruction has been looked through."""
        self._stepped = 0
        """How far the bytes that are held have been read."""
        self._dropping = 0
        """Open elements inside the one that is left out, itself included."""
        self._keeps_end = False
        """Only the content of the element that is left out goes."""
        self._script: ScriptKind | None = None
        self._texts = 0
        """Open elements from the script or style on whose text is looked at, itself included."""
        self._start = 0
        """Where the script or style begins whose text is looked at."""
        self._content = 0
        self._long: OversizedTag | None = None
        self.bases = Bases(policy, view, ends=False)
        self._declared = Declarations()
        self._left = 0
        self.found_at = 0
        """As ``HtmlRewriter.found_at``: the start of the tag, or of the text of a script or style sheet."""

    def decode(self, raw: bytes, /) -> str:
        """Return an attribute's text, the document's own entities put in."""
        return self._declared.expand(self._charset.text(raw))

    def overflows(self, raw: bytes) -> bool:
        """Tell whether ``decode`` would make more of these bytes than is held of any value."""
        return self._declared.any and self._declared.overflows(self._charset.text(raw))

    def edit(self, start: int, end: int, text: bytes = b"") -> None:
        """Replace a stretch of the buffer."""
        if self._emits:
            self._patches.add(start, end, text)

    def rewrite_document(self, view: UrlPolicy, document: DocumentFacts, body: bytes) -> tuple[bytes, list[Finding]]:
        """Return a document within this one as it may be shown, and what was found in it."""
        return self._nested(self.policy, view, document, body, self.depth + 1)

    def report(self, findings: Iterable[Finding], at: int) -> None:
        """Hand on what was found at an offset of the buffer."""
        self.found_at = self._left + at
        for finding in findings:
            self._on_finding(finding if self._emits else replace(finding, enforced=False))

    def feed(self, data: bytes) -> bytes:
        """Take the next bytes of the body; return those that may leave now."""
        return self._advance(self._charset.decode(data, self._held), False)

    def close(self) -> bytes:
        """Return the rest. The document ends here."""
        return self._advance(self._charset.finish(self._held), True)

    def _advance(self, data: bytes, final: bool) -> bytes:
        self._held += data
        if self._charset.masks:
            self._shape += self._charset.mask(data, final)
        else:
            self._shape.clear()
        buffer = self._buffer()
        at = self._stepped
        while at < len(buffer):
            end = self._step(buffer, at, final)
            if end == at:
                break
            at = end
        held = self._texts > 0
        if held and (final or at - self._content > HELD_VALUE_BYTES):
            self._judge_text(buffer, at, whole=final)
            held = self._texts > 0
        safe = self._start if held else at
        if self._long is not None and not self._dropping and (start := self._long.held_from(at)) is not None:
            safe = min(safe, start)
        if final:
            safe = len(buffer)
        self._stepped = at - safe if at > safe else 0
        return self._emit(safe)

    def _buffer(self) -> Buffer:
        """Return what the lexer reads: a mask, whose last bytes may be yet to come, or the document itself."""
        return self._shape if self._charset.masks else self._held

    def _step(self, buffer: Buffer, at: int, final: bool) -> int:
        """Read one thing at ``at`` and return where it ends; ``at`` itself where more input is needed."""
        if self._closing:
            return self._stream(buffer, at, final)
        if self._long is not None:
            return self._long_tag(buffer, at)
        if buffer[at] != 0x3C:
            end = buffer.find(b"<", at)
            return self._pass(at, len(buffer) if end < 0 else end)
        for opening, closing in _STREAMED:
            if buffer.startswith(opening, at):
                return self._whole_or_stream(buffer, at, opening, closing, final)
        rest = bytes(buffer[at : at + 9])
        if rest.startswith(b"<!DOCTYPE"):
            return self._doctype(buffer, at, final)
        if not final and len(rest) < 9 and any(mark.startswith(rest) for mark in (b"<!--", b"<![CDATA[", b"<!DOCTYPE")):
            return at
        if rest.startswith(b"<!") or (len(rest) > 1 and rest[1:2] in b"\t\n\r =<>"):
            return self._pass(at, at + 1)  # not well-formed: a browser stops here
        self._end = self._end or SpanEnd(doctype=False)
        end = self._end.find(buffer, at)
        if end < 0 and len(buffer) - at <= HELD_VALUE_BYTES:
            return self._pass(at, len(buffer)) if final else at
        self._end = None
        found = _TAG.match(buffer, at, end) if 0 <= end <= at + HELD_VALUE_BYTES else None
        if found is not None:
            return self._tag(found)
        if 0 <= end <= at + HELD_VALUE_BYTES:
            return self._pass(at, end)  # not well-formed
        self._long = _OversizedTag(self)
        return self._long_tag(buffer, at)

    def _pass(self, start: int, end: int) -> int:
        if self._dropping or self._skipping:
            self.edit(start, end)
        return end

    def _whole_or_stream(self, buffer: Buffer, at: int, opening: bytes, closing: bytes, final: bool) -> int:
        if opening == b"<?":
            found = _INSTRUCTION.match(buffer, at) if buffer.find(b"?>", at + self._resume) >= 0 else None
            if found is None and not final and len(buffer) - at < HELD_VALUE_BYTES:
                self._resume = max(0, len(buffer) - at - 1)
                return at
            self._resume = 0
            if found is not None and found.end() - at < HELD_VALUE_BYTES:
                return self._instruction(found)
            self._skipping = _STYLESHEET.match(buffer, at) is not None  # too long to be read: not let through
        self._closing = closing
        return self._pass(at, at + len(opening))

    def _stream(self, buffer: Buffer, at: int, final: bool) -> int:
        end = buffer.find(self._closing, at)
        if end >= 0:
            end += len(self._closing)
            self._closing = b""
            self._pass(at, end)
            self._skipping = False
            return end
        end = len(buffer) if final else max(at, len(buffer) - len(self._closing) + 1)
        return self._pass(at, end) if end > at else at

    def _instruction(self, found: re.Match[bytes]) -> int:
        if self._dropping:
            return self._pass(*found.span())
        if _STYLESHEET.match(found[0]):
            text = self._charset.text(bytes(self._held[found.start() : found.end()]))
            parts = {name: "".join(value) for name, *value in reversed(_PSEUDO.findall(text))}
            noted = self._sheet(
                decode_text(parts.get("href", "")), _TRANSFORMS.search(decode_text(parts.get("type", ""))) is not None
            )
            self.report(noted, found.start())
            if any(finding.enforced for finding in noted):
                self.edit(*found.span())
        return found.end()

    def _sheet(self, text: str, transforms: bool) -> list[Finding]:
        """Return what is to be said of a style sheet's address. A transformation in this very document may build anything."""
        view = self.view
        verdict = view.look(text)
        noted = [verdict.finding(FindingKind.ELEMENT, "xml-stylesheet")] if verdict is not None else []
        data = data_url(text)
        builds = text.strip().startswith("#") if data is None else _BUILDS.search(data.text()) is not None
        if transforms and builds and self.policy.withholds(view.allowed):
            return [*noted, Finding(FindingKind.ELEMENT, "", "xml-stylesheet that may build what is withheld")]
        if data is not None and data.document:
            noted += Nested(text, srcdoc=False).judged(self, view)[1]
        elif data is not None:
            targets = sheet_targets(self.policy.book, data.text(), relative=view.relative, depth=1)
            noted += [said.finding(FindingKind.STYLE, "data: style sheet") for said in gated(view, targets)]
        return noted

    def _doctype(self, buffer: Buffer, at: int, final: bool) -> int:
        self._end = self._end or SpanEnd(doctype=True)
        end = self._end.find(buffer, at)
        if end < 0 and len(buffer) - at <= HELD_VALUE_BYTES and not final:
            return at
        self._end = None
        found = _DOCTYPE.match(buffer, at, end) if 0 <= end <= at + HELD_VALUE_BYTES else None
        withholds = self.policy.withholds(self.view.allowed)
        if found is None:
            # Endless or broken: nothing after it is let through, unless nothing is to be withheld at all.
            self._dropping = int(withholds)
            return self._pass(at, len(buffer))
        self._shown = self._shown or found[1] is not None  # it may bring in a namespace
        if found[1] is not None and withholds:
            origin = found.start(1)
            gone = self._declared.read(found[1].decode("latin-1"))  # keeps offsets; only ASCII names and values are taken
            for first, last in gone:
                self.edit(origin + first, origin + last)
            if gone:
                self.report((Finding(FindingKind.ELEMENT, "", "DOCTYPE declarations that may bring in markup"),), at)
        return found.end()

    # -- elements -----------------------------------------------------------------------------------------------------

    def _tag(self, found: re.Match[bytes]) -> int:
        start, end = found.span()
        closed = found[0].endswith(b"/>")
        if found[1]:
            return self._end_tag(found, start, end)
        if self._dropping:
            self._dropping += not closed
            return self._pass(start, end)
        if not self._shown:
            # A namespace that is spelled with references may be any.
            self._shown = _NAMESPACE.search(found[0]) is not None or (b"xmlns" in found[0] and b"&" in found[0])
            if not self._shown:
                return end  # nothing that a browser shows or transforms so far: a feed, say, of which it loads nothing
        name = _local(found[2])
        decision = self._decision(bytes(self._held[start:end]), found[0], name or _UNKNOWN, found.end(2) - start)
        if decision is not None:
            self.report(decision.findings, start)
            if decision.base is not None:
                self.take_base(decision, start, certain=True)
            if decision.withheld is not None:
                self.edit(start, end)
                self._dropping = int(not closed)
                return end
            if self._emits:
                self._patches.extend(decision.edits, start)
        if not closed:
            self._open_text(name, decision.script if decision is not None else None, start, end)
        return end

    def _decision(self, raw: bytes, shape: bytes, name: bytes, names_end: int) -> Decision | None:
        policy, relative, charset = self.policy, self.view.relative, self._charset.name
        # Entities of the document's own make the same bytes mean another thing in each.
        kept = (
            len(raw) <= REMEMBERED_BYTES and not (b"&" in raw and self._declared.any) and (charset is not None or raw.isascii())
        )
        table = policy.tags("xml", charset, relative=relative)
        facts = table.get(raw, MISSING) if kept else MISSING
        if facts is MISSING:
            if not kept and self.overflows(raw):
                return Decision(Withheld(), findings=(_TOO_LONG,))
            decode = self._charset.text if kept else self.decode  # what is remembered must not hold this document
            facts = read_tag(policy, raw, shape, name, decode, True, relative, names_end, True)
            if kept:
                table.keep(raw, facts, len(raw) if facts is None else facts.size)
        if not isinstance(facts, TagFacts):
            return None
        decision = decide(policy, facts, self.view, self) or NOTHING
        return self.bases.settled(self.view, facts, decision) if facts.late or decision.base is not None else decision

    def _open_text(self, name: bytes, script: ScriptKind | None, start: int, end: int) -> None:
        if self._texts:
            self._texts += 1
        elif name == b"style" or script is not None:
            self._texts = 1
            self._script = script
            self._start = start
            self._content = end

    def _end_tag(self, found: re.Match[bytes], start: int, end: int) -> int:
        if self._dropping:
            self._dropping -= 1
            if self._dropping or not self._keeps_end:
                self.edit(start, end)
            self._keeps_end = self._keeps_end and self._dropping > 0
            return end
        if self._texts > 1 or (self._texts and _local(found[2]) in (b"style", b"script")):
            self._texts -= 1
            if not self._texts and self._judge_text(self._buffer(), start, whole=True):
                self.edit(self._start, end)
        return end

    def take_base(self, decision: Decision, start: int, *, certain: bool) -> None:
        """Note a ``<base href>``: the first that is one holds, beside the document's own address."""
        view = self.bases.take(self.view, decision.base or "", gated=decision.base_gated, certain=False)
        self.view = view or self.view

    def _judge_text(self, buffer: Buffer, end: int, *, whole: bool) -> bool:
        """Judge the text of a script or style; tell whether the element, which has come whole, goes. One too long to be held
        goes with all that follows in it, and keeps its tags."""
        content = self._content
        raw, shape = bytes(self._held[content:end]), bytes(buffer[content:end])
        found: list[Finding] = []
        texts = None
        if end - content <= HELD_VALUE_BYTES and not self.overflows(raw):
            texts = readings(raw, shape, self.decode, self._charset.text)
        if texts is None:
            found.append(Finding(FindingKind.INLINE, "", "a script or style too long to be read"))
            self._dropping = 0 if whole else self._texts
            self._keeps_end = not whole
        else:
            found += self._judge_readings(texts, shape)
        self._script = None
        self._texts = 0
        self.report(found, content)
        withheld = any(finding.enforced for finding in found)
        if withheld and (texts is None or not whole):
            self.edit(content, end)
            return False
        return withheld

    def _judge_readings(self, texts: list[str], shape: bytes) -> list[Finding]:
        """Return what is to be said of a script or style, from its readings: up to the first for which it is withheld."""
        found: list[Finding] = []
        # A script within a style runs, and a style within a script is one.
        kinds = (self._script or "script",) if len(texts) == 1 else _SCRIPT_KINDS
        for text in texts:
            if self._script is not None or b"script" in shape:
                program = text.encode("utf-8", "surrogatepass")
                hits = (self.policy.first_hit(self.view, program, kind) for kind in kinds)
                found += [inline_finding(hit[0], "script") for hit in hits if hit is not None][:1]
            if self._script is None or b"style" in shape:
                targets = sheet_targets(self.policy.book, text, relative=self.view.relative, depth=0)
                found += [said.finding(FindingKind.STYLE, "style url()") for said in gated(self.view, targets)]
            if any(finding.enforced for finding in found):
                break
        return found

    def _long_tag(self, buffer: Buffer, at: int) -> int:
        long = self._long
        assert long is not None
        end = long.read(buffer, at)
        if long.ended:
            self._long = None
            if self._dropping:
                self._dropping += -1 if long.closes else not long.self_closed
            elif not long.closes and not long.self_closed:
                self._open_text(long.name, long.script, end, end)
        return self._pass(at, end) if self._dropping else end

    def _emit(self, safe: int) -> bytes:
        out = self._patches.take(self._held, safe, self._charset)
        del self._held[:safe]
        del self._shape[:safe]
        self._left += safe
        self._start -= safe
        self._content -= safe
        return out


class _OversizedTag(OversizedTag):
    """One in which the document's own entities may make a value longer still."""

    def __init__(self, owner: XmlRewriter) -> None:
        super().__init__(owner, foreign=True, local=_local)
        self._overflows = owner.overflows
        self._report = owner.report

    def _withhold(self, raw: bytes, at: int) -> bool:
        if not self._overflows(raw):
            return super()._withhold(raw, at)
        self._report((_TOO_LONG,), at)
        return True


def _local(name: bytes) -> bytes:
    """Return how the fetch table looks an element up, empty where it is none that matters in its exact case."""
    local = name.rpartition(b":")[2]
    return XML_NAMES.get(local, local if local == local.lower() and local not in XML_NAMES.values() else b"")
