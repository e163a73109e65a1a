"""Text as TOML writes it, for all that proposes lines of a policy file.

May import nothing of the package. ``starter``, the audit's advice and ``consent-guard findings`` call it: what they write comes
from pages, logs and browsers.
"""

from __future__ import annotations

from typing import Final

_QUOTED: Final = '"\\'


def toml_string(text: str) -> str:
    """Return a basic string (TOML 1.0) that reads back as ``text``, with nothing in it that could steer a terminal.

    Everything that is not printable is escaped. A lone surrogate, which no TOML can hold, becomes U+FFFD.
    """
    return f'"{"".join(c if c.isprintable() and c not in _QUOTED else _escape(c) for c in text)}"'


def _escape(character: str) -> str:
    code = ord(character)
    if 0xD800 <= code <= 0xDFFF:
        return "\N{REPLACEMENT CHARACTER}"
    return f"\\u{code:04X}" if code < 0x10000 else f"\\U{code:08X}"
