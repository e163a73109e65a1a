"""What a page's own Content-Security-Policy lets through of ours (CSP Level 3, §6.7)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consent_guard.wire.content_security import ALL, permitted


def of(*policies: bytes, scheme: str = "https", host: str = "www.example.org"):
    return permitted([(b"Content-Security-Policy", policy) for policy in policies], scheme, host)


def test_without_a_policy_all_is_permitted() -> None:
    assert of() == ALL
    assert permitted([(b"Content-Security-Policy-Report-Only", b"default-src 'none'")], "https", "a.example") == ALL


@pytest.mark.parametrize(
    ("source", "allowed"),
    [
        (b"'self'", True),
        (b"*", True),
        (b"https:", True),
        (b"http:", True),
        (b"wss:", False),
        (b"'none'", False),
        (b"", False),
        (b"'unsafe-inline'", False),
        (b"https://www.example.org", True),
        (b"WWW.example.org", True),
        (b"*.example.org", True),
        (b"*.org", True),
        (b"example.org", False),
        (b"https://www.example.org:443", True),
        (b"www.example.org:8443", False),
        (b"www.example.org:*", True),
        (b"https://www.example.org/static/", False),
        (b"'sha256-abc'", False),
    ],
)
def test_a_source_matches_our_own_origin(source: bytes, allowed: bool) -> None:
    found = of(b"default-src 'none'; connect-src " + source + b"; form-action " + source)
    assert (found.connects, found.posts) == (allowed, allowed)


def test_each_kind_falls_back_as_browsers_do() -> None:
    """default-src stands for all but form-action; the first of two directives counts."""
    found = of(b"default-src 'none'")
    assert (found.styles, found.scripts, found.connects, found.posts) == (False, False, False, True)
    found = of(b"default-src 'self'; script-src 'none'; SCRIPT-SRC 'self'; form-action 'none'")
    assert (found.styles, found.scripts, found.connects, found.posts) == (True, False, True, False)
    assert not of(b"script-src 'self'; script-src-elem 'none'").scripts


def test_every_policy_must_permit() -> None:
    assert not of(b"connect-src 'self'", b"connect-src 'none'").connects
    assert not of(b"connect-src 'self', connect-src 'none'").connects


def test_the_pages_own_nonce_is_found_and_opens_what_a_host_does_not() -> None:
    found = of(b"script-src 'nonce-Abc+/=' 'strict-dynamic' https:; style-src 'nonce-s1'")
    assert (found.script_nonce, found.style_nonce) == ("Abc+/=", "s1")
    assert found.scripts
    assert found.styles
    assert not of(b"script-src 'self' 'strict-dynamic'").scripts
    assert not of(b"script-src 'nonce-a'", b"script-src 'nonce-b'").scripts


def test_a_sandbox_may_forbid_scripts_and_forms() -> None:
    assert not of(b"sandbox").posts
    found = of(b"sandbox allow-forms")
    assert (found.posts, found.scripts) == (True, False)


@pytest.mark.parametrize("source", [b"[x]", b"http://[*]:80", b"http://[", b"https://[::1]:8000", b"https://\xc2\xbd"])
def test_a_source_that_is_no_address_matches_nothing(source: bytes) -> None:
    found = of(b"default-src " + source)
    assert (found.styles, found.scripts, found.connects, found.posts) == (False, False, False, True)


DIRECTIVES = [b"default-src", b"script-src", b"style-src-elem", b"connect-src", b"form-action", b"sandbox"]
SOURCES = st.text("ab.:/*[]%@?#'-\xbd\xa8 0123456789", max_size=20).map(lambda text: text.encode("latin-1"))


@given(
    st.lists(st.tuples(st.sampled_from(DIRECTIVES), st.sampled_from([b"", b"http://", b"//"]), SOURCES), max_size=4),
    st.text(max_size=20),
)
def test_no_source_makes_it_fail(directives: list[tuple[bytes, bytes, bytes]], host: str) -> None:
    policy = b"; ".join(name + b" " + scheme + source for name, scheme, source in directives)
    permitted([(b"content-security-policy", policy)], "https", host)


@given(st.lists(st.binary(max_size=80), max_size=4), st.text(max_size=20))
def test_no_field_makes_it_fail(policies: list[bytes], host: str) -> None:
    permitted([(b"content-security-policy", policy) for policy in policies], "http", host)
