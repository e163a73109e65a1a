"""Who owns the database and lacks the key gets nothing signed that was not so, whatever the app does afterwards (L25)."""

from __future__ import annotations

import contextlib
import dataclasses
import hashlib
import time

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from consent_guard.consent.receipt import Shown
from consent_guard.errors import LedgerError
from consent_guard.ledger import Ledger
from consent_guard.ledger.checkpoints import NO_ROOT, change_key, make_checkpoint
from consent_guard.ledger.connecting import reading, writing
from consent_guard.ledger.keys import SigningKey, key_name
from consent_guard.ledger.purging import purge
from consent_guard.ledger.reading import find, rows, shown
from consent_guard.ledger.rows import COLUMNS, row_from
from consent_guard.ledger.statements import CHECKPOINT, NEW_KEY, Statement, append_new_key, append_statement
from consent_guard.ledger.store import Entry, Store
from consent_guard.ledger.verifying import Broken, verify

from .conftest import TEXT, receipt, verified
from .forging import Owner

ROWS = 5


@pytest.fixture
def ledger(url: str) -> Ledger:
    """One writer with five rows and a checkpoint over them."""
    made = Ledger(url)
    go_on(made, ROWS)
    return made


def go_on(ledger: Ledger, rows: int = 1) -> None:
    """The app starts again, stores, and ends with a checkpoint."""
    store = Store(ledger.address, ledger.signing_key)
    store.append([Entry(receipt(), [TEXT]) for _ in range(rows)])
    try:
        store.checkpoint()
    finally:
        store.close()


def checkpoint(ledger: Ledger, later: float = 0.0, key: SigningKey | None = None) -> Statement:
    with writing(ledger.address) as connection, connection.begin():
        return make_checkpoint(connection, key or ledger.signing_key(), now=time.time() + later)


def rotate(ledger: Ledger, old: SigningKey | None = None) -> SigningKey:
    """Give the ledger another key and return it."""
    new = SigningKey(Ed25519PrivateKey.generate(), "new.pem")
    with writing(ledger.address) as connection, connection.begin():
        append_new_key(connection, old or ledger.signing_key(), new)
    return new


def the_break(ledger: Ledger, kept: Statement | None = None) -> Broken:
    with reading(ledger.address) as connection, pytest.raises(Broken) as raised:
        verify(connection, ledger.signing_key().public, kept=kept)
    return raised.value


def test_the_apps_next_checkpoint_does_not_sign_a_row_that_was_altered(ledger: Ledger) -> None:
    """L25"""
    owner = Owner(ledger)
    kept = owner.newest()
    (writer,) = owner.writers()
    owner.alter(writer, 2)
    go_on(ledger)
    assert the_break(ledger).writer == writer
    assert the_break(ledger, kept).writer == writer


def test_a_checkpoint_grows_from_what_was_signed_and_not_from_what_stands_in_the_last_row(ledger: Ledger) -> None:
    """L25"""
    owner = Owner(ledger)
    (writer,) = owner.writers()
    before = owner.newest().value()["writers"]
    owner.double(writer, ROWS)
    owner.alter(writer, 1)
    assert checkpoint(ledger).value()["writers"] == before
    assert checkpoint(ledger, later=7200).value()["writers"] == before, "it stays on the list, so that it is told of"
    assert the_break(ledger).writer == writer


@pytest.mark.parametrize("gone", [[5], [1, 2, 3, 4, 5]], ids=["the last", "all"])
def test_a_writer_whose_signed_rows_are_gone_keeps_its_place_in_the_next_checkpoint(ledger: Ledger, gone: list[int]) -> None:
    """L25"""
    owner = Owner(ledger)
    (writer,) = owner.writers()
    before = owner.newest().value()["writers"][writer]
    for seq in gone:
        owner.run("DELETE FROM consent_guard_receipts WHERE seq = :s", s=seq)
    go_on(ledger)
    assert checkpoint(ledger, later=7200).value()["writers"][writer] == before
    assert (the_break(ledger).writer, the_break(ledger).seq) == (writer, gone[0])


