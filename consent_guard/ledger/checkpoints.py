"""Checkpoints: a signed statement that names every writer, how many rows it has, and the hash at its end.

Writers that have ended are folded into one root and leave the list, so that a checkpoint does not grow with restarts. May
import sqlalchemy. The store makes one now and then, and the command ``ledger checkpoint``.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterable, Sequence
from typing import Final

from sqlalchemy import Connection, exists, select

from ..errors import LedgerError
from ..limits import WRITER_ENDED_SECONDS
from .chains import Head
from .keys import SigningKey
from .rows import START, canonical
from .schema import ENDED, PURGED, RECEIPTS, WRITERS
from .statements import CHECKPOINT, Statement, append_statement, last_statement, lock_statements

NO_ROOT: Final = bytes(32).hex()


def make_checkpoint(connection: Connection, key: SigningKey, *, now: float | None = None) -> Statement:
    """Append a checkpoint of all that this transaction sees. The caller began it and commits it."""
    lock_statements(connection)
    moment = time.time() if now is None else now
    before = last_statement(connection, CHECKPOINT)
    known = before.value() if before is not None else {}
    ended, root = int(known.get("ended", 0)), str(known.get("root", NO_ROOT))
    ended_rows = int(known.get("ended_rows", 0))
    live: list[Head] = []
    over: list[Head] = []
    for head, stored_at in _heads(connection):
        (over if stored_at < moment - WRITER_ENDED_SECONDS else live).append(head)
    if over:
        root = folded(root, over)
        ended += len(over)
        ended_rows += sum(head.size for head in over)
    made = append_statement(
        connection,
        key,
        CHECKPOINT,
        {
            "writers": {head.writer: [head.size, head.chain.hex()] for head in live},
            "ended": ended,
            "ended_rows": ended_rows,
            "root": root,
            "rows": ended_rows + sum(head.size for head in live),
        },
    )
    if over:
        values = [{"writer": h.writer, "size": h.size, "chain": h.chain, "statement": made.seq} for h in over]
        connection.execute(ENDED.insert(), values)
    return made


def folded(root: str, over: Iterable[Head]) -> str:
    """Return the root of all ended writers after these, too."""
    listed = [[head.writer, head.size, head.chain.hex()] for head in sorted(over)]
    return hashlib.sha256(bytes.fromhex(root) + canonical(listed)).hexdigest()


def covers(statement: Statement | None, head: Head) -> bool:
    """Tell whether a checkpoint already vouches for a writer's chain up to here."""
    if statement is None:
        return False
    size, _ = statement.value()["writers"].get(head.writer, (0, ""))
    return int(size) >= head.size


def _heads(connection: Connection) -> Sequence[tuple[Head, int]]:
    """Return the end of the chain of each writer that no checkpoint has folded, and when it last stored something.

    A chain whose last rows were purged ends with their leaves: retention is longer than any checkpoint is away, so that such a
    writer was folded long before, or its heads stand in the newest checkpoint.
    """
    has_ended = exists().where(ENDED.c.writer == WRITERS.c.writer)
    open_writers = select(WRITERS.c.writer).where(~has_ended).order_by(WRITERS.c.writer)
    found: list[tuple[Head, int]] = []
    before = last_statement(connection, CHECKPOINT)
    known = before.value()["writers"] if before is not None else {}
    for (writer,) in connection.execute(open_writers).all():
        query = (
            select(RECEIPTS.c.seq, RECEIPTS.c.chain, RECEIPTS.c.stored_at)
            .where(RECEIPTS.c.writer == writer)
            .order_by(RECEIPTS.c.seq.desc())
            .limit(1)
        )
        last = connection.execute(query).first()
        size, chain = known.get(writer, (0, START.hex()))
        if last is not None and int(last.seq) >= int(size):
            found.append((Head(writer, int(last.seq), bytes(last.chain)), int(last.stored_at)))
        elif size:
            found.append((Head(writer, int(size), bytes.fromhex(chain)), 0))
        elif connection.execute(select(PURGED.c.writer).where(PURGED.c.writer == writer).limit(1)).first() is not None:
            raise LedgerError(f"the writer {writer} was purged before any checkpoint named it")
    return found
