"""The WSGI transport: any WSGI app, guarded.

    from consent_guard.wsgi import ConsentMiddleware
    app = ConsentMiddleware(app, "consent.toml", secret_key=SECRET)

Translates environ and start_response to and from the engine's plain values and carries bytes; it decides nothing. May import
the engine and the wire messages, no framework. Servers call it; the Flask and Django adapters build on it.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final, Unpack

from .engine.guard import Guard
from .environ import byte_headers, forwarded_environ, native_headers, read_body, request_facts, status_code, status_line
from .errors import ExchangeStateError, RewriteError
from .limits import WHOLE_BODY_BYTES
from .manage import Html, ManageLink, PreferencesForm, handed_over
from .nesting import AROUND_KEY, Around, calling, guard_around
from .options import Options, naming_options, prepare
from .side_channels import guard_side_channels
from .wire.headers import stated_length
from .wire.messages import Headers, ResponsePlan, Spent

if TYPE_CHECKING:
    from _typeshed import OptExcInfo
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

    from .consent.choice import Consent
    from .engine.exchange import Exchange
    from .ledger.keeper import Keeper
    from .policy.model import PolicySource

__all__ = ["ConsentMiddleware", "consent_from", "leave_body", "manage_link", "preferences_form"]

logger: Final = logging.getLogger("consent_guard")

CONSENT_KEY: Final = "consent_guard.consent"
MANAGE_KEY: Final = "consent_guard.manage"
PREFERENCES_KEY: Final = "consent_guard.preferences"
_BREAKING: Final = re.compile(r"[\r\n\0]")
"""A phrase with one of these in it would be a header, or a body."""


class ConsentMiddleware:
    """A WSGI app around another, that sends and asks nothing without consent.

    ``policy``: a Policy, a TOML file's path, a mapping of the same shape, or None for the built-in policy. ``secret_key`` signs
    the choice. The options are those of ``consent_guard.options.Options``. Raises PolicyError with every fault of the policy
    and the templates, SecretKeyError for an empty key, TypeError for an option that is unknown
    or cannot have its value.
    """

    @naming_options
    def __init__(
        self,
        app: WSGIApplication,
        policy: PolicySource = None,
        *,
        secret_key: str | bytes,
        **options: Unpack[Options],
    ) -> None:
        self.app = app
        prepared = prepare(policy, options)
        self.guard = prepared.guard(secret_key)
        self.keeper = prepared.keeper
        self._clock = prepared.clock

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        return serve(self.app, self.guard, environ, start_response, self._clock(), keeper=self.keeper)


def consent_from(environ: Mapping[str, Any]) -> Consent:
    """Return the visitor's Consent for this request; raises LookupError where the middleware is not around the app."""
    consent: Consent = handed_over(environ, CONSENT_KEY, "environ")
    return consent


def manage_link(environ: Mapping[str, Any], text: str | None = None, *, lang: str | None = None) -> str:
    """Return the "Manage cookies" link as HTML (S08, L23): ``text`` in place of our own words, ``lang`` the page's language.

    Raises LookupError where the middleware is not around the app.
    """
    link: ManageLink = handed_over(environ, MANAGE_KEY, "environ")
    return link.html(text, lang)


def preferences_form(environ: Mapping[str, Any], *, lang: str | None = None, next: str | None = None) -> Html:
    """Return the preferences as HTML for a page of the app's own (L23): the stored state and the form that changes it.

    ``lang`` is the page's language, ``next`` the path of this site to go to after a choice; without it, back to this request's
    address. Raises LookupError where the middleware is not around the app.
    """
    form: PreferencesForm = handed_over(environ, PREFERENCES_KEY, "environ")
    return Html(form(lang, next))


def leave_body(environ: Mapping[str, Any], reason: str = "") -> None:
    """Let the body of this response leave as the app writes it; cookies, headers and caching are filtered all the same. It is
    logged, with the reason.

    Raises ExchangeStateError once start_response was called, LookupError where the middleware is not around the app.
    """
    around: Around = handed_over(environ, AROUND_KEY, "environ")
    around.exchange.leave_body(reason)


