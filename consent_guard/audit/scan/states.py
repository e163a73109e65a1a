"""What each state of a visitor permits under a policy.

May import the domain. Both scanners ask it which services a page may contact.
"""

from __future__ import annotations

import time

from ...consent.choice import Consent, accept_all, effective, refuse_all
from ...policy.model import Policy
from ..report import State


def consent_in(policy: Policy, state: State) -> Consent:
    """Return what a visitor in this state permits: the bases' defaults before any choice, nothing but the necessary after
    refusing (L53), everything after accepting."""
    now = time.time()
    if state is State.BEFORE:
        return effective(policy, None, now)
    return effective(policy, refuse_all(policy, now) if state is State.REFUSED else accept_all(policy, now), now)
