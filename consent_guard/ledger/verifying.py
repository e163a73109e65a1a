"""Verifying a ledger: every row against its chain, every chain against the newest signed checkpoint (L25), every text and
policy against its digest (L26, L27).

Reads one state of the ledger, row by row, in bounded memory: a writer's chain at a time. May import sqlalchemy and this
package. ``receipts verify`` calls it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Container, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import Connection, exists, func, select

from ..errors import LedgerError
from .chains import AT_ONCE, HASH_BYTES, Broken, Head, Link, follow, new_head
from .checkpoints import NO_ROOT, folded
from .keys import key_name
from .purging import run_digest
from .rows import START, typed
from .schema import ENDED, PURGED, RECEIPTS, SHOWN, WRITERS
from .statements import CHECKPOINT, NEW_KEY, PURGE, Statement, all_statements, is_signed, last_statement, successor_of

_HEAD: Final = {"writer": str, "size": int, "chain": bytes}
_RUN: Final = {"writer": str, "first_seq": int, "count": int, "leaves": bytes}
_SHOWN: Final = {"kind": str, "digest": bytes, "body": bytes}

__all__ = ["Broken", "Verdict", "first_break", "verify"]


@dataclass(slots=True)
class Verdict:
    """What a clean ledger holds."""

    rows: int = 0
    """Receipts that are there."""
    purged: int = 0
    """Receipts whose leaf hashes alone are left."""
    writers: int = 0
    checkpoint: int | None = None
    """The number of the newest checkpoint's statement; None where there is none."""
    checkpoint_at: int | None = None
    """Its time, in Unix seconds."""
    after: int = 0
    """Receipts that no checkpoint vouches for yet."""
    lacking: int = 0
    """Receipts whose text or policy the ledger does not hold: a spool that was damaged may have lost it."""
    last_after: int | None = None
    """When the last of them was stored, in Unix seconds."""
    signer: str | None = None
    """The key that signed the newest checkpoint."""
    keys: list[str] = field(default_factory=list)
    """The keys that signed, in order."""


def verify(
    connection: Connection,
    trusted: bytes,
    tick: Callable[[int], object] = lambda rows: None,
    *,
    kept: Statement | None = None,
) -> Verdict:
    """Return what a clean ledger holds; ``trusted`` is a public key that signed it, its first, its last or one between.

    ``tick`` is called with how many more rows were read; ``kept`` is a checkpoint that was kept elsewhere: the ledger still
    holds it, and its rows are those that it named. Raises Broken at the first break.
    """
    try:
        return _verified(connection, trusted, tick, kept)
    except LedgerError as error:  # a value that cannot be read
        raise Broken(str(error)) from None


def _verified(connection: Connection, trusted: bytes, tick: Callable[[int], object], kept: Statement | None) -> Verdict:
    verdict = Verdict()
    signed = _Signed(kept)
    with closing(all_statements(connection)) as statements:
        for statement in statements:
            signed.read(connection, statement)
    signed.check_last(connection, trusted)
    verdict.keys = [key_name(key) for key in signed.keys]
    newest = last_statement(connection, CHECKPOINT)
    if newest is not None:
        verdict.checkpoint, verdict.checkpoint_at, verdict.signer = newest.seq, newest.time, key_name(newest.public_key)
    held = _shown(connection)
    expected = {**signed.over, **signed.heads}
    for writer in _writers(connection, expected):
        marks = [heads[writer] for heads in (expected, signed.kept_heads or {}) if writer in heads]
        _chain(connection, writer, marks, writer in signed.over, signed, held, verdict, tick)
    there = connection.execute(select(func.count()).select_from(RECEIPTS)).scalar_one()
    if there != verdict.rows:
        raise Broken(f"{there - verdict.rows} receipts stand in no chain")
    for number, left in signed.purged.items():
        if left:
            raise Broken(f"the purge {number} signed for {left} receipts more than are left of it")
    return verdict


def first_break(connection: Connection, writer: str) -> int:
    """Return the first row of a writer that no checkpoint vouches for as it stands: where all its hashes were made anew, only
    the checkpoints know."""
    marks: dict[int, str] = {}
    for statement in all_statements(connection):
        if statement.kind == CHECKPOINT and writer in (writers := statement.value()["writers"]):
            size, chain = writers[writer]
            marks.setdefault(int(size), str(chain))
    sound = 0
    with closing(follow(connection, new_head(writer))) as links:
        for link, chain in links:
            if link.seq in marks:
                if chain.hex() != marks[link.seq]:
                    break
                sound = link.seq
    return sound + 1


