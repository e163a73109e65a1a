"""Real servers on the loopback, each in a process of its own: a page, a stream, a visitor who leaves, a fault (Y21, W3, W7)."""

from __future__ import annotations

import http.client
import importlib.util
import json
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

from ..tracker_site import POLICY

HERE = Path(__file__).parent
START_SECONDS = 30.0
ANSWER_SECONDS = 15.0
PICTURE_BODY = b"EVIL!"
SCRIPT = b"cdn.tracker.example"
UWSGI = ("--master", "--die-on-term", "--threads", "2", "--http-auto-chunked", "--virtualenv", sys.prefix)
WSGI, ASGI = "guarded_site:wsgi_app", "guarded_site:asgi_app"

HOST = "127.0.0.1"
SERVERS: dict[str, list[str]] = {
    "uvicorn h11": ["uvicorn", ASGI, "--http", "h11", "--port", "{port}", "--app-dir", str(HERE)],
    "uvicorn httptools": ["uvicorn", ASGI, "--http", "httptools", "--port", "{port}", "--app-dir", str(HERE)],
    "hypercorn": ["hypercorn", "-b", "127.0.0.1:{port}", ASGI],
    "hypercorn on trio": ["hypercorn", "-k", "trio", "-b", "127.0.0.1:{port}", ASGI],
    "daphne": ["daphne", "-b", HOST, "-p", "{port}", ASGI],
    "granian asgi": ["granian", "--interface", "asgi", "--host", HOST, "--port", "{port}", ASGI],
    "granian wsgi": ["granian", "--interface", "wsgi", "--host", HOST, "--port", "{port}", WSGI],
    "gunicorn": ["gunicorn", "-b", "127.0.0.1:{port}", WSGI],
    "gunicorn threads": ["gunicorn", "-k", "gthread", "--threads", "4", "-b", "127.0.0.1:{port}", WSGI],
    "gunicorn gevent": ["gunicorn", "-k", "gevent", "-b", "127.0.0.1:{port}", WSGI],
    "waitress": ["waitress", "--listen=127.0.0.1:{port}", WSGI],
    "uwsgi": ["pyuwsgi", "--http", "127.0.0.1:{port}", "--http-keepalive=1", "--module", WSGI, "--need-app", *UWSGI],
    "cheroot": ["cheroot", WSGI, "--bind", "127.0.0.1:{port}"],
    "wsgiref": ["wsgiref", "{port}"],
    "werkzeug": ["werkzeug", "{port}"],
    "django runserver": ["django", "runserver", "--noreload", "127.0.0.1:{port}"],
}
PROGRAMS = {"pyuwsgi": "uwsgi"}
"""Modules that are no programs by themselves, and the program that comes with them."""
IN_PYTHON = {
    "wsgiref": "from wsgiref.simple_server import make_server; make_server({host!r}, {port}, app).serve_forever()",
    "werkzeug": "from werkzeug import run_simple; run_simple({host!r}, {port}, app, threaded=True)",
}
UNTOLD = ("granian wsgi", "uwsgi")
"""They end a chunked body in good order though the app's iterable has raised; a WSGI app has no other way to say so."""
SILENT = ("uwsgi",)
"""It has no answer of its own to an app that raises: the connection just ends, or hangs where it is kept."""
EARLY = ("granian wsgi",)
"""It takes the head before the first item, so that a generator cannot give one: a 200 without fields leaves, with us or not."""
TERMINATED = ("waitress",)
"""It ends the body that a HEAD has not, where it was told no length."""


class Served(NamedTuple):
    """A server that runs."""

    name: str
    port: int
    state: Path

    def ask(
        self, path: str, accept: str = "text/html", seconds: float = ANSWER_SECONDS, method: str = "GET"
    ) -> tuple[http.client.HTTPConnection, http.client.HTTPResponse]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=seconds)
        connection.request(method, path, headers={"Accept": accept, "Accept-Encoding": "gzip"})
        return connection, connection.getresponse()

    def raw(self, request: bytes) -> bytes:
        """Return all that comes back on a connection that is to be closed after one request."""
        with socket.create_connection((HOST, self.port), timeout=ANSWER_SECONDS) as connection:
            connection.sendall(request)
            got = b""
            while part := connection.recv(65536):
                got += part
        return got


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
    (state / "policy.json").write_text(json.dumps(POLICY))
    path = os.pathsep.join(part for part in (str(HERE), os.environ.get("PYTHONPATH", "")) if part)
    environment = {**os.environ, "STATE": str(state), "PYTHONPATH": path, "PYTHONUNBUFFERED": "1"}
    if module == "django":
        environment["DJANGO_SETTINGS_MODULE"] = "guarded_site"
    arguments = [argument.format(port=port) for argument in arguments]
    if module in IN_PYTHON:
        program = f"from guarded_site import wsgi_app as app; {IN_PYTHON[module].format(host=HOST, port=port)}"
        command = [sys.executable, "-c", program]
    elif module in PROGRAMS:
        command = [str(Path(sys.executable).with_name(PROGRAMS[module])), *arguments]
    else:
        command = [sys.executable, "-m", module, *arguments]
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


class Broken(NamedTuple):
    """What came of a response whose app or guard failed after the start."""

    body: bytes
    coding: str
    whole: bool
    """Whether the client must take the body for the whole one although the server could have told it otherwise."""


