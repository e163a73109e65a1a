"""One policy, and documents rewritten under it in one line.

``rewritten`` feeds every document whole, byte by byte and in threes, and fails where any two outputs differ: so each test of
this folder is a test of R1 too. Tests take the rewriter and its values from here, so that they know one address of them alone.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any, Literal

from hypothesis import HealthCheck, settings

from consent_guard.findings import Finding
from consent_guard.policy.model import Policy
from consent_guard.rewrite.decide.compiled_policy import CompiledPolicy as Rules
from consent_guard.rewrite.decide.urls import UrlPolicy
from consent_guard.rewrite.model import DocumentFacts, Embed
from consent_guard.rewrite.page import PageRewriter, page_rewriter
from consent_guard.rewrite.stream import HtmlRewriter as HtmlRewriter

NOTHING: frozenset[str] = frozenset()
WHOLE = 1 << 30

POLICY: dict[str, Any] = {
    "policy": {"languages": ["en"]},
    "categories": [
        {"id": "audience", "basis": "consent", "title": {"en": "Audience"}},
        {"id": "campaigns", "basis": "consent", "title": {"en": "Campaigns"}},
        {"id": "interactivity", "basis": "consent", "title": {"en": "Interactivity"}},
    ],
    "services": [
        {
            "id": "stats",
            "category": "audience",
            "title": {"en": "Stats"},
            "hosts": ["*.stats.example", "*.xn--trcker-cua.example", "203.0.113.7"],
            "inline": [{"host": "cdn.stats.example", "global": "_stats"}],
            "stubs": ["_stats", "stats.track"],
        },
        {"id": "ads", "category": "campaigns", "title": {"en": "Ads"}, "hosts": ["*.ads.example"]},
        {"id": "video", "category": "interactivity", "title": {"en": "Video"}, "hosts": ["*.video.example"]},
        {"id": "captcha", "category": "interactivity", "title": {"en": "Captcha"}, "hosts": ["www.shared.example/captcha/"]},
        {"id": "maps", "category": "interactivity", "title": {"en": "Maps"}, "hosts": ["www.shared.example/maps/"]},
        {"id": "flood", "category": "campaigns", "title": {"en": "Flood"}, "hosts": ["www.tags.example/js?id=DC-"]},
        {"id": "tags", "category": "audience", "title": {"en": "Tags"}, "hosts": ["www.tags.example"]},
    ],
}
SERVICES = frozenset(service["id"] for service in POLICY["services"])
DOMAINS = ("stats.example", "ads.example", "video.example")
"""Domains of which every address is gated: what tests of generated documents speak of."""


def policy(own: Iterable[str] = (), **options: Any) -> Policy:
    """The policy with other options; ``own``: hosts of one more service."""
    services = [*POLICY["services"]]
    if own:
        services.append({"id": "own", "category": "audience", "title": {"en": "Own"}, "hosts": list(own)})
    return Policy.load({**POLICY, "policy": {**POLICY["policy"], **options}, "services": services})


@cache
def rules(*own: str, **options: Any) -> Rules:
    """Compiled rules, made once for each set of options."""
    return Rules(policy(own, **options))


def fresh(*own: str, **options: Any) -> Rules:
    """Compiled rules that remember nothing yet."""
    return Rules(policy(own, **options))


def facts(
    syntax: Literal["html", "xml"] = "html",
    *,
    charset: str | None = "utf-8",
    scheme: str = "https",
    host: str = "site.example",
    path: str = "/p",
    query: str = "",
) -> DocumentFacts:
    return DocumentFacts(scheme, host, path, query, syntax, charset)


def judge(allowed: Iterable[str] = (), *, compiled: Rules | None = None, **where: Any) -> UrlPolicy:
    return (compiled or fresh()).view(frozenset(allowed), facts(**where))


class Parts:
    """Splices that tests can read, and the embeds that placeholders were asked for."""

    def __init__(self) -> None:
        self.embeds: list[Embed] = []

    def banner(self, lang: str | None) -> bytes:
        return b"[banner %s]" % (lang or "-").encode("ascii", "replace")

    def placeholder(self, embed: Embed, lang: str | None) -> bytes:
        self.embeds.append(embed)
        return (b"[unseen %s]" if embed.unseen else b"[placeholder %s]") % embed.service.encode("ascii")

    def closing(self, lang: str | None) -> bytes:
        return b"[closing]"


def pieces(body: bytes, size: int) -> list[bytes]:
    return [body[at : at + size] for at in range(0, len(body), size)]


def run(rewriter: PageRewriter, chunks: Iterable[bytes]) -> bytes:
    return b"".join([*map(rewriter.feed, chunks), rewriter.close()])


def once(
    body: bytes,
    *,
    allowed: Iterable[str] = (),
    compiled: Rules | None = None,
    sizes: int = WHOLE,
    parts: Parts | None = None,
    banner: bool = False,
    found: list[Finding] | None = None,
    emits: bool = True,
    **where: Any,
) -> bytes:
    """One pass over a body, in chunks of one size."""
    rewriter = page_rewriter(
        compiled or rules(inline_scripts="mention"),
        frozenset(allowed),
        facts(**where),
        insertions=parts,
        banner=banner,
        on_finding=(found if found is not None else []).append,
        emits=emits,
    )
    return run(rewriter, pieces(body, sizes))


def rewritten(markup: str | bytes, *, parts: Parts | None = None, found: list[Finding] | None = None, **options: Any) -> str:
    """A document as it leaves, by any split; the findings and embeds are those of the pass that had it whole.

    Without parts the output is also fed again and must come out the same (R3).
    """
    body = markup.encode("utf-8", "surrogatepass") if isinstance(markup, str) else markup
    out = once(body, parts=parts, found=found, **options)
    for size in (1, 3):
        assert once(body, parts=None if parts is None else Parts(), sizes=size, **options) == out, (size, markup)
    if parts is None:
        assert once(out, **options) == out, (out, "is changed again")
    return out.decode("utf-8", "surrogateescape")


def kept(markup: str | bytes, **options: Any) -> bool:
    """Whether a document leaves byte for byte."""
    body = markup if isinstance(markup, bytes) else markup.encode("utf-8", "surrogatepass")
    return rewritten(markup, **options).encode("utf-8", "surrogateescape") == body


FUZZ = settings(
    max_examples=int(os.environ.get("REWRITE_EXAMPLES", "150")),
    derandomize="REWRITE_EXAMPLES" not in os.environ,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
"""Generated documents: the same ones each time, or as many new ones as REWRITE_EXAMPLES says."""

Options = Mapping[str, Any]
