"""The request as our pages see it: plain values that the engine hands to the surface.

May import consent. The engine makes them; the surface and the parts read them.
"""

from __future__ import annotations

from dataclasses import dataclass

from ..consent.choice import Consent


@dataclass(frozen=True, slots=True)
class RequestView:
    """What a page needs to know of the request that it answers."""

    base: str
    """Where our pages live: root path and ``policy.path``, percent-encoded, without a slash at the end."""
    next: str
    """The same-site path to go back to after a choice; empty: our preferences."""
    accept_language: bytes
    """The field's value; empty where there is none."""
    consent: Consent
    lang: str | None = None
    """A language asked for outright; None: by Accept-Language."""
    posted: bool = False
    """The page answers something else than GET: going back to it would do that once more."""
