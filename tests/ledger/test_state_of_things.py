"""How a ledger does, as ``GET {path}/health`` tells it: asked in bounded time, and never more often than it bears."""

from __future__ import annotations

import asyncio
import json
import threading
import time
from typing import Any

import pytest

from consent_guard.asgi import ConsentMiddleware as AsgiMiddleware
from consent_guard.ledger.process import Process
from consent_guard.ledger.store import Store
from consent_guard.limits import LEDGER_ASK_SECONDS

from ..asgi_messages import got_of, saying
from .conftest import KEY, POLICY, App, cookie_of, eventually, guarded
from .test_keeper import dead

COUNTING = {**POLICY, "policy": {**POLICY["policy"], "metrics": True}}


def health(app: App) -> tuple[int, dict[str, Any]]:
    status, headers, body = app.get("/privacy-choices/health")
    assert headers["cache-control"] == "no-store"
    assert int(headers["content-length"]) == len(body)
    return status, json.loads(body)


def test_a_ledger_that_is_there_is_well(app: App) -> None:
    assert health(app) == (200, {"ok": True, "ledger": {"reachable": True, "storing": True, "spooled": 0}})


def test_one_that_is_not_there_is_503_and_tells_no_more(url: str) -> None:
    app = guarded(dead(url))
    started = time.monotonic()
    assert health(app) == (503, {"ok": False, "ledger": {"reachable": False, "storing": True, "spooled": 0}})
    assert time.monotonic() - started < LEDGER_ASK_SECONDS + 1
    app.flush()


def test_what_is_spooled_is_counted_until_it_is_stored(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    app = guarded(dead(url))
    for _ in range(3):
        assert app.post("choice=refuse")[0] == 303
    assert eventually(lambda: not health(app)[1]["ledger"]["storing"])
    assert health(app) == (503, {"ok": False, "ledger": {"reachable": False, "storing": False, "spooled": 3}})
    app.flush()
    again = guarded(url)
    for _ in range(3):
        assert again.post("choice=refuse")[0] == 303
    assert eventually(lambda: health(again)[1]["ledger"]["spooled"] == 0 and len(again.rows()) >= 3)
    assert health(again)[0] == 200
    again.flush()


def test_a_failure_long_past_is_no_failure(sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where nothing has been chosen since, nothing was stored since either."""
    app = guarded(sqlite_url)
    with monkeypatch.context() as broken:
        broken.setattr(Store, "append", failing)
        assert app.post("choice=accept")[0] in (303, 503)
    assert not health(app)[1]["ledger"]["storing"]
    monkeypatch.setattr("consent_guard.ledger.process.LEDGER_FAILING_SECONDS", 0.0)
    assert health(app) == (200, {"ok": True, "ledger": {"reachable": True, "storing": True, "spooled": 0}})
    app.flush()


def failing(*_: Any, **__: Any) -> list[str]:
    raise RuntimeError("unforeseen")


def test_a_ledger_that_hangs_holds_up_the_first_who_ask_and_nobody_after(
    sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    goes_on = threading.Event()
    asked = 0

    def hangs(self: Process, receipt_id: str) -> None:
        nonlocal asked
        asked += 1
        goes_on.wait(20)

    monkeypatch.setattr(Process, "_stored", hangs)
    app = guarded(sqlite_url)
    started = time.monotonic()
    assert health(app)[0] == 503
    assert time.monotonic() - started < LEDGER_ASK_SECONDS + 1
    started = time.monotonic()
    for _ in range(50):
        assert health(app)[0] == 503
    assert time.monotonic() - started < 1
    assert asked == 1
    goes_on.set()
    assert eventually(lambda: health(app)[0] == 200)
    app.flush()


def test_a_ledger_that_hangs_on_is_not_waited_for_again(sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    goes_on = threading.Event()
    monkeypatch.setattr(Process, "_stored", lambda self, receipt_id: goes_on.wait(20))
    monkeypatch.setattr("consent_guard.ledger.process.LEDGER_ASK_SECONDS", 0.5)
    monkeypatch.setattr("consent_guard.ledger.process.LEDGER_ASKED_SECONDS", 0.1)
    app = guarded(sqlite_url)
    assert health(app)[0] == 503
    started = time.monotonic()
    for _ in range(10):
        assert health(app)[0] == 503
    assert time.monotonic() - started < 0.5
    goes_on.set()
    assert eventually(lambda: health(app)[0] == 200)
    app.flush()


def test_however_many_ask_the_ledger_is_asked_once(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = 0
    real = Process._stored

    def counted(self: Process, receipt_id: str) -> Any:
        nonlocal asked
        asked += 1
        return real(self, receipt_id)

    monkeypatch.setattr(Process, "_stored", counted)
    assert [health(app)[0] for _ in range(100)] == [200] * 100
    assert asked == 1


@pytest.mark.parametrize("below", ["/health", "/metrics"])
def test_wsgi_and_asgi_say_the_same(sqlite_url: str, below: str) -> None:
    under_wsgi = guarded(sqlite_url, COUNTING)
    under_asgi = AsgiMiddleware(saying(), COUNTING, secret_key=KEY, ledger=sqlite_url)
    start, body = got_of(under_asgi, f"/privacy-choices{below}")
    assert under_asgi.keeper is not None
    asyncio.run(under_asgi.keeper.close_async())
    status, headers, sent = under_wsgi.get(f"/privacy-choices{below}")
    assert (start["status"], body["body"]) == (status, sent)
    assert {name.decode(): value.decode() for name, value in start["headers"]} == headers
    under_wsgi.flush()


def counted(app: App, *names: str) -> dict[str, int]:
    """Return the series of these metrics that are not zero."""
    lines = [line.rpartition(" ") for line in app.get("/privacy-choices/metrics")[2].decode().splitlines()]
    series = {name.removeprefix("consent_guard_"): int(value) for name, _, value in lines if not name.startswith("#")}
    return {name: value for name, value in series.items() if value and name.startswith(names)}


def test_choices_count_once_their_receipts_are_kept(url: str) -> None:
    app = guarded(url, COUNTING)
    cookie = cookie_of(app.post("choice=accept")[1])
    app.post("choice=refuse", cookie)
    assert eventually(lambda: len(app.rows()) == 2)
    assert eventually(
        lambda: counted(app, "ledger") == {"ledger_reachable": 1, "ledger_storing": 1, "ledger_receipts_total": 2}
    )
    assert counted(app, "choices") == {
        'choices_total{kind="grant",act="accept",revision="3"}': 1,
        'choices_total{kind="withdrawal",act="refuse",revision="3"}': 1,
    }
    app.flush()


def test_without_the_ledger_grants_are_counted_as_unstored_and_refusals_hold(url: str) -> None:
    app = guarded(dead(url), COUNTING)
    assert app.post("choice=accept")[0] == 503
    assert app.post("choice=refuse")[0] == 303
    assert counted(app, "choices") == {
        'choices_unstored_total{kind="grant"}': 1,
        'choices_total{kind="refusal",act="refuse",revision="3"}': 1,
    }
    found = counted(app, "ledger")
    assert found.pop("ledger_failures_total") >= 1
    assert found == {"ledger_spooled_receipts": 1}
    app.flush()
