"""Fields other than Link that make a browser act: only their gated members go."""

from __future__ import annotations

import json
from collections.abc import Callable
from urllib.parse import urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from consent_guard.wire.policy_headers import (
    filter_csp,
    filter_nel,
    filter_refresh,
    filter_report_to,
    filter_reporting_endpoints,
    filter_source_map,
    filter_speculation_rules,
)

Filter = Callable[[bytes, Callable[[str], bool]], bytes | None]


def gated(url: str) -> bool:
    try:
        return urlsplit(url).hostname == "ga.example"
    except ValueError:
        return False


@pytest.mark.parametrize(
    ("field", "value", "left"),
    [
        (filter_speculation_rules, b'"https://ga.example/s.json"', None),
        (filter_speculation_rules, b'"/own.json",  "//ga.example/s.json"', b'"/own.json"'),
        (filter_speculation_rules, b'"https://ga.example/a,b" , "/own.json";x', b'"/own.json";x'),
        (filter_speculation_rules, b'"https://ga.ex\\ample/"', None),
        (filter_speculation_rules, b'"https://a;b@ga.example/s.json"', None),
        (filter_speculation_rules, b'"https://a\\";b@ga.example/s.json";x="y;z"', None),
        (filter_speculation_rules, b"https://ga.example/bare", None),
        (filter_speculation_rules, b"https://ga.example/bare;x=1", None),
        (filter_speculation_rules, b'"https://ga.example/s.json";x=1', None),
        (filter_reporting_endpoints, b"a=https://ga.example/r;x=1", None),
        (filter_reporting_endpoints, b'a="https://ga.example/r"', None),
        (filter_reporting_endpoints, b'a="/r", b="https://ga.example/r";x=1 ,c="/s"', b'a="/r",c="/s"'),
        (filter_source_map, b" https://ga.example/x.map", None),
        (filter_refresh, b"0; url=https://ga.example/", None),
        (filter_refresh, b"5,URL = 'https://ga.example/' trailing", None),
        (filter_refresh, b'1.5;url="https://ga.example/x"y', None),
        (filter_refresh, b" 0 https://ga.example/", None),
        (filter_refresh, b"0;url='https://x'@ga.example/'", None),
        (filter_refresh, b"0;//ga.example", None),
        (filter_refresh, b'0;url="https://ga.example/', None),
        (filter_csp, b"report-uri https://ga.example/r", None),
        (filter_csp, b"default-src 'self'; report-uri https://ga.example/r", b"default-src 'self'"),
        (
            filter_csp,
            b"script-src ga.example;\tReport-URI /own  https://ga.example/r /b; img-src *",
            b"script-src ga.example;\tReport-URI /own /b; img-src *",
        ),
        (filter_csp, b"report-uri //ga.example, default-src 'self'", b"default-src 'self'"),
    ],
)
def test_gated_members_go_and_the_others_keep_every_byte(field: Filter, value: bytes, left: bytes | None) -> None:
    """H41, H42, DESIGN §6"""
    assert field(value, gated) == left


@pytest.mark.parametrize(
    ("field", "value"),
    [
        (filter_speculation_rules, b'"/own.json", "https://other.example/"'),
        (filter_speculation_rules, b""),
        (filter_reporting_endpoints, b'ga.example="/r", b=?1, c'),
        (filter_source_map, b"/ga.example/x.map"),
        (filter_refresh, b"5"),
        (filter_refresh, b"5; url=/next?to=https://ga.example/"),
        (filter_refresh, b"garbage"),
        (filter_csp, b"default-src https://ga.example; report-to ga"),
        (filter_csp, b"report-uri /r https://ga.example.org/"),
        (filter_csp, b";;, ,"),
        (filter_csp, b"report-uri"),
    ],
)
def test_where_nothing_is_gated_the_value_stays_the_same_object(field: Filter, value: bytes) -> None:
    assert field(value, gated) is value


def test_a_reporting_group_loses_its_gated_endpoints() -> None:
    """H41"""
    value = (
        b'{"group":"a","max_age":10,"endpoints":[{"url":"https://ga.example/"},{"url":"/own"}]}, {"max_age":1, "endpoints":[]}'
    )
    left, emptied = filter_report_to(value, gated)
    assert left is not None
    assert json.loads(b"[" + left + b"]") == [
        {"group": "a", "max_age": 10, "endpoints": [{"url": "/own"}]},
        {"max_age": 1, "endpoints": []},
    ]
    assert left.endswith(b', {"max_age":1, "endpoints":[]}')
    assert emptied == frozenset()