def test_a_writer_that_is_named_as_ended_by_a_stranger_keeps_its_place(ledger: Ledger) -> None:
    """L25"""
    owner = Owner(ledger)
    (writer,) = owner.writers()
    owner.run("INSERT INTO consent_guard_ended VALUES (:w, 5, :c, 1)", w=writer, c=bytes(32))
    go_on(ledger)
    assert writer in owner.newest().value()["writers"]
    assert "ended" in the_break(ledger).reason


def test_what_a_kept_checkpoint_names_is_held_against_the_rows(ledger: Ledger) -> None:
    """L25: that its statement is still there proves nothing, where a later one was signed without looking"""
    owner = Owner(ledger)
    kept = owner.newest()
    (writer,) = owner.writers()
    owner.double(writer, ROWS)
    owner.alter(writer, 2)
    head = [2 * ROWS, owner.rehash(writer).hex()]
    value = {"writers": {writer: head}, "ended": 0, "ended_rows": 0, "root": NO_ROOT, "rows": 2 * ROWS}
    with writing(ledger.address) as connection, connection.begin():
        append_statement(connection, ledger.signing_key(), CHECKPOINT, value)
    assert verified(ledger).rows == 2 * ROWS
    assert the_break(ledger, kept).writer == writer


FORGED = [{"writers": {}}, {"rows": 3}, {"ended": 1}]


@pytest.mark.parametrize("seq", [-1, 0, 2, 10**30])
def test_a_kept_checkpoint_whose_number_the_ledger_does_not_have_is_missed(ledger: Ledger, seq: int) -> None:
    """L25"""
    kept = dataclasses.replace(Owner(ledger, drop=False).newest(), seq=seq)
    assert "is missing" in the_break(ledger, kept).reason


@pytest.mark.parametrize("changes", FORGED, ids=str)
def test_nothing_is_signed_after_a_forged_statement(ledger: Ledger, changes: dict[str, object]) -> None:
    """L25"""
    owner = Owner(ledger)
    owner.restate(owner.newest(), **changes)
    for _ in range(2):
        with pytest.raises(LedgerError, match="not as it was signed"):
            go_on(ledger)
    with pytest.raises(LedgerError, match="not as it was signed"):
        rotate(ledger)
    with writing(ledger.address) as connection, pytest.raises(LedgerError, match="not as it was signed"):
        purge(connection, ledger.signing_key(), 1)
    assert owner.newest().seq == 1
    the_break(ledger)


@pytest.mark.parametrize("after", ["purge", "key"])
def test_nothing_is_signed_where_the_newest_statement_no_longer_belongs_to_a_checkpoint(ledger: Ledger, after: str) -> None:
    """L25: restored afterwards, a forged checkpoint would leave a head that nobody signed"""
    (writer,) = Owner(ledger, drop=False).writers()
    key = ledger.signing_key()
    if after == "purge":
        with writing(ledger.address) as connection:
            purge(connection, ledger.signing_key(), 2_000_000_000)
    else:
        key = rotate(ledger)
    owner = Owner(ledger)
    forged = owner.statements()[-2]
    assert forged.kind == CHECKPOINT
    owner.restate(forged, writers={writer: [ROWS, bytes(32).hex()]})
    with pytest.raises(LedgerError, match="not as it was signed"):
        checkpoint(ledger, key=key)


@pytest.mark.parametrize("body", ["", "[]", "{", "[" * 100_000, '{"writers": 5}'], ids=lambda body: body[:5])
def test_a_statement_that_cannot_be_read_is_told_of_and_signed_over_by_nothing(ledger: Ledger, body: str) -> None:
    """L25"""
    Owner(ledger).run("UPDATE consent_guard_statements SET body = :b", b=body)
    with pytest.raises(LedgerError, match="not as it was signed"):
        go_on(ledger)
    assert "statement 1" in the_break(ledger).reason


