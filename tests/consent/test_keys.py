from __future__ import annotations

import logging

import pytest

from consent_guard.consent.keys import check_keys, usable_keys
from consent_guard.errors import SecretKeyError


@pytest.mark.parametrize(
    "keys", [None, "", b"", "   ", [], [None], [""], ["good key", ""], ["good key", None], [b"good", b" \n"]]
)
def test_an_empty_key_is_refused_a_fallback_too(keys: object) -> None:
    """K2"""
    with pytest.raises(SecretKeyError):
        usable_keys(keys)  # type: ignore[arg-type]


@pytest.mark.parametrize("key", [7, True, bytearray(b"key"), ["key"], "\udc80"])
def test_a_key_that_is_not_a_string_of_bytes_or_text_is_refused(key: object) -> None:
    with pytest.raises(SecretKeyError):
        usable_keys([key])  # type: ignore[list-item]


def test_one_key_alone_is_one_key_and_not_its_letters() -> None:
    assert usable_keys("secret") == (b"secret",)
    assert usable_keys(b"secret") == (b"secret",)


def test_keys_keep_their_order_as_bytes() -> None:
    """K2"""
    assert usable_keys(["né", b"old"]) == (b"n\xc3\xa9", b"old")


def test_a_short_key_is_warned_about_once_and_never_told(caplog: pytest.LogCaptureFixture) -> None:
    """K2, K24"""
    with caplog.at_level(logging.WARNING, "consent_guard"):
        assert check_keys(["x" * 31, "hush-hush", "y" * 32]) == (b"x" * 31, b"hush-hush", b"y" * 32)
    (record,) = caplog.records
    assert "2 of 3" in record.getMessage()
    assert "hush" not in record.getMessage()


def test_a_long_key_is_not_warned_about(caplog: pytest.LogCaptureFixture) -> None:
    """K2"""
    with caplog.at_level(logging.DEBUG, "consent_guard"):
        check_keys("é" * 16)
    assert not caplog.records


def test_a_refused_key_is_not_told_in_the_error() -> None:
    """K24"""
    with pytest.raises(SecretKeyError) as caught:
        usable_keys(["hush-hush-\udc80"])
    assert "hush" not in str(caught.value)
