"""What is to be done with one start tag.

A tag's attributes do not depend on where it stands, so a decision is made once per spelling and remembered (Judge.tags).
``reading`` asks for the tags that its context says are tags; what it does with raw text that follows is its own. May import
this
package's judge, attributes, inline, css, srcset and nested.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from ..findings import Finding, FindingKind
from ..limits import JUDGE_MEMO_LONG_BYTES
from . import elements, nested, styles
from .html import srcset
from .html.attributes import Attributes, Edit, ascii_attribute
from .inline import ScriptKind, handler_hit, is_javascript_url, javascript_url_hit, script_kind
from .judge import Judge, Verdict
from .memory import size_of
from .model import Embed


@dataclass(frozen=True, slots=True)
class Decision:
    """What is to be done with a tag, and what its reader must know of it."""

    edits: tuple[Edit, ...] = ()
    """Relative to the tag; sorted. Not used where ``gone``."""
    gone: bool = False
    """The whole element is withheld."""
    embed: Embed | None = None
    """A placeholder stands in (or, where not ``gone``, before)."""
    stub: bytes = b""
    """Script text that stands in."""
    nonce: str = ""
    findings: tuple[Finding, ...] = ()
    script: ScriptKind | None = None
    """For a script without an address of its own: how its text is read."""
    base: str | None = None
    """For ``<base href>``."""
    base_gated: bool = False
    encoding: str | None = None
    """annotation-xml's encoding."""

    @property
    def quiet(self) -> bool:
        """True where the tag stays as it is and only findings, or how its text is read, are to be told."""
        return not (self.edits or self.gone or self.embed is not None or self.base is not None or self.encoding is not None)


class _Draft:
    """A decision in the making."""

    __slots__ = ("base", "base_gated", "edits", "embed", "encoding", "findings", "gone", "nonce", "removed", "script", "stub")

    def __init__(self) -> None:
        self.edits: list[Edit] = []
        self.findings: list[Finding] = []
        self.removed: set[bytes] = set()
        self.gone = False
        self.embed: Embed | None = None
        self.stub = b""
        self.nonce = ""
        self.script: ScriptKind | None = None
        self.base: str | None = None
        self.base_gated = False
        self.encoding: str | None = None

    @property
    def empty(self) -> bool:
        """True where nothing is to be done and nothing is to be known."""
        said = self.edits or self.findings or self.removed or self.gone or self.script or self.nonce or self.stub
        return not (said or self.embed is not None or self.base is not None or self.encoding is not None)


def decide(
    judge: Judge,
    raw: bytes,
    shape: bytes,
    name: bytes,
    foreign: bool,
    depth: int,
    decode: Callable[[bytes], str],
    *,
    names_end: int | None = None,
    remember: bool = True,
    exact: bool = False,
) -> Decision | None:
    """Return the decision on a start tag, None where nothing is to be done and nothing is to be known.

    ``raw`` is the whole tag, ``shape`` the same with trail bytes masked, ``name`` its name in lower case; ``foreign`` says that
    it may stand in svg or math, where other attributes fetch. ``names_end``: where the tag's name ends, if not right after
    ``name`` (a prefixed one). ``remember``: False where the decision holds for this document alone.
    ``exact``: the tag is XML's.
    """
    table = judge.foreign_tags if foreign else judge.tags
    kept = remember and remembers(judge, raw) and not (depth and nests(raw))
    key = b"\0" + raw if exact else raw
    if kept:
        try:
            return table[key]
        except KeyError:
            kept = len(raw) <= JUDGE_MEMO_LONG_BYTES
    attributes = Attributes(raw, shape, 1 + len(name) if names_end is None else names_end, decode, exact=exact)
    decision = _Tag(judge, attributes, name, foreign, depth).decide()
    if kept:
        size = 0 if decision is None else size_of(len(decision.findings), len(decision.edits))
        table.keep(key, decision, len(raw) + size)
    return decision


_NESTS: Final = re.compile(rb"srcdoc|:", re.I)


def nests(raw: bytes) -> bool:
    """Tell whether a tag may hold a document: how deep that one lies is part of the decision."""
    return _NESTS.search(raw) is not None