def serve(
    app: WSGIApplication,
    guard: Guard,
    environ: WSGIEnvironment,
    start_response: StartResponse,
    now: float,
    route: Callable[[Mapping[str, Any]], str | None] | None = None,
    keeper: Keeper | None = None,
) -> Iterable[bytes]:
    """Answer one request: by one of our own pages, or by the app's response as this visitor may have it.

    ``route`` returns the template of the route from the environ that the app has had.
    """
    outer = guard_around(environ, guard)
    if outer is not None:
        inner = dict(environ)
        outer.hand_over(inner, CONSENT_KEY, MANAGE_KEY, PREFERENCES_KEY)
        return app(inner, start_response)
    if keeper is not None:
        keeper.start()
    facts = request_facts(environ, now)
    exchange = guard.open(facts)
    limit = exchange.body_limit
    if limit is not None:
        reply = exchange.answer(read_body(environ, limit))
        if keeper is not None:
            reply = keeper.settle(exchange, reply)
        exchange.finish()
        start_response(status_line(reply.status), native_headers(reply.headers))
        return [reply.body]
    inner = forwarded_environ(environ, facts.headers, exchange.forward_headers)
    around = Around(guard, exchange, ManageLink.of(guard.policy, facts))
    around.hand_over(inner, CONSENT_KEY, MANAGE_KEY, PREFERENCES_KEY)
    guard_side_channels(inner, exchange)
    if route is not None:
        exchange.route = lambda: route(inner)
    response = _Response(exchange, start_response)
    try:
        with calling(around):
            body = app(inner, response.start)
    except BaseException:
        exchange.finish()
        raise
    return response.hand_over(body)


