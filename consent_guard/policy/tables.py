"""Reading the tables of a policy document: typed values, unknown keys, key paths.

A reader asks a Table for each key it knows; what is missing or of the wrong type becomes a fault and a harmless stand-in, so
that reading goes on. May import errors and the fault collector. The policy's readers call it; it works on what ``tomllib``
returns and on mappings of the same shape.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final, TypeVar

from .faults import FaultList, guess, join, listing
from .texts.language_tags import language_tag, mend_of

_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_CONTROL_IN_TEXT: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
_SURROGATE: Final = re.compile("[\ud800-\udfff]")
_ID: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}\Z", re.ASCII)

_REPORTING: Final = 'Write enforcement = "report" below [policy]: nothing is altered then, and everything found'
_LEFT_OUT: Final = 'Write [[paths]] with glob = "/admin/**" and banner = false, or enforcement = "off"'
_WORDS: Final = 'Our sentences are replaced below [texts.en], by their keys: accept = "…"; docs/appearance.md'
_MEANT: Final[Mapping[str, str]] = MappingProxyType(
    {
        **dict.fromkeys(("report_only", "dry_run", "monitor", "mode"), _REPORTING),
        **dict.fromkeys(("exclude_paths", "ignore_paths", "skip_paths", "exclude", "exempt_paths"), _LEFT_OUT),
        **dict.fromkeys(("messages", "translations"), _WORDS),
    }
)
"""Keys that people guess, and what they mean here."""

_NO_TEXTS: Final[Mapping[str, str]] = MappingProxyType({})

Option = TypeVar("Option", bound=str)


class Texts(dict[str, str]):
    """A text in several languages that needs no more looking at: those of our own phrases, which thousands of cookies share."""


def kind_of(value: object) -> str:
    """Return what a value is, in TOML's words."""
    match value:
        case bool():
            return "true or false"
        case int():
            return "an integer"
        case float():
            return "a float"
        case str():
            return "a string"
        case Mapping():
            return "a table"
        case list() | tuple():
            return "an array"
        case None:
            return "nothing"
    return f"a {type(value).__name__}"


