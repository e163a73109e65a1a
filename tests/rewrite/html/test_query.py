"""One reading of a document for those who look something up in it."""

from __future__ import annotations

import random
import time

import pytest

from consent_guard.rewrite.html.query import Tag, read_tokens


def told(page: bytes, label: str | None = None) -> list[str]:
    """The tags as names, ends with a slash, and the texts in quotes."""
    return [repr(one) if isinstance(one, str) else "/" * one.closing + one.name for one in read_tokens(page, label)]


@pytest.mark.parametrize(
    ("page", "tokens"),
    [
        (b"<P>a < b &lt;<br/>", ["p", "'a < b <'", "br"]),
        (b"<!doctype html><!-- <a> --><![foo]><![CDATA[<b>]]><?x <i>?>", ["']]>'", "'?>'"]),
        (b"<script>'<a>'</script><style><b></style>", ["script", "\"'<a>'\"", "/script", "style", "'<b>'", "/style"]),
        (b"<title>&amp;<b></title><xmp>&amp;</xmp>", ["title", "'&<b>'", "/title", "xmp", "'&amp;'", "/xmp"]),
        (b"<noscript><a></noscript>", ["noscript", "a", "/noscript"]),
        (b"<svg><title/><style><a></style><![CDATA[<b>]]></svg><title><i>", None),
        (b"<a b='>'><c d", ["a"]),
        (b"<a b=" + b"x" * 3_000_000 + b"><i>", ["a", "i"]),
        (b"</><a></a x>", ["a", "/a"]),
    ],
)
def test_tags_and_texts_come_as_the_tokenizer_of_browsers_reads_them(page: bytes, tokens: list[str] | None) -> None:
    """WHATWG 13.2.5."""
    if tokens is None:
        tokens = ["svg", "title", "style", "a", "/style", "'<b>'", "/svg", "title", "'<i>'"]
    assert told(page) == tokens


def test_the_first_of_two_attributes_counts_and_references_are_decoded() -> None:
    (tag,) = read_tokens(b"<a HREF='x&amp;y' href=z data-cg>")
    assert isinstance(tag, Tag)
    assert tag.attributes == {"href": "x&y", "data-cg": ""}


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16le", "shift_jis", "utf-8-sig"])
def test_a_document_is_read_in_its_own_encoding(encoding: str) -> None:
    page = '<a title="表" href="/ソ"><b>'.encode(encoding)
    first, second = read_tokens(page, None if encoding == "utf-8-sig" else encoding)
    assert isinstance(first, Tag)
    assert isinstance(second, Tag)
    assert first.attributes == {"title": "表", "href": "/ソ"}
    assert second.name == "b"


@pytest.mark.parametrize("seed", range(20))
def test_nothing_makes_it_raise(seed: int) -> None:
    pieces = [b"<a href=", b"'", b'"', b">", b"<", b"/", b"<!--", b"-->", b"<![CDATA[", b"<![if", b"]]>", b"<svg>", b"<style>"]
    pieces += [
        b"</svg>",
        b"<select>",
        b"<template>",
        b"\x1b$B",
        b"\x00",
        b"\xff",
        b"&#x110000;",
        b"<math><mi>",
        b"<mglyph>",
        b"x",
    ]
    page = b"".join(random.Random(seed).choices(pieces, k=400))
    for token in read_tokens(page):
        assert isinstance(token, str) or token.attributes is not None


@pytest.mark.parametrize(
    "piece", [b"<a href=", b"<", b"<a b='", b"<svg><title>", b"<!--", b"</", b"&", b"<script><!--", b"<p/", b"<![", b"<p =b"]
)
def test_a_hostile_page_takes_linear_time(piece: bytes) -> None:
    """R6"""
    started = time.process_time()
    for token in read_tokens(piece * (200_000 // len(piece))):
        assert isinstance(token, str) or not token.attributes
    assert time.process_time() - started < 4