class _Signed:
    """What the statements say, read in order."""

    def __init__(self, kept: Statement | None) -> None:
        self.kept = kept
        self.kept_heads: dict[str, Head] | None = None
        """What the checkpoint that was kept elsewhere names; None until it is met."""
        self.heads: dict[str, Head] = {}
        self.keys: list[bytes] = []
        self.purged: dict[int, int] = {}
        """Per purge, by its statement's number, how many of the receipts that it signed for were not met yet."""
        self.root = NO_ROOT
        self.over: dict[str, Head] = {}
        """The writers that have ended, as the root of the checkpoint that folded each vouches for them."""
        self.last: Statement | None = None

    def read(self, connection: Connection, statement: Statement) -> None:
        before = self.last
        number = before.seq + 1 if before is not None else 1
        if statement.seq != number:
            raise Broken(f"the signed statement {number} is missing")
        try:
            value = statement.value()
            self._check(connection, statement, value)
        except (KeyError, TypeError, ValueError, AttributeError):
            raise Broken(f"the signed statement {statement.seq} was altered: it cannot be read") from None
        except LedgerError as error:
            raise Broken(f"what belongs to the signed statement {statement.seq} cannot be read: {error}") from None
        self.last = statement
        if self.kept is not None and statement.seq == self.kept.seq:
            if statement != self.kept:
                raise Broken(f"the checkpoint {statement.seq} is not the one that was kept elsewhere")
            self.kept_heads = self.heads

    def check_last(self, connection: Connection, trusted: bytes) -> None:
        if self.last is None:
            left = [connection.execute(select(table.c.writer).limit(1)).first() for table in (ENDED, PURGED)]
            if any(left):
                raise Broken("every signed statement is missing")
        elif not is_signed(self.last):
            raise Broken(f"the signature of the newest statement, {self.last.seq}, does not match")
        elif trusted not in self.keys:
            signers = ", ".join(key_name(key) for key in self.keys)
            raise Broken(f"it is signed with another key than the one given: {signers}")
        if self.kept is not None and self.kept_heads is None:
            raise Broken(f"the checkpoint {self.kept.seq}, which was kept elsewhere, is missing: the ledger's end was cut off")
        listed = connection.execute(select(func.count()).select_from(ENDED)).scalar_one()
        if listed != len(self.over):
            raise Broken(f"{listed} writers are listed as ended, and {len(self.over)} were signed for")

    def take_purged(self, link: Link, writer: str) -> None:
        """Count off one receipt of those that a purge signed for."""
        left = self.purged.get(link.purge, 0)
        if not left:
            raise Broken("a row is marked as purged, and no purge signed for it", writer, link.seq)
        self.purged[link.purge] = left - 1

    def _check(self, connection: Connection, statement: Statement, value: dict[str, Any]) -> None:
        before = self.last
        if value["previous"] != (before.hash if before is not None else bytes(HASH_BYTES).hex()):
            raise Broken(f"the signed statements {statement.seq - 1} and {statement.seq} do not belong together")
        owner = successor_of(before)
        if owner is not None and owner != statement.public_key:
            raise Broken(f"the signed statement {statement.seq} is signed with a key that nobody introduced")
        if not self.keys:
            self.keys.append(statement.public_key)
        if statement.kind == CHECKPOINT:
            self._checkpoint(connection, statement, value)
            return
        if not is_signed(statement):
            raise Broken(f"a signature of the statement {statement.seq} does not match")
        if statement.kind == NEW_KEY:
            self.keys.append(bytes.fromhex(value["new_key"]))
        elif statement.kind == PURGE:
            self.purged[statement.seq] = int(value["count"])
            _check_purge(connection, statement, value)
        else:
            raise Broken(f"the signed statement {statement.seq} is of no kind that this version knows")

    def _checkpoint(self, connection: Connection, statement: Statement, value: dict[str, Any]) -> None:
        heads = {writer: Head(writer, int(size), bytes.fromhex(chain)) for writer, (size, chain) in value["writers"].items()}
        over: list[Head] = []
        if int(value["ended"]) != len(self.over):
            query = select(ENDED).where(ENDED.c.statement == statement.seq)
            over = [Head(**typed(found, _HEAD)) for found in connection.execute(query).mappings()]
            if folded(self.root, over) != value["root"]:
                raise Broken(f"the writers that had ended by the checkpoint {statement.seq} are not those that it signed")
        for head in (*heads.values(), *over):
            if head.writer in self.over:
                raise Broken(f"the checkpoint {statement.seq} names a writer that had ended before", head.writer)
        named = {**heads, **{head.writer: head for head in over}}
        for writer, head in self.heads.items():
            if writer not in named or named[writer].size < head.size:
                raise Broken(f"the checkpoint {statement.seq} no longer names what an earlier one did", writer)
            if named[writer].size == head.size and named[writer].chain != head.chain:
                raise Broken(f"the checkpoint {statement.seq} names other rows than an earlier one did", writer)
        self.heads = heads
        self.over |= {head.writer: head for head in over}
        self.root = str(value["root"])
        if len(self.over) != int(value["ended"]):
            raise Broken(f"the checkpoint {statement.seq} folds another number of writers than it names")


