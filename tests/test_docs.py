"""What the documents say is so: examples run, policies load, links lead somewhere, and every cited rule is stated.

Every Python fence of a page is run, in order, as one script in a process of its own, in an empty directory that holds the files
which the page itself defines. A fence is preceded by a comment where it needs one:

    <!-- file: consent.toml -->      the fence is that file; a .toml file must load as a policy
    <!-- not run: reason -->         a Python fence that cannot run on its own
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

import consent_guard
from consent_guard import Policy

ROOT = Path(__file__).resolve().parents[1]
PAGES = sorted(
    [*(ROOT / "docs").glob("*.md")]
    + [ROOT / name for name in ("README.md", "ARCHITECTURE.md", "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md")]
)
FENCE = re.compile(
    r"^(?:<!-- (?P<note>file|not run): (?P<value>[^\n]*?) -->\n+)?```(?P<language>[a-z]+)\n(?P<text>.*?)^```$", re.M | re.S
)
RULE_ID = re.compile(r"(?<![\w.#/-])(?:[LTGHXASWYFNRK][0-9]{1,2}b?c?)(?![\w-])")
RANGE = re.compile(r"([A-Z])([0-9]+)–\1([0-9]+)")


@dataclass(frozen=True)
class Fence:
    """One fenced block of a page."""

    language: str
    text: str
    line: int
    file: str = ""
    runs: bool = True


def fences(page: Path) -> Iterator[Fence]:
    source = page.read_text(encoding="utf-8")
    for found in FENCE.finditer(source):
        line = source.count("\n", 0, found.start("text")) + 1
        file = found["value"] if found["note"] == "file" else ""
        yield Fence(found["language"], found["text"], line, file, found["note"] != "not run")


def named(pages: list[Path], language: str) -> list[object]:
    """The pages that hold a fence of this language, as parameters with readable ids."""
    having = [page for page in pages if any(fence.language == language for fence in fences(page))]
    return [pytest.param(page, id=page.relative_to(ROOT).as_posix()) for page in having]


@pytest.mark.parametrize("page", named(PAGES, "python"))
def test_the_python_of_a_page_runs_from_top_to_bottom(page: Path, tmp_path: Path) -> None:
    script = ""
    for fence in fences(page):
        if fence.file:
            (tmp_path / fence.file).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / fence.file).write_text(fence.text, encoding="utf-8")
        elif fence.language == "python" and fence.runs:
            script += "\n" * (fence.line - 1 - script.count("\n")) + fence.text
    package = Path(consent_guard.__file__).resolve().parents[1]
    # The page's own directory first, so that a page may define modules; then the package under test, wheel or source.
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(tmp_path), str(package)]), "PYTHONWARNINGS": "error"}
    command = [sys.executable, "-c", script]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{page.name} (the line numbers are those of the page):\n{done.stderr}"


@pytest.mark.parametrize("page", named(PAGES, "toml"))
def test_the_toml_of_a_page_parses_and_a_whole_policy_loads(page: Path) -> None:
    for fence in fences(page):
        if fence.language == "toml":
            document = tomllib.loads(fence.text)
            if "categories" in document and (fence.file or "policy" in document):
                assert Policy.load(document).categories, f"{page.name}:{fence.line}"


def heading_anchors(page: Path) -> set[str]:
    headings = re.findall(r"^#+ (.+)$", re.sub(r"^```.*?^```$", "", page.read_text(encoding="utf-8"), flags=re.M | re.S), re.M)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", [pytest.param(page, id=page.relative_to(ROOT).as_posix()) for page in PAGES])
def test_the_links_of_a_page_lead_somewhere(page: Path) -> None:
    text = re.sub(r"^```.*?^```$", "", page.read_text(encoding="utf-8"), flags=re.M | re.S)
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if re.match(r"[a-z]+:", target):
            continue
        path, _, anchor = target.partition("#")
        linked = (page.parent / path).resolve() if path else page
        assert linked.exists(), target
        if anchor:
            assert anchor in heading_anchors(linked), target


def test_the_files_that_the_architecture_names_exist() -> None:
    text = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
    named = set(re.findall(r"`(?:[a-z_]+/)*([a-z_]+\.(?:py|toml))`", text))
    assert named <= {path.name for path in (ROOT / "consent_guard").rglob("*")}


def cited_ids() -> dict[str, str]:
    """Each rule id that a test cites, and one file that does."""
    cited: dict[str, str] = {}
    for file in sorted((ROOT / "tests").rglob("*.py")):
        text = file.read_text(encoding="utf-8")
        for docstring in re.findall(r'"""(.*?)"""', text, re.S):
            for id in RULE_ID.findall(docstring):
                cited.setdefault(id, file.relative_to(ROOT).as_posix())
    return cited


def test_every_rule_that_a_test_cites_stands_in_the_rules_page() -> None:
    text = (ROOT / "docs" / "rules.md").read_text(encoding="utf-8")
    stated = set(re.findall(r"^\| ([A-Z]?[0-9.]+[bc]?) \|", text, re.M))
    for letter, first, last in RANGE.findall(text):
        stated |= {f"{letter}{number:0{len(first)}d}" for number in range(int(first), int(last) + 1)}
    missing = {id: file for id, file in cited_ids().items() if id not in stated}
    assert not missing


def test_the_rules_page_states_no_id_twice() -> None:
    text = (ROOT / "docs" / "rules.md").read_text(encoding="utf-8")
    ids = re.findall(r"^\| ([A-Z]?[0-9.]+[bc]?) \|", text, re.M)
    assert len(ids) == len(set(ids))
