"""The text of svg styles, as far as it is the element's own (R5, R1)."""

from __future__ import annotations

from html import escape
from unittest import mock

import pytest

from consent_guard.limits import OPEN_ELEMENTS
from consent_guard.policy.model import Policy
from consent_guard.rewrite import page as pages

from .documents import DocumentFacts, Rules, page_rewriter
from .live import reached

RULES = Rules(
    Policy.load(
        {
            "categories": [{"id": "audience", "basis": "consent", "title": {"en": "Audience"}}],
            "services": [{"id": "stats", "category": "audience", "title": {"en": "Stats"}, "hosts": ["*.stats.example"]}],
        }
    )
)
TRACKER = "https://www.stats.example/1"


def by_every_split(page: str, *, allowed: frozenset[str] = frozenset()) -> str:
    """A document as it leaves, which is the same wherever its bytes part (R1)."""
    body = page.encode()
    parts = [[body], [body[at : at + 1] for at in range(len(body))], *([body[:at], body[at:]] for at in range(1, len(body)))]
    left = set()
    for pieces in parts:
        rewriter = page_rewriter(RULES, allowed, DocumentFacts("https", "site.example", "/", charset="utf-8"))
        left.add(b"".join(map(rewriter.feed, pieces)) + rewriter.close())
    assert len(left) == 1, left
    return left.pop().decode()


@pytest.mark.parametrize(
    "css",
    [
        f"p{{background:ur<g></g>l({TRACKER})}}",
        f"p{{background:ur<g>x</g>l({TRACKER})}}",
        f"p{{background:ur<g/>l({TRACKER})}}",
        f"p{{background:ur<g>x<g>y</g>z</g>l({TRACKER})}}",
        f"p{{background:ur<desc><p>x</p></desc>l({TRACKER})}}",
        '@import "https:/<g></g>/www.stats.example/1"',
        '@import "https:/<g>a</g>/www.st<!-- b -->ats.example/1"',
        f"<style>p{{background:ur<g>x</g>l({TRACKER})}}</style>",
        f"a{{}}<style>p{{background:ur<g>x</g>l({TRACKER})}}</style>b{{}}",
        f"p{{background:u<g>x</g>&#114;l({TRACKER})}}",
    ],
)
def test_a_style_is_read_without_the_text_of_the_elements_in_it(css: str) -> None:
    """R5: the tree builder keeps child elements in an svg style, and the sheet is the text between them."""
    page = f"<!doctype html><p>a</p><svg><style>{css}</style></svg><p>b</p>"
    out = by_every_split(page)
    assert "stats.example" not in out
    assert out.startswith("<!doctype html><p>a</p>")
    assert out.endswith("<p>b</p>")
    assert by_every_split(page, allowed=frozenset({"stats"})) == page


@pytest.mark.parametrize(
    "css",
    [
        "p{fill:ur<g>x</g>red}",
        'p{fill:url(#a)}<g>b</g>@import "/own.css";',
    ],
)
def test_a_style_that_names_nobody_gated_keeps_its_elements(css: str) -> None:
    """R5."""
    page = f"<!doctype html><svg><style>{css}</style></svg><p>b</p>"
    assert by_every_split(page) == page


def test_an_address_that_only_the_text_around_an_element_would_spell_apart_stays() -> None:
    """R5: no reader joins the child's text with what stands beside it."""
    page = f"<!doctype html><svg><style>/* u<g>r</g> */ p{{a:u<g>rl(</g>{TRACKER[8:]})}}</style></svg><p>b</p>"
    assert by_every_split(page) == page


