"""What a script element is, by its attributes, and which addresses are programs. Knows no policy; imports the model."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import unquote_to_bytes

from ..model import ScriptKind

JAVASCRIPT_TYPES: Final = frozenset(
    [f"{top}/{sub}" for top in ("text", "application") for sub in ("javascript", "ecmascript", "x-javascript", "x-ecmascript")]
    + ["text/jscript", "text/livescript", *(f"text/javascript1.{minor}" for minor in range(6))]
)
"""JavaScript MIME type essences (WHATWG MIME Sniffing 4.6)."""
PROGRAM_TYPES: Final = JAVASCRIPT_TYPES | {"module", "text/partytown"}
"""Types of scripts that run: Partytown runs those of its own in a worker, and is no consent."""
_BLANKS: Final = "\t\n\v\f\r "
"""White space around a type. A vertical tab is none by the standard, and Chromium strips it all the same."""

_SCHEME: Final = re.compile(r"[\x00-\x20]*" + "[\t\n\r]*".join("javascript:"), re.I)


def script_kind(type_: str | None, language: str | None) -> ScriptKind | None:
    """Return what a script element is by its attributes, None for a data block (WHATWG 4.12.1.1, prepare a script element)."""
    if type_ is None:
        essence = "text/" + language if language else "text/javascript"
    else:
        essence = type_.strip(_BLANKS) if type_ else "text/javascript"
    essence = essence.lower()
    if essence in PROGRAM_TYPES and (type_ is not None or essence in JAVASCRIPT_TYPES):
        return "script"
    if essence == "importmap":
        return "importmap"
    return "speculationrules" if essence == "speculationrules" else None


def javascript_url(text: str) -> bytes | None:
    """Return the program of an address that browsers read as ``javascript:`` (WHATWG URL: leading controls, inner tabs and line
    ends go), None for another address."""
    found = _SCHEME.match(text)
    if found is None:
        return None
    code = text[found.end() :].translate({9: None, 10: None, 13: None})
    return unquote_to_bytes(code.encode("utf-8", "surrogatepass"))
