"""The Django middleware, for sync and async projects alike.

Stands first in MIDDLEWARE and so sees what all others add; their answers to exceptions too, since Django turns those into
responses at each step. Translates Django's request and response to and from the engine's plain values; it decides nothing. May
import Django, the WSGI transport's translations and the engine. Django calls it.
"""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, replace
from functools import partial
from types import TracebackType
from typing import TYPE_CHECKING, Final, cast

from asgiref.sync import iscoroutinefunction, markcoroutinefunction, sync_to_async
from django.conf import settings
from django.core.exceptions import DisallowedHost
from django.core.handlers.asgi import ASGIRequest
from django.core.handlers.wsgi import WSGIRequest
from django.http import HttpRequest, HttpResponse, HttpResponsePermanentRedirect, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.urls import get_script_prefix
from django.utils.functional import SimpleLazyObject
from django.utils.module_loading import import_string

from ..environ import changed_keys, environ_headers, read_body, request_facts
from ..manage import ManageLink, PreferencesForm, handed_over
from ..nesting import AROUND_KEY, Around, calling, guard_around
from ..pacing import close_in_pieces, feed_in_pieces
from ..refusal import REFUSAL
from ..side_channels import guard_side_channels
from ..wire.messages import Header, Reply, RequestFacts, ResponsePlan
from ..wsgi import CONSENT_KEY, MANAGE_KEY, PREFERENCES_KEY
from .conf import configuration, current_guard, current_keeper
from .headers import apply_headers, header_lines
from .streams import Head, hold_stream, hold_stream_async, wrap_stream

if TYPE_CHECKING:
    from ..consent.choice import Consent
    from ..engine.exchange import Exchange

logger: Final = logging.getLogger("consent_guard")


GetResponse = Callable[[HttpRequest], HttpResponseBase]


class ConsentMiddleware:
    """``consent_guard.django.ConsentMiddleware``. Raises PolicyError and SecretKeyError as Django loads it."""

    sync_capable = True
    async_capable = True

    def __init__(self, get_response: GetResponse | Callable[[HttpRequest], Awaitable[HttpResponseBase]]) -> None:
        self.get_response = get_response
        self.guard = current_guard()
        self.keeper = current_keeper()
        self._clock = configuration().clock
        self._async = iscoroutinefunction(get_response)
        if self._async:
            markcoroutinefunction(self)

    def __call__(self, request: HttpRequest) -> HttpResponseBase | Awaitable[HttpResponseBase]:
        if self._async:
            return self._acall(request)
        begun = self._begin(request)
        if isinstance(begun, _Answered):
            return self._settled(begun)
        if isinstance(begun, HttpResponseBase):
            return begun
        get_response = cast(GetResponse, self.get_response)
        if begun is None:
            return get_response(request)
        with calling(begun):
            response = get_response(request)
        return finish(begun.exchange, response, asgi=isinstance(request, ASGIRequest))

    async def _acall(self, request: HttpRequest) -> HttpResponseBase:
        begun = self._begin(request)
        if isinstance(begun, _Answered):
            return await self._settled_async(begun)
        if isinstance(begun, HttpResponseBase):
            return begun
        get_response = cast(Callable[[HttpRequest], Awaitable[HttpResponseBase]], self.get_response)
        if begun is None:
            return await get_response(request)
        try:
            with calling(begun):
                response = await get_response(request)
            return await finish_on_loop(begun.exchange, response, asgi=isinstance(request, ASGIRequest))
        except BaseException:  # the task was cancelled: nothing of this response leaves any more
            begun.exchange.finish()
            raise

    def _begin(self, request: HttpRequest) -> Around | _Answered | HttpResponseBase | None:
        """Open the exchange and prepare the request, or answer it; None where a guard around this one does all that."""
        with _OrRefusal("a request cannot be guarded"):
            outer = self._around(request)
            if outer is not None:
                _place(request, outer)
                return None
            if self.keeper is not None:
                self.keeper.start()
            facts, host_is_ours = django_facts(request, self._clock())
            exchange = self.guard.open(facts)
            limit = exchange.body_limit
            if limit is None:
                around = Around(self.guard, exchange, ManageLink.of(self.guard.policy, facts))
                _prepare(request, facts, around)
                return around
            if not host_is_ours:
                return HttpResponse("Bad Request\n", status=400, content_type="text/plain; charset=utf-8")
            if settings.SECURE_SSL_REDIRECT and facts.scheme != "https":
                # SecurityMiddleware stands behind us. A choice made over http would not hold over https.
                host = settings.SECURE_SSL_HOST or facts.host
                return HttpResponsePermanentRedirect(f"https://{host}{request.get_full_path()}")
            reply = exchange.answer(_body(request, limit))
            return _Answered(exchange, reply, isinstance(request, ASGIRequest))
        return _response_of(REFUSAL)

    def _settled(self, answered: _Answered) -> HttpResponseBase:
        """Return our answer, once its receipt is kept where receipts are kept."""
        with _OrRefusal("a choice cannot be recorded"):
            reply = answered.reply
            try:
                if self.keeper is not None:
                    reply = self.keeper.settle(answered.exchange, reply)
            finally:
                answered.exchange.finish()
            return _response_of(reply, asgi=answered.asgi)
        return _response_of(REFUSAL)

    async def _settled_async(self, answered: _Answered) -> HttpResponseBase:
        with _OrRefusal("a choice cannot be recorded"):
            reply = answered.reply
            try:
                if self.keeper is not None:
                    reply = await self.keeper.settle_async(answered.exchange, reply)
            finally:
                answered.exchange.finish()
            return _response_of(reply, asgi=answered.asgi)
        return _response_of(REFUSAL)

    def _around(self, request: HttpRequest) -> Around | None:
        """Return the guard around this one: a server's environ or scope tells, or the context in which Django was called."""
        scope = request.scope if isinstance(request, ASGIRequest) else request.META
        return guard_around(scope, self.guard)


