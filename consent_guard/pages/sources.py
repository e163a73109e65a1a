"""Where in a site's templates something stands: the place and the line that a fault shows.

May import this package's rendering. ``overriding`` asks it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from .rendering import Overrides, own_texts

_COMMENT: Final = re.compile(r"\{#.*?#\}", re.S)
_NAMED: Final = re.compile(r"\{%-?\s*(?:extends|include|import|from)\s+(.*?)%\}", re.S)
_QUOTED: Final = re.compile(r"\"([^\"]+)\"|'([^']+)'")
_SHOWN: Final = 90
"""Characters of a line."""


class Sources:
    """The texts of a site's templates, by name and line."""

    def __init__(self, overrides: Overrides) -> None:
        self._lines = {name: text.splitlines() for name, text in overrides.texts.items()}
        self._live = {name: _COMMENT.sub(_blank, text).splitlines() for name, text in overrides.texts.items()}
        self._named = {
            name: {one or other for tag in _NAMED.findall(text) for one, other in _QUOTED.findall(tag)}
            for name, text in {**own_texts(), **overrides.texts}.items()
        }

    def concern(self, pages: Iterable[str]) -> bool:
        """Tell whether one of these templates is the site's, or made of one that is."""
        return any(name in self._lines for page in pages for name in self._made_of(page))

    def line(self, name: str, number: int | None) -> str:
        """Return a line of a template, counted from 1; empty where there is none."""
        lines = self._lines.get(name, [])
        return lines[number - 1] if number and number <= len(lines) else ""

    def mention(self, page: str, words: Sequence[str]) -> tuple[str, str]:
        """Return the place and the line where one of the words, the first before the others, stands in a template that ``page``
        is made of, else in any; the page alone where it stands in none, as an address does that a template puts together."""
        for word in filter(None, words):
            for name in self._searched(page):
                for number, line in enumerate(self._live[name], 1):
                    if word.lower() in line.lower():
                        return placed(name, number), self._lines[name][number - 1]
        return page, ""

    def place_of(self, page: str, rendered: str) -> str:
        """Return the place of a rendered line that stands so in a template, and once only; else the page."""
        found = [
            placed(name, number)
            for name in self._searched(page)
            for number, line in enumerate(self._live[name], 1)
            if rendered and line.strip() == rendered
        ]
        return found[0] if len(found) == 1 else page

    def _made_of(self, page: str) -> list[str]:
        """Return a template and those that it names, directly or not."""
        order = [page]
        for name in order:
            order += sorted(self._named.get(name, set()) - set(order))
        return order

    def _searched(self, page: str) -> Iterator[str]:
        """Yield the site's templates that a page is made of, itself first, then all others: a name can be put together too."""
        yield from (name for name in dict.fromkeys([*self._made_of(page), *sorted(self._lines)]) if name in self._lines)


def placed(name: str, line: int | None) -> str:
    """Return a template's name with a line."""
    return f"{name}, line {line}" if line else name


def excerpt(line: str) -> str:
    """Return what a message adds to show a line; nothing for an empty one."""
    text = " ".join(line.split())
    return f": {text if len(text) <= _SHOWN else text[: _SHOWN - 1] + '…'}" if text else ""


def _blank(found: re.Match[str]) -> str:
    return "\n" * found[0].count("\n")
