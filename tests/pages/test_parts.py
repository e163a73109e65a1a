"""Placeholders and the form that their buttons submit."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consent_guard.consent.choice import effective
from consent_guard.pages.model import RequestView
from consent_guard.pages.parts import ResponseParts
from consent_guard.pages.surface import Surface
from consent_guard.policy.model import Basis, Category, Policy, Service
from consent_guard.rewrite.model import Embed

Parse = Callable[[bytes], Element]
View = Callable[..., RequestView]
TextOf = Callable[[Element], str]

VIDEO = Embed("video", "iframe", "https://v.example/embed/1?a=1&b=2", "v.example", "560", "315", "Un titre")


@pytest.fixture
def surface(policy: Policy) -> Surface:
    return Surface(policy)


def show(surface: Surface, view: RequestView, embed: Embed, lang: str | None = "fr") -> bytes:
    """Return a placeholder of a page whose banner brought the stylesheet."""
    parts = ResponseParts(surface, view)
    parts.banner(lang)
    return parts.placeholder(embed, lang)


def test_a_placeholder_stands_inside_a_paragraph(surface: Surface, policy: Policy, view_of: View, in_page: Parse) -> None:
    """DESIGN §6: phrasing content only, so that the paragraph does not end at it."""
    placeholder = ResponseParts(surface, view_of(policy)).placeholder(VIDEO, "fr")
    body = in_page(b"<p>before " + placeholder + b" behind</p>")
    paragraph = body[0]
    assert [child.tag for child in body] == ["p", "p"]
    assert [child.tag for child in paragraph] == ["link", "script", "span"]
    assert (paragraph[2].tail or "").strip() == "behind"


def test_a_placeholder_names_service_reason_and_title_and_offers_button_and_link(
    surface: Surface, policy: Policy, view_of: View, in_page: Parse, text_of: TextOf
) -> None:
    """A09."""
    box = in_page(show(surface, view_of(policy), VIDEO))[0]
    assert (box.get("data-cg"), box.get("data-cg-service")) == ("placeholder", "video")
    assert (box.get("role"), box.get("aria-label"), box.get("lang")) == ("group", "Un titre", "fr")
    text = text_of(box)
    for words in ("Contenu fourni par Vidéos", "Un titre", "vous n’avez pas autorisé Vidéos", "Interactivité"):
        assert words in text
    link = box.find(".//a")
    assert link is not None
    once, always = box.findall(".//button")
    assert [once.get(name) for name in ("type", "form", "name", "value")] == ["submit", "cg-once", "service", "video"]
    assert [always.get(name) for name in ("type", "form", "name", "value")] == ["submit", "cg-allow", "service", "video"]
    assert (text_of(once), text_of(always)) == ("Charger une seule fois", "Toujours autoriser Vidéos")
    assert once.get("class") == always.get("class")
    assert "Vidéos connaîtra votre adresse IP" in text
    assert link.get("href") == VIDEO.url
    assert "v.example" in text_of(link)


def test_the_closing_form_is_what_the_buttons_submit(surface: Surface, policy: Policy, view_of: View, in_page: Parse) -> None:
    """DESIGN §6: one form for each act, in which nothing but the clicked service is chosen."""
    for act, form in zip(("allow", "once"), in_page(ResponseParts(surface, view_of(policy)).closing("fr")), strict=False):
        assert [form.get(name) for name in ("id", "method", "action")] == [f"cg-{act}", "post", "/app/privacy-choices"]
        assert form.get("hidden") is not None
        fields = {field.get("name"): field.get("value") for field in form.iter("input")}
        assert fields == {"choice": act, "next": "/article?a=1&b=2", "means": "placeholder", "lang": "fr"}


@pytest.mark.parametrize(
    ("width", "height", "expected", "wide"),
    [
        ("560", "315", ("560", "315"), False),
        (" 560\n", "0315", ("560", "315"), False),
        ("100%", "400", ("100%", "400"), True),
        ("50%", "50%", ("50%", "150"), True),
        ("", "", ("100%", "150"), True),
        ("101%", "0%", ("100%", "150"), True),
        ("560px", "31.5", ("100%", "150"), True),
        ("99999", "-5", ("100%", "150"), True),
        ("١٢", '"><script>', ("100%", "150"), True),
        ("5" * 1_000_000, "expression(1)", ("100%", "150"), True),
    ],
)
def test_size_attributes_pass_only_as_digits_or_a_share(
    surface: Surface,
    policy: Policy,
    view_of: View,
    in_page: Parse,
    width: str,
    height: str,
    expected: tuple[str, str],
    wide: bool,
) -> None:
    """DESIGN §6: width and height are kept; no inline style."""
    box = in_page(show(surface, view_of(policy), replace(VIDEO, width=width, height=height)))[0]
    size = box.find("*[@class='cg-size']")
    assert size is not None
    assert (size.get("width"), size.get("height")) == expected
    assert size.get("aria-hidden") == "true"
    assert ("cg-wide" in (box.get("class") or "")) == wide


@pytest.mark.parametrize(
    ("changed", "classes"),
    [
        ({}, ""),
        ({"height": "240"}, " cg-short cg-low"),
        ({"height": "241"}, ""),
        ({"height": "100%"}, " cg-short cg-tall"),
        ({"height": "50%"}, ""),
        ({"fills": True, "height": "100%"}, " cg-short cg-fill"),
    ],
)
def test_a_placeholder_is_told_how_it_fits(
    surface: Surface, policy: Policy, view_of: View, in_page: Parse, changed: dict[str, object], classes: str
) -> None:
    box = in_page(show(surface, view_of(policy), replace(VIDEO, **changed)))[0]  # type: ignore[arg-type]
    assert box.get("class") == "cg-placeholder" + classes


def test_a_captcha_s_placeholder_says_that_the_form_may_not_be_sent(
    policy: Policy, view_of: View, in_page: Parse, text_of: TextOf
) -> None:
    services = tuple(replace(service, embed="captcha") for service in policy.services)
    guarded = Surface(replace(policy, services=services))
    box = in_page(show(guarded, view_of(policy), Embed("video", "container", "")))[0]
    assert "Le captcha de ce formulaire est désactivé, car vous n’avez pas autorisé Vidéos." in text_of(box)
    assert [button.get("form") for button in box.iter("button")] == ["cg-once", "cg-allow"]
    size = box.find("*[@class='cg-size']")
    assert size is not None
    assert (size.get("height"), box.get("class")) == ("0", "cg-placeholder cg-wide cg-short")


def test_a_service_s_own_text_and_picture_are_shown(policy: Policy, view_of: View, in_page: Parse, text_of: TextOf) -> None:
    told = {"words": {"fr": "Le film de la visite, 3 minutes"}, "picture": "/media/visite.jpg?v=1&w=2"}
    own = replace(policy, services=tuple(replace(service, **told) for service in policy.services))  # type: ignore[arg-type]
    box = in_page(show(Surface(own), view_of(own), VIDEO))[0]
    picture = box.find("*[@class='cg-picture']")
    assert picture is not None
    assert (picture.get("src"), picture.get("alt")) == ("/media/visite.jpg?v=1&w=2", "")
    assert box.get("class") == "cg-placeholder cg-pictured"
    assert "Le film de la visite, 3 minutes" in text_of(box)
    assert in_page(show(Surface(policy), view_of(policy), VIDEO))[0].find("*[@class='cg-picture']") is None


def test_the_picture_stays_on_this_site_where_the_page_s_base_leads_elsewhere(policy: Policy, view_of: View) -> None:
    class Page:
        leads_elsewhere = True

    own = replace(policy, services=tuple(replace(service, picture="/p.jpg") for service in policy.services))
    view, page = view_of(own), Page()
    parts = ResponseParts(Surface(own), view)
    parts.stand_in(page)
    assert f'src="{view.origin}/p.jpg"'.encode() in parts.placeholder(VIDEO, "fr")


def test_an_aspect_ratio_stands_for_a_height(surface: Surface, policy: Policy, view_of: View, in_page: Parse) -> None:
    size = in_page(show(surface, view_of(policy), replace(VIDEO, width="100%", height="", ratio="16 9")))[0][0]
    assert (size.get("width"), size.get("viewBox"), size.get("height")) == ("100%", "0 0 16 9", None)
    size = in_page(show(surface, view_of(policy), replace(VIDEO, ratio="16 9")))[0][0]
    assert (size.get("viewBox"), size.get("height")) == (None, "315")


def test_an_embed_that_was_never_to_be_seen_gets_a_hidden_placeholder(
    surface: Surface, policy: Policy, view_of: View, in_page: Parse
) -> None:
    box = in_page(ResponseParts(surface, view_of(policy)).placeholder(replace(VIDEO, unseen=True), "fr"))[0]
    assert (box.get("data-cg"), box.get("data-cg-service"), box.get("hidden")) == ("placeholder", "video", "hidden")
    assert len(box) == 0


@pytest.mark.parametrize(
    "url", ["", "javascript:alert(1)", "data:text/html,x", "//v.example/x", "https://v.example/" + "a" * 5000]
)
def test_only_a_web_address_of_sane_length_is_linked(
    surface: Surface, policy: Policy, view_of: View, in_page: Parse, url: str
) -> None:
    box = in_page(show(surface, view_of(policy), replace(VIDEO, url=url)))[0]
    assert box.find(".//a") is None
    assert box.find(".//button") is not None


@pytest.mark.parametrize("service", ["", "gone"])
def test_an_undeclared_host_can_be_visited_but_not_allowed(
    surface: Surface, policy: Policy, view_of: View, in_page: Parse, text_of: TextOf, service: str
) -> None:
    box = in_page(show(surface, view_of(policy), replace(VIDEO, service=service, title="")))[0]
    assert box.find(".//button") is None
    assert box.find(".//a") is not None
    assert "ne déclare pas v.example" in text_of(box)
    assert box.get("aria-label") == "v.example"


def test_the_stylesheet_comes_once_with_the_banner_or_else_with_the_first_placeholder(
    surface: Surface, policy: Policy, view_of: View
) -> None:
    view = view_of(policy)
    alone = ResponseParts(surface, view)
    assert [alone.placeholder(VIDEO, "fr").count(b"<link") for _ in range(3)] == [1, 0, 0]
    assert show(surface, view, VIDEO).count(b"<link") == 0
    hidden_first = ResponseParts(surface, view)
    assert b"<link" not in hidden_first.placeholder(replace(VIDEO, unseen=True), "fr")
    assert b"<link" in hidden_first.placeholder(VIDEO, "fr")


def test_a_placeholder_speaks_the_language_of_the_page_else_of_the_visitor(
    surface: Surface, policy: Policy, view_of: View
) -> None:
    """DESIGN §9."""
    view = view_of(policy, accept=b"en")
    assert b"Content from" in show(surface, view, VIDEO, None)
    assert b"Contenu fourni par" in show(surface, view, VIDEO, "fr")
    assert b"Content from" in show(surface, view, VIDEO, "de")


_POLICY = Policy(
    categories=(Category("a", Basis.CONSENT, {"en": "<b>&"}),),
    services=(Service('s"<>&', "a", {"en": "</span><script>"}),),
)
_SURFACE = Surface(_POLICY)


@given(st.builds(Embed, st.sampled_from(['s"<>&', "", "x"]), st.text(), st.text(), st.text(), st.text(), st.text(), st.text()))
def test_no_embed_can_break_out_of_its_placeholder(embed: Embed) -> None:
    """K19: whatever a page wrote into its attributes."""
    parts = ResponseParts(_SURFACE, RequestView("/p", "/", b"", effective(_POLICY, None, 0.0)))
    placeholder = parts.placeholder(embed, "en")
    assert placeholder.isascii()
    root = ElementTree.fromstring(b"<div>" + placeholder + b"</div>")
    tags = {element.tag for element in root.iter()}
    assert tags <= {"div", "link", "script", "span", "svg", "strong", "button", "a"}
    assert {script.text for script in root.iter("script")} <= {None}
    assert [child.tag for child in root][-1] == "span"
