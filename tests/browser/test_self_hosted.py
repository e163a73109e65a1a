"""A self-hosted Matomo in a browser: on the site's own path and on a host that no rule names, its loader and its pixel."""

from __future__ import annotations

from typing import Any

import pytest

from consent_guard.policy.model import Policy
from consent_guard.testing import consent_cookie
from consent_guard.wsgi import ConsentMiddleware

from ..self_hosted_snippets import matomo
from .test_pages import Pages

SECRET = "a secret of at least thirty-two bytes, for tests"
POLICY = Policy.load(
    {
        "categories": [{"id": "audience", "basis": "consent", "title": {"en": "Audience"}}],
        "services": [{"id": "matomo", "category": "audience"}],
    }
)


def page(base: str) -> str:
    """A page with Matomo's loader and its pixels, at the address of a folder."""
    pixel = f'<img src="{base}matomo.php?idsite=1'
    return (
        f"<!doctype html><html lang=en><head><title>T</title>{matomo(base)}</head><body>"
        f'<noscript>{pixel}&amp;rec=1" alt=""></noscript>{pixel}" alt=""><p>text</body></html>'
    )


def asked(chromium: Any, loopback: Any, app: Any) -> set[str]:
    """Return the files of Matomo that a visit asks for."""
    loopback.app, loopback.own = app, {"site.example"}
    with chromium.tab() as session:
        chromium.visit(session, "https://site.example/page", seconds=3)
        urls = [request["request"]["url"] for request in chromium.requests(session)]
    assert any(url.endswith("/page") for url in urls)
    return {url.partition("?")[0].rpartition("/")[2] for url in urls if "matomo." in url}


class Granting:
    """The guarded app for a visitor who allowed Matomo."""

    def __init__(self, app: Any) -> None:
        self._app = app

    def __call__(self, environ: Any, start_response: Any) -> Any:
        environ["HTTP_COOKIE"] = "=".join(consent_cookie(POLICY, SECRET, allow=["matomo"]))
        return self._app(environ, start_response)


@pytest.mark.parametrize("base", ["/stats/", "//stats.agency.example/"])
def test_a_self_hosted_matomo_is_asked_for_nothing_until_it_is_allowed(chromium: Any, loopback: Any, base: str) -> None:
    """L01"""
    app = Pages()
    app.body = page(base).encode()
    guarded = ConsentMiddleware(app, POLICY, secret_key=SECRET)
    assert asked(chromium, loopback, app) == {"matomo.js", "matomo.php"}
    assert asked(chromium, loopback, guarded) == set()
    assert asked(chromium, loopback, Granting(guarded)) == {"matomo.js", "matomo.php"}
