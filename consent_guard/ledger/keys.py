"""The key that signs the ledger's statements and copies: Ed25519, in no database, and never the app's secret.

CONSENT_GUARD_LEDGER_KEY holds it, as PEM text or as a file's path; else the option ``ledger_key=``; else it is made on first
use, readable by its owner alone, in the state folder. Several machines share one. May import cryptography. The store signs with
it, the commands show its public half and change it.
"""

from __future__ import annotations

import base64
import binascii
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)

from ..errors import LedgerKeyError
from .state import make_folder, write_new

VARIABLE: Final = "CONSENT_GUARD_LEDGER_KEY"
FILE: Final = "ledger-key.pem"
_PEM: Final = "-----BEGIN"
_RAW_BYTES: Final = 32


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A private key and where it came from."""

    private: Ed25519PrivateKey
    source: str

    @property
    def public(self) -> bytes:
        """The 32 bytes of the public half."""
        return self.private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)

    def sign(self, message: bytes) -> bytes:
        """Return the 64 bytes of the signature."""
        return self.private.sign(message)


def signed_by(public: bytes, signature: bytes, message: bytes) -> bool:
    """Tell whether this public key's owner signed the message. Never raises."""
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


def find_key(given: str | bytes | Path | None, folder: Path, *, make: bool) -> SigningKey:
    """Return the signing key, made now where ``make`` and there is none. Raises LedgerKeyError."""
    named = os.environ.get(VARIABLE, "").strip()
    if named:
        return read_key(named, VARIABLE)
    if given:
        return read_key(given, "ledger_key")
    path = folder / FILE
    if not path.exists():
        if not make:
            named = f"{VARIABLE} and ledger_key name none, and {path} does not exist"
            raise LedgerKeyError(f"no key: {named}. The app makes one with its first checkpoint, within a minute of a receipt")
        _make_at(path)
    return read_key(path, str(path))


def read_key(given: str | bytes | Path, source: str) -> SigningKey:
    """Return the key in a PEM text, or in the file of this path. Raises LedgerKeyError, which never repeats the key."""
    text = given.decode("utf-8", "replace") if isinstance(given, bytes) else str(given)
    if _PEM not in text:
        try:
            text = Path(text).read_text("utf-8")
        except (OSError, ValueError) as error:
            why = getattr(error, "strerror", None) or "it is no PEM text, and no file's path"
            raise LedgerKeyError(f"{source}: the ledger's key cannot be read: {why}") from None
    try:
        private = load_pem_private_key(text.encode(), password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise LedgerKeyError(f"{source}: not a private key in PEM without a password") from None
    if not isinstance(private, Ed25519PrivateKey):
        raise LedgerKeyError(f"{source}: the ledger's key must be Ed25519 (openssl genpkey -algorithm ed25519)")
    return SigningKey(private, source)


def read_public(given: str) -> bytes:
    """Return the public key in a PEM text, in base64, or in the file of this path. Raises LedgerKeyError."""
    text = given.strip()
    if _PEM not in text and (raw := _raw(text)) is None:
        try:
            text = Path(text).read_text("utf-8").strip()
        except (OSError, ValueError) as error:
            why = getattr(error, "strerror", None) or "no such file"
            raise LedgerKeyError(f"{given}: the public key cannot be read: {why}") from None
    if (raw := _raw(text)) is not None:
        return raw
    try:
        public = load_pem_public_key(text.encode())
    except (ValueError, UnsupportedAlgorithm):
        raise LedgerKeyError(f"{given if _PEM not in given else 'the key'}: not a public key in PEM") from None
    if not isinstance(public, Ed25519PublicKey):
        raise LedgerKeyError("the ledger's public key must be Ed25519")
    return public.public_bytes(Encoding.Raw, PublicFormat.Raw)


def public_pem(public: bytes) -> str:
    """Return a public key as PEM text."""
    key = Ed25519PublicKey.from_public_bytes(public)
    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode("ascii")


def private_pem(private: Ed25519PrivateKey) -> bytes:
    """Return a private key as PEM text."""
    return private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def key_name(public: bytes) -> str:
    """Return a public key as text, as statements and copies name it: base64."""
    return base64.b64encode(public).decode("ascii")


def _raw(text: str) -> bytes | None:
    try:
        raw = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None
    return raw if len(raw) == _RAW_BYTES else None


def _make_at(path: Path) -> None:
    try:
        make_folder(path.parent)
        write_new(path, private_pem(Ed25519PrivateKey.generate()))
    except FileExistsError:  # another worker was quicker: its key counts
        return
    except OSError as error:
        raise LedgerKeyError(
            f"{path}: a key to sign the ledger with cannot be made: {error.strerror}; set {VARIABLE} or CONSENT_GUARD_STATE"
        ) from None
