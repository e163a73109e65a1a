"""``consent-guard receipts``: what the ledger holds: counted, shown, exported, verified, purged.

May import the ledger, ``ledgers`` and ``output``. The table in ``app`` registers it.
"""

from __future__ import annotations

import csv
import json
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from ..audit.printable import printable
from ..errors import LedgerError
from .ledgers import DAY_SECONDS, age_start, day_seconds, ledger_option, moment, since_option, the_ledger, told
from .output import FAULTS, console, could_not, counted, error, error_console, json_out, leave

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..ledger.rows import Row
    from ..ledger.statements import Statement


@click.group()
def command() -> None:
    """Count, show, export, verify and purge the receipts of choices."""


@command.command()
@ledger_option
@since_option
def count(ledger_url: str | None, since: int | None) -> None:
    """Say how many receipts there are."""
    from ..ledger import reading
    from ..ledger.connecting import reading as open_to_read

    with told(), open_to_read(the_ledger(ledger_url).address) as connection:
        click.echo(reading.count(connection, since))


@command.command()
@click.argument("receipt_id", metavar="ID")
@ledger_option
@click.option("--text", "part", flag_value="text", help="Write the text that was shown, as HTML.")
@click.option("--policy", "part", flag_value="policy", help="Write the policy that held, as JSON.")
def show(receipt_id: str, ledger_url: str | None, part: str | None) -> None:
    """Show the receipt with this ID as JSON; or what it names by digest.

    Exit codes: 0 shown, 1 there is no such receipt (any more), 2 the ledger cannot be read.
    """
    from ..ledger import reading
    from ..ledger.connecting import reading as open_to_read
    from ..ledger.rows import as_plain

    with told(), open_to_read(the_ledger(ledger_url).address) as connection:
        row = reading.find(connection, receipt_id)
        if row is None:
            error(f"no receipt has the id {receipt_id!r}; it may have been purged")
            leave(FAULTS)
        if part is None:
            json_out(as_plain(row))
            return
        digest = (row.text_digest if part == "text" else row.policy_digest).hex()
        found = reading.shown(connection, digest)
    if found is None:
        error(f"the ledger does not hold what {digest} is the digest of")
        leave(FAULTS)
    click.echo(found.body.decode("utf-8", "replace"))


@command.command()
@click.argument("date", metavar="DATE")
@ledger_option
@click.option("--json", "as_json", is_flag=True, help="Write JSON.")
def shown(date: str, ledger_url: str | None, as_json: bool) -> None:
    """List the texts that visitors answered on a day (UTC), as 2026-01-31, with their policies and how many receipts name them.

    `receipts show ID --text` prints one of them by a receipt's id.
    """
    from ..ledger import reading
    from ..ledger.connecting import reading as open_to_read

    start = day_seconds(date)
    with told(), open_to_read(the_ledger(ledger_url).address) as connection:
        found = reading.asked_within(connection, start, start + DAY_SECONDS)
    if as_json:
        names = ("text_digest", "policy_digest", "language", "means", "receipts")
        json_out([{name: getattr(asked, name) for name in names} for asked in found])
        return
    for asked in found:
        named = f"text {asked.text_digest}  policy {asked.policy_digest}"
        console.print(printable(f"{asked.receipts:>9}  {asked.means:<11}  {asked.language:<5}  {named}"))
    error_console.print(counted(len(found), "text"))


@command.command()
@ledger_option
@since_option
@click.option("--format", "form", type=click.Choice(["csv", "jsonl"]), default="jsonl", show_default=True)
def export(ledger_url: str | None, since: int | None, form: str) -> None:
    """Write the receipts to stdout, oldest first, as CSV or as one JSON object a line. Streams, whatever their number."""
    from ..ledger import reading
    from ..ledger.connecting import reading as open_to_read

    with told(), open_to_read(the_ledger(ledger_url).address) as connection:
        total = reading.count(connection, since)
        with _progress("exporting", total) as tick:
            write = _csv if form == "csv" else _jsonl
            with closing(reading.rows(connection, since)) as rows:
                write(rows, tick)


