"""Hears in which languages pages are: what their ``<html lang>`` says.

May import ``audit`` and the pages' negotiation. ``init`` reads through it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from html.parser import HTMLParser
from types import TracebackType
from typing import Final

from ..audit.fetching import Answer
from ..audit.targets import Source
from ..pages.negotiation import best

_HEAD_BYTES: Final = 64 * 1024


class Spoken:
    """A source, and the languages of the pages that were read of it."""

    def __init__(self, source: Source, heard: Counter[str]) -> None:
        """``heard`` counts the pages of each language tag, in lower case."""
        self._source = source
        self._heard = heard
        self._known: set[str] = set()
        self.name = source.name
        self.starts = source.starts
        self.crawls = source.crawls
        self.polite = source.polite

    def label(self, address: str) -> str:
        return self._source.label(address)

    def read(self, address: str, cookies: Mapping[str, str] | None = None) -> tuple[Answer, ...]:
        answers = self._source.read(address, cookies)
        language = language_of(answers[-1].body)
        if language and answers[-1].status < 400 and address not in self._known:
            self._known.add(address)
            self._heard[language] += 1
        return answers

    def post(self, address: str, form: Mapping[str, str]) -> Answer:
        return self._source.post(address, form)

    def __enter__(self) -> Spoken:
        self._source.__enter__()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._source.__exit__(kind, error, trace)


def language_of(page: bytes) -> str:
    """Return what a page's html element says of its language, in lower case; empty where it says nothing."""
    reader = _Reader()
    reader.feed(page[:_HEAD_BYTES].decode("utf-8", "replace"))
    return reader.language.strip().replace("_", "-").lower()


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


class _Reader(HTMLParser):
    """The language of the first html element."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.language = ""
        self._met = False

    def parse_marked_section(self, i: int, report: int = 1) -> int:
        """Read ``<![…`` as browsers do, as a comment; the standard library's reading raises on what it does not know."""
        return self.parse_bogus_comment(i)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        if tag == "html" and not self._met:
            self._met = True
            values = {name: value or "" for name, value in reversed(attributes)}
            self.language = values.get("lang") or values.get("xml:lang", "")
