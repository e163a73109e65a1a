"""A ledger on SQLite and on a real PostgreSQL, which this set-up starts by itself; and a small guarded app that fills it.

The PostgreSQL server is Debian's package, run in a directory of its own by an account that is not root. Where there is none,
the tests on PostgreSQL are skipped and say so.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

sqlalchemy = pytest.importorskip("sqlalchemy", reason="receipts need the extra ledger")
pytest.importorskip("cryptography", reason="receipts need the extra ledger")

from consent_guard.consent.keys import check_keys  # noqa: E402
from consent_guard.consent.receipt import Receipt, Shown, new_receipt_id  # noqa: E402
from consent_guard.consent.token import TokenSigner  # noqa: E402
from consent_guard.ledger import Ledger  # noqa: E402
from consent_guard.ledger.address import Address  # noqa: E402
from consent_guard.ledger.connecting import reading  # noqa: E402
from consent_guard.ledger.reading import rows  # noqa: E402
from consent_guard.ledger.rows import Row  # noqa: E402
from consent_guard.ledger.store import Entry, Store  # noqa: E402
from consent_guard.ledger.verifying import Verdict, verify  # noqa: E402
from consent_guard.policy.model import Policy  # noqa: E402
from consent_guard.wsgi import ConsentMiddleware  # noqa: E402

KEY = "a key of the tests, longer than 32 bytes"
POLICY: dict[str, Any] = {
    "policy": {"first_party": ["example.org"], "languages": ["en", "fr"], "revision": 3},
    "categories": [
        {"id": "necessary", "basis": "necessary", "title": {"en": "Necessary", "fr": "Nécessaire"}},
        {"id": "audience", "basis": "exempt", "title": {"en": "Audience", "fr": "Audience"}},
        {"id": "media", "basis": "consent", "title": {"en": "Media", "fr": "Médias"}},
    ],
    "services": [
        {"id": "video", "category": "media", "title": {"en": "Video", "fr": "Vidéo"}, "hosts": ["*.video.example"]},
        {"id": "maps", "category": "media", "title": {"en": "Maps", "fr": "Cartes"}, "hosts": ["*.maps.example"]},
    ],
}
PAGE = b"<!doctype html><html lang=en><title>t</title><p>x</p>"
HTML = [("Content-Type", "text/html")]
START_SECONDS = 60
SOON_SECONDS = 10.0
"""What was spooled arrives so soon after the store's return, and grants count again."""


def _binaries() -> Path | None:
    """Return where initdb and postgres are: Debian keeps them off the PATH."""
    for folder in [*sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)]:
        if (folder / "initdb").exists() and (folder / "postgres").exists():
            return folder
    found = shutil.which("initdb")
    return Path(found).parent if found else None


def _account() -> str | None:
    """Return an account that may run the server where we are root; None where we are not."""
    if os.getuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        with contextlib.suppress(KeyError):
            return pwd.getpwnam(name).pw_name
    return pytest.skip("PostgreSQL does not run as root, and there is no other account")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class Server:
    """A PostgreSQL server of the tests' own."""

    binaries: Path
    folder: Path
    account: str | None
    port: int
    process: subprocess.Popen[bytes] | None = None
    names: list[str] = field(default_factory=list)

    def run(self, *command: str) -> None:
        subprocess.run(command, cwd=self.folder, user=self.account, check=True, capture_output=True, env={"LC_ALL": "C.UTF-8"})

    def start(self) -> None:
        options = ["-D", str(self.folder / "data"), "-k", str(self.folder), "-p", str(self.port), "-h", "127.0.0.1"]
        quick = ["-c", "fsync=off", "-c", "shared_buffers=32MB", "-c", "max_connections=60"]
        log = (self.folder / "log").open("ab")
        with log:
            self.process = subprocess.Popen(
                [str(self.binaries / "postgres"), *options, *quick],
                cwd=self.folder,
                user=self.account,
                stdout=log,
                stderr=log,
                env={"LC_ALL": "C.UTF-8"},
            )
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 1), self.owner():
                return
            time.sleep(0.1)
        raise RuntimeError((self.folder / "log").read_text("utf-8", "replace"))

    def stop(self, how: int = signal.SIGQUIT) -> None:
        """End the server, by default at once."""
        if self.process is not None:
            self.process.send_signal(how)
            self.process.wait(START_SECONDS)
            self.process = None

    @contextlib.contextmanager
    def owner(self, database: str = "postgres") -> Iterator[Any]:
        import psycopg

        try:
            connection = psycopg.connect(self.dsn(database), autocommit=True, connect_timeout=5)
        except psycopg.Error as error:
            raise OSError(str(error)) from error
        with connection:
            yield connection

    def dsn(self, database: str, user: str = "owner") -> str:
        return f"host=127.0.0.1 port={self.port} user={user} dbname={database}"

    def url(self, database: str, user: str = "owner") -> str:
        return f"postgresql+psycopg://{user}@127.0.0.1:{self.port}/{database}"

    def database(self) -> str:
        """Make an empty database and return its name."""
        name = f"l{uuid.uuid4().hex[:12]}"
        with self.owner() as connection:
            connection.execute(f"CREATE DATABASE {name}")
        return name


