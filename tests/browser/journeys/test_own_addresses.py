"""Our own addresses hold on pages that were not made for us: a foreign base, strict policies, no referrer, long queries."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from typing import Any

import pytest

P = "/privacy-choices"
ACCEPT = "[data-cg=banner] button[value=accept]"
REFUSE = "[data-cg=banner] button[value=refuse]"
LINK = "[data-cg=banner] .cg-actions > a.cg-button"
CLIP = '<p><iframe src="https://clips.example/v/1" width="560" height="315" title="A clip"></iframe></p>'
FONT = "getComputedStyle(document.querySelector('[data-cg=banner] .cg-button')).fontWeight"


def page(head: str = "", body: str = CLIP) -> str:
    top = f'<!DOCTYPE html><html lang="en"><head><title>t</title>{head}</head>'
    return f"{top}<body><main><h1>t</h1>{body}</main></body></html>"


def press(visitor: Any, selector: str) -> None:
    """Press, and wait for the answer to be stored, wherever that leads."""
    visitor.page.locator(selector).click()
    for _ in range(100):
        if visitor.state()["decided"]:
            break
        visitor.page.wait_for_timeout(50)
    visitor.page.wait_for_load_state()


def console_may_say(visitor: Any, *words: str) -> None:
    visitor.wrong[:] = [line for line in visitor.wrong if not any(word in line for word in words)]


@pytest.mark.parametrize("scripted", [True, False], ids=["script", "noscript"])
@pytest.mark.parametrize("base", ["https://static.cdn-example.net/v2/", "//static.cdn-example.net", "/elsewhere/"])
def test_a_base_of_the_page_takes_none_of_our_addresses_away(arrive: Any, site: Any, scripted: bool, base: str) -> None:
    """Style sheet, module, form and links stay ours."""
    site.pages["/based"] = page(f'<base href="{base}">', CLIP)
    visitor = arrive(scripted=scripted)
    page_ = visitor.visit("/based")
    assert "static.cdn-example.net" not in visitor.contacts
    if scripted:
        assert page_.evaluate(FONT) == "600"
    markup = page_.content()
    assert (f'action="{site.base}{P}"' in markup) == ("cdn" in base)  # only where it is needed
    press(visitor, REFUSE)
    assert visitor.state()["decided"]
    assert visitor.allowed() == set()
    assert page_.url == site.base + "/based"


def under(site: Any, policy: str, head: str = "") -> None:
    site.headers = [("Content-Security-Policy", policy)]
    site.pages["/strict"] = page(head)


@pytest.mark.parametrize("scripted", [True, False], ids=["script", "noscript"])
def test_under_a_policy_of_nonces_alone_the_banner_is_styled_and_works(arrive: Any, site: Any, scripted: bool) -> None:
    """H42: the page's own nonce stands on our link and script."""
    under(site, "default-src 'none'; style-src 'nonce-n1'; script-src 'nonce-n2'; connect-src 'self'; frame-src *")
    visitor = arrive(scripted=scripted)
    page_ = visitor.visit("/strict")
    assert page_.locator("[data-cg=banner]").evaluate("it => getComputedStyle(it).position") == "fixed"
    press(visitor, REFUSE)
    assert visitor.allowed() == set()


def test_where_the_page_forbids_forms_the_module_sends_the_first_press(arrive: Any, site: Any) -> None:
    under(site, "form-action 'none'")
    visitor = arrive()
    visitor.visit("/strict")
    assert not visitor.page.locator(LINK).is_visible()
    press(visitor, REFUSE)
    assert visitor.allowed() == set()


@pytest.mark.parametrize(
    ("policy", "scripted"),
    [
        ("form-action 'none'", False),
        ("form-action 'none'; script-src 'none'", True),
        ("form-action 'none'; connect-src 'none'", True),
    ],
)
def test_where_nothing_can_be_sent_from_the_page_its_answers_are_one_link_to_ours(
    arrive: Any, site: Any, policy: str, scripted: bool
) -> None:
    """Whose own policy lets the form go; from there the reader comes back."""
    under(site, policy)
    visitor = arrive(scripted=scripted)
    page_ = visitor.visit("/strict?a=1")
    assert not page_.locator(ACCEPT).is_visible()
    assert page_.locator(LINK).locator("visible=true").count() == 1
    page_.locator(LINK).locator("visible=true").click()
    page_.wait_for_url(f"**{P}?next=**")
    site.headers = []
    visitor.save(".cg-bar button[value=refuse]")
    assert visitor.allowed() == set()
    if not scripted:
        assert page_.url == site.base + "/strict?a=1"
    console_may_say(visitor, "Content Security Policy")


