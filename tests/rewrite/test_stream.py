"""The rewriter as a whole, over generated documents: R1 to R3, R5, R9 to R11 of the robustness rules."""

from __future__ import annotations

import re

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from consent_guard.errors import RewriteError
from consent_guard.findings import Finding, FindingKind

from .documents import (
    DOMAINS,
    FUZZ,
    NOTHING,
    SERVICES,
    WHOLE,
    Parts,
    facts,
    fresh,
    kept,
    once,
    page_rewriter,
    rewritten,
    rules,
    run,
)
from .live import reached
from .soup import BODIES, CUT, DOCUMENTS, GATED, PLAIN

MENTION = rules(inline_scripts="mention")
SIGNATURE = rules(inline_scripts="signature")
OLD_TREE = re.compile(r"<(?:svg|math)[\s\S]*</(?:p|br)>", re.IGNORECASE)
"""``</p>`` and ``</br>`` break out of foreign content in browsers (ROBUSTNESS 0.2), not in html5lib, which is older."""


# -- R1 ---------------------------------------------------------------------------------------------------------------------


@FUZZ
@given(BODIES, st.lists(st.integers(1, 60), max_size=6), st.sampled_from([MENTION, SIGNATURE]))
def test_any_split_of_any_bytes_gives_the_same_output(body: bytes, lengths: list[int], compiled: object) -> None:
    """R1."""
    whole = once(body, compiled=compiled)  # type: ignore[arg-type]
    chunks, at = [], 0
    for length in lengths:
        chunks.append(body[at : at + length])
        at += length
    rewriter = page_rewriter(compiled, NOTHING, facts())  # type: ignore[arg-type]
    assert run(rewriter, [*chunks, b"", body[at:]]) == whole
    assert once(body, compiled=compiled, sizes=1) == whole  # type: ignore[arg-type]


@FUZZ
@given(DOCUMENTS, st.integers(1, 30))
def test_placeholders_and_the_banner_come_out_the_same_by_any_split(markup: str, size: int) -> None:
    """R1."""
    body = markup.encode()
    assert once(body, parts=Parts(), banner=True, sizes=size) == once(body, parts=Parts(), banner=True)


# -- R2 ---------------------------------------------------------------------------------------------------------------------


@FUZZ
@given(st.one_of(BODIES, CUT, st.binary(max_size=200)), st.sampled_from(["utf-8", "windows-1252", "shift_jis", None]))
def test_with_everything_granted_any_bytes_leave_as_they_came(body: bytes, charset: str | None) -> None:
    """R2: invalid UTF-8, NUL, mixed line ends and an end inside a tag included."""
    assert once(body, allowed=SERVICES, charset=charset) == body
    assert once(body, allowed=SERVICES, charset=charset, sizes=1) == body


@FUZZ
@given(st.lists(st.sampled_from(PLAIN), max_size=14).map("".join))
def test_a_document_without_anything_gated_leaves_as_it_came(markup: str) -> None:
    """R2. What browsers may read in two ways, a noscript that its markup does not end with among it, goes whole and is told."""
    body = markup.encode().replace(b"ads.example", b"ads.test")
    for size in (WHOLE, 1):
        found: list[Finding] = []
        out = once(body, compiled=MENTION, sizes=size, found=found)
        assert out == body or any(one.kind is FindingKind.UNFILTERED and one.enforced for one in found)


def test_what_a_document_ends_within_a_noscript_leaves_as_it_came() -> None:
    """R2."""
    for markup in ("<noscript><select><svg><script><!--", "<noscript><svg><style><!--", "<select><svg><script><!--"):
        assert kept(markup, compiled=MENTION), markup


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\x00",
        b"\xff\xfe\xfd",
        b"a\r\nb\rc\nd\x00\x0b\x0c",
        b"<p>\xc3",
        b"<p title='",
        b"<p title=\xff\x80",
        b"</",
        b"<",
        b"<!",
        b"<!--",
        b"<!doctype",
        b"<![CDATA[",
        b"<svg><![CDATA[",
        b"<script",
        b"<script>",
        b"<script><!--<script>",
        b"<style>@import",
        b"<title>",
        b"<noscript><p",
        b"<svg><style><p",
        b"</p/ x=\xff>",
        b"<p\x00x=\x00>",
        b"&",
        b"&#",
    ],
)
def test_odd_bytes_and_ends_leave_as_they_came(body: bytes) -> None:
    """R2."""
    for page in (body, b"<!doctype html>\r\n<p>" + body):
        for size in (1 << 20, 1):
            assert once(page, sizes=size) == page
            assert once(page, sizes=size, allowed=SERVICES) == page


@FUZZ
@given(BODIES)
def test_a_policy_that_only_reports_changes_nothing_and_finds_the_same(body: bytes) -> None:
    """DESIGN §4 enforcement = "report"."""
    found: list[Finding] = []
    reported: list[Finding] = []
    once(body, found=found)
    assert once(body, emits=False, found=reported) == body
    assert [(one.kind, one.subject, one.where) for one in reported] == [(one.kind, one.subject, one.where) for one in found]
    assert not any(one.enforced for one in reported)


# -- R3 ---------------------------------------------------------------------------------------------------------------------


