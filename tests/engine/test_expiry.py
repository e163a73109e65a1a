"""Deleting what a browser still holds (L24, L24b, H07)."""

from __future__ import annotations

import pytest

GONE = b"Max-Age=0; Expires=Thu, 01 Jan 1970 00:00:00 GMT"


def places(lines: list[bytes]) -> list[tuple[bytes, bytes, bytes]]:
    """Return name, Domain and Path of each deletion."""
    found = []
    for line in lines:
        assert GONE in line
        pair, *attributes = line.split(b"; ")
        given = dict(attribute.partition(b"=")[::2] for attribute in attributes)
        found.append((pair.rstrip(b"="), given.get(b"Domain", b""), given[b"Path"]))
    return found


def page(site, cookie: bytes, **options):
    return site.request(cookie=cookie, **options).respond(200, site.HTML)


def test_a_gated_cookie_that_turns_up_is_expired_for_the_host_and_every_domain_above(site) -> None:
    """L24b, H07: a request shows neither Domain nor Path; never a public suffix."""
    lines = site.set_cookies(page(site, b"_ga=1; session=1; mystery=1", host="a.www.example.org:8443"))
    everywhere = [
        (b"_ga", b"", b"/"),
        (b"_ga", b"a.www.example.org", b"/"),
        (b"_ga", b"www.example.org", b"/"),
        (b"_ga", b"example.org", b"/"),
    ]
    assert places(lines) == everywhere * 2
    assert all(line.endswith(b"Secure") for line in lines[:4])


