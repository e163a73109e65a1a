"""Pages that arrive without a navigation, or before anybody asked for them: real libraries, a service worker, prefetches.

Public bug reports tell of each: a banner that vanishes with the body, a form that is sent twice, a page older than the choice.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

P = "/privacy-choices"
ACCEPT = "[data-cg=banner] button[value=accept]"
REFUSE = "[data-cg=banner] button[value=refuse]"
CLIP = '<p><iframe src="https://clips.example/v/1" width="560" height="315" title="A clip"></iframe></p>'
STYLED = "getComputedStyle(document.querySelector('[data-cg=banner] .cg-button')).fontWeight"

LIBRARIES: dict[str, tuple[str, str, str]] = {
    "turbo": ("@hotwired/turbo/dist/turbo.es2017-umd.js", "", ""),
    "htmx": ("htmx.org/dist/htmx.js", ' hx-boost="true"', ""),
    "unpoly": ("unpoly/unpoly.js", "", ' up-follow up-target="body"'),
}


def page(name: str, body: str, *, head: str = "", body_attributes: str = "", lang: str = "en") -> str:
    return (
        f'<!DOCTYPE html><html lang="{lang}"><head><meta charset="utf-8"><title>{name}</title>{head}</head>'
        f"<body{body_attributes}><main><h1>{name}</h1>{body}</main></body></html>"
    )


@pytest.fixture
def library(site: Any, npm: Path) -> Callable[[str], None]:
    """Make three pages that link to each other, and one that never asks, with a library that loads them."""

    def make(name: str) -> None:
        file, body, link = LIBRARIES[name]
        site.pages["/lib.js"] = (npm / file).read_bytes()
        for at in ("one", "two", "three", "quiet/four"):
            links = "".join(f'<a id="to-{to}" href="/{to}"{link}>{to}</a> ' for to in ("one", "two", "three", "quiet/four"))
            script = '<script src="/lib.js"></script>'
            site.pages[f"/{at}"] = page(at, links + CLIP, head=script, body_attributes=body)

    return make


@pytest.fixture(params=LIBRARIES)
def each_library(request: pytest.FixtureRequest, library: Callable[[str], None]) -> None:
    """Make the pages of ``library`` with every one of them in turn."""
    library(request.param)


def follow(visitor: Any, to: str) -> None:
    """Follow a link in the page; the page object must stay, or it was no such library."""
    visitor.page.evaluate("window.same = 1")
    visitor.page.locator(f'[id="to-{to}"]').click()
    visitor.page.locator("h1", has_text=to).wait_for()
    assert visitor.page.evaluate("window.same") == 1
    visitor.page.wait_for_timeout(100)


@pytest.mark.usefixtures("each_library")
def test_an_unanswered_banner_is_there_on_every_page_that_a_library_puts_in(arrive: Any) -> None:
    """S03: styled, alone, and with what makes it work."""
    visitor = arrive()
    page = visitor.visit("/one")
    for to in ("two", "three", "one"):
        follow(visitor, to)
        assert visitor.asked()
        assert page.locator("[data-cg=banner]").count() == 1
        assert page.evaluate(STYLED) == "600"
    page.go_back()
    page.locator("h1", has_text="three").wait_for()
    page.wait_for_timeout(100)
    assert visitor.asked()
    assert page.locator("[data-cg=banner]").count() == 1
    assert not visitor.contacts


@pytest.mark.parametrize("answer", [ACCEPT, REFUSE], ids=["accepted", "refused"])
@pytest.mark.usefixtures("each_library")
def test_one_press_is_one_post_and_no_stored_page_asks_again(arrive: Any, site: Any, answer: str) -> None:
    """S05, S06: also pages that the library keeps for the back button."""
    site.configure(all_ask=True)
    visitor = arrive()
    page = visitor.visit("/one")
    follow(visitor, "two")
    follow(visitor, "three")
    site.asked.clear()
    page.locator(answer).click()
    page.locator("[data-cg=banner] .cg-inner").wait_for(state="hidden")
    page.wait_for_timeout(200)
    assert [path for method, path in site.asked if method == "POST"] == [P]
    assert visitor.state()["decided"]
    for _ in range(2):
        page.go_back()
        page.wait_for_timeout(600)
        assert not visitor.asked()
    follow(visitor, "three" if "one" in page.url else "one")
    assert not visitor.asked()


def test_a_boosted_page_accepts_once_and_loads_what_was_allowed_where_it_was(arrive: Any, site: Any, library: Any) -> None:
    """One POST, the choice stored, the embed on the page on which it was asked."""
    library("htmx")
    visitor = arrive()
    page = visitor.visit("/one")
    page.locator(ACCEPT).click()
    page.locator("iframe").wait_for(state="attached")
    assert [path for method, path in site.asked if method == "POST"] == [P]
    assert page.url == site.base + "/one"
    assert not visitor.asked()
    assert page.locator("iframe").count() == 1
    assert visitor.allowed() == {"stats", "ads", "clips", "maps"}


@pytest.mark.usefixtures("each_library")
def test_without_our_module_a_library_leaves_our_form_to_the_browser(arrive: Any, site: Any) -> None:
    site.configure(script=False)
    visitor = arrive()
    visitor.visit("/one")
    site.asked.clear()
    visitor.click(REFUSE)
    assert [path for method, path in site.asked if method == "POST"] == [P]
    assert visitor.page.url == site.base + "/one"
    assert not visitor.asked()


def test_a_banner_is_carried_over_where_a_library_puts_in_a_fragment(arrive: Any, site: Any, library: Any) -> None:
    """S03: the app answers htmx with a part, which replaces all that stood in the body."""
    library("htmx")
    whole = site.pages["/two"]
    site.pages["/two"] = lambda environ: "<main><h1>two</h1></main>" if "HTTP_HX_REQUEST" in environ else whole
    visitor = arrive()
    page = visitor.visit("/one")
    follow(visitor, "two")
    assert visitor.asked()
    assert page.locator("[data-cg=banner] [name=next]").input_value() == "/two"
    visitor.click(ACCEPT)
    assert page.url == site.base + "/two"
    assert not visitor.asked()


@pytest.mark.usefixtures("each_library")
def test_a_page_that_never_asks_does_not_ask_here_either(arrive: Any) -> None:
    """L10."""
    visitor = arrive()
    page = visitor.visit("/one")
    follow(visitor, "quiet/four")
    page.locator("[data-cg=banner]").wait_for(state="detached")
    follow(visitor, "two")
    assert visitor.asked()


@pytest.mark.usefixtures("each_library")
def test_escape_puts_it_away_for_this_page_alone(arrive: Any) -> None:
    """L09."""
    visitor = arrive()
    page = visitor.visit("/one")
    page.locator(ACCEPT).focus()
    page.keyboard.press("Escape")
    page.wait_for_timeout(100)
    assert not visitor.asked()
    follow(visitor, "two")
    assert visitor.asked()


@pytest.mark.usefixtures("each_library")
def test_our_own_pages_are_gone_to_and_not_put_into_others(arrive: Any) -> None:
    """K18: with their own policy, style and address."""
    visitor = arrive()
    page = visitor.visit("/one")
    page.evaluate("window.same = 1")
    page.locator(".cg-customise").click()
    page.locator("[data-cg=page] h1").wait_for()
    assert page.evaluate("window.same") is None
    page = visitor.visit("/one")
    page.evaluate(
        "(link) => { document.querySelector('main').insertAdjacentHTML('beforeend', `<p>${link}</p>`);"
        " window.htmx?.process(document.body); window.same = 1; }",
        f'<a data-cg="manage" href="{P}" up-follow="">Manage cookies</a>',
    )
    page.locator("[data-cg=manage]").click()
    page.locator("[data-cg=page] h1").wait_for()
    assert page.evaluate("window.same") is None


def test_a_turbo_frame_gets_no_banner_and_its_page_keeps_one(arrive: Any, site: Any, library: Any) -> None:
    library("turbo")
    frame = '<turbo-frame id="part"><a id="in" href="/part">more</a></turbo-frame>'
    site.pages["/one"] = site.pages["/one"].replace("<h1>", frame + "<h1>")
    site.pages["/part"] = page("part", '<turbo-frame id="part"><p id="came">came</p></turbo-frame>')
    visitor = arrive()
    page_ = visitor.visit("/one")
    page_.locator("#in").click()
    page_.locator("#came").wait_for()
    assert page_.locator("[data-cg=banner]").count() == 1


def test_a_page_put_into_a_part_of_another_brings_no_second_banner(arrive: Any, site: Any, library: Any) -> None:
    """htmx takes all that stands in the body of a whole document that it asked for."""
    library("htmx")
    part = '<button id="get" hx-get="/three" hx-target="#in">x</button><div id="in"></div>'
    site.pages["/one"] = site.pages["/one"].replace("<h1>", part + "<h1>")
    visitor = arrive()
    page = visitor.visit("/one")
    page.locator("#get").click()
    page.locator("#in h1").wait_for()
    page.wait_for_timeout(100)
    assert page.locator("[data-cg=banner]").count() == 1
    assert page.evaluate("document.querySelector('[data-cg=banner]').parentElement.localName") == "body"


WORKER = """
self.addEventListener('fetch', (event) => event.respondWith(fetch(event.request)));
self.addEventListener('activate', (event) => event.waitUntil(clients.claim()));
"""
REGISTER = (
    "navigator.serviceWorker.register('/sw.js').then(() => navigator.serviceWorker.ready).then(() => (window.ready = 1));"
)


def test_a_service_worker_that_passes_navigations_on_hides_no_banner(arrive: Any, site: Any) -> None:
    """S03: the browser then says "empty" of what is a page."""
    site.pages["/sw.js"] = WORKER
    site.pages["/one"] = page("one", f"<a href='/two'>two</a><script>{REGISTER}</script>")
    site.pages["/two"] = page("two", CLIP)
    visitor = arrive()
    page_ = visitor.visit("/one")
    assert visitor.asked()
    page_.wait_for_function("window.ready && navigator.serviceWorker.controller")
    for _ in range(2):
        visitor.visit("/two")
        assert page_.evaluate("!!navigator.serviceWorker.controller")
        assert visitor.asked()
    page_.locator(REFUSE).click()
    page_.locator("[data-cg=banner] .cg-inner").wait_for(state="hidden")
    visitor.visit("/two")
    assert not visitor.asked()
    assert not visitor.contacts


def hovered(visitor: Any, to: str) -> None:
    """Rest on a link long enough for Turbo to fetch its page ahead."""
    with visitor.page.expect_response(lambda answer: answer.url.endswith("/" + to)) as caught:
        visitor.page.locator(f"#to-{to}").hover()
    assert caught.value.request.headers.get("x-sec-purpose") == "prefetch"


def test_a_page_that_turbo_fetches_ahead_uses_up_no_permission(arrive: Any, site: Any, library: Any) -> None:
    """H12: choice=once is for the visit."""
    library("turbo")
    visitor = arrive()
    page = visitor.visit("/two")
    page.request.post(site.base + P, form={"choice": "once", "service": "clips", "next": "/one"}, max_redirects=0)
    hovered(visitor, "one")
    visitor.visit("/one")
    assert page.locator("iframe").count() == 1


@pytest.mark.parametrize("how", ["link", "prefetch", "prerender"])
def test_a_page_that_the_browser_fetches_ahead_shows_the_choice_of_the_moment(arrive: Any, site: Any, how: str) -> None:
    """S06, H12, H23: it is fetched without a choice, then one is made, then it is shown."""
    rules = f'<script type="speculationrules">{{"{how}": [{{"urls": ["/next"], "eagerness": "immediate"}}]}}</script>'
    head = '<link rel="prefetch" href="/next">' if how == "link" else rules
    site.configure(all_ask=True)
    site.pages["/one"] = page("one", '<a id="go" href="/next">next</a>', head=head)
    site.pages["/next"] = page("next", CLIP)
    visitor = arrive()
    page_ = visitor.visit("/one")
    for _ in range(40):
        if ("GET", "/next") in site.asked:
            break
        page_.wait_for_timeout(50)
    assert ("GET", "/next") in site.asked
    page_.wait_for_timeout(300)
    page_.locator(REFUSE).click()
    page_.locator("[data-cg=banner] .cg-inner").wait_for(state="hidden")
    page_.locator("#go").click()
    page_.locator("h1", has_text="next").wait_for()
    page_.wait_for_timeout(300)
    assert not visitor.asked()
