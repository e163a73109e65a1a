"""System checks: what ``manage.py check`` says about the guard. Registered by the app, run by Django."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning
from django.core.exceptions import ImproperlyConfigured
from django.utils.module_loading import import_string

from ..consent.keys import LEAST_KEY_BYTES
from ..errors import ConsentGuardError, PolicyError, SecretKeyError
from ..policy.model import Policy
from .conf import SETTING, Configuration, configuration, current_guard, unknown_keys
from .middleware import ConsentMiddleware

KEY_BYTES: Final = 32
"""A shorter key is warned about (K2)."""
_KEY_HINT: Final = "Set SECRET_KEY to a long random value, and keep it secret."
_OURS: Final = "consent_guard.django.ConsentMiddleware"


def check_configuration(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """Return what is wrong with the middleware's place, the settings, the policy and the key."""
    return [*_place(), *_settings()]


def _place() -> list[CheckMessage]:
    places = [place for place, path in enumerate(settings.MIDDLEWARE) if _is_ours(path)]
    if not places:
        text = f"{_OURS} is not in MIDDLEWARE, so nothing is guarded."
        hint = "Put it first in MIDDLEWARE, unless the project is wrapped as a whole, as a WSGI or ASGI app."
        return [Warning(text, hint=hint, id="consent_guard.W002")]
    if places[0] != 0:
        text = f"{_OURS} is not first in MIDDLEWARE: it does not see the cookies and pages of what stands before it."
        return [Warning(text, hint="Put it first in MIDDLEWARE.", id="consent_guard.W001")]
    return []


def _is_ours(path: str) -> bool:
    try:
        found = import_string(path)
    except ImportError:  # Django names a middleware that it cannot import when it loads it
        return False
    return isinstance(found, type) and issubclass(found, ConsentMiddleware)


def _settings() -> list[CheckMessage]:
    values = getattr(settings, SETTING, None)
    messages: list[CheckMessage] = []
    if values is None:
        text = f"{SETTING} is not set, so the built-in policy holds."
        hint = f'Name your own: {SETTING} = {{"POLICY": BASE_DIR / "consent.toml"}}.'
        messages.append(Warning(text, hint=hint, id="consent_guard.W003"))
    if isinstance(values, Mapping) and (faults := unknown_keys(values)):
        return [*messages, *(Error(fault, id="consent_guard.E001") for fault in faults)]
    try:
        found = configuration()
    except (ImproperlyConfigured, ImportError) as fault:
        return [*messages, Error(str(fault), id="consent_guard.E001")]
    key = _key(found)
    refused = any(isinstance(message, Error) for message in key)
    return [*messages, *(_policy(found) or _guard(key_refused=refused)), *key]


def _policy(found: Configuration) -> list[CheckMessage]:
    try:
        Policy.load(found.policy)
    except PolicyError as error:
        return [Error(f"{fault.path}: {fault.message}", hint=fault.mend, id="consent_guard.E002") for fault in error.faults]
    except OSError as error:
        return [Error(f"The policy cannot be read: {error}", id="consent_guard.E002")]
    return []


def _guard(*, key_refused: bool) -> list[CheckMessage]:
    """Compile the guard as the middleware will, for what is left to go wrong (an option or an older key that is refused)."""
    try:
        current_guard()
    except SecretKeyError as error:
        return [] if key_refused else [Error(f"{error}.", hint=_KEY_HINT, id="consent_guard.E003")]
    except ConsentGuardError as error:
        return [Error(str(error), id="consent_guard.E004")]
    return []


def _key(found: Configuration) -> list[CheckMessage]:
    key = found.secret_key.encode() if isinstance(found.secret_key, str) else found.secret_key
    if not key:
        return [Error("There is no secret key to sign choices with.", hint=_KEY_HINT, id="consent_guard.E003")]
    if len(key) < LEAST_KEY_BYTES:
        text = f"The secret key has {len(key)} bytes; one under {LEAST_KEY_BYTES} is refused, so the project does not start."
        return [Error(text, hint=_KEY_HINT, id="consent_guard.E003")]
    if len(key) < KEY_BYTES:
        text = f"The secret key has {len(key)} bytes; under {KEY_BYTES} it can be guessed, and choices forged."
        return [Warning(text, hint=_KEY_HINT, id="consent_guard.W004")]
    return []
