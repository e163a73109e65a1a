"""What leaves where readings part: laid out once, read again (DESIGN §8, ROBUSTNESS 0.2)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consent_guard.findings import Finding, FindingKind
from consent_guard.limits import REREAD_BYTES
from consent_guard.rewrite import rewriter
from consent_guard.rewrite.encoding.decode import Charset
from consent_guard.rewrite.html.attributes import Edit
from consent_guard.rewrite.splicer import Splicer

from .documents import DOMAINS, FUZZ, kept, once, rewritten, rules
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


def test_what_leaves_is_read_again_as_often_as_it_changes_and_then_the_document_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    """On any doubt nothing goes out."""
    body = f'<p>before</p><svg><style><a title="</style>{FIRST} {SECOND}</svg><p>after</p>'.encode()
    assert b"after" in once(body)
    monkeypatch.setattr(rewriter, "REREADINGS", 0)
    found: list[Finding] = []
    for size in (1 << 20, 1):
        assert once(body, found=found, sizes=size) == b"<p>before</p><svg>"
    assert FindingKind.UNFILTERED in {one.kind for one in found}


@pytest.mark.parametrize("length", [100, REREAD_BYTES, 3 * REREAD_BYTES])
def test_a_passage_is_read_again_from_its_beginning_however_late_something_is_withheld(length: int) -> None:
    plain = "<i>x</i>" * (length // 8)
    markup = f'<svg><style>{plain}<a title="</style>{FIRST} {SECOND}</svg><p>after'
    body = markup.encode()
    out = once(body)
    assert once(body, sizes=997) == out
    assert not reached(out.decode(), DOMAINS)
    assert out.startswith(f"<svg><style>{plain}".encode())
    assert out.endswith(b"<p>after")


def test_a_passage_from_which_nothing_is_withheld_leaves_as_it_came() -> None:
    """R2."""
    body = b"<noscript><img src=/a.png></noscript><svg><style>p{}</style></svg><p>"
    assert kept(body)


def test_where_rereading_differs_all_that_follows_is_read_again() -> None:
    """The second reading ends in an attribute's value, in which what is withheld further on stands."""
    after = "</svg><p>text</p><img src=//c.ads.example/3><b x='\"><img src=//d.ads.example/>'>"
    body = f'<svg><style><a title="</style>{FIRST}{after}'
    assert not reached(rewritten(body), DOMAINS)


def test_no_edit_leaves_in_part_even_where_edits_overlap() -> None:
    splicer = Splicer(lambda origin, judge: None)
    splicer.edits += [Edit(10, 40, b""), Edit(5, 20, b""), Edit(1, 4, b"")]
    assert splicer.whole(30) == 5
    assert splicer.whole(3) == 1
    assert splicer.whole(50) == 50


@pytest.mark.parametrize(
    "head", ['<svg><style>a{b:url("', '<svg><style>@import "', "<svg><script>", "<svg><script type=importmap>"]
)
def test_the_edits_of_one_reading_cost_nothing_while_another_holds_what_they_stand_in(head: str) -> None:
    """R6: a visitor's connection may bring a page in small pieces; none of them may cost a look at every edit that waits."""
    compiled = rules()

    def feed(count: int) -> None:
        once(head.encode() + b"<img src=//a.ads.example/x>" * count, sizes=16, compiled=compiled)

    grows_linearly(feed, 500, longest=6000)


def test_an_edit_that_waits_keeps_its_place_while_what_precedes_it_leaves() -> None:
    splicer = Splicer(lambda origin, judge: None)
    splicer.edits += [Edit(10, 40, b"x")]
    assert splicer.whole(4) == 4
    splicer.shift(4, 50)
    assert splicer.whole(20) == 6
    splicer.shift(6, 46)
    splicer.edits += [Edit(2, 3, b""), Edit(30, 30, b"y")]
    assert splicer.whole(20) == 0
    assert splicer.whole(30) == 30
    assert splicer.leave(b"-" * 31, 31, Charset.known("utf-8")) == b"xy-"


def test_the_second_rewriter_reports_only_what_it_withholds() -> None:
    found: list[Finding] = []
    body = b"<noscript><img src=//a.ads.example/><img src=//unlisted.example/></noscript><p>"
    once(body, found=found, compiled=rules())
    assert sorted((one.subject, one.enforced) for one in found) == [("a.ads.example", True), ("unlisted.example", False)]
