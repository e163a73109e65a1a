"""``consent-guard scan`` as a user calls it: targets, files, baseline, exit codes."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree

import pytest
from click.testing import CliRunner, Result

from consent_guard.cli.scan import command

LEAKS = '<!doctype html><script src="https://www.googletagmanager.com/gtm.js?id=1"></script>'
CLEAN = "<!doctype html><p>fine"


@pytest.fixture
def pages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "leaks.html").write_text(LEAKS, encoding="utf-8")
    (tmp_path / "clean.html").write_text(CLEAN, encoding="utf-8")
    return tmp_path


def scan(*args: str) -> Result:
    return CliRunner().invoke(command, list(args))


@pytest.mark.parametrize(
    ("args", "code"), [(["clean.html"], 0), (["leaks.html"], 1), (["none.html"], 2), (["clean.html", "none.html"], 0)]
)
def test_the_exit_code_tells_fine_leak_and_nothing_scanned(pages: Path, args: list[str], code: int) -> None:
    assert scan(*args).exit_code == code


def test_several_forms_are_written_at_once(pages: Path) -> None:
    result = scan("leaks.html", "-o", "r.json", "-o", "r.sarif", "-o", "r.xml", "-o", "json=other.txt")
    assert "Google Tag" in " ".join(result.stdout.split())
    assert json.loads(Path("r.json").read_text(encoding="utf-8"))["summary"]["leaks"] == 1
    assert json.loads(Path("r.sarif").read_text(encoding="utf-8"))["version"] == "2.1.0"
    assert ElementTree.parse("r.xml").getroot().get("failures") == "1"
    assert json.loads(Path("other.txt").read_text(encoding="utf-8"))["target"] == "leaks.html"


def test_standard_output_holds_the_asked_form_alone(pages: Path) -> None:
    result = scan("leaks.html", "none.html", "--format", "json")
    assert json.loads(result.stdout)["summary"]["leaks"] == 1
    assert "none.html" in result.stderr


def test_known_leaks_are_accepted_by_a_baseline(pages: Path) -> None:
    assert scan("leaks.html", "--write-baseline", "known.json").exit_code == 0
    assert scan("leaks.html", "--baseline", "known.json").exit_code == 0
    result = scan("clean.html", "--baseline", "known.json")
    assert result.exit_code == 0
    assert "1 of the baseline's entries was not met" in result.stderr


def test_two_sites_are_compared(pages: Path) -> None:
    for name, text in (("guarded", CLEAN), ("unguarded", LEAKS)):
        Path(name).mkdir()
        (Path(name) / "a.html").write_text(text, encoding="utf-8")
    result = scan("guarded", "--compare", "unguarded", "-o", "r.json")
    assert result.exit_code == 0
    comparison = json.loads(Path("r.json").read_text(encoding="utf-8"))["comparison"]
    assert comparison["totals"]["before"]["removed"] == 1


def test_what_could_not_be_compared_is_said(pages: Path) -> None:
    result = scan("clean.html", "--compare", "none.html")
    assert result.exit_code == 0
    assert "could not be looked at: none.html" in result.stdout
    assert scan("none.html", "--compare", "clean.html").exit_code == 2


@pytest.mark.parametrize(
    ("args", "said"),
    [
        ([], "Missing argument"),
        (["clean.html", "-o", "r.docx"], "ends in none of"),
        (["clean.html", "--refuse-cookie", "novalue"], "is not written NAME=VALUE"),
        (["clean.html", "--baseline", "none.json"], "none.json: cannot be read"),
        (["clean.html", "--policy", "none.toml"], "none.toml"),
        (["clean.html", "-o", "none/r.json"], "cannot be written"),
        (["clean.html", "--max-pages", "0"], "max-pages"),
    ],
)
def test_bad_usage_is_told_and_is_code_2(pages: Path, args: list[str], said: str) -> None:
    result = scan(*args)
    assert result.exit_code == 2
    assert said in result.stderr
    assert "Traceback" not in result.stderr


NOT_KNOWN = '<!doctype html><script src="https://cdn.nobody-knows.example/x.js"></script>'


def test_what_nobody_names_fails_where_it_is_asked_to(pages: Path) -> None:
    """The same word as in the test kit."""
    (pages / "strange.html").write_text(NOT_KNOWN, encoding="utf-8")
    assert scan("strange.html").exit_code == 0
    result = scan("strange.html", "--fail-on", "unlisted")
    assert result.exit_code == 1
    assert "no leak, 1 not named by any rule" in " ".join(result.stdout.split())
    assert scan("clean.html", "--fail-on", "unlisted").exit_code == 0


APP = """
PAGES = {pages!r}
def app(environ, start_response):
    status, headers, body = PAGES.get(environ["PATH_INFO"], ("404 Not Found", [], "<!doctype html><p>gone"))
    start_response(status, [("Content-Type", "text/html; charset=utf-8"), *headers])
    return [body.encode()]
"""


@pytest.mark.parametrize(
    ("pages_of_app", "told"),
    [
        (
            {"/": ("500 Oops", [], "<!doctype html><p>error")},
            "every page answered with an error (500): name a page that answers",
        ),
        (
            {
                "/": (
                    "200 OK",
                    [],
                    '<!doctype html><base href="https://www.site.example/"><a href="/a">A</a><a href="/b">B</a>',
                )
            },
            "one page was read, and it links to pages of www.site.example alone: scan those; for an app --site https://www.site.example/",
        ),
        (
            {"/": ("200 OK", [], "<!doctype html>" + "".join(f'<a href="https://shop.example/{n}">x</a>' for n in "abc"))},
            "one page was read, and it links to pages of shop.example alone",
        ),
    ],
    ids=["errors alone", "another base", "another host"],
)
def test_a_scan_is_never_green_over_nothing(
    pages: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest, pages_of_app: dict[str, object], told: str
) -> None:
    name = "app_" + request.node.callspec.id.replace(" ", "_")
    (pages / f"{name}.py").write_text(APP.format(pages=pages_of_app), encoding="utf-8")
    monkeypatch.syspath_prepend(str(pages))
    result = scan(f"{name}:app")
    assert result.exit_code == 2
    assert told in " ".join(result.stdout.split())


def test_a_page_that_links_to_others_sites_is_a_page(pages: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    links = '<!doctype html><a href="https://www.one.example/">1</a><a href="https://www.two.example/x">2</a>'
    (pages / "app_alone.py").write_text(APP.format(pages={"/": ("200 OK", [], links)}), encoding="utf-8")
    monkeypatch.syspath_prepend(str(pages))
    assert scan("app_alone:app").exit_code == 0
