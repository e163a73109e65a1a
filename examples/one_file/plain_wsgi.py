"""A WSGI app, guarded. Run: python examples/one_file/plain_wsgi.py (needs "consent-guard-middleware"), then open
http://127.0.0.1:8000/. Without a policy file the built-in policy holds: `consent-guard init` writes one of your own."""

import os
from collections.abc import Iterable
from typing import Any
from wsgiref.simple_server import make_server

from consent_guard.wsgi import ConsentMiddleware

PAGE = b"""<!doctype html>
<html lang="en">
<title>A page</title>
<script async src="https://www.googletagmanager.com/gtag/js?id=G-12345"></script>
<h1>A page</h1>
<iframe src="https://www.youtube.com/embed/abc" width="560" height="315" title="A video"></iframe>
"""


def site(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    start_response("200 OK", [("Content-Type", "text/html; charset=utf-8")])
    return [PAGE]


app = ConsentMiddleware(site, secret_key=os.environ.get("SECRET_KEY", "thirty-two bytes or more, and not this one"))

if __name__ == "__main__":
    make_server("127.0.0.1", int(os.environ.get("PORT", "8000")), app).serve_forever()
