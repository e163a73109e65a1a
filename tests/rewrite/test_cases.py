"""Cases whose truth was found in a real browser: what loads is withheld, what does not is not touched (DESIGN §6, R1 to R3).

Each case runs through the rewriter whole, split at every offset and byte by byte, and through both transports. Tiers that are
not scored are left out (``beyond``, ``legacy``, ``url-only``) or must only not break (``soft``, ``strict-url``, ``ambiguous``,
``inert``).
"""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from consent_guard.asgi import ConsentMiddleware as AsgiMiddleware
from consent_guard.policy.model import Policy
from consent_guard.rewrite.charsets import encoding_of
from consent_guard.rewrite.document import DocumentFacts
from consent_guard.rewrite.rewriter import page_rewriter
from consent_guard.rewrite.rules import Rules
from consent_guard.wsgi import ConsentMiddleware as WsgiMiddleware

from .live import Contact, contacts, host_of, reached, xml_tree

UNSCORED = {"beyond", "legacy", "url-only"}
REPORTED = {"soft", "strict-url", "ambiguous", "inert"}
KEY = "a key for the cases, long enough to be taken"
SHARED = Path(__file__).resolve().parents[2].parent / "shared"


@dataclass(frozen=True)
class Case:
    id: str
    body: bytes
    type: str | None
    """The Content-Type; None: there is none."""
    page: str
    must_block: bool
    touch: str
    host: str
    tier: str
    why: str
    chunks: Any


def read_cases() -> list[Case]:
    path = SHARED / "cases" / "html.jsonl"
    found = []
    for line in path.read_text("utf-8").splitlines() if path.exists() else ():
        one = json.loads(line)
        body = base64.b64decode(one["html_b64"]) if "html_b64" in one else one["html"].encode()
        found.append(
            Case(
                one["id"],
                body,
                one.get("ct", "text/html; charset=utf-8"),
                one.get("page", "https://site.example/p"),
                one["must_block"],
                one["touch"],
                one["host"],
                one["tier"],
                one["why"],
                one.get("chunks"),
            )
        )
    return found


CASES = read_cases()
if not CASES:
    pytest.skip("needs shared/cases beside the repository", allow_module_level=True)
each_case = pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.id}-{case.tier}")


@cache
def policy() -> Policy:
    """The policy that the cases assume: no consent, no banner, a mention is enough."""
    trackers = json.loads((SHARED / "cases" / "trackers.json").read_text("utf-8"))
    services = [
        {
            "id": f"{category}-{number}",
            "category": category,
            "title": {"en": host},
            "hosts": [host if host[0].isdigit() else f"*.{host}"],
        }
        for category, hosts in trackers["categories"].items()
        for number, host in enumerate(hosts)
    ]
    return Policy.load(
        {
            "policy": {"banner": False, "inline_scripts": "mention", "first_party": ["site.example"]},
            "categories": [{"id": one, "basis": "consent", "title": {"en": one}} for one in trackers["categories"]],
            "services": services,
        }
    )


@cache
def domains() -> tuple[str, ...]:
    trackers = json.loads((SHARED / "cases" / "trackers.json").read_text("utf-8"))
    return tuple(host for hosts in trackers["categories"].values() for host in hosts)


@cache
def compiled() -> Rules:
    return Rules(policy())


def rewritten(case: Case, chunks: Iterable[bytes], rules: Rules | None = None) -> bytes:
    """What the rewriter makes of a case, by the engine's reading of its type; JSON never gets there."""
    if case.type is not None and "json" in case.type:
        return b"".join(chunks)
    page = urlsplit(case.page)
    charset = case.type.partition("charset=")[2] if case.type else ""
    syntax = "xml" if case.type and "xml" in case.type else "html"
    document = DocumentFacts(page.scheme, page.netloc, page.path, page.query, syntax, charset or None)  # type: ignore[arg-type]
    rewriter = page_rewriter(rules or compiled(), frozenset(), document)
    return b"".join([*map(rewriter.feed, chunks), rewriter.close()])


def whole(case: Case) -> bytes:
    return rewritten(case, [case.body])


def text_of(case: Case, body: bytes) -> str:
    charset = encoding_of((case.type or "").partition("charset=")[2]) or "utf-8"
    return body.decode({"shift_jis": "cp932", "replacement": "ascii"}.get(charset, charset), "replace")


def still_reached(case: Case, body: bytes) -> list[Contact]:
    """What another parser still sees a browser load of the listed hosts."""
    if case.type and "xml" in case.type:
        elements = xml_tree(body)
        return [one for one in contacts(elements or [], case.page) if host_of(one.address).endswith(domains())]
    return reached(text_of(case, body), domains(), case.page)


@each_case
def test_what_a_browser_was_seen_to_load_is_withheld(case: Case) -> None:
    if not case.must_block or case.tier in UNSCORED:
        pytest.skip("not a case of something that must be blocked")
    out = whole(case)
    assert out != case.body, case.why
    assert not still_reached(case, out), (case.why, out)


def test_the_parser_that_judges_sees_the_loads_of_the_untouched_cases() -> None:
    """The proof above would be worth nothing if this parser saw nothing to begin with."""
    blocked = [case for case in CASES if case.must_block and case.tier not in UNSCORED]
    unseen = {case.id for case in blocked if not still_reached(case, case.body)}
    assert not unseen, unseen


@each_case
def test_each_case_is_changed_or_left_alone_as_it_should_be(case: Case) -> None:
    if case.tier in UNSCORED | REPORTED or case.touch == "any":
        pytest.skip(f"tier {case.tier}, touch {case.touch}: nothing is promised")
    assert (whole(case) == case.body) is (case.touch == "identical"), (case.why, whole(case))


@each_case
def test_a_case_comes_out_the_same_wherever_it_is_split(case: Case) -> None:
    """R1."""
    out = whole(case)
    for at in range(len(case.body) + 1):
        assert rewritten(case, [case.body[:at], case.body[at:]]) == out, at
    for size in (1, 2, 3, 7):
        assert rewritten(case, [case.body[at : at + size] for at in range(0, len(case.body), size)]) == out, size
    assert rewritten(case, [case.body], Rules(policy())) == out


@each_case
def test_a_case_is_not_changed_twice(case: Case) -> None:
    """R3."""
    out = whole(case)
    assert rewritten(case, [out]) == out


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
    answer = guarded_wsgi(app)(environ, lambda status, headers, exc_info=None: lambda data: None)
    try:
        return b"".join(answer)
    finally:
        if hasattr(answer, "close"):
            answer.close()


def guarded_wsgi(app: Any) -> WsgiMiddleware:
    return WsgiMiddleware(app, policy(), secret_key=KEY)


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

    asyncio.run(AsgiMiddleware(app, policy(), secret_key=KEY)(scope, receive, send))
    return b"".join(sent)


@each_case
def test_both_transports_give_the_bytes_of_the_rewriter(case: Case) -> None:
    """DESIGN §2: WSGI and ASGI give the same bytes; what they sniff and leave alone is the engine's word."""
    cuts = [0, *case.chunks, len(case.body)] if isinstance(case.chunks, list) else [0, len(case.body)]
    as_told = [case.body[start:end] for start, end in pairwise(cuts)]
    expected = by_wsgi(case, [case.body])
    for chunks in ([case.body], as_told, [case.body[at : at + 1] for at in range(len(case.body))]):
        assert by_wsgi(case, chunks) == expected
        assert by_asgi(case, chunks) == expected
    if b"data-cg" in expected:
        # our own link to the embed's address stays, as any plain link
        assert case.must_block
        assert not still_reached(case, expected)
    else:
        assert expected == whole(case)
