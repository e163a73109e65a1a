"""``consent-guard ledger``: the ledger itself: its tables, its key, its checkpoints.

May import the ledger, ``ledgers`` and ``output``. The table in ``app`` registers it.
"""

from __future__ import annotations

import contextlib
from pathlib import Path

import click

from ..audit.printable import printable
from ..ledger import Ledger
from .ledgers import ledger_option, moment, the_ledger, told
from .output import console, could_not, counted, error_console, json_out


@click.group()
def command() -> None:
    """Set up and look after a ledger of receipts."""


@command.command()
@ledger_option
@click.option("--app-role", metavar="ROLE", help="PostgreSQL: let this role append and read, and nothing else.")
def init(ledger_url: str | None, app_role: str | None) -> None:
    """Make the ledger's tables, or bring them up to this version; on PostgreSQL as their owner.

    Nothing that is there changes. Exit codes: 0 the tables are there, 2 it could not be done.
    """
    from ..ledger.connecting import writing
    from ..ledger.schema import prepare

    ledger = the_ledger(ledger_url)
    with told(), writing(ledger.address, create=True) as connection:
        steps = prepare(connection)
        if app_role is not None:
            with connection.begin():
                _allow(connection, app_role)
    done = f"steps taken: {', '.join(map(str, steps))}" if steps else "the tables are those of this version already"
    console.print(f"{printable(ledger.address.shown)}: {done}")


@command.command()
@ledger_option
@click.option("-o", "--output", metavar="FILE", type=click.Path(dir_okay=False), help="Write it here; else to stdout.")
def key(ledger_url: str | None, output: str | None) -> None:
    """Show the public key that verifies the ledger, in PEM.

    The private key is CONSENT_GUARD_LEDGER_KEY, or lies in the state folder; this command makes none.
    Exit codes: 0 shown, 2 there is no key, or it cannot be read.
    """
    from ..ledger.keys import public_pem

    with told():
        text = public_pem(the_ledger(ledger_url).signing_key(make=False).public)
        if output is None:
            click.echo(text, nl=False)
        else:
            Path(output).write_text(text, "utf-8")
            error_console.print(f"{printable(output)}: written")


@command.command()
@ledger_option
@click.option("-o", "--output", metavar="FILE", required=True, type=click.Path(dir_okay=False), help="The new key's file.")
def rotate(ledger_url: str | None, output: str) -> None:
    """Make a new key and let the old one sign that it follows; both keys sign it into the ledger, and the new one a checkpoint.

    From then on the ledger takes statements of the new key alone: give it to every machine, as CONSENT_GUARD_LEDGER_KEY or in
    place of the old one in the state folder, and restart them. Receipts are stored all the time; only checkpoints wait.
    Where the commit itself fails, the new file stays: the ledger may hold its key, and then takes no statement of the old one.
    Exit codes: 0 the new key is in force, 2 it could not be done.
    """
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    from ..ledger.checkpoints import change_key
    from ..ledger.connecting import bound, must_exist, writing
    from ..ledger.keys import SigningKey, key_name, private_pem
    from ..ledger.schema import check_schema
    from ..ledger.state import write_new

    ledger = the_ledger(ledger_url)
    path = Path(output)
    with told():
        must_exist(ledger.address)
        old = ledger.signing_key(make=False)
        new = SigningKey(Ed25519PrivateKey.generate(), output)
        with writing(ledger.address) as connection, connection.begin(), contextlib.ExitStack() as undo:
            bound(connection)
            check_schema(connection)
            try:
                write_new(path, private_pem(new.private))
            except FileExistsError:
                could_not(f"{output}: it is there already; a key is never overwritten")
            undo.callback(path.unlink, missing_ok=True)
            change_key(connection, old, new)
            undo.pop_all()  # a commit that seems to fail may have come through: the key must not be lost
    console.print(f"{printable(output)}: the new key, {key_name(new.public)}")
    error_console.print("Give it to every machine in place of the old one, and restart them.")


@command.command()
@ledger_option
@click.option("--json", "as_json", is_flag=True, help="Write the signed statement as JSON.")
def checkpoint(ledger_url: str | None, as_json: bool) -> None:
    """Store what lies in the spools of processes that have ended, and sign a checkpoint of all that is stored.

    Keep the JSON elsewhere, and nobody can shorten the ledger unseen. Exit codes: 0 it is signed, 2 it could not be done.
    """
    from ..ledger.checkpoints import make_checkpoint
    from ..ledger.connecting import bound, must_exist, writing
    from ..ledger.schema import check_schema
    from ..ledger.statements import as_plain

    ledger = the_ledger(ledger_url)
    with told():
        must_exist(ledger.address)  # before anything is stored, which would make it
        spooled = _store_spooled(ledger)
        key = ledger.signing_key()
        with writing(ledger.address) as connection, connection.begin():
            bound(connection)
            check_schema(connection)
            made = make_checkpoint(connection, key)
    value = made.value()
    if as_json:
        json_out(as_plain(made))
        return
    holds = f"{counted(value['rows'], 'receipt')}, {counted(len(value['writers']), 'live writer')}"
    console.print(f"checkpoint {made.seq} of {moment(made.time)}: {holds}; {spooled} came from spools")


def _store_spooled(ledger: Ledger) -> int:
    """Store what processes that have ended left in their spools; return how many receipts that were."""
    from collections.abc import Sequence

    from ..ledger.announcing import left_to_others
    from ..ledger.spooling import Spooler
    from ..ledger.store import Entry, Store

    if not ledger.folder.is_dir():
        return 0
    store = Store(ledger.address, ledger.signing_key)
    spooler = Spooler(ledger.folder, ledger.address.name, lambda: None)
    count = 0

    def keep(entries: Sequence[Entry]) -> None:
        nonlocal count
        with left_to_others(ledger.folder, ledger.address.name, entries):
            count += len(store.append(entries))

    with contextlib.closing(store):
        try:
            spooler.adopt()
            spooler.drain(keep)
        finally:
            spooler.close(1.0)
    return count


def _allow(connection: object, role: str) -> None:
    from sqlalchemy import Connection

    from ..ledger.schema import metadata

    if not isinstance(connection, Connection) or connection.dialect.name != "postgresql":
        could_not("--app-role is for PostgreSQL: a SQLite file has no roles")
    quoted = connection.dialect.identifier_preparer.quote_identifier(role)
    for table in metadata.sorted_tables:
        rights = "SELECT" if table.name.endswith("_steps") else "SELECT, INSERT"
        connection.exec_driver_sql(f"GRANT {rights} ON {table.name} TO {quoted}")
