"""What is withheld in one reading makes nothing live in another (DESIGN §8, ROBUSTNESS 0.2)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consent_guard.findings import Finding
from consent_guard.limits import AMBIGUOUS_BYTES, OPEN_ELEMENTS

from .documents import DOMAINS, FUZZ, SERVICES, kept, once, rewritten, rules
from .live import reached
from .timing import grows_linearly

FIRST = '<img src=https://a.ads.example/1 width=1 ">'
SECOND = "<b x='\"><img src=https://b.ads.example/2>'>"
"""Text in an attribute's value, unless the quote in ``FIRST`` goes."""


@pytest.mark.parametrize(
    "markup",
    [
        f'<svg><style><a title="</style>{FIRST} {SECOND}</svg>',
        f'<svg><title><a title="</title>{FIRST} {SECOND}</svg>',
        f'<svg><![CDATA[><a title="]]><g>{FIRST} {SECOND}</svg>',
        f'<noscript><a title="</noscript>{FIRST} {SECOND}',
        f'<select><style><a title="</style>{FIRST} {SECOND}</select>',
        f'<frameset><title><a title="</title>{FIRST} {SECOND}',
        '<svg><style><a title="</style><iframe src=https://a.video.example/ "></iframe> ' + SECOND + "</svg>",
        '<svg><style><a title=\'</style><p style="background:url(//a.ads.example);x:\'"><b x="\'><img src=//b.ads.example/>">',
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16le", "shift_jis"])
def test_what_is_withheld_in_one_reading_makes_nothing_live_in_another(markup: str, encoding: str) -> None:
    """R3: taking a tag out takes its quotes out, and they belonged to the other reading too."""
    whole = "<!doctype html><p>é</p>" if encoding != "shift_jis" else "<!doctype html><p>表ソ</p>"
    body = (whole + markup).encode(encoding)
    rewritten(body, charset=encoding)
    out = once(body, charset=encoding).decode(encoding)
    assert not reached(out, DOMAINS)
    assert out.startswith(whole)


IMAGE = "<img src=//px.stats.example/a>"
STYLE = f"<style>{IMAGE}</style>"


@pytest.mark.parametrize(
    "markup",
    [
        f"<svg><foreignObject><div></foreignObject><b></b></div></foreignObject>{STYLE}",
        f"<svg><desc><p></desc><b></b></p></desc>{STYLE}",
        f"<math><mi><div></mi><b></b></div></mi>{STYLE}",
        f"<math><annotation-xml encoding=text/html><div></annotation-xml><b></b></div></annotation-xml>{STYLE}",
        f"<svg><foreignObject><table></foreignObject><b></b></table></foreignObject>{STYLE}",
        "<svg>" + "<g>" * (OPEN_ELEMENTS - 1) + f"<foreignObject><b></b></foreignObject>{STYLE}",
        f"<div><svg></div><template><col><b><style></template>{IMAGE}</style>",
        f"<div><svg></div><template><col><style></template>{IMAGE}</style>",
        f"<div><svg></div><select><b><style></select>{IMAGE}</style>",
        "<div><svg></div><frameset><b><style><frame src=//px.stats.example/a></style>",
        f"<g><svg></g><template><col></svg><style></template>{IMAGE}</style>",
        "<g><svg></g><frameset></svg><style><frame src=//px.stats.example/a></style>",
        f"<template><col><svg><template></template></svg><b><style></template>{IMAGE}</style>",
        f"<template><col><svg><template></template></svg><style></template>{IMAGE}</style>",
        f"<template><col><template><svg><template></template></svg></template><style></template>{IMAGE}</style>",
    ],
)
@pytest.mark.parametrize("before", ["", "<!doctype html><body>"])
def test_an_end_tag_in_a_drawing_makes_nobody_sure_of_html(before: str, markup: str) -> None:
    """R8: which element it closes depends on what is open around the svg or math, and what is open in it."""
    assert "stats.example" not in rewritten(before + markup)
    assert kept(before + markup, allowed=SERVICES)


LOST = "<svg><a><desc><p></desc></a></svg></p>"
"""A tree builder is in the desc still: the end tags before the last stand within an HTML element, and are ignored."""
LOST_MATH = "<math><mi><p></mi></math></p>"
PROGRAM = "<script>el.innerHTML='<svg><g>'+x</script>"


@pytest.mark.parametrize(
    "markup",
    [
        f"{LOST}</desc>{STYLE}",
        f"{LOST}<br></desc>{STYLE}",
        f"{LOST}<br></a>{STYLE}",
        f"{LOST}<p><svg>{STYLE}",
        f"{LOST_MATH}<br><mglyph>{STYLE}",
        f"{LOST}</desc><style><desc><p></style></p><br></style>{STYLE}",
        f"{LOST}</desc><script><desc><p></script></p><br><script src=//px.stats.example/b></script></script>{STYLE}",
        f"{LOST}</desc><script><desc><p></script></p><br><script>'//px.stats.example/b'</script></script>{STYLE}",
        f"{LOST}<template><col><p><style></template>{IMAGE}</style>",
        f"{LOST}<select><p><style></select>{IMAGE}</style>",
        f"{LOST}</desc><template><desc><template><col><p><style></template>{IMAGE}</style>",
        "<template><col><template><svg><template><desc><p></desc></svg></p></template></template>"
        f"<p><style></template>{IMAGE}</style>",
        f"{LOST}</desc><frameset><desc><p>{STYLE}",
    ],
)
@pytest.mark.parametrize("before", ["", "<!doctype html><body>"])
def test_a_tag_that_leads_to_html_in_doubt_makes_nobody_sure_of_what_the_next_leads_to(before: str, markup: str) -> None:
    """R1, R8."""
    out = rewritten(before + markup)
    assert not reached(out, DOMAINS)
    assert IMAGE not in out or f"<b></b>{STYLE}" in out
    assert kept(before + markup, allowed=SERVICES)


@pytest.mark.parametrize(
    "sloppy", ["<svg><desc>y<b>z</desc></svg>", "<svg><g><svg></x></svg></svg>", "<math><mi><i>x</mi></math>"]
)
@pytest.mark.parametrize(
    "after",
    [
        f"<p>text</p>{PROGRAM}",
        f"<p>text<img src=/a.png>{PROGRAM}{PROGRAM}",
        "<div><style>/*<b>*/</style><textarea><p></textarea></div><title><svg></title>",
    ],
)
def test_a_sloppy_drawing_costs_no_later_script_its_start_tag(sloppy: str, after: str) -> None:
    """R2: what breaks out of every svg and math leads to HTML content, whichever are open."""
    assert kept(sloppy + after)
    assert rewritten(f"{sloppy}</a>{PROGRAM}") == f"{sloppy}</a><b></b>{PROGRAM}"


@pytest.mark.parametrize("inside", ["<template></template>", "<frameset>", "</svg><frameset>"])
def test_a_script_in_more_doubt_than_a_tag_ends_shows_nobody_its_text(inside: str) -> None:
    """R2: where a template or a frameset that may be one of HTML may ignore every tag."""
    around = f"<svg><desc><b></desc>{inside}</svg><p>"
    assert rewritten(f"{around}{PROGRAM}</p>") == f"{around}</p>"


def test_a_withheld_tag_that_broke_out_of_what_may_be_open_leaves_one_that_does() -> None:
    """R2, R3."""
    image = "<img width=1 src=//px.stats.example/a>"
    assert rewritten(f"{LOST}{image}{STYLE}") == f"{LOST}<b></b>{STYLE}"


@pytest.mark.parametrize(
    "markup",
    [
        f"<g><svg></g></svg>{STYLE}",
        f"<svg></circle><g></g></path></svg>{STYLE}",
        f"<math></mi></math>{STYLE}",
        f"<p><svg><path></path></path></svg><title>{IMAGE}</title>",
    ],
)
def test_after_the_end_of_a_drawing_with_a_stray_end_tag_it_is_html_again(markup: str) -> None:
    """R2: whether the svg was still open or not."""
    assert kept(markup)


@pytest.mark.parametrize("around", ["<svg>{}</svg>", "<math><mi>{}</mi></math>", "<p><svg><g>{}"])
def test_a_cdata_section_that_goes_opens_no_tag_with_what_stands_around_it(around: str) -> None:
    """R3: the product makes nothing live that was not."""
    out = rewritten(around.format(f"<<![CDATA[>{IMAGE}]]>image href=//px.stats.example/b>"))
    assert not reached(out, DOMAINS)
    assert "<image" not in out


@pytest.mark.parametrize(
    "first",
    [
        "<img width=1 src=//px.stats.example/a>",
        "<embed src=//px.stats.example/a>",
        "<iframe src=//px.stats.example/a></iframe>",
    ],
)
@pytest.mark.parametrize("around", ["<template>{}", "<template><template>{}", "<svg><desc><template>{}"])
def test_a_template_is_read_as_what_is_left_of_it_begins(around: str, first: str) -> None:
    """R3: one that begins with a column ignores every other element, and reads the text of a style as markup."""
    out = rewritten(around.format(first) + f"<col><style></template>{IMAGE}</style>")
    assert "stats.example" not in out
    assert out.startswith(around.format("<col>"))
    assert rewritten(around.format(first) + f"<p><style></template>{IMAGE}</style>") == around.format(
        f"<p><style></template>{IMAGE}</style>"
    )


def test_the_end_of_a_template_in_a_drawing_ends_none_of_html() -> None:
    """A base element within a template is none (WHATWG 4.2.3)."""
    drawing = '<template><p><svg><template></template></svg></p><base href="/"></template>'
    image = '<base href="https://www.shared.example/"><img alt=x src="captcha/a.gif">'
    assert "captcha" not in rewritten(drawing + image)


PIECES = [
    *('"', "'", " ", ">", "<b x='", '<a title="', "</style>", "<style>", "</title>", "<title>", "<noscript>", "</noscript>"),
    *("<svg>", "</svg>", "<![CDATA[", "]]>", "<select>", "</select>", "<!--", "-->", "<img src=//a.ads.example/1>"),
    *('<img src=//a.ads.example/2 width=1 ">', "<img src=//a.ads.example/3 width=1 '>", "<iframe src='//a.video.example/4'>"),
    *(
        '<p style="background:url(//a.ads.example/5)">',
        "<script src=//a.ads.example/6></script>",
        '<p title=//a.ads.example/7">',
    ),
]


@FUZZ
@given(st.lists(st.sampled_from(PIECES), max_size=16).map("".join))
def test_no_mixture_of_quotes_and_readings_makes_anything_live(markup: str) -> None:
    """R1, R3."""
    out = rewritten(markup)
    assert not reached(out, DOMAINS)


@pytest.mark.parametrize("length", [100, AMBIGUOUS_BYTES, 3 * AMBIGUOUS_BYTES])
def test_an_ambiguous_content_is_settled_however_long_it_is(length: int) -> None:
    plain = "<i>x</i>" * (length // 8)
    markup = f'<svg><style>{plain}<a title="</style>{FIRST} {SECOND}</svg><p>after'
    body = markup.encode()
    out = once(body)
    assert once(body, sizes=997) == out
    assert not reached(out.decode(), DOMAINS)
    assert out.startswith(f"<svg>{plain}".encode())
    assert out.endswith(b"<p>after")


def test_an_ambiguous_content_from_which_nothing_is_withheld_leaves_as_it_came() -> None:
    """R2."""
    body = b"<noscript><img src=/a.png></noscript><svg><style>p{}</style></svg><p>"
    assert kept(body)


def test_where_the_readings_differ_all_that_follows_is_read_alike() -> None:
    """The second reading ends in an attribute's value, in which what is withheld further on stands."""
    after = "</svg><p>text</p><img src=//c.ads.example/3><b x='\"><img src=//d.ads.example/>'>"
    body = f'<svg><style><a title="</style>{FIRST}{after}'
    assert not reached(rewritten(body), DOMAINS)


@pytest.mark.parametrize(
    "head", ['<svg><style>a{b:url("', '<svg><style>@import "', "<svg><script>", "<svg><script type=importmap>"]
)
def test_what_is_held_is_not_read_again_with_every_piece(head: str) -> None:
    """R6: a visitor's connection may bring a page in small pieces; none of them may cost a look at every edit that waits."""
    compiled = rules()

    def feed(count: int) -> None:
        once(head.encode() + b"<img src=//a.ads.example/x>" * count, sizes=16, compiled=compiled)

    grows_linearly(feed, 500, longest=6000)


def test_of_a_noscript_all_is_told_once() -> None:
    found: list[Finding] = []
    body = b"<noscript><img src=//a.ads.example/><img src=//unlisted.example/></noscript><p>"
    once(body, found=found, compiled=rules())
    assert sorted((one.subject, one.enforced) for one in found) == [("a.ads.example", True), ("unlisted.example", False)]
