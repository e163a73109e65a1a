"""Access for everybody, measured in the browser: axe, keyboard, focus, reflow, contrast modes, languages (A01 to A10)."""

from __future__ import annotations

import re
from typing import Any

import pytest

P = "/privacy-choices"
ACCEPT = "[data-cg=banner] button[value=accept]"
REFUSE = "[data-cg=banner] button[value=refuse]"
PAGES = {
    "banner": "/en/",
    "placeholder": "/en/video",
    "preferences": P,
    "embedded": "/en/account",
    "declaration": P + "/declaration",
    "error": P + "/none",
}
PLACES = ("bottom", "top", "centre")

OVERFLOW = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
FOCUSED = """() => {
  const it = document.activeElement;
  const shares = [0.1, 0.5, 0.9];
  const points = [...it.getClientRects()].flatMap((box) =>
    shares.flatMap((x) => shares.map((y) => [box.left + box.width * x, box.top + box.height * y])));
  const seen = points.some(([x, y]) => { const at = document.elementFromPoint(x, y); return at && it.contains(at); });
  return { tag: it.localName, id: it.id, name: it.name || "", value: it.value || "", text: it.textContent.trim(), seen,
           banner: !!it.closest("[data-cg=banner]"), outline: getComputedStyle(it).outlineStyle };
}"""


def violations(page: Any) -> list[str]:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe is not installed").Axe()
    found = axe.run(page).response
    assert len(found["passes"]) > 10  # it did look
    return [
        f"{rule['id']} ({rule['impact']}): {node['target']} {node['failureSummary']}"
        for rule in found["violations"]
        for node in rule["nodes"]
    ]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_of_any_impact_on_what_is_ours(arrive: Any, scheme: str) -> None:
    """A05, A06, A09: colours in both schemes, names, labels, roles."""
    visitor = arrive(color_scheme=scheme)
    for name, path in PAGES.items():
        page = visitor.visit(path)
        assert not violations(page), name
        visitor.shot(f"{name}-{scheme}", full=name not in ("banner", "placeholder"))
    visitor.wrong[:] = [line for line in visitor.wrong if "404" not in line]
    visitor.visit("/en/")
    visitor.click(ACCEPT)
    page = visitor.visit(P)
    for summary in page.locator("summary").all():
        summary.click()
    assert not violations(page)
    visitor.shot(f"preferences-accepted-{scheme}", full=True)


@pytest.mark.parametrize("place", PLACES)
def test_accept_and_refuse_have_the_same_computed_style_and_size(arrive: Any, site: Any, place: str) -> None:
    """L20, A05: every property that the browser computes, both at rest and in focus."""
    site.configure(banner_place=place)
    visitor = arrive()
    for width in (320, 768, 1280):
        visitor.page.set_viewport_size({"width": width, "height": 800})
        page = visitor.visit("/en/")
        looks = [
            page.locator(selector).evaluate(
                "it => { const s = getComputedStyle(it); return [...s].map(name => name + ':' + s.getPropertyValue(name)); }"
            )
            for selector in (ACCEPT, REFUSE)
        ]
        looks = [[re.sub(r"[0-9.]+(?=px)", lambda found: f"{float(found[0]):.1f}", line) for line in look] for look in looks]
        assert len(looks[0]) > 300
        assert looks[0] == looks[1]
        sizes = [page.locator(selector).bounding_box() for selector in (ACCEPT, REFUSE)]
        assert sizes[0]["width"] == pytest.approx(sizes[1]["width"], abs=0.1)  # shares of a pixel fall where they may
        assert sizes[0]["height"] == sizes[1]["height"]
        assert sizes[0]["height"] >= 44
        visitor.shot(f"place-{place}-{width}")


def test_every_control_of_ours_is_large_enough_to_hit(arrive: Any) -> None:
    """A05: 24 by 24 CSS pixels; links in a sentence are let off (WCAG 2.5.8)."""
    visitor = arrive(width=320, height=640)
    for path in ("/en/video", P):
        page = visitor.visit(path)
        for control in page.locator("[data-cg] :is(button, input[type=checkbox], summary, .cg-customise)").all():
            box = control.bounding_box()
            if box is not None and box["width"]:  # shown at all
                assert min(box["width"], box["height"]) >= 24, control.inner_html()


