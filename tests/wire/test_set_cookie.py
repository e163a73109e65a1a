"""Set-Cookie lines under RFC 6265bis and under Chromium 156, and lifetimes cut down."""

from __future__ import annotations

from typing import Final, Literal

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from consent_guard.wire.set_cookie import (
    LIFETIME_CAP_SECONDS,
    Reading,
    SetCookie,
    cut_lifetime,
    deletion_line,
    parse_set_cookie,
)

NOW: Final = 1_790_000_000.0
CAP: Final = LIFETIME_CAP_SECONDS
YEAR: Final = 365 * 86400
Expected = int | Literal["session", "refused", "deleted"]

PAST = b"Thu, 01 Jan 1970 00:00:00 GMT"
FUTURE = b"Wed, 01 Jan 2098 00:00:00 GMT"
HUGE = b"9" * 20


def read(line: bytes) -> SetCookie:
    cookie = parse_set_cookie(line, NOW)
    assert cookie is not None
    return cookie


def told(reading: Reading) -> Expected:
    if not reading.accepted:
        return "refused"
    if reading.lifetime is None:
        return "session"
    return "deleted" if reading.lifetime <= 0 else reading.lifetime


@pytest.mark.parametrize(
    ("line", "name"),
    [
        (b"_ga=1", b"_ga"),
        (b"_ga =1", b"_ga"),
        (b"\t_ga\t=\t1\t", b"_ga"),
        (b"_ga==1", b"_ga"),
        (b"a b=c d", b"a b"),
        (b'"_ga"=1', b'"_ga"'),
        (b'_ga="1; Max-Age=60"', b"_ga"),
        (b"_ga=1, b=2", b"_ga"),
        (b"%5Fga=1", b"%5Fga"),
        (b"_GA=1", b"_GA"),
        (b"\xa0_ga=1", b"\xa0_ga"),
        (b"\xc3\xa9=1", b"\xc3\xa9"),
        (b"_ga[x]=1", b"_ga[x]"),
        (b"_ga", b""),
        (b"=_ga", b""),
        (b"==_ga", b""),
    ],
)
def test_a_name_ends_at_the_first_equals_sign_and_loses_blanks_only(line: bytes, name: bytes) -> None:
    """H02, H05, K22"""
    assert read(line).name == name


@pytest.mark.parametrize(
    ("line", "names"),
    [
        (b"_ga=1", {b"_ga"}),
        (b"_ga", {b"", b"_ga"}),
        (b"=_ga", {b"", b"_ga"}),
        (b"=_ga=1", {b"", b"_ga"}),
        (b"= _ga =1; Max-Age=0", {b"", b"_ga"}),
        (b"_g\x00a=1", {b"_g\x00a", b""}),
    ],
)
def test_the_names_hold_what_a_nameless_cookie_is_sent_back_as(line: bytes, names: set[bytes]) -> None:
    """K22: Cookie: _ga=1 follows from Set-Cookie: =_ga=1"""
    assert read(line).names == names


@pytest.mark.parametrize("line", [b"", b"=", b" \t", b";", b"; Max-Age=60", b"= ; Max-Age=60"])
def test_a_line_without_name_and_value_is_nothing(line: bytes) -> None:
    """RFC 6265bis §5.7, step 2"""
    assert parse_set_cookie(line, NOW) is None


