"""Whose address is it, and may this visitor's browser contact it?

An address is read as a browser reads it (WHATWG URL, with ada-url) against every base that may hold, then the policy's most
specific rule decides. Plain addresses, nearly all of them, are recognised without the full parser. Verdicts are remembered in a
bounded table. May import the policy's index and the wire's origins; ``tags``, ``inline`` and the engine's header filter ask it.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote, urlsplit

import ada_url

from ..findings import Finding, FindingKind
from ..limits import JUDGE_MEMO_KEY_BYTES
from ..wire.origins import registrable_domain
from .memory import Memory, Table, untold
from .model import DocumentFacts, own_address

if TYPE_CHECKING:
    from .inline import Hit
    from .passages import Passage
    from .rules import Rules
    from .tags import Decision

_ABSOLUTE: Final = re.compile(r"(?:[hH][tT]{2}[pP][sS]?:)?//([A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*\.[A-Za-z]{2,})(?=[/?#]|$)")
"""A plain absolute or scheme-relative address: nothing in its host that the URL parser would change but case."""
_RELATIVE: Final = re.compile(r"(?:/(?![/\\\t\n\r])|[?#]|[A-Za-z0-9_.~-]+(?=[/?#]|$))[^\t\n\r\\]*$")
"""A plain relative address: no scheme, no second slash, nothing that the parser strips."""
_AUTHORITY: Final = re.compile(r"(?:[A-Za-z]+:)?[/\\\t\n\r]*[^/\\?#]*")
"""What may be an address's scheme and host."""
_BLANKS: Final = "".join(map(chr, range(0x21)))
_VARIANTS: Final = 12
"""Judges remembered beside one for other bases and encodings."""
_JUDGE_BYTES: Final = 4096
"""What a judge takes while its tables are empty."""
_WEB: Final = frozenset({"http:", "https:", "ws:", "wss:", "ftp:"})


@dataclass(frozen=True, slots=True)
class Verdict:
    """An address that is withheld, or (with ``enforced`` False) that no rule names and that the policy only reports."""

    host: str
    service: str | None
    category: str | None
    rule: str | None
    enforced: bool = True

    def finding(self, kind: FindingKind, where: str) -> Finding:
        """Return this verdict as a finding at a place such as ``script src``."""
        if self.service is None:
            kind = FindingKind.HOST_UNLISTED
        return Finding(kind, self.host, where, self.service, self.category, self.rule, self.enforced)


