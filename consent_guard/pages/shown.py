"""What a visitor was shown before a choice, as bytes that are the same in every process: receipts name their digest (L26, L27).

May import this package, the consent domain and the rewriter's vocabulary. The engine calls it with a recorded choice.
"""

from __future__ import annotations

from ..consent.choice import effective
from ..consent.receipt import PLACEHOLDER, PREFERENCES
from ..rewrite.model import Embed
from .model import RequestView
from .parts import ResponseParts
from .surface import Surface


def shown_text(surface: Surface, means: str, language: str, service: str = "") -> bytes:
    """Return the markup of the form that an answer came by, in one of the surface's languages, as a visitor without a choice
    sees it; for a placeholder that of ``service``; for what came by no form of ours, the banner's."""
    view = RequestView(base="", next="", accept_language=b"", consent=effective(surface.policy, None, 0.0), lang=language)
    if means == PREFERENCES:
        return surface.preferences(view)
    if means == PLACEHOLDER and service:
        embed = Embed(service=service, element="iframe", url="")
        return ResponseParts(surface, view).placeholder(embed, language)
    return surface.prerendered_banner(language).text()
