"""The ASGI transport: any ASGI app, guarded.

    from consent_guard.asgi import ConsentMiddleware
    app = ConsentMiddleware(app, "consent.toml", secret_key=SECRET)

A plain ASGI class: it awaits only receive, send and the app, in the app's own task, so that any event loop serves it,
streaming keeps its pace and context variables travel both ways (Y14 to Y16). Translates messages to and from the engine's
plain values; it decides nothing. May import the engine and the wire messages, no framework and no event loop. Servers call it;
consent_guard.starlette builds on it.

``app.add_middleware(ConsentMiddleware, policy=..., secret_key=...)`` works too, but Starlette and FastAPI construct what is
added so with the first request: a bad policy then raises there. consent_guard.starlette.install loads it at once.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Iterable, Mapping, MutableMapping, Sequence
from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final, Unpack

from .engine.guard import Guard
from .errors import ExchangeStateError, RewriteError
from .limits import WHOLE_BODY_BYTES
from .manage import Html, ManageLink, PreferencesForm, handed_over
from .nesting import AROUND_KEY, Around, calling, guard_around
from .options import Options, naming_options, prepare
from .pacing import close_in_pieces, feed_in_pieces, file_chunks
from .session_cookies import session_cookies
from .wire.headers import get_all, stated_length
from .wire.messages import BodyRewriter, Header, Headers, Reply, RequestFacts, ResponsePlan, Spent

if TYPE_CHECKING:
    from .consent.choice import Consent
    from .engine.exchange import Exchange
    from .ledger.keeper import Keeper
    from .policy.model import PolicySource

__all__ = ["ConsentMiddleware", "consent_from", "leave_body", "manage_link", "preferences_form"]

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
ASGIApp = Callable[[Scope, Receive, Send], Awaitable[None]]

logger: Final = logging.getLogger("consent_guard")

CONSENT_KEY: Final = "consent_guard"
MANAGE_KEY: Final = "consent_guard.manage"
PREFERENCES_KEY: Final = "consent_guard.preferences"


class ConsentMiddleware:
    """An ASGI app around another, that sends and asks nothing without consent.

    ``policy``: a Policy, a TOML file's path, a mapping of the same shape, or None for the built-in policy. ``secret_key`` signs
    the choice. The options are those of ``consent_guard.options.Options``. Raises PolicyError with every fault of the policy
    and the templates, SecretKeyError for an empty key, TypeError for an option that is unknown
    or cannot have its value.
    """

    @naming_options
    def __init__(
        self,
        app: ASGIApp,
        policy: PolicySource = None,
        *,
        secret_key: str | bytes,
        **options: Unpack[Options],
    ) -> None:
        self.app = app
        prepared = prepare(policy, options)
        self.guard = prepared.guard(secret_key)
        if names := session_cookies(app):
            self.guard = self.guard.recognising(names)
        self.keeper = prepared.keeper
        self._clock = prepared.clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] in ("http", "websocket"):
            await serve(self.app, self.guard, scope, receive, send, self._clock(), keeper=self.keeper)
            return
        try:
            await self.app(scope, receive, send)  # lifespan, and what is not invented yet (Y1)
        finally:
            if self.keeper is not None and scope["type"] == "lifespan":
                await self.keeper.close_async()


def consent_from(scope: Mapping[str, Any]) -> Consent:
    """Return the visitor's Consent for this request; raises LookupError where the middleware is not around the app.

    ``scope`` may also be a Starlette request or websocket, which is a mapping over its scope.
    """
    consent: Consent = handed_over(scope, CONSENT_KEY, "scope")
    return consent


def manage_link(scope: Mapping[str, Any], text: str | None = None, *, lang: str | None = None) -> str:
    """Return the "Manage cookies" link as HTML (S08, L23): ``text`` in place of our own words, ``lang`` the page's language.

    Raises LookupError where the middleware is not around the app.
    """
    link: ManageLink = handed_over(scope, MANAGE_KEY, "scope")
    return link.html(text, lang)


def preferences_form(scope: Mapping[str, Any], *, lang: str | None = None, next: str | None = None) -> Html:
    """Return the preferences as HTML for a page of the app's own (L23): the stored state and the form that changes it.

    ``lang`` is the page's language, ``next`` the path of this site to go to after a choice; without it, back to this request's
    address. Raises LookupError where the middleware is not around the app.
    """
    form: PreferencesForm = handed_over(scope, PREFERENCES_KEY, "scope")
    return Html(form(lang, next))


def leave_body(scope: Mapping[str, Any], reason: str = "") -> None:
    """Let the body of this response leave as the app writes it; cookies, headers and caching are filtered all the same. It is
    logged, with the reason. ``scope`` may also be a Starlette request.

    Raises ExchangeStateError once the response has started, LookupError where the middleware is not around the app.
    """
    around: Around = handed_over(scope, AROUND_KEY, "scope")
    around.exchange.leave_body(reason)


async def serve(
    app: ASGIApp, guard: Guard, scope: Scope, receive: Receive, send: Send, now: float, keeper: Keeper | None = None
) -> None:
    """Answer one request: by one of our own pages, or by the app's response as this visitor may have it."""
    outer = guard_around(scope, guard)
    if outer is not None:
        outer.hand_over(scope, CONSENT_KEY, MANAGE_KEY, PREFERENCES_KEY)
        await app(scope, receive, send)
        return
    if keeper is not None:
        keeper.start()
    facts = request_facts(scope, now)
    exchange = guard.open(facts)
    limit = exchange.body_limit
    if limit is not None and scope["type"] == "http":
        try:
            body = await read_body(receive, limit)
            if body is not None:  # else the visitor has left, and what came is not the whole of it
                reply = exchange.answer(body)
                if keeper is not None:
                    reply = await keeper.settle_async(exchange, reply)
                await _send_reply(reply, send)
        finally:
            exchange.finish()
        return
    if limit is not None:
        try:
            await _close_websocket(receive, send)
        finally:
            exchange.finish()
        return
    inner = dict(scope)
    if exchange.forward_headers is not facts.headers:
        inner["headers"] = list(exchange.forward_headers)
    if scope.get("extensions") and exchange.may_get_page:
        inner["extensions"] = {key: value for key, value in scope["extensions"].items() if key not in _FILES}
    around = Around(guard, exchange, ManageLink.of(guard.policy, facts))
    around.hand_over(inner, CONSENT_KEY, MANAGE_KEY, PREFERENCES_KEY)
    copied = dict(inner)
    exchange.route = lambda: _route(inner)
    response = _Response(exchange, send, lambda: _copy_out(inner, copied, scope))
    try:
        with calling(around):
            await app(inner, receive, response.send)
    except Exception:  # raised again; not for a cancelled request, whose server takes no more
        await response.release()
        raise
    finally:
        _copy_out(inner, copied, scope)
        exchange.finish()
    await response.settle()


