"""A guard within a guard: the inner one steps aside, so that a page gets one banner and its ETag one mark.

It happens where an app sends a request through its own middleware once more (the previews of a CMS), where guarded apps are
mounted in one another, and where a guarded WSGI app stands in a guarded ASGI one. The inner guard knows of the outer one by an
object that the outer put into the environ or the scope, or by a context variable where the inner request was made anew; never
by a header, which a visitor could send. May import the engine. The transports and the Django middleware call it.
"""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping
from contextvars import ContextVar
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from .consent.terms import terms_of
from .errors import GuardedTwice

if TYPE_CHECKING:
    from .engine.exchange import Exchange
    from .engine.guard import Guard
    from .manage import ManageLink

AROUND_KEY: Final = "consent_guard.around"


@dataclass(frozen=True, slots=True)
class Around:
    """A guard, and the exchange in which it calls its app."""

    guard: Guard
    exchange: Exchange
    link: ManageLink

    def hand_over(self, request: MutableMapping[str, Any], consent_key: str, manage_key: str, preferences_key: str) -> None:
        """Put into an environ or a scope what views look for there."""
        request[consent_key] = self.exchange.consent
        request[manage_key] = self.link
        request[preferences_key] = self.exchange.preferences_form
        request[AROUND_KEY] = self


_around: ContextVar[Around | None] = ContextVar("consent_guard.around", default=None)


def guard_around(request: Mapping[str, Any], guard: Guard) -> Around | None:
    """Return the guard that already filters what this app answers, None where there is none.

    One whose response is over filters nothing any more, though a task that it has left behind may still know of it. Raises
    GuardedTwice where the two enforce different policies: neither could be right for both.
    """
    found = request.get(AROUND_KEY)
    if not isinstance(found, Around) or found.exchange.over:
        found = _around.get()
        if found is None or found.exchange.over:
            return None
    outer, inner = found.guard.policy, guard.policy
    if outer is inner or terms_of(outer).policy_digest == terms_of(inner).policy_digest:
        return found
    raise GuardedTwice(_named(found.guard), _named(guard))


class calling:
    """Let whatever is called in this context know of the guard around it. (A plain class: every request goes through it.)"""

    __slots__ = ("_around", "_token")

    def __init__(self, around: Around) -> None:
        self._around = around

    def __enter__(self) -> None:
        self._token = _around.set(self._around)

    def __exit__(self, *fault: object) -> None:
        _around.reset(self._token)


def _named(guard: Guard) -> str:
    policy = guard.policy
    digest = terms_of(policy).policy_digest[:8]
    return f"revision {policy.revision} with {len(policy.services)} services, digest {digest}, its pages at {policy.path}"