def test_a_checkpoint_that_was_taken_out_is_not_passed_over(ledger: Ledger) -> None:
    """L25"""
    with writing(ledger.address) as connection:
        purge(connection, ledger.signing_key(), 2_000_000_000)
    owner = Owner(ledger)
    owner.run("DELETE FROM consent_guard_statements WHERE kind = 'checkpoint'")
    with pytest.raises(LedgerError, match="missing"):
        go_on(ledger)


def test_a_forged_checkpoint_does_not_keep_the_app_from_signing_its_own(ledger: Ledger) -> None:
    """L25: it says that all is covered"""
    owner = Owner(ledger)
    store = Store(ledger.address, ledger.signing_key)
    store.append([Entry(receipt(), [TEXT])])
    assert store.writer is not None
    owner.restate(owner.newest(), writers={store.writer: [9, bytes(32).hex()]})
    with pytest.raises(LedgerError, match="not as it was signed"):
        store.checkpoint()
    store.close()


@pytest.mark.parametrize("what", ["row", "nobody", "nothing", "numbered as signed"])
def test_a_purge_that_nobody_signed_is_found(ledger: Ledger, what: str) -> None:
    """L25, L28: its leaves are there, and all sums agree"""
    owner = Owner(ledger)
    (writer,) = owner.writers()
    go_on(ledger)
    (other,) = {*owner.writers()} - {writer}
    (found,) = owner.read("SELECT * FROM consent_guard_receipts WHERE writer = :w AND seq = 2", w=writer)
    values = "INSERT INTO consent_guard_purged VALUES (:w, :f, :n, :l, :s)"
    if what == "row":
        owner.run("DELETE FROM consent_guard_receipts WHERE receipt_id = :id", id=found["receipt_id"])
        owner.run(values, w=writer, f=2, n=1, l=row_from(found).leaf, s=999)
        owner.run(values, w="nobody", f=1, n=-1, l=b"", s=999)
    elif what == "nobody":
        owner.run(values, w="nobody", f=1, n=1, l=bytes(32), s=999)
    elif what == "nothing":
        owner.run(values, w=writer, f=1, n=0, l=b"", s=999)
    else:
        owner.run(values, w=other, f=2, n=1, l=bytes(32), s=owner.newest().seq)
    assert "purge" in the_break(ledger).reason


def test_leaves_are_counted_for_the_purge_that_signed_them(ledger: Ledger) -> None:
    """L28"""
    with writing(ledger.address) as connection:
        purge(connection, ledger.signing_key(), 2_000_000_000)
    go_on(ledger)
    with writing(ledger.address) as connection:
        purge(connection, ledger.signing_key(), 2_000_000_000)
    assert verified(ledger).purged == ROWS + 1
    owner = Owner(ledger)
    owner.run("UPDATE consent_guard_purged SET statement = (SELECT min(statement) FROM consent_guard_purged)")
    assert "purge" in the_break(ledger).reason


def test_a_second_head_for_a_writer_that_ended_is_found(ledger: Ledger) -> None:
    """L25: under another statement, it would stand in the place of the one that is vouched for"""
    checkpoint(ledger, later=7200)
    owner = Owner(ledger)
    (writer,) = owner.writers()
    owner.alter(writer, 2)
    for statement in ("ALTER TABLE consent_guard_ended RENAME TO old", "CREATE TABLE consent_guard_ended AS SELECT * FROM old"):
        owner.run(statement)
    owner.run("INSERT INTO consent_guard_ended VALUES (:w, 5, :c, 999)", w=writer, c=owner.rehash(writer))
    the_break(ledger)
    owner.run("UPDATE consent_guard_ended SET writer = 'another' WHERE statement = 999")
    assert "ended" in the_break(ledger).reason


def test_a_writer_that_has_ended_does_not_live_again(ledger: Ledger) -> None:
    """L25: taken off the list, it would be signed anew from its first row on"""
    owner = Owner(ledger)
    (writer,) = owner.writers()
    checkpoint(ledger, later=7200)
    (row,) = owner.read("SELECT * FROM consent_guard_ended")
    owner.run("DELETE FROM consent_guard_ended")
    owner.alter(writer, 2)
    go_on(ledger)
    assert "ended" in the_break(ledger).reason
    owner.run("INSERT INTO consent_guard_ended VALUES (:writer, :size, :chain, :statement)", **row)
    assert the_break(ledger).writer == writer


