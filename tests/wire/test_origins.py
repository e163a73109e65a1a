"""Hosts, registrable domains, same-site paths and the Origin field."""

from __future__ import annotations

import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from consent_guard.wire.origins import (
    covers,
    is_ip_address,
    is_localhost,
    is_public_suffix,
    origin_is_ours,
    registrable_domain,
    same_site_path,
    split_host,
)


@pytest.mark.parametrize("domain", ["example.org", ".example.org"])
def test_a_domain_covers_itself_and_what_lies_below_it(domain: str) -> None:
    assert all(covers(domain, host) for host in ("example.org", "www.example.org", "a.b.example.org"))
    assert not any(covers(domain, host) for host in ("notexample.org", "org", "example.org.evil.example", ""))


@pytest.mark.parametrize(
    ("host", "domain"),
    [
        ("www.example.org", "example.org"),
        ("example.org", "example.org"),
        ("a.b.example.co.uk", "example.co.uk"),
        ("a.github.io", "a.github.io"),
        ("x.a.github.io", "a.github.io"),
        ("city.kobe.jp", "city.kobe.jp"),
        ("metrics.example", "metrics.example"),
        ("www.xn--85x722f.com.cn", "xn--85x722f.com.cn"),
        ("co.uk", None),
        ("github.io", None),
        ("com", None),
        ("localhost", None),
        ("127.0.0.1", None),
        ("203.0.113.7", None),
        ("0x7f.1", None),
        ("[::1]", None),
        ("", None),
        ("a..b", None),
        (".example.org", None),
        ("EXAMPLE.org", None),
        ("a b.org", None),
        ("a." * 200 + "org", None),
    ],
)
def test_the_registrable_domain_follows_the_public_suffix_list(host: str, domain: str | None) -> None:
    """DESIGN §11: it is not the last two labels"""
    assert registrable_domain(host) == domain


@pytest.mark.parametrize("domain", ["com", "co.uk", "github.io", "example"])
def test_a_whole_public_suffix_is_known(domain: str) -> None:
    assert is_public_suffix(domain)


@pytest.mark.parametrize("domain", ["example.org", "a.co.uk", "localhost", "a.localhost", "127.0.0.1", "", "[::1]"])
def test_what_one_party_can_own_is_no_public_suffix(domain: str) -> None:
    assert not is_public_suffix(domain)


@pytest.mark.parametrize(
    ("field", "expected"),
    [
        ("example.org", ("example.org", None)),
        ("EXAMPLE.org.", ("example.org", None)),
        ("example.org:8443", ("example.org", 8443)),
        ("example.org.:", ("example.org", None)),
        (" example.org:80\t", ("example.org", 80)),
        ("[::1]", ("[::1]", None)),
        ("[2001:DB8::1]:8080", ("[2001:db8::1]", 8080)),
        ("127.0.0.1:5000", ("127.0.0.1", 5000)),
        ("my_host", ("my_host", None)),
        ("", ("", None)),
        (":80", ("", None)),
        ("a:b", ("", None)),
        ("a:1:2", ("", None)),
        ("user@example.org", ("", None)),
        ("exa mple.org", ("", None)),
        ("example.org/x", ("", None)),
        ("[::1", ("", None)),
        ("example..org", ("", None)),
        ("é.org", ("", None)),
        ("\u212aex.org", ("", None)),
        ("a" * 300, ("", None)),
        ("example.org:999999", ("", None)),
        ("a\r\nb", ("", None)),
    ],
)
def test_a_host_field_is_split_or_is_no_host(field: str, expected: tuple[str, int | None]) -> None:
    assert split_host(field) == expected


@pytest.mark.parametrize("host", ["localhost", "a.localhost", "127.0.0.1", "127.9", "[::1]"])
def test_the_machine_itself_is_localhost(host: str) -> None:
    assert is_localhost(host)


@pytest.mark.parametrize("host", ["localhost.example.org", "127.example.org", "127.0.0.1.org", "notlocalhost", "", "128.0.0.1"])
def test_look_alikes_are_not_localhost(host: str) -> None:
    assert not is_localhost(host)


def test_a_numeric_last_label_makes_an_address() -> None:
    """WHATWG URL §3.5"""
    assert [is_ip_address(host) for host in ("1.2.3.4", "a.1", "0x7f", "1.2.3.com", "[::]", "a0")] == [True] * 3 + [
        False,
        True,
        False,
    ]


