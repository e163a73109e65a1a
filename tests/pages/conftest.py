"""The policy, the requests and the strict parser that the tests of our pages share."""

from __future__ import annotations

from collections.abc import Callable
from xml.etree.ElementTree import Element

import html5lib
import pytest

from consent_guard.consent.choice import Choice, effective
from consent_guard.pages.model import RequestView
from consent_guard.policy.model import (
    AppCookie,
    Basis,
    Category,
    Controller,
    CookieRule,
    HostRule,
    Lifetime,
    Policy,
    Service,
)

NOW = 1591358400
"""2020-06-05 12:00 UTC."""


def both(french: str, english: str) -> dict[str, str]:
    return {"fr": french, "en": english}


def seed_policy() -> Policy:
    """A policy with every basis, with and without names, controllers, purposes and descriptions."""
    months = Lifetime(months=13)
    return Policy(
        categories=(
            Category("necessary", Basis.NECESSARY, both("Fonctionnement", "Running the site")),
            Category("audience", Basis.EXEMPT, both("Mesure d’audience", "Audience"), both("Compter.", "Counting.")),
            Category("campaigns", Basis.CONSENT, both("Campagnes", "Campaigns"), both("Évaluer.", "Judging."), gpc=True),
            Category("interactivity", Basis.CONSENT, both("Interactivité", "Interactivity"), both("Voir.", "Watching.")),
        ),
        services=(
            Service(
                "xiti",
                "audience",
                both("Xiti", "Xiti"),
                both("Statistiques", "Statistics"),
                Controller("Piano", "https://piano.example/privacy"),
                (HostRule("*.xiti.example", "xiti.example", True),),
                (CookieRule("atid", months), CookieRule("idrxvr", months)),
                exempt="audience_fr",
            ),
            Service("gtm", "campaigns", both("Gestionnaire de balises", "Tag manager"), {}, Controller("Google", "")),
            Service("video", "interactivity", {"fr": "Vidéos"}, {}, None, (HostRule("v.example", "v.example"),)),
            Service(
                "share",
                "interactivity",
                both("Partage", "Sharing"),
                both("Partager une page", "Sharing a page"),
                Controller("Meta", "https://meta.example/policy?a=1&b=2"),
                (HostRule("s.example", "s.example"), HostRule("/own/", "", path="/own/")),
                (
                    CookieRule("_s*", Lifetime(seconds=86400), both("Retenir le partage", "Remembering the share")),
                    CookieRule("_session", Lifetime()),
                ),
            ),
        ),
        cookies=(
            AppCookie(CookieRule("contrast", months, both("Affichage", "Display")), "necessary"),
            AppCookie(CookieRule("zoom", None), "interactivity"),
        ),
        revision=3,
        languages=("fr", "en"),
    )


@pytest.fixture(scope="session")
def policy() -> Policy:
    return seed_policy()


View = Callable[..., RequestView]


@pytest.fixture(scope="session")
def view_of() -> View:
    """Return the view of a request under a policy, 100 seconds after NOW."""

    def make(
        policy: Policy,
        choice: Choice | None = None,
        *,
        gpc: bool = False,
        lang: str | None = None,
        accept: bytes = b"",
        base: str = "/app/privacy-choices",
        next: str = "/article?a=1&b=2",
        later: int = 100,
    ) -> RequestView:
        return RequestView(base, next, accept, effective(policy, choice, NOW + later, gpc), lang)

    return make


Parse = Callable[[bytes], Element]


@pytest.fixture(scope="session")
def parsed() -> Parse:
    """Parse a whole document; any parse error of the HTML standard raises."""

    def parse(document: bytes) -> Element:
        parser = html5lib.HTMLParser(html5lib.getTreeBuilder("etree"), strict=True, namespaceHTMLElements=False)
        root: Element = parser.parse(document, transport_encoding="utf-8")
        return root

    return parse


@pytest.fixture(scope="session")
def in_page(parsed: Parse) -> Parse:
    """Parse markup that stands at the start of the body of a page."""

    def parse(markup: bytes) -> Element:
        page = b"<!DOCTYPE html><html lang=fr><head><title>t</title></head><body>" + markup + b"<p>after</p></body></html>"
        body = parsed(page).find("body")
        assert body is not None
        return body

    return parse


@pytest.fixture(scope="session")
def text_of() -> Callable[[Element], str]:
    return lambda element: " ".join("".join(element.itertext()).split())
