"""A headless Chromium whose every host is a server on loopback, and that server, which logs who was contacted.

The server speaks http and https on one port (a TLS hello tells them apart) and answers for every host. Chromium is driven over
the DevTools protocol through a pipe. All of it is skipped where there is no Chromium or no openssl command.
"""

from __future__ import annotations

import base64
import contextlib
import fcntl
import io
import json
import os
import shutil
import socket
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from wsgiref.handlers import SimpleHandler

import pytest

from consent_guard import Policy
from consent_guard.audit.problems import Unreadable
from consent_guard.audit.reading.crawling import CrawlLimits
from consent_guard.audit.reading.serving import served
from consent_guard.audit.reading.targets import Limits, open_target
from consent_guard.audit.report import Report
from consent_guard.audit.scan.browser_scan import BrowserScan
from consent_guard.audit.scan.chromium import Chromium as Browser
from consent_guard.audit.scan.chromium import find_chromium
from consent_guard.audit.scan.collecting import Gathered

GIF = base64.b64decode("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7")
FLAGS = (
    *(
        "--headless=new",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-dev-shm-usage",
        "--ignore-certificate-errors",
        "--no-first-run",
    ),
    *(
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--disable-extensions",
        "--mute-audio",
    ),
    *("--disable-default-apps", "--disable-domain-reliability", "--disable-site-isolation-trials", "--remote-debugging-pipe"),
    "--disable-features=HttpsUpgrades,HttpsFirstBalancedModeAutoEnable,IsolateOrigins,site-per-process,OptimizationHints",
)


@dataclass
class Page:
    """What the server answers on one host and path."""

    body: bytes
    content_type: str | None = "text/html; charset=utf-8"
    pieces: list[int] = field(default_factory=list)


@dataclass(frozen=True)
class Contact:
    """A request that reached the server, or only a TLS handshake (``path`` is empty then)."""

    host: str
    path: str


class Loopback:
    """The server. ``app`` answers for ``own`` hosts; every other host gets an empty answer of the kind that was asked for."""

    def __init__(self, certificate: Path) -> None:
        self.app: Callable[..., Any] | None = None
        self.own: set[str] = set()
        self.contacts: list[Contact] = []
        self._tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._tls.load_cert_chain(certificate)
        self._tls.sni_callback = self._hello
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        self._listener.close()

    def _hello(self, _socket: object, name: str | None, _context: object) -> None:
        if name:
            self.contacts.append(Contact(name, ""))

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        # A browser opens and drops connections as it likes.
        with contextlib.suppress(OSError, ValueError), connection:
            connection.settimeout(20)
            secure = connection.recv(1, socket.MSG_PEEK) == b"\x16"
            stream = self._tls.wrap_socket(connection, server_side=True) if secure else connection
            with stream, stream.makefile("rb") as lines:
                self._answer(stream, lines, "https" if secure else "http")

    def _answer(self, stream: socket.socket, lines: io.BufferedReader, scheme: str) -> None:
        method, target, _ = lines.readline(65536).decode("latin-1").split(" ", 2)
        headers: list[tuple[str, str]] = []
        while (line := lines.readline(65536).strip()) and len(headers) < 200:
            name, _, value = line.decode("latin-1").partition(":")
            headers.append((name.strip().lower(), value.strip()))
        fields = dict(headers)
        host = fields.get("host", "")
        self.contacts.append(Contact(host.partition(":")[0], target))
        body = lines.read(int(fields.get("content-length") or 0))
        if self.app is None or host not in self.own:
            kind, content = _nothing(fields.get("sec-fetch-dest", "empty"))
            head = f"HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nContent-Length: {len(content)}\r\n"
            stream.sendall(head.encode() + b"Access-Control-Allow-Origin: *\r\nCache-Control: no-store\r\n\r\n" + content)
            return
        path, _, query = target.partition("?")
        environ = {
            "REQUEST_METHOD": method,
            "SCRIPT_NAME": "",
            "PATH_INFO": path,
            "QUERY_STRING": query,
            "SERVER_NAME": host,
            "SERVER_PORT": "443" if scheme == "https" else "80",
            "SERVER_PROTOCOL": "HTTP/1.1",
            "CONTENT_TYPE": fields.get("content-type", ""),
            "CONTENT_LENGTH": fields.get("content-length", ""),
            "HTTPS": "on" if scheme == "https" else "off",
            **{"HTTP_" + name.upper().replace("-", "_"): value for name, value in headers},
        }
        handler = SimpleHandler(io.BytesIO(body), stream.makefile("wb"), io.StringIO(), environ)
        handler.http_version = "1.1"
        handler.run(self.app)
        handler.stdout.flush()


