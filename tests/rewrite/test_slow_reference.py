"""The fast path equals a slow reference that decides on every token (DESIGN §8).

The reference is the same rewriter without its compiled patterns: its tokenizer takes every token, in its states, and every
tag is read in full.
"""

from __future__ import annotations

from unittest import mock

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consent_guard.findings import Finding
from consent_guard.rewrite import fast_path

from .documents import FUZZ, HtmlRewriter, Parts, Rules, fresh, once
from .soup import BODIES, DOCUMENTS, PAGES

SIZES = st.sampled_from([1, 2, 3, 5, 7, 16, 64])
STATES = st.sampled_from([(), ("ads",), ("stats", "video")])


def fast(body: bytes, compiled: Rules, **options: object) -> tuple[bytes, list[Finding]]:
    found: list[Finding] = []
    return once(body, compiled=compiled, found=found, **options), found  # type: ignore[arg-type]


def slow(body: bytes, **options: object) -> tuple[bytes, list[Finding]]:
    """Without patterns, with rules that remember nothing."""
    with mock.patch.object(fast_path, "run", return_value=None):
        return fast(body, fresh(inline_scripts="mention"), **options)


def test_the_reference_is_another_path() -> None:
    """Else this file would prove nothing."""
    body = b"<!doctype html><p>a<b>c</b><img src=//px.ads.example/>"
    with (
        mock.patch.object(fast_path, "glance", side_effect=AssertionError),
        mock.patch.object(HtmlRewriter, "start_token", autospec=True, side_effect=HtmlRewriter.start_token) as taken,
    ):
        out, found = slow(body)
    assert out == b"<!doctype html><p>a<b>c</b><img >"
    assert len(found) == 1
    assert taken.call_count == 3
    with mock.patch.object(HtmlRewriter, "start_token", side_effect=AssertionError):
        assert fast(b"<p>a<b>c</b>", fresh())[0] == b"<p>a<b>c</b>"
    assert fast(body, fresh())[0] == slow(body)[0]


@FUZZ
@given(st.one_of(DOCUMENTS, PAGES), STATES, SIZES)
def test_any_document_at_any_split(page: str, allowed: tuple[str, ...], size: int) -> None:
    """R1."""
    body = page.encode()
    expected = slow(body, allowed=allowed)
    compiled = fresh(inline_scripts="mention")
    for _ in range(2):
        assert fast(body, compiled, allowed=allowed) == expected
        assert fast(body, compiled, allowed=allowed, sizes=size) == expected
    assert slow(body, allowed=allowed, sizes=size) == expected


@FUZZ
@given(BODIES, SIZES)
def test_any_bytes_at_any_split(body: bytes, size: int) -> None:
    expected = slow(body)
    compiled = fresh(inline_scripts="mention")
    assert fast(body, compiled) == expected
    assert fast(body, compiled, sizes=size) == expected


@FUZZ
@given(st.lists(PAGES, min_size=1, max_size=3).map("".join), SIZES)
def test_with_a_rule_on_our_own_host_and_unlisted_hosts_blocked(page: str, size: int) -> None:
    """Where relative addresses count the patterns pass less."""
    body = page.replace("/a.png", "/gtm/a.png").encode()
    options = {"inline_scripts": "mention", "unlisted_hosts": "block"}

    def read(sizes: int) -> tuple[bytes, list[Finding]]:
        found: list[Finding] = []
        return once(body, compiled=fresh("/gtm/", **options), found=found, sizes=sizes), found

    with mock.patch.object(fast_path, "run", return_value=None):
        expected = read(1 << 30)
    assert read(1 << 30) == expected
    assert read(size) == expected


@FUZZ
@given(PAGES, SIZES)
def test_with_a_banner_and_placeholders(page: str, size: int) -> None:
    body = page.encode()
    expected = slow(body, parts=Parts(), banner=True)
    compiled = fresh(inline_scripts="mention")
    assert fast(body, compiled, parts=Parts(), banner=True) == expected
    assert fast(body, compiled, parts=Parts(), banner=True, sizes=size) == expected


@pytest.mark.parametrize("before", ["<select>", "<frameset>", "<template>", "<template><col>", "<table><tr>", "<noscript>"])
@pytest.mark.parametrize("drawing", ["<svg/>", "<svg><path d='M0'/></svg>", "<svg><title>x</title><g/></svg>", "<math></math>"])
@pytest.mark.parametrize("end", ["", "</select>", "</template>", "</noscript>"])
def test_a_drawing_where_its_end_is_not_known(before: str, drawing: str, end: str) -> None:
    """A drawing that stands whole in the buffer is passed in one step only where the tree builder surely takes it for one."""
    for name in ("textarea", "title", "noframes", "style", "script"):
        body = f"{before}{drawing}{end}<{name}><img src=//px.ads.example/></{name}>".encode()
        assert fast(body, fresh(inline_scripts="mention")) == slow(body) == slow(body, sizes=1)
        assert fast(body, fresh(inline_scripts="mention"), sizes=1) == slow(body)
    body = f"{before}{drawing}{end}<![CDATA[><img src=//px.ads.example/>]]>".encode()
    assert fast(body, fresh(inline_scripts="mention")) == slow(body) == fast(body, fresh(inline_scripts="mention"), sizes=1)


@pytest.mark.parametrize("quote", ['"', "'"])
@pytest.mark.parametrize("tag", ["<style>", "<style media=all>"])
def test_a_string_in_a_drawings_style_is_read(tag: str, quote: str) -> None:
    """R1, R5: a custom property holds it, and an element anywhere on the page may take it for an address."""
    drawing = f"<svg>{tag}:root{{--u:{quote}https://px.stats.example/x.png{quote}}}</style></svg>"
    body = f'{drawing}<p style="background:image-set(var(--u) 1x)">a</p>'.encode()
    expected = slow(body)
    assert b"stats.example" not in expected[0]
    for size in (1, 3, 1 << 30):
        assert fast(body, fresh(inline_scripts="mention"), sizes=size) == expected