@pytest.mark.parametrize(
    ("attributes", "standard", "chromium"),
    [
        (b"Max-Age=60", 60, 60),
        (b"MAX-AGE\t=\t60 ", 60, 60),
        (b"Max-Age=060", 60, 60),
        (b"Max-Age=60; ;;; ; HttpOnly", 60, 60),
        (b"foo=bar; =x; Max-Age=60", 60, 60),
        (b"Max-Age=34560000", CAP, CAP),
        (b"Max-Age=34560001", CAP, CAP),
        (b"Max-Age=9223372036854775808", CAP, CAP),
        (b"Max-Age=0", "deleted", "deleted"),
        (b"Max-Age=-0", "deleted", "deleted"),
        (b"Max-Age=-" + HUGE, "deleted", "deleted"),
        (b"Max-Age=+60", "session", 60),
        (b"Max-Age=+0", "session", "deleted"),
        (b"Max-Age=" + HUGE + b"x", "session", CAP),
        (b"Max-Age=-" + HUGE + b"x", "session", "deleted"),
        (b"Max-Age=+" + HUGE + b" 1", "session", CAP),
        (b"Max-Age=9223372036854775807x", "session", CAP),
        (b"Max-Age=9223372036854775806x", "session", "session"),
        (b"Max-Age=-", "session", "session"),
        (b"Max-Age=+", "session", "session"),
        (b"Max-Age=+-5", "session", "session"),
        (b"Max-Age=60x", "session", "session"),
        (b"Max-Age=6 0", "session", "session"),
        (b'Max-Age="60"', "session", "session"),
        (b"Max-Age=60.5", "session", "session"),
        (b"Max-Age=1e3", "session", "session"),
        (b"Max-Age=6_0", "session", "session"),
        (b"Max-Age==60", "session", "session"),
        (b"Max-Age=", "session", "session"),
        (b"Max-Age", "session", "session"),
        (b"Max-Age=\xd9\xa3", "session", "session"),
        (b"\xa0Max-Age=60", "session", "session"),
        (b"Max-\xc5\xbfge=60", "session", "session"),
        (b"Max-Age=60; Max-Age=x", 60, "session"),
        (b"Max-Age=60; Max-Age", 60, "session"),
        (b"Max-Age=x; Max-Age=60", 60, 60),
        (b"Max-Age=0; Max-Age=x", "deleted", "session"),
        (b"Max-Age=0; Max-Age=+60", "deleted", 60),
        (b"Max-Age=60; Max-Age=0", "deleted", "deleted"),
        (b"Max-Age=" + b"9" * 1024, CAP, CAP),
        (b"Max-Age=" + b"9" * 1025, "session", "session"),
        (b"Max-Age=60; Max-Age=" + b"9" * 1025, 60, 60),
        (b"Expires=" + FUTURE, CAP, CAP),
        (b"Expires=" + PAST, "deleted", "deleted"),
        (b"Expires=" + PAST + b"; Max-Age=60", 60, 60),
        (b"Max-Age=0; Expires=" + FUTURE, "deleted", "deleted"),
        (b"Max-Age=x; Expires=" + PAST, "deleted", "deleted"),
        (b"Max-Age=-5x; Expires=" + FUTURE, CAP, CAP),
        (b"Max-Age=+60; Expires=" + PAST, "deleted", 60),
        (b"Expires=" + FUTURE + b"; Expires=garbage", CAP, "session"),
        (b"Expires=" + PAST + b"; Expires=garbage", "deleted", "session"),
        (b"Expires=" + PAST + b"; Expires=", "deleted", "session"),
        (b"Expires=garbage; Expires=" + PAST, "deleted", "deleted"),
        (b"Expires=" + FUTURE + b"; Expires=" + PAST, "deleted", "deleted"),
        (b"Expires=1970-01-01", "session", "session"),
        (b"Expires=Thu,\t01 Jan 1970 00:00:00 GMT", "deleted", "refused"),
    ],
)
def test_how_long_a_cookie_lives(attributes: bytes, standard: Expected, chromium: Expected) -> None:
    """H03, T03, rule 0.5: each line was served to Chromium 156"""
    cookie = read(b"_ga=1; " + attributes)
    assert (told(cookie.rfc), told(cookie.chromium)) == (standard, chromium)


def test_a_date_becomes_seconds_from_now_rounded_up() -> None:
    date = b"Wed, 23 Sep 2026 14:13:21 GMT"
    assert read(b"_ga=1; Expires=" + date).rfc.lifetime == 172_801
    earlier = parse_set_cookie(b"_ga=1; Expires=" + date, NOW - 0.5)
    assert earlier is not None
    assert earlier.chromium.lifetime == 172_802


