"""Self-hosted services, told by what they carry wherever they live."""

from __future__ import annotations

import pytest

from consent_guard.policy.anywhere import AnywhereIndex
from consent_guard.policy.model import Service, Trait

TRAITS = {
    "matomo": (
        Trait("matomo.js"),
        Trait("matomo.js", global_="_paq"),
        Trait("js/container_*.js"),
        Trait("js/container_*.js", global_="_mtm"),
        Trait("array.js", global_="posthog"),
    ),
    "gtm": (Trait("gtm.js", "id=GTM-"), Trait("gtm.js", "id=GTM-", global_="gtm.start")),
    "umami": (Trait("script.js", attribute="data-website-id"),),
}
INDEX = AnywhereIndex(Service(id, "c", {"en": id}, anywhere=traits) for id, traits in TRAITS.items())


@pytest.mark.parametrize(
    ("path", "query", "attributes", "service"),
    [
        ("/matomo.js", "", (), "matomo"),
        ("/stats/matomo.js", "v=1", (), "matomo"),
        ("//stats//m%61tomo.js", "", (), "matomo"),
        ("/notmatomo.js", "", (), None),
        ("/matomo.js/x", "", (), None),
        ("/Matomo.js", "", (), None),
        ("/js/container_aB1.js", "", (), "matomo"),
        ("/js/container_a/b.js", "", (), None),
        ("/container_aB1.js", "", (), None),
        ("/gtm.js", "id=GTM-1", (), "gtm"),
        ("/x/gtm.js", "l=layer&id=GTM-1", (), "gtm"),
        ("/gtm.js", "", (), None),
        ("/gtm.js", "id=1", (), None),
        ("/script.js", "", ("src", "data-website-id"), "umami"),
        ("/script.js", "", ("src",), None),
        ("/array.js", "", (), None),
        ("", "", (), None),
    ],
)
def test_an_element_is_told_by_the_end_of_its_address(
    path: str, query: str, attributes: tuple[str, ...], service: str | None
) -> None:
    found = INDEX.of_address(path, query, frozenset(attributes))
    assert (found.service if found else None) == service


@pytest.mark.parametrize(
    ("text", "service"),
    [
        ("var _paq=window._paq||[];(function(){var u='//s.example.org/';g.src=u+'matomo.js'})()", "matomo"),
        ("_paq.push([1]);g.src='/stats/matomo.js'", "matomo"),
        ("var _mtm=[];g.src='https://s.example.org/js/container_aB1.js'", "matomo"),
        ("w[l].push({'gtm.start':1});j.src='/gtm/gtm.js?id='+i", "gtm"),
        ("w[l].push({'gtm.start':1});j.src='/gtm/gtm.js'", None),
        ("my_paq=1;g.src='matomo.js'", None),
        ("_paq.push([1])", None),
        ("load('matomo.js')", None),
        ("_paq;load('notmatomo.js')", None),
        ("", None),
    ],
)
def test_an_inline_script_is_told_by_its_global_and_the_address_in_a_string(text: str, service: str | None) -> None:
    found = INDEX.of_script(text)
    assert (found.service if found else None) == service
