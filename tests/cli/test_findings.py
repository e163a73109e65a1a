"""``consent-guard findings``: a log summed up, and the TOML to paste."""

from __future__ import annotations

import dataclasses
import json
import logging
import tomllib
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from consent_guard import Finding, FindingKind, Guard, Policy, RequestFacts
from consent_guard.cli.app import cli
from consent_guard.engine.finding_log import FindingLog
from consent_guard.policy.hosts import HostIndex

POLICY: dict[str, Any] = {
    "policy": {"languages": ["en"], "first_party": ["example.org"]},
    "categories": [
        {"id": "needed", "basis": "necessary", "title": {"en": "Needed"}},
        {"id": "ads", "basis": "consent", "title": {"en": "Ads"}},
    ],
    "services": [{"id": "own", "category": "ads", "title": {"en": "Own"}, "hosts": ["*.tracker.example"], "cookies": []}],
}
PAGE = (
    b"<!doctype html><html><script src='https://cdn.tracker.example/t.js?secret=1'></script>"
    b"<img src='https://img.unknown.example/a.png'><img src='https://b.unknown.example/'><img src='https://www.youtube.com/x'>"
)


def findings(*arguments: str, text: str | None = None) -> Result:
    return CliRunner().invoke(cli, ["findings", *arguments], input=text)


@pytest.fixture
def log(caplog: pytest.LogCaptureFixture) -> str:
    """Return a log as a guard writes it: three visits."""
    guard = Guard(POLICY, secret_key="a key of the tests, longer than 32 bytes")
    with caplog.at_level(logging.INFO, "consent_guard"):
        for _ in range(3):
            exchange = guard.open(RequestFacts("GET", "https", "www.example.org", "/shop/1", ((b"cookie", b"a=1"),)))
            exchange.route = lambda: "/shop/{id}"
            plan = exchange.respond(
                200, [(b"content-type", b"text/html"), (b"set-cookie", b"cart=1"), (b"set-cookie", b"_fbp=1")]
            )
            assert plan.rewriter is not None
            plan.rewriter.feed(PAGE)
            plan.rewriter.close()
            exchange.finish()
    return "".join(f"2026-11-30 12:00:00,1 {record.levelname} [{record.name}] {record.message}\n" for record in caplog.records)


def test_a_log_is_summed_up_by_what_was_found(log: str) -> None:
    result = findings("-", "--json", text="some other line\n" + log)
    assert result.exit_code == 0, result.output
    told = {(row["kind"], row["subject"]): row for row in json.loads(result.stdout)["findings"]}
    element = told["element", "cdn.tracker.example"]
    assert (element["count"], element["service"], element["rule"]) == (3, "own", "*.tracker.example")
    assert element["routes"] == {"/shop/{id}": 3}
    assert told["cookie-unlisted", "cart"]["enforced"] is False
    assert told["host-unlisted", "img.unknown.example"]["count"] == 3


def test_the_toml_to_paste_names_all_that_was_unknown(log: str, tmp_path: Path) -> None:
    policy = tmp_path / "consent.toml"
    policy.write_text(
        "[policy]\nlanguages = ['en']\nfirst_party = ['example.org']\n"
        "[[categories]]\nid = 'audience'\nbasis = 'consent'\ntitle = { en = 'A' }\n"
        "[[categories]]\nid = 'campaigns'\nbasis = 'consent'\ntitle = { en = 'C' }\n"
        "[[categories]]\nid = 'interactivity'\nbasis = 'consent'\ntitle = { en = 'I' }\n"
    )
    toml = json.loads(findings("-", "--policy", str(policy), "--json", text=log).stdout)["toml"]
    pasted = Policy.load(tomllib.loads(policy.read_text() + toml))
    assert {service.id for service in pasted.services} == {"youtube", "meta-pixel", "unknown.example"}
    assert pasted.service("unknown.example").hosts[0].text == "*.unknown.example"
    assert [cookie.rule.name for cookie in pasted.cookies] == ["cart"]
    policy.write_text(policy.read_text() + toml)
    again = findings("-", "--policy", str(policy), text=log)
    assert "Nothing to add" in again.stdout