@command.command()
@ledger_option
@click.option("--key", metavar="PUBLIC", help="The public key: PEM, base64, or a file; without it, this machine's own.")
@click.option("--against", metavar="FILE", type=click.Path(dir_okay=False), help="A checkpoint kept elsewhere, as JSON.")
@click.option("--json", "as_json", is_flag=True, help="Write JSON.")
def verify(ledger_url: str | None, key: str | None, against: str | None, as_json: bool) -> None:
    """Verify every receipt against its chain, every chain against the newest signed checkpoint, every text against its digest.

    Finds each row that was removed, altered or moved up to that checkpoint, and says how much lies after it.
    Exit codes: 0 clean, 1 at the first break (writer, row, receipt), 2 it cannot be read.
    """
    from ..ledger import reading
    from ..ledger.connecting import reading as open_to_read
    from ..ledger.keys import read_public
    from ..ledger.verifying import Broken
    from ..ledger.verifying import verify as verified

    ledger = the_ledger(ledger_url)
    with told():
        kept = _kept_statement(against) if against is not None else None
        with open_to_read(ledger.address) as connection:
            trusted = read_public(key) if key is not None else ledger.signing_key(make=False).public
            try:
                with _progress("verifying", reading.count(connection)) as tick:
                    verdict = verified(connection, trusted, tick, kept=kept)
            except Broken as broken:
                if as_json:
                    at = {"writer": broken.writer, "row": broken.seq, "receipt_id": broken.receipt_id}
                    json_out({"clean": False, "break": {"reason": broken.reason, **at}})
                else:
                    console.print(f"broken  {printable(str(broken))}", style="red")
                leave(FAULTS)
    now = time.time()
    if as_json:
        json_out(
            {
                "clean": True,
                "receipts": verdict.rows,
                "purged": verdict.purged,
                "writers": verdict.writers,
                "checkpoint": verdict.checkpoint,
                "checkpoint_at": verdict.checkpoint_at,
                "after": verdict.after,
                "seconds_after": _seconds_after(verdict.checkpoint_at, verdict.last_after),
                "lacking": verdict.lacking,
                "signed_by": verdict.signer,
                "keys": verdict.keys,
            }
        )
        return
    held = f"{counted(verdict.rows, 'receipt')} of {counted(verdict.writers, 'writer')}"
    console.print(f"clean   {held}, {verdict.purged} purged by retention")
    if verdict.lacking:
        names = "name" if verdict.lacking != 1 else "names"
        console.print(f"        {counted(verdict.lacking, 'receipt')} {names} a text or a policy that the ledger does not hold")
    if verdict.checkpoint_at is None:
        console.print("        no checkpoint yet: nothing is signed")
    else:
        ago = int(now - verdict.checkpoint_at)
        console.print(
            f"        signed up to {moment(verdict.checkpoint_at)}, {counted(ago, 'second')} ago, by {verdict.signer}"
        )
    if verdict.after:
        span = _seconds_after(verdict.checkpoint_at, verdict.last_after)
        over = f" over {counted(span, 'second')}" if span is not None else ""
        lie, them = ("lies", "it") if verdict.after == 1 else ("lie", "them")
        console.print(f"        {counted(verdict.after, 'receipt')}{over} {lie} after it, and nothing vouches for {them} yet")


@command.command()
@ledger_option
@click.option("--older-than", "older", metavar="AGE", required=True, help="25m is months, 90d days.")
@click.option("--yes", is_flag=True, help="Do not ask.")
def purge(ledger_url: str | None, older: str, yes: bool) -> None:
    """Remove the receipts that are older than AGE; on PostgreSQL as the tables' owner.

    Their leaf hashes stay, and a signed record of how many went, so that the rest still verifies. In a SQLite file nothing of
    them is left in any byte. Exit codes: 0 done, 2 it could not be done.
    """
    from ..ledger.connecting import writing
    from ..ledger.purging import purge as purged
    from ..ledger.purging import to_purge
    from ..ledger.schema import check_schema

    ledger = the_ledger(ledger_url)
    before = age_start(older, time.time())
    with told(), writing(ledger.address) as connection:
        with connection.begin():
            check_schema(connection)
            total = to_purge(connection, before)
        if (
            total
            and not yes
            and not click.confirm(f"Remove {counted(total, 'receipt')} from before {moment(before)}?", err=True)
        ):
            could_not("nothing was removed")
        with _progress("purging", total) as tick:
            gone = purged(connection, ledger.signing_key(), before, tick)
    are, hashes = ("is", "its leaf hash stays") if gone == 1 else ("are", "their leaf hashes stay")
    console.print(f"{counted(gone, 'receipt')} from before {moment(before)} {are} purged; {hashes}")


