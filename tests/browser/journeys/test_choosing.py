"""What people do, from the first visit to the last withdrawal, with JavaScript and without."""

from __future__ import annotations

import time
from typing import Any

import pytest

P = "/privacy-choices"
ACCEPT = "[data-cg=banner] button[value=accept]"
REFUSE = "[data-cg=banner] button[value=refuse]"
GATED = {"ads.example", "clips.example", "maps.example"}
GATED_HERE = {True: {"ads.example", "clips.example"}, False: {"clips.example"}}
"""What the page with a video contacts once all is allowed: a script's host only where scripts run."""
EVERYTHING = {"stats", "ads", "clips", "maps"}


def test_a_first_visit_asks_on_every_page_and_grants_nothing(visitor: Any) -> None:
    """S01, S03, S04, L01, L09, A01."""
    for path in ("/en/", "/en/other", "/en/video"):
        page = visitor.visit(path)
        assert visitor.asked()
        assert page.locator(ACCEPT).is_visible()
        assert page.locator(REFUSE).is_visible()
        page.mouse.wheel(0, 2000)
        assert not GATED & set(visitor.contacts)
        assert ("stats.example" in visitor.contacts) == visitor.scripted
    visitor.shot("first-visit")
    assert visitor.context.cookies() == []
    assert not visitor.state()["decided"]


def test_accepting_takes_one_click_and_the_page_stays_where_it_was(visitor: Any) -> None:
    """S05, A01."""
    page = visitor.visit("/en/video")
    visitor.click(ACCEPT)
    assert page.url == visitor.site.base + "/en/video"
    assert not visitor.asked()
    assert page.locator("iframe").count() == 1
    assert {"ads.example", "clips.example"} & set(visitor.contacts) == GATED_HERE[visitor.scripted]
    for path in ("/en/other", "/en/"):
        visitor.visit(path)
        assert not visitor.asked()
    assert visitor.allowed() == EVERYTHING


def test_refusing_takes_one_click_too_and_nobody_is_asked_again(visitor: Any) -> None:
    """L20, L29, S06, S09, S10, S15."""
    page = visitor.visit("/en/video")
    visitor.click(REFUSE)
    assert not visitor.asked()
    assert page.locator("h1").is_visible()
    for path in ("/en/", "/en/video", P, "/en/other"):
        visitor.visit(path)
        assert not visitor.asked()
        assert not visitor.contacts
    assert visitor.allowed() == set()


def test_customising_allows_what_was_ticked_and_nothing_else(visitor: Any) -> None:
    """S02, S13, L11: from the banner itself to each single service."""
    page = visitor.visit("/en/")
    page.locator(".cg-customise").click()
    page.wait_for_url(f"**{P}**")
    assert page.locator("input[type=checkbox]:checked:not([disabled])").count() == (2 if visitor.scripted else 1)  # the exempt
    page.get_by_text("Service by service (2)").click()
    page.get_by_label("Clips", exact=True).check()
    visitor.shot("customise", full=True)
    visitor.save(".cg-bar button[value=save]")
    assert visitor.allowed() == {"stats", "clips"}
    page = visitor.visit(P)
    assert page.get_by_label("Clips", exact=True).is_checked()
    assert "Partly allowed" in page.locator("legend", has_text="Contents of other sites").inner_text()
    visitor.visit("/en/video")
    assert not visitor.asked()
    assert page.locator("iframe").count() == 1
    assert "ads.example" not in visitor.contacts


def test_refusing_one_service_keeps_every_other_tick_of_the_page(visitor: Any) -> None:
    """S02: also those that were not saved yet."""
    page = visitor.visit("/en/")
    visitor.click(ACCEPT)
    page = visitor.visit(P)
    page.get_by_label("Allow this whole purpose").nth(1).uncheck()
    page.get_by_text("Service by service (2)").click()
    if visitor.scripted:
        page.get_by_label("Maps", exact=True).uncheck()
        assert page.locator(".cg-unsaved").inner_text() == "Your changes are not saved yet."
        visitor.save(".cg-bar button[value=save]")
    else:
        visitor.save("button[name=deny][value=maps]")
    assert visitor.allowed() == {"stats", "clips"}


def test_one_video_is_allowed_where_it_stands_and_stays_allowed(visitor: Any) -> None:
    """S13, A09: that service alone; the question itself stays open."""
    page = visitor.visit("/en/video")
    box = page.locator("[data-cg=placeholder]")
    assert box.get_attribute("data-cg-service") == "clips"
    assert "Clips SA learns your IP address" in box.inner_text()
    assert box.get_by_role("link").get_attribute("href") == "https://clips.example/v/1"
    box.scroll_into_view_if_needed()
    visitor.shot("placeholder")
    visitor.click("[data-cg=placeholder] button[form=cg-allow]")
    assert page.locator("iframe").count() == 1
    assert "clips.example" in visitor.contacts
    assert "ads.example" not in visitor.contacts
    visitor.visit("/en/video")
    assert page.locator("iframe").count() == 1
    assert visitor.asked()


