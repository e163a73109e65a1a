"""The plain values that cross the sans-IO line: what a transport hands in, and what it gets back.

Headers are sequences of byte pairs, in order, duplicates kept; Set-Cookie is never joined or split (H01). May import nothing
above the wire layer.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from ..consent.receipt import Receipt

Header = tuple[bytes, bytes]
Headers = Sequence[Header]


@dataclass(frozen=True, slots=True)
class RequestFacts:
    """All that the engine needs to know of a request."""

    method: str
    scheme: str
    """``http`` or ``https``, as the browser sees it: the server or framework must have settled forwarded headers."""
    host: str
    """The Host field's value, port included."""
    path: str
    """The path below ``root_path``, percent-decoded, as WSGI's PATH_INFO and ASGI's ``path`` without ``root_path``."""
    headers: tuple[Header, ...] = ()
    root_path: str = ""
    query: bytes = b""
    now: float = 0.0
    """Unix seconds."""


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer of one of our own endpoints, whole."""

    status: int
    headers: tuple[Header, ...]
    body: bytes
    receipt: Receipt | None = None
    """Proof of the choice that this answer records; None where nothing was chosen."""


class BodyRewriter(Protocol):
    """A body as it streams. Feeding returns the bytes that may leave now (often fewer, sometimes none)."""

    def feed(self, data: bytes) -> bytes: ...

    def close(self) -> bytes: ...


@dataclass(frozen=True, slots=True)
class ResponsePlan:
    """What leaves in place of the app's response head, and what its body must go through."""

    status: int
    headers: list[Header] = field(default_factory=list)
    rewriter: BodyRewriter | None = None
    """None: hand on the app's own body object, untouched."""
