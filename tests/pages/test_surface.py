"""The preferences, the declaration and the error pages."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from dataclasses import replace
from xml.etree.ElementTree import Element

import pytest

from consent_guard.consent.choice import Choice, accept_all, effective, refuse_all, save, set_service
from consent_guard.pages.languages import locale
from consent_guard.pages.model import RequestView
from consent_guard.pages.surface import Surface
from consent_guard.policy.model import (
    AppCookie,
    Basis,
    Category,
    Controller,
    CookieRule,
    HostRule,
    Policy,
    Service,
)

Parse = Callable[[bytes], Element]
View = Callable[..., RequestView]
TextOf = Callable[[Element], str]

NOW = 1591358400


def find(root: Element, path: str) -> Element:
    found = root.find(path)
    assert found is not None, path
    return found


def form_of(page: Element) -> Element:
    return find(page, ".//form[@class='cg-form']")


def submitted(form: Element) -> list[str]:
    """Return the ids that a browser sends: boxes that are ticked and not disabled (HTML, constructing the entry list)."""
    return [
        box.get("value") or ""
        for box in form.iter("input")
        if box.get("type") == "checkbox" and box.get("checked") is not None and box.get("disabled") is None
    ]


def box(page: Element, id: str) -> Element:
    return find(form_of(page), f".//input[@name='allow'][@value='{id}']")


def stored_choices(policy: Policy) -> Iterator[Choice | None]:
    """Yield no choice, every complete answer, and every single change of each of them."""
    ids = ["audience", "campaigns", "interactivity", "xiti", "gtm", "video", "share"]
    yield None
    for size in range(len(ids) + 1):
        for allow in itertools.combinations(ids, size):
            yield save(policy, allow, NOW)
    for start in (None, accept_all(policy, NOW), refuse_all(policy, NOW)):
        for service, allowed in itertools.product(policy.services, (True, False)):
            yield set_service(policy, start, service.id, allowed, NOW)


def test_saving_the_page_as_it_came_changes_no_service(policy: Policy, view_of: View, parsed: Parse) -> None:
    """L23: what is ticked is what is stored, for every state that a choice can have."""
    surface = Surface(policy)
    seen = 0
    for choice in stored_choices(policy):
        view = view_of(policy, choice, lang="en")
        again = effective(policy, save(policy, submitted(form_of(parsed(surface.preferences(view)))), NOW), NOW)
        assert again.allowed_services == view.consent.allowed_services, choice
        assert again.allowed_categories <= view.consent.allowed_categories | {"necessary"}, choice
        seen += 1
    assert seen > 128


def test_a_purpose_allowed_with_all_its_services_is_saved_as_allowed_itself(
    policy: Policy, view_of: View, parsed: Parse
) -> None:
    """``allows(category)`` stays true, and with it the app's own cookies of that purpose."""
    page = parsed(Surface(policy).preferences(view_of(policy, accept_all(policy, NOW))))
    assert submitted(form_of(page)) == ["audience", "campaigns", "interactivity"]


@pytest.mark.parametrize("category", ["audience", "campaigns", "interactivity"])
def test_unticking_one_allowed_purpose_refuses_all_of_it_and_nothing_else(
    policy: Policy, view_of: View, parsed: Parse, category: str
) -> None:
    """S10, L23: no tick is left behind that would grant a service of it."""
    before = view_of(policy, accept_all(policy, NOW))
    form = form_of(parsed(Surface(policy).preferences(before)))
    after = effective(policy, save(policy, [id for id in submitted(form) if id != category], NOW), NOW)
    gone = {service.id for service in policy.services_of(category)}
    assert after.allowed_services == before.consent.allowed_services - gone
    assert not after.allows(category)


def test_one_service_of_an_allowed_purpose_is_refused_by_its_own_button(
    policy: Policy, view_of: View, parsed: Parse, text_of: TextOf
) -> None:
    """S02, S13: case by case; every tick of the page goes with it, so that none is lost."""
    page = parsed(Surface(policy).preferences(view_of(policy, accept_all(policy, NOW), lang="en")))
    form = form_of(page)
    buttons = [button for button in form.iter("button") if button.get("name") == "deny"]
    assert [button.get("value") for button in buttons] == [service.id for service in policy.services]
    assert text_of(buttons[-1]) == "Refuse Sharing and save"
    after = effective(policy, save(policy, submitted(form), NOW, deny=["share"]), NOW)
    assert after.allowed_services == {"xiti", "gtm", "video"}
    assert after.allows("interactivity")


