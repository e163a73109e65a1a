"""The legal regimes that a policy may name: what each sets by default, and what `consent-guard check` says under it.

A regime never switches anything off, and claims nothing: whether a site obeys a law is for its operator to judge. May import
nothing but the standard library. The loader takes the default, ``advice`` the notes. Source: L55, L60 to L65.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final


@dataclass(frozen=True, slots=True)
class Regime:
    """One regime."""

    id: str
    title: str
    gpc: bool = False
    """The default of ``gpc`` for every category that is not necessary (L64)."""
    audience_exempt: str = ""
    """Why audience measurement may not be exempt from consent; empty: it may, under the regime's conditions (L55)."""
    exempt: str = ""
    """Why nothing may be on until refused; empty: some purposes may (L63)."""
    months_min: int = 0
    """A choice should hold so many calendar months before the visitor is asked again."""
    months_source: str = ""
    sources: tuple[str, ...] = ()


_REGIMES: Final = (
    Regime("fr", "France"),
    Regime(
        "eu",
        "European Union",
        audience_exempt="the exemption of audience measurement is French; Belgium has none, Spain and Ireland ask for consent",
        sources=("L55",),
    ),
    Regime(
        "de",
        "Germany",
        audience_exempt="TDDDG section 25 knows two exemptions only, and audience measurement is not one of them",
        sources=("L61", "L55"),
    ),
    Regime(
        "it",
        "Italy",
        audience_exempt="the exemption audience_fr is French; the Garante sets its own conditions for analytics",
        months_min=6,
        months_source="L62",
        sources=("L55", "L62"),
    ),
    Regime("uk", "United Kingdom", sources=("L60",)),
    Regime("us-ca", "California", gpc=True, months_min=12, months_source="L65", sources=("L64", "L65")),
    Regime(
        "qc",
        "Quebec",
        exempt="what identifies, locates or profiles a person is off until that person activates it",
        sources=("L63",),
    ),
)
REGIMES: Final[Mapping[str, Regime]] = MappingProxyType({regime.id: regime for regime in _REGIMES})
