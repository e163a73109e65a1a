"""One request and its response: the rules of order, and nothing else.

    exchange = guard.open(facts)
    exchange.body_limit is None:  the app answers  -> forward_headers, respond(), plan.rewriter.feed()/close(), finish()
    exchange.body_limit is an int: we answer       -> answer(body), finish()

What is decided stands in the engine's other files; when it may be asked stands here. May import the wire messages and the
engine's parts. ``Guard.open`` makes one per request, the transports call it. Not for several threads at once.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from enum import Enum
from typing import Final

from ..consent.choice import Consent
from ..consent.receipt import Shown
from ..errors import ExchangeStateError
from ..findings import Finding, FindingKind
from ..operation.counters import Counters
from ..policy.model import PathEnforcement
from ..wire.messages import Header, Headers, LedgerState, Reply, RequestFacts, ResponsePlan
from .conditional.conditions import unconditional
from .destinations import is_worker, wanted
from .endpoints import Endpoints
from .finding_log import FindingLog
from .request_side import ForwardedRequest, forward, hide_gated
from .response_side import ResponseSide
from .site import Site
from .style_sheets import is_unread
from .visitor import Visitor

logger: Final = logging.getLogger("consent_guard")


class _State(Enum):
    OPEN = "open"
    HEADED = "headed"
    """The app's head was decided on; until the first body byte it may be decided on again."""
    STREAMING = "streaming"
    ANSWERED = "answered"
    OVER = "over"


