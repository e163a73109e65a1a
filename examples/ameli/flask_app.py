"""The example site under Flask, guarded by one line: `ConsentGuard(app, policy=...)`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Flask, make_response, redirect, render_template, request
from werkzeug.wrappers import Response

from ameli import site
from consent_guard.flask import ConsentGuard

SECRET_KEY = "an example's secret key, which is no secret at all"


def create_app(*, guarded: bool = True, policy: Any = site.POLICY, **options: Any) -> Flask:
    """The app; `options` are ConsentGuard's. Unguarded, it is what the site was before the line was added."""
    app = Flask(__name__, template_folder="pages", static_folder="static")
    app.secret_key = SECRET_KEY
    app.add_url_rule("/", "home", show)
    app.add_url_rule("/<path:path>", "page", show)
    app.add_url_rule("/<path:path>", "form", submit, methods=["POST"])
    if guarded:
        ConsentGuard(app, policy=policy, **options)
    else:
        app.context_processor(lambda: {"consent": site.Unguarded(), "manage_link": lambda text: ""})
    return app


def show(path: str = "") -> Response:
    page = site.page(f"/{path}", request.cookies)
    response = make_response(render_template(page.template, **page.words), page.status)
    return with_cookies(response, page.cookies)


def submit(path: str) -> Response:
    answer = site.submit(f"/{path}", request.form)
    if answer is None:
        return Response("Not Found", status=404)
    return with_cookies(redirect(answer.location, 303), answer.cookies)


def with_cookies(response: Response, cookies: Mapping[str, str]) -> Response:
    for name, value in cookies.items():
        response.set_cookie(name, value, max_age=site.COOKIE_SECONDS, samesite="Lax", secure=request.is_secure)
    return response
