"""Self-hosted services in inline scripts: a global in the code, and the end of an address in a string."""

from __future__ import annotations

import pytest

from consent_guard.policy.anywhere import AnywhereIndex
from consent_guard.policy.model import Service, Trait
from consent_guard.rewrite.script.self_hosted import SelfHostedFinder

TRAITS = {
    "matomo": (
        Trait("matomo.js"),
        Trait("matomo.js", global_="_paq"),
        Trait("js/container_*.js", global_="_mtm"),
        Trait("array.js", global_="posthog"),
    ),
    "gtm": (Trait("gtm.js", "id=GTM-"), Trait("gtm.js", "id=GTM-", global_="gtm.start")),
    "pro": (Trait(".js", global_="stg.start"),),
    "umami": (Trait("script.js", attribute="data-website-id"),),
}
FINDER = SelfHostedFinder(AnywhereIndex(Service(id, "c", {"en": id}, anywhere=traits) for id, traits in TRAITS.items()))


@pytest.mark.parametrize(
    ("text", "service"),
    [
        ("var _paq=window._paq||[];(function(){var u='//s.example.org/';g.src=u+'matomo.js'})()", "matomo"),
        ("_paq.push([1]);g.src='/stats/matomo.js'", "matomo"),
        ("_paq.push([1]);g.src='\\/stats\\/matomo.js?v=1'", "matomo"),
        ("_paq.push([1]);g.src=`${base}matomo.js`", "matomo"),
        ("window['_paq']=[];g.src=u+'matomo.js'", "matomo"),
        ("var _mtm=[];g.src='https://s.example.org/js/container_aB1.js'", "matomo"),
        ("w[l].push({'gtm.start':1});j.src='/gtm/gtm.js?id='+i", "gtm"),
        ("w[l].push({'stg.start':1});j.src=h+id+'.js'+q", "pro"),
        ("w[l].push({'gtm.start':1});j.src='/gtm/gtm.js'", None),
        ("my_paq=1;g.src='matomo.js'", None),
        ("_paq.push([1])", None),
        ("load('matomo.js')", None),
        ("_paq;load('notmatomo.js')", None),
        ("_paq;load('/docs/matomo.js.html')", None),
        ("_paq;load('x')//'matomo.js'", None),
        ("/* _paq */load('matomo.js')", None),
        ("""window.__DATA__={"code":"var _paq=[];g.src=u+'matomo.js'"}""", None),
        ("", None),
    ],
)
def test_an_inline_script_is_told_by_its_global_and_the_address_in_a_string(text: str, service: str | None) -> None:
    assert [sign.match.service for sign in FINDER.each(text.encode())] == ([service] if service else [])


def test_each_trait_is_told_once_however_often_it_stands_there() -> None:
    assert len(FINDER.each(b"_paq;" + b"f('matomo.js');" * 1000)) == 1


@pytest.mark.parametrize("text", [b"\x00'\xff matomo.js", b"'matomo.js", b"`${matomo.js", b"/matomo.js/._paq"])
def test_broken_scripts_raise_nothing(text: bytes) -> None:
    assert FINDER.each(text) == []


@pytest.mark.parametrize(
    ("address", "unfinished"),
    [
        ("'/m/gtm.js?id=GTM-1'", 0),
        ("'/m/gtm.js?l=x&id=GTM-1&v=2'", 0),
        ("'/m/gtm.js?id=%47TM-1'", 0),
        ("'/m/gtm.js?id='+i", 1),
        ("`/m/gtm.js?l=x&id=${i}&v=2`", 1),
        ("'/m/gtm.js?id=GT'+i", 1),
        ("'/m/gtm.js?id='+i;g.src='/m/gtm.js?id=GTM-1'", 0),
        ("'/m/gtm.js?id=AW-1'", None),
        ("'/m/gtm.js?id=G-'+i", None),
        ("'/m/gtm.js?id=AW-1&l='+i", None),
        ("'/m/gtm.js?uid='+i", None),
    ],
)
def test_a_query_that_tells_another_value_is_no_sign(address: str, unfinished: int | None) -> None:
    signs = FINDER.each(f"w[l].push({{'gtm.start':1}});j.src={address}".encode())
    assert [sign.unfinished for sign in signs] == ([] if unfinished is None else [unfinished])
