"""A Starlette app, guarded. Run: python examples/one_file/with_starlette.py (needs "consent-guard-middleware[starlette]"
uvicorn), then open http://127.0.0.1:8000/. Without a policy file the built-in policy holds: `consent-guard init` writes one."""

import os

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse
from starlette.routing import Route

from consent_guard.starlette import install

PAGE = """<!doctype html>
<html lang="en">
<title>A page</title>
<script async src="https://www.googletagmanager.com/gtag/js?id=G-12345"></script>
<h1>A page</h1>
<iframe src="https://www.youtube.com/embed/abc" width="560" height="315" title="A video"></iframe>
"""


async def home(request: Request) -> HTMLResponse:
    return HTMLResponse(PAGE)


app = Starlette(routes=[Route("/", home)])
install(app, secret_key=os.environ.get("SECRET_KEY", "thirty-two bytes or more, and not this one"))  # the guarded line

if __name__ == "__main__":
    uvicorn.run(app, port=int(os.environ.get("PORT", "8000")))
