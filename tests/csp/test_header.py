"""The Content-Security-Policy that consent makes: nothing allowed is left out, nothing else let in, 2 KiB at most."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from consent_guard.csp.header import ConsentHeaders, PolicyHeader
from consent_guard.findings import FindingKind
from consent_guard.policy.host_rules import parse_host_rule
from consent_guard.policy.model import Basis, Category, Policy, Service

CATEGORY = Category("c", Basis.CONSENT, {"en": "C"})
BASE = "/privacy-choices"


def made(
    hosts: Sequence[str], *, allowed: bool = True, host: str = "www.site.example", base: str = BASE, **changes: object
) -> PolicyHeader:
    service = Service("s", "c", {"en": "S"}, hosts=tuple(parse_host_rule(text) for text in hosts))
    policy = replace(Policy((CATEGORY,), (service,), csp="enforce", unlisted_hosts="block"), **changes)  # type: ignore[arg-type]
    return ConsentHeaders(policy).of(frozenset({"s"} if allowed else ()), host, base)


def directives(header: PolicyHeader) -> dict[str, list[str]]:
    parts = [part.split() for part in header.value.decode("ascii").split(";")]
    assert all(parts)
    assert len({part[0] for part in parts}) == len(parts)
    return {part[0]: part[1:] for part in parts}


def lets(sources: list[str], scheme: str, host: str, page: str = "https") -> bool:
    """Match an address on its scheme's own port as browsers do (CSP Level 3 §6.7.2.8)."""
    for source in sources:
        if source.endswith(":"):
            kind = source[:-1]
            if scheme == kind or (kind, scheme) in {("http", "https"), ("ws", "wss"), ("ws", "http"), ("ws", "https")}:
                return True
            continue
        if source.startswith("'"):
            continue
        kind, slashes, rest = source.partition("://")
        kind, rest = (kind, rest) if slashes else (page, source)
        if not (scheme == kind or (kind, scheme) == ("http", "https")):
            continue
        name, colon, port = rest.partition(":")
        if colon and port != "*":
            continue
        if (name.startswith("*.") and host.endswith(name[1:])) or name == host:
            return True
    return False


def test_before_a_choice_only_the_sites_own_hosts_are_let_through() -> None:
    header = made(["*.tracker.example"], allowed=False)
    assert header.value == (
        b"default-src 'self' data: blob: 'unsafe-inline' 'unsafe-eval' site.example *.site.example; "
        b"connect-src 'self' data: blob: site.example *.site.example wss://site.example wss://*.site.example; "
        b"report-uri /privacy-choices/csp"
    )
    assert header.name == b"content-security-policy"
    assert header.length == len(b"content-security-policy: \r\n") + len(header.value)
    assert not header.widened


def test_what_is_granted_is_let_through_and_its_websockets_too() -> None:
    found = directives(made(["*.tracker.example", "video.example"]))
    assert found["default-src"][-3:] == ["tracker.example", "*.tracker.example", "video.example"]
    assert found["connect-src"][-3:] == ["wss://tracker.example", "wss://*.tracker.example", "wss://video.example"]
    assert "video.example" in found["connect-src"]


def test_inline_code_eval_and_forms_stay_the_apps_own_affair() -> None:
    found = directives(made([]))
    assert {"'self'", "data:", "blob:", "'unsafe-inline'", "'unsafe-eval'"} <= set(found["default-src"])
    assert {"'self'", "data:", "blob:"} <= set(found["connect-src"])
    assert set(found) == {"default-src", "connect-src", "report-uri"}


def test_a_policy_that_only_reports_uses_the_other_name() -> None:
    assert made([], csp="report").name == b"content-security-policy-report-only"


def test_without_it_there_is_nothing() -> None:
    policy = Policy((CATEGORY,))
    assert not ConsentHeaders(policy)
    assert ConsentHeaders(policy).mark == ""
    assert ConsentHeaders(replace(policy, csp="enforce", csp_allow=("x.example",)))


def test_hosts_that_no_rule_names_are_let_through_by_name() -> None:
    found = directives(made([], allowed=False, csp_allow=("cdn.example", "*.fonts.example", "dev.example:8443")))
    assert {"cdn.example", "fonts.example", "*.fonts.example", "dev.example:8443"} <= set(found["default-src"])
    assert {"wss://cdn.example", "wss://*.fonts.example", "wss://dev.example:8443"} <= set(found["connect-src"])


@pytest.mark.parametrize("host", ["localhost:5173", "127.0.0.1:5173", "dev.localhost:*"])
def test_a_development_server_on_this_machine_may_speak_to_its_page(host: str) -> None:
    found = directives(made([], csp_allow=(host, "cdn.example:8443")))
    assert {host, f"ws://{host}", "wss://cdn.example:8443"} <= set(found["connect-src"])
    assert not {f"wss://{host}", "ws://cdn.example:8443"} & set(found["connect-src"])


@pytest.mark.parametrize("host", ["localhost:8000", "127.0.0.1", "[::1]:80", "", "a b", "x;script-src *", "github.io"])
def test_a_request_host_without_a_domain_adds_nothing(host: str) -> None:
    assert directives(made([], host=host))["default-src"] == ["'self'", "data:", "blob:", "'unsafe-inline'", "'unsafe-eval'"]


@pytest.mark.parametrize("base", ["/a;script-src%20*/p", "/a,b/p", "//x/p"])
def test_no_mount_point_ends_a_directive(base: str) -> None:
    header = made([], base=base)
    assert set(directives(header)) == {"default-src", "connect-src", "report-uri"}
    assert b"," not in header.value


