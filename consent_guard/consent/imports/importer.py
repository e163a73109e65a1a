"""From the cookies of other tools to the answers of this policy (``import_from``).

May import the policy, the readers and ``wire.cookies``' values. Compiled once per guard; the engine asks it once per request.
It never raises on what a visitor sends: what cannot be read is no choice.

Of several tools, or of several cookies of one name that differ, each that has a say on a purpose must grant it, and each may
refuse it (K11). A tool has a say where the policy maps one of its keys to the purpose, or where its cookie names the purpose.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from ...limits import CONSENT_COOKIE_BYTES, CONSENT_COOKIE_READINGS
from ...policy.catalogue import find
from ...policy.import_tools import TOOLS
from ...policy.model import Basis, ImportRule, Policy
from ...wire.cookies import CookiePair
from .reading import Malformed, Reading
from .registry import READERS

_NO_CHOICE: Final = Reading(decided=False)


@dataclass(frozen=True, slots=True)
class ImportedAnswers:
    """What the tools' cookies say, in this policy's purposes."""

    answers: Mapping[str, bool]
    """Category id to answer."""
    overrides: Mapping[str, bool]
    """Service id to answer."""
    decided: bool
    """Each of the tools holds a whole choice."""
    made_at: float | None
    """Unix seconds of the oldest choice; None where a tool does not tell."""


class Importer:
    """The imports of one policy, compiled. Immutable and thread-safe."""

    def __init__(self, policy: Policy) -> None:
        self._categories: Final = tuple(category.id for category in policy.categories)
        self._homes: Final = {service.id: service.category for service in policy.services}
        self._exempt: Final = frozenset(c.id for c in policy.categories if c.basis is Basis.EXEMPT)
        self._tools: Final = tuple(_Tool(rule, policy) for rule in policy.imports)

    def __bool__(self) -> bool:
        """Whether the policy imports at all."""
        return bool(self._tools)

    def read(self, cookies: Sequence[CookiePair]) -> ImportedAnswers | None:
        """Return what the tools' cookies in this request say, or None where none of them holds a choice."""
        votes: dict[str, list[bool | None]] = {}
        readings: list[Reading] = []
        decided = True
        for tool in self._tools:
            found = tool.readings(cookies)
            if found is None:
                decided = False
                for purpose in tool.mapped:
                    votes.setdefault(purpose, []).append(None)
                continue
            readings += found
            each = [tool.votes(reading, self._homes) for reading in found]
            for purpose in {purpose for cast in each for purpose in cast}:
                votes.setdefault(purpose, []).extend(cast.get(purpose) for cast in each)
        if not readings:
            return None
        agreed = {purpose: answer for purpose, cast in votes.items() if (answer := _agreed(cast)) is not None}
        times = [reading.made_at for reading in readings]
        told = [time for time in times if time is not None]
        return ImportedAnswers(
            answers={id: agreed[id] for id in self._categories if id in agreed},
            # A service that is left open is not covered by its category's grant.
            overrides={
                id: agreed.get(id, False)
                for id, home in self._homes.items()
                if id in agreed or (id in votes and home not in self._exempt)
            },
            decided=decided and all(reading.decided for reading in readings),
            made_at=min(told) if told and len(told) == len(times) else None,
        )


class _Tool:
    """One tool of the policy."""

    def __init__(self, rule: ImportRule, policy: Policy) -> None:
        tool = TOOLS[rule.tool]
        self._read = READERS[rule.tool]
        base = rule.cookie or tool.cookie
        self._exact = {name.replace("{}", base).encode("ascii"): name for name in tool.cookies if not name.endswith("*")}
        self._prefix = next((base.encode("ascii") for name in tool.cookies if name.endswith("*")), None)
        self._keys: dict[str, tuple[str, ...]] = {**_own_names(policy), **rule.keys}
        self._mapping = frozenset(rule.keys)
        self.mapped: Final = frozenset(purpose for means in rule.keys.values() for purpose in means)
        """The purposes on which this tool always has a say."""

    def readings(self, cookies: Iterable[CookiePair]) -> list[Reading] | None:
        """Return each reading of this tool's cookies, more than one where a name comes with several values; None where there is
        no choice in any. One that is no choice beside another that is counts as undecided."""
        values: dict[str, dict[bytes, None]] = {}  # in order, each once
        for pair in cookies:
            role = self._role(pair.name)
            if role is not None:
                values.setdefault(role, {})[pair.value] = None
        if not values or math.prod(map(len, values.values())) > CONSENT_COOKIE_READINGS:
            return None
        if any(len(value) > CONSENT_COOKIE_BYTES for several in values.values() for value in several):
            return None
        found: list[Reading] = []
        for each in itertools.product(*values.values()):
            try:
                found.append(self._read(dict(zip(values, each, strict=True))))
            except Malformed:
                found.append(_NO_CHOICE)
        return None if all(reading is _NO_CHOICE for reading in found) else found

    def votes(self, reading: Reading, homes: Mapping[str, str]) -> dict[str, bool | None]:
        """Return what one reading says of each purpose on which this tool has a say; None while undecided."""
        cast: dict[str, list[bool | None]] = {}
        for key, means in self._keys.items():
            answer = reading.answer(key)
            for purpose in means:
                if key in self._mapping or key in reading.granted or key in reading.refused:
                    cast.setdefault(purpose, []).append(answer)
        votes = {purpose: _agreed(answers) for purpose, answers in cast.items()}
        if not reading.single:
            for purpose, vote in votes.items():
                if vote and votes.get(homes.get(purpose, "")) is False:
                    votes[purpose] = False
        return votes

    def _role(self, name: bytes) -> str | None:
        if self._prefix is not None and name.startswith(self._prefix):
            return "{}" + name[len(self._prefix) :].decode("latin-1")
        return self._exact.get(name)


def _own_names(policy: Policy) -> dict[str, tuple[str, ...]]:
    """Return the keys that mean a purpose without being mapped: ids of the policy, and what the catalogue calls a service."""
    names: dict[str, tuple[str, ...]] = {}
    for service in policy.services:
        entry = find(service.id)
        if entry is not None:
            names |= dict.fromkeys((entry.id, *entry.aliases), (service.id,))
    ids = [*(category.id for category in policy.categories), *(service.id for service in policy.services)]
    return names | {id: (id,) for id in ids}


def _agreed(votes: Iterable[bool | None]) -> bool | None:
    """Return False where any refuses, True where all grant, else None."""
    cast = list(votes)
    if False in cast:
        return False
    return None if None in cast or not cast else True
