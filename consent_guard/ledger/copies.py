"""A visitor's copy of a receipt: one JSON document, signed, that anybody with the public key can check offline.

May import the keys. The keeper makes it for the visitor whose cookie names the receipt; ``receipts check`` verifies it.
"""

from __future__ import annotations

import base64
import binascii
import json
from typing import Any, Final

from ..errors import LedgerError
from .keys import SigningKey, key_name, signed_by
from .rows import Row, as_plain, canonical

_SIGNED: Final = b"consent_guard copy 1\n"
_FORMAT: Final = "consent_guard receipt 1"


def signed_copy(row: Row, key: SigningKey) -> bytes:
    """Return the copy of a stored receipt."""
    document: dict[str, Any] = {"format": _FORMAT, "receipt": as_plain(row), "public_key": key_name(key.public)}
    document["signature"] = base64.b64encode(key.sign(_SIGNED + canonical(document))).decode("ascii")
    return json.dumps(document, ensure_ascii=True, indent=2).encode("ascii") + b"\n"


def checked_copy(data: bytes, public: bytes) -> dict[str, Any]:
    """Return the receipt of a copy that this key has signed. Raises LedgerError, with the reason, for any other."""
    try:
        document = json.loads(data)
    except (ValueError, RecursionError):
        raise LedgerError("it is no JSON document") from None
    if not isinstance(document, dict) or document.get("format") != _FORMAT:
        raise LedgerError("it is no receipt of consent_guard, or of a later version")
    try:
        signature = base64.b64decode(str(document.pop("signature", "")), validate=True)
        message = _SIGNED + canonical(document)
    except (binascii.Error, ValueError, RecursionError):
        raise LedgerError("its signature is none") from None
    if document.get("public_key") != key_name(public):
        raise LedgerError(f"it was signed with another key: {document.get('public_key')}")
    if not signed_by(public, signature, message):
        raise LedgerError("the signature does not match: it was altered, or is a forgery")
    receipt = document["receipt"]
    if not isinstance(receipt, dict):
        raise LedgerError("it holds no receipt")
    return receipt
