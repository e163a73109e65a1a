"""The addresses that have passed and that browsers resolve when they use them, against the base element of that time.

A lazy image, an object, a video's picture. Their tags are kept as they came, so that what a page without a late base pays is a
look into a set; they are read once a base comes. Of a long tag the addresses alone are kept. May import limits, the grammar,
tags and urls; ``bases`` asks.
"""

from __future__ import annotations

from collections.abc import Callable

from ...limits import LATE_BYTES, LATE_TAG_BYTES, LATE_TAGS
from ..html import grammar as p
from .compiled_policy import CompiledPolicy
from .tags import TagFacts, read_tag
from .urls import Late, UrlPolicy


class LateAddresses:
    """Those of one document that were not withheld, as far as they are kept."""

    __slots__ = ("_addresses", "_left", "_policy", "_room", "_seen", "_unread", "closed", "full")

    def __init__(self, policy: CompiledPolicy, *, watches: bool) -> None:
        """``watches``: a base may come under which one of them is withheld."""
        self._policy = policy
        self.closed = not watches
        """No more are taken."""
        self.full = False
        """More have passed than are kept."""
        self._left = LATE_TAGS
        self._room = LATE_BYTES
        self._seen: set[bytes] = set()
        """Tags that are kept as they came."""
        self._unread: list[tuple[bytes, Callable[[bytes], str], TagFacts | None]] = []
        """Those of them that were not read yet."""
        self._addresses: dict[tuple[Late, str], None] = {}
        """Never changed but for another: copies share it."""

    def __bool__(self) -> bool:
        """Whether any has passed."""
        return self.full or self._left < LATE_TAGS

    def copy(self) -> LateAddresses:
        """Return the same for who reads on from here."""
        twin = LateAddresses(self._policy, watches=not self.closed)
        twin.full, twin._left, twin._room = self.full, self._left, self._room
        twin._seen, twin._unread, twin._addresses = set(self._seen), list(self._unread), self._addresses
        return twin

    def note(
        self,
        tag: bytes,
        decode: Callable[[bytes], str],
        facts: TagFacts | None = None,
        *,
        gone: UrlPolicy | None = None,
        whole: bool = True,
    ) -> None:
        """Keep what has passed of a tag. ``decode``: of the document. ``facts``: what is known of the tag; None: it is a plain
        one of HTML. ``gone``: what is withheld under this view has not passed. ``whole``: the tag is no part of a longer one.

        What is left of a tag when something of it is withheld takes no more room than all of it: a second pass keeps no less.
        """
        if self.closed or tag in self._seen:
            return
        small = whole and len(tag) <= LATE_TAG_BYTES
        if small and gone is None:
            if self._fits(len(tag)):
                self._seen.add(tag)
                self._unread.append((tag, decode, facts))
            return
        found = [one for one in self._read(tag, decode, facts) if gone is None or not _goes(one, gone)]
        if self._fits(len(tag) if small else max(LATE_TAG_BYTES, sum(len(text) for _, text in found))):
            if small:
                self._seen.add(tag)
            self._keep(found)

    def _fits(self, size: int) -> bool:
        self._left -= 1
        self._room -= size
        self.full = self.closed = self._left < 0 or self._room < 0
        return not self.full

    def _keep(self, found: list[tuple[Late, str]]) -> None:
        self._addresses = {**self._addresses, **dict.fromkeys(found)}

    def withheld(self, view: UrlPolicy) -> bool:
        """Tell whether one that is kept is withheld under ``view``."""
        if self._unread:
            self._keep([one for tag in self._unread for one in self._read(*tag)])
            self._unread.clear()
        return any(_goes(one, view) for one in self._addresses)

    def _read(self, tag: bytes, decode: Callable[[bytes], str], facts: TagFacts | None) -> list[tuple[Late, str]]:
        if facts is None:
            found = p.TAG.match(tag)
            assert found is not None
            read = read_tag(self._policy, tag, tag, found[2].lower(), decode, False, True)
        else:
            raw, shape, names_end, decode, exact = facts.source
            read = read_tag(self._policy, raw, shape, facts.name, decode, exact, True, names_end, exact)
        return [] if read is None else [(address, text) for address, text in read.targets if isinstance(address, Late)]


def _goes(late: tuple[Late, str], view: UrlPolicy) -> bool:
    address, text = late
    verdict = address.judged(view, text)
    return verdict is not None and verdict.enforced