def test_a_name_in_every_country_does_not_fit_and_is_widened_with_a_finding() -> None:
    header = made(["www.google.*"])
    found = directives(header)
    assert header.length <= 2048
    assert "https:" in found["default-src"]
    assert {"https:", "wss:"} <= set(found["connect-src"])
    assert {(one.kind, one.subject, one.where) for one in header.widened} == {
        (FindingKind.CSP_WIDENED, "https:", "default-src"),
        (FindingKind.CSP_WIDENED, "https:", "connect-src"),
    }
    assert "https:" not in directives(made(["www.google.*"], allowed=False))["default-src"]


def test_the_countries_that_the_policy_names_stand_for_all() -> None:
    header = made(["www.google.*", "*.ads.*", "maps.google.*/maps"], csp_countries=("fr", "co.uk"))
    found = directives(header)
    assert not header.widened
    assert {"www.google.com", "www.google.fr", "www.google.co.uk", "maps.google.fr"} <= set(found["default-src"])
    assert {"ads.com", "*.ads.com", "*.ads.co.uk", "wss://*.ads.fr"} <= set(found["connect-src"])
    assert not {"https:", "www.google.de"} & set(found["default-src"])


def test_a_name_in_every_country_is_not_written_out_for_each_host_that_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    def sorted_anew(*_: object) -> None:
        raise AssertionError("hundreds of hosts, for a header that never holds them")

    monkeypatch.setattr("consent_guard.csp.header.allowed_sources", sorted_anew)
    assert made(["www.google.*"], host="other.example").widened


def test_many_hosts_of_one_domain_become_all_below_it() -> None:
    header = made([*(f"server-number-{number}.cdn.tracker.example" for number in range(40)), "video.example"])
    found = directives(header)
    assert "*.tracker.example" in found["default-src"]
    assert "tracker.example" not in found["default-src"]
    assert "wss://*.tracker.example" in found["connect-src"]
    assert "video.example" in found["default-src"]
    assert [(one.subject, one.where) for one in header.widened] == [("*.tracker.example", "default-src, connect-src")]


def test_many_domains_open_the_connections_first() -> None:
    header = made([f"a-domain-of-some-length-{number}.example" for number in range(40)])
    found = directives(header)
    assert "https:" not in found["default-src"]
    assert "a-domain-of-some-length-39.example" in found["default-src"]
    assert found["connect-src"] == ["'self'", "data:", "blob:", "https:", "http:", "wss:", "ws:"]
    assert [(one.subject, one.where) for one in header.widened] == [("https:", "connect-src")]


def test_an_address_that_no_policy_can_name_is_never_left_out() -> None:
    assert "https:" in directives(made(["[2001:db8::1]"]))["default-src"]


def test_neighbours_on_a_public_suffix_are_never_let_in_together() -> None:
    hosts = [f"somebody-with-a-long-name-{number}.github.io" for number in range(60)]
    assert not any("*.github.io" in sources for sources in directives(made(hosts)).values())


def test_the_same_consent_gets_the_same_header_and_the_mark_names_the_policy() -> None:
    policy = Policy((CATEGORY,), csp="enforce", unlisted_hosts="block")
    headers = ConsentHeaders(policy)
    assert headers.of(frozenset(), "a.site.example", BASE) is headers.of(frozenset(), "b.site.example", BASE)
    assert re.fullmatch("[0-9a-f]{8}", headers.mark)
    assert headers.mark != ConsentHeaders(replace(policy, csp_allow=("x.example",))).mark


def test_hosts_without_end_do_not_fill_the_memory() -> None:
    headers = ConsentHeaders(Policy((CATEGORY,), csp="enforce", unlisted_hosts="block"))
    for number in range(1000):
        headers.of(frozenset(), f"site-{number}.example", BASE)
    assert len(headers._made) <= 256


LABELS = st.sampled_from(["a", "b", "www", "cdn", "a-rather-long-label-of-a-host", "x1", "static_files"])
HOSTS = st.builds(
    lambda labels, domain: ".".join([*labels, domain]),
    st.lists(LABELS, max_size=3),
    st.sampled_from(
        ["tracker.example", "other.example", "x.co.uk", "me.github.io", "deep.y.org", "site.example"]
        + [f"domain-{number}.example" for number in range(30)]
    ),
)


@settings(max_examples=150, deadline=None)
@given(st.lists(st.tuples(HOSTS, st.booleans()), max_size=90), HOSTS)
def test_nothing_allowed_is_left_out_and_nothing_else_let_in_while_there_is_room(
    rules: list[tuple[str, bool]], stranger: str
) -> None:
    written = [f"*.{host}" if below else host for host, below in rules]
    header = made(written)
    found = directives(header)
    assert header.length <= 2048
    assert not re.search(rb"[^\x20-\x7e]|form-action|,", header.value)
    asked = [host for host, _ in rules] + [f"below.{host}" for host, below in rules if below]
    for host in [*asked, "site.example", "www.site.example"]:
        assert lets(found["default-src"], "https", host)
        for scheme in ("https", "wss"):
            assert lets(found["connect-src"], scheme, host)
    if not header.widened:
        known = any(stranger == host or (below and stranger.endswith(f".{host}")) for host, below in rules)
        known = known or stranger == "site.example" or stranger.endswith(".site.example")
        assert lets(found["default-src"], "https", stranger) == known
        assert lets(found["connect-src"], "wss", stranger) == known
    assert made(written[::-1]).value == header.value
    nothing = made(written, allowed=False)
    assert not nothing.widened
    assert directives(nothing)["default-src"][-2:] == ["site.example", "*.site.example"]
