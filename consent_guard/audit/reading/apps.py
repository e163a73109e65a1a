"""Calls an app in process: no server, no port, no network.

    with loaded_app("shop.wsgi:application") as app:
        fetcher = Fetcher(transport=app.transport(max_bytes))

WSGI or ASGI is told apart by what the object is; a factory is written with its call, ``shop:create_app()``. Its guard
keeps no receipt of what is chosen so. May import httpx and anyio (extra ``scan``), late, and the ledger's mark of such
requests. The targets open apps with it.
"""

from __future__ import annotations

import ast
import importlib
import inspect
import sys
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Literal

from ...ledger.probing import probing
from ..problems import Unreadable

if TYPE_CHECKING:
    from collections.abc import Iterator

    import httpx
    from anyio.from_thread import BlockingPortal

Kind = Literal["wsgi", "asgi"]


def looks_like_app(target: str) -> bool:
    """Tell whether a target is written as ``module:app`` or ``module:factory()``."""
    module, colon, name = target.partition(":")
    return bool(colon) and all(part.isidentifier() for part in module.split(".")) and not name.startswith("//")


def load_app(target: str) -> tuple[Any, Kind]:
    """Return the app that ``module:name`` or ``module:factory()`` names, and its kind.

    Modules are looked for in the working directory first, as servers do. Raises Unreadable, also for an import that fails.
    """
    module_name, _, expression = target.partition(":")
    here = str(Path.cwd())
    if here not in sys.path:
        sys.path.insert(0, here)
    try:
        module = importlib.import_module(module_name)
    except (Exception, SystemExit) as error:
        raise Unreadable(target, f"importing {module_name} failed: {type(error).__name__}: {error}") from error
    app = _evaluated(target, module, expression)
    return app, kind_of(target, app)


def _evaluated(target: str, module: Any, expression: str) -> Any:
    """Return what the part after the colon names: attributes, and at its end a call with plain values."""
    try:
        tree = ast.parse(expression, mode="eval").body
    except SyntaxError as error:
        raise Unreadable(target, "is not written as module:app or module:factory()") from error
    call = tree if isinstance(tree, ast.Call) else None
    value: Any = module
    for name in _dotted(target, call.func if call is not None else tree):
        try:
            value = getattr(value, name)
        except AttributeError as error:
            raise Unreadable(target, f"{module.__name__} has no {expression.partition('(')[0]}") from error
    if call is None:
        return value
    try:
        positional = [ast.literal_eval(argument) for argument in call.args]
        named = {keyword.arg: ast.literal_eval(keyword.value) for keyword in call.keywords if keyword.arg}
    except ValueError as error:
        raise Unreadable(target, "a factory can be called with plain values only") from error
    try:
        return value(*positional, **named)
    except (Exception, SystemExit) as error:
        raise Unreadable(target, f"the factory failed: {type(error).__name__}: {error}") from error


def _dotted(target: str, node: ast.expr) -> list[str]:
    if isinstance(node, ast.Name):
        return [node.id]
    if isinstance(node, ast.Attribute):
        return [*_dotted(target, node.value), node.attr]
    raise Unreadable(target, "is not written as module:app or module:factory()")


def kind_of(target: str, app: Any) -> Kind:
    """Tell WSGI and ASGI apart: an ASGI app is a coroutine function of three, a WSGI app takes two. Raises Unreadable."""
    if not callable(app):
        raise Unreadable(target, f"is no app: it is of the type {type(app).__name__}")
    called = app if inspect.isroutine(app) or inspect.isclass(app) else type(app).__call__
    if inspect.iscoroutinefunction(called):
        return "asgi"
    try:
        inspect.signature(app).bind(None, None, None)
    except TypeError:
        pass
    except ValueError:
        return "wsgi"
    else:
        return "asgi"
    try:
        inspect.signature(app).bind(None, None)
    except TypeError as error:
        raise Unreadable(target, f"takes neither WSGI's nor ASGI's arguments; a factory is written {target}()") from error
    return "wsgi"


def as_probe(app: Any, kind: Kind) -> Any:
    """Return an app whose guard knows that no visitor asks: what is chosen in it leaves no receipt in the app's ledger."""

    def wsgi(environ: Any, start_response: Any) -> Any:
        with probing():
            return _ProbedBody(app(environ, start_response))

    async def asgi(scope: Any, receive: Any, send: Any) -> None:
        with probing():
            await app(scope, receive, send)

    return wsgi if kind == "wsgi" else asgi


class _ProbedBody:
    """A body whose making is a tool's own request, too: an app that is a generator calls its guard only there."""

    def __init__(self, body: Any) -> None:
        self._body = body

    def __iter__(self) -> Iterator[bytes]:
        with probing():
            chunks = iter(self._body)
        while True:
            with probing():
                chunk = next(chunks, None)
            if chunk is None:
                return
            yield chunk

    def close(self) -> None:
        if hasattr(self._body, "close"):
            with probing():
                self._body.close()


class RunningApp:
    """An app that is ready to be called: for ASGI, started by its lifespan."""

    def __init__(self, app: Any, kind: Kind, name: str) -> None:
        """``name`` is what problems call it."""
        self.app = app
        self._name = name
        self.kind = kind
        self._stack = ExitStack()
        self._portal: BlockingPortal | None = None

    def __enter__(self) -> RunningApp:
        if self.kind == "asgi":
            from anyio.from_thread import start_blocking_portal

            from .lifespans import lifespan

            with ExitStack() as stack:
                self._portal = stack.enter_context(start_blocking_portal())
                # Calls that were given up are still waiting there.
                stack.callback(self._portal.call, self._portal.stop, True)
                stack.enter_context(self._portal.wrap_async_context_manager(lifespan(self.app, self._name)))
                self._stack = stack.pop_all()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._stack.close()

    def transport(self, max_bytes: int) -> httpx.BaseTransport:
        """Return what carries requests into the app in place of a network; little more than ``max_bytes`` of a body is kept."""
        import httpx

        if self._portal is not None:
            from .asgi_transport import AsgiTransport

            return AsgiTransport(as_probe(self.app, self.kind), self._portal, max_bytes)
        return httpx.WSGITransport(as_probe(self.app, self.kind), raise_app_exceptions=True, wsgi_errors=sys.stderr)