@dataclass(frozen=True, slots=True)
class _Answered:
    """One of our own answers, before its receipt is kept."""

    exchange: Exchange
    reply: Reply
    asgi: bool


def is_guarded() -> bool:
    """Tell whether the middleware, or one made from it, stands in MIDDLEWARE."""
    stages = [import_string(path) for path in settings.MIDDLEWARE]
    return any(isinstance(stage, type) and issubclass(stage, ConsentMiddleware) for stage in stages)


def consent_from(request: HttpRequest) -> Consent:
    """Return the visitor's Consent for this request, and keep Django's per-site cache from storing the page.

    Raises LookupError where the middleware does not stand in MIDDLEWARE.
    """
    try:
        consent: Consent = request.META[CONSENT_KEY]
    except KeyError:
        raise LookupError("no consent in this request: ConsentMiddleware is not in MIDDLEWARE") from None
    request._cache_update_cache = False  # type: ignore[attr-defined]
    return consent


def leave_body(request: HttpRequest, reason: str = "") -> None:
    """Let the body of this response leave as the project writes it; cookies, headers and caching are filtered all the same.
    It is logged, with the reason.

    Raises LookupError where the middleware does not stand in MIDDLEWARE.
    """
    around: Around = handed_over(request.META, AROUND_KEY, "request")
    around.exchange.leave_body(reason)


def manage_link(request: HttpRequest | None, text: str | None = None, *, lang: str | None = None) -> str:
    """Return the "Manage cookies" link as HTML: ``text`` in place of our own words, ``lang`` the page's language.

    Without a request, or with one that did not come through the middleware, it leads to the same page.
    """
    link: ManageLink | None = request.META.get(MANAGE_KEY) if request is not None else None
    if link is None:
        facts = RequestFacts("GET", "https", host="", path="/", root_path=get_script_prefix().rstrip("/"))
        link = ManageLink.of(current_guard().policy, facts)
    return link.html(text, lang)