class _Response:
    """One response on its way out: the app's start_response and write, and the iterable that the server gets.

    The server's own start_response is called as soon as the app calls ours, so that errors surface where the app expects them;
    servers send nothing before the first body bytes. Only the head of a document waits where its body may be at hand as a
    whole, for then it leaves with its length.
    """

    __slots__ = (
        "_body",
        "_exchange",
        "_fault",
        "_items",
        "_line",
        "_over",
        "_plan",
        "_server_write",
        "_start",
        "_started",
        "_stated",
        "_waiting",
        "_whole",
    )

    def __init__(self, exchange: Exchange, start_response: StartResponse) -> None:
        self._exchange = exchange
        self._start = start_response
        self._plan: ResponsePlan | None = None
        self._line = ""
        self._stated: int | None = None
        """The length of the body by the app's own word."""
        self._waiting = False
        """The head was decided on, and the server does not know it yet."""
        self._whole: bytes | None = None
        """The whole body, rewritten at once, that is still to leave."""
        self._server_write: Callable[[bytes], object] | None = None
        self._body: Iterable[bytes] = ()
        self._items: Iterator[bytes] | None = None
        self._started = False
        """The app has given its first body bytes, or its own iterable was handed over: the head cannot change any more."""
        self._over = False
        self._fault: BaseException | None = None

    # What the app calls.

    def start(
        self, status: str, headers: list[tuple[str, str]], exc_info: OptExcInfo | None = None, /
    ) -> Callable[[bytes], object]:
        """The app's start_response (W4, W5)."""
        try:
            if exc_info is None:
                if self._plan is not None:
                    raise ExchangeStateError("the app called start_response twice without exc_info")
            elif self._started:
                # Too late to decide again. The server raises the app's own exception; should it be willing to start over all
                # the same, the exception still ends the response, for its body would not be filtered by this head's plan.
                safe = self._exchange.filter_headers(byte_headers(headers))
                self._start(status, native_headers(safe), exc_info)
                raise exc_info[1] if exc_info[1] is not None else ExchangeStateError("start_response came after the body")
            given = byte_headers(headers)
            plan = self._exchange.respond(status_code(status), given)
            self._line = status if status[:3] == str(plan.status) and not _BREAKING.search(status) else status_line(plan.status)
            self._waiting = plan.settle is not None and self._server_write is None
            if self._waiting:
                self._stated = stated_length(given)
            elif exc_info is None or self._server_write is None:
                self._server_write = self._start(self._line, native_headers(plan.headers))
            else:
                self._server_write = self._start(self._line, native_headers(plan.headers), exc_info)
            self._plan = plan
            return self.write
        finally:
            exc_info = None  # a traceback kept here would be a cycle (W11)

    def write(self, data: bytes) -> None:
        """The app's write(): through the same rewriter, before all that it yields (W6)."""
        if self._holds:
            out = self._held(data) or b""
            if not out:
                return
        else:
            self._release()
            out = self._filter(data)
        if self._server_write is None:
            raise ExchangeStateError("write() was called before start_response")
        self._server_write(out)

    # What the server gets.

    def hand_over(self, body: Iterable[bytes]) -> Iterable[bytes]:
        """Return what the server iterates: the app's own object where nothing is filtered (W8), else this one."""
        self._body = body
        if self._fault is not None:
            self.close()
            raise self._fault
        if self._plan is None:
            return self
        if self._plan.rewriter is None:
            self._started = True
            self._exchange.finish()
            if not self._plan.bodiless:
                return body
            # One empty item, and no __len__: servers would make a Content-Length of either.
            self._over, self._whole = True, b""
        if self._waiting:
            try:
                if type(body) in (list, tuple) and _is_small(body):
                    self._at_once(b"".join(body))
                    self._end()
                elif not self._plan.held and (self._stated is None or self._stated > WHOLE_BODY_BYTES or _is_file(body)):
                    self._release()
            except BaseException:
                self.close()
                raise
        return self

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        while (out := self._next()) is None:
            pass
        return out

    def _next(self) -> bytes | None:
        """Return what leaves next; None where what the app gave is held."""
        if self._whole is not None:
            whole, self._whole = self._whole, None
            return whole
        if self._over:
            raise StopIteration
        try:
            if self._items is None:
                self._items = iter(self._body)
            item = next(self._items)
        except StopIteration:
            return self._tail()
        except BaseException:
            self._end()
            raise
        if self._plan is None:
            if item:
                self._end()
                raise ExchangeStateError("the app yielded body bytes before it called start_response")
            return item
        if self._plan.bodiless:  # a generator, which has called start_response only now
            self._end()
            return b""
        if self._waiting and type(item) is bytes and len(item) == self._stated and self._stated <= WHOLE_BODY_BYTES:
            # All that the app has said it would give. It is asked for more all the same, and works on after its last item.
            plan = self._plan
            self._at_once(item)
            self._plan = replace(plan, rewriter=Spent())
            return self.__next__()
        if self._holds:
            return self._held(item)
        self._release()
        return self._filter(item)

    def close(self) -> None:
        """Close the app's iterable, once, however the response ended (W7)."""
        self._end()
        self._whole = None
        body, self._body = self._body, ()
        close = getattr(body, "close", None)
        if close is not None:
            close()

    def _at_once(self, body: bytes) -> None:
        """Rewrite a whole body, and tell the server the head with its new length."""
        assert self._plan is not None
        try:
            status, headers, self._whole = self._plan.at_once(body)
        except RewriteError as fault:
            self._break_off(fault)
            raise
        self._started = True
        self._tell(headers, status)

    @property
    def _holds(self) -> bool:
        """Whether the head waits for what the rewriter makes of the body, however that comes."""
        return self._waiting and self._plan is not None and self._plan.held

    def _held(self, data: object) -> bytes | None:
        """Feed a body for which the head waits; None while it has to wait on."""
        out = self._filter(data)
        if not out or self._plan is None or self._plan.settle is None:
            return None
        status, headers, out = self._plan.settled(b"", out)
        self._tell(headers, status)
        return out

    def _release(self) -> None:
        """Tell the server the head of a body that is not at hand as a whole."""
        if self._waiting and self._plan is not None:
            self._tell(self._plan.headers, self._plan.status)

    def _tell(self, headers: Headers, status: int) -> None:
        self._waiting = False
        line = self._line if self._plan is not None and status == self._plan.status else status_line(status)
        self._server_write = self._start(line, native_headers(headers))

    def _filter(self, data: object) -> bytes:
        if not isinstance(data, bytes):
            self._fault = TypeError(f"a WSGI body is bytes, but the app gave {type(data).__name__}")
            self._end()
            raise self._fault
        if not data:
            return data
        self._started = True
        rewriter = self._plan.rewriter if self._plan is not None else None
        if rewriter is None:
            return b"" if self._plan is not None and self._plan.bodiless else data
        if self._fault is not None:
            raise self._fault
        try:
            return rewriter.feed(data)
        except RewriteError as fault:
            self._break_off(fault)
            raise

    def _tail(self) -> bytes:
        """Return the bytes still held, once (W10), or end."""
        self._over = True
        if self._waiting:
            self._at_once(b"")
            self._end()
            return self.__next__()
        try:
            rewriter = self._plan.rewriter if self._plan is not None else None
            tail = rewriter.close() if rewriter is not None else b""
        except RewriteError as fault:
            self._break_off(fault)
            raise
        self._exchange.finish()
        if tail:
            return tail
        raise StopIteration

    def _break_off(self, fault: BaseException) -> None:
        """A fault inside us: nothing more of this body leaves, filtered or not, and the server learns of it."""
        logger.error("filtering a response failed; it is broken off", exc_info=fault)
        self._fault = fault
        self._end()

    def _end(self) -> None:
        self._over = True
        self._exchange.finish()


def _is_file(body: object) -> bool:
    """Tell whether a body is a file that is read in blocks (PEP 3333, ``wsgi.file_wrapper``; werkzeug's own)."""
    return hasattr(body, "filelike") or hasattr(body, "seekable")


def _is_small(body: Iterable[object]) -> bool:
    """Tell whether a list of body parts is fit to be rewritten at once. What is no bytes is left to its own error."""
    count = 0
    for part in body:
        if type(part) is not bytes:
            return False
        count += len(part)
    return count <= WHOLE_BODY_BYTES
