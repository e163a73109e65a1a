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
    "written",
    [
        b"matomo.js",
        b"https://x.example/m/matomo.js?v=1",
        b"/m/matomo.js#x",
        b"/js/container_aB1.js",
        b"/gtm.js?l=a&amp;id=GTM-1",
        b"/u/script.js",
        b"/m%61tomo.js",
        b"/mat&#111;mo.js",
        b"/mat\nomo.js",
        b"/m\\matomo.js ",
    ],
)
def test_how_an_attribute_spells_an_address_says_whether_it_may_tell(written: bytes) -> None:
    assert INDEX.may_tell(written)


@pytest.mark.parametrize(
    "written",
    [
        b"",
        b"/",
        b"js",
        b"/app.js",
        b"/docs/matomo.js.html",
        b"/matomo.js/",
        b"/notmatomo.js",
        b"/x.png?f=/matomo.js",
        b"#matomo.js",
    ],
)
def test_most_addresses_are_turned_away_by_how_they_end(written: bytes) -> None:
    assert not INDEX.may_tell(written)


def test_traits_with_short_or_open_ends_are_found_all_the_same() -> None:
    traits = (Trait("t/*"), Trait("a"), Trait("collect", "v="))
    index = AnywhereIndex([Service("s", "c", {"en": "S"}, anywhere=traits)])
    for path, query in (("/t/x9", ""), ("/a", ""), ("/x/collect", "v=1")):
        assert index.may_tell((path + "?" + query).encode())
        assert index.of_address(path, query) is not None
    assert index.of_address("/t/word", "") is None


def test_where_nothing_else_tells_the_service_a_star_stands_for_an_identifier() -> None:
    """``/js/container_main.js`` may be any site's own."""
    assert INDEX.of_address("/js/container_aB1.js", "") is not None
    assert INDEX.of_address("/js/container_main.js", "") is None


def test_without_traits_nothing_is_told() -> None:
    index = AnywhereIndex([Service("s", "c", {"en": "S"})])
    assert not index
    assert index.of_address("/matomo.js", "") is None
