"""Is it linear? A question of time, asked so that a busy machine does not change the answer (R6)."""

from __future__ import annotations

import time
from collections.abc import Callable

FACTOR = 4
TOLERATED = 2.6
"""Quadratic growth is FACTOR times more again; noise stays well below."""


def cost(work: Callable[[int], object], size: int, rounds: int = 3) -> float:
    """Seconds of this process's own time, the least of some rounds."""
    least = float("inf")
    for _ in range(rounds):
        began = time.process_time()
        work(size)
        least = min(least, time.process_time() - began)
        if least > 2:
            break
    return least


def grows_linearly(work: Callable[[int], object], size: int, *, longest: int = 1 << 26) -> None:
    """Assert that FACTOR times the input costs about FACTOR times as much.

    The smaller size is doubled until it takes long enough to be measured.
    """
    small = cost(work, size)
    while small < 0.01 and size * 2 * FACTOR <= longest:
        size *= 2
        small = cost(work, size)
    for _ in range(2):
        large = cost(work, size * FACTOR)
        if large <= FACTOR * TOLERATED * max(small, 0.002):
            return
        small = max(small, cost(work, size))
    raise AssertionError(f"{size} units take {small:.3f} s, {size * FACTOR} take {large:.3f} s")
