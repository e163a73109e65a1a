"""Self-hosted services on the site's own hosts and on any other that no rule names, in whatever makes a browser fetch.

The addresses are those that the vendors document: https://developer.matomo.org/guides/tracking-javascript-guide and the like.
"""

from __future__ import annotations

from typing import Any

import pytest

from consent_guard.findings import Finding
from consent_guard.policy.anywhere import AnywhereIndex
from consent_guard.policy.model import Policy
from consent_guard.rewrite.decide.compiled_policy import CompiledPolicy as Rules

from ...self_hosted_snippets import gtm, matomo_at
from ..documents import kept, once, rewritten, rules

GTM = gtm("/metrics/")


def tools(*more: dict[str, Any], matomo: dict[str, Any] | None = None, **options: Any) -> Rules:
    """Compiled rules of a policy that lists self-hostable services by their ids alone."""
    return Rules(
        Policy.load(
            {
                "policy": {"languages": ["en"], **options},
                "categories": [
                    {"id": "audience", "basis": "consent", "title": {"en": "Audience"}},
                    {"id": "campaigns", "basis": "consent", "title": {"en": "Campaigns"}},
                    {"id": "needed", "basis": "necessary", "title": {"en": "Needed"}},
                ],
                "services": [
                    {"id": "matomo", "category": "audience", **(matomo or {})},
                    {"id": "umami", "category": "audience"},
                    {"id": "google-tag-manager", "category": "campaigns"},
                    *more,
                ],
            }
        )
    )


TOOLS = tools()
ADDRESSES = (
    "/stats/matomo.js",
    "stats/matomo.js",
    "matomo.js?v=1",
    "//stats.site.example/piwik.js",
    "https://stats.agency.example/matomo.php?idsite=1&amp;rec=1",
    "https://site.example/js/container_AbC12xyz.js#x",
    "/metrics/gtm.js?id=GTM-1",
    "/m%61tomo.js",
    "/mat&#111;mo.js",
    "/stats/./x/..//matomo.js",
    "\\stats\\matomo.js",
    "/mat\tomo.js",
)
PLACES = (
    '<script src="{}"></script>',
    '<img src="{}">',
    '<img srcset="/a.png 1x, {} 2x">',
    '<link rel=preload as=script href="{}">',
    '<p style="background:url({})">',
    "<style>p{{background:url({})}}</style>",
    '<svg><image href="{}"/></svg>',
    '<iframe srcdoc="<img src={}>"></iframe>',
    '<embed src="{}">',
    '<meta http-equiv=refresh content="0;url={}">',
)

SPELLED_IN_QUOTES = ("/mat&#111;mo.js", "\\stats\\matomo.js", "/mat\tomo.js")
IN_QUOTES = [place for place in PLACES if '"{}"' in place]


@pytest.mark.parametrize("address", ADDRESSES)
@pytest.mark.parametrize("place", PLACES)
def test_its_address_is_withheld_wherever_it_lives(place: str, address: str) -> None:
    """On the site's own hosts, on its subdomains, on any other that no rule names; in any spelling."""
    if address in SPELLED_IN_QUOTES and place not in IN_QUOTES:
        address = ADDRESSES[0]
    markup = "<!doctype html><body>" + place.format(address) + "<p>text"
    found: list[Finding] = []
    assert address not in rewritten(markup, compiled=TOOLS, found=found)
    assert {finding.service for finding in found} <= {"matomo", "google-tag-manager"}
    assert kept(markup, compiled=TOOLS, allowed=["matomo", "google-tag-manager"])


@pytest.mark.parametrize(
    "address",
    ["/docs/matomo.js.html", "/matomo.js/", "/notmatomo.js", "/Matomo.js", "/x.png?from=/matomo.js", "/gtm.js", "/gtm.js?id=1",
     "/js/container_main.js", "/script.js", "#matomo.js", "?matomo.js"],
)  # fmt: skip
@pytest.mark.parametrize("place", PLACES)
def test_what_only_looks_like_it_is_left_alone(place: str, address: str) -> None:
    assert kept("<!doctype html><body>" + place.format(address), compiled=TOOLS)


def test_a_page_or_a_link_of_the_site_by_such_a_name_stays() -> None:
    for markup in ('<a href="/docs/matomo.js.html">x</a>', '<a href="/stats/matomo.js">x</a>', "<p>/stats/matomo.js"):
        assert kept(markup, compiled=TOOLS)


@pytest.mark.parametrize(
    "markup", ["<script data-website-id=1 src=/u/script.js></script>", "<script src=/u/script.js DATA-WEBSITE-ID></script>"]
)
def test_an_address_of_an_everyday_name_needs_the_attribute_beside_it(markup: str) -> None:
    assert "script.js" not in rewritten(markup, compiled=TOOLS)
    assert kept("<script src=/u/script.js></script>", compiled=TOOLS)


def test_the_finding_names_the_host_and_the_trait() -> None:
    found: list[Finding] = []
    once(b"<script src=//stats.agency.example/m/matomo.js></script>", compiled=TOOLS, found=found)
    assert [(one.subject, one.service, one.rule, one.enforced) for one in found] == [
        ("stats.agency.example", "matomo", "matomo.js", True)
    ]


@pytest.mark.parametrize("base", ["'//stats.agency.example/'", "'https://site.example/m/'", "'/m/'", "window.where", "atob(x)"])
@pytest.mark.parametrize("mode", ["signature", "mention"])
def test_its_loader_is_withheld_whatever_its_address(base: str, mode: str) -> None:
    compiled = tools(inline_scripts=mode)
    page = "<!doctype html><body>" + matomo_at(base)
    shown = rewritten(page, compiled=compiled)
    assert "setTrackerUrl" not in shown
    assert "_paq" in shown  # its stub
    assert kept(page, compiled=compiled, allowed=["matomo"])


