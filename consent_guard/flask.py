"""The Flask adapter.

    from consent_guard.flask import ConsentGuard
    ConsentGuard(app, policy="consent.toml")              # or guard = ConsentGuard(policy=...); guard.init_app(app)

It wraps ``app.wsgi_app``: Flask adds its session cookie after all its hooks, so that no hook sees every cookie. Templates get
``consent``, ``manage_link`` and ``preferences_form``. The key is the app's own ``secret_key`` with ``SECRET_KEY_FALLBACKS``,
read with the first request, because apps often set it after their extensions; while it is missing, every request raises
SecretKeyError. May import Flask, the WSGI transport and the engine. Apps call it.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, Final, Unpack

from flask import Flask, Request, has_request_context
from flask import request as current_request

from . import wsgi
from .engine.guard import Guard
from .environ import request_facts
from .manage import ManageLink
from .options import Options, prepare
from .policy.frameworks import renamed_cookies
from .wire.messages import RequestFacts

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

    from .consent.choice import Consent
    from .ledger.keeper import Keeper
    from .policy.model import PolicySource

__all__ = ["ConsentGuard", "consent_from", "leave_body", "manage_link", "preferences_form"]

EXTENSION: Final = "consent_guard"


class ConsentGuard:
    """The Flask extension.

    ``policy``: a Policy, a TOML file's path, a mapping of the same shape, or None for the built-in policy. ``secret_key`` and
    the option ``secret_key_fallbacks`` stand in for the app's own keys. The options are those of
    ``consent_guard.options.Options``. Faults of the policy and the templates are raised here, as PolicyError, an unknown option
    as TypeError.
    """

    def __init__(
        self,
        app: Flask | None = None,
        policy: PolicySource = None,
        *,
        secret_key: str | bytes | None = None,
        **options: Unpack[Options],
    ) -> None:
        self._prepared = prepare(policy, options)
        self._prepared.check()  # else it would raise with the first request, when the key is known
        self._secret_key = secret_key
        if app is not None:
            self.init_app(app)

    def init_app(self, app: Flask) -> None:
        """Guard this app; raises RuntimeError if it is guarded already."""
        if EXTENSION in app.extensions:
            raise RuntimeError("this Flask app has a ConsentGuard already; a second one would filter its own output")
        guarded = _GuardedApp(app, app.wsgi_app, self._guard_of, self._prepared.clock, self._prepared.keeper)
        app.extensions[EXTENSION] = guarded
        app.wsgi_app = guarded  # type: ignore[method-assign]
        app.context_processor(guarded.template_context)

    def _guard_of(self, app: Flask) -> Guard:
        key = self._secret_key if self._secret_key is not None else app.secret_key
        guard = self._prepared.guard(key or "", app.config.get("SECRET_KEY_FALLBACKS"))
        return guard.recognising(renamed_cookies(app.config.get))


class _GuardedApp:
    """The WSGI callable in the place of ``app.wsgi_app``; compiles its guard with the first request, once."""

    def __init__(
        self,
        app: Flask,
        wsgi_app: WSGIApplication,
        build: Callable[[Flask], Guard],
        clock: Callable[[], float],
        keeper: Keeper | None,
    ) -> None:
        self._app = app
        self._wsgi_app = wsgi_app
        self._build = build
        self._clock = clock
        self.keeper = keeper
        self._guard: Guard | None = None
        self._lock = threading.Lock()

    @property
    def guard(self) -> Guard:
        """The compiled guard; raises SecretKeyError while the app has no key."""
        if self._guard is None:
            with self._lock:
                if self._guard is None:
                    self._guard = self._build(self._app)
        return self._guard

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        return wsgi.serve(self._wsgi_app, self.guard, environ, start_response, self._clock(), _route, self.keeper)

    def template_context(self) -> dict[str, Any]:
        """``consent``, ``manage_link`` and ``preferences_form`` for templates.

        Outside a guarded request (a mail, a test_request_context) they are those of the request at hand, else of a visitor who
        has chosen nothing: on any doubt there is no consent.
        """
        environ = current_request.environ if has_request_context() else None
        if environ is not None and wsgi.CONSENT_KEY in environ:
            return {
                "consent": wsgi.consent_from(environ),
                "manage_link": partial(wsgi.manage_link, environ),
                "preferences_form": partial(wsgi.preferences_form, environ),
            }
        now = self._clock()
        if environ is not None:
            facts = request_facts(environ, now)
        else:
            facts = RequestFacts(method="GET", scheme="https", host="", path="/", now=now)
        exchange = self.guard.open(facts)
        return {
            "consent": exchange.consent,
            "manage_link": ManageLink.of(self.guard.policy, facts).html,
            "preferences_form": partial(wsgi.preferences_form, {wsgi.PREFERENCES_KEY: exchange.preferences_form}),
        }


def _route(environ: Mapping[str, Any]) -> str | None:
    """Return the template of the route that Flask has found for a request, as ``/items/<int:id>``."""
    rule = getattr(environ.get("werkzeug.request"), "url_rule", None)
    return None if rule is None else str(rule.rule)


def consent_from(request: Request | None = None) -> Consent:
    """Return the visitor's Consent for a request, by default the current one.

    Raises LookupError where no ConsentGuard is around the app.
    """
    return wsgi.consent_from((request or current_request).environ)


def leave_body(reason: str = "", *, request: Request | None = None) -> None:
    """Let the body of this response leave as the app writes it, for a request, by default the current one; cookies, headers and
    caching are filtered all the same. It is logged, with the reason. For views: once the response leaves it is too late.

    Raises LookupError where no ConsentGuard is around the app.
    """
    wsgi.leave_body((request or current_request).environ, reason)


def manage_link(text: str | None = None, *, lang: str | None = None, request: Request | None = None) -> str:
    """Return the "Manage cookies" link as HTML for a request, by default the current one (S08, L23).

    Raises LookupError where no ConsentGuard is around the app.
    """
    return wsgi.manage_link((request or current_request).environ, text, lang=lang)


def preferences_form(*, lang: str | None = None, next: str | None = None, request: Request | None = None) -> str:
    """Return the preferences as HTML for a page of the app's own, for a request, by default the current one (L23).

    ``lang`` is the page's language, ``next`` the path to go to after a choice; without it, back to the request's address.
    Raises LookupError where no ConsentGuard is around the app.
    """
    return wsgi.preferences_form((request or current_request).environ, lang=lang, next=next)
