"""Documents on which every address has the same verdict: one stands for all, and they share what is remembered.

A verdict depends on the document's own address in two ways. Relative addresses are resolved against it, which matters where
some rule names addresses on this very host; and hosts of the same domain are first party. So the path counts only as far as a
relative address could lead to such a rule, and the host, where there is no such rule, only by its domain. May import the
policy's index and the wire's origins. ``rules`` asks it once for each document.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from ..policy.hosts import HostIndex
from ..wire.origins import HOST_CHARACTERS, registrable_domain
from .model import DocumentFacts, own_address

_STAND_IN: Final = "_"
"""A name of a host or of a folder that nobody's rules name."""
_PARSED: Final = re.compile(r"(?:/(?!\.)[A-Za-z0-9._~-]*)+")
"""A path that the URL parser leaves as it is."""
_REMEMBERED: Final = 1024
"""Hosts; when so many are remembered, all are forgotten. Visitors send whatever they like."""


class Alike:
    """Who stands for whom, under one policy. Thread-safe; immutable but for the hosts that it remembers."""

    def __init__(self, index: HostIndex, first_party: Sequence[str]) -> None:
        self._index = index
        self._first_party = tuple(first_party)
        self._hosts: dict[str, tuple[str, frozenset[str] | None]] = {}

    def stand_in(self, document: DocumentFacts) -> DocumentFacts:
        """Return the document that stands for this one and for all that are alike."""
        known = self._hosts.get(document.host)
        if known is None:
            known = self._host(document.host)
            if len(document.host) <= HOST_CHARACTERS:
                if len(self._hosts) >= _REMEMBERED:
                    self._hosts.clear()
                self._hosts[document.host] = known
        host, heads = known
        path = "/"
        if heads is not None:
            plain = _PARSED.fullmatch(document.path) is not None
            path = _path(document.path if plain else own_address(document).pathname, heads)
        return DocumentFacts(document.scheme, host, path, "", document.syntax, document.charset)

    def _host(self, field: str) -> tuple[str, frozenset[str] | None]:
        """Return what stands for a Host field, and how the paths of rules begin that may name addresses there."""
        host = own_address(DocumentFacts("https", field)).hostname.rstrip(".")
        heads = self._index.own_heads(host)
        return (self._sibling(host) if heads is None else "") or field.lower(), heads

    def _sibling(self, host: str) -> str:
        """Return a host of the same domain that no rule names; empty where there is none that is certain to be alike."""
        if self._first_party:
            domain = next((one for one in self._first_party if host == one or host.endswith(f".{one}")), None)
        else:
            domain = registrable_domain(host)
        if domain is None:
            return ""
        other = f"{_STAND_IN}.{domain}"
        return other if self._index.own_heads(other) is None else ""


def _path(path: str, heads: frozenset[str]) -> str:
    """Return a path of as many folders, from which every relative address leads to the rules to which it leads from ``path``.

    An address that climbs all the way up is then the same; one that does not keeps the path's first segment, which begins no
    rule. Where it does begin one, or may once it is decoded, the path stands for itself.
    """
    head, *further = path[1:].split("/")
    if "%" in head or head in heads or (not head and further):
        return path
    folder = _STAND_IN
    while folder in heads:
        folder += _STAND_IN
    return "/" + f"{folder}/" * len(further)