def test_loading_once_loads_once(visitor: Any) -> None:
    """Not remembered: the next view holds the placeholder again."""
    page = visitor.visit("/en/video")
    visitor.click("[data-cg=placeholder] button[form=cg-once]")
    assert page.locator("iframe").count() == 1
    assert "clips.example" in visitor.contacts
    visitor.visit("/en/video")
    assert page.locator("[data-cg=placeholder]").count() == 1
    assert "clips.example" not in visitor.contacts
    assert visitor.allowed() == {"stats"}


def test_withdrawing_takes_no_more_than_accepting(visitor: Any) -> None:
    """L23, L24, S08, A10: the link on every page, then one button; as for accepting there."""
    page = visitor.visit("/en/")
    visitor.click(ACCEPT)
    page = visitor.visit("/en/video")
    page.locator("footer [data-cg=manage]").click()
    page.wait_for_url(f"**{P}**")
    assert "Your choice of" in page.locator(".cg-status").inner_text()
    visitor.shot("withdraw", full=True)
    visitor.save(".cg-withdraw button")
    assert visitor.allowed() == set()
    assert page.locator(".cg-withdraw").count() == 0
    page = visitor.visit("/en/video")
    assert page.locator("[data-cg=placeholder]").count() == 1
    assert not visitor.contacts
    assert not visitor.asked()


@pytest.mark.parametrize("answer", [ACCEPT, REFUSE], ids=["accepted", "refused"])
def test_a_choice_ends_by_the_clock_and_not_before(visitor: Any, answer: str) -> None:
    """S07, T04, L29."""
    visitor.visit("/en/")
    visitor.click(answer)
    day = 86400
    visitor.site.offset = 392 * day
    visitor.visit("/en/")
    assert not visitor.asked()
    visitor.site.offset = 398 * day
    visitor.visit("/en/video")
    assert visitor.asked()
    assert not GATED & set(visitor.contacts)


def test_a_new_revision_asks_again(visitor: Any) -> None:
    """L12."""
    visitor.visit("/en/")
    visitor.click(ACCEPT)
    visitor.site.configure(revision=2)
    visitor.visit("/en/video")
    assert visitor.asked()
    assert not GATED & set(visitor.contacts)


def test_a_quiet_page_does_not_ask_and_grants_nothing(visitor: Any) -> None:
    """L10."""
    visitor.visit("/quiet/page")
    assert not visitor.asked()
    assert not GATED & set(visitor.contacts)
    visitor.visit("/quieter")
    assert visitor.asked()


@pytest.mark.parametrize(("language", "said"), [("fr", "que ce site n’a pas"), ("en", "does not have")])
def test_an_unknown_id_is_told_in_the_visitors_language_and_changes_nothing(arrive: Any, language: str, said: str) -> None:
    """K15."""
    visitor = arrive(locale=language)
    visitor.visit(f"/{language}/")
    visitor.click(ACCEPT)
    before = visitor.state()
    for form in ({"choice": "save", "allow": "nothing"}, {"choice": "allow", "service": "clip"}):
        answer = visitor.context.request.post(visitor.site.base + P, form=form, headers={"accept-language": language})
        assert answer.status == 400
        assert f'<html lang="{language}"' in answer.text()
        assert said in answer.text()
    assert visitor.state() == before


def test_what_the_browser_keeps_is_one_cookie_that_scripts_cannot_read(arrive: Any) -> None:
    """L33, T06."""
    visitor = arrive()
    page = visitor.visit("/en/")
    visitor.click(ACCEPT)
    (cookie,) = visitor.context.cookies()
    assert cookie["name"] == "consent"
    assert cookie["httpOnly"]
    assert cookie["expires"] - time.time() < 398 * 86400
    assert page.evaluate("[document.cookie, localStorage.length, sessionStorage.length]") == ["", 0, 0]


def test_the_preferences_work_inside_a_page_of_the_site_and_look_like_ours(visitor: Any) -> None:
    """S02, L23: the choice is made there, and the page shows what is stored."""
    page = visitor.visit("/en/account")
    visitor.click(REFUSE)
    page.locator("summary", has_text="(2)").click()
    page.get_by_label("Maps", exact=True).check()
    box = page.get_by_label("Maps", exact=True)
    assert box.evaluate("it => getComputedStyle(it).appearance") == "none"  # drawn as a switch, as on our own page
    visitor.click("[data-cg=page-preferences] .cg-bar button[value=save]")
    assert page.url == visitor.site.base + "/en/account"
    assert visitor.allowed() == {"maps"}
    assert page.get_by_label("Maps", exact=True).is_checked()
    assert page.get_by_text("Maps are allowed.").is_visible()
    visitor.shot("preferences-in-a-page", full=True)
    visitor.click("[data-cg=page-preferences] .cg-withdraw button")
    assert visitor.allowed() == set()
