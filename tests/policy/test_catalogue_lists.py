"""Measuring the catalogue against public lists: the readers, and what is said of known and missed."""

from __future__ import annotations

import json
import runpy
from collections.abc import Callable
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "scripts" / "catalogue_coverage.py"


@pytest.fixture
def cover(capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str]]:
    def run(*arguments: object) -> tuple[int, str]:
        code = runpy.run_path(str(SCRIPT))["main"]([str(argument) for argument in arguments])
        said = capsys.readouterr()
        return code, said.out + said.err

    return run


@pytest.fixture
def duckduckgo(tmp_path: Path) -> Path:
    def tracker(prevalence: float, owner: str = "Somebody") -> dict[str, object]:
        return {"prevalence": prevalence, "owner": {"name": owner}, "default": "block"}

    file = tmp_path / "tds.json"
    trackers = {
        "google-analytics.com": tracker(0.5),
        "nobody-knows.example": tracker(0.1),
        "google.com": tracker(0.3),
        "another.example": tracker(0.1),
        "try.example": tracker(0.9, "Test Site for Tracker Blocking"),
    }
    file.write_text(json.dumps({"trackers": trackers}), encoding="utf-8")
    return file


def test_misses_are_told_the_most_met_first_and_test_sites_do_not_count(
    cover: Callable[..., tuple[int, str]], duckduckgo: Path
) -> None:
    code, said = cover("--duckduckgo", duckduckgo)
    assert code == 1
    assert "DuckDuckGo: 2 of 4 hosts known; by prevalence 80.0% (50.0% as a whole)" in said
    assert said.index("another.example") < said.index("nobody-knows.example")
    assert "try.example" not in said
    assert cover("--duckduckgo", duckduckgo, "--least", "0.8")[0] == 0
    assert cover("--duckduckgo", duckduckgo, "--hosts", "2")[0] == 0


def test_ghostery_s_patterns_are_weighed_by_another_list_s_prevalence(
    cover: Callable[..., tuple[int, str]], duckduckgo: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "patterns"
    folder.mkdir()
    pattern = "name: X\ncategory: {}\n\n--- domains\n{}\n--- domains\n\n--- filters\n||z.example\n--- filters\n"
    (folder / "a.eno").write_text(
        pattern.format("site_analytics", "google-analytics.com\nnobody-knows.example"), encoding="utf-8"
    )
    (folder / "b.eno").write_text(pattern.format("hosting", "served.example"), encoding="utf-8")
    reach = tmp_path / "domains.csv"
    reach.write_text("host_tld,reach\ngoogle-analytics.com,0.3\nnobody-knows.example,0.1\n", encoding="utf-8")
    assert "Ghostery: 1 of 2 hosts known; by prevalence 83.3%" in cover("--duckduckgo", duckduckgo, "--ghostery", folder)[1]
    code, said = cover("--ghostery", folder, "--reach", reach)
    assert code == 1
    assert "Ghostery: 1 of 2 hosts known; by prevalence 75.0%" in said
    assert "served.example" not in said


def test_disconnect_and_the_open_cookie_database_are_read(cover: Callable[..., tuple[int, str]], tmp_path: Path) -> None:
    services = {"categories": {"Advertising": [{"Google": {"https://google.com/": ["doubleclick.net", "unknown.example"]}}]}}
    disconnect = tmp_path / "services.json"
    disconnect.write_text(json.dumps(services), encoding="utf-8")
    cookies = tmp_path / "ocd.csv"
    cookies.write_text(
        "ID,Platform,Category,Cookie / Data Key name,Domain,Wildcard match\n"
        "1,Google Analytics,Analytics,_ga,,0\n"
        "2,Mixpanel,Analytics,mp_{token}_mixpanel,,0\n"
        "3,Pardot,Marketing,visitor_id,,1\n"
        "4,Nobody,Marketing,nobody_knows,,0\n"
        "5,YouTube,Marketing,VISITOR_INFO1_LIVE,youtube.com,0\n"
        "6,PHP,Functional,own,,0\n",
        encoding="utf-8",
    )
    code, said = cover("--disconnect", disconnect, "--cookies", cookies)
    assert code == 0
    assert "Disconnect: 1 of 2 hosts known; by prevalence 50.0%" in said
    assert "Open Cookie Database: 3 of 4 cookie names known" in said
    assert "missed: nobody_knows: Nobody, Marketing" in said


@pytest.mark.parametrize("option", ["--duckduckgo", "--ghostery", "--disconnect", "--cookies", "--reach"])
def test_a_list_that_cannot_be_read_is_named(cover: Callable[..., tuple[int, str]], option: str, tmp_path: Path) -> None:
    code, said = cover(option, tmp_path / "none")
    assert code == 2
    assert "none" in said
    other = tmp_path / "other"
    other.write_text("[]", encoding="utf-8")
    code, said = cover(option, other)
    assert code == 2
    assert "other" in said
