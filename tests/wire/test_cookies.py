"""The Cookie field: pairs on bytes, and gated pairs hidden."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from consent_guard.limits import COOKIE_PAIRS
from consent_guard.wire.cookies import CookiePair, hide_cookies, parse_cookie_pairs, request_cookies
from consent_guard.wire.messages import Header

from ..cases import rows


def pairs(value: bytes) -> list[tuple[bytes, bytes]]:
    return [(pair.name, pair.value) for pair in parse_cookie_pairs(value)]


def is_ga(name: bytes) -> bool:
    return name == b"_ga" or name.startswith(b"_ga_")


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (b"", []),
        (b" ; ;;\t", []),
        (b"a=1", [(b"a", b"1")]),
        (b"a=1; b=2;c=3", [(b"a", b"1"), (b"b", b"2"), (b"c", b"3")]),
        (b" a = 1 ;\tb\t=\t2", [(b"a", b"1"), (b"b", b"2")]),
        (b"a==1=", [(b"a", b"=1=")]),
        (b'a="1;2"', [(b"a", b'"1'), (b"", b'2"')]),
        (b"bad[]=1; consent=x", [(b"bad[]", b"1"), (b"consent", b"x")]),
        (b"foo; consent=x", [(b"", b"foo"), (b"consent", b"x")]),
        (b"=_ga=1", [(b"", b"_ga=1")]),
        (b"a=1, b=2", [(b"a", b"1, b=2")]),
        (b"a=%3B", [(b"a", b"%3B")]),
        (b"\xa0__Host-c=1", [(b"\xa0__Host-c", b"1")]),
        (b"\xff=\x00\x01", [(b"\xff", b"\x00\x01")]),
        (b"a=1; a=2", [(b"a", b"1"), (b"a", b"2")]),
    ],
)
def test_pairs_are_split_at_semicolons_and_lose_blanks_only(value: bytes, expected: list[tuple[bytes, bytes]]) -> None:
    """K11, K22, rule 0.6"""
    assert pairs(value) == expected


def test_a_pair_keeps_its_own_bytes() -> None:
    assert parse_cookie_pairs(b"a=1; b = 2") == [CookiePair(b"a", b"1", b"a=1"), CookiePair(b"b", b"2", b" b = 2")]


def test_all_cookie_lines_are_read_in_order() -> None:
    """H11: HTTP/2 may send one line per pair"""
    headers = [(b"cookie", b"a=1"), (b"x", b"y=1"), (b"COOKIE", b"b=2; a=3")]
    assert [(pair.name, pair.value) for pair in request_cookies(headers)] == [(b"a", b"1"), (b"b", b"2"), (b"a", b"3")]


@pytest.mark.parametrize(
    ("value", "left"),
    [
        (b"_ga=1; b=2", b"b=2"),
        (b"a=1; _ga=1; b=2", b"a=1; b=2"),
        (b"a=1 ;_ga=1;\tb = \xff ", b"a=1 ;\tb = \xff "),
        (b"a=1; _ga=1", b"a=1"),
        (b"_ga=1; _ga_X=2; _ga=3; a=1; a=1;", b"a=1; a=1;"),
        (b"_ga=1", None),
        (b" _ga=1; ; ", None),
        (b"_ga; a=1", b"a=1"),
        (b"=_ga; a=1", b"a=1"),
        (b"=_ga=1; a=1", b"a=1"),
        (b"\xa0_ga=1; a=1", b"a=1"),
        (b"_ga\x1f=1; a=1", b"a=1"),
        (b"\xe2\x80\x83_ga=1; a=1", b"a=1"),
    ],
)
def test_hidden_pairs_go_and_the_others_keep_every_byte(value: bytes, left: bytes | None) -> None:
    """L04, H11, K22: also what a framework's wider stripping would read as a gated name"""
    headers: list[Header] = [(b"host", b"x"), (b"Cookie", value), (b"accept", b"*/*")]
    kept, hidden = hide_cookies(headers, is_ga)
    assert kept == [(b"host", b"x"), *([(b"Cookie", left)] if left is not None else []), (b"accept", b"*/*")]
    assert b"_ga" in hidden


