"""The context processor ``consent_guard.django.context_processors.consent``: templates read ``consent``. Django calls it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from django.http import HttpRequest


def consent(request: HttpRequest) -> dict[str, Any]:
    """Return ``consent``, the visitor's Consent; looked at only if the template does, so that other pages stay cacheable."""
    return {"consent": getattr(request, "consent", None)}
