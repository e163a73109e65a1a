"""Serves an app on a loopback port while a browser looks at it.

WSGI by the standard library's server, ASGI by uvicorn (extra ``scan``), imported late. The browser scan serves apps with it.
"""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Iterator
from socketserver import ThreadingMixIn
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from ..problems import Unreadable
from .apps import Kind, as_probe

HOST = "127.0.0.1"
_START_SECONDS = 30.0


@contextlib.contextmanager
def served(app: Any, kind: Kind, name: str) -> Iterator[str]:
    """Serve an app for the length of a block; yields its address. Raises Unreadable where it does not start."""
    app = as_probe(app, kind)
    with _wsgi(app) if kind == "wsgi" else _asgi(app, name) as port:
        yield f"http://{HOST}:{port}/"


class _Quiet(WSGIRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        """The scan tells what was asked."""


class _Threading(ThreadingMixIn, WSGIServer):
    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """Browsers drop connections as they like."""


@contextlib.contextmanager
def _wsgi(app: Any) -> Iterator[int]:
    with make_server(HOST, 0, app, server_class=_Threading, handler_class=_Quiet) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        try:
            yield server.server_port
        finally:
            server.shutdown()
            thread.join(5)


@contextlib.contextmanager
def _asgi(app: Any, name: str) -> Iterator[int]:
    try:
        import uvicorn
    except ImportError as error:
        message = 'an ASGI app in a browser needs uvicorn: pip install "consent-guard-middleware[scan]"'
        raise Unreadable(name, message) from error
    with socket.create_server((HOST, 0)) as listener:
        server = uvicorn.Server(uvicorn.Config(app, log_level="critical", lifespan="auto"))
        thread = threading.Thread(target=_run, args=(server, listener), daemon=True)
        thread.start()
        end = time.monotonic() + _START_SECONDS
        while not server.started:
            if not thread.is_alive() or time.monotonic() > end:
                server.should_exit = True
                raise Unreadable(name, "did not start: its lifespan failed, or took too long")
            time.sleep(0.02)
        try:
            yield listener.getsockname()[1]
        finally:
            server.should_exit = True
            thread.join(5)


def _run(server: Any, listener: socket.socket) -> None:
    # uvicorn leaves so where the app does not start.
    with contextlib.suppress(SystemExit):
        server.run(sockets=[listener])
