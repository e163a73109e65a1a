"""Killed at any moment, no grant that a visitor got is without its receipt; and many clients at once lose nothing.

Short here; `make soak` runs them at full length.
"""

from __future__ import annotations

import json
import os
import random
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import consent_guard
from consent_guard.ledger import Ledger

from .conftest import KEY, POLICY, receipt_ids, stored, verified

SOAK = os.environ.get("CONSENT_GUARD_SOAK") == "1"
KILLS = 200 if SOAK else 3
CHOICES = 20_000 if SOAK else 400
CLIENTS = 8
HERE = Path(__file__).parent
FORM = "Content-Type: application/x-www-form-urlencoded"


class Child:
    """The app in a process of its own."""

    def __init__(self, url: str) -> None:
        package = str(Path(consent_guard.__file__).resolve().parents[1])
        environment = {**os.environ, "PYTHONPATH": package, "CG_TEST": json.dumps({"policy": POLICY, "key": KEY})}
        self.process = subprocess.Popen(
            [sys.executable, str(HERE / "serving.py"), url], env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )
        assert self.process.stdout is not None
        self.port = int(self.process.stdout.readline())

    def post(self, body: str) -> tuple[int, str]:
        """Post a choice; return the status and the cookie that came. Raises OSError for an answer that did not come whole."""
        request = f"POST /privacy-choices HTTP/1.0\r\nHost: 127.0.0.1\r\n{FORM}\r\nContent-Length: {len(body)}\r\n\r\n{body}"
        with socket.create_connection(("127.0.0.1", self.port), timeout=30) as connection:
            connection.sendall(request.encode())
            data = b""
            while piece := connection.recv(65536):
                data += piece
        head, end, _ = data.partition(b"\r\n\r\n")
        if not end:
            raise OSError("the answer was cut off")
        lines = head.decode("latin-1").split("\r\n")
        cookies = [line.partition(":")[2].strip() for line in lines if line.lower().startswith("set-cookie:")]
        return int(lines[0].split()[1]), cookies[0].partition(";")[0] if cookies else ""

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()
        assert self.process.stdout is not None
        self.process.stdout.close()


def pour(child: Child, got: list[str], stop: threading.Event) -> None:
    """Choose until the process is gone; what a client got is what came whole."""
    for turn in range(1_000_000):
        if stop.is_set():
            return
        try:
            status, cookie = child.post("choice=accept" if turn % 2 else "choice=save&allow=video")
        except OSError:
            return
        if status == 303:
            got.append(cookie)


def test_a_grant_that_a_visitor_got_has_its_receipt_whenever_the_process_is_killed(url: str) -> None:
    chance = random.Random(20)
    got: list[str] = []
    for _ in range(KILLS):
        child = Child(url)
        stop = threading.Event()
        clients = [threading.Thread(target=pour, args=(child, got, stop)) for _ in range(4)]
        for client in clients:
            client.start()
        enough, deadline = len(got) + chance.randint(1, 25), time.monotonic() + 30
        while len(got) < enough and time.monotonic() < deadline:
            time.sleep(0.001)
        time.sleep(chance.uniform(0, 0.02))
        child.kill()
        stop.set()
        for client in clients:
            client.join()
    assert got, "nobody chose anything before the kills"
    ledger = Ledger(url)
    kept = {row.receipt_id for row in stored(ledger.address)}
    assert receipt_ids(got) <= kept
    verified(ledger)


def test_a_refusal_that_a_visitor_got_has_its_receipt_after_a_kill_too(url: str) -> None:
    """It was on disk before the answer; the next process stores it."""
    child = Child(url)
    got = [child.post("choice=refuse")[1] for _ in range(5)]
    child.kill()
    second = Child(url)
    try:
        assert second.post("choice=accept")[0] == 303
        deadline = time.monotonic() + 15
        ledger = Ledger(url)
        while time.monotonic() < deadline:
            kept = {row.receipt_id for row in stored(ledger.address)}
            if receipt_ids(got) <= kept:
                break
            time.sleep(0.1)
        assert receipt_ids(got) <= kept
    finally:
        second.kill()
    verified(ledger)


def test_many_clients_at_once_lose_nothing(url: str) -> None:
    child = Child(url)
    answers: list[int] = []

    def client(number: int) -> None:
        for turn in range(CHOICES // CLIENTS):
            answers.append(child.post("choice=accept" if (turn + number) % 2 else "choice=refuse")[0])

    threads = [threading.Thread(target=client, args=(number,)) for number in range(CLIENTS)]
    try:
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        ledger = Ledger(url)
        deadline = time.monotonic() + 20
        while len(stored(ledger.address)) < CHOICES and time.monotonic() < deadline:
            time.sleep(0.2)
    finally:
        child.kill()
    assert answers == [303] * CHOICES
    assert len({row.receipt_id for row in stored(ledger.address)}) == CHOICES
    verified(ledger)
