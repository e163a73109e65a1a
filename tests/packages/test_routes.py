"""A finding tells the route's template, as each framework has it, for cookies, headers and bodies alike."""

from __future__ import annotations

from typing import Any

import pytest

from consent_guard import Finding
from consent_guard.asgi import ConsentMiddleware
from consent_guard.flask import ConsentGuard

from ..tracker_site import KEY, PAGE, POLICY


def test_flask() -> None:
    from flask import Flask, make_response

    found: list[Finding] = []
    app = Flask(__name__)
    app.secret_key = KEY
    ConsentGuard(app, POLICY, on_finding=found.append)

    @app.get("/items/<int:number>")
    def item(number: int) -> Any:
        response = make_response(PAGE)
        response.set_cookie("_trk", "1")
        return response

    client = app.test_client()
    client.set_cookie("_trk", "1")
    client.get("/items/7")
    assert {finding.kind.value for finding in found} == {"cookie-hidden", "cookie-set", "element"}
    assert {finding.route for finding in found} == {"/items/<int:number>"}
    found.clear()
    client.set_cookie("_trk", "1")
    client.get("/nowhere/secret")
    assert {finding.route for finding in found} == {"/nowhere"}


@pytest.mark.parametrize("kind", ["starlette", "fastapi"])
def test_starlette_and_fastapi(kind: str) -> None:
    from starlette.responses import HTMLResponse
    from starlette.testclient import TestClient

    found: list[Finding] = []

    async def item(request: Any, number: str = "") -> Any:
        response = HTMLResponse(PAGE)
        response.set_cookie("_trk", "1")
        return response

    if kind == "fastapi":
        fastapi = pytest.importorskip("fastapi")
        app = fastapi.FastAPI()

        @app.get("/items/{number}")
        async def view(number: str) -> Any:
            return await item(None)
    else:
        from starlette.applications import Starlette
        from starlette.routing import Route

        app = Starlette(routes=[Route("/items/{number}", item)])
    app.add_middleware(ConsentMiddleware, policy=POLICY, secret_key=KEY, on_finding=found.append)
    client = TestClient(app, base_url="https://www.example.org", cookies={"_trk": "1"})
    client.get("/items/7")
    assert {finding.kind.value for finding in found} == {"cookie-hidden", "cookie-set", "element"}
    assert {finding.route for finding in found} == {"/items/{number}"}
