"""An ASGI app, guarded. Run: python examples/one_file/plain_asgi.py (needs "consent-guard-middleware" uvicorn), then open
http://127.0.0.1:8000/. Without a policy file the built-in policy holds: `consent-guard init` writes one of your own."""

import os
from typing import Any

import uvicorn

from consent_guard.asgi import ConsentMiddleware

PAGE = b"""<!doctype html>
<html lang="en">
<title>A page</title>
<script async src="https://www.googletagmanager.com/gtag/js?id=G-12345"></script>
<h1>A page</h1>
<iframe src="https://www.youtube.com/embed/abc" width="560" height="315" title="A video"></iframe>
"""


async def site(scope: Any, receive: Any, send: Any) -> None:
    if scope["type"] == "http":
        headers = [(b"content-type", b"text/html; charset=utf-8")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": PAGE})


app = ConsentMiddleware(site, secret_key=os.environ.get("SECRET_KEY", "thirty-two bytes or more, and not this one"))

if __name__ == "__main__":
    uvicorn.run(app, port=int(os.environ.get("PORT", "8000")), lifespan="off")