def test_an_address_that_a_script_loads_needs_no_global() -> None:
    for program in (
        "import('/m/matomo.js')",
        "s.src=base+'/matomo.js'",
        "fetch('matomo.php?x=1')",
        "new Image().src='/p/piwik.php'",
    ):
        assert kept(f"<script>var s;{program}</script>", compiled=TOOLS, allowed=["matomo"])
        assert program not in rewritten(f"<script>var s;{program}</script>", compiled=TOOLS)
        assert "onclick" not in rewritten(f'<p onclick="{program}">', compiled=TOOLS)


def test_a_tag_manager_from_the_site_s_own_path_is_withheld() -> None:
    assert "gtm.start" not in rewritten(GTM, compiled=TOOLS)
    assert kept(GTM, compiled=TOOLS, allowed=["google-tag-manager"])


def test_a_script_that_only_speaks_of_it_stays() -> None:
    for program in (
        "var help='put matomo.js on your page'",
        "/* _paq */ var a='matomo.js'",
        'window.__DATA__={"code":"_paq.push(1);g.src=u+\'matomo.js\'"}',
        "_paq.push(['trackPageView'])",
    ):
        assert kept(f"<script>{program}</script>", compiled=TOOLS)


def test_import_maps_and_speculation_rules_are_lists_of_addresses() -> None:
    assert "matomo" not in rewritten('<script type=importmap>{"imports":{"x":"/m/matomo.js"}}</script>', compiled=TOOLS)
    assert kept('<script type=importmap>{"imports":{"x":"/m/other.js"}}</script>', compiled=TOOLS)


@pytest.mark.parametrize(
    "markup",
    [
        '<html xmlns="http://www.w3.org/1999/xhtml"><script src="/m/matomo.js"></script></html>',
        '<svg xmlns="http://www.w3.org/2000/svg"><image href="https://stats.agency.example/matomo.php"/></svg>',
        '<?xml-stylesheet href="/m/matomo.php"?><x/>',
        '<html xmlns="http://www.w3.org/1999/xhtml"><style>p{background:url(/m/matomo.php)}</style></html>',
        '<html xmlns="http://www.w3.org/1999/xhtml"><script>import("/m/matomo.js")</script></html>',
    ],
)
def test_in_xml_too(markup: str) -> None:
    assert "matomo" not in rewritten(markup, syntax="xml", compiled=TOOLS)
    assert kept(markup, syntax="xml", compiled=TOOLS, allowed=["matomo"])


def test_a_rule_that_names_the_address_decides_before_what_tells_a_service() -> None:
    own = {"id": "ours", "category": "needed", "title": {"en": "Ours"}, "hosts": ["stats.agency.example", "/own/"]}
    compiled = tools(own)
    for page in (
        "<script src=https://stats.agency.example/matomo.js></script>",
        "<script src=/own/matomo.js></script>",
        "<script src=https://site.example/own/matomo.js></script>",
        matomo_at("'//stats.agency.example/'"),
        matomo_at("'/own/'"),
    ):
        assert kept(page, compiled=compiled, allowed=["ours"])
    assert "matomo.js" not in rewritten("<script src=/other/matomo.js></script>", compiled=compiled, allowed=["ours"])


def test_a_policy_may_turn_it_off() -> None:
    compiled = tools(matomo={"anywhere": []})
    for page in ("<script src=/m/matomo.js></script>", matomo_at("'/m/'")):
        assert kept(page, compiled=compiled)


def test_an_address_is_told_where_it_leads_and_not_where_it_seems_to() -> None:
    """WHATWG 4.2.3: relative addresses are those of the base."""
    page = "<base href=/js/><script src=container_AbC12xyz.js></script>"
    assert "container" not in rewritten(page, compiled=TOOLS)
    assert kept("<script src=container_AbC12xyz.js></script>", compiled=TOOLS)


def test_rules_on_the_site_s_own_paths_count_in_scripts_too() -> None:
    for mode in ("signature", "mention"):
        compiled = rules("/own/", inline_scripts=mode)
        for program in ("fetch('/own/x')", "fetch('/a');fetch('/b');import('/own/y.js')"):
            assert program not in rewritten(f"<script>{program}</script>", compiled=compiled)
            assert program not in rewritten(f'<p onclick="{program}">', compiled=compiled)
        assert kept("<script>fetch('/other/x')</script>", compiled=compiled)


def test_a_tag_of_more_than_2_mib_is_judged_with_what_may_yet_come() -> None:
    padding = "x" * (2 * 1024 * 1024 + 10)
    for rest in ('src="/m/matomo.js"', 'data-website-id=1 src="/u/script.js"', 'src="/u/script.js" data-website-id=1'):
        page = f'<script data-x="{padding}" {rest}></script>'.encode()
        assert b".js" not in once(page, compiled=TOOLS)


def test_a_policy_without_such_a_service_asks_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def never(*_: object) -> bool:
        raise AssertionError("asked")

    compiled = rules()
    monkeypatch.setattr(AnywhereIndex, "may_tell", never)
    monkeypatch.setattr(AnywhereIndex, "beside", never)
    page = "".join(place.format(address) for place in PLACES for address in ADDRESSES)
    assert kept(page, compiled=compiled)
