"""What scripts name: inline scripts, event handlers, javascript: addresses, import maps and speculation rules.

By the policy a script is withheld by signature (a service's host and its global both stand in it) or by mention (its host is
enough). Import maps and speculation rules are lists of addresses, not programs: each address is judged, under either policy.
What stands in a text is a fact; whether it is withheld is one set test a service. May import this package's urls and the
script readers.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable
from typing import Final, NamedTuple

from ...findings import Finding, FindingKind
from ..model import Verdict
from .urls import Address, UrlPolicy

_SECOND_BYTE: Final = re.compile(rb"[\x80-\xff]\\")
_STRING: Final = re.compile(r'"(?>(?:[^"\\]++|\\.)*)"', re.S)


class Hit(NamedTuple):
    """A service, or an address, that a script names."""

    address: Address
    text: str
    """The address as it is spelled; empty for a host."""
    start: int
    """Where in the script it stands, in bytes."""


class Named:
    """What a script names: plainly, and in what its loading calls are given, which is read on need."""

    __slots__ = ("followed", "plainly", "told")

    def __init__(self, plainly: tuple[Hit, ...], followed: tuple[Hit, ...] | None, *, told: bool = False) -> None:
        """``followed``: None where it is not yet known. ``told``: a service that is not among what is plainly named may be told
        by its file's name."""
        self.plainly = plainly
        self.followed = followed
        self.told = told


def size_of(hits: tuple[Hit, ...]) -> int:
    """Return about how many bytes hits take."""
    return sum(300 + len(hit.text) for hit in hits)


class AnyService(Address):
    """Stands for whatever the policy withholds: rules that follow any link of a page."""

    __slots__ = ("_categories",)
    fixed = False

    def __init__(self, categories: dict[str, str]) -> None:
        super().__init__("", Verdict("", None, None, None))
        self._categories = categories

    def judged(self, view: UrlPolicy, text: str) -> Verdict | None:
        for service, category in self._categories.items():
            if service not in view.allowed:
                return Verdict("", service, category, "speculation rules that follow any link")
        return None


def first_hit(view: UrlPolicy, hits: tuple[Hit, ...]) -> tuple[Verdict, int] | None:
    """Return why a script is withheld and where that stands, None where it is not."""
    for hit in hits:
        verdict = hit.address.judged(view, hit.text)
        if verdict is not None and verdict.enforced:
            return verdict, hit.start
    return None


def inline_finding(verdict: Verdict, where: str) -> Finding:
    """Return the finding that a script at a place such as ``script`` is withheld."""
    return Finding(FindingKind.INLINE, verdict.host, where, verdict.service, verdict.category, verdict.rule)


def _follows_any_link(document: object) -> bool:
    """Tell whether speculation rules take links of the page without keeping to our own paths (HTML 7.6.3, document rules)."""
    if not isinstance(document, dict):
        return False
    for action in ("prefetch", "prerender", "prefetch_with_subresources"):
        rules = document.get(action)
        for rule in rules if isinstance(rules, list) else ():
            if (
                isinstance(rule, dict)
                and (rule.get("source") == "document" or "where" in rule)
                and not _confined(rule.get("where"))
            ):
                return True
    return False


def _confined(where: object) -> bool:
    """Tell whether a document rule's predicate takes addresses of our own host only."""
    if not isinstance(where, dict):
        return False
    if isinstance(both := where.get("and"), list):
        return any(_confined(one) for one in both)
    if isinstance(either := where.get("or"), list):
        return bool(either) and all(_confined(one) for one in either)
    patterns = where.get("href_matches")
    patterns = patterns if isinstance(patterns, list) else [patterns]
    return bool(patterns) and all(
        isinstance(one, str) and one[:1] in ("/", "?") and one[1:2] not in ("/", "\\") for one in patterns
    )


def listed_strings(text: str) -> tuple[list[str], bool] | None:
    """Return the strings of a JSON text and whether it follows any link; None where browsers refuse it.

    A text too deep for the standard library's reader is looked through string by string: browsers read it.
    """
    try:
        document = json.loads(text, strict=False, parse_int=float)
    except RecursionError:
        strings = [string for string in map(_string, _STRING.findall(text)) if string is not None]
        return strings, not {"where", "document"}.isdisjoint(strings)
    except ValueError:
        return None
    strings = []
    pending = [document]
    while pending:
        value = pending.pop()
        if isinstance(value, dict):
            pending.extend(value.keys())
            pending.extend(value.values())
        elif isinstance(value, list):
            pending.extend(value)
        elif isinstance(value, str):
            strings.append(value)
    return strings, _too_deep_or(_follows_any_link, document)


def _too_deep_or(question: Callable[[object], bool], document: object) -> bool:
    """Answer a question on nested data; yes where it is nested too deep to tell."""
    try:
        return question(document)
    except RecursionError:
        return True


def _string(written: str) -> str | None:
    try:
        value = json.loads(written, strict=False)
    except ValueError:
        return None
    return value if isinstance(value, str) else None


def has_second_bytes(text: bytes) -> bool:
    """Tell whether a backslash may be the second byte of a character, so that browsers may read another text."""
    return _SECOND_BYTE.search(text) is not None


def once_each(hits: Iterable[Hit]) -> tuple[Hit, ...]:
    """Return the first hit of each service: a later one decides nothing. What no rule names is judged address by address."""
    first: dict[tuple[str | None, str], Hit] = {}
    for hit in hits:
        service = hit.address.service
        first.setdefault((service, "" if service is not None else f"{hit.address.host} {hit.text}"), hit)
    return tuple(first.values())
