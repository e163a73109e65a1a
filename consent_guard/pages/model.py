"""The request as our pages see it: plain values that the engine hands to the surface.

May import consent and the wire layer. The engine makes them; the surface and the parts read them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from ..consent.choice import Consent
from ..wire.content_security import ALL, Permitted

Answers = Literal["any", "form", "script", "link"]
"""By a form or by the module; by a form alone; by the module alone; or by neither, only from our own page."""


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
    receipts: bool = False
    """Receipts are kept, and visitors can have their own."""
    posted: bool = False
    """The page answers something else than GET: going back to it would do that once more."""
    origin: str = ""
    """Scheme and host as the browser sees them: for a page whose ``<base>`` sends relative addresses elsewhere."""
    permitted: Permitted = ALL
    """What the page's own Content-Security-Policy lets through."""

    @property
    def answers(self) -> Answers:
        """How the banner's answers reach us from this page."""
        fetches = self.permitted.scripts and self.permitted.connects
        if self.permitted.posts:
            return "any" if fetches else "form"
        return "script" if fetches else "link"