@pytest.mark.parametrize(
    ("given_next", "path"),
    [
        ("/", "/"),
        ("/a/b?c=d&e=f#g", "/a/b?c=d&e=f#g"),
        ("/a?next=https://e.example//", "/a?next=https://e.example//"),
        ("/a/../b", "/b"),
        ("/@e.example", "/@e.example"),
        ("/https://e.example", "/https://e.example"),
        ("/%09/e.example", "/%09/e.example"),
        ("/a b", "/a%20b"),
        ("/é", "/%C3%A9"),
        ("/／e.example", "/%EF%BC%8Fe.example"),
        ("/a//b", "/a//b"),
    ],
)
def test_a_path_of_this_site_is_followed(given_next: str, path: str) -> None:
    """K16"""
    assert same_site_path(given_next) == path


@pytest.mark.parametrize(
    "given_next",
    [
        "",
        "a",
        "//e.example",
        "///e.example",
        "/\\e.example",
        "/a\\b",
        "\\/e.example",
        "\\\\e.example",
        "/\t/e.example",
        "/\n/e.example",
        "\t//e.example",
        " //e.example",
        "/..//e.example",
        "/.//e.example",
        "/a/..//e.example",
        "/%2e%2e//e.example",
        "https:e.example",
        "https://e.example",
        "javascript:alert(1)",
        "／／e.example",
        "/a\x00",
        "/a\r\nSet-Cookie: x=1",
        "/\x85",
        "/\ud800",
        "/" + "a" * 5000,
        "?a",
        "#a",
    ],
)
def test_anything_else_is_not_followed(given_next: str) -> None:
    """K16, K17"""
    assert same_site_path(given_next) is None


@given(st.text(st.characters(), max_size=30).map(lambda text: "/" + text))
@settings(max_examples=150)
def test_what_is_followed_stays_on_its_origin(given_next: str) -> None:
    """K16, K17: an independent parser agrees"""
    import ada_url

    path = same_site_path(given_next)
    if path is not None:
        assert path.isascii()
        assert path.isprintable()
        assert ada_url.URL(path, base="http://other.example:81/x").origin == "http://other.example:81"
        assert same_site_path(path) == path


@pytest.mark.parametrize(
    ("origin", "scheme", "host", "ours"),
    [
        (b"https://example.org", "https", "example.org", True),
        (b"https://EXAMPLE.org", "https", "Example.ORG.", True),
        (b"https://example.org", "http", "example.org", True),
        (b"http://example.org", "https", "example.org", True),
        (b"https://example.org:443", "https", "example.org", True),
        (b"https://example.org", "http", "example.org:443", True),
        (b"http://example.org:8000", "http", "example.org:8000", True),
        (b"http://[::1]:8000", "http", "[::1]:8000", True),
        (b"https://example.org:444", "https", "example.org", False),
        (b"https://example.org", "https", "example.org:8443", False),
        (b"https://a.example.org", "https", "example.org", False),
        (b"https://example.org.evil.example", "https", "example.org", False),
        (b"https://evil.example/example.org", "https", "example.org", False),
        (b"https://example.org@evil.example", "https", "example.org", False),
        (b"null", "https", "example.org", False),
        (b"null", "https", "null", False),
        (b"", "https", "example.org", False),
        (b"", "https", "", False),
        (b"https://", "https", "", False),
        (b"https:// ", "https", " ", False),
        (b"example.org", "https", "example.org", False),
        (b"ftp://example.org", "https", "example.org", False),
        (b"https://example.org, https://evil.example", "https", "example.org", False),
        (b"https://\xe9.org", "https", "\xe9.org", False),
    ],
)
def test_an_origin_is_ours_when_its_host_and_port_are_those_asked(origin: bytes, scheme: str, host: str, ours: bool) -> None:
    """K14, DESIGN §9"""
    assert origin_is_ours(origin, scheme, host) is ours


@pytest.mark.parametrize("text", ["a" * 1_000_000, "a." * 500_000, ":" * 1_000_000, "[" * 1_000_000, "1" * 1_000_000])
@pytest.mark.linear
def test_hostile_fields_take_linear_time(text: str) -> None:
    """R6"""
    split_host(text)
    registrable_domain(text)
    is_public_suffix(text)
    same_site_path("/" + text)
    origin_is_ours(b"https://" + text.encode(), "https", text)


def test_the_suffix_list_is_not_loaded_with_the_module() -> None:
    """DESIGN §11: built on first need"""
    code = "import sys, consent_guard.wire.origins; print('publicsuffixlist' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip() == "False"
