"""Reading a ledger: counting, finding, exporting, adding up. In bounded memory, whatever its size.

May import sqlalchemy and this package. The commands ``receipts count``, ``show``, ``export`` and ``stats`` call it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Generator
from dataclasses import dataclass
from typing import Final

from sqlalchemy import ColumnElement, Connection, case, func, select

from ..consent.receipt import Shown
from ..errors import LedgerError
from .rows import Row, row_from, typed
from .schema import RECEIPTS, SHOWN

_AT_ONCE: Final = 1000


@dataclass(frozen=True, slots=True)
class Share:
    """The choices of one policy revision."""

    revision: int
    receipts: int
    accepted: int
    refused: int
    partly: int
    """Saved purpose by purpose."""
    single: int
    """Single services allowed, refused or let once."""
    first: int
    last: int
    """Unix seconds."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A text that was shown within a time."""

    text_digest: str
    policy_digest: str
    language: str
    means: str
    receipts: int


def count(connection: Connection, since: int | None = None) -> int:
    """Return how many receipts there are, of a time from ``since`` (Unix seconds) on."""
    query = select(func.count()).select_from(RECEIPTS).where(*_from(since))
    return int(connection.execute(query).scalar_one())


def find(connection: Connection, receipt_id: str) -> Row | None:
    """Return the receipt with this id."""
    found = connection.execute(select(RECEIPTS).where(RECEIPTS.c.receipt_id == receipt_id)).mappings().first()
    return row_from(found) if found is not None else None


def shown(connection: Connection, digest: str) -> Shown | None:
    """Return the text or policy with this digest, in hexadecimal. Raises ValueError for what is none, LedgerError where it is
    not what its digest says."""
    found = connection.execute(select(SHOWN).where(SHOWN.c.digest == bytes.fromhex(digest))).first()
    if found is None:
        return None
    kind, body = typed(found._mapping, {"kind": str, "body": bytes}).values()
    if hashlib.sha256(body).hexdigest() != digest:
        raise LedgerError(f"the {kind} {digest} was altered")
    return Shown(digest, kind, body)


def rows(connection: Connection, since: int | None = None) -> Generator[Row, None, None]:
    """Yield the receipts of a time from ``since`` on, in the order of their time."""
    query = select(RECEIPTS).where(*_from(since)).order_by(RECEIPTS.c.time, RECEIPTS.c.writer, RECEIPTS.c.seq)
    with connection.execute(query, execution_options={"yield_per": _AT_ONCE}) as result:
        for found in result.mappings():
            yield row_from(found)


def shares(connection: Connection, since: int | None = None) -> list[Share]:
    """Return what was chosen, per revision of the policy."""

    def counted(*acts: str) -> ColumnElement[int]:
        return func.sum(case((RECEIPTS.c.act.in_(acts), 1), else_=0))

    query = select(
        RECEIPTS.c.revision,
        func.count().label("receipts"),
        counted("accept").label("accepted"),
        counted("refuse").label("refused"),
        counted("save").label("partly"),
        counted("allow", "deny", "once").label("single"),
        func.min(RECEIPTS.c.time).label("first"),
        func.max(RECEIPTS.c.time).label("last"),
    )
    query = query.where(*_from(since)).group_by(RECEIPTS.c.revision).order_by(RECEIPTS.c.revision)
    return [Share(*(int(value) for value in found)) for found in connection.execute(query)]


def asked_within(connection: Connection, since: int, before: int) -> list[Asked]:
    """Return the texts that visitors answered from ``since`` until ``before``, in Unix seconds."""
    columns = (RECEIPTS.c.text_digest, RECEIPTS.c.policy_digest, RECEIPTS.c.language, RECEIPTS.c.means)
    query = (
        select(*columns, func.count().label("receipts"))
        .where(RECEIPTS.c.time >= since, RECEIPTS.c.time < before)
        .group_by(*columns)
        .order_by(func.count().desc())
    )
    return [
        Asked(bytes(text).hex(), bytes(policy).hex(), str(language), str(means), int(receipts))
        for text, policy, language, means, receipts in connection.execute(query)
    ]


def _from(since: int | None) -> list[ColumnElement[bool]]:
    return [] if since is None else [RECEIPTS.c.time >= since]
