"""Contents that come again, in one page or in the next, come out as they did (DESIGN §8)."""

from __future__ import annotations

import html

import pytest

from consent_guard.findings import Finding

from .documents import Parts, fresh, once

NOSCRIPT = b"<noscript><iframe src='https://www.video.example/v' title=a></iframe><img src=https://px.ads.example/></noscript>"
DRAWING = b"<svg><use href='https://px.ads.example/#a'/><path d='M0'/></svg>"
TITLED = b"<svg><title>a</title><use href='https://icons.other.example/#a'/></svg>"
UNLISTED = b"<svg><use href='https://icons.other.example/#a'></use></svg>"
SHEET = b"<style>a{background:url(https://px.ads.example/a)}b{background:url(https://other.example/b)}</style>"
CONTENTS = (NOSCRIPT, DRAWING, TITLED, UNLISTED, SHEET)


@pytest.mark.parametrize("content", CONTENTS)
def test_a_content_that_comes_again_comes_out_the_same_and_is_told_again(content: bytes) -> None:
    compiled = fresh()
    page = b"<!doctype html><p>a" + content + b"<p>b"
    found: list[Finding] = []
    first = once(page, compiled=compiled, found=found)
    again: list[Finding] = []
    assert once(b"<p>elsewhere" + page, compiled=compiled, found=again) == b"<p>elsewhere" + first
    assert again == found
    assert found


def test_a_placeholder_that_stands_in_again_is_that_of_the_request() -> None:
    """Each has its own words and its own form."""

    class French(Parts):
        def placeholder(self, embed: object, lang: str | None) -> bytes:
            return b"[l'emplacement]"

    compiled = fresh()
    assert b"[l'emplacement]" in once(NOSCRIPT, compiled=compiled, parts=French())
    again = once(NOSCRIPT, compiled=compiled, parts=Parts())
    assert b"[l'emplacement]" not in again
    assert again == once(NOSCRIPT, compiled=fresh(), parts=Parts())


@pytest.mark.parametrize(
    "content",
    [
        b"<noscript><base href=https://px.ads.example/></noscript>",
        b"<svg><foreignObject><base href=https://px.ads.example/></foreignObject></svg>",
        b"<noscript><html lang=fr></noscript>",
        b"<svg><svg></svg>",
        b"<svg><foreignObject><template></foreignObject></svg>",
        b"<noscript><!--</noscript>-->",
        b"<noscript><template></noscript>",
        b"<svg><title><img src=https://px.ads.example/></title></svg>",
        b"<noscript><img src=https://px.ads.example/><!-- </noscript> -->",
    ],
)
def test_what_tells_of_more_than_itself_tells_it_each_time(content: bytes) -> None:
    """A base address, the page's language, what stays open."""
    compiled = fresh()
    page = content + b"<img src=a><img src=https://px.ads.example/>"
    assert once(page, compiled=compiled) == once(page, compiled=compiled) == once(page, compiled=fresh())


def test_a_content_that_came_in_pieces_before_comes_out_the_same_whole() -> None:
    compiled = fresh()
    for cut in range(len(NOSCRIPT)):
        split = once(b"<p>" + NOSCRIPT, compiled=compiled, sizes=cut + 1)
        assert split == once(b"<p>" + NOSCRIPT, compiled=fresh())
    assert once(b"<p>" + NOSCRIPT, compiled=compiled) == once(b"<p>" + NOSCRIPT, compiled=fresh())


ODD = b"<div><svg><a><desc></p><p></a></p></desc></svg>"
"""After it nobody knows whether this is svg."""
INNER = b"<base href=http://site.example/>x{}body{background:url(https:px.ads.example/x)}"


@pytest.mark.parametrize(
    ("first", "then"),
    [
        pytest.param(
            b"<template><noscript></template><template></noscript></template>",
            b"<noscript></template><template></noscript><base href=/a/></template><base href=http://site.example/>"
            b'<img src="https:px.ads.example/x">',
            id="a noscript that closes a template around it",
        ),
        pytest.param(
            b"<svg><![CDATA[><b title=\"]]></svg><style title='\">'>" + INNER + b"</style>",
            ODD + b"<base href=http://site.example/><style>" + INNER + b"</style>",
            id="a style read while another reading meets a base",
        ),
        pytest.param(
            b"<iframe src=\"data:image/svg+xml,<svg xmlns='http://www.w3.org/2000/svg'>"
            b"<image HREF='https&amp;%2358;//px.ads.example/x'/></svg>\">",
            b"<iframe src=\"data:text/html,<svg><image HREF='https&amp;%2358;//px.ads.example/x'/></svg>\">",
            id="a tag of XML and the same of HTML",
        ),
        pytest.param(
            b"<iframe srcdoc=x>",
            b"<iframe srcdoc=x>" + b"<p>" * 3,
            id="a document within, and the same",
        ),
    ],
)
def test_what_was_read_elsewhere_is_not_taken_for_what_it_is_not(first: bytes, then: bytes) -> None:
    compiled = fresh(inline_scripts="mention")
    for page in (first, then, first):
        for size in (1 << 20, 1):
            assert once(page, compiled=compiled, sizes=size) == once(page, compiled=fresh(inline_scripts="mention"), sizes=1)


def test_a_document_within_is_judged_by_its_depth_whatever_was_met_before() -> None:
    """R7: past the limit a nested document goes, though the same tag may stay further out."""
    compiled = fresh()
    tag = deep = "<iframe srcdoc=x></iframe>"
    for _ in range(8):
        deep = f'<iframe srcdoc="{html.escape(deep)}"></iframe>'
    assert once(tag.encode(), compiled=compiled) == tag.encode()
    assert once(deep.encode(), compiled=compiled) == once(deep.encode(), compiled=fresh(), sizes=1) != deep.encode()


def test_more_bases_than_are_kept_end_the_document() -> None:
    """Each may be the one that holds."""
    bases = b"<template>" + b"".join(b"<base href=/%d/>" % at for at in range(11)) + b"</template>" + ODD
    page = bases + b'<base href=http://site.example/><img src="https:px.ads.example/x"><p>after'
    for size in (1 << 20, 1):
        out = once(page, sizes=size)
        assert b"px.ads.example" not in out
        assert out.startswith(bases)
