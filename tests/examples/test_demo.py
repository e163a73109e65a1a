"""`make demo` as a visitor of the repository meets it: two addresses, two sites, and a word on each thing withheld."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

import consent_guard

ROOT = Path(__file__).resolve().parents[2]
TRACKERS = ("googletagmanager.com", "doubleclick.net", "damdy.com", "connect.facebook.net", "platform.twitter.com")


@pytest.fixture(params=["flask", "django", "starlette"])
def demo(request: pytest.FixtureRequest) -> Iterator[subprocess.Popen[str]]:
    package = Path(consent_guard.__file__).resolve().parents[1]
    command = [sys.executable, str(ROOT / "examples" / "demo.py"), request.param]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT / "examples"), str(package)])}
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment)
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def get(address: str) -> str:
    try:
        with urllib.request.urlopen(address, timeout=10) as answer:
            return answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.read().decode()


def test_the_demo_serves_both_sites_tells_what_it_withheld_and_stops_cleanly(demo: subprocess.Popen[str]) -> None:
    assert demo.stdout is not None
    guarded = demo.stdout.readline().split()
    unguarded = demo.stdout.readline().split()
    assert (guarded[0], unguarded[0]) == ("guarded", "unguarded")
    assert guarded[1].startswith("http://127.0.0.1:")

    page, bare = get(f"{guarded[1]}/article"), get(f"{unguarded[1]}/article")
    assert 'data-cg="banner"' in page
    assert 'data-cg="' not in bare
    home = get(f"{unguarded[1]}/")
    for tracker in TRACKERS:
        assert tracker in bare + home
    for tracker in ("googletagmanager.com", "connect.facebook.net", "platform.twitter.com/widgets"):
        assert tracker not in page
    assert get(f"{guarded[1]}/static/site.css") == get(f"{unguarded[1]}/static/site.css")
    assert "data-cg" in get(f"{guarded[1]}/privacy-choices")

    demo.send_signal(signal.SIGTERM)
    rest, errors = demo.communicate(timeout=20)
    assert demo.returncode == 0, errors
    lines = rest.splitlines()
    article = lines[lines.index("GET /article 200") + 1 :]
    withheld = [line for line in article if line.startswith("    withheld")]
    assert any("connect.facebook.net" in line and "facebook is not allowed" in line for line in withheld)
    assert "Traceback" not in errors
