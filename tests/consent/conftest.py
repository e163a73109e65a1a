"""A policy in the seed's shape, and the pieces that tests of the consent domain share."""

from __future__ import annotations

from dataclasses import replace

import pytest

from consent_guard.consent.token import TokenSigner
from consent_guard.policy.model import Basis, Category, Controller, Policy, Service

KEY = "a key of the tests, longer than 32 bytes"
NOW = 1_700_000_000


def _category(id: str, basis: Basis, gpc: bool = False) -> Category:
    return Category(id, basis, {"en": id}, gpc=gpc)


@pytest.fixture
def policy() -> Policy:
    """Necessary, audience (exempt: xiti), campaigns (consent, heeds GPC: ads), interactivity (consent: damdy, youtube)."""
    return Policy(
        categories=(
            _category("necessary", Basis.NECESSARY),
            _category("audience", Basis.EXEMPT),
            _category("campaigns", Basis.CONSENT, gpc=True),
            _category("interactivity", Basis.CONSENT),
        ),
        services=(
            Service("login", "necessary", {"en": "Login"}),
            Service("xiti", "audience", {"en": "Xiti"}, exempt="audience_fr"),
            Service("ads", "campaigns", {"en": "Ads"}, controller=Controller("Ads Ltd", "https://ads.example/privacy")),
            Service("damdy", "interactivity", {"en": "Damdy"}),
            Service("youtube", "interactivity", {"en": "YouTube"}),
        ),
        revision=3,
    )


@pytest.fixture
def widened(policy: Policy) -> Policy:
    """The same policy after a new partner joined the category interactivity, without a new revision."""
    return replace(policy, services=(*policy.services, Service("vimeo", "interactivity", {"en": "Vimeo"})))


@pytest.fixture
def signer(policy: Policy) -> TokenSigner:
    return TokenSigner(policy, KEY)


@pytest.fixture
def now() -> int:
    return NOW


@pytest.fixture
def key() -> str:
    return KEY
