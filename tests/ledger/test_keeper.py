"""Nothing lost: a grant is stored before its cookie is sent, a refusal takes effect at once (DESIGN §10)."""

from __future__ import annotations

import json
import logging
import os
import sqlite3
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from consent_guard.cli.app import cli
from consent_guard.consent.receipt import Receipt
from consent_guard.errors import LedgerError, PolicyError
from consent_guard.ledger import Ledger
from consent_guard.ledger.connecting import reading
from consent_guard.ledger.copies import checked_copy
from consent_guard.ledger.keeper import Keeper
from consent_guard.ledger.keys import read_public
from consent_guard.ledger.reading import shown
from consent_guard.ledger.rows import plain_receipt
from consent_guard.ledger.spool import Spool
from consent_guard.ledger.spooling import Spooler
from consent_guard.ledger.store import Entry, Store
from consent_guard.limits import LEDGER_POST_SECONDS

from .conftest import KEY, POLICY, App, Server, cookie_of, eventually, guarded, init, receipt, receipt_ids, stored, verified


def dead(url: str) -> str:
    """Return the address of a ledger that cannot be reached."""
    return url.replace("/consent.db", "/no/such/folder/consent.db") if "sqlite" in url else url.rpartition("/")[0] + "/gone"


def spooled(tmp_path: Path) -> bytes:
    return b"".join(file.read_bytes() for file in sorted((tmp_path / "state").glob("refusals-*.jsonl")))


def test_a_grant_is_stored_before_its_cookie_is_sent(app: App) -> None:
    status, headers, _ = app.post("choice=accept&means=banner&lang=fr")
    assert status == 303
    (row,) = app.rows()
    assert "set-cookie" in headers
    assert (row.act, row.grants, row.means, row.language, row.revision) == ("accept", 1, "banner", "fr", 3)
    assert json.loads(row.answers) == {"audience": True, "media": True}


def test_a_refusal_arrives(app: App) -> None:
    status, headers, _ = app.post("choice=refuse")
    assert status == 303
    assert "set-cookie" in headers
    assert eventually(lambda: len(app.rows()) == 1)
    assert app.rows()[0].grants == 0


def test_each_act_has_a_receipt_and_reading_has_none(app: App) -> None:
    cookie = cookie_of(app.post("choice=save&allow=video")[1])
    for body in ("choice=allow&service=maps", "choice=deny&service=maps", "choice=once&service=maps&next=/x"):
        assert app.post(body, cookie)[0] == 303
    for path in ("/privacy-choices", "/privacy-choices/state", "/page"):
        app.get(path, cookie)
    assert app.post("choice=nonsense", cookie)[0] == 400
    app.flush()
    assert sorted(row.act for row in app.rows()) == ["allow", "deny", "once", "save"]
    verdict = verified(app.ledger)
    assert (verdict.rows, verdict.after) == (4, 0), "a clean stop leaves a checkpoint"


@pytest.mark.parametrize(
    "body", ["choice=accept", "choice=save&allow=video", "choice=allow&service=video", "choice=once&service=video&next=/"]
)
def test_a_grant_that_cannot_be_stored_is_refused_in_the_visitors_language(url: str, body: str) -> None:
    app = guarded(dead(url))
    started = time.monotonic()
    status, headers, answer = app.post(body, accept_language="fr")
    assert time.monotonic() - started < LEDGER_POST_SECONDS + 1
    assert status == 503
    assert "set-cookie" not in headers
    assert b"La preuve de votre choix" in answer
    app.flush()


def test_a_mixed_choice_that_cannot_be_stored_leaves_the_cookie_as_it_was(url: str, app: App) -> None:
    cookie = cookie_of(app.post("choice=save&allow=audience")[1])
    broken = guarded(dead(url))
    status, headers, _ = broken.post("choice=save&allow=video", cookie)
    assert status == 503
    assert "set-cookie" not in headers
    assert b'"audience":true,"media":false' in broken.get("/privacy-choices/state", cookie)[2]
    broken.flush()


