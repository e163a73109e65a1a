"""The back button and other tabs: no page comes back as it was before the choice (H23), with the back/forward cache on.

Playwright turns that cache off unless it is told not to, and no page is kept in which requests are intercepted: here the other
hosts are simply not found.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from typing import Any

import pytest

P = "/privacy-choices"
ACCEPT = "[data-cg=banner] button[value=accept]"
REFUSE = "[data-cg=banner] button[value=refuse]"


@pytest.fixture(scope="module")
def keeping() -> Iterator[Any]:
    """A browser that keeps pages for the back button, as everybody's does."""
    api = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
    program = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if program is None:
        pytest.skip("no Chromium on this machine")
    with api.sync_playwright() as playwright:
        rules = "--host-resolver-rules=MAP clips.example ~NOTFOUND, MAP stats.example ~NOTFOUND, MAP ads.example ~NOTFOUND"
        browser = playwright.chromium.launch(
            executable_path=program,
            args=["--no-sandbox", "--disable-gpu", rules],
            ignore_default_args=["--disable-back-forward-cache"],
        )
        yield browser
        browser.close()


@pytest.fixture
def tabs(site: Any, keeping: Any) -> Iterator[Any]:
    """Open tabs of one visitor."""
    context = keeping.new_context(locale="en", viewport={"width": 1000, "height": 800})
    context.set_default_timeout(10_000)
    context.add_init_script("addEventListener('pageshow', event => { window.restored = event.persisted; })")

    def open(path: str) -> Any:
        page = context.new_page()
        page.goto(site.base + path)
        return page

    yield open
    context.close()


def restored(page: Any) -> bool:
    """Tell whether the browser has brought the page back as it stood, once it is shown."""
    page.wait_for_function("window.restored !== undefined")
    return bool(page.evaluate("window.restored"))


def asked(page: Any) -> bool:
    found = page.locator("[data-cg=banner] .cg-inner")
    return bool(found.count() and found.is_visible())


def answer(page: Any, selector: str) -> None:
    page.locator(selector).click()
    page.locator("[data-cg=banner] .cg-inner").wait_for(state="hidden")
    page.wait_for_load_state("networkidle")  # it may load anew


def test_who_changes_nothing_goes_back_at_once(tabs: Any) -> None:
    """The cache is on, and pages without a grant stay in it: else the tests below would prove nothing."""
    page = tabs("/en/video")
    page.locator("a.top").click()
    page.wait_for_url("**/other")
    page.evaluate("history.back()")
    page.wait_for_url("**/video", wait_until="commit")
    assert restored(page)
    assert asked(page)


def test_a_page_with_what_was_withdrawn_does_not_come_back(tabs: Any, site: Any) -> None:
    """Accept on A, refuse in the preferences, back to A: nothing of what was allowed there runs."""
    page = tabs("/en/video")
    answer(page, ACCEPT)
    page.goto(site.base + "/en/video")
    assert page.locator("iframe").count() == 1
    page.locator("[data-cg=manage]").click()
    page.wait_for_url("**" + P)
    page.locator(".cg-withdraw button").click()
    page.locator(".cg-status p.cg-name").wait_for()
    page.evaluate("history.back()")
    page.wait_for_url("**/video", wait_until="commit")
    assert not restored(page)
    assert page.locator("iframe").count() == 0
    assert page.locator("[data-cg=placeholder]").count() == 1


def test_without_a_script_it_does_not_come_back_either(tabs: Any, site: Any) -> None:
    """no-store, and a changed cookie that no script can read."""
    site.configure(script=False)
    page = tabs("/en/video")
    page.locator(ACCEPT).click()
    page.locator("iframe").wait_for(state="attached")
    page.goto(site.base + P)
    page.locator(".cg-withdraw button").click()
    page.wait_for_url("**" + P)
    for _ in range(3):
        page.go_back()
        if "/video" in page.url:
            break
    assert page.locator("iframe").count() == 0


def test_a_refusal_elsewhere_leaves_no_banner_to_come_back_to(tabs: Any) -> None:
    """Page A without an answer, page B: refuse; back to A."""
    page = tabs("/en/video")
    page.locator("a.top").click()
    page.wait_for_url("**/other")
    answer(page, REFUSE)
    page.evaluate("history.back()")
    page.wait_for_url("**/video", wait_until="commit")
    page.wait_for_load_state("networkidle")
    assert not asked(page)


def test_other_open_tabs_lose_the_banner_with_the_answer(tabs: Any, site: Any) -> None:
    site.configure(all_ask=True)
    one, other = tabs("/en/"), tabs("/en/other")
    other.evaluate("window.same = 1")
    answer(one, REFUSE)
    other.locator("[data-cg=banner]").wait_for(state="detached")
    assert other.evaluate("window.same") == 1  # nothing was withdrawn: it need not load anew


def test_after_a_withdrawal_another_tab_loads_anew_unless_something_is_typed_there(tabs: Any, site: Any) -> None:
    """H23: what runs there stops."""
    site.configure(all_ask=True)
    typed = '<form><textarea id="t"></textarea></form>'
    video = '<p><iframe src="https://clips.example/v/1" title="A clip"></iframe></p>'
    held = '<p><iframe src="https://maps.example/v/1" title="A map"></iframe></p>'
    site.pages["/open"] = f"<!DOCTYPE html><html lang=en><title>t</title><body><main>{typed}{video}{held}</main></body></html>"
    first = tabs("/open")
    first.request.post(site.base + P, form={"choice": "save", "allow": "clips"}, max_redirects=0)
    watching, writing = tabs("/open"), tabs("/open")
    assert watching.locator("iframe").count() == writing.locator("iframe").count() == 1
    writing.locator("#t").press_sequentially("half a message")
    deciding = tabs(P)
    deciding.locator(".cg-withdraw button").click()
    deciding.locator(".cg-status p.cg-name").wait_for()
    watching.wait_for_function("document.querySelectorAll('iframe').length === 0")
    writing.bring_to_front()
    note = writing.locator("[data-cg=note]", has_text="takes effect on the next page")
    note.wait_for()
    assert note.get_attribute("role") == "status"
    assert writing.locator("#t").input_value() == "half a message"


def test_an_acceptance_in_one_tab_ends_the_question_in_the_others(tabs: Any) -> None:
    """And changes nothing else there."""
    one, other = tabs("/en/video"), tabs("/en/video")
    answer(one, ACCEPT)
    other.locator("[data-cg=banner]").wait_for(state="detached")
    assert other.locator("[data-cg=placeholder]").count() == 1
