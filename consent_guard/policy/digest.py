"""Short fingerprints of what a visitor was shown, and of the whole policy.

May import the policy's values only. The choice stores the digest of each category, so that a grant does not outlive a new
partner or a new controller (L12, DESIGN §5); a receipt stores the digest of the policy (L26). Digests depend on values alone,
never on the process or the time.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import Final

from .model import Policy

CATEGORY_DIGEST_CHARACTERS: Final = 8
"""48 bits: the digest tells two versions of one category apart, it withstands no attacker; the token's signature does."""


def _canonical(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=True, separators=(",", ":"), sort_keys=True).encode("ascii")


def _hash(value: object) -> bytes:
    return hashlib.sha256(_canonical(value)).digest()


def _plain(value: object) -> object:
    if isinstance(value, Mapping):
        return {str(key): _plain(member) for key, member in value.items()}
    if isinstance(value, (tuple, list)):
        return [_plain(member) for member in value]
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: _plain(getattr(value, field.name)) for field in fields(value)}
    return value


def category_digest(policy: Policy, category_id: str) -> str:
    """Return eight URL-safe characters that change with the category's basis, its services' ids or their controllers.

    Titles, descriptions, hosts and cookies do not count: they say the same to the same visitor in better words, or enforce more
    exactly. Raises UnknownPurpose for a category that the policy does not hold.
    """
    services = [
        [
            service.id,
            service.controller.name if service.controller else "",
            service.controller.policy_url if service.controller else "",
        ]
        for service in policy.services_of(category_id)
    ]
    digest = _hash([policy.category(category_id).basis.value, sorted(services)])
    return base64.urlsafe_b64encode(digest)[:CATEGORY_DIGEST_CHARACTERS].decode("ascii")


def policy_digest(policy: Policy) -> str:
    """Return the SHA-256, in hexadecimal, of every value of the policy (L26)."""
    return hashlib.sha256(policy_text(policy)).hexdigest()


def policy_text(policy: Policy) -> bytes:
    """Return every value of the policy as JSON in its one spelling: what ``policy_digest`` is the digest of."""
    return _canonical(_plain(policy))