@pytest.mark.parametrize(
    ("line", "standard", "chromium"),
    [
        (b"_ga=1\x01", False, False),
        (b"_ga=\x7f", False, False),
        (b"_ga=1; foo=\x01", False, False),
        (b"_ga=1; f\x01oo", False, False),
        (b"_ga=1\t2", True, False),
        (b"_g\ta=1", True, False),
        (b"_ga=1; Path=/a\tb", True, False),
        (b"_ga=1; Pa\tth=/a", True, False),
        (b"_ga=1;\tPath\t=\t/a\t", True, True),
        (b"_ga=\xff", True, True),
        (b"_ga=" + b"x" * 4093, True, True),
        (b"_ga=" + b"x" * 4094, False, False),
        (b"_ga=" + b" " * 5000 + b"x" * 4093, True, True),
        (b"x" * 4096 + b"=", True, True),
        (b"x" * 4096, True, True),
        (b"x" * 4097, False, False),
        (b"_ga=1; " + b"x" * 10_000 + b"=" + b"y" * 10_000, True, True),
        (b"=_ga", True, True),
        (b"=_ga=1", True, False),
        (b"==_ga", True, False),
        (b"_ga=1; Partitioned", False, False),
        (b"_ga=1; Partitioned=x; Secure", True, True),
        (b"_ga=1; SameSite=None", False, False),
        (b"_ga=1; SameSite=None; Secure", True, True),
        (b"_ga=1; SameSite=None; SameSite=Lax", True, True),
        (b"_ga=1; SameSite=None; SameSite", True, True),
        (b"_ga=1; SameSite=x; SameSite=none", False, False),
        (b"__Secure-a=1", False, False),
        (b"__sEcUre-a=1", False, False),
        (b"__Secure-a=1; Secure=0", True, True),
        (b"__Host-a=1; Secure", False, False),
        (b"__host-a=1; Secure; path = / ", True, True),
        (b"__HOST-a=1; Path=/", False, False),
        (b"__Host-a=1; Secure; Path=/; Domain=site.example", False, False),
        (b"__Host-a=1; Secure; Path=/; Domain=site.example; Domain=", True, True),
        (b"__Host-a=1; Secure; Path=/; Domain=.", True, False),
        (b"__Host-a=1; Secure; Path=/x; Path=/", True, True),
        (b"__Host-a=1; Secure; Path=/; Path=/x", False, False),
        (b"__Host-a=1; Secure; Path=/; Path", False, False),
        (b"__Hostx-a=1", True, True),
        (b"__Http-a=1; Secure", True, False),
        (b"__http-a=1; Secure; HttpOnly", True, True),
        (b"__Host-Http-a=1; Secure; Path=/", True, False),
        (b"__Host-Http-a=1; Secure; Path=/; HttpOnly", True, True),
        (b"__HostHttp-a=1", True, True),
        (b"__Host-a", False, False),
        (b"=__secure-a; Secure", False, False),
        (b"=__Http-a; Secure; HttpOnly", True, False),
        (b"\xa0__Host-c=1; Domain=site.example", True, True),
        (b"_ga=1; Domain=\xe9.example", False, True),
    ],
)
def test_which_lines_a_browser_stores(line: bytes, standard: bool, chromium: bool) -> None:
    """H02, H06, H08, K22, rule 0.6: RFC 6265bis §5.6 and §5.7, and Chromium 156 where the host does not matter"""
    cookie = read(line)
    assert (cookie.rfc.accepted, cookie.chromium.accepted) == (standard, chromium)


