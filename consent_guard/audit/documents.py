"""What a browser would load and run of one body, each thing with its place: the enforcing rewriter, told to emit nothing.

UrlPolicy and enforcement are one and the same code, so that what is asserted is what is enforced. May import the rewriter, the
engine's sniffing and the wire layer. ``leaks`` calls it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Final

from ..findings import Finding, FindingKind
from ..limits import HELD_VALUE_BYTES
from ..rewrite.decide.compiled_policy import CompiledPolicy
from ..rewrite.decide.styles import gated
from ..rewrite.decide.urls import UrlPolicy
from ..rewrite.encoding.sniff import sheet_encodings
from ..rewrite.html import grammar as p
from ..rewrite.html.attributes import Attributes
from ..rewrite.model import DocumentFacts
from ..rewrite.page import page_rewriter
from ..rewrite.sheets import WHERE
from .source_text import SourceText

_CHUNK: Final = 256 * 1024
"""Bytes that are fed at once: the rewriter holds what it cannot yet decide."""
_SCRIPT_END: Final = re.compile(rb"</script[\t\n\f\r />]", re.I)
_XML_NAME: Final = re.compile(rb"<[^\t\n\r />]*")
_TOKEN_END: Final = re.compile(r"[\s\"'`<>\\;,)\]}]")
_QUERY: Final = re.compile(r"([?&#])([^=&#\s\"'<>,)]*)(=?)[^&#\s\"'<>,)]*")
_USER: Final = re.compile(r"//[^/@\s]*@")
_EXCERPT: Final = 100
"""Characters."""


@dataclass(frozen=True, slots=True)
class Located:
    """A finding with its place in the body."""

    finding: Finding
    line: int
    column: int
    excerpt: str


def read_document(body: bytes, rules: CompiledPolicy, allowed: frozenset[str], document: DocumentFacts) -> list[Located]:
    """Return what is found in an HTML or XML document, in the order of the text; each thing once."""
    noted: list[tuple[int, Finding]] = []
    rewriter = page_rewriter(
        rules, allowed, document, emits=False, on_finding=lambda finding: noted.append((rewriter.found_at, finding))
    )
    for start in range(0, len(body), _CHUNK):
        rewriter.feed(body[start : start + _CHUNK])
    rewriter.close()
    if not noted:
        return []
    source = SourceText(body, document.charset, xml=document.syntax == "xml")
    noted += _further_services(noted, source, rules, rules.view(allowed, document))
    return _located(noted, source)


def read_style_sheet(body: bytes, rules: CompiledPolicy, allowed: frozenset[str], document: DocumentFacts) -> list[Located]:
    """Return what is found in a style sheet of its own."""
    source = SourceText(body, sheet_encodings(body, document.charset)[0], xml=False)
    noted: list[tuple[int, Finding]] = []
    view = rules.view(allowed, document)
    for one in rules.style(source.data, source.data, source.decode, None, relative=view.relative):
        noted += [(one.start, said.finding(FindingKind.STYLE, WHERE)) for said in gated(view, one.targets)]
    return _located(noted, source)


def _further_services(
    noted: list[tuple[int, Finding]], source: SourceText, rules: CompiledPolicy, view: UrlPolicy
) -> Iterator[tuple[int, Finding]]:
    """Return the other services for which a script is withheld: one is enough, but each is to be told."""
    for at, finding in list(noted):
        if finding.kind is not FindingKind.INLINE or finding.where != "script" or not finding.service or not finding.subject:
            continue
        end = _SCRIPT_END.search(source.data, at)
        raw = source.data[at : end.start() if end else len(source.data)]
        text = raw if raw.isascii() else source.decode(raw).encode("utf-8", "surrogatepass")
        told = {finding.service}
        for hit in rules.script(text, relative=view.relative):
            verdict = hit.address.judged(view, hit.text)
            if verdict is not None and verdict.enforced and verdict.service is not None and verdict.service not in told:
                told.add(verdict.service)
                place = at + hit.start if text is raw else at
                yield place, verdict.finding(FindingKind.INLINE, finding.where)


def _located(noted: list[tuple[int, Finding]], source: SourceText) -> list[Located]:
    found: dict[Located, int] = {}
    for at, finding in dict.fromkeys(noted):
        offset, where, excerpt = _refined(at, finding, source)
        line, column = source.place(offset)
        located = Located(replace(finding, where=where), line, column, excerpt)
        found.setdefault(located, offset)
    return sorted(found, key=found.__getitem__)


def _refined(at: int, finding: Finding, source: SourceText) -> tuple[int, str, str]:
    """Return the offset of the attribute where the finding's offset is that of its tag, the place in words, and an excerpt."""
    data, decode = source.data, source.decode
    tag = p.TAG.match(data, at) if data[at : at + 1] == b"<" else None
    if tag is None:
        at = _host_near(data, at, finding.subject, within=finding.kind is FindingKind.INLINE)
        return at, finding.where, _address_at(decode(data[at : at + 4 * _EXCERPT]))
    name = tag[2]
    element, _, attribute = finding.where.partition(" ")
    names_end = _XML_NAME.match(tag[0]).end()  # type: ignore[union-attr]
    attributes = Attributes(tag[0], tag[0], names_end, decode, exact=source.xml)
    known = {one.name: one for one in attributes.effective()}
    local = name.rpartition(b":")[2].decode("latin-1").lower()
    inner = element != local
    wanted = _container(known) if inner else attribute.encode("latin-1", "replace")
    one = known.get(wanted) or next((known[key] for key in known if key.endswith(b":" + wanted)), None)
    where = finding.where
    if inner and one is not None:
        where = f"{local} {one.name.decode('latin-1')} > {finding.where}"
    if one is None:
        return at, where, f"<{local}>"
    value = attributes.value(one)
    shown = finding.subject if inner or attribute.startswith("on") or attribute == "style" else value
    return at + one.start, where, _shortened(f'<{local} {one.name.decode("latin-1")}="{_without_values(shown)}"')


def _host_near(data: bytes, at: int, host: str, *, within: bool) -> int:
    """Return where a script or style sheet names a host, if its own beginning is all that is known. ``within``: the place is
    that of a call, and the host stands in what it is given."""
    if not within and host.encode() in data[at : at + _EXCERPT].lower().partition(b"\n")[0]:
        return at
    found = re.compile(re.escape(host).encode(), re.I).search(data, at, at + HELD_VALUE_BYTES) if host else None
    return found.start() if found else at


def _container(known: Mapping[bytes, object]) -> bytes:
    """Return the attribute in which a document lies within a tag."""
    return next((name for name in (b"srcdoc", b"src", b"data", b"href", b"content") if name in known), b"")


def _address_at(text: str) -> str:
    end = _TOKEN_END.search(text)
    return _shortened(_without_values(text[: end.start()] if end else text))


def _without_values(text: str) -> str:
    """Return an address, or several, without the values of their queries: those can be personal data (R9)."""
    text = _USER.sub("//…@", _QUERY.sub(_key_alone, " ".join(text[: 4 * _EXCERPT].split())))
    scheme, colon, _ = text.partition(":")
    return f"{scheme}:…" if colon and scheme.strip().lower() in ("data", "javascript") else text


def _key_alone(part: re.Match[str]) -> str:
    mark, key, equals = part.groups()
    return f"{mark}{key}=…" if equals else f"{mark}…" if key else mark


def _shortened(text: str) -> str:
    return text if len(text) <= _EXCERPT else text[: _EXCERPT - 1] + "…"
