"""A site's own wording of our sentences, from its policy."""

from __future__ import annotations

from typing import Any

import pytest

from consent_guard.errors import PolicyError
from consent_guard.pages.surface import Surface
from consent_guard.policy.model import Policy


def surface(texts: object) -> Surface:
    category = {"id": "a", "basis": "consent", "title": {"en": "A", "fr": "A"}}
    document: dict[str, Any] = {"policy": {"languages": ["en", "fr"]}, "categories": [category], "texts": texts}
    return Surface(Policy.load(document))


def test_any_sentence_is_changed_in_its_language_alone() -> None:
    made = surface({"en": {"accept": "Allow all", "banner": {"title": "Cookies <here>"}, "placeholder.once": "Show it"}})
    _, words = made.texts("en")
    assert words.say("banner.accept") == words.say("preferences.accept") == "Allow all"
    assert words.say("placeholder.once") == "Show it"
    assert b"Cookies &lt;here&gt;" in made.prerendered_banner("en").text()
    _, french = made.texts("fr")
    assert french.say("banner.accept") == "Tout accepter"


@pytest.mark.parametrize(
    ("texts", "path", "said"),
    [
        ({"en": {"acept": "x"}}, "texts.en.acept", "accept"),
        ({"en": {"banner.titel": "x"}}, "texts.en.banner.titel", "banner.title"),
        ({"de": {"accept": "x"}}, "texts.de", "not a language of this policy"),
        ({"english": {"accept": "x"}}, "texts.english", "language tag"),
        ({"en": {"placeholder.allow": "Always"}}, "texts.en.placeholder.allow", "{service}"),
        ({"en": {"accept": "Yes {to} all"}}, "texts.en.accept", "none"),
        ({"en": {"accept": "Yes {"}}, "texts.en.accept", "none"),
        ({"en": {"accept": ""}}, "texts.en.accept", "empty"),
        ({"en": {"accept": 1}}, "texts.en.accept", "an integer"),
        ({"en": "x"}, "texts.en", "not a table"),
        ("x", "texts", "not a table"),
    ],
)
def test_what_is_no_sentence_of_ours_is_named_with_its_mend(texts: object, path: str, said: str) -> None:
    with pytest.raises(PolicyError) as refused:
        surface(texts)
    fault = refused.value.faults[0]
    assert fault.path == path
    assert said in f"{fault.message} {fault.mend}"
