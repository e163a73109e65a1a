"""``consent-guard catalog``: what is known already, for people and for scripts."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner, Result

from consent_guard import Policy
from consent_guard.cli.app import cli
from consent_guard.policy.catalogue import catalogue


def catalog(*arguments: str) -> Result:
    return CliRunner().invoke(cli, ["catalog", *arguments])


def test_a_script_gets_every_service_and_each_makes_a_policy_again() -> None:
    told = json.loads(catalog("list", "--json").stdout)
    assert len(told) >= 300
    assert [service["id"] for service in told] == list(catalogue())
    written = [
        {key: value for key, value in service.items() if key in ("id", "category", "title", "hosts", "inline", "stubs")}
        | {"cookies": [{k: v for k, v in rule.items() if v} for rule in service["cookies"]]}
        for service in told
    ]
    categories = [{"id": id, "basis": "consent", "title": {"en": id}} for id in {service["category"] for service in told}]
    assert len(Policy.load({"categories": categories, "services": written}).services) == len(told)


def test_what_it_embeds_and_google_s_consent_types_are_told() -> None:
    told = json.loads(catalog("show", "wistia", "--json").stdout)
    assert (told["embed"], told["consent_types"]) == ("video", ["personalization_storage"])
    assert "ad_storage" in catalog("show", "criteo").stdout


def test_a_service_without_known_cookies_is_not_said_to_set_none() -> None:
    assert "none known" in catalog("show", "pubmatic").stdout


def test_an_id_like_no_other_does_not_list_the_whole_catalogue() -> None:
    shown = catalog("show", "qqqqqqqqqq")
    assert shown.exit_code == 1
    assert "catalog search" in shown.stderr
    assert len(shown.stderr) < 300


def test_a_person_gets_a_table() -> None:
    shown = catalog("list", "--group", "video")
    assert shown.exit_code == 0
    assert "youtube" in shown.stdout
    assert "google-analytics" not in shown.stdout


@pytest.mark.parametrize("option", [["--group", "videos"], ["--category", "ads"]])
def test_an_unknown_kind_is_bad_usage_and_names_the_known_ones(option: list[str]) -> None:
    shown = catalog("list", *option)
    assert shown.exit_code == 2
    assert "video" in shown.stderr or "campaigns" in shown.stderr


def test_a_service_is_shown_by_its_id_and_by_its_other_names() -> None:
    assert "www.youtube-nocookie.com" in catalog("show", "youtube").stdout.replace("*.", "www.")
    told = json.loads(catalog("show", "xiti", "--json").stdout)
    assert told["id"] == "at-internet"
    assert "*.xiti.com" in told["hosts"]


def test_an_unknown_id_names_the_nearest() -> None:
    shown = catalog("show", "yuotube")
    assert shown.exit_code == 1
    assert '"youtube"' in shown.stderr


@pytest.mark.parametrize("word", ["XITI.com", "_hjSession", "google ireland", "youtube"])
def test_a_search_looks_at_names_hosts_cookies_and_controllers(word: str) -> None:
    shown = catalog("search", word, "--json")
    assert shown.exit_code == 0
    assert json.loads(shown.stdout)


def test_several_words_must_all_be_there_and_nothing_found_is_code_1() -> None:
    both = {service["id"] for service in json.loads(catalog("search", "google", "captcha", "--json").stdout)}
    assert "google-recaptcha" in both
    assert "google-analytics" not in both
    assert catalog("search", "no-such-service-anywhere").exit_code == 1


def test_a_search_that_finds_nothing_suggests_what_was_meant() -> None:
    result = catalog("search", "youtub3")
    assert result.exit_code == 1
    assert '"youtube"' in result.stderr
    assert catalog("search", "qqqqzzzz").exit_code == 1
