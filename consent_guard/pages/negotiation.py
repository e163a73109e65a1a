"""Which language a page is shown in: tags compared as RFC 4647 and RFC 9110 have it, with the few facts that tags do not say.

May import nothing of the package. Called by the surface, by the locales and by what looks for missing texts. No input of a
visitor or of a page can make it raise.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

_ACCEPT_LANGUAGE_BYTES: Final = 1024
"""More of the field than this is not read; browsers send fewer than a dozen languages."""
_QUALITY: Final = re.compile(r"q=(0(?:\.[0-9]{0,3})?|1(?:\.0{0,3})?)", re.ASCII | re.IGNORECASE)
_TAG: Final = re.compile(r"[a-z]{1,8}(?:-[a-z0-9]{1,8}){0,8}", re.ASCII | re.IGNORECASE)

_RIGHT_TO_LEFT: Final = frozenset(
    {"ar", "arc", "ckb", "dv", "fa", "he", "iw", "ks", "nqo", "ps", "sd", "syr", "ug", "ur", "yi"}
)
_RIGHT_TO_LEFT_SCRIPTS: Final = frozenset({"adlm", "arab", "hebr", "nkoo", "rohg", "syrc", "thaa"})

_KIN: Final[Mapping[str, tuple[str, ...]]] = {
    "no": ("nb", "nn"),
    "nb": ("no", "nn"),
    "nn": ("no", "nb"),
    "mo": ("ro",),
    "iw": ("he",),
    "he": ("iw",),
}
"""Tags whose readers read one another's: the Norwegian languages, and old names of a language."""
_USUAL_SCRIPT: Final[Mapping[str, str]] = {
    "zh": "hans",
    "zh-hk": "hant",
    "zh-mo": "hant",
    "zh-tw": "hant",
    "sr": "cyrl",
    "az": "latn",
    "uz": "latn",
    "mn": "cyrl",
    "pa": "guru",
    "pa-pk": "arab",
}
"""The script of a tag that names none, for the languages with readers who read only one of two (CLDR, likely subtags)."""


def same_language(one: str, other: str) -> bool:
    """Return whether two tags name the same primary language, as ``fr`` and ``fr-CA`` do."""
    return _primary(one) == _primary(other)


def best(wanted: str, offered: Sequence[str]) -> str | None:
    """Return the offered tag that serves a wanted one: the same, a wider one (RFC 4647 §3.4), a sibling of the same primary
    language, or one of its kin (``nn`` by ``nb``). One in another script serves nobody: ``zh-Hant`` is not served by ``zh``.

    Case and ``_`` do not matter. None where nothing serves; never raises.
    """
    range_ = wanted.strip().replace("_", "-").lower()
    if not _TAG.fullmatch(range_):
        return None
    script = _script(range_)
    readable = {_normal(tag): tag for tag in reversed(offered) if _script(_normal(tag)) == script or _normal(tag) == range_}
    for candidate in _widening(range_):
        if candidate in readable:
            return readable[candidate]
    for primary in (_primary(range_), *_KIN.get(_primary(range_), ())):
        found = next((readable[tag] for tag in map(_normal, offered) if tag in readable and _primary(tag) == primary), None)
        if found is not None:
            return found
    return None


def negotiate(page_language: str | None, accept_language: bytes, offered: Sequence[str]) -> str:
    """Return the offered language for a page: the page's own, then the visitor's Accept-Language, then the first (DESIGN §9).

    One of quality zero is taken only where nothing else is offered (RFC 9110 §12.5.4). What cannot be read does not count.
    """
    if page_language and (found := best(page_language[:64], offered)) is not None:
        return found
    wanted, refused = _accepted(accept_language)
    for range_ in wanted:
        if range_ == "*":
            break
        if (found := best(range_, offered)) is not None:
            return found
    return next((tag for tag in offered if not refused.intersection(_widening(_normal(tag)))), offered[0])


def direction(language: str) -> str:
    """Return ``rtl`` or ``ltr``, as the ``dir`` attribute writes it."""
    script = _script(_normal(language))
    if script:
        return "rtl" if script in _RIGHT_TO_LEFT_SCRIPTS else "ltr"
    return "rtl" if _primary(language) in _RIGHT_TO_LEFT else "ltr"


def _normal(tag: str) -> str:
    return tag.replace("_", "-").lower()


def _primary(tag: str) -> str:
    return _normal(tag).partition("-")[0]


def _widening(tag: str) -> Iterator[str]:
    """Yield the tag, and then what is left of it as its last subtag is cut off, again and again."""
    while tag:
        yield tag
        tag = tag.rpartition("-")[0]


def _script(tag: str) -> str:
    """Return the script that a normal tag names or, where it matters, implies; else nothing."""
    named = next((subtag for subtag in tag.split("-")[1:] if len(subtag) == 4 and subtag.isalpha()), "")
    return named or next((_USUAL_SCRIPT[part] for part in _widening(tag) if part in _USUAL_SCRIPT), "")


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
