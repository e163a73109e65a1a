"""One file for each way into the library: each is run by the command at its head, and asked as a visitor asks."""

from __future__ import annotations

import http.cookiejar
import os
import re
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

import consent_guard
from consent_guard.audit.reading.links import read_links

ROOT = Path(__file__).resolve().parents[2]
FILES = sorted((ROOT / "examples" / "one_file").glob("*.py"))
THIRD_PARTIES = ("https://www.googletagmanager.com/gtag/js", "https://www.youtube.com/embed/abc")
START_SECONDS = 60


class Visitor:
    """A browser without scripts: it keeps cookies, and follows redirects."""

    def __init__(self, address: str) -> None:
        self.address = address
        jar = urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar())
        self._opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), jar)
        self._opener.addheaders = [("Accept", "text/html"), ("Accept-Language", "en")]

    def page(self) -> str:
        return self._opener.open(self.address, timeout=10).read().decode()

    def answer(self, choice: str) -> None:
        asked = read_links(self.page().encode(), self.address, "utf-8").choice
        assert asked is not None
        form = urllib.parse.urlencode({**dict(asked.fields), "choice": choice}).encode()
        request = urllib.request.Request(asked.action, form, {"Origin": self.address.rstrip("/")})
        self._opener.open(request, timeout=10).read()


@pytest.fixture(scope="module", params=FILES, ids=lambda file: file.stem)
def address(request: pytest.FixtureRequest) -> Iterator[str]:
    file: Path = request.param
    command = re.search(r"Run: python (examples/one_file/\w+\.py)", file.read_text(encoding="utf-8"))
    assert command is not None, "the head of the file says how it is run"
    assert ROOT / command[1] == file
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = {**os.environ, "PORT": str(port), "PYTHONPATH": str(Path(consent_guard.__file__).resolve().parents[1])}
    process = subprocess.Popen(
        [sys.executable, command[1]], cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        end = time.monotonic() + START_SECONDS
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
                break
            except OSError:
                assert process.poll() is None, "it ended at once"
                assert time.monotonic() < end, "it did not answer"
                time.sleep(0.05)
        yield f"http://127.0.0.1:{port}/"
    finally:
        process.kill()
        process.wait()


@pytest.mark.parametrize(
    ("choice", "third_parties"),
    [(None, False), ("refuse", False), ("accept", True)],
    ids=["before a choice", "after refusing", "after accepting"],
)
def test_the_page_holds_what_the_visitor_allows(address: str, choice: str | None, third_parties: bool) -> None:
    visitor = Visitor(address)
    if choice is not None:
        visitor.answer(choice)
    page = visitor.page()
    assert "<h1>A page</h1>" in page
    assert ('data-cg="banner"' in page) is (choice is None)
    for third_party in THIRD_PARTIES:
        assert (f'src="{third_party}' in page) is third_parties


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_it_is_short(file: Path) -> None:
    assert len(file.read_text(encoding="utf-8").splitlines()) < 40


def test_there_is_one_for_each_way_into_the_library() -> None:
    assert [file.stem for file in FILES] == [
        "plain_asgi",
        "plain_wsgi",
        "with_django",
        "with_fastapi",
        "with_flask",
        "with_starlette",
    ]