def _check_purge(connection: Connection, statement: Statement, value: dict[str, Any]) -> None:
    query = select(PURGED).where(PURGED.c.statement == statement.seq).order_by(PURGED.c.writer, PURGED.c.first_seq)
    found = [tuple(typed(row, _RUN).values()) for row in connection.execute(query).mappings()]
    if run_digest([(writer, first, count, leaves) for writer, first, count, leaves in found]) != value["runs"]:
        raise Broken(f"what is left of the purge {statement.seq} is not what it signed")


def _shown(connection: Connection) -> set[tuple[str, bytes]]:
    """Return the kind and the digest of each text and policy that the ledger holds; each is what its digest says."""
    held: set[tuple[str, bytes]] = set()
    with connection.execute(select(SHOWN), execution_options={"yield_per": 10}) as result:
        for found in result:
            kind, digest, body = typed(found._mapping, _SHOWN).values()
            if hashlib.sha256(body).digest() != digest:
                raise Broken(f"the {kind} {digest.hex()} was altered")
            held.add((kind, digest))
    return held


def _writers(connection: Connection, expected: dict[str, Head]) -> list[str]:
    """Return every writer that anything names, those that began first first."""
    query = select(WRITERS.c.writer).order_by(WRITERS.c.started_at)
    named = [typed(found, {"writer": str})["writer"] for found in connection.execute(query).mappings()]
    known = set(named)
    if len(named) != len(known):
        raise Broken("a writer is listed twice")
    for writer in expected:
        if writer not in known:
            raise Broken("a writer is missing", writer, 1)
    for table, what in ((RECEIPTS, "rows"), (PURGED, "purged rows")):
        listed = exists().where(WRITERS.c.writer == table.c.writer)
        stranger = connection.execute(select(table.c.writer).where(~listed).limit(1)).first()
        if stranger is not None:
            raise Broken(f"there are {what} of a writer that was never registered", str(stranger.writer), 1)
    return named


def _chain(
    connection: Connection,
    writer: str,
    marks: Sequence[Head],
    has_ended: bool,
    signed: _Signed,
    held: Container[tuple[str, bytes]],
    verdict: Verdict,
    tick: Callable[[int], object],
) -> None:
    """Follow one writer's chain from its first row to its last, past the heads that were signed."""
    verdict.writers += 1
    end = max((head.size for head in marks), default=0)
    at = {head.size: START for head in marks}
    size = 0
    with closing(follow(connection, new_head(writer))) as links:
        for link, chain in links:
            size = link.seq
            if size in at:
                at[size] = chain
            if size > end and has_ended:
                raise Broken(
                    "a row was added to a writer that had ended", writer, size, link.row.receipt_id if link.row else ""
                )
            if link.row is None:
                signed.take_purged(link, writer)
                verdict.purged += 1
            else:
                verdict.rows += 1
                named = ("text", link.row.text_digest), ("policy", link.row.policy_digest)
                verdict.lacking += not all(one in held for one in named)
                if size > end:
                    verdict.after += 1
                    verdict.last_after = max(verdict.last_after or link.row.stored_at, link.row.stored_at)
            if size % AT_ONCE == 0:
                tick(AT_ONCE)
    tick(size % AT_ONCE)
    if size < end:
        raise Broken("a row is missing" if size else "a writer's rows are missing", writer, size + 1)
    if any(at[head.size] != head.chain for head in marks):
        seq = first_break(connection, writer)
        query = select(RECEIPTS.c.receipt_id).where(RECEIPTS.c.writer == writer, RECEIPTS.c.seq == seq)
        receipt_id = connection.execute(query).scalar() or ""
        raise Broken("a row was altered, and the hashes after it made anew", writer, seq, receipt_id)
