"""Programs in a page: which are withheld for what they name (DESIGN §4 inline_scripts, §6)."""

from __future__ import annotations

import json

import pytest

from consent_guard.findings import FindingKind
from consent_guard.rewrite.decide.scripts import inline_finding
from consent_guard.rewrite.decide.urls import UrlPolicy
from consent_guard.rewrite.model import ScriptKind, Verdict

from ..documents import SERVICES, Rules, fresh, judge, kept, rewritten

MENTION = fresh(inline_scripts="mention")
SIGNATURE = fresh(inline_scripts="signature")


def script_hit(compiled: Rules, text: bytes, kind: ScriptKind = "script", *, view: UrlPolicy | None = None) -> Verdict | None:
    """Why a script is withheld from a visitor who has allowed nothing."""
    hit = compiled.first_hit(view or judge(compiled=compiled), text, kind)
    return None if hit is None else hit[0]


def test_by_mention_the_host_of_a_withheld_service_is_enough() -> None:
    hit = script_hit(MENTION, b"x = 'https://px.ads.example/a'")
    assert hit is not None
    assert (hit.host, hit.service, hit.category, hit.rule) == ("px.ads.example", "ads", "campaigns", "*.ads.example")
    assert inline_finding(hit, "script").kind is FindingKind.INLINE
    assert script_hit(MENTION, b"x = 'https://notads.example/a'") is None
    assert script_hit(MENTION, view=judge(["ads"], compiled=MENTION), text=b"x = 'https://px.ads.example/a'") is None


def test_by_signature_the_services_host_and_its_global_are_needed() -> None:
    both = b"window._stats = []; load('//cdn.stats.example/s.js')"
    hit = script_hit(SIGNATURE, both)
    assert hit is not None
    assert (hit.service, hit.rule) == ("stats", "cdn.stats.example")
    assert script_hit(SIGNATURE, b"my_stats = []; load('//cdn.stats.example/s.js')") is None
    assert script_hit(SIGNATURE, b"window._stats = []") is None
    assert script_hit(SIGNATURE, b"x = 'https://px.ads.example/a'") is None
    assert script_hit(SIGNATURE, both, view=judge(["stats"], compiled=SIGNATURE)) is None


@pytest.mark.parametrize("guard", [MENTION, SIGNATURE], ids=["mention", "signature"])
@pytest.mark.parametrize(
    ("text", "gated"),
    [
        ('{"imports": {"a": "https://px.ads.example/a.js"}}', True),
        ('{"imports": {"https://px.ads.example/a.js": "/a.js"}}', True),
        ('{"imports": {"a": "https:\\/\\/px.ads.example/a.js"}}', True),
        ('{"imports": {"a": "https://px\\u002eads\\u002eexample/a.js"}}', True),
        ('{"imports": {"a": "https://PX%2eads.example/a.js"}}', True),
        ('{"scopes": {"/x/": {"a": ["//px.ads.example/a.js"]}}}', True),
        ('{"prefetch": [{"urls": ["/a", "//px.ads.example/b"]}]}', True),
        ('{"imports": {"a": "/a.js", "b": "https://site.example/b.js"}}', False),
        ("{not json", False),
        ("[" * 100_000, False),
        ("", False),
    ],
)
def test_lists_of_addresses_are_read_under_either_policy(guard: Rules, text: str, gated: bool) -> None:
    kind: ScriptKind
    for kind in ("importmap", "speculationrules"):
        assert (script_hit(guard, text.encode(), kind) is not None) is gated


def test_a_list_of_addresses_is_read_with_bytes_that_are_no_utf8_and_with_nul() -> None:
    for odd in (b"\xff", b"\0", b"\xc3"):
        text = b'{"imports": {"b": "' + odd + b'", "a": "https://px.ads\\u002eexample/a.js"}}'
        assert script_hit(SIGNATURE, text, "importmap") is not None


@pytest.mark.parametrize(
    ("where", "gated"),
    [
        (None, True),
        ({"href_matches": "https://*/*"}, True),
        ({"href_matches": "//*/x"}, True),
        ({"selector_matches": ".x"}, True),
        ({"not": {"href_matches": "/logout"}}, True),
        ({"or": [{"href_matches": "/a"}, {"selector_matches": "b"}]}, True),
        ({"href_matches": "/*"}, False),
        ({"href_matches": ["/a", "?b"]}, False),
        ({"and": [{"href_matches": "/*"}, {"not": {"selector_matches": ".x"}}]}, False),
    ],
)
def test_speculation_rules_that_take_the_pages_links_must_keep_to_our_own_paths(where: object, gated: bool) -> None:
    """A document rule fetches what plain links name, and names no host itself."""
    for action in ("prefetch", "prerender"):
        rule = {"source": "document"} if where is None else {"where": where}
        text = json.dumps({action: [rule]}).encode()
        assert (script_hit(SIGNATURE, text, "speculationrules") is not None) is gated
        everything = judge(SERVICES, compiled=SIGNATURE)
        assert script_hit(SIGNATURE, text, "speculationrules", view=everything) is None


@pytest.mark.parametrize(
    "code",
    [
        "import('https://px.ads.example')",
        "import('https:%2F%2Fpx%2Eads.example')",
        "import('https://px.ads.exa\nmple')",
    ],
)
def test_the_program_of_an_address_is_decoded_before_it_is_looked_at(code: str) -> None:
    assert rewritten(f'<a href="javascript:{code}">x</a>') == "<a >x</a>"
    assert kept('<a href="javascript:void(0)">x</a>')


def test_a_handlers_text_is_looked_at_like_a_script() -> None:
    assert "ads" not in rewritten("<p onclick=\"go('https://px.ads.example/é\ud800')\">")
    assert kept("<p onclick=\"go('/a')\">")


def test_what_a_text_names_is_remembered_and_not_who_asked() -> None:
    text = b"'//px.ads.example'"
    assert MENTION.script(text) == MENTION.script(text)
    assert script_hit(MENTION, text, view=judge(["ads"], compiled=MENTION)) is None
    assert script_hit(MENTION, text) is not None
