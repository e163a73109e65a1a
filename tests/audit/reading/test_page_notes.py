"""What a page says of tools that the site hosts itself, and of what the visitor is about to do."""

from __future__ import annotations

import pytest

from consent_guard.audit.reading.fetching import Answer
from consent_guard.audit.reading.page_notes import PageNotes
from consent_guard.policy.hosts import HostIndex
from consent_guard.policy.model import Policy

POLICY = Policy.load(None)
INDEX = HostIndex(POLICY)
MATOMO = (
    "<script>var _paq=window._paq||[];(function(){{var u='{}';_paq.push(['setTrackerUrl',u+'matomo.php']);"
    "g.src=u+'matomo.js'}})()</script>"
)
GTM = "<script>w[l].push({{'gtm.start':1}});j.src='{}gtm.js?id='+i</script>"
POSTHOG = (
    '<script>window.posthog=e;p.src=s.api_host+"/static/array.js";posthog.init("x",{{api_host:"{}",path:"/decide"}})</script>'
)


def notes(body: str, url: str = "https://www.shop.example/") -> PageNotes:
    found = PageNotes(POLICY, INDEX)
    found.page(Answer(url, 200, (), body.encode()))
    return found


@pytest.mark.parametrize(
    ("body", "service", "rules"),
    [
        (MATOMO.format("//stats.agency.example/"), "matomo", ["stats.agency.example"]),
        (MATOMO.format("https://www.agency.example/m/"), "matomo", ["www.agency.example/m/"]),
        (MATOMO.format("/matomo/"), "matomo", ["/matomo/"]),
        (MATOMO.format("https://www.shop.example/matomo/"), "matomo", ["/matomo/"]),
        (MATOMO.format("/"), "matomo", ["/matomo.js"]),
        ('<script src="https://stats.shop.example/matomo.js"></script>', "matomo", ["stats.shop.example"]),
        ('<img src="/piwik/piwik.php?idsite=1&amp;rec=1">', "matomo", ["/piwik/"]),
        ('<script src="/js/container_aB1.js"></script>', "matomo", ["/js/container_aB1.js"]),
        (GTM.format("https://sst.shop.example/"), "google-tag-manager", ["sst.shop.example"]),
        (GTM.format("/gtm/"), "google-tag-manager", ["/gtm/"]),
        ('<script src="/metrics/gtm.js?id=GTM-1"></script>', "google-tag-manager", ["/metrics/"]),
        (POSTHOG.format("https://ph.shop.example"), "posthog", ["ph.shop.example"]),
        (
            "<script>p.GlobalSnowplowNamespace=[];n.src=w}(window,'https://c.shop.example/sp.js')</script>",
            "snowplow",
            ["c.shop.example"],
        ),
        ('<script defer data-website-id="x" src="https://u.shop.example/script.js"></script>', "umami", ["u.shop.example"]),
        ('<script data-domain="x" src="/p/js/script.js"></script>', "plausible", ["/p/"]),
        ("<script>_paq.push(1);load(base+'matomo.js')</script>", "matomo", []),
    ],
)
def test_a_tool_of_the_site_s_own_is_told_with_the_rule_that_names_it(body: str, service: str, rules: list[str]) -> None:
    assert {id: list(found) for id, found in notes(body).own.items()} == {service: rules}


@pytest.mark.parametrize(
    "body",
    [
        MATOMO.format("https://x.matomo.cloud/"),
        GTM.format("https://www.googletagmanager.com/"),
        POSTHOG.format("https://eu.i.posthog.com"),
        '<script src="/script.js"></script>',
        '<script src="/own/notmatomo.js"></script>',
        "<script>dataLayer.push({'gtm.start':1})</script>",
        '<p>_paq and "matomo.js"</p>',
        '<script src="https://[/matomo.js"></script><script src="javascript:1"></script><img src="">',
        "",
    ],
)
def test_what_is_its_vendor_s_or_nobody_s_is_not(body: str) -> None:
    assert notes(body).own == {}


STRIPE = '<script src="https://js.stripe.com/v3/"></script>'
RECAPTCHA = '<script src="https://www.google.com/recaptcha/api.js"></script>'


@pytest.mark.parametrize(
    ("body", "url", "asked"),
    [
        (STRIPE, "https://www.shop.example/checkout", {"stripe"}),
        (STRIPE, "https://www.shop.example/fr/panier/", {"stripe"}),
        (STRIPE + '<form action="/kasse"></form>', "https://www.shop.example/", {"stripe"}),
        (STRIPE + '<input autocomplete="cc-number">', "https://www.shop.example/x", {"stripe"}),
        (STRIPE, "https://www.shop.example/", set()),
        (STRIPE + "<form><input type=password></form>", "https://www.shop.example/login", set()),
        (RECAPTCHA + "<form><input type=password></form>", "https://www.shop.example/", {"google-recaptcha"}),
        (RECAPTCHA + "<form><textarea></textarea></form>", "https://www.shop.example/", {"google-recaptcha"}),
        (RECAPTCHA + "<form><input type=search></form>", "https://www.shop.example/", set()),
        (RECAPTCHA, "https://www.shop.example/checkout", set()),
        ("<form><input type=password></form>", "https://www.shop.example/checkout", set()),
    ],
)
def test_a_payment_is_asked_for_in_a_checkout_and_a_captcha_beside_a_form(body: str, url: str, asked: set[str]) -> None:
    assert set(notes(body, url).asked_for) == asked