def test_json_lines_of_findings_are_read_too() -> None:
    finding = Finding(FindingKind.HOST_UNLISTED, "x.unknown.example", "img src", route="/")
    lines = json.dumps(dataclasses.asdict(finding)) + "\n" + json.dumps({"message": "cookie-set _ga in Set-Cookie at /"}) + "\n"
    told = json.loads(findings("-", "--json", text=lines).stdout)["findings"]
    assert {(row["kind"], row["subject"]) for row in told} == {("host-unlisted", "x.unknown.example"), ("cookie-set", "_ga")}


def unlisted(kind: FindingKind, subject: str) -> str:
    """Return a JSON line of one finding."""
    return json.dumps(dataclasses.asdict(Finding(kind, subject, "img src", route="/"))) + "\n"


@pytest.mark.parametrize(
    "name", ["a\N{GRINNING FACE}", "é", 'a"b', "a\\b", "a'b", "#x", "]", "\N{CJK UNIFIED IDEOGRAPH-20000}"]
)
def test_a_cookie_of_any_name_is_written_in_toml_that_loads(name: str) -> None:
    toml = json.loads(findings("-", "--json", text=unlisted(FindingKind.COOKIE_UNLISTED, name)).stdout)["toml"]
    assert [cookie["name"] for cookie in tomllib.loads(toml)["cookies"]] == [name]


@pytest.mark.parametrize(
    "subject",
    [
        'evil.example\n[policy]\nenforcement = "report"\n#', "a b.example", "a\r.example", "a\x00.example", "a\u2028.example",
        "a\u202e.example", "a\x7f.example", "a\ud800.example",
    ],
)  # fmt: skip
@pytest.mark.parametrize("kind", [FindingKind.HOST_UNLISTED, FindingKind.COOKIE_UNLISTED])
def test_what_can_be_no_host_and_no_name_is_left_out_and_told(kind: FindingKind, subject: str) -> None:
    line = unlisted(kind, subject)
    result = findings("-", "--json", text=unlisted(FindingKind.HOST_UNLISTED, "x.unknown.example") + line)
    told = json.loads(result.stdout)
    assert [row["subject"] for row in told["findings"]] == ["x.unknown.example"]
    assert [service["id"] for service in tomllib.loads(told["toml"])["services"]] == ["unknown.example"]
    assert set(tomllib.loads(told["toml"])) == {"services"}
    assert "1 line left out" in result.stderr
    alone = findings("-", text=line)
    assert alone.exit_code == 2
    assert "1 line left out" in alone.stderr


@pytest.mark.parametrize(
    "host", ["[2001:db8::1]", "203.0.113.7", 'x".example', "_a.b.example", "a." + "x" * 62 + ".example", "localhost"]
)
def test_a_host_of_any_kind_is_written_in_toml_that_names_it(host: str, tmp_path: Path) -> None:
    path = tmp_path / "consent.toml"
    path.write_text("[policy]\nlanguages = ['en']\n[[categories]]\nid = 'ads'\nbasis = 'consent'\ntitle = { en = 'A' }\n")
    line = unlisted(FindingKind.HOST_UNLISTED, host)
    toml = json.loads(findings("-", "--policy", str(path), "--json", text=line).stdout)["toml"]
    assert HostIndex(Policy.load(tomllib.loads(path.read_text() + toml))).match(host, "/", "") is not None


@pytest.mark.parametrize("host", ["", "a*b.example", "x/y.example", "https://x.example", "com", "a..example"])
def test_a_host_that_no_rule_can_name_is_not_offered(host: str) -> None:
    lines = unlisted(FindingKind.HOST_UNLISTED, host) + unlisted(FindingKind.HOST_UNLISTED, "[2001:db8::1]")
    told = json.loads(findings("-", "--json", text=lines).stdout)
    assert [service["hosts"] for service in tomllib.loads(told["toml"])["services"]] == [["[2001:db8::1]"]]


