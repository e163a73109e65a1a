"""The receipt of a choice: what a controller keeps to show what was asked, and what was answered (L26, L28).

No address, no user agent, no account: the receipt id is random and stands in the visitor's own token. May import nothing above
the standard library. Made by the engine's endpoint with each recorded choice; kept by whoever takes ``Reply.receipt``.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass

RECEIPT_ID_BYTES = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """Proof of one recorded act: a whole answer, or a change of one service."""

    receipt_id: str
    time: int
    """When the act took place, in Unix seconds. A change of one service leaves the token's own time as it was."""
    answers: Mapping[str, bool]
    """Category id to answer, as stored after the act."""
    overrides: Mapping[str, bool]
    """Service id to answer, as stored after the act."""
    revision: int
    policy_digest: str
    banner_digest: str
    """Digest of the texts that the visitor was shown (L27)."""
    language: str
    """The language of these texts."""
    means: str
    """How the answer came: ``form`` or ``json``, as the engine names it."""
    library_version: str


def new_receipt_id() -> str:
    """Return a fresh random receipt id: 96 bits as 16 URL-safe characters. It says nothing of the visitor (L33)."""
    return secrets.token_urlsafe(RECEIPT_ID_BYTES)
