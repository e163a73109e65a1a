"""What is better with JavaScript, and that none of it is needed (docs/appearance.md, "The module")."""

from __future__ import annotations

import gzip
from typing import Any

import pytest

from consent_guard.pages.assets import assets

P = "/privacy-choices"
ACCEPT = "[data-cg=banner] button[value=accept]"
REFUSE = "[data-cg=banner] button[value=refuse]"
MARK = "window.mark = 1"
LISTEN = """document.addEventListener("consentchange", (event) => {
  window.heard = event.detail;
  event.preventDefault();
})"""
STRICT = (
    "default-src 'none'; style-src 'self'; script-src 'self' https://stats.example https://ads.example; connect-src 'self'; "
    "form-action 'self'; frame-src https://clips.example; base-uri 'none'"
)


def test_style_and_module_are_small() -> None:
    """What every page loads: under 6.5 kB and 4 kB, gzipped."""
    assert len(gzip.compress(assets()["cg.css"].body, 9)) < 6500
    assert len(gzip.compress(assets()["cg.js"].body, 9)) < 4000


def test_a_choice_that_changes_nothing_leaves_the_page_as_it_is(arrive: Any, site: Any) -> None:
    """A08: the banner says that it is saved, the focus is not lost, and the next key puts it away."""
    site.configure(all_ask=True)
    visitor = arrive()
    page = visitor.visit("/en/")
    page.evaluate(MARK)
    page.evaluate("document.addEventListener('consentchange', event => { window.heard = event.detail })")
    page.locator("#n3").focus()
    page.locator(REFUSE).focus()
    page.keyboard.press("Enter")
    said = page.locator(".cg-saved")
    said.wait_for()
    assert said.inner_text() == "Your choice is saved."
    assert said.get_attribute("role") == "status"
    assert page.evaluate("document.activeElement.className") == "cg-saved"
    assert page.evaluate("window.mark") == 1
    assert page.evaluate("window.heard.decided") is True
    assert not visitor.asked()
    visitor.shot("saved")
    page.keyboard.press("Escape")
    assert page.locator("[data-cg=banner]").count() == 0
    assert page.evaluate("document.activeElement.id") == "n3"
    visitor.visit("/en/")
    assert not visitor.asked()


STATUS = """it => {
  const box = it.getBoundingClientRect(), parent = it.parentElement.getBoundingClientRect().height;
  it.style.display = "none";
  const without = it.parentElement.getBoundingClientRect().height;
  it.style.display = "";
  return [box.width * box.height, parent - without];
}"""


def statuses(page: Any) -> list[int]:
    """The status regions that assistive technology is told of, by the node that each stands for."""
    nodes = page.context.new_cdp_session(page).send("Accessibility.getFullAXTree")["nodes"]
    return [node["backendDOMNodeId"] for node in nodes if not node["ignored"] and node["role"]["value"] == "status"]


@pytest.mark.parametrize("place", ["bottom", "top", "centre"])
def test_what_will_say_that_a_choice_is_saved_is_known_to_a_screen_reader_before_it_says_so(
    arrive: Any, site: Any, place: str
) -> None:
    """A08 (WCAG 4.1.3): a region that appears together with its text is not announced. While empty it takes no room."""
    site.configure(all_ask=True, banner_place=place)
    page = arrive().visit("/en/")
    before = statuses(page)
    assert len(before) == 1
    assert page.locator(".cg-saved").evaluate(STATUS) == [0, 0]
    page.locator(REFUSE).click()
    page.locator(".cg-saved", has_text="saved").wait_for()
    assert statuses(page) == before
    assert page.locator(".cg-saved").bounding_box()["height"] > 20


def test_what_will_say_that_changes_are_not_saved_is_known_to_a_screen_reader_before_it_says_so(arrive: Any) -> None:
    """A08 (WCAG 4.1.3)."""
    for width in (1280, 320):
        page = arrive(width=width).visit(P)
        before = statuses(page)
        assert len(before) == 2  # what is stored, and what is not saved yet
        assert page.locator(".cg-unsaved").evaluate(STATUS) == [0, 0]
        page.get_by_label("Allow this whole purpose").nth(2).check()
        page.locator(".cg-unsaved", has_text="not saved").wait_for()
        assert statuses(page) == before
        assert page.locator(".cg-unsaved").bounding_box()["height"] > 20


def test_a_choice_that_changes_what_may_load_loads_the_page_anew_where_it_was(arrive: Any) -> None:
    visitor = arrive()
    page = visitor.visit("/en/video?x=1#n20")
    page.evaluate(MARK)
    page.mouse.wheel(0, 400)
    page.wait_for_function("scrollY > 300")
    visitor.click(ACCEPT)
    assert page.evaluate("window.mark") is None
    assert page.url.endswith("/en/video?x=1#n20")
    assert page.evaluate("scrollY") > 0


def test_a_page_may_hear_of_a_choice_and_keep_itself_from_being_loaded_anew(arrive: Any) -> None:
    visitor = arrive()
    page = visitor.visit("/en/video")
    page.evaluate(MARK)
    page.evaluate(LISTEN)
    page.locator(ACCEPT).click()
    page.locator(".cg-saved").wait_for()
    assert page.evaluate("[window.mark, window.heard.services]") == [
        1,
        {"stats": True, "ads": True, "clips": True, "maps": True},
    ]
    assert page.evaluate("Object.keys(window.heard)") == ["decided", "decided_at", "expires_at", "categories", "services"]


