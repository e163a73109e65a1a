"""Hosts whose owner keeps one name in every country's domain, as ``www.google.fr`` and ``www.google.co.uk``.

A host rule writes them ``www.google.*``. What the ``*`` takes: ``com``, a country's top-level domain, and ``co.`` and ``com.``
below one. May import nothing of the package. The index of host rules and their grammar call it.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Final

# fmt: off
COUNTRIES: Final = frozenset((
    "ac", "ad", "ae", "af", "ag", "ai", "al", "am", "ao", "ar", "as", "at", "au", "aw", "ax", "az", "ba", "bb", "bd",
    "be", "bf", "bg", "bh", "bi", "bj", "bm", "bn", "bo", "br", "bs", "bt", "bw", "by", "bz", "ca", "cc", "cd", "cf",
    "cg", "ch", "ci", "ck", "cl", "cm", "cn", "co", "cr", "cu", "cv", "cw", "cx", "cy", "cz", "de", "dj", "dk", "dm",
    "do", "dz", "ec", "ee", "eg", "er", "es", "et", "eu", "fi", "fj", "fk", "fm", "fo", "fr", "ga", "gd", "ge", "gf",
    "gg", "gh", "gi", "gl", "gm", "gn", "gp", "gq", "gr", "gs", "gt", "gu", "gw", "gy", "hk", "hm", "hn", "hr", "ht",
    "hu", "id", "ie", "il", "im", "in", "io", "iq", "ir", "is", "it", "je", "jm", "jo", "jp", "ke", "kg", "kh", "ki",
    "km", "kn", "kp", "kr", "kw", "ky", "kz", "la", "lb", "lc", "li", "lk", "lr", "ls", "lt", "lu", "lv", "ly", "ma",
    "mc", "md", "me", "mg", "mh", "mk", "ml", "mm", "mn", "mo", "mp", "mq", "mr", "ms", "mt", "mu", "mv", "mw", "mx",
    "my", "mz", "na", "nc", "ne", "nf", "ng", "ni", "nl", "no", "np", "nr", "nu", "nz", "om", "pa", "pe", "pf", "pg",
    "ph", "pk", "pl", "pm", "pn", "pr", "ps", "pt", "pw", "py", "qa", "re", "ro", "rs", "ru", "rw", "sa", "sb", "sc",
    "sd", "se", "sg", "sh", "si", "sk", "sl", "sm", "sn", "so", "sr", "ss", "st", "su", "sv", "sx", "sy", "sz", "tc",
    "td", "tf", "tg", "th", "tj", "tk", "tl", "tm", "tn", "to", "tr", "tt", "tv", "tw", "tz", "ua", "ug", "uk", "us",
    "uy", "uz", "va", "vc", "ve", "vg", "vi", "vn", "vu", "wf", "ws", "ye", "yt", "za", "zm", "zw",
))
# fmt: on
"""The countries' top-level domains in ASCII (IANA root zone, two-letter names in use)."""


def country_form(host: str) -> str | None:
    """Return a host with ``*`` for the country's domain that it ends in, as ``www.google.*``; None where it ends in none or is
    nothing but one.

    ``host`` is lower-case ASCII. ``x.co.uk`` gives ``x.*``, and so does ``x.uk``; ``co.uk`` gives ``co.*``.
    """
    name, dot, last = host.rpartition(".")
    if not dot or (last != "com" and last not in COUNTRIES):
        return None
    head, dot, second = name.rpartition(".")
    if dot and last != "com" and second in ("co", "com"):
        name = head
    return f"{name}.*"


@lru_cache(maxsize=64)
def country_hosts(host: str) -> tuple[str, ...]:
    """Return every host that a rule's host takes: itself, or one under each country's domain."""
    return tuple(_spelled(host[:-1])) if host.endswith(".*") else (host,)


def _spelled(stem: str) -> Iterator[str]:
    yield f"{stem}com"
    for country in sorted(COUNTRIES):
        yield f"{stem}{country}"
        yield f"{stem}co.{country}"
        yield f"{stem}com.{country}"
