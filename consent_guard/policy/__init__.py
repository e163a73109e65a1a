"""What a site declares: read from its policy file, and looked up by address and cookie name.

``Policy.load`` is bound here: reading a policy stands above its values, so ``model`` imports no reader. Other packages import
the module that they mean.
"""

from __future__ import annotations

from .loader import load_policy
from .model import Policy

Policy.load = staticmethod(load_policy)
