"""What real pages load from services that lists lacked: withheld under the built-in policy, and where a policy lists them.

Each row restates a public report (named by its repository and number) as a page of our own.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

import pytest

from consent_guard.policy.model import Policy
from consent_guard.rewrite.decide.compiled_policy import CompiledPolicy
from consent_guard.testing import consent_cookie
from consent_guard.wsgi import ConsentMiddleware

from ..rewrite.documents import rewritten
from ..self_hosted_snippets import gtm, matomo
from .official_snippets import OWN_HOSTS, SNIPPETS

SECRET = "a secret of at least thirty-two bytes, for tests"
GTM = gtm("/gtm/")


def page(body: str, policy: Policy, deny: Iterable[str] = ()) -> str:
    """Return what a visitor of shop.example gets of a page: a first one, or one who refused something."""

    def app(environ: Mapping[str, Any], start_response: Any) -> Iterable[bytes]:
        start_response("200 OK", [("Content-Type", "text/html; charset=utf-8")])
        return [f"<!doctype html><html lang=en><head><title>T</title></head><body>{body}</body></html>".encode()]

    environ = {
        "REQUEST_METHOD": "GET",
        "SCRIPT_NAME": "",
        "PATH_INFO": "/",
        "QUERY_STRING": "",
        "SERVER_NAME": "www.shop.example",
        "SERVER_PORT": "443",
        "HTTP_HOST": "www.shop.example",
        "wsgi.url_scheme": "https",
    }
    if deny:
        environ["HTTP_COOKIE"] = "=".join(consent_cookie(policy, SECRET, deny=deny))
    sent = ConsentMiddleware(app, policy, secret_key=SECRET)(environ, lambda *_: None)
    return b"".join(sent).decode()


@pytest.fixture(scope="module")
def builtin() -> Policy:
    return Policy.load(None)


@pytest.mark.parametrize(
    "address",
    [
        # ghostery/trackerdb#55, and embeds under a country's domain
        "https://maps.google.de/maps?q=berlin&amp;output=embed",
        "https://www.google.co.uk/maps/embed?pb=1",
        "https://youtube.googleapis.com/embed/x",
        "https://www.google.de/ads/ga-audiences?v=1",
        "https://www.google.com.br/pagead/1p-user-list/1/",
        "https://adservice.google.pl/adsid/integrator.js",
        "https://kit.fontawesome.com/abc.js",
        "https://static.cloudflareinsights.com/beacon.min.js",
        "https://connect.facebook.net/is_IS/fbevents.js",
        "https://mc.yandex.com.tr/metrika/tag.js",
    ],
)
@pytest.mark.parametrize("element", ['<iframe src="{}"></iframe>', '<script src="{}"></script>', '<img src="{}" alt="">'])
def test_an_address_that_lists_lacked_is_withheld_until_consent(builtin: Policy, address: str, element: str) -> None:
    shown = page(element.format(address), builtin)
    assert f'src="{address}"' not in shown


@pytest.mark.parametrize(
    "address", ["https://www.google.de/search?q=x", "https://maps.google.evil.example/maps", "https://www.google.de/intl/x.png"]
)
def test_the_rest_of_a_country_s_host_is_left_alone(builtin: Policy, address: str) -> None:
    assert f'src="{address}"' in page(f'<img src="{address}" alt="">', builtin)


@pytest.mark.parametrize(
    ("hosts", "base"),
    [
        # AmauriC/tarteaucitron.js#991 and #441
        (["stats.shop.example"], "//stats.shop.example/"),
        (["stats.agency-example.org"], "https://stats.agency-example.org/"),
        (["www.shop.example/matomo/"], "//www.shop.example/matomo/"),
        (["*.agency-example.org"], "https://eu.stats.agency-example.org/m/"),
        (["/matomo/"], "/matomo/"),
    ],
)
@pytest.mark.parametrize("mode", ["signature", "mention"])
def test_the_snippet_of_a_matomo_on_the_policy_s_own_host_is_withheld(hosts: list[str], base: str, mode: str) -> None:
    policy = Policy.load(
        {
            "policy": {"inline_scripts": mode},
            "categories": [{"id": "audience", "basis": "consent", "title": {"en": "Audience"}}],
            "services": [{"id": "matomo", "hosts": hosts}],
        }
    )
    shown = page(matomo(base), policy)
    assert "setTrackerUrl" not in shown
    assert "trackPageView" not in shown


def told(shown: str, snippet: str) -> list[str]:
    """Return the parts of a snippet that still stand in a page: the text of its scripts and its addresses."""
    parts: list[str] = re.findall(r">([^<]{20,})", snippet) + re.findall(r"""(?:src|href)=["']([^"']+)""", snippet)
    return [part for part in parts if part in shown]


@pytest.mark.parametrize("name", SNIPPETS)
def test_a_vendor_s_own_snippet_is_withheld(builtin: Policy, name: str) -> None:
    _, snippet = SNIPPETS[name]
    left = told(page(snippet, builtin), snippet)
    if "_linkedin_partner_id" in snippet:  # its first script only sets numbers
        left = [part for part in left if "createElement" in part]
    assert not left


def test_sixty_services_snippets_are_tried() -> None:
    assert len(SNIPPETS) >= 60
    assert all(document.startswith("https://") for document, _ in [*SNIPPETS.values(), *OWN_HOSTS.values()])


@pytest.mark.parametrize("host", ["stats.agency-example.org", "metrics.shop.example"])
@pytest.mark.parametrize("id", OWN_HOSTS)
def test_a_self_hosted_tool_s_snippet_is_withheld_where_the_policy_gives_its_host(id: str, host: str) -> None:
    snippet = OWN_HOSTS[id][1].replace("HOST", host)
    category = {"id": "c", "basis": "consent", "title": {"en": "C"}}
    policy = Policy.load({"categories": [category], "services": [{"id": id, "category": "c", "hosts": [host]}]})
    assert not told(page(snippet, policy), snippet)


@pytest.mark.parametrize("host", ["stats.agency-example.org", "stats.shop.example", "www.shop.example"])
@pytest.mark.parametrize("id", OWN_HOSTS)
def test_a_self_hosted_tool_s_snippet_is_withheld_wherever_it_lives(builtin: Policy, id: str, host: str) -> None:
    """On the site's own host too, where the policy names no address of it."""
    snippet = OWN_HOSTS[id][1].replace("HOST", host)
    category = {"id": "c", "basis": "consent", "title": {"en": "C"}}
    listed = Policy.load({"categories": [category], "services": [{"id": id, "category": "c"}]})
    for policy in (builtin, listed):
        assert not told(page(snippet, policy), snippet)


@pytest.mark.parametrize("mode", ["signature", "mention"])
@pytest.mark.parametrize("hosts", [["*.googletagmanager.com", "/gtm/"], ["*.googletagmanager.com"]])
def test_a_tag_manager_from_the_site_s_own_host_is_withheld(hosts: list[str], mode: str) -> None:
    # AmauriC/tarteaucitron.js#991
    policy = Policy.load(
        {
            "policy": {"inline_scripts": mode},
            "categories": [{"id": "c", "basis": "consent", "title": {"en": "C"}}],
            "services": [{"id": "google-tag-manager", "category": "c", "hosts": hosts}],
        }
    )
    assert "gtm.start" not in page(GTM, policy)


def test_audience_measurement_that_is_exempt_stays_on_until_refused() -> None:
    """L53"""
    policy = Policy.load(
        {
            "categories": [{"id": "audience", "basis": "exempt", "title": {"en": "Audience"}}],
            "services": [{"id": "matomo", "category": "audience", "exempt": "audience_fr"}],
        }
    )
    for shown in ('<script src="/stats/matomo.js"></script>', matomo("/stats/")):
        assert "matomo.js" in page(shown, policy)
        assert "matomo.js" not in page(shown, policy, deny=["audience"])


GTAG = """<script>window.dataLayer=window.dataLayer||[];function gtag(){dataLayer.push(arguments)}gtag('js',new Date());
var s=document.createElement('script');s.async=1;s.src=ADDRESS;document.head.appendChild(s)</script>"""
"""https://developers.google.com/tag-platform/gtagjs, put in by a script"""
GOOGLE = "https://www.googletagmanager.com"


@pytest.fixture(scope="module")
def compiled(builtin: Policy) -> CompiledPolicy:
    return CompiledPolicy(builtin)


def withheld(compiled: CompiledPolicy, address: str, refused: str) -> bool:
    """Tell whether a script that loads gtag.js is withheld from who refused one service alone."""
    everything = frozenset(service.id for service in compiled.policy.services)
    shown = rewritten(GTAG.replace("ADDRESS", address), compiled=compiled, allowed=everything - {refused})
    return "dataLayer.push" not in shown


@pytest.mark.parametrize(
    ("address", "service"),
    [
        (f"'{GOOGLE}/gtag/js?id=AW-123'", "google-ads"),
        (f"'{GOOGLE}/gtag/js?id=AW-123&l=dataLayer'", "google-ads"),
        (f"'{GOOGLE}/gtag/js?l=dataLayer&id=AW-123'", "google-ads"),
        (f"'{GOOGLE}/gtag/js?id='+'AW-123'", "google-ads"),
        (f"'{GOOGLE}/gtag/js?id=DC-123'", "google-campaign-manager"),
        (f"'{GOOGLE}/gtag/js?id=GT-123'", "google-tag-manager"),
        ("'/m/gtag/js?id=AW-123'", "google-ads"),
        ("'/m/gtag/js?id='+'AW-123'", "google-ads"),
        ("base+'/gtag/js?id='+'AW-123'", "google-ads"),
        ("'/m/gtag/js?id=DC-123'", None),
        ("'/m/gtag/js?id=GT-123'", None),
    ],
)
def test_a_tag_is_withheld_for_the_service_of_its_id_and_no_other(
    compiled: CompiledPolicy, address: str, service: str | None
) -> None:
    assert not withheld(compiled, address, "google-analytics")
    assert service is None or withheld(compiled, address, service)


@pytest.mark.parametrize(
    "address",
    [
        f"'{GOOGLE}/gtag/js?id=G-123'",
        f"'{GOOGLE}/gtag/js?id='+id",
        f"'{GOOGLE}/gtag/js?l=dataLayer&id='+id",
        f"'{GOOGLE}/gtag/js?id=G'+id",
        f"'{GOOGLE}/gtag/js?id='+'AW-123';load('/m/gtag/js?id=G-123')",
        f"'{GOOGLE}/gtag/js?id='+(x?'AW-123':'G-123')",
        f"'{GOOGLE}/gtag/js?id='+(x||'AW-123')",
        "'/m/gtag/js?id=G-123'",
        "'/m/gtag/js?id=UA-123-1'",
        "'/m/gtag/js?id='+id",
        "`/m/gtag/js?id=${id}&l=dataLayer`",
        "base+'/gtag/js?id='+id",
        "'/m/gtag/js?id='+'AW-123';other('/m/gtag/js?id='+id)",
    ],
)
def test_a_tag_whose_id_is_the_service_s_or_not_told_is_withheld(compiled: CompiledPolicy, address: str) -> None:
    assert withheld(compiled, address, "google-analytics")
