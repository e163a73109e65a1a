"""Hears in which languages pages are: what their ``<html lang>`` says.

May import ``audit``, the rewriter's tokens and the pages' negotiation. ``init`` reads through it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Final

from ..audit.reading.fetching import Answer
from ..audit.reading.targets import Source, Through
from ..pages.negotiation import best
from ..rewrite.html.query import Tag, read_tokens

_HEAD_BYTES: Final = 64 * 1024


class Spoken(Through):
    """A source, and the languages of the pages that were read of it."""

    def __init__(self, source: Source, heard: Counter[str]) -> None:
        """``heard`` counts the pages of each language tag, in lower case."""
        super().__init__(source)
        self._heard = heard
        self._known: set[str] = set()

    def read(self, address: str, cookies: Mapping[str, str] | None = None) -> tuple[Answer, ...]:
        answers = super().read(address, cookies)
        language = language_of(answers[-1].body)
        if language and answers[-1].status < 400 and address not in self._known:
            self._known.add(address)
            self._heard[language] += 1
        return answers


def language_of(page: bytes) -> str:
    """Return what a page's html element says of its language, in lower case; empty where it says nothing."""
    for token in read_tokens(page[:_HEAD_BYTES]):
        if isinstance(token, Tag) and token.name == "html" and not token.closing:
            said = token.attributes.get("lang") or token.attributes.get("xml:lang", "")
            return said.strip().replace("_", "-").lower()
    return ""


def offered(heard: Counter[str], known: Sequence[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the known languages that serve those heard, the most common first, and those heard that none serves."""
    found: Counter[str] = Counter()
    strange: list[str] = []
    for language, pages in heard.most_common():
        serving = best(language, known)
        if serving is not None:
            found[serving] += pages
        else:
            strange.append(language)
    return tuple(language for language, _ in found.most_common()), tuple(strange)
