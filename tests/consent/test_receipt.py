from __future__ import annotations

import re
from dataclasses import FrozenInstanceError, fields

import pytest

from consent_guard.consent.receipt import Receipt, new_receipt_id


def make() -> Receipt:
    return Receipt(
        receipt_id=new_receipt_id(),
        time=1_700_000_000,
        answers={"audience": False},
        overrides={"youtube": True},
        revision=3,
        policy_digest="p",
        text_digest="b",
        language="fr",
        means="banner",
        act="save",
        grants=True,
        changed={"categories": {}, "services": {"youtube": True}},
        note="",
        library_version="0.1.0",
    )


def test_a_receipt_id_is_96_random_bits_and_safe_in_a_cookie_and_an_address() -> None:
    """L28, L33"""
    ids = {new_receipt_id() for _ in range(1000)}
    assert len(ids) == 1000
    assert all(re.fullmatch(r"[A-Za-z0-9_-]{16}", id) for id in ids)


def test_a_receipt_has_no_place_for_an_address_or_a_user_agent() -> None:
    """L26, L28, K24"""
    assert {field.name for field in fields(Receipt)} == {
        "receipt_id",
        "time",
        "answers",
        "overrides",
        "revision",
        "policy_digest",
        "text_digest",
        "language",
        "means",
        "act",
        "grants",
        "changed",
        "note",
        "library_version",
    }


def test_a_receipt_cannot_be_changed() -> None:
    """L25"""
    with pytest.raises(FrozenInstanceError):
        make().revision = 4  # type: ignore[misc]
