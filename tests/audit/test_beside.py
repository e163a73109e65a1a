"""What the catalogue knows beside a policy."""

from __future__ import annotations

from consent_guard.audit.beside import NOT_LISTED, spelled_out, with_catalogue
from consent_guard.policy.model import Basis, Policy

DOCUMENT = {
    "categories": [
        {"id": "necessary", "basis": "necessary", "title": {"en": "Necessary"}},
        {"id": "media", "basis": "consent", "title": {"en": "Media"}},
    ],
    "services": [{"category": "media", "id": "youtube"}],
}


def test_every_category_and_service_of_the_policys_own_is_kept() -> None:
    policy = Policy.load(DOCUMENT)
    whole = with_catalogue(policy)
    assert whole.services[: len(policy.services)] == policy.services
    assert whole.categories[:-1] == policy.categories
    assert (whole.categories[-1].id, whole.categories[-1].basis) == (NOT_LISTED, Basis.CONSENT)
    assert {service.category for service in whole.services[len(policy.services) :]} == {NOT_LISTED}


def test_the_built_in_policy_lists_the_whole_catalogue() -> None:
    policy = Policy.load(None)
    assert with_catalogue(policy) is policy


def test_all_stands_for_the_policys_own_categories_alone() -> None:
    assert spelled_out(["*", "hotjar"], Policy.load(DOCUMENT)) == {"media", "hotjar"}