def test_a_text_that_was_altered_is_found_and_not_shown(ledger: Ledger) -> None:
    """L26, L27: what visitors were shown is part of the proof"""
    owner = Owner(ledger)
    owner.run("UPDATE consent_guard_shown SET body = :b", b=b"Another text")
    assert TEXT.digest in the_break(ledger).reason
    with reading(ledger.address) as connection, pytest.raises(LedgerError, match="altered"):
        shown(connection, TEXT.digest)


@pytest.mark.parametrize("change", ["DELETE FROM consent_guard_shown", "UPDATE consent_guard_shown SET kind = 'policy'"])
def test_receipts_whose_text_or_policy_is_not_there_are_counted(url: str, change: str) -> None:
    """L26, L27: a damaged spool may have lost it, so that it is no break"""
    ledger = Ledger(url)
    policy = Shown(hashlib.sha256(b"policy").hexdigest(), "policy", b"policy")
    named = {"text_digest": TEXT.digest, "policy_digest": policy.digest}
    store = Store(ledger.address, ledger.signing_key)
    store.append([Entry(receipt(**named), [TEXT, policy]) for _ in range(3)])
    store.checkpoint()
    assert verified(ledger).lacking == 0
    store.append([Entry(receipt(**{**named, "text_digest": "b" * 64}), [policy])])
    store.close()
    assert verified(ledger).lacking == 1
    Owner(ledger).run(change)
    assert verified(ledger).lacking == 4


@pytest.mark.parametrize("column", ["policy_digest", "text_digest"])
def test_a_digest_that_is_stored_as_text_is_found(sqlite_url: str, column: str) -> None:
    """L25: it has the same hash; only SQLite takes it"""
    ledger = Ledger(sqlite_url)
    go_on(ledger, ROWS)
    owner = Owner(ledger)
    (found,) = owner.read("SELECT * FROM consent_guard_receipts WHERE seq = 2")
    owner.run(f"UPDATE consent_guard_receipts SET {column} = lower(hex({column})) WHERE seq = 2")
    broken = the_break(ledger)
    assert "cannot be read" in broken.reason
    assert (broken.writer, broken.seq) == (found["writer"], 2)
    with reading(ledger.address) as connection, pytest.raises(LedgerError, match=column):
        find(connection, found["receipt_id"])
    with reading(ledger.address) as connection, pytest.raises(LedgerError, match=column):
        list(rows(connection))
    store = Store(ledger.address, ledger.signing_key)
    assert store.stored(found["receipt_id"]) is None, "no copy of it is signed"
    store.close()


WRONG = {
    "receipts": ("seq", "time", "stored_at", "revision", "grants", "policy_digest", "chain", "writer"),
    "writers": ("writer",),
    "ended": ("writer", "size", "chain", "statement"),
    "shown": ("digest", "body"),
    "purged": ("writer", "first_seq", "count", "leaves", "statement"),
    "statements": ("kind", "time", "body", "public_key", "signature"),
}


@pytest.mark.parametrize("value", ["'x'", "10000000000"])
@pytest.mark.parametrize(("table", "column"), [(table, column) for table, columns in WRONG.items() for column in columns])
def test_a_value_of_another_kind_anywhere_is_a_break_and_stops_the_next_checkpoint_at_most(
    sqlite_url: str, table: str, column: str, value: str
) -> None:
    """L25: SQLite takes any value in any column"""
    ledger = Ledger(sqlite_url)
    go_on(ledger, 2)
    checkpoint(ledger, later=7200)
    store = Store(ledger.address, ledger.signing_key)
    store.append([Entry(receipt(), [TEXT]) for _ in range(2)])
    with writing(ledger.address) as connection:
        purge(connection, ledger.signing_key(), 2_000_000_000)
    store.append([Entry(receipt(), [TEXT]) for _ in range(2)])
    owner = Owner(ledger)
    change = f"UPDATE consent_guard_{table} SET {column} = {value} WHERE rowid = (SELECT max(rowid) FROM consent_guard_{table})"
    if table in ("receipts", "writers", "ended"):
        change = change.replace("rowid", {"receipts": "receipt_id"}.get(table, "writer"))
    owner.run(change)
    store.append([Entry(receipt(), [TEXT])])
    with contextlib.suppress(LedgerError):
        store.checkpoint()
    store.close()
    the_break(ledger)


