"""Real pages under the whole catalogue: nothing gated is left, nothing else is touched (R2, R3, DESIGN §6).

The pages are other people's and not in the repository; the tests are skipped where they are absent.
"""

from __future__ import annotations

import os
import re
from functools import cache
from pathlib import Path

import ada_url
import pytest

from consent_guard.consent.terms import terms_of
from consent_guard.policy.builtin import builtin_document
from consent_guard.policy.model import Policy

from .documents import DocumentFacts, Rules, page_rewriter
from .live import Contact, Element, contacts, lxml_tree, tree

SHARED = Path(__file__).resolve().parents[2].parent / "shared"
PAGES = sorted((SHARED / "pages").glob("*.html"))
if not PAGES:
    pytest.skip("needs shared/pages beside the repository", allow_module_level=True)
HOST = "guarded.example"
SLOW_PARSER_BYTES = 300_000
"""html5lib needs seconds for longer pages; lxml reads all of them."""

each_page = pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem[:40])


@cache
def policy(inline: str = "mention") -> Policy:
    """The built-in policy, for a stricter reading of inline scripts as well."""
    document = builtin_document()
    return Policy.load({**document, "policy": {**document["policy"], "inline_scripts": inline}})  # type: ignore[dict-item]


@cache
def compiled(inline: str = "mention") -> Rules:
    return Rules(policy(inline))


def rewritten(body: bytes, *, allowed: frozenset[str] = frozenset(), size: int = 0, rules: Rules | None = None) -> bytes:
    rewriter = page_rewriter(rules or compiled(), allowed, DocumentFacts("https", HOST, "/a/page", charset="utf-8"))
    step = size or len(body)
    return b"".join(rewriter.feed(body[at : at + step]) for at in range(0, len(body), step)) + rewriter.close()


def everything() -> frozenset[str]:
    return frozenset(service.id for service in policy().services)


def gated_service(address: str) -> str | None:
    """By the full parser and the policy's index."""
    try:
        url = ada_url.URL(address)
    except (ValueError, UnicodeEncodeError):
        return None
    if url.protocol not in ("http:", "https:", "ws:", "wss:"):
        return None
    match = compiled().index.match(url.hostname.rstrip("."), url.pathname, url.search[1:])
    return match.service if match else None


@cache
def mention() -> re.Pattern[str]:
    """A whole host of the catalogue, as text; those of which a rule takes a part are left to the tests of mentions."""
    index = compiled().index
    hosts = [re.escape(host) for host, _ in index.mention_hosts() if host not in index.hosts_with_paths()]
    return re.compile(r"(?<![\w.-])(?:[\w-]+\.)*(?:" + "|".join(hosts) + r")(?![\w-]|\.[\w-])", re.IGNORECASE)


def left(elements: list[Element]) -> list[Contact]:
    found = []
    for contact in contacts(elements, f"https://{HOST}/a/page"):
        if contact.where == "script":
            if any(gated_service(f"https://{name[0].lower()}/") for name in mention().finditer(contact.address)):
                found.append(contact)
        elif gated_service(contact.address) is not None:
            found.append(contact)
    return found


@each_page
def test_with_everything_granted_a_page_keeps_every_byte(path: Path) -> None:
    body = path.read_bytes()
    for size in (0, 1000):
        assert rewritten(body, allowed=everything(), size=size) == body
    assert rewritten(body, allowed=everything(), rules=compiled("signature")) == body


@each_page
def test_with_nothing_granted_no_parser_sees_anything_gated(path: Path) -> None:
    out = rewritten(path.read_bytes()).decode("utf-8", "replace")
    if len(out) < SLOW_PARSER_BYTES:
        assert not left(tree(out, scripting=True))
        assert not left(tree(out, scripting=False))
    pytest.importorskip("lxml")
    assert not left(lxml_tree(out))


def test_the_parsers_see_what_the_pages_load_when_nothing_is_withheld() -> None:
    """The proof above would be worth nothing if they saw nothing to begin with."""
    pytest.importorskip("lxml")
    seen = [len(left(lxml_tree(path.read_text("utf-8", "replace")))) for path in PAGES]
    assert sum(map(bool, seen)) > len(PAGES) // 2
    assert sum(seen) > 5 * len(PAGES)


@each_page
def test_a_page_is_not_changed_twice_and_by_any_split_the_same(path: Path) -> None:
    """R1, R3."""
    body = path.read_bytes()
    out = rewritten(body)
    assert rewritten(out) == out
    assert rewritten(body, size=997) == out


@each_page
def test_more_consent_never_removes_more(path: Path) -> None:
    """R3: what a browser fetches and runs with nothing granted it does with a category granted too, and all that with
    everything."""
    pytest.importorskip("lxml")
    body = path.read_bytes()
    nothing, all_of_it = _done(rewritten(body)), _done(body)
    for category in sorted(terms_of(policy()).asked):
        granted = frozenset(service.id for service in policy().services if service.category == category)
        some = _done(rewritten(body, allowed=granted))
        assert nothing <= some <= all_of_it, category


def _done(body: bytes) -> set[Contact]:
    """What an independent parser sees fetched and run; not our own stubs, and what was made inert."""
    elements = lxml_tree(body.decode("utf-8", "replace"))
    ours = ("(function(w,n){", "about:invalid")
    return {one for one in contacts(elements, f"https://{HOST}/a/page") if not one.address.startswith(ours)}


def test_the_pages_folder_is_the_whole_one() -> None:
    assert len(PAGES) >= int(os.environ.get("PAGES", "40"))
