"""Whose address is it: read as a browser reads it, decided by the most specific rule (DESIGN §4, §6; ROBUSTNESS 0.7)."""

from __future__ import annotations

import string

import ada_url
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from consent_guard.findings import FindingKind
from consent_guard.policy.hosts import HostIndex

from ..documents import FUZZ, DocumentFacts, facts, fresh, judge, once, policy, rules
from ..timing import grows_linearly

JUDGE = judge()
CONTROLS = "".join(map(chr, range(0x21)))


@pytest.mark.parametrize(
    "address",
    [
        "https://ads.example/a",
        "https://px.ads.example",
        "https://a.b.c.ads.example/",
        "//px.ads.example/a",
        "HTTPS://PX.ADS.EXAMPLE/a",
        "http://px.ads.example/",
        "ws://px.ads.example/",
        "wss://px.ads.example/",
        "https://px.ads.example:8443/a",
        "https://user:word@px.ads.example/a",
        "https://site.example:443@px.ads.example/a",
        "https://px.ads.example./a",
        "https:\\\\px.ads.example\\a",
        "\\\\px.ads.example/a",
        "/\\px.ads.example/a",
        "https:///px.ads.example/a",
        "https://px.ads.example?a",
        "https://px.ads.example#a",
        "  https://px.ads.example/a  ",
        "\x00\x1fhttps://px.ads.example/a",
        "ht\ntps://px.ads\t.example/a",
        "/\t/px.ads.example/",
        "https://px%2Eads%2eexample/a",
        "https://px.%61ds.example/a",
        "https://px。ads．example/a",
        "https://px.ａｄｓ.example/a",
        "https://px.\u00adads.exam\u200bple/a",
        "https://px.𝒶ds.example/a",
        "https://träcker.example/",
        "https://TRÄCKER.example/",
        "https://XN--TRCKER-CUA.example/t.js",
        "https:// www.ads.example/",
        "https://a b.ads.example/x y",
        "// px.ads.example",
        "/\t/a b.ads.example/",
        "http://203.0.113.7./t.gif",
        "http://3405803783/t.gif",
        "http://0xcb007107/",
        "http://0313.0.0161.07/",
        "http://203.0.28935/",
    ],
)
def test_every_spelling_of_a_gated_host_is_gated(address: str) -> None:
    assert JUDGE.gated(address)


@pytest.mark.parametrize(
    "address",
    [
        "",
        "#",
        "https://site.example/",
        "/a",
        "a.js",
        "?u=https://px.ads.example/",
        "#https://px.ads.example/",
        "/https://px.ads.example/",
        "https:/px.ads.example/",
        "https:px.ads.example/",
        "https://notads.example/",
        "https://px-ads.example/",
        "https://ads.example.com/",
        "https://ads.example.site.example/",
        "https://ads.example@site.example/",
        "https://site.example\\@px.ads.example/",
        "https://site.example/?@px.ads.example/",
        "https://sub.203.0.113.7.example/",
        "https://203.0.113.70/",
        "data:text/html,<img src=https://px.ads.example/>",
        "javascript:import('https://px.ads.example/')",
        "mailto:a@px.ads.example",
        "about:blank",
        "blob:https://px.ads.example/1",
        "https://",
        "https://[",
        "https://px.ads.exa mple/",
        "//px..ads.example:99999/",
        "\ud800",
    ],
)
def test_an_address_that_leads_nowhere_gated_is_not(address: str) -> None:
    assert not JUDGE.gated(address)


def test_the_scheme_of_the_page_decides_what_a_scheme_without_slashes_means() -> None:
    """ROBUSTNESS 0.7."""
    assert not judge(scheme="https").gated("https:px.ads.example/a")
    assert judge(scheme="https").gated("http:px.ads.example/a")
    assert judge(scheme="http").gated("https:px.ads.example/a")
    assert not judge(scheme="http").gated("http:px.ads.example/a")


def test_relative_addresses_are_those_of_the_base() -> None:
    under = JUDGE.on(("https://px.ads.example/dir/",))
    for address in ("a.js", "/a.js", "?x", "../a", "//px.ads.example"):
        assert under.gated(address)
    assert not under.gated("https://site.example/")
    assert not JUDGE.gated("a.js")
    both = JUDGE.on(("https://site.example/", "https://px.ads.example/"))
    assert both.gated("a.js")
    assert not both.gated("https://site.example/")


@pytest.mark.parametrize(
    ("address", "service"),
    [
        ("//www.shared.example/captcha/a.js", "captcha"),
        ("//www.shared.example/captcha", "captcha"),
        ("//www.shared.example//captcha/", "captcha"),
        ("//www.shared.example/x/../captcha/", "captcha"),
        ("//www.shared.example/%63aptcha/", "captcha"),
        ("//www.shared.example/maps/", "maps"),
        ("//www.shared.example/captchas/", None),
        ("//www.shared.example/", None),
        ("//www.shared.example/Captcha/", None),
        ("//shared.example/captcha/", None),
        ("//www.tags.example/js?id=DC-1", "flood"),
        ("//www.tags.example/js?a=b&id=DC-1", "flood"),
        ("//www.tags.example/js?uid=DC-1", "tags"),
        ("//www.tags.example/js", "tags"),
        ("//www.tags.example/jsx?id=DC-1", "tags"),
    ],
)
def test_the_most_specific_rule_alone_decides(address: str, service: str | None) -> None:
    """DESIGN §4."""
    verdict = JUDGE.url(address)
    assert (verdict.service if verdict else None) == service
    if service:
        assert not judge([service]).gated(address)
        assert judge(["ads"]).gated(address)


