"""What HTML and CSS in a script's strings load: the fetch table and the CSS reader of this package, over pieces of text.

A piece may be cut anywhere, and ``UNKNOWN`` stands in it for what the script does not tell: so tags and attributes are looked
for one by one, and no document is built. May import the fetch table and the HTML and CSS readers.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from ..css.urls import find_urls
from ..fetch_table import FOREIGN_ANY, FOREIGN_RULES, LAZY, TABLE, Entry, Grammar
from ..html.charrefs import decode_attribute
from ..html.refresh import refresh_targets
from ..html.srcset import split_candidates
from .calls import CODE, CSS, HTML, URL
from .literals import UNKNOWN

_ATTRIBUTE: Final = re.compile(r"(?<![\w\-:])([A-Za-z][\w:\-]*+)\s*+=\s*+(?:\"([^\"]*+)|'([^']*+)|([^\s\"'>]++))")
_TAG: Final = re.compile(r"<([A-Za-z\0][A-Za-z0-9\0:\-]*+)")
_RAW: Final = re.compile(r"<(script|style)(?![\w\-])[^<>]*+>", re.I)
_ANYWHERE: Final[dict[str, Grammar]] = {
    entry.attribute: entry.grammar
    for entry in reversed(TABLE)
    if entry.grammar in (Grammar.URL, Grammar.SRCSET, Grammar.HTML)
    and entry.when is None
    and not entry.lazy
    and (entry.attribute == "src" or entry.attribute.encode() not in FOREIGN_ANY.programs)
}
_ANYWHERE.update({lazy: _ANYWHERE[plain] for plain, names in LAZY.items() if plain in _ANYWHERE for lazy in names.split()})
"""What counts on an element of any name, for the script may not tell it: attributes that mean nothing else elsewhere."""
_LOOSE_CSS: Final = re.compile(r"(?:url\(\s*+[\"']?|@import\s*+[\"'])([^\"')\s]+)", re.I)
_STAND_IN: Final = "\ue000"
"""``UNKNOWN`` where it must survive a reader to which U+0000 means another character."""
_JAVASCRIPT: Final = "javascript:"


def css_addresses(css: str) -> Iterator[str]:
    """Yield the addresses in a piece of CSS."""
    for found in find_urls(css.replace(UNKNOWN, _STAND_IN), attribute=False):
        yield found.url.replace(_STAND_IN, UNKNOWN)


def html_parts(html: str) -> Iterator[tuple[str, str]]:
    """Yield what a browser would fetch or run for a piece of HTML: what it is (``URL``, ``CSS``, ``CODE``, ``HTML``), and its
    text."""
    position = 0
    while (raw := _RAW.search(html, position)) is not None:
        end = html.find("</", raw.end())
        position = end if end >= 0 else len(html)
        yield (CODE if raw.group(1).lower() == "script" else CSS), html[raw.end() : position]
    for found in _LOOSE_CSS.finditer(html):
        yield URL, found.group(1)
    starts = iter(_TAG.finditer(html))
    following = next(starts, None)
    tag = ""
    inside: list[tuple[str, str]] = []
    for found in _ATTRIBUTE.finditer(html):
        while following is not None and following.start() < found.start():
            yield from _read_tag(tag, inside)
            tag, inside = following.group(1).lower(), []
            following = next(starts, None)
        value = found.group(2) or found.group(3) or found.group(4) or ""
        inside.append((found.group(1).lower(), value.replace("\\/", "/")))
    yield from _read_tag(tag, inside)


def _read_tag(tag: str, attributes: list[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    rules = FOREIGN_RULES.get(tag.encode("utf-8", "replace"), FOREIGN_ANY)
    first = dict(reversed(attributes))
    for name, written in attributes:
        if name in _ANYWHERE and name.encode() not in rules.by_attribute:
            grammar = _ANYWHERE[name]
        else:
            entry = rules.by_attribute.get(name.encode("utf-8", "replace"))
            if entry is None or not _counts(entry, first):
                continue
            grammar = entry.grammar
            if grammar is Grammar.PROGRAM_URL:
                grammar = _ANYWHERE.get(name, grammar)
        yield from _read(grammar, decode_attribute(written) if "&" in written else written)


def _counts(entry: Entry, attributes: dict[str, str]) -> bool:
    """Tell whether an entry's condition holds for a tag, or may hold."""
    if entry.when is None:
        return True
    said = attributes.get(entry.when.attribute, "")
    return UNKNOWN in said or said.strip().lower() in entry.when.values


def _read(grammar: Grammar, value: str) -> Iterator[tuple[str, str]]:
    if grammar is Grammar.URL:
        yield URL, value
    elif grammar is Grammar.PROGRAM_URL:
        if value.lstrip().lower().startswith(_JAVASCRIPT):
            yield URL, value
    elif grammar is Grammar.SRCSET:
        yield from ((URL, one.url) for one in split_candidates(value))
    elif grammar is Grammar.URL_LIST:
        yield from ((URL, one) for one in value.split())
    elif grammar is Grammar.REFRESH:
        # Seconds that are not told may be any.
        yield from ((URL, one) for one in refresh_targets("0" + value.lstrip(UNKNOWN) if value[:1] == UNKNOWN else value))
    elif grammar is Grammar.IMAGE:
        yield URL, value
        yield CSS, value
    elif grammar is Grammar.ANIMATION:
        for one in value.split(";"):
            yield URL, one
            yield CSS, one
    else:
        yield {Grammar.CSS: CSS, Grammar.SCRIPT: CODE, Grammar.HTML: HTML}[grammar], value
