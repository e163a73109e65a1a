from __future__ import annotations

import pytest

from consent_guard.consent.signals import gpc


@pytest.mark.parametrize(
    "value", [b"0", b"", b"01", b"11", b"1.0", b"true", b"yes", b"?1", b'"1"', b"1;x", b"1, 0", b"\xa01", b"\xb9"]
)
def test_any_other_value_of_sec_gpc_says_nothing(value: bytes) -> None:
    """G01"""
    assert not gpc([(b"sec-gpc", value)])


@pytest.mark.parametrize("name", [b"sec-gpc", b"Sec-GPC", b"SEC-GPC"])
def test_exactly_1_is_the_signal_whatever_the_case_of_the_name(name: bytes) -> None:
    """G01"""
    assert gpc([(b"accept", b"*/*"), (name, b"1")])
    assert gpc([(name, b" 1\t")])


def test_several_lines_of_which_one_holds_1_count_as_one() -> None:
    """G01"""
    assert gpc([(b"sec-gpc", b"0"), (b"sec-gpc", b"1"), (b"sec-gpc", b"1")])


def test_no_line_is_no_signal() -> None:
    """G01, G04: DNT is another field."""
    assert not gpc([])
    assert not gpc([(b"dnt", b"1"), (b"x-sec-gpc", b"1")])
