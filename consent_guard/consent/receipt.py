"""The receipt of a choice: what a controller keeps to show what was asked, and what was answered (L26, L28).

No address, no user agent, no account: the receipt id is random and stands in the visitor's own token. May import nothing above
the standard library. Made by the engine's endpoint with each recorded choice; kept by the ledger, or by whoever takes
``Reply.receipt``.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass

RECEIPT_ID_BYTES = 12
BANNER, PREFERENCES, PLACEHOLDER, API = "banner", "preferences", "placeholder", "api"
MEANS = (BANNER, PREFERENCES, PLACEHOLDER, API)
"""How an answer came (L26): by one of our forms, which says so in a hidden field, else from whoever calls the address."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """Proof of one recorded act: a whole answer, or a change of one service.

    ``receipt_id``: names the act; nothing in it points at the visitor.
    ``time``: when the act took place, in Unix seconds. A change of one service leaves the token's own time as it was.
    ``act``: what was posted: ``accept``, ``refuse``, ``save``, ``allow``, ``deny`` or ``once``.
    ``grants``: whether the act allows something that was not allowed before; any other is a refusal or a withdrawal.
    ``answers``: category id to answer, as stored after the act.
    ``overrides``: service id to answer, as stored after the act.
    ``changed``: ``categories`` and ``services``: the ids whose permission is another than before the act, with the new one; of
    services those that do not follow their category. What is allowed ``once`` is allowed for one page.
    ``revision``: the policy's revision.
    ``policy_digest``: SHA-256 of the policy, in hexadecimal (L27).
    ``text_digest``: SHA-256 of the text that the visitor was shown, in hexadecimal (L27).
    ``language``: the language of this text.
    ``means``: how the answer came: one of ``MEANS``.
    ``note``: what stood before the choice without being one: ``gpc``, ``imported``, ``gpc imported``, or empty.
    ``library_version``: of this library.
    """

    receipt_id: str
    time: int
    act: str
    grants: bool
    answers: Mapping[str, bool]
    overrides: Mapping[str, bool]
    changed: Mapping[str, Mapping[str, bool]]
    revision: int
    policy_digest: str
    text_digest: str
    language: str
    means: str
    note: str
    library_version: str


@dataclass(frozen=True, slots=True)
class Shown:
    """A text or a policy that receipts name by its digest, kept once (L26, L27).

    ``digest``: SHA-256 of ``body``, in hexadecimal.
    ``kind``: ``policy`` (canonical JSON), or ``text`` (the markup of what was shown).
    ``body``: the bytes themselves.
    """

    digest: str
    kind: str
    body: bytes


def new_receipt_id() -> str:
    """Return a fresh random receipt id: 96 bits as 16 URL-safe characters. It says nothing of the visitor (L33)."""
    return secrets.token_urlsafe(RECEIPT_ID_BYTES)
