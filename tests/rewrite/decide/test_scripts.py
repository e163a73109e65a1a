"""Programs in a page: which are withheld for what they name (DESIGN §4 inline_scripts, §6)."""

from __future__ import annotations

import json

import pytest

from consent_guard.findings import Finding, FindingKind
from consent_guard.rewrite.decide.scripts import inline_finding
from consent_guard.rewrite.decide.urls import UrlPolicy
from consent_guard.rewrite.model import ScriptKind, Verdict

from ..documents import SERVICES, Rules, fresh, judge, kept, rewritten
from ..timing import grows_linearly

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
    assert MENTION.script(text, relative=False) == MENTION.script(text, relative=False)
    assert script_hit(MENTION, text, view=judge(["ads"], compiled=MENTION)) is None
    assert script_hit(MENTION, text) is not None


LOADS = "new Image().src = "


@pytest.mark.parametrize(
    "before",
    [
        "fetch('https://api.other.example/');",
        "fetch('https://sub.site.example/');",
        "fetch('//' + r + '.other.example/');",
        "fetch('//_dmarc.other.example/');",
        "fetch('/own');",
    ],
)
def test_an_address_that_no_rule_names_hides_no_later_one(before: str) -> None:
    for address in ("'https://px.ads.example/a.gif'", "'https://' + region + '.ads.example/a.gif'"):
        assert script_hit(SIGNATURE, f"{before} {LOADS}{address}".encode()) is not None, address


@pytest.mark.parametrize(
    "script",
    [
        "import x from 'https://px.ads.example/a.js'",
        "import 'https://px.ads.example/a.js'",
        "export * from 'https://px.ads.example/a.js'",
    ],
)
def test_what_a_module_imports_is_an_address_in_every_mode(script: str) -> None:
    for mode in ("signature", "mention"):
        for page in (f"<script type=module>{script}</script>", f'<iframe srcdoc="<script type=module>{script}</script>">'):
            assert "ads" not in rewritten(page, compiled=fresh(inline_scripts=mode)), page
    page = f"<html xmlns='http://www.w3.org/1999/xhtml'><script type='module'>{script}</script></html>"
    assert "ads" not in rewritten(page, compiled=SIGNATURE, syntax="xml")


def test_past_the_bounds_of_what_is_followed_any_listed_address_counts() -> None:
    deep = "a.src=" + "(" * 60 + "'/x'" + ")" * 60 + ";"
    assert script_hit(SIGNATURE, f"{deep}s.src='https://px.ads.example/a.js'".encode()) is not None
    assert script_hit(SIGNATURE, f"{deep}s.src='https://unknown.example/a.js'; x = 'px.ads'".encode()) is None


@pytest.mark.parametrize("address", ["h + '/captcha/a.js'", "h + '/' + 'captcha' + '/a.js'"])
def test_the_path_of_a_shared_host_counts_where_a_script_puts_it_together(address: str) -> None:
    script = f"var h = 'https://www.shared.example'; s.src = {address}".encode()
    hit = script_hit(SIGNATURE, script)
    assert hit is not None
    assert hit.service == "captcha"
    assert script_hit(SIGNATURE, script.replace(b"captcha", b"free")) is None


def test_a_rule_for_a_query_counts_beside_one_for_its_host_that_is_allowed() -> None:
    script = b"s.src = 'https://www.tags.example/js?id=' + 'DC-1'"
    hit = script_hit(SIGNATURE, script, view=judge(["tags"], compiled=SIGNATURE))
    assert hit is not None
    assert hit.service == "flood"


def test_a_policy_that_blocks_unlisted_hosts_withholds_what_loads_from_them() -> None:
    """DESIGN §4 unlisted_hosts: for inline scripts, import maps and speculation rules as for elements."""
    blocking = fresh(inline_scripts="signature", unlisted_hosts="block")
    assert script_hit(blocking, b"s.src = 'https://unknown.example/a.js'") is not None
    assert script_hit(blocking, b"x = 'https://unknown.example/a.js'") is None
    assert script_hit(blocking, b"s.src = '/own.js'; fetch('https://site.example/')") is None
    rules = json.dumps({"prefetch": [{"urls": ["https://unknown.example/"]}]})
    found: list[Finding] = []
    page = f"<script type=speculationrules>{rules}</script>"
    assert "unknown" not in rewritten(page, compiled=blocking, found=found)
    assert [one.enforced for one in found] == [True]
    assert kept(page, compiled=SIGNATURE)


def test_each_global_is_looked_for_once_however_often_its_host_is_named() -> None:
    def decide(count: int) -> None:
        script_hit(fresh(), b"'" + b"cdn.stats.example " * count + b"_stats " * 2 * count + b"'")

    grows_linearly(decide, 200)
