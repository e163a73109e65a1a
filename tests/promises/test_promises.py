"""What the seed policy promises its visitors, sentence by sentence (S01 to S19), on the example site.

Each test runs under Flask (WSGI), Django (WSGI and ASGI) and Starlette (ASGI), through the framework's own test client. What is
live on a page is found by a parser of its own (html5lib), not by the library.
"""

from __future__ import annotations

import logging
import re
import tomllib
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import html5lib
import pytest
from dateutil.relativedelta import relativedelta

from ameli import site as pages

NECESSARY = {"Cookie-agreed", "Tarteaucitron", "Localisation", "Espace", "Contraste"}
AUDIENCE = {"xiti"}
CAMPAIGNS = {"tag-manager", "campaign-manager"}
INTERACTIVITY = {"damdy", "recaptcha", "facebook", "twitter"}
HOSTS = {
    "xiti": ("xiti.com", "aticdn.net", "ati-host.net"),
    "tag-manager": ("googletagmanager.com",),
    "campaign-manager": ("doubleclick.net", "2mdn.net"),
    "damdy": ("damdy.com",),
    "recaptcha": ("www.google.com/recaptcha", "www.gstatic.com/recaptcha", "recaptcha.net"),
    "facebook": ("facebook.net", "facebook.com"),
    "twitter": ("platform.twitter.com", "platform.x.com"),
}
EVERY_PAGE = ["/", "/article", "/preferences", "/espace/assures", "/thanks", "/nowhere"]
EVERY_PAGE += [f"/en{path}" for path in EVERY_PAGE]
FETCHING = {"src", "srcset", "poster", "data", "background", "xlink:href", "srcdoc", "style", "ping", "onload"}


# Looking at a page as a browser would.


def tree(text: str) -> Any:
    return html5lib.parse(text, namespaceHTMLElements=False)


def live(text: str) -> set[str]:
    """The services that this page makes a browser contact, with JavaScript or without."""
    contacts: list[str] = []
    for element in tree(text).iter():
        if not isinstance(element.tag, str):
            continue
        contacts += [value for name, value in element.attrib.items() if name in FETCHING]
        if element.tag == "link":
            contacts.append(element.attrib.get("href", ""))
        if element.tag in ("script", "style"):
            contacts.append(element.text or "")
    return {service for service, hosts in HOSTS.items() if any(host in contact for host in hosts for contact in contacts)}


def marked(text: str, mark: str) -> list[Any]:
    """The elements that carry `data-cg="mark"`."""
    return [element for element in tree(text).iter() if element.attrib.get("data-cg") == mark]


def words(element: Any) -> str:
    return " ".join("".join(element.itertext()).split())


def has_banner(text: str) -> bool:
    return bool(marked(text, "banner"))


def controls(text: str, tag: str) -> list[dict[str, str]]:
    return [dict(element.attrib) for element in tree(text).iter(tag)]


def lifetime(line: str, now: float) -> float | None:
    """How many seconds this Set-Cookie line lives; None for a session cookie."""
    age = re.search(r";\s*max-age=(-?\d+)", line, re.I)
    if age:
        return float(age[1])
    date = re.search(r";\s*expires=([^;]+)", line, re.I)
    return parsedate_to_datetime(date[1]).timestamp() - now if date else None


def names(lines: Iterable[str]) -> set[str]:
    return {line.partition("=")[0] for line in lines}


def kept(lines: Iterable[str], now: float) -> dict[str, str]:
    """The Set-Cookie lines that store something, by name."""
    ages = [(line, lifetime(line, now)) for line in lines]
    return {line.partition("=")[0]: line for line, age in ages if age is None or age > 0}


def thirteen_months_after(now: float) -> float:
    return (datetime.fromtimestamp(now, UTC) + relativedelta(months=13)).timestamp()


# The promises.


@pytest.mark.parametrize("path", ["/", "/article", "/en/article", "/nowhere"])
def test_on_the_first_visit_any_page_offers_to_accept_all_and_to_refuse_all(site: Callable[..., Any], path: str) -> None:
    """S01"""
    page = site().visitor().get(path)
    (banner,) = marked(page.text, "banner")
    body = next(element for element in tree(page.text).iter("body"))
    assert body[0].attrib.get("data-cg") == "banner"
    offered = {button.attrib.get("value") for button in banner.iter("button") if button.attrib.get("name") == "choice"}
    assert {"accept", "refuse"} <= offered


