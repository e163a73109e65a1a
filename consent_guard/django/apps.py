"""The app that ``INSTALLED_APPS`` names: registers the system checks; the template tags come with it. Django calls it."""

from __future__ import annotations

from django.apps import AppConfig
from django.core.checks import Tags, register


class ConsentGuardConfig(AppConfig):
    name = "consent_guard.django"
    label = "consent_guard"
    verbose_name = "Consent guard"

    def ready(self) -> None:
        from .checks import check_configuration

        register(check_configuration, Tags.security)
