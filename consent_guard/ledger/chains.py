"""A writer's chain as the database holds it: its rows, and what is left of those that were purged, in one order.

Reads in bounded memory. May import sqlalchemy, the tables and the rows. Checkpoints grow by it, and ``receipts verify`` follows
it from the start.
"""

from __future__ import annotations

import heapq
from collections.abc import Generator
from contextlib import closing
from operator import attrgetter
from typing import Final, NamedTuple

from sqlalchemy import Connection, select

from ..errors import LedgerError
from .rows import START, Row, chained, row_from, typed
from .schema import PURGED, RECEIPTS

HASH_BYTES: Final = 32
AT_ONCE: Final = 1000
"""So many rows are read at once."""
_RUN: Final = {"first_seq": int, "count": int, "leaves": bytes, "statement": int}


class Broken(Exception):
    """The first thing that is not as it was signed."""

    def __init__(self, reason: str, writer: str = "", seq: int = 0, receipt_id: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.writer = writer
        self.seq = seq
        """The row in the writer's chain, from 1 on; 0 where no row is meant."""
        self.receipt_id = receipt_id
        """Empty where the row is gone."""

    def __str__(self) -> str:
        parts = [self.reason]
        if self.writer:
            parts.append(f"writer {self.writer}")
        if self.seq:
            parts.append(f"row {self.seq}")
        if self.receipt_id:
            parts.append(f"receipt {self.receipt_id}")
        return ", ".join(parts)


class Head(NamedTuple):
    """How far a writer's chain goes."""

    writer: str
    size: int
    chain: bytes


def new_head(writer: str) -> Head:
    """Return the head of a chain that has no row yet."""
    return Head(writer, 0, START)


class Link(NamedTuple):
    """One receipt's place in a chain."""

    seq: int
    leaf: bytes
    row: Row | None = None
    """None where it was purged."""
    stored: bytes = b""
    """The chain's hash as the row has it."""
    purge: int = 0
    """The number of the statement that signed its purge; 0 for a row that is there."""


def follow(connection: Connection, head: Head) -> Generator[tuple[Link, bytes], None, None]:
    """Yield what comes after a head, each with the chain's hash there, computed from the head's.

    Raises Broken at the first that does not follow: a row is missing, stands there twice, or is not what its hash says.
    """
    writer, size, chain = head
    with closing(_purged(connection, writer, size)) as purged, closing(_rows(connection, writer, size)) as rows:
        for link in heapq.merge(purged, rows, key=attrgetter("seq")):
            if link.seq != size + 1:
                raise Broken("a row is missing" if link.seq > size + 1 else "a row stands there twice", writer, size + 1)
            size, chain = link.seq, chained(chain, link.leaf)
            if link.row is not None and link.stored != chain:
                raise Broken("a row was altered", writer, size, link.row.receipt_id)
            yield link, chain


def _purged(connection: Connection, writer: str, after: int) -> Generator[Link, None, None]:
    """Yield what is left of a writer's purged rows after this one; all that is there, however it is numbered, after none."""
    query = select(PURGED).where(PURGED.c.writer == writer).order_by(PURGED.c.first_seq)
    if after:
        query = query.where(PURGED.c.first_seq + PURGED.c.count > after + 1)
    with connection.execute(query, execution_options={"yield_per": 10}) as result:
        for run in result.mappings():
            try:
                first, count, leaves, purge = typed(run, _RUN).values()
            except LedgerError as error:
                raise Broken(str(error), writer) from None
            if count < 1 or len(leaves) != count * HASH_BYTES:
                raise Broken("what is left of purged receipts was altered", writer, first)
            for at in range(max(0, after + 1 - first) if after else 0, count):
                leaf = leaves[at * HASH_BYTES : (at + 1) * HASH_BYTES]
                yield Link(first + at, leaf, purge=purge)


def _rows(connection: Connection, writer: str, after: int) -> Generator[Link, None, None]:
    """Yield a writer's rows after this one; all that are there, however they are numbered, after none."""
    query = select(RECEIPTS).where(RECEIPTS.c.writer == writer).order_by(RECEIPTS.c.seq)
    if after:
        query = query.where(RECEIPTS.c.seq > after)
    with connection.execute(query, execution_options={"yield_per": AT_ONCE}) as result:
        for found in result.mappings():
            try:
                row = row_from(found)
                stored = typed(found, {"chain": bytes})["chain"]
            except LedgerError:
                seq = found["seq"] if type(found["seq"]) is int else 0
                raise Broken("a row was altered: it cannot be read", writer, seq, str(found["receipt_id"])) from None
            yield Link(row.seq, row.leaf, row, stored)
