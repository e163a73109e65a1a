"""The module where each page keeps the policy that it came with (``csp = "enforce"``)."""

from __future__ import annotations

from typing import Any

import pytest

P = "/privacy-choices"
ACCEPT = "[data-cg=banner] button[value=accept]"
LISTEN = "document.addEventListener('consentchange', (event) => event.preventDefault())"
REGISTER = "navigator.serviceWorker.register('/sw.js').then(() => navigator.serviceWorker.ready).then(() => 1)"
WORKERS = "navigator.serviceWorker.getRegistrations().then((all) => all.length)"


@pytest.fixture
def strict(site: Any) -> Any:
    site.configure(all_ask=True, csp="enforce", unlisted_hosts="block")
    site.pages["/sw.js"] = "self.addEventListener('fetch', () => {})"
    return site


def test_what_is_granted_comes_with_the_page_that_is_loaded_anew(arrive: Any, strict: Any) -> None:
    visitor = arrive()
    visitor.visit("/en/video")
    assert visitor.asked()
    assert not visitor.contacts
    visitor.click(ACCEPT)
    visitor.page.locator("iframe").wait_for()
    assert "clips.example" in visitor.contacts
    assert not visitor.asked()


def test_one_service_alone_is_allowed_by_its_placeholder(arrive: Any, strict: Any) -> None:
    visitor = arrive()
    visitor.visit("/en/video")
    visitor.click(".cg-placeholder button")
    visitor.page.locator("iframe").wait_for()
    assert set(visitor.contacts) == {"clips.example"}


def test_where_the_page_stays_a_line_says_that_the_choice_comes_with_the_next(arrive: Any, strict: Any) -> None:
    visitor = arrive()
    page = visitor.visit("/en/video")
    page.evaluate("window.mark = 1")
    page.evaluate(LISTEN)
    page.locator(ACCEPT).click()
    page.get_by_text("Your choice takes effect on the next page.").wait_for()
    assert page.evaluate("window.mark") == 1
    assert not visitor.contacts
    visitor.visit("/en/video")
    assert "clips.example" in visitor.contacts


def test_without_it_nothing_is_said(arrive: Any, site: Any) -> None:
    site.configure(all_ask=True)
    visitor = arrive()
    page = visitor.visit("/en/video")
    page.evaluate(LISTEN)
    page.locator(ACCEPT).click()
    page.get_by_text("Your choice is saved.").wait_for()
    assert not page.get_by_text("Your choice takes effect on the next page.").count()


@pytest.mark.parametrize("csp", ["enforce", "off"])
def test_a_withdrawal_takes_the_sites_service_workers_with_it(arrive: Any, strict: Any, csp: str) -> None:
    """Each keeps the policy that it was installed under."""
    strict.configure(all_ask=True, csp=csp, unlisted_hosts="block")
    visitor = arrive()
    visitor.visit("/en/")
    visitor.click(ACCEPT)
    assert visitor.page.evaluate(REGISTER) == 1
    assert visitor.page.evaluate(WORKERS) == 1
    visitor.visit(P)
    visitor.save("button[value=refuse]")
    assert visitor.page.evaluate(WORKERS) == (0 if csp == "enforce" else 1)
