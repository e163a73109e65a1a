"""The index of cookie names: which rule decides on a cookie (DESIGN §4, H05)."""

from __future__ import annotations

import pytest

from consent_guard.policy.cookie_names import CookieIndex
from consent_guard.policy.model import AppCookie, Basis, Category, CookieRule, Policy, Service

CATEGORIES = (
    Category("needed", Basis.NECESSARY, {"en": "Needed"}),
    Category("audience", Basis.EXEMPT, {"en": "Audience"}),
    Category("ads", Basis.CONSENT, {"en": "Ads"}),
)


def index(*rules: tuple[str, str, str | None]) -> CookieIndex:
    """Each rule is (name, category, service or None for a cookie of the app)."""
    services = tuple(
        Service(service, category, {"en": service}, cookies=(CookieRule(name),)) for name, category, service in rules if service
    )
    own = tuple(AppCookie(CookieRule(name), category) for name, category, service in rules if not service)
    return CookieIndex(Policy(CATEGORIES, services, own))


def owner(rules: CookieIndex, name: str) -> tuple[str, str | None] | None:
    found = rules.match(name)
    return (found.category, found.service) if found else None


def test_an_exact_name_matches_itself_alone() -> None:
    """H05: names are case-sensitive."""
    rules = index(("_ga", "ads", "ga"))
    assert owner(rules, "_ga") == ("ads", "ga")
    for other in ("_gat", "_GA", "_g", "", "x_ga", "_ga "):
        assert rules.match(other) is None


def test_a_trailing_star_matches_the_stem_and_whatever_follows() -> None:
    rules = index(("_pk_id*", "ads", "matomo"))
    for name in ("_pk_id", "_pk_id.1.ab12", "_pk_id*"):
        assert owner(rules, name) == ("ads", "matomo")
    assert rules.match("_pk_i") is None


@pytest.mark.parametrize("turn", [1, -1])
def test_an_exact_rule_beats_a_wildcard_and_a_long_wildcard_a_short_one(turn: int) -> None:
    rules = index(*[("_ga*", "ads", "short"), ("_ga_*", "ads", "long"), ("_ga_X", "needed", "exact")][::turn])
    assert owner(rules, "_ga_X") == ("needed", "exact")
    assert owner(rules, "_ga_Y") == ("ads", "long")
    assert owner(rules, "_gat") == ("ads", "short")


@pytest.mark.parametrize("turn", [1, -1])
def test_of_equal_rules_the_stricter_category_decides(turn: int) -> None:
    rules = index(*[("seen", "needed", None), ("seen", "audience", "a"), ("seen", "ads", "b")][::turn])
    assert owner(rules, "seen") == ("ads", "b")


def test_a_cookie_of_the_app_has_no_service() -> None:
    assert owner(index(("contrast", "needed", None)), "contrast") == ("needed", None)


def test_the_rule_comes_with_its_lifetime() -> None:
    rule = CookieRule("_m*", purpose={"en": "Counts"}, domain="example.org", path="/shop")
    found = CookieIndex(Policy(CATEGORIES, cookies=(AppCookie(rule, "ads"),))).match("_m1")
    assert found is not None
    assert found.rule is rule
