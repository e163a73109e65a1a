"""The settings of the Django adapter, read in one place.

``CONSENT_GUARD`` is a dict; a key that is not known is an error that names the nearest one. ``SECRET_KEY`` and
``SECRET_KEY_FALLBACKS`` default to Django's own. May import Django's settings and the engine. The middleware, the checks and
the template tags call it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.signals import setting_changed
from django.utils.module_loading import import_string

from ..clock import unix_seconds
from ..options import CALLABLES, NAMES, from_settings, nearest, prepare, wrong_value
from ..policy.frameworks import SETTINGS, renamed_cookies

if TYPE_CHECKING:
    from ..engine.guard import Guard
    from ..ledger.keeper import Keeper
    from ..options import Options
    from ..policy.model import PolicySource

SETTING: Final = "CONSENT_GUARD"
KEYS: Final = ("POLICY", "SECRET_KEY", *(name.upper() for name in NAMES))


@dataclass(frozen=True, slots=True)
class Configuration:
    """What the settings say."""

    policy: PolicySource
    secret_key: str | bytes
    options: Options

    @property
    def clock(self) -> Callable[[], float]:
        """Returns Unix seconds."""
        return self.options.get("clock") or unix_seconds


def unknown_keys(values: Mapping[str, object]) -> list[str]:
    """Return one sentence for each key of CONSENT_GUARD that is not known."""
    faults = []
    for key in values:
        if key not in KEYS:
            faults.append(f"{SETTING} has no key {key!r}: {nearest(str(key).upper(), KEYS, 'keys')}")
    return faults


def configuration() -> Configuration:
    """Read the settings. Raises ImproperlyConfigured for what is no dict, an unknown key, or a value that a key
    cannot have."""
    values = getattr(settings, SETTING, None) or {}
    if not isinstance(values, Mapping):
        raise ImproperlyConfigured(f"{SETTING} must be a dict, not {type(values).__name__}")
    if faults := unknown_keys(values):
        raise ImproperlyConfigured(" ".join(faults))
    if fault := wrong_value("debug_panel", values.get("DEBUG_PANEL")):
        raise ImproperlyConfigured(f"{SETTING}['DEBUG_PANEL'] {fault}")
    called = {key: _callable(values, key) for name in CALLABLES if (key := name.upper()) in values}
    return Configuration(
        policy=values.get("POLICY"),
        secret_key=values.get("SECRET_KEY") or _django_key(),
        options=from_settings({**values, **called}),
    )


def current_guard() -> Guard:
    """Return the guard of this process, compiled once.

    Raises PolicyError with every fault, SecretKeyError for an empty key, ImproperlyConfigured.
    """
    return _made()[0]


def current_keeper() -> Keeper | None:
    """Return what keeps receipts in this process; None without a ledger. Raises what ``current_guard`` raises."""
    return _made()[1]


def _made() -> tuple[Guard, Keeper | None]:
    global _current
    if _current is None:
        found = configuration()
        prepared = prepare(found.policy, found.options)
        guard = prepared.guard(found.secret_key, settings.SECRET_KEY_FALLBACKS)
        _current = guard.recognising(renamed_cookies(lambda name: getattr(settings, name, None))), prepared.keeper
    return _current


_current: tuple[Guard, Keeper | None] | None = None


def _forget(*, setting: str, **kwargs: object) -> None:
    """Tests change settings (``override_settings``); the guard is compiled anew then."""
    global _current
    if setting in (SETTING, "SECRET_KEY", "SECRET_KEY_FALLBACKS", *SETTINGS):
        _current = None


setting_changed.connect(_forget, dispatch_uid="consent_guard.django.conf")


def _django_key() -> str:
    try:
        return str(settings.SECRET_KEY)
    except ImproperlyConfigured:  # Django's own text for an empty key; the guard refuses an empty one with its own error
        return ""


def _callable(values: Mapping[str, Any], key: str) -> Any:
    value = values.get(key)
    if isinstance(value, str):
        value = import_string(value)
    if value is not None and not callable(value):
        raise ImproperlyConfigured(f"{SETTING}[{key!r}] must be a callable or the dotted path of one")
    return value