@pytest.mark.parametrize("place", PLACES)
def test_nothing_that_takes_the_focus_is_hidden_by_the_banner(arrive: Any, site: Any, place: str) -> None:
    """A02, A03: forwards and backwards through the whole page; the banner comes first; there is no trap."""
    site.configure(banner_place=place)
    visitor = arrive(height=700)
    page = visitor.visit("/en/video")
    for key in ("Tab", "Shift+Tab"):
        stops: list[dict[str, Any]] = []
        for _ in range(60):
            page.keyboard.press(key)
            focused = page.evaluate(FOCUSED)
            if focused["tag"] == "body" or focused in stops:
                break
            assert focused["seen"], focused
            assert focused["outline"] != "none", focused
            stops.append(focused)
        else:
            pytest.fail("the focus never came round")
        if key == "Shift+Tab":
            stops.reverse()
        asked = [stop for stop in stops if stop["banner"]]
        assert stops[: len(asked)] == asked
        assert [stop["value"] for stop in asked if stop["tag"] == "button"] == ["accept", "refuse"]
        assert [stop["id"] for stop in stops if stop["id"]] == [f"n{n}" for n in range(24)]
        assert sum(stop["value"] == "clips" for stop in stops) == 2
        page.evaluate("document.activeElement.blur()")


@pytest.mark.parametrize("scripted", [True, False], ids=["script", "noscript"])
def test_the_keyboard_alone_is_enough(arrive: Any, scripted: bool) -> None:
    """A02: refuse, then change one's mind, by Tab, Space and Enter."""
    visitor = arrive(scripted=scripted)
    page = visitor.visit("/en/")
    page.locator(REFUSE).focus()
    with page.expect_event("load"):
        page.keyboard.press("Enter")
    assert visitor.allowed() == set()
    page = visitor.visit(P)
    page.locator("summary", has_text="(2)").focus()
    page.keyboard.press("Enter")
    page.get_by_label("Maps", exact=True).focus()
    page.keyboard.press("Space")
    assert page.get_by_label("Maps", exact=True).is_checked()
    if scripted:
        page.keyboard.press("Enter")
        page.locator(".cg-status p.cg-name").wait_for()
    else:
        with page.expect_event("load"):
            page.keyboard.press("Enter")
    assert visitor.allowed() == {"maps"}  # Enter in a box saves; it neither accepts nor refuses everything


@pytest.mark.parametrize("language", ["en", "fr", "ar"])
def test_everything_fits_320_pixels_without_scrolling_sideways(arrive: Any, language: str) -> None:
    """A07, A08."""
    visitor = arrive(width=320, height=640, locale=language)
    for name, path in PAGES.items():
        page = visitor.visit(path.replace("/en/", f"/{language}/"))
        assert page.evaluate(OVERFLOW) <= 0, name
        visitor.shot(f"narrow-{language}-{name}", full=name not in ("banner", "placeholder"))
    visitor.wrong[:] = [line for line in visitor.wrong if "404" not in line]
    page = visitor.visit(f"/{language}/")
    for selector in (ACCEPT, REFUSE):
        box = page.locator(selector).bounding_box()
        assert 0 <= box["y"] <= 640 - box["height"]
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= 320


@pytest.mark.parametrize(("width", "height"), [(1280, 800), (320, 640)])
def test_text_at_twice_its_size_loses_nothing(arrive: Any, width: int, height: int) -> None:
    """A08: the choice stays in sight, no word of a button is cut, nothing scrolls sideways."""
    visitor = arrive(width=width, height=height)
    for name, path in PAGES.items():
        page = visitor.visit(path)
        page.add_style_tag(content="html { font-size: 200% }") if path in ("/en/", "/en/video") else page.evaluate(
            "document.documentElement.style.setProperty('font-size', '200%')"
        )
        assert page.evaluate(OVERFLOW) <= 0, name
        cut = page.locator("[data-cg] .cg-button").evaluate_all(
            "all => all.filter(it => it.offsetParent && (it.scrollWidth > it.clientWidth + 1)).map(it => it.textContent)"
        )
        assert not cut
        visitor.shot(f"large-text-{width}-{name}")
    visitor.wrong[:] = [line for line in visitor.wrong if "404" not in line]
    page = visitor.visit("/en/")
    page.add_style_tag(content="html { font-size: 200% }")
    for selector in (ACCEPT, REFUSE):
        box = page.locator(selector).bounding_box()
        assert 0 <= box["y"] <= height - box["height"]


def test_a_low_window_has_the_banner_in_the_page(arrive: Any) -> None:
    """A03, A08: a telephone on its side, or text at four times its size: nothing lies over the page."""
    visitor = arrive(width=640, height=320)
    page = visitor.visit("/en/")
    assert page.locator("[data-cg=banner]").evaluate("it => getComputedStyle(it).position") == "static"
    page.locator("#n20").focus()
    assert page.evaluate(FOCUSED)["seen"]