def test_domain_path_and_flags_are_read_as_the_last_ones_say() -> None:
    """H06: a host-bound name needs Secure, Path=/ and no Domain"""
    assert read(b"__Host-a=1; Domain=a.example; domain=; Path=/a; PATH=/; secure").rfc.accepted
    assert not read(b"__Host-a=1; Path=/; Path=/b; Secure").rfc.accepted
    assert not read(b"__Host-a=1; Domain=; Domain=a.example; Path=/; Secure").rfc.accepted
    assert read(b"__Host-a=1; Domain=" + b"x" * 1025 + b"; Path=/; Secure").rfc.accepted


@pytest.mark.parametrize(
    ("attributes", "everywhere", "somewhere"),
    [
        (b"Max-Age=0", True, True),
        (b"Expires=" + PAST, True, True),
        (b"Max-Age=0; Expires=" + FUTURE, True, True),
        (b"Max-Age=x; Expires=" + PAST, True, True),
        (b"Max-Age=0; Max-Age=x", False, True),
        (b"Max-Age=0; Max-Age=+60", False, True),
        (b"Max-Age=+0", False, True),
        (b"Expires=" + PAST + b"; Expires=garbage", False, True),
        (b"Expires=" + PAST + b"; Max-Age=+60", False, True),
        (b"Max-Age=60", False, False),
        (b"Expires=1970-01-01", False, False),
        (b"Max-Age=0; Partitioned", False, False),
        (b"Max-Age=0; x=\x01", False, False),
        (b"Max-Age=0; x=a\tb", True, True),
    ],
)
def test_only_a_unanimous_deletion_deletes_everywhere(attributes: bytes, everywhere: bool, somewhere: bool) -> None:
    """H04, rule 0.5: what one browser refuses and the other deletes stores nothing anywhere"""
    cookie = read(b"_ga=1; " + attributes)
    assert (cookie.deletes_everywhere, cookie.deletes_somewhere) == (everywhere, somewhere)


@pytest.mark.parametrize(
    "line",
    [
        b"_ga=1",
        b"_ga=1; Max-Age=31536000",
        b"_ga=1; Max-Age=60; Expires=" + FUTURE,
        b"_ga=1; Max-Age=0; Expires=" + PAST,
        b"_ga=1; Max-Age=60x; expires=garbage;; ;Foo",
        b"_ga=1; Max-Age=" + b"9" * 1025,
        b"_ga=\xff\x00",
        b"",
    ],
)
def test_a_line_within_its_limit_stays_the_same_object(line: bytes) -> None:
    """H01, S11"""
    assert cut_lifetime(line, YEAR, NOW) is line


@pytest.mark.parametrize(
    ("line", "cut"),
    [
        (b"_ga=1; Max-Age=99999999", b"_ga=1; Max-Age=86400"),
        (b"_ga=1;max-age =\t99999999 ;Path=/; x", b"_ga=1;max-age =\t86400 ;Path=/; x"),
        (b"_ga=1; Expires=" + FUTURE + b" ; Secure", b"_ga=1; Expires=Tue, 22 Sep 2026 14:13:20 GMT ; Secure"),
        (
            b"_ga=1; Expires=" + FUTURE + b"; Max-Age=" + HUGE,
            b"_ga=1; Expires=Tue, 22 Sep 2026 14:13:20 GMT; Max-Age=86400",
        ),
        (b"_ga=1; Max-Age=99999999; Max-Age=x", b"_ga=1; Max-Age=86400; Max-Age=x"),
        (b"_ga=1; Max-Age=60; Max-Age=+99999999", b"_ga=1; Max-Age=60; Max-Age=86400"),
        (b"_ga=1; Max-Age=" + HUGE + b"x", b"_ga=1; Max-Age=86400"),
        (b"_ga=1; Max-Age=x; Expires=" + FUTURE, b"_ga=1; Max-Age=x; Expires=Tue, 22 Sep 2026 14:13:20 GMT"),
        (b"_ga=1; Max-Age=0; Max-Age=+99999999", b"_ga=1; Max-Age=0; Max-Age=86400"),
        (b"_ga=\xff\xfe=; ; Max-Age=86401", b"_ga=\xff\xfe=; ; Max-Age=86400"),
        (b"__Host-a=1; Max-Age=99999999", b"__Host-a=1; Max-Age=86400"),
    ],
)
def test_a_longer_life_is_cut_in_place_and_every_other_byte_stays(line: bytes, cut: bytes) -> None:
    """H03, S11, S12, T02"""
    assert cut_lifetime(line, 86400, NOW) == cut


