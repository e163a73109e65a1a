"""Which style sheets a walk asks for."""

from __future__ import annotations

import pytest

from consent_guard.audit.reading.links import read_links
from consent_guard.audit.reading.sheets import SHEETS, SheetWalk, imported

HERE = "https://www.site.example/s/a.css"


@pytest.mark.parametrize(
    ("css", "found"),
    [
        ("@import 'b.css';", ["https://www.site.example/s/b.css"]),
        ('@IMPORT url( "/c.css?v=2" ) print;', ["https://www.site.example/c.css?v=2"]),
        ("@import url(d.css);@import url(//other.example/e.css);@import 'http://[';", ["https://www.site.example/s/d.css"]),
        ("p{background:url(x.png)}", []),
    ],
)
def test_a_style_sheet_leads_to_those_of_its_own_host_that_it_imports(css: str, found: list[str]) -> None:
    assert imported(css, HERE) == found


def test_a_page_links_its_own_style_sheets_by_its_base() -> None:
    page = (
        b'<base href="/s/"><link rel="preload stylesheet" href="a.css#x"><link rel=icon href="/i.css"><link rel=stylesheet>'
        b'<link rel="Stylesheet" href="https://cdn.example/b.css"><link rel="stylesheet" href="http://[">'
    )
    assert read_links(page, "https://www.site.example/p", None).sheets == ["https://www.site.example/s/a.css"]


def test_each_is_asked_for_once_and_no_more_than_a_site_has() -> None:
    walk = SheetWalk()
    walk.take(["a", "b", "a"])
    assert (walk.next(), walk.next(), walk.next()) == ("a", "b", None)
    walk.take(str(number) for number in range(2 * SHEETS))
    asked = 2
    while walk.next() is not None:
        asked += 1
    assert asked == SHEETS
