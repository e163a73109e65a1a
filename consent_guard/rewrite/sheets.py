"""A style sheet of its own, rewritten whole: each address in it is judged as in a ``style`` element, against the sheet's own.

May import the decisions, css and the encodings. The engine makes one per sheet.
"""

from __future__ import annotations

import re
from typing import Final

from ..findings import FindingKind
from ..limits import STYLE_SHEET_BYTES
from .css.urls import INERT
from .decide.compiled_policy import CompiledPolicy
from .decide.styles import gated
from .decide.urls import UrlPolicy
from .encoding.decode import Charset
from .encoding.sniff import sheet_encodings
from .model import DocumentFacts, Sink, silent

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

    def close(self) -> bytes:
        """Return the whole sheet as this visitor may have it; empty where nothing is to change, or it was too long."""
        body = given = bytes(self._held)
        self._held.clear()
        for encoding in sheet_encodings(body, self._label):
            body = self._rewritten(body, encoding)
        return b"" if body is given else body

    def _rewritten(self, body: bytes, encoding: str) -> bytes:
        """Return the sheet as it may leave for a browser that takes it to be in this encoding; the same object where it may as
        it is."""
        charset = Charset.known(encoding)
        data = charset.decode(body) + charset.finish()
        shape = charset.mask(data, True)
        view, relative = self._view, self._view.relative
        if not relative and not may_lead_elsewhere(shape, view):
            return body
        pieces: list[bytes] = []
        at = 0
        for one in self._policy.style(data, shape, charset.text, encoding, relative=relative):
            self.personal = self.personal or any(verdict.enforced for verdict in gated(self._strictest, one.targets))
            said = gated(view, one.targets)
            for verdict in said:
                self._told(verdict.finding(FindingKind.STYLE, WHERE))
            if any(verdict.enforced for verdict in said):
                pieces += (data[at : one.start], INERT)
                at = one.end
        return charset.encode_pieces((*pieces, data[at:])) if pieces else body


def may_lead_elsewhere(shape: bytes, view: UrlPolicy) -> bool:
    """Tell whether an address in a sheet may lead to another host, or tell a self-hosted service: the question before all that
    costs more. Nothing in a comment or a rule is told apart, and no host is looked at."""
    if _ESCAPED.search(shape) is not None:
        return True
    text = shape.translate(None, b"\\\t\n\r\f")
    lowered = text.lower()
    if any(sign in lowered for sign in _ELSEWHERE):
        return True
    anywhere = view.book.anywhere
    return bool(anywhere) and (_PERCENT.search(text) is not None or anywhere.may_stand_in(text.decode("latin-1")))
