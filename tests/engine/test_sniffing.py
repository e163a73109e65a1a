"""Bodies without a usable Content-Type (WHATWG MIME Sniffing §7.1; N11)."""

from __future__ import annotations

import pytest

from consent_guard.engine.sniffing import Sniffed, sniff


@pytest.mark.parametrize(
    "body",
    [
        b"<!DOCTYPE html><html>",
        b"<!doctype HTML>",
        b" \t\r\n\x0c<html>",
        b"<SCRIPT src=x>",
        b"<a href=x>",
        b"<b>",
        b"<p>",
        b"<!-- x -->",
        b"<h1>x",
        b"<br>",
        b"<body/onload=x>",
        b"<img src=//x>",
        b"<META name=x>",
        b"<link rel=x>",
        b"<base href=x>",
        b"<form>",
        b"<center>",
        b"<frameset>",
        b"<h6>",
    ],
)
def test_what_a_browser_sniffs_as_html_is_html(body: bytes) -> None:
    assert sniff(body) is Sniffed.HTML


@pytest.mark.parametrize(
    "name",
    [
        # WHATWG MIME Sniffing §7.1
        *("html", "head", "script", "iframe", "h1", "div", "font", "table", "a", "style", "title", "b", "body", "br", "p"),
        # what Firefox knows beside it
        *("frameset", "img", "link", "base", "applet", "meta", "center", "form", "isindex", "h2", "h3", "h4", "h5", "h6"),
    ],
)
def test_each_tag_by_which_a_browser_knows_html_makes_it_html(name: str) -> None:
    for body in (f"<{name}>", f" <{name.upper()} x>"):
        assert sniff(body.encode()) is Sniffed.HTML
    assert sniff(f"< {name}>".encode()) is Sniffed.OTHER
    assert sniff(f"x<{name}>".encode()) is Sniffed.OTHER


@pytest.mark.parametrize(
    "body",
    [
        b"plain text",
        b'{"a": "<html>"}',
        b"<!DOCTYPE svg>",
        b"\xef\xbb\xbf<html>",
        b"\xff\xfe<\x00h\x00t\x00m\x00l\x00>\x00",
        b"%PDF-1.7",
        b"<custom-element>",
        b"\x89PNG\r\n",
    ],
)
def test_what_no_browser_sniffs_as_markup_is_let_go(body: bytes) -> None:
    assert sniff(body) is Sniffed.OTHER


def test_an_xml_declaration_makes_it_xml() -> None:
    assert sniff(b'\n<?xml version="1.0"?><svg/>') is Sniffed.XML


@pytest.mark.parametrize("document", [b"  <!doctype html><p>", b"<?xml version='1.0'?>", b"text", b"<tidbit>"])
def test_every_split_of_the_beginning_leads_to_the_same_answer(document: bytes) -> None:
    """R1: undecided until the answer is certain, then the answer of the whole."""
    whole = sniff(document, final=True)
    for end in range(len(document) + 1):
        assert sniff(document[:end]) in (Sniffed.UNDECIDED, whole)
    assert sniff(document) is whole


def test_nothing_is_held_once_no_mark_can_fit() -> None:
    assert sniff(b"x") is Sniffed.OTHER
    assert sniff(b"<x") is Sniffed.OTHER
    assert sniff(b"<!d") is Sniffed.UNDECIDED


def test_blanks_are_held_no_further_than_a_browser_looks() -> None:
    assert sniff(b" " * 1444) is Sniffed.UNDECIDED
    assert sniff(b" " * 1445) is Sniffed.OTHER


def test_an_empty_body_is_nothing() -> None:
    assert sniff(b"", final=True) is Sniffed.OTHER
