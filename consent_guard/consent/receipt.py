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
    """Proof of one recorded act: a whole answer, or a change of one service.

    ``receipt_id``: names the act; nothing in it points at the visitor.
    ``time``: when the act took place, in Unix seconds. A change of one service leaves the token's own time as it was.
    ``answers``: category id to answer, as stored after the act.
    ``overrides``: service id to answer, as stored after the act.
    ``revision``: the policy's revision.
    ``policy_digest``: digest of the policy (L27).
    ``banner_digest``: digest of the texts that the visitor was shown (L27).
    ``language``: the language of these texts.
    ``means``: how the answer came: ``form`` or ``json``, as the engine names it.
    ``library_version``: of this library.
    """

    receipt_id: str
    time: int
    answers: Mapping[str, bool]
    overrides: Mapping[str, bool]
    revision: int
    policy_digest: str
    banner_digest: str
    language: str
    means: str
    library_version: str


def new_receipt_id() -> str:
    """Return a fresh random receipt id: 96 bits as 16 URL-safe characters. It says nothing of the visitor (L33)."""
    return secrets.token_urlsafe(RECEIPT_ID_BYTES)
