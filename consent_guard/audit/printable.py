"""Text from files and networks, made fit to be shown. May import nothing. The commands and the HTML report call it."""

from __future__ import annotations

import re
from typing import Final

_UNFIT: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")


def printable(text: str) -> str:
    """Return text without what could steer a terminal, or no HTML text may hold: control characters but tab and line feed,
    changes of direction, and lone surrogates, which no file can be written with."""
    return _UNFIT.sub("\N{REPLACEMENT CHARACTER}", text)