def test_a_script_is_told_why_in_the_visitors_language(url: str) -> None:
    app = guarded(dead(url))
    body = json.dumps({"choice": "accept", "lang": "fr"}).encode()
    status, _, answer = app.ask("POST", "/privacy-choices", body, "application/json", "", {})
    assert status == 503
    assert json.loads(answer)["message"].startswith("La preuve de votre choix")
    app.flush()


def test_a_refusal_without_a_store_takes_effect_at_once_and_is_on_disk(url: str, tmp_path: Path) -> None:
    app = guarded(dead(url))
    assert app.get("/page")[0] == 200
    started = time.monotonic()
    status, headers, _ = app.post("choice=refuse")
    assert time.monotonic() - started < LEDGER_POST_SECONDS
    assert status == 303
    assert app.get("/privacy-choices/state", cookie_of(headers))[2].startswith(b'{"decided":true')
    line = json.loads(spooled(tmp_path).splitlines()[-1])
    assert line["receipt"]["act"] == "refuse"
    app.flush()
    assert spooled(tmp_path) != b"", "what no store has taken stays on disk when the process ends"


def test_what_a_process_left_in_its_spool_is_stored_by_the_next_one(url: str, tmp_path: Path) -> None:
    app = guarded(url)
    assert app.middleware.keeper is not None
    broken = guarded(dead(url))
    assert broken.middleware.keeper is not None
    broken.middleware.keeper.ledger.address = _named_as(broken.middleware.keeper.ledger, app.middleware.keeper.ledger)
    broken.post("choice=refuse")
    broken.flush()
    assert app.get("/page")[0] == 200, "the first page wakes the keeper"
    assert eventually(lambda: len(app.rows()) == 1)
    assert eventually(lambda: spooled(tmp_path) == b"")
    app.flush()
    assert verified(app.ledger).rows == 1


def _named_as(ledger: Ledger, other: Ledger):  # type: ignore[no-untyped-def]
    """An address that cannot be reached, under another one's name: as after an outage of that ledger."""
    from dataclasses import make_dataclass

    address = ledger.address
    made = make_dataclass("Unreachable", ["url", "shown", "file", "name"], frozen=True)
    return made(address.url, address.shown, address.file, other.address.name)