def test_every_page_shows_the_banner_in_its_own_language(site: Callable[..., Any]) -> None:
    """S01, L45"""
    visitor = site().visitor()
    for path in EVERY_PAGE:
        (banner,) = marked(visitor.get(path).text, "banner")
        assert ("Tout accepter" in words(banner)) is not path.startswith("/en"), path


def test_the_preferences_accept_or_refuse_globally_or_case_by_case(site: Callable[..., Any]) -> None:
    """S02"""
    made = site()
    visitor = made.visitor()
    page = visitor.get("/privacy-choices").text
    values = {button.get("value") for button in controls(page, "button") if button.get("name") == "choice"}
    assert {"accept", "refuse", "save"} <= values
    ticks = {box["value"] for box in controls(page, "input") if box.get("name") == "allow" and "disabled" not in box}
    refusals = {button["value"] for button in controls(page, "button") if button.get("name") == "service"}
    assert {service.id for service in made.policy.services} <= ticks | refusals
    assert {"audience", "campaigns", "interactivity"} <= ticks

    visitor.choose("accept")
    assert live(visitor.get("/article").text) >= {"xiti", "tag-manager", "damdy", "recaptcha", "facebook", "twitter"}
    visitor.choose("refuse")
    assert live(visitor.get("/article").text) == set()
    visitor.choose("save", allow=["facebook"])
    assert live(visitor.get("/article").text) == {"facebook"}


def test_without_a_choice_the_second_page_shows_the_banner_again(site: Callable[..., Any]) -> None:
    """S03"""
    visitor = site().visitor()
    assert has_banner(visitor.get("/").text)
    assert has_banner(visitor.get("/article").text)


def test_browsing_grants_nothing(site: Callable[..., Any]) -> None:
    """S04, L01, L09: no cookie, script, pixel or frame of campaigns and interactivity on any page, however many are visited"""
    made = site()
    made.probe_sets = [("_fbp", "1", 60), ("_twclid", "1", 60)]
    visitor = made.visitor()
    for path in [*EVERY_PAGE, *EVERY_PAGE]:
        answer = visitor.get(path)
        assert live(answer.text) <= AUDIENCE, path
        assert has_banner(answer.text), path
        assert names(answer.set_cookies) <= NECESSARY | {"csrftoken"}, path
    assert visitor.get("/probe").set_cookies == []


@pytest.mark.parametrize("choice", ["accept", "refuse"])
def test_after_a_choice_the_banner_is_gone_at_once_and_on_later_visits(site: Callable[..., Any], choice: str) -> None:
    """S05, S06, L29"""
    made = site()
    visitor = made.visitor()
    assert has_banner(visitor.get("/article").text)
    answer = visitor.choose(choice, next="/article")
    assert (answer.status, answer.location) == (303, "/article")
    assert not has_banner(visitor.get(answer.location).text)
    for path in EVERY_PAGE:
        assert not has_banner(visitor.get(path).text), path
    for months in (1, 6, 12):
        made.clock.now = (datetime.fromtimestamp(made.clock.now, UTC) + relativedelta(months=months % 7)).timestamp()
        assert not has_banner(visitor.get("/").text)


@pytest.mark.parametrize("choice", ["accept", "refuse"])
def test_a_choice_holds_for_thirteen_calendar_months_to_the_second(site: Callable[..., Any], choice: str) -> None:
    """S05, S06, S07, T01, T04"""
    made = site()
    visitor = made.visitor()
    end = thirteen_months_after(made.clock.now)
    visitor.choose(choice)

    made.clock.now = end - 1
    page = visitor.get("/article").text
    assert not has_banner(page)
    assert (live(page) >= INTERACTIVITY) is (choice == "accept")

    made.clock.now = end
    page = visitor.get("/article").text
    assert has_banner(page)
    assert live(page) == AUDIENCE


def test_the_choice_cookie_lives_as_long_as_the_choice_for_both_answers(site: Callable[..., Any]) -> None:
    """S06, L29, H06"""
    made = site()
    for choice in ("accept", "refuse"):
        cookies = kept(made.visitor().choose(choice).set_cookies, made.clock.now)
        age = lifetime(cookies["__Host-consent"], made.clock.now)
        assert age == thirteen_months_after(made.clock.now) - made.clock.now


