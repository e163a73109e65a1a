"""What a tool's cookies say, in that tool's own keys; and the decoding that several tools share.

May import errors and the standard library. Readers take ``Cookies`` (the tool's cookies of one request, by the name's role) and
return a Reading, or raise Malformed, which means no choice. Nothing else may leave them, whatever a visitor sends.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote_to_bytes

Cookies = Mapping[str, bytes]
"""The value of each of a tool's cookies, by its name with ``{}`` where the tool's changeable name stands."""


class Malformed(ValueError):
    """The value is none that the tool writes: there is no choice."""


@dataclass(frozen=True, slots=True)
class Reading:
    """One choice, as a tool keeps it. A key that is neither granted nor refused is undecided."""

    granted: frozenset[str] = frozenset()
    refused: frozenset[str] = frozenset()
    complete: bool = False
    """The tool lists what is granted only: every other key is refused."""
    decided: bool = True
    """Nothing is left open in it."""
    single: bool = False
    """A grant for one service stands beside a refusal of its category: the tool asks for it separately."""
    made_at: float | None = None
    """Unix seconds, where the tool tells."""

    def answer(self, key: str) -> bool | None:
        """Return what was answered for a key; None while undecided."""
        if key in self.refused:
            return False
        return True if key in self.granted else False if self.complete else None


def reading_of(answers: Iterable[tuple[str, bool]], **more: Any) -> Reading:
    """Return a Reading of single answers. A key that stands twice is granted only where each grants it."""
    pairs = list(answers)
    refused = frozenset(key for key, answer in pairs if not answer)
    return Reading(frozenset(key for key, answer in pairs if answer) - refused, refused, **more)


def text_of(value: bytes) -> str:
    """Return a value with its percent-escapes undone, as UTF-8. A ``+`` stays one."""
    try:
        return unquote_to_bytes(value).decode("utf-8")
    except UnicodeDecodeError:
        raise Malformed from None


def json_of(text: str | bytes) -> Any:
    """Return the value of a JSON text. One object that names a member twice is malformed: readers disagree on which counts."""
    try:
        return json.loads(text, object_pairs_hook=_without_repeats)
    except (ValueError, RecursionError):
        raise Malformed from None


def object_of(value: bytes) -> dict[str, Any]:
    """Return the JSON object of a percent-encoded value."""
    found = json_of(text_of(value))
    if not isinstance(found, dict):
        raise Malformed
    return found


def texts_of(value: object) -> frozenset[str]:
    """Return an array of strings as a set."""
    if not isinstance(value, list) or not all(isinstance(member, str) for member in value):
        raise Malformed
    return frozenset(value)


def iso_time(value: object) -> float | None:
    """Return the Unix seconds of an ISO 8601 date and time, UTC where it names no zone; None for anything else."""
    if not isinstance(value, str) or len(value) > 40:
        return None
    try:
        time = datetime.fromisoformat(value)
        return (time if time.tzinfo is not None else time.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        return None


def _without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a member stands twice")
    return found