def new_server() -> Server:
    """Make a server's directory and start it."""
    binaries = _binaries()
    if binaries is None:
        pytest.skip("no PostgreSQL server here: apt-get install postgresql")
    account = _account()
    folder = Path(tempfile.mkdtemp(prefix="cg-pg-"))
    if account is not None:
        os.chown(folder, pwd.getpwnam(account).pw_uid, -1)
    server = Server(binaries, folder, account, free_port())
    made = ["-D", str(folder / "data"), "-U", "owner", "-A", "trust", "-E", "UTF8", "--no-sync", "--locale=C.UTF-8"]
    server.run(str(binaries / "initdb"), *made)
    server.start()
    return server


@contextlib.contextmanager
def running_server() -> Iterator[Server]:
    pytest.importorskip("psycopg", reason="PostgreSQL needs psycopg")
    server = new_server()
    try:
        yield server
    finally:
        server.stop()
        shutil.rmtree(server.folder, ignore_errors=True)


@pytest.fixture(scope="session")
def postgresql() -> Iterator[Server]:
    """A PostgreSQL server for all tests of this session."""
    with running_server() as server:
        yield server


@pytest.fixture
def own_postgresql() -> Iterator[Server]:
    """A PostgreSQL server for one test, which may stop it."""
    with running_server() as server:
        yield server


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The address of a new, empty ledger with its tables."""
    monkeypatch.setenv("CONSENT_GUARD_STATE", str(tmp_path / "state"))
    for name in ("CONSENT_GUARD_LEDGER", "CONSENT_GUARD_LEDGER_KEY"):
        monkeypatch.delenv(name, raising=False)
    if request.param == "sqlite":
        made = f"sqlite:///{tmp_path / 'consent.db'}"
    else:
        server: Server = request.getfixturevalue("postgresql")
        made = server.url(server.database())
    init(made)
    return made


@pytest.fixture
def sqlite_url(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The address of a SQLite ledger whose file does not exist yet."""
    monkeypatch.setenv("CONSENT_GUARD_STATE", str(tmp_path / "state"))
    for name in ("CONSENT_GUARD_LEDGER", "CONSENT_GUARD_LEDGER_KEY"):
        monkeypatch.delenv(name, raising=False)
    return f"sqlite:///{tmp_path / 'consent.db'}"


def init(url: str) -> None:
    from click.testing import CliRunner

    from consent_guard.cli.app import cli

    done = CliRunner().invoke(cli, ["ledger", "init", "--ledger", url])
    assert done.exit_code == 0, done.output


