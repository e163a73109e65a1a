"""The attributes of one tag: which count, and how one goes without a trace in the others (R10)."""

from __future__ import annotations

import pytest
from html5lib._tokenizer import HTMLTokenizer
from html5lib.constants import tokenTypes
from hypothesis import assume, given
from hypothesis import strategies as st

from consent_guard.rewrite.html.attributes import Attributes, ascii_attribute
from consent_guard.rewrite.html.grammar import TAG
from consent_guard.rewrite.model import Edit

from ..documents import FUZZ


def attributes(tag: bytes) -> Attributes:
    found = TAG.match(tag)
    assert found is not None
    return Attributes(tag, tag, found.end(2), lambda raw: raw.decode("utf-8", "replace"))


def edited(tag: bytes, edits: list[Edit]) -> bytes:
    out = tag
    for edit in sorted(edits, reverse=True):
        out = out[: edit.start] + edit.text + out[edit.end :]
    return out


def without(tag: bytes, name: bytes) -> bytes:
    found = attributes(tag)
    return edited(tag, found.removal(name)) if name in found else tag


def reference(tag: bytes) -> tuple[str, list[tuple[str, str]], bool]:
    """What another tokenizer makes of a tag that is alone in its document: name, attributes, self-closing."""
    (token,) = [one for one in HTMLTokenizer(tag.decode("latin-1")) if one["type"] != tokenTypes["ParseError"]]
    assert token["type"] == tokenTypes["StartTag"]
    return token["name"], list(token["data"].items()), token["selfClosing"]


# -- reading ----------------------------------------------------------------------------------------------------------------


def test_the_first_of_several_attributes_of_one_name_counts() -> None:
    """WHATWG 13.2.5.33."""
    tag = attributes(b"<img src=a SRC=b sRc=c alt>")
    assert tag.text(b"src") == "a"
    assert tag.text(b"alt") == ""
    assert tag.text(b"title") is None
    assert b"alt" in tag
    assert b"title" not in tag
    assert [one.name for one in tag.effective()] == [b"src", b"alt"]


@pytest.mark.parametrize(
    ("tag", "value"),
    [
        (b"<a b=c>", "c"),
        (b"<a b = 'c d'>", "c d"),
        (b'<a b\n=\t"c\'d">', "c'd"),
        (b"<a b=c/>", "c/"),
        (b"<a b='c'/>", "c"),
        (b"<a b=>", ""),
        (b"<a b= >", ""),
        (b"<a b=''>", ""),
        (b"<a b=c\"d'e=f>", "c\"d'e=f"),
        (b"<a b=&lt;&amp;lt>", "<&lt"),
        (b"<a b=&copy=1>", "&copy=1"),
        (b"<a/b=c>", "c"),
        (b"<a x=y/b=c b=d>", "d"),
        (b'<a x="y"b=d>', "d"),
        (b"<a =b=c b=d>", "d"),
        (b"<a b=\xc3\xa9>", "é"),
    ],
)
def test_a_value_is_read_as_browsers_read_it(tag: bytes, value: str) -> None:
    assert attributes(tag).text(b"b") == value


def test_values_are_read_from_the_documents_own_bytes_where_the_shape_is_masked() -> None:
    raw = b"<a b='\x95\\'>"
    tag = Attributes(raw, b"<a b='\x95\xdc'>", 2, lambda one: one.decode("cp932"))
    assert tag.text(b"b") == "表"


# -- removal ----------------------------------------------------------------------------------------------------------------


def test_removing_an_attribute_removes_those_behind_it_that_would_come_to_count() -> None:
    assert without(b"<img src=a alt=x SRC=b src = 'c'>", b"src") == b"<img  alt=x  >"


def test_what_follows_a_removed_attribute_does_not_become_the_value_of_what_precedes_it() -> None:
    assert reference(without(b"<a b src=x =c>", b"src"))[1] == [("b", ""), ("data-cg", ""), ("=c", "")]


NAMES = st.sampled_from([b"src", b"SRC", b"alt", b"b", b"=", b"=src", b'"', b"'src", b"src'", b"\x00", b"a:b", b"<img"])
VALUES = st.sampled_from(
    [
        b"",
        b"=",
        b"=x",
        b"='x'",
        b'="x"',
        b"=/x/",
        b"=x/",
        b'="a>b"',
        b" = 'y'",
        b'\n=\n"z"',
        b"=x'y",
        b"='",
        b"=&amp;",
        b'="\'"',
    ]
)
GAPS = st.sampled_from([b"", b" ", b"\n", b"/", b" / ", b"//", b" =", b"\t"])
TAGS = st.builds(
    lambda name, parts, end: b"<" + name + b"".join(gap + one + value for gap, one, value in parts) + end,
    st.sampled_from([b"img ", b"p/", b"x-y\n"]),
    st.lists(st.tuples(GAPS, NAMES, VALUES), max_size=6),
    st.sampled_from([b">", b" >", b"/>", b" />"]),
)


def whole(tag: bytes) -> bool:
    found = TAG.match(tag)
    return found is not None and found.end() == len(tag)


@FUZZ
@given(TAGS)
def test_removal_leaves_every_other_attribute_and_the_tags_end_as_they_were(tag: bytes) -> None:
    assume(whole(tag))
    name, before, closed = reference(tag)
    out = without(tag, b"src")
    after_name, after, after_closed = reference(out)
    assert (after_name, after_closed) == (name, closed), (tag, out)
    assert [one for one in after if one[0] != "data-cg"] == [one for one in before if one[0] != "src"], (tag, out)
    if b"src" not in attributes(tag):
        assert out == tag


@FUZZ
@given(TAGS, st.text("abé\"'&<>= \r\n\U0001f600", max_size=6))
def test_replacement_gives_the_one_attribute_its_text_and_leaves_all_others(tag: bytes, text: str) -> None:
    assume(whole(tag) and b"src" in attributes(tag))
    name, before, closed = reference(tag)
    out = edited(tag, [attributes(tag).slot(b"src").filled(text)])
    after_name, after, after_closed = reference(out)
    assert (after_name, after_closed) == (name, closed), (tag, out)
    assert [(key, text if key == "src" else value) for key, value in before] == after, (tag, out)


def test_a_written_value_is_ascii_in_quotes_and_means_what_it_should() -> None:
    for text in ("a\"b'c&d<e>", "é\U0001f600", "\r\n\t", "&amp;"):
        written = ascii_attribute(text)
        assert written.isascii()
        assert reference(b'<a b="' + written + b'">')[1] == [("b", text)]
