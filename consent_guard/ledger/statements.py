"""What the ledger signs, as one chain: checkpoints, purges, and changes of its key.

Each statement's body names the hash of the one before, so that the last signature vouches for all of them. A new key is signed
by the old one, and signs itself that it follows it. May import sqlalchemy and the keys. Checkpoints, purges and the proofs call
it.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Generator
from dataclasses import dataclass, fields
from typing import Any, Final

from sqlalchemy import Connection, select, text

from ..errors import LedgerError
from ..version import __version__
from .keys import SigningKey, key_name, signed_by
from .rows import canonical, kinds_of, typed
from .schema import STATEMENTS

CHECKPOINT: Final = "checkpoint"
PURGE: Final = "purge"
NEW_KEY: Final = "key"
_SIGNED: Final = b"consent_guard statement 1\n"
_FIRST: Final = bytes(32).hex()
_LOCK: Final = 0x636F6E73656E74  # "consent"


@dataclass(frozen=True, slots=True)
class Statement:
    """One signed statement, as it is stored."""

    seq: int
    kind: str
    time: int
    """Unix seconds."""
    body: str
    """Canonical JSON."""
    public_key: bytes
    signature: bytes

    @property
    def signed(self) -> bytes:
        """The bytes that the signature is over."""
        return _SIGNED + canonical([self.seq, self.kind, self.time, self.body])

    @property
    def hash(self) -> str:
        """What the next statement names."""
        return hashlib.sha256(self.signed + self.public_key + self.signature).hexdigest()

    def value(self) -> dict[str, Any]:
        """The body, read. Raises ValueError for one that is no JSON object."""
        try:
            value = json.loads(self.body)
        except RecursionError:
            raise ValueError("a statement's body nests no deeper than it has to") from None
        if not isinstance(value, dict):
            raise ValueError("a statement's body is a JSON object")  # noqa: TRY004 - what was read is wrong, not the call
        return value


_KINDS: Final = kinds_of(Statement)


def as_plain(statement: Statement) -> dict[str, object]:
    """Return a statement as JSON shows it, to be kept elsewhere; ``statement_from_plain`` reads it again."""
    plain = {field.name: getattr(statement, field.name) for field in fields(Statement)}
    return {name: value.hex() if isinstance(value, bytes) else value for name, value in plain.items()}


def statement_from_plain(plain: object) -> Statement:
    """Return the statement in plain values. Raises ValueError for what is none."""
    if not isinstance(plain, dict) or not isinstance(plain.get("seq"), int):
        raise ValueError("a statement is a JSON object with a number")  # noqa: TRY004 - what was read is wrong, not the call
    try:
        digests = {name: bytes.fromhex(plain[name]) for name in ("public_key", "signature")}
        return Statement(**{**plain, **digests})
    except (KeyError, TypeError) as error:
        raise ValueError(f"no statement: {error}") from None


def lock_statements(connection: Connection) -> None:
    """Let no other machine append a statement until this transaction ends. SQLite's writing transactions exclude each other."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})


def last_statement(connection: Connection, kind: str | None = None) -> Statement | None:
    """Return the newest statement, or the newest of a kind."""
    query = select(STATEMENTS).order_by(STATEMENTS.c.seq.desc()).limit(1)
    if kind is not None:
        query = query.where(STATEMENTS.c.kind == kind)
    found = connection.execute(query).first()
    return _statement(found) if found is not None else None


def all_statements(connection: Connection) -> Generator[Statement, None, None]:
    """Yield every statement, oldest first, without holding them all."""
    query = select(STATEMENTS).order_by(STATEMENTS.c.seq)
    with connection.execute(query, execution_options={"yield_per": 500}) as result:
        for found in result:
            yield _statement(found)


