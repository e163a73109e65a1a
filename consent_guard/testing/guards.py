"""Whose policy and whose key: the guard behind a test client, or what the suite has told the kit.

The app is looked for where test clients and middleware keep it, through any number of other middleware. May import the engine
and, late, the Django adapter. ``visitors`` and ``crawling`` ask it.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

from ..engine.guard import Guard
from ..errors import ConsentGuardError
from ..policy.model import Policy

if TYPE_CHECKING:
    from ..policy.model import PolicySource

_INWARD: Final = (
    "application",
    "app",
    "wsgi_app",
    "asgi_app",
    "_wsgi_app",
    "_app",
    "_transport",
    "middleware_stack",
    "build_middleware_stack",
    "user_middleware",
    "consent_guard",
    "__wrapped__",
    "__self__",
    "func",
)
"""Where clients keep their app, and middleware what it wraps."""
_LOOKED_AT: Final = 500
"""Objects; an app is found long before."""


class NoGuard(ConsentGuardError, LookupError):
    """No guard stands behind this client, and the kit was not told of one."""


@dataclass(frozen=True, slots=True)
class _Told:
    policy: Policy | None = None
    secret_key: str | bytes | None = None


_told = _Told()


def configure(policy: PolicySource = None, secret_key: str | bytes | None = None) -> None:
    """Tell the kit the policy, and the key that signs choices, where it cannot find them behind the client: for a server that
    runs elsewhere, or middleware that hides its app. Called with nothing, it forgets them.

    Raises PolicyError with every fault.
    """
    global _told
    _told = _Told(None if policy is None and secret_key is None else Policy.load(policy), secret_key)


def told_policy() -> Policy | None:
    """Return the policy that the kit was told, None where it was told none."""
    return _told.policy


def told_a_key() -> bool:
    """Tell whether the kit was told a key to sign choices with."""
    return _told.secret_key is not None


def find_guard(client: object) -> Guard | None:
    """Return the guard behind a test client, None for an app without one."""
    if type(client).__module__.startswith("django.") or _is_django(client):
        from ..django.conf import current_guard
        from ..django.middleware import is_guarded

        return current_guard() if is_guarded() else None
    for reached in islice(_reachable(client), _LOOKED_AT):
        if isinstance(reached, Guard):
            return reached
    return None


def guard_for(client: object, policy: PolicySource = None, secret_key: str | bytes | None = None) -> Guard:
    """Return the guard whose choices this client's server reads: by the arguments, else as found behind the client, else as the
    kit was told. Raises NoGuard, which names the mend."""
    if secret_key is not None:
        return Guard(policy if policy is not None else _told.policy, secret_key=secret_key)
    found = find_guard(client)
    if found is not None:
        return found
    if _told.secret_key is not None:
        return Guard(_told.policy, secret_key=_told.secret_key)
    raise NoGuard(
        f"no consent_guard middleware was found behind this {type(client).__name__}, so there is no key to sign a choice with. "
        "Where there is one all the same (in another process, or hidden by other middleware), tell the kit: "
        "consent_guard.testing.configure(policy=..., secret_key=...), or pass secret_key= here"
    )


def _is_django(client: object) -> bool:
    test = sys.modules.get("django.test.client")
    return test is not None and isinstance(client, (test.Client, test.AsyncClient))


def _reachable(start: object) -> Iterator[object]:
    """Yield what lies behind an object, the nearest first, each once."""
    pending: list[object] = [start]
    known = {id(start)}
    for each in pending:
        yield each
        for next_one in _inside(each):
            if next_one is not None and id(next_one) not in known and not isinstance(next_one, (str, bytes, int, type)):
                known.add(id(next_one))
                pending.append(next_one)


def _inside(one: Any) -> Iterator[object]:
    if isinstance(one, (list, tuple)):
        yield from one
        return
    yield _guard_of(one)
    for name in _INWARD:
        yield getattr(one, name, None)
    yield getattr(one, "_guard", None)
    for cell in getattr(one, "__closure__", None) or ():
        yield cell.cell_contents if callable(cell.cell_contents) else None


def _guard_of(one: Any) -> object:
    """Return the guard of our middleware, also of one that Starlette has only been told to make."""
    made_of = getattr(one, "cls", None)
    if isinstance(made_of, type) and made_of.__module__.startswith("consent_guard."):
        options = dict(getattr(one, "kwargs", {}))
        policy = options.get("policy", next(iter(getattr(one, "args", ())), None))
        return Guard(policy, secret_key=options["secret_key"], secret_key_fallbacks=options.get("secret_key_fallbacks", ()))
    return getattr(one, "guard", None) if type(one).__module__.startswith("consent_guard.") else None
