"""A policy compiled for the rewriter: one per guard, shared by all its requests and threads.

It holds the rules in the forms that decisions ask, and remembers facts: what scripts, style sheets and tags name. May import
the policy domain, the script readers and this package's urls, scripts, styles and memory. The engine makes it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from hashlib import sha256
from typing import Any, Final

from ...policy.hosts import HostIndex
from ...policy.model import Policy
from ..model import DocumentFacts, ScriptKind, Verdict
from ..script.flow import read_script
from ..script.hosts import MentionFinder, SignatureFinder
from ..script.stubs import stub_script
from . import scripts
from .memory import MISSING, Memory, Table
from .scripts import Hit
from .styles import StyleFacts, read_style_element
from .urls import Address, HostBook, UrlPolicy

_DIGESTED_BYTES: Final = 256
"""A longer text is remembered by its digest: below it the digest costs more than the text."""


class CompiledPolicy:
    """All that does not change between requests. Immutable but for what it remembers."""

    def __init__(self, policy: Policy) -> None:
        self.policy: Final = policy
        self.index: Final = HostIndex(policy)
        self.by_mention: Final = policy.inline_scripts == "mention"
        self.mentions: Final = MentionFinder(self.index)
        self.signatures: Final = SignatureFinder(policy.services)
        self.blocks_unlisted_hosts: Final = policy.unlisted_hosts == "block"
        self._categories = {service.id: service.category for service in policy.services}
        self._stubs = {service.id: stub_script(service.stubs) for service in policy.services if service.stubs}
        self.book: Final = HostBook(
            self.index, self._categories, tuple(policy.first_party), blocks_unlisted=self.blocks_unlisted_hosts
        )
        self.memory: Final = Memory()
        self._any_service = scripts.AnyService(self._categories)
        self._scripts: Table[bytes | tuple[ScriptKind, bool, bytes], tuple[Hit, ...]] = Table(self.memory)
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

    def tags(self, syntax: str, charset: str | None, *, relative: bool) -> Table[bytes, Any]:
        """Return the table of what tags name, by their bytes: what these mean depends on the syntax around them and on the
        encoding, and how much of it counts on whether relative addresses do."""
        key = syntax, charset, relative
        table = self._tags.get(key)
        if table is None:
            table = self._tags[key] = Table(self.memory)
        return table

    def script(self, text: bytes, kind: ScriptKind = "script", *, relative: bool = False) -> tuple[Hit, ...]:
        """Return what a script's text names, in the order in which it stands there, each service once."""
        if kind == "script" and not (self.signatures.may_speak(text) or self.mentions.may_speak(text)):
            return ()
        key: bytes | tuple[ScriptKind, bool, bytes]
        size = len(text)
        key = text if kind == "script" and size <= _DIGESTED_BYTES else (kind, relative, sha256(text).digest())
        known = self._scripts.get(key, MISSING)
        if known is MISSING:
            known = self._scripts.recall(key, min(size, _DIGESTED_BYTES))
        if known is MISSING:
            known = tuple(self._hits(text, kind, relative=relative))
            self._scripts.keep(key, known, min(size, _DIGESTED_BYTES) + 300 * len(known))
        return known  # type: ignore[return-value]

    def _hits(self, text: bytes, kind: ScriptKind, *, relative: bool) -> Iterator[Hit]:
        if kind == "script":
            mentions = scripts.once_each(self._mentioned(text)) if self.by_mention else ()
            yield from mentions
            # By mention too: a snippet's host may be one that no host rule names.
            known = {hit.address.service for hit in mentions}
            signed = tuple(hit for hit in scripts.once_each(self._signed(text)) if hit.address.service not in known)
            yield from signed
            known |= {hit.address.service for hit in signed}
            # Following what loading calls are given costs most: only where it may say more than is known.
            if not self.by_mention and any(found.service not in known for found in self.mentions.each(text)):
                yield from (hit for hit in scripts.once_each(self._loaded(text, relative)) if hit.address.service not in known)
            return
        listed = scripts.listed_strings(text.decode("utf-8", "replace").replace("\0", "\ufffd"))
        if listed is None:
            # A browser refuses it as well, unless it takes the document for one in another encoding.
            if scripts.has_second_bytes(text):
                yield from scripts.once_each(self._mentioned(text))
            return
        strings, follows = listed
        if follows:
            yield Hit(self._any_service, "", 0)
        for string in dict.fromkeys(strings):
            address = self.book.address(string, relative)
            if address is not None:
                yield Hit(address, string, 0)

    def _loaded(self, text: bytes, relative: bool) -> Iterator[Hit]:
        for one in read_script(text).loaded:
            if one.direct and one.url is not None and (address := self.book.address(one.url, relative)) is not None:
                yield Hit(address, one.url, one.at)

    def _mentioned(self, text: bytes) -> Iterator[Hit]:
        for found in self.mentions.each(text):
            verdict = Verdict(found.host, found.service, self.category_of(found.service), found.rule)
            yield Hit(Address(found.host, verdict), "", found.start)

    def _signed(self, text: bytes) -> Iterator[Hit]:
        for found in self.signatures.each(text):
            verdict = Verdict(found.host, found.service, self.category_of(found.service), found.rule)
            yield Hit(Address(found.host, verdict), "", 0)

    def style(self, raw: bytes, decode: Callable[[bytes], str], charset: str | None, *, relative: bool) -> StyleFacts:
        """Return the addresses in a whole style element's content that may be withheld, by bytes."""
        size = len(raw)
        key = (charset if not raw.isascii() else None), relative, raw if size <= _DIGESTED_BYTES else sha256(raw).digest()
        known = self._styles.get(key, MISSING)
        if known is MISSING:
            known = self._styles.recall(key, min(size, _DIGESTED_BYTES))
        if known is MISSING:
            known = read_style_element(self.book, raw, decode, relative=relative)
            if charset is not None or raw.isascii():
                self._styles.keep(key, known, min(size, _DIGESTED_BYTES) + 200 * len(known))
        return known  # type: ignore[return-value]
