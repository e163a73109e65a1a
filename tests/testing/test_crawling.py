"""What a crawl of the test kit makes of an app that shows it nothing, and of what nobody names."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask, redirect

from consent_guard.flask import ConsentGuard
from consent_guard.testing import assert_no_leak, crawl

POLICY: dict[str, Any] = {
    "categories": [
        {"id": "necessary", "basis": "necessary", "title": {"en": "Necessary"}},
        {"id": "media", "basis": "consent", "title": {"en": "Media"}},
    ],
    "services": [{"id": "youtube", "category": "media"}],
}

LINKS = '<!doctype html><link rel="canonical" href="https://www.site.example/"><a href="https://www.site.example/a">A</a>'
NOT_KNOWN = '<!doctype html><script src="https://cdn.nobody-knows.example/x.js"></script>'


def app(answer: Any) -> Any:
    site = Flask("site")
    site.add_url_rule("/", "home", lambda: answer() if callable(answer) else answer)
    return site.test_client()


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (("<!doctype html>gone", 410), "the crawl saw no page: the app answered 410; say where to begin: start="),
        (
            lambda: redirect("https://www.site.example/?next=1"),
            "the crawl saw no page: the app answered 302 and leads to https://www.site.example/, which was not asked",
        ),
        (LINKS, "the crawl saw one page, which links to pages of www.site.example alone: let the client ask under that host"),
    ],
    ids=["an error", "a redirect to another host", "one page under another name"],
)
def test_a_crawl_is_never_green_over_nothing(answer: Any, told: str) -> None:
    with pytest.raises(AssertionError) as failed:
        crawl(app(answer))
    assert told in str(failed.value)


def test_what_nobody_names_fails_where_it_is_asked_to() -> None:
    """The same word as on the command line."""
    client = app(NOT_KNOWN)
    crawl(client)
    for failing in (
        lambda: crawl(client, fail_on="unlisted"),
        lambda: assert_no_leak(client.get("/"), fail_on="unlisted"),
    ):
        with pytest.raises(AssertionError, match="1 not named by any rule") as failed:
            failing()
        assert 'mend: name the host in the policy: hosts = ["cdn.nobody-knows.example"]' in str(failed.value)


@pytest.mark.parametrize("ask", [crawl, lambda client, **options: assert_no_leak(client.get("/"), **options)])
def test_an_unknown_word_is_named(ask: Any) -> None:
    with pytest.raises(ValueError, match='fail_on is "leak" or "unlisted", not \'all\''):
        ask(app("<!doctype html>"), fail_on="all")


def test_where_the_guard_stands_the_mend_is_not_to_put_it_there() -> None:
    page = '<!doctype html><iframe src="https://www.youtube.com/embed/1"></iframe>'
    with pytest.raises(AssertionError, match="as consent_guard around the app does"):
        crawl(app(page))
    site = Flask("reporting")
    site.secret_key = "a key of the tests, longer than 32 bytes"
    site.add_url_rule("/", "home", lambda: page)
    ConsentGuard(site, policy={"policy": {"languages": ["en"], "enforcement": "report"}, **POLICY})
    with pytest.raises(AssertionError, match="the guard around the app lets this response pass: a") as failed:
        crawl(site.test_client())
    assert "as consent_guard around" not in str(failed.value)


def styled(sheet: str, kind: str = "text/css") -> Any:
    site = Flask("styled")
    page = '<!doctype html><link rel="stylesheet" href="/s/a.css?v=1"><link rel="alternate stylesheet" href="/gone.css">'
    site.add_url_rule("/", "home", lambda: page)
    site.add_url_rule("/s/a.css", "a", lambda: ("@import 'b.css';", 200, {"Content-Type": "text/css"}))
    site.add_url_rule("/s/b.css", "b", lambda: (sheet, 200, {"Content-Type": kind}))
    return site.test_client()


def test_a_crawl_reads_the_style_sheets_of_the_apps_own_host() -> None:
    """What they import, too."""
    found = crawl(styled("p{color:red}"))
    assert (found.pages, found.unread) == (("/",), ("/gone.css",))
    with pytest.raises(AssertionError, match=r"a request to fonts\.googleapis\.com"):
        crawl(styled("@import url(https://fonts.googleapis.com/css?family=A);"))


def test_what_comes_in_place_of_a_style_sheet_is_no_page() -> None:
    assert crawl(styled("<p>an error page", "text/html")).unread == ("/gone.css", "/s/b.css")
