"""Entity tags that carry the consent state out, and give the app its own tag back."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from consent_guard.wire.etags import mark_etag, unmark_all, unmark_if_none_match


@pytest.mark.parametrize("tag", [b'"abc"', b'W/"abc"', b'""', b'"a,b"', b'"\xff"', b"abc", b"5f3-1a", b"W/abc"])
def test_the_app_gets_back_exactly_the_tag_that_it_wrote(tag: bytes) -> None:
    """H23, N3"""
    marked = mark_etag(tag, "S1")
    assert marked.startswith(b'W/"')
    assert marked.endswith(b'S1"')
    assert unmark_if_none_match(marked, "S1") == tag


def test_a_tag_of_another_state_is_dropped() -> None:
    """N3: after a withdrawal no 304 may bring the old page back"""
    assert unmark_if_none_match(mark_etag(b'"abc"', "granted"), "refused") is None


@pytest.mark.parametrize("mark", ["granted", "refused"])
def test_a_condition_on_a_write_gets_the_apps_own_tags_back_under_every_mark(mark: str) -> None:
    """RFC 9110 §13.1.1: If-Match compares strongly, which our weak tags would never pass"""
    value = mark_etag(b'"abc"', mark) + b', "x,y", ' + mark_etag(b'W/"b,c"', "other")
    assert unmark_all(value) == b'"abc", "x,y", W/"b,c"'


@pytest.mark.parametrize("value", [b"*", b'"abc"', b'W/"abc" , "b"', b"", b'"'])
def test_a_condition_without_a_tag_of_ours_stays_the_very_object(value: bytes) -> None:
    assert unmark_all(value) is value


def test_a_digest_in_place_of_a_tag_still_matches_nothing() -> None:
    marked = mark_etag(b'"a"b"', "A")
    assert unmark_all(marked) == marked


def test_the_marks_of_two_states_differ_for_one_tag() -> None:
    assert mark_etag(b'"abc"', "A") != mark_etag(b'"abc"', "B")


def test_tags_without_a_mark_stay_unless_the_request_is_for_a_page() -> None:
    """H22: files are never filtered, and keep their cache"""
    value = b'"file", ' + mark_etag(b'"page"', "A") + b', W/"other~cg-s-B"'
    assert unmark_if_none_match(value, "A") == b'"file", "page"'
    assert unmark_if_none_match(value, "A", keep_unmarked=False) == b'"page"'
    assert unmark_if_none_match(value, "C") == b'"file"'
    assert unmark_if_none_match(value, "C", keep_unmarked=False) is None


@pytest.mark.parametrize("value", [b"", b" ", b", ,"])
def test_a_list_of_no_tags_asks_nothing(value: bytes) -> None:
    assert unmark_if_none_match(value, "A") is None


@pytest.mark.parametrize("value", [b'"a"', b'W/"a",  "b,c" ,', b'"'])
def test_tags_of_files_stay_the_very_object(value: bytes) -> None:
    """H22"""
    assert unmark_if_none_match(value, "A") is value
    assert unmark_if_none_match(value, "A", keep_unmarked=False) is None


@pytest.mark.parametrize("value", [b"*", b" * "])
def test_an_asterisk_stays(value: bytes) -> None:
    """RFC 9110 §13.1.2"""
    assert unmark_if_none_match(value, "A") is value


@pytest.mark.parametrize("tag", [b"", b'"a"b"', b"a b", b'"\x00"', b'"', b'"a\nb"', b"a,b"])
def test_a_tag_that_is_none_is_replaced_and_never_matches_for_the_app(tag: bytes) -> None:
    marked = mark_etag(tag, "A")
    assert marked.startswith(b'W/"')
    assert b"\n" not in marked
    assert unmark_if_none_match(marked, "A") is None
    assert mark_etag(tag + b"x x", "A") != marked


def test_a_tag_of_the_app_that_looks_marked_is_given_back_whole() -> None:
    tag = b'"abc~cg-s-A"'
    assert unmark_if_none_match(mark_etag(tag, "B"), "B") == tag


@pytest.mark.parametrize("mark", ["", 'a"b', "a b", "a-b", "a,b", "é", "x" * 65])
def test_a_mark_that_could_break_the_tag_is_refused(mark: str) -> None:
    """K17"""
    with pytest.raises(ValueError, match="cannot carry"):
        mark_etag(b'"a"', mark)


@pytest.mark.parametrize("value", [b"", b",,", b'"', b'"abc', b"W/", b'W/"a', b"a b, c", b"\xff,\x00"])
def test_what_is_not_well_formed_is_handed_on_without_an_error(value: bytes) -> None:
    left = unmark_if_none_match(value, "A")
    assert left is None or b"~cg-" not in left
    assert unmark_if_none_match(value, "A", keep_unmarked=False) is None


@given(st.binary(max_size=40), st.text("abcXYZ019_.", min_size=1, max_size=12))
@settings(max_examples=100)
def test_every_tag_comes_back_or_never_matches(tag: bytes, mark: str) -> None:
    back = unmark_if_none_match(mark_etag(tag, mark), mark)
    assert back in (None, tag.strip(b" \t"))
    assert unmark_if_none_match(mark_etag(tag, mark), mark + "x") is None


@pytest.mark.parametrize(
    "value", [b" " * 1_000_000, b'"' * 1_000_000, b"," * 1_000_000, b'"~cg-s-' * 150_000, b"~cg-s-a" * 150_000]
)
@pytest.mark.linear
def test_hostile_values_take_linear_time(value: bytes) -> None:
    """R6"""
    unmark_if_none_match(value, "A")
    mark_etag(value, "A")
