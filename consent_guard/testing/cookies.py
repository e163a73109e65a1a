"""The cookie of a visitor who has already chosen.

May import the domain layer. Called by test suites and by the rest of the kit.

    name, value = consent_cookie("consent.toml", SECRET, allow=["youtube"])
    client.set_cookie(name, value)
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path

from ..clock import unix_seconds
from ..consent.answers import answered
from ..consent.token import TokenSigner, consent_cookie_name
from ..policy.model import Policy


def consent_cookie(
    policy: Policy | str | Path | Mapping[str, object] | None,
    secret_key: str | bytes,
    allow: str | Iterable[str] = (),
    deny: str | Iterable[str] = (),
    at: float | datetime | None = None,
) -> tuple[str, str]:
    """Return the name and the value of a cookie that carries a decided choice.

    The choice starts from each basis's default (exempt on, consent off), then refuses what ``deny`` lists, then grants what
    ``allow`` lists: category and service ids, or ``"*"`` for every category. A service's own answer precedes its category's, so
    ``allow=["videos"], deny=["youtube"]`` allows the videos but YouTube. Necessary ids are ignored.

    ``at`` is when the choice was made: Unix seconds, or a datetime (one without a zone is read as UTC); None is now. The name
    is ``__Host-consent`` (``__Secure-consent`` with a ``cookie_domain``), which every adapter also reads over plain http.

    Raises PolicyError, SecretKeyError, and UnknownPurpose for an id that the policy does not hold.
    """
    loaded = Policy.load(policy)
    signer = TokenSigner(loaded, secret_key)
    choice = answered(loaded, allow, deny, seconds(at))
    return consent_cookie_name(loaded, secure=True), signer.sign(choice)


def seconds(at: float | datetime | None) -> int:
    """Return a time in Unix seconds: as it is given, of a datetime (one without a zone is read as UTC), or now for None."""
    if at is None:
        return int(unix_seconds())
    if isinstance(at, datetime):
        return int((at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp())
    return int(at)