class Exchange:
    """One request and its response.

    The methods raise ExchangeStateError when they are called in an order that cannot be right; nothing that a visitor or an app
    sends makes them raise anything else.
    """

    __slots__ = (
        "_counters",
        "_endpoints",
        "_forwarded",
        "_log",
        "_plan",
        "_response",
        "_state",
        "_template",
        "_untold",
        "_visitor",
        "body_limit",
        "route",
    )

    route: Callable[[], str | None] | None
    """For adapters: returns the template of the route that serves this request, None where there is none. For findings."""
    body_limit: int | None
    """None: the request is for the app. Bytes: it is for one of our own pages; read at most that many of the body plus one."""

    def __init__(self, site: Site, facts: RequestFacts, visitor: Visitor) -> None:
        """Made by ``Guard.open``."""
        self._visitor = visitor
        enforcement = site.policy.enforcement_at(facts.path)
        self._template = "/" + facts.path.lstrip("/").partition("/")[0]
        self.route = None
        self._counters = site.counters
        count = self._counters.finding if self._counters is not None else None
        self._log = FindingLog(site.on_finding, reporting=enforcement == "report", route=self._route, count=count)
        self._state = _State.OPEN
        self._plan: object = None
        self._endpoints = Endpoints.at(site, facts, visitor, self._log)
        self.body_limit = None if self._endpoints is None else self._endpoints.body_limit
        self._forwarded = self._forward(site, facts, enforcement)
        self._untold = [site.rulings.of(name).finding(FindingKind.COOKIE_HIDDEN, "Cookie") for name in self._forwarded.hidden]
        self._response = ResponseSide(site, facts, visitor, self._forwarded, self._log, enforcement)

    @property
    def consent(self) -> Consent:
        """What the visitor permits; for views."""
        return self._visitor.consent

    @property
    def forward_headers(self) -> Headers:
        """The request headers that the app may see: the very object that came in, where nothing is kept back."""
        return self._forwarded.headers

    @property
    def may_get_page(self) -> bool:
        """Whether the answer may well be a document, which must come to us as bytes. Such a request is not to be offered ways
        past us, as ASGI's pathsend is one."""
        return self._forwarded.wanted.may_get

    @property
    def over(self) -> bool:
        """Whether the exchange has ended: nothing of its response is filtered any more."""
        return self._state is _State.OVER

    def preferences_form(self, lang: str | None = None, next: str | None = None) -> str:
        """Return the preferences as HTML for a page of the app's own: the stored state and the form that changes it (L23).

        ``lang`` is the page's language; without it Accept-Language decides. The form leads back to ``next``, a path of this
        site; without one, or where it is none, to the address of this request. It may be called at any time.
        """
        return self._response.preferences_form(lang, next)

    def leave_body(self, reason: str = "") -> None:
        """Let the body of the response leave as the app writes it: nothing is withheld in it, and it gets no banner. Cookies,
        headers and caching are filtered all the same. It is logged, with the reason.

        Raises ExchangeStateError once the response has begun.
        """
        if self._state is not _State.OPEN:
            raise ExchangeStateError("it is too late to leave the body alone: the response has begun. Ask for it before")
        self._response.leave_body(reason)

    def answer(self, body: bytes = b"") -> Reply:
        """Return our own answer to a request with a ``body_limit``. A longer body than that is answered with 413."""
        if self._endpoints is None:
            raise ExchangeStateError("this request is for the app: call respond(), not answer()")
        if self._state is not _State.OPEN:
            raise ExchangeStateError("this request was answered already")
        self._state = _State.ANSWERED
        return self._endpoints.answer(body)

    def shown(self) -> tuple[Shown, ...]:
        """Return the text and the policy that the receipt of ``answer()`` names by digest; nothing where it made none."""
        return self._endpoints.shown if self._endpoints is not None else ()

    def unstored(self) -> Reply:
        """Return the 503 that leaves in place of an answer whose receipt could not be stored. Nothing is granted; a refusal
        or a withdrawal takes effect with it all the same."""
        return self._answered().unstored()

    def found(self, body: bytes | None) -> Reply:
        """Return the answer to ``Reply.wish`` with what the ledger holds; None: it holds no such receipt."""
        return self._answered().found(body)

    def with_state(self, state: LedgerState) -> Reply:
        """Return the answer to a ``Reply.wish`` for how the ledger does."""
        return self._answered().with_state(state)

    def _answered(self) -> Endpoints:
        if self._endpoints is None or self._state not in (_State.ANSWERED, _State.OVER):
            raise ExchangeStateError("this request was not answered by answer()")
        return self._endpoints

    def respond(self, status: int, headers: Headers) -> ResponsePlan:
        """Return what leaves in place of the app's response head, and what its body must go through.

        It may be called again until the first body byte was fed (an error page in place of a page); the earlier plan is then
        void. A response that cannot be filtered comes back as our own 500.
        """
        if self._endpoints is not None:
            raise ExchangeStateError("this request is for one of our own pages: call answer(), not respond()")
        if self._state not in (_State.OPEN, _State.HEADED):
            raise ExchangeStateError("the response has begun already, or is over")
        self._route()  # now it is known; Flask forgets it before the body leaves
        self._tell_hidden()
        self._plan = plan = object()
        try:
            decided = self._response.plan(status, headers, lambda: self._begin(plan))
        except Exception:
            logger.exception("a fault while deciding on a response")
            decided = self._response.without_decision(status, headers)
        self._state = _State.HEADED
        return decided

    def filter_headers(self, headers: Headers) -> list[Header]:
        """Return the headers of a message without a body (websocket.accept, 103 Early Hints, trailers) as the browser may have
        them. It may be called at any time."""
        return self._response.filter_headers(headers)

    def finish(self) -> tuple[Finding, ...]:
        """End the exchange, however it ended, and return its findings. It may be called again."""
        self._tell_hidden()
        if self._counters is not None and self._state is not _State.OVER:
            self._count(self._counters)
        self._state = _State.OVER
        return self._log.found

    def _count(self, counters: Counters) -> None:
        """Count what came of the request, now that no more can come of it."""
        if self._endpoints is not None:
            self._endpoints.count(counters)
        elif self._response.result is not None:
            counters.page(self._response.result)

    def _begin(self, plan: object) -> None:
        if plan is not self._plan:
            raise ExchangeStateError("a later respond() has replaced the plan of this body")
        if self._state is _State.HEADED:
            self._state = _State.STREAMING

    def _forward(self, site: Site, facts: RequestFacts, enforcement: PathEnforcement) -> ForwardedRequest:
        if self._endpoints is not None or enforcement == "off":
            return ForwardedRequest(facts.headers)
        consent, wants = self._visitor.consent, wanted(facts.headers, facts.path)
        if enforcement == "report":
            _, hidden = hide_gated(facts.headers, site.rulings, consent)
            return ForwardedRequest(facts.headers, hidden, wants)
        if site.policy.bodies_at(facts.path):
            wants = wants._replace(narrowed=True, whole=True)
        wants = wants if site.reads_sheets else wants._replace(sheet=False)
        headers = unconditional(facts.headers) if site.csp and is_worker(facts.headers) else facts.headers
        return forward(
            headers,
            facts.method,
            wants,
            site.rulings,
            consent,
            self._visitor.mark,
            lambda validator: wants.sheet and is_unread(site, facts, validator),
        )

    def _tell_hidden(self) -> None:
        """Tell what was kept from the app: not before the app has had its turn, for then the route is known."""
        untold, self._untold = self._untold, []
        for finding in untold:
            self._log.add(finding)

    def _route(self) -> str:
        template = self.route() if self.route is not None else None
        self._template = template or self._template
        return self._template
