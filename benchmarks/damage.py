"""What each contestant lets through, and what it changes that it should not touch.

Two questions, each with an answer known beforehand: HTML cases whose truth was found in a real browser (a JSON-lines file kept
beside the repository), and whole pages on which no listed service occurs. `rewrite` prints the answers.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from benchmarks.fetchable import Check
from benchmarks.hosts import HostList
from benchmarks.pages import SHARED
from benchmarks.rounds import Rewrite
from consent_guard import Guard, Policy, RequestFacts, RewriteError

CASES = SHARED / "cases" / "html.jsonl"
UNSCORED = frozenset({"beyond", "legacy", "url-only", "soft", "strict-url", "ambiguous", "inert"})
"""Tiers that nobody is asked to get right, or where opinions differ."""
FAULTS = (ArithmeticError, AssertionError, AttributeError, LookupError, RewriteError, RuntimeError, TypeError, ValueError)
"""What a library may raise over a document: the page is then not served, which is counted."""
PAGE = "https://site.example/p"


@dataclass(frozen=True)
class Case:
    """One document of the collection."""

    id: str
    html: bytes
    must_block: bool
    untouchable: bool
    content_type: str | None
    page: str
    why: str


@dataclass
class Damage:
    """What one contestant did."""

    leaked: list[Case] = field(default_factory=list)
    changed: list[Case] = field(default_factory=list)
    failed: list[Case] = field(default_factory=list)
    """It raised, so the page would not have been served."""
    pages_changed: int = 0
    pages_failed: int = 0
    pages_leaking: int | None = None


@dataclass(frozen=True)
class Cases:
    """The collection, with the policy that it assumes."""

    cases: list[Case]
    policy: Policy
    hosts: HostList
    unseen: list[Case]
    """Cases that must be blocked, but in which the check sees no fetch even before anything was done; they are not counted."""

    @property
    def leaking(self) -> list[Case]:
        """Those that must be blocked and that the check can judge."""
        return [case for case in self.cases if case.must_block and case not in self.unseen]

    @property
    def untouchable(self) -> list[Case]:
        """Those of which not one byte may change."""
        return [case for case in self.cases if case.untouchable]


def load(path: Path) -> Cases:
    """Read the collection and the policy beside it. Raises OSError where they are absent."""
    cases = [_case(json.loads(line)) for line in path.read_text(encoding="utf-8").splitlines() if line]
    scored = [case for case in cases if case is not None]
    trackers = json.loads((path.parent / "trackers.json").read_text(encoding="utf-8"))
    policy = _policy(trackers["categories"])
    hosts = HostList((host, True, "", "") for hosts in trackers["categories"].values() for host in hosts)
    unseen = [case for case in scored if case.must_block and not _contacts(hosts, case, case.html)]
    return Cases(scored, policy, hosts, unseen)


def guarded(policy: Policy) -> Callable[[Case], bytes]:
    """Return consent_guard as a whole, headers and all, with nothing granted."""
    guard = Guard(policy, secret_key="a key for benchmarks only, not a secret")

    def answer(case: Case) -> bytes:
        url = urlsplit(case.page)
        facts = RequestFacts("GET", url.scheme, url.netloc, url.path, ((b"accept", b"text/html"),), now=1.0)
        exchange = guard.open(facts)
        headers = [] if case.content_type is None else [(b"content-type", case.content_type.encode())]
        plan = exchange.respond(200, headers)
        if plan.rewriter is None:
            return case.html
        return plan.rewriter.feed(case.html) + plan.rewriter.close()

    return answer


def as_middleware(rewrite: Rewrite) -> Callable[[Case], bytes]:
    """Return a library as its users would put it into a middleware: on what is declared to be HTML, nothing else."""

    def answer(case: Case) -> bytes:
        kind = (case.content_type or "").partition(";")[0]
        return rewrite(case.html) if kind in ("text/html", "application/xhtml+xml") else case.html

    return answer


def on_cases(cases: Cases, answer: Callable[[Case], bytes], damage: Damage) -> None:
    """Note what leaks and what is changed."""
    for case in (*cases.leaking, *cases.untouchable):
        try:
            out = answer(case)
        except FAULTS:
            damage.failed.append(case)
            continue
        if case.must_block and _contacts(cases.hosts, case, out):
            damage.leaked.append(case)
        elif case.untouchable and out != case.html:
            damage.changed.append(case)


def on_pages(pages: Sequence[bytes], rewrite: Rewrite, damage: Damage) -> None:
    """Count the pages that come out changed though nothing on them is to be withheld."""
    for page in pages:
        try:
            damage.pages_changed += rewrite(page) != page
        except FAULTS:
            damage.pages_failed += 1


def left_on_pages(pages: Sequence[bytes], rewrite: Rewrite, hosts: HostList) -> int:
    """Return on how many pages markup still has a listed host contacted. Slow: each page is parsed three times in Python."""
    check = Check(hosts.covers, hosts.hosts(), PAGE, scripts=False)
    return sum(check.contacts(rewrite(page), "text/html; charset=utf-8") for page in pages)


def _contacts(hosts: HostList, case: Case, document: bytes) -> bool:
    return Check(hosts.covers, hosts.hosts(), case.page).contacts(document, case.content_type or "text/html")


def _case(fields: Mapping[str, Any]) -> Case | None:
    if fields["tier"] in UNSCORED:
        return None
    html = base64.b64decode(fields["html_b64"]) if "html_b64" in fields else fields["html"].encode()
    return Case(
        fields["id"],
        html,
        fields["must_block"],
        fields["touch"] == "identical",
        fields.get("ct", "text/html; charset=utf-8"),
        fields.get("page", PAGE),
        fields["why"],
    )


def _policy(categories: Mapping[str, Sequence[str]]) -> Policy:
    services = [
        {
            "id": f"{category}-{number}",
            "category": category,
            "title": {"en": host},
            "hosts": [host if host.replace(".", "").isdigit() else f"*.{host}"],
        }
        for category, hosts in categories.items()
        for number, host in enumerate(hosts)
    ]
    named = [{"id": category, "basis": "consent", "title": {"en": category}} for category in categories]
    settings = {"revision": 1, "inline_scripts": "mention", "banner": False, "first_party": ["site.example"]}
    return Policy.load({"policy": settings, "categories": named, "services": services})
