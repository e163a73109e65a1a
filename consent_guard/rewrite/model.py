"""The data that the rewriter works with, and what the engine and the pages hand it. Imports nothing of this package."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Literal, NamedTuple, Protocol

from ..findings import Finding, FindingKind

Sink = Callable[[Finding], None]
"""Is told each finding."""
ScriptKind = Literal["script", "importmap", "speculationrules"]
"""What a script element's text is: a program, or a list of addresses."""


def silent(finding: Finding) -> None:
    """Do nothing: the null sink."""


@dataclass(frozen=True, slots=True)
class DocumentFacts:
    """Where a document comes from and how a browser will read it."""

    scheme: str
    """``http`` or ``https``, as the browser sees it: ``https:host/x`` means another thing on each (WHATWG URL, special scheme
    state)."""
    host: str
    """The Host field's value, port included."""
    path: str = "/"
    """The full path as the browser sees it, ``root_path`` included."""
    query: str = ""
    syntax: Literal["html", "xml"] = "html"
    charset: str | None = None
    """The charset parameter of Content-Type; None: the body itself tells."""
    scheme_known: bool = True
    """False: the browser may see the other scheme (a proxy ends TLS and does not say so); addresses are read under both."""


class Edit(NamedTuple):
    """Bytes ``start`` to ``end`` (of a tag, of a text, or of the buffer) are replaced by ``text``."""

    start: int
    end: int
    text: bytes

    def moved(self, by: int) -> Edit:
        """Return the same edit, counted from another place."""
        return Edit(self.start + by, self.end + by, self.text)


_FINDINGS: Final = 64
"""Findings of one verdict that are remembered."""


class Verdict:
    """What is to be said of one address: it is withheld, or (with ``enforced`` False) no rule names it and the policy only
    reports. Compared by identity, so that decisions can be remembered by their verdicts."""

    __slots__ = ("_findings", "category", "enforced", "host", "rule", "service")

    def __init__(self, host: str, service: str | None, category: str | None, rule: str | None, enforced: bool = True) -> None:
        self.host = host
        self.service = service
        self.category = category
        self.rule = rule
        self.enforced = enforced
        self._findings: dict[tuple[FindingKind, str], Finding] = {}

    def finding(self, kind: FindingKind, where: str) -> Finding:
        """Return this verdict as a finding at a place such as ``script src``."""
        known = self._findings.get((kind, where))
        if known is None:
            known = self._made(kind, where)
            if len(self._findings) < _FINDINGS:  # a page may name any number of places
                self._findings[kind, where] = known
        return known

    def _made(self, kind: FindingKind, where: str) -> Finding:
        if self.service is None:
            if not self.host:  # nothing that is named, but what cannot be read
                return Finding(FindingKind.ATTRIBUTE, "", self.rule or where)
            kind = FindingKind.HOST_UNLISTED
        return Finding(kind, self.host, where, self.service, self.category, self.rule, self.enforced)


@dataclass(frozen=True, slots=True)
class Embed:
    """A withheld embed, for its placeholder."""

    service: str
    """The service id; empty where the host is unlisted and no service can be allowed."""
    element: str
    """``iframe``, ``embed``, ``object``, ``video`` or ``audio``; ``container``: an element that the service's script fills."""
    url: str
    """Absolute http or https address, or empty."""
    host: str = ""
    width: str = ""
    """As its style says it, in digits or a share; else the attribute as the page wrote it, which may be anything."""
    height: str = ""
    title: str = ""
    ratio: str = ""
    """Width and height of the aspect ratio that its style gives it."""
    fills: bool = False
    """It lay over all of the box around it."""
    unseen: bool = False
    """It was never to be seen: hidden, or of one pixel."""


class Withheld(NamedTuple):
    """An element that goes whole, and what stands in for it."""

    embed: Embed | None = None
    """A placeholder does."""
    stub: bytes = b""
    """A script with this text does."""
    nonce: str = ""
    """The withheld script's nonce, for the stub."""


class Decision(NamedTuple):
    """What is to be done with one start tag, and what its reader must know of it. A value: ``emit`` says in which bytes."""

    withheld: Withheld | None = None
    """The element goes whole."""
    edits: tuple[Edit, ...] = ()
    """Else: changes within the tag, counted from its ``<``, sorted."""
    embed: Embed | None = None
    """Else: a placeholder stands before the element."""
    findings: tuple[Finding, ...] = ()
    script: ScriptKind | None = None
    """A script without an address of its own: how its text is read."""
    nonce: str = ""
    base: str | None = None
    """The address of ``<base href>``."""
    base_gated: bool = False
    encoding: str | None = None
    """annotation-xml's ``encoding``, in lower case."""


NOTHING: Final = Decision()


class Insertions(Protocol):
    """What is put into the pages of one response, as ASCII bytes: characters past ASCII stand as numeric references, so they
    are right in every encoding. ``pages`` makes them; the rewriter only decides where they go."""

    def banner(self, lang: str | None) -> bytes:
        """The banner, for a page whose ``<html lang>`` is ``lang``."""
        ...

    def placeholder(self, embed: Embed, lang: str | None) -> bytes:
        """Phrasing content that stands in for a withheld embed."""
        ...

    def closing(self, lang: str | None) -> bytes:
        """The one form that the placeholders' buttons submit; put at the end of a document that holds a placeholder."""
        ...
