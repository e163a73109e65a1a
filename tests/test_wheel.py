"""The tests run against what is shipped: the installed wheel, whole, with the source tree out of reach."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib.metadata import distribution
from pathlib import Path

import pytest

import consent_guard

ROOT = Path(__file__).resolve().parents[1]
in_the_wheel_lane = pytest.mark.skipif(
    os.environ.get("CONSENT_GUARD_WHEEL") != "1", reason="only `make test` installs the wheel and puts the source out of reach"
)


@in_the_wheel_lane
def test_the_package_under_test_is_the_installed_wheel() -> None:
    package = Path(consent_guard.__file__).resolve()
    assert "site-packages" in package.parts
    assert ROOT / "consent_guard" not in package.parents


@in_the_wheel_lane
def test_a_child_process_started_in_the_repository_sees_the_wheel_too() -> None:
    show = "import consent_guard; print(consent_guard.__file__)"
    shown = subprocess.run([sys.executable, "-c", show], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert "site-packages" in shown


@in_the_wheel_lane
def test_the_wheel_holds_every_file_of_the_package_and_nothing_else() -> None:
    in_tree = {
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / "consent_guard").rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    files = distribution("consent-guard-middleware").files or []
    names = {file.as_posix() for file in files}
    # What pip makes of an entry point lies outside of the packages' folder.
    in_wheel = {name for name in names if ".dist-info/" not in name and not name.endswith(".pyc") and "/bin/" not in name}
    assert in_wheel == in_tree
    assert "consent_guard/py.typed" in in_wheel


@in_the_wheel_lane
def test_the_wheel_carries_its_licence() -> None:
    licences = [file for file in distribution("consent-guard-middleware").files or [] if file.name == "LICENSE"]
    assert licences
    assert "MIT License" in licences[0].read_text()
