"""The response as the browser may have it: one decision on head and body together (DESIGN §6).

May import the wire layer, the rewriter, the pages and the engine's parts. The exchange calls it, and holds the rules of order.
"""

from __future__ import annotations

import logging
import weakref
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Final

from ..errors import RewriteError
from ..findings import Finding, FindingKind
from ..operation.counters import PageResult
from ..pages.model import RequestView
from ..pages.parts import LateParts, ResponseParts
from ..policy.model import PathEnforcement
from ..refusal import CONDITION_REFUSAL, PART_REFUSAL, REFUSAL
from ..rewrite.model import DocumentFacts
from ..rewrite.page import page_rewriter
from ..rewrite.stream import HtmlRewriter
from ..wire.codings import coding_to_browsers, decodable
from ..wire.content_security import permitted
from ..wire.headers import broken_fields, content_type, first, get_all
from ..wire.messages import BodyRewriter, Header, Headers, Reply, RequestFacts, ResponsePlan
from ..wire.multipart import PartsFilter, boundary_of
from ..wire.origins import same_site_path, split_host
from .acting_headers import ActingHeaders
from .addresses import base_path, own_address, own_path, own_query, seen_scheme, way_back
from .bodies import BodyKind, has_body, is_feed, is_page, may_act
from .bodies.json_as_html import JsonOrHtml
from .bodies.opted_in import holder_of_html, opted_in
from .conditional.conditions import names_a_version, not_modified_head
from .debug_panel import WithPanel
from .destinations import destination, is_tool, is_worker, may_parse, takes_banner
from .document_heads import DIGESTS, part_head, personal_head, private_head, with_length, with_repeated, worker_head
from .expiry import expire_seen, may_expire
from .filtered_body import FilteredBody, ObservedBody, ReadTwice, RefusedBody
from .finding_log import FindingLog
from .request_side import ForwardedRequest
from .set_cookies import SetCookieFilter
from .site import Site
from .style_sheets import StyleSheet, is_named, is_read, kind_for, unreadable
from .visitor import Visitor

logger: Final = logging.getLogger("consent_guard")

_PARTS_OF_A_BODY: Final = frozenset({206, 226})
"""Partial Content and IM Used (RFC 9110 §15.3.7, RFC 3229 §10.4.1)."""
_BODY_ELSEWHERE: Final = (b"x-accel-redirect", b"x-sendfile", b"x-lighttpd-send-file")
"""Orders to a server in front of the app to send another body in place of this one."""