def _route(scope: Mapping[str, Any]) -> str | None:
    """Return the template of the route that Starlette or FastAPI has put into the scope, as ``/items/{id}``."""
    path = getattr(scope.get("route"), "path", None)
    return path if isinstance(path, str) else None


def _copy_out(inner: Scope, copied: Scope, scope: Scope) -> None:
    """Show middleware around us what the app put into its scope: route, endpoint, path_params, user and the like."""
    for key, value in inner.items():
        if key not in _OURS and (key not in copied or copied[key] is not value):
            scope[key] = copied[key] = value


class _Response:
    """One response on its way out: the app's ``send``."""

    __slots__ = ("_ended", "_exchange", "_fault", "_forward", "_plan", "_show", "_stated", "_waiting")

    def __init__(self, exchange: Exchange, send: Send, show: Callable[[], None]) -> None:
        """``show`` is called before each message that is sent on."""
        self._exchange = exchange
        self._forward = send
        self._show = show
        self._plan: ResponsePlan | None = None
        self._waiting: Message | None = None
        """The start of a document whose body may come whole: it leaves with the first message of that, with its length."""
        self._stated: int | None = None
        """The length of the body by the app's own word."""
        self._ended = False
        self._fault: BaseException | None = None

    async def send(self, message: Message) -> None:
        """Pass one message on as this visitor may have it. Errors of the server's own send pass through untouched (Y13)."""
        if self._fault is not None:
            raise self._fault
        kind = message["type"]
        if kind in _STARTS:
            await self._start(message)
            return
        if kind in _BODIES:
            await self._body(message)
            return
        if kind not in _FILES or not self._holds:
            await self.release()
        if kind in _FILES:
            await self._file(message)
        elif kind == "http.response.trailers" or kind in _HEADS:
            await self._send(self._with_headers(message))
        elif kind == "http.response.early_hint":
            await self._early_hint(message)
        else:
            await self._send(message)

    async def settle(self) -> None:
        """The app has returned: where we broke its response off, and the app made light of that, the server must know."""
        if self._fault is not None:
            raise self._fault
        await self.release()

    async def release(self) -> None:
        """Send the start that waits, if one does: its body does not come whole. Nothing leaves after a fault of ours."""
        start, self._waiting = self._waiting, None
        if start is not None and self._fault is None:
            await self._send(start)

    async def _send(self, message: Message) -> None:
        self._show()
        await self._forward(message)

    async def _start(self, message: Message) -> None:
        if self._plan is not None:
            raise ExchangeStateError(f"the app sent {message['type']} twice")
        headers = _pairs(message.get("headers"))
        self._plan = self._exchange.respond(message["status"], headers)
        start = {**message, "status": self._plan.status, "headers": self._plan.headers}
        if self._plan.settle is None or (get_all(headers, b"content-encoding") and not self._plan.held):
            await self._send(start)  # at once: nothing that may follow can change it (Y3)
        else:
            self._waiting = start
            self._stated = stated_length(headers)

    async def _body(self, message: Message) -> None:
        rewriter = self._rewriter(message)
        if rewriter is None:
            await self._send({**message, "body": b""} if self._bodiless else message)
            return
        data, more = message.get("body", b""), message.get("more_body", False)
        if self._waiting is not None:
            if len(data) <= WHOLE_BODY_BYTES and (not more or len(data) == self._stated):
                await self._at_once(rewriter, message, bytes(data))
                return
            if not self._holds:
                await self.release()
        out = await self._filter(rewriter, data, last=not more)
        if self._waiting is None and (out or not more or not data):  # held back whole: there is nothing to say yet (Y7)
            await self._send({**message, "body": out, "more_body": more})

    async def _at_once(self, rewriter: BodyRewriter, message: Message, data: bytes) -> None:
        """Rewrite a body that came whole, by its end or by the length that was stated, and send it with its new length."""
        start, self._waiting = self._waiting, None
        assert self._plan is not None
        assert self._plan.settle is not None
        assert start is not None
        out = await self._filter(rewriter, data, last=True)
        status, headers, out = self._plan.settled(data, out)
        if message.get("more_body", False):
            self._ended = False
            self._plan = replace(self._plan, rewriter=Spent())
        await self._send({**start, "status": status, "headers": headers})
        await self._send({**message, "body": out, "more_body": message.get("more_body", False)})

    @property
    def _holds(self) -> bool:
        """Whether the start waits for what the rewriter makes of the body, however that comes."""
        return self._waiting is not None and self._plan is not None and self._plan.held

    async def _settle_held(self, out: bytes) -> bytes:
        """Send the start that waited for these bytes, or for the end, and return what follows it."""
        start, self._waiting = self._waiting, None
        assert start is not None
        assert self._plan is not None
        assert self._plan.settle is not None
        status, headers, out = self._plan.settled(b"", out)
        await self._send({**start, "status": status, "headers": headers})
        return out

    async def _file(self, message: Message) -> None:
        """A file that the server was to send past us: where it must be filtered, it is read through the rewriter (Y9).

        It is read here, a piece at a time, without a thread: no event loop is taken for granted, and where a page was asked for
        these extensions are not offered to the app at all.
        """
        rewriter = self._rewriter(message)
        more = message.get("more_body", False) if message["type"] == "http.response.zerocopysend" else False
        if rewriter is None:
            empty = {"type": "http.response.body", "body": b"", "more_body": more}
            await self._send(empty if self._bodiless else message)
            return
        with closing(file_chunks(message)) as chunks:
            for data in chunks:
                if out := await self._filter(rewriter, data, last=False):
                    await self._send({"type": "http.response.body", "body": out, "more_body": True})
        out = await self._filter(rewriter, b"", last=not more)
        if out or not more:
            await self._send({"type": "http.response.body", "body": out, "more_body": more})

    async def _early_hint(self, message: Message) -> None:
        """103 Early Hints: Link fields that a browser acts on before any response (Y10)."""
        links: list[Header] = [(b"link", bytes(link)) for link in message.get("links") or ()]
        kept = [value for name, value in self._exchange.filter_headers(links) if name.lower() == b"link"]
        if kept or not links:
            await self._send({**message, "links": kept})

    def _with_headers(self, message: Message) -> Message:
        if not message.get("headers"):
            return message
        return {**message, "headers": self._exchange.filter_headers(_pairs(message["headers"]))}

    def _rewriter(self, message: Message) -> BodyRewriter | None:
        if self._plan is None:
            raise ExchangeStateError(f"the app sent {message['type']} before the start of its response")
        if self._ended:
            raise ExchangeStateError(f"the app sent {message['type']} after the end of its response")
        return self._plan.rewriter

    @property
    def _bodiless(self) -> bool:
        return self._plan is not None and self._plan.bodiless

    async def _filter(self, rewriter: BodyRewriter, data: bytes, *, last: bool) -> bytes:
        try:
            out = await feed_in_pieces(rewriter, bytes(data)) if data else b""
            if last:
                self._ended = True
                out += await close_in_pieces(rewriter)
        except RewriteError as fault:
            # Nothing more of this body leaves, filtered or not; without its last message the server must abort.
            logger.exception("filtering a response failed; it is broken off")
            self._fault = fault
            raise
        except BaseException:  # the task was cancelled between two pieces: what is left of the body cannot follow any more
            self._fault = ExchangeStateError("the app went on with a response after it was cancelled")
            raise
        return await self._settle_held(out) if self._holds and (out or last) else out