def test_without_a_disk_memory_holds_refusals_and_the_log_says_so(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").write_text("no folder", "utf-8")
    monkeypatch.setenv("CONSENT_GUARD_STATE", str(tmp_path / "file" / "state"))
    app = guarded(url)
    with caplog.at_level(logging.ERROR, "consent_guard"):
        assert app.post("choice=refuse")[0] == 303
    assert "CONSENT_GUARD_STATE" in caplog.text
    assert eventually(lambda: len(app.rows()) == 1)
    app.flush()


def closing(app: App) -> None:
    """A process that begins to end between the moment when a request finds it and the one when it hands something over."""
    keeper = app.middleware.keeper
    assert keeper is not None
    process = keeper._here()
    keeper.close()
    keeper._process = process


def test_a_refusal_that_comes_as_the_process_ends_is_on_disk_before_its_answer(url: str, tmp_path: Path) -> None:
    """L26: and the next process stores it"""
    app = guarded(url)
    closing(app)
    started = time.monotonic()
    assert app.post("choice=refuse")[0] == 303
    assert time.monotonic() - started < 1
    assert json.loads(spooled(tmp_path).splitlines()[-1])["receipt"]["act"] == "refuse"
    after = guarded(url)
    assert after.get("/page")[0] == 200
    assert eventually(lambda: [row.act for row in app.rows()] == ["refuse"])
    after.flush()
    assert spooled(tmp_path) == b""


def test_what_waits_for_the_store_as_the_process_ends_is_answered_at_once(url: str) -> None:
    app = guarded(url)
    cookie = cookie_of(app.post("choice=refuse")[1])
    closing(app)
    started = time.monotonic()
    assert app.post("choice=accept")[0] == 503
    assert app.get("/privacy-choices/receipt", cookie)[0] == 503
    assert time.monotonic() - started < 1


def test_a_refusal_that_no_disk_takes_as_the_process_ends_takes_effect_with_a_503(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").write_text("no folder", "utf-8")
    monkeypatch.setenv("CONSENT_GUARD_STATE", str(tmp_path / "file" / "state"))
    app = guarded(url)
    closing(app)
    assert_refused_without_proof(app, caplog)


def test_a_refusal_that_a_slow_disk_does_not_take_in_time_takes_effect_with_a_503(
    url: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """L24: and its receipt is stored once the disk goes on"""
    real, goes_on = Spool.add, threading.Event()

    def add(self: Spool, *lines: Any) -> None:
        goes_on.wait(30)
        real(self, *lines)

    monkeypatch.setattr(Spool, "add", add)
    monkeypatch.setattr("consent_guard.ledger.keeper.LEDGER_POST_SECONDS", 0.2)
    app = guarded(url)
    receipt_id = assert_refused_without_proof(app, caplog)
    assert app.rows() == []
    goes_on.set()
    assert eventually(lambda: [row.receipt_id for row in app.rows()] == [receipt_id])
    app.flush()


def test_a_refusal_that_neither_disk_nor_memory_takes_takes_effect_with_a_503(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").write_text("no folder", "utf-8")
    monkeypatch.setenv("CONSENT_GUARD_STATE", str(tmp_path / "file" / "state"))
    monkeypatch.setattr("consent_guard.ledger.spooling.SPOOL_MEMORY", 0)
    app = guarded(url)
    assert_refused_without_proof(app, caplog)
    app.flush()


def test_a_fault_nobody_foresaw_while_spooling_costs_one_receipt_and_not_the_thread(
    url: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def add(self: Spool, *lines: Any) -> None:
        raise RuntimeError("unforeseen")

    app = guarded(url)
    with monkeypatch.context() as patched:
        patched.setattr(Spool, "add", add)
        assert_refused_without_proof(app, caplog)
    assert app.post("choice=refuse")[0] == 303
    assert eventually(lambda: len(app.rows()) == 1)
    app.flush()


def assert_refused_without_proof(app: App, caplog: pytest.LogCaptureFixture) -> str:
    """Refuse: it takes effect, and visitor and log are told that there is no proof of it. Return the receipt's id."""
    with caplog.at_level(logging.CRITICAL, "consent_guard"):
        status, headers, body = app.post("choice=refuse")
    assert status == 503
    assert b"cannot be recorded" in body
    cookie = cookie_of(headers)
    assert app.get("/privacy-choices/state", cookie)[2].startswith(b'{"decided":true')
    page = app.get("/privacy-choices", cookie)[2].decode()
    (told,) = (record.getMessage() for record in caplog.records if record.levelno == logging.CRITICAL)
    (receipt_id,) = (word for word in told.split() if len(word) == 16 and word in page)
    return receipt_id


def held_in_memory(url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[App, str]:
    """An app without a ledger and without a disk, and the id of the refusal's receipt that it holds in memory."""
    (tmp_path / "file").write_text("no folder", "utf-8")
    monkeypatch.setenv("CONSENT_GUARD_STATE", str(tmp_path / "file" / "state"))
    app = guarded(dead(url))
    status, headers, _ = app.post("choice=refuse")
    assert status == 303
    (receipt_id,) = receipt_ids([cookie_of(headers)])
    return app, receipt_id


def lost(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.levelno == logging.CRITICAL]


def test_what_only_memory_holds_as_the_process_ends_is_told_receipt_by_receipt(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    app, receipt_id = held_in_memory(url, tmp_path, monkeypatch)
    assert lost(caplog) == []
    app.flush()
    (told,) = lost(caplog)
    assert receipt_id in told


def test_what_memory_holds_goes_to_a_disk_that_has_come_back_as_the_process_ends(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    app, receipt_id = held_in_memory(url, tmp_path, monkeypatch)
    (tmp_path / "file").unlink()
    app.flush()
    assert lost(caplog) == []
    (file,) = (tmp_path / "file" / "state").glob("refusals-*.jsonl")
    assert receipt_id.encode() in file.read_bytes()


def test_what_memory_holds_is_told_of_although_the_store_hangs_as_the_process_ends(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    goes_on = threading.Event()

    def append(self: Store, entries: Sequence[Entry], *, may_commit: Callable[[], bool] = lambda: True) -> list[str]:
        goes_on.wait(30)
        raise LedgerError("the network is cut")

    monkeypatch.setattr(Store, "append", append)
    monkeypatch.setattr("consent_guard.ledger.keeper._CLOSE_SECONDS", 1.5)
    app, receipt_id = held_in_memory(url, tmp_path, monkeypatch)
    app.flush()
    assert [receipt_id in told for told in lost(caplog)] == [True]
    goes_on.set()


def test_a_disk_that_hangs_as_the_process_ends_keeps_its_file_open(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its number may be another file's by the time that the disk goes on."""
    real, goes_on, ended = Spool.add, threading.Event(), threading.Event()

    def add(self: Spool, *lines: Any) -> None:
        goes_on.wait(30)
        real(self, *lines)
        ended.set()

    spooler = Spooler(tmp_path, "ledger", lambda: None)
    monkeypatch.setattr(Spool, "add", add)
    kept = spooler.add(receipt(), [])
    spooler.close(0.2)
    with (tmp_path / "another").open("wb") as another:
        goes_on.set()
        assert kept.result(5) is None
        assert os.fstat(another.fileno()).st_size == 0
    (file,) = tmp_path.glob("refusals-*.jsonl")
    assert file.stat().st_size > 0


@pytest.mark.parametrize(
    "fault",
    [
        {"answers": None},
        {"changed": []},
        {"changed": {"categories": 7}},
        {"policy_digest": "zz"},
        {"time": "yesterday"},
        {"language": 7},
        {"a_field_of_later": 1},
    ],
)
def test_a_spooled_line_that_no_row_can_hold_stops_nothing_behind_it(url: str, tmp_path: Path, fault: dict[str, Any]) -> None:
    """Of another version, or damaged by a disk"""
    app = guarded(url)
    before, after = receipt(), receipt()
    left = Spool.own(tmp_path / "state", f"refusals-{app.ledger.address.name}")
    for plain in (plain_receipt(before), {**plain_receipt(receipt()), **fault}, plain_receipt(after)):
        left.add([{"receipt": plain}])
    left.drop()
    assert app.get("/page")[0] == 200
    assert eventually(lambda: {row.receipt_id for row in app.rows()} == {before.receipt_id, after.receipt_id})
    app.flush()
    assert spooled(tmp_path) == b""
    assert left.path.with_suffix(".unread").exists()
    assert verified(app.ledger).after == 0


def test_a_spooled_text_that_is_not_what_its_digest_says_is_not_stored(sqlite_url: str, tmp_path: Path) -> None:
    """L27"""
    init(sqlite_url)
    app = guarded(sqlite_url)
    one = receipt()
    left = Spool.own(tmp_path / "state", f"refusals-{app.ledger.address.name}")
    left.add([{"shown": {"digest": one.text_digest, "kind": "text", "body": ""}}, {"receipt": plain_receipt(one)}])
    left.drop()
    assert app.get("/page")[0] == 200
    assert eventually(lambda: len(app.rows()) == 1)
    with reading(app.ledger.address) as connection:
        assert shown(connection, one.text_digest) is None
    app.flush()


def test_a_fault_nobody_foresaw_in_storing_refusals_holds_up_no_checkpoint(
    url: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    app = guarded(url)
    assert app.post("choice=accept")[0] == 303
    monkeypatch.setattr("consent_guard.ledger.store.CHECKPOINT_SECONDS", 0)
    real = Store.append

    def append(self: Store, entries: Sequence[Entry], *, may_commit: Callable[[], bool] = lambda: True) -> list[str]:
        if any(not entry.receipt.grants for entry in entries):
            raise RuntimeError("unforeseen")
        return real(self, entries, may_commit=may_commit)

    with monkeypatch.context() as patched:
        patched.setattr(Store, "append", append)
        assert app.post("choice=refuse")[0] == 303
        assert eventually(lambda: "unforeseen" in caplog.text, 30)
        assert eventually(lambda: verified(app.ledger).checkpoint is not None, 30)
    assert eventually(lambda: len(app.rows()) == 2, 30)
    app.flush()


def test_the_log_names_the_reason_once_and_no_password(url: str, caplog: pytest.LogCaptureFixture) -> None:
    app = guarded(dead(url).replace("owner@", "owner:geheim@"))
    with caplog.at_level(logging.INFO, "consent_guard"):
        for _ in range(2):
            app.post("choice=accept")
    told = [record.getMessage() for record in caplog.records if "cannot be stored" in record.getMessage()]
    assert len(told) == 1
    assert "geheim" not in caplog.text
    app.flush()


def test_a_locked_file_gives_503_and_grants_count_again_when_it_is_free(sqlite_url: str) -> None:
    init(sqlite_url)
    app = guarded(sqlite_url)
    assert app.post("choice=accept")[0] == 303
    assert app.ledger.address.file is not None
    other = sqlite3.connect(app.ledger.address.file, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    assert app.post("choice=accept")[0] == 503
    assert app.get("/page")[0] == 200
    assert app.post("choice=refuse")[0] == 303
    other.execute("ROLLBACK")
    other.close()
    assert eventually(lambda: app.post("choice=accept")[0] == 303)
    assert eventually(lambda: sum(row.act == "refuse" for row in app.rows()) == 1)
    app.flush()
    verified(app.ledger)


def test_after_a_stop_of_postgresql_grants_count_and_refusals_arrive(
    own_postgresql: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A failover, a cut connection: without a restart of the app"""
    monkeypatch.setenv("CONSENT_GUARD_STATE", str(tmp_path / "state"))
    url = own_postgresql.url(own_postgresql.database())
    init(url)
    app = guarded(url)
    assert app.post("choice=accept")[0] == 303
    own_postgresql.stop()
    assert app.post("choice=accept")[0] == 503
    assert app.post("choice=refuse")[0] == 303
    assert app.get("/page")[0] == 200
    own_postgresql.start()
    assert eventually(lambda: app.post("choice=accept")[0] == 303)
    assert eventually(lambda: sum(row.act == "refuse" for row in app.rows()) == 1)
    app.flush()
    verified(app.ledger)


def test_a_grant_whose_commit_fails_after_its_503_is_not_stored_later(sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    app = guarded(sqlite_url)
    real, slow = Store.append, [True]

    def append(self: Store, entries: Sequence[Entry], *, may_commit: Callable[[], bool] = lambda: True) -> list[str]:
        if slow.pop() if slow else False:
            assert may_commit()
            time.sleep(LEDGER_POST_SECONDS + 1)
            raise LedgerError("the connection was cut while it was committed")
        return real(self, entries, may_commit=may_commit)

    monkeypatch.setattr(Store, "append", append)
    assert app.post("choice=accept")[0] == 503
    assert eventually(lambda: app.post("choice=accept")[0] == 303)
    app.flush()
    assert len(app.rows()) == 1


def test_many_at_once_are_all_stored(app: App) -> None:
    answers: list[int] = []

    def choose(number: int) -> None:
        for turn in range(10):
            answers.append(app.post("choice=accept" if (number + turn) % 2 else "choice=refuse")[0])

    threads = [threading.Thread(target=choose, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    app.flush()
    assert answers == [303] * 80
    assert len({row.receipt_id for row in app.rows()}) == 80
    assert verified(app.ledger).after == 0


def accepting_child(app: App) -> int:
    """Fork a process that accepts all; its exit code is 0 where the choice was stored."""
    child = os.fork()
    if child == 0:
        status = 1
        try:
            status = 0 if app.post("choice=accept")[0] == 303 else 2
            app.flush()
        finally:
            os._exit(status)
    return child


@pytest.mark.filterwarnings("ignore:.*multi-threaded.*:DeprecationWarning")
def test_a_fork_opens_the_ledger_for_itself(app: App) -> None:
    """Servers fork before they serve; one that forks later gets a ledger of its own, too."""
    assert app.post("choice=accept")[0] == 303
    child = accepting_child(app)
    _, ended = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(ended) == 0
    assert app.post("choice=accept")[0] == 303
    app.flush()
    rows = app.rows()
    assert len(rows) == 3
    assert len({row.writer for row in rows}) == 2
    verified(app.ledger)


@pytest.mark.filterwarnings("ignore:.*multi-threaded.*:DeprecationWarning")
def test_a_fork_while_a_receipt_is_being_stored_shuts_nobody_out(sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A child that inherits an open transaction would find the file locked for as long as it lives"""
    app, forks = guarded(sqlite_url), threading.Event()
    assert app.post("choice=accept")[0] == 303
    real = Store._write

    def write(self: Store, *given: Any) -> Any:
        forks.set()
        time.sleep(0.5)  # within the transaction
        return real(self, *given)

    monkeypatch.setattr(Store, "_write", write)
    posting = threading.Thread(target=app.post, args=("choice=accept",))
    posting.start()
    assert forks.wait(10)
    child = accepting_child(app)
    posting.join()
    _, ended = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(ended) == 0
    assert app.post("choice=accept")[0] == 303
    app.flush()
    assert len(app.rows()) == 4
    verified(app.ledger)


@pytest.mark.filterwarnings("ignore:.*multi-threaded.*:DeprecationWarning")
def test_a_fork_does_not_wait_for_ever_for_a_store_that_hangs(sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    app, forks, goes_on = guarded(sqlite_url), threading.Event(), threading.Event()
    monkeypatch.setattr("consent_guard.ledger.keeper._FORK_SECONDS", 0.2)

    def append(self: Store, *given: Any, **more: Any) -> list[str]:
        forks.set()
        goes_on.wait(30)
        raise LedgerError("the disk hangs")

    monkeypatch.setattr(Store, "append", append)
    posting = threading.Thread(target=app.post, args=("choice=accept",))
    posting.start()
    assert forks.wait(10)
    started = time.monotonic()
    child = os.fork()
    if child == 0:
        os._exit(0)
    assert time.monotonic() - started < 2
    os.waitpid(child, 0)
    goes_on.set()
    posting.join()
    app.flush()


@pytest.mark.parametrize("options", [{"on_choice": print}, {"ledger_key": "x.pem"}])
def test_options_that_need_a_ledger_say_so(options: dict[str, object]) -> None:
    with pytest.raises(PolicyError, match="needs a ledger"):
        guarded(None, **options)  # type: ignore[arg-type]


async def _later(receipt: Receipt) -> None:
    raise AssertionError


@pytest.mark.parametrize("called", [7, _later])
def test_what_cannot_be_called_stops_the_start(sqlite_url: str, called: object) -> None:
    with pytest.raises(PolicyError, match="on_choice"):
        guarded(sqlite_url, on_choice=called)


def test_a_key_that_is_none_stops_the_start(sqlite_url: str, tmp_path: Path) -> None:
    for key in ("no such file", "-----BEGIN PRIVATE KEY-----\nnonsense\n-----END PRIVATE KEY-----"):
        with pytest.raises(PolicyError, match=r"- ledger_key: (?!ledger_key)"):
            guarded(sqlite_url, ledger_key=key)
    assert list(tmp_path.iterdir()) == [], "naming a ledger makes nothing"


def test_a_checkpoint_that_cannot_be_signed_holds_up_no_receipt(
    app: App, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    app.post("choice=accept")
    app.flush()
    other = tmp_path / "other.pem"
    from consent_guard.ledger.keys import find_key

    find_key(None, tmp_path / "elsewhere", make=True)
    (tmp_path / "elsewhere" / "ledger-key.pem").rename(other)
    monkeypatch.setenv("CONSENT_GUARD_LEDGER_KEY", str(other))
    with caplog.at_level(logging.ERROR, "consent_guard"):
        assert app.post("choice=accept")[0] == 303
        app.flush()
    assert "give all machines the same key" in caplog.text
    assert len(app.rows()) == 2


# on_choice


def test_on_choice_is_called_once_a_receipt_is_stored(url: str) -> None:
    seen: list[tuple[str, int]] = []
    app: App

    def called(receipt: Receipt) -> None:
        seen.append((receipt.act, len([row for row in app.rows() if row.receipt_id == receipt.receipt_id])))

    app = guarded(url, on_choice=called)
    app.post("choice=accept")
    app.post("choice=refuse")
    assert eventually(lambda: len(seen) == 2)
    assert sorted(seen) == [("accept", 1), ("refuse", 1)]
    app.flush()


@pytest.mark.parametrize("stores", ["the command", "a process without on_choice"])
@pytest.mark.parametrize("called", [True, False])
def test_who_stores_without_on_choice_leaves_the_call_to_who_has_it(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stores: str, called: bool
) -> None:
    def append(self: Store, *given: Any, **more: Any) -> list[str]:
        raise LedgerError("down")

    app = guarded(url, on_choice=print) if called else guarded(url)
    with monkeypatch.context() as patched:
        patched.setattr(Store, "append", append)
        assert app.post("choice=refuse")[0] == 303
        app.flush()
    assert spooled(tmp_path) != b""
    if stores == "the command":
        done = CliRunner().invoke(cli, ["ledger", "checkpoint", "--ledger", url])
        assert "1 came from spools" in done.output
    else:
        other = guarded(url)
        assert other.get("/page")[0] == 200
        assert eventually(lambda: len(app.rows()) == 1, 30)
        other.flush()
    assert spooled(tmp_path) == b""
    assert len(list((tmp_path / "state").glob("calls-*"))) == (1 if called else 0)
    seen: list[Receipt] = []
    after = guarded(url, on_choice=seen.append)
    assert after.get("/page")[0] == 200
    (row,) = app.rows()
    assert not called or eventually(lambda: [one.receipt_id for one in seen] == [row.receipt_id], 30)
    after.flush()
    assert len(seen) == (1 if called else 0)
    assert list((tmp_path / "state").glob("calls-*")) == []


def test_on_choice_is_not_called_for_a_503(url: str) -> None:
    seen: list[Receipt] = []
    app = guarded(dead(url), on_choice=seen.append)
    assert app.post("choice=accept")[0] == 503
    app.flush()
    assert seen == []


def test_what_on_choice_raises_is_logged_and_costs_nothing(url: str, caplog: pytest.LogCaptureFixture) -> None:
    def called(receipt: Receipt) -> None:
        raise RuntimeError("downstream is down")

    app = guarded(url, on_choice=called)
    with caplog.at_level(logging.ERROR, "consent_guard"):
        assert app.post("choice=accept")[0] == 303
        app.flush()
    assert "downstream is down" in caplog.text
    assert len(app.rows()) == 1


# The visitor's copy


def test_a_visitor_gets_their_own_receipt_signed_and_nobody_elses(app: App) -> None:
    headers = app.post("choice=accept&means=banner")[1]
    cookie = cookie_of(headers)
    status, headers, copy = app.get("/privacy-choices/receipt", cookie)
    assert status == 200
    assert headers["cache-control"] == "no-store"
    assert "attachment" in headers["content-disposition"]
    status, _, pem = app.get("/privacy-choices/receipt-key")
    assert status == 200
    (row,) = app.rows()
    receipt = checked_copy(copy, read_public(pem.decode()))
    assert (receipt["receipt_id"], receipt["act"]) == (row.receipt_id, "accept")
    assert app.get("/privacy-choices/receipt")[0] == 404
    page = app.get("/privacy-choices", cookie)[2].decode()
    assert row.receipt_id in page
    assert 'href="/privacy-choices/receipt"' in page
    assert row.receipt_id not in app.get("/privacy-choices")[2].decode()


def test_without_a_ledger_there_is_no_receipt_to_have() -> None:
    app = guarded(None)  # type: ignore[arg-type]
    cookie = cookie_of(app.post("choice=accept")[1])
    for path in ("/privacy-choices/receipt", "/privacy-choices/receipt-key"):
        assert app.get(path, cookie)[0] == 404
    assert "/receipt" not in app.get("/privacy-choices", cookie)[2].decode()


# From an event loop


@pytest.fixture(params=["asyncio", "trio"])
def loop(request: pytest.FixtureRequest) -> Callable[..., None]:
    import anyio

    return lambda function: anyio.run(function, backend=request.param)


def test_a_grant_whose_visitor_leaves_before_it_is_stored_is_not_stored(
    sqlite_url: str, loop: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """They get no cookie, and a receipt would prove a choice that never took effect"""
    import anyio

    from consent_guard import Guard, RequestFacts

    init(sqlite_url)
    keeper, guard = Keeper(Ledger(sqlite_url)), Guard(POLICY, secret_key=KEY, receipts=True)
    real, storing, goes_on = Store._write, threading.Event(), threading.Event()

    def write(self: Store, *given: Any) -> Any:
        storing.set()
        goes_on.wait(10)
        return real(self, *given)

    monkeypatch.setattr(Store, "_write", write)
    headers = ((b"content-type", b"application/x-www-form-urlencoded"),)
    exchange = guard.open(RequestFacts("POST", "https", "example.org", "/privacy-choices", headers, now=time.time()))
    reply = exchange.answer(b"choice=accept")

    async def scenario() -> None:
        async with anyio.create_task_group() as group:
            group.start_soon(keeper.settle_async, exchange, reply)
            while not storing.is_set():
                await anyio.sleep(0.01)
            group.cancel_scope.cancel()

    loop(scenario)
    goes_on.set()
    keeper.close()
    assert stored(keeper.ledger.address) == []


def test_an_asgi_app_keeps_its_receipts_too(url: str, loop: Callable[..., None]) -> None:
    from consent_guard.asgi import ConsentMiddleware

    async def page(scope, receive, send) -> None:  # type: ignore[no-untyped-def]
        if scope["type"] == "lifespan":
            for event in ("startup", "shutdown"):
                await receive()
                await send({"type": f"lifespan.{event}.complete"})

    async def post(app: ConsentMiddleware, body: bytes) -> int:
        sent: list[dict[str, object]] = []

        async def receive() -> dict[str, object]:
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(message) -> None:  # type: ignore[no-untyped-def]
            sent.append(message)

        headers = [(b"host", b"example.org"), (b"content-type", b"application/x-www-form-urlencoded")]
        scope = {"type": "http", "method": "POST", "path": "/privacy-choices", "scheme": "https", "headers": headers}
        await app(scope, receive, send)
        return int(str(sent[0]["status"]))

    async def scenario() -> None:
        app = ConsentMiddleware(page, POLICY, secret_key=KEY, ledger=url)
        assert await post(app, b"choice=accept") == 303
        assert len(stored(Ledger(url).address)) == 1
        assert await post(app, b"choice=refuse") == 303
        assert app.keeper is not None

        async def receive() -> dict[str, str]:
            return {"type": "lifespan.shutdown"}

        async def send(message) -> None:  # type: ignore[no-untyped-def]
            return None

        await app({"type": "lifespan"}, receive, send)
        assert verified(Ledger(url)).rows == 2, "the end of the server's life stores what waits"
        gone = ConsentMiddleware(page, POLICY, secret_key=KEY, ledger=dead(url))
        started = time.monotonic()
        assert await post(gone, b"choice=accept") == 503
        assert time.monotonic() - started < LEDGER_POST_SECONDS + 1
        assert await post(gone, b"choice=refuse") == 303
        await gone({"type": "lifespan"}, receive, send)

    loop(scenario)
