"""Which language a page is shown in."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consent_guard.pages.negotiation import best, direction, negotiate, same_language

OFFERED = ("fr", "en", "pt-BR")


@pytest.mark.parametrize(
    ("page", "accept", "expected"),
    [
        ("en", b"fr", "en"),
        ("EN-us", b"fr", "en"),
        ("en_GB", b"fr", "en"),
        ("de", b"en;q=0.5, fr;q=0.4", "en"),
        ("pt", b"", "pt-BR"),
        ("pt-PT", b"", "pt-BR"),
        (None, b"de, en;q=0.1", "en"),
        (None, b"en;q=0.1, fr;q=0.9", "fr"),
        (None, b"fr;q=0, *", "en"),
        (None, b"de-DE, *;q=0.1", "fr"),
        (None, b"en;q=banana, fr", "fr"),
        (None, b"en;q=0.5;v=1", "fr"),
        (None, b"", "fr"),
        ("", b"\xff\x00,;;,=en", "fr"),
        ("<script>", b"en", "en"),
        ("e" * 100_000, b"en", "en"),
        (None, b"de," * 100_000 + b"en", "fr"),
    ],
)
def test_the_page_decides_then_accept_language_then_the_first_language(page: str | None, accept: bytes, expected: str) -> None:
    """DESIGN §9, A07."""
    assert negotiate(page, accept, OFFERED) == expected


@given(st.text(), st.binary(max_size=2000))
def test_no_language_tag_and_no_field_makes_negotiation_fail(page: str, accept: bytes) -> None:
    assert negotiate(page, accept, OFFERED) in OFFERED


def test_the_closest_tag_serves() -> None:
    assert best("zh-Hant-TW", ("zh", "zh-hant")) == "zh-hant"
    assert best("fr-CA", ("fr-FR", "fr")) == "fr"
    assert best("frr", ("fr",)) is None


def test_right_to_left_languages_are_known_by_language_or_by_script() -> None:
    """A07."""
    assert [direction(tag) for tag in ("ar", "he-IL", "az-Arab", "ks-Deva", "fr")] == ["rtl", "rtl", "rtl", "ltr", "ltr"]


@pytest.mark.parametrize(
    ("wanted", "offered", "served"),
    [
        ("nn", ("en", "nb"), "nb"),
        ("nn-NO", ("nb", "no"), "no"),
        ("no", ("en", "nb"), "nb"),
        ("nb", ("en", "no"), "no"),
        ("nb", ("nn", "nb"), "nb"),
        ("iw", ("en", "he"), "he"),
        ("mo", ("en", "ro"), "ro"),
        ("pt-BR", ("en", "pt"), "pt"),
        ("PT_br", ("en", "pt"), "pt"),
        ("zh", ("en", "fr"), None),
    ],
)
def test_norwegian_and_renamed_languages_serve_one_another(wanted: str, offered: tuple[str, ...], served: str | None) -> None:
    """A07."""
    assert best(wanted, offered) == served


@pytest.mark.parametrize(
    ("wanted", "offered", "served"),
    [
        ("sr-Latn", ("sr", "en"), None),
        ("sr-Latn-RS", ("sr", "sr-Latn"), "sr-Latn"),
        ("sr-RS", ("sr-Latn", "sr-Cyrl"), "sr-Cyrl"),
        ("zh-TW", ("zh", "en"), None),
        ("zh-TW", ("zh", "zh-Hant"), "zh-Hant"),
        ("zh-Hant-HK", ("zh-CN", "zh-TW"), "zh-TW"),
        ("zh-Hans", ("zh-CN",), "zh-CN"),
    ],
)
def test_a_text_in_another_script_serves_nobody(wanted: str, offered: tuple[str, ...], served: str | None) -> None:
    """A07: whoever reads Latin letters only is not given Cyrillic ones for the sake of the language's name."""
    assert best(wanted, offered) == served


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        (b"zh, sr-Latn;q=0.9, pt-BR;q=0.8", "pt"),
        (b"zh-TW, zh;q=0.9", "en"),
        (b"en;q=0", "nb"),
        (b"en;q=0, nb;q=0.000", "pt"),
        (b"en;q=0, nb;q=0, pt;q=0", "en"),
        (b"nn-NO,nn;q=0.9,no;q=0.8,en;q=0.7", "nb"),
        (b"*;q=0", "en"),
        (b"pt;q=1.000,en;q=1.001", "pt"),
        (b"pt;q=2, nb", "nb"),
    ],
)
def test_accept_language_is_weighed_as_http_has_it(accept: bytes, expected: str) -> None:
    """A07, RFC 9110 section 12.5.4."""
    assert negotiate(None, accept, ("en", "nb", "pt")) == expected


def test_a_tag_with_an_underscore_is_the_same_language() -> None:
    assert same_language("fr_CA", "FR")
    assert not same_language("fr", "frr")