def test_escape_puts_the_banner_away_and_answers_nothing(arrive: Any) -> None:
    """L09, A04: the next page asks again; elsewhere on the page Escape is the page's own."""
    visitor = arrive()
    page = visitor.visit("/en/")
    page.locator("#n2").focus()
    page.keyboard.press("Escape")
    assert visitor.asked()
    page.locator(ACCEPT).focus()
    page.keyboard.press("Escape")
    assert page.locator("[data-cg=banner]").count() == 0
    assert page.evaluate("document.activeElement.id") == "n2"
    assert visitor.context.cookies() == []
    visitor.visit("/en/")
    assert visitor.asked()


def test_the_switch_of_a_purpose_and_those_of_its_services_keep_in_step(arrive: Any) -> None:
    """A06, S02."""
    visitor = arrive()
    page = visitor.visit(P)
    page.get_by_text("Service by service (2)").click()
    whole = page.get_by_label("Allow this whole purpose").nth(2)
    clips, maps = page.get_by_label("Clips", exact=True), page.get_by_label("Maps", exact=True)
    whole.check()
    assert clips.is_checked()
    assert maps.is_checked()
    maps.uncheck()
    assert not whole.is_checked()
    assert whole.evaluate("it => it.indeterminate")
    assert page.locator(".cg-unsaved").inner_text() == "Your changes are not saved yet."
    clips.uncheck()
    assert page.locator(".cg-unsaved").inner_text() == ""
    maps.check()
    page.evaluate(MARK)
    visitor.save(".cg-bar button[value=save]")
    assert page.evaluate("window.mark") == 1
    assert page.evaluate("document.activeElement.getAttribute('role')") == "status"
    assert visitor.allowed() == {"stats", "maps"}
    assert page.get_by_label("Allow this whole purpose").nth(2).evaluate("it => it.indeterminate")
    assert page.get_by_label("Maps", exact=True).is_visible()


def test_showing_what_is_stored_does_not_change_it(arrive: Any) -> None:
    """L23: each service allowed by itself is not the purpose as a whole."""
    visitor = arrive()
    page = visitor.visit("/en/")
    page.request.post(visitor.site.base + P, data={"choice": "save", "allow": ["clips", "maps"]})
    before = visitor.state()
    page = visitor.visit(P)
    visitor.save(".cg-bar button[value=save]")
    after = visitor.state()
    assert (after["categories"], after["services"]) == (before["categories"], before["services"])


def test_where_fetching_fails_the_form_goes_as_it_would_without_a_script(arrive: Any) -> None:
    visitor = arrive()
    page = visitor.visit("/en/")
    visitor.context.route("**/state", lambda route: route.abort())
    visitor.click(ACCEPT)
    visitor.context.unroute("**/state")
    assert not visitor.asked()
    assert visitor.allowed() == {"stats", "ads", "clips", "maps"}
    assert page.url == visitor.site.base + "/en/"
    visitor.wrong[:] = [line for line in visitor.wrong if "ERR_FAILED" not in line]


def test_a_strict_policy_of_the_host_page_breaks_nothing(arrive: Any, site: Any) -> None:
    """No inline code, no inline style: what a Content-Security-Policy would refuse would stand in the console."""
    site.headers = [("Content-Security-Policy", STRICT)]
    visitor = arrive()
    page = visitor.visit("/en/video")
    assert page.locator("[data-cg=banner]").evaluate("it => getComputedStyle(it).position") == "fixed"
    visitor.click(ACCEPT)
    assert page.locator("iframe").count() == 1
    assert visitor.allowed() == {"stats", "ads", "clips", "maps"}


def test_without_the_module_by_policy_or_by_the_hosts_own_all_works(arrive: Any, site: Any) -> None:
    site.configure(script=False)
    visitor = arrive()
    page = visitor.visit("/en/")
    assert page.locator("script[type=module]").count() == 0
    visitor.click(REFUSE)
    assert not visitor.asked()
    assert visitor.allowed() == set()
    site.configure(script=True)
    site.headers = [("Content-Security-Policy", "script-src 'none'")]
    other = arrive()
    other.visit("/en/video")
    other.click("[data-cg=placeholder] button[form=cg-once]")
    assert other.page.locator("iframe").count() == 1
    other.wrong.clear()  # the browser says that it loads no script


def test_our_own_pages_keep_to_their_own_policy(arrive: Any) -> None:
    """K18: no inline code, and nothing that the page does is against it."""
    visitor = arrive()
    for path in (P, P + "/declaration"):
        with visitor.page.expect_response(lambda answer: answer.request.resource_type == "document") as caught:
            visitor.visit(path)
        policy = caught.value.headers["content-security-policy"]
        assert "script-src 'self';" in policy
        assert "unsafe" not in policy
        assert visitor.page.locator("[style], style, script:not([src])").count() == 0
    visitor.visit(P)
    visitor.save(".cg-bar button[value=accept]")
    assert visitor.state()["decided"]


def test_a_stored_choice_is_posted_once_whatever_fails_behind_it(arrive: Any, site: Any) -> None:
    """As in a frame whose sandbox forbids the message to other tabs."""
    site.configure(all_ask=True)
    visitor = arrive()
    page = visitor.visit("/en/")
    page.evaluate("void (BroadcastChannel.prototype.postMessage = () => { throw new DOMException('no', 'SecurityError') })")
    posts: list[str] = []
    page.on("request", lambda request: posts.append(request.url) if request.method == "POST" else None)
    page.evaluate(MARK)
    page.locator(REFUSE).click()
    page.wait_for_function("!document.querySelector('[data-cg-busy]')")
    page.wait_for_function("document.querySelector('.cg-saved')?.textContent")
    assert len(posts) == 1
    assert page.evaluate("window.mark") == 1
    assert visitor.state()["decided"]
