"""Our own sentences, one file per language, and the choice among languages.

A language is one TOML file in ``locales/``: adding one touches no code, unless its plural rule is new. May import the policy's
values. Called by the surface and by ``manage``; needs neither Jinja2 nor a request.
"""

from __future__ import annotations

import functools
import importlib.resources
import re
import tomllib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from ..policy.model import Lifetime

FALLBACK = "en"
"""The language of our own sentences where a language has no file."""

_ACCEPT_LANGUAGE_BYTES = 1024
"""More of the field than this is not read; browsers send fewer than a dozen languages."""
_QUALITY = re.compile(r"q=([01](?:\.[0-9]{0,3})?)", re.ASCII | re.IGNORECASE)
_TAG = re.compile(r"[a-z]{1,8}(?:-[a-z0-9]{1,8}){0,8}", re.ASCII | re.IGNORECASE)

_RIGHT_TO_LEFT = frozenset({"ar", "arc", "ckb", "dv", "fa", "he", "iw", "ks", "nqo", "ps", "sd", "syr", "ug", "ur", "yi"})
_RIGHT_TO_LEFT_SCRIPTS = frozenset({"adlm", "arab", "hebr", "nkoo", "rohg", "syrc", "thaa"})

_PLURALS: Mapping[str, Callable[[int], str]] = {
    "one": lambda count: "one" if count == 1 else "other",
    "zero-one": lambda count: "one" if count in (0, 1) else "other",
    "none": lambda count: "other",
}
"""The CLDR plural rules for whole numbers, by the name that a locale file gives."""

_SPANS = (("days", 86400), ("hours", 3600), ("minutes", 60), ("seconds", 1))


@dataclass(frozen=True, slots=True)
class Locale:
    """One language's sentences and the few formats that we need."""

    tag: str
    plural: str
    date_pattern: str
    first_day: str
    months: tuple[str, ...]
    messages: Mapping[str, str]
    """Dotted key to plain text, as ``banner.accept``."""

    def say(self, key: str, /, **values: object) -> str:
        """Return a sentence, filled in. Plain text: the caller escapes it. Raises KeyError for an unknown key."""
        return self.messages[key].format(**values)

    def count(self, key: str, count: int) -> str:
        """Return the form of a sentence that goes with a number."""
        form = f"{key}.{_PLURALS[self.plural](count)}"
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
    return Locale(
        tag=tag,
        plural=data.pop("plural"),
        date_pattern=data.pop("date"),
        first_day=data.pop("first_day"),
        months=tuple(data.pop("months")),
        messages=dict(_flat(data)),
    )


def locale_for(language: str) -> Locale:
    """Return the sentences for a language: its own, those of a wider or sibling one, else English."""
    return locale(best(language, available()) or FALLBACK)


def same_language(one: str, other: str) -> bool:
    """Return whether two tags name the same primary language, as ``fr`` and ``fr-CA`` do."""
    first, second = (re.split("[-_]", tag.lower(), maxsplit=1)[0] for tag in (one, other))
    return first == second


def best(wanted: str, offered: Sequence[str]) -> str | None:
    """Return the offered tag that serves a wanted one: the same, a wider one (RFC 4647 §3.4), else a sibling of the same
    primary language. Case and ``_`` do not matter. None where nothing serves; never raises."""
    range_ = wanted.strip().replace("_", "-").lower()
    if not _TAG.fullmatch(range_):
        return None
    known = {tag.replace("_", "-").lower(): tag for tag in reversed(offered)}
    while range_:
        if range_ in known:
            return known[range_]
        primary, range_ = range_, range_.rpartition("-")[0]
    return next((tag for tag in offered if re.split("[-_]", tag.lower(), maxsplit=1)[0] == primary), None)


def negotiate(page_language: str | None, accept_language: bytes, offered: Sequence[str]) -> str:
    """Return the offered language for a page: the page's own, then the visitor's Accept-Language, then the first (DESIGN §9).

    Neither input can make it raise; what cannot be read does not count.
    """
    if page_language and (found := best(page_language[:64], offered)) is not None:
        return found
    wanted, refused = _accepted(accept_language)
    for range_ in wanted:
        if range_ == "*":
            return next((tag for tag in offered if tag.replace("_", "-").lower() not in refused), offered[0])
        if (found := best(range_, offered)) is not None:
            return found
    return offered[0]


def direction(language: str) -> str:
    """Return ``rtl`` or ``ltr``, as the ``dir`` attribute writes it."""
    primary, *subtags = language.replace("_", "-").lower().split("-")
    for subtag in subtags:
        if len(subtag) == 4 and subtag.isalpha():
            return "rtl" if subtag in _RIGHT_TO_LEFT_SCRIPTS else "ltr"
    return "rtl" if primary in _RIGHT_TO_LEFT else "ltr"


def _accepted(field: bytes) -> tuple[list[str], set[str]]:
    """Return the ranges of an Accept-Language field from most to least wanted, and those of quality zero (RFC 9110 §12.5.4)."""
    text = field[:_ACCEPT_LANGUAGE_BYTES].decode("latin-1")
    if len(field) > _ACCEPT_LANGUAGE_BYTES:
        text = text.rpartition(",")[0]
    ranked: list[tuple[float, str]] = []
    refused: set[str] = set()
    for member in text.split(","):
        range_, _, parameter = (part.strip(" \t") for part in member.partition(";"))
        range_ = range_.lower()
        if range_ != "*" and not _TAG.fullmatch(range_):
            continue
        quality = _QUALITY.fullmatch(parameter)
        if parameter and quality is None:
            continue
        rank = float(quality[1]) if quality is not None else 1.0
        if rank > 0:
            ranked.append((rank, range_))
        else:
            refused.add(range_)
    ranked.sort(key=lambda pair: -pair[0])
    return [range_ for _, range_ in ranked], refused


def _flat(table: Mapping[str, object], prefix: str = "") -> Iterable[tuple[str, str]]:
    for key, value in table.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", str(value)
