"""Our own pages and the choice, below ``policy.path`` (DESIGN §9).

GET and HEAD show and never store (H12); POST to the path itself is the only way to a choice. May import the pages and the
engine's parts. The exchange asks it first, and lets it answer what is its own.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Final
from urllib.parse import parse_qs, unquote

from ..consent.receipt import Receipt, Shown
from ..csp.header import ENDPOINT as CSP_REPORTS
from ..csp.reports import read_report
from ..limits import CSP_REPORT_BYTES
from ..operation.counters import Counters, kind_of
from ..operation.exposition import CONTENT_TYPE, exposition
from ..operation.health import Health, health
from ..pages.model import RequestView
from ..wire.headers import first, get_all
from ..wire.messages import Header, LedgerState, LedgerWish, Reply, RequestFacts, StateWish
from ..wire.origins import origin_is_ours, same_site_path
from . import replies
from .addresses import base_path, own_address, page_key
from .choosing import expiries, record
from .finding_log import FindingLog
from .site import Site
from .submission import OUR_OWN_SITE, Refused, Unconfirmed, is_json, read_submission
from .visitor import Visitor

_READS: Final = frozenset({"GET", "HEAD"})
_ORIGIN: Final = re.compile(r"https?://[^/?#]+", re.IGNORECASE)
_ASSETS: Final = "/assets/"
_RECEIPT: Final = "/receipt"
_RECEIPT_KEY: Final = "/receipt-key"
_METRICS: Final = "/metrics"
GPC_JSON: Final = "/.well-known/gpc.json"
"""Where a site says what it makes of Global Privacy Control (G02): below its root, not below our path."""


class Endpoints:
    """One request for one of our own pages."""

    __slots__ = ("_chosen", "_facts", "_log", "_page", "_refusal", "_shown_lang", "_site", "_unstored", "_visitor", "shown")

    shown: tuple[Shown, ...]
    """What the receipt of this answer names by digest."""

    @classmethod
    def at(cls, site: Site, facts: RequestFacts, visitor: Visitor, log: FindingLog) -> Endpoints | None:
        """Return what answers this request, or None where it is for the app."""
        if site.policy.gpc_json is not None and facts.root_path + facts.path == GPC_JSON:
            return cls(site, facts, visitor, log, GPC_JSON)
        if not facts.path.startswith(site.policy.path):
            return None
        page = facts.path[len(site.policy.path) :]
        if page and not page.startswith("/"):
            return None
        return cls(site, facts, visitor, log, "" if page == "/" else page)

    def __init__(self, site: Site, facts: RequestFacts, visitor: Visitor, log: FindingLog, page: str) -> None:
        """``page`` is the address below ``policy.path``."""
        self._site = site
        self._facts = facts
        self._visitor = visitor
        self._log = log
        self._page = page
        self._shown_lang: str | None = None
        self._refusal: Sequence[Header] | None = None
        self._chosen: Receipt | None = None
        self._unstored = False
        self.shown = ()

    @property
    def body_limit(self) -> int:
        """How many bytes of the request's body are of interest."""
        if self._facts.method != "POST":
            return 0
        if self._page == CSP_REPORTS and self._site.csp:
            return CSP_REPORT_BYTES
        return 0 if self._page else self._site.post_limit

    def answer(self, body: bytes) -> Reply:
        """Return our answer. Whatever is wrong with the request is answered, never raised; then nothing is stored."""
        try:
            reply = self._answer(body)
        except Unconfirmed as unconfirmed:
            reply = self._once_more(unconfirmed)
        except Refused as refused:
            reply = self._error(refused)
        return self._for_method(reply)

    def _for_method(self, reply: Reply) -> Reply:
        return replies.without_body(reply) if self._facts.method == "HEAD" else reply

    def _answer(self, body: bytes) -> Reply:
        if not self._page and self._facts.method == "POST":
            return self._choose(body)
        if self._page == CSP_REPORTS and self._site.csp:
            return self._reported(body)
        if self._page.startswith(_ASSETS):
            found = self._site.surface.asset(self._page.removeprefix(_ASSETS))
            if found is None:
                raise Refused(404, "missing")
            self._only_reads()
            return replies.asset(*found)
        if self._page == GPC_JSON and (statement := self._site.policy.gpc_json) is not None:
            self._only_reads()
            return replies.public_data({"gpc": statement.gpc, "lastUpdate": statement.last_update})
        match self._page:
            case "":
                self._only_reads(b"GET, HEAD, POST")
                return replies.page(self._site.surface.preferences(self._view()), self._head())
            case "/api.js":
                self._only_reads()
                return replies.page(self._site.surface.api(), content_type=replies.SCRIPT)
            case "/fragment":
                self._only_reads()
                return replies.page(self._site.surface.fragment(self._view()).encode("utf-8"), self._head())
            case "/declaration":
                self._only_reads()
                return replies.page(self._site.surface.declaration(self._view()), self._head())
            case "/declaration.csv" | "/declaration.json" | "/declaration.md":
                self._only_reads()
                return self._download(self._page.rpartition(".")[2])
            case "/state":
                self._only_reads()
                return replies.data(self._visitor.consent.to_dict() | self._asks(), self._head())
            case "/receipt" | "/receipt-key":
                self._only_reads()
                return self._wish()
            case "/health":
                self._only_reads()
                return self._asking_for_state(self._healthy(health()))
        if self._page == _METRICS and (counters := self._site.counters) is not None:
            self._only_reads()
            return self._asking_for_state(self._counted(counters))
        raise Refused(404, "missing")

    def _asking_for_state(self, reply: Reply) -> Reply:
        """Ask the transport how the ledger does; without one the answer is whole."""
        return replace(reply, wish=StateWish()) if self._site.receipts else reply

    def with_state(self, state: LedgerState) -> Reply:
        """Return the answer that says how the ledger does."""
        counters = self._site.counters
        if self._page == _METRICS and counters is not None:
            return self._for_method(self._counted(counters, state))
        return self._for_method(self._healthy(health(state)))

    def count(self, counters: Counters) -> None:
        """Count the choice that was made, if one was, at the end of the exchange: now it is known whether it holds."""
        chosen, before = self._chosen, self._visitor.consent
        if chosen is None:
            return
        takes_back = any(not now for changed in chosen.changed.values() for now in changed.values())
        kind = kind_of(chosen.act, grants=chosen.grants, takes_back=takes_back, decided=before.decided)
        if self._unstored:
            counters.unstored(kind)
        if not (self._unstored and chosen.grants):
            counters.choice(chosen.revision, chosen.act, kind)

    def _counted(self, counters: Counters, state: LedgerState | None = None) -> Reply:
        return replies.page(exposition(counters, state), content_type=CONTENT_TYPE)

    def _healthy(self, found: Health) -> Reply:
        reply = replies.data(found.told, status=200 if found.ok else 503)
        return reply if found.ok else replies.unavailable(reply)

    def _reported(self, body: bytes) -> Reply:
        """A browser's report of our Content-Security-Policy. Nobody waits for the answer, so that what is no report gets the
        same one; no page is made."""
        facts, site = self._facts, self._site
        if facts.method != "POST":
            return replies.empty(405, ((b"allow", b"POST"),))
        if any(told.strip(b" \t") not in OUR_OWN_SITE for told in get_all(facts.headers, b"sec-fetch-site")):
            return replies.empty(403)  # a page elsewhere, which would use up what is looked at for its visitors
        if len(body) > CSP_REPORT_BYTES:
            return replies.empty(413)
        if not site.reports.takes(facts.now):
            return replies.empty(429)
        found = read_report(body, facts.host, facts.root_path, enforced=site.csp.enforces)
        if found is not None and site.reports.counts(found, facts.now):
            self._log.add(found)
        return replies.empty(204)

    def _download(self, ending: str) -> Reply:
        view = self._view()
        file = self._site.surface.declaration_file(ending, view.lang, view.accept_language)
        disposition = f'attachment; filename="{file.name}"'.encode("ascii")
        headers = [(b"content-disposition", disposition), *self._head()]
        return replies.page(file.body, headers, content_type=file.content_type.encode("ascii"))

    def _choose(self, body: bytes) -> Reply:
        submission = read_submission(self._facts, body, self._site.post_limit)
        next = same_site_path(submission.next) or (self._page_before() if submission.choice == "once" else None)
        self._shown_lang = submission.lang or None
        recorded = record(self._site, self._facts, self._visitor, submission, next, self._log)
        self.shown, self._chosen = recorded.shown, recorded.receipt
        if recorded.receipt is not None and not recorded.receipt.grants:
            self._refusal = recorded.headers
        headers = [*self._vary(), *recorded.headers]
        if submission.json:
            return replies.data(recorded.consent.to_dict(), headers, receipt=recorded.receipt)
        return replies.see_other(next or self._view().base, headers, receipt=recorded.receipt)

    def _page_before(self) -> str | None:
        """Return the page of this site that the post came from, as the browser says; None where it does not, or where it was
        one of ours, in which nothing could load."""
        referer = (first(self._facts.headers, b"referer") or b"").decode("latin-1")
        origin = _ORIGIN.match(referer)
        if origin is None or not origin_is_ours(origin[0].encode("latin-1"), self._facts.scheme, self._facts.host):
            return None
        page = same_site_path(referer[origin.end() :].partition("#")[0])
        ours = self._view().base
        return None if page is not None and (page_key(page) + "/").startswith(f"{unquote(ours)}/") else page

    def _once_more(self, unconfirmed: Unconfirmed) -> Reply:
        """Our preferences, the pressed answer first: from there it comes with our own origin."""
        pressed, view, known = unconfirmed.pressed, self._view(), {service.id for service in self._site.policy.services}
        if pressed is None or self._site.importer or (pressed.service and pressed.service not in known):
            return self._error(unconfirmed)
        view = replace(view, next=same_site_path(pressed.next) or "")
        page = self._site.surface.preferences(view, pressed=(pressed.choice, pressed.service))
        return replies.page(page, self._vary(), status=unconfirmed.status)

    def unstored(self) -> Reply:
        """Return the 503 for what the ledger does not take, or give, at the moment. Nothing is granted, and no cookie changes;
        only a refusal or a withdrawal takes effect without its proof, too (L24), and is not told that nothing has changed."""
        self.shown, self._unstored = (), True
        surface, view, unchanged = self._site.surface, self._view(), self._refusal is None
        head = [*self._vary(), *(self._refusal or ())]
        if is_json(self._facts.headers):
            value = {"error": "ledger", "message": surface.error_message(self._language(), "ledger", unchanged=unchanged)}
            return self._for_method(replies.unavailable(replies.data(value, head, status=503)))
        body = surface.error(view, 503, "ledger", unchanged=unchanged)
        return self._for_method(replies.unavailable(replies.page(body, head, status=503)))

    def found(self, body: bytes | None) -> Reply:
        """Return the visitor's copy of their receipt, or the public key; 404 where the ledger holds no such receipt."""
        if body is None:
            return self._for_method(self._error(Refused(404, "missing")))
        if self._page == _RECEIPT_KEY:
            return self._for_method(replies.page(body, self._vary(), content_type=b"application/x-pem-file"))
        disposition = (b"content-disposition", b'attachment; filename="receipt.json"')
        return self._for_method(replies.page(body, [disposition, *self._vary()], content_type=replies.JSON))

    def _wish(self) -> Reply:
        """Ask the transport for what a ledger holds; without one there is nothing at these addresses."""
        receipt_id = None if self._page == _RECEIPT_KEY else self._visitor.consent.receipt_id
        missing = self._error(Refused(404, "missing"))
        if not self._site.receipts or (self._page == _RECEIPT and receipt_id is None):
            return missing
        return replace(missing, wish=LedgerWish(receipt_id))

    def _only_reads(self, allowed: bytes = b"GET, HEAD") -> None:
        if self._facts.method not in _READS:
            raise Refused(405, "method", allowed)

    def _language(self) -> str:
        view = self._view()
        return self._site.surface.negotiate(view.lang, view.accept_language)

    def _error(self, refused: Refused) -> Reply:
        head = self._vary()
        if refused.allow:
            head.append((b"allow", refused.allow))
        if is_json(self._facts.headers):
            value = {"error": refused.key}
            if refused.key == "next":
                value["message"] = self._site.surface.error_message(self._language(), refused.key)
            return replies.data(value, head, status=refused.status)
        return replies.page(self._site.surface.error(self._view(), refused.status, refused.key), head, status=refused.status)

    def _asks(self) -> dict[str, object]:
        """With ``next``, whether a page at that path would ask now: for a page that was made earlier than it is shown."""
        next = self._view().next
        if not next:
            return {}
        path = unquote(next.partition("?")[0].partition("#")[0]).removeprefix(self._facts.root_path)
        return {"asks": self._visitor.consent.asks and self._site.policy.banner_on(path)}

    def _head(self) -> list[Header]:
        head = [*self._vary(), *expiries(self._site, self._facts, self._visitor, self._visitor.consent)]
        if first(self._facts.headers, b"hx-request") is not None:
            # htmx would put the page into another: it is to be gone to.
            head.append((b"hx-redirect", own_address(self._facts).encode("ascii")))
        return head

    def _vary(self) -> list[Header]:
        return [(b"vary", b", ".join((*self._site.vary, b"Accept-Language")))]

    def _view(self) -> RequestView:
        query = parse_qs(self._facts.query.decode("latin-1"))
        asked, lang = query.get("next", []), query.get("lang", [])
        return RequestView(
            base=base_path(self._facts.root_path, self._site.policy.path),
            next=(same_site_path(asked[0]) if len(asked) == 1 else None) or "",
            accept_language=first(self._facts.headers, b"accept-language") or b"",
            consent=self._visitor.consent,
            lang=self._shown_lang or (lang[0] if len(lang) == 1 else None),
            receipts=self._site.receipts,
        )
