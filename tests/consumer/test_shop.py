"""A project that depends on the wheel and knows nothing of this repository: its own package, in an environment of its own.

The environment holds the two wheels; what they depend on is taken from the environment of this run, so that no network is
needed.
"""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import subprocess
import sys
import venv
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

import consent_guard

ROOT = Path(__file__).resolve().parents[2]
SHOP = Path(__file__).with_name("shop")
HOTJAR = '<script async src="https://static.hotjar.com/c/hotjar-4711.js?sv=6"></script>'

pytestmark = pytest.mark.skipif(
    any(importlib.util.find_spec(name) is None for name in ("hatchling", "pip")),
    reason="needs pip and hatchling to make and install wheels",
)


@dataclass(frozen=True)
class Environment:
    """The shop, installed."""

    python: Path
    packages: Path
    project: Path

    def pytest(self, *arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
        """Run the shop's own tests as its developers would."""
        inherited = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST", "PYTHON"))}
        return subprocess.run(
            [str(self.python), "-m", "pytest", "-p", "no:cacheprovider", *arguments],
            cwd=self.project,
            env={**inherited, "PYTHONDONTWRITEBYTECODE": "1", "COLUMNS": "160", **settings},
            capture_output=True,
            text=True,
            check=False,
            timeout=240,
        )


def pip(*arguments: str | Path) -> None:
    command = [sys.executable, "-m", "pip", "--disable-pip-version-check", "-qq", *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def make_wheel(source: Path, folder: Path) -> Path:
    pip("wheel", "--no-deps", "--no-index", "--no-build-isolation", "--wheel-dir", folder, source)
    (wheel,) = folder.glob("*.whl")
    return wheel


def library_wheel(folder: Path) -> Path:
    """The wheel that is tested in this run, else one made of the source tree."""
    if os.environ.get("CONSENT_GUARD_WHEEL") == "1":
        (wheel,) = (ROOT / "build" / "wheel").glob("*.whl")
        return wheel
    return make_wheel(ROOT, folder)


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Environment:
    folder = tmp_path_factory.mktemp("shop")
    project = folder / "project"
    shutil.copytree(SHOP, project, ignore=shutil.ignore_patterns("__pycache__"))
    venv.create(folder / "venv", with_pip=False, symlinks=os.name != "nt")
    scripts = "Scripts" if os.name == "nt" else "bin"
    python = folder / "venv" / scripts / ("python.exe" if os.name == "nt" else "python")
    where = "import sysconfig; print(sysconfig.get_path('purelib'))"
    packages = Path(subprocess.run([python, "-c", where], capture_output=True, text=True, check=True).stdout.strip())
    for wheel in (library_wheel(folder / "library"), make_wheel(project, folder / "own")):
        pip("install", "--no-deps", "--no-index", "--target", packages, wheel)
    shutil.rmtree(project / "src")  # what runs is what was installed
    borrowed = [folder for folder in sys.path if Path(folder).name in ("site-packages", "dist-packages")]
    (packages / "borrowed.pth").write_text("\n".join(borrowed) + "\n", encoding="utf-8")
    return Environment(python, packages, project)


@pytest.fixture
def page(installed: Environment) -> Iterator[Callable[[str], None]]:
    """Return a function that adds markup to the home page by hand, for this test."""
    path = installed.packages / "shop" / "pages" / "home.html"
    before = path.read_text("utf-8")

    def add(markup: str) -> None:
        path.write_text(before.replace("</head>", f"  {markup}\n</head>"), encoding="utf-8")

    yield add
    path.write_text(before, encoding="utf-8")


def test_the_project_runs_against_the_wheel_alone(installed: Environment) -> None:
    show = "import consent_guard, shop; print(consent_guard.__file__); print(shop.__file__)"
    told = subprocess.run([installed.python, "-c", show], cwd=installed.project, capture_output=True, text=True, check=True)
    for line in told.stdout.splitlines():
        assert Path(line).is_relative_to(installed.packages)
    assert (installed.packages / f"consent_guard_middleware-{consent_guard.__version__}.dist-info").is_dir()


def test_a_guarded_project_is_green_without_a_line_of_set_up(installed: Environment) -> None:
    done = installed.pytest()
    assert done.returncode == 0, done.stdout + done.stderr
    assert "3 passed" in done.stdout
    assert "@pytest.mark.consent(allow=[], deny=[], client=None)" in installed.pytest("--markers").stdout


def test_a_tag_that_is_added_by_hand_turns_it_red_and_says_what_to_do(
    installed: Environment, page: Callable[[str], None]
) -> None:
    page(HOTJAR)
    done = installed.pytest("--consent-report=leaks.json")
    assert done.returncode == 1
    assert "1 failed, 2 passed" in done.stdout
    for told in (
        "1 leak in http://localhost/ (status 200), before any choice:",
        "1. line 6, column 17, script src: a request to static.hotjar.com",
        '<script src="https://static.hotjar.com/c/hotjar-4711.js?sv=…"',
        "service hotjar, category not-listed",
        'mend: the catalogue knows it and the policy does not list it: add [[services]] id = "hotjar" to the policy',
        "1 leak in http://localhost/ (status 200), everything accepted:",
    ):
        assert told in done.stdout, done.stdout
    report = json.loads((installed.project / "leaks.json").read_text("utf-8"))
    assert {leak["service"] for record in report["records"] for leak in record["leaks"]} == {"hotjar"}


def test_without_the_guard_it_is_red_for_every_page(installed: Environment) -> None:
    done = installed.pytest(SHOP_GUARDED="no")
    assert done.returncode == 1
    assert "3 failed" in done.stdout, done.stdout
    for told in (
        "a request to www.googletagmanager.com",
        "a request to www.youtube.com",
        "Set-Cookie: the cookie _ga",
        "mend: set it only after consent, as consent_guard around the app does; if this visitor has granted it: "
        "allow=['google-analytics']",
    ):
        assert told in done.stdout, done.stdout
