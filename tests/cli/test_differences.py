"""``consent-guard check --diff OLD``: dated, the same bytes for the same files, with exit codes that a script can trust."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from consent_guard import Policy
from consent_guard.cli.app import cli
from consent_guard.policy.digest import policy_digest

from .policies import one_service

OLD = one_service("media", "one", "one.example")
NEW = OLD.replace('hosts = ["one.example"]', 'hosts = ["one.example", "cdn.example"]\ncontroller = { name = "One Ltd" }')
DAY = "1769817600"
FAULTY = OLD.replace('basis = "consent"', 'basis = "whatever"')


@pytest.fixture(autouse=True)
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name, text in (("old.toml", OLD), ("new.toml", NEW), ("faulty.toml", FAULTY)):
        Path(name).write_text(text, encoding="utf-8")


def check(*arguments: str, **environment: str) -> Result:
    return CliRunner(env={"SOURCE_DATE_EPOCH": DAY, **environment}).invoke(cli, ["check", *arguments])


def test_the_differences_with_the_day_and_both_revisions() -> None:
    shown = check("new.toml", "--diff", "old.toml")
    assert shown.exit_code == 1
    assert shown.stdout == (
        "2026-01-31  old.toml (revision 1) -> new.toml (revision 1)\n"
        "added    service one: controller One Ltd\n"
        "added    service one: host cdn.example\n"
        "visitors are asked again about: media\n"
    )
    assert shown.stderr == "new.toml: 2 differences\n"


def test_the_same_files_give_the_same_bytes() -> None:
    assert len({check("new.toml", "--diff", "old.toml", "--json").stdout_bytes for _ in range(3)}) == 1


def test_json() -> None:
    shown = check("new.toml", "--diff", "old.toml", "--json")
    assert shown.exit_code == 1
    assert json.loads(shown.stdout) == {
        "date": "2026-01-31",
        "old": {"policy": "old.toml", "revision": 1, "digest": policy_digest(Policy.load("old.toml"))},
        "new": {"policy": "new.toml", "revision": 1, "digest": policy_digest(Policy.load("new.toml"))},
        "differences": [
            {"subject": "service one", "kind": "added", "what": "controller", "old": None, "new": "One Ltd"},
            {"subject": "service one", "kind": "added", "what": "host", "old": None, "new": "cdn.example"},
        ],
        "asked_again": ["media"],
    }


def test_no_difference_is_code_0() -> None:
    shown = check("old.toml", "--diff", "old.toml")
    assert (shown.exit_code, shown.stderr) == (0, "old.toml: 0 differences\n")
    assert shown.stdout == "2026-01-31  old.toml (revision 1) -> old.toml (revision 1)\n"


def test_another_revision_alone_is_one_too() -> None:
    Path("raised.toml").write_text(f"[policy]\nrevision = 2\n{OLD}", encoding="utf-8")
    shown = check("raised.toml", "--diff", "old.toml")
    assert shown.exit_code == 1
    assert "(revision 1) -> raised.toml (revision 2)" in shown.stdout
    assert "asked again about: media" in shown.stdout


def test_without_an_epoch_it_is_today() -> None:
    shown = CliRunner(env={"SOURCE_DATE_EPOCH": None}).invoke(cli, ["check", "old.toml", "--diff", "old.toml"])
    assert shown.stdout[:2] == "20"
    assert shown.exit_code == 0


@pytest.mark.parametrize("digits", [30, 5000])
def test_a_day_that_no_calendar_holds_is_code_2(digits: int) -> None:
    shown = check("new.toml", "--diff", "old.toml", SOURCE_DATE_EPOCH="9" * digits)
    assert (shown.exit_code, shown.stdout) == (2, "")
    assert "SOURCE_DATE_EPOCH" in shown.stderr


@pytest.mark.parametrize("old", ["absent.toml", ".", "faulty.toml"])
def test_an_older_policy_that_cannot_be_compared_is_code_2(old: str) -> None:
    shown = check("new.toml", "--diff", old)
    assert (shown.exit_code, shown.stdout) == (2, "")
    assert "nothing can be compared with" in shown.stderr


def test_the_faults_of_the_new_one_come_first() -> None:
    shown = check("faulty.toml", "--diff", "absent.toml")
    assert shown.exit_code == 1
    assert shown.stdout.startswith("fault ")


@pytest.mark.parametrize("beside", [["--strict"], ["--key-env", "KEY"], ["--app", "a:b"], ["--ledger", "sqlite:///x.db"]])
def test_it_takes_the_place_of_advice(beside: list[str]) -> None:
    shown = check("new.toml", "--diff", "old.toml", *beside)
    assert (shown.exit_code, shown.stdout) == (2, "")


def test_what_a_file_says_cannot_steer_a_terminal() -> None:
    Path("new.toml").write_text(NEW.replace("One Ltd", "\\u001b[31mOne"), encoding="utf-8")
    shown = check("new.toml", "--diff", "old.toml")
    assert "\x1b" not in shown.stdout
