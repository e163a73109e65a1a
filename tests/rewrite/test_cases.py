"""Cases whose truth was found in a real browser: what loads is withheld, what does not is not touched (DESIGN §6, R1 to R3).

Each case goes through the guard whole, split at every offset and byte by byte, and through both transports. data/README.md says
how the tiers are scored.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from itertools import pairwise
from typing import Any
from urllib.parse import urlsplit

import pytest

from consent_guard import Guard
from consent_guard.asgi import ConsentMiddleware as AsgiMiddleware
from consent_guard.wsgi import ConsentMiddleware as WsgiMiddleware

from ..cases import KEY, UNSCORED, Case, domains, guarded, html_cases, loaded, pieces
from .live import left_in

CASES = html_cases("cases/html.jsonl")
BLOCKED = [case for case in CASES if case.must_block and case.tier not in UNSCORED]


def each(cases: list[Case] | tuple[Case, ...]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("case", cases, ids=lambda case: f"{case.id}-{case.tier}")


def whole(case: Case) -> bytes:
    return guarded(case, [case.body])


@each(BLOCKED)
def test_what_a_browser_was_seen_to_load_is_withheld(case: Case) -> None:
    out = whole(case)
    assert out != case.body, case.why
    assert not left_in(out, case.type, case.page, domains()), (case.why, out)


def test_the_parser_that_judges_sees_the_loads_of_the_untouched_cases() -> None:
    """The proof above would be worth nothing if this parser saw nothing to begin with."""
    unseen = {case.id for case in BLOCKED if not left_in(case.body, case.type, case.page, domains())}
    assert not unseen, unseen


@each([case for case in CASES if case.scored and case.touch != "any"])
def test_each_case_is_changed_or_left_alone_as_it_should_be(case: Case) -> None:
    assert (whole(case) == case.body) is (case.touch == "identical"), (case.why, whole(case))


@each(CASES)
def test_a_case_comes_out_the_same_wherever_it_is_split(case: Case) -> None:
    """R1."""
    out = whole(case)
    for at in range(len(case.body) + 1):
        assert guarded(case, [case.body[:at], case.body[at:]]) == out, at
    for size in (1, 2, 3, 7):
        assert guarded(case, pieces(case.body, size)) == out, size
    assert guarded(case, [case.body], Guard(loaded(), secret_key=KEY)) == out


@each(CASES)
def test_a_case_is_not_changed_twice(case: Case) -> None:
    """R3."""
    out = whole(case)
    assert guarded(case, [out]) == out


# -- through the transports -------------------------------------------------------------------------------------------------

Chunks = list[bytes]


def by_wsgi(case: Case, chunks: Chunks) -> bytes:
    page = urlsplit(case.page)

    def app(environ: dict[str, Any], start_response: Callable[..., Any]) -> Chunks:
        start_response("200 OK", [("Content-Type", case.type)] if case.type else [])
        return chunks

    environ = {
        "REQUEST_METHOD": "GET",
        "SCRIPT_NAME": "",
        "PATH_INFO": page.path,
        "QUERY_STRING": "",
        "SERVER_NAME": page.netloc,
        "SERVER_PORT": "443",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "HTTP_HOST": page.netloc,
        "wsgi.url_scheme": page.scheme,
    }
    answer = WsgiMiddleware(app, loaded(), secret_key=KEY)(environ, lambda status, headers, exc_info=None: lambda data: None)
    try:
        return b"".join(answer)
    finally:
        if hasattr(answer, "close"):
            answer.close()


def by_asgi(case: Case, chunks: Chunks) -> bytes:
    page = urlsplit(case.page)

    async def app(scope: Any, receive: Any, send: Any) -> None:
        headers = [(b"content-type", case.type.encode())] if case.type else []
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        for chunk in chunks:
            await send({"type": "http.response.body", "body": chunk, "more_body": True})
        await send({"type": "http.response.body", "body": b""})

    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "GET",
        "scheme": page.scheme,
        "path": page.path,
        "raw_path": page.path.encode(),
        "root_path": "",
        "query_string": b"",
        "headers": [(b"host", page.netloc.encode())],
        "server": (page.netloc, 443),
    }
    sent: list[bytes] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: dict[str, Any]) -> None:
        sent.append(message.get("body", b""))

    asyncio.run(AsgiMiddleware(app, loaded(), secret_key=KEY)(scope, receive, send))
    return b"".join(sent)


@each(CASES)
def test_both_transports_give_the_bytes_of_the_engine(case: Case) -> None:
    """DESIGN §2: WSGI and ASGI give the same bytes."""
    expected = whole(case)
    as_told = [case.body[start:end] for start, end in pairwise((0, *case.cuts, len(case.body)))]
    for chunks in ([case.body], as_told, pieces(case.body, 1)):
        assert by_wsgi(case, chunks) == expected
        assert by_asgi(case, chunks) == expected
