"""Image candidate strings of ``srcset`` and ``imagesrcset`` (WHATWG HTML 4.8.4.3.10, "parse a srcset attribute").

Works on the attribute's value after its character references are decoded. May import nothing of the package. Called by the
rewriter and for the ``imagesrcset`` parameter of Link headers.
"""

from __future__ import annotations

import re
from collections.abc import Callable
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


def without(value: str, gated: Callable[[str], bool]) -> str | None:
    """Return the value without the candidates whose URL ``gated`` accepts, or None where it accepts none of them.

    What stays is kept character for character; an empty string where nothing stays.
    """
    candidates = split_candidates(value)
    kept = [not gated(candidate.url) for candidate in candidates]
    if all(kept):
        return None
    if not any(kept):
        return ""
    # Each candidate is cut with the separators after it, so what follows keeps its own beginning.
    stops = [candidate.start for candidate in candidates[1:]] + [len(value)]
    pieces = [value[candidate.start : stop] for candidate, stop, keep in zip(candidates, stops, kept, strict=True) if keep]
    if not kept[-1]:
        final = max(at for at, keep in enumerate(kept) if keep)
        pieces[-1] = value[candidates[final].start : candidates[final].end].rstrip(_SPACE)
    return value[: candidates[0].start] + "".join(pieces)