def remembers(judge: Judge, raw: bytes) -> bool:
    """Tell whether what is decided of these bytes holds for every document of this judge: not where their encoding is the
    document's own word."""
    return judge.charset is not None or raw.isascii()


class _Tag:
    """One decision in the making."""

    def __init__(self, judge: Judge, attributes: Attributes, name: bytes, foreign: bool, depth: int) -> None:
        self.judge = judge
        self.at = attributes
        self.name = name
        self.foreign = foreign
        self.depth = depth
        self.draft = _Draft()

    def decide(self) -> Decision | None:
        special = _SPECIAL.get(self.name)
        if special is not None:
            special(self)
        draft = self.draft
        if not draft.gone:
            for attribute in elements.PLAIN_SOURCES.get(self.name, ()):
                self._drop_if_gated(attribute)
            if self.name in elements.SRCSETS:
                self._srcset()
            if self.foreign:
                self._foreign_attributes()
            self._global_attributes()
        if draft.empty:
            return None
        draft.edits.sort()
        return Decision(
            tuple(draft.edits),
            draft.gone,
            draft.embed,
            draft.stub,
            draft.nonce,
            tuple(draft.findings),
            draft.script,
            draft.base,
            draft.base_gated,
            draft.encoding,
        )

    # -- single steps -------------------------------------------------------------------------------------------------

    def _where(self, attribute: bytes) -> str:
        return f"{self.name.decode('latin-1')} {attribute.decode('latin-1')}"

    def _look(self, attribute: bytes, text: str | None, *, kind: FindingKind = FindingKind.ATTRIBUTE) -> Verdict | None:
        """Return the verdict on a gated address; note it, and unlisted ones, as findings."""
        if not text:
            return None
        verdict = self.judge.look(text)
        if verdict is None:
            return None
        self.draft.findings.append(verdict.finding(kind, self._where(attribute)))
        return verdict if verdict.enforced else None

    def _remove(self, attribute: bytes) -> None:
        if attribute not in self.draft.removed:
            self.draft.removed.add(attribute)
            self.draft.edits.extend(self.at.removal(attribute))

    def _drop_if_gated(self, attribute: bytes) -> None:
        text = self.at.text(attribute)
        if self._look(attribute, text) is not None:
            if self.name in (b"img", b"image") and self._is_pixel():
                self.draft.gone = True
            self._remove(attribute)

    def _is_pixel(self) -> bool:
        """A 1×1 or hidden image shows nothing: it goes whole."""
        if b"hidden" in self.at or elements.HIDDEN_STYLE.search(self.at.text(b"style") or ""):
            return True
        return any(elements.TINY_SIZE.match(self.at.text(size) or "") for size in (b"width", b"height"))

    def _srcset(self) -> None:
        for attribute in (b"srcset", b"imagesrcset"):
            text = self.at.text(attribute)
            if text is None or (attribute == b"imagesrcset") is not (self.name == b"link"):
                continue
            kept = srcset.without(text, lambda url, name=attribute: self._look(name, url) is not None)  # type: ignore[misc]
            if kept is None:
                continue
            if kept:
                self.draft.edits.extend(self.at.replacement(attribute, kept))
            else:
                if self.name in (b"img", b"image") and b"src" not in self.at and self._is_pixel():
                    self.draft.gone = True
                self._remove(attribute)

    def _global_attributes(self) -> None:
        """Attributes that act on any element: on*, style, background, ping, attributionsrc, and javascript: addresses."""
        for name in self.at.names():
            if name in self.draft.removed:
                continue
            if name[:2] == b"on":
                hit = handler_hit(self.judge, self.at.text(name) or "")
                if hit is not None:
                    self.draft.findings.append(hit.finding(self._where(name)))
                    self._remove(name)
            elif name == b"style":
                self._style(name)
            elif name == b"background":
                self._drop_if_gated(name)
            elif name in (b"ping", b"attributionsrc"):
                self._address_list(name)
            elif name in elements.JAVASCRIPT_URLS:
                text = self.at.text(name) or ""
                hit = javascript_url_hit(self.judge, text) if is_javascript_url(text) else None
                if hit is not None:
                    self.draft.findings.append(hit.finding(self._where(name)))
                    self._remove(name)

    def _style(self, attribute: bytes) -> None:
        text = self.at.text(attribute) or ""
        kept = styles.without(
            self.judge, text, self.draft.findings.append, self._where(attribute), attribute=True, depth=self.depth
        )
        if kept is not None:
            self.draft.edits.extend(self.at.replacement(attribute, kept))
            self.draft.removed.add(attribute)

    def _address_list(self, attribute: bytes) -> None:
        """``ping`` and ``attributionsrc``: addresses between white space; the gated ones go."""
        members = (self.at.text(attribute) or "").split()
        kept = [member for member in members if self._look(attribute, member) is None]
        if len(kept) == len(members):
            return
        if kept:
            self.draft.edits.extend(self.at.replacement(attribute, " ".join(kept)))
            self.draft.removed.add(attribute)
        else:
            self._remove(attribute)

    def _foreign_attributes(self) -> None:
        if self.name in elements.FOREIGN_SOURCES:
            for attribute in elements.HREFS:
                self._drop_if_gated(attribute)
        if self.name in elements.ANIMATIONS:
            for attribute in (b"to", b"from", b"by", b"values"):
                text = self.at.text(attribute)
                if text and any(self._look(attribute, part) is not None for part in text.split(";")):
                    self._remove(attribute)
                elif text:
                    self._style(attribute)
        for attribute in elements.PRESENTATION:
            if attribute in self.at:
                self._style(attribute)

    # -- elements that are decided whole ------------------------------------------------------------------------------

    def _script(self) -> None:
        kind = script_kind(self.at.text(b"type"), self.at.text(b"language"))
        if kind is None:
            return
        self.draft.nonce = self.at.text(b"nonce") or ""
        if kind != "script":
            self.draft.script = kind
            return
        sources = [b"src"] if not self.foreign else [b"src", *elements.HREFS]
        present = [source for source in sources if source in self.at]
        if len(present) < 2 and (self.foreign or not present):
            # svg reads href and HTML src: where it may be either, the text of a script with one of them may run.
            self.draft.script = kind
        for source in present:
            text = self.at.text(source) or ""
            service = None
            if (verdict := self._look(source, text, kind=FindingKind.ELEMENT)) is not None:
                service = verdict.service
            elif (data := nested.data_script(self.judge, text, self.at.text(b"charset"))) is not None:
                self.draft.findings.append(data.finding(self._where(source)))
                service = data.service
            else:
                continue
            self.draft.gone = True
            self.draft.script = None
            self.draft.stub = self.judge.rules.stub(service)
            return

    def _embed(self) -> None:
        """iframe, embed, object, video, audio: the element's own source."""
        source = elements.EMBEDS[self.name]
        if self.name == b"iframe" and b"srcdoc" in self.at:
            self._srcdoc()
            return
        if self.name == b"embed" and not self.judge.gated(self.at.text(source) or "") and self.at.text(b"code"):
            source = b"code"  # Chromium takes either
        text = self.at.text(source)
        if not text:
            return
        verdict = self._look(source, text, kind=FindingKind.ELEMENT)
        if verdict is None:
            if self.name in elements.NESTING:
                self._nested_source(source, text)
                if source != elements.EMBEDS[self.name]:
                    self._nested_source(elements.EMBEDS[self.name], self.at.text(elements.EMBEDS[self.name]) or "")
            return
        self.draft.embed = Embed(
            verdict.service or "",
            self.name.decode("ascii"),
            self.judge.absolute(text),
            verdict.host,
            self.at.text(b"width") or "",
            self.at.text(b"height") or "",
            self.at.text(b"title") or self.at.text(b"aria-label") or "",
        )
        if self.name in (b"iframe", b"embed"):
            self.draft.gone = True
            return
        # The element keeps its children, which are judged by themselves; without its source it is not shown.
        if b"hidden" in self.at:
            self._remove(source)
        else:
            self.draft.removed.add(source)
            first, *rest = self.at.removal(source)
            self.draft.edits.extend([first._replace(text=b'hidden=""'), *rest])

    def _srcdoc(self) -> None:
        text = self.at.text(b"srcdoc") or ""
        kept, findings = nested.srcdoc(self.judge, text, self.depth)
        self.draft.findings.extend(findings)
        if kept is not None:
            self.draft.edits.extend(self.at.replacement(b"srcdoc", kept))
            self.draft.removed.add(b"srcdoc")
            if self._gated_source():
                self._remove(b"src")

    def _gated_source(self) -> bool:
        return self.judge.gated(self.at.text(b"src") or "")

    def _nested_source(self, source: bytes, text: str) -> None:
        findings = nested.data_document(self.judge, text, self.depth)
        if findings:
            self.draft.findings.extend(findings)
            self._remove(source)

    def _frame(self) -> None:
        text = self.at.text(b"src")
        if text:
            self._nested_source(b"src", text)

    def _input(self) -> None:
        if (self.at.text(b"type") or "").lower() == "image":
            self._drop_if_gated(b"src")

    def _param(self) -> None:
        if (self.at.text(b"name") or "").strip().lower() in elements.OBJECT_PARAMS:
            self._drop_if_gated(b"value")

    def _link(self) -> None:
        rels = set((self.at.text(b"rel") or "").lower().split())
        if not rels & elements.FETCHING_RELS:
            return
        href = self.at.text(b"href") or ""
        if rels & elements.FETCHING_RELS <= elements.HINT_RELS:
            verdict = self.judge.hint(href) if href else None
            if verdict is not None:
                self.draft.findings.append(verdict.finding(FindingKind.ELEMENT, self._where(b"href")))
                self.draft.gone = verdict.enforced
            return
        if self._look(b"href", href, kind=FindingKind.ELEMENT) is not None:
            self.draft.gone = True
            return
        if "stylesheet" in rels and (findings := nested.data_style(self.judge, href, self.depth, self.at.text(b"charset"))):
            self.draft.findings.extend(findings)
            self.draft.gone = True
            return
        images = self.at.text(b"imagesrcset")
        if images and any(
            self._look(b"imagesrcset", c.url, kind=FindingKind.ELEMENT) is not None for c in srcset.split_candidates(images)
        ):
            self.draft.gone = True

    def _meta(self) -> None:
        if (self.at.text(b"http-equiv") or "").strip("\t\n\f\r ").lower() != "refresh":
            return
        target = elements.refresh_target(self.at.text(b"content") or "")
        if target is None:
            return
        if self._look(b"content", target, kind=FindingKind.ELEMENT) is not None:
            self.draft.gone = True
            return
        inside = nested.data_document(self.judge, target, self.depth)  # followed within frames
        self.draft.findings.extend(inside)
        self.draft.gone = bool(inside)

    def _base(self) -> None:
        href = self.at.text(b"href")
        if href is None:
            return
        self.draft.base = href
        if self._look(b"href", href) is not None:
            self.draft.base_gated = True
            self.draft.edits.extend(self.at.replacement(b"href", ""))
            self.draft.removed.add(b"href")

    def _annotation(self) -> None:
        self.draft.encoding = (self.at.text(b"encoding") or "").lower()


_SPECIAL: Final[dict[bytes, Callable[[_Tag], None]]] = {
    b"script": _Tag._script,
    b"iframe": _Tag._embed,
    b"embed": _Tag._embed,
    b"object": _Tag._embed,
    b"video": _Tag._embed,
    b"audio": _Tag._embed,
    b"frame": _Tag._frame,
    b"input": _Tag._input,
    b"param": _Tag._param,
    b"link": _Tag._link,
    b"meta": _Tag._meta,
    b"base": _Tag._base,
    b"annotation-xml": _Tag._annotation,
}


def stub_element(stub: bytes, nonce: str) -> bytes:
    """Return the inline script that stands in for a withheld one, with its nonce."""
    if not stub:
        return b""
    attribute = b' nonce="' + ascii_attribute(nonce) + b'"' if nonce else b""
    return b"<script" + attribute + b">" + stub + b"</script>"
