"""A document's body as it streams: decoded, rewritten, coded again; and what goes out where that cannot be done.

May import limits, the wire layer's codings and the engine's sniffing. The response side makes one per response; the transport
feeds it.

After any fault nothing more comes out: the transport breaks the response off, and raw bytes never go out instead (DESIGN §6,
R9).
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from typing import Final, TypeVar

from ..errors import ExchangeStateError, RewriteError
from ..limits import WHOLE_BODY_BYTES
from ..wire.codings import ContentDecoder, ContentEncoder
from ..wire.messages import BodyRewriter, SteppedBody
from .bodies import BodyKind
from .sniffing import Sniffed, sniff

logger: Final = logging.getLogger("consent_guard")

_T = TypeVar("_T")
_HELD_WHILE_SNIFFING: Final = 64 * 1024
"""Coded bytes; what unfolds to no document's beginning within so many is not worth waiting for."""


class FilteredBody:
    """One body on its way out. ``feed`` and ``close`` raise RewriteError, once and for ever, where it cannot be filtered."""

    __slots__ = (
        "_begin",
        "_broken",
        "_closed",
        "_decoder",
        "_encoder",
        "_head",
        "_make",
        "_passing",
        "_raw",
        "_rewriter",
        "_tell_broken",
    )

    def __init__(
        self,
        kind: BodyKind,
        coding: bytes,
        make: Callable[[BodyKind], BodyRewriter],
        begin: Callable[[], None],
        broken: Callable[[], None] = lambda: None,
    ) -> None:
        """``make`` gives the rewriter for HTML or XML. ``begin`` is called before any byte, ``broken`` at a fault."""
        self._make = make
        self._tell_broken = broken
        self._begin = begin
        self._decoder = ContentDecoder(coding) if coding else None
        self._encoder = ContentEncoder(coding) if coding else None
        self._rewriter = None if kind is BodyKind.SNIFFED else make(kind)
        self._head = b""
        self._raw: list[bytes] = []
        self._passing = False
        self._closed = False
        self._broken = False

    def feed(self, data: bytes) -> bytes:
        """Return what may leave of the body after these bytes of it."""
        self._check()
        if not data:
            return b""
        self._begin()
        return data if self._passing else self._guarded(lambda: self._through(data))

    def steps(self) -> Iterator[None]:
        """Do the work of ``close`` in pieces, where the rewriter has such."""
        self._check()
        if isinstance(self._rewriter, SteppedBody):
            steps = self._rewriter.steps()
            while self._guarded(lambda: next(steps, False)) is None:
                yield

    def close(self) -> bytes:
        """Return what is still held, at the end of the body."""
        self._check()
        self._closed = True
        return b"" if self._passing else self._guarded(self._end)

    def _through(self, data: bytes) -> bytes:
        if self._rewriter is None:
            self._raw.append(data)
        if self._decoder is None:
            return self._step(data)
        out: list[bytes] = []
        for piece in self._decoder.pieces(data):  # one by one, so that what unfolds is never held whole
            out.append(self._step(piece))
            if self._passing:
                break
        if sum(map(len, self._raw)) > _HELD_WHILE_SNIFFING:
            raise RewriteError("a body without a Content-Type unfolds to nothing that tells its type")
        return b"".join(out)

    def _step(self, plain: bytes) -> bytes:
        if self._rewriter is not None:
            return self._coded(self._rewriter.feed(plain))
        self._head += plain
        verdict = sniff(self._head)
        if verdict is not Sniffed.UNDECIDED:
            return self._settled(verdict)
        return b""

    def _settled(self, verdict: Sniffed) -> bytes:
        """Go on with what the first bytes were found to be; what is no document leaves as it came."""
        head, raw = self._head, b"".join(self._raw)
        self._head, self._raw = b"", []
        if verdict is Sniffed.OTHER:
            self._passing = True
            return raw
        self._rewriter = self._make(BodyKind.HTML if verdict is Sniffed.HTML else BodyKind.XML)
        return self._coded(self._rewriter.feed(head))

    def _end(self) -> bytes:
        if self._decoder is not None:
            self._decoder.close()
        out = b"" if self._rewriter is not None else self._settled(sniff(self._head, final=True))
        if self._rewriter is not None:
            out += self._coded(self._rewriter.close())
            out += self._encoder.close() if self._encoder is not None else b""
        return out

    def _coded(self, plain: bytes) -> bytes:
        return self._encoder.feed(plain) if self._encoder is not None and plain else plain

    def _check(self) -> None:
        if self._broken:
            raise RewriteError("this body was broken off already")
        if self._closed:
            raise ExchangeStateError("this body was closed already")

    def _guarded(self, step: Callable[[], _T]) -> _T:
        """Do one step; a fault in it ends the body for ever, and is told as a RewriteError with its cause."""
        self._broken = True
        try:
            out = step()
        except RewriteError:
            self._tell_broken()
            raise
        except Exception as fault:
            self._tell_broken()
            raise RewriteError(f"a fault while filtering a body: {type(fault).__name__}") from fault
        self._broken = False
        return out


