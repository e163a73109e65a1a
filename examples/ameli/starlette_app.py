"""The example site under Starlette, guarded by one line: `install(app, policy, secret_key=...)`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.templating import Jinja2Templates

from ameli import site
from consent_guard.starlette import install, template_context

SECRET_KEY = "an example's secret key, which is no secret at all"


def create_app(*, guarded: bool = True, policy: Any = site.POLICY, **options: Any) -> Starlette:
    """The app; `options` are ConsentMiddleware's. Unguarded, it is what the site was before the line was added."""
    app = Starlette(
        routes=[
            Mount("/static", StaticFiles(directory=site.STATIC)),
            Route("/{path:path}", show, methods=["GET"]),
            Route("/{path:path}", submit, methods=["POST"]),
        ]
    )
    if guarded:
        install(app, policy, secret_key=SECRET_KEY, **options)
    processor = template_context if guarded else unguarded_context
    app.state.templates = Jinja2Templates(directory=site.PAGES, context_processors=[processor])
    return app


def unguarded_context(request: Request) -> dict[str, Any]:
    return {"consent": site.Unguarded(), "manage_link": lambda text: ""}


async def show(request: Request) -> Response:
    page = site.page(request.url.path, request.cookies)
    templates: Jinja2Templates = request.app.state.templates
    response = templates.TemplateResponse(request, page.template, dict(page.words), status_code=page.status)
    return with_cookies(request, response, page.cookies)


async def submit(request: Request) -> Response:
    form = {name: value for name, value in (await request.form()).items() if isinstance(value, str)}
    answer = site.submit(request.url.path, form)
    if answer is None:
        return PlainTextResponse("Not Found", status_code=404)
    return with_cookies(request, RedirectResponse(answer.location, 303), answer.cookies)


def with_cookies(request: Request, response: Response, cookies: Mapping[str, str]) -> Response:
    for name, value in cookies.items():
        secure = request.url.scheme == "https"
        response.set_cookie(name, value, max_age=site.COOKIE_SECONDS, samesite="lax", secure=secure)
    return response
