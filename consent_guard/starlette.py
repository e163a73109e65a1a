"""The Starlette and FastAPI adapter.

    from consent_guard.starlette import install
    install(app, "consent.toml", secret_key=SECRET)

``install`` loads the policy at once and stands around the whole stack, the pages of ServerErrorMiddleware included, which
``app.add_middleware(ConsentMiddleware, policy=...)`` cannot (F8). May import Starlette and the ASGI transport. Apps call it.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, Unpack

from starlette.applications import Starlette
from starlette.requests import HTTPConnection

from .asgi import ConsentMiddleware, consent_from, leave_body, manage_link, preferences_form
from .options import naming_options
from .session_cookies import session_cookies

if TYPE_CHECKING:
    from .options import Options
    from .policy.model import PolicySource

__all__ = ["ConsentMiddleware", "consent_from", "install", "leave_body", "manage_link", "preferences_form", "template_context"]


@naming_options
def install(
    app: Starlette,
    policy: PolicySource = None,
    *,
    secret_key: str | bytes,
    **options: Unpack[Options],
) -> None:
    """Guard a Starlette or FastAPI app, its error pages too.

    The options are those of ConsentMiddleware. Raises PolicyError and SecretKeyError here and now, RuntimeError for an app that
    has started or is guarded already.
    """
    if app.middleware_stack is not None:
        raise RuntimeError("install() must come before the app's first request")
    if getattr(app.build_middleware_stack, "consent_guard", False):
        raise RuntimeError("this app is guarded already; a second guard would filter the first one's output")
    build = app.build_middleware_stack
    guarded = ConsentMiddleware(_unbuilt, policy, secret_key=secret_key, **options)

    def build_guarded() -> ConsentMiddleware:
        guarded.app = build()
        guarded.guard = guarded.guard.recognising(session_cookies(app))
        return guarded

    build_guarded.consent_guard = guarded  # type: ignore[attr-defined]
    app.build_middleware_stack = build_guarded  # type: ignore[method-assign]


async def _unbuilt(scope: Any, receive: Any, send: Any) -> None:
    raise RuntimeError("the app's middleware stack has not been built yet")


def template_context(request: HTTPConnection) -> dict[str, Any]:
    """A context processor: ``Jinja2Templates(..., context_processors=[template_context])``.

    Gives templates ``consent``, ``manage_link`` and ``preferences_form``. Raises LookupError where the middleware is not around
    the app.
    """
    return {
        "consent": consent_from(request),
        "manage_link": partial(manage_link, request),
        "preferences_form": partial(preferences_form, request),
    }
