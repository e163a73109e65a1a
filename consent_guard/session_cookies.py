"""The names that an app gives its session cookies, read from Starlette's SessionMiddleware wherever it stands in the app.

It knows the shape of such apps and imports no framework: what an object keeps is looked at, no property is called. May import
nothing of the package. The ASGI transport asks it once, when an app is guarded or built.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

_INWARD: Final = ("app", "router", "routes", "user_middleware")
"""Where apps, routers, routes and middleware keep what stands within them."""
_LOOKED_AT: Final = 10_000
_OPTION: Final = "session_cookie"


def session_cookies(app: object) -> frozenset[str]:
    """Return every ``session_cookie`` of the middleware in an app, made already or still to be made."""
    found: set[str] = set()
    pending: list[object] = [app]
    known: set[int] = set()
    while pending and len(known) < _LOOKED_AT:
        each = pending.pop()
        if id(each) in known:
            continue
        known.add(id(each))
        if isinstance(each, Sequence) and not isinstance(each, (str, bytes)):
            pending += each
            continue
        kept = getattr(each, "__dict__", {})
        options = kept.get("kwargs")
        for values in (kept, options if isinstance(options, Mapping) else {}):
            name = values.get(_OPTION)
            if isinstance(name, str) and name:
                found.add(name)
        pending += [kept[name] for name in _INWARD if name in kept]
    return frozenset(found)