def test_without_consent_nothing_is_ticked_beforehand_but_the_exempt(policy: Policy, view_of: View, parsed: Parse) -> None:
    """L09, L45, L53: no pre-ticked box for what needs consent."""
    page = parsed(Surface(policy).preferences(view_of(policy)))
    ticked = {b.get("value") for b in form_of(page).iter("input") if b.get("checked") is not None}
    assert ticked == {"necessary", "audience"}


def test_necessary_purposes_are_ticked_and_cannot_be_changed(policy: Policy, view_of: View, parsed: Parse) -> None:
    """S09."""
    needed = Service("cdn", "necessary", {"en": "CDN"})
    policy = replace(policy, services=(*policy.services, needed))
    page = parsed(Surface(policy).preferences(view_of(policy, refuse_all(policy, NOW))))
    assert box(page, "necessary").get("checked") is not None
    assert box(page, "necessary").get("disabled") is not None
    assert [b.get("value") for b in form_of(page).iter("input") if b.get("value") == "cdn"] == []
    assert not any(button.get("value") == "cdn" for button in page.iter("button"))


def test_each_purpose_is_a_labelled_box_in_a_fieldset(policy: Policy, view_of: View, parsed: Parse, text_of: TextOf) -> None:
    """A06: native boxes with labels, the purpose as legend, the state in words."""
    page = parsed(Surface(policy).preferences(view_of(policy, save(policy, ["share"], NOW), lang="en")))
    labels = {label.get("for"): text_of(label) for label in page.iter("label")}
    for field in page.iter("input"):
        if field.get("type") == "checkbox":
            assert labels[field.get("id")]
    legends = [text_of(legend) for legend in page.iter("legend")]
    assert legends == [
        "Running the site Always active",
        "Audience Not allowed",
        "Campaigns Not allowed",
        "Interactivity Partly allowed",
    ]
    ids = [element.get("id") for element in page.iter() if element.get("id")]
    assert len(ids) == len(set(ids))


def test_save_is_what_the_enter_key_presses(policy: Policy, view_of: View, parsed: Parse) -> None:
    """L09: implicit submission takes the first submit button of the form; it must not accept everything."""
    page = parsed(Surface(policy).preferences(view_of(policy)))
    buttons = list(form_of(page).iter("button"))
    assert (buttons[0].get("name"), buttons[0].get("value")) == ("choice", "save")
    assert [(button.get("name"), button.get("value")) for button in buttons if button.get("name") == "choice"][1:] == [
        ("choice", "save"),
        ("choice", "refuse"),
        ("choice", "accept"),
    ]
    assert buttons[-2].get("class") == buttons[-1].get("class")


def test_the_page_states_the_choice_and_when_it_ends(policy: Policy, view_of: View, parsed: Parse, text_of: TextOf) -> None:
    """L23, S07, A08: as a status message."""
    surface = Surface(policy)

    def status(view: RequestView) -> str:
        return text_of(find(parsed(surface.preferences(view)), ".//section[@aria-labelledby='cg-status']"))

    decided = status(view_of(policy, accept_all(policy, NOW), lang="fr"))
    assert "Votre choix du 5 juin 2020 est enregistré. Nous vous reposerons la question le 5 juillet 2021." in decided
    assert status(view_of(policy, lang="fr")).endswith("Vous n’avez pas encore fait de choix.")


def test_what_was_allowed_is_withdrawn_by_one_button(policy: Policy, view_of: View, parsed: Parse, text_of: TextOf) -> None:
    """L23: withdrawing takes one action, offered as soon as anything is allowed, and never otherwise."""
    surface = Surface(policy)
    page = parsed(surface.preferences(view_of(policy, save(policy, ["share"], NOW), lang="en")))
    button = find(page, ".//form[@class='cg-withdraw']/button")
    assert (button.get("name"), button.get("value"), text_of(button)) == ("choice", "refuse", "Withdraw everything")
    refused = parsed(surface.preferences(view_of(policy, refuse_all(policy, NOW), lang="en")))
    assert refused.find(".//form[@class='cg-withdraw']") is None


