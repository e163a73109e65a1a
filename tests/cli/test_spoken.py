"""``init`` takes the languages from the pages."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest
from click.testing import CliRunner

from consent_guard import Policy
from consent_guard.cli.app import cli
from consent_guard.cli.spoken import language_of, offered
from consent_guard.policy.guidance.starter import known_languages


@pytest.mark.parametrize(
    ("page", "language"),
    [
        (b"<!doctype html><html lang=fr-CA>", "fr-ca"),
        (b'<HTML class="no-js" LANG = " de ">', "de"),
        (b'<html xml:lang="pt_BR" xmlns="http://www.w3.org/1999/xhtml">', "pt-br"),
        (b"<!-- <html lang=en> --><html><p lang=en>", ""),
        (b"<html lang=fi><html lang=sv>", "fi"),
        (b"", ""),
        (b"\xff<![x[<html", ""),
    ],
)
def test_a_page_says_its_language_in_its_html_element(page: bytes, language: str) -> None:
    assert language_of(page) == language


def test_the_most_common_comes_first_and_variants_count_together() -> None:
    """A07, L45: the policy speaks what the pages speak."""
    heard = Counter({"en": 2, "de": 1, "de-at": 1, "de-ch": 1, "ja": 4, "no": 1})
    assert offered(heard, known_languages()) == (("de", "en", "nb"), ("ja",))
    assert offered(Counter(), known_languages()) == ((), ())


def test_the_policy_is_written_in_the_languages_of_the_pages(tmp_path: Path) -> None:
    for place, tag in enumerate(["de-AT", "fr", "de", "ja"]):
        (tmp_path / f"{place}.html").write_text(f'<!doctype html><html lang="{tag}"><title>t</title>', "utf-8")
    policy = tmp_path / "consent.toml"
    shown = CliRunner().invoke(cli, ["init", str(tmp_path), "--yes", "-o", str(policy)])
    assert shown.exit_code == 0, shown.output
    assert Policy.load(policy).languages == ("de", "fr")
    assert 'no purposes are written in "ja" yet' in shown.stderr
    told = json.loads(CliRunner().invoke(cli, ["init", str(tmp_path), "--json"]).stdout)
    assert told["languages"] == ["de", "fr"]


def test_a_language_that_is_asked_for_comes_before_what_pages_say(tmp_path: Path) -> None:
    (tmp_path / "a.html").write_text('<!doctype html><html lang="de">', "utf-8")
    options = ["--yes", "-o", "-", "--language", "it"]
    shown = CliRunner().invoke(cli, ["init", str(tmp_path), *options])
    assert 'languages = ["it"]' in shown.stdout
    assert 'languages = ["en"]' in CliRunner().invoke(cli, ["init", "--yes", "-o", "-"]).stdout