def broken(server: Served, path: str) -> Broken | None:
    """Ask for a response that breaks off; None where the server sent nothing at all."""
    try:
        connection, response = server.ask(path, seconds=3)
    except http.client.RemoteDisconnected:
        connection, response = server.ask("/page")
        assert response.status == 200, "the server itself has ended"
        connection.close()
        return None
    try:
        body, whole = response.read(), True
    except http.client.IncompleteRead as error:
        body, whole = error.partial, False
    except OSError:  # reset, or left hanging, as daphne does
        body, whole = b"", False
    connection.close()
    told = response.headers.get("Transfer-Encoding") == "chunked" and server.name not in UNTOLD
    return Broken(body, response.headers.get("Content-Encoding", ""), whole and told)


def test_a_fault_of_ours_breaks_the_response_off(server: Served) -> None:
    """W10, Y12: the visitor's browser must not take what came for the whole page."""
    got = broken(server, "/broken")
    if got is None:
        return
    assert got.coding == "gzip"
    assert not got.whole
    inflater = zlib.decompressobj(31)
    assert SCRIPT not in inflater.decompress(got.body)
    assert not inflater.eof


def test_an_exception_before_the_start_is_the_servers_own_answer(server: Served) -> None:
    """Y12"""
    if server.name in SILENT:
        request = b"GET /early HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
        assert server.raw(request) == b""
        return
    connection, response = server.ask("/early", seconds=5)
    try:
        assert response.status == 500
        assert SCRIPT not in response.read()
    finally:
        connection.close()


def test_an_exception_after_the_start_breaks_the_response_off(server: Served) -> None:
    """Y12, W10"""
    got = broken(server, "/late")
    assert got is None or (SCRIPT not in got.body and not got.whole)


@pytest.mark.parametrize("path", ["/204", "/304"])
def test_what_has_no_body_gets_none(server: Served, path: str) -> None:
    """N2"""
    got = server.raw(b"GET %b HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n" % path.encode())
    head, _, body = got.partition(b"\r\n\r\n")
    assert head.split()[1] == path[1:].encode()
    assert body == b""


def test_no_body_follows_a_304_that_the_app_knows_nothing_of(server: Served) -> None:
    """N2, N3: on a kept connection it would be the answer to the next request."""
    lines = b'Host: localhost\r\nAccept: text/html\r\nIf-None-Match: "abc"\r\n'
    head, _, body = server.raw(b"GET /picture HTTP/1.1\r\n%bConnection: close\r\n\r\n" % lines).partition(b"\r\n\r\n")
    known = 200 if server.name in EARLY else 304
    assert head.split()[1] == b"%d" % known
    assert body == (b"0\r\n\r\n" if server.name in EARLY else b"")
    connection = http.client.HTTPConnection(HOST, server.port, timeout=ANSWER_SECONDS)
    for path, status in (("/picture", known), ("/page", 200), ("/picture", known)):
        connection.request("GET", path, headers={"Accept": "text/html", "If-None-Match": '"abc"'})
        response = connection.getresponse()
        got = response.read()
        assert response.status == status
        assert (b"<p>Text.</p>" in got) == (path == "/page")
        assert PICTURE_BODY not in got
    connection.close()


def test_head_gets_no_body_and_no_wrong_length(server: Served) -> None:
    """N1"""
    whole = server.raw(b"GET /page HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").partition(b"\r\n\r\n")[2]
    got = server.raw(b"HEAD /page HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
    head, _, body = got.partition(b"\r\n\r\n")
    assert head.split()[1] == b"200"
    assert body == b"" or (server.name in TERMINATED and body == b"0\r\n\r\n")
    lengths = [line.partition(b":")[2].strip() for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
    assert lengths in ([], [b"%d" % len(whole)])


def test_a_connection_is_kept_and_no_page_makes_the_next_one_wait(server: Served) -> None:
    """The page tells its length: without it uWSGI waits for four seconds, and servers of HTTP/1.0 close."""
    connection = http.client.HTTPConnection(HOST, server.port, timeout=ANSWER_SECONDS)
    for _ in range(3):
        connection.request("GET", "/page", headers={"Accept": "text/html"})
        response = connection.getresponse()
        length = response.headers["Content-Length"]
        assert len(response.read()) == int(length)
    connection.close()


def test_a_large_post_reaches_the_app_whole(server: Served) -> None:
    """Y14: 300 kB"""
    connection = http.client.HTTPConnection(HOST, server.port, timeout=ANSWER_SECONDS)
    connection.request("POST", "/post", b"x" * 300_000, {"Content-Type": "application/octet-stream"})
    assert connection.getresponse().read() == b"300000"
    connection.close()


def test_no_header_becomes_two_and_none_a_body(server: Served) -> None:
    """DESIGN §6: CR, LF and NUL in header fields, and in the phrase of the status"""
    got = server.raw(b"GET /split HTTP/1.1\r\nHost: localhost\r\nAccept: text/html\r\nConnection: close\r\n\r\n")
    head, _, body = got.partition(b"\r\n\r\n")
    assert head.split()[1] == b"200"
    assert b"_trk" not in head
    assert b"x-six: kept" in head.lower()
    assert SCRIPT not in body
    assert b"<p>Text.</p>" in body
