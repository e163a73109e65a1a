"""Placeholders fit where embeds were: not cut off, not over other content, the service's name and an answer in view (A09)."""

from __future__ import annotations

from typing import Any

import pytest

from consent_guard import Policy

URL = "https://clips.example/v/1"
COVER = "position:absolute;top:0;left:0;width:100%;height:100%"
AFTER = '<p class="after">Words that come after it.</p>'
HACK = "position:relative;padding-bottom:56.25%;height:0;overflow:hidden"
BOX = "aspect-ratio:16/9;overflow:hidden;position:relative"
PART = "position:absolute;right:0;width:200px;height:150px"


def frame(attributes: str = 'width="560" height="315"') -> str:
    return f'<iframe src="{URL}" {attributes}></iframe>'


LOW = frame('width="100%" height="152"')
COVERING = frame(f'style="{COVER}"')
TITLED = frame('title="A clip"')
TALL = frame('width="100%" height="100%"')
APART = frame(f'style="{PART}"')
LAYOUTS = {
    "plain": frame(),
    "wide": frame('width="100%" height="400"'),
    "small": frame('width="120" height="90"'),
    "spotify": frame('style="border-radius:12px" width="100%" height="152"'),
    "cut": f'<div style="height:152px;overflow:hidden">{LOW}</div>',
    "hack-inline": f'<div style="{HACK}">{COVERING}</div>',
    "hack-sheet": f'<div class="wrap">{frame()}</div>',
    "hack-top": f'<div class="wraptop">{frame()}</div>',
    "ratio": f'<div class="ratio">{TITLED}</div>',
    "aspect-inline": frame('style="aspect-ratio: 16 / 9; width: 100%"'),
    "aspect-box": f'<div style="{BOX}">{TALL}</div>',
    "aspect-sheet": frame('class="kept" width="560" height="315"'),
    "absolute-part": f'<div style="position:relative;min-height:9em">{APART}</div>',
}
UNSCRIPTED = {name for name in LAYOUTS if name != "hack-top"}
"""Without a script nobody tells that a wrapper's padding stands above what it holds."""
SHEET = """<style>
.wrap { position: relative; padding-bottom: 56.25%; height: 0; overflow: hidden }
.wraptop { position: relative; padding-top: 56.25%; height: 0; overflow: hidden }
.wrap iframe, .wraptop iframe { position: absolute; top: 0; left: 0; width: 100%; height: 100% }
.ratio { position: relative; width: 100% } .ratio::before { display: block; padding-top: 56.25%; content: "" }
.ratio > * { position: absolute; top: 0; left: 0; width: 100%; height: 100% }
.kept { aspect-ratio: 16/9; width: 100%; height: auto }
</style>"""
SIZES = [320, 375, 768, 1280]
SEEN = """(name) => {
  const part = document.getElementById(name), box = part.querySelector("[data-cg=placeholder]");
  const place = (one) => one.getBoundingClientRect(), style = (one) => getComputedStyle(one).overflowY;
  const clip = { left: 0, right: innerWidth, top: -1e9, bottom: 1e9 };
  for (let one = box; one !== document.body; one = one.parentElement) {
    if (style(one) === "visible") continue;
    for (const side of ["left", "top"]) clip[side] = Math.max(clip[side], place(one)[side]);
    for (const side of ["right", "bottom"]) clip[side] = Math.min(clip[side], place(one)[side]);
  }
  const whole = (one) => {
    const at = place(one), across = at.left >= clip.left - 1 && at.right <= clip.right + 1;
    return at.width > 0 && at.height > 0 && across && at.top >= clip.top - 1 && at.bottom <= clip.bottom + 1;
  };
  const button = box.querySelector("button"), last = box.querySelector(".cg-body").lastElementChild;
  const seen = { name: whole(box.querySelector(".cg-name")), button: whole(button), target: place(button).height };
  seen.over = Math.min(place(box).bottom, clip.bottom) > place(part.querySelector(".after")).top + 1;
  seen.wide = document.documentElement.scrollWidth > innerWidth;
  /* Cut off where no scrolling leads to it. */
  seen.cut = false;
  for (let one = last; one !== document.body && !["auto", "scroll"].includes(style(one)); one = one.parentElement)
    seen.cut ||= style(one) !== "visible" && place(last).bottom > place(one).bottom + 1;
  button.scrollIntoView({ block: "center" });
  const at = place(button);
  seen.pressed = document.elementFromPoint(at.left + at.width / 2, at.top + at.height / 2) === button;
  return seen;
}"""


