"""A folder with a small suite, and a way to run it."""

from __future__ import annotations

import importlib.util
import subprocess
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

_spec = importlib.util.spec_from_file_location("consent_guard_plugin_running", Path(__file__).with_name("running.py"))
assert _spec is not None
assert _spec.loader is not None
_running = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(_running)

CONFTEST = """
import pytest
from flask import Flask

KEY = "a key of the tests, longer than 32 bytes"
TAG = '<script src="https://www.googletagmanager.com/gtag/js?id=G-4711"></script>'

@pytest.fixture(scope="session")
def consent_guard_policy():
    return {
        "categories": [
            {"id": "necessary", "basis": "necessary", "title": {"en": "Necessary"}},
            {"id": "audience", "basis": "consent", "title": {"en": "Audience"}},
        ],
        "services": [{"id": "google-analytics", "category": "audience"}],
    }

@pytest.fixture
def app(consent_guard_policy):
    app = Flask("app")
    app.secret_key = KEY

    @app.get("/")
    def home():
        return '<!doctype html><html lang="en"><title>A page</title><body>\\n' + TAG + '<a href="/more">more</a>'

    @app.get("/more")
    def more():
        return "<!doctype html><html lang=en><title>More</title><body>Nothing here"

    return app

@pytest.fixture
def guarded(app, consent_guard_policy):
    from consent_guard.flask import ConsentGuard

    ConsentGuard(app, policy=consent_guard_policy)
    return app
"""


@pytest.fixture
def running() -> ModuleType:
    """The module that runs pytest."""
    return _running


@pytest.fixture
def run(tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Return a function that runs a test file in a folder of its own, with an app to test."""

    def run(tests: str, *arguments: str, strict: bool = True) -> subprocess.CompletedProcess[str]:
        (tmp_path / "conftest.py").write_text(CONFTEST, encoding="utf-8")
        (tmp_path / "test_it.py").write_text(tests, encoding="utf-8")
        options = "--strict-markers --strict-config" if strict else ""
        (tmp_path / "pytest.ini").write_text(f"[pytest]\naddopts = {options}\nfilterwarnings = error\n", encoding="utf-8")
        return _running.run_pytest(tmp_path, *arguments)

    return run
