"""The clock that the transports read where an app gives them none, and the one way to stop it: for tests.

May import nothing of the package. The transports and adapters take ``unix_seconds`` as their default; ``testing.at`` stops it.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

_stopped_at: float | None = None


def unix_seconds() -> float:
    """Return the time in Unix seconds."""
    return time.time() if _stopped_at is None else _stopped_at


@contextmanager
def stopped(at: float) -> Iterator[None]:
    """Let it be ``at`` (Unix seconds) in this process, in all its threads, until the block ends."""
    global _stopped_at
    before, _stopped_at = _stopped_at, at
    try:
        yield
    finally:
        _stopped_at = before
