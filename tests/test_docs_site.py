"""The documentation as a site: every link leads somewhere, and every public name has its docstring there."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import consent_guard

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = Path(consent_guard.__file__).resolve().parents[1]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    pytest.importorskip("sphinx", reason="the group docs of pyproject.toml is not installed")
    folder = tmp_path_factory.mktemp("site")
    environment = {**os.environ, "PYTHONPATH": str(PACKAGE)}
    command = [sys.executable, "-m", "sphinx", "-n", "-W", "-q", "-d", folder / "trees", ROOT / "docs", folder / "html"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, done.stderr
    return folder / "html"


def test_every_page_is_reached_from_the_first(site: Path) -> None:
    """A page that is in no list is a warning, and ends the build."""
    pages = {page.stem for page in (ROOT / "docs").glob("*.md")}
    assert pages <= {page.stem for page in site.glob("*.html")}
    assert {"quickstart", "policy", "api", "enforcement"} <= pages


def test_the_reference_has_every_public_name_with_its_docstring(site: Path) -> None:
    text = (site / "api.html").read_text(encoding="utf-8")
    for name in consent_guard.__all__:
        assert name.startswith("__") or f'id="consent_guard.{name}"' in text, name
    for name in (
        "wsgi.ConsentMiddleware",
        "flask.ConsentGuard",
        "starlette.install",
        "testing.crawl",
        "django.ConsentMiddleware",
    ):
        assert f'id="consent_guard.{name}"' in text, name
    assert "Walk an app" in text


def test_pages_beside_the_folder_are_pages_of_the_site(site: Path) -> None:
    for page in ("security", "architecture", "changelog", "examples"):
        assert (site / f"{page}.html").stat().st_size > 10_000
    assert 'href="security.html' in (site / "enforcement.html").read_text(encoding="utf-8")
