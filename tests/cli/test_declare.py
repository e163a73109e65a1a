"""``consent-guard declare``: the files that it writes, and what it says where it cannot."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from consent_guard import Policy
from consent_guard.cli.app import cli
from consent_guard.pages.surface import DECLARATION_ENDINGS, Surface

POLICY = """
[policy]
languages = ["fr", "en"]
[[categories]]
id = "interactivity"
basis = "consent"
title = { fr = "Contenus interactifs", en = "Interactive content" }
[[services]]
id = "youtube"
"""


@pytest.fixture
def policy(tmp_path: Path) -> Path:
    file = tmp_path / "consent.toml"
    file.write_text(POLICY, encoding="utf-8")
    return file


@pytest.mark.parametrize("ending", DECLARATION_ENDINGS)
def test_what_is_written_is_what_visitors_are_shown(policy: Path, ending: str) -> None:
    """S17."""
    shown = CliRunner().invoke(cli, ["declare", str(policy), "--format", ending, "--lang", "en"])
    assert shown.exit_code == 0
    assert shown.stdout_bytes == Surface(Policy.load(policy)).declaration_file(ending, "en").body
    assert "YouTube" in shown.stdout


def test_the_first_language_and_markdown_are_the_defaults(policy: Path) -> None:
    shown = CliRunner().invoke(cli, ["declare", str(policy)])
    assert shown.stdout.startswith("# Cookies et partenaires\n")


def test_a_file_is_written_where_one_is_named(policy: Path, tmp_path: Path) -> None:
    file = tmp_path / "out.json"
    shown = CliRunner().invoke(cli, ["declare", str(policy), "--format", "json", "-o", str(file)])
    assert (shown.exit_code, shown.output) == (0, "")
    assert json.loads(file.read_bytes())["language"] == "fr"


def test_without_a_policy_the_built_in_one_is_declared() -> None:
    shown = CliRunner().invoke(cli, ["declare", "--format", "json"])
    ids = [category["id"] for category in json.loads(shown.stdout)["categories"]]
    assert ids == [category.id for category in Policy.load().categories]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--lang", "xx"], "the policy does not speak it; it speaks fr, en"),
        (["--format", "pdf"], "pdf"),
        (["-o", "no/such/folder/file"], "no/such/folder/file"),
    ],
)
def test_what_cannot_be_done_is_said_in_one_sentence(policy: Path, arguments: list[str], said: str) -> None:
    shown = CliRunner().invoke(cli, ["declare", str(policy), *arguments])
    assert shown.exit_code == 2
    assert shown.stdout == ""
    assert said in shown.stderr


def test_a_faulty_policy_is_told_with_its_faults(tmp_path: Path) -> None:
    file = tmp_path / "bad.toml"
    file.write_text(POLICY.replace('"fr", "en"', '"fr", "cz"'), encoding="utf-8")
    shown = CliRunner().invoke(cli, ["declare", str(file)])
    assert shown.exit_code == 2
    assert 'Did you mean "cs"?' in shown.stderr
