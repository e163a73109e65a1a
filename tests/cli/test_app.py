"""The command line as a whole: its table, its help, its exit codes, and what it says where its extra is missing."""

from __future__ import annotations

import subprocess
import sys
from importlib import import_module
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

import consent_guard
from consent_guard.cli.app import COMMANDS, cli

PACKAGE = Path(consent_guard.__file__).resolve().parents[1]


def python(code: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run code in a fresh interpreter that sees the package under test."""
    return subprocess.run([sys.executable, "-c", code, *arguments], cwd=PACKAGE, capture_output=True, text=True, check=False)


def test_help_names_every_command_with_its_line() -> None:
    shown = CliRunner().invoke(cli, ["--help"])
    assert shown.exit_code == 0
    for name, registered in COMMANDS.items():
        assert name in shown.output
        assert registered.summary.split()[0] in shown.output
    assert "Exit codes: 0 fine" in shown.output


@pytest.mark.parametrize("name", COMMANDS)
def test_every_registered_command_is_there_and_documents_itself(name: str) -> None:
    found = import_module(f"consent_guard.cli.{COMMANDS[name].module}").command
    assert isinstance(found, click.Command)
    assert found.help
    assert CliRunner().invoke(cli, [name, "--help"]).exit_code == 0


def test_help_imports_no_command_and_no_engine() -> None:
    code = (
        "import sys\nfrom consent_guard.cli.app import cli\n"
        "try:\n    cli(['--help'])\nexcept SystemExit:\n    pass\n"
        "print([m for m in sys.modules if m.startswith(('rich', 'consent_guard.cli.'))])"
    )
    shown = python(code)
    assert shown.stdout.splitlines()[-1] == "['consent_guard.cli.app']", shown.stderr


def test_an_unknown_command_is_bad_usage() -> None:
    shown = CliRunner().invoke(cli, ["chekc"])
    assert shown.exit_code == 2
    assert "chekc" in shown.output


@pytest.mark.parametrize("missing", ["click", "rich"])
def test_a_missing_extra_is_named_with_what_installs_it(missing: str) -> None:
    code = f"import sys\nsys.modules[{missing!r}] = None\nfrom consent_guard.cli import main\nmain()"
    shown = python(code, "keys", "new")
    assert shown.returncode == 2
    assert shown.stdout == ""
    assert shown.stderr.count("\n") == 1
    assert 'pip install "consent-guard-middleware[cli]"' in shown.stderr
    assert missing in shown.stderr


def test_the_command_line_runs_as_a_module_too() -> None:
    shown = subprocess.run(
        [sys.executable, "-m", "consent_guard.cli", "--version"], cwd=PACKAGE, capture_output=True, text=True, check=False
    )
    assert shown.stdout == f"consent-guard, version {consent_guard.__version__}\n"


def test_the_installed_script_runs() -> None:
    """What the wheel puts on the path is the same command line."""
    script = Path(sys.executable).with_name("consent-guard")
    if not script.exists():
        pytest.skip("the distribution is not installed in this environment")
    shown = subprocess.run([script, "keys", "new"], capture_output=True, text=True, check=False)
    assert shown.returncode == 0, shown.stderr
    assert len(shown.stdout.strip()) >= 43
