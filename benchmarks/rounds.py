"""Interleaved timing: every contestant handles the same page before any of them sees the next one, round after round.

What disturbs the machine then disturbs all of them alike, and the quotient of two contestants in one round means something even
where neither of its parts does. CPU time of the process, not wall time. Standard library only.
"""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from statistics import median

Rewrite = Callable[[bytes], bytes]


@dataclass
class Contestant:
    """One way to handle a page."""

    name: str
    make: Callable[[], Rewrite]
    """Called before each round, outside the clock. It returns what that round runs."""
    rounds: int | None = None
    """Takes part in so many rounds only (the slow ones); None: in all."""
    seconds: list[float] = field(default_factory=list)
    """CPU seconds of each round."""

    def over(self, other: Contestant) -> float:
        """How many times as fast as another this is: the median, over the rounds of both, of the round's quotient."""
        return median(theirs / ours for ours, theirs in zip(self.seconds, other.seconds, strict=False))


def run(contestants: Sequence[Contestant], pages: Sequence[bytes], rounds: int, say: Callable[[str], None]) -> None:
    """Fill in each contestant's ``seconds``."""
    for number in range(rounds):
        say(f"round {number + 1} of {rounds}")
        here = [one for one in contestants if one.rounds is None or number < one.rounds]
        # Those that leave much garbage behind go by themselves, so that nobody else pays for collecting it.
        for group in ([one for one in here if one.rounds is None], [one for one in here if one.rounds is not None]):
            turn = number % len(group) if group else 0
            _round([*group[turn:], *group[:turn]], pages)
            gc.collect()


def _round(contestants: Sequence[Contestant], pages: Sequence[bytes]) -> None:
    clock = time.process_time
    rewrites = [(one, one.make()) for one in contestants]
    totals = [0.0] * len(rewrites)
    for page in pages:
        for index, (_, rewrite) in enumerate(rewrites):
            start = clock()
            rewrite(page)
            totals[index] += clock() - start
    for index, (one, _) in enumerate(rewrites):
        one.seconds.append(totals[index])
