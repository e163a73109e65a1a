"""``consent-guard ledger`` and ``receipts``: exit codes, one line for what goes wrong, and no file made by reading."""

from __future__ import annotations

import csv
import io
import json
import sqlite3
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

pytest.importorskip("sqlalchemy", reason="receipts need the extra ledger")
pytest.importorskip("cryptography", reason="receipts need the extra ledger")

import sqlalchemy

from consent_guard.cli.app import cli
from consent_guard.ledger import Ledger
from consent_guard.ledger.keys import key_name, read_key
from consent_guard.ledger.store import Entry, Store

from ..ledger.conftest import TEXT, cookie_of, guarded, receipt, stored

READING = [
    ["receipts", "count"],
    ["receipts", "show", "x"],
    ["receipts", "shown", "2026-01-31"],
    ["receipts", "export"],
    ["receipts", "verify", "--key", "A" * 43 + "="],
    ["receipts", "stats"],
    ["receipts", "purge", "--older-than", "25m", "--yes"],
    ["ledger", "key"],
    ["ledger", "checkpoint"],
    ["ledger", "rotate", "-o", "new.pem"],
]


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("CONSENT_GUARD_LEDGER", "CONSENT_GUARD_LEDGER_KEY", "CONSENT_GUARD_STATE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(*arguments: str, code: int = 0) -> Result:
    done = CliRunner().invoke(cli, list(arguments))
    assert done.exit_code == code, done.output
    assert "Traceback" not in done.output
    return done


@pytest.fixture
def filled(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Ledger:
    """A ledger beside which its state lies, with three old receipts and two of today."""
    monkeypatch.setenv("CONSENT_GUARD_LEDGER", "sqlite:///consent.db")
    ledger = Ledger("sqlite:///consent.db")
    store = Store(ledger.address, ledger.signing_key)
    store.append([Entry(receipt(time=1_600_000_000 + number), [TEXT]) for number in range(3)])
    store.append([Entry(receipt(time=4_000_000_000, act="accept", grants=True, text_digest=TEXT.digest), [TEXT])])
    store.append([Entry(receipt(time=4_000_000_001), [TEXT])])
    store.checkpoint()
    store.close()
    return ledger


@pytest.mark.parametrize("arguments", READING, ids=" ".join)
def test_a_command_on_a_ledger_that_is_not_there_says_so_and_makes_nothing(folder: Path, arguments: list[str]) -> None:
    done = run(*arguments, "--ledger", "sqlite:///none.db", code=2)
    assert done.output.count("\n") == 1
    missing = "key.pem does not exist" if arguments == ["ledger", "key"] else "ledger init makes it"
    assert missing in done.output
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize("arguments", READING, ids=" ".join)
@pytest.mark.parametrize("url", ["mysql://u:geheim@h/d", "nonsense", None])
def test_a_command_without_a_ledger_asks_for_one(arguments: list[str], url: str | None) -> None:
    done = run(*arguments, *(["--ledger", url] if url else []), code=2)
    assert "geheim" not in done.output
    assert "ledger" in done.output


@pytest.mark.parametrize("arguments", READING, ids=" ".join)
def test_a_damaged_file_is_named_and_left_alone(folder: Path, arguments: list[str]) -> None:
    (folder / "bad.db").write_bytes(b"this is no database\n" * 400)
    done = run(*arguments, "--ledger", "sqlite:///bad.db", code=2)
    assert "bad.db" in done.output
    assert (folder / "bad.db").read_bytes() == b"this is no database\n" * 400


def test_init_makes_the_tables_once(folder: Path) -> None:
    assert "steps taken: 1" in run("ledger", "init", "--ledger", "sqlite:///new.db").output
    assert "already" in run("ledger", "init", "--ledger", "sqlite:///new.db").output
    assert (folder / "new.db").exists()


def test_receipts_are_counted_shown_and_exported(filled: Ledger) -> None:
    assert run("receipts", "count").output == "5\n"
    assert run("receipts", "count", "--since", "2026-01-31").output == "2\n"
    row = stored(filled.address)[3]
    shown = json.loads(run("receipts", "show", row.receipt_id).output)
    assert (shown["act"], shown["grants"], shown["answers"]) == ("accept", True, {"media": False})
    assert run("receipts", "show", row.receipt_id, "--text").output == "text\n"
    run("receipts", "show", row.receipt_id, "--policy", code=1)
    run("receipts", "show", "nobody", code=1)
    lines = [json.loads(line) for line in run("receipts", "export").output.splitlines()]
    assert [line["time"] for line in lines] == sorted(line["time"] for line in lines)
    table = list(csv.DictReader(io.StringIO(run("receipts", "export", "--format", "csv", "--since", "2026-01-31").output)))
    assert [line["act"] for line in table] == ["accept", "refuse"]
    assert json.loads(run("receipts", "stats", "--json").output)[0]["accepted"] == 1
    asked = json.loads(run("receipts", "shown", "2096-10-02", "--json").output)
    assert [one["receipts"] for one in asked if one["text_digest"] == TEXT.digest] == [1]


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("--since", "yesterday"),
        ("--since", "2026-02-30"),
        ("--older-than", "25"),
        ("--older-than", "0m"),
        ("--older-than", "99999m"),
    ],
)
def test_a_date_or_an_age_that_is_none_is_bad_usage(filled: Ledger, option: str, value: str) -> None:
    command = ["count"] if option == "--since" else ["purge", "--yes"]
    run("receipts", *command, option, value, code=2)