def test_a_changed_purpose_is_said_to_need_a_new_answer(policy: Policy, view_of: View, parsed: Parse, text_of: TextOf) -> None:
    """L12."""
    grant = accept_all(policy, NOW)
    changed = replace(policy, services=(*policy.services, Service("new", "campaigns", {"en": "New"})))
    page = parsed(Surface(changed).preferences(view_of(changed, grant, lang="en")))
    assert "no longer counts until you answer again" in text_of(find(page, ".//*[@role='status']"))
    assert box(page, "campaigns").get("checked") is None


def test_the_page_says_that_global_privacy_control_is_honoured(
    policy: Policy, view_of: View, parsed: Parse, text_of: TextOf
) -> None:
    """L64, G03: and which purposes it keeps off; not without the signal."""
    policy = replace(policy, categories=tuple(replace(category, gpc=True) for category in policy.categories))
    page = parsed(Surface(policy).preferences(view_of(policy, gpc=True, lang="en")))
    status = find(page, ".//*[@role='status']")
    assert "opt-out request honoured" in text_of(status)
    assert [text_of(item) for item in status.iter("li")] == ["Audience", "Campaigns", "Interactivity"]
    assert box(page, "audience").get("checked") is None
    assert b"Global Privacy Control" not in Surface(policy).preferences(view_of(policy, lang="en"))


def test_the_way_back_is_kept_or_left_out(policy: Policy, view_of: View, parsed: Parse) -> None:
    surface = Surface(policy)
    page = parsed(surface.preferences(view_of(policy)))
    assert find(form_of(page), "input[@name='next']").get("value") == "/article?a=1&b=2"
    assert find(page, ".//nav/a").get("href") == "/article?a=1&b=2"
    page = parsed(surface.preferences(view_of(policy, next="")))
    assert form_of(page).find("input[@name='next']") is None
    assert find(page, ".//nav/a").get("href") == "/app/"


def cells(page: Element, text_of: TextOf) -> list[tuple[str, ...]]:
    return [tuple(text_of(cell) for cell in row) for body in page.iter("tbody") for row in body.iter("tr")]


def test_the_declaration_is_the_policy_row_by_row(policy: Policy, view_of: View, parsed: Parse, text_of: TextOf) -> None:
    """S17: name, purpose, lifetime, category, controller, policy link, for every cookie; what is not declared is said so."""
    page = parsed(Surface(policy).declaration(view_of(policy, lang="en")))
    site, choice = "This site", "Your choice about cookies"
    piano = ("Audience", "Piano", "Privacy policy of Piano")
    meta = ("Interactivity", "Meta", "Privacy policy of Meta")
    remembers = locale("en").say("own.purpose")
    others = "over plain http: consent; to load one piece of content once, for 1 minute: __Host-consent-once"
    undeclared = "Not declared"
    assert cells(page, text_of) == [
        (f"__Host-consent ({others})", choice, remembers, "13 months", "Running the site", site, "–"),
        ("contrast", site, "Display", "13 months", "Running the site", site, "–"),
        ("atid", "Xiti", "Statistics", "13 months", *piano),
        ("idrxvr", "Xiti", "Statistics", "13 months", *piano),
        ("Names not declared", "Tag manager", undeclared, undeclared, "Campaigns", "Google", "–"),
        ("zoom", site, undeclared, undeclared, "Interactivity", site, "–"),
        ("Names not declared", "Vidéos", undeclared, undeclared, "Interactivity", undeclared, "–"),
        ("_s*", "Sharing", "Remembering the share", "1 day", *meta),
        ("_session", "Sharing", "Sharing a page", "Until you close the browser", *meta),
    ]
    links = {link.get("href") for body in page.iter("tbody") for link in body.iter("a")}
    assert links == {"https://piano.example/privacy", "https://meta.example/policy?a=1&b=2"}
    assert {text_of(host) for host in page.findall(".//*[@class='cg-address']")} >= {
        "*.xiti.example",
        "v.example",
        "s.example",
        "/own/",
    }
    assert "audience measurement for this site alone" in text_of(page)
    assert "Version 3" in text_of(page)


