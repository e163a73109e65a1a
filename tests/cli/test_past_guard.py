"""``init`` on an app that is guarded already: it finds what the guard withholds, or says that it cannot."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from consent_guard.cli.app import cli

pytest.importorskip("httpx")

APP = '''
from consent_guard.wsgi import ConsentMiddleware

PAGE = b"""<!doctype html><html lang="en"><head><script src="https://www.googletagmanager.com/gtm.js?id=GTM-1"></script></head>
<body><a href="/two">2</a><iframe src="https://www.youtube-nocookie.com/embed/x"></iframe>
<img src="https://strange.example/x"></body></html>"""
LISTED = {
    "categories": [{"id": "v", "basis": "consent", "title": {"en": "Videos"}}],
    "services": [{"id": "youtube", "category": "v"}],
}


def plain(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/html; charset=utf-8")])
    return [PAGE]


def guarded(**settings):
    policy = {**LISTED, "policy": {"languages": ["en"], **settings}} if settings else None
    return ConsentMiddleware(plain, policy, secret_key="k" * 40)


def hidden():
    inner = guarded()
    return lambda environ, start_response: inner(environ, start_response)


class Locked:
    """Something before the guard lets no form through."""

    def __call__(self, environ, start_response):
        if environ["REQUEST_METHOD"] == "POST":
            start_response("403 Forbidden", [("Content-Type", "text/plain")])
            return [b"no"]
        return inner(environ, start_response)


inner = guarded()
locked = Locked()
'''
FLASK = """
from flask import Flask
from past_guard_site import PAGE
from consent_guard.flask import ConsentGuard

app = Flask(__name__)
app.secret_key = "k" * 40
ConsentGuard(app, policy=None)
app.add_url_rule("/", "home", lambda: PAGE)
"""
STARLETTE = """
from starlette.applications import Starlette
from starlette.responses import HTMLResponse
from starlette.routing import Route
from past_guard_site import PAGE
from consent_guard.starlette import ConsentMiddleware, install


async def home(request):
    return HTMLResponse(PAGE)


installed = Starlette(routes=[Route("/", home)])
install(installed, None, secret_key="k" * 40)
added = Starlette(routes=[Route("/", home)])
added.add_middleware(ConsentMiddleware, policy=None, secret_key="k" * 40)
"""
ALL = {"google-tag-manager", "youtube"}


@pytest.fixture(autouse=True)
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    import sys

    for name, text in (("site", APP), ("flask", FLASK), ("starlette", STARLETTE)):
        (tmp_path / f"past_guard_{name}.py").write_text(text, "utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    yield
    for name in ("site", "flask", "starlette"):
        sys.modules.pop(f"past_guard_{name}", None)


def init(target: str) -> tuple[dict[str, Any], Result]:
    shown = CliRunner().invoke(cli, ["init", target, "--json"])
    assert shown.exit_code == 0, shown.output
    return json.loads(shown.stdout), shown


def ids(found: dict[str, Any]) -> set[str]:
    return {service["id"] for service in found["services"]}


@pytest.mark.parametrize("app", ["guarded()", "hidden()", "guarded(banner=False)"])
def test_what_a_guard_withholds_is_found_and_that_is_said(app: str) -> None:
    """The guard is found behind the app, or its banner is answered."""
    found, shown = init(f"past_guard_site:{app}")
    assert ids(found) == ALL
    assert found["unknown_hosts"] == ["strange.example"]
    assert "is guarded already: its pages were read as after accepting everything" in shown.stderr


@pytest.mark.parametrize(
    ("library", "app"),
    [
        ("flask", "past_guard_flask:app"),
        ("starlette", "past_guard_starlette:installed"),
        ("starlette", "past_guard_starlette:added"),
    ],
)
def test_each_adapter_is_looked_past(library: str, app: str) -> None:
    pytest.importorskip(library)
    found, _ = init(app)
    assert ids(found) == ALL


def test_what_a_guard_blocks_as_unlisted_is_said_to_be_out_of_sight() -> None:
    found, shown = init('past_guard_site:guarded(unlisted_hosts="block")')
    assert ids(found) == {"youtube"}
    assert 'set unlisted_hosts = "report" for the time of this run' in shown.stderr


def test_another_tools_choice_cannot_be_made_and_that_is_said() -> None:
    _, shown = init('past_guard_site:guarded(import_from=["tarteaucitron"])')
    assert "reads the choice from the cookie of tarteaucitron" in shown.stderr
    assert "after accepting" not in shown.stderr


def test_a_banner_that_takes_no_acceptance_is_told() -> None:
    _, shown = init("past_guard_site:locked")
    assert "shows our banner, which took no acceptance" in shown.stderr


def test_of_an_app_without_a_guard_nothing_is_said() -> None:
    found, shown = init("past_guard_site:plain")
    assert ids(found) == ALL
    assert "guard" not in shown.stderr.replace("past_guard_site", "")
