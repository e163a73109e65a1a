"""Programs in a page: which script elements are any, and which are withheld (DESIGN §4 inline_scripts, §6)."""

from __future__ import annotations

import json

import pytest

from consent_guard.findings import FindingKind
from consent_guard.rewrite import memory
from consent_guard.rewrite.inline import handler_hit, is_javascript_url, javascript_url_hit, script_hit, script_kind

from .documents import fresh, judge

MENTION = judge(compiled=fresh(inline_scripts="mention"))
SIGNATURE = judge(compiled=fresh(inline_scripts="signature"))


@pytest.mark.parametrize(
    ("type_", "language", "kind"),
    [
        (None, None, "script"),
        ("", None, "script"),
        (None, "", "script"),
        ("", "vbscript", "script"),
        ("text/javascript", None, "script"),
        (" TEXT/JavaScript\n", None, "script"),
        ("application/x-ecmascript", None, "script"),
        ("text/javascript1.5", None, "script"),
        ("text/jscript", None, "script"),
        ("text/livescript", None, "script"),
        ("module", None, "script"),
        ("Module ", None, "script"),
        (None, "JavaScript", "script"),
        (None, "javascript1.2", "script"),
        ("importmap", None, "importmap"),
        (" SpeculationRules", None, "speculationrules"),
        (" ", None, None),
        ("text/javascript;charset=utf-8", None, None),
        ("text/javascript1.6", None, None),
        ("text/x-template", "javascript", None),
        ("application/json", None, None),
        ("text/vbscript", None, None),
        (None, "vbscript", None),
        (None, " javascript", None),
        ("text/javascript\x0b", None, None),
    ],
)
def test_a_script_element_is_what_its_type_says(type_: str | None, language: str | None, kind: str | None) -> None:
    """WHATWG 4.12.1.1, prepare the script element."""
    assert script_kind(type_, language) == kind


def test_by_mention_the_host_of_a_withheld_service_is_enough() -> None:
    hit = script_hit(MENTION, b"x = 'https://px.ads.example/a'")
    assert hit is not None
    assert (hit.host, hit.service, hit.category, hit.rule) == ("px.ads.example", "ads", "campaigns", "*.ads.example")
    assert hit.finding("script").kind is FindingKind.INLINE
    assert script_hit(MENTION, b"x = 'https://notads.example/a'") is None
    assert script_hit(judge(["ads"], compiled=MENTION.rules), b"x = 'https://px.ads.example/a'") is None


def test_by_signature_the_services_host_and_its_global_are_needed() -> None:
    both = b"window._stats = []; load('//cdn.stats.example/s.js')"
    hit = script_hit(SIGNATURE, both)
    assert hit is not None
    assert (hit.service, hit.rule) == ("stats", "cdn.stats.example")
    assert script_hit(SIGNATURE, b"my_stats = []; load('//cdn.stats.example/s.js')") is None
    assert script_hit(SIGNATURE, b"window._stats = []") is None
    assert script_hit(SIGNATURE, b"x = 'https://px.ads.example/a'") is None
    assert script_hit(judge(["stats"], compiled=SIGNATURE.rules), both) is None


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
def test_lists_of_addresses_are_read_under_either_policy(guard: object, text: str, gated: bool) -> None:
    for kind in ("importmap", "speculationrules"):
        assert (script_hit(guard, text.encode(), kind) is not None) is gated  # type: ignore[arg-type]


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
        everything = fresh().judge(frozenset(service.id for service in SIGNATURE.rules.policy.services), SIGNATURE.document)
        assert script_hit(everything, text, "speculationrules") is None


@pytest.mark.parametrize("text", ["javascript:", "JAVASCRIPT:x", " \x01javascript:x", "java\tscr\nipt\r:x"])
def test_a_javascript_address_is_one_however_it_is_spelled(text: str) -> None:
    """WHATWG URL: leading controls, inner tabs and line ends go."""
    assert is_javascript_url(text)


@pytest.mark.parametrize("text", ["", "javascript", "java script:x", "x:javascript:", "jav\x01ascript:", "/javascript:x"])
def test_another_address_is_none(text: str) -> None:
    assert not is_javascript_url(text)
    assert javascript_url_hit(MENTION, text) is None


def test_the_program_of_an_address_is_decoded_before_it_is_looked_at() -> None:
    assert javascript_url_hit(MENTION, "javascript:import('https://px.ads.example')") is not None
    assert javascript_url_hit(MENTION, "javascript:import('https:%2F%2Fpx%2Eads.example')") is not None
    assert javascript_url_hit(MENTION, "javascript:import('https://px.ads.exa\nmple')") is not None
    assert javascript_url_hit(MENTION, "javascript:void(0)") is None


def test_a_handlers_text_is_looked_at_like_a_script() -> None:
    assert handler_hit(MENTION, "go('https://px.ads.example/é\ud800')") is not None
    assert handler_hit(MENTION, "go('/a')") is None


def test_verdicts_on_texts_are_remembered_within_bounds(monkeypatch: pytest.MonkeyPatch) -> None:
    """R4."""
    monkeypatch.setattr(memory, "JUDGE_MEMO_BYTES", 10_000)
    guard = judge(compiled=fresh(inline_scripts="mention"))
    for number in range(1000):
        script_hit(guard, b"a%d" % number)
        assert len(guard.inline_memo) < 100
    assert script_hit(guard, b"'//px.ads.example'") is script_hit(guard, b"'//px.ads.example'")
    assert script_hit(guard, b"'//px.ads.example'") is not None