def test_every_page_links_to_the_preferences_which_show_the_stored_choices(site: Callable[..., Any]) -> None:
    """S08, L23"""
    made = site()
    visitor = made.visitor()
    for path in EVERY_PAGE:
        (link,) = marked(visitor.get(path).text, "manage")
        assert link.attrib["href"].partition("?")[0] == "/privacy-choices", path
        assert words(link) == pages.WORDS["en" if path.startswith("/en") else "fr"]["manage"]

    def ticked() -> set[str]:
        page = visitor.get("/privacy-choices").text
        boxes = [box for box in controls(page, "input") if box.get("name") == "allow" and "checked" in box]
        on = {box["value"] for box in boxes}
        return {service.id for service in made.policy.services if {service.id, service.category} & on}

    assert ticked() == {"at-internet"}
    visitor.choose("save", allow=["damdy"])
    assert ticked() == {"damdy"}
    visitor.choose("refuse")
    assert ticked() == set()
    visitor.choose("accept")
    assert ticked() == {service.id for service in made.policy.services}


def test_a_changed_choice_takes_effect_on_the_next_response(site: Callable[..., Any]) -> None:
    """S08, L24"""
    visitor = site().visitor()
    visitor.choose("accept")
    assert live(visitor.get("/article").text) >= INTERACTIVITY
    visitor.choose("deny", service="damdy")
    assert live(visitor.get("/article").text) & INTERACTIVITY == INTERACTIVITY - {"damdy"}
    visitor.choose("refuse")
    assert live(visitor.get("/article").text) == set()


def test_refuse_all_withholds_every_category_but_the_necessary_one(site: Callable[..., Any]) -> None:
    """S09"""
    made = site()
    made.probe_sets = [("atid", "1", 60), ("_fbp", "1", 60), *((name, "1", 60) for name in sorted(NECESSARY))]
    visitor = made.visitor()
    visitor.choose("refuse")
    for path in EVERY_PAGE:
        assert live(visitor.get(path).text) == set(), path
    assert set(kept(visitor.get("/probe").set_cookies, made.clock.now)) == NECESSARY


def test_necessary_cookies_cannot_be_switched_off(site: Callable[..., Any]) -> None:
    """S09"""
    made = site()
    made.probe_sets = [(name, "1", 60) for name in sorted(NECESSARY)]
    visitor = made.visitor()
    page = visitor.get("/privacy-choices").text
    switches = [box for box in controls(page, "input") if box.get("value") == "necessary"]
    assert all("disabled" in box for box in switches)
    visitor.choose("save", allow=["damdy"])
    visitor.choose("deny", service="necessary")
    assert set(kept(visitor.get("/probe").set_cookies, made.clock.now)) == NECESSARY


def test_audience_measurement_runs_until_it_alone_is_refused(site: Callable[..., Any]) -> None:
    """S10, L53: no choice, Xiti is there; refused alone, neither tag nor pixel nor cookie, and nothing else changes"""
    made = site()
    made.probe_sets = [("atid", "1", 60), ("atidx", "1", 60), ("idrxvr", "1", 60)]
    visitor = made.visitor()
    page = visitor.get("/").text
    assert "xiti" in live(page)
    assert "smarttag.js" in page
    assert "hit.xiti" in page
    assert names(visitor.get("/probe").set_cookies) == {"atid", "atidx", "idrxvr"}

    visitor.choose("accept")
    before = live(visitor.get("/article").text)
    visitor.choose("deny", service="at-internet")
    page = visitor.get("/article").text
    assert live(page) == before - {"xiti"}
    assert "smarttag.js" not in page
    assert "hit.xiti" not in page
    assert kept(visitor.get("/probe").set_cookies, made.clock.now) == {}
    visitor.get("/probe")
    assert made.probe_saw[-1] & {"atid", "atidx", "idrxvr"} == set()


def test_refusing_the_audience_category_alone_leaves_the_others(site: Callable[..., Any]) -> None:
    """S10"""
    visitor = site().visitor()
    visitor.choose("save", allow=["campaigns", "interactivity"])
    assert live(visitor.get("/article").text) == {"tag-manager"} | INTERACTIVITY
    assert live(visitor.get("/").text) == CAMPAIGNS