class ReadTwice:
    """A body that is read a second time along with the first, by a stricter rewriter: would it leave as it came from that too?

    What leaves is the first one's. The second reads in the same pieces, so that a long body keeps nobody waiting for both, and
    stops where the answer is known, or past the length that the answer is asked for.
    """

    __slots__ = ("_count", "_expected", "_fits", "_rewriter", "_strictest", "same")

    def __init__(self, rewriter: BodyRewriter, strictest: BodyRewriter, fits: Callable[[bytes], bool]) -> None:
        """``fits`` tells by the first piece whether the answer is worth having."""
        self._rewriter = rewriter
        self._strictest = strictest
        self._fits = fits
        self._count = 0
        self._expected = bytearray()
        self.same = True

    def feed(self, data: bytes) -> bytes:
        out = self._rewriter.feed(data)
        if self.same:
            self.same = bool(self._count) or self._fits(data)
            self._count += len(data)
        if self.same and self._count <= WHOLE_BODY_BYTES:
            self._expected += data
            self._compare(self._strictest.feed(data))
        else:
            self.same = False
        return out

    def close(self) -> bytes:
        out = self._rewriter.close()
        if self.same:
            self._compare(self._strictest.close())
            self.same = self.same and not self._expected
        return out

    def _compare(self, out: bytes) -> None:
        self.same = self._expected.startswith(out)
        del self._expected[: len(out)]


class ObservedBody:
    """A body of which nothing is changed: ``enforcement = "report"``. A fault ends the observation, not the response."""

    __slots__ = ("_body",)

    def __init__(self, body: BodyRewriter) -> None:
        self._body: BodyRewriter | None = body

    def feed(self, data: bytes) -> bytes:
        self._observe(lambda body: body.feed(data))
        return data

    def steps(self) -> Iterator[None]:
        try:
            if isinstance(self._body, SteppedBody):
                yield from self._body.steps()
        except RewriteError:
            self._give_up()

    def close(self) -> bytes:
        self._observe(lambda body: body.close())
        return b""

    def _observe(self, step: Callable[[BodyRewriter], bytes]) -> None:
        if self._body is None:
            return
        try:
            step(self._body)
        except RewriteError:
            self._give_up()

    def _give_up(self) -> None:
        logger.exception("a body could not be looked through to its end; it leaves untouched, as all do in report mode")
        self._body = None


class RefusedBody:
    """The body of our 500 or 416: nothing of the app's, then our own few words (L24c)."""

    __slots__ = ("_words",)

    def __init__(self, words: bytes) -> None:
        self._words = words

    def feed(self, data: bytes) -> bytes:
        return b""

    def close(self) -> bytes:
        return self._words
