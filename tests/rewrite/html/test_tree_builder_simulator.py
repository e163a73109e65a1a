"""As much of the tree builder as decides how bytes are read: namespaces, integration points, raw text (WHATWG 13.2.6, R8)."""

from __future__ import annotations

import re

import pytest

from consent_guard.limits import OPEN_ELEMENTS
from consent_guard.rewrite.html.grammar import RAW_TEXT
from consent_guard.rewrite.html.tree_builder_simulator import Switch, TreeBuilderSimulator

TAG = re.compile(r"<(/?)([a-z0-9-]+)((?: [a-z]+)?(?: encoding=([^ >]+))?)(/?)>")


def after(markup: str, context: TreeBuilderSimulator | None = None) -> tuple[TreeBuilderSimulator, Switch]:
    """The context after some tags, and how the last start tag's content is read."""
    context = context or TreeBuilderSimulator()
    switch = Switch.NO
    for slash, name, attributes, encoding, closed in TAG.findall(markup):
        if slash:
            context.end(name.encode())
        else:
            switch = context.start(
                name.encode(), closed=bool(closed), font=attributes in (" color", " face", " size"), encoding=encoding or None
            )
    return context, switch


def html(markup: str) -> bool:
    return after(markup)[0].html


def read(markup: str) -> Switch:
    """How the content of the last start tag is read."""
    return after(markup)[1]


@pytest.mark.parametrize(
    "markup",
    [
        "",
        "<p><div><x-y>",
        "<svg></svg>",
        "<svg/>",
        "<svg><g></g></svg>",
        "<svg><p>",
        "<svg><g><path><div>",
        "<svg><font color>",
        "<svg></p>",
        "<svg></br>",
        "<svg><foreignobject>",
        "<svg><desc>",
        "<svg><title>",
        "<math><mi>",
        "<math><mo>",
        "<math><mn>",
        "<math><ms>",
        "<math><mtext>",
        "<math><annotation-xml encoding=text/html>",
        "<math><annotation-xml encoding=application/xhtml+xml>",
        "<svg><desc><p><b>",
        "<svg><foreignobject><svg><desc></desc></svg>",
        "<math><mi><math></math>",
    ],
)
def test_here_content_is_html(markup: str) -> None:
    assert html(markup)


@pytest.mark.parametrize(
    "markup",
    [
        "<svg>",
        "<math>",
        "<svg><g>",
        "<svg><x-y>",
        "<svg><font>",
        "<svg><font class>",
        "<svg><desc></desc>",
        "<svg><desc/>",
        "<svg><title></title>",
        "<svg><foreignobject><svg>",
        "<svg><foreignobject></foreignobject>",
        "<math><mi></mi>",
        "<math><mi><mglyph>",
        "<math><mi><malignmark>",
        "<math><annotation-xml>",
        "<math><annotation-xml encoding=text/plain>",
        "<math><annotation-xml><svg>",
        "<math><desc>",
        "<svg><mi>",
        "<svg><script>",
        "<p><svg><g></g>",
    ],
)
def test_here_content_is_not_certainly_html(markup: str) -> None:
    assert not html(markup)


@pytest.mark.parametrize(
    "name",
    [
        "b",
        "big",
        "blockquote",
        "body",
        "br",
        "center",
        "code",
        "dd",
        "div",
        "dl",
        "dt",
        "em",
        "embed",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "head",
        "hr",
        "i",
        "img",
        "li",
        "listing",
        "menu",
        "meta",
        "nobr",
        "ol",
        "p",
        "pre",
        "ruby",
        "s",
        "small",
        "span",
        "strong",
        "strike",
        "sub",
        "sup",
        "table",
        "tt",
        "u",
        "ul",
        "var",
    ],
)
def test_these_start_tags_break_out_of_svg_and_math(name: str) -> None:
    """13.2.6.5."""
    for outer in ("svg", "math"):
        context, _ = after(f"<{outer}><g><x><{name}>")
        assert context.plain
    context, _ = after(f"<svg><foreignobject><svg><g><{name}>")
    assert context.html
    assert not context.plain


def test_a_break_out_stops_at_the_integration_point() -> None:
    assert not html("<svg><desc><svg><p></p></desc>")
    assert html("<svg><desc><svg><p></desc></svg>") is False  # which end tag closes what depends on more than is known


@pytest.mark.parametrize("name", sorted(RAW_TEXT))
def test_raw_text_elements_of_html_switch_the_tokenizer(name: bytes) -> None:
    tag = name.decode()
    expected = Switch.BOTH if tag == "noscript" else Switch.RAW
    assert read(f"<{tag}>") is expected
    assert read(f"<{tag}/>") is expected
    assert read(f"<svg></svg><{tag}>") is expected
    assert read(f"<svg><desc><{tag}>") is expected


