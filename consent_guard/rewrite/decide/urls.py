"""Whose address is it, and may this visitor's browser contact it?

Two steps. ``Address`` is what can be told of an address by the policy alone, and is remembered; ``UrlPolicy`` is one visitor
on one document, and answers by a set test. An address is read as a browser reads it (WHATWG URL, with ada-url) against every
base that may hold. Plain addresses, nearly all of them, are recognised without the full parser. May import the policy's
index (through ``compiled_policy``) and the wire's origins.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Final
from urllib.parse import unquote

import ada_url

from ...policy.anywhere import AnywhereIndex
from ...policy.hosts import HostIndex
from ...wire.origins import covers, registrable_domain
from ..model import DocumentFacts, Verdict
from .parsing import BLANKS, HOST_CHARACTERS, host_of, own_address, parse

_ABSOLUTE: Final = re.compile(r"(?:[hH][tT]{2}[pP][sS]?:)?//([A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*\.[A-Za-z]{2,})(?=[/?#]|$)")
"""A plain absolute or scheme-relative address: nothing in its host that the URL parser would change but case."""
_RELATIVE: Final = re.compile(r"(?:/(?![/\\\t\n\r])|[?#]|[A-Za-z0-9_.~-]+(?=[/?#]|$))[^\t\n\r\\]*$")
"""A plain relative address: no scheme, no second slash, nothing that the parser strips."""
_SPELLED: Final = re.compile(rb"(?:[hH][tT]{2}[pP][sS]?:)?//([A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*\.[A-Za-z]{2,})(?=[/?#]|$)")
"""The same as ``_ABSOLUTE`` in an attribute's bytes: no character reference reaches into the host."""
_SPELLED_RELATIVE: Final = re.compile(rb"/(?![/\\\\\t\n\r&])|[?#]|[A-Za-z0-9_.~-]++(?=[/?#]|$)")
"""The beginning of a plain relative address: whatever follows, it cannot come to name a host."""
_SCHEME_ALONE: Final = re.compile(r"[hH][\t\n\r]*[tT][\t\n\r]*[tT][\t\n\r]*[pP][\t\n\r]*[sS]?[\t\n\r]*:(?![\t\n\r]*[/\\\\])")
_NOWHERE: Final = "about:blank"
_HOSTS: Final = 4096
"""Hosts whose facts are remembered; when so many are, all are forgotten."""


class Address:
    """What the policy alone tells of an address: the rule that names it, or its host where none does."""

    __slots__ = ("domain", "host", "ours", "service", "verdict")
    fixed = True
    """What is to be said of it is the same object each time."""

    def __init__(self, host: str, verdict: Verdict, *, ours: bool = False, domain: str | None = None) -> None:
        """``verdict``: what is to be said where it is not allowed. ``ours``: the policy declares its host first party.
        ``domain``: its registrable domain, needed where no rule names it."""
        self.host = host
        self.verdict = verdict
        self.service = verdict.service
        self.ours = ours
        self.domain = domain

    def judged(self, view: UrlPolicy, text: str) -> Verdict | None:
        """Return what is to be said of it to one visitor on one document, None where it may be fetched."""
        if self.service is not None:
            return None if self.service in view.allowed else self.verdict
        if view.own_rules and self.host == view.own_host:
            return view.look(text)
        if self.ours or self.host == view.own_host or (self.domain is not None and self.domain == view.own_domain):
            return None
        return self.verdict


class Unresolved(Address):
    """An address of which nothing can be told without the document: relative, spelled so that only the parser knows, or of a
    self-hosted service unless a rule names it."""

    __slots__ = ("beside",)
    fixed = False

    def __init__(self, beside: frozenset[str] = frozenset()) -> None:
        """``beside``: what stands beside it, of that which may tell a self-hosted service (``Trait.beside``)."""
        super().__init__("", Verdict("", None, None, None))
        self.beside = beside

    @property
    def late(self) -> Late:
        """The same of one that is resolved only when it is used."""
        return Late(self.beside) if self.beside else LATE

    def judged(self, view: UrlPolicy, text: str) -> Verdict | None:
        return view.look(text, beside=self.beside)


class Hinted(Address):
    """A listed host to which a page asks to connect: withheld unless some service on it is allowed (DESIGN §4)."""

    __slots__ = ("_services",)

    def __init__(self, host: str, verdict: Verdict, services: frozenset[str]) -> None:
        super().__init__(host, verdict)
        self._services = services

    def judged(self, view: UrlPolicy, text: str) -> Verdict | None:
        return self.verdict if self._services.isdisjoint(view.allowed) else None


class UnresolvedHint(Unresolved):
    """The target of a preconnect or dns-prefetch of which nothing can be told without the document."""

    __slots__ = ()

    def judged(self, view: UrlPolicy, text: str) -> Verdict | None:
        return view.hint(text)