class Judge:
    """Verdicts for one consent state and one document address. Made by Rules.judge; safe to share between threads.

    The tables only ever gain entries or are emptied, so a race costs a repeated decision and nothing else.
    """

    def __init__(
        self,
        rules: Rules,
        allowed: frozenset[str],
        document: DocumentFacts,
        bases: tuple[str, ...] = (),
        charset: str | None = None,
        family: Judge | None = None,
        tell: Callable[[int], None] = untold,
    ) -> None:
        """``family``: the judge whose variant this is to be; they share what they may remember. ``tell`` hears how many bytes
        that takes."""
        self.rules = rules
        self.charset = charset
        """The encoding of the documents whose tags are remembered here; None: not known yet, nothing is remembered."""
        self.allowed = allowed
        self.asked = 0
        """When ``judges`` was last asked for this one, in requests."""
        self.document = document
        own = own_address(document)
        self.own_base = own.href
        # As addresses are resolved against it, so that rules on our own host hold whatever the Host field says.
        self.own_host = own.hostname.rstrip(".")
        self.bases = bases or (self.own_base,)
        self._plain = self.bases == (self.own_base,) and rules.index.own_heads(self.own_host) is None
        self._variants: dict[tuple[tuple[str, ...], str | None], Judge]
        self._variants = {(self.bases, charset): self} if family is None else family._variants
        memory = Memory(self._variants, tell) if family is None else family.memory
        self.memory: Memory = memory
        """What this judge and its variants may remember together."""
        self._urls: Table[str, Verdict | None] = Table(memory)
        self._hosts: Table[str, Verdict | None] = Table(memory)
        self.tags: Table[bytes, Decision | None] = Table(memory)
        """Decisions on whole tags in HTML content, kept here by ``tags``."""
        self.foreign_tags: Table[bytes, Decision | None] = Table(memory)
        """The same where svg or math may surround them."""
        self.plain_tags: Table[bytes, tuple[bytes, Decision] | None] = Table(memory)
        """What ``shortcuts`` does with start tags in plain HTML content: nothing, or the raw text or drawing that follows and
        the decision."""
        self.passages: Table[bytes | tuple[bytes, bytes], Passage] = Table(memory)
        """What comes of the contents of noscript, svg and style elements, kept here by ``passages``."""
        self.passage_sizes: set[int] = set()
        """The lengths of those contents."""
        self.inline_memo: Table[bytes | tuple[str, bytes], Hit | None] = Table(memory)
        """Verdicts on inline scripts, kept here by ``inline``."""
        memory.take(_JUDGE_BYTES + len(self.own_base))

    def forget(self) -> None:
        """Forget all that only saves time."""
        for table in (self._urls, self._hosts, self.tags, self.foreign_tags, self.plain_tags, self.passages, self.inline_memo):
            table.clear()
        self.passage_sizes.clear()

    def variant(self, bases: tuple[str, ...], charset: str | None) -> Judge:
        """Return the judge for the same consent under other base addresses (WHATWG 4.2.3), for documents in another
        encoding: what a tag's bytes mean depends on both."""
        judge = self._variants.get((bases, charset))
        if judge is None:
            judge = Judge(self.rules, self.allowed, self.document, bases, charset, family=self)
            if len(self._variants) >= _VARIANTS:
                known = list(self._variants)
                stale = next((key for key in known if key[0] != (self.own_base,)), known[-1])
                self._variants.pop(stale, None)
            self._variants[bases, charset] = judge
        return judge

    def url(self, text: str) -> Verdict | None:
        """Return the verdict on an address that is to be withheld, else None."""
        verdict = self.look(text)
        return verdict if verdict is not None and verdict.enforced else None

    def gated(self, text: str) -> bool:
        """Tell whether an address is to be withheld."""
        return self.url(text) is not None

    def look(self, text: str) -> Verdict | None:
        """Return what is to be said of an address: None where it may be fetched and its host is known or our own."""
        try:
            return self._urls[text]
        except KeyError:
            verdict = self._decide(text)
            if len(text) <= JUDGE_MEMO_KEY_BYTES:
                self._urls.keep(text, verdict, len(text))
            return verdict

    def hint(self, text: str) -> Verdict | None:
        """Return the verdict on a preconnect or dns-prefetch target, which has no path: withheld unless some service on that
        host is allowed (DESIGN §4)."""
        for base in self.bases:
            parsed = self._parse(text, base)
            if parsed is None:
                continue
            host = parsed[0]
            services = self.rules.index.services_on(host)
            if services:
                if services.isdisjoint(self.allowed):
                    service = min(services)
                    return Verdict(host, service, self.rules.category_of(service), host)
            elif (verdict := self._unlisted(host)) is not None:
                return verdict
        return None

    def may(self, service: str) -> bool:
        """Tell whether a service is allowed."""
        return service in self.allowed

    def withheld_service(self, service: str) -> bool:
        """Tell whether a service is not allowed: the question that mention and signature searches ask."""
        return service not in self.allowed

    def some_withheld_service(self) -> str | None:
        """Return a service that is not allowed, None where all are."""
        return next((service.id for service in self.rules.policy.services if service.id not in self.allowed), None)

    @property
    def withholds(self) -> bool:
        """True where some address may have to be withheld."""
        return self.rules.blocks_unlisted_hosts or self.some_withheld_service() is not None

    def absolute(self, text: str) -> str:
        """Return an address made absolute against the first base under which it is withheld, else the first of all; or an empty
        string where it is no http or https address."""
        plain = text.strip(_BLANKS)
        withheld = (base for base in self.bases if (verdict := self._under(base, plain)) is not None and verdict.enforced)
        try:
            href = ada_url.URL(plain, base=next(withheld, self.bases[0])).href
        except ValueError:
            return ""
        return href if href.startswith(("http://", "https://")) else ""

    @property
    def leads_elsewhere(self) -> bool:
        """Whether a base element of the document may lead relative addresses to another host than its own."""
        return any(urlsplit(base).netloc != urlsplit(self.own_base).netloc for base in self.bases)

    def absolute_base(self, text: str) -> str:
        """Return a base address made absolute against the document's own, empty where browsers refuse it: what is no URL,
        ``data:`` and ``javascript:`` (WHATWG 4.2.3)."""
        try:
            url = ada_url.URL(text.strip(_BLANKS), base=self.own_base)
        except ValueError:
            return ""
        return "" if url.protocol in ("data:", "javascript:") else url.href

    def _decide(self, text: str) -> Verdict | None:
        plain = text.strip(_BLANKS)
        if not plain or plain[:5].lower() == "data:":
            return None
        found = _ABSOLUTE.match(plain)
        if found is not None:
            host = found[1].lower()
            if host != self.own_host and not self.rules.partial(host):
                return self._whole_host(host)
        elif self._plain and _RELATIVE.match(plain) is not None:
            return None
        verdict = None
        for base in self.bases:
            verdict = self._under(base, plain) or verdict
            if verdict is not None and verdict.enforced:
                return verdict
        return verdict

    def _under(self, base: str, plain: str) -> Verdict | None:
        parsed = self._parse(plain, base)
        return None if parsed is None else self._address(*parsed)

    def _parse(self, text: str, base: str) -> tuple[str, str, str] | None:
        """Return host, path and query as a browser parses them; None where nothing can be fetched over a network."""
        try:
            url = ada_url.URL(text, base=base)
        except (ValueError, UnicodeEncodeError):
            # Chromium takes a blank into the host, as %20, where the standard refuses the address.
            spaced = _AUTHORITY.match(text)
            if spaced is None or " " not in spaced[0]:
                return None
            return self._parse(spaced[0].replace(" ", "x") + text[spaced.end() :], base)
        if url.protocol not in _WEB:
            return None
        return url.hostname.rstrip("."), url.pathname, url.search[1:]

    def _address(self, host: str, path: str, query: str) -> Verdict | None:
        match = self.rules.index.match(host, path, query)
        if match is None and "%" in path:
            match = self.rules.index.match(host, unquote(path), query)
        if match is None and host == self.own_host:
            match = self.rules.index.match_own(path, query)
        if match is not None:
            if match.service in self.allowed:
                return None
            return Verdict(host, match.service, match.category, match.rule)
        return self._unlisted(host)

    def _whole_host(self, host: str) -> Verdict | None:
        try:
            return self._hosts[host]
        except KeyError:
            verdict = self._address(host, "/", "")
            self._hosts.keep(host, verdict, len(host) + 120)
            return verdict

    def _unlisted(self, host: str) -> Verdict | None:
        if not host or host == self.own_host or self.rules.is_first_party(host, self.own_host):
            return None
        return Verdict(host, None, None, None, enforced=self.rules.blocks_unlisted_hosts)


def same_site(host: str, own_host: str) -> bool:
    """Tell whether two hosts share a registrable domain."""
    domain = registrable_domain(own_host)
    return domain is not None and domain == registrable_domain(host)
