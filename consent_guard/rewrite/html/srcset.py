"""Image candidate strings of ``srcset`` and ``imagesrcset`` (WHATWG HTML 4.8.4.3.10, "parse a srcset attribute").

Works on the attribute's value after its character references are decoded. May import nothing of the package. Called by the
rewriter and for the ``imagesrcset`` parameter of Link headers.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

_SPACE: Final = "\t\n\f\r "
_SEPARATORS: Final = re.compile(r"[\t\n\f\r ,]*+")
_URL: Final = re.compile(r"[^\t\n\f\r ]++")
# Up to a comma outside parentheses; these do not nest, and an open one runs to the end.
_DESCRIPTORS: Final = re.compile(r"(?>(?:[^,(]++|\([^)]*+\)?)*)")


@dataclass(frozen=True, slots=True)
class Candidate:
    """One image candidate: ``value[start:end]`` is its URL and descriptors, without the comma after them."""

    start: int
    end: int
    url: str


def split_candidates(value: str) -> list[Candidate]:
    """Return the candidates of a srcset value as a browser splits them, those with faulty descriptors included. Linear; never
    raises."""
    candidates: list[Candidate] = []
    at = 0
    while True:
        separators = _SEPARATORS.match(value, at)
        found = _URL.match(value, separators.end() if separators else at)
        if found is None:
            return candidates
        start, end = found.span()
        url = found.group()
        if url.endswith(","):
            url = url.rstrip(",")
            at = end
            end = start + len(url)
        else:
            descriptors = _DESCRIPTORS.match(value, end)
            at = end = descriptors.end() if descriptors else end
        candidates.append(Candidate(start, end, url))


def rest(value: str, candidates: Sequence[Candidate], gone: Sequence[bool]) -> str:
    """Return the value without the candidates that go, the others character for character; an empty string where all do."""
    if all(gone):
        return ""
    # Each candidate is cut with the separators after it, so what follows keeps its own beginning.
    stops = [candidate.start for candidate in candidates[1:]] + [len(value)]
    pieces = [value[candidate.start : stop] for candidate, stop, lost in zip(candidates, stops, gone, strict=True) if not lost]
    if gone[-1]:
        final = max(at for at, lost in enumerate(gone) if not lost)
        pieces[-1] = value[candidates[final].start : candidates[final].end].rstrip(_SPACE)
    return value[: candidates[0].start] + "".join(pieces)