@pytest.mark.parametrize("name", sorted(RAW_TEXT))
def test_the_same_names_in_svg_and_math_are_markup_to_one_parser_and_raw_text_to_the_other(name: bytes) -> None:
    """ROBUSTNESS 0.1, 0.2: the tree builder reads markup there, the preload scanner knows no namespaces."""
    for outer in ("<svg>", "<math>", "<svg><g>", "<svg><foreignobject><math>"):
        assert read(f"{outer}<{name.decode()}>") is Switch.BOTH


@pytest.mark.parametrize("name", sorted(RAW_TEXT - {b"script", b"textarea", b"noscript"}))
def test_in_a_select_parsers_of_different_age_differ(name: bytes) -> None:
    assert read(f"<select><{name.decode()}>") is Switch.BOTH
    assert read(f"<select></select><{name.decode()}>") is Switch.RAW


def test_after_a_frameset_all_raw_text_is_read_both_ways() -> None:
    assert read("<frameset><title>") is Switch.BOTH


def test_an_end_tag_that_may_close_what_is_around_the_svg_leaves_the_namespace_unsure() -> None:
    for markup in (
        "<div><svg></div>",
        "<svg><g></x>",
        "<svg></circle>",
        "<math></mi>",
        "<math></table>",
        "<select><svg>",
        "<frameset><svg>",
    ):
        context, _ = after(markup)
        assert context.unsure, markup
        assert not context.html
        assert context.cdata
        assert after("<title>", context)[1] is Switch.BOTH


def test_a_cdata_section_may_stand_wherever_foreign_content_may_be() -> None:
    for markup in ("<svg>", "<svg><desc>", "<math><mi>", "<svg></x>"):
        assert after(markup)[0].cdata, markup
    for markup in ("", "<p>", "<svg></svg>", "<svg><p>"):
        assert not after(markup)[0].cdata, markup


def test_templates_are_counted_and_never_below_none() -> None:
    context, _ = after("</template><template><template></template>")
    assert len(context.templates) == 1


def test_outside_svg_and_math_nothing_is_remembered() -> None:
    """R4: a million open elements cost nothing."""
    context = TreeBuilderSimulator()
    for _ in range(1000):
        context.start(b"div", closed=False)
        context.start(b"x-y", closed=False)
    assert context.stack == []
    assert context.plain


@pytest.mark.parametrize("name", [b"svg", b"g", b"desc", b"p"])
def test_the_stack_saturates(name: bytes) -> None:
    """R8: past the limit no depth is kept, and every reading is followed."""
    context, _ = after("<svg><desc>" if name == b"p" else "<svg>")
    for _ in range(OPEN_ELEMENTS * 3):
        context.start(name, closed=False)
        context.start(b"desc", closed=False)
    assert len(context.stack) <= OPEN_ELEMENTS
    assert context.unsure
    assert context.start(b"title", closed=False) is Switch.BOTH
    context.start(b"b", closed=False)
    assert context.unsure


def test_a_template_in_a_drawing_is_none_of_html() -> None:
    context, _ = after("<template><svg><template></template></svg>")
    assert len(context.templates) == 1
    assert after("<template><svg><template></svg></template>")[0].templates == []


def test_a_copy_goes_on_by_itself() -> None:
    context, _ = after("<select><svg><desc><template>")
    twin = context.copy()
    assert twin.state() == context.state()
    twin.end(b"template")
    assert twin.state() != context.state()
    assert len(context.templates) == 1


@pytest.mark.parametrize("inside", ["<g>", "<svg>", "<desc>", "<svg/>", "<math>", "<desc/>"])
def test_what_is_opened_in_doubt_is_as_much_in_doubt_as_what_was_open(inside: str) -> None:
    later, _ = after("<svg>" + "</x>" + inside)
    earlier, _ = after("<svg>" + inside + "</x>")
    assert later.state() == earlier.state()


MIXED = "<svg><desc><b></desc></svg>"


@pytest.mark.parametrize("then", ["<p>", "<img>", "<p></p>", "<p><a><li></li>", "<p><script></script>"])
def test_in_doubt_of_more_than_one_element_a_tag_that_breaks_out_makes_what_follows_certain(then: str) -> None:
    assert read(f"{MIXED}<style>") is Switch.BOTH
    assert read(f"{MIXED}{then}<style>") is Switch.RAW
    assert not html(f"{MIXED}{then}")


@pytest.mark.parametrize(
    "then",
    [
        *("<p></a>", "<p></svg>", "<p><script></script></script>", "<p><svg>", "<p><svg></svg>", "<p><math>", "<p><mglyph>"),
        *("<template></template><p>", "<template><p>", "<select><p>", "<frameset><p>", "</p>", "<font color>"),
    ],
)
def test_it_is_certain_until_a_tag_may_lead_back(then: str) -> None:
    """And while no template, select or frameset may ignore it."""
    assert read(f"{MIXED}{then}<style>") is Switch.BOTH
