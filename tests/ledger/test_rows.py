"""What is hashed of a receipt: every column (L25)."""

from __future__ import annotations

import json
from dataclasses import fields, replace

import pytest

from consent_guard.consent.receipt import Receipt
from consent_guard.errors import LedgerError
from consent_guard.ledger.rows import COLUMNS, Row, plain_receipt, receipt_from_plain, receipt_of, row_of
from consent_guard.ledger.schema import RECEIPTS

from .conftest import receipt


def test_the_table_has_the_hashed_columns_and_the_chain() -> None:
    """L25"""
    assert {column.name for column in RECEIPTS.columns} == {*COLUMNS, "chain"}


@pytest.mark.parametrize("name", COLUMNS)
def test_a_change_of_any_column_changes_the_leaf(name: str) -> None:
    """L25"""
    row = row_of(receipt(), "0" * 16, 1, 1_700_000_001)
    value = getattr(row, name)
    other = value + (b"x" if isinstance(value, bytes) else "x" if isinstance(value, str) else 1)
    assert replace(row, **{name: other}).leaf != row.leaf


@pytest.mark.parametrize("name", ["answers", "overrides", "changed"])
@pytest.mark.parametrize("value", ["", "[]", "{", "[" * 100_000, "7"], ids=lambda value: value[:3])
def test_a_row_whose_json_was_altered_is_told_of(name: str, value: str) -> None:
    row = row_of(receipt(), "0" * 16, 1, 1_700_000_001)
    with pytest.raises(LedgerError, match=name):
        receipt_of(replace(row, **{name: value}))
    with pytest.raises(LedgerError, match="changed"):
        receipt_of(replace(row, changed='{"services": 5}'))


def test_no_column_has_a_place_for_an_address_a_user_agent_or_a_page() -> None:
    """L28"""
    assert not {"ip", "address", "user_agent", "page", "path", "url", "next"} & set(COLUMNS)


def test_a_receipt_survives_its_row_and_its_line_in_the_spool() -> None:
    given = receipt(answers={"é": True}, overrides={"video": False}, changed={"categories": {"m": True}, "services": {}})
    assert receipt_of(row_of(given, "0" * 16, 9, 5)) == given
    assert receipt_from_plain(json.loads(json.dumps(plain_receipt(given)))) == given
    assert {field.name for field in fields(Receipt)} == set(plain_receipt(given))
    assert {field.name for field in fields(Row)} - {"writer", "seq", "stored_at"} == {field.name for field in fields(Receipt)}