@pytest.mark.parametrize("place", PLACES)
def test_the_page_does_not_move_after_it_was_shown(arrive: Any, site: Any, place: str) -> None:
    """A08: no layout shift by the banner; no script of ours stands in the way of the first paint."""
    site.configure(banner_place=place)
    visitor = arrive()
    visitor.context.add_init_script(
        "window.moved = 0; const seen = list => { for (const entry of list.getEntries()) window.moved += entry.value; };"
        "new PerformanceObserver(seen).observe({ type: 'layout-shift', buffered: true });"
    )
    for path in ("/en/", "/en/video"):
        page = visitor.visit(path)
        page.wait_for_timeout(150)
        assert page.evaluate("window.moved") == 0
        loaded = page.evaluate(
            "performance.getEntriesByType('resource').filter(entry => entry.name.includes('/assets/'))"
            ".map(entry => [entry.name.split('.').pop(), entry.renderBlockingStatus])"
        )
        assert ["js", "non-blocking"] in loaded
        assert "css" in {kind for kind, _ in loaded}


def test_the_banner_takes_no_focus_and_is_a_named_region_first_in_the_body(arrive: Any) -> None:
    """A03, A07, A08."""
    visitor = arrive()
    page = visitor.visit("/fr/")
    assert page.evaluate("document.activeElement.localName") == "body"
    assert page.evaluate("document.body.firstElementChild.dataset.cg") == "banner"
    region = page.get_by_role("region", name="Vos choix sur ce site")
    assert region.count() == 1
    assert region.get_attribute("lang") == "fr"


def test_high_contrast_and_reduced_motion_keep_every_state_visible(arrive: Any) -> None:
    """A06: native boxes where the visitor's own colours rule; nothing moves for who wants no motion."""
    visitor = arrive(forced_colors="active", reduced_motion="reduce")
    visitor.visit("/en/")
    visitor.shot("forced-colours-banner")
    page = visitor.visit(P)
    box = page.locator("input.cg-whole").nth(1)
    assert box.evaluate("it => getComputedStyle(it).appearance") == "auto"
    assert box.evaluate("it => getComputedStyle(it, '::before').transitionDuration") == "0s"
    visitor.shot("forced-colours-preferences", full=True)


def test_arabic_runs_from_right_to_left(arrive: Any) -> None:
    """A07: the page, the order of the buttons, the switches."""
    visitor = arrive(locale="ar")
    page = visitor.visit("/ar/video")
    banner = page.locator("[data-cg=banner]")
    assert (banner.get_attribute("lang"), banner.get_attribute("dir")) == ("ar", "rtl")
    assert page.locator(ACCEPT).bounding_box()["x"] < page.locator("[data-cg=banner] .cg-text").bounding_box()["x"]
    page.set_viewport_size({"width": 600, "height": 800})
    assert page.locator(ACCEPT).bounding_box()["x"] > page.locator(REFUSE).bounding_box()["x"]
    page.set_viewport_size({"width": 1280, "height": 800})
    visitor.shot("arabic-banner")
    page = visitor.visit(P)
    box = page.locator("input.cg-whole").nth(1)
    label = page.locator("label").nth(1)
    assert box.bounding_box()["x"] > label.bounding_box()["x"]
    visitor.shot("arabic-preferences", full=True)
    assert not violations(page)


def test_the_declaration_prints_whole(arrive: Any) -> None:
    """S17, L41: tables uncut, no controls, addresses in words."""
    visitor = arrive(width=700)
    page = visitor.visit(P + "/declaration")
    page.emulate_media(media="print")
    assert not page.locator(".cg-nav").is_visible()
    assert page.locator(".cg-scroll").first.evaluate("it => getComputedStyle(it).overflowX") == "visible"
    assert page.evaluate(OVERFLOW) <= 0
    link = page.locator(".cg-table a").first
    assert "https://" in link.evaluate("it => getComputedStyle(it, '::after').content")
    visitor.shot("print-declaration", full=True)


def test_a_host_pages_own_style_does_not_reach_the_banner(arrive: Any) -> None:
    """L20: `button { background: red }` and `section { float: left }` of the site change nothing of ours."""
    page = arrive().visit("/en/")
    assert page.locator(ACCEPT).evaluate("it => getComputedStyle(it).backgroundColor") != "rgb(255, 0, 0)"
    assert page.locator("[data-cg=banner]").evaluate("it => getComputedStyle(it).cssFloat") == "none"


def test_colours_follow_the_documented_variables(arrive: Any) -> None:
    page = arrive().visit("/en/")
    page.add_style_tag(content=":root { --cg-button: rgb(1, 2, 3); --cg-background: rgb(250, 240, 230) }")
    assert page.locator(REFUSE).evaluate("it => getComputedStyle(it).backgroundColor") == "rgb(1, 2, 3)"
    assert page.locator("[data-cg=banner]").evaluate("it => getComputedStyle(it).backgroundColor") == "rgb(250, 240, 230)"
