"""One small Django project for the adapter's tests. Settings are global to a process, so each test overrides them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import django
import pytest
from django.conf import settings
from django.test import override_settings

from consent_guard.policy.model import Policy
from consent_guard.testing import consent_cookie

KEY = "a key of the tests, longer than 32 bytes"
POLICY: dict[str, Any] = {
    "policy": {"languages": ["en"], "first_party": ["example.org"]},
    "categories": [
        {"id": "necessary", "basis": "necessary", "title": {"en": "Necessary"}},
        {"id": "ads", "basis": "consent", "title": {"en": "Advertising"}},
    ],
    "services": [
        {
            "id": "tracker",
            "category": "ads",
            "title": {"en": "Tracker"},
            "hosts": ["*.tracker.example"],
            "cookies": [{"name": "_trk*"}],
        }
    ],
}
SETTINGS: dict[str, Any] = {
    "SECRET_KEY": KEY,
    "SECRET_KEY_FALLBACKS": [],
    "ALLOWED_HOSTS": ["www.example.org", "testserver"],
    "INSTALLED_APPS": ["consent_guard.django"],
    "MIDDLEWARE": ["consent_guard.django.ConsentMiddleware", "django.middleware.common.CommonMiddleware"],
    "CONSENT_GUARD": {"POLICY": POLICY},
    "TEMPLATES": [
        {
            "BACKEND": "django.template.backends.django.DjangoTemplates",
            "OPTIONS": {
                "context_processors": [
                    "django.template.context_processors.request",
                    "consent_guard.django.context_processors.consent",
                ]
            },
        }
    ],
    "LOGGING_CONFIG": None,
}


@pytest.fixture
def project() -> Iterator[Callable[..., None]]:
    """Return a function that puts settings in force for the rest of the test; those above hold where it names none."""
    if not settings.configured:
        settings.configure(SECRET_KEY="for tests that bring no settings of their own")
        django.setup(set_prefix=False)
    with ExitStack() as stack:

        def use(**changes: Any) -> None:
            stack.enter_context(override_settings(**{**SETTINGS, **changes}))

        use.policy = POLICY  # type: ignore[attr-defined]
        yield use


@pytest.fixture
def granted() -> str:
    """A Cookie header's value that allows everything."""
    return "{}={}".format(*consent_cookie(Policy.load(POLICY), KEY, allow="*"))