def test_no_cookie_set_through_the_app_outlives_thirteen_months(site: Callable[..., Any]) -> None:
    """S11, H03"""
    made = site()
    two_years = 2 * 365 * 24 * 3600
    set_by_app = ["atid", "atidx", "idrxvr", *sorted(NECESSARY)]
    made.probe_sets = [(name, "1", two_years) for name in set_by_app]
    visitor = made.visitor()
    visitor.choose("accept")
    cookies = kept(visitor.get("/probe").set_cookies, made.clock.now)
    assert set(cookies) == set(set_by_app)
    limit = thirteen_months_after(made.clock.now) - made.clock.now
    for line in cookies.values():
        age = lifetime(line, made.clock.now)
        assert age is not None
        assert 0 < age <= limit
        date = re.search(r";\s*expires=([^;]+)", line, re.I)
        assert date is None or parsedate_to_datetime(date[1]).timestamp() <= made.clock.now + limit


def test_facebook_and_twitter_cookies_are_cut_to_one_day(site: Callable[..., Any]) -> None:
    """S12"""
    made = site()
    made.probe_sets = [(name, "1", 90 * 24 * 3600) for name in ("_fbp", "_fbc", "_twclid", "_twpid")]
    visitor = made.visitor()
    visitor.choose("accept")
    cookies = kept(visitor.get("/probe").set_cookies, made.clock.now)
    assert {name: lifetime(line, made.clock.now) for name, line in cookies.items()} == {
        "_fbp": 86400,
        "_fbc": 86400,
        "_twclid": 86400,
        "_twpid": 86400,
    }


def test_the_recaptcha_cookie_becomes_a_session_cookie(site: Callable[..., Any]) -> None:
    """S12. The seed's table says "for the session" and names no cookie, so the name is this test's own."""
    document = tomllib.loads(pages.POLICY.read_text(encoding="utf-8"))
    (recaptcha,) = (service for service in document["services"] if service["id"] == "google-recaptcha")
    recaptcha["cookies"] = [{"name": "_GRECAPTCHA", "lifetime": "session"}]
    made = site(document)
    made.probe_sets = [("_GRECAPTCHA", "1", 180 * 24 * 3600)]
    visitor = made.visitor()
    visitor.choose("accept")
    (line,) = visitor.get("/probe").set_cookies
    assert line.startswith("_GRECAPTCHA=1")
    assert "max-age" not in line.lower()
    assert "expires" not in line.lower()


def test_accepting_videos_alone_loads_damdy_alone(site: Callable[..., Any]) -> None:
    """S13"""
    visitor = site().visitor()
    visitor.choose("save", allow=["damdy"])
    assert live(visitor.get("/article").text) == {"damdy"}


def test_the_button_of_a_placeholder_allows_that_service_alone(site: Callable[..., Any]) -> None:
    """S13: before any choice it grants that one, and the banner stays"""
    visitor = site().visitor()
    shown = [mark for mark in marked(visitor.get("/article").text, "placeholder") if "hidden" not in mark.attrib]
    (placeholder,) = shown
    assert placeholder.attrib["data-cg-service"] == "damdy"
    visitor.choose("allow", service="damdy", next="/article")
    page = visitor.get("/article").text
    assert live(page) == {"damdy", "xiti"}
    assert has_banner(page)


@pytest.mark.parametrize("path", ["/article", "/en/article"])
def test_without_recaptcha_the_form_area_holds_an_explanation_not_a_broken_form(site: Callable[..., Any], path: str) -> None:
    """S14"""
    visitor = site().visitor()
    visitor.choose("refuse")
    page = visitor.get(path).text
    assert "g-recaptcha" not in page
    assert not [form for form in controls(page, "form") if form.get("action", "").endswith("/satisfaction")]
    (explained,) = (element for element in tree(page).iter("div") if element.attrib.get("class") == "explained")
    assert "reCAPTCHA" in words(explained)

    (button,) = explained.iter("button")
    fields = {field.attrib["name"]: field.attrib["value"] for field in explained.iter("input")}
    answer = visitor.post("/privacy-choices", {**fields, button.attrib["name"]: button.attrib["value"]})
    assert (answer.status, answer.location) == (303, path)
    page = visitor.get(path).text
    assert "g-recaptcha" in page
    assert live(page) == {"recaptcha"}
    assert [form for form in controls(page, "form") if form.get("action", "").endswith("/satisfaction")]


@pytest.mark.parametrize("path", ["/article", "/en/article"])
def test_articles_stay_fully_readable_after_a_refusal(site: Callable[..., Any], path: str) -> None:
    """S15, L47"""
    visitor = site().visitor()

    def reading() -> tuple[int, list[str]]:
        answer = visitor.get(path)
        main = next(tree(answer.text).iter("main"))
        own = [element for element in main if element.tag in ("h1", "h2", "p") and "data-cg" not in element.attrib]
        return answer.status, [words(element) for element in own]

    visitor.choose("accept")
    accepted = reading()
    visitor.choose("refuse")
    assert reading() == accepted
    assert len(accepted[1]) >= 5