@pytest.mark.parametrize(
    ("line", "cut"),
    [
        (b"_ga=1; Max-Age=60; Path=/; Expires=" + FUTURE + b";HttpOnly", b"_ga=1; Path=/;HttpOnly"),
        (b"_ga=1; Max-Age=+60", b"_ga=1"),
        (b"_ga=1; Max-Age=x; Path=/", b"_ga=1; Max-Age=x; Path=/"),
        (b"_ga=1; Max-Age=0; Path=/", b"_ga=1; Max-Age=0; Path=/"),
        (b"_ga=1; Max-Age=0; Max-Age=+60", b"_ga=1"),
    ],
)
def test_a_session_cookie_loses_max_age_and_expires(line: bytes, cut: bytes) -> None:
    """S12: a deletion stays one"""
    assert cut_lifetime(line, None, NOW) == cut


@pytest.mark.parametrize(
    ("attributes", "standard", "chromium"),
    [
        (b"Expires=Wed, 01 Jan 12098 00:00:00 GMT", "session", CAP),  # a year of five digits
        (b"Expires=Wed, 1st Jan 2098 00:00:00 GMT", CAP, "session"),
        (b"Max-Age=+99999999", "session", CAP),
        (b"Max-Age=99999999; Max-Age=x", CAP, "session"),
    ],
)
@pytest.mark.parametrize("limit", [None, 60])
def test_a_life_that_one_reading_alone_gives_is_cut_like_any(
    attributes: bytes, standard: Expected, chromium: Expected, limit: int | None
) -> None:
    """Rule 0.5, T02"""
    line = b"_ga=1; " + attributes
    before = read(line)
    assert (told(before.rfc), told(before.chromium)) == (standard, chromium)
    assert (before.lifetime_rfc, before.lifetime_chromium) == (before.rfc.lifetime, before.chromium.lifetime)
    after = read(cut_lifetime(line, limit, NOW))
    assert max(after.lifetime_rfc or 0, after.lifetime_chromium or 0) == (limit or 0)


NUMBERS = st.sampled_from([b"60", b"0", b"-1", b"+60", b"", b"x", b"60x", b"99999999", HUGE, HUGE + b"x", b"9" * 1025, b" 7 "])
DATES = st.sampled_from([FUTURE, PAST, b"garbage", b"", b"1 Jan 12098 0:0:0", b"1st Jan 2098 0:0:0", b"1 Jan 2098 0:0:000"])
ATTRIBUTES = st.one_of(
    st.builds(lambda name, value: name + b"=" + value, st.sampled_from([b"Max-Age", b" max-age ", b"MAX-AGE"]), NUMBERS),
    st.builds(lambda name, value: name + b"=" + value, st.sampled_from([b"Expires", b" expires\t"]), DATES),
    st.sampled_from([b"Path=/", b" Secure", b"", b"=x", b"foo\xff", b"Domain=site.example", b"Max-Age", b"Expires"]),
    st.binary(max_size=12).map(lambda octets: octets.replace(b";", b"")),
)


@given(st.lists(ATTRIBUTES, max_size=6), st.sampled_from([None, 1, 86400, YEAR]))
@example([b"Max-Age=60", b"Max-Age=+99999999"], 1)
@settings(max_examples=200)
def test_no_reading_of_a_cut_line_outlives_the_limit(attributes: list[bytes], limit: int | None) -> None:
    """S11, T02: cutting is idempotent and touches nothing but ages"""
    line = b";".join([b"_ga=1", *attributes])
    cut = cut_lifetime(line, limit, NOW)
    after = read(cut)
    assert max(after.lifetime_rfc or 0, after.lifetime_chromium or 0) <= (limit or 0)
    assert cut_lifetime(cut, limit, NOW) is cut
    assert _ageless(cut) == _ageless(line)


