"""The fast path equals the slow one (DESIGN §8).

What is passed by a compiled pattern, by a tag's spelling or by a content that was seen clean before, must come out as it does
when nothing is known and every byte comes alone: then no whole tag is ever in the buffer and the lexer decides state by state.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consent_guard.findings import Finding

from .documents import FUZZ, Parts, Rules, fresh, once
from .soup import DOCUMENTS, PAGES

SHARED = Path(__file__).resolve().parents[2].parent / "shared"
REAL = sorted((SHARED / "pages").glob("*.html"), key=lambda path: path.stat().st_size)[:6]


def slow(body: bytes, **options: object) -> tuple[bytes, list[Finding]]:
    """Byte by byte, with rules that remember nothing."""
    found: list[Finding] = []
    out = once(body, compiled=fresh(inline_scripts="mention"), sizes=1, found=found, **options)  # type: ignore[arg-type]
    return out, found


def fast(body: bytes, compiled: Rules, **options: object) -> tuple[bytes, list[Finding]]:
    """Whole, with rules that may remember much."""
    found: list[Finding] = []
    return once(body, compiled=compiled, found=found, **options), found  # type: ignore[arg-type]


def as_set(found: list[Finding]) -> set[Finding]:
    return set(found)


@FUZZ
@given(st.lists(st.one_of(DOCUMENTS, PAGES), min_size=1, max_size=5))
def test_pages_rewritten_after_one_another_come_out_as_each_does_alone(pages: list[str]) -> None:
    """One guard sees many pages; what it remembers of one must hold for the next. Each page comes twice."""
    compiled = fresh(inline_scripts="mention")
    alone = [slow(page.encode()) for page in pages]
    for _ in range(2):
        for page, (out, found) in zip(pages, alone, strict=True):
            again, told = fast(page.encode(), compiled)
            assert again == out, page
            assert as_set(told) == as_set(found), page


@FUZZ
@given(st.lists(st.one_of(DOCUMENTS, PAGES), min_size=2, max_size=4), st.sampled_from([(), ("ads",), ("stats", "video")]))
def test_what_one_visitor_may_see_is_not_remembered_for_another(pages: list[str], allowed: tuple[str, ...]) -> None:
    compiled = fresh(inline_scripts="mention")
    alone = [(slow(page.encode())[0], slow(page.encode(), allowed=allowed)[0]) for page in pages]
    for page, (refused, granted) in zip(pages, alone, strict=True):
        assert fast(page.encode(), compiled)[0] == refused
        assert fast(page.encode(), compiled, allowed=allowed)[0] == granted


@FUZZ
@given(st.lists(PAGES, min_size=1, max_size=3))
def test_with_a_banner_and_placeholders_the_two_are_equal_too(pages: list[str]) -> None:
    compiled = fresh(inline_scripts="mention")
    for page in [*pages, *pages]:
        assert (
            fast(page.encode(), compiled, parts=Parts(), banner=True)[0] == slow(page.encode(), parts=Parts(), banner=True)[0]
        )


@FUZZ
@given(PAGES, st.integers(2, 40))
def test_a_page_repeated_in_itself_comes_out_the_same(page: str, times: int) -> None:
    """Within one document the second occurrence of a tag is passed by its spelling, the first is not."""
    body = (page + "<p>\n").encode() * min(times, 400 // (len(page) + 4) + 2)
    assert fast(body, fresh(inline_scripts="mention"))[0] == slow(body)[0]


@pytest.mark.parametrize("path", REAL, ids=lambda path: path.stem[:40])
def test_real_pages_come_out_the_same_byte_by_byte(path: Path) -> None:
    body = path.read_bytes().replace(b"www.google", b"px.ads.example").replace(b"facebook.com", b"www.video.example")
    compiled = fresh(inline_scripts="mention")
    out, found = slow(body)
    for _ in range(2):
        again, told = fast(body, compiled)
        assert again == out
        assert as_set(told) == as_set(found)
