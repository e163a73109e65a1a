"""What ``consent-guard check --app`` sees of an app that uses a policy: what the library warns of at its start, whether it
knows that its visitors speak https, and whether the guard takes a choice.

May import the audit package's apps, and httpx (extra ``scan``), late. ``check`` calls it.
"""

from __future__ import annotations

import logging
from http.cookies import CookieError, SimpleCookie
from typing import Final

from ..audit.problems import Unreadable
from ..audit.reading.apps import RunningApp, load_app
from ..consent.token import consent_cookie_name
from ..policy.guidance.advice import Advice
from ..policy.model import Policy
from .output import could_not

_HOST: Final = "site.example"
_ANSWER_BYTES: Final = 1024 * 1024


def deployed(target: str, policy: Policy) -> list[Advice]:
    """Return the advice on an app. Ends the command with code 2 where it cannot be started or called."""
    try:
        import httpx
    except ModuleNotFoundError:
        could_not('--app needs httpx: pip install "consent-guard-middleware[scan]"')
    heard = _Heard()
    logger = logging.getLogger("consent_guard")
    logger.addHandler(heard)
    try:
        try:
            app, kind = load_app(target)
        finally:
            logger.removeHandler(heard)
        with RunningApp(app, kind, target) as running:
            transport = running.transport(_ANSWER_BYTES)
            with httpx.Client(transport=transport, base_url=f"http://{_HOST}", timeout=30.0) as client:
                answer = client.post(policy.path, data={"choice": "refuse"}, headers={"X-Forwarded-Proto": "https"})
                lines = answer.headers.get_list("set-cookie")
    except Unreadable as error:
        could_not(str(error))
    except Exception as error:  # noqa: BLE001 - whatever the app raises is the reason
        could_not(f"{target}: {type(error).__name__}: {error}")
    return [*map(_warned, heard.texts), *_answered(policy, answer.status_code, lines)]


def _warned(text: str) -> Advice:
    """A key that is too short, or a template of the site's own that loads from elsewhere."""
    return Advice("the app's start", text, ("K2",) if "secret" in text else ("L01",))


def _answered(policy: Policy, status: int, lines: list[str]) -> list[Advice]:
    if policy.import_from:
        return []
    names = [name for line in lines for name in _names(line)]
    if consent_cookie_name(policy, secure=True) in names:
        return []
    if consent_cookie_name(policy, secure=False) in names:
        return [
            Advice(
                "the app's scheme",
                "behind a proxy that ends https it takes its visitors to speak http: the choice would be stored without Secure."
                " Let the server or the framework read X-Forwarded-Proto (ProxyFix, --proxy-headers, SECURE_PROXY_SSL_HEADER);"
                " where nothing stands before it, this is right",
                ("H06", "K21"),
            )
        ]
    message = f"a refusal that was posted to {policy.path} was not stored ({status}): is the guard around it?"
    return [Advice("the app", message, ("L20",))]


def _names(line: str) -> list[str]:
    try:
        return list(SimpleCookie(line))
    except CookieError:
        return []


class _Heard(logging.Handler):
    """What the library warns of."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.texts: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        if record.levelno == logging.WARNING:
            self.texts.append(record.getMessage())
