"""The ``Link`` field: split into its members, byte-exact, and without those that make a browser fetch from a gated host.

Members are found as Chromium finds them (measured with Chromium 156): a comma separates outside ``<…>`` and outside ``"…"``,
wherever either stands. A member that is not well-formed is read more widely than any browser reads it, since others may
split it elsewhere. Every function takes time linear in the value. May import ``headers`` and ``link_relations``. Called by
the engine, for responses and for 103 Early Hints (H40, N13, Y10).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from .headers import end_of_quotes, split_outside_quotes, unquote
from .link_relations import CANDIDATES, FETCHING, HINTS

_STOP = re.compile(rb'[,"<]')
_ANGLED = re.compile(rb"<([^<>]*)")
_BLANKS = b" \t"


@dataclass(frozen=True, slots=True)
class LinkMember:
    """One link of a Link field, or an empty or broken member."""

    raw: bytes
    """The member as it stood between two commas."""
    target: str
    """The text between ``<`` and ``>``, trimmed; empty where there is none."""
    params: tuple[tuple[str, str], ...]
    """Names in lower case, values unquoted; in order, duplicates kept."""
    well_formed: bool
    """False for what RFC 8288 does not allow: browsers differ on what they make of it."""
    spare_targets: tuple[str, ...] = ()
    """Of a member that is not well-formed, everything else that stands behind a ``<``."""

    @property
    def relations(self) -> frozenset[str]:
        """The relation types of every ``rel``, in lower case. (Browsers take the first ``rel``; not all agree.)"""
        return frozenset(word.lower() for name, value in self.params if name in ("rel", "rel*") for word in value.split())

    @property
    def fetches(self) -> bool:
        """True where some browser may contact an address of this member."""
        return bool(self.relations & FETCHING) or not self.well_formed

    @property
    def only_hints(self) -> bool:
        """True for preconnect and dns-prefetch alone: the host is contacted, no path is fetched."""
        return self.well_formed and self.relations & FETCHING <= HINTS

    @property
    def addresses(self) -> tuple[str, ...]:
        """Every URL text that may be fetched: the target, ``imagesrcset`` candidates, and the spare targets.

        A comma ends a descriptor, so that a candidate may begin without a blank (``a 1x,b 2x``), and may stand in an address:
        a word of ``imagesrcset`` counts whole and in its pieces.
        """
        words = [word for name, value in self.params if name == CANDIDATES for word in value.split()]
        candidates = dict.fromkeys(piece for word in words for piece in (word.strip(","), *word.split(",")))
        return tuple(text for text in (self.target, *candidates, *self.spare_targets) if text)


_NOTHING = LinkMember(b"", "", (), True)


def split_links(value: bytes) -> list[LinkMember]:
    """Return the members of one Link field value, in order; ``b",".join(member.raw ...)`` is the value again."""
    members: list[LinkMember] = []
    start = at = 0
    while match := _STOP.search(value, at):
        at = match.end()
        if match[0] == b",":
            members.append(_member(value[start : match.start()]))
            start = at
        elif match[0] == b'"':
            at = end_of_quotes(value, at)
        else:
            end = value.find(b">", at)
            at = len(value) if end < 0 else end + 1
    members.append(_member(value[start:]))
    return members


def filter_links(value: bytes, gated: Callable[[str], bool], gated_hint: Callable[[str], bool]) -> bytes | None:
    """Return a Link field value without the members that would contact a gated host; None where no member is left.

    ``gated`` judges the URL text of a fetch, ``gated_hint`` that of a preconnect or dns-prefetch. The same object comes back
    where nothing is withheld, and members that stay keep every byte.
    """
    members = split_links(value)
    kept = [member.raw for member in members if not _withheld(member, gated, gated_hint)]
    if len(kept) == len(members):
        return value
    rest = b",".join(kept).lstrip(_BLANKS)
    return rest if rest.strip(b", \t") else None


def _withheld(member: LinkMember, gated: Callable[[str], bool], gated_hint: Callable[[str], bool]) -> bool:
    if not member.fetches:
        return False
    judge = gated_hint if member.only_hints else gated
    verdicts = [
        judge(reading) for address in member.addresses for reading in text_readings(address)
    ]  # all are judged, and told
    return any(verdicts)


def text_readings(address: str) -> tuple[str, ...]:
    """A field value is octets: browsers read a host that is not ASCII as UTF-8, or octet by octet."""
    if address.isascii():
        return (address,)
    return (address, address.encode("latin-1").decode("utf-8", "replace"))


def _member(raw: bytes) -> LinkMember:
    text = raw.strip(_BLANKS)
    if not text:
        return LinkMember(raw, "", (), True) if raw else _NOTHING
    end = text.find(b">")
    if not text.startswith(b"<") or end < 0:
        return LinkMember(raw, "", _params(text), False, _angled(text))
    target, rest = text[1:end], text[end + 1 :].lstrip(_BLANKS)
    well_formed = b"<" not in target and rest[:1] in (b"", b";") and _closed(rest)
    spare = () if well_formed else _angled(text)
    return LinkMember(raw, target.strip(_BLANKS).decode("latin-1"), _params(rest), well_formed, spare)


def _angled(text: bytes) -> tuple[str, ...]:
    return tuple(target.strip(_BLANKS).decode("latin-1") for target in _ANGLED.findall(text))


def _params(text: bytes) -> tuple[tuple[str, str], ...]:
    params: list[tuple[str, str]] = []
    for part in split_outside_quotes(text, b";"):
        name, _, value = part.partition(b"=")
        if name := name.strip(_BLANKS):
            params.append((name.lower().decode("latin-1"), unquote(value.strip(_BLANKS)).decode("latin-1")))
    return tuple(params)


def _closed(text: bytes) -> bool:
    """Whether every quoted string ends, and nothing but a separator follows it."""
    at = text.find(b'"')
    while at >= 0:
        end = end_of_quotes(text, at + 1)
        if text[end - 1 : end] != b'"' or end == at + 1 or text[end : end + 1] not in (b"", b";", b" ", b"\t"):
            return False
        at = text.find(b'"', end)
    return b"<" not in text.partition(b'"')[0]
