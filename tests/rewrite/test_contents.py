"""The text of scripts and style sheets as it streams: held to a limit, then looked through (DESIGN §6, §8; R4, R5)."""

from __future__ import annotations

import pytest

from consent_guard.findings import Finding, FindingKind
from consent_guard.limits import HELD_SCRIPT_BYTES, HELD_VALUE_BYTES

from .documents import DOMAINS, NOTHING, SERVICES, WHOLE, facts, fresh, kept, once, page_rewriter, rewritten, rules
from .live import reached

HOST = b"https://px.ads.example/a"
MENTION = rules(inline_scripts="mention")
SIGNATURE = rules(inline_scripts="signature")
SIZES = (WHOLE, 1 << 16, 4099)


def streamed(body: bytes, **options: object) -> bytes:
    """The output, the same for chunks of several sizes."""
    out = {once(body, sizes=size, **options) for size in SIZES}  # type: ignore[arg-type]
    assert len(out) == 1
    return out.pop()


def code(length: int) -> bytes:
    return (b"var a = 1; // x\n" * (length // 16 + 1))[:length]


# -- scripts ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("length", [0, 100, HELD_SCRIPT_BYTES - len(HOST) - 2])
def test_a_script_within_the_limit_goes_whole_wherever_it_names_the_host(length: int) -> None:
    assert streamed(b"a<script>" + code(length) + b"'" + HOST + b"'</script>b", compiled=MENTION) == b"ab"


@pytest.mark.parametrize("before", [HELD_SCRIPT_BYTES + 1, HELD_SCRIPT_BYTES * 2, 300_001])
def test_a_late_mention_ends_a_long_script_so_that_it_cannot_compile(before: int) -> None:
    """DESIGN §8."""
    found: list[Finding] = []
    body = b"a<script nonce=n>" + code(before) + b"'" + HOST + b"'; more('" + HOST + b"')</script>b"
    out = streamed(body, compiled=MENTION)
    assert out == b"a<script nonce=n>" + code(before) + b"'https://\n@@</script>b"
    once(body, compiled=MENTION, found=found)
    assert [(one.kind, one.subject) for one in found] == [(FindingKind.INLINE, "px.ads.example")]
    assert streamed(out, compiled=MENTION) == out
    assert streamed(body, compiled=MENTION, allowed=["ads"]) == body


def test_a_mention_across_the_limit_is_seen() -> None:
    for shift in range(0, len(HOST) + 2, 3):
        body = b"<script>" + code(HELD_SCRIPT_BYTES - shift) + HOST + b"</script>"
        assert b"ads.example" not in streamed(body, compiled=MENTION), shift


def test_a_long_script_without_a_mention_stays() -> None:
    body = b"<script>" + code(HELD_SCRIPT_BYTES * 4) + b"</script>"
    assert streamed(body, compiled=MENTION) == body


def test_by_signature_a_script_is_looked_at_up_to_the_limit() -> None:
    marks = b"_stats.push('//cdn.stats.example/s.js')"
    body = b"<script>" + marks + code(HELD_SCRIPT_BYTES * 2) + b"</script>"
    assert b"push('//cdn" not in streamed(body, compiled=SIGNATURE)
    late = b"<script>" + code(HELD_SCRIPT_BYTES * 2) + marks + b"</script>"
    assert streamed(late, compiled=SIGNATURE) == late


@pytest.mark.parametrize("kind", [b"importmap", b"speculationrules"])
def test_a_long_list_of_addresses_is_not_let_go_unread(kind: bytes) -> None:
    body = (
        b'a<script type="'
        + kind
        + b'">{"imports": {'
        + b" " * HELD_SCRIPT_BYTES
        + b'"a": "https://px.ads\\u002eexample/a.js"}}</script>b'
    )
    for compiled in (MENTION, SIGNATURE):
        assert b"u002eexample" not in streamed(body, compiled=compiled)


def test_the_end_of_the_document_ends_a_script() -> None:
    assert rewritten(b"a<script>'" + HOST + b"'") == "a"
    assert rewritten(b"a<script>'" + HOST + b"'</scrip") == "a"
    assert kept(b"a<script>var x = 1")


def test_a_script_is_held_only_until_it_can_be_judged() -> None:
    rewriter = page_rewriter(MENTION, NOTHING, facts())
    assert rewriter.feed(b"a<p>b<script>var x = 1;") == b"a<p>b"
    assert rewriter.feed(b"</script>c") == b"<script>var x = 1;</script>c"
    assert rewriter.feed(b"<script>" + code(HELD_SCRIPT_BYTES + 8192)) != b""


def test_a_data_block_is_not_held_at_all() -> None:
    rewriter = page_rewriter(MENTION, NOTHING, facts())
    assert rewriter.feed(b"<script type=application/json>{'a': '" + HOST) == b"<script type=application/json>{'a': '" + HOST


def test_first_party_scripts_around_a_withheld_one_stay() -> None:
    body = b"<script>one()</script><script>'" + HOST + b"'</script><script>two()</script>"
    assert rewritten(body) == "<script>one()</script><script>two()</script>"


# -- style sheets -----------------------------------------------------------------------------------------------------------


def test_a_style_sheet_streams_but_for_the_address_that_is_read() -> None:
    rewriter = page_rewriter(MENTION, NOTHING, facts())
    assert rewriter.feed(b"<style>p{color:red;background:url(//px.ads.") == b"<style>p{color:red;background:url("
    assert rewriter.feed(b"example/a.png") == b""
    assert rewriter.feed(b")}q{") == b"about:invalid)}q{"
    assert rewriter.feed(b"}</style>") + rewriter.close() == b"}</style>"


@pytest.mark.parametrize("quote", [b"", b"'", b'"'])
def test_an_address_in_css_past_the_limit_leaves_inert(quote: bytes) -> None:
    """R5."""
    address = b"//px.ads.example/" + b"x" * HELD_VALUE_BYTES
    body = b"<style>p{background:url(" + quote + address + quote + b")}q{color:red}</style>b"
    out = streamed(body)
    assert out == b"<style>p{background:url(" + quote + b"about:invalid" + quote + b")}q{color:red}</style>b"


def test_a_style_sheet_of_any_length_stays_byte_for_byte() -> None:
    body = b"<style>" + b"p{background:url(/a.png)} /* x */ @media print{q{color:red}}\n" * 60_000 + b"</style>"
    assert streamed(body) == body


def test_the_end_of_the_document_ends_a_style_sheet() -> None:
    assert rewritten(b"<style>p{background:url(//px.ads.example/a") == "<style>p{background:url(about:invalid"
    assert kept(b"<style>p{background:url(/a")


def test_a_style_sheet_known_to_be_clean_is_passed_and_a_gated_one_never_is() -> None:
    compiled = fresh(inline_scripts="mention")
    clean = b"<style>p{background:url(/a.png)}</style>"
    gated = b"<style>p{background:url(//px.ads.example/a.png)}</style>"
    for _ in range(3):
        assert once(clean, compiled=compiled) == clean
        found: list[Finding] = []
        assert once(gated, compiled=compiled, found=found) == b"<style>p{background:url(about:invalid)}</style>"
        assert len(found) == 1


# -- text of svg scripts and style sheets -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "markup",
    [
        "<svg><script>go('https://px&#46;ads.example/x')</script></svg>",
        "<svg><script>go('https://px.ads<!---->.example/x')</script></svg>",
        "<svg><script>go('https://px.ads<![CDATA[.]]>example/x')</script></svg>",
        "<svg><style>p{background:url(https://px&#46;ads.example/x)}</style></svg>",
        "<svg><style>p{background:url(https://px.ads<!---->.example/x)}</style></svg>",
        "<svg><style>p{background:url(https://px.ads<![CDATA[.]]>example/x)}</style></svg>",
    ],
)
def test_in_svg_the_text_is_that_of_markup(markup: str) -> None:
    """There references count, and comments and CDATA sections are no part of the text."""
    out = rewritten(markup)
    for part in ("go('https", "url(https"):
        assert part not in out
    assert kept(markup, allowed=["ads"])


@pytest.mark.parametrize(
    "markup",
    [
        "<svg><script><!-- </script> -->go('https://px.ads.example/x')</script></svg>",
        "<svg><script><![CDATA[</script>]]>go('https://px.ads.example/x')</script></svg>",
        "<svg><style><style></style> p{background:url(https://px.ads.example/x)}</style></svg>",
    ],
)
def test_in_svg_a_text_that_ends_elsewhere_in_each_reading_is_read_as_text_by_none(markup: str) -> None:
    """The start tag goes, so that what is left is neither script nor style sheet to anybody."""
    found: list[Finding] = []
    out = rewritten(markup, found=found)
    assert not reached(out, DOMAINS)
    assert FindingKind.UNFILTERED in {one.kind for one in found}
    assert kept(markup, allowed=SERVICES)
