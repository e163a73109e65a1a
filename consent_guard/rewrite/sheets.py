"""A style sheet of its own, rewritten whole: each address in it is judged as in a ``style`` element, against the sheet's own.

May import the decisions, css and the encodings. The engine makes one per sheet.
"""

from __future__ import annotations

import re
from collections.abc import Generator, Iterator
from typing import Final

from ..findings import FindingKind
from ..limits import STYLE_SHEET_BYTES
from .css.urls import INERT
from .decide.compiled_policy import CompiledPolicy
from .decide.styles import Targets, gated
from .decide.urls import UrlPolicy
from .encoding.decode import Charset
from .encoding.sniff import sheet_encodings
from .model import DocumentFacts, Sink, Verdict, silent

WHERE: Final = "style sheet url()"
"""The place of its findings."""
_ELSEWHERE: Final = (b"//", b"http:", b"https:", b"@import")
"""What a sheet holds that names another host, once escapes are read and blanks are gone; an import may hold a sheet as
``data:``."""
_TELLING: Final = rb"2[5fF]|3[aA]|40|5[cC]|[46][1-9A-Fa-f]|[57][0-9aA]|0[9aAdD]"
_ESCAPED: Final = re.compile(rb"\\\\|\\(?:0000(?:" + _TELLING + rb")|(?:0{0,3}(?:" + _TELLING + rb")|[9aAdD])(?![0-9A-Fa-f]))")
"""An escape behind which a letter, a slash, a colon or what the URL parser leaves out may stand. Of any other but those by
number the character itself is left where the backslash is taken away."""
_PERCENT: Final = re.compile(rb"%[0-9A-Fa-f]{2}")
_PIECE_BYTES: Final = 32 * 1024
"""What is decoded, or looked through for a sign, between two pauses."""
_ADDRESSES: Final = 8
"""So many are judged between two pauses."""
_REPEATED: Final = 256
_OVERLAP_BYTES: Final = 1024
"""No sign, and no file name, is longer."""


class SheetRewriter:
    """Holds a sheet up to its end. ``close`` returns it as it may leave, empty where it may leave as it came."""

    def __init__(
        self,
        policy: CompiledPolicy,
        allowed: frozenset[str],
        document: DocumentFacts,
        *,
        everybody: frozenset[str] = frozenset(),
        on_finding: Sink = silent,
    ) -> None:
        """``allowed``: the services that this visitor allows. ``everybody``: those that are allowed for every visitor."""
        self._policy = policy
        self._view = policy.view(allowed, document)
        self._strictest = self._view if allowed == everybody else policy.view(everybody, document)
        self._label = document.charset
        self._told = on_finding
        self._held = bytearray()
        self._work: Iterator[None] | None = None
        self._leaving = b""
        self.too_long = False
        """It is longer than what is held: it leaves as it came."""
        self.personal = False
        """It names something that not every visitor's browser may contact."""

    def feed(self, data: bytes) -> bytes:
        """Take the next bytes of the sheet. Nothing leaves before its end."""
        if not self.too_long:
            self._held += data
            self.too_long = len(self._held) > STYLE_SHEET_BYTES
            if self.too_long:
                self._held.clear()
        return b""

    def steps(self) -> Iterator[None]:
        """Do the work of ``close`` in pieces of a millisecond or two."""
        if self._work is None:
            self._work = self._read()
        return self._work

    def close(self) -> bytes:
        """Return the whole sheet as this visitor may have it; empty where nothing is to change, or it was too long."""
        for _ in self.steps():
            pass
        return self._leaving

    def _read(self) -> Iterator[None]:
        body = given = bytes(self._held)
        self._held.clear()
        for encoding in sheet_encodings(body, self._label):
            body = yield from self._rewritten(body, encoding)
        self._leaving = b"" if body is given else body

    def _rewritten(self, body: bytes, encoding: str) -> Generator[None, None, bytes]:
        """Return the sheet as it may leave for a browser that takes it to be in this encoding; the same object where it may as
        it is."""
        charset = Charset.known(encoding)
        decoded: list[bytes] = []
        masked: list[bytes] = []
        for at in range(0, len(body), _PIECE_BYTES):
            decoded.append(charset.decode(body[at : at + _PIECE_BYTES]))
            masked.append(charset.mask(decoded[-1], False))
            yield
        decoded.append(charset.finish())
        masked.append(charset.mask(decoded[-1], True))
        data, shape = b"".join(decoded), b"".join(masked)
        yield
        view, relative = self._view, self._view.relative
        if not relative and not (yield from leads_elsewhere(shape, view)):
            return body
        pieces: list[bytes] = []
        at = 0
        facts = yield from self._policy.sheet(data, data if data == shape else shape, charset.text, encoding, relative=relative)
        judged: dict[Targets, list[Verdict]] = {}
        for count, one in enumerate(facts):
            said = judged.get(one.targets)
            if said is None:
                said = judged[one.targets] = []
                for first in range(0, len(one.targets), _ADDRESSES):
                    targets = one.targets[first : first + _ADDRESSES]
                    found = gated(view, targets)
                    said += found
                    strictly = found if self._strictest is view else gated(self._strictest, targets)
                    self.personal = self.personal or any(verdict.enforced for verdict in strictly)
                    if len(judged) % _ADDRESSES == 0 or first:
                        yield
            if count % _REPEATED == 0:
                yield
            for verdict in said:
                self._told(verdict.finding(FindingKind.STYLE, WHERE))
            if any(verdict.enforced for verdict in said):
                pieces += (data[at : one.start], INERT)
                at = one.end
        return charset.encode_pieces((*pieces, data[at:])) if pieces else body


def leads_elsewhere(shape: bytes, view: UrlPolicy) -> Generator[None, None, bool]:
    """Tell whether an address in a sheet may lead to another host, or tell a self-hosted service: the question before all that
    costs more. Nothing in a comment or a rule is told apart, and no host is looked at."""
    before = text = b""
    for at in range(0, len(shape), _PIECE_BYTES):
        piece = shape[at : at + _PIECE_BYTES]
        text = text[-_OVERLAP_BYTES:] + piece.translate(None, b"\\\t\n\r\f")
        if _ESCAPED.search(before + piece) is not None or _shows_a_sign(text, view):
            return True
        before = piece[-_OVERLAP_BYTES:]
        yield
    return False


def _shows_a_sign(text: bytes, view: UrlPolicy) -> bool:
    lowered = text.lower()
    if any(sign in lowered for sign in _ELSEWHERE):
        return True
    anywhere = view.book.anywhere
    return bool(anywhere) and (_PERCENT.search(text) is not None or anywhere.may_stand_in(text.decode("latin-1")))
