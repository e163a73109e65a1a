"""A site's own wording of our sentences: ``[texts.LANGUAGE]`` of the policy.

A key is that of ``locales/en.toml``, as ``banner.accept``; one without a dot is a sentence of the banner, and changes the
preferences' button of that name with it. May import policy, errors and the languages. Called by the surface.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from string import Formatter

from ..errors import Fault, PolicyError
from ..policy.faults import guess
from ..policy.model import Policy
from .languages import FALLBACK, Locale, locale


def check_own_texts(policy: Policy) -> None:
    """Raise PolicyError with every fault of ``[texts]``: a language that the policy does not speak, a key that we do not know,
    a hole like ``{service}`` that is missing or is none."""
    faults = tuple(_faults(policy)) if policy.texts else ()
    if faults:
        raise PolicyError(faults, "texts")


def with_own_texts(words: Locale, policy: Policy, language: str) -> Locale:
    """Return our sentences with the site's own in their places."""
    own = policy.texts.get(language) or policy.texts.get(language.partition("-")[0])
    if not own:
        return words
    return replace(words, messages={**words.messages, **{key: text for name, text in own.items() for key in _keys(name)}})


def _keys(name: str) -> tuple[str, ...]:
    known = locale(FALLBACK).messages
    if "." in name:
        return (name,)
    return tuple(key for key in (f"banner.{name}", f"preferences.{name}") if key in known and _same(key, f"banner.{name}"))


def _same(key: str, other: str) -> bool:
    known = locale(FALLBACK).messages
    return known.get(key) == known.get(other)


def _faults(policy: Policy) -> Iterator[Fault]:
    known = locale(FALLBACK).messages
    for language, texts in policy.texts.items():
        if language not in policy.languages:
            mend = guess(language, policy.languages, "Its languages")
            yield Fault(f"texts.{language}", "is not a language of this policy", mend)
        for name, text in texts.items():
            at = f"texts.{language}.{name}"
            keys = [key for key in _keys(name) if key in known]
            if not keys:
                yield Fault(at, "is none of our sentences", guess(name, sorted(known), "Our sentences are in locales/en.toml"))
                continue
            wanted, given = _holes(known[keys[0]]), _holes(text)
            if given is None or given != wanted:
                holes = ", ".join(f"{{{hole}}}" for hole in sorted(wanted or ())) or "none"
                yield Fault(at, "does not hold what is filled in", f"Keep, once and spelt so: {holes}")


def _holes(text: str) -> set[str] | None:
    try:
        found = [name for _, name, _, _ in Formatter().parse(text) if name is not None]
    except ValueError:
        return None
    return set(found) if len(set(found)) == len(found) else None
