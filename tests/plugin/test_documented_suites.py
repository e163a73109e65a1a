"""The suites that the documents show: each is run as its reader would run it, and seen to fail without the guard."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

PAGE = Path(__file__).resolve().parents[2] / "docs" / "testing.md"
FILE = re.compile(r"^<!-- file: (?P<name>\S+) -->\n```[a-z]+\n(?P<text>.*?)^```$", re.M | re.S)
MARKUP = '<!doctype html><html lang="en"><title>Shop</title><iframe src="https://www.youtube.com/embed/1"></iframe>'
KEY = "a key of the tests, longer than 32 bytes"
FLASK = f"""
import os
from flask import Flask
from consent_guard.flask import ConsentGuard

app = Flask(__name__)
app.secret_key = {KEY!r}

@app.get("/")
def home():
    return {MARKUP!r}

if "UNGUARDED" not in os.environ:
    ConsentGuard(app, policy="consent.toml")
"""
FASTAPI = f"""
import os
from fastapi import FastAPI
from fastapi.responses import HTMLResponse
from consent_guard.starlette import install

app = FastAPI()

@app.get("/", response_class=HTMLResponse)
def home():
    return {MARKUP!r}

if "UNGUARDED" not in os.environ:
    install(app, "consent.toml", secret_key={KEY!r})
"""
DJANGO = f"""
import os
from django.http import HttpResponse
from django.urls import path

SECRET_KEY = {KEY!r}
ROOT_URLCONF = __name__
MIDDLEWARE = [] if "UNGUARDED" in os.environ else ["consent_guard.django.ConsentMiddleware"]
CONSENT_GUARD = {{"POLICY": "consent.toml"}}
urlpatterns = [path("", lambda request: HttpResponse({MARKUP!r}))]
"""
SHOPS = {"flask_suite": FLASK, "pytest_suite": FLASK, "fastapi_suite": FASTAPI, "django_suite": DJANGO}
Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def suite(tmp_path: Path, running: ModuleType) -> Run:
    """Return a function that runs one of the suites beside the app that it names."""
    shown = {found["name"]: found["text"] for found in FILE.finditer(PAGE.read_text("utf-8"))}

    def run(folder: str, *arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
        (tmp_path / "shop.py").write_text(SHOPS[folder], encoding="utf-8")
        (tmp_path / "consent.toml").write_text(shown["consent.toml"], encoding="utf-8")
        (name,) = [name for name in shown if name.startswith(folder + "/")]
        (tmp_path / name.partition("/")[2]).write_text(shown[name], encoding="utf-8")
        command = [sys.executable, "-m", "django", "test", "--settings=shop"]
        if folder != "django_suite":
            plugin = [] if running.INSTALLED else ["-p", "consent_guard.pytest_plugin"]
            command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *plugin, *arguments]
        inherited = {key: value for key, value in os.environ.items() if not key.startswith(("PYTEST", "PYTHONSAFE", "DJANGO"))}
        environment = {**inherited, "PYTHONPATH": os.pathsep.join((str(tmp_path), str(running.PACKAGE))), **settings}
        return subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False, timeout=240)

    return run


@pytest.mark.parametrize("folder", sorted(SHOPS))
def test_a_suite_of_the_documents_is_green_with_the_guard_and_red_without(suite: Run, folder: str) -> None:
    green = suite(folder)
    assert green.returncode == 0, green.stdout + green.stderr
    red = suite(folder, UNGUARDED="1")
    assert red.returncode == 1
    assert "a request to www.youtube.com" in red.stdout + red.stderr


def test_the_command_of_the_workflow_writes_its_report(suite: Run, tmp_path: Path) -> None:
    (command,) = re.findall(r"^      - run: pytest (.+)$", PAGE.read_text("utf-8"), re.M)
    assert suite("pytest_suite", *command.split()).returncode == 0
    assert "No leak in" in (tmp_path / "leaks.html").read_text("utf-8")