@dataclass
class App:
    """A guarded app whose receipts are kept."""

    middleware: ConsentMiddleware

    def post(self, body: str, cookie: str = "", **headers: str) -> tuple[int, dict[str, str], bytes]:
        """Post a choice as a form, over https; return status, headers and body."""
        return self.ask("POST", "/privacy-choices", body.encode(), "application/x-www-form-urlencoded", cookie, headers)

    def get(self, path: str, cookie: str = "", **headers: str) -> tuple[int, dict[str, str], bytes]:
        return self.ask("GET", path, b"", "", cookie, headers)

    def ask(
        self, method: str, path: str, body: bytes, kind: str, cookie: str, headers: dict[str, str]
    ) -> tuple[int, dict[str, str], bytes]:
        told: dict[str, Any] = {}

        def start(status: str, found: list[tuple[str, str]], exc_info: object = None) -> Callable[[bytes], object]:
            told["status"], told["headers"] = int(status[:3]), {name.lower(): value for name, value in found}
            return lambda data: None

        environ: dict[str, Any] = {
            "REQUEST_METHOD": method,
            "PATH_INFO": path,
            "SCRIPT_NAME": "",
            "QUERY_STRING": "",
            "SERVER_NAME": "example.org",
            "SERVER_PORT": "443",
            "HTTP_HOST": "example.org",
            "wsgi.url_scheme": "https",
            "wsgi.input": io.BytesIO(body),
            "CONTENT_LENGTH": str(len(body)),
            "CONTENT_TYPE": kind,
            "HTTP_COOKIE": cookie,
            **{f"HTTP_{name.upper()}": value for name, value in headers.items()},
        }
        answer = b"".join(self.middleware(environ, start))
        return told["status"], told["headers"], answer

    @property
    def ledger(self) -> Ledger:
        assert self.middleware.keeper is not None
        return self.middleware.keeper.ledger

    def flush(self) -> None:
        """Store what is spooled, checkpoint, and end the process's part."""
        assert self.middleware.keeper is not None
        self.middleware.keeper.close()

    def rows(self) -> list[Row]:
        return stored(self.ledger.address)


def cookie_of(headers: dict[str, str]) -> str:
    """Return the cookie that an answer sets, as the browser sends it back."""
    return headers["set-cookie"].partition(";")[0]


def receipt_ids(cookies: list[str]) -> set[str]:
    """Return the receipts' ids in cookies of the choice."""
    signer = TokenSigner(Policy.load(POLICY), check_keys([KEY]))
    found = set()
    for cookie in cookies:
        name, _, value = cookie.partition("=")
        assert name == "consent" or name == "__Host-consent"
        choice = signer.read(value, time.time())
        assert choice is not None
        found.add(choice.receipt_id)
    return found


def guarded(url: str, policy: dict[str, Any] = POLICY, **options: Any) -> App:
    def page(environ: Any, start_response: Any) -> list[bytes]:
        start_response("200 OK", HTML)
        return [PAGE]

    return App(ConsentMiddleware(page, policy, secret_key=KEY, ledger=url, **options))


@pytest.fixture
def app(url: str) -> Iterator[App]:
    made = guarded(url)
    yield made
    made.flush()


def eventually(condition: Callable[[], bool], seconds: float = SOON_SECONDS) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.05)
    return condition()


def fill(ledger: Ledger, *receipts: Receipt) -> None:
    """Store these as one process does, one after another, and sign a checkpoint of them."""
    store = Store(ledger.address, ledger.signing_key)
    with contextlib.closing(store):
        for one in receipts:
            store.append([Entry(one, [TEXT])])
        store.checkpoint()


def stored(address: Address) -> list[Row]:
    with reading(address) as connection:
        return sorted(rows(connection), key=lambda row: (row.stored_at, row.writer, row.seq))


def verified(ledger: Ledger) -> Verdict:
    with reading(ledger.address) as connection:
        return verify(connection, ledger.signing_key().public)


def receipt(**changes: Any) -> Receipt:
    """Return a receipt of a refusal, with changes."""
    values: dict[str, Any] = {
        "receipt_id": new_receipt_id(),
        "time": 1_700_000_000,
        "act": "refuse",
        "grants": False,
        "answers": {"media": False},
        "overrides": {},
        "changed": {"categories": {}, "services": {}},
        "revision": 3,
        "policy_digest": "a" * 64,
        "text_digest": "b" * 64,
        "language": "en",
        "means": "banner",
        "note": "",
        "library_version": "0.1.0",
    }
    return Receipt(**{**values, **changes})


TEXT = Shown(hashlib.sha256(b"text").hexdigest(), "text", b"text")
