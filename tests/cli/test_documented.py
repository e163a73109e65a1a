"""Every command line of docs/cli.md runs, and shell completion answers."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
from click.testing import CliRunner

from consent_guard.cli.app import COMMANDS, cli

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "cli.md").read_text("utf-8")
LINES = [line for fence in re.findall(r"^```sh\n(.*?)^```$", PAGE, re.M | re.S) for line in fence.splitlines() if line.strip()]
IMPORTED = """
[policy]
import_from = ["tarteaucitron"]
[[categories]]
id = "media"
basis = "consent"
title = { en = "Media" }
[[services]]
id = "youtube"
category = "media"
"""


@pytest.mark.parametrize("line", LINES)
def test_every_line_of_the_page_runs(line: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "consent-imported.toml").write_text(IMPORTED, encoding="utf-8")
    (tmp_path / "examples").symlink_to(ROOT / "examples")
    program, *arguments = shlex.split(line)
    assert program == "consent-guard"
    shown = CliRunner().invoke(cli, arguments)
    assert shown.exit_code == 0, shown.output
    assert shown.stdout.strip()


def test_the_page_tells_of_every_command() -> None:
    headings = set(re.findall(r"^## (\w+)", PAGE, re.M))
    assert set(COMMANDS) <= headings | {"scan"}


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_shell_completion_has_a_script_and_knows_the_commands(shell: str) -> None:
    variable = {"_CONSENT_GUARD_COMPLETE": f"{shell}_source"}
    source = CliRunner().invoke(cli, [], prog_name="consent-guard", env=variable)
    assert "consent-guard" in source.output
    asked = {
        "_CONSENT_GUARD_COMPLETE": f"{shell}_complete",
        "COMP_WORDS": "consent-guard ca",
        "COMP_CWORD": "ca" if shell == "fish" else "1",
    }
    completed = CliRunner().invoke(cli, [], prog_name="consent-guard", env=asked)
    assert "catalog" in completed.output
