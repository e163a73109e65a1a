"""A response that is a style sheet: held whole before its head leaves, for what it names decides who may store it (DESIGN §6).

A sheet that names nothing gated keeps every byte and header, and its version is remembered; one that does is this visitor's
own.
May import the rewriter, the wire layer and the engine's parts. The response side asks, the request side for conditions.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from ..limits import STYLE_SHEET_BYTES
from ..rewrite.model import DocumentFacts, Sink
from ..rewrite.sheets import SheetRewriter
from ..wire.codings import decodable
from ..wire.etags import tags_in
from ..wire.headers import content_type, first, get_all, is_attachment, list_members, stated_length
from ..wire.messages import Header, Headers, RequestFacts, ResponsePlan
from .bodies import BodyKind, body_kind, has_body, is_nosniff
from .conditional.conditions import Conditions, not_modified_head
from .destinations import Wanted, destination
from .document_heads import personal_head, with_length
from .filtered_body import FilteredBody
from .site import Site
from .visitor import Visitor

TOO_LONG: Final = "style sheet, longer than what is read"
UNREAD: Final = "style sheet, in a coding that cannot be undone"
_OF_NO_VISITOR: Final = frozenset({b"accept-encoding", b"origin"})
"""Request fields that choose how a sheet is sent, and not what stands in it."""


def kind_for(facts: RequestFacts, status: int, headers: Headers) -> BodyKind:
    """Return what a browser makes of a body that it has asked for so. As the sheet of a page it takes one without a type, and
    in quirks mode one of any type (WHATWG HTML 4.6.7.20), unless it is told not to sniff."""
    kind = body_kind(status, headers)
    loose = kind in (BodyKind.SNIFFED, BodyKind.OTHER) and destination(facts.headers) == b"style" and not is_nosniff(headers)
    return BodyKind.STYLE if loose and status < 300 and has_body("GET", status) else kind


def is_read(site: Site, facts: RequestFacts, headers: Headers, wanted: Wanted) -> bool:
    """Tell whether a style sheet under this head has to be read: not where the policy leaves all alone or can withhold nothing,
    where this version is known to name nothing gated, or where it is a download that somebody has asked for."""
    if not site.reads_sheets or (wanted.asks and is_attachment(headers)):
        return False
    return not site.clean_sheets.has(facts, headers, _charset(headers))


def is_unread(site: Site, facts: RequestFacts, validator: bytes) -> bool:
    """Tell whether a condition of a request for a sheet may name one that nobody has read: under the app's own validator a
    browser may have stored it before we stood here, or before a rule that gates something in it."""
    known = site.clean_sheets
    if not site.reads_sheets or known.names(facts, validator):
        return False
    tags = list(tags_in(validator)) if known else []
    return not tags or not all(known.names(facts, tag) for tag in tags)


class StyleSheet:
    """The body of a style sheet that is read. Nothing leaves before its end, or before it is found to be too long."""

    __slots__ = ("_body", "_facts", "_passing", "_raw", "_reader", "_site", "_unfiltered", "_visitor")

    def __init__(
        self,
        site: Site,
        facts: RequestFacts,
        visitor: Visitor,
        document: DocumentFacts,
        coding: bytes,
        begin: Callable[[], None],
        on_finding: Sink,
        unfiltered: Callable[[str], None],
    ) -> None:
        """``begin`` is called before any byte; ``unfiltered``: with the reason why it is not filtered."""
        self._site = site
        self._facts = facts
        self._visitor = visitor
        self._unfiltered = unfiltered
        self._reader = SheetRewriter(
            site.rules, visitor.consent.allowed_services, document, everybody=site.needed, on_finding=on_finding
        )
        self._body = FilteredBody(BodyKind.STYLE, coding, lambda kind: self._reader, begin)
        self._raw: list[bytes] = []
        self._passing = False

    def feed(self, data: bytes) -> bytes:
        """Return nothing, or from the moment on at which the sheet is too long what came of it. Raises RewriteError."""
        if self._passing:
            return data
        self._body.feed(data)
        self._raw.append(data)
        if not self._reader.too_long:
            return b""
        self._unfiltered(TOO_LONG)
        self._passing = True
        return self._came()

    def steps(self) -> Iterator[None]:
        return iter(()) if self._passing else self._body.steps()

    def close(self) -> bytes:
        """Return the whole sheet: as it came, byte for byte, where nothing changes."""
        return b"" if self._passing else self._body.close() or self._came()

    def _came(self) -> bytes:
        raw, self._raw = self._raw, []
        return b"".join(raw)

    def plan(
        self,
        status: int,
        headers: Headers,
        filtered: list[Header],
        as_it_came: Callable[[], list[Header]],
        conditions: Conditions,
    ) -> ResponsePlan:
        """Return what leaves: the sheet under a head of this visitor's own where it names something gated, and where the head
        cannot wait for that; else under the app's own, which ``as_it_came`` makes, or a 304 where the client has it already."""
        site, facts, reader = self._site, self._facts, self._reader
        personal = personal_head(filtered, self._visitor.mark, site.vary, rewritten=True)
        if not has_body(facts.method, status):
            return ResponsePlan(status, personal, bodiless=True)

        def settle(_: bytes, leaving: bytes) -> tuple[list[Header], bytes]:
            if reader.personal and not reader.too_long:
                return with_length(personal, len(leaving)), leaving
            whole = len(leaving) >= (stated_length(headers) or 0)  # an app that gave up on it may end it without a word
            head = as_it_came()
            if whole and not reader.too_long and is_named(headers):
                site.clean_sheets.add(facts, headers, _charset(headers))
                if conditions.know(status, headers):
                    known.append(not_modified_head(head))
            return head, leaving

        known: list[list[Header]] = []
        return ResponsePlan(status, personal, self, settle, held=True, not_modified=lambda: known[0] if known else None)


def _charset(headers: Headers) -> str:
    """Return the charset that a head declares: in another the same bytes may name something else."""
    declared = content_type(headers)
    return (declared.charset or "") if declared is not None else ""


def is_named(headers: Headers) -> bool:
    """Tell whether the validator of this head names one sheet: an ETag does (RFC 9110 §8.8.3), while sheets among which the app
    chooses by what a visitor sends may be of one date."""
    chosen = {member.lower() for value in get_all(headers, b"vary") for member in list_members(value)}
    return first(headers, b"etag") is not None or chosen <= _OF_NO_VISITOR


def unreadable(headers: Headers, coding: bytes) -> str:
    """Return why a sheet under this head is left alone, or an empty string."""
    if (stated_length(headers) or 0) > STYLE_SHEET_BYTES:
        return TOO_LONG
    return UNREAD if coding and not decodable(coding) else ""
