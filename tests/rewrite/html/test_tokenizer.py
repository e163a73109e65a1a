"""The tokenizer: where lexemes begin and end (WHATWG 13.2.5), whole, cut anywhere, nothing read twice (R1, R6)."""

from __future__ import annotations

import pytest
from html5lib._tokenizer import HTMLTokenizer
from html5lib.constants import tokenTypes
from hypothesis import given
from hypothesis import strategies as st

from consent_guard.limits import HELD_VALUE_BYTES
from consent_guard.rewrite.html.attributes import Attributes
from consent_guard.rewrite.html.charrefs import decode_attribute
from consent_guard.rewrite.html.grammar import RAW_TEXT
from consent_guard.rewrite.html.tokenizer import Kind, Mode, Tokenizer

from ..documents import FUZZ
from ..timing import grows_linearly

MERGED = (Kind.TEXT, Kind.RAW, Kind.COMMENT, Kind.BOGUS, Kind.DOCTYPE, Kind.CDATA)
"""Kinds of which a lexeme may come in several pieces."""


def lexemes(data: bytes, size: int = 1 << 30, *, foreign: bool = False) -> list[tuple[Kind, bytes]]:
    """The lexemes of a document that comes in chunks; raw text is switched to as for HTML content."""
    lexer = Tokenizer()
    lexer.foreign = foreign
    out: list[tuple[Kind, bytes]] = []
    buffer = bytearray()
    at = 0
    chunks = [data[start : start + size] for start in range(0, len(data), size)]
    for number, chunk in enumerate([*chunks, b""]):
        final = number == len(chunks)
        buffer += chunk
        while True:
            fresh = lexer.mode is Mode.DATA
            end = lexer.next(buffer, at, final)
            if lexer.kind is Kind.MORE:
                break
            if lexer.kind in (Kind.CUT, Kind.LONG):
                out.append((lexer.kind, bytes(buffer[at:])))
                return out
            piece = bytes(buffer[at:end])
            if out and lexer.kind is out[-1][0] in MERGED and (not fresh or lexer.kind is Kind.TEXT):
                out[-1] = (lexer.kind, out[-1][1] + piece)
            else:
                out.append((lexer.kind, piece))
            if lexer.kind is Kind.START and lexer.tag is not None and lexer.tag[2].lower() in RAW_TEXT and not foreign:
                lexer.enter(lexer.tag[2].lower())
            at = end
    assert at == len(buffer)
    return out


