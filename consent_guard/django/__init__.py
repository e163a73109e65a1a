"""The Django adapter, and the app for INSTALLED_APPS.

    MIDDLEWARE = ["consent_guard.django.ConsentMiddleware", ...]      # first in the list
    INSTALLED_APPS = ["consent_guard.django", ...]                    # system checks and template tags
    CONSENT_GUARD = {"POLICY": BASE_DIR / "consent.toml"}

May import Django, the WSGI transport's translations and the engine. Django projects call it.
"""

from .middleware import ConsentMiddleware, consent_from, leave_body, manage_link, preferences_form

__all__ = ["ConsentMiddleware", "consent_from", "leave_body", "manage_link", "preferences_form"]
