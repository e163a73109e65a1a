"""Requests that a tool of ours makes of an app in its own process: what they choose is no visitor's choice.

A keeper stores no receipt of them and does nothing else for them. They are known by a context variable, which follows a
request through threads and event loops and which no header can set. May import nothing of the package. The audit calls apps
within; the keeper asks.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Final

_probing: Final[ContextVar[bool]] = ContextVar("consent_guard.probing", default=False)


@contextmanager
def probing() -> Iterator[None]:
    """Let whatever is called in this context be a tool's own request."""
    token = _probing.set(True)
    try:
        yield
    finally:
        _probing.reset(token)


def is_probe() -> bool:
    """Tell whether the request at hand is a tool's own."""
    return _probing.get()
