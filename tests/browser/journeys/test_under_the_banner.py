"""The page under the banner stays usable: layouts that were not made for it, and style sheets that are against it.

Each answer must be seen and pressed, the page must scroll to its end, and nothing that takes the focus may be covered (A03,
WCAG 2.4.11).
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from consent_guard.policy.model import Policy

P = "/privacy-choices"
ACCEPT = "[data-cg=banner] button[value=accept]"
REFUSE = "[data-cg=banner] button[value=refuse]"
TEXT = "<p>Words enough for a line or two, and then some more of them.</p>" * 40
END = '<p id="end"><a id="last" href="#end">the last words</a></p>'
FOOTER = f"<footer>{END}</footer>"

LAYOUTS: dict[str, tuple[str, str]] = {
    "plain": ("", f"<main>{TEXT}{END}</main>"),
    "full height": ("html, body { height: 100%; margin: 0 }", f"<main>{TEXT}{END}</main>"),
    "sticky footer, flex": (
        "body { display: flex; flex-direction: column; min-height: 100vh; margin: 0 } main { flex: 1 }",
        f"<main><p>short</p></main>{FOOTER}",
    ),
    "sticky footer, grid": (
        "html, body { height: 100% } body { display: grid; grid-template-rows: auto 1fr auto; margin: 0 }",
        f"<header>top</header><main>{TEXT}</main>{FOOTER}",
    ),
    "body scrolls": ("html { overflow: hidden; height: 100% } body { overflow: auto; height: 100%; margin: 0 }", TEXT + END),
    "small root": ("html { font-size: 62.5% }", f"<main>{TEXT}{END}</main>"),
    "border box everywhere": ("*, *::before, *::after { box-sizing: border-box; margin: 0; padding: 0 }", TEXT + END),
    "buttons hidden": ("button { display: none !important } form { display: none !important }", TEXT + END),
    "all unset": ("* { all: unset !important } div, p, main { display: block !important }", TEXT + END),
    "layers": (
        "header { position: fixed; inset: 0 0 auto; height: 3em; z-index: 2147483647; background: #fff }",
        f"<header>over all</header><main style='padding-top:3em'>{TEXT}{END}</main>",
    ),
    "uppercase and narrow": (
        "* { text-transform: uppercase; letter-spacing: .2em } button, a { width: 30px !important; height: 10px !important }",
        TEXT + END,
    ),
    "transparent buttons": (
        "button, a { opacity: 0 !important; visibility: hidden !important; pointer-events: none !important }"
        "#last { opacity: 1 !important; visibility: visible !important; pointer-events: auto !important }",
        TEXT + END,
    ),
}
WINDOWS = {"320": (320, 640), "375": (375, 667), "768": (768, 1024), "1280": (1280, 800), "400 %": (320, 256)}

SEEN = """() => ["accept", "refuse"].map((value) => {
  const button = document.querySelector(`[data-cg=banner] button[value=${value}]`), box = button.getBoundingClientRect();
  const style = getComputedStyle(button);
  const hit = document.elementFromPoint((box.left + box.right) / 2, (box.top + box.bottom) / 2) === button;
  return { hit, width: box.width, height: box.height, opacity: style.opacity, color: style.backgroundColor };
})"""
COVERED = """(id) => {
  const it = document.getElementById(id), box = it.getBoundingClientRect();
  const at = document.elementFromPoint((box.left + box.right) / 2, (box.top + box.bottom) / 2);
  return !(at && it.contains(at));
}"""


def page(css: str, body: str) -> str:
    head = f"<meta name=viewport content='width=device-width'><title>t</title><style>{css}</style>"
    return f"<!DOCTYPE html><html lang=en><head>{head}</head><body>{body}</body></html>"


@pytest.mark.parametrize("layout", LAYOUTS)
def test_both_answers_are_seen_and_the_page_can_be_read_to_its_end(arrive: Any, site: Any, layout: str) -> None:
    """L20, A03: at every width, and at 400 % zoom."""
    site.pages["/page"] = page(*LAYOUTS[layout])
    visitor = arrive()
    for window, (width, height) in WINDOWS.items():
        visitor.page.set_viewport_size({"width": width, "height": height})
        it = visitor.visit("/page")
        accept, refuse = it.evaluate(SEEN)
        assert accept["hit"], (window, accept)
        assert refuse["hit"], (window, refuse)
        assert accept == pytest.approx(refuse), window
        assert min(accept["width"], accept["height"]) >= 44, window
        assert accept["opacity"] == "1", window
        visitor.shot(f"layout-{layout.replace(' ', '-')}-{width}x{height}")
        scroller = "[document.documentElement, document.body]"
        it.evaluate(f"{scroller}.forEach(it => it.scrollTo({{ top: it.scrollHeight, behavior: 'instant' }}))")
        it.wait_for_timeout(50)
        assert not it.evaluate(COVERED, "end"), window
        if layout != "all unset":  # there a link is none to the keyboard
            it.evaluate("document.documentElement.scrollTop = document.body.scrollTop = 0")
            it.locator("#last").focus()
            it.wait_for_timeout(50)
            assert not it.evaluate(COVERED, "last"), window
    it.locator(REFUSE).click()
    it.locator("[data-cg=banner] .cg-inner").wait_for(state="hidden")
    assert visitor.state()["decided"]


def test_the_banner_makes_way_for_a_bar_that_no_scrolling_moves(arrive: Any, site: Any) -> None:
    """WCAG 2.4.11: with the module."""
    bar = "nav { position: fixed; inset: auto 0 0; height: 3em; background: #eee }"
    site.pages["/page"] = page(bar, f"{TEXT}<nav><a id=last href='#'>home</a></nav>")
    it = arrive(width=375, height=667).visit("/page")
    assert it.evaluate(COVERED, "last")
    it.locator("#last").focus()
    it.wait_for_timeout(100)
    assert not it.evaluate(COVERED, "last")
    assert all(answer["hit"] for answer in it.evaluate(SEEN))


THREE = ("necessary", "campaigns", "interactivity")


@pytest.fixture
def three(site: Any) -> Any:
    """Serve three purposes, described in a line each."""
    from tests.browser.journeys.conftest import POLICY

    categories = [category for category in POLICY["categories"] if category["id"] in THREE]
    services = [service for service in POLICY["services"] if service["category"] in THREE]

    def serve(**settings: Any) -> None:
        site.serve(Policy.load({"policy": {**POLICY["policy"], **settings}, "categories": categories, "services": services}))

    return serve


@pytest.mark.parametrize("position", ["bottom", "corner"])
def test_the_card_is_low_and_names_each_purpose_in_a_line(arrive: Any, three: Any, position: str) -> None:
    """L40: at most 290 px on a telephone; the rest on demand, without a script too."""
    three(position=position)
    visitor = arrive(width=375, height=667, scripted=False)
    it = visitor.visit("/en/")
    assert it.locator("[data-cg=banner]").bounding_box()["height"] <= 290
    for line in it.locator("[data-cg=banner] .cg-purpose").all():
        assert line.bounding_box()["height"] < 24
    before = it.locator("[data-cg=banner] .cg-more").bounding_box()["height"]
    it.locator("[data-cg=banner] summary").click()
    assert it.locator("[data-cg=banner] .cg-more").bounding_box()["height"] > before + 40
    for button in (ACCEPT, REFUSE):
        assert it.locator(button).bounding_box()["y"] < 667 - 44
    visitor.shot(f"card-{position}-375")


@pytest.mark.parametrize(("width", "height"), [(320, 256), (375, 553), (844, 390)])
@pytest.mark.parametrize("layout", ["card", "full"])
def test_in_a_small_window_both_answers_and_a_line_of_the_page_are_seen(
    arrive: Any, three: Any, layout: str, width: int, height: int
) -> None:
    three(layout=layout)
    it = arrive(width=width, height=height).visit("/en/")
    assert all(answer["hit"] for answer in it.evaluate(SEEN))
    banner = it.locator("[data-cg=banner]").bounding_box()
    assert banner["y"] >= 20 or banner["y"] + banner["height"] <= height - 20


@pytest.mark.parametrize("how", ["refuse", "escape"])
def test_a_placeholder_looks_as_before_once_the_banner_is_gone(arrive: Any, site: Any, how: str) -> None:
    """The style sheet does not leave with the banner that brought it."""
    site.configure(all_ask=True)
    look = """() => { const it = document.querySelector('[data-cg=placeholder]'), s = getComputedStyle(it);
      const b = getComputedStyle(it.querySelector('.cg-button'));
      return [s.display, s.boxSizing, b.minBlockSize, b.borderRadius, it.getBoundingClientRect().height]; }"""
    it = arrive().visit("/en/video")
    before = it.evaluate(look)
    if how == "refuse":
        it.locator(REFUSE).click()
        it.locator("[data-cg=banner] .cg-inner").wait_for(state="hidden")
        it.keyboard.press("End")
    else:
        it.locator(REFUSE).focus()
        it.keyboard.press("Escape")
    it.locator("[data-cg=banner]").wait_for(state="detached")
    assert it.evaluate(look) == before


def test_the_full_form_shows_all_outright(arrive: Any, site: Any) -> None:
    """L40: in a wide window nothing has to be scrolled to, or unfolded."""
    site.serve(replace(Policy.load(None), layout="full"))
    it = arrive().visit("/en/")
    assert it.locator("[data-cg=banner] details").count() == 0
    assert (
        it.evaluate("(() => { const t = document.querySelector('.cg-text'); return t.scrollHeight - t.clientHeight })()") <= 0
    )
