"""``consent-guard cookie show``: why a visitor's choice counts or does not."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from consent_guard.cli.app import cli
from consent_guard.testing import consent_cookie

KEY = "a key of the command line's tests, long enough"
POLICY = """
[policy]
revision = {revision}
[[categories]]
id = "media"
basis = "consent"
title = {{ en = "M" }}
[[services]]
id = "youtube"
category = "media"
"""


@pytest.fixture
def policy(tmp_path: Path) -> str:
    file = tmp_path / "consent.toml"
    file.write_text(POLICY.format(revision=3), encoding="utf-8")
    return str(file)


def show(value: str, policy: str, *more: str, key: str = KEY) -> Result:
    return CliRunner(env={"SITE_KEY": key}).invoke(cli, ["cookie", "show", value, "--policy", policy, *more])


def test_a_choice_that_counts_is_shown_with_its_times_and_answers(policy: str) -> None:
    name, value = consent_cookie(policy, KEY, allow=["media"])
    for given in (value, f"{name}={value}", f"a=b; {name}={value}; c"):
        shown = show(given, policy, "--key-env", "SITE_KEY")
        assert shown.exit_code == 0, shown.output
        assert "counts     yes" in shown.stdout
        assert "media: granted" in shown.stdout
    told = json.loads(show(value, policy, "--key-env", "SITE_KEY", "--json").stdout)
    assert told["counts"] is True
    assert told["allows_services"] == ["youtube"]
    assert told["revision"] == 3


def test_without_a_key_it_is_read_and_not_believed(policy: str) -> None:
    _, value = consent_cookie(policy, KEY, allow=["media"])
    shown = show(value, policy)
    assert shown.exit_code == 0
    assert "not checked" in shown.stdout
    assert "yes, if its signature is right" in shown.stdout


def test_each_reason_not_to_count_is_told(policy: str, tmp_path: Path) -> None:
    """K2, K4, K5, T04, T08"""
    year = 366 * 86_400
    _, value = consent_cookie(policy, KEY, allow=["media"])
    _, expired = consent_cookie(policy, KEY, allow=["media"], at=time.time() - 2 * year)
    _, future = consent_cookie(policy, KEY, allow=["media"], at=time.time() + year)
    other = tmp_path / "other.toml"
    other.write_text(POLICY.format(revision=4), encoding="utf-8")
    for given, file, key, reason in (
        (value, policy, "another key that is long enough to use", "none of the keys has signed it"),
        (value, str(other), KEY, "made under revision 3; the policy is at 4"),
        (expired, policy, KEY, "it has expired"),
        (future, policy, KEY, "lies in the future"),
        ("hello", policy, KEY, "not spelt like a choice"),
        ("x" * 5000, policy, KEY, "longer than 4096 bytes"),
    ):
        shown = show(given, file, "--key-env", "SITE_KEY", key=key)
        assert shown.exit_code == 1
        assert reason in shown.stdout
        assert json.loads(show(given, file, "--key-env", "SITE_KEY", "--json", key=key).stdout)["counts"] is False


def test_another_tools_cookie_is_shown_as_the_policy_reads_it(tmp_path: Path) -> None:
    file = tmp_path / "consent.toml"
    file.write_text(POLICY.format(revision=1).replace("revision = 1", 'import_from = ["tarteaucitron"]'), encoding="utf-8")
    shown = show("tarteaucitron=!youtube=true", str(file))
    assert shown.exit_code == 0
    assert "youtube: granted" in shown.stdout
    assert json.loads(show("tarteaucitron=!youtube=true", str(file), "--json").stdout)["allows_services"] == ["youtube"]
    assert show("tarteaucitron=!youtube=wait", str(file)).exit_code == 1


def test_what_cannot_be_looked_at_is_code_2(policy: str, tmp_path: Path) -> None:
    assert show("x", str(tmp_path / "absent.toml")).exit_code == 2
    assert show("x", policy, "--key-env", "NO_SUCH_VARIABLE").exit_code == 2
    assert show("x", policy, "--key-env", "SITE_KEY", key="").exit_code == 2
