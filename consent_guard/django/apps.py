"""The app that ``INSTALLED_APPS`` names: registers the system checks, lets the development
server watch the policy; the template tags come with it. Django calls it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from django.apps import AppConfig
from django.conf import settings
from django.core.checks import Tags, register
from django.utils.autoreload import BaseReloader, autoreload_started

from .conf import SETTING


class ConsentGuardConfig(AppConfig):
    name = "consent_guard.django"
    label = "consent_guard"
    verbose_name = "Consent guard"

    def ready(self) -> None:
        from .checks import check_configuration

        register(check_configuration, Tags.security)
        autoreload_started.connect(_watch_policy, dispatch_uid="consent_guard.django.apps")


def _watch_policy(sender: BaseReloader, **kwargs: object) -> None:
    """Let ``runserver`` start anew when the policy file changes: it is no module, so that Django does not see it by itself."""
    values = getattr(settings, SETTING, None)
    policy = values.get("POLICY") if isinstance(values, Mapping) else None
    if isinstance(policy, (str, os.PathLike)):
        sender.extra_files.add(Path(policy).absolute())