class ResponseSide:
    """The response half of one exchange."""

    __slots__ = (
        "_acting",
        "_bodies",
        "_facts",
        "_forwarded",
        "_left",
        "_log",
        "_off",
        "_own_policy",
        "_reporting",
        "_rewritten",
        "_set_cookies",
        "_site",
        "_strictest",
        "_visitor",
        "result",
    )

    result: PageResult | None
    """What became of a page, so far as is known; None where there was none."""

    def __init__(
        self,
        site: Site,
        facts: RequestFacts,
        visitor: Visitor,
        forwarded: ForwardedRequest,
        log: FindingLog,
        enforcement: PathEnforcement,
    ) -> None:
        self._site = site
        self._facts = facts
        self._visitor = visitor
        self._forwarded = forwarded
        self._log = log
        self._rewritten = False
        self.result = None
        self._strictest: ReadTwice | None = None
        """How a feed would leave for a reader who allows nothing, where this one allows something."""
        self._left: str | None = None
        self._off, self._reporting = enforcement == "off", enforcement == "report"
        self._bodies = site.policy.bodies_at(facts.path)
        consent, add = visitor.consent, log.add
        self._own_policy = partial(site.own_policy, facts, consent, add)
        blocks = site.policy.unlisted_cookies == "block"
        self._set_cookies = SetCookieFilter(site.rulings, consent, facts.now, blocks_unlisted=blocks, add=add)
        self._acting = ActingHeaders(site.rules, consent.allowed_services, site.needed, self._document, add)

    def plan(self, status: int, headers: Headers, begin: Callable[[], None]) -> ResponsePlan:
        """Return what leaves in place of this head, and what the body must go through. ``begin`` is told when a body begins."""
        self._rewritten, self._strictest, self.result = False, None, None
        if self._off:
            return ResponsePlan(status, list(headers))
        headers = self._unbroken(headers)
        kind = opted_in(self._bodies, self._facts, headers) or kind_for(self._facts, status, headers)
        if kind is BodyKind.STYLE and not is_read(self._site, self._facts, headers, self._forwarded.wanted):
            kind = BodyKind.OTHER
        picture = kind is BodyKind.PARTS and destination(self._facts.headers) == b"image"
        any_kind = kind is not BodyKind.OTHER
        coding = coding_to_browsers(b", ".join(get_all(headers, b"content-encoding"))) if any_kind else b""
        if self._reporting:
            return self._observed(status, headers, BodyKind.OTHER if picture else kind, coding, begin)
        if self._left is not None and any_kind and status != 304:
            return self._as_the_app_wrote_it(status, headers, kind)
        if status == 304:
            return self._not_modified(headers, kind)
        if picture:  # the head is a page's all the same: asked for as one, this address gives one
            return self._untouched(status, headers, kind)
        if (reason := self._unfit(status, headers, kind, coding)) is not None:
            return self._refused(reason, PART_REFUSAL if status in _PARTS_OF_A_BODY else REFUSAL)
        conditions = self._forwarded.conditions
        if kind is BodyKind.STYLE:
            self._rewritten = (sheet := self._style_sheet(headers, coding, begin)) is not None
            if sheet is None:
                known = is_named(headers) and conditions.know(status, headers)
                return self._known(headers) if known else ResponsePlan(status, self._other_head(headers))
            self._note_bodies_elsewhere(headers)
            return sheet.plan(status, headers, self.filter_headers(headers), lambda: self._as_it_came(headers), conditions)
        if not kind.document and self._site.csp and is_worker(self._facts.headers):
            return ResponsePlan(status, [*worker_head(self.filter_headers(headers)), *self._own_policy()])
        clean = kind is BodyKind.XML and self._site.clean_feeds.has(self._facts, headers)
        if (clean or not kind.document) and conditions.know(status, headers):
            return self._known(headers)
        if not kind.document:
            swept = self._expiries(used=False) if may_expire(self._facts.method, headers) else []
            return ResponsePlan(status, [*self._other_head(headers), *swept])
        if self._has_nothing_to_do(kind):
            return self._untouched(status, headers, kind)
        self._rewritten = True
        leaving = [*self._personal(headers, rewritten=True), *self._own_policy()]
        if is_page(headers, kind):
            leaving += self._expiries(used=not 300 <= status < 400)
        self._note_bodies_elsewhere(headers)
        if logger.isEnabledFor(logging.DEBUG):
            leaving.append((b"server-timing", b'cg;desc="headers: %d withheld"' % self._log.withheld))
        if not has_body(self._facts.method, status):
            return ResponsePlan(status, leaving, bodiless=True)

        def settle(body: bytes, rewritten: bytes) -> tuple[list[Header], bytes]:
            if kind is BodyKind.XML and not coding and self._same_for_all(headers, body, rewritten):
                self._rewritten = False
                self._site.clean_feeds.add(self._facts, headers)
                return with_length(self._other_head(headers), len(body)), body
            return with_length(leaving, len(rewritten)), rewritten

        return ResponsePlan(status, leaving, self._filtered(kind, coding, headers, begin), settle)

    def without_decision(self, status: int, headers: Headers) -> ResponsePlan:
        """Return what leaves after a fault of ours: our 500; where the policy only reports, the response itself (L24c)."""
        if self._off or self._reporting:
            return ResponsePlan(status, list(headers))
        return self._refused("its head could not be decided on")

    def filter_headers(self, headers: Headers) -> list[Header]:
        """Return headers, of a response or by themselves, without what this visitor has not consented to."""
        if self._off:
            return list(headers)
        headers = self._unbroken(headers)
        leaving = self._acting.filter(self._set_cookies.filter(headers))
        if self._reporting:
            return list(headers)
        if self._rewritten:
            leaving = [header for header in leaving if header[0].lower() not in DIGESTS]
        return leaving

    def leave_body(self, reason: str) -> None:
        """Let the body of this response leave as the app writes it; ``Exchange.leave_body`` says how."""
        self._left = reason

    def _as_the_app_wrote_it(self, status: int, headers: Headers, kind: BodyKind) -> ResponsePlan:
        """The app has asked for its body to be left alone: cookies, headers and caching are filtered all the same."""
        logger.warning("a body leaves unfiltered, as the app has asked: %s", self._left or "it gave no reason")
        self._unfiltered("body, as the app asked")
        plan = self._untouched(status, headers, kind, used=False)
        self.result = "unfiltered"
        return plan

    def _has_nothing_to_do(self, kind: BodyKind) -> bool:
        """Tell whether a page's body may leave as it is: nothing is withheld from this visitor, nothing is put in, and nobody
        hears what is found."""
        site, visitor = self._site, self._visitor
        heard = site.on_finding is not None or logger.isEnabledFor(logging.INFO)
        put_in = visitor.banner or self._everywhere
        return kind is BodyKind.HTML and not (heard or put_in or site.rules.withholds(visitor.consent.allowed_services))

    @property
    def _everywhere(self) -> bool:
        """Whether our module goes into every page."""
        policy = self._site.policy
        return policy.module == "always" and policy.script and takes_banner(self._facts.headers)

    def _untouched(self, status: int, headers: Headers, kind: BodyKind, *, used: bool = True) -> ResponsePlan:
        """A page whose body is the app's own: its cookies, headers and caching are filtered all the same."""
        self.result = "unchanged" if has_body(self._facts.method, status) else None
        length = [header for header in headers if header[0].lower() in (b"content-length", b"accept-ranges")]
        leaving = [*self._personal(headers, rewritten=False), *self._own_policy(), *length]
        if is_page(headers, kind):
            leaving += self._expiries(used=used and not 300 <= status < 400)
        return ResponsePlan(status, leaving)

    def _unbroken(self, headers: Headers) -> Headers:
        """Return the headers without the fields that would become several (DESIGN §6); the same object where all may."""
        broken = broken_fields(headers)
        for name, _ in broken:
            self._log.add(Finding(FindingKind.BROKEN_FIELD, name.decode("latin-1"), "response header"))
        if not broken or self._reporting:
            return headers
        return [header for header in headers if header not in broken]

    def _unfit(self, status: int, headers: Headers, kind: BodyKind, coding: bytes) -> str | None:
        """Return why this response can neither be filtered nor handed on, or None."""
        if status in _PARTS_OF_A_BODY:
            if kind not in (BodyKind.SNIFFED, BodyKind.OTHER):
                return "a part of a document cannot be filtered"
            declared = content_type(headers)
            if self._forwarded.wanted.asks and (declared is None or declared.essence == "multipart/byteranges"):
                return "a part of what may be a document cannot be filtered"
        if kind is BodyKind.PARTS and has_body("GET", status) and boundary_of(headers) is None:
            return "a body of parts whose Content-Type names no boundary cannot be read"
        if kind.document and coding and has_body("GET", status) and not decodable(coding):
            return f"a document in the content coding {coding[:40]!r} cannot be read; is its extra installed?"
        return None

    def _refused(self, reason: str, reply: Reply = REFUSAL) -> ResponsePlan:
        """Our own answer in place of what cannot be filtered (N4, N5)."""
        logger.error("refused to hand on a response: %s", reason)
        self.result = "refused"
        self._unfiltered("body")
        body = RefusedBody(reply.body) if has_body(self._facts.method, reply.status) else None
        return ResponsePlan(reply.status, [(name.lower(), value) for name, value in reply.headers], body)

    def _not_modified(self, headers: Headers, kind: BodyKind) -> ResponsePlan:
        """A 304 is right for a page only where it answers a validator of this very consent state (N2, N3).

        One that answers none, for none was asked, would all the same bring to life what a browser has stored unfiltered.
        """
        wanted, asked = self._forwarded.wanted, self._forwarded.conditions
        if asked.unvalidated and (names_a_version(headers) or not is_tool(self._facts.headers, wanted)):
            return self._refused("a 304 answers a validator that the app was not shown", CONDITION_REFUSAL)
        page = wanted.may_get and not wanted.polled
        stored = kind is BodyKind.XML and asked.validated  # a feed that was handed on with the app's own tag
        if not (page or asked.marked or (kind.document and content_type(headers) is not None and not stored)):
            return ResponsePlan(304, self._other_head(headers), bodiless=True)
        leaving = with_repeated(self._personal(headers, rewritten=False), self._own_policy())
        if page:
            leaving += self._expiries(used=True)
        return ResponsePlan(304, leaving, bodiless=True)

    def _personal(self, headers: Headers, *, rewritten: bool) -> list[Header]:
        visitor = self._visitor
        leaving = self.filter_headers(headers)
        return personal_head(leaving, visitor.mark, self._site.vary, rewritten=rewritten, granted=visitor.granted)

    def _known(self, headers: Headers) -> ResponsePlan:
        """The 304 in place of what is no document, and the client has already."""
        return ResponsePlan(304, not_modified_head(self._other_head(headers)), bodiless=True)

    def _other_head(self, headers: Headers) -> list[Header]:
        """The head of what is no document: every field but filtered Set-Cookie and acting ones (H22).

        Where something passed only because this visitor allows it, no shared cache may give it to others (N8).
        """
        leaving = self.filter_headers(headers)
        if self._set_cookies.consented or self._acting.consented(leaving):
            return private_head(leaving, self._site.vary)
        return leaving

    def _observed(
        self, status: int, headers: Headers, kind: BodyKind, coding: bytes, begin: Callable[[], None]
    ) -> ResponsePlan:
        """``enforcement = "report"``: everything is looked at, nothing is altered."""
        self.filter_headers(headers)
        plan = ResponsePlan(status, list(headers))
        if kind is BodyKind.OTHER or not has_body(self._facts.method, status):
            return plan
        if kind is BodyKind.STYLE:
            sheet = self._style_sheet(headers, coding, begin)
            return plan if sheet is None else ResponsePlan(status, list(headers), ObservedBody(sheet))
        if self._unfit(status, headers, kind, coding) is not None:
            self._unfiltered("body")
            return plan
        return ResponsePlan(status, list(headers), ObservedBody(self._filtered(kind, coding, headers, begin)))

    def _style_sheet(self, headers: Headers, coding: bytes, begin: Callable[[], None]) -> StyleSheet | None:
        """Return a style sheet that is to be read; None, with a finding, where it is left alone."""
        if why := unreadable(headers, coding):
            self._unfiltered(why)
            return None
        declared = content_type(headers)
        document = self._document(BodyKind.STYLE, declared.charset if declared is not None else None)
        return StyleSheet(self._site, self._facts, self._visitor, document, coding, begin, self._log.add, self._unfiltered)

    def _as_it_came(self, headers: Headers) -> list[Header]:
        self._rewritten = False
        return self._other_head(headers)

    def _expiries(self, *, used: bool) -> list[Header]:
        """Delete the gated cookies that came with this request, and a permission for one load that this page uses up."""
        return expire_seen(self._site, self._facts, self._visitor, self._forwarded.hidden, used=used)

    def _filtered(self, kind: BodyKind, coding: bytes, headers: Headers, begin: Callable[[], None]) -> FilteredBody:
        declared = content_type(headers)
        charset = declared.charset if declared is not None else None

        def make(kind: BodyKind) -> BodyRewriter:
            site, consent = self._site, self._visitor.consent
            emits = not self._reporting
            if kind is BodyKind.PARTS:
                return PartsFilter(boundary_of(headers) or b"", self._part, lambda: self._unfiltered("the head of a part"))
            if (holder := holder_of_html(kind, self._fragment, self._unfiltered)) is not None:
                return holder
            self.result = "filtered" if emits else "observed"
            parts = (
                LateParts(lambda: ResponseParts(site.surface, self._view(headers), asks=self._visitor.banner))
                if emits
                else None
            )
            rewriter = page_rewriter(
                site.rules,
                consent.allowed_services,
                self._document(kind, charset),
                insertions=parts,
                banner=(self._visitor.banner or self._everywhere) and kind is BodyKind.HTML,
                on_finding=self._log.add,
                emits=emits,
            )
            if parts is not None and isinstance(rewriter, HtmlRewriter):
                parts.document = weakref.ref(rewriter)
            if kind is BodyKind.XML and emits and not coding and consent.allowed_services != site.needed:
                strictest = page_rewriter(site.rules, site.needed, self._document(kind, charset))
                self._strictest = ReadTwice(rewriter, strictest, lambda text: is_feed(headers, text))
                return self._strictest
            if kind is not BodyKind.HTML:
                return rewriter
            page = self._with_panel(rewriter) if site.debug_panel else rewriter
            return JsonOrHtml(page, self._fragment) if may_parse(self._facts.headers, self._forwarded.wanted) else page

        def broken() -> None:
            self.result = "broken"

        return FilteredBody(kind, coding, make, begin, broken)

    def _fragment(self) -> BodyRewriter:
        """Return a rewriter for HTML that stands within something else: nothing is put into it."""
        document, allowed = self._document(charset="utf-8"), self._visitor.consent.allowed_services
        return page_rewriter(self._site.rules, allowed, document, on_finding=self._log.add, emits=not self._reporting)

    def _part(self, headers: list[Header]) -> tuple[list[Header], BodyRewriter | None]:
        """Return what leaves in place of the head of one part, and what its body must go through. Nothing is put into it."""
        leaving, kind, charset = part_head(self._acting.filter(self._set_cookies.filter(headers)))
        if not kind.document:
            return leaving, None
        coding = coding_to_browsers(b", ".join(get_all(leaving, b"content-encoding")))
        if coding and not decodable(coding):
            raise RewriteError(f"a part in the content coding {coding[:40]!r} cannot be read")

        def make(kind: BodyKind) -> BodyRewriter:
            rules, allowed = self._site.rules, self._visitor.consent.allowed_services
            document = self._document(kind, charset)
            self.result = "observed" if self._reporting else "filtered"
            return page_rewriter(rules, allowed, document, on_finding=self._log.add, emits=not self._reporting)

        return leaving, FilteredBody(kind, coding, make, lambda: None)

    def _with_panel(self, rewriter: BodyRewriter) -> BodyRewriter:
        """Show what is found in the page at its end, to a developer: on localhost alone."""
        if not self._site.shows_panel(self._facts.host) or not takes_banner(self._facts.headers):
            return rewriter
        consent = self._visitor.consent
        allowed = ", ".join(sorted(consent.allowed_services & {service.id for service in self._site.policy.services}))
        state = f"{'decided' if consent.decided else 'no choice yet'}; allowed services: {allowed or 'none'}"
        return WithPanel(rewriter, lambda: self._log.found, state)

    def _same_for_all(self, headers: Headers, body: bytes, rewritten: bytes) -> bool:
        """Tell whether a whole body is a feed that names no listed host and would leave as it came for any reader.

        A coded one is not asked about: its head may have to leave before it is known (Y3), and would then differ.
        """
        same = rewritten == body if self._strictest is None else self._strictest.same
        if not same or not is_feed(headers, body) or b"\0" in body or (self._site.csp and may_act(body)):
            return False
        return self._site.rules.mentions.first(body, lambda service: service not in self._site.needed) is None

    def _document(self, kind: BodyKind = BodyKind.HTML, charset: str | None = None) -> DocumentFacts:
        facts = self._facts
        return DocumentFacts(
            scheme=seen_scheme(facts),
            scheme_known=self._visitor.secure,
            host=facts.host,
            path=own_path(facts),
            query=own_query(facts),
            syntax="xml" if kind is BodyKind.XML else "html",
            charset=charset,
        )

    def preferences_form(self, lang: str | None, next: str | None) -> str:
        """Return the preferences for a page of the app's own; ``Exchange.preferences_form`` says how."""
        back = same_site_path(next) if next else None
        return self._site.surface.fragment(replace(self._view(), lang=lang, next=back or own_address(self._facts)))

    def _view(self, headers: Headers = ()) -> RequestView:
        """``headers``: of the page that shows what is made of it."""
        facts = self._facts
        posted = facts.method not in ("GET", "HEAD")
        scheme = seen_scheme(facts)
        return RequestView(
            base=base_path(self._facts.root_path, self._site.policy.path),
            next="" if posted else way_back(facts),
            accept_language=first(self._facts.headers, b"accept-language") or b"",
            consent=self._visitor.consent,
            posted=posted,
            origin=f"{scheme}://{facts.host}",
            permitted=permitted(headers, scheme, facts.host),
        )

    def _note_bodies_elsewhere(self, headers: Headers) -> None:
        for name in _BODY_ELSEWHERE:
            if first(headers, name) is not None:
                self._unfiltered(name.decode("ascii"))

    def _unfiltered(self, where: str) -> None:
        self._log.add(Finding(FindingKind.UNFILTERED, split_host(self._facts.host)[0], where))