@pytest.mark.parametrize("rule", ["/collect/", "site.example/collect/"])
def test_a_rule_on_our_own_host_gates_absolute_and_relative_addresses(rule: str) -> None:
    """DESIGN §4: a service's host rule beats ``first_party``, so a first-party collection host can be gated."""
    compiled = fresh(rule)
    at_root = compiled.view(frozenset(), facts(path="/p"))
    below = compiled.view(frozenset(), facts(path="/news/p"))
    for address in (
        "/collect/a",
        "https://site.example/collect/a",
        "//SITE.example:443/collect/a",
        "/x/../collect/a",
        "./../collect/a",
    ):
        assert at_root.gated(address), address
        assert below.gated(address), address
    assert at_root.gated("collect/a")
    assert not below.gated("collect/a")
    assert below.gated("../collect/a")
    assert not at_root.gated("/collection")
    assert not at_root.gated("https://other.example/collect/a")
    assert not compiled.view(frozenset({"own"}), facts(path="/p")).gated("/collect/a")


def test_a_rule_for_all_of_a_host_below_ours_gates_it() -> None:
    compiled = fresh("metrics.site.example")
    assert compiled.view(frozenset(), facts()).gated("//metrics.site.example/a")
    own = compiled.view(frozenset(), facts(host="metrics.site.example"))
    assert own.gated("/a")
    assert own.hint("https://metrics.site.example") is not None


def test_the_port_of_the_host_field_is_no_part_of_our_host() -> None:
    own = fresh("/gtm/").view(frozenset(), facts(host="Site.Example.:8000"))
    assert own.own_host == "site.example"
    assert own.gated("/gtm/x")
    assert own.gated("https://site.example:8000/gtm/x")
    v6 = fresh("/gtm/").view(frozenset(), facts(host="[2001:db8::1]:8000"))
    assert v6.own_host == "[2001:db8::1]"
    assert v6.gated("/gtm/x")


@pytest.mark.parametrize("host", ["", "a b", "exa<mple", "[", "\ud800", "x" * 300])
def test_a_host_field_that_is_no_host_breaks_nothing(host: str) -> None:
    strange = fresh().view(frozenset(), facts(host=host, path="no slash"))
    assert strange.gated("https://px.ads.example/")
    assert not strange.gated("/a")


# -- unlisted hosts ---------------------------------------------------------------------------------------------------------


def test_unlisted_hosts_are_told_and_withheld_only_by_a_policy_that_blocks_them() -> None:
    verdict = JUDGE.look("https://unknown.example/")
    assert verdict is not None
    assert (verdict.host, verdict.service, verdict.enforced) == ("unknown.example", None, False)
    assert verdict.finding(FindingKind.ELEMENT, "x").kind is FindingKind.HOST_UNLISTED
    assert JUDGE.url("https://unknown.example/") is None
    blocking = judge(compiled=fresh(unlisted_hosts="block"))
    assert blocking.gated("https://unknown.example/")
    for ours in ("/a", "https://site.example/", "https://cdn.site.example/", "data:,x", "about:blank"):
        assert not blocking.gated(ours), ours
    assert blocking.hint("https://unknown.example") is not None


def test_first_party_is_what_the_policy_declares_else_the_registrable_domain_of_the_request() -> None:
    declared = judge(compiled=fresh(unlisted_hosts="block", first_party=["ours.example", "site.example"]))
    assert not declared.gated("https://static.ours.example/")
    assert not declared.gated("https://site.example/")
    assert declared.gated("https://theirs.example/")
    assert judge(compiled=fresh(unlisted_hosts="block", first_party=["ours.example"]), host="site.example").gated(
        "https://cdn.site.example/"
    )
    suffix = judge(compiled=fresh(unlisted_hosts="block"), host="a.github.io")
    assert suffix.gated("https://b.github.io/")
    assert not suffix.gated("https://x.a.github.io/")


# -- hints ------------------------------------------------------------------------------------------------------------------


def test_a_hint_is_withheld_unless_some_service_on_its_host_is_allowed() -> None:
    """DESIGN §4: preconnect and dns-prefetch have no path."""
    for address in ("https://www.shared.example", "//WWW.SHARED.EXAMPLE/any/path"):
        assert JUDGE.hint(address) is not None
        assert judge(["maps"]).hint(address) is None
        assert judge(["captcha"]).hint(address) is None
        assert judge(["ads"]).hint(address) is not None
    assert JUDGE.hint("https://site.example") is None
    assert JUDGE.hint("/a") is None
    assert JUDGE.hint("https://[") is None
    unknown = JUDGE.hint("https://unknown.example")
    assert unknown is not None
    assert not unknown.enforced


