"""The cases of ``data/``: how they are read, which policy they assume, what the guard makes of one (data/README.md).

Tests of the rewriter, the engine, the tools and the browsers share them. What a case becomes is asked of ``Guard`` and
``Exchange``, so that a case holds whatever the rewriter looks like inside.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from consent_guard import Guard, Policy, RequestFacts

DATA = Path(__file__).resolve().parent / "data"
KEY = "a key for the cases, long enough to be taken"

UNSCORED = frozenset({"beyond", "legacy", "url-only"})
"""Tiers of which nothing is asked but that any split gives the same."""
REPORTED = frozenset({"soft", "strict-url", "ambiguous", "inert"})
"""Tiers of which no change and no byte is promised."""


@dataclass(frozen=True)
class Case:
    id: str
    body: bytes
    type: str | None
    """The Content-Type; None: there is none."""
    page: str
    must_block: bool
    touch: str
    """``changed``, ``identical`` or ``any``."""
    host: str
    tier: str
    why: str
    cuts: tuple[int, ...]
    """Where the case is split."""

    @property
    def scored(self) -> bool:
        return self.tier not in UNSCORED | REPORTED


def rows(name: str) -> list[dict[str, Any]]:
    """The rows of one file of ``data/``, as they stand there."""
    found = [json.loads(line) for line in (DATA / name).read_text("utf-8").splitlines()]
    assert found, name
    return found


@cache
def html_cases(name: str) -> tuple[Case, ...]:
    """The documents of ``cases/html.jsonl`` or ``field/html.jsonl``."""
    found = []
    for row in rows(name):
        body = base64.b64decode(row["html_b64"]) if "html_b64" in row else row["html"].encode()
        cuts = row.get("chunks", ())
        found.append(
            Case(
                row["id"],
                body,
                row.get("ct", "text/html; charset=utf-8"),
                row.get("page", "https://site.example/p"),
                row["must_block"],
                row["touch"],
                row["host"],
                row["tier"],
                row["why"],
                tuple(range(1, len(body)) if cuts == "each-byte" else cuts),
            )
        )
    return tuple(found)


@cache
def trackers() -> dict[str, tuple[str, ...]]:
    """The gated hosts of each category."""
    read = json.loads((DATA / "cases" / "trackers.json").read_text("utf-8"))
    return {category: tuple(hosts) for category, hosts in read["categories"].items()}


@cache
def domains() -> tuple[str, ...]:
    return tuple(host for hosts in trackers().values() for host in hosts)


def policy() -> dict[str, Any]:
    """The policy that the cases assume, as a fresh mapping: no banner, a mention is enough."""
    services = [
        {
            "id": f"{category}-{number}",
            "category": category,
            "title": {"en": host},
            "hosts": [host if host[0].isdigit() else f"*.{host}"],
            "cookies": [],
        }
        for category, hosts in trackers().items()
        for number, host in enumerate(hosts)
    ]
    return {
        "policy": {"banner": False, "inline_scripts": "mention", "first_party": ["site.example"]},
        "categories": [{"id": one, "basis": "consent", "title": {"en": one}} for one in trackers()],
        "services": services,
    }


@cache
def loaded() -> Policy:
    return Policy.load(policy())


@cache
def guard() -> Guard:
    return Guard(loaded(), secret_key=KEY)


def guarded(case: Case, chunks: Iterable[bytes], by: Guard | None = None) -> bytes:
    """The body that leaves when an app sends the case in these pieces to a visitor without consent."""
    page = urlsplit(case.page)
    exchange = (by or guard()).open(RequestFacts("GET", page.scheme, page.netloc, page.path, query=page.query.encode()))
    plan = exchange.respond(200, [(b"content-type", case.type.encode())] if case.type is not None else [])
    rewriter = plan.rewriter
    body = b"".join(chunks) if rewriter is None else b"".join([*map(rewriter.feed, chunks), rewriter.close()])
    exchange.finish()
    return body


def pieces(body: bytes, size: int) -> list[bytes]:
    return [body[at : at + size] for at in range(0, len(body), size)]