def test_postcode_space_and_contrast_persist_after_refuse_all(site: Callable[..., Any]) -> None:
    """S16"""
    made = site()
    visitor = made.visitor()
    visitor.choose("refuse")
    if made.framework.startswith("django"):
        visitor.get("/preferences")  # Django's own test client does not check CSRF tokens
    answer = visitor.post("/preferences", {"postcode": "75011", "contrast": "1"})
    assert answer.status == 303
    stored = kept(answer.set_cookies, made.clock.now)
    assert {"Localisation", "Contraste"} <= set(stored)
    stored |= kept(visitor.get("/espace/professionnels").set_cookies, made.clock.now)
    for name in ("Localisation", "Contraste", "Espace"):
        assert (lifetime(stored[name], made.clock.now) or 0) > 365 * 24 * 3600

    made.clock.now = (datetime.fromtimestamp(made.clock.now, UTC) + relativedelta(months=6)).timestamp()
    page = visitor.get("/preferences").text
    assert 'value="75011"' in page
    assert 'class="contrast"' in page
    assert "Professionnels de santé" in words(next(tree(page).iter("main")))


def test_the_declaration_tells_of_each_tracker_what_the_policy_says(site: Callable[..., Any]) -> None:
    """S17, L40, L41, L42: name, purpose, retention, category, controller, policy link"""
    made = site()
    page = made.visitor().get("/privacy-choices/declaration", accept_language="fr").text
    text = words(tree(page))
    links = {element.attrib.get("href") for element in tree(page).iter("a")}
    for category in made.policy.categories:
        assert category.title["fr"] in text
    for rule in [*(cookie.rule for cookie in made.policy.cookies), *(r for s in made.policy.services for r in s.cookies)]:
        assert rule.name in text
        assert not rule.purpose or rule.purpose["fr"] in text
    for service in made.policy.services:
        assert service.purpose["fr"] in text
        assert service.controller is not None
        assert service.controller.name in text
        assert not service.controller.policy_url or service.controller.policy_url in links
    assert "13 mois" in text
    assert "1 jour" in text
    linked = " ".join(link or "" for link in links)
    assert "facebook.com" in linked
    assert re.search(r"(twitter|x)\.com", linked)


def test_the_declaration_lists_no_cookie_that_the_policy_does_not(site: Callable[..., Any]) -> None:
    """S17: the table equals the policy"""
    made = site()
    page = made.visitor().get("/privacy-choices/declaration").text
    declared = {rule.name for rule in (cookie.rule for cookie in made.policy.cookies)}
    declared |= {rule.name for service in made.policy.services for rule in service.cookies if rule.name}
    named = {words(element) for element in tree(page).iter("code")}
    assert declared <= named
    assert named - declared <= {"__Host-consent", "consent"}


def test_audience_measurement_is_joined_with_nothing(site: Callable[..., Any]) -> None:
    """S18: its tag and pixel leave as the template wrote them, the same for every visitor and every choice"""
    made = site()

    def snippet(visitor: Any) -> list[str]:
        page = visitor.get("/article").text
        return re.findall(r"<!-- AT Internet.*?(?=\n<a class|\n</head|\n<!-- End|\n\n)", page, re.S)

    first, second = made.visitor(), made.visitor()
    second.choose("accept")
    assert snippet(first)
    assert snippet(first) == snippet(second)
    (external,) = (e for e in tree(first.get("/article").text).iter("script") if "aticdn" in e.attrib.get("src", ""))
    assert external.attrib == {"src": "https://tag.aticdn.net/000000/smarttag.js"}


def test_an_unlisted_cookie_is_not_set_and_is_logged(site: Callable[..., Any], caplog: pytest.LogCaptureFixture) -> None:
    """S19, K23"""
    made = site()
    made.probe_sets = [("surprise", "1", 60), ("Contraste", "1", 60)]
    visitor = made.visitor()
    visitor.choose("accept")
    with caplog.at_level(logging.INFO, logger="consent_guard"):
        answer = visitor.get("/probe")
    assert names(answer.set_cookies) == {"Contraste"}
    (found,) = (finding for finding in made.findings if finding.subject == "surprise")
    assert found.kind == "cookie-unlisted"
    assert found.enforced
    assert "surprise" in caplog.text
