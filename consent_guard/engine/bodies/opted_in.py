"""Bodies of which the policy says that they hold HTML (``[[paths]]``, ``bodies``).

May import the policy's values, the wire layer and its neighbours. The response side asks.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from ...policy.model import PathBody
from ...wire.headers import content_type
from ...wire.messages import BodyRewriter, Headers, RequestFacts
from . import BodyKind
from .html_in_events import EventsBody
from .html_in_json import JsonBody

READ: Final = ("GET", "HEAD")
"""The methods whose answers are read."""


def opted_in(bodies: tuple[PathBody, ...], facts: RequestFacts, headers: Headers) -> BodyKind | None:
    """Return what is made of a body by its type; None where the policy says nothing of it."""
    declared = content_type(headers) if bodies and facts.method in READ else None
    if declared is None:
        return None
    essence = declared.essence
    if "json" in bodies and (essence in ("application/json", "text/json") or essence.endswith("+json")):
        return BodyKind.JSON
    return BodyKind.EVENTS if "sse" in bodies and essence == "text/event-stream" else None


def holder_of_html(kind: BodyKind, make: Callable[[], BodyRewriter], told: Callable[[str], None]) -> BodyRewriter | None:
    """Return what reads such a body; None for another. ``make`` gives a rewriter of HTML; ``told``: of what is left alone."""
    if kind is BodyKind.JSON:
        return JsonBody(make, told)
    return EventsBody(make, told) if kind is BodyKind.EVENTS else None
