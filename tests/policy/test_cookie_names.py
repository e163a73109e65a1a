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


def test_a_star_inside_a_name_matches_what_begins_and_ends_so() -> None:
    rules = index(("mp_*_mixpanel", "ads", "mixpanel"))
    for name in ("mp_0a1b_mixpanel", "mp__mixpanel", "mp_a_b_mixpanel"):
        assert owner(rules, name) == ("ads", "mixpanel")
    for other in ("mp_mixpanel", "mp_0a1b_mixpane", "xmp_0_mixpanel", "mp_0_MIXPANEL", "mp_", ""):
        assert rules.match(other) is None


@pytest.mark.parametrize("turn", [1, -1])
def test_of_wildcards_the_one_with_more_characters_decides_wherever_its_star_stands(turn: int) -> None:
    rules = index(*[("mp_*", "ads", "short"), ("mp_*_x", "needed", "inner"), ("mp_abcdef*", "audience", "long")][::turn])
    assert owner(rules, "mp_1_x") == ("needed", "inner")
    assert owner(rules, "mp_1_y") == ("ads", "short")
    assert owner(rules, "mp_abcdef_x") == ("audience", "long")


@pytest.mark.parametrize("turn", [1, -1])
def test_of_wildcards_of_one_length_the_stricter_decides(turn: int) -> None:
    rules = index(*[("ab*", "needed", "end"), ("a*b", "ads", "inner")][::turn])
    assert owner(rules, "ab_b") == ("ads", "inner")
    rules = index(*[("ab*", "ads", "end"), ("a*b", "needed", "inner")][::turn])
    assert owner(rules, "ab_b") == ("ads", "end")


def test_a_star_for_digits_takes_nothing_else() -> None:
    services = (
        Service("pardot", "ads", {"en": "P"}, cookies=(CookieRule("visitor_id*", digits=True),)),
        Service("any", "needed", {"en": "A"}, cookies=(CookieRule("visitor_id*"),)),
    )
    both, alone = CookieIndex(Policy(CATEGORIES, services)), CookieIndex(Policy(CATEGORIES, services[:1]))
    assert owner(both, "visitor_id123") == owner(alone, "visitor_id123") == ("ads", "pardot")
    for other in ("visitor_id", "visitor_id_app", "visitor_id12a", "visitor_id\u00b2", "visitor_id\u0661"):
        assert owner(both, other) == ("needed", "any")
        assert alone.match(other) is None


@pytest.mark.parametrize("name", ["a", "ab", "a*", "a*b", "a*bc", ""])
@pytest.mark.parametrize("digits", [False, True])
def test_the_index_and_the_rule_agree(name: str, digits: bool) -> None:
    rule = CookieRule(name, digits=digits)
    rules = CookieIndex(Policy(CATEGORIES, (Service("s", "ads", {"en": "S"}, cookies=(rule,)),)))
    for asked in ("", "a", "b", "ab", "a1", "a1b", "a1bc", "abc", "aabc", "A", "abb"):
        assert (rules.match(asked) is not None) == rule.covers(asked), asked
