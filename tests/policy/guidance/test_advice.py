"""What is unwise in a sound policy is told with its rule; nothing else is (S20)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from consent_guard import Policy
from consent_guard.policy.guidance.advice import advise

AMELI = Path(__file__).resolve().parents[3] / "examples" / "ameli" / "consent.toml"
SERVICE: dict[str, Any] = {
    "id": "counter",
    "category": "audience",
    "hosts": ["*.counter.example"],
    "controller": {"name": "Counter Ltd"},
    "cookies": [{"name": "_c", "lifetime": "1 day"}],
}
SOUND: dict[str, Any] = {
    "policy": {"choice_months": 6, "first_party": ["example.org"]},
    "categories": [
        {"id": "necessary", "basis": "necessary", "title": {"en": "N"}},
        {"id": "audience", "basis": "consent", "title": {"en": "A"}, "description": {"en": "Counts visits."}},
    ],
    "services": [SERVICE],
    "cookies": [{"name": "contrast", "category": "necessary", "lifetime": "1 month", "purpose": {"en": "Contrast"}}],
}


LAST_PAGE = "Remembers the last page visited"


def told(document: dict[str, Any]) -> list[tuple[str, tuple[str, ...]]]:
    return [(advice.path, advice.sources) for advice in advise(Policy.load(document))]


def changed(part: str, **change: Any) -> dict[str, Any]:
    value = SOUND[part]
    return {**SOUND, part: {**value, **change} if isinstance(value, dict) else [*value[:-1], {**value[-1], **change}]}


def test_the_seeds_policy_gets_exactly_the_gaps_of_the_seed() -> None:
    """S20: Damdy (name, retention), Campaign Manager (names), reCAPTCHA (name), Xiti's domain, 13 months, Espace."""
    found = [str(advice) for advice in advise(Policy.load(AMELI))]
    expected = [
        ("policy.choice_months", "13 months", "recommends 6", "L30"),
        ("services[0].exempt", "'at-internet'", "xiti.com", "L51"),
        ("services[2].cookies", "'google-campaign-manager'", "does not name", "L42"),
        ("services[3].cookies", "'damdy'", "neither the names nor the lifetime", "L42"),
        ("services[4].cookies", "'google-recaptcha'", "does not name", "L42"),
        ("cookies[3].category", "'Espace'", "weakly necessary", "L02"),
    ]
    assert len(found) == len(expected)
    for text, parts in zip(found, expected, strict=True):
        assert all(part in text for part in parts), text


def test_a_policy_that_leaves_nothing_open_gets_none() -> None:
    assert told(SOUND) == []


@pytest.mark.parametrize(
    ("document", "path", "rule"),
    [
        (changed("policy", choice_months=7), "policy.choice_months", "L30"),
        (changed("policy", banner=False), "policy.banner", "L40"),
        (changed("policy", enforcement="report"), "policy.enforcement", "L01"),
        (changed("policy", dnt=True), "policy.dnt", "G04"),
        (changed("policy", gpc_json={"gpc": True, "lastUpdate": "2026-01-31"}), "policy.gpc_json", "G02"),
        (changed("categories", description={"en": " x"}, gpc=False), "", ""),
        ({**SOUND, "categories": [{**c, "description": {"en": "D"}} for c in SOUND["categories"]]}, "", ""),
        (changed("services", controller={"name": "X"}, cookies=[]), "services[0].cookies", "L42"),
        (changed("services", cookies=[{"name": "_c"}]), "services[0].cookies", "L42"),
        (changed("services", cookies=[{"lifetime": "1 day"}]), "services[0].cookies", "L42"),
        (changed("services", exempt="audience_fr"), "services[0].exempt", "L02"),
        (
            changed("cookies", lifetime="13 months", purpose={"en": "Remembers the last page visited"}),
            "cookies[0].category",
            "L02",
        ),
        (changed("cookies", lifetime="session", purpose={"en": "Remembers the last page visited"}), "", ""),
        (changed("cookies", purpose={"de": "Merkt sich den zuletzt besuchten Bereich"}), "cookies[0].category", "L02"),
        (changed("cookies", purpose={}), None, None),
    ],
)
def test_each_gap_is_told_with_its_rule(document: dict[str, Any], path: str | None, rule: str | None) -> None:
    if path is None:
        document["cookies"][0].pop("purpose")
        path, rule = "cookies[0].purpose", "L40"
    found = told(document)
    assert [where for where, _ in found] == ([path] if path else [])
    assert all(rule in sources for _, sources in found)


def test_a_service_without_controller_and_a_purpose_without_description_are_told() -> None:
    """L40, L41"""
    service = {key: value for key, value in SERVICE.items() if key != "controller"}
    category = {key: value for key, value in SOUND["categories"][1].items() if key != "description"}
    found = told({**SOUND, "services": [service], "categories": [SOUND["categories"][0], category]})
    assert found == [("categories[1].description", ("L40",)), ("services[0].controller", ("L41",))]