def test_the_declared_name_of_our_cookie_is_the_one_that_is_set(policy: Policy, view_of: View, parsed: Parse) -> None:
    shared = replace(policy, cookie_name="choices", cookie_domain="site.example")
    page = parsed(Surface(shared).declaration(view_of(shared)))
    assert find(page, ".//tbody//code").text == "__Secure-choices"


@pytest.mark.parametrize("status", [400, 403, 404, 405, 413, 415, 418, 503])
@pytest.mark.parametrize("accept", [b"fr", b"en"])
def test_an_error_speaks_the_language_of_the_visitor(
    policy: Policy, view_of: View, parsed: Parse, text_of: TextOf, status: int, accept: bytes
) -> None:
    page = parsed(Surface(policy).error(view_of(policy, accept=accept), status, "no such key"))
    assert page.get("lang") == accept.decode()
    kept = "Votre choix enregistré n’a pas changé." if accept == b"fr" else "Your recorded choice has not changed."
    assert kept in text_of(find(page, ".//main"))
    assert text_of(find(page, ".//h1")) == text_of(find(page, ".//title"))


def test_an_error_says_what_went_wrong(policy: Policy, view_of: View) -> None:
    surface, view = Surface(policy), view_of(policy, lang="en")
    messages = {surface.error(view, 400, key) for key in ("choice", "purpose", "malformed")}
    assert len(messages) == 3
    assert surface.error(view, 403) == surface.error(view, 403, "origin")


HOSTILE = "\"'><script>alert(1)</script><!--{{ 7*7 }}]]>\x00\ud800\ufffe</textarea>"


def hostile_policy(count: int) -> Policy:
    texts = {"en": HOSTILE}
    rule = CookieRule(HOSTILE, None, texts)
    controller = Controller(HOSTILE, "javascript:alert(1)")
    service = Service("s", "c", texts, texts, controller, (HostRule(HOSTILE, HOSTILE),), (rule,), exempt=HOSTILE)
    return Policy(
        categories=(Category("c", Basis.EXEMPT, texts, texts, gpc=True),),
        services=tuple(replace(service, id=f"\"'><script>&{n}") for n in range(count)),
        cookies=(AppCookie(rule, "c"),),
    )


@pytest.mark.parametrize("count", [0, 1, 300])
def test_no_policy_breaks_a_page_or_gets_markup_or_script_into_it(view_of: View, parsed: Parse, count: int) -> None:
    """K19: strict HTML, no script, no inline style, no handler, no address but our own and web addresses."""
    policy = hostile_policy(count)
    surface = Surface(policy)
    for choice in (None, accept_all(policy, NOW)):
        view = view_of(policy, choice, gpc=True, next="/" + HOSTILE)
        for document in (surface.preferences(view), surface.declaration(view), surface.error(view, 400, HOSTILE)):
            page = parsed(document)
            for element in page.iter():
                assert element.tag not in ("style", "iframe", "img")
                assert element.tag != "script" or (element.get("type"), element.text) == ("module", None)
                assert not any(name == "style" or name.startswith("on") for name in element.attrib)
                for name in ("href", "action"):
                    assert (element.get(name) or "/").startswith(("/", "https://", "#cg-d"))
            assert b"\x00" not in document


def test_pages_load_one_stylesheet_and_one_module_of_ours_and_nothing_else(
    policy: Policy, view_of: View, parsed: Parse
) -> None:
    surface, view = Surface(policy), view_of(policy)
    for document in (surface.preferences(view), surface.declaration(view), surface.error(view, 404)):
        page = parsed(document)
        assert [link.get("href") for link in page.iter("link")] == ["/app/privacy-choices" + surface.asset_path()]
        scripts = [element for element in page.iter() if element.get("src")]
        assert [(script.tag, script.get("src")) for script in scripts] == [
            ("script", "/app/privacy-choices" + surface.asset_path("cg.js"))
        ]
        plain = Surface(replace(policy, script=False))
        assert b"<script" not in plain.preferences(view) + plain.declaration(view) + plain.error(view, 404)
