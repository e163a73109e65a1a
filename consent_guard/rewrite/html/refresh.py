"""The address of a declarative refresh (WHATWG HTML, shared declarative refresh steps). Pure."""

from __future__ import annotations

import re
from typing import Final

_REFRESH: Final = re.compile(
    r"[\t\n\v\f\r ]*+(?:[0-9]++|(?=\.))[0-9.]*+(?:[\t\n\v\f\r ]*+[;,]|[\t\n\v\f\r ]++)[\t\n\v\f\r ]*+"
    r"(?:[uU][rR][lL][\t\n\v\f\r ]*+=[\t\n\v\f\r ]*+)?(.*)",
    re.S,
)


def refresh_targets(content: str) -> tuple[str, ...]:
    """Return the address of a refresh's content (WHATWG 4.2.5.3, shared declarative refresh steps), none where it has none. The
    standard ends a quoted one at the next quote, Chromium at the last: where the two differ, both."""
    found = _REFRESH.match(content)
    if found is None:
        return ()
    target, quote = found[1], found[1][:1]
    if quote not in ("'", '"'):
        return (target,)
    first, _, rest = target[1:].partition(quote)
    return (first, target[1:].rpartition(quote)[0]) if quote in rest else (first,)
