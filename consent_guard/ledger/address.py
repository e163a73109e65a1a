"""Which ledger: its address, read once and checked before anything is opened.

May import sqlalchemy, late (extra ``ledger``). The transports read an address when an app starts, the commands with
``--ledger``.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from ..errors import Fault, PolicyError

if TYPE_CHECKING:
    from sqlalchemy.engine import URL

EXTRA: Final = 'pip install "consent-guard-middleware[ledger]"'
_FORMS: Final = "Write sqlite:///FILE or postgresql+psycopg://USER@HOST/DATABASE"
_POSTGRESQL: Final = frozenset({"postgresql", "postgres", "postgresql+psycopg"})
_SQLITE: Final = frozenset({"sqlite", "sqlite+pysqlite"})


@dataclass(frozen=True, slots=True)
class Address:
    """Where receipts are kept."""

    url: URL
    shown: str
    """The address without its password, for logs and messages."""
    file: Path | None
    """The file of a SQLite ledger; None for PostgreSQL."""

    @property
    def name(self) -> str:
        """A short name that differs from ledger to ledger and holds nothing secret; names files in the state folder."""
        place = str(self.file) if self.file is not None else f"{self.url.host}:{self.url.port}/{self.url.database}"
        return hashlib.sha256(place.encode("utf-8", "surrogateescape")).hexdigest()[:8]


def read_address(given: object) -> Address:
    """Return the address in a ledger's URL. Raises PolicyError, a fault of the option ``ledger``, for anything else."""
    if not isinstance(given, str) or not given.strip():
        raise _fault(f"a ledger is named by its address, not by {given!r}", _FORMS)
    try:
        from sqlalchemy.engine import make_url
        from sqlalchemy.exc import ArgumentError
    except ModuleNotFoundError:
        raise _fault("keeping receipts needs sqlalchemy, psycopg and cryptography", EXTRA) from None
    try:
        url = make_url(given.strip())
    except (ArgumentError, ValueError):  # the text may hold a password: it is not repeated
        raise _fault("this is no address of a database", _FORMS) from None
    if url.drivername in _SQLITE:
        return _sqlite(url)
    if url.drivername in _POSTGRESQL:
        if not url.database:
            raise _fault("the address names no database", _FORMS)
        try:
            import psycopg  # noqa: F401 - without its libpq it is there and cannot be used
        except ImportError as error:
            raise _fault(f"PostgreSQL needs psycopg: {error}", EXTRA) from None
        url = url.set(drivername="postgresql+psycopg")
        return Address(url, url.render_as_string(hide_password=True), None)
    raise _fault(f"receipts cannot be kept in {url.drivername!r}", _FORMS)


def _sqlite(url: URL) -> Address:
    if url.query:
        raise _fault("the address of a SQLite ledger takes no options", "Leave out what follows the question mark")
    if url.host:
        raise _fault(
            f"a SQLite ledger is a file, and {url.host!r} stands where a host does", "Write three slashes: sqlite:///FILE"
        )
    if not url.database or url.database == ":memory:":
        raise _fault("receipts that live in memory are no proof", "Name a file: sqlite:///consent.db")
    file = Path(url.database).absolute()
    return Address(url.set(database=str(file)), f"sqlite:///{file}", file)


def _fault(message: str, mend: str) -> PolicyError:
    return PolicyError([Fault("ledger", message, mend)], "options")
