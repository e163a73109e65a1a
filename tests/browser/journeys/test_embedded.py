"""The preferences in a page of the site's own, used by people with JavaScript and without."""

from __future__ import annotations

from typing import Any

import pytest

FORM = "[data-cg=page-preferences]"


@pytest.mark.parametrize("scripted", [True, False], ids=["script", "noscript"])
def test_a_choice_made_in_the_sites_own_page_leads_back_to_it_and_shows(arrive: Any, scripted: bool) -> None:
    """L23, S08: save there, see it there, withdraw there; all without leaving the page."""
    visitor = arrive(scripted=scripted)
    page = visitor.visit("/en/account?tab=2")
    page.locator(f"{FORM} .cg-whole[value=interactivity]").check()
    visitor.click(f"{FORM} .cg-bar button[value=save]")
    assert page.url.endswith("/en/account?tab=2")
    assert {"clips", "maps"} <= visitor.allowed()
    assert page.locator(f"{FORM} .cg-whole[value=interactivity]").is_checked()
    assert not visitor.asked()
    visitor.shot("account-allowed", full=True)
    visitor.click(f"{FORM} .cg-withdraw button")
    assert page.url.endswith("/en/account?tab=2")
    assert visitor.allowed() == set()
    assert not page.locator(f"{FORM} .cg-whole[value=interactivity]").is_checked()


def test_saving_what_holds_already_is_shown_as_recorded(arrive: Any) -> None:
    """L23: the page shows the stored state, even where nothing more or less may load."""
    visitor = arrive()
    page = visitor.visit("/en/account")
    assert page.locator(f"{FORM} .cg-status p", has_text="not made a choice").count() == 1
    visitor.click(f"{FORM} .cg-bar button[value=save]")
    assert page.locator(f"{FORM} .cg-status p", has_text="is recorded").count() == 1
