"""Every command on the page about scans is one that the command line takes."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from consent_guard.cli.scan import command

PAGE = Path(__file__).resolve().parents[2] / "docs" / "scan.md"
COMMANDS = re.findall(r"^(?:\s+- run: )?consent-guard scan (.+)$", PAGE.read_text(encoding="utf-8"), re.M)


@pytest.mark.parametrize("line", COMMANDS)
def test_a_command_of_the_page_is_understood(line: str) -> None:
    with command.make_context("scan", shlex.split(line)) as context:
        assert context.params["targets"]


def test_the_page_names_every_option() -> None:
    text = PAGE.read_text(encoding="utf-8")
    options = {option for parameter in command.params for option in parameter.opts if option.startswith("--")}
    assert {option for option in options if option not in text} <= {"--output"}  # written there as -o
