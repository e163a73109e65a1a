"""A small shop. Whether it is guarded is the word of SHOP_GUARDED, so that its tests can be seen to fail without the guard."""

from __future__ import annotations

import os
from pathlib import Path

from flask import Flask, Response, make_response

from consent_guard.flask import ConsentGuard

HERE = Path(__file__).parent
POLICY = HERE / "consent.toml"


def create_app() -> Flask:
    """Return the app."""
    app = Flask(__name__)
    app.secret_key = "a key of the shop's tests, longer than 32 bytes"

    @app.get("/")
    def home() -> Response:
        return page("home.html")

    @app.get("/film")
    def film() -> Response:
        answer = page("film.html")
        answer.set_cookie("_ga", "GA1.1.4711")
        return answer

    @app.get("/logout")
    def logout() -> Response:
        raise AssertionError("nothing that walks the shop may come here")

    if os.environ.get("SHOP_GUARDED", "yes") == "yes":
        ConsentGuard(app, policy=POLICY)
    return app


def page(name: str) -> Response:
    """Return one of the shop's pages."""
    return make_response((HERE / "pages" / name).read_text(encoding="utf-8"))
