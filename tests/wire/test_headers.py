"""Header lists: look-ups, Vary, private responses, media types and downloads."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from consent_guard.wire.headers import (
    ContentType,
    content_type,
    first,
    get_all,
    is_attachment,
    list_members,
    make_private,
    merge_vary,
    split_outside_quotes,
    unquote,
    without,
)
from consent_guard.wire.messages import Header

HEADERS = [(b"Vary", b"Accept"), (b"x", b"1"), (b"VARY", b"Origin"), (b"X", b"2")]


def test_names_compare_without_case_and_order_stays() -> None:
    """Y5"""
    assert get_all(HEADERS, b"x") == [b"1", b"2"]
    assert get_all(HEADERS, b"vary") == [b"Accept", b"Origin"]
    assert first(HEADERS, b"X") == b"1"
    assert first(HEADERS, b"y") is None
    assert without(HEADERS, b"X", b"y") == [HEADERS[0], HEADERS[2]]


@pytest.mark.parametrize(
    ("given_headers", "merged"),
    [
        ([], [(b"vary", b"Cookie")]),
        ([(b"a", b"b")], [(b"a", b"b"), (b"vary", b"Cookie")]),
        ([(b"Vary", b"Accept")], [(b"Vary", b"Accept, Cookie")]),
        ([(b"Vary", b"Accept-Encoding,  cookie")], [(b"Vary", b"Accept-Encoding,  cookie")]),
        ([(b"Vary", b"*")], [(b"Vary", b"*")]),
        ([(b"Vary", b"Accept"), (b"vary", b"*")], [(b"Vary", b"Accept"), (b"vary", b"*")]),
        ([(b"Vary", b"")], [(b"Vary", b"Cookie")]),
        ([(b"Vary", b"Accept, ")], [(b"Vary", b"Accept, Cookie")]),
        ([(b"Vary", b"COOKIE"), (b"Vary", b"Accept")], [(b"Vary", b"COOKIE"), (b"Vary", b"Accept")]),
        ([(b"Vary", b"A"), (b"x", b"y"), (b"Vary", b"B")], [(b"Vary", b"A"), (b"x", b"y"), (b"Vary", b"B, Cookie")]),
    ],
)
def test_vary_is_merged_and_an_asterisk_stays_alone(given_headers: list[Header], merged: list[Header]) -> None:
    """H20, N7"""
    before = list(given_headers)
    assert merge_vary(given_headers, b"Cookie") == merged
    assert given_headers == before
    assert merge_vary(merged, b"Cookie") == merged


def test_several_fields_are_merged_at_once() -> None:
    """G03"""
    assert merge_vary([(b"vary", b"Sec-GPC")], b"Cookie", b"Sec-GPC") == [(b"vary", b"Sec-GPC, Cookie")]


@pytest.mark.parametrize("value", [b"X-X", b"XX , ,", b"accept-x,"])
def test_what_vary_names_is_added_to_and_never_cut(value: bytes) -> None:
    """H20"""
    named = value.rstrip(b" ,")
    assert merge_vary([(b"vary", value)], b"Cookie") == [(b"vary", named + b", Cookie")]


@pytest.mark.parametrize(
    ("value", "private"),
    [
        (b"public, max-age=600", b"private, no-cache"),
        (b"public,s-maxage=600, stale-while-revalidate=5, immutable", b"private, no-cache"),
        (b"no-store", b"private, no-cache, no-store"),
        (b"NO-STORE, No-Transform", b"private, no-cache, no-store, no-transform"),
        (b"proxy-revalidate", b"private, no-cache, proxy-revalidate"),
        (b"no-store=1, must-revalidate = x", b"private, no-cache, no-store, must-revalidate"),
        (b"must-understand, no-store", b"private, no-cache, no-store"),
        (b'private="x, public", no-cache="set-cookie", must-revalidate', b"private, no-cache, must-revalidate"),
        (b'x="no-store"', b"private, no-cache"),
        (b"", b"private, no-cache"),
        (b"garbage;;=,", b"private, no-cache"),
    ],
)
def test_a_private_response_keeps_only_what_restricts_further(value: bytes, private: bytes) -> None:
    """H20, N8"""
    assert make_private([(b"Cache-Control", value)]) == [(b"Cache-Control", private)]


def test_all_orders_to_shared_caches_go() -> None:
    """H20, N9"""
    headers = [
        (b"a", b"1"),
        (b"CDN-Cache-Control", b"max-age=600"),
        (b"Cache-Control", b"public"),
        (b"Surrogate-Control", b"max-age=600"),
        (b"Cloudflare-CDN-Cache-Control", b"max-age=600"),
        (b"X-Accel-Expires", b"600"),
        (b"cache-control", b"no-store"),
        (b"b", b"2"),
    ]
    assert make_private(headers) == [(b"a", b"1"), (b"Cache-Control", b"private, no-cache, no-store"), (b"b", b"2")]
    assert len(headers) == 8


def test_a_response_without_cache_control_gets_one() -> None:
    """H20"""
    assert make_private([(b"a", b"1")]) == [(b"a", b"1"), (b"cache-control", b"private, no-cache")]


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([b"text/html"], ContentType("text/html", None)),
        ([b" Text/HTML ; Charset=UTF-8"], ContentType("text/html", "UTF-8")),
        ([b'text/html;charset="utf-16le"'], ContentType("text/html", "utf-16le")),
        ([b'text/html;charset="ut\\f-8"'], ContentType("text/html", "utf-8")),
        ([b"text/html;charset= utf-16le "], ContentType("text/html", "utf-16le")),
        ([b"text/html;charset =utf-16le"], ContentType("text/html", None)),
        ([b"text/html;charset='utf-16le'"], ContentType("text/html", "'utf-16le'")),
        ([b"text/html;charset=utf-16le;charset=utf-8"], ContentType("text/html", "utf-16le")),
        ([b"text/html;charset=;charset=utf-8"], ContentType("text/html", "utf-8")),
        ([b"text/html;;x;charset=utf-16le"], ContentType("text/html", "utf-16le")),
        ([b"text/html\t;charset=utf-16le,foo"], ContentType("text/html", "utf-16le")),
        ([b"text/html foo"], ContentType("text/html", None)),
        ([b"text/html (x)"], ContentType("text/html", None)),
        ([b"text/html, application/json"], ContentType("application/json", None)),
        ([b"application/json, text/html"], ContentType("text/html", None)),
        ([b"application/json", b"text/html"], ContentType("text/html", None)),
        ([b'text/html;x="a,b",application/json'], ContentType("application/json", None)),
        ([b'application/json;x=", text/html'], ContentType("application/json", None)),
        ([b"application/json(, text/html"], ContentType("text/html", None)),
        ([b"text/html;charset=utf-16le", b"text/html"], ContentType("text/html", "utf-16le")),
        ([b"text/html;charset=utf-16le", b"text/plain", b"text/html"], ContentType("text/html", None)),
        ([b"x, text/html"], ContentType("text/html", None)),
        ([b"*/*, text/html"], ContentType("text/html", None)),
        ([b"text/html,"], ContentType("text/html", None)),
        ([b"text/html", b"*/*"], ContentType("text/html", None)),
        ([b"text/html;charset=\xfe"], ContentType("text/html", "þ")),
        ([], None),
        ([b""], None),
        ([b"html"], None),
        ([b"text/"], None),
        ([b"/html"], None),
        ([b"text /html"], None),
        ([b"*/*"], None),
        ([b'"text/html"'], None),
        ([b"text/ht@ml"], None),
    ],
)
def test_the_media_type_is_the_one_that_browsers_extract(values: list[bytes], expected: ContentType | None) -> None:
    """N11: Fetch, "extract a MIME type"; each value was served to Chromium 156"""
    assert content_type([(b"Content-Type", value) for value in values]) == expected


@pytest.mark.parametrize(
    ("values", "attachment"),
    [
        ([b"attachment"], True),
        ([b' Attachment ; filename="a.html"'], True),
        ([b"inline; filename=attachment"], False),
        ([b"attachment-x"], False),
        ([b"form-data; attachment"], False),
        ([b"filename=attachment"], False),
        ([b"attachment", b"inline"], False),
        ([b"attachment", b"ATTACHMENT;x"], True),
        ([b""], False),
        ([], False),
    ],
)
def test_only_what_every_browser_saves_is_a_download(values: list[bytes], attachment: bool) -> None:
    """N11"""
    assert is_attachment([(b"content-disposition", value) for value in values]) is attachment


@pytest.mark.parametrize(
    ("value", "parts"),
    [
        (b"a,b", [b"a", b"b"]),
        (b'"a,b",c', [b'"a,b"', b"c"]),
        (b'"a\\",b",c', [b'"a\\",b"', b"c"]),
        (b'"a\\\\",b', [b'"a\\\\"', b"b"]),
        (b'a="x,y";z,b', [b'a="x,y";z', b"b"]),
        (b'"a,b', [b'"a,b']),
        (b'"a\\', [b'"a\\']),
        (b"", [b""]),
        (b",", [b"", b""]),
    ],
)
def test_separators_inside_quoted_strings_do_not_separate(value: bytes, parts: list[bytes]) -> None:
    """RFC 9110 §5.6.4"""
    assert split_outside_quotes(value, b",") == parts


@given(st.text('ab",\\ ;', max_size=30).map(str.encode))
@settings(max_examples=150)
def test_the_parts_of_a_value_join_to_it_again(value: bytes) -> None:
    assert b",".join(split_outside_quotes(value, b",")) == value
    assert all(member == member.strip() != b"" for member in list_members(value))


@pytest.mark.parametrize(
    ("text", "content"),
    [(b"a", b"a"), (b'"a"', b"a"), (b'"a\\"b\\\\"', b'a"b\\'), (b'"a', b"a"), (b'"', b""), (b'""', b""), (b'"a"b', b"a")],
)
def test_a_quoted_string_gives_its_content(text: bytes, content: bytes) -> None:
    assert unquote(text) == content


@pytest.mark.parametrize("value", [b'"' * 1_000_001, b'"\\' * 500_000, b"," * 1_000_000, b"a/b;" * 250_000, b" " * 1_000_000])
@pytest.mark.linear
def test_hostile_values_take_linear_time(value: bytes) -> None:
    """R6"""
    headers = [(b"content-type", value), (b"vary", value), (b"cache-control", value), (b"content-disposition", value)]
    content_type(headers)
    make_private(headers)
    merge_vary(headers, b"Cookie")
    is_attachment(headers)
