"""An app with a ledger in a process of its own, for tests that kill it. Not a test itself.

    python serving.py LEDGER_URL

It prints its port, and serves until it is killed.
"""

from __future__ import annotations

import json
import os
import sys
from socketserver import ThreadingMixIn
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from consent_guard.wsgi import ConsentMiddleware


class Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True
    request_queue_size = 64


class Quiet(WSGIRequestHandler):
    protocol_version = "HTTP/1.0"

    def log_message(self, format: str, *args: Any) -> None:
        return

    def address_string(self) -> str:
        return "client"


def page(environ: Any, start_response: Any) -> list[bytes]:
    start_response("200 OK", [("Content-Type", "text/html"), ("Content-Length", "15")])
    return [b"<!doctype html>"]


def main() -> None:
    options = json.loads(os.environ["CG_TEST"])
    app = ConsentMiddleware(page, options["policy"], secret_key=options["key"], ledger=sys.argv[1])
    server = make_server("127.0.0.1", 0, app, server_class=Server, handler_class=Quiet)
    print(server.server_port, flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
