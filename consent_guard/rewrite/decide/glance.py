"""The short way to what a tag in plain HTML content names: whole hosts, spelled plainly, and nothing that needs a second look.

Nearly all tags that fetch are such. A glance makes no objects but the list of what is named; where anything stands in the
tag that may hide an address (a reference, a backslash, a script, CSS with a function, a host of which rules take a part), it
says so, and the tag is read in full. It is made from the fetch table, as the full reading is. May import the fetch table,
the grammar and urls.
"""

from __future__ import annotations

import re
from enum import Enum, auto
from functools import lru_cache
from typing import Final, NamedTuple

from ...findings import FindingKind
from ...wire.link_relations import FETCHING, HINTS
from ..fetch_table import LAZY, RULES, Grammar, Leaves, Rules
from ..html import grammar as p
from ..script.kinds import PROGRAM_TYPES
from .urls import PLAINLY_SPELLED, UNRESOLVED, Address, HostBook


class _Action(Enum):
    """What a glance does with an attribute."""

    URL = auto()
    LAZY = auto()
    """An address that counts only where it may be withheld."""
    LINK = auto()
    """What its element's ``rel`` makes of it."""
    LIST = auto()
    """It counts only where a host stands in it."""
    CSS = auto()
    PROGRAM = auto()
    """It counts only where it may be ``javascript:``."""
    SCRIPT = auto()
    REL = auto()
    TYPE = auto()
    FULL = auto()


class _Step(NamedTuple):
    action: _Action
    kind: FindingKind
    where: str
    late: bool = False
    """As the fetch table has it."""
    lazy: bool = False
    """It is so where its element has ``loading``."""
    listed: bool = False
    """What no rule names counts only where that is withheld too: a lazy loader's."""


class Named(NamedTuple):
    """One host that a tag names."""

    address: Address
    kind: FindingKind
    where: str


class Glance(NamedTuple):
    """What a tag names at a glance."""

    name: bytes
    hosts: tuple[Named, ...]
    raw: bool = False
    """Raw text follows."""
    script: bool = False
    """That text is a program."""
    late: bool = False
    """It may have a relative address that browsers resolve when it is used."""


FULL: Final = Glance(b"", ())
"""A glance is not enough."""
ONLY_LATE: Final = Glance(b"", (), late=True)
"""Of a tag that names nothing but such an address."""
_ACTIONS: Final = {
    Grammar.SRCSET: _Action.LIST,
    Grammar.IMAGE: _Action.URL,
    Grammar.CSS: _Action.CSS,
    Grammar.PROGRAM_URL: _Action.PROGRAM,
    Grammar.SCRIPT: _Action.SCRIPT,
}
_TYPES: Final = frozenset(kind.encode() for kind in PROGRAM_TYPES)
_DATA_TYPE: Final = re.compile(rb"(?!importmap|speculationrules)[a-z][a-z0-9./+_-]*+")
_CANDIDATE: Final = re.compile(
    rb"[\t\n\f\r ,]*+((?>[^\t\n\f\r ,]++(?:,++[^\t\n\f\r ,]++)*))(?:,++(?=[\t\n\f\r ]|$)|(?:[\t\n\f\r ][^,(]*+)?(?:,|$))"
)
"""A whole image candidate, as nearly all are written; commas at the end of its address end it (WHATWG HTML 4.8.4.2.1)."""
_HIDING: Final = re.compile(rb"[.&\\\\\[]|//")
"""What a program must hold to name a host."""
_DECIDING: Final = {
    b"link": {
        b"rel": _Action.REL,
        b"href": _Action.LINK,
        **{name.encode(): _Action.FULL for name in LAZY["href"].split()},
    },
    b"script": {b"type": _Action.TYPE, b"language": _Action.FULL},
}


def _plan(name: bytes, rules: Rules) -> dict[bytes, _Step]:
    steps = {}
    for attribute, entry in rules.by_attribute.items():
        action = _Action.URL if entry.plain else _ACTIONS.get(entry.grammar, _Action.FULL)
        action = _Action.LAZY if action is _Action.URL and entry.lazy else action
        whole = entry.leaves in (Leaves.ELEMENT, Leaves.EMBED, Leaves.SOURCE)
        kind = FindingKind.ELEMENT if whole else FindingKind.ATTRIBUTE
        where = f"{name.decode()} {attribute.decode()}"
        steps[attribute] = _Step(action, kind, where, entry.late, entry.leaves is Leaves.PIXEL, entry.lazy)
    for attribute, action in _DECIDING.get(name, {}).items():
        known = steps.get(attribute)
        steps[attribute] = _Step(action, FindingKind.ELEMENT, "") if known is None else known._replace(action=action)
    return steps