def vouched_statement(connection: Connection, key: SigningKey, kind: str) -> Statement | None:
    """Return the newest statement of a kind, for which the ledger's newest vouches. Raises LedgerError where it does not.

    The newest is signed, and each names the hash of the one before.
    """
    after = _owned(connection, key)
    if after is None or after.kind == kind:
        return after
    query = select(STATEMENTS).where(STATEMENTS.c.seq < after.seq).order_by(STATEMENTS.c.seq.desc())
    with connection.execute(query, execution_options={"yield_per": 100}) as result:
        for found in result:
            statement = _statement(found)
            if statement.hash != after.value()["previous"]:
                raise _unsigned(after.seq - 1)
            if statement.kind == kind:
                return statement
            after = statement
    if after.value()["previous"] != _FIRST:
        raise _unsigned(after.seq - 1)
    return None


def append_statement(connection: Connection, key: SigningKey, kind: str, value: dict[str, Any]) -> Statement:
    """Sign a statement and append it, in the transaction at hand, whose statements are locked.

    Raises LedgerError where another key signs this ledger (it has one at a time), or where its newest statement is not as it
    was signed: a signature after it would vouch for it.
    """
    before = _owned(connection, key)
    body = {**value, "previous": before.hash if before is not None else _FIRST, "library": __version__}
    made = _signed(key, before.seq + 1 if before is not None else 1, kind, canonical(body).decode("ascii"))
    connection.execute(
        STATEMENTS.insert().values(
            seq=made.seq,
            kind=made.kind,
            time=made.time,
            body=made.body,
            public_key=made.public_key,
            signature=made.signature,
        )
    )
    return made


def successor_of(statement: Statement | None) -> bytes | None:
    """Return the key that signs after a statement; None where there is none yet."""
    if statement is None:
        return None
    return bytes.fromhex(str(statement.value()["new_key"])) if statement.kind == NEW_KEY else statement.public_key


def append_new_key(connection: Connection, old: SigningKey, new: SigningKey) -> Statement:
    """Append that ``new`` follows ``old``, signed by both. Raises LedgerError, as ``append_statement`` does."""
    before = _owned(connection, old)
    accepted = new.sign(acceptance(old.public, new.public, before.hash if before is not None else _FIRST))
    value = {"new_key": new.public.hex(), "accepted": accepted.hex()}
    return append_statement(connection, old, NEW_KEY, value)


def acceptance(old: bytes, new: bytes, previous: str) -> bytes:
    """Return what a new key signs when it takes over: the hash of the statement before, too.

    So it vouches for all that was signed until then, whoever gets hold of the old key later.
    """
    return b"consent_guard key 1\n" + old + new + bytes.fromhex(previous)


def is_signed(statement: Statement) -> bool:
    """Tell whether a statement is as its key signed it; one that introduces a key, as both did.

    Raises KeyError, TypeError or ValueError for one whose body is of another form.
    """
    if not signed_by(statement.public_key, statement.signature, statement.signed):
        return False
    if statement.kind != NEW_KEY:
        return True
    value = statement.value()
    new = bytes.fromhex(value["new_key"])
    return signed_by(new, bytes.fromhex(value["accepted"]), acceptance(statement.public_key, new, value["previous"]))


def _owned(connection: Connection, key: SigningKey) -> Statement | None:
    """Return the newest statement, after which this key signs. Raises LedgerError where another does, or where it is forged."""
    newest = last_statement(connection)
    if newest is None:
        return None
    try:
        owner = successor_of(newest)
        sound = is_signed(newest)
    except (KeyError, TypeError, ValueError):
        raise _unsigned(newest.seq) from None
    if owner is not None and owner != key.public:
        raise LedgerError(
            f"this ledger is signed with the key {key_name(owner)}, and {key.source} holds another, {key_name(key.public)}: "
            "give all machines the same key, or sign the new one with consent-guard ledger rotate"
        )
    if not sound:
        raise _unsigned(newest.seq)
    return newest


def _unsigned(seq: int) -> LedgerError:
    return LedgerError(
        f"the ledger's statement {seq} is missing, or not as it was signed: nothing is signed after it; "
        "consent-guard receipts verify says more"
    )


def _signed(key: SigningKey, seq: int, kind: str, body: str) -> Statement:
    unsigned = Statement(seq, kind, int(time.time()), body, key.public, b"")
    return Statement(seq, kind, unsigned.time, body, key.public, key.sign(unsigned.signed))


def _statement(found: Any) -> Statement:
    return Statement(**typed(found._mapping, _KINDS))
