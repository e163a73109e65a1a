"""The banner: fair, complete, harmless to the page that it stands in."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consent_guard.pages.model import RequestView
from consent_guard.pages.parts import ResponseParts
from consent_guard.pages.surface import Surface
from consent_guard.policy.model import Basis, Category, Controller, Policy, Service

Parse = Callable[[bytes], Element]
View = Callable[..., RequestView]
TextOf = Callable[[Element], str]

HOSTILE = "\"'><script>alert(1)</script><!--{{ 7*7 }}]]>\x00\ud800\ufffe &amp; é"


@pytest.fixture
def banner(policy: Policy, view_of: View) -> bytes:
    return ResponseParts(Surface(policy), view_of(policy)).banner("fr")


@pytest.fixture
def section(banner: bytes, in_page: Parse) -> Element:
    section = in_page(banner)[0]
    assert section.get("data-cg") == "banner"
    return section


def test_accepting_and_refusing_are_equal_in_all_but_their_words(section: Element) -> None:
    """L20, A05: same form, same element, same attributes, side by side."""
    form = section.find("div/form")
    assert form is not None
    accept, refuse = form.findall("button")
    assert (accept.get("value"), refuse.get("value")) == ("accept", "refuse")
    assert {**accept.attrib, "value": ""} == {**refuse.attrib, "value": ""}
    assert len(list(accept)) == len(list(refuse)) == 0
    assert list(form).index(refuse) == list(form).index(accept) + 1


def test_the_form_posts_the_choice_and_the_way_back(section: Element) -> None:
    """A01: no script is needed."""
    form = section.find("div/form")
    assert form is not None
    assert (form.get("method"), form.get("action")) == ("post", "/app/privacy-choices")
    fields = [(field.get("name"), field.get("value")) for field in form.iter("input")]
    assert fields == [("next", "/article?a=1&b=2"), ("means", "banner"), ("lang", "fr")]
    assert {button.get("name") for button in form.iter("button")} == {"choice"}


def test_every_purpose_stands_before_the_first_button(section: Element, text_of: TextOf) -> None:
    """L11, L40."""
    text = text_of(section)
    first_button = text.index("Tout accepter")
    for words in ("Fonctionnement", "Mesure d’audience", "Compter.", "Campagnes", "Évaluer.", "Interactivité", "Voir."):
        assert text.index(words) < first_button


def test_partners_consequence_and_withdrawal_stand_before_the_first_button(section: Element, text_of: TextOf) -> None:
    """L22, L40, L41."""
    before, _, _ = text_of(section).partition("Tout accepter")
    assert "4 partenaires peuvent déposer ou lire des traceurs." in before
    assert "Tant que vous n’avez pas répondu" in before
    assert "Si vous refusez" in before
    assert "conservée 13 mois" in before
    links = [link.get("href") for link in section.iter("a")]
    assert links == [
        "/app/privacy-choices/declaration",
        "/app/privacy-choices",
        "/app/privacy-choices?next=/article%3Fa%3D1%26b%3D2",
    ]


def test_the_banner_is_a_labelled_region_in_its_own_language(section: Element, text_of: TextOf) -> None:
    """A03, A07."""
    assert (section.tag, section.get("role"), section.get("lang"), section.get("dir")) == ("cg-banner", "region", "fr", "ltr")
    label = section.find(f".//*[@id='{section.get('aria-labelledby')}']")
    assert label is not None
    assert text_of(label)
    assert not section.findall(".//*[@autofocus]")


def test_the_banner_brings_the_stylesheet(policy: Policy, section: Element) -> None:
    assert section[0].tag == "link"
    assert section[0].get("href") == "/app/privacy-choices" + Surface(policy).asset_path()


def test_no_name_in_the_markup_says_cookie_or_consent(policy: Policy, section: Element) -> None:
    """Ad blockers hide such ids, classes and addresses."""
    for element in section.iter():
        for name in ("id", "class", "href", "action", "data-cg", "aria-labelledby"):
            assert "cookie" not in (element.get(name) or "")
            assert "consent" not in (element.get(name) or "")


@pytest.mark.parametrize("tag", ["fr", "en"])
def test_the_banner_is_ascii_and_well_formed_as_xml_too(policy: Policy, view_of: View, tag: str) -> None:
    """It goes into pages of every encoding and syntax."""
    banner = ResponseParts(Surface(policy), view_of(policy)).banner(tag)
    assert banner.isascii()
    ElementTree.fromstring(banner)


def test_hostile_texts_stay_texts(view_of: View, in_page: Parse, text_of: TextOf) -> None:
    """K19: policy texts, next and base are escaped; a template language in them means nothing."""
    texts = {"fr": HOSTILE}
    policy = Policy(
        categories=(Category("a", Basis.EXEMPT, texts, texts),),
        services=(Service("s", "a", texts, texts, Controller(HOSTILE, HOSTILE)),),
        languages=("fr",),
    )
    banner = ResponseParts(Surface(policy), view_of(policy, next="/" + HOSTILE, base="/" + HOSTILE)).banner("fr")
    ElementTree.fromstring(banner)
    body = in_page(banner)
    assert [child.tag for child in body] == ["cg-banner", "p"]
    assert [script.text for script in body.iter("script")] == [None]
    assert "<script>alert(1)</script><!--{{ 7*7 }}]]>\ufffd\ufffd\ufffd &amp; é" in text_of(body)


@given(st.text(), st.text())
def test_no_request_can_break_out_of_the_banner(next: str, lang: str) -> None:
    """K17, K19."""
    surface = _SURFACE
    from consent_guard.consent.choice import effective

    banner = ResponseParts(surface, RequestView("/p", next, b"", effective(surface.policy, None, 0.0))).banner(lang)
    root = ElementTree.fromstring(banner)
    assert root.tag == "cg-banner"
    assert [field.get("name") for field in root.findall(".//input")] == ["next", "means", "lang"]


_SURFACE = Surface(Policy(categories=(Category("a", Basis.CONSENT, {"en": "A"}),)))


@pytest.mark.parametrize("count", [0, 1, 300])
def test_any_number_of_services_and_one_category_will_do(view_of: View, in_page: Parse, text_of: TextOf, count: int) -> None:
    services = tuple(Service(f"s{n}", "only", {}) for n in range(count))
    policy = Policy(categories=(Category("only", Basis.CONSENT, {}),), services=services)
    text = text_of(in_page(ResponseParts(Surface(policy), view_of(policy)).banner(None))[0])
    assert "only" in text
    assert ("partners are involved" in text) == (count > 1)
    assert " 0 partner" not in text
    assert "nothing optional is used" in text


def test_the_digest_of_a_banner_is_that_of_its_words_and_marks(policy: Policy) -> None:
    """L26, L27: the same in every process, another for another text or language."""
    digest = Surface(policy).banner_digest("fr")
    assert digest == Surface(policy).banner_digest("fr-CA")
    assert len(digest) == 64
    changed = replace(policy.categories[0], title={"fr": "Autre", "en": "Other"})
    others = {
        Surface(policy).banner_digest("en"),
        Surface(replace(policy, categories=(changed, *policy.categories[1:]))).banner_digest("fr"),
        Surface(replace(policy, choice_months=6)).banner_digest("fr"),
    }
    assert len(others | {digest}) == 4


def test_threads_share_one_surface(policy: Policy, view_of: View) -> None:
    surface = Surface(policy)
    view = view_of(policy)
    with ThreadPoolExecutor(8) as pool:
        banners = set(pool.map(lambda _: ResponseParts(surface, view).banner("fr"), range(64)))
    assert len(banners) == 1


def test_texts_of_another_language_than_the_banner_say_so(view_of: View, in_page: Parse) -> None:
    """A07, L45: we have no Arabic sentences, so English ones surround Arabic titles, each marked as what it is."""
    policy = Policy(categories=(Category("a", Basis.CONSENT, {"fa": "قیاس"}),), languages=("fa",))
    section = in_page(ResponseParts(Surface(policy), view_of(policy)).banner("fa"))[0]
    assert (section.get("lang"), section.get("dir")) == ("en", "ltr")
    title = section.find(".//strong/span")
    assert title is not None
    assert (title.get("lang"), title.get("dir"), title.text) == ("fa", "rtl", "قیاس")


def test_a_language_that_we_do_not_speak_is_not_mixed_where_another_is_whole(view_of: View) -> None:
    """L45, fickle."""
    policy = Policy(categories=(Category("a", Basis.CONSENT, {"eo": "I", "en": "E"}),), languages=("eo", "en"))
    assert Surface(policy).negotiate("eo", b"eo") == "en"


def test_a_surface_costs_no_template_engine_until_something_is_shown() -> None:
    """DESIGN §2, §11: jinja2 comes with the first banner or page, not before."""
    script = """
import sys
from consent_guard.pages.model import RequestView
from consent_guard.pages.parts import ResponseParts
from consent_guard.pages.surface import Surface
from consent_guard.consent.choice import effective
from consent_guard.pages.manage import manage_link
from consent_guard.policy.model import Basis, Category, Policy
policy = Policy(categories=(Category("a", Basis.CONSENT, {"en": "A"}),))
surface = Surface(policy)
parts = ResponseParts(surface, RequestView("/p", "/", b"", effective(policy, None, 0.0)))
surface.asset_path(), surface.negotiate("en", b""), manage_link("/p", "en")
assert not {"jinja2", "markupsafe", "werkzeug", "asyncio"} & set(sys.modules)
parts.banner("en")
assert "jinja2" in sys.modules
"""
    subprocess.run([sys.executable, "-c", script], check=True, timeout=60)
