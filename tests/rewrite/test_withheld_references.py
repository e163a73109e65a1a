"""How much of what real pages load from trackers does the whole catalogue withhold?

Who is a tracker is told by somebody else, third-party-web; what a page loads is read by other parsers than ours (``live``): as
a tree, and once more as a flat run of tags, what stands in noscript among them. Pages and facts are other people's and not in
the repository; the tests are skipped where they are absent.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path

import ada_url
import pytest

from consent_guard.policy.builtin import builtin_document
from consent_guard.policy.model import Policy

from .documents import DocumentFacts, Rules, page_rewriter
from .live import Element, contacts, flat, lxml_tree, tree

KINDS = {"ad", "analytics", "social", "video", "tag-manager"}
PROMISED = 0.95
PAGE = "https://guarded.example/a/page"
SLOW_PARSER_BYTES = 300_000
"""html5lib needs seconds for longer pages; lxml, where it is installed, reads those."""
NAMED_IN_CODE = re.compile(r"(?:https?:)?(?:\\?/){2}([a-z0-9-]+(?:\.[a-z0-9-]+)+)", re.IGNORECASE)

Counts = tuple[Counter[str], Counter[str], Counter[str]]
"""By host: what elements and style sheets fetch, what inline scripts name, what the flat reading sees fetched."""


class Trackers:
    """The hosts that third-party-web calls advertising, analytics, social, video or tag managers."""

    def __init__(self, domains: Mapping[str, Mapping[str, list[str]]]) -> None:
        self._of = {pattern: bool(KINDS & set(facts["categories"])) for pattern, facts in domains.items()}

    def __contains__(self, host: str) -> bool:
        if host in self._of:
            return self._of[host]
        labels = host.split(".")
        return any(self._of.get("*." + ".".join(labels[at:]), False) for at in range(len(labels)))


@pytest.fixture(scope="module")
def trackers(shared: Callable[[str], Path]) -> Trackers:
    return Trackers(json.loads(shared("reference/third_party_web_domains.json").read_text(encoding="utf-8"))["domains"])


@pytest.fixture(scope="module")
def pages(shared: Callable[[str], Path]) -> list[bytes]:
    return [path.read_bytes() for path in sorted(shared("pages").glob("*.html"))]


@cache
def compiled(inline: str) -> Rules:
    document = builtin_document()
    return Rules(Policy.load({**document, "policy": {**document["policy"], "inline_scripts": inline}}))  # type: ignore[dict-item]


def rewritten(body: bytes, inline: str) -> bytes:
    """With nothing granted: what is necessary loads, other consent platforms for one."""
    necessary = frozenset(service.id for service in Policy.load(None).services_of("necessary"))
    document = DocumentFacts("https", "guarded.example", "/a/page", charset="utf-8")
    rewriter = page_rewriter(compiled(inline), necessary, document)
    return rewriter.feed(body) + rewriter.close()


def counted(body: bytes, trackers: Trackers) -> Counts:
    text = body.decode("utf-8", "replace")
    long = len(body) >= SLOW_PARSER_BYTES
    if long:
        pytest.importorskip("lxml")
    fetched, named = of_elements(lxml_tree(text) if long else tree(text, scripting=True), trackers)
    return fetched, named, Counter() if long else of_elements(flat(text, noscript=False), trackers)[0]


def of_elements(elements: list[Element], trackers: Trackers) -> tuple[Counter[str], Counter[str]]:
    """What they fetch and what their scripts name."""
    fetched: Counter[str] = Counter()
    named: Counter[str] = Counter()
    for contact in contacts(elements, PAGE):
        if contact.where == "script":
            named.update(host for found in NAMED_IN_CODE.finditer(contact.address) if (host := found[1].lower()) in trackers)
        elif (host := host_of(contact.address)) in trackers:
            fetched[host] += 1
    return fetched, named


def host_of(address: str) -> str:
    try:
        return str(ada_url.URL(address).hostname)
    except ValueError:
        return ""


@pytest.fixture(scope="module")
def before(pages: list[bytes], trackers: Trackers) -> list[Counts]:
    return [counted(body, trackers) for body in pages]


def left(pages: list[bytes], trackers: Trackers, inline: str) -> list[Counts]:
    return [counted(rewritten(body, inline), trackers) for body in pages]


def total(counts: list[Counts], *kinds: int) -> Counter[str]:
    return sum((count[kind] for count in counts for kind in kinds), Counter())


def told(remaining: Counter[str], all_of_them: Counter[str]) -> str:
    share = 1 - remaining.total() / all_of_them.total()
    return f"{share:.1%} of {all_of_them.total()} withheld; left: {dict(remaining.most_common())}"


def test_the_pages_load_much_from_trackers_to_begin_with(before: list[Counts]) -> None:
    """The shares below would be worth nothing of a few."""
    assert total(before, 0).total() > 400
    assert total(before, 1).total() > 250
    assert total(before, 2).total() > 250
    assert len(total(before, 0)) > 100


def test_of_what_elements_and_style_sheets_fetch_from_trackers_19_in_20_is_withheld(
    pages: list[bytes], before: list[Counts], trackers: Trackers
) -> None:
    """DESIGN §6, with the built-in policy as it is and nothing granted."""
    after = left(pages, trackers, "signature")
    for kind in (0, 2):
        remaining, everything = total(after, kind), total(before, kind)
        assert remaining.total() <= (1 - PROMISED) * everything.total(), told(remaining, everything)
    assert total(after, 1).total() < total(before, 1).total() / 2


def test_by_mention_19_in_20_of_what_scripts_name_is_withheld_too(
    pages: list[bytes], before: list[Counts], trackers: Trackers
) -> None:
    """With ``inline_scripts = "mention"``, where a script that names a gated host does not run (DESIGN §4)."""
    after = left(pages, trackers, "mention")
    remaining, everything = total(after, 0, 1), total(before, 0, 1)
    assert remaining.total() <= (1 - PROMISED) * everything.total(), told(remaining, everything)
