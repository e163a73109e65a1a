"""The kit with every test client: visitors of every kind, and what their pages may do."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Any

import pytest

from consent_guard.errors import UnknownPurpose
from consent_guard.testing import (
    assert_banner,
    assert_cookie_blocked,
    assert_no_banner,
    assert_no_leak,
    at,
    configure,
    consent_cookie,
    crawl,
    crawl_async,
    expire,
    forget,
    grant,
    leaks,
    refuse,
)
from consent_guard.testing.guards import NoGuard

SYNC = ["django", "flask", "httpx", "starlette", "webtest"]
ASYNC = ["django-async", "httpx-async"]
every = pytest.mark.parametrize("kind", SYNC)
every_async = pytest.mark.parametrize("kind", ASYNC)


def services(response: Any, *allow: str) -> set[str | None]:
    return {leak.service for leak in leaks(response, allow=allow)}


@every
def test_without_a_choice_a_guarded_page_has_the_banner_and_no_leak(make: Any, sites: Any, kind: str) -> None:
    response = make(kind).get("/two")
    assert_no_leak(response, sites.POLICY)
    assert_banner(response)
    assert_cookie_blocked(response, "_video")


@every
def test_a_page_without_the_middleware_is_caught(make: Any, sites: Any, kind: str) -> None:
    response = make(kind, guarded=False).get("/two")
    assert_no_banner(response)
    with pytest.raises(AssertionError) as caught:
        assert_no_leak(response, sites.POLICY)
    told = str(caught.value)
    assert "2 leaks in http://" in told
    assert "/two (status 200), before any choice:" in told
    assert "Set-Cookie: the cookie _video" in told
    assert "line 3, column 9, iframe src: a request to www.video.example" in told
    assert "service video, category media, by the rule '*.video.example'" in told
    assert "mend: load it only after consent" in told
    with pytest.raises(AssertionError, match="sets the cookie _video"):
        assert_cookie_blocked(response, "_video")
    with pytest.raises(AssertionError, match="no banner in"):
        assert_banner(response)


@every
def test_a_visitor_who_grants_gets_what_was_granted_and_nothing_else(make: Any, sites: Any, kind: str) -> None:
    client = make(kind)
    grant(client, "media")
    response = client.get("/two")
    assert_no_banner(response)
    assert {leak.service for leak in leaks(response, sites.POLICY)} == {"video"}
    assert_no_leak(response, sites.POLICY, allow="media")
    with pytest.raises(AssertionError, match="sets the cookie _video"):
        assert_cookie_blocked(response, "_video")
    grant(client, "audience", deny=["media"])
    assert_no_leak(client.get("/two"), sites.POLICY)


@every
def test_a_visitor_who_refuses_gets_not_even_what_is_exempt(make: Any, sites: Any, kind: str) -> None:
    """L53."""
    client = make(kind)
    assert {leak.service for leak in leaks(client.get("/"), sites.POLICY, deny="*")} == {"counter"}
    refuse(client)
    response = client.get("/")
    assert_no_banner(response)
    assert_no_leak(response, sites.POLICY, deny="*")


@every
def test_a_visitor_who_forgets_is_asked_again_and_keeps_other_cookies(make: Any, kind: str) -> None:
    client = make(kind)
    grant(client, "*")
    client.get("/")
    assert_no_banner(client.get("/"))
    forget(client)
    assert_banner(client.get("/"))
    jar = getattr(client, "cookiejar", None) or getattr(getattr(client, "cookies", None), "jar", None)
    if jar is not None:
        assert {cookie.name for cookie in jar} == {"_count"}


@every
def test_a_choice_of_long_ago_no_longer_counts(make: Any, sites: Any, kind: str) -> None:
    """T04, S07."""
    client = make(kind)
    expire(client)
    response = client.get("/two")
    assert_banner(response)
    assert_no_leak(response, sites.POLICY)


@every
def test_time_can_be_stopped_to_see_a_choice_end(make: Any, kind: str) -> None:
    """T01, T04: thirteen calendar months, to the second."""
    client = make(kind)
    with at(datetime(2026, 1, 31, 12, tzinfo=UTC)):
        grant(client, "*")
        assert_no_banner(client.get("/"))
    with at(datetime(2027, 2, 28, 11, 59, 59, tzinfo=UTC)):
        assert_no_banner(client.get("/"))
    with at(datetime(2027, 2, 28, 12, tzinfo=UTC)):
        assert_banner(client.get("/"))


@every
def test_a_streamed_page_is_read_to_its_end_and_can_be_read_again(make: Any, sites: Any, kind: str) -> None:
    response = make(kind, guarded=False).get("/stream")
    assert {leak.service for leak in leaks(response, sites.POLICY, deny="*")} == {"counter"}
    assert {leak.service for leak in leaks(response, sites.POLICY, deny="*")} == {"counter"}
    guarded = make(kind)
    refuse(guarded)
    assert_no_leak(guarded.get("/stream"), sites.POLICY, deny="*")


@every
def test_a_crawl_walks_every_page_in_every_state_and_no_unsafe_one(make: Any, kind: str) -> None:
    client = make(kind)
    found = crawl(client)
    assert found.states == ("no choice", "all refused", "only audience", "only media", "all accepted")
    assert set(found.pages) == {"/", "/two", "/moved", "/three"}
    assert found.skipped == ("/logout",)
    assert len(found.judged) == 5 * 4
    assert not found.cut
    assert_banner(client.get("/"))


@every
def test_a_crawl_of_an_app_without_the_middleware_tells_every_page_that_leaks(make: Any, sites: Any, kind: str) -> None:
    with pytest.raises(AssertionError) as caught:
        crawl(make(kind, guarded=False), policy=sites.POLICY)
    told = str(caught.value)
    assert told.count("before any choice:") == 1  # the counter is exempt
    assert "/two (status 200)" in told


@every
def test_a_tag_that_the_policy_does_not_list_is_caught_by_the_catalogue(make: Any, sites: Any, kind: str) -> None:
    client = make(kind, extra=sites.HOTJAR)
    with pytest.raises(AssertionError) as caught:
        crawl(client, states=["all accepted"])
    told = str(caught.value)
    assert "static.hotjar.com" in told
    assert 'mend: the catalogue knows it and the policy does not list it: add [[services]] id = "hotjar"' in told


@every_async
def test_the_asynchronous_clients_do_the_same(make: Any, sites: Any, kind: str) -> None:
    client = make(kind)

    async def visits() -> None:
        response = await client.get("/two")
        assert_no_leak(response, sites.POLICY)
        assert_banner(response)
        grant(client, "media")
        response = await client.get("/two")
        assert_no_banner(response)
        assert {leak.service for leak in leaks(response, sites.POLICY)} == {"video"}
        refuse(client)
        assert_no_leak(await client.get("/stream"), sites.POLICY, deny="*")
        forget(client)
        assert_banner(await client.get("/"))
        found = await crawl_async(client)
        assert set(found.pages) == {"/", "/two", "/moved", "/three"}

    asyncio.run(visits())


def test_an_asynchronous_stream_of_django_is_read_within_a_running_loop(make: Any, sites: Any) -> None:
    client = make("django-async", guarded=False)

    async def visits() -> None:
        response = await client.get("/stream-async")
        for _ in range(2):
            assert {leak.service for leak in leaks(response, sites.POLICY, deny="*")} == {"counter"}

    asyncio.run(visits())


def test_a_crawl_with_an_asynchronous_client_says_how(make: Any) -> None:
    with pytest.raises(TypeError, match="await crawl_async"):
        crawl(make("httpx-async"))


def test_a_response_that_was_not_awaited_says_so(make: Any) -> None:
    pending = make("httpx-async").get("/")
    with pytest.raises(TypeError, match="await the client's call first"):
        leaks(pending)
    pending.close()


def test_what_is_no_response_and_what_is_no_client_are_named_with_those_that_are() -> None:
    with pytest.raises(TypeError, match=r"a str is no response .* Flask and Werkzeug, Django"):
        leaks("<p>")
    with pytest.raises(TypeError, match=r"a object is no client .* Flask and Werkzeug, Django"):
        forget(object())


def test_where_no_guard_is_found_the_mend_is_named(make: Any) -> None:
    with pytest.raises(NoGuard, match=r"configure\(policy=..., secret_key=...\)"):
        grant(make("flask", guarded=False), "media")


def test_the_kit_can_be_told_of_a_guard_that_it_cannot_find(make: Any, sites: Any) -> None:
    client = make("httpx", guarded=False)
    configure(sites.POLICY, sites.KEY)
    grant(client, "media")
    name, _ = consent_cookie(sites.POLICY, sites.KEY)
    assert name in client.cookies
    assert {leak.service for leak in leaks(client.get("/two"))} == {"video"}  # the policy that it was told
    forget(client)
    assert name not in client.cookies


def test_a_grant_must_name_something_that_the_policy_holds(make: Any) -> None:
    client = make("flask")
    with pytest.raises(ValueError, match="name what is granted"):
        grant(client)
    with pytest.raises(UnknownPurpose, match="media"):
        grant(client, "medai")


def test_a_flask_app_with_a_server_name_is_asked_under_it(make: Any, sites: Any) -> None:
    app = sites.flask_app(guarded=True)
    app.config["SERVER_NAME"] = "shop.example:8080"
    client = app.test_client()
    grant(client, "*")
    assert_no_banner(client.get("/"))


def test_middleware_that_starlette_has_only_been_told_of_is_found(sites: Any) -> None:
    from starlette.testclient import TestClient

    from consent_guard.asgi import ConsentMiddleware

    app = sites.starlette_app(guarded=False)
    app.add_middleware(ConsentMiddleware, policy=sites.POLICY, secret_key=sites.KEY)
    client = TestClient(app)
    grant(client, "*")
    assert_no_banner(client.get("/"))


def test_a_guard_is_found_through_other_middleware(sites: Any) -> None:
    from werkzeug.middleware.proxy_fix import ProxyFix
    from werkzeug.test import Client

    app = sites.flask_app(guarded=True)
    client = Client(ProxyFix(app.wsgi_app))
    grant(client, "*")
    assert_no_banner(client.get("/"))