def test_a_reporting_group_with_gated_endpoints_alone_is_forgotten() -> None:
    """H41: a browser that once stored it would go on reporting"""
    left, emptied = filter_report_to(b'{"max_age":9,"endpoints":[{"url":"https://ga.example/"}]}', gated)
    assert left == b'{"group":"default","max_age":0,"endpoints":[]}'
    assert emptied == {"default"}
    assert filter_nel(b'{"report_to": "default", "max_age": 99}', emptied) == b'{"report_to":"default","max_age":0}'


@pytest.mark.parametrize("value", [b'{"report_to":"own","max_age":99}', b"{}", b"garbage", b'{"report_to":1}', b"[]", b"\xff"])
def test_a_logging_policy_for_another_group_stays_the_same_object(value: bytes) -> None:
    assert filter_nel(value, frozenset({"default"})) is value


@pytest.mark.parametrize(
    "value",
    [
        b'{"endpoints":[{"url":"/own"}]}',
        b'{"endpoints":"https://ga.example/"}',
        b'{"endpoints":[{"url":7},"https://ga.example/",{}]}',
        b"[1,2],3",
        b"garbage",
        b'{"a":"unclosed',
        b"",
    ],
)
def test_a_report_to_without_a_gated_endpoint_stays_the_same_object(value: bytes) -> None:
    left, emptied = filter_report_to(value, gated)
    assert left is value
    assert not emptied


@pytest.mark.parametrize(
    "member",
    [
        b'{"endpoints":[{"url":"https://ga.example/"}]',
        b'{"endpoints":[{"url":"https://ga.example/"}],"endpoints":[]}',
        b'{"max_age":' + b"9" * 5000 + b',"endpoints":[{"url":"https://ga.example/"}]}',
        b'{"x":' + b"[" * 100_000 + b',"endpoints":[{"url":"https://ga.example/"}]}',
        rb'{"max_age":1,"max_age":1,"endpoints":[{"url":"\u0068ttps:\/\/\x67a.example/"}]}',
        rb'{"max_age":1,"max_age":1,"endpoints":[{"url":"ht\ntps://ga.example/"}]}',
        b'{"max_age":1,/*"*/"endpoints":[{"url":"https://ga.example/"}]}',
    ],
    ids=["unclosed", "key twice", "long number", "deep", "escapes", "a line end in a scheme", "a comment"],
)
def test_a_report_to_that_parsers_read_differently_is_dropped_when_it_names_a_gated_host(member: bytes) -> None:
    left, _ = filter_report_to(member, gated)
    assert left is None


@given(
    st.lists(
        st.sampled_from(['"', "{", "}", "[", "]", ",", ":", ";", "=", "\\", " ", "url", "//ga.example/", "é", "0"]), max_size=14
    )
)
@settings(max_examples=200)
def test_no_text_makes_a_filter_fail_and_filtering_twice_changes_nothing(pieces: list[str]) -> None:
    value = "".join(pieces).encode("latin-1")
    for field in (filter_speculation_rules, filter_reporting_endpoints, filter_source_map, filter_refresh, filter_csp):
        left = field(value, gated)
        assert left is None or field(left, gated) is left
    left, emptied = filter_report_to(value, gated)
    assert left is None or filter_report_to(left, gated)[0] is left
    filter_nel(value, emptied)


@pytest.mark.parametrize(
    "value",
    [
        b'"' * 500_001,
        b'"\\' * 250_000,
        b"," * 500_000,
        b"{" * 500_000,
        b'{"' * 250_000,
        b'\\"' * 250_000,
        b"report-uri;" * 50_000,
        b"report-uri " + b"/a " * 150_000,
        b"0" * 500_000,
        b" " * 500_000 + b"x",
        b"url" * 150_000,
    ],
    ids=range(11),
)
@pytest.mark.linear
def test_hostile_values_take_linear_time(value: bytes) -> None:
    """R6"""
    for field in (filter_speculation_rules, filter_reporting_endpoints, filter_source_map, filter_refresh, filter_csp):
        field(value, gated)
    filter_report_to(value, gated)
    filter_nel(value, frozenset())


def test_a_long_member_of_report_to_that_is_no_json_is_dropped_unread() -> None:
    """Every word of it might be an address, and would be read in all its spellings."""
    asked: list[str] = []
    member = b'{"url": ' + b'"a" ' * 20_000
    assert filter_report_to(member, lambda address: bool(asked.append(address))) == (None, frozenset())
    assert asked == []
    own = b'{"max_age":9,"endpoints":[{"url":"https://own.example/"}]}'
    assert filter_report_to(member + b"}, " + own, gated)[0] == own
    assert filter_report_to(b'{"url": "a" "b"}', gated) == (b'{"url": "a" "b"}', frozenset())