def _nothing(destination: str) -> tuple[str, bytes]:
    if destination in ("image", "video", "audio", "track"):
        return "image/gif", GIF
    if destination in ("document", "iframe", "frame", "embed", "object"):
        return "text/html", b"<!doctype html><title>x</title>"
    if destination == "style":
        return "text/css", b""
    return "text/javascript", b""


class Chromium:
    """A browser over the DevTools protocol. Each ``visit`` is a fresh, empty profile."""

    def __init__(self, program: str, port: int, profile: Path) -> None:
        ours_in, theirs_out = os.pipe()
        theirs_in, ours_out = os.pipe()
        # The browser reads descriptor 3 and writes 4.
        high_in, high_out = (fcntl.fcntl(fd, fcntl.F_DUPFD, 10) for fd in (theirs_in, theirs_out))
        places = f"import os, sys; os.dup2({high_in}, 3); os.dup2({high_out}, 4); os.execv(sys.argv[1], sys.argv[1:])"
        where = (f"--user-data-dir={profile}", f"--host-resolver-rules=MAP * 127.0.0.1:{port}")
        self._process = subprocess.Popen(
            [sys.executable, "-c", places, program, *FLAGS, *where, "about:blank"],
            pass_fds=(high_in, high_out),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        for descriptor in (theirs_in, theirs_out, high_in, high_out):
            os.close(descriptor)
        self._in, self._out = ours_in, ours_out
        self._next = 0
        self._answers: dict[int, dict[str, Any]] = {}
        self._changed = threading.Condition()
        self.events: list[dict[str, Any]] = []
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        held = b""
        while data := os.read(self._in, 1 << 16):
            *whole, held = (held + data).split(b"\0")
            with self._changed:
                for text in whole:
                    message = json.loads(text)
                    if "id" in message:
                        self._answers[message["id"]] = message
                    else:
                        self.events.append(message)
                self._changed.notify_all()

    def send(self, method: str, session: str | None = None, **params: Any) -> dict[str, Any]:
        self._next += 1
        number = self._next
        message = {"id": number, "method": method, "params": params} | ({"sessionId": session} if session else {})
        os.write(self._out, json.dumps(message).encode() + b"\0")
        with self._changed:
            if not self._changed.wait_for(lambda: number in self._answers, 30):
                raise TimeoutError(method)
            answer = self._answers.pop(number)
        if "error" in answer:
            raise RuntimeError(f"{method}: {answer['error']}")
        result: dict[str, Any] = answer["result"]
        return result

    def wait_for(self, session: str, method: str, seconds: float) -> bool:
        def there() -> bool:
            return any(event["method"] == method and event.get("sessionId") == session for event in self.events)

        with self._changed:
            return self._changed.wait_for(there, seconds)

    @contextlib.contextmanager
    def tab(self, *, ratio: float = 1) -> Iterator[str]:
        """A tab in a profile of its own; yields its session."""
        self.events.clear()
        profile = self.send("Target.createBrowserContext")["browserContextId"]
        try:
            target = self.send("Target.createTarget", url="about:blank", browserContextId=profile)["targetId"]
            session: str = self.send("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
            for domain in ("Page", "Network"):
                self.send(f"{domain}.enable", session)
            if ratio != 1:
                metrics = {"width": 800, "height": 600, "deviceScaleFactor": ratio, "mobile": False}
                self.send("Emulation.setDeviceMetricsOverride", session, **metrics)
            yield session
        finally:
            self.send("Target.disposeBrowserContext", browserContextId=profile)

    def visit(self, session: str, url: str, *, seconds: float = 8) -> None:
        """Load a page and wait until it is loaded and has been quiet for a moment."""
        self.send("Page.navigate", session, url=url)
        self.wait_for(session, "Page.loadEventFired", seconds)
        self.settle()

    def settle(self, quiet: float = 0.25, seconds: float = 3) -> None:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            seen = len(self.events)
            time.sleep(quiet)
            if len(self.events) == seen:
                return

    def requests(self, session: str) -> list[dict[str, Any]]:
        """The requests of the tab, each with its initiator, as the DevTools protocol tells them."""
        name = "Network.requestWillBeSent"
        return [event["params"] for event in self.events if event["method"] == name and event.get("sessionId") == session]

    def evaluate(self, session: str, expression: str) -> Any:
        answer = self.send("Runtime.evaluate", session, expression=expression, returnByValue=True)
        if "exceptionDetails" in answer:
            raise RuntimeError(str(answer["exceptionDetails"]))
        return answer["result"].get("value")

    def close(self) -> None:
        with contextlib.suppress(OSError, TimeoutError, RuntimeError):
            self.send("Browser.close")
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(5)
        if self._process.poll() is None:
            self._process.kill()
            self._process.wait()
        self._reader.join(5)
        os.close(self._in)
        os.close(self._out)


@pytest.fixture(scope="session")
def loopback(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Loopback]:
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("no openssl command to make a certificate with")
    folder = tmp_path_factory.mktemp("certificate")
    pem = folder / "both.pem"
    command = [openssl, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=site.example"]
    subprocess.run([*command, "-keyout", folder / "key", "-out", folder / "cert"], check=True, capture_output=True)
    pem.write_bytes((folder / "key").read_bytes() + (folder / "cert").read_bytes())
    server = Loopback(pem)
    yield server
    server.close()


@pytest.fixture(scope="session")
def chromium(loopback: Loopback, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chromium]:
    program = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if program is None:
        pytest.skip("no Chromium on this machine")
    browser = Chromium(program, loopback.port, tmp_path_factory.mktemp("profile"))
    yield browser
    browser.close()


@pytest.fixture(scope="session")
def browser(loopback: Any) -> Iterator[tuple[ThreadPoolExecutor, Browser]]:
    """One browser for all of them, in a thread of its own: playwright runs once in a thread, and another test may have it in
    this one."""
    if not find_chromium():
        pytest.skip("no Chromium on this machine")
    rules = f"--host-resolver-rules=MAP * 127.0.0.1:{loopback.port}, EXCLUDE 127.0.0.1"
    with ThreadPoolExecutor(1) as thread:
        started = thread.submit(Browser(arguments=[rules, "--ignore-certificate-errors"]).__enter__).result(60)
        try:
            yield thread, started
        finally:
            thread.submit(started.__exit__, None, None, None).result(60)


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """On loopback nothing takes long; but a busy machine may."""
    monkeypatch.setattr("consent_guard.audit.scan.browser_scan._QUIET_SECONDS", 0.25)
    monkeypatch.setattr("consent_guard.audit.scan.browser_scan._SETTLE_SECONDS", 20.0)
    monkeypatch.setattr("consent_guard.audit.scan.browser_scan._CLICK_SECONDS", 20.0)


@pytest.fixture
def scan(browser: tuple[ThreadPoolExecutor, Browser]) -> Callable[..., Report]:
    """Scan as the command does."""
    thread, chromium = browser

    def run(target: str, policy: Any = None, *, site: str = "", pages: int = 1, **options: Any) -> Report:
        loaded = Policy.load(policy)
        gathered = Gathered()
        limits = CrawlLimits(pages=pages, delay=0)
        try:
            with open_target(target, Limits(seconds=10), site) as source:
                BrowserScan(loaded, gathered, chromium, limits=limits, **options).run(source)
        except Unreadable as error:
            gathered.problem(error)
        return gathered.report(target, loaded, "test")

    return lambda *args, **options: thread.submit(run, *args, **options).result(120)


@pytest.fixture
def serve() -> Iterator[Callable[..., str]]:
    with contextlib.ExitStack() as stack:

        def start(answer: Callable[[str, str], tuple[str, list[tuple[str, str]], str]]) -> str:
            def app(environ: Any, start_response: Any) -> list[bytes]:
                status, headers, body = answer(environ["PATH_INFO"], environ.get("HTTP_COOKIE", ""))
                typed = any(name == "Content-Type" for name, _ in headers)
                start_response(status, [*([] if typed else [("Content-Type", "text/html")]), *headers])
                return [body.encode()]

            return stack.enter_context(served(app, "wsgi", "test"))

        yield start
