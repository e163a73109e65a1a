"""What the scheme of a page decides: ``http:host/x`` is a path on a page of that scheme, and a host on any other."""

from __future__ import annotations

import pytest

TOLD = (b"Sec-Fetch-Site", b"none")


def page(address: bytes) -> bytes:
    return b"<!doctype html><body><img src='" + address + b"' width=90></body>"


@pytest.mark.parametrize("headers", [(TOLD,), ()])
@pytest.mark.parametrize("address", [b"http:www.ads.example/x.gif", b"https:www.ads.example/x.gif"])
def test_behind_a_proxy_that_does_not_speak_of_tls_an_address_is_read_under_both_schemes(site, headers, address: bytes) -> None:
    """ROBUSTNESS 0.7: the server says http; the browser may well see https, and where it sends Fetch Metadata it does."""
    plan = site.request("/page", *headers, scheme="http").respond(200, site.HTML)
    assert b"ads.example" not in site.send(plan, page(address))


@pytest.mark.parametrize("headers", [(TOLD,), ()])
def test_headers_are_read_under_both_schemes_too(site, headers) -> None:
    link = (b"Link", b"<http:www.ads.example/x.css>; rel=stylesheet")
    plan = site.request("/page", *headers, scheme="http").respond(200, [(b"Content-Type", b"text/plain"), link])
    assert site.values(plan, b"link") == []


def test_over_https_a_path_that_begins_with_the_scheme_is_a_path(site) -> None:
    plan = site.request("/page").respond(200, site.HTML)
    assert b"https:www.ads.example/x.gif" in site.send(plan, page(b"https:www.ads.example/x.gif"))
    plan = site.request("/page").respond(200, site.HTML)
    assert b"ads.example" not in site.send(plan, page(b"http:www.ads.example/x.gif"))


def test_a_base_element_holds_under_both_schemes(site) -> None:
    plan = site.request("/page", scheme="http").respond(200, site.HTML)
    out = site.send(plan, b"<!doctype html><base href=/a/><img src='http:www.ads.example/x.gif'><img src='http:x.gif'>")
    assert b"ads.example" not in out
    assert b"http:x.gif" in out
