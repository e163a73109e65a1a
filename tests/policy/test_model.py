"""Look-ups on the policy's values."""

from __future__ import annotations

import pytest

from consent_guard.errors import UnknownPurpose
from consent_guard.policy.model import Basis, Category, Lifetime, Policy, Service

POLICY = Policy(
    categories=(Category("audience", Basis.EXEMPT, {"fr": "Audience"}), Category("video", Basis.CONSENT, {"fr": "Vidéo"})),
    services=(
        Service("youtube", "video", {"fr": "YouTube"}),
        Service("xiti", "audience", {"fr": "Xiti"}),
        Service("vimeo", "video", {"fr": "Vimeo"}),
    ),
    languages=("fr", "en"),
)


def test_categories_and_services_are_found_by_id() -> None:
    assert POLICY.category("video").basis is Basis.CONSENT
    assert POLICY.service("xiti").category == "audience"
    assert [service.id for service in POLICY.services_of("video")] == ["youtube", "vimeo"]
    assert POLICY.services_of("nothing") == ()


@pytest.mark.parametrize("look_up", [POLICY.category, POLICY.service])
def test_an_unknown_id_is_answered_with_the_nearest(look_up: object) -> None:
    """DESIGN §2."""
    assert callable(look_up)
    with pytest.raises(UnknownPurpose, match="youtube") as caught:
        look_up("youtub")
    assert caught.value.purpose == "youtub"
    assert caught.value.nearest == ("youtube",)


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "Hello"),
        ("fr", "Bonjour"),
        ("FR", "Bonjour"),
        ("fr-CA", "Bonjour"),
        ("pt-BR", "Oi"),
        ("de", "Bonjour"),
        ("", "Bonjour"),
    ],
)
def test_a_text_falls_back_to_the_primary_language_then_to_the_policy_s(language: str, text: str) -> None:
    assert POLICY.text({"en": "Hello", "fr": "Bonjour", "pt-br": "Oi"}, language) == text


def test_a_text_in_none_of_the_policy_s_languages_is_still_a_text() -> None:
    assert POLICY.text({"it": "Ciao"}, "de") == "Ciao"
    assert POLICY.text({}, "de") == ""


def test_a_lifetime_of_nothing_is_a_session() -> None:
    assert Lifetime().session
    assert not Lifetime(months=1).session
    assert not Lifetime(seconds=1).session
