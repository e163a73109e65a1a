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


def page(site, cookie: bytes, path: str = "/", **options):
    return site.request(path, cookie=cookie, **options).respond(200, site.HTML)


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


ROOT = (b"_ga", b"", b"/")


def paths(lines: list[bytes], name: bytes = b"_ga", domain: bytes = b"") -> list[bytes]:
    return [path for one, where, path in places(lines) if (one, where) == (name, domain)]


def test_a_cookie_is_expired_on_every_path_above_the_page_as_browsers_write_them(site) -> None:
    """RFC 6265 §5.1.4: a script that names no path writes to the directory of its page, without the slash."""
    lines = site.set_cookies(page(site, b"_ga=1", "/shop/shoes/1", host="localhost", scheme="http"))
    assert paths(lines) == [b"/", b"/shop/shoes", b"/shop", b"/shop/shoes/", b"/shop/", b"/shop/shoes/1"]
    lines = site.set_cookies(page(site, b"_ga=1", "/shop/", host="localhost", scheme="http"))
    assert paths(lines) == [b"/", b"/shop", b"/shop/"]


def test_a_path_is_expired_for_every_domain(site) -> None:
    lines = site.set_cookies(page(site, b"_ga=1", "/shop/", scheme="http"))
    domains = (b"", b"www.example.org", b"example.org")
    assert {(where, path) for _, where, path in places(lines)} == {
        (domain, path) for domain in domains for path in (b"/", b"/shop", b"/shop/")
    }


def test_paths_are_written_as_the_browser_asked_for_them_below_the_apps_root(site) -> None:
    lines = site.set_cookies(page(site, b"_ga=1", "/é b/x", root_path="/app", host="localhost", scheme="http"))
    assert paths(lines)[:3] == [b"/", b"/app/%C3%A9%20b", b"/app"]


@pytest.mark.parametrize("path", ["/a;b/c", "//x/y", "/" + "a" * 300 + "/b", "/" + "a/" * 400, "/\r\nX/y", "/\x00/y", ""])
def test_no_path_breaks_a_line_or_fills_the_head(site, path: str) -> None:
    """K17: what stands in a path is the visitor's."""
    lines = site.set_cookies(page(site, b"_ga=1", path))
    assert ROOT in places(lines)
    assert sum(len(line) + 14 for line in lines) <= 1536
    assert not any(b"\r" in line or b"\n" in line or b"\0" in line or b";b" in line for line in lines)


def test_a_rule_that_states_a_path_is_believed_on_any_page(site) -> None:
    lines = site.set_cookies(page(site, b"_adid=1", "/other/page", scheme="http"))
    assert places(lines) == [(b"_adid", b"example.org", b"/shop/")]


@pytest.mark.parametrize("cookies", [1, 2, 40])
def test_every_place_gets_its_turn_where_one_head_does_not_hold_all(site, cookies: int) -> None:
    """H07, H08: on each path, for each domain, partitioned and not; the usual places in every second or third head at least."""
    names = [b"_ga_N%d" % number for number in range(cookies)]
    crowd = b"; ".join(name + b"=1" for name in names)
    seen: set[bytes] = set()
    for second in range(24 * cookies):
        plan = page(site, crowd, "/shop/shoes/1", now=site.NOW + second)
        lines = site.set_cookies(plan)
        assert sum(len(line) + 14 for line in lines) <= 1536
        seen.update(lines)
    wanted = {b"/", b"/shop", b"/shop/", b"/shop/shoes", b"/shop/shoes/", b"/shop/shoes/1"}
    domains = (b"", b"www.example.org", b"example.org")
    everywhere = {(name, domain, path) for name in names for domain in domains for path in wanted}
    assert set(places([line for line in seen if b"Partitioned" not in line])) == everywhere
    assert set(places([line for line in seen if b"Partitioned" in line])) == everywhere


def test_each_name_gets_its_turn_where_one_head_holds_one_name(site) -> None:
    names = [b"_ga_N%d" % number for number in range(6)]
    crowd, host = b"; ".join(name + b"=1" for name in names), "a.b.c.d.e.f.g.h.i.j.k.l.example.org"
    seen: set[bytes] = set()
    for second in range(0, 24, 2):
        seen.update({name for name, _, _ in places(site.set_cookies(page(site, crowd, host=host, now=site.NOW + second)))})
    assert seen == set(names)


def test_the_likeliest_places_come_first_where_one_head_does_not_hold_all(site) -> None:
    """GA's own are on ``/``; next are those without a path."""
    lines = site.set_cookies(page(site, b"_ga=1", "/shop/shoes/1"))
    assert [path for _, _, path in places(lines)][:6] == [b"/"] * 3 + [b"/shop/shoes"] * 3


JSON = (b"Content-Type", b"application/json")


@pytest.mark.parametrize(
    ("method", "headers", "swept"),
    [
        ("GET", [(b"Cache-Control", b"private")], True),
        ("GET", [(b"cache-control", b"no-cache"), (b"Cache-Control", b"max-age=0, No-Store")], True),
        ("GET", [(b"Cache-Control", b"no-cache")], False),
        ("GET", [(b"Cache-Control", b"max-age=60"), (b"Vary", b"Cookie")], False),
        ("GET", [(b"Cache-Control", b"private, s-maxage=60")], False),
        ("GET", [(b"Cache-Control", b"public, no-store")], False),
        ("GET", [(b"Cache-Control", b"no-store"), (b"Surrogate-Control", b"max-age=60")], False),
        ("GET", [(b"Cache-Control", b"no-store"), (b"CDN-Cache-Control", b"max-age=60")], False),
        ("HEAD", [], False),
        ("POST", [], True),
        ("PUT", [(b"Cache-Control", b"max-age=60")], False),
        ("DELETE", [(b"Cache-Control", b"private")], True),
    ],
)
def test_what_is_no_page_expires_where_no_shared_cache_may_keep_it(
    site, method: str, headers: list[tuple[bytes, bytes]], swept: bool
) -> None:
    """H21: for pages whose scripts never load another. The answer keeps its caching as the app gave it (H22)."""
    sent = [JSON, *headers]
    plan = site.request("/api/x", cookie=b"_ga=1", method=method).respond(200, sent)
    assert bool(site.set_cookies(plan)) is swept
    assert [header for header in plan.headers if header[0] != b"set-cookie"] == sent


def test_a_redirect_after_a_post_expires(site) -> None:
    plan = site.request("/login", cookie=b"_ga=1", method="POST").respond(303, [(b"Location", b"/")])
    assert ROOT in places(site.set_cookies(plan))


def test_our_own_pages_expire_on_the_paths_above_them_alone(make) -> None:
    """Nothing is set for our own pages, but an app may be mounted below a path."""
    site = make()
    assert set(paths(site.set_cookies(site.get("/declaration", cookie=b"_ga=1")))) == {b"/"}
    assert set(paths(site.set_cookies(site.get(cookie=b"_ga=1", root_path="/shop")))) == {b"/", b"/shop", b"/shop/"}
    lines = [
        line for line in site.set_cookies(site.post(b"choice=refuse", cookie=b"_vid=1", root_path="/shop")) if GONE in line
    ]
    assert set(paths(lines, b"_vid")) == {b"/", b"/shop", b"/shop/"}


def test_a_refused_cookie_is_told_once_a_request_by_its_rules_name(site) -> None:
    exchange = site.request("/shop/x", cookie=b"_ga_A=1; _ga_B=1; _ga_A=2")
    exchange.respond(200, site.HTML)
    assert [finding.subject for finding in exchange.finish()] == ["_ga_*"]