class Late(Unresolved):
    """The same of an address that is resolved only when it is used, against a base that may come after it."""

    __slots__ = ()

    def judged(self, view: UrlPolicy, text: str) -> Verdict | None:
        return view.look(text, late=True, beside=self.beside)


PLAINLY_SPELLED: Final = re.compile(_SPELLED.pattern + b"|" + _SPELLED_RELATIVE.pattern)
"""An address in an attribute's bytes that is plainly no ``javascript:``."""
UNRESOLVED: Final = Unresolved()
LATE: Final = Late()
UNRESOLVED_HINT: Final = UnresolvedHint()


class HostBook:
    """The hosts of one policy: whose they are. Immutable but for what it remembers; thread-safe."""

    def __init__(
        self,
        index: HostIndex,
        anywhere: AnywhereIndex,
        categories: Mapping[str, str],
        first_party: tuple[str, ...],
        *,
        blocks_unlisted: bool,
    ) -> None:
        """``categories``: of the services, by their ids."""
        self.index: Final = index
        self.anywhere: Final = anywhere
        self._tells = bool(anywhere)
        self.categories: Final = categories
        self.blocks_unlisted: Final = blocks_unlisted
        self._first_party = first_party
        self._partial = index.hosts_with_paths()
        self._whole: dict[str, Address] = {}
        self._parts: dict[tuple[str, str], Address] = {}
        self._spelled: dict[bytes, Address | Unresolved] = {}
        self._hinted: dict[str, Address] = {}
        self._own: dict[str, tuple[str, str | None, bool]] = {}

    def address(self, text: str, relative: bool, carries: Callable[[str], bool] | None = None) -> Address | None:
        """Return what is known of an address, None where nothing is fetched over a network, or (unless ``relative``) where it
        is a plain address on the document's own host that tells no self-hosted service. ``carries`` tells what stands
        beside it (``Trait.beside``); None: nothing does."""
        plain = text.strip(BLANKS)
        found = _ABSOLUTE.match(plain)
        known: Address | None
        if found is not None:
            host = found[1].lower()[-HOST_CHARACTERS:]
            known = self._whole.get(host)
            if known is None:
                known = self._part(host, plain) if self.partial(host) else self._remember(host)
        elif not plain or plain[:5].lower() == "data:":
            return None
        else:
            known = None if not relative and _RELATIVE.match(plain) is not None else UNRESOLVED
        if self._tells and (known is None or known.service is None):
            needed = self.anywhere.beside(plain)
            if needed is not None:
                carried = frozenset(name for name in needed if name and carries is not None and carries(name))
                if carried:
                    return Unresolved(carried)
                if "" in needed:
                    return UNRESOLVED
        return known

    def spelled(self, value: bytes, relative: bool) -> Address | None:
        """Return what is known of an address as an attribute spells it, None where it is plainly relative and that does not
        count; UNRESOLVED where its text has to be read."""
        found = _SPELLED.match(value)
        if found is None:
            if relative or _SPELLED_RELATIVE.match(value) is None:
                return UNRESOLVED
            return UNRESOLVED if self._tells and self.anywhere.may_tell(value) else None
        host = found[1][-HOST_CHARACTERS:]
        known = self._spelled.get(host)
        if known is None:
            name = host.decode("ascii").lower()
            known = UNRESOLVED if self.partial(name) else self.of(name)
            if len(self._spelled) >= _HOSTS:
                self._spelled.clear()
            self._spelled[host] = known
        if known.service is None and self._tells and self.anywhere.may_tell(value):
            return UNRESOLVED
        return known

    def hint(self, text: str) -> Address:
        """Return what is known of the target of a preconnect or dns-prefetch."""
        found = _ABSOLUTE.match(text.strip(BLANKS))
        return UNRESOLVED_HINT if found is None else self.hinted(found[1].lower()[-HOST_CHARACTERS:])

    def spelled_hint(self, value: bytes) -> Address:
        """Return the same of a target as an attribute spells it; UNRESOLVED where its text has to be read."""
        found = _SPELLED.match(value)
        return UNRESOLVED if found is None else self.hinted(found[1][-HOST_CHARACTERS:].decode("ascii").lower())

    def hinted(self, host: str) -> Address:
        """Return what is known of a host to which a page asks to connect."""
        known = self._hinted.get(host)
        if known is None:
            services = self.index.services_on(host)
            if services:
                service = min(services)
                known = Hinted(host, Verdict(host, service, self.categories.get(service), host), services)
            else:
                known = self.of(host)
            if len(self._hinted) >= _HOSTS:
                self._hinted.clear()
            self._hinted[host] = known
        return known

    @property
    def names_parts(self) -> bool:
        """Whether some rule takes only a part of a host."""
        return bool(self._partial)

    def partial(self, host: str) -> bool:
        """Tell whether some rule takes only a part of this host, so that the path must be looked at."""
        partial = self._partial
        if not partial:
            return False
        while host not in partial:
            _, dot, host = host.partition(".")
            if not dot:
                return False
        return True

    def of(self, host: str) -> Address:
        """Return what is known of a host's root."""
        known = self._whole.get(host)
        if known is None:
            known = self._made(host, "/", "") if self.partial(host) else self._remember(host)
        return known

    def _remember(self, host: str) -> Address:
        address = self._made(host, "/", "")
        if len(self._whole) >= _HOSTS:
            self._whole.clear()
        self._whole[host] = address
        return address

    def _part(self, host: str, plain: str) -> Address | None:
        try:
            url = ada_url.URL(plain if plain[0] != "/" else "https:" + plain)
        except (ValueError, UnicodeEncodeError):
            return UNRESOLVED
        address = self._made(host, url.pathname, url.search[1:])
        return self._parts.setdefault((host, address.verdict.rule or ""), address) if len(self._parts) < _HOSTS else address

    def _made(self, host: str, path: str, query: str) -> Address:
        match = self.match(host, path, query)
        if match is not None:
            return Address(host, match)
        ours = any(covers(domain, host) for domain in self._first_party)
        domain = None if self._first_party else registrable_domain(host)
        return Address(host, Verdict(host, None, None, None, self.blocks_unlisted), ours=ours, domain=domain)

    def told(self, host: str, path: str, query: str, beside: frozenset[str]) -> Verdict | None:
        """Return what is to be said of an address that no rule names by the self-hosted service that it tells."""
        match = self.anywhere.of_address(path, query, beside)
        if match is None and "%" in path:
            match = self.anywhere.of_address(unquote(path), query, beside)
        return None if match is None else Verdict(host, match.service, match.category, match.trait.address)

    def match(self, host: str, path: str, query: str) -> Verdict | None:
        """Return what the rule that names an address says of it, None where none does."""
        match = self.index.match(host, path, query)
        if match is None and "%" in path:
            match = self.index.match(host, unquote(path), query)
        return None if match is None else Verdict(host, match.service, match.category, match.rule)

    def own(self, document: DocumentFacts) -> tuple[str, str | None, bool]:
        """Return a document's own host, its registrable domain, and whether some rule may name addresses there."""
        known = self._own.get(document.host)
        if known is None:
            host = own_address(document).hostname.rstrip(".")
            domain = None if self._first_party else registrable_domain(host)
            known = host, domain, self.index.own_heads(host) is not None
            if len(document.host) <= 255:
                if len(self._own) >= _HOSTS:
                    self._own.clear()
                self._own[document.host] = known
        return known


