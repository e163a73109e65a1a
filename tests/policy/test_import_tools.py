"""``import_from`` and ``[import.…]``: what a policy may say of other tools, and its faults."""

from __future__ import annotations

from typing import Any

import pytest

from consent_guard import Policy, PolicyError
from consent_guard.policy.import_tools import TOOLS, imported_cookie_names
from consent_guard.policy.model import ImportRule

CATEGORIES = [
    {"id": "necessary", "basis": "necessary", "title": {"en": "N"}},
    {"id": "media", "basis": "consent", "title": {"en": "M"}},
]


def document(import_from: object, tables: object = None, **more: Any) -> dict[str, Any]:
    found: dict[str, Any] = {"policy": {"import_from": import_from}, "categories": CATEGORIES, **more}
    if tables is not None:
        found["import"] = tables
    return found


def test_a_tool_is_named_with_its_keys_and_its_cookie() -> None:
    policy = Policy.load(document(["klaro", "cookiebot"], {"klaro": {"cookie": "k", "keys": {"v": "media", "w": ["media"]}}}))
    assert policy.import_from == ("klaro", "cookiebot")
    assert policy.imports[0].keys == {"v": ("media",), "w": ("media",)}
    assert policy.imports[1] == ImportRule("cookiebot")
    assert imported_cookie_names(policy) == ("k", "CookieConsent")
    assert Policy.load(policy) is policy


def test_none_is_the_default() -> None:
    assert Policy.load(document([])).imports == ()


@pytest.mark.parametrize("tool", TOOLS)
def test_every_tool_can_be_named_alone(tool: str) -> None:
    assert imported_cookie_names(Policy.load(document([tool])))


@pytest.mark.parametrize(
    ("found", "path", "says"),
    [
        (document(["klaroo"]), "policy.import_from[0]", 'Did you mean "klaro"?'),
        (document(["klaro", "klaro"]), "policy.import_from[1]", "stands twice"),
        (document("klaro"), "policy.import_from", "not an array"),
        (document([], {"klaro": {}}), "import.klaro", 'Add "klaro" to import_from'),
        (document(["klaro"], {"klaaro": {}}), "import.klaaro", "unknown key"),
        (document(["klaro"], {"klaro": {"key": {}}}), "import.klaro.key", "unknown key"),
        (document(["klaro"], {"klaro": {"keys": ["media"]}}), "import.klaro.keys", "not a table"),
        (document(["klaro"], {"klaro": {"keys": {"a b": "medja"}}}), 'import.klaro.keys."a b"', 'Did you mean "media"?'),
        (document(["klaro"], {"klaro": {"keys": {"a": 1}}}), "import.klaro.keys.a", "not an array"),
        (document(["klaro"], {"klaro": {"cookie": "a b"}}), "import.klaro.cookie", "cannot be a cookie's name"),
        (document(["onetrust"], {"onetrust": {"cookie": "x"}}), "import.onetrust.cookie", "no other names"),
        (
            document(["cookiebot"], {"cookiebot": {"keys": {"statistic": "media"}}}),
            "import.cookiebot.keys.statistic",
            "statistics",
        ),
        (document(["klaro"], cookies=[{"name": "klaro", "category": "media"}]), "cookies[0].name", "would wait for it"),
    ],
)
def test_a_fault_names_the_key_and_the_mend(found: dict[str, Any], path: str, says: str) -> None:
    with pytest.raises(PolicyError) as caught:
        Policy.load(found)
    (fault,) = caught.value.faults
    assert fault.path == path
    assert says in str(fault)


def test_a_necessary_cookie_may_be_the_tools_own() -> None:
    policy = Policy.load(document(["klaro"], cookies=[{"name": "klaro", "category": "necessary"}]))
    assert policy.cookies[0].rule.name == "klaro"


def test_a_policy_of_dataclasses_needs_a_rule_for_each_tool() -> None:
    sound = Policy.load(document(["klaro"]))
    with pytest.raises(PolicyError, match="one rule for each"):
        Policy.load(Policy(sound.categories, import_from=("klaro",)))
