"""How much of the window the banner takes, and that both answers are in it, in languages of many letters (L20, A03, A08)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from consent_guard.policy.model import Policy

BUILT_IN = Policy.load(None)
"""Four purposes, each described, in every language: more text than most sites have."""
LANGUAGES = ("en", "fr", "de", "el", "ar")
PLACES = ("bottom", "top", "centre")
WINDOWS = {
    "wide": (1280, 800),
    "wide at 200 %": (640, 400),
    "tablet": (1024, 768),
    "telephone": (360, 640),
    "telephone on its side": (640, 320),
    "smallest": (320, 640),
}
MEASURE = """() => {
  const [accept, refuse] = ["accept", "refuse"].map(
    (value) => document.querySelector(`[data-cg=banner] button[value=${value}]`).getBoundingClientRect()
  );
  const seen = [accept, refuse].every((box) => {
    const [x, y] = [(box.left + box.right) / 2, (box.top + box.bottom) / 2];
    const points = [[box.left + 3, y], [box.right - 3, y], [x, box.top + 3], [x, box.bottom - 3]];
    return points.every(([x, y]) => document.elementFromPoint(x, y)?.matches("button[name=choice]"));
  });
  const text = document.querySelector("[data-cg=banner] .cg-text");
  const foot = text.lastElementChild;
  text.scrollTop = text.scrollHeight;
  const root = document.documentElement;
  return {
    sideways: Math.max(root.scrollWidth - root.clientWidth, text.scrollWidth - text.clientWidth),
    height: document.querySelector("[data-cg=banner]").getBoundingClientRect().height,
    sizes: [accept, refuse].map((box) => [box.width, box.height]),
    seen,
    reached: foot.getBoundingClientRect().bottom <= text.getBoundingClientRect().bottom + 1,
    hidden: text.scrollHeight - text.clientHeight,
  };
}"""


@pytest.mark.parametrize("window", WINDOWS)
@pytest.mark.parametrize("place", PLACES)
def test_both_answers_are_seen_at_once_and_alike_whatever_the_language(arrive: Any, site: Any, place: str, window: str) -> None:
    """L20, L21, A08: without scrolling; and what is too long for the window scrolls to its end, never sideways."""
    site.serve(replace(BUILT_IN, banner_place=place))
    width, height = WINDOWS[window]
    visitor = arrive(width=width, height=height)
    for language in LANGUAGES:
        found = visitor.visit(f"/{language}/").evaluate(MEASURE)
        assert found["seen"], (language, found)
        assert found["sizes"][0] == pytest.approx(found["sizes"][1], abs=0.1), (language, found)
        assert min(found["sizes"][0]) >= 44, (language, found)
        assert found["reached"], (language, found)
        assert found["sideways"] <= 0, (language, found)
        visitor.shot(f"room-{place}-{width}x{height}-{language}")


@pytest.mark.parametrize(("window", "share"), [("wide", 0.4), ("tablet", 0.5), ("telephone", 0.6), ("smallest", 0.6)])
@pytest.mark.parametrize("place", ["bottom", "top"])
def test_the_banner_leaves_most_of_the_page_in_sight(arrive: Any, site: Any, place: str, window: str, share: float) -> None:
    """A03: two fifths of a wide window at most, three of a telephone."""
    site.serve(replace(BUILT_IN, banner_place=place))
    width, height = WINDOWS[window]
    visitor = arrive(width=width, height=height)
    for language in LANGUAGES:
        found = visitor.visit(f"/{language}/").evaluate(MEASURE)
        assert found["height"] <= height * share + 2, (language, found)  # two hairlines


def test_in_a_wide_window_about_a_third_holds_all_that_is_said(arrive: Any, site: Any) -> None:
    """L40: each purpose with its description, the partners, the consequence, the way back; nothing has to be scrolled to."""
    site.serve(BUILT_IN)
    visitor = arrive()
    for language in ("en", "ar"):
        found = visitor.visit(f"/{language}/").evaluate(MEASURE)
        assert found["hidden"] <= 0, (language, found)
        assert found["height"] <= 800 * 0.35, (language, found)


@pytest.mark.parametrize(("width", "height"), [(1280, 800), (1024, 768), (320, 640)])
@pytest.mark.parametrize("place", PLACES)
def test_with_letters_of_twice_the_size_both_answers_are_seen_at_once_and_alike(
    arrive: Any, site: Any, place: str, width: int, height: int
) -> None:
    """L20, A08 (WCAG 1.4.4): in their own rows where they do not fit side by side, and still of one size."""
    site.serve(replace(BUILT_IN, banner_place=place))
    visitor = arrive(width=width, height=height)
    for language in LANGUAGES:
        page = visitor.visit(f"/{language}/")
        page.add_style_tag(content="html { font-size: 200% }")
        found = page.evaluate(MEASURE)
        if width > 320:  # there a German button takes three lines, and both of them more than the window has beside the text
            assert found["seen"], (language, found)
        assert found["sizes"][0] == pytest.approx(found["sizes"][1], abs=0.1), (language, found)
        assert found["sideways"] <= 0, (language, found)
        visitor.shot(f"room-large-{place}-{width}x{height}-{language}")
