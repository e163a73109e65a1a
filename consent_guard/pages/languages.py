"""Our own sentences, one file per language.

A language is one TOML file in ``locales/``: adding one touches no code, unless its plural rule is new (``plurals.py``). May
import the policy's values and this package's plurals and negotiation. Called by the surface and by ``manage``; needs neither
Jinja2 nor a request.
"""

from __future__ import annotations

import functools
import importlib.resources
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from ..policy.model import Lifetime
from .negotiation import best
from .plurals import RULES

FALLBACK = "en"
"""The language of our own sentences where a language has no file."""

_SPANS = (("days", 86400), ("hours", 3600), ("minutes", 60), ("seconds", 1))


@dataclass(frozen=True, slots=True)
class Locale:
    """One language's sentences and the few formats that we need."""

    tag: str
    name: str
    """What its speakers call it."""
    plural: str
    """A name of ``plurals.RULES``."""
    date_pattern: str
    first_day: str
    months: tuple[str, ...]
    messages: Mapping[str, str]
    """Dotted key to plain text, as ``banner.accept``. What a file does not say, English says."""

    def say(self, key: str, /, **values: object) -> str:
        """Return a sentence, filled in. Plain text: the caller escapes it. Raises KeyError for an unknown key."""
        return self.messages[key].format(**values)

    def count(self, key: str, count: int) -> str:
        """Return the form of a sentence that goes with a number."""
        form = f"{key}.{RULES[self.plural].category(count)}"
        return self.messages[form if form in self.messages else f"{key}.other"].format(count=count)

    def date(self, moment: datetime) -> str:
        """Return the day of a moment, in UTC, as this language writes it: ``5 June 2020``, ``1er juin 2020``."""
        day = moment.astimezone(UTC)
        return self.date_pattern.format(
            day=self.first_day if day.day == 1 else day.day, month=self.months[day.month - 1], year=day.year
        )

    def lifetime(self, lifetime: Lifetime | None) -> str:
        """Return how long a cookie lives, in words, in the largest units that say it exactly."""
        if lifetime is None:
            return self.say("declaration.undeclared")
        if lifetime.session:
            return self.say("lifetime.session")
        parts = [self.count("lifetime.months", lifetime.months)] if lifetime.months else []
        rest = lifetime.seconds
        for unit, seconds in _SPANS:
            whole, rest = divmod(rest, seconds)
            if whole:
                parts.append(self.count(f"lifetime.{unit}", whole))
        return " ".join(parts)


@functools.cache
def available() -> tuple[str, ...]:
    """Return the tags of the languages that we ship, sorted."""
    folder = importlib.resources.files(__package__) / "locales"
    return tuple(sorted(entry.name.removesuffix(".toml") for entry in folder.iterdir() if entry.name.endswith(".toml")))


@functools.cache
def locale(tag: str) -> Locale:
    """Return the shipped language with exactly this tag."""
    text = (importlib.resources.files(__package__) / "locales" / f"{tag}.toml").read_text("utf-8")
    data = tomllib.loads(text)
    own = dict(_flat({key: value for key, value in data.items() if isinstance(value, Mapping)}))
    return Locale(
        tag=tag,
        name=data["name"],
        plural=data["plural"],
        date_pattern=data["date"],
        first_day=data["first_day"],
        months=tuple(data["months"]),
        messages=own if tag == FALLBACK else {**locale(FALLBACK).messages, **own},
    )


def locale_for(language: str) -> Locale:
    """Return the sentences for a language: its own, those of a wider or sibling one, else English."""
    return locale(best(language, available()) or FALLBACK)


def _flat(table: Mapping[str, object], prefix: str = "") -> Iterable[tuple[str, str]]:
    for key, value in table.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", str(value)
