"""What receipts name by digest, made once: the texts that visitors are shown, and the policy (L26, L27).

May import the pages, the policy and the receipt. The endpoints ask it with each recorded choice.
"""

from __future__ import annotations

import hashlib
from typing import Final

from ..consent.receipt import PLACEHOLDER, Shown
from ..consent.terms import terms_of
from ..limits import SHOWN_TEXTS
from ..pages.shown import shown_text
from ..pages.surface import Surface
from ..policy.digest import policy_text


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
