"""Cookie consent, enforced on the server.

Apps use one of the adapters: ``consent_guard.wsgi``, ``consent_guard.asgi``, ``consent_guard.flask``,
``consent_guard.starlette``, ``consent_guard.django``. What stands here is the sans-IO engine below them, for people who write
their own adapter, and the values and errors that every adapter shares. Importing it loads no framework, no database driver, no
asyncio, and neither jinja2 nor werkzeug.
"""

from __future__ import annotations

from .consent.choice import Consent
from .consent.receipt import Receipt
from .engine.exchange import Exchange
from .engine.guard import Guard
from .errors import (
    CodingError,
    ConsentGuardError,
    ExchangeStateError,
    Fault,
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
