"""The stand-in for a withheld script's globals, so that first-party code that calls them does not throw.

One universal stub: a function that does nothing, with a ``push`` that does nothing. Queues (``_paq.push([…])``) and functions
(``fbq('track')``) both find what they call; a dotted name makes its parents. ``dataLayer`` is an array, for an allowed tag of
the
same page may read it. May import nothing of the package.
"""

from __future__ import annotations

import json
from collections.abc import Sequence

_BODY = (
    "(function(w,n){n.forEach(function(p){var o=w,k=p.split('.'),l=k.pop();"
    "k.forEach(function(x){o=o[x]=o[x]||{}});"
    "if(l=='dataLayer'){o[l]=o[l]||[]}"
    "else if(!o[l]){o[l]=function(){};o[l].push=function(){return 0}}})})(window,%s)"
)


def stub_script(names: Sequence[str]) -> bytes:
    """Return JavaScript that defines each global unless it exists. The names are JavaScript identifiers, dots allowed."""
    return (_BODY % json.dumps(list(names), separators=(",", ":"))).encode("ascii")
