"""Under which policy a test's responses are judged, and for which visitor, where the test does not say so itself.

May import the domain and the leak finder. ``assertions``, ``crawling`` and the pytest plugin call it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from ..audit.leaks import Inspection, LeakFinder
from ..policy.model import Policy
from .guards import told_policy
from .responses import Seen

if TYPE_CHECKING:
    from ..policy.model import PolicySource


@dataclass(frozen=True, slots=True)
class Visitor:
    """Who looks at a page, as far as the judge must know."""

    allow: frozenset[str] = frozenset()
    deny: frozenset[str] = frozenset()
    name: str = ""

    def __str__(self) -> str:
        if self.name or not (self.allow or self.deny):
            return self.name or "before any choice"
        told = [f"{word} {', '.join(sorted(ids))}" for word, ids in (("allowing", self.allow), ("refusing", self.deny)) if ids]
        return " and ".join(told)


@dataclass(frozen=True, slots=True)
class Judged:
    """One response and what was found in it."""

    seen: Seen
    visitor: Visitor
    inspection: Inspection
    guarded: bool = False
    """A guard is known to stand around the app."""


def on_unlisted(fail_on: str) -> bool:
    """Tell whether what nobody names fails, as the option says. Raises ValueError for an unknown word."""
    if fail_on not in ("leak", "unlisted"):
        raise ValueError(f'fail_on is "leak" or "unlisted", not {fail_on!r}')
    return fail_on == "unlisted"


def fails(judged: Judged, *, unlisted: bool) -> bool:
    """Tell whether a response leaks or cannot be read, or names what nobody knows where that counts."""
    found = judged.inspection
    return bool(found.leaks or found.doubts or (unlisted and found.unlisted))


_expected: list[tuple[PolicySource, Visitor]] = []
_listeners: list[Callable[[Judged], None]] = []
_finders: dict[tuple[object, ...], tuple[object, LeakFinder]] = {}
_loaded: dict[object, tuple[object, Policy]] = {}
_REMEMBERED: Final = 32


@contextmanager
def expecting(policy: PolicySource, visitor: Visitor) -> Iterator[None]:
    """Let assertions within the block take this policy and this visitor where they are given none."""
    _expected.append((policy, visitor))
    try:
        yield
    finally:
        _expected.pop()


def listen(listener: Callable[[Judged], None]) -> Callable[[], None]:
    """Tell this callable of everything that is judged, until the callable that is returned is called."""
    _listeners.append(listener)
    return lambda: _listeners.remove(listener)


def judge(seen: Seen, policy: PolicySource = None, visitor: Visitor | None = None, *, guarded: bool = False) -> Judged:
    """Return what is found in a response. Raises PolicyError, and UnknownPurpose for an id that neither the policy nor the
    catalogue holds."""
    expected_policy, expected_visitor = _expected[-1] if _expected else (None, Visitor())
    source = policy if policy is not None else expected_policy if expected_policy is not None else told_policy()
    visitor = visitor if visitor is not None and (visitor.allow or visitor.deny or visitor.name) else expected_visitor
    found = _finder(source, visitor).inspect(seen.status, seen.headers, seen.body, seen.url)
    judged = Judged(seen, visitor, found, guarded)
    for listener in _listeners:
        listener(judged)
    return judged


def _finder(source: PolicySource, visitor: Visitor) -> LeakFinder:
    key = (_key(source), visitor.allow, visitor.deny)
    known = _finders.get(key)
    if known is None:
        if len(_finders) >= _REMEMBERED:
            _finders.clear()
            _loaded.clear()
        loaded = _loaded.get(key[0])
        if loaded is None:  # one object: it is compiled once for all visitors
            loaded = _loaded[key[0]] = (source, Policy.load(source))
        known = _finders[key] = (source, LeakFinder(loaded[1], visitor.allow, visitor.deny))
    return known[1]


def _key(source: PolicySource) -> object:
    if isinstance(source, (str, Path)):
        path = Path(source)
        return str(path), path.stat().st_mtime_ns if path.exists() else 0
    return id(source)  # the entry holds the source, so that the id cannot come back as another's