@command.command()
@ledger_option
@since_option
@click.option("--json", "as_json", is_flag=True, help="Write JSON.")
def stats(ledger_url: str | None, since: int | None, as_json: bool) -> None:
    """Tell what was chosen under each revision of the policy: accepted, refused, purpose by purpose. No identifier of
    anybody."""
    from ..ledger import reading
    from ..ledger.connecting import reading as open_to_read

    with told(), open_to_read(the_ledger(ledger_url).address) as connection:
        shares = reading.shares(connection, since)
    if as_json:
        names = ("revision", "receipts", "accepted", "refused", "partly", "single", "first", "last")
        json_out([{name: getattr(share, name) for name in names} for share in shares])
        return
    for share in shares:
        answers = share.accepted + share.refused + share.partly or 1
        parts = [f"{name} {number} ({100 * number / answers:.1f} %)" for name, number in _named(share)]
        told_of = f"{counted(share.receipts, 'receipt')}; {', '.join(parts)}; single services {share.single}"
        console.print(f"revision {share.revision}: {told_of}")
    error_console.print(counted(len(shares), "revision"))


@command.command()
@click.argument("file", type=click.Path(dir_okay=False))
@click.option("--key", metavar="PUBLIC", required=True, help="The public key: PEM, base64, or a file.")
def check(file: str, key: str) -> None:
    """Check a visitor's signed copy of a receipt, offline.

    Exit codes: 0 it is as the site signed it, 1 it is not, 2 the file or the key cannot be read.
    """
    with told():
        from ..ledger.copies import checked_copy
        from ..ledger.keys import read_public

        public = read_public(key)
        data = Path(file).read_bytes()
    try:
        receipt = checked_copy(data, public)
    except LedgerError as fault:
        console.print(f"not right: {printable(str(fault))}", style="red")
        leave(FAULTS)
    json_out(receipt)


def _named(share: object) -> list[tuple[str, int]]:
    return [(name, int(getattr(share, name))) for name in ("accepted", "refused", "partly")]


def _seconds_after(checkpoint_at: int | None, last_after: int | None) -> int | None:
    return None if checkpoint_at is None or last_after is None else max(0, last_after - checkpoint_at)


def _jsonl(rows: Iterator[Row], tick: Callable[[int], object]) -> None:
    from ..ledger.rows import as_plain

    for row in rows:
        sys.stdout.write(json.dumps(as_plain(row), ensure_ascii=True, separators=(",", ":")) + "\n")
        tick(1)


def _csv(rows: Iterator[Row], tick: Callable[[int], object]) -> None:
    from ..ledger.rows import COLUMNS

    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(COLUMNS)
    for row in rows:
        values = [getattr(row, name) for name in COLUMNS]
        writer.writerow([value.hex() if isinstance(value, bytes) else value for value in values])
        tick(1)


def _kept_statement(path: str) -> Statement:
    from ..ledger.statements import statement_from_plain

    try:
        return statement_from_plain(json.loads(Path(path).read_text("utf-8")))
    except ValueError:
        could_not(f"{path}: no checkpoint; consent-guard ledger checkpoint --json writes one")


@contextmanager
def _progress(what: str, total: int) -> Iterator[Callable[[int], object]]:
    """Show a progress bar on stderr, where that is a terminal."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=error_console, transient=True, disable=not error_console.is_terminal) as progress:
        task = progress.add_task(what, total=total)
        yield lambda count: progress.update(task, advance=count)