def test_over_https_a_cookie_is_expired_as_a_partitioned_one_too_which_lies_beside_its_namesake(site) -> None:
    """H08: a request does not show which of the two came."""
    lines = site.set_cookies(page(site, b"_ga=1; _adid=1"))
    plain, partitioned = lines[: len(lines) // 2], lines[len(lines) // 2 :]
    assert [line + b"; Partitioned" for line in plain] == partitioned
    assert not any(b"Partitioned" in line for line in site.set_cookies(page(site, b"_ga=1", scheme="http")))


def test_partitioned_cookies_are_expired_in_the_room_that_the_others_leave(site) -> None:
    """H08, L24b"""
    few = site.set_cookies(page(site, b"; ".join(b"_ga_N%d=1" % number for number in range(3))))
    assert any(line.endswith(b"Partitioned") for line in few)
    many = site.set_cookies(page(site, b"; ".join(b"_ga_N%d=1" % number for number in range(40))))
    assert not any(line.endswith(b"Partitioned") for line in many)


def test_a_rule_that_states_domain_and_path_is_believed(site) -> None:
    """H07"""
    assert set(places(site.set_cookies(page(site, b"_adid=1")))) == {(b"_adid", b"example.org", b"/shop/")}


def test_a_domain_that_is_not_the_hosts_own_cannot_be_used(site) -> None:
    assert places(site.set_cookies(page(site, b"_adid=1", host="other.test", scheme="http"))) == [
        (b"_adid", b"", b"/shop/"),
        (b"_adid", b"other.test", b"/shop/"),
    ]


def test_a_domain_that_the_hosts_name_merely_ends_with_is_another_sites(site) -> None:
    """RFC 6265bis §5.1.3: only past a dot"""
    assert places(site.set_cookies(page(site, b"_adid=1", host="notexample.org", scheme="http"))) == [
        (b"_adid", b"", b"/shop/"),
        (b"_adid", b"notexample.org", b"/shop/"),
    ]
    for host, known in (("example.org", True), ("www.example.org", True), ("notexample.org", False)):
        deleted = [line for line in site.set_cookies(site.post(b"choice=refuse", host=host)) if GONE in line]
        assert any(line.startswith(b"_adid=") for line in deleted) is known, host


@pytest.mark.parametrize("host", ["localhost:8000", "127.0.0.1", "[::1]:80", "com", "", "bad host"])
def test_a_host_without_a_domain_has_only_its_own_cookies(site, host: str) -> None:
    lines = site.set_cookies(page(site, b"_ga=1", host=host, scheme="http"))
    assert lines == [b"_ga=; Path=/; " + GONE]


def test_a_pattern_expires_the_name_that_came(site) -> None:
    assert {name for name, _, _ in places(site.set_cookies(page(site, b"_ga_AB1=1; _ga_CD2=2")))} == {b"_ga_AB1", b"_ga_CD2"}


def test_nothing_is_expired_that_is_allowed_or_that_no_rule_names(site) -> None:
    plan = page(site, site.cookie(allow="*") + b"; _ga=1; _vid=1; taste=1; mystery=1; session=1")
    assert site.set_cookies(plan) == []


@pytest.mark.parametrize(
    "kind", [b"text/css", b"image/png", b"image/svg+xml", b"application/json", b"application/xml", b"text/event-stream"]
)
def test_nothing_is_expired_on_what_is_no_page(site, kind: bytes) -> None:
    """DESIGN §6: never on static or cacheable responses."""
    plan = site.request("/x", cookie=b"_ga=1").respond(200, [(b"Content-Type", kind)])
    assert site.set_cookies(plan) == []


@pytest.mark.parametrize("kind", [b"text/html", b"application/xhtml+xml"])
@pytest.mark.parametrize("status", [200, 302, 404, 500])
def test_pages_of_every_status_expire(site, kind: bytes, status: int) -> None:
    plan = site.request("/x", cookie=b"_ga=1").respond(status, [(b"Content-Type", kind)])
    assert site.set_cookies(plan)
    assert site.values(plan, b"cache-control") == [b"private, no-store"]


def test_nothing_is_expired_in_report_mode(make) -> None:
    site = make(enforcement="report")
    assert site.set_cookies(page(site, b"_ga=1")) == []
    assert site.set_cookies(site.get(cookie=b"_ga=1")) == []


def test_a_crowd_of_gated_cookies_cannot_swell_the_head(site) -> None:
    crowd = b"; ".join(b"_ga_%d=1" % number for number in range(500))
    plan = page(site, crowd)
    assert 0 < len(site.set_cookies(plan)) <= 48


@pytest.mark.parametrize("name", [b"_ga_\r\nX", b"_ga_\x00", b"_ga_\x7f"])
def test_a_name_that_could_break_a_header_is_hidden_and_not_repeated(site, name: bytes) -> None:
    """K17"""
    exchange = site.request(cookie=name + b"=1")
    assert exchange.forward_headers == [] or exchange.forward_headers == ()
    assert site.set_cookies(exchange.respond(200, site.HTML)) == []


@pytest.mark.parametrize("below", ["", "/declaration", "/state"])
def test_our_own_pages_expire_too_but_not_our_files(site, below: str) -> None:
    assert places(site.set_cookies(site.get(below, cookie=b"_ga=1")))
    asset = site.guard._site.surface.asset_path()
    assert site.set_cookies(site.get(asset, cookie=b"_ga=1")) == []


def test_withdrawal_expires_what_came_and_what_the_rules_know(site) -> None:
    """L24: every gated cookie of the request, and exact names of rules with a known Domain."""
    reply = site.post(b"choice=refuse", cookie=site.cookie(allow="*") + b"; _vid=1; _ga_X=1; session=1")
    deleted = {name for name, _, _ in places([line for line in site.set_cookies(reply) if GONE in line])}
    assert deleted == {b"_vid", b"_ga_X", b"_adid"}


def test_an_acceptance_expires_nothing_that_it_allows(site) -> None:
    reply = site.post(b"choice=accept", cookie=b"_vid=1; _ga=1")
    assert len(site.set_cookies(reply)) == 1


def test_a_host_bound_cookie_is_expired_once_and_for_the_host_alone(site) -> None:
    from consent_guard.engine.cookie_rulings import CookieRulings
    from consent_guard.engine.expiry import expiry_lines

    lines = [line for _, line in expiry_lines([b"__Host-ad"], CookieRulings(site.guard.policy), "www.example.org", True, 0)]
    assert places(lines) == [(b"__Host-ad", b"", b"/")] * 2


def test_a_name_that_no_browser_can_hold_is_looked_at_once_however_long_the_host(site, monkeypatch) -> None:
    """Visitors choose both; names times domains must not become work."""
    from consent_guard.engine import expiry
    from consent_guard.engine.cookie_rulings import CookieRulings

    asked: list[bytes] = []
    real = expiry.deletion_line

    def counted(name: bytes, *place):
        asked.append(name)
        return real(name, *place)

    monkeypatch.setattr(expiry, "deletion_line", counted)
    names = [b"_ga_\x01%d" % number for number in range(50)]
    assert expiry.expiry_lines(names, CookieRulings(site.guard.policy), "a." * 100 + "example.org", True, 0) == []
    assert asked == names * 2


def test_deletions_leave_room_in_the_head_and_each_name_gets_its_turn(site) -> None:
    """L24b: nginx answers 502 for a head of more than 4 KiB, and the deletions would never arrive."""
    from consent_guard.engine.cookie_rulings import CookieRulings
    from consent_guard.engine.expiry import expiry_lines

    names = [b"_ga_N%d" % number for number in range(40)]
    rulings = CookieRulings(site.guard.policy)
    seen: set[bytes] = set()
    for now in range(40):
        lines = expiry_lines(names, rulings, "www.shop.example.org", True, now)
        assert sum(len(name) + len(value) + 4 for name, value in lines) <= 1536
        seen.update(name for name, _, _ in places([line for _, line in lines]))
    assert seen == set(names)


def test_a_page_with_many_gated_cookies_keeps_a_small_head(site) -> None:
    cookies = b"; ".join(b"_ga_N%d=1" % number for number in range(40))
    plan = page(site, cookies, host="www.shop.example.co.uk")
    assert sum(len(name) + len(value) + 4 for name, value in plan.headers) < 3072
