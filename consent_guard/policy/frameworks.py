"""The essential cookies of web frameworks: session, CSRF, flash messages, remember-me.

Facts live beside it in ``frameworks.toml``, with their sources. May import nothing of the package. The engine lets these
cookies pass always (DESIGN §4); the catalogue's tests hold that no rule names one.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping
from functools import lru_cache
from importlib.resources import files
from typing import Final

SETTINGS: Final = (
    "SESSION_COOKIE_NAME",
    "CSRF_COOKIE_NAME",
    "LANGUAGE_COOKIE_NAME",
    "REMEMBER_COOKIE_NAME",
    "JWT_ACCESS_COOKIE_NAME",
    "JWT_REFRESH_COOKIE_NAME",
    "JWT_ACCESS_CSRF_COOKIE_NAME",
    "JWT_REFRESH_CSRF_COOKIE_NAME",
)
"""By which Django, Flask and their extensions name these cookies otherwise."""
_PREFIXES: Final = ("__host-http-", "__http-", "__host-", "__secure-")
"""RFC 6265bis §4.1.3; the longest first."""


@lru_cache(maxsize=1)
def framework_cookies() -> Mapping[str, tuple[str, ...]]:
    """Return the cookie names, exact or with a trailing ``*``, per framework."""
    text = files(__package__).joinpath("frameworks.toml").read_text(encoding="utf-8")
    return {framework: tuple(facts["cookies"]) for framework, facts in tomllib.loads(text).items()}


@lru_cache(maxsize=1)
def _index() -> tuple[frozenset[str], tuple[str, ...]]:
    names = {name for listed in framework_cookies().values() for name in listed}
    return (
        frozenset(name for name in names if not name.endswith("*")),
        tuple(sorted(name[:-1] for name in names if name.endswith("*"))),
    )


def is_framework_cookie(name: str) -> bool:
    """Tell whether a framework is known to set a cookie of this name for the app's own working.

    A prefix of RFC 6265bis, in any case, does not change the answer: frameworks let it be put in front.
    """
    name = without_prefix(name)
    exact, stems = _index()
    return name in exact or name.startswith(stems)


def renamed_cookies(setting: Callable[[str], object]) -> frozenset[str]:
    """Return the names that a framework's settings give its cookies. ``setting`` returns the value of one, or None."""
    values = [setting(name) for name in SETTINGS]
    return frozenset(value for value in values if isinstance(value, str) and value)


def without_prefix(name: str) -> str:
    """Return a cookie's name without the prefix by which browsers hold it to the host, to https or to headers."""
    lowered = name.lower()
    prefix = next((prefix for prefix in _PREFIXES if lowered.startswith(prefix)), "")
    return name[len(prefix) :]