class Table:
    """One table of the document, with its key path. Keys that it does not know are faults at once."""

    def __init__(self, value: Mapping[Any, object], path: str, faults: FaultList, known: Sequence[str]) -> None:
        self.value = value
        self.path = path
        self.faults = faults
        for key in value:
            if not isinstance(key, str):
                faults.add(path or "policy", f"the key {key!r} is not a string", f"Known keys: {listing(known)}")
            elif key not in known:
                faults.add(self.at(key), "unknown key", _MEANT.get(key) or guess(key, known, "Known keys"))

    def at(self, key: str) -> str:
        """Return the key path of one of this table's keys."""
        return join(self.path, key)

    def has(self, key: str) -> bool:
        return key in self.value

    def fault(self, key: str, message: str, mend: str = "") -> None:
        self.faults.add(self.at(key), message, mend)

    def missing(self, key: str, mend: str) -> None:
        """Note that a key without a default is absent."""
        self.fault(key, "missing", mend)

    def string(self, key: str, default: str = "") -> str:
        """Return a one-line string without control characters (K17)."""
        if key not in self.value:
            return default
        text = self._string(self.value[key], self.at(key), _CONTROL)
        return default if text is None else text

    def boolean(self, key: str, default: bool) -> bool:
        value = self.value.get(key, default)
        if isinstance(value, bool):
            return value
        self.fault(key, f"is {kind_of(value)}, not true or false", "Write true or false, without quotes")
        return default

    def integer(self, key: str, default: int, low: int, high: int) -> int:
        value = self.value.get(key, default)
        if isinstance(value, bool) or not isinstance(value, int):
            self.fault(key, f"is {kind_of(value)}, not an integer", f"Write a whole number from {low} to {high}")
        elif not low <= value <= high:
            self.fault(key, f"{value} is out of range", f"Write a whole number from {low} to {high}")
        else:
            return value
        return default

    def option(self, key: str, options: Sequence[Option], default: Option) -> Option:
        """Return one of a few words."""
        if key not in self.value:
            return default
        value = self.string(key)
        for option in options:
            if value == option:
                return option
        if isinstance(self.value[key], str):
            self.fault(key, f"{value!r} is none of the values that this key takes", f"Write one of {listing(options)}")
        return default

    def strings(self, key: str) -> list[tuple[str, str]]:
        """Return the key path and value of each string in an array of strings."""
        found: list[tuple[str, str]] = []
        for path, value in self._array(key, '["…"]'):
            text = self._string(value, path, _CONTROL)
            if text is not None:
                found.append((path, text))
        return found

    def table(self, key: str, known: Sequence[str]) -> Table | None:
        """Return the table below a key, or None when it is absent or no table."""
        if key not in self.value:
            return None
        value = self.value[key]
        if isinstance(value, Mapping):
            return Table(value, self.at(key), self.faults, known)
        self.fault(key, f"is {kind_of(value)}, not a table", f"Write {key} = {{ … }}")
        return None

    def tables(self, key: str, known: Sequence[str], example: str) -> Iterator[Table]:
        """Yield each table of an array of tables. ``example`` shows how such an array is written."""
        for path, value in self._array(key, example):
            if isinstance(value, Mapping):
                yield Table(value, path, self.faults, known)
            else:
                self.faults.add(path, f"is {kind_of(value)}, not a table", f"Write {example}")

    def id(self, what: str) -> str:
        """Return the table's ``id``, or an empty string after a fault."""
        if "id" not in self.value:
            self.missing("id", f"Give the {what} an id of its own, of letters, digits, hyphens, dots and underscores")
            return ""
        id = self.string("id")
        if isinstance(self.value["id"], str) and not _ID.match(id):
            self.fault(
                "id",
                f"{id!r} is no id",
                "Write at most 64 letters, digits, hyphens, dots and underscores, beginning with a letter or digit",
            )
            return ""
        return id

    def texts(self, key: str, *, lines: bool = False) -> Mapping[str, str]:
        """Return a text in several languages, by lower-case language tag. ``lines``: line ends and tabs may stand in it."""
        if key not in self.value:
            return _NO_TEXTS
        value = self.value[key]
        if isinstance(value, Texts):
            return MappingProxyType(value)
        if not isinstance(value, Mapping):
            self.fault(key, f"is {kind_of(value)}, not a text per language", f'Write {key} = {{ en = "…" }}')
            return _NO_TEXTS
        if not value:
            self.fault(key, "is empty", f'Write {key} = {{ en = "…" }}')
        found: dict[str, str] = {}
        for language, text in value.items():
            path = join(self.at(key), str(language))
            tag = language_tag(str(language))
            if tag is None:
                self.faults.add(path, f"{language!r} is not a language", mend_of(str(language)))
                tag = str(language)
            elif tag in found:
                self.faults.add(path, f"the language {tag!r} stands twice", "Leave one of the two out")
            clean = self._string(text, path, _CONTROL_IN_TEXT if lines else _CONTROL)
            if clean is not None:
                if not clean.strip():
                    self.faults.add(path, "is an empty text", "Write the text, or leave this language out")
                found[tag] = clean
        return MappingProxyType(found)

    def _array(self, key: str, example: str) -> Iterator[tuple[str, object]]:
        if key not in self.value:
            return
        value = self.value[key]
        if not isinstance(value, (list, tuple)):
            self.fault(key, f"is {kind_of(value)}, not an array", f"Write {example}")
            return
        for place, member in enumerate(value):
            yield f"{self.at(key)}[{place}]", member

    def _string(self, value: object, path: str, forbidden: re.Pattern[str]) -> str | None:
        if not isinstance(value, str):
            self.faults.add(path, f"is {kind_of(value)}, not a string", 'Write it in quotes, as "…"')
        elif forbidden.search(value):
            self.faults.add(path, "holds a control character", "Remove it: such values end up in headers and pages")
        elif _SURROGATE.search(value):
            self.faults.add(path, "holds half of a surrogate pair, which is no character", "Remove it")
        else:
            return str(value)
        return None