@pytest.mark.parametrize("kind", list(FindingKind))
@pytest.mark.parametrize("where", ["", "script src", "style url()", "Content-Security-Policy report-uri"])
@pytest.mark.parametrize("enforced", [True, False])
@pytest.mark.parametrize("rule", [None, "www.x.example/p?id=(1)"])
def test_every_line_that_the_logger_writes_is_read_back(
    kind: FindingKind, where: str, enforced: bool, rule: str | None, caplog: pytest.LogCaptureFixture
) -> None:
    finding = Finding(kind, "a.example", where, "own" if rule else None, "ads" if rule else None, rule, enforced)
    with caplog.at_level(logging.INFO, "consent_guard"):
        FindingLog(route=lambda: "/items/{id}").add(finding)
    (row,) = json.loads(findings("-", "--json", text=f"INFO:consent_guard:{caplog.records[0].message}\n").stdout)["findings"]
    assert (row["kind"], row["subject"], row["rule"], row["enforced"]) == (kind.value, "a.example", rule, enforced)
    assert row["service"] == ("own" if rule else None)
    assert row["routes"] == {"/items/{id}": 1}


@pytest.mark.parametrize("text", ["", "nothing here\n", "{}\n", '{"kind": 1}\n', "\x00\xff\n", "cookie-set\n", "[" * 5000])
def test_a_log_that_is_none_is_refused_with_the_mend(text: str) -> None:
    result = findings("-", text=text)
    assert result.exit_code == 2
    assert "level INFO" in result.stderr


def test_a_file_that_is_none_is_refused() -> None:
    assert findings("/no/such/log").exit_code == 2


@pytest.mark.parametrize("basis", ["consent", "exempt"])
def test_what_is_printed_loads_with_the_policy_that_it_is_for(tmp_path: Path, basis: str) -> None:
    """The catalogue says "audience" of Matomo and "campaigns" of Meta's pixel. Here one asks for a reason, or is not there."""
    site = tmp_path / "consent.toml"
    name = "audience" if basis == "exempt" else "figures"
    text = (
        '[policy]\nlanguages = ["fr"]\n'
        f'[[categories]]\nid = "{name}"\nbasis = "{basis}"\ntitle = {{ fr = "M" }}\n'
        '[[categories]]\nid = "reste"\nbasis = "consent"\ntitle = { fr = "R" }\n'
        '[[services]]\nid = "youtube"\ncategory = "reste"\nhosts = ["videos.example"]\n'
    )
    site.write_text(text, "utf-8")
    seen = ["a.matomo.cloud", "www.youtube.com", "connect.facebook.net", "cdn.unknown.example"]
    log = "".join(json.dumps({"kind": FindingKind.HOST_UNLISTED, "subject": host}) + "\n" for host in seen)
    toml = json.loads(findings("-", "--policy", str(site), "--json", text=log).stdout)["toml"]
    policy = Policy.load(tomllib.loads(text + toml))
    hosts = HostIndex(policy)
    assert all(hosts.match(host, "/", "") for host in ("a.matomo.cloud", "connect.facebook.net", "cdn.unknown.example"))
    assert 'the catalogue says "audience"' in toml
    assert "# www.youtube.com: of youtube" in toml


def test_what_browsers_report_is_counted_and_never_proposed_by_itself() -> None:
    """Anybody can send a report."""
    report = Finding(FindingKind.CSP_REPORT, "cdn.unknown.example", "script-src-elem", route="/shop")
    widened = Finding(FindingKind.CSP_WIDENED, "*.cdn.example", "default-src, connect-src", route="/")
    text = "".join(json.dumps(dataclasses.asdict(one)) + "\n" for one in (report, report, widened))
    told = json.loads(findings("-", "--json", text=text).stdout)
    assert {(one["kind"], one["subject"], one["count"]) for one in told["findings"]} == {
        ("csp-report", "cdn.unknown.example", 2),
        ("csp-widened", "*.cdn.example", 1),
    }
    assert told["toml"] == ""
