"""Which services that sites host themselves does an inline script tell: by a global in its code and the end of an address in
one of its strings (``anywhere`` in the policy).

A snippet of such a tool puts its address together from the site's own host or path and a file's name that is the same
everywhere. A text that is only data, or a comment, tells nothing. May import the policy's index of what tells a service.
Called by the rewriter for inline scripts, and by the tools that read pages.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from typing import Final, NamedTuple

from ...policy.anywhere import AnywhereIndex, TraitMatch
from .flow import stands_in_code
from .hosts import Sighting
from .literals import literal_text
from .tokenizer import mask

_TEXT_RUN: Final = re.compile(rb"\x01++")
_ADDRESS_BYTES: Final = 2048
"""A longer string is no address but data."""
_Wanted = tuple[str, bytes]
"""A service, and what of it has to stand in a script beside a file's name: its global, or the value of the address's query."""
_NOTHING: Final[frozenset[_Wanted]] = frozenset()


class Sign(NamedTuple):
    """A trait that a script bears out."""

    match: TraitMatch
    at: int
    """Where the address's string begins in the script, in bytes."""
    unfinished: int
    """So many such strings end before the value of the query's parameter, which stands elsewhere, if it is the trait's; 0: one
    holds all that the trait wants."""


class SelfHostedFinder:
    """Finds self-hosted services by what their snippets carry. Immutable and thread-safe; built once per policy."""

    def __init__(self, anywhere: AnywhereIndex) -> None:
        self._anywhere = anywhere
        self._order = {match: place for place, match in enumerate(anywhere.matches)}
        self._files: dict[str, set[_Wanted]] = {}
        self._needles: dict[bytes, set[_Wanted]] = {}
        """What tells that a script may speak of the others: of a path with a ``*``, or without a file's name and ending, the
        longest plain part, or else its global."""
        for service, _, trait in anywhere.matches:
            file = trait.path.rpartition("/")[2].lower()
            name, _, ending = file.rpartition(".")
            if trait.attribute and not trait.global_:
                continue
            wanted = service, (trait.global_ or trait.query.partition("=")[2]).encode("utf-8")
            if name and ending.isalnum() and "*" not in file:
                self._files.setdefault(file, set()).add(wanted)
            else:
                needle = max((*trait.path.split("*"), trait.global_), key=len)
                self._needles.setdefault(needle.encode("utf-8"), set()).add(wanted)
        self.hosts: Final = tuple((file, False) for file in self._files)
        """Names of files, for a scanner of hosts: a file's name is spelled like one."""

    def may_hold(self, text: bytes) -> bool:
        """Tell whether something stands in a text that tells a service beside the names of files."""
        return any(needle in text for needle in self._needles)

    def services(self, text: bytes, seen: Iterable[Sighting]) -> frozenset[str]:
        """Return the services that may stand in a text, in which these names were seen: the question before all that costs
        more."""
        found: set[_Wanted] = set()
        for needle, wanted in self._needles.items():
            if needle in text:
                found |= wanted
        for sighting in seen:
            found |= self._files.get(sighting.host, _NOTHING)
        return frozenset(service for service, beside in found if beside in text)

    def each(self, text: bytes) -> list[Sign]:
        """Return the traits that stand in a script, each once, as the policy orders them. Never raises for any text."""
        code = mask(text)
        known: dict[str, bool] = {}
        places: dict[TraitMatch, int] = {}
        unfinished: Counter[TraitMatch] = Counter()
        whole: set[TraitMatch] = set()
        for found in _TEXT_RUN.finditer(code):
            start, end = found.span()
            if end - start > _ADDRESS_BYTES:
                continue
            raw = text[start:end]
            said = literal_text(raw) if b"\\" in raw else raw.decode("latin-1")
            path, _, query = said.partition("#")[0].partition("?")
            for match, lacks in self._anywhere.in_scripts(path, query):
                if lacks is None:
                    continue
                name = match.trait.global_
                if name not in known:
                    known[name] = stands_in_code(text, name, code)
                if known[name]:
                    places.setdefault(match, start)
                    if lacks:
                        unfinished[match] += 1
                    else:
                        whole.add(match)
        signs = (Sign(match, at, 0 if match in whole else unfinished[match]) for match, at in places.items())
        return sorted(signs, key=lambda sign: self._order[sign.match])