def test_history_before_a_new_key_cannot_be_made_anew_with_the_old_one(ledger: Ledger) -> None:
    """L25: an old key that leaked signs nothing that the new one answers for"""
    old = ledger.signing_key()
    new = rotate(ledger)
    checkpoint(ledger, key=new)
    owner = Owner(ledger)
    accepted = next(statement for statement in owner.statements() if statement.kind == NEW_KEY).value()
    owner.run("DELETE FROM consent_guard_statements")
    (writer,) = owner.writers()
    owner.alter(writer, 2)
    with writing(ledger.address) as connection, connection.begin():
        make_checkpoint(connection, old)
        value = {name: accepted[name] for name in ("new_key", "accepted")}
        append_statement(connection, old, NEW_KEY, value)
    with reading(ledger.address) as connection, pytest.raises(Broken, match="signature"):
        verify(connection, new.public)
    with pytest.raises(LedgerError, match="not as it was signed"):
        checkpoint(ledger, key=new)


def test_a_checkpoint_under_the_new_key_comes_with_it(ledger: Ledger) -> None:
    """L25: what was stored since the old key's last checkpoint, too"""
    store = Store(ledger.address, ledger.signing_key)
    store.append([Entry(receipt(), [TEXT])])
    store.close()
    with writing(ledger.address) as connection, connection.begin():
        made = change_key(connection, ledger.signing_key(), SigningKey(Ed25519PrivateKey.generate(), "new.pem"))
    verdict = verified(ledger)
    assert (verdict.after, verdict.checkpoint, verdict.signer) == (0, made.seq, key_name(made.public_key))


def test_the_signer_that_verifying_names_is_the_newest_checkpoints(ledger: Ledger) -> None:
    rotate(ledger)
    verdict = verified(ledger)
    assert [verdict.signer] == verdict.keys[:1]
    assert len(verdict.keys) == 2


def test_receipts_that_stand_in_no_chain_are_found(sqlite_url: str) -> None:
    """L25: a table that compares without case has them belong to a writer whose chain does not hold them"""
    ledger = Ledger(sqlite_url)
    go_on(ledger, ROWS)
    owner = Owner(ledger)
    (writer,) = owner.writers()
    other = writer[:-1] + ("B" if writer.endswith("a") else "A")
    owner.run("DROP TABLE consent_guard_writers")
    owner.run("CREATE TABLE consent_guard_writers (writer TEXT COLLATE NOCASE, started_at INTEGER)")
    for name in (writer, other.lower()):
        owner.run("INSERT INTO consent_guard_writers VALUES (:w, 1)", w=name)
    columns = ", ".join((*COLUMNS, "chain"))
    chosen = columns.replace("writer", f"'{other}'", 1).replace("receipt_id", "'forged'", 1)
    owner.run(f"INSERT INTO consent_guard_receipts ({columns}) SELECT {chosen} FROM consent_guard_receipts WHERE seq = 1")
    assert "no chain" in the_break(ledger).reason


def test_a_writer_that_is_listed_twice_is_found(sqlite_url: str) -> None:
    """L25"""
    ledger = Ledger(sqlite_url)
    go_on(ledger, ROWS)
    owner = Owner(ledger)
    owner.run("ALTER TABLE consent_guard_writers RENAME TO old")
    owner.run("CREATE TABLE consent_guard_writers AS SELECT * FROM old UNION ALL SELECT * FROM old")
    assert "twice" in the_break(ledger).reason