def page(layouts: dict[str, str]) -> str:
    parts = "".join(f'<section id="{name}"><h2>{name}</h2>{layout}{AFTER}</section>' for name, layout in layouts.items())
    return (
        '<!doctype html><html lang="en"><head><meta name="viewport" content="width=device-width"><title>Layouts</title>'
        f"{SHEET}</head><body>{parts}</body></html>"
    )


@pytest.mark.parametrize("width", SIZES)
@pytest.mark.parametrize("scripted", [True, False], ids=["script", "noscript"])
def test_in_every_layout_the_name_and_an_answer_are_in_view_and_nothing_is_covered(
    arrive: Any, site: Any, width: int, scripted: bool
) -> None:
    site.configure(banner=False)
    shown = {name: layout for name, layout in LAYOUTS.items() if scripted or name in UNSCRIPTED}
    site.pages["/layouts"] = page(shown)
    visitor = arrive(scripted=scripted, width=width, height=900)
    held = visitor.visit("/layouts")
    held.wait_for_timeout(200)
    visitor.shot(f"placeholders-{width}", full=True)
    for name in shown:
        seen = held.evaluate(SEEN, name)
        told = (name, width, seen)
        assert all(seen[what] for what in ("name", "button", "pressed")), told
        assert not any(seen[what] for what in (("over", "wide", "cut") if scripted else ("over", "wide"))), told
        assert seen["target"] >= 24, told


PICTURE = """<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 9"><rect width="16" height="9" fill="#000"/>
<circle cx="3" cy="3" r="2" fill="#fc0"/></svg>"""


@pytest.mark.parametrize("width", SIZES)
def test_what_is_said_can_be_read_over_a_picture_of_the_site_s_own(visitor: Any, site: Any, width: int) -> None:
    """No picture is asked of anybody else."""
    clips = {"id": "clips", "category": "interactivity", "title": {"en": "Clips"}, "hosts": ["clips.example"]}
    clips["placeholder"] = {"text": {"en": "Our film, 3 minutes"}, "picture": "/film.svg"}
    policy = {
        "policy": {"languages": ["en"], "banner": False},
        "categories": [{"id": "interactivity", "basis": "consent", "title": {"en": "Contents"}}],
        "services": [clips],
    }
    site.serve(Policy.load(policy))
    site.pages["/film"] = page({name: LAYOUTS[name] for name in ("plain", "wide", "spotify", "hack-inline")})
    site.pages["/film.svg"] = PICTURE
    visitor.page.set_viewport_size({"width": width, "height": 900})
    held = visitor.visit("/film")
    held.wait_for_timeout(200)
    visitor.shot(f"pictured-{width}", full=True)
    assert ("GET", "/film.svg") in site.asked
    assert not visitor.contacts
    for name in ("plain", "wide", "spotify", "hack-inline"):
        seen = held.evaluate(SEEN, name)
        assert seen["name"], (name, seen)
        assert seen["button"], (name, seen)
        assert not seen["over"], (name, seen)
        back = "(name) => getComputedStyle(document.querySelector(`#${name} .cg-body`)).backgroundColor"
        assert held.evaluate(back, name) == "rgb(255, 255, 255)"


FORM = """<!doctype html><html lang="en"><head><title>Write to us</title>{head}</head><body><form method="post" action="/sent">
<p>{before}<button>Send</button></p></form></body></html>"""
API = '<script src="https://www.google.com/recaptcha/api.js?render=KEY"></script>'
KINDS = {
    "v2": FORM.format(head="", before='<span class="g-recaptcha" data-sitekey="KEY"></span>' + API),
    "v3": FORM.format(head=API, before=""),
}


@pytest.mark.parametrize("kind", KINDS)
def test_a_form_whose_captcha_is_off_says_so_and_its_button_lets_it_on(visitor: Any, site: Any, kind: str) -> None:
    """S14."""
    policy = {
        "policy": {"languages": ["en"], "banner": False},
        "categories": [{"id": "interactivity", "basis": "consent", "title": {"en": "Contents"}}],
        "services": [{"id": "google-recaptcha"}],
    }
    site.serve(Policy.load(policy))
    site.pages["/form"] = KINDS[kind]
    page = visitor.visit("/form")
    form = page.locator("form[method=post]", has=page.locator("[data-cg=placeholder]"))
    assert "captcha of this form is off" in form.inner_text()
    assert not visitor.contacts
    visitor.shot(f"captcha-{kind}")
    visitor.click("form [data-cg=placeholder] button[form=cg-allow]")
    assert visitor.contacts == ["www.google.com"] * visitor.scripted
    assert page.locator("[data-cg=placeholder]").count() == 0
