"""Character references in attributes and text (WHATWG HTML 13.2.5.72 to 13.2.5.80)."""

from __future__ import annotations

import html
from html.entities import html5

import pytest

from consent_guard.rewrite.html.charrefs import decode_attribute, decode_text, escape_attribute


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("a&amp;b", "a&b"),
        ("a&ampb", "a&ampb"),
        ("a&amp=b", "a&amp=b"),
        ("a&amp;=b", "a&=b"),
        ("a&amp", "a&"),
        ("a&amp b", "a& b"),
        ("?a=1&copy=2", "?a=1&copy=2"),
        ("?a=1&copy;=2", "?a=1©=2"),
        ("?a=1&copy2", "?a=1&copy2"),
        ("?a=1&copy/", "?a=1©/"),
        ("&notit;", "&notit;"),
        ("&notin;", "∉"),
        ("&notin", "&notin"),
        ("&NotEqualTilde;", "≂̸"),
        ("&colon;&sol;&period;&Tab;&NewLine;&lpar;", ":/.\t\n("),
        ("&colon", "&colon"),
        ("&gscr;", "ℊ"),
        ("&", "&"),
        ("&&amp;", "&&"),
        ("&;", "&;"),
        ("&#;", "&#;"),
        ("&#x;", "&#x;"),
        ("&#xg", "&#xg"),
        ("&#", "&#"),
        ("&#45;", "-"),
        ("&#45", "-"),
        ("&#45a", "-a"),
        ("&#45=", "-="),
        ("&#x2dz", "-z"),
        ("&#X2D;", "-"),
        ("&#x2D2", "\u02d2"),
        ("&#0;", "\ufffd"),
        ("&#00000000;", "\ufffd"),
        ("&#000000000000045;", "-"),
        ("&#x110000;", "\ufffd"),
        ("&#xD800;&#xDFFF;", "\ufffd\ufffd"),
        ("&#" + "9" * 10_000 + ";x", "\ufffdx"),
        ("&#x80;&#129;&#x9F;", "€\x81Ÿ"),
        ("&#13;&#10;&#xFFFE;&#x1FFFF;", "\r\n\ufffe\U0001ffff"),
        ("&#\u0661;", "&#\u0661;"),
        ("&amp;lt;", "&lt;"),
    ],
)
def test_an_attribute_is_read_as_browsers_read_it(written: str, read: str) -> None:
    assert decode_attribute(written) == read


@pytest.mark.parametrize(
    ("written", "read"),
    [("a&ampb", "a&b"), ("&notit;", "¬it;"), ("&copy=1", "©=1"), ("&notin", "¬in"), ("&colon", "&colon"), ("&amp;=", "&=")],
)
def test_text_takes_legacy_names_anywhere(written: str, read: str) -> None:
    assert decode_text(written) == read


def test_every_name_of_the_table_is_decoded() -> None:
    for name, character in html5.items():
        assert decode_attribute(f"&{name}") == character
        if not name.endswith(";"):
            assert decode_attribute(f"&{name}=") == f"&{name}="
            assert decode_attribute(f"&{name}x;") in {f"&{name}x;", html5.get(f"{name}x;")}
        assert decode_text(f"&{name} ") == html.unescape(f"&{name} ")


def test_what_is_escaped_is_read_back() -> None:
    for text in ("", "plain", "&amp;", "<a href=\"x&copy=1\" title='y'>\r\n&#38;", "é&é"):
        escaped = escape_attribute(text)
        assert decode_attribute(escaped) == text
        assert not set(escaped) & set("\"'\r<")


@pytest.mark.linear
def test_time_is_linear_in_hostile_values() -> None:
    """R6"""
    for unit in ("&", "&a", "&#", "&#x", "&#1", "&amp", "a", "&#x0"):
        for text in (unit * 400_000, unit + unit[-1] * 800_000):
            decode_attribute(text)
            decode_text(text)
