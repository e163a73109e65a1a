"""Mentions of listed hosts in script text (DESIGN §4 inline_scripts, §8)."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from consent_guard.policy.model import InlineSignature, Service
from consent_guard.rewrite.script.hosts import MentionFinder, SignatureFinder


@dataclass(frozen=True)
class Match:
    service: str
    rule: str


class Index:
    """A small stand-in for policy.hosts.HostIndex: (host, subdomains, path, query prefix) to service."""

    def __init__(self, *rules: tuple[str, bool, str, str, str]) -> None:
        self.rules = rules

    def mention_hosts(self) -> tuple[tuple[str, bool], ...]:
        return tuple((host, below) for host, below, _, _, _ in self.rules)

    def match(self, host: str, path: str, query: str) -> Match | None:
        best: tuple[tuple[bool, int, int, int], Match] | None = None
        for rule, below, rule_path, rule_query, service in self.rules:
            if host != rule and not (below and host.endswith("." + rule)):
                continue
            if rule_path and path != rule_path and not path.startswith(rule_path.rstrip("/") + "/"):
                continue
            if not query.startswith(rule_query):
                continue
            rank = (host == rule, len(rule), len(rule_path), len(rule_query))
            if best is None or rank > best[0]:
                best = rank, Match(service, rule + rule_path)
        return best[1] if best else None


FINDER = MentionFinder(
    Index(
        ("google-analytics.com", True, "", "", "ga"),
        ("www.googletagmanager.com", False, "", "", "gtm"),
        ("www.googletagmanager.com", False, "/gtag/js", "id=DC-", "floodlight"),
        ("www.google.com", False, "/recaptcha/", "", "recaptcha"),
        ("203.0.113.7", False, "", "", "ip"),
        ("[2001:db8::1]", False, "", "", "ip6"),
        ("metrics", False, "", "", "intranet"),
        ("t.co", True, "", "", "short"),
        ("xn--trcker-cua.example", True, "", "", "idn"),
        ("xn--e1afmkfd.xn--p1ai", True, "", "", "idn-tld"),
    )
)


def found(text: str | bytes) -> str | None:
    raw = text.encode() if isinstance(text, str) else text
    mention = FINDER.first(raw, lambda service: True)
    if mention is None:
        return None
    written = raw[mention.start : mention.end]
    assert written.decode("utf-8").lower() == mention.host or not written.isascii()
    return mention.service


@pytest.mark.parametrize(
    ("text", "service"),
    [
        ("j.src='https://www.google-analytics.com/analytics.js'", "ga"),
        ("'//google-analytics.com'", "ga"),
        ("google-analytics.com", "ga"),
        ("'https://ssl' : 'http://www') + '.google-analytics.com/ga.js'", "ga"),
        ("`//${sub}.Google-Analytics.COM/x`", "ga"),
        ("https:\\/\\/www.google-analytics.com\\/a.js", "ga"),
        ("https%3A%2F%2Fwww.googletagmanager.com%2Fgtm.js", "gtm"),
        ("'\\nwww.googletagmanager.com'", "gtm"),
        ("'\\x2Fwww.googletagmanager.com'", "gtm"),
        ("'\\u002fwww.googletagmanager.com'", "gtm"),
        ("a@www.googletagmanager.com", "gtm"),
        ("www.googletagmanager.com.", "gtm"),
        ("www.googletagmanager.com./x", "gtm"),
        ("www.googletagmanager.com:443/gtag/js?id=DC-1", "floodlight"),
        ("https:\\/\\/www.googletagmanager.com\\/gtag\\/js?id=DC-1", "floodlight"),
        ("https:\\u002f\\u002fwww.googletagmanager.com\\u002fgtag\\x2fjs\\u003fid\\u003dDC-1", "floodlight"),
        ("https%3A%2F%2Fwww.googletagmanager.com%2Fgtag%2Fjs%3Fid%3DDC-1", "floodlight"),
        ("www.googletagmanager.com/gtag/js?id=UA-1", "gtm"),
        ("//www.google.com/recaptcha/api.js", "recaptcha"),
        ("\u201cwww.googletagmanager.com\u201d", "gtm"),
        ("//203.0.113.7/x", "ip"),
        ("http://[2001:DB8::1]:80/x", "ip6"),
        ("fetch('//metrics/x')", "intranet"),
        ("fetch('\\/\\/Metrics\\/x')", "intranet"),
        ("t.co", "short"),
        ("//t.co/x", "short"),
        ("//a.t.co/x", "short"),
        ("//xn--trcker-cua.example/", "idn"),
        ("//träcker.example/", "idn"),
        ("//www.TRÄCKER.example/", "idn"),
        ("//пример.рф/x", "idn-tld"),
        ("//xn--e1afmkfd.xn--p1ai/x", "idn-tld"),
    ],
)
def test_a_listed_host_is_a_mention(text: str, service: str) -> None:
    assert found(text) == service


@pytest.mark.parametrize(
    "text",
    [
        "notgoogle-analytics.com",
        "x.www.googletagmanager.com",
        "my_www.googletagmanager.com",
        "www.googletagmanager.com.example.org",
        "www.googletagmanager.com-x.org",
        "www.googletagmanager.community",
        "www.googletagmanager.com_x",
        "éwww.googletagmanager.com",
        "googletagmanager.com",
        "www\\.google-analytics\\.com",
        "'www.google.com'",
        "//www.google.com/search",
        "//www.google.com/recaptchas/",
        "//www.google.com/?u=/recaptcha/",
        "1203.0.113.7",
        "203.0.113.70",
        "0.203.0.113.7",
        "var metrics = metrics.push('metrics')",
        "//metrics.example",
        "at.co",
        "f.at.co(1)",
        "t.co(1)",
        "a.com b.net .com google-analytics com",
        "",
    ],
)
def test_look_alikes_and_other_paths_are_no_mention(text: str) -> None:
    assert found(text) is None


def test_a_rule_for_all_below_one_label_finds_what_is_below_it() -> None:
    finder = MentionFinder(Index(("internal", True, "", "", "intranet"), ("a.example", False, "", "", "a")))
    mention = finder.first(b"'stats.internal'", lambda service: True)
    assert mention is not None
    assert mention.host == "stats.internal"
    assert finder.first(b"var internal, internals = {}; x.internals", lambda service: True) is None


def test_the_host_of_a_granted_service_is_passed_over() -> None:
    text = b"'//google-analytics.com/a', '//www.googletagmanager.com/b'"
    mention = FINDER.first(text, lambda service: service == "gtm")
    assert mention is not None
    assert (mention.service, mention.host) == ("gtm", "www.googletagmanager.com")
    assert text[mention.start : mention.end] == b"www.googletagmanager.com"
    assert FINDER.first(text, lambda service: False) is None


def test_bytes_of_no_encoding_neither_raise_nor_hide_a_host() -> None:
    assert found(b"\xff\xfe\x93www.googletagmanager.com\x94\x00") == "gtm"
    assert found(bytes(range(256)) * 3) is None


@pytest.mark.parametrize("size", [1, 7, 64, 300])
def test_windows_with_the_stated_overlap_find_what_the_whole_text_holds(size: int) -> None:
    """R1"""
    texts = [
        b"x" * 400 + b" //www.googletagmanager.com/gtag/js?id=DC-1 " + b"y" * 700,
        b"x" * 900 + b" https:\\/\\/www.google.com\\/recaptcha\\/api.js",
        b"a." * 600 + b"google-analytics.com",
        b"www.googletagmanager.com.example.org " * 40,
    ]
    for text in texts:
        whole = FINDER.first(text, lambda service: True)
        window = b""
        met = None
        for at in range(0, len(text), size):
            window = window[-FINDER.max_span :] + text[at : at + size]
            met = met or FINDER.first(window, lambda service: True, final=False)
        met = met or FINDER.first(window, lambda service: True)
        assert (met and (met.service, met.host)) == (whole and (whole.service, whole.host))


@pytest.mark.linear
def test_time_is_linear_in_hostile_scripts() -> None:
    """R6"""
    for unit in (b".com", b"a.com", b"www.google.com/x", b"%2F.com", b"\\n", b"\xc3\xa9.example", b"."):
        assert FINDER.first(unit * (1_000_000 // len(unit)), lambda service: False) is None


def service(id: str, *inline: tuple[str, str]) -> Service:
    return Service(id, "c", {"en": id}, inline=tuple(InlineSignature(host, name) for host, name in inline))


SIGNATURES = SignatureFinder(
    [
        service("gtm", ("www.googletagmanager.com/gtm.js", "dataLayer"), ("www.googletagmanager.com", "gtm.start")),
        service("ga", ("*.google-analytics.com", "ga"), ("*.google-analytics.com", "_gaq")),
        service("bare", ("bare.example", "")),
    ]
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (b"(window,document,'script','dataLayer');j.src='https://www.googletagmanager.com/gtm.js?id='+i", "gtm"),
        (b"w[l].push({'gtm.start':1});j.src='//www.googletagmanager.com/x'", "gtm"),
        (b"dataLayer=[];'//www.googletagmanager.com/gtag/js'", None),
        (b"myDataLayer=1,dataLayer2=2,$dataLayer;'//www.googletagmanager.com/gtm.js'", None),
        (b"window.ga=1;'//www.google-analytics.com/analytics.js'", "ga"),
        (b"window.gal=1;'//www.google-analytics.com/analytics.js'", None),
        (b"_gaq.push(); '.google-analytics.com/ga.js'", "ga"),
        (b"ga('send'); gtm.start; dataLayer", None),
        (b"'//www.google-analytics.com/analytics.js'", None),
        (b"'//bare.example/x.js'", "bare"),
    ],
)
def test_a_signature_needs_host_and_global(text: bytes, expected: str | None) -> None:
    signature = SIGNATURES.first(text, lambda id: True)
    assert (signature and signature.service) == expected


def test_the_signature_of_a_granted_service_is_passed_over() -> None:
    assert SIGNATURES.first(b"ga('//www.google-analytics.com')", lambda id: id != "ga") is None


def test_a_finder_without_hosts_finds_nothing() -> None:
    assert MentionFinder(Index()).first(b"www.google-analytics.com", lambda id: True) is None
    assert SignatureFinder([]).first(b"www.google-analytics.com", lambda id: True) is None
