"""A policy compiled for the rewriter: one per guard, shared by all its requests and threads.

It holds the rules in the forms that decisions ask, and remembers facts: what scripts, style sheets and tags name. May import
the policy domain, the script readers and this package's urls, scripts, styles and memory. The engine makes it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Generator, Iterable, Iterator
from collections.abc import Set as AbstractSet
from hashlib import sha256
from typing import Any, Final

from ...findings import Finding
from ...policy.anywhere import AnywhereIndex, TraitMatch
from ...policy.hosts import HostIndex
from ...policy.model import Container, Policy
from ..model import DocumentFacts, ScriptKind, Verdict
from ..script.flow import ScriptFacts, addresses_in, read_script
from ..script.hosts import HostScanner, MentionFinder, Sighting, SignatureFinder, signature_hosts
from ..script.self_hosted import SelfHostedFinder
from ..script.stubs import stub_script
from . import scripts
from .memory import MISSING, Memory, Table
from .scripts import Hit
from .styles import StyleFacts, read_sheet, read_style_element
from .urls import UNRESOLVED, Address, HostBook, Unresolved, UrlPolicy

_DIGESTED_BYTES: Final = 256
"""A longer text is remembered by its digest: below it the digest costs more than the text."""

_SHEET_ADDRESSES: Final = 2048
"""What a sheet of its own names is not remembered past so many addresses: to keep them all would take as long as a pause."""


class CompiledPolicy:
    """All that does not change between requests. Immutable but for what it remembers."""

    def __init__(self, policy: Policy) -> None:
        self.policy: Final = policy
        self.index: Final = HostIndex(policy)
        self.by_mention: Final = policy.inline_scripts == "mention"
        self.lazy: Final = policy.lazy_attributes
        """What lazy loaders use counts."""
        self._anywhere = AnywhereIndex(policy.services)
        self._self_hosted = SelfHostedFinder(self._anywhere)
        self._scanner = HostScanner((*self.index.mention_hosts(), *signature_hosts(policy.services), *self._self_hosted.hosts))
        self.mentions: Final = MentionFinder(self.index, self._scanner)
        self._signatures = SignatureFinder(policy.services, self._scanner)
        self.blocks_unlisted_hosts: Final = policy.unlisted_hosts == "block"
        self._categories = {service.id: service.category for service in policy.services}
        self._stubs = {service.id: stub_script(service.stubs) for service in policy.services if service.stubs}
        self.book: Final = HostBook(
            self.index,
            self._anywhere,
            self._categories,
            tuple(policy.first_party),
            blocks_unlisted=self.blocks_unlisted_hosts,
        )
        self._containers = [(one, service.id) for service in policy.services for one in service.containers]
        self._captchas = frozenset(service.id for service in policy.services if service.embed == "captcha")
        self.memory: Final = Memory()
        self._any_service = scripts.AnyService(self._categories)
        self._scripts: Table[tuple[ScriptKind, bool, bytes], scripts.Named] = Table(self.memory)
        self._styles: Table[tuple[str | None, bool, bytes], StyleFacts] = Table(self.memory)
        self._tags: dict[tuple[str, str | None, bool], Table[bytes, Any]] = {}

    def forget(self) -> None:
        """Forget all that only saves time."""
        self.memory.forget()

    def view(self, allowed: frozenset[str], document: DocumentFacts) -> UrlPolicy:
        """Return the verdicts for one consent on one document."""
        return UrlPolicy(self.book, allowed, document)

    def withholds(self, allowed: frozenset[str]) -> bool:
        """Tell whether something may have to be withheld."""
        return self.blocks_unlisted_hosts or not self._categories.keys() <= allowed

    def category_of(self, service: str | None) -> str | None:
        """Return a service's category id."""
        return self._categories.get(service) if service is not None else None

    def stub(self, service: str | None) -> bytes:
        """Return the script text of a service's stubs; empty where it has none."""
        return self._stubs.get(service, b"") if service is not None else b""

    def containers(self, allowed: frozenset[str]) -> list[tuple[Container, str]]:
        """Return what tells the elements that the scripts of withheld services would fill, each with its service."""
        return [one for one in self._containers if one[1] not in allowed]

    def captcha(self, findings: Iterable[Finding]) -> str:
        """Return the service among those of some findings that guards forms; empty where none does."""
        return next((one.service for one in findings if one.enforced and one.service in self._captchas), None) or ""

    def tags(self, syntax: str, charset: str | None, *, relative: bool) -> Table[bytes, Any]:
        """Return the table of what tags name, by their bytes: what these mean depends on the syntax around them and on the
        encoding, and how much of it counts on whether relative addresses do."""
        key = syntax, charset, relative
        table = self._tags.get(key)
        if table is None:
            table = self._tags[key] = Table(self.memory)
        return table

    def first_hit(self, view: UrlPolicy, text: bytes, kind: ScriptKind = "script") -> tuple[Verdict, int] | None:
        """Return why a script is withheld from one visitor on one document and where in it that stands, None where it is not.
        What costs most to learn is read only where the rest decides nothing."""
        relative = view.names_relative if kind == "script" and not self.blocks_unlisted_hosts else view.relative
        named = self._named(text, kind, relative)
        if named is None:
            return None
        hit = scripts.first_hit(view, named.plainly)
        return hit if hit is not None else scripts.first_hit(view, self._followed(named, text, relative))

    def script(self, text: bytes, kind: ScriptKind = "script", *, relative: bool) -> tuple[Hit, ...]:
        """Return what a script's text names, each service once."""
        named = self._named(text, kind, relative)
        return () if named is None else named.plainly + self._followed(named, text, relative)

    def mentioned(self, text: bytes) -> tuple[Hit, ...]:
        """Return the services whose hosts stand in a text, whatever it does with them."""
        return scripts.once_each(self._mentioned(self._scanner.sightings(text, True)))

    def _named(self, text: bytes, kind: ScriptKind, relative: bool) -> scripts.Named | None:
        """Return what a script names, None where that is plainly nothing."""
        if kind == "script" and not (relative or self._may_name(text)):
            return None
        size = len(text)
        key = kind, relative, text if size <= _DIGESTED_BYTES else sha256(text).digest()
        named = self._scripts.get(key, MISSING)
        if named is MISSING:
            named = self._scripts.recall(key, min(size, _DIGESTED_BYTES))
        if named is MISSING:
            named = (
                self._read_script(text, relative)
                if kind == "script"
                else scripts.Named(tuple(self._listed(text, relative)), ())
            )
            self._scripts.keep(key, named, min(size, _DIGESTED_BYTES) + scripts.size_of(named.plainly))
        return named  # type: ignore[return-value]

    def _may_name(self, text: bytes) -> bool:
        """Tell whether a script may name something by more than a plain relative address."""
        return self.blocks_unlisted_hosts or self._scanner.may_speak(text) or self._self_hosted.may_hold(text)

    def _read_script(self, text: bytes, relative: bool) -> scripts.Named:
        seen = tuple(self._scanner.sightings(text, True))
        hits = scripts.once_each(self._mentioned(seen)) if self.by_mention else ()
        # By mention too: a snippet's host may be one that no host rule names.
        hits = scripts.once_each((*hits, *self._signed(text, seen)))
        known = {hit.address.service for hit in hits}
        told = not self._self_hosted.services(text, seen) <= known
        follows = told or self.blocks_unlisted_hosts or relative or (not self.by_mention and self._names_more(seen, known))
        return scripts.Named(hits, None if follows else (), told=told)

    def _followed(self, named: scripts.Named, text: bytes, relative: bool) -> tuple[Hit, ...]:
        """Return what a script's loading calls are given, beside what it names plainly: the most costly question, asked only
        where it may say more than is known."""
        hits = named.followed
        if hits is None:
            known = {hit.address.service for hit in named.plainly}
            facts = read_script(text)
            marked = self._marked(text, facts) if named.told else ()
            every = scripts.once_each((*marked, *self._loaded(text, facts, relative)))
            hits = tuple(hit for hit in every if hit.address.service not in known)
            named.followed = hits
            self.memory.take(scripts.size_of(hits))
        return hits

    def _names_more(self, seen: Iterable[Sighting], known: AbstractSet[str | None]) -> bool:
        """Tell whether a script in which these hosts stand may load something of another service than the known ones. Of a host
        of which rules take parts only the whole address tells, and a script may put that together."""
        for host, path, query in dict.fromkeys((one.host, one.path, one.query) for one in seen):
            match = self.index.match(host, path, query)
            if self.book.partial(host) or (match is not None and match.service not in known):
                return True
        return False

    def _listed(self, text: bytes, relative: bool) -> Iterator[Hit]:
        """Yield what a list of addresses names."""
        listed = scripts.listed_strings(text.decode("utf-8", "replace").replace("\0", "\ufffd"))
        if listed is None:
            # A browser refuses it as well, unless it takes the document for one in another encoding.
            if scripts.has_second_bytes(text):
                yield from self.mentioned(text)
            return
        strings, follows = listed
        if follows:
            yield Hit(self._any_service, "", 0)
        for string in dict.fromkeys(strings):
            address = self.book.address(string, relative)
            if address is not None:
                yield Hit(address, string, 0)

    def _loaded(self, text: bytes, facts: ScriptFacts, relative: bool) -> Iterator[Hit]:
        for one in (*facts.loaded, *facts.imported):
            url = one.end if one.url is None else one.url
            if one.direct and (address := self.book.address(url, relative and one.url is not None)) is not None:
                yield Hit(address, url, one.at)
        if not facts.complete:
            # What could not be followed to its end may load any listed address that stands in it.
            for one in addresses_in(text):
                address = None if one.url is None else self.book.address(one.url, relative)
                if one.url is not None and address is not None and (address is UNRESOLVED or address.service is not None):
                    yield Hit(address, one.url, one.at)

    def _marked(self, text: bytes, facts: ScriptFacts) -> Iterator[Hit]:
        """Yield the addresses that globals in the script tell: those that reach a call, or where none of a service's does, its
        file on the site. An address is judged with its own query, and with the trait's only where it ends before the value."""
        ends: dict[TraitMatch, list[str]] = {}
        other: Counter[TraitMatch] = Counter()
        for one in facts.loaded:
            other.update(match for match, lacks in self._in_script(one.end) if lacks is None)
            if one.direct and one.url is not None:
                for match, lacks in self._in_script(one.url):
                    if lacks is not None:
                        ends.setdefault(match, []).append(one.url + ("?" if lacks and "?" not in one.url else "") + lacks)
        signs = self._self_hosted.each(text)
        reached = {sign.match.service for sign in signs if sign.match in ends}
        for sign in signs:
            trait = sign.match.trait
            address = Unresolved(frozenset({trait.beside}))
            urls = ends.get(sign.match, [])
            # Strings that end before the value tell nothing where it is told for as many addresses, and is another's.
            elsewhere = facts.complete and 0 < sign.unfinished <= other[sign.match]
            if sign.match.service not in reached and not elsewhere:
                file = "/" + trait.path.replace("*", "X0")
                urls = [f"{file}?{trait.query}" if trait.query else file]
            for url in urls:
                yield Hit(address, url, sign.at)

    def _in_script(self, url: str) -> Iterator[tuple[TraitMatch, str | None]]:
        path, _, query = url.partition("?")
        return self._anywhere.in_scripts(path, query)

    def _mentioned(self, seen: Iterable[Sighting]) -> Iterator[Hit]:
        for found in self.mentions.among(seen):
            verdict = Verdict(found.host, found.service, self.category_of(found.service), found.rule)
            yield Hit(Address(found.host, verdict), "", found.start)

    def _signed(self, text: bytes, seen: Iterable[Sighting]) -> Iterator[Hit]:
        for found in self._signatures.among(text, seen):
            verdict = Verdict(found.host, found.service, self.category_of(found.service), found.rule)
            yield Hit(Address(found.host, verdict), "", 0)

    def style(
        self, raw: bytes, shape: bytes, decode: Callable[[bytes], str], charset: str | None, *, relative: bool
    ) -> StyleFacts:
        """Return the addresses in a whole style element's content that may be withheld, by bytes. ``shape``: the same with
        trail bytes masked."""
        key = self._style_key(raw, charset, relative)
        known = self._known_style(key, raw)
        if known is None:
            known = read_style_element(self.book, raw, shape, decode, relative=relative)
            if charset is not None or raw.isascii():
                self._keep_style(key, raw, known)
        return known

    def sheet(
        self, raw: bytes, shape: bytes, decode: Callable[[bytes], str], charset: str, *, relative: bool
    ) -> Generator[None, None, StyleFacts]:
        """Return the same of a style sheet of its own, with a pause after each piece of work."""
        key = self._style_key(raw, charset, relative)
        known = self._known_style(key, raw)
        if known is None:
            known = yield from read_sheet(self.book, raw, shape, decode, relative=relative)
            if len(known) <= _SHEET_ADDRESSES:
                self._keep_style(key, raw, known)
        return known

    def _style_key(self, raw: bytes, charset: str | None, relative: bool) -> tuple[str | None, bool, bytes]:
        digested = raw if len(raw) <= _DIGESTED_BYTES else sha256(raw).digest()
        return (charset if not raw.isascii() else None), relative, digested

    def _known_style(self, key: tuple[str | None, bool, bytes], raw: bytes) -> StyleFacts | None:
        known = self._styles.get(key, MISSING)
        if known is MISSING:
            known = self._styles.recall(key, min(len(raw), _DIGESTED_BYTES))
        return None if known is MISSING else known  # type: ignore[return-value]

    def _keep_style(self, key: tuple[str | None, bool, bytes], raw: bytes, known: StyleFacts) -> None:
        texts = sum(150 + len(text) for one in known for _, text in one.targets)
        self._styles.keep(key, known, min(len(raw), _DIGESTED_BYTES) + 200 * len(known) + texts)