class UrlPolicy:
    """Verdicts for one consent on one document. Cheap to make; remembers nothing but the document's own address."""

    __slots__ = ("_bases", "_own_base", "allowed", "book", "document", "own_domain", "own_host", "own_rules", "relative")

    def __init__(
        self, book: HostBook, allowed: frozenset[str], document: DocumentFacts, bases: tuple[str, ...] | None = None
    ) -> None:
        """``bases``: the addresses against which the document's own are resolved; None: its own one."""
        self.book = book
        self.allowed = allowed
        self.document = document
        self.own_host, self.own_domain, self.own_rules = book.own(document)
        self._own_base: str | None = None
        self._bases = bases
        self.relative = self.own_rules or (
            bases is not None
            and any(host_of(base) != self.own_host or book.anywhere.beside(base) is not None for base in bases)
        )
        """True where plain relative addresses matter: they may lead elsewhere, or to what a rule on our own host names."""

    @property
    def own_base(self) -> str:
        """The document's own address."""
        if self._own_base is None:
            self._own_base = own_address(self.document).href
        return self._own_base

    @property
    def bases(self) -> tuple[str, ...]:
        """Every address against which the document's own may be resolved."""
        if self._bases is None:
            self._bases = (self.own_base,) if self.document.scheme_known else (self.own_base, self._other_base())
        return self._bases

    def _other_base(self) -> str:
        """Return the document's own address under the other scheme, which the browser may see."""
        scheme = "http" if self.document.scheme == "https" else "https"
        return own_address(replace(self.document, scheme=scheme)).href

    @property
    def leads_elsewhere(self) -> bool:
        """Whether a base element of the document may lead relative addresses to another host than its own."""
        return any(host_of(base) != self.own_host for base in self._bases or ())

    @property
    def names_relative(self) -> bool:
        """Whether some rule may name what a plain relative address leads to."""
        return self.relative and (self.own_rules or any(self.book.index.services_on(host_of(base)) for base in self.bases))

    def counts(self, base: str) -> bool:
        """Tell whether an address relative to one more base may be judged otherwise than relative to those that are known:
        rules name parts of its host, or it has another scheme. (One whose host is gated as a whole is made inert.)"""
        protocol = ada_url.URL(base).protocol
        return self.ruled(base) or all(ada_url.URL(known).protocol != protocol for known in self.bases)

    @property
    def may_be_ruled(self) -> bool:
        """Whether a base may be told of which ``ruled`` is true."""
        return self.own_rules or self.book.names_parts or bool(self.book.anywhere)

    def ruled(self, base: str) -> bool:
        """Tell whether rules name parts of a base's host, so that what is relative to it has to be looked at."""
        url = ada_url.URL(base)
        host = url.hostname.rstrip(".")
        own = self.own_rules and host == self.own_host
        return own or self.book.partial(host) or self.book.anywhere.leads(url.pathname)

    def on(self, bases: tuple[str, ...]) -> UrlPolicy:
        """Return the same under other base addresses (WHATWG 4.2.3)."""
        return UrlPolicy(self.book, self.allowed, self.document, bases)

    def look(self, text: str, *, late: bool = False, beside: frozenset[str] = frozenset()) -> Verdict | None:
        """Return what is to be said of an address: None where it may be fetched and its host is known or our own. ``late``: it
        is resolved when it is used, against a base that may come after it: ``https:host/x`` is relative only while that has
        this scheme. ``beside``: what stands beside it, of that which may tell a self-hosted service."""
        plain = text.strip(BLANKS)
        if not plain or plain[:5].lower() == "data:":
            return None
        address = self.book.address(plain, self.relative, beside.__contains__)
        if address is None:
            return None
        if not isinstance(address, Unresolved) and not (self.own_rules and address.host == self.own_host):
            return address.judged(self, plain)
        verdict = None
        for base in (*self.bases, _NOWHERE) if late and _SCHEME_ALONE.match(plain) is not None else self.bases:
            verdict = self._under(base, plain, beside) or verdict
            if verdict is not None and verdict.enforced:
                return verdict
        return verdict

    def url(self, text: str) -> Verdict | None:
        """Return the verdict on an address that is to be withheld, else None."""
        verdict = self.look(text)
        return verdict if verdict is not None and verdict.enforced else None

    def gated(self, text: str) -> bool:
        """Tell whether an address is to be withheld."""
        return self.url(text) is not None

    def hint(self, text: str) -> Verdict | None:
        """Return the verdict on a preconnect or dns-prefetch target, which has no path: withheld unless some service on that
        host is allowed (DESIGN §4)."""
        for base in self.bases:
            parsed = parse(text.strip(BLANKS), base)
            if parsed is None:
                continue
            address = self.book.hinted(parsed[0])
            verdict = address.judged(self, "") if address.service is not None else self._unlisted(parsed[0])
            if verdict is not None:
                return verdict
        return None

    def absolute(self, text: str) -> str:
        """Return an address made absolute against the first base under which it is withheld, else the first of all; or an empty
        string where it is no http or https address."""
        plain = text.strip(BLANKS)
        withheld = (base for base in self.bases if (verdict := self._under(base, plain)) is not None and verdict.enforced)
        try:
            href = ada_url.URL(plain, base=next(withheld, self.bases[0])).href
        except ValueError:
            return ""
        return href if href.startswith(("http://", "https://")) else ""

    def absolute_base(self, text: str) -> str:
        """Return a base address made absolute against the document's own, empty where browsers refuse it: what is no URL,
        ``data:`` and ``javascript:`` (WHATWG 4.2.3)."""
        try:
            url = ada_url.URL(text.strip(BLANKS), base=self.own_base)
        except ValueError:
            return ""
        return "" if url.protocol in ("data:", "javascript:") else url.href

    def _under(self, base: str, plain: str, beside: frozenset[str] = frozenset()) -> Verdict | None:
        parsed = parse(plain, base)
        if parsed is None:
            return None
        host, path, query = parsed
        verdict = self.book.match(host, path, query)
        if verdict is None and host == self.own_host:
            own = self.book.index.match_own(path, query)
            verdict = None if own is None else Verdict(host, own.service, own.category, own.rule)
        if verdict is None:
            verdict = self.book.told(host, path, query, beside)
        if verdict is not None:
            return None if verdict.service in self.allowed else verdict
        return self._unlisted(host)

    def _unlisted(self, host: str) -> Verdict | None:
        if not host or host == self.own_host:
            return None
        address = self.book.of(host)
        if address.service is not None:  # a rule takes the host's root, and not this address
            return Verdict(host, None, None, None, self.book.blocks_unlisted)
        return address.judged(self, "")