def preferences_form(request: HttpRequest | None, *, lang: str | None = None, next: str | None = None) -> str:
    """Return the preferences as HTML for a page of the project's own (L23), and keep Django's per-site cache from storing it.

    ``lang`` is the page's language, ``next`` the path to go to after a choice; without it, back to the request's address.
    Without a request, or with one that did not come through the middleware, it is that of a visitor who has chosen nothing.
    """
    form: PreferencesForm | None = request.META.get(PREFERENCES_KEY) if request is not None else None
    if request is not None and form is not None:
        consent_from(request)
    else:
        facts = RequestFacts("GET", "https", host="", path="/", root_path=get_script_prefix().rstrip("/"))
        form = current_guard().open(facts).preferences_form
    return form(lang, next)


def django_facts(request: HttpRequest, now: float) -> tuple[RequestFacts, bool]:
    """Return what the engine needs to know of a request, and whether its host is one of ALLOWED_HOSTS.

    Scheme and host are those that Django itself settles on: SECURE_PROXY_SSL_HEADER and USE_X_FORWARDED_HOST count (K21).
    """
    raw = request_facts(request.META, now)
    try:
        host, ours = request.get_host(), True
    except DisallowedHost:
        host, ours = raw.host, False
    facts = RequestFacts(
        method=request.method or "GET",
        scheme=request.scheme or "http",
        host=host,
        root_path=str(request.META.get("SCRIPT_NAME") or "").rstrip("/"),
        path=request.path_info,
        query=raw.query,
        headers=_headers(request),
        now=now,
    )
    return facts, ours


class _OrRefusal:
    """Logs any exception and goes on behind the block, where our own 500 is returned.

    Any: Django would answer with the project's own error page, which nothing filters.
    """

    def __init__(self, what: str) -> None:
        self._what = what

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> bool:
        if not isinstance(error, Exception):
            return False
        logger.error("%s; our own 500 is the answer", self._what, exc_info=error)
        return True


def finish(exchange: Exchange, response: HttpResponseBase, *, asgi: bool) -> HttpResponseBase:
    """Return the response as this visitor may have it."""
    with _OrRefusal("the response cannot be filtered"):
        return _filtered_response(exchange, response, asgi=asgi)
    exchange.finish()
    return _refusal_for(response)


async def finish_on_loop(exchange: Exchange, response: HttpResponseBase, *, asgi: bool) -> HttpResponseBase:
    """Return the response as this visitor may have it; a long page gives the event loop its turns."""
    with _OrRefusal("the response cannot be filtered"):
        lines = header_lines(response)
        plan = exchange.respond(response.status_code, lines)
        if isinstance(response, StreamingHttpResponse) and plan.held:
            held = hold_stream_async if response.is_async else sync_to_async(hold_stream)
            return _headed(response, await held(response, plan, exchange), lines, asgi=asgi)
        if plan.rewriter is None or isinstance(response, StreamingHttpResponse):
            return _planned(exchange, plan, response, lines, asgi=asgi)
        content = cast(HttpResponse, response).content
        rewritten = await feed_in_pieces(plan.rewriter, content) + await close_in_pieces(plan.rewriter)
        return _planned(exchange, replace(plan, rewriter=_Rewritten(rewritten)), response, lines, asgi=asgi)
    exchange.finish()
    return _refusal_for(response)


class _Rewritten:
    """A rewriter whose work is done."""

    def __init__(self, whole: bytes) -> None:
        self._whole = whole

    def feed(self, data: bytes) -> bytes:
        return self._whole

    def close(self) -> bytes:
        return b""


def _filtered_response(exchange: Exchange, response: HttpResponseBase, *, asgi: bool) -> HttpResponseBase:
    lines = header_lines(response)
    return _planned(exchange, exchange.respond(response.status_code, lines), response, lines, asgi=asgi)


def _planned(
    exchange: Exchange, plan: ResponsePlan, response: HttpResponseBase, lines: list[Header], *, asgi: bool
) -> HttpResponseBase:
    head: Head = plan.status, plan.headers
    if plan.rewriter is None:
        exchange.finish()
        if plan.bodiless:
            _empty(response)
    elif isinstance(response, StreamingHttpResponse):
        if plan.held and not response.is_async:
            head = hold_stream(response, plan, exchange)
        else:
            wrap_stream(response, plan.rewriter, exchange)
    else:
        head = _rewrite(cast(HttpResponse, response), plan)
        exchange.finish()
    return _headed(response, head, lines, asgi=asgi)


