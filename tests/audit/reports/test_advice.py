"""The lines that a policy lacks: valid TOML, services by their ids where they are known."""

from __future__ import annotations

import tomllib
from dataclasses import replace

import pytest

from consent_guard import Policy
from consent_guard.audit.report import Sort, State, Verdict, Visit
from consent_guard.audit.reports.advice import advise
from consent_guard.audit.scan.collecting import Gathered

from ..made_reports import NAMELESS, PAGE, STRANGE, report


def advice_on(*seen: object) -> list[dict[str, object]]:
    visit = Visit(PAGE, State.BEFORE, 200, seen)  # type: ignore[arg-type]
    return [tomllib.loads(one.toml) for one in advise(replace(report(), visits=(visit,)))]


def test_a_known_service_is_named_by_its_id() -> None:
    found = [tomllib.loads(one.toml) for one in advise(replace(report(), categories=("audience",)))]
    assert {"services": [{"id": "hotjar", "category": "audience"}]} in found


def test_a_service_that_the_policy_has_keeps_its_category_there() -> None:
    given = replace(report(), categories=("audience", "mine"), homes={"hotjar": "mine"})
    assert {"services": [{"id": "hotjar", "category": "mine"}]} in [tomllib.loads(one.toml) for one in advise(given)]


def test_an_unknown_host_gets_a_service_to_fill_in() -> None:
    (found,) = advice_on(STRANGE)
    (service,) = found["services"]  # type: ignore[misc]
    assert service["id"] == "strange-example"
    assert service["hosts"] == ["cdn.strange.example"]


def test_several_hosts_of_one_owner_get_one_rule() -> None:
    (found,) = advice_on(STRANGE, replace(STRANGE, host="img.strange.example"))
    assert found["services"][0]["hosts"] == ["*.strange.example"]  # type: ignore[index]


def test_an_unknown_cookie_gets_an_entry_however_odd_its_name() -> None:
    (found,) = advice_on(NAMELESS, replace(NAMELESS, state=State.BEFORE))
    assert found["cookies"][0]["name"] == 'odd"<name>'  # type: ignore[index]
    (control,) = advice_on(replace(NAMELESS, name="a\x07\U0001f36a\\"))
    assert control["cookies"][0]["name"] == "a\x07\U0001f36a\\"  # type: ignore[index]


def test_a_known_cookie_leads_to_its_service() -> None:
    (found,) = advice_on(replace(NAMELESS, name="_fbp"))
    assert found["services"][0]["id"] in ("facebook", "meta-pixel", "facebook-pixel")  # type: ignore[index]


def test_a_third_partys_own_cookie_and_what_a_rule_names_need_no_line() -> None:
    elsewhere = replace(NAMELESS, host="cdn.strange.example", sort=Sort.COOKIE)
    listed = replace(STRANGE, service="x", category="y", verdict=Verdict.LEAK)
    assert advice_on(elsewhere, listed) == []


@pytest.mark.parametrize("languages", [["en"], ["fr"], ["fr", "de"]])
def test_the_lines_load_without_a_fault_when_they_are_pasted_into_the_policy(languages: list[str]) -> None:
    titles = dict.fromkeys(languages, "T")
    document = {
        "policy": {"revision": 1, "languages": languages},
        "categories": [
            {"id": "n", "basis": "necessary", "title": titles},
            {"id": "ask", "basis": "consent", "title": titles},
        ],
    }
    policy = Policy.load(document)
    gathered = Gathered()
    seen = (STRANGE, replace(STRANGE, host="static.hotjar.com"), replace(NAMELESS, name="odd"))
    gathered.visits.append(Visit(PAGE, State.BEFORE, 200, seen))
    lines = advise(gathered.report("t", policy, "p"))
    assert len(lines) == 3
    pasted: dict[str, object] = {**document, **tomllib.loads("\n".join(one.toml for one in lines))}
    loaded = Policy.load(pasted)
    assert {service.category for service in loaded.services} == {"ask"}
    assert set(loaded.services[-1].title) == set(languages)
