"""The plain values that cross the sans-IO line: what a transport hands in, and what it gets back.

Headers are sequences of byte pairs, in order, duplicates kept; Set-Cookie is never joined or split (H01). May import nothing
above the wire layer.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol, runtime_checkable

if TYPE_CHECKING:
    from ..consent.receipt import Receipt

Header = tuple[bytes, bytes]
Headers = Sequence[Header]


@dataclass(frozen=True, slots=True)
class RequestFacts:
    """All that the engine needs to know of a request.

    ``method``: as it came, as ``GET``.
    ``scheme``: ``http`` or ``https``, as the browser sees it: the server or framework must have settled forwarded headers.
    ``host``: the Host field's value, port included.
    ``path``: the path below ``root_path``, percent-decoded, as WSGI's PATH_INFO and ASGI's ``path`` without ``root_path``.
    ``headers``: the field lines in their order, duplicates kept.
    ``root_path``: where the app is mounted, without a slash at the end; empty: at the top.
    ``query``: the query as it came, without ``?``.
    ``now``: Unix seconds.
    """

    method: str
    scheme: str
    host: str
    path: str
    headers: tuple[Header, ...] = ()
    root_path: str = ""
    query: bytes = b""
    now: float = 0.0


@dataclass(frozen=True, slots=True)
class LedgerWish:
    """What an answer of ours needs from the ledger, which only the transport may read.

    ``receipt_id``: the visitor's own receipt; None: the public key that verifies receipts.
    """

    receipt_id: str | None


@dataclass(frozen=True, slots=True)
class StateWish:
    """What an answer of ours needs besides: how the ledger does, which only the transport knows."""


@dataclass(frozen=True, slots=True)
class LedgerState:
    """How a ledger does, as one process sees it.

    ``reachable``: it has answered a question, within the last seconds.
    ``storing``: no receipt has failed lately.
    ``spooled``: receipts of this process that wait for the ledger.
    ``stored``: receipts that this process has stored.
    ``failures``: attempts of this process to store something that failed.
    """

    reachable: bool
    storing: bool
    spooled: int
    stored: int
    failures: int


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer of one of our own endpoints, whole.

    ``status``: the HTTP status code.
    ``headers``: the field lines, Content-Length included.
    ``body``: the whole body.
    ``receipt``: proof of the choice that this answer records; None where nothing was chosen.
    ``wish``: what a ledger holds, or how it does, where there is one: then ``Exchange.found`` or ``Exchange.with_state`` makes
    the answer, else this one is it.
    """

    status: int
    headers: tuple[Header, ...]
    body: bytes
    receipt: Receipt | None = None
    wish: LedgerWish | StateWish | None = None


class BodyRewriter(Protocol):
    """A body as it streams. Feeding returns the bytes that may leave now (often fewer, sometimes none)."""

    def feed(self, data: bytes) -> bytes: ...

    def close(self) -> bytes: ...


@runtime_checkable
class SteppedBody(BodyRewriter, Protocol):
    """A body that is held to its end, where all the work waits."""

    def steps(self) -> Iterator[None]:
        """Do the work of ``close`` in small pieces. It may be left out, or left in the midst: ``close`` does what is left."""
        ...


class Spent:
    """What follows a body of the length that the app stated: no server would send it."""

    def feed(self, data: bytes) -> bytes:
        return b""

    def close(self) -> bytes:
        return b""


@dataclass(frozen=True, slots=True)
class ResponsePlan:
    """What leaves in place of the app's response head, and what its body must go through.

    ``status``: the HTTP status code.
    ``headers``: the field lines that leave.
    ``rewriter``: None: hand on the app's own body object, untouched.
    ``settle``: what leaves where the whole body was at hand before the head left: from the body as it came, and as the rewriter
    made it, the final head, with its length, and the final body. None: the head is final as it is.
    ``held``: the head may wait until the rewriter gives its first bytes, or the body ends: ``settle`` then makes it, of nothing
    and of what the rewriter gave so far. Where it does not wait, ``headers`` are right as well.
    ``not_modified``: once ``settle`` has spoken, the head of a 304 that may leave in place of all that, for the client has this
    very version; else None.
    ``bodiless``: the response has no body (HEAD, 204, 205, 304): what the app gives for one is closed, and stays here.
    """

    status: int
    headers: list[Header] = field(default_factory=list)
    rewriter: BodyRewriter | None = None
    settle: Callable[[bytes, bytes], tuple[list[Header], bytes]] | None = None
    bodiless: bool = False
    held: bool = False
    not_modified: Callable[[], list[Header] | None] | None = None

    def whole(self, body: bytes) -> tuple[list[Header], bytes]:
        """Return head and body of a response whose whole body is at hand (at most ``limits.WHOLE_BODY_BYTES``), in place of
        feeding it. Raises RewriteError."""
        if self.rewriter is None:
            return self.headers, body
        rewritten = self.rewriter.feed(body) + self.rewriter.close()
        return (self.headers, rewritten) if self.settle is None else self.settle(body, rewritten)

    def at_once(self, body: bytes) -> tuple[int, list[Header], bytes]:
        """Return the same with its status, and a 304 where the client has this very version. Raises RewriteError."""
        if self.rewriter is None:
            return self.status, self.headers, body
        return self.settled(body, self.rewriter.feed(body) + self.rewriter.close())

    def settled(self, body: bytes, rewritten: bytes) -> tuple[int, list[Header], bytes]:
        """Return the status, head and body of what leaves where ``settle`` says it."""
        headers, out = (self.headers, rewritten) if self.settle is None else self.settle(body, rewritten)
        unmodified = self.not_modified() if self.not_modified is not None else None
        return (self.status, headers, out) if unmodified is None else (304, unmodified, b"")
