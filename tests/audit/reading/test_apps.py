"""Apps called in process: found by name, told apart by kind, started and stopped, and their faults in one line."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

from consent_guard.audit.problems import Unreadable
from consent_guard.audit.reading.apps import RunningApp, load_app, looks_like_app
from consent_guard.audit.reading.fetching import Fetcher

MODULE = """
import asyncio

log = []

def wsgi(environ, start_response):
    if environ["PATH_INFO"] == "/broken":
        raise ValueError("no such table")
    start_response("200 OK", [("Content-Type", "text/html"), ("Set-Cookie", "a=1")])
    return [b"<p>", environ["HTTP_HOST"].encode(), environ.get("HTTP_COOKIE", "").encode()]

class Made:
    def wsgi(self, environ, start_response):
        return wsgi(environ, start_response)

made = Made()

def create_app(greeting="hello"):
    def app(environ, start_response):
        start_response("200 OK", [("Content-Type", "text/html")])
        return [greeting.encode()]
    return app

async def asgi(scope, receive, send):
    if scope["type"] == "lifespan":
        while True:
            message = await receive()
            log.append(message["type"])
            await send({"type": message["type"] + ".complete"})
            if message["type"] == "lifespan.shutdown":
                return
    if scope["path"] == "/endless":
        await send({"type": "http.response.start", "status": 200, "headers": []})
        while True:
            await send({"type": "http.response.body", "body": b"x" * 65536, "more_body": True})
    if scope["path"] == "/hangs":
        await asyncio.sleep(60)
    assert log == ["lifespan.startup"]
    await receive()
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/html")]})
    await send({"type": "http.response.body", "body": b"<p>asgi", "more_body": True})
    await send({"type": "http.response.body", "body": b"!"})

class Bare:
    async def __call__(self, scope, receive, send):
        assert scope["type"] == "http"
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body"})

bare = Bare()

async def refuses(scope, receive, send):
    await receive()
    await send({"type": "lifespan.startup.failed", "message": "no database"})

number = 7
"""


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    (tmp_path / "scanned_app.py").write_text(MODULE, encoding="utf-8")
    (tmp_path / "broken_app.py").write_text("import no_such_module_at_all", encoding="utf-8")
    (tmp_path / "leaving_app.py").write_text("import sys; sys.exit('no settings')", encoding="utf-8")
    (tmp_path / "quitting_app.py").write_text("def app(environ, start): raise SystemExit('enough')", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.delitem(sys.modules, "scanned_app", raising=False)
    return "scanned_app"


def read(target: str, path: str = "/", **options: Any) -> tuple[int, bytes]:
    app, kind = load_app(target)
    with RunningApp(app, kind, target) as running:
        seconds = options.pop("seconds", 10.0)
        with Fetcher(transport=running.transport(1 << 20), seconds=seconds, max_bytes=1 << 20) as fetcher:
            answer = fetcher.get(f"http://localhost{path}")[-1]
    return answer.status, answer.body


@pytest.mark.parametrize(
    ("name", "kind", "body"),
    [
        ("wsgi", "wsgi", b"<p>localhost"),
        ("made.wsgi", "wsgi", b"<p>localhost"),
        ("create_app()", "wsgi", b"hello"),
        ("create_app('bonjour')", "wsgi", b"bonjour"),
        ("create_app(greeting='ciao')", "wsgi", b"ciao"),
        ("asgi", "asgi", b"<p>asgi!"),
    ],
)
def test_an_app_is_found_by_its_name_and_its_kind_is_told(module: str, name: str, kind: str, body: bytes) -> None:
    target = f"{module}:{name}"
    assert looks_like_app(target)
    assert load_app(target)[1] == kind
    assert read(target) == (200, body)


def test_an_asgi_app_is_started_and_stopped_by_its_lifespan(module: str) -> None:
    read(f"{module}:asgi")
    assert sys.modules[module].log == ["lifespan.startup", "lifespan.shutdown"]


def test_an_asgi_app_that_knows_no_lifespan_is_called_all_the_same(module: str) -> None:
    assert read(f"{module}:bare") == (204, b"")


def test_an_asgi_app_that_cannot_start_says_so_in_one_line(module: str) -> None:
    with pytest.raises(Unreadable, match=r"scanned_app:refuses: did not start: no database"):
        read(f"{module}:refuses")


def test_what_an_app_raises_is_told_in_one_line(module: str) -> None:
    with pytest.raises(Unreadable, match=r"localhost/broken: the app failed: ValueError: no such table"):
        read(f"{module}:wsgi", "/broken")


def test_an_app_that_wants_to_end_the_program_does_not_end_the_scan(module: str) -> None:
    with pytest.raises(Unreadable, match=r"localhost/: the app failed: SystemExit: enough"):
        read("quitting_app:app")


def test_a_body_without_end_is_cut_off(module: str) -> None:
    assert len(read(f"{module}:asgi", "/endless")[1]) == 1 << 20


def test_an_app_that_never_answers_is_given_up(module: str) -> None:
    with pytest.raises(Unreadable, match=r"did not answer within 0.3 s"):
        read(f"{module}:asgi", "/hangs", seconds=0.3)


@pytest.mark.parametrize(
    ("target", "said"),
    [
        ("scanned_app:nothing", "has no nothing"),
        ("scanned_app:number", "is no app: it is of the type int"),
        ("scanned_app:create_app", r"a factory is written scanned_app:create_app\(\)"),
        ("scanned_app:create_app(open('x'))", "plain values only"),
        ("scanned_app:create_app(1, 2, 3)", "the factory failed: TypeError"),
        ("scanned_app:1 +", "is not written as module:app"),
        ("scanned_app:[0]", "is not written as module:app"),
        ("broken_app:app", "importing broken_app failed: ModuleNotFoundError"),
        ("leaving_app:app", "importing leaving_app failed: SystemExit: no settings"),
        ("no_such_app:app", "importing no_such_app failed"),
    ],
)
def test_an_app_that_cannot_be_had_is_told_in_one_line(module: str, target: str, said: str) -> None:
    with pytest.raises(Unreadable, match=said) as caught:
        load_app(target)
    assert "\n" not in str(caught.value)
    assert str(caught.value).startswith(target)


@pytest.mark.parametrize("target", ["page.html", "a/b:c", "https://site.example/", "folder/", "saved-page:1"])
def test_paths_and_addresses_are_not_taken_for_apps(target: str) -> None:
    assert not looks_like_app(target)
