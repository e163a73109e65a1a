"""Secret keys: which are usable, and which are too short.

May import errors. Called by the token signer for every list of keys, and by the guard once, for the warning.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable

from ..errors import SecretKeyError

SHORT_KEY_BYTES = 32
"""HMAC-SHA-256 gains nothing from a longer key, and loses strength with a shorter one (RFC 2104 §3)."""

LEAST_KEY_BYTES = 8
"""A shorter one is no key: all of them can be tried."""

Key = str | bytes

_logger = logging.getLogger("consent_guard")


def usable_keys(keys: Key | Iterable[Key | None] | None) -> tuple[bytes, ...]:
    """Return the keys as bytes, in the order given: the newest, which signs, stands first (K2).

    One key may be given by itself. Raises SecretKeyError where there is none, or where one is empty, blank or not a string:
    an empty key, were it only a fallback, would let anybody sign.
    """
    if keys is None or isinstance(keys, (str, bytes)):
        keys = (keys,)
    usable: list[bytes] = []
    for key in keys:
        if isinstance(key, str):
            try:
                key = key.encode()
            except UnicodeEncodeError as error:
                raise SecretKeyError("a secret key holds a character that has no UTF-8 form") from error
        if not isinstance(key, bytes):
            raise SecretKeyError(f"a secret key must be str or bytes, not {type(key).__name__}; there is no default key")
        if not key.strip():
            raise SecretKeyError("a secret key is empty; give the app's own secret, at least 32 random bytes")
        usable.append(key)
    if not usable:
        raise SecretKeyError("no secret key was given; there is no default key")
    return tuple(usable)


def check_keys(keys: Key | Iterable[Key | None] | None) -> tuple[bytes, ...]:
    """Return :func:`usable_keys`, and log one warning where any of them is under 32 bytes. For the start of a guard (K2).

    Raises SecretKeyError where one is under 8 bytes, too.
    """
    usable = usable_keys(keys)
    if any(len(key) < LEAST_KEY_BYTES for key in usable):
        raise SecretKeyError(
            f"a secret key is under {LEAST_KEY_BYTES} bytes, and can be guessed; "
            f"consent-guard keys new writes one of {SHORT_KEY_BYTES}"
        )
    short = sum(len(key) < SHORT_KEY_BYTES for key in usable)
    if short:
        which = (
            "the secret key is" if len(usable) == 1 else f"{short} of {len(usable)} secret keys {'is' if short == 1 else 'are'}"
        )
        _logger.warning(
            "%s shorter than %d bytes, and a longer random key is harder to guess: consent-guard keys new writes one",
            which,
            SHORT_KEY_BYTES,
        )
    return usable