def request_facts(scope: Mapping[str, Any], now: float) -> RequestFacts:
    """Return what the engine needs to know of a request or websocket handshake. X-Forwarded-* headers are not read (K21)."""
    headers = tuple(_pairs(scope.get("headers")))
    scheme = str(scope.get("scheme") or "http").lower()
    root_path = scope.get("root_path") or ""
    return RequestFacts(
        method=scope.get("method", "GET"),
        scheme=_HTTP_SCHEMES.get(scheme, scheme),
        host=_host(headers, scope.get("server")),
        root_path=root_path.rstrip("/"),
        path=_below(root_path.rstrip("/"), scope.get("path", "")),
        query=bytes(scope.get("query_string") or b""),
        headers=headers,
        now=now,
    )


async def read_body(receive: Receive, limit: int) -> bytes | None:
    """Return the request body for one of our own pages, at most ``limit`` + 1 bytes of it; None when the visitor left."""
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        body += message.get("body") or b""
        if len(body) > limit or not message.get("more_body", False):
            return bytes(body[: limit + 1])


async def _send_reply(reply: Reply, send: Send) -> None:
    await send({"type": "http.response.start", "status": reply.status, "headers": list(reply.headers)})
    await send({"type": "http.response.body", "body": reply.body, "more_body": False})