@pytest.mark.parametrize("value", [b"a=_ga; b=1", b"a=1;_GA=2; x_ga=3;", b' "_ga"=1', b"%5Fga=1", b"; ;", b"", b"a=1,_ga=2"])
def test_where_nothing_is_gated_the_field_stays_as_it_is(value: bytes) -> None:
    """H05"""
    headers = [(b"Cookie", value)]
    kept, hidden = hide_cookies(headers, is_ga)
    assert kept == headers
    assert kept[0] is headers[0]
    assert hidden == ()


def test_each_line_is_filtered_and_each_name_told_once() -> None:
    """H11"""
    headers = [(b"cookie", b"_ga=1; _ga_A=1"), (b"cookie", b"a=1"), (b"cookie", b"_ga=2; b=1")]
    assert hide_cookies(headers, is_ga) == ([(b"cookie", b"a=1"), (b"cookie", b"b=1")], (b"_ga", b"_ga_A"))


@given(
    st.lists(
        st.sampled_from([b"_ga=1", b"a=1", b" b = 2", b"", b" ", b"_ga_X", b"=_ga", b"\xff\xfe", b"\xa0_ga=1"]), max_size=8
    )
)
@settings(max_examples=100)
def test_after_hiding_no_gated_name_is_left(pieces: list[bytes]) -> None:
    kept, _ = hide_cookies([(b"cookie", b";".join(pieces))], is_ga)
    assert hide_cookies(kept, is_ga) == (kept, ())
    assert not any(is_ga(pair.name) for pair in request_cookies(kept))


@given(st.binary(max_size=200))
@settings(max_examples=100)
def test_any_bytes_are_read_without_an_error(value: bytes) -> None:
    for pair in parse_cookie_pairs(value):
        assert pair.raw in value
    hide_cookies([(b"cookie", value)], lambda name: True)


@pytest.mark.parametrize(
    "value", [b";" * 1_500_000, b"=" * 1_500_000, b" " * 1_500_000, b"a=1;" * 300_000, b"\xa0" * 1_500_000]
)
@pytest.mark.linear
def test_hostile_fields_take_linear_time(value: bytes) -> None:
    """K9, R6"""
    parse_cookie_pairs(value)
    hide_cookies([(b"cookie", value)], is_ga)


def test_every_field_that_browsers_sent_is_read() -> None:
    """K11: the consent cookie is found under exactly its own name"""
    for row in rows("cases/cookie_header.jsonl"):
        value = row["template"].replace("{N}", "__Host-consent").encode("latin-1")
        found = [pair for pair in parse_cookie_pairs(value) if pair.name == b"__Host-consent"]
        assert bool(found) is ("{N}=" in row["template"] and '"{N}"' not in row["template"]), row["id"]


@pytest.mark.parametrize("lines", [1, 7])
def test_what_follows_more_pairs_than_browsers_send_is_hidden_unread(lines: int) -> None:
    """L04, K9: no name in it is looked at, and none of it reaches the app."""
    asked: list[bytes] = []

    def gated(name: bytes) -> bool:
        asked.append(name)
        return name == b"_ga"

    pairs = [b"n%d=1" % number for number in range(COOKIE_PAIRS)]
    field = [b"_ga=1", *pairs, b"_ga=2", b"late=1"]
    headers = [(b"cookie", b"; ".join(field[at::lines])) for at in range(lines)]
    kept, hidden = hide_cookies(headers, gated)
    assert hidden == (b"_ga",)
    left = [pair for pair in request_cookies(kept) if pair.name]
    assert len(left) <= COOKIE_PAIRS
    assert not any(pair.name == b"_ga" for pair in left)
    assert len(asked) <= COOKIE_PAIRS
