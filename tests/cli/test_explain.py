"""``consent-guard explain``: why something is withheld, and the ways to allow it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from consent_guard import Policy
from consent_guard.audit.leaks import LeakFinder
from consent_guard.cli.app import cli

POLICY = """
[policy]
languages = ["en"]
first_party = ["site.example"]
[[categories]]
id = "needed"
basis = "necessary"
title = { en = "Needed" }
[[categories]]
id = "measure"
basis = "exempt"
title = { en = "Measure" }
[[categories]]
id = "ads"
basis = "consent"
title = { en = "Ads" }
[[services]]
id = "tracker"
category = "ads"
title = { en = "Tracker" }
hosts = ["*.tracker.example", "/collect/"]
[[services]]
id = "meter"
category = "measure"
exempt = "audience_fr"
title = { en = "Meter" }
hosts = ["meter.example"]
[[services]]
id = "pay"
category = "needed"
title = { en = "Pay" }
hosts = ["pay.example"]
"""
PAGE = """<!doctype html><html><head>
<script src="https://cdn.tracker.example/t.js?token=secret"></script>
</head><body>
<iframe src="https://www.tracker.example/frame"></iframe>
<img src="https://other.example/a.png">
</body></html>
"""


@pytest.fixture
def policy(tmp_path: Path) -> Path:
    path = tmp_path / "consent.toml"
    path.write_text(POLICY)
    return path


def explain(*arguments: str) -> Result:
    return CliRunner().invoke(cli, ["explain", *arguments])


def told(*arguments: str) -> list[dict[str, Any]]:
    result = explain(*arguments, "--json")
    assert result.exit_code == 0, result.output
    found: list[dict[str, Any]] = json.loads(result.stdout)["withheld"]
    return found


def test_an_address_is_told_its_rule_service_and_ways(policy: Path) -> None:
    (part,) = told("https://cdn.tracker.example/t.js?token=secret", "--policy", str(policy))
    assert part["because"][0] == "rule '*.tracker.example' of service 'tracker', category 'ads', basis 'consent'"
    assert "withheld until the visitor allows it" in part["because"]
    assert any("service=tracker" in way for way in part["ways"])
    assert "secret" not in json.dumps(part)


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("https://pay.example/", "not withheld: necessary purposes are always on"),
        ("https://www.site.example/a.js", "not withheld: it is the site's own"),
        ("https://other.example/", "no rule names it"),
        ("//other.example/", "no rule names it"),
    ],
)
def test_what_is_not_withheld_is_told_too(policy: Path, address: str, expected: str) -> None:
    (part,) = told(address, "--policy", str(policy))
    assert any(expected in line for line in part["because"])
    assert part["ways"] == []


def test_what_is_on_until_it_is_refused_is_told_as_that(policy: Path) -> None:
    (part,) = told("https://meter.example/", "--policy", str(policy))
    assert "not withheld until the visitor refuses it" in part["because"]
    assert any("service=meter" in way for way in part["ways"])


def test_a_rule_on_the_sites_own_host_is_found(policy: Path) -> None:
    page = "https://www.site.example/"
    (part,) = told("https://www.site.example/collect/x", "--policy", str(policy), "--page", page)
    assert "rule '/collect/' of service 'tracker'" in part["because"][0]


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("https://www.your-site.example/collect/x", "rule '/collect/' of service 'tracker'"),
        ("https://cdn.site.example/collect/x", "not withheld: it is the site's own"),
        ("https://www.your-site.example/", "not withheld: it is the site's own"),
        ("https://cdn.your-site.example/", 'unlisted_hosts = "block" withholds what no rule names'),
        ("https://cdn.tracker.example./x", "rule '*.tracker.example' of service 'tracker'"),
        ("blob:https://www.tracker.example/1", "not withheld: a browser asks no host for it"),
    ],
)
def test_an_address_is_told_what_the_rewriter_does_with_it(policy: Path, address: str, expected: str) -> None:
    policy.write_text(POLICY.replace("[policy]", '[policy]\nunlisted_hosts = "block"'))
    (part,) = told(address, "--policy", str(policy))
    assert expected in part["because"][0]
    page = f'<!doctype html><html><body><img src="{address}">'.encode()
    found = LeakFinder(Policy.load(policy)).page(200, [(b"content-type", b"text/html")], page, "https://www.your-site.example/")
    assert bool(part["ways"]) == bool(found)


def test_what_the_catalogue_knows_is_named_where_the_policy_does_not(policy: Path) -> None:
    (part,) = told("https://www.youtube.com/embed/x", "--policy", str(policy))
    assert any('[[services]] id = "youtube"' in line for line in part["because"])


def test_a_page_is_told_piece_by_piece(policy: Path, tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    page.write_text(PAGE)
    whole = told(str(page), "--policy", str(policy))
    assert [part["what"].split(",")[0] for part in whole] == ["line 2", "line 4", "line 5"]
    assert "secret" not in json.dumps(whole)
    (frame,) = told(str(page), "--policy", str(policy), "--element", "iframe")
    assert "line 4" in frame["what"]
    (script,) = told(str(page), "--policy", str(policy), "--element", "2")
    assert "line 2" in script["what"]


def test_a_number_asks_for_a_line_and_not_for_digits_in_an_address(policy: Path, tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    page.write_text("<iframe src=https://www.youtube.com/embed/dQw4w9></iframe>")
    (part,) = told(str(page), "--policy", str(policy), "--element", "4")
    assert "nothing in '4'" in part["because"][0]
    (part,) = told(str(page), "--policy", str(policy), "--element", "1")
    assert "line 1" in part["what"]


def test_an_element_that_is_not_withheld_is_told_with_those_that_are(policy: Path, tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    page.write_text(PAGE)
    (part,) = told(str(page), "--policy", str(policy), "--element", "video")
    assert "iframe src" in part["because"][0]


def test_without_json_it_is_text(policy: Path) -> None:
    result = explain("https://cdn.tracker.example/", "--policy", str(policy))
    assert "Ways to allow it:" in result.stdout


@pytest.mark.parametrize("target", ["/no/such/page.html", "https://[", "page"])
def test_what_cannot_be_read_is_refused_with_the_mend(target: str) -> None:
    result = explain(target)
    assert result.exit_code == 2
    assert "https://" in result.stderr


def test_a_path_is_an_address_of_the_page_that_is_named(policy: Path, tmp_path: Path) -> None:
    page = "https://www.site.example/shop/"
    (part,) = told("/collect/x.js?token=secret", "--policy", str(policy), "--page", page)
    assert part["what"] == "https://www.site.example/collect/x.js"
    assert "rule '/collect/' of service 'tracker'" in part["because"][0]
    saved = tmp_path / "page.html"
    saved.write_text(PAGE)
    assert "cdn.tracker.example" in told(str(saved), "--policy", str(policy), "--page", page)[0]["what"], "a file that is there"
    assert "a path with --page" in explain("/collect/x.js", "--policy", str(policy)).stderr
