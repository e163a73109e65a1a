"""What a response makes a browser contact, store or run without consent: the question behind assertions and scans.

    finder = LeakFinder(Policy.load(None))
    for leak in finder.page(200, headers, body, "https://www.example.org/"):
        print(leak)

It needs no middleware: any app's response will do. Head and body are judged by the code that enforces. May import everything
below the transports. Called by ``testing``, the pytest plugin and the command line.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal
from urllib.parse import urlsplit

from ..consent.answers import answered
from ..consent.choice import effective
from ..consent.per_policy import PerPolicy
from ..engine.acting_headers import ActingHeaders
from ..engine.bodies import BodyKind, body_kind, has_body
from ..engine.cookie_rulings import CookieRulings
from ..engine.document_heads import part_head
from ..engine.set_cookies import SetCookieFilter
from ..engine.sniffing import Sniffed, sniff
from ..errors import CodingError, RewriteError
from ..findings import Finding, FindingKind
from ..policy.model import Policy
from ..rewrite.decide.compiled_policy import CompiledPolicy
from ..rewrite.model import DocumentFacts
from ..wire.codings import ContentDecoder, decodable
from ..wire.headers import content_type, get_all
from ..wire.messages import Header
from ..wire.multipart import parts_of
from .beside import spelled_out, with_catalogue
from .documents import Located, read_document, read_style_sheet

_COOKIES: Final = frozenset({FindingKind.COOKIE_SET, FindingKind.COOKIE_CUT, FindingKind.COOKIE_UNLISTED})
_UNLISTED: Final = frozenset({FindingKind.COOKIE_UNLISTED, FindingKind.HOST_UNLISTED})


@dataclass(frozen=True, slots=True)
class Leak:
    """One thing that a response makes a browser contact, store or run without consent.

    ``kind``: ``request``, ``cookie``, ``header`` or ``inline``.
    ``host``: the host that would be contacted; for a cookie the host that sets it.
    ``name``: the cookie's name, else empty.
    ``service``: the id of the service that it belongs to; None where no rule names it.
    ``category``: that service's category.
    ``rule``: the rule that names it, as the policy writes it; empty where none does.
    ``where``: the place: ``script src``, ``Link``, ``style url()``, ``Set-Cookie``.
    ``line``: from 1; None in a header.
    ``column``: from 1, in characters; None in a header.
    ``excerpt``: a short piece of the source, without the values of queries and cookies.
    """

    kind: str
    host: str
    name: str
    service: str | None
    category: str | None
    rule: str
    where: str
    line: int | None
    column: int | None
    excerpt: str

    def __str__(self) -> str:
        place = self.where if self.line is None else f"line {self.line}, column {self.column} ({self.where})"
        what = f"cookie {self.name}" if self.name else self.host or "a script or address that cannot be told"
        whose = f"service {self.service}, category {self.category}, rule {self.rule}" if self.service else ""
        whose = whose or (f"category {self.category}, rule {self.rule}" if self.category else "no rule names it")
        return f"{place}: {what} ({whose})" + (f": {self.excerpt}" if self.excerpt else "")


@dataclass(frozen=True, slots=True)
class Inspection:
    """All that is to be said of one response.

    ``leaks``: the order is that of the response: its head, then its text.
    ``unlisted``: third-party hosts and cookies that neither a rule nor the catalogue names, where the policy reports them;
    ``leaks`` where it blocks them.
    ``mentions``: services whose hosts stand in a script that is not seen to load them, under ``inline_scripts = "signature"``:
    data, a comment, or a call that is not known.
    ``doubts``: what could not be read, one sentence each. What a browser makes of that part is not known.
    """

    leaks: tuple[Leak, ...] = ()
    unlisted: tuple[Leak, ...] = ()
    doubts: tuple[str, ...] = ()
    mentions: tuple[Leak, ...] = ()


class _Compiled:
    """One policy, compiled for every state of a visitor."""

    def __init__(self, policy: Policy) -> None:
        self.rules = CompiledPolicy(policy)
        self.mentions = (
            CompiledPolicy(replace(policy, inline_scripts="mention")) if policy.inline_scripts == "signature" else None
        )
        self.rulings = CookieRulings(policy)


_compiled: Final = PerPolicy(_Compiled, most=4)


class LeakFinder:
    """Reads responses under one policy and one state of consent. Thread-safe."""

    def __init__(self, policy: Policy, allow: Iterable[str] = frozenset(), deny: Iterable[str] = frozenset()) -> None:
        """``allow`` and ``deny`` are category and service ids, ``"*"`` for every category. With neither there is no choice, and
        each basis's default holds. All is judged as the guard judges it, but for what the catalogue knows beside the policy:
        that is a leak as well (``NOT_LISTED``), though a guard withholds it only under ``unlisted_hosts = "block"``.

        Raises UnknownPurpose for an id that neither the policy nor the catalogue holds.
        """
        self.allow: Final = spelled_out(allow, policy)
        self.deny: Final = spelled_out(deny, policy)
        policy = with_catalogue(policy)
        self.policy: Final = policy
        now = int(time.time())
        choice = answered(policy, self.allow, self.deny, now) if self.allow or self.deny else None
        self._consent: Final = effective(policy, choice, now)
        compiled = _compiled.of(policy)
        self._rules: Final = compiled.rules
        self._mentions: Final = compiled.mentions
        self._rulings: Final = compiled.rulings

    def page(self, status: int, headers: Sequence[Header], body: bytes, url: str) -> tuple[Leak, ...]:
        """Return the leaks of one response. ``body`` is as it travels, in its content coding; ``url`` is absolute."""
        return self.inspect(status, headers, body, url).leaks

    def inspect(self, status: int, headers: Sequence[Header], body: bytes, url: str) -> Inspection:
        """Return the leaks of one response, what no rule names in it, and what of it could not be read."""
        response = _Response(self.policy, url)
        self._look(response, status, headers, body, url)
        return response.told()

    def _look(
        self, response: _Response, status: int, headers: Sequence[Header], body: bytes, url: str, *, part: bool = False
    ) -> None:
        facts = _document(url, headers)
        allowed = self._consent.allowed_services
        SetCookieFilter(
            self._rulings,
            self._consent,
            time.time(),
            blocks_unlisted=self.policy.unlisted_cookies == "block",
            add=response.add,
        ).filter(headers)
        ActingHeaders(self._rules, allowed, frozenset(), lambda: facts, response.add).filter(headers)
        kind = body_kind(status, headers)
        styles = kind is BodyKind.STYLE
        if kind is not BodyKind.OTHER and body and has_body("GET", status):
            plain = _decoded(body, headers, response)
            if plain is not None and styles:
                response.extend(read_style_sheet(plain, self._rules, allowed, facts))
            elif plain is not None and kind is BodyKind.PARTS and not part:  # within one no browser shows others
                for head, content in _parts(headers, plain, response):
                    self._look(response, 200, part_head(head)[0], content, url, part=True)
            elif plain is not None and (syntax := _syntax(kind, plain)) is not None:
                document = replace(facts, syntax=syntax)
                response.extend(read_document(plain, self._rules, allowed, document))
                if self._mentions is not None:
                    response.mentioned(read_document(plain, self._mentions, allowed, document))


class _Response:
    """What is told of one response."""

    def __init__(self, policy: Policy, url: str) -> None:
        self._policy = policy
        self._host = (urlsplit(url).hostname or "") if "//" in url else ""
        self._leaks: dict[Leak, None] = {}
        self._unlisted: dict[Leak, None] = {}
        self._mentioned: dict[Leak, None] = {}
        self.doubts: dict[str, None] = {}

    def add(self, finding: Finding) -> None:
        """Take a finding from the head."""
        self._take(finding, None, None, "")

    def extend(self, found: Iterable[Located]) -> None:
        """Take what was found in the body."""
        for one in found:
            self._take(one.finding, one.line, one.column, one.excerpt)

    def mentioned(self, found: Iterable[Located]) -> None:
        """Take what is found where a host in a script is enough: only scripts that name it otherwise are new."""
        told = {leak.service for leak in self._leaks if leak.kind == "inline"}
        for one in found:
            if one.finding.kind is FindingKind.INLINE and one.finding.service not in (None, *told):
                self._mentioned[self._leak(one.finding, one.line, one.column, one.excerpt)] = None

    def _take(self, finding: Finding, line: int | None, column: int | None, excerpt: str) -> None:
        if finding.kind is FindingKind.UNFILTERED or not (finding.subject or finding.service):
            place = f"line {line}, column {column}: " if line is not None else ""
            self.doubts[f"{place}this cannot be told from a leak: {finding.where}"] = None
            return
        blocked = (
            finding.kind not in _UNLISTED
            or (self._policy.unlisted_cookies if finding.kind is FindingKind.COOKIE_UNLISTED else self._policy.unlisted_hosts)
            == "block"
        )
        (self._leaks if blocked else self._unlisted)[self._leak(finding, line, column, excerpt)] = None

    def _leak(self, finding: Finding, line: int | None, column: int | None, excerpt: str) -> Leak:
        cookie = finding.kind in _COOKIES
        where = "Set-Cookie lifetime" if finding.kind is FindingKind.COOKIE_CUT else finding.where
        return Leak(
            kind=_kind(finding, line),
            host=self._host if cookie else finding.subject,
            name=finding.subject if cookie else "",
            service=finding.service,
            category=finding.category,
            rule=finding.rule or "",
            where=where,
            line=line,
            column=column,
            excerpt=f"{finding.subject}=…" if cookie else excerpt,
        )

    def told(self) -> Inspection:
        """Return all of it, each thing once."""
        return Inspection(tuple(self._leaks), tuple(self._unlisted), tuple(self.doubts), tuple(self._mentioned))


def _kind(finding: Finding, line: int | None) -> str:
    if finding.kind in _COOKIES:
        return "cookie"
    if finding.kind is FindingKind.INLINE:
        return "inline"
    return "header" if line is None else "request"


def _document(url: str, headers: Sequence[Header]) -> DocumentFacts:
    address = urlsplit(url)
    declared = content_type(headers)
    return DocumentFacts(
        scheme="https" if address.scheme == "https" else "http",
        host=address.netloc.rpartition("@")[2],
        path=address.path or "/",
        query=address.query,
        charset=declared.charset if declared is not None else None,
    )


def _decoded(body: bytes, headers: Sequence[Header], response: _Response) -> bytes | None:
    """Return the body without its content coding, None where it cannot be undone."""
    coding = b", ".join(get_all(headers, b"content-encoding"))
    if not coding:
        return body
    if not decodable(coding):
        name = coding[:40].decode("latin-1")
        response.doubts[f"the content coding {name!r} cannot be undone; install the extra br or zstd, or ask for gzip"] = None
        return None
    decoder = ContentDecoder(coding)
    try:
        return decoder.feed(body) + decoder.close()
    except CodingError as fault:
        response.doubts[f"the body cannot be decoded: {fault}"] = None
        return None


def _parts(headers: Sequence[Header], body: bytes, response: _Response) -> list[tuple[list[Header], bytes]]:
    try:
        return parts_of(headers, body)
    except RewriteError as fault:
        response.doubts[f"the parts of the body cannot be told apart: {fault}"] = None
        return []


def _syntax(kind: BodyKind, body: bytes) -> Literal["html", "xml"] | None:
    if kind is BodyKind.SNIFFED:
        verdict = sniff(body, final=True)
        kind = {Sniffed.HTML: BodyKind.HTML, Sniffed.XML: BodyKind.XML}.get(verdict, BodyKind.OTHER)
    return "html" if kind is BodyKind.HTML else "xml" if kind is BodyKind.XML else None