# -- absolute addresses -----------------------------------------------------------------------------------------------------


def test_an_address_for_a_link_is_absolute_http_or_nothing() -> None:
    assert JUDGE.absolute("//px.ads.example/a b") == "https://px.ads.example/a%20b"
    assert judge(compiled=rules()).absolute("a") == "https://site.example/a"
    for address in ("javascript:x", "data:,x", "ftp://a.example/", "https://[", "blob:https://a.example/"):
        assert JUDGE.absolute(address) == ""


# -- shortcuts --------------------------------------------------------------------------------------------------------------

ADDRESSES = st.one_of(
    st.text(string.ascii_letters + "/\\:.?#@%-_&=\t 0123456789é。", max_size=20),
    st.builds(
        "".join,
        st.tuples(
            st.sampled_from(["", "https:", "http:", "HTTP:", "ftp:", "data:", " ", "x:"]),
            st.sampled_from(["", "/", "//", "\\\\", "///", "/\t/"]),
            st.sampled_from(["", "u@", "site.example@"]),
            st.sampled_from(
                ["px.ads.example", "site.example", "www.shared.example", "www.tags.example", "x", "a.b.c", "203.0.113.7"]
            ),
            st.sampled_from(["", ".", ":80", "%2e", "\t", "x", "-", "_", "@", "\\"]),
            st.sampled_from(
                ["", "/", "/captcha/x", "/captchas", "/maps", "/js?id=DC-", "?id=DC-2", "#a", "/x/../captcha", "/%6daps"]
            ),
        ),
    ),
)


def by_the_book(address: str, base: str, index: HostIndex) -> str | None:
    """The gated service of an address: the full parser and the index, no shortcut."""
    try:
        url = ada_url.URL(address.strip(CONTROLS), base=base)
    except (ValueError, UnicodeEncodeError):
        return None
    if url.protocol not in ("http:", "https:", "ws:", "wss:", "ftp:"):
        return None
    match = index.match(url.hostname.rstrip("."), url.pathname, url.search[1:])
    return match.service if match else None


@FUZZ
@given(ADDRESSES, st.sampled_from(["https://site.example/p", "http://site.example/", "https://www.shared.example/maps/"]))
def test_the_shortcuts_for_plain_addresses_decide_as_the_full_parser_does(address: str, base: str) -> None:
    bare = address.strip(CONTROLS)
    assume(bare and " " not in bare)  # an empty address fetches nothing; browsers differ on a blank in a host
    compiled = rules()
    scheme, _, rest = base.partition("://")
    host, _, path = rest.partition("/")
    here = compiled.view(frozenset(), facts(scheme=scheme, host=host, path="/" + path))
    verdict = here.url(address)
    assert (verdict.service if verdict else None) == by_the_book(address, base, compiled.index)


@pytest.mark.parametrize(
    "before",
    ["http:/\t/www.shared.example/else", "https://u@www.shared.example/", "//www%2eshared.example/x", "//www.shared.example"],
)
def test_what_was_asked_of_a_host_before_changes_no_verdict(before: str) -> None:
    """A host of which rules take a part is never remembered as a whole."""
    here = judge(compiled=fresh())
    assert here.look(before) is not None
    assert here.gated("//www.shared.example/captcha/a.js")
    assert here.gated("https://www.shared.example/maps/")


def test_one_consent_changes_no_others_verdicts() -> None:
    compiled = fresh()
    refused, granted = (compiled.view(frozenset(allowed), facts()) for allowed in ((), ("ads",)))
    for _ in range(2):
        assert refused.gated("https://px.ads.example/")
        assert not granted.gated("https://px.ads.example/")
    assert policy().services


@pytest.mark.parametrize("host", ["", "exa mple", "a@example.org", "www.site.example"])
def test_a_rule_on_our_own_host_holds_whatever_the_host_field_says(host: str) -> None:
    reading = rules("/gtm/").view(frozenset(), DocumentFacts("https", host, "/page"))
    assert reading.gated("/gtm/x.js")
    assert not reading.gated("/own/x.js")


@pytest.mark.parametrize(
    "markup", ['<img src="//{}com/">', '<img srcset="//{}com/ 1x">', '<link rel=preconnect href="//{}com">']
)
def test_a_host_of_any_number_of_labels_takes_linear_time(markup: str) -> None:
    """R6."""
    grows_linearly(lambda count: once(markup.format("a." * count).encode(), compiled=fresh()), 1000, longest=1 << 18)


def test_rules_for_all_below_a_host_hold_for_a_name_longer_than_any_host() -> None:
    assert judge().gated("https://" + "a." * 300 + "ads.example/")
    assert not judge().gated("https://" + "a." * 300 + "other.example/")


def test_a_host_of_many_percent_signs_is_decoded_once_as_browsers_do() -> None:
    """R6, R7."""

    def look(count: int) -> None:
        judge().gated("http://" + "".join("%" + "25" * level + "20" for level in range(count)) + "/")

    look(1100)
    assert judge().gated("http://a%20b.ads.example/")