@pytest.mark.parametrize(
    "content",
    [
        f"p{{a:ur<b></b><svg><g>l({TRACKER})}}</g></svg>",  # an HTML start tag ends the svg, and the style with it
        f"p{{background:ur<style>x</style>l({TRACKER})}}",  # raw text ends at the first end tag, markup at the second
        "p{fill:red}<g>a</g><style>b{fill:blue}</style>",
        "p{a:b}<!-- </style> -->",
        '<a title="</style>">',
    ],
)
def test_a_style_that_ends_elsewhere_in_each_reading_is_none_to_anybody(content: str) -> None:
    """R5: whatever it holds. What is left is text of the drawing."""
    page = f"<!doctype html><svg><style>{content}</style></svg><p>b</p>"
    out = by_every_split(page)
    assert out != page
    assert not reached(out, ("stats.example",))
    assert out.endswith("<p>b</p>")
    assert by_every_split(page, allowed=frozenset({"stats"})) == page


@pytest.mark.parametrize("unit", ["<svg><style>", "<svg><![CDATA[>", "<svg><style><svg><title>"])
def test_a_document_of_unended_elements_is_read_without_a_reading_in_every_reading(unit: str) -> None:
    rewriter = page_rewriter(RULES, frozenset(), DocumentFacts("https", "site.example", "/", charset="utf-8"))
    page = unit * 2000 + f'<img src="{TRACKER}">'
    left = rewriter.feed(page.encode()) + rewriter.close()
    assert not reached(left.decode(), ("stats.example",))


@pytest.mark.parametrize(
    "around",
    [
        "<svg><style><title>{}<g></title></style>",
        "<svg><![CDATA[><style><title>{}<g></title></style>]]>",
        "<svg><title>{}<g></title>",
    ],
)
def test_a_document_within_contents_of_two_readings_is_read_once(around: str) -> None:
    """R6, R7: else each level of srcdoc would be read again in every reading of the one around it."""
    page, levels = f'<img src="{TRACKER}">', 6
    for _ in range(levels):
        page = around.format(f'<iframe srcdoc="{escape(page)}"></iframe>')
    with mock.patch.object(pages, "_nested", side_effect=pages._nested) as read:
        rewriter = page_rewriter(RULES, frozenset(), DocumentFacts("https", "site.example", "/", charset="utf-8"))
        left = rewriter.feed(page.encode()) + rewriter.close()
    assert read.call_count == levels
    assert "stats.example" not in left.decode()


@pytest.mark.parametrize("around", ["<svg>", "<svg><g>", "<svg><desc>"])
def test_a_style_deeper_than_is_remembered_is_none_where_it_holds_elements(around: str) -> None:
    """R5, R8: which of its text is its own cannot be told."""
    deep = around * OPEN_ELEMENTS
    inside = "<g>" * OPEN_ELEMENTS + "</g>" * OPEN_ELEMENTS
    for style in (f"p{{background:ur<g>x</g>l({TRACKER})}}</style>", f"p{{background:ur{inside}l({TRACKER})}}"):
        rewriter = page_rewriter(RULES, frozenset(), DocumentFacts("https", "site.example", "/", charset="utf-8"))
        left = rewriter.feed(f"{deep}<style>{style}".encode()) + rewriter.close()
        assert left.decode() == deep + style


def test_an_unended_style_that_holds_more_elements_than_are_remembered_is_none() -> None:
    """R5, R8."""
    text = "@import 'https://www.st" + "<g>" * OPEN_ELEMENTS + "</g>" * OPEN_ELEMENTS + "ats.example/1'"
    rewriter = page_rewriter(RULES, frozenset(), DocumentFacts("https", "site.example", "/", charset="utf-8"))
    left = rewriter.feed(f"<svg><style>{text}".encode()) + rewriter.close()
    assert left.decode() == f"<svg>{text}"


@pytest.mark.parametrize("name", ["style", "script", "title", "noembed"])
def test_a_content_that_nothing_ends_never_takes_the_rest_of_the_document_with_it(name: str) -> None:
    """R5: in svg or math it is markup to the tree builder, which an end tag of HTML leaves in doubt."""
    rest = "<p>read me</p>"
    left = by_every_split(f'<math><mrow></select><{name}/><g style="background:url({TRACKER})">{rest}')
    assert f"<{name}" not in left
    assert left.endswith(rest)
    assert not reached(left, ("stats.example",))
