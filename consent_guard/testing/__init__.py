"""The test kit: visitors who have chosen, and the assertion that no response leaks before consent.

    from consent_guard.testing import assert_no_leak, grant

    assert_no_leak(client.get("/"))
    grant(client, "audience")

It works with the test clients of Flask and Werkzeug, Django (sync and async), Starlette and FastAPI, httpx, requests and
WebTest, and on apps without the middleware. May import everything. Called by test suites and the pytest plugin; the library
itself never imports it.
"""

from .assertions import assert_banner, assert_cookie_blocked, assert_no_banner, assert_no_leak, leaks
from .cookies import consent_cookie
from .crawling import Crawl, crawl, crawl_async
from .guards import configure
from .visitors import at, expire, forget, grant, refuse

__all__ = [
    "Crawl",
    "assert_banner",
    "assert_cookie_blocked",
    "assert_no_banner",
    "assert_no_leak",
    "at",
    "configure",
    "consent_cookie",
    "crawl",
    "crawl_async",
    "expire",
    "forget",
    "grant",
    "leaks",
    "refuse",
]
