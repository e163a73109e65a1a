"""Reading the policy that a command is about.

May import the policy package and ``output``. The commands that need a sound policy call it; ``check`` reads by itself, since
faults are its result.
"""

from __future__ import annotations

from ..errors import PolicyError
from ..policy.model import Policy
from .output import could_not


def policy_of(path: str | None) -> Policy:
    """Return the policy of a file, or the built-in one for None.

    Ends the command with code 2: with every fault where it has some, with the reason where it cannot be read.
    """
    try:
        return Policy.load(path)
    except PolicyError as error:
        could_not(str(error))
    except OSError as error:
        could_not(f"{path}: {error.strerror or error}")