def read(data: bytes, *, foreign: bool = False) -> list[tuple[str, bytes]]:
    """The lexemes, the same for every chunk size."""
    whole = lexemes(data, foreign=foreign)
    for size in range(1, min(len(data), 8)):
        assert lexemes(data, size, foreign=foreign) == whole, size
    return [(kind.name, text) for kind, text in whole]


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"a<b>c", [("TEXT", b"a"), ("START", b"<b>"), ("TEXT", b"c")]),
        (b"a < b <3 <<i>", [("TEXT", b"a < b <3 <"), ("START", b"<i>")]),
        (b"<a b='>' c=\">\" d=x>y", [("START", b"<a b='>' c=\">\" d=x>"), ("TEXT", b"y")]),
        (b'<p/="><i>', [("START", b'<p/=">'), ("START", b"<i>")]),
        (b'<a ="b>', [("START", b'<a ="b>')]),
        (b"<a b=/>c", [("START", b"<a b=/>"), ("TEXT", b"c")]),
        (b"<a b=>c", [("START", b"<a b=>"), ("TEXT", b"c")]),
        (b"<a b = 'c'd=e>", [("START", b"<a b = 'c'd=e>")]),
        (b"<a\x0bb>", [("START", b"<a\x0bb>")]),
        (b"</a b='>'>c", [("END", b"</a b='>'>"), ("TEXT", b"c")]),
        (b"<1></1>", [("TEXT", b"<1>"), ("BOGUS", b"</1>")]),
        (b"</>x", [("BOGUS", b"</>"), ("TEXT", b"x")]),
        (b"</ p>x", [("BOGUS", b"</ p>"), ("TEXT", b"x")]),
        (b"<?php '>' ?>", [("BOGUS", b"<?php '>"), ("TEXT", b"' ?>")]),
        (b"<!x>y", [("BOGUS", b"<!x>"), ("TEXT", b"y")]),
        (b"<!-->a", [("COMMENT", b"<!-->"), ("TEXT", b"a")]),
        (b"<!--->a", [("COMMENT", b"<!--->"), ("TEXT", b"a")]),
        (b"<!---->a", [("COMMENT", b"<!---->"), ("TEXT", b"a")]),
        (b"<!-- -- > --!>a", [("COMMENT", b"<!-- -- > --!>"), ("TEXT", b"a")]),
        (b"<!--a--!-->b", [("COMMENT", b"<!--a--!-->"), ("TEXT", b"b")]),
        (b"<!--a", [("COMMENT", b"<!--a")]),
        (b"<!-a-->b", [("BOGUS", b"<!-a-->"), ("TEXT", b"b")]),
        (b'<!DocType html "><p>', [("DOCTYPE", b'<!DocType html ">'), ("START", b"<p>")]),
        (b"<!doctyp><p>", [("BOGUS", b"<!doctyp>"), ("START", b"<p>")]),
        (b"<![CDATA[a>b]]>c", [("BOGUS", b"<![CDATA[a>"), ("TEXT", b"b]]>c")]),
        (b"<![if !IE]><p>", [("BOGUS", b"<![if !IE]>"), ("START", b"<p>")]),
        (b"a<", [("TEXT", b"a<")]),
        (b"a</", [("TEXT", b"a</")]),
        (b"a<!", [("TEXT", b"a"), ("BOGUS", b"<!")]),
        (b"a<b", [("TEXT", b"a"), ("CUT", b"<b")]),
        (b"a<b c='", [("TEXT", b"a"), ("CUT", b"<b c='")]),
        (b"a</b ", [("TEXT", b"a"), ("CUT", b"</b ")]),
    ],
)
def test_markup_is_cut_into_lexemes_as_browsers_cut_it(data: bytes, expected: list[tuple[str, bytes]]) -> None:
    assert read(data) == expected


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b"<title>a<b>&</titlex></ title></title >", b"a<b>&</titlex></ title>"),
        (b"<textarea><!--</textarea>", b"<!--"),
        (b"<style>a</STYLE\n>", b"a"),
        (b"<xmp></xm</xmp/>", b"</xm"),
        (b"<noscript><p title='</noscript>", b"<p title='"),
        (b"<script>a</script foo='>'>", b"a"),
        (b"<script><!--</script>", b"<!--"),
        (b"<script><!--<script></script>--></script>", b"<!--<script></script>-->"),
        (b"<script><!--<script --></script>", b"<!--<script -->"),
        (b"<script><!--<scriptx></script>", b"<!--<scriptx>"),
        (b"<script><!--><script></script>", b"<!--><script>"),
        (b"<script><!---><script></script>", b"<!---><script>"),
        (b"<script><!--<script></script><script></script>x--></script>", b"<!--<script></script><script></script>x-->"),
        (b"<script><!-- <script/>-- ></scripts></script ></script>", b"<!-- <script/>-- ></scripts></script >"),
        (b"<script><script></script>", b"<script>"),
    ],
)
def test_raw_text_ends_where_it_ends_in_browsers(data: bytes, text: bytes) -> None:
    """13.2.5.2 to 13.2.5.31, script's escaped states included."""
    found = read(data)
    assert found[1] == ("RAW", text)
    assert found[2][0] == "END"


@pytest.mark.parametrize(
    "data",
    [
        b"<plaintext></plaintext><p>",
        b"<script><!--<script></script>",
        b"<title></titl",
        b"<style>a",
        b"<script><!--<script>--",
        b"<xmp><",
    ],
)
def test_raw_text_without_its_end_tag_goes_on_to_the_end(data: bytes) -> None:
    assert [kind for kind, _ in read(data)] == ["START", "RAW"]


def test_a_cdata_section_is_one_only_where_the_tree_builder_allows_it() -> None:
    assert read(b"<![CDATA[a>b]]]>c<i>", foreign=True) == [("CDATA", b"<![CDATA[a>b]]]>"), ("TEXT", b"c"), ("START", b"<i>")]
    assert read(b"<![CDATA[a]]", foreign=True) == [("CDATA", b"<![CDATA[a]]")]
    assert read(b"<![cdata[a>", foreign=True) == [("BOGUS", b"<![cdata[a>")]


@pytest.mark.parametrize("size", [1 << 16, 1 << 30])
def test_a_tag_past_the_limit_is_told_as_long_however_it_comes(size: int) -> None:
    """R4, R5."""
    data = b"<a b='" + b"x" * HELD_VALUE_BYTES + b"'>"
    assert [kind for kind, _ in lexemes(data, size)] == [Kind.LONG]
    assert [kind for kind, _ in lexemes(data[:-2], size)] == [Kind.LONG]
    short = b"<a b='" + b"x" * (HELD_VALUE_BYTES - 8) + b"'>"
    assert len(short) == HELD_VALUE_BYTES
    assert [kind for kind, _ in lexemes(short, size)] == [Kind.START]


