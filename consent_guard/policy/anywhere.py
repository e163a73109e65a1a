"""Which self-hosted service is this? Told by what it carries wherever it lives.

Matomo, PostHog, a tag manager behind a site's own address and the like have no host of their own; what they load is called the
same everywhere. Built once per policy, then read by many threads. May import the policy's values and how rules are compared.
Asked for addresses that no host rule names; a host rule always decides first. The rewriter's urls ask for every address of a
page, so nearly all are turned away by how they end (``may_tell``).
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from typing import Final, NamedTuple
from urllib.parse import unquote

from .hosts import comparable_path, comparable_query, query_covers
from .model import Service, Trait

_NOTHING: Final[frozenset[str]] = frozenset()
_PLAIN_PATH: Final = re.compile(rb"[^?#&%\\\x00-\x20]*+")
"""What of an address, as an attribute spells it, is its path or what stands before, and as it seems."""
_PATH: Final = re.compile(r"[^?#]*+")
_REMOVED: Final = str.maketrans({"\t": None, "\n": None, "\r": None, "\\": "/"})
"""What the URL parser leaves out of an address, and what it takes for a slash."""
_ENDING: Final = 3
"""So many last bytes of a path are compared first."""


class TraitMatch(NamedTuple):
    """The trait that decides."""

    service: str
    category: str
    trait: Trait


class _Held(NamedTuple):
    match: TraitMatch
    file: re.Pattern[str]
    """The last segment of an address's path."""
    path: re.Pattern[str]
    """The end of an address's path."""
    parameter: str
    """The name of its query's parameter, with ``=``."""


class AnywhereIndex:
    """All traits of a policy's services, ready to be asked. Immutable and thread-safe."""

    __slots__ = ("_ends", "_files", "_folders", "_heads", "_starred", "attributes", "matches")

    def __init__(self, services: Iterable[Service]) -> None:
        every = tuple(_held(service, trait) for service in services for trait in service.anywhere)
        files: dict[str, list[_Held]] = {}
        for held in every:
            files.setdefault(held.match.trait.path.rpartition("/")[2], []).append(held)
        self.matches = tuple(held.match for held in every)
        """All traits, as the policy orders them."""
        self.attributes = frozenset(match.trait.attribute.encode("ascii") for match in self.matches if match.trait.attribute)
        """The attributes that may have to stand beside an address."""
        self._starred = tuple(held for file, among in files.items() if "*" in file for held in among)
        self._heads = tuple(file.partition("*")[0] for file in files if "*" in file)
        self._files: Mapping[str, tuple[_Held, ...]] = {file: tuple(held) for file, held in files.items() if "*" not in file}
        self._folders = frozenset(folder for match in self.matches for folder in match.trait.path.split("/")[:-1])
        # Most addresses end like none of them: one look-up turns those away. Empty: some trait may end in any way.
        ends = {file.rpartition("*")[2].encode("ascii")[-_ENDING:] for file in files}
        self._ends = frozenset(ends) if all(len(end) == _ENDING for end in ends) else frozenset()

    def __bool__(self) -> bool:
        """Whether an address can tell anything at all."""
        return bool(self._files or self._starred)

    def may_tell(self, value: bytes) -> bool:
        """Tell whether an address, as an attribute spells it, may tell a service: by how it ends, or because it is spelled so
        that its text has to be read."""
        end = _PLAIN_PATH.match(value).end()  # type: ignore[union-attr]
        if value[end : end + 1] not in (b"", b"?", b"#"):
            return True
        if self._ends and value[end - _ENDING : end] not in self._ends:
            return False
        return bool(self._ending(value[:end].decode("latin-1")))

    def may_stand_in(self, text: str) -> bool:
        """Tell whether an address that tells a service may stand in a text, spelled plainly."""
        return any(name in text for name in self._files) or any(head in text for head in self._heads)

    def beside(self, text: str) -> frozenset[str] | None:
        """Return what may have to stand beside an address so that it tells a service (``Trait.beside``), empty among them where
        nothing has to; None where it tells none. This much is known before it is resolved, since its last segment stays.
        ``text``: as it is spelled, references decoded."""
        path = _PATH.match(text).group().translate(_REMOVED)  # type: ignore[union-attr]
        ending = self._ending(unquote(path) if "%" in path else path)
        return frozenset(held.match.trait.beside for held in ending) if ending else None

    def leads(self, path: str) -> bool:
        """Tell whether a base's path may make a relative address one that tells a service: it has a trait's folder, which dots
        may lead up to, or ends as a trait does."""
        paths = (path, unquote(path))
        return any(not self._folders.isdisjoint(one.split("/")) or self._ending(one) for one in paths)

    def _ending(self, path: str) -> Sequence[_Held]:
        """Return the traits that fit a path's last segment."""
        file = path.rpartition("/")[2]
        found = self._files.get(file, ())
        if file.startswith(self._heads):
            return (*found, *(held for held in self._starred if held.file.match(file)))
        return found

    def of_address(self, path: str, query: str, beside: Container[str] = _NOTHING) -> TraitMatch | None:
        """Return the service that an address tells, or None.

        ``path`` and ``query`` (without ``?``) are as the WHATWG URL parser leaves them; ``beside``: what stands beside it, as
        ``Trait.beside`` names it: its element's attributes, in lower case, and its script's globals.
        """
        path = comparable_path(path)
        for held in self._ending(path):
            trait = held.match.trait
            if (
                held.path.search(path)
                and (not trait.query or query_covers(trait.query, comparable_query(query)))
                and (not trait.beside or trait.beside in beside)
            ):
                return held.match
        return None

    def in_scripts(self, path: str, query: str) -> Iterator[tuple[TraitMatch, str | None]]:
        """Yield the traits of scripts that fit an address in one by its path and the name of its parameter, each with what the
        query lacks of the trait's: its rest where the query ends before it, since that may stand elsewhere in the script; an
        empty string where it is all there; None where another value is told, so that the address tells another service."""
        path = "/" + path
        query = comparable_query(query)
        for held in self._ending(path):
            wanted = held.match.trait.query
            if held.match.trait.global_ and held.path.search(path) and query_covers(held.parameter, query):
                last = query.rpartition("&")[2]
                if query_covers(wanted, query):
                    yield held.match, ""
                elif last.startswith(held.parameter) and wanted.startswith(last):
                    yield held.match, wanted[len(last) :]
                else:
                    yield held.match, None


def _held(service: Service, trait: Trait) -> _Held:
    return _Held(
        TraitMatch(service.id, service.category, trait),
        re.compile(_pattern(trait, trait.path.rpartition("/")[2]) + r"\Z"),
        re.compile(rf"/{_pattern(trait, trait.path)}\Z"),
        trait.query[: trait.query.find("=") + 1],
    )


def _pattern(trait: Trait, path: str) -> str:
    part = "[^/?\"'`\\s]*"
    if not (trait.attribute or trait.global_):
        # Nothing else tells the service: the part must look like an identifier, since a word may be a file of the site's own.
        part = "(?=[a-z_.~-]*[0-9A-Z])" + part
    return re.escape(path).replace(r"\*", part)
