"""Serve the example site twice on free ports, guarded and unguarded, and tell what is withheld. `make demo` runs it.

    python examples/demo.py [flask|django|starlette]

First the two addresses, one a line: `guarded http://127.0.0.1:PORT`, then `unguarded http://127.0.0.1:PORT`. Then, for each
request to the guarded one, its status and what was withheld from it, and why. All of it also goes to build/demo.txt. Stops with
Ctrl-C.
"""

from __future__ import annotations

import argparse
import logging
import signal
import socket
import sys
import threading
from collections.abc import Callable
from contextvars import ContextVar
from pathlib import Path
from types import FrameType
from typing import Any, TextIO

from consent_guard.findings import Finding, FindingKind

TRANSCRIPT = Path(__file__).resolve().parents[1] / "build" / "demo.txt"
HOST = "127.0.0.1"
WSGI_FRAMEWORKS = ("flask", "django")
FRAMEWORKS = (*WSGI_FRAMEWORKS, "starlette")

_findings: ContextVar[list[Finding] | None] = ContextVar("findings", default=None)


class Transcript:
    """Lines to the terminal and to a file at once, flushed, from any thread."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file: TextIO = path.open("w", encoding="utf-8")
        self._lock = threading.Lock()

    def say(self, *lines: str) -> None:
        with self._lock:
            for line in lines:
                print(line, flush=True)
                self._file.write(line + "\n")
            self._file.flush()


def note(finding: Finding) -> None:
    """Called by the guard with each finding, in the context of the request that it belongs to."""
    found = _findings.get()
    if found is not None:
        found.append(finding)


def sentence(finding: Finding) -> str:
    """One finding in words: what, where, and why."""
    where = f"{finding.where or finding.kind.value}: {finding.subject}"
    if finding.kind is FindingKind.COOKIE_CUT:
        return f"lifetime cut    {where}"
    if finding.kind in (FindingKind.COOKIE_UNLISTED, FindingKind.HOST_UNLISTED):
        return f"not in policy   {where}"
    why = f"{finding.service or finding.category} is not allowed" if finding.service or finding.category else finding.kind.value
    return f"withheld        {where}  ({why}; category {finding.category}, rule {finding.rule})"


def told(transcript: Transcript, method: str, path: str, status: str, found: list[Finding]) -> None:
    transcript.say(f"{method} {path} {status}", *(f"    {sentence(finding)}" for finding in found))


class WsgiTeller:
    """A WSGI app around the guarded one that tells the findings of each request once it is over."""

    def __init__(self, app: Any, transcript: Transcript) -> None:
        self._app = app
        self._transcript = transcript

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Any:
        found: list[Finding] = []
        _findings.set(found)
        status = "-"

        def started(line: str, headers: Any, exc_info: Any = None) -> Any:
            nonlocal status
            status = line[:3]
            return start_response(line, headers, exc_info) if exc_info else start_response(line, headers)

        body = self._app(environ, started)
        try:
            yield from body
        finally:
            close = getattr(body, "close", None)
            if close is not None:
                close()
            told(self._transcript, environ["REQUEST_METHOD"], environ.get("PATH_INFO", "/"), status, found)


class AsgiTeller:
    """The same for ASGI."""

    def __init__(self, app: Any, transcript: Transcript) -> None:
        self._app = app
        self._transcript = transcript

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        found: list[Finding] = []
        _findings.set(found)
        status = "-"

        async def sent(message: Any) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = str(message["status"])
            await send(message)

        await self._app(scope, receive, sent)
        told(self._transcript, scope["method"], scope["path"], status, found)


def apps(framework: str, transcript: Transcript) -> tuple[Any, Any]:
    """The guarded and the unguarded app of a framework."""
    if framework == "flask":
        from ameli import flask_app

        return WsgiTeller(flask_app.create_app(on_finding=note), transcript), flask_app.create_app(guarded=False)
    if framework == "django":
        from ameli import django_app

        return WsgiTeller(django_app.create_app(ON_FINDING=note), transcript), django_app.create_app(guarded=False)
    from ameli import starlette_app

    return AsgiTeller(starlette_app.create_app(on_finding=note), transcript), starlette_app.create_app(guarded=False)


def wsgi_server(app: Any, listener: socket.socket) -> tuple[Callable[[], None], Callable[[], None]]:
    """What serves, and what stops it."""
    from werkzeug.serving import WSGIRequestHandler, make_server

    class Quiet(WSGIRequestHandler):
        def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
            """The transcript tells of each request itself."""

    server = make_server(HOST, listener.getsockname()[1], app, threaded=True, request_handler=Quiet, fd=listener.fileno())
    return server.serve_forever, server.shutdown


def asgi_server(app: Any, listener: socket.socket) -> tuple[Callable[[], None], Callable[[], None]]:
    import uvicorn

    server = uvicorn.Server(uvicorn.Config(app, log_level="warning", lifespan="off"))

    def stop() -> None:
        server.should_exit = True

    return lambda: server.run(sockets=[listener]), stop


def listen() -> socket.socket:
    """A socket on a free port, which takes connections from now on."""
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind((HOST, 0))
    listener.listen(64)
    return listener


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("framework", nargs="?", choices=FRAMEWORKS, default="flask")
    framework = parser.parse_args().framework
    logging.getLogger("consent_guard").setLevel(logging.ERROR)  # the transcript tells the findings

    transcript = Transcript(TRANSCRIPT)
    serve = wsgi_server if framework in WSGI_FRAMEWORKS else asgi_server
    listeners = [listen(), listen()]
    servers = [serve(app, listener) for app, listener in zip(apps(framework, transcript), listeners, strict=True)]
    over = threading.Event()

    def stop(number: int, frame: FrameType | None) -> None:
        over.set()

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, stop)
    threads = [threading.Thread(target=run, daemon=True) for run, _ in servers]
    for thread in threads:
        thread.start()
    for name, listener in zip(("guarded", "unguarded"), listeners, strict=True):
        transcript.say(f"{name} http://{HOST}:{listener.getsockname()[1]}")
    while not over.wait(0.5):
        if not all(thread.is_alive() for thread in threads):
            print("a server stopped by itself", file=sys.stderr)
            return 1
    for _, halt in servers:
        halt()
    for thread in threads:
        thread.join(5)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