def test_exempt_measurement_from_a_domain_of_the_sites_own_is_not_told() -> None:
    """L51"""
    exempt = [SOUND["categories"][0], {**SOUND["categories"][1], "basis": "exempt"}]
    shared = {**SERVICE, "exempt": "audience_fr"}
    own = {**shared, "hosts": ["stats.example.org", "/collect/"]}
    assert told({**SOUND, "categories": exempt, "services": [shared]}) == [("services[0].exempt", ("L51",))]
    assert told({**SOUND, "categories": exempt, "services": [own]}) == []


@pytest.mark.parametrize(
    ("regime", "rules"),
    [("fr", set()), ("uk", set()), ("eu", {"L55"}), ("de", {"L61", "L55"}), ("it", {"L55", "L62"}), ("qc", {"L63"})],
)
def test_a_regime_says_what_it_makes_of_an_exemption(regime: str, rules: set[str]) -> None:
    """L55, L60 to L63"""
    exempt = [SOUND["categories"][0], {**SOUND["categories"][1], "basis": "exempt"}]
    own = {**SERVICE, "exempt": "audience_fr", "hosts": ["stats.example.org"]}
    document = {**changed("policy", regime=regime), "categories": exempt, "services": [own]}
    assert {rule for _, sources in told(document) for rule in sources} == rules
    assert Policy.load(document).category("audience").basis == "exempt", "no regime switches anything off"


def test_california_heeds_the_signal_by_default_and_waits_a_year() -> None:
    """L64, L65"""
    document = changed("policy", regime="us-ca")
    policy = Policy.load(document)
    assert policy.category("audience").gpc
    assert not policy.category("necessary").gpc
    assert told(document) == [("policy.choice_months", ("L65",))]
    off = {**document, "categories": [SOUND["categories"][0], {**SOUND["categories"][1], "gpc": False}]}
    assert ("categories[1].gpc", ("L64",)) in told(off)


def test_italy_asks_nobody_again_within_six_months() -> None:
    """L62"""
    assert told(changed("policy", regime="it", choice_months=5)) == [("policy.choice_months", ("L62",))]
    assert told(changed("policy", regime="it")) == []


def test_an_imported_choice_is_only_as_good_as_its_tool() -> None:
    """L26, L30"""
    document = changed("policy", choice_months=13, import_from=["cookiebot"])
    assert told(document) == [
        ("policy.import_from", ("L26", "L30")),
        ("import.cookiebot", ("L10",)),
        ("cookies", ("L42",)),
    ]
    mapped = {**document, "import": {"cookiebot": {"keys": {"statistics": "audience"}}}}
    declared = {"name": "CookieConsent", "category": "necessary", "lifetime": "1 year", "purpose": {"en": "The choice"}}
    assert told({**mapped, "cookies": [*SOUND["cookies"], declared]}) == [("policy.import_from", ("L26", "L30"))]


def test_a_service_that_sites_host_themselves_is_asked_for_its_host() -> None:
    category = {"id": "c", "basis": "consent", "title": {"en": "C"}, "description": {"en": "C"}}

    def told(**service: object) -> list[str]:
        policy = Policy.load({"categories": [category], "services": [{"category": "c", **service}]})
        return [piece.message for piece in advise(policy) if piece.path == "services[0].hosts"]

    assert "sites often host 'matomo' themselves, and only its vendor's hosts are listed" in told(id="matomo")[0]
    assert "no host is listed" in told(id="mautic")[0]
    assert told(id="matomo", hosts=["stats.example.org"]) == []
    assert told(id="google-tag-manager") == told(id="hotjar") == []


def test_the_vendor_is_not_taken_for_who_answers_for_the_site_s_own_copy() -> None:
    """L41"""
    category = {"id": "c", "basis": "consent", "title": {"en": "C"}, "description": {"en": "C"}}

    def told(**service: object) -> list[str]:
        policy = Policy.load({"categories": [category], "services": [{"category": "c", **service}]})
        return [piece.message for piece in advise(policy) if piece.path == "services[0].controller"]

    for hosts in (["/matomo/"], ["/matomo/", "*.matomo.cloud", "*.innocraft.cloud"], ["stats.example.org"]):
        assert "the declaration names InnoCraft Limited" in told(id="matomo", hosts=hosts)[0]
    assert told(id="matomo") == told(id="matomo", hosts=["us.matomo.cloud"]) == []
    assert told(id="matomo", hosts=["/matomo/"], controller={"name": "Us", "site": True}) == []
    assert told(id="youtube", hosts=["/videos/"]) == [], "who hosts it is its controller all the same"


@pytest.mark.parametrize(("id", "asks"), [("stripe", "of a checkout alone"), ("google-recaptcha", "beside a login")])
def test_a_payment_or_captcha_in_a_necessary_category_is_asked_about(id: str, asks: str) -> None:
    necessary = {"id": "n", "basis": "necessary", "title": {"en": "N"}}
    consent = {"id": "c", "basis": "consent", "title": {"en": "C"}, "description": {"en": "C"}}
    for category, told in (("n", True), ("c", False)):
        policy = Policy.load({"categories": [necessary, consent], "services": [{"id": id, "category": category}]})
        assert any(asks in piece.message for piece in advise(policy)) is told
