"""The catalogue: what is known of common trackers and embeds, one TOML file per service in ``catalogue/GROUP/``.

May import the policy's readers. The loader calls it for every ``[[services]]`` entry; tools may list it. A service that is
asked for by its name costs one small file; only the whole list makes it parse all of them, once. ``docs/catalogue.md`` tells
what an entry holds. Rules of the data: hosts are scoped to a path where a host serves several purposes; cookies are only those
that the service sets on the site's own domain, never under a name that another tool could use as well (DESIGN §4).
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, cached_property, lru_cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from types import MappingProxyType
from typing import Final

from ..errors import PolicyError
from .faults import FaultList
from .model import Service
from .phrases import in_words
from .services import SERVICE_KEYS, read_service
from .tables import Table

_NOT_OF_A_POLICY: Final = ("aliases", "self_hosted", "sources")
_SOURCES: Final = re.compile(r"^sources = \[[^\]]*\]\s*\Z", re.M)
_EVERY_POLICY_GIVES: Final = ("id", *_NOT_OF_A_POLICY)


@dataclass(frozen=True)
class CatalogueEntry:
    """One known service."""

    id: str
    group: str
    """What kind of tool it is, as ``advertising`` or ``video``: the folder that its file lies in."""
    aliases: tuple[str, ...]
    """Other ids by which a policy may call it."""
    facts: Mapping[str, object]
    """The keys of a ``[[services]]`` entry, with its texts written out."""
    self_hosted: bool = False
    """Sites run it on a host of their own: its vendor ships the software, or it is nothing else."""
    sources_text: str = ""
    """The sources as the file writes them. Nobody asks for them at a start, and they are a third of what there is to parse."""

    @cached_property
    def sources(self) -> tuple[str, ...]:
        """Where the facts are from. Raises PolicyError for a file with faults."""
        faults = FaultList()
        table = Table(tomllib.loads(self.sources_text), "", faults, ("sources",))
        sources = tuple(source for _, source in table.strings("sources"))
        if faults:
            raise PolicyError(faults.in_order_of(table.value), f"{self.group}/{self.id}.toml")
        return sources

    @cached_property
    def service(self) -> Service:
        """The service with the catalogue's own category. Raises PolicyError for a file with faults."""
        faults = FaultList()
        service = read_service(Table({"id": self.id, **self.facts}, "", faults, SERVICE_KEYS))
        if faults:
            raise PolicyError(faults.in_order_of(self.facts), f"{self.group}/{self.id}.toml")
        return service


@lru_cache(maxsize=1)
def catalogue() -> Mapping[str, CatalogueEntry]:
    """Return every known service by its id, in alphabetical order."""
    return MappingProxyType({id: _entry(id) for id in _files()})


def find(id: str) -> CatalogueEntry | None:
    """Return the known service of this id or alias, or None."""
    return _entry(id) if id in _files() else _by_alias(id)


@lru_cache(maxsize=256)
def _by_alias(alias: str) -> CatalogueEntry | None:
    """Only files that hold the alias in quotes are parsed: reading them all as text is fast."""
    quoted = f'"{alias}"'
    for id, (_, file) in _files().items():
        if quoted in file.read_text(encoding="utf-8") and alias in _entry(id).aliases:
            return _entry(id)
    return None


def names() -> tuple[str, ...]:
    """Return every id and alias, for telling which one was meant."""
    return tuple(name for entry in catalogue().values() for name in (entry.id, *entry.aliases))


@lru_cache(maxsize=1)
def _files() -> Mapping[str, tuple[str, Traversable]]:
    """Return the group and the file of each service, by its id."""
    found = {
        file.name.removesuffix(".toml"): (folder.name, file)
        for folder in files(__package__).joinpath("catalogue").iterdir()
        if folder.is_dir()
        for file in folder.iterdir()
        if file.name.endswith(".toml")
    }
    return dict(sorted(found.items()))


@cache
def _entry(id: str) -> CatalogueEntry:
    group, file = _files()[id]
    return read_entry(id, group, file.read_text(encoding="utf-8"))


def read_entry(id: str, group: str, text: str) -> CatalogueEntry:
    """Return the service that the text of the file ``GROUP/ID.toml`` describes. Raises PolicyError, which names that file.

    What only a policy's reader can find wrong (a host rule, a lifetime) is told when ``service`` is asked for, a fault in the
    sources, which stand last, when these are.
    """
    last = _SOURCES.search(text)
    document = tomllib.loads(text[: last.start()] if last else text)
    faults = FaultList()
    table = Table(document, "", faults, (*SERVICE_KEYS, *_NOT_OF_A_POLICY))
    if table.string("id") != id:
        faults.add("id", f"is not the name of the file, {id!r}", "Name the file after the service")
    facts = in_words({key: value for key, value in document.items() if key not in _EVERY_POLICY_GIVES}, faults)
    entry = CatalogueEntry(
        id=id,
        group=group,
        aliases=tuple(alias for _, alias in table.strings("aliases")),
        facts=MappingProxyType(facts),
        self_hosted=table.boolean("self_hosted", False),
        sources_text=last[0] if last else "",
    )
    if faults:
        raise PolicyError(faults.in_order_of(document), f"{group}/{id}.toml")
    return entry