def test_a_copy_goes_on_by_itself() -> None:
    lexer = Tokenizer()
    lexer.enter(b"script")
    lexer.next(b"<!--<script>", 0, False)
    twin = lexer.copy()
    assert twin.state() == lexer.state()
    assert lexer.next(b"--></script>", 0, False) == 3
    assert lexer.mode is Mode.DATA
    assert twin.mode is Mode.SCRIPT
    assert twin.state() != lexer.state()


# -- beside somebody else's tokenizer ---------------------------------------------------------------------------------------

SOUP = st.lists(
    st.sampled_from(
        [
            *(b"<", b">", b"/", b"!", b"-", b"--", b"=", b"'", b'"', b" ", b"\n", b"a", b"b", b"P", b"&lt", b"&amp;", b"?"),
            *(b"x=y", b"<a ", b"<!--", b"-->", b"--!>", b"</", b"<script", b"</script", b"<title>", b"</title>", b"<style>"),
            *(b"</style", b"<plaintext>", b"<!doctype html", b"<![CDATA[", b"]]>", b"<img src=x>", b"</p>", b"\x0b", b"\f"),
            *(b"<textarea>", b"</textarea>"),
        ]
    ),
    max_size=24,
).map(b"".join)


def start_tags(data: bytes) -> list[tuple[str, dict[str, str]]]:
    """What the package's lexer and attributes make of a document's start tags."""
    lexer = Tokenizer()
    out = []
    at = 0
    while True:
        end = lexer.next(data, at, True)
        if lexer.kind in (Kind.MORE, Kind.CUT):
            return out
        if lexer.kind is Kind.START and lexer.tag is not None:
            tag, name = lexer.tag[0], lexer.tag[2].lower()
            attributes = Attributes(tag, tag, 1 + len(lexer.tag[2]), lambda raw: raw.decode("latin-1"))
            values = {one.name.decode("latin-1"): attributes.value(one) for one in attributes.effective()}
            out.append((name.decode("latin-1"), values))
            if name in RAW_TEXT and name != b"noscript":
                lexer.enter(name)
        at = end


def reference_tags(data: bytes) -> list[tuple[str, dict[str, str]]]:
    """What html5lib's tokenizer makes of them."""
    tokenizer = HTMLTokenizer(data.decode("latin-1"))
    states = {
        **dict.fromkeys(("title", "textarea"), tokenizer.rcdataState),
        **dict.fromkeys(("style", "xmp", "iframe", "noembed", "noframes"), tokenizer.rawtextState),
        "script": tokenizer.scriptDataState,
        "plaintext": tokenizer.plaintextState,
    }
    out = []
    for token in tokenizer:
        if token["type"] == tokenTypes["StartTag"]:
            out.append((token["name"], dict(token["data"])))
            tokenizer.state = states.get(token["name"], tokenizer.state)
    return out


@FUZZ
@given(SOUP)
def test_any_soup_holds_the_start_tags_that_another_tokenizer_finds(data: bytes) -> None:
    assert start_tags(data) == [
        (name, {key: decode_attribute(value) if "&" in value else value for key, value in values.items()})
        for name, values in reference_tags(data)
    ]


@FUZZ
@given(SOUP, st.integers(1, 9))
def test_any_soup_is_cut_the_same_however_it_comes(data: bytes, size: int) -> None:
    assert lexemes(data, size) == lexemes(data)


# -- time -------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("head", "unit"),
    [
        (b"<a b='", b"x"),
        (b"<a b=", b"x"),
        (b"<a ", b"b=c "),
        (b"<a ", b"b "),
        (b"<a ", b" "),
        (b"<a ", b"/"),
        (b"<", b"a"),
        (b"<!--", b"-"),
        (b"<!--", b"--!"),
        (b"<!", b"x"),
        (b"<!doctype ", b"'"),
        (b"<script>", b"<"),
        (b"<script><!--", b"-"),
        (b"<script><!--", b"<script "),
        (b"<title>", b"</titl"),
        (b"", b"<"),
        (b"", b"</"),
        (b"", b"&"),
    ],
)
def test_an_unfinished_construct_is_read_once_in_however_many_pieces_it_comes(head: bytes, unit: bytes) -> None:
    """R6: a scan goes on where it stopped. Reading a held ``<`` again with every piece would be quadratic."""

    def feed(size: int) -> None:
        lexer = Tokenizer()
        data = head + unit * (size // len(unit))
        buffer = bytearray()
        at = 0
        for place in range(0, len(data), 64):
            buffer += data[place : place + 64]
            while (end := lexer.next(buffer, at, False)) > at:
                if lexer.kind is Kind.START and lexer.tag is not None and lexer.tag[2] in RAW_TEXT:
                    lexer.enter(lexer.tag[2])
                at = end
            if at > 64:
                del buffer[:at]
                at = 0

    grows_linearly(feed, HELD_VALUE_BYTES // 64, longest=HELD_VALUE_BYTES - 64)
