"""What a visitor was shown before a choice, as bytes that are the same in every process: receipts name their digest (L26, L27).

Each is made once. May import this package, the policy, the consent domain and the rewriter's vocabulary. The engine asks it
with each recorded choice.
"""

from __future__ import annotations

import hashlib
from typing import Final

from ..consent.choice import effective
from ..consent.receipt import PLACEHOLDER, PREFERENCES, Shown
from ..consent.terms import terms_of
from ..limits import SHOWN_TEXTS
from ..policy.digest import policy_text
from ..rewrite.model import Embed
from .model import RequestView
from .parts import ResponseParts
from .surface import Surface


def shown_text(surface: Surface, means: str, language: str, service: str = "") -> bytes:
    """Return the markup of the form that an answer came by, in one of the surface's languages, as a visitor without a choice
    sees it; for a placeholder that of ``service``; for what came by no form of ours, the banner's."""
    view = RequestView(base="", next="", accept_language=b"", consent=effective(surface.policy, None, 0.0), lang=language)
    if means == PREFERENCES:
        return surface.preferences(view)
    if means == PLACEHOLDER and service:
        embed = Embed(service=service, element="iframe", url="")
        return ResponseParts(surface, view).placeholder(embed, language)
    return surface.prerendered_banner(language).text()


class Texts:
    """The texts of one policy. Thread-safe: two threads at worst make the same one twice."""

    __slots__ = ("_known", "_policy", "_surface")

    def __init__(self, surface: Surface) -> None:
        self._surface: Final = surface
        self._known: dict[tuple[str, str, str], Shown] = {}
        self._policy: Shown | None = None

    def shown(self, means: str, language: str, service: str) -> Shown:
        """Return what was shown by these means in a language."""
        key = (means, language, service if means == PLACEHOLDER else "")
        known = self._known.get(key)
        if known is None:
            body = shown_text(self._surface, *key)
            known = Shown(hashlib.sha256(body).hexdigest(), "text", body)
            if len(self._known) >= SHOWN_TEXTS:
                self._known.clear()
            self._known[key] = known
        return known

    def policy(self) -> Shown:
        """Return the policy."""
        if self._policy is None:
            policy = self._surface.policy
            self._policy = Shown(terms_of(policy).policy_digest, "policy", policy_text(policy))
        return self._policy
