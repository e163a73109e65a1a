"""Runs of pytest in processes of their own, with the plugin as a suite that has the library installed would have it."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib.metadata import entry_points
from pathlib import Path

import consent_guard

PACKAGE = Path(consent_guard.__file__).resolve().parents[1]
INSTALLED = any(point.name == "consent_guard" for point in entry_points(group="pytest11"))
"""The wheel's own entry point loads the plugin; from the source tree it is named."""


def run_pytest(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run pytest in a folder and return what it said."""
    named = [] if INSTALLED else ["-p", "consent_guard.pytest_plugin"]
    environment = {**os.environ, "PYTHONPATH": str(PACKAGE), "PYTHONDONTWRITEBYTECODE": "1", "COLUMNS": "160"}
    environment.pop("PYTEST_CURRENT_TEST", None)
    environment.pop("PYTEST_ADDOPTS", None)
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *named, *arguments]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False, timeout=240)