def _plans(*, lazy: bool) -> tuple[dict[bytes, dict[bytes, _Step]], dict[bytes, _Step]]:
    by_element, anywhere = RULES[False, lazy]
    plans = {name: _plan(name, rules) for name, rules in by_element.items() if name not in (b"base", b"meta", b"svg", b"math")}
    return plans, _plan(b"", anywhere)


_PLANS: Final = {lazy: _plans(lazy=lazy) for lazy in (False, True)}
_NEVER: Final = frozenset({b"base", b"meta", b"svg", b"math", b"html", b"annotation-xml"})


_REL_BYTES: Final = 128
"""A longer list of relations is read in full, and not remembered by itself."""
_PLAIN_REL: Final = re.compile(rb"[A-Za-z0-9_. -]*+")


@lru_cache(maxsize=512)
def _relations(value: bytes) -> frozenset[str] | None:
    """Return the relations of a ``rel`` that make browsers fetch; None where it has to be read in full."""
    if _PLAIN_REL.fullmatch(value) is None:
        return None
    return FETCHING.intersection(value.decode("ascii").lower().split(" "))


def glance(book: HostBook, name: bytes, tag: bytes, *, lazy: bool = True) -> Glance | None:
    """Return what a whole start tag names where plain relative addresses do not count, None where that is nothing; FULL where a
    glance is not enough. ``lazy``: what lazy loaders use counts."""
    plans, anywhere = _PLANS[lazy]
    steps = plans.get(name)
    if steps is None:
        if name in _NEVER:
            return FULL
        steps = anywhere
    hosts: list[Named] = []
    seen: list[bytes] = []
    sourced = False
    program = True
    late = False
    link: tuple[bytes, FindingKind, str] | None = None
    relations: frozenset[str] | None = None
    for found in iter(p.NOTABLE.scanner(tag, 1 + len(name)).match, None):  # type: ignore[attr-defined]
        attribute = found[1]
        step = steps.get(attribute)
        if step is None:
            attribute = attribute.lower()
            step = steps.get(attribute)
            if step is None:
                continue
        if attribute in seen:
            return FULL
        seen.append(attribute)
        action, kind, where, at_use, loading, listed = step
        group = found.lastindex
        value = b"" if group == 1 else found[group]
        if action is _Action.URL or action is _Action.LAZY:
            sourced = sourced or not listed
            address = book.spelled(value, False)
            if address is UNRESOLVED:
                if value:
                    return FULL
            elif address is not None:
                if not listed or address.service is not None or book.blocks_unlisted:
                    hosts.append(Named(address, kind, where))
            else:
                late = late or at_use or (loading and b"loading" in tag.lower())
        elif action is _Action.PROGRAM:
            if value and PLAINLY_SPELLED.match(value) is None:
                return FULL
        elif action is _Action.LIST:
            at, own = 0, False
            while at < len(value):
                candidate = _CANDIDATE.match(value, at)
                address = UNRESOLVED if candidate is None else book.spelled(candidate[1], False)
                if candidate is None or address is UNRESOLVED:
                    return FULL
                if address is not None and (not listed or address.service is not None or book.blocks_unlisted):
                    hosts.append(Named(address, kind, where))
                else:
                    own = True
                at = candidate.end()
            late = late or (own and (at_use or (loading and b"loading" in tag.lower())))
        elif action is _Action.CSS:
            if b"(" in value or b"&" in value or b"\\" in value or b"--" in value:
                return FULL
        elif action is _Action.SCRIPT:
            if _HIDING.search(value) is not None:
                return FULL
        elif action is _Action.REL:
            relations = _relations(value) if len(value) <= _REL_BYTES else None
            if relations is None:
                return FULL
        elif action is _Action.LINK:
            link = value, kind, where
        elif action is _Action.FULL:
            return FULL
        elif value and value not in _TYPES:
            if _DATA_TYPE.fullmatch(value) is None:
                return FULL
            program = False
    if name in p.RAW_TEXT:
        if name == b"script" and not program:
            return Glance(name, (), raw=True)
        return Glance(name, tuple(hosts), raw=True, script=name == b"script" and not sourced)
    if link is not None and relations:
        value, kind, where = link
        address = book.spelled_hint(value) if relations <= HINTS else book.spelled(value, False)
        if address is UNRESOLVED and value:
            return FULL
        if address is not UNRESOLVED and address is not None:
            hosts.append(Named(address, kind, where))
    if late and not hosts:
        return ONLY_LATE
    return Glance(name, tuple(hosts), late=late) if hosts else None