def _ageless(line: bytes) -> list[bytes]:
    ages = (b"max-age", b"expires")
    return [part for part in line.split(b";") if part.partition(b"=")[0].strip(b" \t").lower() not in ages]


@pytest.mark.parametrize(
    ("name", "domain", "path", "secure", "partitioned"),
    [
        (b"_ga", "", "/", False, False),
        (b"_ga", ".site.example", "", True, False),
        (b"_ga", "site.example", "/shop", False, True),
        (b"__Host-a", "site.example", "/shop", False, False),
        (b"__secure-a", "", "/", False, False),
        (b"__Host-Http-a", "", "/", False, False),
        (b"", "", "/", False, False),
        (b"\xff", "", "/", False, False),
    ],
)
def test_a_deletion_of_ours_deletes_under_every_reading(
    name: bytes, domain: str, path: str, secure: bool, partitioned: bool
) -> None:
    """H07, H08, L24b"""
    line = deletion_line(name, domain, path, secure, partitioned)
    assert line is not None
    cookie = read(line)
    assert cookie.rfc.deletes
    assert cookie.chromium.deletes
    assert cookie.name == name
    attributes = line.split(b"; ")[1:]
    assert {b"Max-Age=0", b"Expires=" + PAST} <= set(attributes), "some readers know only one of the two"
    assert (b"Partitioned" in attributes) is partitioned
    host_bound = name.startswith(b"__Host")
    assert (b"Domain=" + domain.encode() in attributes) is (bool(domain) and not host_bound)
    assert (b"/" if host_bound else path.encode() or b"/") in [part[5:] for part in attributes if part.startswith(b"Path=")]


@pytest.mark.parametrize("name", [b"a;b", b"a=b", b"a\r\nSet-Cookie: b=c", b"a\x00", b"a\tb", b" a", b"x" * 4097])
def test_a_name_that_no_browser_holds_is_not_deleted(name: bytes) -> None:
    """K17: such a name can only come from a forged request"""
    assert deletion_line(name, "", "/", True) is None


@pytest.mark.parametrize(("domain", "path"), [("a;b", "/"), ("", "/\r\nx"), ("é.example", "/"), ("", "/a\x00")])
def test_a_domain_or_path_that_breaks_the_line_is_refused(domain: str, path: str) -> None:
    """K17"""
    with pytest.raises(ValueError, match="may not stand"):
        deletion_line(b"a", domain, path, True)


@given(st.binary(max_size=120))
@settings(max_examples=150)
def test_any_bytes_are_read_and_cut_without_an_error(line: bytes) -> None:
    cookie = parse_set_cookie(line, NOW)
    assert cookie is None or cookie.name in cookie.names
    assert isinstance(cut_lifetime(line, 60, NOW), bytes)


@pytest.mark.parametrize(
    "line",
    [
        b"a=1" + b";" * 1_000_000,
        b"a=1" + b"; Max-Age=9" * 100_000,
        b"a=1" + b"; Expires=1 Jan 2098 0:0:0" * 8_000,
        b"=" * 1_000_000,
        b" " * 1_000_000,
        b"\t" * 1_000_000 + b"=" + b"\t" * 1_000_000,
        b"a=1; Max-Age=" + b"9" * 1_000_000,
        b"a=1; Expires=" + b"1:" * 500_000,
        b"a" * 1_000_000 + b"=1",
        b"\x00" * 1_000_000,
    ],
    ids=range(10),
)
@pytest.mark.linear
def test_hostile_lines_take_linear_time(line: bytes) -> None:
    """R6"""
    parse_set_cookie(line, NOW)
    cut_lifetime(line, 60, NOW)
