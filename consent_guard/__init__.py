"""Cookie consent, enforced on the server.

Apps use one of the adapters: ``consent_guard.wsgi``, ``consent_guard.asgi``, ``consent_guard.flask``,
``consent_guard.starlette``, ``consent_guard.django``. What stands here is the sans-IO engine below them, for people who write
their own adapter, and the values and errors that every adapter shares. Importing it loads no framework, no database driver, no
asyncio, and neither jinja2 nor werkzeug; the engine itself is loaded with the first name that is asked for, because pytest
imports this package in every run of every suite that has it installed.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from .consent.choice import Consent
    from .consent.receipt import Receipt
    from .engine.exchange import Exchange
    from .engine.guard import Guard
    from .errors import (
        CodingError,
        ConsentGuardError,
        ExchangeStateError,
        Fault,
        GuardedTwice,
        PolicyError,
        RewriteError,
        SecretKeyError,
        UnknownPurpose,
    )
    from .findings import Finding, FindingKind
    from .policy.model import Policy
    from .version import __version__
    from .wire.messages import BodyRewriter, Reply, RequestFacts, ResponsePlan

__all__ = (
    "BodyRewriter",
    "CodingError",
    "Consent",
    "ConsentGuardError",
    "Exchange",
    "ExchangeStateError",
    "Fault",
    "Finding",
    "FindingKind",
    "Guard",
    "GuardedTwice",
    "Policy",
    "PolicyError",
    "Receipt",
    "Reply",
    "RequestFacts",
    "ResponsePlan",
    "RewriteError",
    "SecretKeyError",
    "UnknownPurpose",
    "__version__",
)

_NAMES: Final = {
    "consent.choice": ("Consent",),
    "consent.receipt": ("Receipt",),
    "engine.exchange": ("Exchange",),
    "engine.guard": ("Guard",),
    "errors": (
        *("CodingError", "ConsentGuardError", "ExchangeStateError", "Fault", "GuardedTwice", "PolicyError", "RewriteError"),
        *("SecretKeyError", "UnknownPurpose"),
    ),
    "findings": ("Finding", "FindingKind"),
    "policy.model": ("Policy",),
    "version": ("__version__",),
    "wire.messages": ("BodyRewriter", "Reply", "RequestFacts", "ResponsePlan"),
}
"""Where each name is defined."""
_HOMES: Final = {name: module for module, names in _NAMES.items() for name in names}

if not TYPE_CHECKING:  # so that a misspelt name stays an error to type checkers

    def __getattr__(name: str) -> object:
        """Load a name when it is first asked for (PEP 562)."""
        if name not in _HOMES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        value = globals()[name] = getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
        return value

    def __dir__() -> list[str]:
        return sorted({*globals(), *__all__})