@FUZZ
@given(BODIES, st.sampled_from([MENTION, SIGNATURE]))
def test_nothing_is_changed_twice(body: bytes, compiled: object) -> None:
    """R3."""
    out = once(body, compiled=compiled)  # type: ignore[arg-type]
    assert once(out, compiled=compiled) == out  # type: ignore[arg-type]


@FUZZ
@given(DOCUMENTS)
def test_nothing_gated_is_live_in_what_leaves_whoever_reads_it(markup: str) -> None:
    """R3, DESIGN §8: the tree builder with scripts and without, and a tokenizer that knows no tree."""
    assume(not OLD_TREE.search(markup))
    out = once(markup.encode(), compiled=MENTION).decode("utf-8", "replace")
    assert not reached(out, DOMAINS)


def told(body: bytes, allowed: frozenset[str]) -> set[tuple[str, str, str | None]]:
    """What is withheld: place, host and service."""
    found: list[Finding] = []
    once(body, allowed=allowed, found=found)
    return {(one.where, one.subject, one.service) for one in found if one.enforced}


@FUZZ
@given(DOCUMENTS, st.sets(st.sampled_from(["stats", "ads", "video"])), st.sampled_from(["stats", "ads", "video"]))
def test_more_consent_withholds_no_more(markup: str, granted: set[str], more: str) -> None:
    """R3: monotony. What is withheld with one more service allowed was withheld before, and is not that service's."""
    body = markup.encode()
    before, after = told(body, frozenset(granted)), told(body, frozenset({*granted, more}))
    assert after <= before
    assert more not in {service for _, _, service in after}


@pytest.mark.parametrize("markup", GATED)
def test_each_gated_fragment_is_withheld_from_those_who_refuse_and_from_nobody_else(markup: str) -> None:
    page = f"<!doctype html><body>{markup}"
    wrapped = {"<image ": f"<svg>{page}", "<use ": f"<svg>{markup}", "<param ": f"<object>{markup}"}
    page = next((other for start, other in wrapped.items() if markup.startswith(start)), page)
    out = rewritten(page)
    if markup.startswith("<image "):
        page = f"<svg>{markup}"
        out = rewritten(page)
    assert not reached(out, DOMAINS), out
    assert rewritten(page, allowed=SERVICES) == page


# -- R9 ---------------------------------------------------------------------------------------------------------------------


def test_markup_that_can_be_read_in_too_many_ways_is_ended_not_let_through() -> None:
    """R9: fail closed. Whatever is done, nothing gated leaves and the end is orderly."""
    hostile = (
        "<svg></foreignobject><script type=application/json>--><script>x</script><style type=x></xmp><plaintext>"
        "<style type=x><plaintext><script type=application/json></table><script><img src=//px.ads.example/p>"
    )
    try:
        out = once(hostile.encode())
    except RewriteError:
        return
    assert not reached(out.decode(), DOMAINS)


@FUZZ
@given(BODIES)
def test_no_bytes_raise_anything(body: bytes) -> None:
    """Broken and hostile HTML is withheld or streamed, never a crash."""
    for charset in ("utf-8", None, "iso-2022-jp", "utf-16le", "gb18030", "nonsense"):
        once(body, charset=charset, sizes=5)


@FUZZ
@given(BODIES)
def test_findings_never_hold_a_path_a_query_or_a_line_end(body: bytes) -> None:
    """R9."""
    found: list[Finding] = []
    once(body, found=found)
    for one in found:
        assert not set("?#/\r\n@") & set(one.subject), one
        assert not set("?#\r\n@") & set(one.where), one


# -- streaming --------------------------------------------------------------------------------------------------------------


@FUZZ
@given(
    st.lists(
        st.sampled_from(["<p>", "text ", "<b class=x>", "</b>", "<!-- x -->", "<img src=/a.png>", "<br/>", "é"]), max_size=12
    )
)
def test_what_is_decided_is_not_kept(parts: list[str]) -> None:
    """A page that streams keeps its first byte: whole lexemes leave with the chunk that ends them."""
    rewriter = page_rewriter(MENTION, NOTHING, facts())
    for part in parts:
        assert rewriter.feed(part.encode()) == part.encode()
    assert rewriter.close() == b""


def test_closing_twice_and_an_empty_document_give_nothing() -> None:
    rewriter = page_rewriter(MENTION, NOTHING, facts())
    assert rewriter.feed(b"") == b""
    assert rewriter.close() == b""
    assert rewriter.close() == b""


def test_rewriters_of_one_guard_share_no_state() -> None:
    """W17, Y17: two documents interleaved byte by byte come out as they do alone."""
    compiled = fresh(inline_scripts="mention")
    one = (
        b"<!doctype html><script>go('https://px.ads.example/')</script><style>p{background:url(//px.ads.example/)}</style><p>1"
    )
    two = (
        b"<svg><style><img src=//px.ads.example/p></style></svg><noscript><img src=//px.ads.example/></noscript><base href=/x>2"
    )
    expected = [once(body, compiled=fresh(inline_scripts="mention")) for body in (one, two)]
    rewriters = [page_rewriter(compiled, NOTHING, facts()) for _ in range(2)]
    out = [b"", b""]
    for at in range(max(len(one), len(two))):
        for number, body in enumerate((one, two)):
            out[number] += rewriters[number].feed(body[at : at + 1])
    assert [out[number] + rewriters[number].close() for number in range(2)] == expected