async def _close_websocket(receive: Receive, send: Send) -> None:
    """Our own addresses speak no WebSocket: the handshake is refused (403)."""
    await receive()
    await send({"type": "websocket.close", "code": 1000})


def _pairs(headers: Iterable[Iterable[bytes]] | None) -> list[Header]:
    """Return headers as pairs, from whatever iterable of two-item iterables an app or server gives (Y4)."""
    return [(bytes(name), bytes(value)) for name, value in headers or ()]


def _host(headers: Headers, server: Sequence[Any] | None) -> str:
    for name, value in headers:
        if name.lower() == b"host":
            return value.decode("latin-1")
    if not server or server[1] is None:  # a Unix socket has a path and no port
        return ""
    name_of_server = f"[{server[0]}]" if ":" in server[0] else str(server[0])
    return f"{name_of_server}:{server[1]}"


def _below(root_path: str, path: str) -> str:
    """Return the path below ``root_path``: ``path`` holds it in the newer specification, and did not in older servers."""
    if root_path and path.startswith(root_path) and path[len(root_path) : len(root_path) + 1] in ("", "/"):
        return path[len(root_path) :]
    return path


_STARTS: Final = frozenset({"http.response.start", "websocket.http.response.start"})
_BODIES: Final = frozenset({"http.response.body", "websocket.http.response.body"})
_HEADS: Final = frozenset({"websocket.accept", "http.response.informational"})
"""Heads by themselves; the second is gunicorn's way to 103 Early Hints."""
_OURS: Final = frozenset({"headers", "extensions", CONSENT_KEY, MANAGE_KEY, PREFERENCES_KEY, AROUND_KEY})
"""Keys of the scope that stay with the app: ours, and those that it sees in another form."""
_FILES: Final = frozenset({"http.response.pathsend", "http.response.zerocopysend"})
_HTTP_SCHEMES: Final = {"ws": "http", "wss": "https"}
