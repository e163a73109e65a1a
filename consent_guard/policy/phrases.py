"""The catalogue's purposes in words: its files name a phrase, ``phrases.toml`` says it in each language.

May import the table reader. The catalogue calls it for every file. A purpose that no phrase says is written out in the file
itself, per language, as in a policy.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache, lru_cache
from importlib.resources import files

from .faults import FaultList, guess
from .tables import Texts


@lru_cache(maxsize=1)
def phrases() -> Mapping[str, Mapping[str, Mapping[str, str]]]:
    """Return the phrases of ``services`` and of ``cookies``: by their name, by language. ``{title}`` is the service's."""
    text = files(__package__).joinpath("phrases.toml").read_text(encoding="utf-8")
    return dict(tomllib.loads(text))


def in_words(facts: Mapping[str, object], faults: FaultList) -> dict[str, object]:
    """Return the keys of a catalogue file with its title and purposes as texts per language.

    A phrase that does not exist is noted as a fault.
    """
    said = dict(facts)
    title = said.get("title")
    if isinstance(title, str):
        said["title"] = dict.fromkeys(_languages(), title)
    if isinstance(purpose := said.get("purpose"), str):
        said["purpose"] = _say("services", purpose, "purpose", str(title), faults)
    if isinstance(cookies := said.get("cookies"), list):
        said["cookies"] = [
            {**cookie, "purpose": _say("cookies", cookie["purpose"], f"cookies[{place}].purpose", str(title), faults)}
            if isinstance(cookie, Mapping) and isinstance(cookie.get("purpose"), str)
            else cookie
            for place, cookie in enumerate(cookies)
        ]
    return said


@lru_cache(maxsize=1)
def _languages() -> tuple[str, ...]:
    return tuple(dict.fromkeys(language for texts in phrases()["services"].values() for language in texts))


def _say(kind: str, name: str, path: str, title: str, faults: FaultList) -> Mapping[str, str]:
    known = phrases()[kind]
    if name not in known:
        faults.add(path, f"there is no phrase {name!r} for {kind}", guess(name, list(known), "There are"))
        return {}
    return _said(kind, name, title if any("{title}" in text for text in known[name].values()) else "")


@cache
def _said(kind: str, name: str, title: str) -> Texts:
    return Texts({language: text.replace("{title}", title) for language, text in phrases()[kind][name].items()})
