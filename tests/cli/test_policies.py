"""Reading the policy of a command."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.exceptions import Exit

from consent_guard.cli.policies import policy_of


def test_no_file_is_the_built_in_policy() -> None:
    assert policy_of(None).category("necessary")


def test_a_policy_with_faults_ends_the_command_with_each_of_them(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "consent.toml"
    file.write_text('[policy]\nrevision = 0\npath = "x y"\n', encoding="utf-8")
    with pytest.raises(Exit) as left:
        policy_of(str(file))
    assert left.value.exit_code == 2
    shown = capsys.readouterr().err
    assert "policy.revision" in shown
    assert "policy.path" in shown


def test_a_file_that_is_not_there_ends_the_command_with_the_reason(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(Exit) as left:
        policy_of(str(tmp_path / "absent.toml"))
    assert left.value.exit_code == 2
    assert "No such file" in capsys.readouterr().err
