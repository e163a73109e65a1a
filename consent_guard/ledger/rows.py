"""One stored receipt as it stands in the ledger, and the hashes that chain it to the one before (L25).

The leaf is the SHA-256 of every stored column but the chain's own; the chain is the SHA-256 of the previous chain and the leaf.
So a row that is altered, taken out or moved changes all that follow. May import the receipt. The store, the proofs and the
copies call it; nothing here does I/O.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, Final, Protocol

from ..consent.receipt import Receipt
from ..errors import LedgerError

START: Final = bytes(32)
"""What the first row of a writer is chained to."""
_LEAF: Final = b"consent_guard receipt 1\n"
_CHAIN: Final = b"consent_guard chain 1\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """Every column of a stored receipt but ``chain``, in the order in which they are hashed."""

    writer: str
    """The process that stored it: random, 16 hexadecimal digits, another with each start."""
    seq: int
    """Its place in this writer's chain, from 1 on."""
    receipt_id: str
    time: int
    """When the visitor chose, in Unix seconds."""
    stored_at: int
    """When it was stored, in Unix seconds: later than ``time`` where it waited in the spool."""
    act: str
    grants: int
    """1 for a grant, 0 for a refusal or a withdrawal."""
    means: str
    answers: str
    """JSON, as are ``overrides`` and ``changed``."""
    overrides: str
    changed: str
    revision: int
    policy_digest: bytes
    text_digest: bytes
    language: str
    note: str
    library_version: str

    @property
    def leaf(self) -> bytes:
        """The hash of all that stands in the row."""
        values = [value.hex() if isinstance(value, bytes) else value for value in (getattr(self, name) for name in COLUMNS)]
        return hashlib.sha256(_LEAF + canonical(values)).digest()


COLUMNS: Final = tuple(field.name for field in fields(Row))


def chained(previous: bytes, leaf: bytes) -> bytes:
    """Return the chain's hash at a row."""
    return hashlib.sha256(_CHAIN + previous + leaf).digest()


def canonical(value: object) -> bytes:
    """Return JSON in its one spelling: ASCII, sorted keys, no spaces."""
    return json.dumps(value, ensure_ascii=True, separators=(",", ":"), sort_keys=True).encode("ascii")


def row_of(receipt: Receipt, writer: str, seq: int, stored_at: int) -> Row:
    """Return the row of a receipt at a place in a chain."""
    return Row(
        writer=writer,
        seq=seq,
        receipt_id=receipt.receipt_id,
        time=receipt.time,
        stored_at=stored_at,
        act=receipt.act,
        grants=int(receipt.grants),
        means=receipt.means,
        answers=canonical(dict(receipt.answers)).decode("ascii"),
        overrides=canonical(dict(receipt.overrides)).decode("ascii"),
        changed=canonical({kind: dict(ids) for kind, ids in receipt.changed.items()}).decode("ascii"),
        revision=receipt.revision,
        policy_digest=bytes.fromhex(receipt.policy_digest),
        text_digest=bytes.fromhex(receipt.text_digest),
        language=receipt.language,
        note=receipt.note,
        library_version=receipt.library_version,
    )


class Found(Protocol):
    """A row as a database gives it, by the names of its columns."""

    def __getitem__(self, name: str, /) -> Any: ...


def typed(found: Found, kinds: Mapping[str, type]) -> dict[str, Any]:
    """Return the columns that a database gave, each a value of its kind: SQLite takes any kind in any column, and the text of a
    digest has the same hash as the digest. Raises LedgerError."""
    values: dict[str, Any] = {}
    for name, kind in kinds.items():
        value = found[name]
        if isinstance(value, (bytearray, memoryview)):
            value = bytes(value)
        if type(value) is not kind:
            raise LedgerError(f"the ledger was altered: {name} is {type(value).__name__} where {kind.__name__} belongs")
        values[name] = value
    return values


def kinds_of(row: type) -> dict[str, type]:
    """Return the kind of each field of a row's dataclass."""
    return {field.name: {"str": str, "int": int, "bytes": bytes}[str(field.type)] for field in fields(row)}


_KINDS: Final = kinds_of(Row)


def row_from(columns: Found) -> Row:
    """Return the row that a database gave. Raises LedgerError where a value is of another kind than its column."""
    return Row(**typed(columns, _KINDS))


def receipt_of(row: Row) -> Receipt:
    """Return the receipt in a row. Raises LedgerError where its JSON is none."""
    return Receipt(
        receipt_id=row.receipt_id,
        time=row.time,
        act=row.act,
        grants=bool(row.grants),
        answers=_object(row, "answers"),
        overrides=_object(row, "overrides"),
        changed=_object(row, "changed"),
        revision=row.revision,
        policy_digest=row.policy_digest.hex(),
        text_digest=row.text_digest.hex(),
        language=row.language,
        means=row.means,
        note=row.note,
        library_version=row.library_version,
    )


def _object(row: Row, name: str) -> dict[str, Any]:
    try:
        value = json.loads(getattr(row, name))
    except (ValueError, RecursionError):
        value = None
    if not isinstance(value, dict) or (name == "changed" and not all(isinstance(ids, dict) for ids in value.values())):
        raise LedgerError(f"the ledger was altered: {name} of the receipt {row.receipt_id} cannot be read")
    return value


def as_plain(row: Row) -> dict[str, object]:
    """Return a row as JSON shows it: the answers unfolded, the digests in hexadecimal."""
    receipt = receipt_of(row)
    return {
        "receipt_id": row.receipt_id,
        "time": row.time,
        "stored_at": row.stored_at,
        "act": row.act,
        "grants": bool(row.grants),
        "means": row.means,
        "answers": dict(receipt.answers),
        "overrides": dict(receipt.overrides),
        "changed": {kind: dict(ids) for kind, ids in receipt.changed.items()},
        "revision": row.revision,
        "policy_digest": receipt.policy_digest,
        "text_digest": receipt.text_digest,
        "language": row.language,
        "note": row.note,
        "library_version": row.library_version,
        "writer": row.writer,
        "seq": row.seq,
    }


def plain_receipt(receipt: Receipt) -> dict[str, object]:
    """Return a receipt as plain values, for the spool; ``receipt_from_plain`` reads it again."""
    plain: dict[str, object] = {field.name: getattr(receipt, field.name) for field in fields(Receipt)}
    plain["answers"], plain["overrides"] = dict(receipt.answers), dict(receipt.overrides)
    plain["changed"] = {kind: dict(ids) for kind, ids in receipt.changed.items()}
    return plain


def receipt_from_plain(plain: Mapping[str, Any]) -> Receipt:
    """Return the receipt in plain values. Raises TypeError for other fields than a receipt's, ValueError for a digest that is
    none."""
    receipt = Receipt(**plain)
    for digest in (receipt.policy_digest, receipt.text_digest):
        if len(bytes.fromhex(digest)) != hashlib.sha256().digest_size:
            raise ValueError("not a SHA-256 digest")
    return receipt
