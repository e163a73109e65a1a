"""The essential cookies of web frameworks: session, CSRF, flash messages, remember-me.

Facts live beside it in ``frameworks.toml``, with their sources. May import nothing of the package. The engine lets these
cookies pass always (DESIGN §4); the catalogue's tests hold that no rule names one.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import lru_cache
from importlib.resources import files


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

    A ``__Host-`` or ``__Secure-`` prefix, in any case, does not change the answer: frameworks let it be put in front.
    """
    lowered = name.lower()
    for prefix in ("__host-", "__secure-"):
        if lowered.startswith(prefix):
            name = name[len(prefix) :]
            break
    exact, stems = _index()
    return name in exact or name.startswith(stems)
