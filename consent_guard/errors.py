"""Every error that this library raises on purpose.

    ConsentGuardError
    ├── PolicyError            the policy file or mapping has faults (all of them are listed)
    ├── SecretKeyError         no usable secret key
    ├── UnknownPurpose         a category or service id that the policy does not hold
    ├── GuardedTwice           two guards with different policies around one request
    ├── ExchangeStateError     the calls of an Exchange came in an order that cannot be right
    ├── LedgerError            the ledger cannot be reached, read or written; what was to be stored is not
    │   ├── LedgerKeyError     no usable key to sign the ledger's statements with
    │   └── LedgerVersionError the ledger's tables are newer, or older, than this library knows
    └── RewriteError           a body that cannot be filtered safely; the response breaks off
        └── CodingError        a content coding that is broken, or that unfolds past its limit

May import nothing of the package. Everything may import it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass


class ConsentGuardError(Exception):
    """The root of the library's own errors."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing wrong in a policy: where it stands, what is wrong, and what mends it.

    ``path``: the key path, as in ``services[2].hosts[0]``.
    ``message``: what is wrong, without a final full stop.
    ``mend``: what mends it, without a final full stop; empty where that is plain.
    """

    path: str
    message: str
    mend: str

    def __str__(self) -> str:
        return f"{self.path}: {self.message}. {self.mend}" if self.mend else f"{self.path}: {self.message}"


class PolicyError(ConsentGuardError, ValueError):
    """A policy with faults. ``faults`` holds every one of them, in the order of the file."""

    def __init__(self, faults: Iterable[Fault], source: str = "policy") -> None:
        self.faults: tuple[Fault, ...] = tuple(faults)
        self.source = source
        count = len(self.faults)
        lines = "\n".join(f"  - {fault}" for fault in self.faults)
        super().__init__(f"{source}: {count} fault{'' if count == 1 else 's'}\n{lines}")


class SecretKeyError(ConsentGuardError, ValueError):
    """The secret key is missing or empty. There is no default key."""


class UnknownPurpose(ConsentGuardError, LookupError):
    """A category or service id that the policy does not hold; names the nearest ids that it does."""

    def __init__(self, purpose: str, nearest: Sequence[str] = ()) -> None:
        self.purpose = purpose
        self.nearest: tuple[str, ...] = tuple(nearest)
        hint = f"; the nearest ids are {', '.join(self.nearest)}" if self.nearest else ""
        super().__init__(f"no category or service has the id {purpose!r}{hint}")


class GuardedTwice(ConsentGuardError, RuntimeError):
    """Two guards stand around one request, and their policies differ."""

    def __init__(self, outer: str, inner: str) -> None:
        super().__init__(
            "two guards with different policies stand around one request: "
            f"the outer one's is {outer}; the inner one's is {inner}. "
            "Give both the same policy, then the inner one steps aside; or take one of them away"
        )


class ExchangeStateError(ConsentGuardError, RuntimeError):
    """A method of an Exchange was called in an order that cannot be right."""


class LedgerError(ConsentGuardError):
    """The ledger of receipts cannot be reached, read or written. The message names it, without a password, and the mend."""


class LedgerKeyError(LedgerError, ValueError):
    """The key that signs the ledger's statements is missing, or no Ed25519 key."""


class LedgerVersionError(LedgerError):
    """The ledger's tables are missing, older or newer than this library; the message says what to run or to install."""


class RewriteError(ConsentGuardError):
    """A body that cannot be filtered safely. The transport must break the response off."""


class CodingError(RewriteError):
    """A content coding that is broken, unknown, or unfolds past its limit."""