def test_verify_says_first_what_the_ledger_is_and_then_that_no_key_is_there_yet(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CONSENT_GUARD_LEDGER", "sqlite:///consent.db")
    assert "no such file" in run("receipts", "verify", code=2).stderr
    run("ledger", "init")
    assert "The app makes one with its first checkpoint" in run("receipts", "verify", code=2).stderr


def test_verify_is_clean_then_finds_the_break(filled: Ledger) -> None:
    clean = run("receipts", "verify").output
    assert "5 receipts of 1 writer," in clean
    told = json.loads(run("receipts", "verify", "--json").output)
    assert (told["clean"], told["receipts"], told["after"]) == (True, 5, 0)
    run("receipts", "verify", "--key", "A" * 43 + "=", code=1)
    run("receipts", "verify", "--key", "no such key", code=2)
    row = stored(filled.address)[1]
    database = sqlite3.connect("consent.db")
    database.execute("DROP TRIGGER consent_guard_receipts_update")
    database.execute("UPDATE consent_guard_receipts SET act = 'accept' WHERE seq = 2")
    database.commit()
    database.close()
    broken = run("receipts", "verify", code=1).output
    assert f"writer {row.writer}, row 2, receipt {row.receipt_id}" in broken
    assert json.loads(run("receipts", "verify", "--json", code=1).output)["break"]["row"] == 2


def test_a_checkpoint_kept_elsewhere_finds_an_end_that_was_cut_off(filled: Ledger, folder: Path) -> None:
    (folder / "kept.json").write_text(run("ledger", "checkpoint", "--json").output, "utf-8")
    run("receipts", "verify", "--against", "kept.json")
    database = sqlite3.connect("consent.db")
    database.execute("DROP TRIGGER consent_guard_statements_delete")
    database.execute("DELETE FROM consent_guard_statements WHERE seq = 2")
    database.commit()
    database.close()
    run("receipts", "verify")
    assert "kept elsewhere" in run("receipts", "verify", "--against", "kept.json", code=1).output


@pytest.mark.parametrize("content", [b"{", b"[]", b'{"seq": 1}', b'{"seq": "1"}', b"\xff"])
def test_a_file_that_holds_no_checkpoint_is_named(filled: Ledger, folder: Path, content: bytes) -> None:
    (folder / "kept.json").write_bytes(content)
    assert "no checkpoint" in run("receipts", "verify", "--against", "kept.json", code=2).output


def test_purge_removes_what_is_older_and_the_rest_verifies(filled: Ledger) -> None:
    asked = CliRunner().invoke(cli, ["receipts", "purge", "--older-than", "25m"], input="n\n")
    assert asked.exit_code == 2
    assert run("receipts", "count").output == "5\n"
    assert "3 receipts" in run("receipts", "purge", "--older-than", "25m", "--yes").output
    assert run("receipts", "count").output == "2\n"
    assert "3 purged by retention" in run("receipts", "verify").output


def test_a_key_is_changed_and_both_halves_of_the_ledger_verify(
    filled: Ledger, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A procedure to follow: rotate, give the new key to every machine, restart; an old key signs nothing any more."""
    old = run("ledger", "key").output
    (folder / "old.pem").write_text(old, "utf-8")
    run("ledger", "rotate", "-o", "new.pem")
    assert (folder / "new.pem").stat().st_mode & 0o777 == 0o600
    public = key_name(read_key(folder / "new.pem", "new.pem").public)
    told = json.loads(run("receipts", "verify", "--json").output)
    assert (told["signed_by"], told["keys"][-1], told["checkpoint"]) == (public, public, 3), "all before is signed with it too"
    assert f"by {public}" in run("receipts", "verify").output
    run("ledger", "rotate", "-o", "new.pem", code=2)
    assert "is signed with the key" in run("ledger", "checkpoint", code=2).output, "the retired key is refused"
    monkeypatch.setenv("CONSENT_GUARD_LEDGER_KEY", str(folder / "new.pem"))
    store = Store(filled.address, Ledger("sqlite:///consent.db").signing_key)
    store.append([Entry(receipt(), [TEXT])])
    store.checkpoint()
    store.close()
    assert "6 receipts" in run("receipts", "verify").output
    assert "6 receipts" in run("receipts", "verify", "--key", "old.pem").output
    assert run("ledger", "key").output != old


def test_a_key_that_does_not_come_into_force_leaves_no_file(filled: Ledger, folder: Path) -> None:
    run("ledger", "rotate", "-o", "new.pem")
    assert "holds another" in run("ledger", "rotate", "-o", "newer.pem", code=2).output, "the old key is retired"
    assert not (folder / "newer.pem").exists()


def test_a_key_whose_commit_seems_to_fail_is_not_lost(filled: Ledger, folder: Path) -> None:
    """A server may commit and its answer may not arrive: then nobody but this key can sign any more."""

    def lost(connection: sqlalchemy.Connection) -> None:
        raise sqlite3.OperationalError("the answer is lost")

    sqlalchemy.event.listen(sqlalchemy.Engine, "commit", lost)
    try:
        run("ledger", "rotate", "-o", "new.pem", code=2)
    finally:
        sqlalchemy.event.remove(sqlalchemy.Engine, "commit", lost)
    assert (folder / "new.pem").read_text("utf-8").startswith("-----BEGIN PRIVATE KEY-----")


def test_a_visitors_copy_is_checked_offline(folder: Path) -> None:
    app = guarded("sqlite:///consent.db")
    cookie = cookie_of(app.post("choice=accept")[1])
    copy, pem = app.get("/privacy-choices/receipt", cookie)[2], app.get("/privacy-choices/receipt-key")[2]
    app.flush()
    (folder / "copy.json").write_bytes(copy)
    (folder / "key.pem").write_bytes(pem)
    (folder / "consent.db").unlink()
    assert json.loads(run("receipts", "check", "copy.json", "--key", "key.pem").output)["act"] == "accept"
    for at in range(0, len(copy), 7):
        changed = copy[:at] + bytes([copy[at] ^ 1]) + copy[at + 1 :]
        (folder / "changed.json").write_bytes(changed)
        done = CliRunner().invoke(cli, ["receipts", "check", "changed.json", "--key", "key.pem"])
        assert done.exit_code == 1 or _same(changed, copy), at
    run("receipts", "check", "none.json", "--key", "key.pem", code=2)
    run("receipts", "check", "copy.json", "--key", "copy.json", code=2)


def _same(changed: bytes, copy: bytes) -> bool:
    """White space between the values is no part of what is signed."""
    try:
        return bool(json.loads(changed) == json.loads(copy))
    except ValueError:
        return False


def test_check_tells_of_a_ledger_that_cannot_be_used(filled: Ledger, folder: Path) -> None:
    (folder / "consent.toml").write_text('[[categories]]\nid = "a"\nbasis = "consent"\ntitle = { en = "A" }\n', "utf-8")
    (folder / "bad.db").write_bytes(b"this is no database\n" * 400)
    assert "ledger" not in run("check", "consent.toml", "--ledger", "sqlite:///consent.db").output
    for url, said in (("sqlite:///nowhere/none.db", "nowhere is no folder"), ("sqlite:///bad.db", "damaged")):
        told = json.loads(run("check", "consent.toml", "--ledger", url, "--json").stdout)
        (advice,) = [one for one in told["advice"] if one["path"] == "ledger"]
        assert said in advice["message"]
    run("check", "consent.toml", "--ledger", "mysql://h/d", code=2)
    assert not (folder / "nowhere").exists()
