"""Prerendered markup: what fills a hole can never leave it."""

from __future__ import annotations

from xml.etree import ElementTree

from hypothesis import given
from hypothesis import strategies as st

from consent_guard.pages.prerendered import Holes, clean


def test_a_value_stays_inside_its_attribute() -> None:
    """K19."""
    holes = Holes(["x"])
    link = holes.prerendered(f'<a href="{holes.marks["x"]}">é</a>')
    assert link.fill(x="\"'><script>é") == b'<a href="&quot;&#x27;&gt;&lt;script&gt;&#233;">&#233;</a>'


@given(st.text())
def test_any_text_fills_a_hole_as_ascii_and_reads_back(value: str) -> None:
    holes = Holes(["x"])
    filled = holes.prerendered(f'<a title="{holes.marks["x"]}">t</a>').fill(x=value)
    assert filled.isascii()
    link = ElementTree.fromstring(filled)
    assert list(link.attrib) == ["title"]
    assert not list(link)


def test_what_no_document_may_hold_is_replaced() -> None:
    assert clean("a\x00b\x1bc\ud800d\ufffee\x7ff\U0001fffeg\n\t") == "a\ufffdb\ufffdc\ufffdd\ufffde\ufffdf\ufffdg\n\t"


def test_a_hole_cannot_be_named_by_a_text() -> None:
    """Marks are random for each rendering."""
    assert Holes(["x"]).marks["x"] != Holes(["x"]).marks["x"]


def test_the_text_of_prerendered_markup_is_the_same_for_every_process() -> None:
    def text() -> bytes:
        holes = Holes(["a", "b"])
        return holes.prerendered(f"<p>{holes.marks['b']} and {holes.marks['a']}</p>").text()

    assert text() == text() == b"<p>{b} and {a}</p>"
