"""A ledger as an app names it: its address and its key, checked when the app starts, opened with the first choice.

    app = ConsentMiddleware(app, "consent.toml", secret_key=SECRET, ledger="sqlite:///consent.db")
    app = ConsentMiddleware(app, "consent.toml", secret_key=SECRET, ledger=Ledger("postgresql+psycopg://…", key="ledger.pem"))

May import the rest of this package, the drivers late. The transports and adapters make one of what they are given.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import Fault, LedgerKeyError, PolicyError
from .address import EXTRA, read_address
from .state import state_folder

if TYPE_CHECKING:
    from .keys import SigningKey


class Ledger:
    """Where receipts are kept, and the key that signs for them. Making one opens nothing."""

    def __init__(self, url: str, *, key: str | bytes | Path | None = None) -> None:
        """``url``: ``sqlite:///FILE`` or ``postgresql+psycopg://USER@HOST/DATABASE``. ``key``: the Ed25519 key, as PEM or its
        file's path; CONSENT_GUARD_LEDGER_KEY comes before it, and without either one is made in the state folder.

        Raises PolicyError with what is wrong with either.
        """
        self.address = read_address(url)
        self.folder = state_folder(self.address)
        self._given = key
        try:
            from .keys import VARIABLE, find_key
        except ModuleNotFoundError:
            raise PolicyError([Fault("ledger", "signing receipts needs cryptography", EXTRA)], "options") from None
        if key or os.environ.get(VARIABLE, "").strip():
            try:
                find_key(key, self.folder, make=False)
            except LedgerKeyError as error:
                mend = "Give an Ed25519 private key in PEM, or its file's path"
                source, _, message = str(error).partition(": ")
                raise PolicyError([Fault(source, message, mend)], "options") from None

    def signing_key(self, *, make: bool = True) -> SigningKey:
        """Return the key, made now where there is none and ``make``. Raises LedgerKeyError."""
        from .keys import find_key

        return find_key(self._given, self.folder, make=make)

    def __repr__(self) -> str:
        return f"Ledger({self.address.shown!r})"
