"""Checkpoints: a signed statement that names every writer, how many rows it has, and the hash at its end.

Writers that have ended are folded into one root and leave the list, so that a checkpoint does not grow with restarts. May
import sqlalchemy. The store makes one now and then, and the command ``ledger checkpoint``.
"""

from __future__ import annotations

import hashlib
import logging
import math
import time
from collections.abc import Iterable, Mapping
from contextlib import closing
from typing import Any, Final

from sqlalchemy import Connection, Select, exists, select, text

from ..limits import WRITER_ENDED_SECONDS
from .chains import Broken, Head, follow, new_head
from .keys import SigningKey
from .rows import canonical
from .schema import ENDED, PURGED, RECEIPTS, WRITERS
from .statements import CHECKPOINT, Statement, append_new_key, append_statement, lock_statements, vouched_statement

logger: Final = logging.getLogger("consent_guard")
NO_ROOT: Final = bytes(32).hex()
_LOCK: Final = 0x77726974657273  # "writers"


def make_checkpoint(connection: Connection, key: SigningKey, *, now: float | None = None) -> Statement:
    """Append a checkpoint of all that this transaction sees. The caller began it and commits it.

    Each writer's head grows from the one that is signed, by the rows after it. Where they do not follow it stays as it was, so
    that nobody gets a change signed, and verifying finds it.
    """
    lock_statements(connection)
    moment = time.time() if now is None else now
    before = vouched_statement(connection, key, CHECKPOINT)
    known = before.value() if before is not None else {}
    ended, root = int(known.get("ended", 0)), str(known.get("root", NO_ROOT))
    ended_rows = int(known.get("ended_rows", 0))
    limit = moment - WRITER_ENDED_SECONDS
    heads = _heads(connection, known.get("writers", {}))
    if any(stored_at < limit for _, stored_at in heads):
        _lock_writers(connection, shared=False)
        heads = _heads(connection, known.get("writers", {}))  # none of them stores anything any more until this is committed
    live = [head for head, stored_at in heads if stored_at >= limit]
    over = [head for head, stored_at in heads if stored_at < limit]
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


def has_ended(connection: Connection, writer: str) -> bool:
    """Tell whether a checkpoint folded this writer; if not, none does until this transaction ends.

    A checkpoint takes a writer for ended by the clock of the machine that makes it, which may be ahead, and where its last rows
    were purged. A process that stores asks first.
    """
    _lock_writers(connection, shared=True)
    return connection.execute(select(ENDED.c.writer).where(ENDED.c.writer == writer)).first() is not None


def change_key(connection: Connection, old: SigningKey, new: SigningKey) -> Statement:
    """Let a new key follow the old one, and sign a checkpoint of all that was stored under the old one."""
    lock_statements(connection)
    append_new_key(connection, old, new)
    return make_checkpoint(connection, new)


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


def _lock_writers(connection: Connection, *, shared: bool) -> None:
    """Until this transaction ends, let no writer be folded (``shared``), or none that has a chain store anything.

    SQLite's writing transactions exclude each other.
    """
    if connection.dialect.name == "postgresql":
        function = "pg_advisory_xact_lock_shared" if shared else "pg_advisory_xact_lock"
        connection.execute(text(f"SELECT {function}(:key)"), {"key": _LOCK})


def _heads(connection: Connection, known: Mapping[str, tuple[int, str]]) -> list[tuple[Head, float]]:
    """Return the end of the chain of each writer that no checkpoint has folded, and when it last stored something.

    ``known`` is what the newest checkpoint names. A writer whose rows do not follow, or are gone, never counts as ended. One
    whose last rows were purged does: where it lives on, it begins another chain with its next receipt.
    """
    signed = {writer: Head(writer, int(size), bytes.fromhex(chain)) for writer, (size, chain) in known.items()}
    grown: dict[str, tuple[Head, float]] = {}
    for writer, rows_end, stored_at, purged_end in connection.execute(_open_writers()).all():
        if type(writer) is not str:
            continue  # no writer of ours; verifying says so
        head = signed.get(writer, new_head(writer))
        last = math.inf
        try:
            if any(end is not None and type(end) is not int for end in (rows_end, stored_at, purged_end)):
                raise Broken("a number in a row is none", writer)
            if max(rows_end or 0, purged_end or 0) > head.size:
                head = _grown(connection, head)
            if head.size in (rows_end, purged_end):  # else rows are gone, or another process is storing more
                last = float(stored_at) if head.size == rows_end else 0.0
        except Broken as broken:
            logger.error(
                "the ledger was altered, and no checkpoint vouches for it: %s; see consent-guard receipts verify", broken
            )
        grown[writer] = head, last
    left = {writer: (head, math.inf) for writer, head in signed.items() if writer not in grown}
    return [found for _, found in sorted({**left, **grown}.items()) if found[0].size]


def _open_writers() -> Select[tuple[Any, Any, Any, Any]]:
    """Return the query for all writers that have not ended: their last row, when it was stored, and their last purged one."""
    row = RECEIPTS.c.writer == WRITERS.c.writer
    last = select(RECEIPTS.c.seq).where(row).order_by(RECEIPTS.c.seq.desc()).limit(1)
    stored_at = select(RECEIPTS.c.stored_at).where(row).order_by(RECEIPTS.c.seq.desc()).limit(1)
    run = PURGED.c.writer == WRITERS.c.writer
    purged = select(PURGED.c.first_seq + PURGED.c.count - 1).where(run).order_by(PURGED.c.first_seq.desc()).limit(1)
    has_ended = exists().where(ENDED.c.writer == WRITERS.c.writer)
    columns = select(WRITERS.c.writer, last.scalar_subquery(), stored_at.scalar_subquery(), purged.scalar_subquery())
    return columns.where(~has_ended)


def _grown(connection: Connection, head: Head) -> Head:
    """Return a head after all the rows that follow it. Raises Broken where one does not."""
    with closing(follow(connection, head)) as links:
        for link, chain in links:
            head = Head(head.writer, link.seq, chain)
    return head