@pytest.mark.parametrize(
    "policy", ["connect-src 'none'", "default-src 'none'; style-src 'self'; script-src 'self'; frame-src *"]
)
def test_where_the_page_forbids_fetching_the_first_press_goes_by_the_form(arrive: Any, site: Any, policy: str) -> None:
    under(site, policy)
    visitor = arrive()
    page_ = visitor.visit("/strict")
    assert page_.locator("[data-cg=banner]").evaluate("it => getComputedStyle(it).position") == "fixed"
    press(visitor, ACCEPT)
    assert page_.url == site.base + "/strict"
    assert page_.locator("iframe").count() == 1


@pytest.fixture
def plain(site: Any, playwright_browser: Any) -> Iterator[Any]:
    """A visitor without JavaScript on a site that is not trustworthy: over http, by a name that is not localhost."""
    port = site.base.rpartition(":")[2]
    program = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))))
    rules = f"--host-resolver-rules=MAP shop.test 127.0.0.1:{port}"
    browser = playwright_browser.browser_type.launch(executable_path=program, args=["--no-sandbox", "--disable-gpu", rules])
    context = browser.new_context(java_script_enabled=False, locale="en")
    context.set_default_timeout(10_000)
    yield context.new_page()
    browser.close()


@pytest.mark.parametrize("answer", ["refuse", "accept"])
def test_a_page_that_names_no_referrer_takes_one_more_press(plain: Any, site: Any, answer: str) -> None:
    """K14: Origin: null stays refused, for anybody can make a browser send it; our own page sends a better one."""
    site.pages["/quiet-referrer"] = page('<meta name="referrer" content="no-referrer">')
    plain.goto(f"http://shop.test:{site.base.rpartition(':')[2]}/quiet-referrer")
    plain.locator(f"[data-cg=banner] button[value={answer}]").click()
    plain.locator("#cg-confirm").wait_for()
    assert plain.context.cookies() == []
    buttons = plain.locator("main button:visible")
    assert buttons.first.get_attribute("value") == answer
    buttons.first.click()
    plain.wait_for_url("**/quiet-referrer")
    assert [cookie["name"] for cookie in plain.context.cookies()] == ["consent"]
    assert plain.locator("[data-cg=banner]").count() == 0
    assert plain.locator("iframe").count() == (1 if answer == "accept" else 0)


@pytest.mark.parametrize("scripted", [True, False], ids=["script", "noscript"])
def test_a_query_that_is_too_long_for_a_form_loses_the_way_back_and_never_the_choice(
    arrive: Any, site: Any, scripted: bool
) -> None:
    """K15."""
    visitor = arrive(scripted=scripted)
    visitor.visit("/en/?q=" + "%C3%A9" * 1600)
    press(visitor, REFUSE)
    assert visitor.allowed() == set()


def test_the_way_back_leads_through_the_preferences(arrive: Any) -> None:
    """L11: choosing purpose by purpose keeps the reader's place."""
    for scripted in (True, False):
        visitor = arrive(scripted=scripted)
        page_ = visitor.visit("/en/video?a=1&b=2")
        page_.locator(".cg-customise").click()
        page_.wait_for_url(f"**{P}?next=**")
        assert page_.locator(".cg-back").get_attribute("href") == "/en/video?a=1&b=2"
        visitor.save(".cg-bar button[value=save]")
        if not scripted:
            assert page_.url.endswith("/en/video?a=1&b=2")


def test_a_cookie_of_the_site_that_bears_our_name_does_not_hide_the_choice(arrive: Any, site: Any) -> None:
    """H02: over http our name is a plain word. On another path it comes beside ours, and first."""
    visitor = arrive()
    visitor.context.add_cookies([{"name": "consent", "value": "yes", "url": site.base + "/en/"}])
    visitor.visit("/en/video")
    visitor.click(REFUSE)
    assert len(visitor.context.cookies()) == 2
    visitor.visit("/en/video")
    assert not visitor.asked()


SECTIONS = """<style>body > section { display: none } body > section:first-of-type { color: rgb(1, 2, 3); display: block }
</style>"""


def test_rules_of_the_page_that_count_elements_count_as_before(arrive: Any, site: Any) -> None:
    site.pages["/counted"] = (
        f"<!DOCTYPE html><html lang=en><head><title>t</title>{SECTIONS}</head>"
        "<body><section id=one>1</section><section id=two>2</section></body></html>"
    )
    visitor = arrive()
    page_ = visitor.visit("/counted")
    assert visitor.asked()
    looks = "id => { const s = getComputedStyle(document.getElementById(id)); return [s.color, s.display]; }"
    assert page_.evaluate(looks, "one") == ["rgb(1, 2, 3)", "block"]
    assert page_.evaluate(looks, "two")[1] == "none"
    assert page_.locator("[data-cg=banner]").get_attribute("data-nosnippet") == ""
    assert page_.evaluate("document.body.lastElementChild.dataset.cg") is None