def _headed(response: HttpResponseBase, head: Head, lines: list[Header], *, asgi: bool) -> HttpResponseBase:
    """Return the response under the head that leaves."""
    status, headers = head
    if status != response.status_code:
        response.status_code = status
        response.reason_phrase = None  # type: ignore[assignment]
    apply_headers(response, lines, headers, asgi=asgi)
    return response


def _empty(response: HttpResponseBase) -> None:
    """Take its body from a response, in kind; what that was to close is closed all the same.

    A stream of one empty item: of none, a server would make a Content-Length.
    """
    if not isinstance(response, StreamingHttpResponse):
        cast(HttpResponse, response).content = b""
    elif response.is_async:
        response.streaming_content = _nothing()
    else:
        response.streaming_content = iter((b"",))


async def _nothing() -> AsyncIterator[bytes]:
    yield b""


def _route(request: HttpRequest) -> str | None:
    """Return the template of the route that Django has found for a request, as ``/items/<int:id>/``."""
    return f"/{request.resolver_match.route}" if request.resolver_match is not None else None


def _place(request: HttpRequest, around: Around) -> None:
    """Put into a request what views look for there."""
    around.hand_over(request.META, CONSENT_KEY, MANAGE_KEY, PREFERENCES_KEY)
    request.consent = SimpleLazyObject(partial(consent_from, request))  # type: ignore[attr-defined]


def _prepare(request: HttpRequest, facts: RequestFacts, around: Around) -> None:
    """Show the app the request that it may see. The server's own environ and scope stay as they were (W14)."""
    exchange = around.exchange
    exchange.route = partial(_route, request)
    changes = changed_keys(facts.headers, exchange.forward_headers)
    meta = dict(request.META)
    for key, value in changes.items():
        if value is None:
            meta.pop(key, None)
        else:
            meta[key] = value
    guard_side_channels(meta, exchange)
    request.META = meta
    if isinstance(request, WSGIRequest):
        request.environ = meta
    elif changes and isinstance(request, ASGIRequest):
        request.scope = {**request.scope, "headers": list(exchange.forward_headers)}
    for name in ("COOKIES", "headers", "accepted_types"):  # computed from META, perhaps already by a middleware before us
        if name in vars(request) and hasattr(type(request), name):
            delattr(request, name)
    _place(request, around)


def _headers(request: HttpRequest) -> tuple[Header, ...]:
    """Return the request's headers; ASGI's own pairs where there are any, for Django joins repeated ones with a comma."""
    if isinstance(request, ASGIRequest):
        return tuple((bytes(name).lower(), bytes(value)) for name, value in request.scope.get("headers", ()))
    return environ_headers(request.META)


def _body(request: HttpRequest, limit: int) -> bytes:
    stream = {"CONTENT_LENGTH": request.META.get("CONTENT_LENGTH"), "wsgi.input": request, "wsgi.input_terminated": True}
    try:
        return read_body(stream, limit)
    except OSError:  # UnreadablePostError: the visitor left
        return b""


def _rewrite(response: HttpResponse, plan: ResponsePlan) -> Head:
    """Give the response its filtered content, and return its final head. Django has the whole body, of whatever length."""
    content = response.content
    status, head, filtered = plan.at_once(content)
    if filtered != content:
        response.content = filtered
    return status, head


def _refusal_for(response: HttpResponseBase) -> HttpResponseBase:
    """Return our own 500 in place of a response: what that was to close is closed at the end of this one."""
    refusal = _response_of(REFUSAL)
    refusal._resource_closers += response._resource_closers  # type: ignore[attr-defined]
    return refusal


def _response_of(reply: Reply, *, asgi: bool = False) -> HttpResponse:
    response = HttpResponse(reply.body, status=reply.status)
    apply_headers(response, header_lines(response), reply.headers, asgi=asgi)
    return response
