"""What is compiled of a policy: once for each policy object, and remembered while it is among the last that were asked for.

May import the policy. ``terms`` and the audit keep what they compile in one.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar

from ..policy.model import Policy

Made = TypeVar("Made")


class PerPolicy(Generic[Made]):
    """A memory by the identity of policies. Thread-safe: threads that race on a policy make it twice, and both are right."""

    def __init__(self, make: Callable[[Policy], Made], most: int) -> None:
        """``most``: so many policies are remembered at once; with one more all are forgotten."""
        self._make = make
        self._most = most
        self._made: dict[int, tuple[Policy, Made]] = {}

    def of(self, policy: Policy) -> Made:
        """Return what is made of this very policy object. Raises what making it raises."""
        # The entry holds its policy, so that the id cannot come back as another object's while the entry stands.
        known = self._made.get(id(policy))
        if known is not None and known[0] is policy:
            return known[1]
        made = self._make(policy)
        if len(self._made) >= self._most:
            self._made.clear()
        self._made[id(policy)] = policy, made
        return made
