"""The catalogue: what is known of common trackers and embeds, one TOML file per service in ``catalogue/``.

May import the policy's readers. The loader calls it for every ``[[services]]`` entry; tools may list it. Facts are read once,
on first need. Rules of the data: hosts are scoped to a path where a host serves several purposes; cookies are only those that
the service sets on the site's own domain, never under a name that another tool could use as well (DESIGN §4).
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from types import MappingProxyType
from typing import Final

from ..errors import PolicyError
from .faults import FaultList
from .model import Service
from .services import SERVICE_KEYS, read_service
from .tables import Table

_NOT_OF_A_POLICY: Final = ("aliases", "sources")
_EVERY_POLICY_GIVES: Final = ("id", *_NOT_OF_A_POLICY)


@dataclass(frozen=True, slots=True)
class CatalogueEntry:
    """One known service."""

    service: Service
    """With the catalogue's own category: ``audience``, ``campaigns`` or ``interactivity``."""
    aliases: tuple[str, ...]
    """Other ids by which a policy may call it."""
    sources: tuple[str, ...]
    """Where the facts are from."""
    facts: Mapping[str, object]
    """The keys of a ``[[services]]`` entry, as the file writes them."""

    @property
    def id(self) -> str:
        return self.service.id


@lru_cache(maxsize=1)
def catalogue() -> Mapping[str, CatalogueEntry]:
    """Return every known service by its id, in alphabetical order."""
    folder = files(__package__).joinpath("catalogue")
    read = [_read(file.read_text(encoding="utf-8"), file.name) for file in folder.iterdir() if file.name.endswith(".toml")]
    return MappingProxyType({entry.id: entry for entry in sorted(read, key=lambda entry: entry.id)})


@lru_cache(maxsize=1)
def _by_alias() -> Mapping[str, CatalogueEntry]:
    return {alias: entry for entry in catalogue().values() for alias in entry.aliases}


def find(id: str) -> CatalogueEntry | None:
    """Return the known service of this id or alias, or None."""
    return catalogue().get(id) or _by_alias().get(id)


def _read(text: str, name: str) -> CatalogueEntry:
    document = tomllib.loads(text)
    faults = FaultList()
    table = Table(document, "", faults, (*SERVICE_KEYS, *_NOT_OF_A_POLICY))
    entry = CatalogueEntry(
        service=read_service(table),
        aliases=tuple(alias for _, alias in table.strings("aliases")),
        sources=tuple(source for _, source in table.strings("sources")),
        facts=MappingProxyType({key: value for key, value in document.items() if key not in _EVERY_POLICY_GIVES}),
    )
    if faults:
        raise PolicyError(faults.in_order_of(document), name)
    return entry
