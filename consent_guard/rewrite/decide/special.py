"""Elements of which several attributes decide together: script, link, base, images and embeds (WHATWG HTML).

Each reader says which attributes do not count on this tag. May import the fetch table, the link relations and the syntax
readers; ``tags`` calls it.
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple, Protocol

from ...wire.link_relations import CANDIDATES, FETCHING, HINTS
from ..fetch_table import LAZY_NAMES
from ..html.attributes import Attributes
from ..model import ScriptKind
from ..script.kinds import script_kind

NONE: Final[frozenset[bytes]] = frozenset()
_HREFS: Final = frozenset({b"href", b"xlink:href"})
_SCRIPT_SOURCES: Final = _HREFS | {b"src"}
_NO_SCRIPT: Final = _SCRIPT_SOURCES | LAZY_NAMES
_NO_LINK: Final = frozenset({b"href", CANDIDATES.encode()}) | LAZY_NAMES
_HTML_BLANKS: Final = re.compile(r"[\t\n\f\r ]+")
_NOT_SHOWN: Final = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.I)
_TINY_STYLE: Final = re.compile(r"(?:^|[;\s])(?:width|height)\s*:\s*[01](?:px)?\s*(?:;|$|!)", re.I)
_SIZE: Final = re.compile(r"(?:^|[;\s])(width|height)\s*:\s*([0-9]+%?)(?:px)?\s*(?=[;!]|$)", re.I)
_RATIO: Final = re.compile(r"(?:^|[;\s])aspect-ratio\s*:\s*(?:auto\s)?\s*([0-9]{1,4})\s*/\s*([0-9]{1,4})\s*(?:;|$|!)", re.I)
_ABSOLUTE: Final = re.compile(r"(?:^|[;\s])position\s*:\s*absolute", re.I)
_ALL_SIDES: Final = re.compile(r"(?:^|[;\s])inset\s*:\s*0(?:px)?\s*(?:;|$|!)", re.I)
_AT_LEAST: Final = re.compile(r"(?:^|[;\s])min-(?:width|height)\s*:\s*[1-9]", re.I)
"""Frames that a script makes as high as their content begin with ``width: 1px; min-width: 100%``."""
_TINY_SIZE: Final = re.compile(r"\s*[01](?:px|\.0*)?\s*$")


class Facts(Protocol):
    """What the readers fill in."""

    name: bytes
    script: ScriptKind | None
    nonce: str
    base: str | None
    encoding: str | None
    hint: bool


def _script(at: Attributes, facts: Facts, *, foreign: bool) -> frozenset[bytes]:
    kind = script_kind(at.text(b"type"), at.text(b"language"))
    if kind is None:
        return _NO_SCRIPT
    facts.nonce = at.text(b"nonce") or ""
    if kind != "script":
        facts.script = kind
        return _NO_SCRIPT
    present = (_SCRIPT_SOURCES if foreign else {b"src"}) & at.first.keys()
    if len(present) < 2 and (foreign or not present):
        # svg reads href and HTML src: where it may be either, the text of a script with one of them may run.
        facts.script = kind
    return NONE


def _link(at: Attributes, facts: Facts, *, foreign: bool) -> frozenset[bytes]:
    if at.spelled(b"rel") in _PLAIN_RELS:
        return _NO_LINK
    relations = link_relations(at) & FETCHING
    if not relations:
        return _NO_LINK
    facts.hint = relations <= HINTS
    return (
        frozenset({CANDIDATES.encode()})
        if "preload" not in relations or (at.text(b"as") or "image").lower() != "image"
        else NONE
    )


_PLAIN_RELS: Final = frozenset(b"canonical alternate author license search shortlink amphtml EditURI pingback me".split())
"""Relations that fetch nothing, as most pages spell them: a short cut."""


def _iframe(at: Attributes, facts: Facts, *, foreign: bool) -> frozenset[bytes]:
    return frozenset({b"src"}) if b"srcdoc" in at else NONE


def _base(at: Attributes, facts: Facts, *, foreign: bool) -> frozenset[bytes]:
    facts.base = at.text(b"href")
    return NONE


def _annotation(at: Attributes, facts: Facts, *, foreign: bool) -> frozenset[bytes]:
    facts.encoding = (at.text(b"encoding") or "").lower()
    return NONE


class Reader(Protocol):
    """Reads one element; returns the attributes that do not count."""

    def __call__(self, at: Attributes, facts: Facts, *, foreign: bool) -> frozenset[bytes]: ...


SPECIAL: Final[dict[bytes, Reader]] = {
    b"script": _script,
    b"link": _link,
    b"iframe": _iframe,
    b"base": _base,
    b"annotation-xml": _annotation,
}


def link_relations(at: Attributes) -> frozenset[str]:
    """Return the relations of a link element, in lower case."""
    return frozenset(blank_separated((at.text(b"rel") or "").lower()))


def is_sheet(at: Attributes) -> bool:
    """Tell whether a link is a style sheet."""
    return "stylesheet" in link_relations(at)


def blank_separated(text: str) -> list[str]:
    """Return the members of a list between HTML's white space."""
    return [member for member in _HTML_BLANKS.split(text) if member]


class Described(NamedTuple):
    """How an embed was to be shown."""

    width: str
    height: str
    title: str
    ratio: str
    fills: bool


def described(at: Attributes) -> Described:
    """Return how an element was to be shown for which a placeholder is to stand in. Its style counts before its attributes."""
    style = at.text(b"style") or ""
    sizes = {found[1].lower(): found[2] for found in _SIZE.finditer(style)}
    width, height = (sizes.get(size) or at.text(size.encode()) or "" for size in ("width", "height"))
    ratio = _RATIO.search(style)
    title = at.text(b"title") or at.text(b"aria-label") or ""
    fills = width == height == "100%" or (_ALL_SIDES.search(style) is not None)
    return Described(width, height, title, f"{ratio[1]} {ratio[2]}" if ratio else "", fills and bool(_ABSOLUTE.search(style)))


def is_pixel(at: Attributes) -> bool:
    """Tell whether an image shows nothing: of one pixel, or hidden."""
    style = at.text(b"style") or ""
    if b"hidden" in at or _NOT_SHOWN.search(style) or _TINY_STYLE.search(style):
        return True
    return any(_TINY_SIZE.match(at.text(size) or "") for size in (b"width", b"height"))


def is_unseen(at: Attributes) -> bool:
    """Tell whether an embed was never to be seen."""
    style = at.text(b"style") or ""
    return is_pixel(at) and (b"hidden" in at or _NOT_SHOWN.search(style) is not None or _AT_LEAST.search(style) is None)
