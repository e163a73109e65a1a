"""The Link field: its members, and the gated ones withheld."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from consent_guard.wire.link_header import filter_links, split_links

GA = b"<https://ga.example/x.js>"


def gated(url: str) -> bool:
    return (urlsplit(url).hostname or "") in ("ga.example", "gé.example")


def filtered(value: bytes) -> bytes | None:
    return filter_links(value, gated, gated)


@pytest.mark.parametrize(
    ("value", "targets"),
    [
        (b"</a.css>; rel=preload, </b.css>; rel=preload", ["/a.css", "/b.css"]),
        (b"</a,b.css>; rel=preload,</c.css>", ["/a,b.css", "/c.css"]),
        (b'</a>; title="x, <y>", </b>', ["/a", "/b"]),
        (b'</a>; title="x\\", <y>", </b>', ["/a", "/b"]),
        (b'</a"b.css>, </c>', ['/a"b.css', "/c"]),
        (b"</a>; x=<, y>, </b>", ["/a", "/b"]),
        (b" < /a > ", ["/a"]),
        (b"", [""]),
        (b", ,</a>", ["", "", "/a"]),
        (b"</a", [""]),
    ],
)
def test_members_end_at_commas_outside_quotes_and_angles(value: bytes, targets: list[str]) -> None:
    """H40, RFC 8288 §3"""
    members = split_links(value)
    assert [member.target for member in members] == targets
    assert b",".join(member.raw for member in members) == value


@pytest.mark.parametrize(
    "relation",
    [
        *("stylesheet", "preload", "modulepreload", "prefetch", "prerender", "preconnect", "dns-prefetch", "icon", "manifest"),
        *("apple-touch-icon", "apple-touch-icon-precomposed", "apple-touch-startup-image", "mask-icon", "fluid-icon"),
        *("compression-dictionary", "dictionary", "import", "serviceworker", "subresource"),
    ],
)
def test_each_relation_that_some_browser_follows_is_withheld(relation: str) -> None:
    """H40"""
    assert filtered(GA + f"; rel={relation}".encode()) is None
    assert filtered(GA + f'; rel="x {relation.upper()}"'.encode()) is None
    own = f"</own>; rel={relation}".encode()
    assert filtered(own) == own


def test_parameters_are_read_with_their_quotes_undone() -> None:
    (member,) = split_links(b'</a>; REL = "preload prefetch"; as=style; title="a;b\\"c"; nopush; rel=next')
    assert member.params == (("rel", "preload prefetch"), ("as", "style"), ("title", 'a;b"c'), ("nopush", ""), ("rel", "next"))
    assert member.relations == {"preload", "prefetch", "next"}


@pytest.mark.parametrize(
    "member",
    [
        GA + b"; rel=preload; as=script",
        GA + b'; rel="modulepreload"',
        GA + b'; rel="next preload"; as=style',
        GA + b";rel=preload;as=style;rel=next",
        GA + b";rel=next;rel=preload",
        GA + b" ; REL=PRELOAD ; AS=STYLE",
        GA + b";; rel = preload",
        GA + b"; rel=stylesheet",
        GA + b"; rel=prefetch",
        GA + b"; rel=preconnect",
        GA + b"; rel=dns-prefetch; crossorigin",
        GA + b'; rel="shortcut icon"',
        GA + b"; rel=manifest",
        GA + b'; rel="compression-dictionary"',
        GA + b"; rel=preload; x=<, y>",
        b"<//ga.example/x>; rel=preload",
        b'</x>; rel=preload; as=image; imagesrcset="/a 1x, https://ga.example/c.gif 2x"',
        b"</x>; rel=preload; as=image; imagesrcset=https://ga.example/c.gif",
        b'</x>; rel=preload; as=image; imagesrcset="/a 1x,https://ga.example/c.gif 2x"',
        b"<https://g\xc3\xa9.example/x>; rel=preload",
        b"<https://g\xe9.example/x>; rel=preload",
    ],
)
def test_a_member_that_contacts_a_gated_host_goes_and_the_others_keep_every_byte(member: bytes) -> None:
    """H40, DESIGN §6"""
    assert filtered(member) is None
    assert filtered(b"</a.css>; rel=preload ,\t" + member) == b"</a.css>; rel=preload "
    assert filtered(member + b",  </a>;rel=next , </b>") == b"</a>;rel=next , </b>"


@pytest.mark.parametrize(
    "value",
    [
        b"</a.css>; rel=preload; as=style",
        GA + b"; rel=canonical",
        GA + b'; rel="alternate prev"',
        GA,
        b'</a>; rel=preload; title="see <https://ga.example/>, or not"',
        b"<https://ga.example.org/>; rel=preload",
        b"",
        b" , ",
        b"\xff\x00",
        b"</a>; rel=preload; as=image; imagesrcset='/x 1x'",
    ],
)
def test_plain_links_texts_and_other_hosts_stay_the_same_object(value: bytes) -> None:
    """DESIGN §6: plain links, not one byte changes"""
    assert filtered(value) is value


@pytest.mark.parametrize(
    "value",
    [
        b'</a>; title="x, ' + GA + b"; rel=preload",
        b"</a, " + GA + b"; rel=preload",
        b"</a>; x=<, " + GA + b"; rel=preload",
        b"x" + GA + b"; rel=preload",
        b"< " + GA + b"; rel=preload",
        GA + b" rel=preload",
        GA + b'; rel="preload',
        b'</a>; title="x"y, ' + GA + b"; rel=preload",
    ],
)
def test_a_broken_field_is_read_more_widely_than_any_browser_reads_it(value: bytes) -> None:
    """H40"""
    left = filtered(value)
    assert left is None or b"ga.example" not in left


def test_hints_are_judged_by_their_own_judge() -> None:
    """DESIGN §4: preconnect and dns-prefetch have no path"""
    asked: list[tuple[str, str]] = []

    def fetch(url: str) -> bool:
        asked.append(("fetch", url))
        return False

    def hint(url: str) -> bool:
        asked.append(("hint", url))
        return False

    value = b'<//a>; rel=preconnect, <//b>; rel="dns-prefetch preload", <//c>; rel="dns-prefetch prev"'
    assert filter_links(value, fetch, hint) is value
    assert asked == [("hint", "//a"), ("fetch", "//b"), ("hint", "//c")]


def test_every_address_of_a_member_is_judged_so_that_each_can_be_told() -> None:
    asked: list[str] = []

    def judge(url: str) -> bool:
        asked.append(url)
        return True

    assert filter_links(b'<//a/x>; rel=preload; imagesrcset="//b/y 1x,//c/z"', judge, judge) is None
    assert {"//a/x", "//b/y"} <= set(asked)


@given(st.lists(st.sampled_from(['"', "<", ">", ",", ";", "\\", "=", " ", "rel=preload", "//ga.example/", "é"]), max_size=14))
@settings(max_examples=200)
def test_members_always_join_to_the_value_again(pieces: list[str]) -> None:
    value = "".join(pieces).encode("latin-1")
    assert b",".join(member.raw for member in split_links(value)) == value
    left = filtered(value)
    assert left is None or filtered(left) is left


@pytest.mark.parametrize(
    "value",
    [
        b"<" * 1_000_000,
        b'"' * 1_000_001,
        b"<>" * 500_000,
        b"<a>;x," * 200_000,
        b'<a>;x="' * 350_000,
        b";" * 1_000_000,
        b'<a>;"\\"' * 350_001,
    ],
)
@pytest.mark.linear
def test_hostile_fields_take_linear_time(value: bytes) -> None:
    """R6"""
    filtered(value)
