"""Real servers on the loopback, each in a process of its own: a page, a stream, a visitor who leaves, a fault (Y21, W3, W7)."""

from __future__ import annotations

import http.client
import importlib.util
import os
import signal
import socket
import subprocess
import sys
import time
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

HERE = Path(__file__).parent
START_SECONDS = 30.0
ANSWER_SECONDS = 15.0
SCRIPT = b"cdn.tracker.example"
WSGI, ASGI = "guarded_site:wsgi_app", "guarded_site:asgi_app"

SERVERS: dict[str, list[str]] = {
    "uvicorn": ["uvicorn", ASGI, "--port", "{port}", "--app-dir", str(HERE)],
    "hypercorn": ["hypercorn", "-b", "127.0.0.1:{port}", ASGI],
    "hypercorn on trio": ["hypercorn", "-k", "trio", "-b", "127.0.0.1:{port}", ASGI],
    "daphne": ["daphne", "-b", "127.0.0.1", "-p", "{port}", ASGI],
    "granian asgi": ["granian", "--interface", "asgi", "--host", "127.0.0.1", "--port", "{port}", ASGI],
    "granian wsgi": ["granian", "--interface", "wsgi", "--host", "127.0.0.1", "--port", "{port}", WSGI],
    "gunicorn": ["gunicorn", "-b", "127.0.0.1:{port}", WSGI],
    "gunicorn threads": ["gunicorn", "-k", "gthread", "--threads", "4", "-b", "127.0.0.1:{port}", WSGI],
    "waitress": ["waitress", "--listen=127.0.0.1:{port}", WSGI],
    "django runserver": ["django", "runserver", "--noreload", "127.0.0.1:{port}"],
}
UNTOLD = "granian wsgi"
"""It ends a chunked body in good order though the app's iterable has raised; a WSGI app has no other way to say so."""


class Served(NamedTuple):
    """A server that runs."""

    name: str
    port: int
    state: Path

    def ask(
        self, path: str, accept: str = "text/html", seconds: float = ANSWER_SECONDS
    ) -> tuple[http.client.HTTPConnection, http.client.HTTPResponse]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=seconds)
        connection.request("GET", path, headers={"Accept": accept, "Accept-Encoding": "gzip"})
        return connection, connection.getresponse()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="module", params=SERVERS)
def server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """Start a server for this module's tests, and end the very process group that was started."""
    module, *arguments = SERVERS[request.param]
    if importlib.util.find_spec(module) is None:
        pytest.skip(f"{module} is not installed")
    state, port = tmp_path_factory.mktemp("state"), free_port()
    path = os.pathsep.join(part for part in (str(HERE), os.environ.get("PYTHONPATH", "")) if part)
    environment = {**os.environ, "STATE": str(state), "PYTHONPATH": path, "PYTHONUNBUFFERED": "1"}
    if module == "django":
        environment["DJANGO_SETTINGS_MODULE"] = "guarded_site"
    command = [sys.executable, "-m", module, *(argument.format(port=port) for argument in arguments)]
    log = state / "log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            command, cwd=state, env=environment, stdout=output, stderr=subprocess.STDOUT, start_new_session=True
        )
    try:
        wait_for(process, port, log)
        yield Served(request.param, port, state)
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(5)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def wait_for(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end:
        if process.poll() is not None:
            break
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    pytest.fail(f"the server did not start:\n{log.read_text('utf-8', 'replace')[-4000:]}")


def test_a_page_is_guarded(server: Served) -> None:
    """Y21"""
    connection, response = server.ask("/page")
    body = response.read()
    connection.close()
    assert response.status == 200
    assert SCRIPT not in body
    assert b"<p>Text.</p>" in body
    assert b'data-cg="banner"' in body
    assert "private" in response.headers["Cache-Control"]


@pytest.mark.parametrize("accept", ["text/html", "image/png"])
def test_a_page_in_a_file_is_guarded_though_the_server_could_send_it_past_us(server: Served, accept: str) -> None:
    """Y9, W8: pathsend, file_wrapper"""
    connection, response = server.ask("/file", accept)
    body = response.read()
    connection.close()
    assert response.status == 200
    assert SCRIPT not in body
    assert b"<p>Text.</p>" in body


def test_a_choice_goes_round(server: Served) -> None:
    """The body of a post is read by us alone."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=ANSWER_SECONDS)
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    connection.request("POST", "/privacy-choices", b"choice=accept&next=/page", form)
    response = connection.getresponse()
    response.read()
    assert (response.status, response.headers["Location"]) == (303, "/page")
    cookie = response.headers["Set-Cookie"].partition(";")[0]
    connection.close()
    connection.request("GET", "/page", headers={"Cookie": cookie})
    assert SCRIPT in connection.getresponse().read()
    connection.close()


def test_the_first_bytes_arrive_before_the_app_has_finished(server: Served) -> None:
    """W3, Y7"""
    go_on = server.state / "go"
    go_on.unlink(missing_ok=True)
    connection, response = server.ask("/stream")
    seen = b""
    while b"<p>Text.</p>" not in seen:
        part = response.read1(65536)
        assert part, "the body ended early"
        seen += part
    assert b"The end" not in seen
    go_on.touch()
    seen += response.read()
    connection.close()
    assert b"<p>The end.</p>" in seen
    assert SCRIPT not in seen


def test_when_the_visitor_leaves_the_apps_iterable_is_closed(server: Served) -> None:
    """W7, Y13, Y14"""
    closed = server.state / "closed"
    closed.unlink(missing_ok=True)
    connection, response = server.ask("/endless")
    assert response.read1(100)
    assert not closed.exists()
    response.close()
    connection.close()
    end = time.monotonic() + ANSWER_SECONDS
    while not closed.exists() and time.monotonic() < end:
        time.sleep(0.05)
    assert closed.exists()


def test_a_fault_of_ours_breaks_the_response_off(server: Served) -> None:
    """W10, Y12: the visitor's browser must not take what came for the whole page."""
    connection, response = server.ask("/broken", seconds=3)
    assert response.headers["Content-Encoding"] == "gzip"
    try:
        body, whole = response.read(), True
    except http.client.IncompleteRead as broken:
        body, whole = broken.partial, False
    except OSError:  # reset, or left hanging, as daphne does
        body, whole = b"", False
    connection.close()
    told = response.headers.get("Transfer-Encoding") == "chunked" and server.name != UNTOLD
    assert not (whole and told)
    inflater = zlib.decompressobj(31)
    assert SCRIPT not in inflater.decompress(body)
    assert not inflater.eof
