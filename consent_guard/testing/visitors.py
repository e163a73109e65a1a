"""Visitors of every kind, put into a test client: one who grants, one who refuses, one who has forgotten or chosen long ago.

May import the consent domain and the rest of the kit. Test suites and the pytest plugin call it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING

from ..clock import stopped
from ..consent.answers import answered
from ..consent.months import add_months
from ..consent.token import names_to_read, once_cookie_name
from ..policy.model import Policy
from .clients import drop_cookies, put_cookie
from .cookies import seconds
from .guards import find_guard, guard_for, told_policy

if TYPE_CHECKING:
    from ..policy.model import PolicySource


def grant(
    client: object,
    *allow: str,
    deny: str | Iterable[str] = (),
    at: float | datetime | None = None,
    policy: PolicySource = None,
    secret_key: str | bytes | None = None,
    host: str | None = None,
) -> None:
    """Let this client's visitor have granted these categories and services (``"*"``: all), and refused those of ``deny``.

    All else is as its basis has it: exempt on, consent off. ``at`` is when the choice was made. Policy and key are those of the
    guard behind the client, unless given. ``host`` is for a Werkzeug client whose tests ask another host than its own.

    Raises UnknownPurpose for an id that the policy does not hold, NoGuard where no guard is found, TypeError for a client that
    is not known, ValueError where nothing is named.
    """
    if not allow and not deny:
        raise ValueError('name what is granted: grant(client, "audience"), or grant(client, "*") for all')
    guard = guard_for(client, policy, secret_key)
    put_cookie(client, *guard.consent_cookie(answered(guard.policy, allow, deny, seconds(at))), host)


def refuse(
    client: object,
    *,
    at: float | datetime | None = None,
    policy: PolicySource = None,
    secret_key: str | bytes | None = None,
    host: str | None = None,
) -> None:
    """Let this client's visitor have refused everything that can be refused. Arguments and errors are those of ``grant``."""
    grant(client, deny="*", at=at, policy=policy, secret_key=secret_key, host=host)


def forget(client: object, *, host: str | None = None) -> None:
    """Let this client's visitor have made no choice: the consent cookies go, all others stay. Raises TypeError for a client
    that is not known."""
    guard = find_guard(client)
    policy = guard.policy if guard is not None else told_policy() or Policy.load(None)
    names = {name for secure in (False, True) for name in (*names_to_read(policy, secure), once_cookie_name(policy, secure))}
    drop_cookies(client, names, host)


def expire(
    client: object, *, policy: PolicySource = None, secret_key: str | bytes | None = None, host: str | None = None
) -> None:
    """Let this client's visitor have granted everything so long ago that it no longer counts. Arguments and errors are those of
    ``grant``."""
    guard = guard_for(client, policy, secret_key)
    long_ago = add_months(seconds(None), -guard.policy.choice_months) - 86400
    grant(client, "*", at=long_ago, policy=policy, secret_key=secret_key, host=host)


@contextmanager
def at(time: float | datetime) -> Iterator[None]:
    """Let it be this time (Unix seconds, or a datetime; one without a zone is read as UTC) for the guards of this process and
    for the kit, within the block. A guard that was given a ``clock`` of its own keeps it."""
    with stopped(seconds(time)):
        yield
