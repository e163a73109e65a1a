"""The error of this layer: one thing that could not be looked at, said in one line.

May import the error root only. Readers and browsers raise it, the scanners note it and go on.
"""

from __future__ import annotations

from ..errors import ConsentGuardError
from .report import Problem


class Unreadable(ConsentGuardError):
    """A target, page or browser that cannot be looked at. ``problem`` says which and why."""

    def __init__(self, subject: str, message: str) -> None:
        self.problem = Problem(subject, " ".join(message.split()))
        super().__init__(str(self.problem))
